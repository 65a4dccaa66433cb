"""Targets of a plan from texts of manifests and of meshes, without a command line."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from krm_injector.cli import configuration
from krm_injector.cli.request import Arguments
from krm_injector.discovery import profile, webhooks
from krm_injector.fleet.model import Cluster, Fleet, Report, Target, TargetResult, Task
from krm_injector.fleet.plan import plan
from krm_injector.fleet.plan.model import Plan
from krm_injector.fleet.plan.target import target_plan
from krm_injector.function_config import Settings
from krm_injector.istio_names import with_revision
from krm_injector.model import Result
from krm_injector.sources import resource_list
from krm_injector.versions import rules_for

OLD, NEW = "1.29.2", "1.31.0"


def mesh(version: str, revision: str = "default", hub: str = "", **tags: str) -> str:
    """A mesh like a default installation, as JSON documents. ``tags``: tag -> revision."""
    release = profile.release_of(version)
    assert release is not None
    embedded = profile.load(release)
    values = embedded.values.replace(profile.HUB, hub or profile.HUB)
    data = {"config": embedded.config, "values": values}
    rules = rules_for(release.patch[:2])
    documents = [
        _config_map("istio-sidecar-injector", revision, data),
        _config_map("istio", revision, {"mesh": embedded.mesh}),
        _webhooks(revision, rules, with_revision("istio-sidecar-injector", revision)),
    ]
    for tag, of in tags.items():
        documents.append(_webhooks(tag, rules, f"istio-revision-tag-{tag}", of))

    return "".join(f"---\n{json.dumps(document)}\n" for document in documents)


def _config_map(base: str, revision: str, data: dict[str, str]) -> dict[str, Any]:
    metadata = {
        "name": with_revision(base, revision),
        "namespace": "istio-system",
        "labels": {"istio.io/rev": revision},
    }
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


def _webhooks(revision: str, rules: Any, name: str, of: str = "") -> dict[str, Any]:
    """The webhooks of a revision, or (``of``) those of a tag that means it."""
    labels = {"istio.io/rev": of or revision}
    if of:
        labels["istio.io/tag"] = revision
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "MutatingWebhookConfiguration",
        "metadata": {"name": name, "labels": labels},
        "webhooks": [
            {
                "name": each.name,
                "clientConfig": {"service": {"name": "istiod", "path": each.path}},
                "namespaceSelector": each.namespace_selector,
                "objectSelector": each.object_selector,
            }
            for each in webhooks.assumed(revision, rules, {})
        ],
    }


def namespace(name: str = "shop", **labels: str) -> str:
    stated = labels or {"istio-injection": "enabled"}
    return _document({"apiVersion": "v1", "kind": "Namespace", "metadata": _named(name, stated)})


def rev(name: str, revision: str) -> str:
    return namespace(name, **{"istio.io/rev": revision})


def _named(name: str, labels: dict[str, str]) -> dict[str, Any]:
    return {"name": name, "labels": labels}


def workload(
    name: str = "web",
    namespace: str = "shop",
    kind: str = "Deployment",
    labels: dict[str, str] | None = None,
    annotations: dict[str, str] | None = None,
    requests: dict[str, str] | None = None,
    api_version: str = "apps/v1",
    **spec: Any,
) -> str:
    container = {"name": "app", "image": "app:1", "resources": {"requests": requests or {}}}
    template = {
        "metadata": {"labels": {"app": name, **(labels or {})}, "annotations": annotations or {}},
        "spec": {"containers": [container]},
    }
    value = {
        "apiVersion": api_version,
        "kind": kind,
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"selector": {"matchLabels": {"app": name}}, "template": template, **spec},
    }
    return _document(value)


def other(kind: str, name: str, spec: dict[str, Any], namespace: str = "shop") -> str:
    version = {
        "PodDisruptionBudget": "policy/v1",
        "HorizontalPodAutoscaler": "autoscaling/v2",
    }.get(kind, "v1")
    metadata = {"name": name, "namespace": namespace}
    return _document({"apiVersion": version, "kind": kind, "metadata": metadata, "spec": spec})


def budget(name: str, app: str, **spec: Any) -> str:
    selector = {"matchLabels": {"app": app}}
    return other("PodDisruptionBudget", name, {"selector": selector, **spec})


def _document(value: dict[str, Any]) -> str:
    return f"---\n{json.dumps(value)}\n"


# ---------------------------------------------------------------- runs


def answer(
    text: str, target: Target | None = None, /, **options: Any
) -> tuple[dict[str, Any], tuple[Result, ...]]:
    """What a worker gives for manifests. Options: those of a Task."""
    bundle = resource_list.read_manifests(text.encode(), "all.yaml")

    def settings(path: str | None) -> Settings:
        names = ("mesh", "mesh_version", "kubernetes_version")
        stated = {name: options[name] for name in names if name in options}
        return configuration.read(Arguments(**{**stated, **({"mesh": (path,)} if path else {})}))

    target = target or Target("all", "directory", ".", "")
    return target_plan(bundle, settings, Task(target, "plan", options, {}))


def data(text: str, target: Target | None = None, /, **options: Any) -> dict[str, Any]:
    """The same, where nothing is wrong."""
    answered, results = answer(text, target, **options)
    assert not [each for each in results if each.severity == "error"], results
    decoded: dict[str, Any] = json.loads(json.dumps(answered))
    assert decoded == answered, "the data holds more than JSON values"
    return decoded


def files(directory: Path, **texts: str) -> dict[str, str]:
    """Files of meshes, by name."""
    paths = {}
    for name, text in texts.items():
        path = directory / f"{name}.yaml"
        path.write_text(text)
        paths[name] = str(path)
    return paths


def planned(
    targets: Sequence[tuple[Target, dict[str, Any]]],
    clusters: Sequence[Cluster] = (),
    **options: Any,
) -> Plan:
    fleet = Fleet(tuple(target for target, _ in targets), tuple(clusters))
    results = tuple(TargetResult(target.name, 0, data=of) for target, of in targets)
    return plan.plan_of(Report("plan", fleet, results, options))


def plan_of_text(text: str, **options: Any) -> Plan:
    target = Target("all", "directory", ".", "")
    return planned([(target, data(text, target, **options))], **options)
