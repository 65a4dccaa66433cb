#!/usr/bin/env bash
# kyaml, with which kustomize and kpt write YAML, gives the plain string value << a tag of its own: `sign: <<` in,
# `sign: !!merge <<` out. go-yaml reads that back as the string (a merge is one as a key only). PyYAML 6.0.3 reads
# neither form: its SafeLoader stops at the tag. So a KRM function in Python that loads its input with PyYAML fails on a
# ResourceList of kustomize's or kpt's because of one value, even where the user's file has it in quotes (kustomize
# drops those first).
#
# Packages: sigs.k8s.io/kustomize/kyaml v0.21.1, PyYAML 6.0.3.
# Seen on 2026-11-28:
#     kyaml: sign: !!merge <<
#     PyYAML: could not determine a constructor for the tag 'tag:yaml.org,2002:merge'
# Exits 0 while both do so, 1 when one does not any more.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
cat >main.go <<'GO'
package main

import (
	"fmt"

	"sigs.k8s.io/kustomize/kyaml/yaml"
)

func main() {
	fmt.Print(yaml.MustParse("sign: <<\n").MustString())
}
GO
(go mod init writer && go get sigs.k8s.io/kustomize/kyaml/yaml@v0.21.1) 2>/dev/null
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check PyYAML==6.0.3

written=$(go run .)
echo "kyaml: $written"
if said=$(venv/bin/python -c 'import sys, yaml; print(yaml.safe_load(sys.argv[1]))' "$written" 2>&1); then
  echo "changed: PyYAML reads it as $said" >&2
  exit 1
fi
echo "PyYAML: $(grep -o 'could not determine.*' <<<"$said")"
[ "$written" = 'sign: !!merge <<' ] && grep -q 'tag:yaml.org,2002:merge' <<<"$said" || { echo changed >&2; exit 1; }
echo "as seen: what one writes the other does not read"
