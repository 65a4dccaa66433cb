"""What the templates of the embedded profile have in common: definitions, variables, pieces of
JSON. Data, written by hand; ``pytest tests/discovery/test_profile.py`` compares what they render
with a real installation.

``<<name>>`` stands for a text that depends on Istio's version (differences.py).
"""

# ruff: noqa: E501 - a line of a template is as long as what it renders

from __future__ import annotations

# A word that Istio writes as a plain scalar: `on` or `123` is then no string, and the pod is
# refused for it. Where the word cannot be misread it is quoted, so that the text stays JSON.
# Commas and brackets mean something in JSON only: beside text they are part of a plain scalar.
DEFINE_SCALAR = r"""
{{- define "scalar" }}
{{- if regexMatch `(?i)^(y|n|yes|no|on|off|true|false|null)$` . }}{{ . }}
{{- else if regexMatch `^[A-Za-z_][-\w./]*$` . }}"{{ . }}"
{{- else }}
{{- $plain := regexReplaceAll `[ \t]+(#.*)?$` . "" }}
{{- if and (regexMatch `^[\w./][^\x00-\x1f\x7f-\x9f]*$` .) (regexMatch `[\[\],{}]` $plain)
  (not (regexMatch `:([ \t]|$)` $plain)) }}{{ toJson $plain }}
{{- else }}{{ . }}
{{ end }}
{{- end }}
{{- end }}"""

# A command line flag that Istio writes as a plain scalar: a comment and space at its end are not
# part of it, and a colon followed by space would make it a mapping, which no argument can be.
DEFINE_FLAG = r"""
{{- define "flag" }}
{{- $flag := regexReplaceAll `[ \t\r\n]+$` (regexReplaceAll `[ \t\r\n]#[^\n]*` . "") "" }}
{{- $oneLine := `^(?:[ \t]+(?::+[^\x00-\x20\x7f-\x9f:]|[^\x00-\x20\x7f-\x9f:#])|:*[^\x00-\x20\x7f-\x9f:])+$` }}
{{- if not (regexMatch $oneLine $flag) }}
  {{- fail (printf "%q cannot be an argument of the proxy: YAML reads it as something else than one line of text" .) }}
{{- end }}
{{- toJson $flag }}
{{- end }}"""

# userVolume and userVolumeMount: JSON objects by name (or a JSON list, whose names are the
# indices).
DEFINE_NAMED = r"""
{{- define "named" }}
{{- range $name, $fields := fromJSON . }}
{{- if not (and (kindIs "map" $fields) $fields) }}
  {{- fail (printf "%q needs an object with fields" (toString $name)) }}
{{- end }},
{"name":"{{ $name }}",{{ toJson $fields | trimPrefix "{" }}
{{- end }}
{{- end }}"""

# $a, $l: annotations and labels; $names: the application's containers; $image: the proxy's image.
VARIABLES = r"""
{{- $a := .ObjectMeta.Annotations }}
{{- $l := .ObjectMeta.Labels }}
{{- $names := list }}
{{- $ports := "[" }}
{{- $comma := "" }}
{{- range .Spec.Containers }}
  {{- if ne .Name "istio-proxy" }}{{ $names = append $names .Name }}{{ end }}
  {{- range .Ports }}
    {{- $ports = printf "%s\n    %s%s" $ports $comma (structToJSON .) }}
    {{- $comma = "," }}
  {{- end }}
{{- end }}
{{- $image := .ProxyImage }}
{{- with index $a "sidecar.istio.io/proxyImage" }}{{ if contains "/" . }}{{ $image = . }}{{ end }}{{ end }}"""

# $resources: the proxy's requests and limits, as JSON. One annotation displaces all defaults.
RESOURCES = r"""
{{- $requests := dict }}
{{- $limits := dict }}
{{- with index $a "sidecar.istio.io/proxyCPU" }}{{ $_ := set $requests "cpu" . }}{{ end }}
{{- with index $a "sidecar.istio.io/proxyMemory" }}{{ $_ := set $requests "memory" . }}{{ end }}
{{- with index $a "sidecar.istio.io/proxyCPULimit" }}{{ $_ := set $limits "cpu" . }}{{ end }}
{{- with index $a "sidecar.istio.io/proxyMemoryLimit" }}{{ $_ := set $limits "memory" . }}{{ end }}
{{- $resources := `{"requests":{"cpu":"100m","memory":"128Mi"},"limits":{"cpu":"2000m","memory":"1024Mi"}}` }}
{{- if and $requests $limits }}{{ $resources = dict "requests" $requests "limits" $limits | toJson }}
{{- else if $requests }}{{ $resources = dict "requests" $requests | toJson }}
{{- else if $limits }}{{ $resources = dict "limits" $limits | toJson }}
{{- end }}"""

