#!/usr/bin/env bash
# kustomize 5.8.1 rewrites a plain date: `since: 2024-01-01` leaves as the string "2024-01-01T00:00:00Z". To kubectl's
# reader (sigs.k8s.io/yaml 1.6.0) the same text is the string "2024-01-01". So a resource with an unquoted date means
# one thing with `kubectl apply -f` and another with `kustomize build | kubectl apply -f -`.
#
# Packages: sigs.k8s.io/kustomize/kustomize/v5 v5.8.1, sigs.k8s.io/yaml v1.6.0.
# Seen on 2026-11-28:
#     kustomize: since: "2024-01-01T00:00:00Z"
#     sigs.k8s.io/yaml: {"since":"2024-01-01"}
# Exits 0 while both do so, 1 when one does not any more.
set -euo pipefail

work=$(mktemp -d)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
GOFLAGS=-mod=mod GOBIN=$work/bin go install sigs.k8s.io/kustomize/kustomize/v5@v5.8.1

mkdir "$work/app" "$work/reader"
echo 'resources: [contract.yaml]' >"$work/app/kustomization.yaml"
cat >"$work/app/contract.yaml" <<'YAML'
apiVersion: example.com/v1
kind: Contract
metadata:
  name: hosting
since: 2024-01-01
YAML

cat >"$work/reader/main.go" <<'GO'
package main

import (
	"fmt"

	"sigs.k8s.io/yaml"
)

func main() {
	text, err := yaml.YAMLToJSON([]byte("since: 2024-01-01\n"))
	fmt.Println(string(text), err)
}
GO
(cd "$work/reader" && go mod init reader && go get sigs.k8s.io/yaml@v1.6.0) 2>/dev/null

built=$("$work/bin/kustomize" build "$work/app" | grep '^since:')
read=$(cd "$work/reader" && go run .)
echo "kustomize: $built"
echo "sigs.k8s.io/yaml: $read"
[ "$built" = 'since: "2024-01-01T00:00:00Z"' ] && [ "$read" = '{"since":"2024-01-01"} <nil>' ] || { echo changed >&2; exit 1; }
echo "as seen: one date, two strings"
