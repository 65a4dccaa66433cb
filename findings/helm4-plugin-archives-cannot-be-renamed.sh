#!/usr/bin/env bash
# Helm 4.2.0 installs a plugin from an archive only if the folder in it has the name of the archive's file, up to the
# version. What `helm plugin package` has written cannot be installed under another file name, though the plugin's name
# is in plugin.yaml; nor can an archive without a folder. So a release must keep the names, also behind a mirror.
#
# Package: helm.sh/helm/v4 v4.2.0.
# Seen on 2026-11-28:
#     demo-0.1.0.tgz: Installed plugin: demo
#     other-0.1.0.tgz: Error: plugin.yaml not found in expected directory .../other
# Exits 0 while it does so, 1 when it does not any more.
set -euo pipefail

work=$(mktemp -d)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
GOFLAGS=-mod=mod GOBIN=$work/bin go install helm.sh/helm/v4/cmd/helm@v4.2.0
for name in CACHE CONFIG DATA; do export "HELM_${name}_HOME=$work/$name"; done

mkdir "$work/demo" && cd "$work"
cat >demo/plugin.yaml <<'YAML'
apiVersion: v1
type: postrenderer/v1
name: demo
version: 0.1.0
runtime: subprocess
runtimeConfig:
  platformCommand:
  - command: cat
YAML
bin/helm plugin package --sign=false demo >/dev/null 2>&1
cp demo-0.1.0.tgz other-0.1.0.tgz

renamed=$(bin/helm plugin install --verify=false ./other-0.1.0.tgz 2>&1 | grep '^Error:' || true)
own=$(bin/helm plugin install --verify=false ./demo-0.1.0.tgz 2>&1 | grep '^Installed')
echo "demo-0.1.0.tgz: $own"
echo "other-0.1.0.tgz: $renamed"
[ "$own" = "Installed plugin: demo" ] && [[ $renamed == *"plugin.yaml not found in expected directory"*"/other:"* ]] ||
  { echo changed >&2; exit 1; }
echo "as seen: the same bytes, installed under one name only"
