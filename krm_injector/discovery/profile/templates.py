"""The injection templates of the embedded profile, in Go's template language.

Each template renders one partial Pod as JSON, which is YAML too and quicker to read back. Only a
value that Istio's own default writes without quotes, and that YAML may therefore read as something
else than a string, is written without quotes here as well; see ``parts.DEFINE_SCALAR``.

Everything that a default installation fixes (its values and its mesh configuration) is a constant
of the text, and what differs between versions stands as ``<<name>>`` (differences.py). Data,
written by hand; ``pytest tests/discovery/test_profile.py`` compares what it
renders with a real installation.
"""

# ruff: noqa: E501 - a line of a template is as long as what it renders

from __future__ import annotations

from krm_injector.discovery.profile.parts import (
    ANNOTATIONS,
    CANONICAL_NAME,
    CANONICAL_REVISION,
    DEFINE_FLAG,
    DEFINE_NAMED,
    DEFINE_SCALAR,
    ENV_BOOTSTRAP,
    ENV_CA,
    ENV_CONTAINERS,
    ENV_CPU_LIMIT,
    ENV_LIMITS,
    ENV_MESH,
    ENV_METADATA,
    ENV_METADATA_ITEM,
    ENV_NODE,
    ENV_OWNER,
    ENV_POD,
    ENV_PROXY_CONFIG,
    ENV_WORKLOAD,
    LOG_FLAGS,
    MOUNT_BOOTSTRAP,
    MOUNT_CA,
    MOUNT_CERTS,
    MOUNT_CREDENTIAL,
    MOUNT_DATA,
    MOUNT_TOKENS,
    MOUNT_USER,
    MOUNT_WORKLOAD,
    READINESS_TIMES,
    STATUS_PORT,
    VARIABLES,
    VOLUME_BOOTSTRAP,
    VOLUME_USER,
    VOLUME_WORKLOAD,
    VOLUMES_COMMON,
)

# $mode: REDIRECT, TPROXY or NONE; $native: the proxy is an init container that goes on running.
SIDECAR_VARIABLES = r"""
{{- $mode := annotation .ObjectMeta "sidecar.istio.io/interceptionMode" .ProxyConfig.InterceptionMode }}
{{- $redirects := ne $mode "NONE" }}
{{- $metadata := .ProxyConfig.ProxyMetadata }}
<<native>>
{{- $excluded := excludeInboundPort $status (index $a "traffic.sidecar.istio.io/excludeInboundPorts") }}
{{- $uid := or .ProxyUID 1337 }}
{{- $gid := or .ProxyGID 1337 }}"""

ISTIO_INIT = (
    r"""
{"name":"istio-init","image":<<init image>>,
"args":["istio-iptables","-p","15001","-z","15006","-u","<<init user>>",
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
{{- end }}<<virtual interfaces>>
{{- if isset $a "traffic.sidecar.istio.io/excludeInterfaces" }},
"-c","{{ index $a "traffic.sidecar.istio.io/excludeInterfaces" }}"
{{- end }},
<<init log level>>],
{{- with .ProxyConfig.ProxyMetadata }}
{{- $comma := "" }}
"env":[{{ range $key, $value := . }}{{ $comma }}
"""
    + ENV_METADATA_ITEM
    + r"""{{ $comma = "," }}{{ end }}],
{{- end }}
"resources":{{ $resources }},
"securityContext":{"allowPrivilegeEscalation":false,"privileged":false,"readOnlyRootFilesystem":false,
"runAsGroup":0,"runAsNonRoot":false,"runAsUser":0,
"capabilities":{"add":["NET_ADMIN","NET_RAW"],"drop":["ALL"]}}}"""
)

