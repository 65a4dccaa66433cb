"""Objects of a bundle that bytes describe: workloads with much of what injection reads and writes,
as people write them, and with values of wrong types in wrong places.
"""

from __future__ import annotations

from typing import Any

from fuzz.choices import Choices

# A container of an app that is called as Istio calls an init container gives a pod that no cluster
# takes, with Istio's webhook too.
NAMES = ("app", "web", "istio-proxy", "a.b")
INIT_NAMES = ("init", "istio-init", "istio-validation", "enable-core-dump", "b.c")
ANNOTATIONS = {
    "sidecar.istio.io/inject": ("true", "false", "yes", "", "nonsense"),
    "sidecar.istio.io/proxyCPU": ("100m", "1e3", "-1", "100 m"),
    "sidecar.istio.io/proxyMemory": ("1Gi", "1.5Gi", "0", "GB"),
    "sidecar.istio.io/proxyImage": ("example.com/proxy:1", "", "{{ .Values }}"),
    "sidecar.istio.io/rewriteAppHTTPProbers": ("true", "false", "maybe"),
    "sidecar.istio.io/userVolume": ('{"v":{"emptyDir":{}}}', "[]", "{", '[{"name":"v"}]'),
    "sidecar.istio.io/userVolumeMount": ('[{"name":"v","mountPath":"/v"}]', "{}", "'"),
    "sidecar.istio.io/interceptionMode": ("REDIRECT", "TPROXY", "NONE", "none"),
    "sidecar.istio.io/nativeSidecar": ("true", "false", "1"),
    "sidecar.istio.io/bootstrapOverride": ("map", ""),
    "sidecar.istio.io/statsInclusionPrefixes": ("a,b", ""),
    "inject.istio.io/templates": ("sidecar", "gateway", "sidecar,grpc-agent", "none", ","),
    "proxy.istio.io/config": ("concurrency: 2", "holdApplicationUntilProxyStarts: true", "[", "x"),
    "proxy.istio.io/overrides": ('{"containers":[{"name":"istio-proxy"}]}', "{}", "no"),
    "traffic.sidecar.istio.io/includeInboundPorts": ("*", "80,90", "", "x", "99999999"),
    "traffic.sidecar.istio.io/excludeOutboundIPRanges": ("10.0.0.0/8", "10.0.0.0/99", "*"),
    "traffic.sidecar.istio.io/kubevirtInterfaces": ("net1", ""),
    "status.sidecar.istio.io/port": ("15020", "0", "-1", "http"),
    "prometheus.io/scrape": ("true", "false"),
    "prometheus.io/port": ("80", "http", "15020"),
    "readiness.status.sidecar.istio.io/periodSeconds": ("2", "x"),
    "team": ("a", "x: y", "- z", "line\nline\n", "\u2028", "é", "1", "true", " "),
}
ODD: tuple[Any, ...] = (
    None, True, 0, -1, 1.5, 2**31, 2**63, "", "x", "1", [], {}, [None], [1], ["x"], {"a": 1},
    {"": ""},
)  # fmt: skip
PROBES: tuple[Any, ...] = (
    {"httpGet": {"path": "/", "port": 80}},
    {"httpGet": {"path": "/x", "port": "http", "scheme": "HTTPS"}, "periodSeconds": 3},
    {"tcpSocket": {"port": 80}},
    {"grpc": {"port": 9000}},
    {"exec": {"command": ["true"]}},
    {"httpGet": {"port": "15020"}},
    {},
)
KINDS = (
    ("apps/v1", "Deployment", ("spec", "template")),
    ("apps/v1", "StatefulSet", ("spec", "template")),
    ("batch/v1", "Job", ("spec", "template")),
    ("batch/v1", "CronJob", ("spec", "jobTemplate", "spec", "template")),
    ("v1", "Pod", ()),
)


def items(choices: Choices) -> list[Any]:
    """A Namespace that is injected, and up to three workloads."""
    shop: Any = {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": "shop", "labels": {"istio-injection": "enabled"}},
    }
    found = [shop, *(workload(choices, f"w{number}") for number in range(1 + choices.number(2)))]
    while choices.maybe(0.2):
        damage(choices, found[1 + choices.number(len(found) - 2)])
    return found


