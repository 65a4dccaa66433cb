"""The manifests in deploy/ are what Kubernetes takes, and their commands are ours."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from outside import needs_program
from paths import ROOT

from krm_injector.cli.arguments import parse
from krm_injector.fleet.engine import shards
from krm_injector.kube import types
from krm_injector.kube.pod_types_generated import TYPES

FOLDERS = ("dask", "indexed-job")
IMAGE = "krm-injector-fleet"


def files() -> list[dict[str, Any]]:
    paths = sorted((ROOT / "deploy").glob("*/*.yaml"))
    assert {path.parent.name for path in paths} == set(FOLDERS)
    return [
        value
        for path in paths
        if path.name != "kustomization.yaml"
        for value in yaml.safe_load_all(path.read_text())
    ]


def templates() -> list[dict[str, Any]]:
    return [value["spec"]["template"] for value in files() if "template" in value["spec"]]


def containers() -> Iterator[dict[str, Any]]:
    for template in templates():
        yield from template["spec"].get("initContainers", ())
        yield from template["spec"]["containers"]


@pytest.mark.parametrize("folder", FOLDERS)
def test_each_folder_is_a_kustomization(folder: str) -> None:
    kustomize = needs_program("kustomize")
    done = subprocess.run(
        [kustomize, "build", str(ROOT / "deploy" / folder)], capture_output=True, check=True
    )
    built = list(yaml.safe_load_all(done.stdout))
    images = [
        container["image"]
        for value in built
        if "template" in value["spec"]
        for container in value["spec"]["template"]["spec"]["containers"]
    ]
    assert images and set(images) == {f"REGISTRY/{IMAGE}:TAG"}


def test_kubernetes_knows_every_field() -> None:
    """By the published schemas; the types below cover the pods where they are missing."""
    validate = pytest.importorskip(
        "kubernetes_validate", reason="kubernetes-validate is not installed"
    )
    for value in files():
        validate.validate(value, "1.33", strict=True)


def test_pods_have_the_types_of_kubernetes() -> None:
    for template in templates():
        assert types.check("v1.PodSpec", template["spec"], "spec") == []
        assert list(unknown("v1.PodSpec", template["spec"])) == []


def unknown(type_name: str, value: Any) -> Iterator[str]:
    """The fields that a type does not have."""
    name = type_name.replace("*", "").replace("[]", "")
    if isinstance(value, list):
        for member in value:
            yield from unknown(name, member)
    elif isinstance(value, dict) and name in TYPES:
        fields = dict(known_fields(name))
        for key, member in value.items():
            if key in fields:
                yield from unknown(fields[key], member)
            else:
                yield f"{name}.{key}"


def known_fields(name: str) -> Iterator[tuple[str, str]]:
    for json_name, _, type_name, flags, *_ in TYPES[name]:
        if flags & 4:  # its fields are the type's own
            yield from known_fields(type_name.replace("*", ""))
        else:
            yield json_name, type_name


def test_the_search_for_unknown_fields_finds_them() -> None:
    pod = {"containers": [{"name": "a", "imagee": "b", "livenessProbe": {"tcpSocket": {"p": 1}}}]}
    assert list(unknown("v1.PodSpec", pod)) == ["v1.Container.imagee", "v1.TCPSocketAction.p"]


def test_pods_are_restricted() -> None:
    for template in templates():
        spec = template["spec"]
        assert spec["automountServiceAccountToken"] is False
        assert spec["securityContext"]["runAsNonRoot"] is True
        assert spec["securityContext"]["runAsUser"] > 0
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}

    for container in containers():
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert container["resources"]["requests"].keys() == {"cpu", "memory"}
        assert "memory" in container["resources"]["limits"]
        assert container["image"] == IMAGE


def test_their_commands_are_commands_of_krm_injector() -> None:
    ours = [each for each in containers() if each["command"][0] == "krm-injector"]
    read = [parse([*each["command"][1:], *each["args"]]) for each in ours]
    assert {arguments.command for arguments in read} == {"fleet build"}
    assert all(arguments.to_directory == "/output/rendered" for arguments in read)
    assert [arguments.scheduler for arguments in read] == ["tcp://fleet-scheduler:8786", None]


def test_the_pods_of_the_job_are_all_shards() -> None:
    (job,) = [value for value in files() if value["metadata"]["name"] == "fleet-build"]
    spec = job["spec"]
    assert spec["completionMode"] == "Indexed"
    (build,) = spec["template"]["spec"]["containers"]
    stated = {each["name"]: each["value"] for each in build["env"]}
    numbers = [
        shards.of_job({**stated, "JOB_COMPLETION_INDEX": str(index)})
        for index in range(spec["completions"])
    ]
    assert numbers == [(number + 1, len(numbers)) for number in range(len(numbers))]


def test_dask_is_found_where_it_listens() -> None:
    named = {value["metadata"]["name"]: value for value in files()}
    (port,) = next(value for value in files() if value["kind"] == "Service")["spec"]["ports"]
    assert port["port"] == 8786
    (worker,) = named["fleet-worker"]["spec"]["template"]["spec"]["containers"]
    assert worker["args"][:3] == ["tcp://fleet-scheduler:8786", "--nthreads", "1"]
