"""Istio's own cases, and random ones, both ways: with shapes and plainly, the same bytes.

A case has one workload. Here each bundle holds all workloads of one configuration, each of them
five times with other names, images and labels, so that shapes are found and used.
"""

from __future__ import annotations

import copy
import json
import lzma
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from paths import CORPUS, DIFFERENTIAL, RANDOM_CASES
from reinjection.shapes import random_bundles

from krm_injector.kube.yaml import load_all
from krm_injector.model import Object

COPIES = 5
VERSIONS = ("1.9.9", "1.12.9", "1.16.7", "1.20.8", "1.27.9", "1.30.3")
needs_corpus = pytest.mark.skipif(not CORPUS.is_dir(), reason="Istio's cases are not at hand")


def copies(workload: Object) -> Iterator[Object]:
    """The workload under other names, with what differs from one workload to the next."""
    for number in range(COPIES):
        copied = copy.deepcopy(workload)
        metadata = copied.setdefault("metadata", {})
        name = metadata.get("name") or "workload"
        metadata["name"] = f"{name}-{number}"
        for holder in _maps(copied):
            if isinstance(holder.get("labels"), dict):
                holder["labels"]["app"] = f"{name}-{number}"
            if isinstance(holder.get("image"), str):
                holder["image"] = f"registry.example/{name}:v{number}"
            if "replicas" in holder:
                holder["replicas"] = number + 1
        yield copied


def _maps(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        value = list(value.values())
    if isinstance(value, list):
        for inner in value:
            yield from _maps(inner)


def control_plane(data: tuple[str, str, str]) -> list[Object]:
    config, values, mesh = data

    def config_map(name: str, data: dict[str, str]) -> Object:
        metadata = {"name": name, "namespace": "istio-system"}
        return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}

    injector = {"config": config, "values": values or "{}"}
    return [config_map("istio-sidecar-injector", injector), config_map("istio", {"mesh": mesh})]


@needs_corpus
@pytest.mark.slow
@pytest.mark.parametrize("version", VERSIONS)
def test_corpus(version: str, twins: list[Any]) -> None:
    folder = CORPUS / version
    cases = json.loads((folder / "cases.json").read_text())
    bundles: dict[tuple[Any, ...], list[Object]] = {}
    for case in cases:
        if "error" in case or case["openshift"] or case.get("env"):
            continue
        key = (case["config"], case["values"], case["mesh"], case["native_sidecars"])
        documents = [document.value for document in load_all((folder / case["input"]).read_text())]
        bundles.setdefault(key, []).extend(filter(None, documents))

    for (*files, native), workloads in bundles.items():
        config, values, mesh = ((folder / file).read_text() for file in files)
        items = control_plane((config, values, mesh))
        items += [copied for workload in workloads for copied in copies(workload)]
        cluster = {"nativeSidecars": native}
        spec = {"method": "manual", "mesh": {"version": version}, "cluster": cluster}
        for write in (random_bundles.block, random_bundles.compact):
            plain, shaped = random_bundles.both(write(items, spec))
            assert plain == shaped

    assert len(twins) > len(cases)


@pytest.mark.skipif(not RANDOM_CASES.is_file(), reason="Istio's cases are not at hand")
@pytest.mark.slow
def test_random_cases(twins: list[Any]) -> None:
    """Random workloads under each of the real installations, several of each shape."""
    with lzma.open(RANDOM_CASES, "rt") as file:
        cases = [json.loads(line) for line in file]
    for installation in sorted((DIFFERENTIAL / "mesh").glob("*.yaml")):
        items = [value for value in yaml.safe_load_all(installation.read_text()) if value]
        for number, case in enumerate(cases):
            if not case["error"] and case["mesh"] == installation.stem:
                (document,) = load_all(case["workload"])
                items += _in_namespace(document.value, f"shop-{number}", case["ns_labels"])

        plain, shaped = random_bundles.both(random_bundles.block(items))
        assert plain == shaped

    assert len(twins) > 100


def _in_namespace(workload: Object, name: str, labels: dict[str, str]) -> Iterator[Object]:
    """A Namespace, and copies of the workload in it."""
    metadata = {"name": name, "labels": labels}
    yield {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}
    workload["metadata"]["namespace"] = name
    yield from copies(workload)
