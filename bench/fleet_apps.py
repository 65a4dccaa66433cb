"""The applications of a generated fleet: their workloads, and what is out of the ordinary there.

Everything follows from the application's name and the seed, so that a fleet can be made again.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple

from inputs import Object

# What the workloads of an application are, in turn; after these come Deployments.
ROLES = ("web", "api", "store", "report", "agent")
KINDS = {"store": "StatefulSet", "report": "CronJob", "agent": "DaemonSet"}
WORDS = (
    "accounts", "adverts", "archive", "baskets", "billing", "booking", "campaigns", "catalogue",
    "checkout", "claims", "content", "coupons", "customers", "delivery", "disputes", "exports",
    "fraud", "gifts", "imports", "invoices", "ledger", "loyalty", "mailing", "messages", "notices",
    "orders", "partners", "payments", "pricing", "profiles", "quotes", "ratings", "refunds",
    "returns", "reviews", "routing", "search", "stock", "taxes", "tracking",
)  # fmt: skip
EXPORTER = {
    "name": "exporter",
    "image": "registry.example/exporter:2.0",
    "ports": [{"containerPort": 9100}],
}
NOTHING: Mapping[str, str] = MappingProxyType({})


class Oddity(NamedTuple):
    """What one workload does otherwise."""

    labels: Mapping[str, str] = NOTHING  # of the pod
    annotations: Mapping[str, str] = NOTHING  # of the pod
    host_network: bool = False
    blocked: bool = False  # its PodDisruptionBudget lets no pod go
    on_delete: bool = False  # its pods are replaced only when somebody deletes them


_OWN_IMAGE = {"sidecar.istio.io/proxyImage": "registry.example/mesh/proxyv2:1.29.6-fips"}
_LARGE = {"sidecar.istio.io/proxyCPU": "250m", "sidecar.istio.io/proxyMemory": "256Mi"}
_PORTS_LEFT_OUT = {"traffic.sidecar.istio.io/excludeOutboundPorts": "3306,5432"}

# One workload in so many has each.
ODDITIES = (
    (30, Oddity(labels={"sidecar.istio.io/inject": "false"})),
    (40, Oddity(annotations=_OWN_IMAGE)),
    (25, Oddity(annotations=_LARGE)),
    (35, Oddity(annotations=_PORTS_LEFT_OUT)),
    (20, Oddity(blocked=True)),
    (12, Oddity(on_delete=True)),
    (50, Oddity(host_network=True)),
)


def app_name(number: int) -> str:
    """A name of its own for each number: billing, billing-2, ..."""
    round_, index = divmod(number, len(WORDS))
    return WORDS[index] if not round_ else f"{WORDS[index]}-{round_ + 1}"


def workload_names(app: str, count: int) -> list[tuple[str, str]]:
    """Names and roles: shop-web, shop-api, ..., shop-worker-1."""
    roles = [*ROLES[:count], *(f"worker-{number}" for number in range(1, count - len(ROLES) + 1))]
    return [(f"{app}-{role}", role) for role in roles]


def workload(app: str, name: str, role: str, seed: int) -> Iterator[Object]:
    """A workload with all that belongs to it."""
    chance = random.Random(f"{seed}/{name}")
    oddity = _oddity(chance)
    kind = KINDS.get(role, "Deployment")
    pod = _pod_template(app, name, oddity, chance)
    replicas = chance.choice((2, 2, 3, 4))

    yield _controller(kind, app, name, pod, replicas, oddity)
    yield _config_map(name, chance)
    if kind != "CronJob":
        yield _service(name, kind)

    if role in ("web", "worker-1"):
        yield _autoscaler(name, chance)
    if kind == "StatefulSet" or role in ("web", "api") or oddity.blocked:
        yield _disruption_budget(name, oddity)


def _oddity(chance: random.Random) -> Oddity:
    for one_in, oddity in ODDITIES:
        if chance.randrange(one_in) == 0:
            return oddity
    return Oddity()


# ---------------------------------------------------------------- objects


def _metadata(name: str, app: str | None = None) -> Object:
    labels = {"app.kubernetes.io/name": name}
    if app:
        labels["app.kubernetes.io/part-of"] = app
    return {"name": name, "labels": labels}


def _controller(
    kind: str, app: str, name: str, pod: Object, replicas: int, oddity: Oddity
) -> Object:
    spec: Object = {"selector": {"matchLabels": {"app": name}}, "template": pod}
    version = "apps/v1"
    if kind == "Deployment":
        spec["replicas"] = replicas
        spec["strategy"] = {"rollingUpdate": {"maxSurge": "25%", "maxUnavailable": 0}}
    elif kind == "StatefulSet":
        spec |= {"replicas": replicas, "serviceName": name}
        spec["updateStrategy"] = {"type": "OnDelete" if oddity.on_delete else "RollingUpdate"}
    elif kind == "DaemonSet":
        spec["updateStrategy"] = {"rollingUpdate": {"maxUnavailable": 1}}
    else:
        version = "batch/v1"
        pod["spec"]["restartPolicy"] = "OnFailure"
        job = {"backoffLimit": 2, "template": pod}
        spec = {"schedule": "20 4 * * *", "jobTemplate": {"spec": job}}
    return {"apiVersion": version, "kind": kind, "metadata": _metadata(name, app), "spec": spec}


def _pod_template(app: str, name: str, oddity: Oddity, chance: random.Random) -> Object:
    labels = {"app": name, "version": "v1", "team": app, **oddity.labels}
    metadata: Object = {"labels": labels}
    if oddity.annotations:
        metadata["annotations"] = dict(oddity.annotations)

    spec: Object = {
        "serviceAccountName": app,
        "containers": [_container(app, name, chance)],
        "volumes": [{"name": "settings", "configMap": {"name": name}}],
    }
    if chance.randrange(3) == 0:
        spec["containers"].append(EXPORTER)
    if oddity.host_network:
        spec |= {"hostNetwork": True, "dnsPolicy": "ClusterFirstWithHostNet"}
    return {"metadata": metadata, "spec": spec}


def _container(app: str, name: str, chance: random.Random) -> Object:
    probe = {"httpGet": {"path": "/healthz", "port": "http"}, "periodSeconds": 10}
    cpu, memory = chance.choice((("50m", "64Mi"), ("100m", "128Mi"), ("250m", "512Mi")))
    return {
        "name": "app",
        "image": f"registry.example/{app}:1.0.0",
        "ports": [{"name": "http", "containerPort": 8080}],
        "env": [{"name": "MODE", "value": "production"}],
        "envFrom": [{"configMapRef": {"name": "environment"}}],
        "readinessProbe": probe,
        "livenessProbe": {"tcpSocket": {"port": 8080}, "initialDelaySeconds": 10},
        "resources": {"requests": {"cpu": cpu, "memory": memory}, "limits": {"memory": memory}},
        "volumeMounts": [{"name": "settings", "mountPath": "/etc/app", "readOnly": True}],
    }


def _config_map(name: str, chance: random.Random) -> Object:
    lines = "".join(f"setting-{line}: value {chance.randrange(100)}\n" for line in range(10))
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": _metadata(name),
        "data": {"app.yaml": lines},
    }


def _service(name: str, kind: str) -> Object:
    spec: Object = {
        "selector": {"app": name},
        "ports": [{"name": "http", "port": 80, "targetPort": "http"}],
    }
    if kind == "StatefulSet":
        spec["clusterIP"] = "None"
    return {"apiVersion": "v1", "kind": "Service", "metadata": _metadata(name), "spec": spec}


def _autoscaler(name: str, chance: random.Random) -> Object:
    metric = {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 70}}
    return {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": _metadata(name),
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": name},
            "minReplicas": chance.choice((2, 2, 2, 1)),
            "maxReplicas": 8,
            "metrics": [{"type": "Resource", "resource": metric}],
        },
    }


def _disruption_budget(name: str, oddity: Oddity) -> Object:
    allowed = {"maxUnavailable": 0} if oddity.blocked else {"maxUnavailable": 1}
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": _metadata(name),
        "spec": {**allowed, "selector": {"matchLabels": {"app": name}}},
    }