SIDECAR_SECURITY = r"""
{{- $bind := eq (annotation .ObjectMeta "sidecar.istio.io/capNetBindService" "") "true" }}
"securityContext":{"readOnlyRootFilesystem":true,
{{- if eq "true" (index $metadata "IPTABLES_TRACE_LOGGING") }}
"allowPrivilegeEscalation":true,"privileged":true,"runAsGroup":{{ $gid }},"runAsNonRoot":false,"runAsUser":0,
"capabilities":{"add":["NET_ADMIN"],"drop":["ALL"]}
{{- else if eq $mode "TPROXY" }}
"allowPrivilegeEscalation":false,"privileged":false,"runAsGroup":<<root group>>,"runAsNonRoot":false,"runAsUser":0,
"capabilities":{"add":["NET_ADMIN"{{ if $bind }},"NET_BIND_SERVICE"{{ end }}],"drop":["ALL"]}
{{- else if $bind }}
"allowPrivilegeEscalation":false,"privileged":false,"runAsGroup":<<root group>>,"runAsNonRoot":false,"runAsUser":0,
"capabilities":{"add":["NET_BIND_SERVICE"],"drop":["ALL"]}
{{- else }}
"allowPrivilegeEscalation":false,"privileged":false,"runAsGroup":{{ $gid }},"runAsNonRoot":true,"runAsUser":{{ $uid }},
"capabilities":{"drop":["ALL"]}
{{- end }}}"""

SIDECAR_PROXY = (
    r"""
{"name":"istio-proxy","image":<<image>>,
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
    + ",".join(
        (ENV_CA, ENV_POD, ENV_CPU_LIMIT, ENV_PROXY_CONFIG, ENV_CONTAINERS, ENV_LIMITS, ENV_NODE)
    )
    + r""",
{"name":"ISTIO_META_INTERCEPTION_MODE","value":"{{ $mode }}"}
{{- with <<workload name>> }},
{"name":"ISTIO_META_WORKLOAD_NAME","value":"{{ . }}"}
{{- end }}"""
    + ENV_OWNER
    + ENV_BOOTSTRAP
    + ENV_MESH
    + ENV_METADATA
    + r"""],
