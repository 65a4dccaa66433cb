#!/bin/bash
# kyaml's comments.CopyComments, which kpt and other orchestrators run on every answer of a KRM function, copies
# comments by position in lists, also where the schema has merge keys: where a function puts an element in front of
# `containers`, the comment of the user's first container comes to stand on it (and stays on the user's own too). A
# comment that drives a tool (`# kpt-set: ...`) then makes that tool overwrite the value of the new element.
#
# Package: sigs.k8s.io/kustomize/kyaml v0.20.1 (the one that kpt v1.0.0-beta.60 uses), from the Go module proxy.
# Seen on 2026-11-28:
#   - name: sidecar
#     image: sidecar:1 # kpt-set: web:${tag}
#   - name: web
#     image: web:1 # kpt-set: web:${tag}
# Right would be: no comment behind sidecar:1.
#
# Exit status 0: the behaviour is as described; 1: it changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
printf 'module finding\n\ngo 1.24\n\nrequire sigs.k8s.io/kustomize/kyaml v0.20.1\n' > go.mod
cat > main.go <<'GO'
package main

import (
	"fmt"

	"sigs.k8s.io/kustomize/kyaml/comments"
	"sigs.k8s.io/kustomize/kyaml/yaml"
)

const head = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\nspec:\n  template:\n    spec:\n      containers:\n"

func main() {
	own := "      - name: web\n        image: web:1"
	given := yaml.MustParse(head + own + " # kpt-set: web:${tag}\n")
	answer := yaml.MustParse(head + "      - name: sidecar\n        image: sidecar:1\n" + own + "\n")
	if err := comments.CopyComments(given, answer); err != nil {
		panic(err)
	}
	fmt.Print(answer.MustString())
}
GO
GOFLAGS=-mod=mod CGO_ENABLED=0 go run . | tee out
grep -q 'sidecar:1 # kpt-set' out || { echo "otherwise than described"; exit 1; }
echo "as described"
