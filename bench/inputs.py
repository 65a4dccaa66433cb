"""What the benchmark's programs read: workloads, the mesh, and the forms in which they come."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import yaml

NAMESPACE = "bench"
MESH_TAG = "1.31.0"  # the installation that istioctl is asked for
CONFIG_MAPS = ("istio", "istio-sidecar-injector")

Object = dict[str, Any]

_Dumper: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


# ---------------------------------------------------------------- objects


def mesh_documents(named: str | None, istioctl: str | None) -> list[Object] | None:
    """The ConfigMaps and webhook configurations of one installation."""
    if named:
        text = Path(named).read_text()
    elif istioctl:
        # A development build's own tag names no version, and a mesh of no known version costs us a
        # second run.
        command = [istioctl, "manifest", "generate", "--set", f"tag={MESH_TAG}"]
        environment = {**os.environ, "KUBECONFIG": os.devnull}
        done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True)
        text = done.stdout.decode()
    else:
        return None

    return [document for document in yaml.load_all(text, _Loader) if _of_injection(document)]


def _of_injection(document: Object | None) -> bool:
    if not document:
        return False
    if document["kind"] == "MutatingWebhookConfiguration":
        return True
    return document["kind"] == "ConfigMap" and document["metadata"]["name"] in CONFIG_MAPS


def namespace(injected: bool = True) -> Object:
    labels = {"istio-injection": "enabled"} if injected else {}
    metadata = {"name": NAMESPACE, "labels": labels}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}


def workloads(size: int) -> list[Object]:
    return [document for number in range(size) for document in workload(number)]


def workload(number: int) -> list[Object]:
    """A Deployment of two containers with probes, its Service and its ConfigMap."""
    name = f"app-{number:04}"
    labels = {"app": name, "version": "v1", "team": f"team-{number % 7}"}
    metadata = {"name": name, "namespace": NAMESPACE, "labels": labels}
    template = {"metadata": {"labels": labels}, "spec": _pod(name, number)}
    deployment = {
        "replicas": 1 + number % 3,
        "selector": {"matchLabels": {"app": name}},
        "template": template,
    }
    ports = [{"name": "http", "port": 80, "targetPort": "http"}]
    service = {"selector": {"app": name}, "ports": ports}
    settings = "".join(f"setting-{line}: value {line * number}\n" for line in range(20))
    return [
        {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": deployment},
        {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": service},
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": metadata,
            "data": {"app.yaml": settings},
        },
    ]


def _pod(name: str, number: int) -> Object:
    probe = {"httpGet": {"path": "/healthz", "port": "http"}, "periodSeconds": 5 + number % 5}
    app = {
        "name": "app",
        "image": f"registry.example/{name}:1.{number % 10}.0",
        "ports": [{"name": "http", "containerPort": 8080}, {"name": "grpc", "containerPort": 9090}],
        "env": [{"name": "MODE", "value": "yes"}, {"name": "LIMIT", "value": "1000"}],
        "envFrom": [{"configMapRef": {"name": name}}],
        "readinessProbe": probe,
        "livenessProbe": {"tcpSocket": {"port": 8080}, "initialDelaySeconds": 10},
        "resources": {
            "requests": {"cpu": "100m", "memory": "128Mi"},
            "limits": {"memory": "256Mi"},
        },
        "volumeMounts": [{"name": "config", "mountPath": "/etc/app", "readOnly": True}],
    }
    helper = {
        "name": "exporter",
        "image": "registry.example/exporter:2.0",
        "ports": [{"containerPort": 9100}],
    }
    return {
        "serviceAccountName": "default",
        "containers": [app, helper],
        "volumes": [{"name": "config", "configMap": {"name": name}}],
    }


# ---------------------------------------------------------------- forms


def write(path: Path, documents: Iterable[Object]) -> Path:
    """One YAML stream, as PyYAML writes it: what occurs twice in a document is an alias."""
    path.write_text(yaml.dump_all(documents, Dumper=_Dumper, sort_keys=False))
    return path


def write_manifests(path: Path, documents: Iterable[Object]) -> Path:
    """One YAML stream as people and programs write manifests: without aliases."""
    path.write_text(yaml.dump_all(documents, Dumper=_block_dumper(), sort_keys=False))
    return path


def write_list(path: Path, items: Sequence[Object]) -> Path:
    """A ResourceList with anchors and aliases."""
    return write(path, [_resource_list(items)])


def write_list_of_kustomize(path: Path, items: Sequence[Object]) -> Path:
    """A ResourceList as kustomize sends it to a function: sorted keys, literal blocks, no anchors,
    and kustomize's own annotations.
    """
    listed = _resource_list([_of_kustomize(item, index) for index, item in enumerate(items)])
    listed["functionConfig"] = {
        "apiVersion": "krm-injector.dev/v1alpha1",
        "kind": "SidecarInjection",
        "metadata": {"name": "istio"},
    }
    path.write_text(yaml.dump(listed, Dumper=_block_dumper(), sort_keys=False))
    return path


def _resource_list(items: Sequence[Object]) -> Object:
    return {
        "apiVersion": "config.kubernetes.io/v1",
        "kind": "ResourceList",
        "items": list(items),
    }


def _of_kustomize(item: Object, index: int) -> Object:
    metadata = item["metadata"]
    known = {"kind": item["kind"], "name": metadata["name"]}
    annotations = {
        "kustomize.config.k8s.io/id": "".join(f"{key}: {known[key]}\n" for key in known),
        "config.kubernetes.io/index": str(index),
        "internal.config.kubernetes.io/index": str(index),
        "internal.config.kubernetes.io/annotations-migration-resource-id": str(index),
        "internal.config.kubernetes.io/id": str(index + 1),
        "config.k8s.io/id": str(index + 1),
    }
    changed = {**item, "metadata": {**metadata, "annotations": annotations}}
    sorted_keys: Object = _with_sorted_keys(changed)
    return sorted_keys


def _with_sorted_keys(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _with_sorted_keys(value[key]) for key in sorted(value)}
    if isinstance(value, list):
        return [_with_sorted_keys(element) for element in value]
    return value


def _block_dumper() -> Any:
    """PyYAML's dumper without aliases, and with texts of several lines as literal blocks."""

    def literal(dumper: Any, text: str) -> Any:
        style = "|" if "\n" in text else None
        return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)

    dumper = type("BlockDumper", (_Dumper,), {"ignore_aliases": lambda self, data: True})
    made: Any = dumper
    made.add_representer(str, literal)
    return made
