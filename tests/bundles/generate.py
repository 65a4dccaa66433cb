"""Bundles like those of real repositories, for the tables of explain and their tests.

They are generated into this directory, for people and for the command line:

    (cd tests && python -m bundles.generate)
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import builders
import yaml
from builders import INJECT as INJECT
from builders import config_map
from builders import namespace as namespace
from builders import webhooks as webhooks

HERE = Path(__file__).resolve().parent
Object = dict[str, Any]


def workload(
    kind: str,
    place: str,
    app: str = "",
    containers: int = 1,
    labels: Object | None = None,
    annotations: Object | None = None,
    own: Object | None = None,
    generate: bool = False,
    **spec: Any,
) -> Object:
    """A workload at "namespace/name". labels, annotations: of its pod; own: its own labels; spec:
    the pod's.
    """
    where, _, name = place.rpartition("/")
    app = app or name
    pod: Object = {
        "metadata": {"labels": {"app": app, **(labels or {})}},
        "spec": {
            "containers": [_container(app, index) for index in range(containers)],
            **spec,
        },
    }
    if annotations:
        pod["metadata"]["annotations"] = annotations
    metadata: Object = {
        "generateName" if generate else "name": name,
        **({"namespace": where} if where else {}),
    }
    if own:
        metadata["labels"] = own
    value: Object = {
        "apiVersion": builders.API_VERSIONS.get(kind, "apps/v1"),
        "kind": kind,
        "metadata": metadata,
    }
    if kind == "Pod":
        return {**value, "metadata": {**metadata, **pod["metadata"]}, "spec": pod["spec"]}
    if kind == "CronJob":
        pod["spec"]["restartPolicy"] = "OnFailure"
        return {
            **value,
            "spec": {"schedule": "10 3 * * *", "jobTemplate": {"spec": {"template": pod}}},
        }
    if kind == "Job":
        pod["spec"]["restartPolicy"] = "Never"
        return {**value, "spec": {"template": pod}}
    replicas = {"StatefulSet": 3, "DaemonSet": None}.get(kind, 2)
    many: Object = {"replicas": replicas} if replicas else {}
    more: Object = {"serviceName": app} if kind == "StatefulSet" else {}
    return {
        **value,
        "spec": {**many, **more, "selector": {"matchLabels": {"app": app}}, "template": pod},
    }


def _container(app: str, index: int) -> Object:
    """The application itself, or what runs beside it; requests that differ from one to the next."""
    if index:
        name, image = (
            ("metrics-exporter", "config-reloader")[(index - 1) % 2],
            f"registry.example/sidecars:0.{index}",
        )
        return {
            "name": name,
            "image": image,
            "resources": {"requests": {"cpu": "20m", "memory": "32Mi"}},
        }
    requests = {"cpu": f"{50 + len(app) % 6 * 25}m", "memory": f"{64 * (1 + len(app) % 4)}Mi"}
    return {
        "name": "app",
        "image": f"registry.example/{app[:40]}:1.{len(app)}.0",
        "ports": [{"name": "http", "containerPort": 8080}],
        "resources": {"requests": requests},
    }


def service(place: str, port_name: str = "http") -> Object:
    """A Service of one port, 80 to 8080, for the app of the same name."""
    where, _, name = place.rpartition("/")
    port: Object = {**({"name": port_name} if port_name else {}), "port": 80, "targetPort": 8080}
    return builders.service(name, where, port)


def injector(revision: str, version: str) -> list[Object]:
    """The two ConfigMaps of a revision's control plane: a small configuration, written here."""
    label = {"istio.io/rev": revision}

    values = json.dumps(
        {"global": {"tag": version, "hub": "registry.example/istio"}, "revision": revision}
    )
    return [
        config_map(
            f"istio-sidecar-injector-{revision}",
            {"config": REVISION_CONFIG, "values": values},
            labels=label,
        ),
        config_map(f"istio-{revision}", {"mesh": "rootNamespace: istio-system\n"}, labels=label),
    ]