# The same where the text of an annotation stands between quotes as it is.
RESOURCES_RAW = r"""
{{- $requests := list }}
{{- $limits := list }}
{{- if isset $a "sidecar.istio.io/proxyCPU" }}
  {{- $requests = append $requests (printf "\"%s\"" (index $a "sidecar.istio.io/proxyCPU") | printf `"cpu":%s`) }}
{{- end }}
{{- if isset $a "sidecar.istio.io/proxyMemory" }}
  {{- $requests = append $requests (printf "\"%s\"" (index $a "sidecar.istio.io/proxyMemory") | printf `"memory":%s`) }}
{{- end }}
{{- if isset $a "sidecar.istio.io/proxyCPULimit" }}
  {{- $limits = append $limits (printf "\"%s\"" (index $a "sidecar.istio.io/proxyCPULimit") | printf `"cpu":%s`) }}
{{- end }}
{{- if isset $a "sidecar.istio.io/proxyMemoryLimit" }}
  {{- $limits = append $limits (printf "\"%s\"" (index $a "sidecar.istio.io/proxyMemoryLimit") | printf `"memory":%s`) }}
{{- end }}
{{- $resources := `{"requests":{"cpu":"100m","memory":"128Mi"},"limits":{"cpu":"2000m","memory":"1024Mi"}}` }}
{{- if and $requests $limits }}
  {{- $resources = printf `{"requests":{%s},"limits":{%s}}` (join "," $requests) (join "," $limits) }}
{{- else if $requests }}{{ $resources = printf `{"requests":{%s}}` (join "," $requests) }}
{{- else if $limits }}{{ $resources = printf `{"limits":{%s}}` (join "," $limits) }}
{{- end }}"""

# $status: the status port as it is written.
STATUS_PORT = r"""
{{- $status := annotation .ObjectMeta "status.sidecar.istio.io/port" "15020" }}"""

READINESS_TIMES = r"""
"initialDelaySeconds": {{ annotation .ObjectMeta "readiness.status.sidecar.istio.io/initialDelaySeconds" "0" }},
"periodSeconds": {{ annotation .ObjectMeta "readiness.status.sidecar.istio.io/periodSeconds" "15" }},
"failureThreshold": {{ annotation .ObjectMeta "readiness.status.sidecar.istio.io/failureThreshold" "4" }},
"timeoutSeconds":3"""

CANONICAL_NAME = (
    r'(or (index $l "service.istio.io/canonical-name") (index $l "app.kubernetes.io/name") (index $l "app")'
    r" .DeploymentMeta.Name)"
)

CANONICAL_REVISION = r"""
"service.istio.io/canonical-revision":{{ or (index $l "service.istio.io/canonical-revision")
  (index $l "app.kubernetes.io/version") (index $l "version") "latest" | quote }}"""

ANNOTATIONS = r"""
"istio.io/rev":{{ or .Revision "default" | quote }}
{{- with $names }}
{{- if not (isset $a "kubectl.kubernetes.io/default-container") }},
"kubectl.kubernetes.io/default-container":"{{ index . 0 }}"
{{- end }}
{{- if not (isset $a "kubectl.kubernetes.io/default-logs-container") }},
"kubectl.kubernetes.io/default-logs-container":"{{ index . 0 }}"
{{- end }}
{{- end }}"""

# What `proxy sidecar` or `proxy router` is followed by.
LOG_FLAGS = r"""
"--domain","$(POD_NAMESPACE).svc.cluster.local",
{{ if isset $a "sidecar.istio.io/logLevel" }}
  {{- <<flag>> (printf "--proxyLogLevel=%s" (index $a "sidecar.istio.io/logLevel")) }}
{{- else }}"--proxyLogLevel=warning"{{ end }},
{{ if isset $a "sidecar.istio.io/componentLogLevel" }}
  {{- <<flag>> (printf "--proxyComponentLogLevel=%s" (index $a "sidecar.istio.io/componentLogLevel")) }}
{{- else }}"--proxyComponentLogLevel=misc:error"{{ end }},
{{ if isset $a "sidecar.istio.io/agentLogLevel" }}
  {{- <<flag>> (printf "--log_output_level=%s" (index $a "sidecar.istio.io/agentLogLevel")) }}
{{- else }}"--log_output_level=default:info"{{ end }}"""

ENV_CA = r"""
{"name":"PILOT_CERT_PROVIDER","value":"istiod"},
{"name":"CA_ADDR","value":"istiod.istio-system.svc:15012"}"""

ENV_POD = r"""
{"name":"POD_NAME","valueFrom":{"fieldRef":{"fieldPath":"metadata.name"}}},
{"name":"POD_NAMESPACE","valueFrom":{"fieldRef":{"fieldPath":"metadata.namespace"}}},
{"name":"INSTANCE_IP","valueFrom":{"fieldRef":{"fieldPath":"status.podIP"}}},
{"name":"SERVICE_ACCOUNT","valueFrom":{"fieldRef":{"fieldPath":"spec.serviceAccountName"}}},
{"name":"HOST_IP","valueFrom":{"fieldRef":{"fieldPath":"status.hostIP"}}}"""

ENV_CPU_LIMIT = r"""
{"name":"ISTIO_CPU_LIMIT","valueFrom":{"resourceFieldRef":{"resource":"limits.cpu"<<divisor>>}}}"""

ENV_PROXY_CONFIG = r"""
{"name":"PROXY_CONFIG","value":{{ protoToJSON .ProxyConfig | printf "%s\n" | toJson }}},
{"name":"ISTIO_META_POD_PORTS","value":{{ printf "%s\n]" $ports | toJson }}}"""