def workload(choices: Choices, name: str) -> dict[str, Any]:
    api_version, kind, path = choices.pick(KINDS)
    inner: Any = {"metadata": pod_metadata(choices), "spec": pod_spec(choices)}
    metadata: dict[str, Any] = {"name": name, "namespace": "shop"}
    if choices.maybe(0.2):
        metadata["annotations"] = choices.pick(({"team": "a"}, {}, None))
    if not path:
        merged = {**metadata, **inner["metadata"]}
        return {"apiVersion": api_version, "kind": kind, "metadata": merged, "spec": inner["spec"]}

    for step in reversed(path[1:]):
        inner = {step: inner}
    if choices.maybe(0.3):
        inner = {**inner, "replicas": choices.pick((0, 1, 3))}
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, "spec": inner}


def pod_metadata(choices: Choices) -> dict[str, Any]:
    metadata: dict[str, Any] = {}
    if choices.maybe(0.7):
        metadata["labels"] = {
            key: choices.pick(("x", "true", "false", "default"))
            for key in choices.sample(
                ("app", "version", "sidecar.istio.io/inject", "istio.io/rev"), 3
            )
        }
    if choices.maybe(0.7):
        metadata["annotations"] = {
            key: choices.pick(ANNOTATIONS[key]) for key in choices.sample(tuple(ANNOTATIONS), 4)
        }
    return metadata


def pod_spec(choices: Choices) -> dict[str, Any]:
    names = choices.sample(NAMES, 3) or ["app"]
    spec: dict[str, Any] = {"containers": [container(choices, name) for name in names]}
    if choices.maybe(0.3):
        spec["initContainers"] = [
            container(choices, name) for name in choices.sample(INIT_NAMES, 2)
        ]
    options: dict[str, tuple[Any, ...]] = {
        "volumes": ([{"name": "data", "emptyDir": {}}], [], None, [{"name": "istio-envoy"}]),
        "securityContext": ({"fsGroup": 42}, {}, None, {"runAsUser": 1337}, {"sysctls": []}),
        "hostNetwork": (True, False, None),
        "dnsConfig": ({"searches": ["a"]}, {}, None),
        "dnsPolicy": ("ClusterFirst", "None"),
        "imagePullSecrets": ([{"name": "p"}], [], None),
        "serviceAccountName": ("web", ""),
        "restartPolicy": ("Always", "Never", "OnFailure"),
        "terminationGracePeriodSeconds": (0, 30, None),
        "unknownField": ("x", {"a": 1}),
    }
    for field in choices.sample(tuple(options), 3):
        spec[field] = choices.pick(options[field])
    return spec


def container(choices: Choices, name: str) -> dict[str, Any]:
    options: dict[str, tuple[Any, ...]] = {
        "image": ("web:1", "auto", "", "example.com/web@sha256:00"),
        "args": (["x"], [], None, ["--a=b", "y"]),
        "env": ([{"name": "A", "value": "1"}], [{"name": "A"}, {"name": "B", "value": ""}], []),
        "ports": ([{"containerPort": 80}], [{"containerPort": 80, "name": "http"}], [], None),
        "volumeMounts": ([{"name": "data", "mountPath": "/d"}], []),
        "resources": ({}, {"limits": {"cpu": 1, "memory": "1024Mi"}}, {"requests": {"cpu": "0.5"}}),
        "securityContext": ({}, {"runAsUser": 0}, {"privileged": True}, None),
        "livenessProbe": PROBES,
        "readinessProbe": PROBES,
        "startupProbe": PROBES,
        "lifecycle": ({"preStop": {"httpGet": {"port": 80, "path": "/stop"}}}, {}, None),
        "restartPolicy": ("Always",),
    }
    found: dict[str, Any] = {"name": name}
    for field in choices.sample(tuple(options), 5):
        found[field] = choices.pick(options[field])
    return found


def damage(choices: Choices, value: Any) -> None:
    """A value of another type, or none, in some place."""
    while isinstance(value, (dict, list)) and value:
        key: Any = choices.pick(list(value) if isinstance(value, dict) else range(len(value)))
        inner = value[key]
        if not isinstance(inner, (dict, list)) or not inner or choices.maybe(0.15):
            if choices.maybe(0.2) and isinstance(value, dict):
                del value[key]
            else:
                value[key] = choices.pick(ODD)
            return
        value = inner
