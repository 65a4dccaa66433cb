"""Objects, bundles and settings that tests begin with.

A builder makes the smallest object of its kind; its parameters add what a test is about. Objects
are plain dicts and are new at each call, so a test may change them.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable, Mapping
from typing import Any

from krm_injector import function_config, pipeline
from krm_injector.discovery import profile
from krm_injector.function_config import Settings
from krm_injector.kube.workloads import POD_TEMPLATES
from krm_injector.kube.yaml import dump
from krm_injector.model import Mesh, Object
from krm_injector.presenting import diff
from krm_injector.sources import manifests
from krm_injector.sources.files import Source
from krm_injector.sources.resource_list import Bundle, Item
from krm_injector.versions import rules_for

INJECT = "sidecar.istio.io/inject"
REVISION = "istio.io/rev"

# What labels of Namespaces are called where they are keyword arguments.
LABELS = {
    "injection": "istio-injection",
    "rev": REVISION,
    "mode": "istio.io/dataplane-mode",
}
API_VERSIONS = {
    "Pod": "v1",
    "Job": "batch/v1",
    "CronJob": "batch/v1",
    "Rollout": "argoproj.io/v1alpha1",
    "DeploymentConfig": "apps.openshift.io/v1",
}

# ---------------------------------------------------------------- bundles


def objects_bundle(values: Iterable[Object]) -> Bundle:
    """The objects as they are, as a bundle without a text."""
    items = [Item(value, index, None) for index, value in enumerate(values)]
    return Bundle(items, None, "", "manifests", "", {}, {}, block=False)


# ---------------------------------------------------------------- objects


def resource(api_version: str, kind: str, name: str = "web", **fields: Any) -> Object:
    """An object of any kind in Namespace shop; ``metadata=`` adds to its metadata."""
    metadata = {"name": name, "namespace": "shop", **fields.pop("metadata", {})}
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **fields}


def namespace(
    name: str = "shop",
    labels: Mapping[str, str] | None = None,
    annotations: Mapping[str, str] | None = None,
    /,
    **more_labels: str,
) -> Object:
    """A Namespace; its labels as a mapping or as arguments: injection, rev, mode, or the key."""
    keywords = {LABELS.get(key, key): value for key, value in more_labels.items()}
    metadata = {"name": name, **_metadata({**(labels or {}), **keywords}, annotations)}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}


def pod_template(
    *containers: Object,
    labels: Mapping[str, Any] | None = None,
    annotations: Mapping[str, Any] | None = None,
    **spec: Any,
) -> Object:
    """What stands at spec.template: containers, and further fields of the pod's spec."""
    metadata = _metadata({"app": "web"} if labels is None else labels, annotations)
    return {"metadata": metadata, "spec": {"containers": list(containers), **spec}}


def pod(
    *containers: Object,
    init: Iterable[Object] = (),
    annotations: Mapping[str, Any] | None = None,
) -> Object:
    """A pod without labels: its containers and init containers."""
    spec = {"initContainers": list(init)} if init else {}
    return pod_template(*containers, labels={}, annotations=annotations, **spec)


def workload(
    kind: str = "Deployment",
    template: Object | None = None,
    name: str = "web",
    api_version: str = "",
    **metadata: Any,
) -> Object:
    """An object around a pod template, at the place where its kind has it."""
    template = pod_template(WEB) if template is None else template
    api_version = api_version or API_VERSIONS.get(kind, "apps/v1")
    own = {"name": name, "namespace": "shop", **metadata}
    if kind == "Pod":
        return {
            "apiVersion": api_version,
            "kind": kind,
            "metadata": {**own, **template.get("metadata", {})},
            "spec": template["spec"],
        }

    value: Any = template
    path = POD_TEMPLATES.get((api_version, kind), ("spec", "template"))
    for step in reversed(path[1:]):
        value = {step: value}
    if kind == "CronJob":
        value = {"schedule": "0 * * * *", **value}
    return {"apiVersion": api_version, "kind": kind, "metadata": own, "spec": value}


WEB: Object = {"name": "web", "image": "web:1"}


def deployment(
    name: str = "web",
    namespace: str = "shop",
    *,
    container: Mapping[str, Any] | None = None,
    beside: Iterable[Object] = (),
    labels: Mapping[str, Any] | None = None,
    annotations: Mapping[str, Any] | None = None,
    replicas: int | None = None,
    **spec: Any,
) -> Object:
    """A Deployment shop/web with the container web.

    ``container`` adds to that container, ``beside`` are further containers; labels, annotations and
    all other arguments are the pod template's.
    """
    containers = [{**WEB, **(container or {})}, *beside]
    labels = {"app": name, **(labels or {})}
    template = pod_template(*containers, labels=labels, annotations=annotations, **spec)
    value = workload("Deployment", template, name, namespace=namespace)
    if replicas is not None:
        value["spec"]["replicas"] = replicas
    return value


def service(
    name: str = "web", namespace: str = "shop", port: Mapping[str, Any] | None = None
) -> Object:
    """A Service of one port for the app of its name."""
    spec = {"selector": {"app": name}, "ports": [{"port": 80} if port is None else dict(port)]}
    return resource("v1", "Service", name, metadata={"namespace": namespace}, spec=spec)


def config_map(
    name: str,
    data: Mapping[str, str],
    namespace: str = "istio-system",
    labels: Mapping[str, str] | None = None,
) -> Object:
    metadata = {"name": name, "namespace": namespace, **_metadata(labels, None)}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": dict(data)}


def _metadata(
    labels: Mapping[str, Any] | None, annotations: Mapping[str, Any] | None
) -> dict[str, Any]:
    """Without what is empty."""
    fields = {"labels": dict(labels or {}), "annotations": dict(annotations or {})}
    return {name: value for name, value in fields.items() if value}


