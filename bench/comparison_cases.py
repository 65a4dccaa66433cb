"""The workloads of the comparison, and what Istio's own webhook makes of each."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from inputs import Object

Key = tuple[str, str, str]  # kind, namespace, name
_TEMPLATES = {"Pod": (), "CronJob": ("spec", "jobTemplate", "spec", "template")}
_WORKLOADS = ("CronJob", "DaemonSet", "Deployment", "Job", "Pod", "StatefulSet")
_OF_CONTROLLERS = ("controller-revision-hash", "pod-template-hash", "job-name", "controller-uid")
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Answer(NamedTuple):
    """The webhook's, about one workload."""

    injected: bool
    pod: Object  # metadata and spec; of the template where it is not injected


class Mesh(NamedTuple):
    """An installation, taken apart."""

    config: str
    values: str
    mesh: str
    webhooks: list[Object]


def documents(path: Path) -> list[Object]:
    return [each for each in yaml.load_all(path.read_text(), _Loader) if each]


def key(document: Object) -> Key:
    metadata = document["metadata"]
    return document["kind"], metadata.get("namespace", ""), metadata.get("name", "")


def workloads(found: list[Object]) -> dict[Key, Object]:
    """Those that the webhook can be asked about: with a pod template of a kind of Kubernetes."""
    return {key(each): each for each in found if each["kind"] in _WORKLOADS}


def template(workload: Object) -> Object:
    value: Any = workload
    for field in _TEMPLATES.get(workload["kind"], ("spec", "template")):
        value = value[field]
    return {"metadata": value.get("metadata") or {}, "spec": value["spec"]}


def mesh_of(found: list[Object]) -> Mesh:
    maps = [each["data"] for each in found if each["kind"] == "ConfigMap"]
    injector = next(data for data in maps if "config" in data)
    mesh = next(data["mesh"] for data in maps if "mesh" in data)
    webhooks = [each for each in found if each["kind"] == "MutatingWebhookConfiguration"]
    return Mesh(injector["config"], injector["values"], mesh, webhooks)


def answers(oracle: str, mesh: Mesh, found: list[Object], work: Path) -> dict[Key, Answer]:
    """What the webhook says of each workload, as the API server would ask it."""
    labels = {
        each["metadata"]["name"]: each["metadata"].get("labels") or {}
        for each in found
        if each["kind"] == "Namespace"
    }
    asked = workloads(found)
    requests = [_request(mesh, labels, name, each) for name, each in asked.items()]
    questions, replies = work / "requests.jsonl", work / "answers.jsonl"
    questions.write_text("".join(json.dumps(each) + "\n" for each in requests))
    environment = {**os.environ, "ORACLE_REQ": str(questions), "ORACLE_OUT": str(replies)}
    command = [oracle, "-test.run", "TestWebhookOracle"]
    subprocess.run(command, env=environment, capture_output=True, check=True)

    told = {}
    for line in replies.read_text("utf-8").split("\n"):
        if line:
            reply = json.loads(line)
            name = tuple(json.loads(reply["id"]))
            pod = reply["pod"] if reply["injected"] else template(asked[name])
            told[name] = Answer(bool(reply["injected"]), canonical(pod))
    return told


def _request(mesh: Mesh, labels: Mapping[str, Any], name: Key, workload: Object) -> Object:
    return {
        "id": json.dumps(name),
        "config": mesh.config,
        "values": mesh.values,
        "mesh": mesh.mesh,
        "webhooks": [yaml.safe_dump(each) for each in mesh.webhooks],
        "namespace": name[1],
        "ns_labels": labels.get(name[1], {}),
        "revision": "default",
        "native": True,
        "workload": json.dumps(workload),
    }


def canonical(pod: Object) -> Any:
    """Labels, annotations and spec, without what says nothing (null, "", empty maps and lists), and
    without what controllers give to pods.
    """
    metadata = {name: pod["metadata"].get(name) for name in ("labels", "annotations")}
    labels = metadata["labels"] or {}
    metadata["labels"] = {name: labels[name] for name in labels if name not in _OF_CONTROLLERS}
    return _without_empty({"metadata": metadata, "spec": pod["spec"]})


def _without_empty(value: Any) -> Any:
    if isinstance(value, dict):
        kept = {name: _without_empty(each) for name, each in value.items()}
        return {name: each for name, each in kept.items() if each not in (None, "", {}, [])}
    return [_without_empty(each) for each in value] if isinstance(value, list) else value


def is_injected(pod: Object) -> bool:
    spec = pod["spec"]
    containers = [*(spec.get("containers") or []), *(spec.get("initContainers") or [])]
    return any(each["name"] == "istio-proxy" for each in containers)
