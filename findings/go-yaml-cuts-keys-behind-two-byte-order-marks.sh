#!/usr/bin/env bash
# A YAML text that begins with two byte order marks (which happens when a file that has one is saved again with
# "UTF-8 with BOM" by a tool that keeps the old one) is read by sigs.k8s.io/yaml, kubectl's reader, without an error and
# with the first character of every top-level key but the first cut off: apiVersion, ind, etadata. YAML 1.2 allows a byte order
# mark in each of several document prefixes (production l-yaml-stream), so the text is valid.
# One mark behind a comment line becomes part of the key: "\ufeffapiVersion".
#
# Package: sigs.k8s.io/yaml v1.6.0 (go.yaml.in/yaml/v2 v2.4.2).
# Seen on 2026-11-28:
#     two marks:        {"apiVersion":"v1","etadata":{"name":"a"},"ind":"ConfigMap"} <nil>
#     behind a comment: {"kind":"ConfigMap","metadata":{"name":"a"},"\ufeffapiVersion":"v1"} <nil>
# Exits 0 while it does so, 1 when it does not any more.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
cat >main.go <<'GO'
package main

import (
	"fmt"
	"strings"

	"sigs.k8s.io/yaml"
)

const mark = "\ufeff"
const text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"

func main() {
	for _, given := range []string{mark + mark + text, "# settings\n" + mark + text} {
		read, err := yaml.YAMLToJSON([]byte(given))
		fmt.Println(strings.ReplaceAll(string(read), mark, `\ufeff`), err)
	}
}
GO
(go mod init reader && go get sigs.k8s.io/yaml@v1.6.0) 2>/dev/null

read=$(go run .)
printf '%s\n' "$read"
expected='{"apiVersion":"v1","etadata":{"name":"a"},"ind":"ConfigMap"} <nil>
{"kind":"ConfigMap","metadata":{"name":"a"},"\ufeffapiVersion":"v1"} <nil>'
[ "$read" = "$expected" ] || { echo changed >&2; exit 1; }
echo "as seen: keys are cut, or begin with the mark, and there is no error"
