#!/usr/bin/env bash
# kustomize 5.8.1 reads a null in a strategic merge patch in two ways. In a patch without `target` it takes the label
# away, as Kubernetes does. In the same patch with a `target` the label stays, with the text "null" as its value. Both
# builds exit 0. So a Namespace from which a patch is to take istio-injection keeps the label, with another value.
#
# Package: sigs.k8s.io/kustomize/kustomize/v5 v5.8.1.
# Seen on 2026-11-28, for the label of the Namespace below:
#     without target: gone
#     with target:    istio-injection: "null"
# Exits 0 while kustomize does so, 1 when it does not any more.
set -euo pipefail

work=$(mktemp -d)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
GOFLAGS=-mod=mod GOBIN=$work/bin go install sigs.k8s.io/kustomize/kustomize/v5@v5.8.1

overlay() {  # overlay NAME, with the lines of the patch's head on stdin
  mkdir "$work/$1"
  cat >"$work/$1/namespace.yaml" <<'YAML'
apiVersion: v1
kind: Namespace
metadata:
  name: shop
  labels:
    istio-injection: enabled
    team: checkout
YAML
  cat >"$work/$1/patch.yaml" <<'YAML'
apiVersion: v1
kind: Namespace
metadata:
  name: shop
  labels:
    istio-injection: null
YAML
  { printf 'resources: [namespace.yaml]\npatches:\n'; cat; } >"$work/$1/kustomization.yaml"
}
overlay without <<'YAML'
- path: patch.yaml
YAML
overlay with <<'YAML'
- path: patch.yaml
  target: {kind: Namespace, name: shop}
YAML

without=$("$work/bin/kustomize" build "$work/without")
with=$("$work/bin/kustomize" build "$work/with")
printf 'without target:\n%s\n\nwith target:\n%s\n' "$without" "$with"
if grep -q 'istio-injection' <<<"$without"; then
  echo 'changed: without a target the label stays too' >&2
  exit 1
fi
if ! grep -q 'istio-injection: "null"' <<<"$with"; then
  echo 'changed: with a target the label is not the text "null"' >&2
  exit 1
fi
echo 'as seen: without a target the label is gone, with a target it is "null"'