CONFIG = """\
policy: disabled
alwaysInjectSelector:
- matchLabels: {mesh: "on"}
neverInjectSelector:
- matchExpressions: [{key: job-name, operator: Exists}]
- matchLabels: {role: builder}
defaultTemplates: [sidecar]
templates:
  sidecar: |
    spec:
      containers:
      - name: istio-proxy
        image: registry.example/proxyv2:1.24.2
"""


REVISION_CONFIG = """\
policy: enabled
defaultTemplates: [sidecar]
templates:
  sidecar: |
    metadata:
      annotations:
        istio.io/rev: {{ .Revision }}
    spec:
      initContainers:
      - name: istio-init
        image: "{{ .Values.global.hub }}/proxyv2:{{ .Values.global.tag }}"
        args: [istio-iptables, -p, "15001", -z, "15006", -u, "1337"]
        securityContext:
          capabilities: {add: [NET_ADMIN, NET_RAW], drop: [ALL]}
      containers:
      - name: istio-proxy
        image: "{{ .Values.global.hub }}/proxyv2:{{ .Values.global.tag }}"
        args: [proxy, sidecar]
        ports: [{containerPort: 15090, name: http-envoy-prom, protocol: TCP}]
        resources:
          requests: {cpu: 100m, memory: 128Mi}
        securityContext: {runAsUser: 1337, runAsGroup: 1337}
"""


def shop() -> list[Object]:
    """Thirty workloads of one shop: most injected, each kind of exception once."""
    restricted = {"pod-security.kubernetes.io/enforce": "baseline"}
    found = [
        namespace("shop", injection="enabled", **restricted),
        namespace("shop-data", injection="enabled"),
    ]
    found.append(namespace("shop-ops"))
    services = (
        "cart",
        "catalogue",
        "checkout",
        "currency",
        "email",
        "frontend",
        "payment",
        "pricing",
        "reviews",
        "search",
    )
    found += [
        workload("Deployment", f"shop/{name}", containers=1 + (name == "frontend"))
        for name in services
    ]
    found += [
        workload("Deployment", f"shop/{name}-v2", app=name)
        for name in ("cart", "pricing", "search", "reviews")
    ]
    found += [
        workload("StatefulSet", f"shop-data/{name}")
        for name in ("orders-db", "stock-db", "sessions", "events")
    ]
    found += [workload("CronJob", f"shop/{name}") for name in ("sitemap", "settle", "newsletter")]
    found += [
        workload("Job", f"shop-data/migrate-{name}", labels={INJECT: "false"})
        for name in ("orders", "stock")
    ]
    found += [
        workload("DaemonSet", "shop-ops/log-agent", hostNetwork=True),
        workload("Deployment", "shop-ops/backoffice"),
    ]
    found += [
        workload("Deployment", "shop-ops/cart-admin", app="cart"),
        workload("CronJob", "shop-ops/report"),
    ]
    found += [
        workload("Rollout", "shop/recommendation"),
        workload("Pod", "shop/debug", annotations={INJECT: "false"}),
    ]
    found.append(workload("DaemonSet", "shop/cache-warmer"))
    found += [service(f"shop/{name}", "" if name == "email" else "http") for name in services]
    quota = {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": {"name": "compute", "namespace": "shop-data"},
    }
    return [*found, {**quota, "spec": {"hard": {"requests.cpu": "2", "requests.memory": "4Gi"}}}]