ENV_CONTAINERS = r"""
{"name":"ISTIO_META_APP_CONTAINERS","value":"{{ join "," $names }}"}"""

ENV_LIMITS = r"""
{"name":"GOMEMLIMIT","valueFrom":{"resourceFieldRef":{"resource":"limits.memory"<<divisor>>}}}<<GOMAXPROCS>>
{{- with .CompliancePolicy }},
{"name":"COMPLIANCE_POLICY","value":"{{ . }}"}<<GODEBUG>>
{{- end }}"""

ENV_NODE = r"""
{"name":"ISTIO_META_CLUSTER_ID","value":"Kubernetes"},
{"name":"ISTIO_META_NODE_NAME","valueFrom":{"fieldRef":{"fieldPath":"spec.nodeName"}}}"""

ENV_WORKLOAD = r"""
{{- with .DeploymentMeta.Name }},
{"name":"ISTIO_META_WORKLOAD_NAME","value":"{{ . }}"}
{{- end }}"""

ENV_OWNER = r"""
{{- if and .TypeMeta.APIVersion .DeploymentMeta.Name }},
{"name":"ISTIO_META_OWNER","value":"kubernetes://apis/{{ .TypeMeta.APIVersion }}/namespaces/
{{- or .DeploymentMeta.Namespace "default" }}/{{ toLower .TypeMeta.Kind }}s/{{ .DeploymentMeta.Name }}"}
{{- end }}"""

ENV_BOOTSTRAP = r"""
{{- if isset $a "sidecar.istio.io/bootstrapOverride" }},
{"name":"ISTIO_BOOTSTRAP_OVERRIDE","value":"/etc/istio/custom-bootstrap/custom_bootstrap.json"}
{{- end }}"""

ENV_MESH = r""",
{"name":"ISTIO_META_MESH_ID","value":"cluster.local"},
{"name":"TRUST_DOMAIN","value":"cluster.local"}"""

ENV_METADATA_ITEM = r"""{"name": {{ template "scalar" $key }},"value":"{{ $value }}"}"""

ENV_METADATA = (
    r"""
{{- range $key, $value := .ProxyConfig.ProxyMetadata }},
"""
    + ENV_METADATA_ITEM
    + r"""
{{- end }}"""
)

MOUNT_WORKLOAD = r"""
{"name":"workload-socket","mountPath":"/var/run/secrets/workload-spiffe-uds"}"""
MOUNT_CREDENTIAL = r"""
{"name":"credential-socket","mountPath":"/var/run/secrets/credential-uds"}"""
MOUNT_CERTS = r"""
{"name":"workload-certs","mountPath":"/var/run/secrets/workload-spiffe-credentials"}"""
MOUNT_CA = r"""
{"name":"istiod-ca-cert","mountPath":"/var/run/secrets/istio"}"""
MOUNT_CRL = r"""
{"name":"istio-ca-crl","mountPath":"/var/run/secrets/istio/crl"}"""
MOUNT_DATA = r"""
{"name":"istio-data","mountPath":"/var/lib/istio/data"}"""
MOUNT_BOOTSTRAP = r"""
{{- if isset $a "sidecar.istio.io/bootstrapOverride" }},
{"name":"custom-bootstrap-volume","mountPath":"/etc/istio/custom-bootstrap"}
{{- end }}"""
MOUNT_TOKENS = r"""
{"name":"istio-token","mountPath":"/var/run/secrets/tokens"},
{"name":"istio-podinfo","mountPath":"/etc/istio/pod"}"""
MOUNT_USER = r"""
{{- if isset $a "sidecar.istio.io/userVolumeMount" }}
{{- template "named" (index $a "sidecar.istio.io/userVolumeMount") }}
{{- end }}"""

VOLUME_BOOTSTRAP = r"""
{{- if isset $a "sidecar.istio.io/bootstrapOverride" }},
{"name":"custom-bootstrap-volume","configMap":{"name":
 {{ <<name>> (index $a "sidecar.istio.io/bootstrapOverride") }}}}
{{- end }}"""
VOLUMES_COMMON = r"""
{"name":"istio-data","emptyDir":{}},
{"name":"istio-podinfo","downwardAPI":{"items":[
{"path":"labels","fieldRef":{"fieldPath":"metadata.labels"}},
{"path":"annotations","fieldRef":{"fieldPath":"metadata.annotations"}}]}},
{"name":"istio-token","projected":{"sources":[
{"serviceAccountToken":{"path":"istio-token","audience":"istio-ca","expirationSeconds":43200}}]}},
{"name":"istiod-ca-cert","configMap":{"name":"istio-ca-root-cert"}}"""
VOLUME_USER = r"""
{{- if isset $a "sidecar.istio.io/userVolume" }}
{{- template "named" (index $a "sidecar.istio.io/userVolume") }}
{{- end }}"""

# An empty directory written as null: the strategic merge drops the field, as it does with Istio's
# text.
VOLUME_WORKLOAD = r"""
{"name":"workload-socket","emptyDir":null}"""
