"""Injection of stored pods beside Istio: its real webhook on random workloads, and its own cases of
every era.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import builders
import pytest
from outside import ask_webhook, needs, webhook_oracle
from paths import CORPUS, DIFFERENTIAL
from stored_workloads import NEWEST, as_stored, cases, documents, request

from krm_injector import pipeline
from krm_injector.function_config import Settings, settings
from krm_injector.injection import merge
from krm_injector.istio_names import (
    CORE_DUMP_CONTAINER,
    INIT_CONTAINER,
    PROXY_CONTAINER,
    RECORD_ANNOTATION,
    VALIDATION_CONTAINER,
)
from krm_injector.kube import defaults, types, workloads
from krm_injector.kube.differences import differences
from krm_injector.kube.paths import Step, at
from krm_injector.model import Object
from krm_injector.outcome import Outcome

CONTAINERS = ("containers", "initContainers")
OF_ISTIO = {PROXY_CONTAINER, INIT_CONTAINER, VALIDATION_CONTAINER, CORE_DUMP_CONTAINER}


def stored(pod: Any) -> Object:
    spec = defaults.filled_in("v1.PodSpec", merge.without_nulls(pod["spec"]))
    return {**pod, "spec": types.decode("v1.PodSpec", spec)}


def run(items: list[Any], spec: Object, **cluster: Any) -> Outcome:
    spec = {**spec, "cluster": {**spec.get("cluster", {}), **cluster}}
    bundle = builders.objects_bundle(copy.deepcopy(items))
    return pipeline.run(bundle, settings(builders.config(**spec)))


def errors(outcome: Outcome) -> list[str]:
    return [result.message for result in outcome.results if result.severity == "error"]


def brought(pod: Any, names: set[str]) -> list[Any]:
    """Those containers of these names that injection brought."""
    return [
        types.decode("v1.Container", container)
        for field in CONTAINERS
        for container in pod["spec"].get(field) or []
        if container["name"] in names
    ]


def names_brought(pod: Any) -> set[str]:
    status = merge.injection_status(pod) or {}
    return {name for field in CONTAINERS for name in status.get(field) or []} & OF_ISTIO


def the_users(pod: Any, names: set[str]) -> Object:
    """The pod's spec without what injection brought: names of its fields, other containers."""
    others = [
        container
        for field in CONTAINERS
        for container in pod["spec"].get(field) or []
        if container["name"] not in names
    ]
    return {"fields": sorted(pod["spec"]), "containers": others}


# ---------------------------------------------------------------- the real webhook


@pytest.mark.slow
@pytest.mark.parametrize("meshes", [DIFFERENTIAL / "mesh", NEWEST], ids=["1.30.3", "1.31"])
def test_random_workloads_are_injected_as_the_webhook_injects_the_stored_ones(
    meshes: Path, tmp_path: Path
) -> None:
    every = list(cases(needs(meshes)))
    asked = [request(mesh, case, as_stored(workload)) for mesh, case, workload in every]
    answers = ask_webhook(webhook_oracle(), asked, tmp_path)
    injected = 0
    for (mesh, case, workload), answer in zip(every, answers, strict=True):
        namespace = builders.namespace(case["namespace"], case["ns_labels"])
        items = [*mesh, namespace, workload]
        how = {"cluster": {"nativeSidecars": case["native_sidecars"]}}
        ours = run(items, how, defaults=True)
        assert bool(errors(ours)) == bool(answer.get("error")), case["id"]

        place = len(items) - 1
        if errors(ours) or not answer["injected"]:
            assert place not in ours.replacements, case["id"]
            continue

        injected += 1
        plain = run(items, how)
        _check_injected(ours.replacements[place], plain.replacements[place], answer["pod"])
        standing = builders.objects_bundle([ours.replacements[place]])
        back = pipeline.take_back(standing, Settings())
        if RECORD_ANNOTATION in ours.replacements[place]["metadata"].get("annotations", {}):
            assert back.replacements[0] == workload, case["id"]

    assert injected > 100


def _check_injected(ours: Any, plain: Any, theirs: Any) -> None:
    path = workloads.POD_TEMPLATES[ours["apiVersion"], ours["kind"]]
    pod, without = at(ours, path), at(plain, path)
    names = names_brought(pod)
    assert brought(pod, names) == brought(theirs, names)
    assert the_users(pod, names) == the_users(without, names)

    annotations = dict(pod["metadata"]["annotations"])
    annotations.pop(RECORD_ANNOTATION, None)
    assert annotations == theirs["metadata"]["annotations"]
    assert differences(stored(theirs)["spec"], stored(pod)["spec"]) == []


# ---------------------------------------------------------------- Istio's own cases

VERSIONS = ("1.1.1", "1.5.10", "1.8.2", "1.9.9", "1.16.7", "1.24.6", "1.30.3")


def corpus(version: str) -> Iterator[tuple[str, list[Any], list[Any], Object]]:
    """Name, control plane, inputs and functionConfig of each case."""
    folder = needs(CORPUS / version)
    for case in json.loads((folder / "cases.json").read_text()):
        config, values, mesh = (
            (folder / case[part]).read_text() for part in ("config", "values", "mesh")
        )
        plane = [
            builders.config_map("istio-sidecar-injector", {"config": config, "values": values}),
            builders.config_map("istio", {"mesh": mesh}),
        ]
        cluster = {"nativeSidecars": case["native_sidecars"]}
        if case.get("env"):
            cluster["controlPlaneEnv"] = case["env"]
        how = {"method": "manual", "record": False, "mesh": {"version": version}}
        if not case["openshift"]:
            inputs = documents((folder / case["input"]).read_text())
            yield case["name"], plane, inputs, {**how, "cluster": cluster}


@pytest.mark.slow
@pytest.mark.parametrize("version", VERSIONS)
def test_istios_cases_are_as_if_they_had_been_stored(version: str) -> None:
    """Injection of the stored text equals Istio's; with defaults it is read from the other text."""
    compared = 0
    for name, plane, inputs, how in corpus(version):
        theirs = run([*plane, *map(as_stored, inputs)], how)
        ours = run([*plane, *inputs], how, defaults=True)
        assert errors(ours) == errors(theirs), name
        assert ours.replacements.keys() == theirs.replacements.keys(), name

        plain = run([*plane, *inputs], how)
        for index in ours.replacements if not errors(ours) else ():
            for inside, _, path in workloads.find(ours.replacements[index]):
                place = (*inside, *path)
                pods = [at(each.replacements[index], place) for each in (ours, theirs, plain)]
                names = _brought(ours.replacements[index], inside, path)
                assert differences(stored(pods[1]), stored(pods[0])) == [], name
                assert the_users(pods[0], names) == the_users(pods[2], names), name
                compared += 1

    assert compared > 40


def _brought(item: Any, inside: Step, path: Step) -> set[str]:
    """kube-inject writes the status of a CronJob to its jobTemplate."""
    metadata = [at(item, (*inside, *path[:cut], "metadata")) for cut in range(len(path) + 1)]
    return {name for each in metadata for name in names_brought({"metadata": each or {}})}
