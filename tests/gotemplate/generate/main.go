// Command generate asks Go's own text/template (and sprig) for the answer to every entry of entries/*.txt and writes
// them to ../table.json. Nobody needs it to run the tests: it is here so that the answers can be asked for again.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"text/template"
	"unicode/utf8"

	"github.com/Masterminds/sprig/v3"
)

// An Entry is one line of the table. Exactly one of Output, OutputBytes and Error is set.
type Entry struct {
	Name        string          `json:"name"`
	Construct   string          `json:"construct"`
	Template    string          `json:"template"`
	Data        json.RawMessage `json:"data"`
	Funcs       string          `json:"funcs,omitempty"`
	Delims      []string        `json:"delims,omitempty"`
	Output      *string         `json:"output,omitempty"`
	OutputBytes []byte          `json:"output_base64,omitempty"`
	Error       string          `json:"error,omitempty"`
	Stage       string          `json:"stage,omitempty"`
}

// A section is what a header line says about the entries below it.
type section struct {
	construct string
	funcs     string
	delims    []string
}

func main() {
	files, err := filepath.Glob("entries/*.txt")
	check(err)
	var table []Entry
	counts := map[string]int{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		check(err)
		var now section
		for number, line := range strings.Split(string(text), "\n") {
			switch {
			case strings.TrimSpace(line) == "" || strings.HasPrefix(line, "## "):
			case strings.HasPrefix(line, "== "):
				now = header(strings.TrimPrefix(line, "== "))
			default:
				entry, err := read(now, line)
				if err != nil {
					check(fmt.Errorf("%s:%d: %w", file, number+1, err))
				}
				counts[now.construct]++
				entry.Name = fmt.Sprintf("%s %d", now.construct, counts[now.construct])
				if err := answer(&entry); err != nil {
					check(fmt.Errorf("%s:%d: %w", file, number+1, err))
				}
				table = append(table, entry)
			}
		}
	}
	write(table)
	fmt.Printf("%d entries, %d constructs\n", len(table), len(counts))
}

// header reads "construct words | option | option": sprig, or delims LEFT RIGHT.
func header(line string) section {
	parts := strings.Split(line, " | ")
	found := section{construct: parts[0]}
	for _, option := range parts[1:] {
		words := strings.Fields(option)
		switch words[0] {
		case "sprig":
			found.funcs = "sprig"
		case "delims":
			found.delims = words[1:]
		}
	}
	return found
}

// read takes "TEMPLATE <<< JSON"; without <<< the data is nil. The signs stand for characters that no line can hold.
func read(now section, line string) (Entry, error) {
	text, data, given := strings.Cut(line, " <<< ")
	if !given {
		data = "null"
	}
	if !json.Valid([]byte(data)) {
		return Entry{}, fmt.Errorf("data is no JSON: %s", data)
	}
	text = strings.NewReplacer("⏎", "\n", "⇥", "\t", "␍", "\r", "␠", " ", "␀", "\x00").Replace(text)
	var compact bytes.Buffer
	check(json.Compact(&compact, []byte(data)))
	return Entry{
		Construct: now.construct, Template: text, Data: compact.Bytes(), Funcs: now.funcs, Delims: now.delims,
	}, nil
}

// answer runs the entry.
func answer(entry *Entry) error {
	var plain any
	if err := json.Unmarshal(entry.Data, &plain); err != nil {
		return err
	}
	data, err := typed(plain)
	if err != nil {
		return err
	}
	parsed := template.New("t")
	if entry.Funcs == "sprig" {
		parsed = parsed.Funcs(sprig.TxtFuncMap())
	}
	if entry.Delims != nil {
		parsed = parsed.Delims(entry.Delims[0], entry.Delims[1])
	}
	parsed, err = parsed.Parse(entry.Template)
	if err != nil {
		entry.Error, entry.Stage = err.Error(), "parse"
		return nil
	}
	var out bytes.Buffer
	if err := parsed.Execute(&out, data); err != nil {
		entry.Error, entry.Stage = err.Error(), "exec"
		return nil
	}
	if utf8.Valid(out.Bytes()) {
		text := out.String()
		entry.Output = &text
	} else {
		entry.OutputBytes = out.Bytes()
	}
	return nil
}

// write lays the table out with one entry a line, so that a change of one answer is a change of one line.
func write(table []Entry) {
	var out bytes.Buffer
	out.WriteString("[\n")
	for i, entry := range table {
		var line bytes.Buffer
		encoder := json.NewEncoder(&line)
		encoder.SetEscapeHTML(false)
		check(encoder.Encode(entry))
		out.Write(bytes.TrimRight(line.Bytes(), "\n"))
		if i < len(table)-1 {
			out.WriteByte(',')
		}
		out.WriteByte('\n')
	}
	out.WriteString("]\n")
	check(os.WriteFile("../table.json", out.Bytes(), 0o644))
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
