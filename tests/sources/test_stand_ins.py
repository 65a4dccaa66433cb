"""What kustomize finds in place of our own function."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from krm_injector.sources import kustomize_options, stand_ins

PLUGIN = "krm-injector.dev/v1alpha1/sidecarinjection/SidecarInjection"


def given(tmp_path: Path, **more: str) -> dict[str, str]:
    return {"PATH": os.pathsep.join((str(tmp_path), os.environ["PATH"])), **more}


def program(tmp_path: Path) -> Path:
    path = tmp_path / "krm-injector"
    path.write_text('#!/bin/sh\nprintf "%s|" "$@"\n')
    path.chmod(0o755)
    return path


def test_nothing_is_changed_where_nothing_is_asked(tmp_path: Path) -> None:
    program(tmp_path)
    with stand_ins.environment(given(tmp_path), False, ()) as environment:
        assert environment is None


def test_without_a_program_its_options_have_no_place(tmp_path: Path) -> None:
    with stand_ins.environment({"PATH": str(tmp_path)}, False, ["--mesh=a"]) as environment:
        assert environment is None


def test_the_program_gets_the_options_before_its_own(tmp_path: Path) -> None:
    program(tmp_path)
    words = ["--namespace-labels=a=b=c", "--mesh=/a b/$x'y"]
    with stand_ins.environment(given(tmp_path, X="y"), False, words) as environment:
        assert environment is not None and environment["X"] == "y"
        done = subprocess.run(
            ["krm-injector", "its own"], env=dict(environment), capture_output=True, check=True
        )
        folder = Path(environment["PATH"].split(os.pathsep)[0])
    assert done.stdout.decode() == f"{words[0]}|{words[1]}|its own|"
    assert not folder.exists(), "nothing is left behind"


def test_the_plugin_changes_nothing_and_is_gone_afterwards(tmp_path: Path) -> None:
    with stand_ins.environment(given(tmp_path), True, ()) as environment:
        assert environment is not None
        path = Path(environment["KUSTOMIZE_PLUGIN_HOME"]) / PLUGIN
        done = subprocess.run([path, "config"], input=b"a: b\n", capture_output=True, check=True)
        assert done.stdout == b"a: b\n"
    assert not path.exists()


@pytest.mark.parametrize(
    ("text", "own"),
    [
        ("apiVersion: krm-injector.dev/v1alpha1\nkind: SidecarInjection\n", True),
        ("apiVersion: krm-injector.dev/v2\nkind: SidecarInjection\n", False),
        ("apiVersion: krm-injector.dev/v1alpha1\nkind: SidecarEjection\n", False),
        ("apiVersion: krm-injector.dev/v1alpha1\nkind: SidecarInjection\n"
         "metadata: {configFn: {exec: {path: other}}}\n", False),
    ],
)  # fmt: skip
@pytest.mark.parametrize("passed_on", [(), ("--enable-alpha-plugins",)])
def test_our_plugin_by_its_kind_is_left_out(
    tmp_path: Path, text: str, own: bool, passed_on: tuple[str, ...]
) -> None:
    (tmp_path / "kustomization.yaml").write_text("resources: [a]\ntransformers: [i.yaml]\n")
    (tmp_path / "i.yaml").write_text(text)
    (tmp_path / "a").write_text("")
    for name in ("kubectl", "kustomize"):
        options = kustomize_options.kustomize_options(
            str(tmp_path), name, passed_on, os.environ["PATH"], False, "build"
        )
        assert [config.plugin for config in options.left_out] == [True] * own
        assert options.words == (("--enable-alpha-plugins",) if own or passed_on else ())


def test_who_asks_kustomize_to_run_functions_has_them_run(tmp_path: Path) -> None:
    (tmp_path / "kustomization.yaml").write_text("transformers: [i.yaml]\n")
    (tmp_path / "i.yaml").write_text(
        "apiVersion: krm-injector.dev/v1alpha1\nkind: SidecarInjection\nmetadata:\n"
        "  annotations:\n    config.kubernetes.io/function: 'exec: {path: krm-injector}'\n"
    )
    for words, count in ((kustomize_options.ENABLE, 0), (kustomize_options.ENABLE[:1], 1)):
        options = kustomize_options.kustomize_options(
            str(tmp_path), None, words, "", False, "build"
        )
        assert options.words == words and len(options.left_out) == count
