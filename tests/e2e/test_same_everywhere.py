"""One overlay through every orchestrator: byte for byte the same workloads."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from real_programs import Key, Programs, documents, function_config, injected, objects, tree, workloads
from test_kpt import CONFIG, MUTATOR, kptfile
from test_kustomize import LEGACY, legacy_plugin

# A way from the directory of the example httpbin to its objects.
Way = Callable[[Programs, Path, Path, str], "dict[Key, dict[str, object]]"]


def kustomize_exec(programs: Programs, work: Path, other: Path, image: str) -> dict[Key, dict[str, object]]:
    command = ["kustomize", "build", "--enable-alpha-plugins", "--enable-exec", "."]
    return objects(programs.run(command, work).out)


def kustomize_container(programs: Programs, work: Path, other: Path, image: str) -> dict[Key, dict[str, object]]:
    (work / "istio-inject.yaml").write_text(function_config(image))
    return objects(programs.run(["kustomize", "build", "--enable-alpha-plugins", "."], work).out)


def kubectl_container(programs: Programs, work: Path, other: Path, image: str) -> dict[Key, dict[str, object]]:
    (work / "istio-inject.yaml").write_text(function_config(image))
    return objects(programs.run(["kubectl", "kustomize", "--enable-alpha-plugins", "."], work).out)


def legacy(programs: Programs, work: Path, other: Path, image: str) -> dict[Key, dict[str, object]]:
    (work / "istio-inject.yaml").write_text(LEGACY)
    env = legacy_plugin(programs, other / "plugins")
    return objects(programs.run(["kustomize", "build", "--enable-alpha-plugins", "."], work, env=env).out)


def kpt_exec(programs: Programs, work: Path, other: Path, image: str) -> dict[Key, dict[str, object]]:
    programs.run(["kpt", "fn", "render", "--allow-exec"], work)
    texts = [text for name, text in tree(work / "base").items() if name != "kustomization.yaml"]
    return objects(b"\n---\n".join(texts))


def kpt_image(programs: Programs, work: Path, other: Path, image: str) -> dict[Key, dict[str, object]]:
    text = (work / "Kptfile").read_text().replace("exec: krm-injector", f"image: {image}")
    (work / "Kptfile").write_text(text)
    return kpt_exec(programs, work, other, image)


def own_build(programs: Programs, work: Path, other: Path, image: str) -> dict[Key, dict[str, object]]:
    return objects(programs.run(["krm-injector", "build", "base"], work).out)


WAYS: list[Way] = [kustomize_exec, kustomize_container, kubectl_container, legacy, kpt_exec, kpt_image, own_build]


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_same_workloads(programs: Programs, httpbin: Path, tmp_path: Path, image: str, way: Way) -> None:
    files = objects(programs.run(["krm-injector", "inject", "base"], httpbin).out)
    plain = programs.run(["kustomize", "build", "base"], httpbin).out
    piped = objects(programs.run(["krm-injector", "inject"], httpbin, stdin=plain).out)
    assert len(injected(files)) == 5
    assert workloads(without_record(piped)) == workloads(without_record(files))
    # What is kept for eject tells the order of keys, which kustomize sorts; kpt keeps the files'.
    expected = files if way in (kpt_exec, kpt_image) else piped
    found = way(programs, httpbin, tmp_path, image)
    assert workloads(found) == workloads(expected)


def without_record(values: dict[Key, dict[str, object]]) -> dict[Key, dict[str, object]]:
    copy = json.loads(json.dumps([[*name, value] for name, value in values.items()]))
    kept = {}
    for kind, where, name, value in copy:
        value["metadata"].get("annotations", {}).pop("krm-injector.dev/injected", None)
        kept[kind, where, name] = value
    return kept


def test_same_bytes(programs: Programs, httpbin: Path, tmp_path: Path) -> None:
    """kustomize sorts the keys of what it reads and kpt does not; from the same text they print the same text."""
    function = documents(
        programs.run(["kustomize", "build", "--enable-alpha-plugins", "--enable-exec", "."], httpbin).out
    )
    plain = programs.run(["kustomize", "build", "base"], httpbin).out
    package = tmp_path / "package"
    package.mkdir()
    (package / "all.yaml").write_bytes(plain)
    (package / "Kptfile").write_text(kptfile(MUTATOR))
    (package / "istio-inject.yaml").write_text(CONFIG)
    programs.run(["kpt", "fn", "render", "--allow-exec"], package)
    rendered = (package / "all.yaml").read_bytes()
    again = programs.run(["kustomize", "build", "."], _kustomization(tmp_path / "again", rendered)).out
    assert documents(again) == function


def _kustomization(directory: Path, text: bytes) -> Path:
    """A kustomization of one file: prints it in kustomize's own order of keys."""
    directory.mkdir()
    (directory / "all.yaml").write_bytes(text)
    (directory / "kustomization.yaml").write_text("resources: [all.yaml]\n")
    return directory
