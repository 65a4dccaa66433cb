"""Which files the paths of a command line mean, and what is said of those that cannot be read."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from builders import deployment
from command import KRM_INJECTOR, environment, krm_text

from krm_injector.cli import loader
from krm_injector.cli.request import Arguments, Request
from krm_injector.model import Refused
from krm_injector.sources import files
from krm_injector.sources.manifests import join

OBJECT = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"


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


# ---------------------------------------------------------------- build


def test_a_plain_directory_is_built_from_its_manifests(tmp_path: Path) -> None:
    path = str(tmp_path / "a.yaml")
    (tmp_path / "a.yaml").write_text(OBJECT)
    assert read(tmp_path, command="build").sources == (
        files.Source(OBJECT.encode(), path, found=True, path=path),
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


@pytest.mark.parametrize("kind", ["a pipe that nothing writes into", "not a file, but a device"])
@pytest.mark.parametrize(
    "words",
    [
        ("inject", "odd.yaml"),
        ("inject", "."),
        ("inject", "--in-place", "."),
        ("inject", "web.yaml", "--mesh", "odd.yaml"),
        ("inject", "web.yaml", "--config", "odd.yaml"),
        ("inject", "web.yaml", "--context", "odd.yaml"),
        ("snapshot", "odd.yaml"),
        ("adopt", "odd.yaml"),
        ("init", "kustomize", "--mesh", "odd.yaml"),
        ("fleet", "merge", "odd.yaml"),
        ("fleet", "list", "--fleet", "odd.yaml"),
    ],
)
def test_what_is_no_file_is_not_waited_for(
    words: tuple[str, ...], kind: str, tmp_path: Path
) -> None:
    (tmp_path / "web.yaml").write_text(json.dumps(deployment()))
    if "device" in kind:
        (tmp_path / "odd.yaml").symlink_to("/dev/zero")
    else:
        os.mkfifo(tmp_path / "odd.yaml")

    done = krm_text(*words, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert "odd.yaml" in done.stderr and kind in done.stderr


@pytest.mark.parametrize("pause", [0, 0.5])
def test_a_pipe_of_the_shell_is_read_to_its_end(pause: float, tmp_path: Path) -> None:
    text = json.dumps(deployment(labels={"sidecar.istio.io/inject": "false"})) + "\n"
    (tmp_path / "web.yaml").write_text(text)
    script = f'"$@" <(sleep {pause}; cat web.yaml; sleep {pause})'
    done = subprocess.run(
        ["bash", "-c", script, "bash", *KRM_INJECTOR, "eject"],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, text), done.stderr


def test_a_link_that_leads_nowhere_is_told_as_that(tmp_path: Path) -> None:
    link = tmp_path / "a.yaml"
    link.symlink_to("vendor/a.yaml")
    with pytest.raises(Refused) as refused:
        files.content(str(link))
    assert "a.yaml is a link to vendor/a.yaml, which does not exist" in str(refused.value)