def platform() -> list[Object]:
    """Two revisions and two tags; Namespaces on each, one on a revision that is gone, one with both
    labels.
    """
    found = [*injector("1-29-1", "1.29.1"), *injector("1-30-3", "1.30.3")]
    found += [
        webhooks("1-29-1"),
        webhooks("1-30-3"),
        webhooks("1-29-1", "stable"),
        webhooks("1-30-3", "canary"),
    ]
    spaces = {
        "billing": "stable",
        "catalogue": "canary",
        "search": "1-30-3",
        "legacy": "1-24-0",
        "identity": "stable",
    }
    found += [namespace(name, rev=revision) for name, revision in spaces.items()]
    found += [namespace("mixed", injection="enabled", rev="stable"), namespace("tools")]
    for name in spaces:
        found += [
            workload("Deployment", f"{name}/{name}-api", containers=2),
            workload("StatefulSet", f"{name}/{name}-db"),
        ]
    found.append(workload("Deployment", "mixed/gateway"))
    found.append(workload("Deployment", "tools/wiki", labels={"istio.io/rev": "canary"}))
    found.append(workload("Deployment", "tools/chat", labels={"istio.io/rev": "1-22"}))
    found.append(workload("Deployment", "tools/search-ui", app="search-api"))
    return found


def jobs() -> list[Object]:
    found = [namespace("batch", injection="enabled"), namespace("reports")]
    found += [
        workload("CronJob", f"batch/nightly-{name}")
        for name in ("export", "import", "billing", "mail", "dedupe")
    ]
    found += [workload("Job", f"batch/migrate-{number:02}") for number in range(1, 7)]
    found += [
        workload("Job", "batch/adhoc-", generate=True),
        workload("Job", "batch/adhoc-", generate=True),
    ]
    found += [
        workload("Job", f"batch/load-{name}", labels={INJECT: "false"}) for name in ("eu", "us")
    ]
    found += [workload("CronJob", f"reports/{name}") for name in ("daily", "weekly", "monthly")]
    found.append(workload("Deployment", "batch/scheduler", containers=2))
    return found


def monitoring() -> list[Object]:
    found = [
        namespace("monitoring", injection="enabled"),
        namespace("kube-system", injection="enabled"),
    ]
    found += [
        workload("DaemonSet", f"monitoring/{name}", hostNetwork=True)
        for name in ("node-exporter", "ebpf-agent")
    ]
    found += [
        workload(
            "StatefulSet", "monitoring/prometheus", containers=3, annotations={INJECT: "false"}
        )
    ]
    found += [
        workload("Deployment", f"monitoring/{name}")
        for name in ("grafana", "alertmanager", "kube-state-metrics")
    ]
    found += [
        workload("DaemonSet", "kube-system/log-shipper"),
        workload("Deployment", "kube-system/dns"),
    ]
    found += [
        workload("DaemonSet", "monitoring/mesh-agent", hostNetwork=True, labels={INJECT: "true"})
    ]
    return found


def optin() -> list[Object]:
    """A Namespace without a label: pods ask for themselves, some in the wrong place."""
    return [
        namespace("team-a"),
        namespace("team-b", injection="disabled"),
        workload("Deployment", "team-a/right", labels={INJECT: "true"}),
        workload("Deployment", "team-a/right-too", labels={INJECT: "true"}),
        workload("Deployment", "team-a/annotated", annotations={INJECT: "true"}),
        workload("Deployment", "team-a/label-too-high", own={INJECT: "true"}),
        workload("Deployment", "team-a/namespace-label", labels={"istio-injection": "enabled"}),
        workload("Deployment", "team-a/worker", app="right"),
        workload("Deployment", "team-a/yes-is-no-word", labels={INJECT: "yes"}),
        workload("Deployment", "team-b/asks-in-vain", labels={INJECT: "true"}),
        workload("Deployment", "team-b/quiet"),
    ]


def ambient() -> list[Object]:
    """A move to ambient mode, half done: one Namespace moved, one with both labels, one still with
    sidecars.
    """
    found = [
        namespace("storefront", mode="ambient"),
        namespace("checkout", mode="ambient", injection="enabled"),
        namespace("warehouse", injection="enabled"),
    ]
    found += [workload("Deployment", f"storefront/{name}") for name in ("web", "search", "reviews")]
    found.append(
        workload(
            "Deployment", "storefront/batch-export", labels={"istio.io/dataplane-mode": "none"}
        )
    )
    found += [workload("Deployment", f"checkout/{name}") for name in ("cart", "payment")]
    found.append(workload("Deployment", "checkout/fraud-check", labels={INJECT: "false"}))
    return [
        *found,
        workload("StatefulSet", "warehouse/stock"),
        workload("Deployment", "warehouse/picking"),
    ]


