"""One overlay through every orchestrator: byte for byte the same workloads."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from e2e.real_programs import Programs, documents, injected, objects, workloads
from e2e.ways_in import (
    WAYS,
    Way,
    kubectl_container,
    kubectl_legacy,
    kustomize_container,
    kustomize_exec,
    kustomize_legacy,
)


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_same_workloads(
    programs: Programs, httpbin: Path, tmp_path: Path, image: str, way: Way
) -> None:
    """The same values, what is recorded for eject included; and the same bytes, once one program
    prints them.

    That program is kustomize: kpt keeps the order of keys and the comments of the files, Argo CD
    has JSON.
    """
    plain = programs.run(["kustomize", "build", "base"], httpbin).out
    expected = programs.run(["krm-injector", "inject"], httpbin, stdin=plain).out
    made = way(programs, httpbin, tmp_path, image)
    assert len(injected(objects(made))) == 5
    assert workloads(objects(made)) == workloads(objects(expected))
    assert _printed(programs, tmp_path / "one", made) == _printed(
        programs, tmp_path / "two", expected
    )


@pytest.mark.parametrize(
    "way",
    [kustomize_container, kustomize_legacy, kubectl_container, kubectl_legacy],
    ids=lambda way: way.__name__,
)
def test_same_bytes(
    programs: Programs, httpbin: Path, tmp_path: Path, image: str, way: Way
) -> None:
    """All that kustomize prints, untouched."""
    exec_function = documents(kustomize_exec(programs, httpbin, tmp_path, image))
    assert documents(way(programs, httpbin, tmp_path, image)) == exec_function


def _printed(
    programs: Programs, directory: Path, stream: bytes
) -> dict[tuple[str, str, str], bytes]:
    """The workloads of a stream as kustomize prints them."""
    directory.mkdir()
    kept = [value for name, value in objects(stream).items() if name in workloads(objects(stream))]
    text = "\n---\n".join(map(json.dumps, kept))
    (directory / "all.yaml").write_text(text)
    (directory / "kustomization.yaml").write_text("resources: [all.yaml]\n")
    return documents(programs.run(["kustomize", "build", "."], directory).out)
