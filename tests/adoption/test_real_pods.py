"""Adoption beside the real webhook: it makes the pods of the dump."""

from __future__ import annotations

import copy
import json
import lzma
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import builders
import pytest
import yaml
from adoption import cluster
from outside import ask_webhook, needs, webhook_oracle
from paths import DIFFERENTIAL, RANDOM_CASES, SHARED

from krm_injector.adoption import adopt
from krm_injector.adoption.proof import EQUAL, REFUSED
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
            if workload["kind"] != "Pod":
                yield mesh, case, workload


def request(mesh: list[Any], case: Object, workload: Any) -> Object:
    """What the API server asks: the pod has its defaults and the ServiceAccount's token."""
    maps = [document for document in mesh if document["kind"] == "ConfigMap"]
    injector = next(each["data"] for each in maps if "config" in each["data"])
    webhooks = [each for each in mesh if each["kind"] == "MutatingWebhookConfiguration"]
    path = cluster.path_of(workload)
    stored = cluster.stored(workload)
    admitted = put(stored, path, cluster.with_token(at(stored, path)))
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


@pytest.mark.slow
@pytest.mark.parametrize("meshes", [DIFFERENTIAL / "mesh", NEWEST], ids=["1.30.3", "1.31"])
def test_the_pods_of_the_real_webhook_are_what_git_gives(meshes: Path, tmp_path: Path) -> None:
    every = list(cases(needs(meshes)))
    answers = ask_webhook(webhook_oracle(), [request(*each) for each in every], tmp_path)
    equal = injected = 0
    for (mesh, case, workload), answer in zip(every, answers, strict=True):
        if answer.get("error"):
            continue

        namespace = builders.namespace(case["namespace"], case["ns_labels"])
        pod = cluster.running(answer["pod"], workload)
        value = cluster.in_cluster(workload)
        adoption = adopt(copy.deepcopy([*mesh, namespace, value, pod]))
        (proved,) = adoption.proof.workloads
        if proved.verdict == REFUSED:
            continue

        found = [each for pods in proved.pods for each in pods.differences]
        assert proved.verdict == EQUAL, (case["id"], found)
        equal += 1
        injected += answer["injected"]

    assert equal > 200
    assert injected > 100
