"""The injection templates of the embedded profile, in Go's template language.

Each template renders one partial Pod as JSON, which is YAML too: what a build repeats for every pod is then read by the
C scanner of ``json`` and not by a YAML parser. Only a value that Istio's own default writes without quotes, and that
YAML may therefore read as something else than a string, is written without quotes here as well; see ``SCALAR``.

Everything that a default installation fixes (its values and its mesh configuration) is a constant of the text.
"""

from __future__ import annotations

# A word that Istio writes as a plain scalar: `on` or `123` is then no string, and the pod is refused for it.
# Where the word cannot be misread it is quoted, so that the text stays JSON.
SCALAR = r"""
{{- define "scalar" }}
{{- if regexMatch `(?i)^(y|n|yes|no|on|off|true|false|null)$` . }}{{ . }}
{{- else if regexMatch `^[A-Za-z_][-\w./]*$` . }}"{{ . }}"
{{- else }}{{ . }}
{{ end }}
{{- end }}"""

# A command line flag that Istio writes as a plain scalar: a comment and space at its end are not part of it,
# and a colon followed by space would make it a mapping, which no argument can be.
FLAG = r"""
{{- define "flag" }}
{{- $flag := regexReplaceAll `[ \t\r\n]+$` (regexReplaceAll `[ \t\r\n]#[^\n]*` . "") "" }}
{{- if not (regexMatch `^(?:[ \t]+(?::+[^\x00-\x20\x7f-\x9f:]|[^\x00-\x20\x7f-\x9f:#])|:*[^\x00-\x20\x7f-\x9f:])+$` $flag) }}
  {{- fail (printf "%q cannot be an argument of the proxy: YAML reads it as something else than one line of text" .) }}
{{- end }}
{{- toJson $flag }}
{{- end }}"""

# userVolume and userVolumeMount: JSON objects by name (or a JSON list, whose names are the indices).
NAMED = r"""
{{- define "named" }}
{{- range $name, $fields := fromJSON . }}
{{- if not (and (kindIs "map" $fields) $fields) }}{{ fail (printf "%q needs an object with fields" (toString $name)) }}{{ end }},
{"name":"{{ $name }}",{{ toJson $fields | trimPrefix "{" }}
{{- end }}
{{- end }}"""

# $a, $l: annotations and labels; $names: the application's containers; $image: the proxy's image.
FACTS = r"""
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

# $status: the status port as it is written; $health: the times of the proxy's readiness probe.
STATUS = r"""
{{- $status := annotation .ObjectMeta "status.sidecar.istio.io/port" "15020" }}"""

READINESS_TIMES = r"""
"initialDelaySeconds": {{ annotation .ObjectMeta "readiness.status.sidecar.istio.io/initialDelaySeconds" "0" }},
"periodSeconds": {{ annotation .ObjectMeta "readiness.status.sidecar.istio.io/periodSeconds" "15" }},
"failureThreshold": {{ annotation .ObjectMeta "readiness.status.sidecar.istio.io/failureThreshold" "4" }},
"timeoutSeconds":3"""

NAME = (
    r'(or (index $l "service.istio.io/canonical-name") (index $l "app.kubernetes.io/name") (index $l "app")'
    r" .DeploymentMeta.Name)"
)

REVISION_LABEL = r"""
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
  {{- template "flag" (printf "--proxyLogLevel=%s" (index $a "sidecar.istio.io/logLevel")) }}
{{- else }}"--proxyLogLevel=warning"{{ end }},
{{ if isset $a "sidecar.istio.io/componentLogLevel" }}
  {{- template "flag" (printf "--proxyComponentLogLevel=%s" (index $a "sidecar.istio.io/componentLogLevel")) }}
{{- else }}"--proxyComponentLogLevel=misc:error"{{ end }},
{{ if isset $a "sidecar.istio.io/agentLogLevel" }}
  {{- template "flag" (printf "--log_output_level=%s" (index $a "sidecar.istio.io/agentLogLevel")) }}
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
{"name":"ISTIO_CPU_LIMIT","valueFrom":{"resourceFieldRef":{"resource":"limits.cpu","divisor":"1"}}}"""

ENV_PROXY_CONFIG = r"""
{"name":"PROXY_CONFIG","value":{{ protoToJSON .ProxyConfig | printf "%s\n" | toJson }}},
{"name":"ISTIO_META_POD_PORTS","value":{{ printf "%s\n]" $ports | toJson }}}"""

ENV_CONTAINERS = r"""
{"name":"ISTIO_META_APP_CONTAINERS","value":"{{ join "," $names }}"}"""

ENV_LIMITS = r"""
{"name":"GOMEMLIMIT","valueFrom":{"resourceFieldRef":{"resource":"limits.memory","divisor":"1"}}},
{"name":"GOMAXPROCS","valueFrom":{"resourceFieldRef":{"resource":"limits.cpu","divisor":"1"}}}
{{- with .CompliancePolicy }},
{"name":"COMPLIANCE_POLICY","value":"{{ . }}"}
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

