// Go's own answers about YAML and templates, one JSON line a question: see tools/build_oracles.py.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"text/template"

	"github.com/Masterminds/sprig/v3"
	yaml3 "go.yaml.in/yaml/v3"
	"sigs.k8s.io/yaml"
)

type question struct {
	Op   string
	Text []byte // base64 in JSON: texts need not be UTF-8
	Data json.RawMessage
}

// answer is a text, as bytes.
func answer(q question) (out []byte, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	switch q.Op {
	case "yaml": // as Kubernetes reads a manifest
		return yaml.YAMLToJSON(q.Text)
	case "yaml-3": // as kustomize's library reads it
		var value any
		if err := yaml3.Unmarshal(q.Text, &value); err != nil {
			return nil, err
		}
		return json.Marshal(value)
	case "template":
		return executed(q)
	}
	return nil, fmt.Errorf("no op %q", q.Op)
}

func executed(q question) ([]byte, error) {
	var data any
	if err := json.Unmarshal(q.Data, &data); err != nil {
		return nil, err
	}
	parsed, err := template.New("t").Funcs(sprig.TxtFuncMap()).Parse(string(q.Text))
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = parsed.Execute(&out, data)
	return out.Bytes(), err
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<26)
	written := bufio.NewWriter(os.Stdout)
	defer written.Flush()
	for lines.Scan() {
		var q question
		if err := json.Unmarshal(lines.Bytes(), &q); err != nil {
			panic(err)
		}
		out, err := answer(q)
		reply := map[string]any{"out": out}
		if err != nil {
			reply = map[string]any{"error": err.Error()}
		}
		line, err := json.Marshal(reply)
		if err != nil {
			panic(err)
		}
		written.Write(append(line, '\n'))
	}
}