"volumeMounts":["""
    + ",".join(
        (
            MOUNT_WORKLOAD,
            MOUNT_CREDENTIAL,
            MOUNT_CERTS,
            MOUNT_CA + "<<CRL mount>>",
            MOUNT_DATA + MOUNT_BOOTSTRAP,
        )
    )
    + r""",
{"name":"istio-envoy","mountPath":"/etc/istio/proxy"},"""
    + MOUNT_TOKENS
    + MOUNT_USER
    + "]}"
)

SIDECAR = (
    DEFINE_SCALAR
    + DEFINE_FLAG
    + DEFINE_NAMED
    + VARIABLES
    + "<<resources>>"
    + STATUS_PORT
    + SIDECAR_VARIABLES
    + r"""
{{- "" -}}
{"metadata":{"labels":{
"security.istio.io/tlsMode":{{ or (index $l "security.istio.io/tlsMode") "istio" | quote }},
{{- if eq "true" (index $metadata "ISTIO_META_ENABLE_HBONE") }}
"networking.istio.io/tunnel":{{ or (index $l "networking.istio.io/tunnel") "http" | quote }},
{{- end }}
"service.istio.io/canonical-name":{{ """
    + CANONICAL_NAME
    + r""" | trunc 63 | <<trim>> | quote }},"""
    + CANONICAL_REVISION
    + r"""},
"annotations":{"""
    + ANNOTATIONS
    + r"""}},
"spec":{"initContainers":<<open>>{{ if $redirects }}"""
    + ISTIO_INIT
    + r"""{{ if $native }},{{ end }}{{ end }}{{ if not $native }}<<close>>,"containers":[{{ end }}"""
    + SIDECAR_PROXY
    + r"""],
"volumes":["""
    + VOLUME_WORKLOAD
    + r""",
{"name":"credential-socket","emptyDir":null},
{"name":"workload-certs","emptyDir":null}"""
    + VOLUME_BOOTSTRAP
    + r""",
{"name":"istio-envoy","emptyDir":{"medium":"Memory"}},"""
    + VOLUMES_COMMON
    + "<<CRL volume>>"
    + VOLUME_USER
    + "]}}"
)

GATEWAY = (
    DEFINE_SCALAR
    + DEFINE_FLAG
    + VARIABLES
    + r"""
{{- "" -}}
{"metadata":{"labels":{
"service.istio.io/canonical-name":{{ """
    + CANONICAL_NAME
    + r""" | quote }},"""
    + CANONICAL_REVISION
    + r"""},
"annotations":{"""
    + "<<gateway annotations>>"
    + r"""}},
"spec":{"securityContext":{"sysctls":[{"name":"net.ipv4.ip_unprivileged_port_start","value":"0"}]},
"containers":[
{"name":"istio-proxy","image":<<image>>,
"ports":[{"name":"http-envoy-prom","containerPort":15090,"protocol":"TCP"}],
"args":["proxy","router","""
    + LOG_FLAGS
    + r"""],
"securityContext":{"runAsUser":{{ or .ProxyUID 1337 }},"runAsGroup":{{ or .ProxyGID 1337 }}},
"readinessProbe":{"httpGet":{"path":"/healthz/ready","port":15021},
"initialDelaySeconds":0,"periodSeconds":15,"timeoutSeconds":3,"failureThreshold":4},
"env":["""
    + ",".join(
        (ENV_CA, ENV_POD, ENV_CPU_LIMIT, ENV_PROXY_CONFIG, ENV_LIMITS, ENV_CONTAINERS, ENV_NODE)
    )
    + r""",
{"name":"ISTIO_META_INTERCEPTION_MODE","value":"{{ .ProxyConfig.InterceptionMode }}"}"""
    + ENV_WORKLOAD
    + ENV_OWNER
    + "<<gateway bootstrap variable>>"
    + ENV_MESH
    + ENV_METADATA
    + r"""],
"volumeMounts":["""
    + ",".join(
        (
            MOUNT_WORKLOAD,
            MOUNT_CREDENTIAL,
            MOUNT_CERTS,
            MOUNT_CA,
            MOUNT_DATA + "<<gateway bootstrap mount>>",
        )
    )
    + r""",
{"name":"istio-envoy","mountPath":"/etc/istio/proxy"},"""
    + MOUNT_TOKENS
    + r"""]}],
"volumes":["""
    + "<<gateway socket>>"
    + r""",
{"name":"credential-socket","emptyDir":{}},
{"name":"workload-certs","emptyDir":{}}"""
    + "<<gateway bootstrap volume>>"
    + r""",
{"name":"istio-envoy","emptyDir":{"medium":"Memory"}},"""
    + VOLUMES_COMMON
    + "]}}"
)

# With the status port 0 the agent has neither probe, resources nor mounts, and what the user wants
# mounted falls into the list of environment variables: so it is in a default installation.
GRPC_AGENT = (
    DEFINE_SCALAR
    + DEFINE_FLAG
    + DEFINE_NAMED
    + VARIABLES
    + "<<resources>>"
    + STATUS_PORT
    + r"""
{{- "" -}}
{"metadata":{"labels":{
"service.istio.io/canonical-name":{{ """
    + CANONICAL_NAME
    + r""" | quote }},"""
    + CANONICAL_REVISION
    + r"""},
"annotations":{"sidecar.istio.io/rewriteAppHTTPProbers":"false","""
    + ANNOTATIONS
    + r"""}},
"spec":{"containers":[
{"name":"istio-proxy","image":<<image>>,
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
    + VOLUME_WORKLOAD
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
GRPC_COMMAND = (
    '["sh","-c","' + "\\n".join(line.replace('"', '\\"') for line in GRPC_BOOTSTRAP) + '"]'
)

GRPC_SIMPLE = (
    DEFINE_SCALAR
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

# "waypoint" and the like are refused. Which there are depends on the version (differences.py).
TEMPLATES = {
    "sidecar": SIDECAR,
    "gateway": GATEWAY,
    "grpc-simple": GRPC_SIMPLE,
    "grpc-agent": GRPC_AGENT,
    "waypoint": NOT_FOR_PODS,
    "kube-gateway": NOT_FOR_PODS,
}