SHOP = namespace(injection="enabled")

# ---------------------------------------------------------------- control planes


def control_plane(
    template: str = "spec: {}",
    *,
    mesh: str = "{}",
    revision: str = "",
    version: str = "1.30.3",
    values: Mapping[str, Any] | str | None = None,
    labels: Mapping[str, str] | None = None,
    **config: Any,
) -> list[Object]:
    """The two ConfigMaps of a small control plane.

    ``config`` adds to the injection configuration; ``values`` adds to its values, or is their text.
    """
    suffix = f"-{revision}" if revision else ""
    injection = {
        "policy": "enabled",
        "defaultTemplates": ["sidecar"],
        "templates": {"sidecar": template},
        **config,
    }
    if not isinstance(values, str):
        values = json.dumps({"global": {"tag": version}, **(values or {})})
    data = {"config": json.dumps(injection), "values": values}
    return [
        config_map(f"istio-sidecar-injector{suffix}", data, labels=labels),
        config_map(f"istio{suffix}", {"mesh": mesh}, labels=labels),
    ]


def requirement(key: str, operator: str, *values: str) -> Object:
    """An entry of matchExpressions."""
    return {"key": key, "operator": operator, **({"values": list(values)} if values else {})}


def webhook(name: str, revision: str, namespaces: list[Object], pods: list[Object]) -> Object:
    """A webhook that calls the istiod of a revision for the pods that both selectors match."""
    service = {"name": f"istiod-{revision}", "namespace": "istio-system", "path": "/inject"}
    rule = {
        "operations": ["CREATE"],
        "apiGroups": [""],
        "apiVersions": ["v1"],
        "resources": ["pods"],
    }
    return {
        "name": f"{name}.sidecar-injector.istio.io",
        "clientConfig": {"service": service},
        "namespaceSelector": {"matchExpressions": namespaces},
        "objectSelector": {"matchExpressions": pods},
        "rules": [rule],
    }


def webhook_configuration(
    name: str, *webhooks: Object, labels: Mapping[str, str] | None = None
) -> Object:
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "MutatingWebhookConfiguration",
        "metadata": {"name": name, **_metadata(labels, None)},
        "webhooks": list(webhooks),
    }


def webhooks(revision: str, tag: str = "") -> Object:
    """The webhooks of a revision, or of a tag that points to it, as istioctl makes them."""
    name = f"istio-revision-tag-{tag}" if tag else f"istio-sidecar-injector-{revision}"
    labels = {REVISION: revision, **({"istio.io/tag": tag} if tag else {})}

    no_revision = requirement(REVISION, "DoesNotExist")
    no_injection = requirement("istio-injection", "DoesNotExist")
    this_revision = requirement(REVISION, "In", tag or revision)
    not_off = requirement(INJECT, "NotIn", "false")
    return webhook_configuration(
        name,
        webhook("rev.namespace", revision, [this_revision, no_injection], [not_off]),
        webhook("rev.object", revision, [no_revision, no_injection], [not_off, this_revision]),
        labels=labels,
    )


def installation(revision: str = "default") -> list[Object]:
    """The embedded profile as an installation's objects, with what clusters and Helm add."""
    config, values, mesh, documents = profile.load()
    suffix = "" if revision == "default" else f"-{revision}"
    labels = {"app.kubernetes.io/managed-by": "Helm", REVISION: revision, "release": "istio"}

    configurations = copy.deepcopy(list(documents))
    for configuration in configurations:
        configuration["metadata"] = {"name": f"istio-sidecar-injector{suffix}", "labels": labels}
        for entry in configuration["webhooks"]:
            client = {"service": {"name": "istiod", "path": "/inject"}}
            entry.setdefault("clientConfig", client)["caBundle"] = "Q0E="
            entry["rules"] = [{"operations": ["CREATE"], "resources": ["pods"], "apiGroups": [""]}]

    injector = {"config": config, "values": values}
    networks = {"mesh": mesh, "meshNetworks": "networks: {}"}
    return [
        config_map(f"istio{suffix}", networks, labels=labels),
        config_map(f"istio-sidecar-injector{suffix}", injector, labels=labels),
        config_map(f"istio-ca-root-cert{suffix}", {"root-cert.pem": "..."}, labels=labels),
        *configurations,
    ]


def mesh(minor: tuple[int, int] = (1, 30), **fields: Any) -> Mesh:
    """A control plane as discovery gives it, from a bundle and with no webhook."""
    plain = Mesh(
        revision="default",
        version=".".join(map(str, minor)),
        rules=rules_for(minor),
        source="bundle",
        config={"policy": "enabled"},
        values="{}",
        mesh_config="",
        webhooks=(),
        assumed_webhooks=False,
        root_namespace="istio-system",
        native_sidecars=False,
        platform="",
        control_plane_env={},
        proxy_configs=(),
    )
    return plain._replace(**fields)


# ---------------------------------------------------------------- a run


def bundle(*objects: Any) -> Bundle:
    """The objects as one file of manifests."""
    return manifests.join([Source("---\n".join(map(dump, objects)).encode(), "")]).bundle


def config(kind: str = "SidecarInjection", **spec: Any) -> Object:
    """A functionConfig."""
    return {"apiVersion": "krm-injector.dev/v1alpha1", "kind": kind, "spec": spec}


def settings(**spec: Any) -> Settings:
    """The settings of a functionConfig with this spec."""
    return function_config.settings(config(**spec))


def injected(value: Any, how: Settings | None = None, namespace: Any = SHOP) -> Any:
    """The object after injection in this Namespace; errors fail the test."""
    outcome = pipeline.run(bundle(namespace, value), Settings() if how is None else how)
    assert not [result for result in outcome.results if result.severity == "error"]
    return diff.changes(outcome)[0].after