ENV_METADATA = r"""
{{- range $key, $value := .ProxyConfig.ProxyMetadata }},
""" + ENV_METADATA_ITEM + r"""
{{- end }}"""

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
{{- if isset $a "sidecar.istio.io/userVolumeMount" }}{{ template "named" (index $a "sidecar.istio.io/userVolumeMount") }}{{ end }}"""

VOLUME_BOOTSTRAP = r"""
{{- if isset $a "sidecar.istio.io/bootstrapOverride" }},
{"name":"custom-bootstrap-volume","configMap":{"name": {{ template "scalar" (index $a "sidecar.istio.io/bootstrapOverride") }}}}
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
{{- if isset $a "sidecar.istio.io/userVolume" }}{{ template "named" (index $a "sidecar.istio.io/userVolume") }}{{ end }}"""

# An empty directory written as null: the strategic merge drops the field, as it does with Istio's text.
NO_SOURCE = r"""
{"name":"workload-socket","emptyDir":null}"""

# $mode: REDIRECT, TPROXY or NONE; $native: the proxy is an init container that goes on running.
SIDECAR_FACTS = r"""
{{- $mode := annotation .ObjectMeta "sidecar.istio.io/interceptionMode" .ProxyConfig.InterceptionMode }}
{{- $redirects := ne $mode "NONE" }}
{{- $native := .NativeSidecars }}
{{- with index $a "sidecar.istio.io/nativeSidecar" }}{{ $native = ne . "false" }}{{ end }}
{{- $excluded := excludeInboundPort $status (index $a "traffic.sidecar.istio.io/excludeInboundPorts") }}
{{- $uid := or .ProxyUID 1337 }}
{{- $gid := or .ProxyGID 1337 }}"""

ISTIO_INIT = r"""
{"name":"istio-init","image":"{{ $image }}",
"args":["istio-iptables","-p","15001","-z","15006","-u","{{ if eq $mode "TPROXY" }}1337{{ else }}{{ $uid }}{{ end }}",
"-m","{{ $mode }}",
"-i","{{ annotation .ObjectMeta "traffic.sidecar.istio.io/includeOutboundIPRanges" "*" }}",
"-x","{{ index $a "traffic.sidecar.istio.io/excludeOutboundIPRanges" }}",
"-b","{{ annotation .ObjectMeta "traffic.sidecar.istio.io/includeInboundPorts" "*" }}",
"-d","15090,15021{{ with $excluded }},{{ . }}{{ end }}"
{{- if isset $a "traffic.sidecar.istio.io/includeOutboundPorts" }},
"-q","{{ index $a "traffic.sidecar.istio.io/includeOutboundPorts" }}"
{{- end }}
{{- if isset $a "traffic.sidecar.istio.io/excludeOutboundPorts" }},
"-o","{{ index $a "traffic.sidecar.istio.io/excludeOutboundPorts" }}"
{{- end }}
{{- if isset $a "istio.io/reroute-virtual-interfaces" }},
"-k","{{ index $a "istio.io/reroute-virtual-interfaces" }}"
{{- else if isset $a "traffic.sidecar.istio.io/kubevirtInterfaces" }},
"-k","{{ index $a "traffic.sidecar.istio.io/kubevirtInterfaces" }}"
{{- end }}
{{- if isset $a "traffic.sidecar.istio.io/excludeInterfaces" }},
"-c","{{ index $a "traffic.sidecar.istio.io/excludeInterfaces" }}"
{{- end }},
"--log_output_level={{ annotation .ObjectMeta "sidecar.istio.io/agentLogLevel" "default:info" }}"],
{{- with .ProxyConfig.ProxyMetadata }}
{{- $comma := "" }}
"env":[{{ range $key, $value := . }}{{ $comma }}
""" + ENV_METADATA_ITEM + r"""{{ $comma = "," }}{{ end }}],
{{- end }}
"resources":{{ $resources }},
"securityContext":{"allowPrivilegeEscalation":false,"privileged":false,"readOnlyRootFilesystem":false,
"runAsGroup":0,"runAsNonRoot":false,"runAsUser":0,
"capabilities":{"add":["NET_ADMIN","NET_RAW"],"drop":["ALL"]}}}"""

SIDECAR_SECURITY = r"""
{{- $bind := eq (annotation .ObjectMeta "sidecar.istio.io/capNetBindService" "") "true" }}
"securityContext":{"readOnlyRootFilesystem":true,
{{- if eq (index .ProxyConfig.ProxyMetadata "IPTABLES_TRACE_LOGGING") "true" }}
"allowPrivilegeEscalation":true,"privileged":true,"runAsGroup":{{ $gid }},"runAsNonRoot":false,"runAsUser":0,
"capabilities":{"add":["NET_ADMIN"],"drop":["ALL"]}
{{- else if eq $mode "TPROXY" }}
"allowPrivilegeEscalation":false,"privileged":false,"runAsGroup":1337,"runAsNonRoot":false,"runAsUser":0,
"capabilities":{"add":["NET_ADMIN"{{ if $bind }},"NET_BIND_SERVICE"{{ end }}],"drop":["ALL"]}
{{- else if $bind }}
"allowPrivilegeEscalation":false,"privileged":false,"runAsGroup":1337,"runAsNonRoot":false,"runAsUser":0,
"capabilities":{"add":["NET_BIND_SERVICE"],"drop":["ALL"]}
{{- else }}
"allowPrivilegeEscalation":false,"privileged":false,"runAsGroup":{{ $gid }},"runAsNonRoot":true,"runAsUser":{{ $uid }},
"capabilities":{"drop":["ALL"]}
{{- end }}}"""

SIDECAR_PROXY = (
    r"""
{"name":"istio-proxy","image":"{{ $image }}",
"ports":[{"name":"http-envoy-prom","containerPort":15090,"protocol":"TCP"}],
"args":["proxy","sidecar","""
    + LOG_FLAGS
    + r"""],
{{- if $native }}
"restartPolicy":"Always",
"lifecycle":{"preStop":{"exec":{"command":["pilot-agent","request","--debug-port={{ $status }}","POST","drain"]}}},
{{- else if .ProxyConfig.HoldApplicationUntilProxyStarts.GetValue }}
"lifecycle":{"postStart":{"exec":{"command":["pilot-agent","wait"]}}},
{{- end }}
{{- if ne $status "0" }}
"startupProbe":{"httpGet":{"path":"/healthz/ready","port":15021},
"initialDelaySeconds":0,"periodSeconds":1,"timeoutSeconds":3,"failureThreshold":600},
"readinessProbe":{"httpGet":{"path":"/healthz/ready","port":15021},"""
    + READINESS_TIMES
    + r"""},
{{- end }}"""
    + SIDECAR_SECURITY
    + r""",
"resources":{{ $resources }},
"env":["""
    + ",".join((ENV_CA, ENV_POD, ENV_CPU_LIMIT, ENV_PROXY_CONFIG, ENV_CONTAINERS, ENV_LIMITS, ENV_NODE))
    + r""",
{"name":"ISTIO_META_INTERCEPTION_MODE","value":"{{ $mode }}"}
{{- with or (index $l "service.istio.io/workload-name") .DeploymentMeta.Name }},
{"name":"ISTIO_META_WORKLOAD_NAME","value":"{{ . }}"}
{{- end }}"""
    + ENV_OWNER
    + ENV_BOOTSTRAP
    + ENV_MESH
    + ENV_METADATA
    + r"""],
"volumeMounts":["""
    + ",".join((MOUNT_WORKLOAD, MOUNT_CREDENTIAL, MOUNT_CERTS, MOUNT_CA, MOUNT_CRL, MOUNT_DATA + MOUNT_BOOTSTRAP))
    + r""",
{"name":"istio-envoy","mountPath":"/etc/istio/proxy"},"""
    + MOUNT_TOKENS
    + MOUNT_USER
    + "]}"
)

SIDECAR = (
    SCALAR
    + FLAG
    + NAMED
    + FACTS
    + RESOURCES
    + STATUS
    + SIDECAR_FACTS
    + r"""
{{- "" -}}
{"metadata":{"labels":{
"security.istio.io/tlsMode":{{ or (index $l "security.istio.io/tlsMode") "istio" | quote }},
{{- if eq (index .ProxyConfig.ProxyMetadata "ISTIO_META_ENABLE_HBONE") "true" }}
"networking.istio.io/tunnel":{{ or (index $l "networking.istio.io/tunnel") "http" | quote }},
{{- end }}
"service.istio.io/canonical-name":{{ """
    + NAME
    + r""" | trunc 63 | trimSuffix "-" | quote }},"""
    + REVISION_LABEL
    + r"""},
"annotations":{"""
    + ANNOTATIONS
    + r"""}},
"spec":{"initContainers":[{{ if $redirects }}"""
    + ISTIO_INIT
    + r"""{{ if $native }},{{ end }}{{ end }}{{ if not $native }}],"containers":[{{ end }}"""
    + SIDECAR_PROXY
    + r"""],
"volumes":["""
    + NO_SOURCE
    + r""",
{"name":"credential-socket","emptyDir":null},
{"name":"workload-certs","emptyDir":null}"""
    + VOLUME_BOOTSTRAP
    + r""",
{"name":"istio-envoy","emptyDir":{"medium":"Memory"}},"""
    + VOLUMES_COMMON
    + r""",
{"name":"istio-ca-crl","configMap":{"name":"istio-ca-crl","optional":true}}"""
    + VOLUME_USER
    + "]}}"
)

GATEWAY = (
    SCALAR
    + FLAG
    + FACTS
    + r"""
{{- "" -}}
{"metadata":{"labels":{
"service.istio.io/canonical-name":{{ """
    + NAME
    + r""" | quote }},"""
    + REVISION_LABEL
    + r"""},
"annotations":{"""
    + ANNOTATIONS
    + r"""}},
"spec":{"securityContext":{"sysctls":[{"name":"net.ipv4.ip_unprivileged_port_start","value":"0"}]},
"containers":[
{"name":"istio-proxy","image":"{{ $image }}",
"ports":[{"name":"http-envoy-prom","containerPort":15090,"protocol":"TCP"}],
"args":["proxy","router","""
    + LOG_FLAGS
    + r"""],
"securityContext":{"runAsUser":{{ or .ProxyUID 1337 }},"runAsGroup":{{ or .ProxyGID 1337 }}},
"readinessProbe":{"httpGet":{"path":"/healthz/ready","port":15021},
"initialDelaySeconds":0,"periodSeconds":15,"timeoutSeconds":3,"failureThreshold":4},
"env":["""
    + ",".join((ENV_CA, ENV_POD, ENV_CPU_LIMIT, ENV_PROXY_CONFIG, ENV_LIMITS, ENV_CONTAINERS, ENV_NODE))
    + r""",
{"name":"ISTIO_META_INTERCEPTION_MODE","value":"{{ .ProxyConfig.InterceptionMode }}"}"""
    + ENV_WORKLOAD
    + ENV_OWNER
    + ENV_BOOTSTRAP
    + ENV_MESH
    + ENV_METADATA
    + r"""],
"volumeMounts":["""
    + ",".join((MOUNT_WORKLOAD, MOUNT_CREDENTIAL, MOUNT_CERTS, MOUNT_CA, MOUNT_DATA + MOUNT_BOOTSTRAP))
    + r""",
{"name":"istio-envoy","mountPath":"/etc/istio/proxy"},"""
    + MOUNT_TOKENS
    + r"""]}],
"volumes":["""
    + NO_SOURCE
    + r""",
{"name":"credential-socket","emptyDir":{}},
{"name":"workload-certs","emptyDir":{}}"""
    + VOLUME_BOOTSTRAP
    + r""",
{"name":"istio-envoy","emptyDir":{"medium":"Memory"}},"""
    + VOLUMES_COMMON
    + "]}}"
)

# With the status port 0 the agent has neither probe, resources nor mounts, and what the user wants mounted
# falls into the list of environment variables: so it is in a default installation.
GRPC_AGENT = (
    SCALAR
    + FLAG
    + NAMED
    + FACTS
    + RESOURCES
    + STATUS
    + r"""
{{- "" -}}
{"metadata":{"labels":{
"service.istio.io/canonical-name":{{ """
    + NAME
    + r""" | quote }},"""
    + REVISION_LABEL
    + r"""},
"annotations":{"sidecar.istio.io/rewriteAppHTTPProbers":"false","""
    + ANNOTATIONS
    + r"""}},
"spec":{"containers":[
{"name":"istio-proxy","image":"{{ $image }}",
"ports":[{"name":"mesh-metrics","containerPort":15020,"protocol":"TCP"}],
"args":["proxy","sidecar","""
    + LOG_FLAGS
    + r"""],
"lifecycle":{"postStart":{"exec":{"command":["pilot-agent","wait","--url=http://localhost:15020/healthz/ready"]}}},
"env":[
{"name":"ISTIO_META_GENERATOR","value":"grpc"},
{"name":"OUTPUT_CERTS","value":"/var/lib/istio/data"},"""
    + ",".join((ENV_CA, ENV_POD, ENV_PROXY_CONFIG, ENV_CONTAINERS, ENV_NODE))
    + ENV_WORKLOAD
    + ENV_OWNER
    + ENV_MESH
    + ENV_METADATA
    + r""",
{"name":"ISTIO_META_DNS_CAPTURE","value":"false"},
{"name":"DISABLE_ENVOY","value":"true"}
{{- if ne $status "0" }}],
"readinessProbe":{"httpGet":{"path":"/healthz/ready","port":15020},"""
    + READINESS_TIMES
    + r"""},
"resources":{{ $resources }},
"volumeMounts":["""
    + ",".join((MOUNT_WORKLOAD, MOUNT_CERTS, MOUNT_CA, MOUNT_DATA))
    + r""",
{"name":"istio-xds","mountPath":"/etc/istio/proxy"},"""
    + MOUNT_TOKENS
    + r"""
{{- end }}"""
    + MOUNT_USER
    + r"""]}
{{- range $names }},
{"name": {{ template "scalar" . }},
"env":[{"name":"GRPC_XDS_EXPERIMENTAL_SECURITY_SUPPORT","value":"true"},
{"name":"GRPC_XDS_BOOTSTRAP","value":"/etc/istio/proxy/grpc-bootstrap.json"}],
"volumeMounts":["""
    + MOUNT_DATA
    + r""",
{"name":"istio-xds","mountPath":"/etc/istio/proxy"},"""
    + MOUNT_CERTS
    + r"""]}
{{- end }}],
"volumes":["""
    + NO_SOURCE
    + r""",
{"name":"workload-certs","emptyDir":null}"""
    + VOLUME_BOOTSTRAP
    + r""",
{"name":"istio-xds","emptyDir":{"medium":"Memory"}},"""
    + VOLUMES_COMMON
    + VOLUME_USER
    + "]}}"
)

# The shell script that writes the bootstrap of a proxyless gRPC client, line by line.
GRPC_BOOTSTRAP = (
    'NODE_ID="sidecar~${INSTANCE_IP}~${POD_NAME}.${POD_NAMESPACE}~cluster.local"',
    'SERVER_URI="dns:///istiod.${ISTIO_NAMESPACE}.svc:15010"',
    "echo '",
    "{",
    '  "xds_servers": [',
    "    {",
    '      "server_uri": "\'${SERVER_URI}\'",',
    '      "channel_creds": [{"type": "insecure"}],',
    '      "server_features" : ["xds_v3"]',
    "    }",
    "  ],",
    '  "node": {',
    '    "id": "\'${NODE_ID}\'",',
    '    "metadata": {',
    '      "GENERATOR": "grpc"',
    "    }",
    "  }",
    "}' > /var/lib/grpc/data/bootstrap.json",
)
GRPC_COMMAND = '["sh","-c","' + "\\n".join(line.replace('"', '\\"') for line in GRPC_BOOTSTRAP) + '"]'

GRPC_SIMPLE = (
    SCALAR
    + r"""
{{- "" -}}
{"metadata":{"annotations":{"sidecar.istio.io/rewriteAppHTTPProbers":"false"}},
"spec":{"initContainers":[
{"name":"grpc-bootstrap-init","image":"busybox:1.28",
"command":"""
    + GRPC_COMMAND
    + r""",
"env":[
{"name":"INSTANCE_IP","valueFrom":{"fieldRef":{"fieldPath":"status.podIP"}}},
{"name":"POD_NAME","valueFrom":{"fieldRef":{"fieldPath":"metadata.name"}}},
{"name":"POD_NAMESPACE","valueFrom":{"fieldRef":{"fieldPath":"metadata.namespace"}}},
{"name":"ISTIO_NAMESPACE","value":"istio-system\n"}],
"volumeMounts":[{"name":"grpc-io-proxyless-bootstrap","mountPath":"/var/lib/grpc/data/"}]}],
"containers":[
{{- $comma := "" }}
{{- range .Spec.Containers }}{{ $comma }}
{"name": {{ template "scalar" .Name }},
"env":[{"name":"GRPC_XDS_BOOTSTRAP","value":"/var/lib/grpc/data/bootstrap.json"},
{"name":"GRPC_GO_LOG_VERBOSITY_LEVEL","value":"99"},
{"name":"GRPC_GO_LOG_SEVERITY_LEVEL","value":"info"}],
"volumeMounts":[{"name":"grpc-io-proxyless-bootstrap","mountPath":"/var/lib/grpc/data/"}]}{{ $comma = "," }}
{{- end }}],
"volumes":[{"name":"grpc-io-proxyless-bootstrap","emptyDir":{}}]}}"""
)

# These make whole Gateway deployments of the Gateway API; a pod that names one is refused.
NOT_FOR_PODS = r"""{{ fail "this template is for deployments that istiod makes of a Gateway, not for pods" }}"""

TEMPLATES = {
    "sidecar": SIDECAR,
    "gateway": GATEWAY,
    "grpc-simple": GRPC_SIMPLE,
    "grpc-agent": GRPC_AGENT,
    "waypoint": NOT_FOR_PODS,
    "kube-gateway": NOT_FOR_PODS,
    "agentgateway": NOT_FOR_PODS,
}
