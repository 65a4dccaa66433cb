#!/usr/bin/env bash
# istioctl kube-inject of a CronJob puts the sidecar into its pods, and the labels and annotations of injection onto its
# jobs (spec.jobTemplate.metadata). So the pods run a proxy without the label security.istio.io/tlsMode, by which other
# proxies know that they can speak mutual TLS to it, and without sidecar.istio.io/status. Istio's webhook gives both to
# the pods. Of a Deployment kube-inject labels the pods too.
#
# Module: istio.io/istio v0.0.0-20260827124520-eed52ebb66ad (release-1.31); the place is pkg/kube/inject/inject.go,
# IntoObject, where it is "metadata = &job.Spec.JobTemplate.ObjectMeta".
# Seen on 2026-11-28, the line of the label tlsMode with its indentation:
#     Deployment:         security.istio.io/tlsMode: istio      (spec.template.metadata.labels)
#     CronJob:            security.istio.io/tlsMode: istio      (spec.jobTemplate.metadata.labels)
# Exits 0 while kube-inject does so, 1 when it does not any more.
set -euo pipefail

work=$(mktemp -d)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
GOFLAGS=-mod=mod GOBIN=$work/bin CGO_ENABLED=0 \
  go install istio.io/istio/istioctl/cmd/istioctl@v0.0.0-20260827124520-eed52ebb66ad
export KUBECONFIG=/dev/null
cd "$work"

# A template with one container is enough. The labels are those that the code adds, not the template.
cat >config.yaml <<'YAML'
policy: enabled
defaultTemplates: [sidecar]
templates:
  sidecar: |
    spec:
      containers:
      - name: istio-proxy
        image: registry.example/proxyv2:1
    metadata:
      labels:
        security.istio.io/tlsMode: istio
YAML
echo '{}' >values.json
echo '{}' >mesh.yaml
cat >deployment.yaml <<'YAML'
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: registry.example/web:1}]}
YAML
cat >cronjob.yaml <<'YAML'
apiVersion: batch/v1
kind: CronJob
metadata: {name: report}
spec:
  schedule: "0 3 * * *"
  jobTemplate:
    spec:
      template:
        metadata: {labels: {app: report}}
        spec:
          restartPolicy: Never
          containers: [{name: report, image: registry.example/report:1}]
YAML

label() {  # label FILE: the line of tlsMode, with its indentation
  bin/istioctl kube-inject -r default -f "$1" --injectConfigFile config.yaml --valuesFile values.json \
    --meshConfigFile mesh.yaml >"$1.out"
  grep -q 'registry.example/proxyv2' "$1.out" || { echo "changed: $1 has no sidecar" >&2; exit 1; }
  grep 'security.istio.io/tlsMode' "$1.out" || true
}
deployment=$(label deployment.yaml)
cronjob=$(label cronjob.yaml)
printf 'Deployment: %s\nCronJob:    %s\n' "$deployment" "$cronjob"

eight='        security.istio.io/tlsMode: istio'
if [ "$deployment" != "$eight" ]; then
  echo 'changed: the pods of a Deployment do not get the label as before' >&2
  exit 1
fi
if [ "$cronjob" != "$eight" ]; then  # the labels of its pods would be indented by 12
  echo 'changed: the label of a CronJob is not at spec.jobTemplate.metadata' >&2
  exit 1
fi
echo "as seen: the label is on the CronJob's jobs, and the pods have the sidecar without it"
