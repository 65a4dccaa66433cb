package main

import (
	"errors"
	"fmt"
	"strings"
)

// The types that a template meets where plain JSON does not do. ../fixtures.py has the same in Python.

// Protocol is an enum as protobuf makes them: a number that prints as its name.
type Protocol int32

func (p Protocol) String() string {
	switch p {
	case 0:
		return "TCP"
	case 1:
		return "UDP"
	}
	return fmt.Sprintf("%d", int32(p))
}

// Point has no methods: it prints as fmt prints structs.
type Point struct {
	X, Y int
}

// Port prints itself.
type Port struct {
	Name     string
	Number   int32
	Protocol Protocol
}

func (p *Port) String() string { return fmt.Sprintf("%s:%d", p.Name, p.Number) }

// Spec has a field of every sort.
type Spec struct {
	Name    string
	Count   int
	Ratio   float64
	On      bool
	Ports   []*Port
	Labels  map[string]string
	Tags    []string
	Origin  Point
	Main    *Port
	Next    *Spec
	Value   any
	Mode    Protocol
	private string
}

// GetName works on a nil receiver, as the getters of protobuf do.
func (s *Spec) GetName() string {
	if s == nil {
		return "nobody"
	}
	return s.Name
}

// GetNext works on a nil receiver and may return a nil pointer.
func (s *Spec) GetNext() *Spec {
	if s == nil {
		return nil
	}
	return s.Next
}

// Repeat takes arguments.
func (s *Spec) Repeat(text string, times int) string { return strings.Repeat(text, times) }

// Join takes any number of them.
func (s *Spec) Join(separator string, parts ...string) string { return strings.Join(parts, separator) }

// Check returns an error for anything but "good".
func (s *Spec) Check(word string) (string, error) {
	if word != "good" {
		return "", errors.New("not " + word)
	}
	return "checked", nil
}

func fixture(name string) (any, error) {
	switch name {
	case "spec":
		return &Spec{
			Name: "alpha", Count: 3, Ratio: 1.5, On: true,
			Ports:  []*Port{{"http", 80, 0}, {"dns", 53, 1}},
			Labels: map[string]string{"app": "web", "zone": ""},
			Tags:   []string{"a", "b"},
			Origin: Point{1, 2},
			Main:   &Port{"main", 8080, 0},
			Next:   &Spec{Name: "beta"},
			Value:  map[string]any{"k": "v"},
			Mode:   1,
		}, nil
	case "bare":
		return &Spec{}, nil
	case "nil":
		return (*Spec)(nil), nil
	case "point":
		return Point{3, 4}, nil
	case "pointer":
		return &Point{3, 4}, nil
	case "tcp":
		return Protocol(0), nil
	case "udp":
		return Protocol(1), nil
	}
	return nil, fmt.Errorf("no fixture %q", name)
}

// typed turns {"$int": 3}, {"$fixture": "spec"} and their like, anywhere in the data, into what they name.
func typed(value any) (any, error) {
	switch value := value.(type) {
	case []any:
		for i := range value {
			item, err := typed(value[i])
			if err != nil {
				return nil, err
			}
			value[i] = item
		}
	case map[string]any:
		for key, inner := range value {
			if strings.HasPrefix(key, "$") {
				return special(key, inner)
			}
			item, err := typed(inner)
			if err != nil {
				return nil, err
			}
			value[key] = item
		}
	}
	return value, nil
}

func special(kind string, value any) (any, error) {
	switch kind {
	case "$fixture":
		return fixture(value.(string))
	case "$int":
		return int(value.(float64)), nil
	case "$int64":
		return int64(value.(float64)), nil
	case "$int32":
		return int32(value.(float64)), nil
	case "$uint32":
		return uint32(value.(float64)), nil
	case "$strings":
		list := []string{}
		for _, item := range value.([]any) {
			list = append(list, item.(string))
		}
		return list, nil
	case "$stringMap":
		found := map[string]string{}
		for key, item := range value.(map[string]any) {
			found[key] = item.(string)
		}
		return found, nil
	}
	return nil, fmt.Errorf("no type %s", kind)
}