def policy() -> list[Object]:
    """An installation that injects on request only, with selectors of its own; everything reaches
    it.
    """
    return [
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "istio-sidecar-injector", "namespace": "istio-system"},
            "data": {"config": CONFIG, "values": '{"global": {"tag": "1.24.2"}}'},
        },
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "istio", "namespace": "istio-system"},
            "data": {"mesh": "rootNamespace: istio-system\n"},
        },
        namespace("apps", injection="enabled"),
        workload("Deployment", "apps/silent"),
        workload("Deployment", "apps/asks", labels={INJECT: "true"}),
        workload("Deployment", "apps/asks-by-annotation", annotations={INJECT: "true"}),
        workload("Deployment", "apps/always", labels={"mesh": "on"}),
        workload("Pod", "apps/built", labels={"role": "builder", "mesh": "on"}),
        workload("Job", "apps/job", labels={"job-name": "job"}),
    ]


def no_mesh() -> list[Object]:
    found = [namespace("web"), namespace("data")]
    found += [workload("Deployment", f"web/{name}") for name in ("front", "api", "assets")]
    return [
        *found,
        workload("StatefulSet", "data/postgres", containers=2),
        workload("CronJob", "data/backup"),
    ]


def names() -> list[Object]:
    """Names in other scripts, of 253 characters, and twice the same."""
    return [
        namespace("магазин", injection="enabled"),
        namespace("商店"),
        namespace("shop", injection="enabled"),
        workload("Deployment", "магазин/витрина"),
        workload("Deployment", "商店/支付網關", app="витрина"),
        workload("Deployment", "shop/café-e\u0301toile"),
        workload("Deployment", "shop/" + "long-name-" * 25 + "end"),
        workload("Deployment", "shop/twin"),
        workload("Deployment", "shop/twin", labels={INJECT: "false"}),
    ]


def lists() -> list[Object]:
    members = [workload("Deployment", f"shop/in-a-list-{number}") for number in range(3)]
    return [
        namespace("shop", injection="enabled"),
        {"apiVersion": "v1", "kind": "List", "items": members},
        workload("Rollout", "shop/canary"),
        workload("DeploymentConfig", "shop/openshift", containers=2),
        workload("Pod", "shop/bare"),
        workload("DaemonSet", "shop/agent", hostNetwork=True),
    ]


def many(count: int = 420) -> list[Object]:
    """A monorepo: more workloads than a reader of a table takes in, alike in groups.

    It is not written to a file.
    """
    spaces = [f"team-{number:02}" for number in range(12)]
    found = [
        namespace(name, **({"injection": "enabled"} if index % 4 else {}))
        for index, name in enumerate(spaces)
    ]
    for number in range(count):
        kind = ("Deployment", "Deployment", "StatefulSet", "CronJob")[number % 4]
        labels = {INJECT: "false"} if number % 17 == 0 else {}
        place = f"{spaces[number // 7 % 12]}/service-{number:04}"
        found.append(workload(kind, place, labels=labels, containers=1 + number % 2))
    return found


BUNDLES = {
    "ambient": ambient,
    "jobs": jobs,
    "lists": lists,
    "monitoring": monitoring,
    "names": names,
    "no-mesh": no_mesh,
    "optin": optin,
    "platform": platform,
    "policy": policy,
    "shop": shop,
}


class _Dumper(yaml.SafeDumper):
    """Literal blocks for texts of several lines, so that a policy has a line of its own."""


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.Node:
    return dumper.represent_scalar(
        "tag:yaml.org,2002:str", value, style="|" if "\n" in value else None
    )


_Dumper.add_representer(str, _text)


def text(documents: list[Object]) -> str:
    return yaml.dump_all(documents, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=1000)


if __name__ == "__main__":
    for name, make in BUNDLES.items():
        (HERE / f"{name}.yaml").write_text(text(make()))
