"""Adoption beside the real webhook: it makes the pods of the dump."""

from __future__ import annotations

import copy
from pathlib import Path

import builders
import pytest
from adoption import cluster
from outside import ask_webhook, needs, webhook_oracle
from paths import DIFFERENTIAL
from stored_workloads import NEWEST, as_stored, cases, request

from krm_injector.adoption import adopt
from krm_injector.adoption.proof import EQUAL, REFUSED
from krm_injector.kube.paths import at, put
from krm_injector.model import Object


def admitted(workload: Object) -> Object:
    """The workload as its pods come to the webhook: with defaults and the account's token."""
    path = cluster.path_of(workload)
    workload = as_stored(workload)
    workload = put(workload, path, cluster.with_token(at(workload, path)))
    return workload


@pytest.mark.slow
@pytest.mark.parametrize("meshes", [DIFFERENTIAL / "mesh", NEWEST], ids=["1.30.3", "1.31"])
def test_the_pods_of_the_real_webhook_are_what_git_gives(meshes: Path, tmp_path: Path) -> None:
    every = [each for each in cases(needs(meshes)) if each[2]["kind"] != "Pod"]
    asked = [request(mesh, case, admitted(workload)) for mesh, case, workload in every]
    answers = ask_webhook(webhook_oracle(), asked, tmp_path)
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
