#!/bin/bash
# kustomize keeps one element a merge key in every list of an object that a strategic merge patch is applied to, also in
# lists that the patch does not name. Kubernetes takes a container with a variable twice (A=one, B=$(A), A=two: B is
# "one" and A is "two"), and kustomize without a patch keeps it; with any strategic patch that names the pod's
# containers, one A is gone, with exit status 0 and without a word. `$patch: replace` with the whole list does not help,
# a JSON patch (RFC 6902) does. The same goes for a container port without `protocol` behind one of that number with it.
#
# Package: sigs.k8s.io/kustomize/kustomize/v5 v5.8.1, by `go install`. Seen on 2026-11-28, of the list A, B, A:
#   no patch: A B A; a patch that sets the image: A=two B; `$patch: replace` with A, B, A: the same; JSON patch: A B A
# and of ports [53/UDP, 53 without protocol] one comes out.
#
# Exit status 0: the behaviour is as described; 1: it changed.
set -euo pipefail
work=$(mktemp -d)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
GOBIN=$work CGO_ENABLED=0 go install sigs.k8s.io/kustomize/kustomize/v5@v5.8.1

cd "$work"
cat > all.yaml <<'YAML'
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  template:
    spec:
      containers:
      - name: web
        image: web:1
        env:
        - {name: A, value: one}
        - {name: B, value: $(A)}
        - {name: A, value: two}
        ports:
        - {containerPort: 53, protocol: UDP, name: dns}
        - {containerPort: 53, name: dns-tcp}
YAML
head='{apiVersion: apps/v1, kind: Deployment, metadata: {name: web}, spec: {template: {spec: {containers: [{name: web'
image="$head, image: 'web:2'}]}}}}"
env='env: [{$patch: replace}, {name: A, value: one}, {name: B, value: $(A)}, {name: A, value: two}]'
replaced="$head, $env}]}}}}"
json='[{"op": "replace", "path": "/spec/template/spec/containers/0/image", "value": "web:2"}]'

variables() { # PATCH: the names of the variables that come out, in order, with the values
    printf 'resources: [all.yaml]\n' > kustomization.yaml
    [ -z "$1" ] || printf 'patches:\n- target: {kind: Deployment}\n  patch: |-\n    %s\n' "$1" >> kustomization.yaml
    ./kustomize build . > out
    grep -A1 -E 'name: [AB]$' out | sed -n 's/.*value: //p' | tr '\n' ' '
}
expect() { # WHAT PATCH VALUES
    found=$(variables "$2")
    echo "$1: $found; ports: $(grep -c containerPort out)"
    [ "$found" = "$3" ] || { echo "otherwise than described"; exit 1; }
}
expect "no patch" "" 'one $(A) two '
expect "strategic patch of the image" "$image" 'two $(A) '
[ "$(grep -c containerPort out)" = 1 ] || { echo "both ports are kept"; exit 1; }
expect "the list, by \$patch: replace" "$replaced" 'two $(A) '
expect "JSON patch of the image" "$json" 'one $(A) two '
[ "$(grep -c containerPort out)" = 2 ] || { echo "the JSON patch drops a port"; exit 1; }
echo "as described"
