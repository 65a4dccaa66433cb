"""Random workloads as a cluster stores them, and what its API server asks the webhook about them.

The tests of stored pods and of adoption ask the real webhook by it.
"""

from __future__ import annotations

import json
import lzma
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from outside import needs
from paths import RANDOM_CASES, SHARED

from krm_injector.injection import merge
from krm_injector.kube import defaults, workloads
from krm_injector.kube.paths import at, put
from krm_injector.kube.yaml import load_all
from krm_injector.model import Object

NEWEST = SHARED / "istio" / "installations" / "1.31"


def documents(text: str) -> list[Any]:
    return [document.value for document in load_all(text) if document.value]


def cases(meshes: Path) -> Iterator[tuple[list[Any], Object, Any]]:
    """Random workloads: the installation's documents, the case, the workload."""
    installations = {file.stem: documents(file.read_text()) for file in meshes.glob("*.yaml")}
    names = sorted(installations)
    with lzma.open(needs(RANDOM_CASES), "rt") as lines:
        for number, case in enumerate(map(json.loads, lines)):
            mesh = installations.get(case["mesh"]) or installations[names[number % len(names)]]
            (workload,) = documents(case["workload"])
            workload["metadata"]["namespace"] = case["namespace"]
            yield mesh, case, workload


def as_stored(workload: Object) -> Object:
    """The workload with the API server's defaults in its pod templates."""
    for inside, _, path in list(workloads.find(workload)):
        place = (*inside, *path, "spec")
        spec = merge.without_nulls(at(workload, place) or {})
        workload = put(workload, place, defaults.filled_in("v1.PodSpec", spec))
    return workload


def request(mesh: list[Any], case: Object, admitted: Any) -> Object:
    """The question to the webhook. admitted: the workload with the pod that comes to it."""
    maps = [document for document in mesh if document["kind"] == "ConfigMap"]
    injector = next(each["data"] for each in maps if "config" in each["data"])
    webhooks = [each for each in mesh if each["kind"] == "MutatingWebhookConfiguration"]
    return {
        "id": case["id"],
        "config": injector["config"],
        "values": injector["values"],
        "mesh": next(each["data"]["mesh"] for each in maps if "mesh" in each["data"]),
        "webhooks": [yaml.safe_dump(each) for each in webhooks],
        "namespace": case["namespace"],
        "ns_labels": case["ns_labels"],
        "revision": webhooks[0]["metadata"].get("labels", {}).get("istio.io/rev", "default"),
        "native": case["native_sidecars"],
        "workload": json.dumps(admitted),
    }
