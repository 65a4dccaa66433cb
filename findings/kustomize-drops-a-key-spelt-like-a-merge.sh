#!/usr/bin/env bash
# kustomize 5.8.1 drops a map's key "<<" without a word, although it is quoted and therefore a plain string, not YAML's
# merge key. The value goes with it and the exit status is 0. kubectl's reader (sigs.k8s.io/yaml 1.6.0) keeps the key.
#
# Package: sigs.k8s.io/kustomize/kustomize/v5 v5.8.1.
# Seen on 2026-11-28, for the resource below:
#     spec:
#       signs:
#         '>>': shift right
# Exits 0 while kustomize does so, 1 when it does not any more.
set -euo pipefail

work=$(mktemp -d)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
GOFLAGS=-mod=mod GOBIN=$work/bin go install sigs.k8s.io/kustomize/kustomize/v5@v5.8.1

mkdir "$work/app"
cat >"$work/app/kustomization.yaml" <<'YAML'
resources: [operators.yaml]
YAML
cat >"$work/app/operators.yaml" <<'YAML'
apiVersion: example.com/v1
kind: Operators
metadata:
  name: shifts
spec:
  signs:
    "<<": shift left
    ">>": shift right
YAML

built=$("$work/bin/kustomize" build "$work/app")
printf '%s\n' "$built"
grep -q 'shift right' <<<"$built" || { echo "the other key is gone too: not what was seen" >&2; exit 1; }
if grep -q 'shift left' <<<"$built"; then
  echo 'changed: the key "<<" is kept' >&2
  exit 1
fi
echo 'as seen: the key "<<" and its value are gone, exit status 0'
