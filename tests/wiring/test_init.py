"""init: what it writes, what it adds, and that it never overwrites."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
import yaml
from builders import deployment, namespace
from command import install_krm_injector, krm_text
from files import tree
from outside import needs_program

from krm_injector import function_config
from krm_injector.istio_names import FUNCTION_FILE
from krm_injector.kube.yaml import dump
from krm_injector.model import Refused
from krm_injector.wiring import init

HEAD = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n"
WEB = (
    "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: shop}\n"
    "spec: {template: {spec: {containers: [{name: web, image: a.example/web}]}}}\n"
)
KPTFILE = "apiVersion: kpt.dev/v1\nkind: Kptfile\nmetadata:\n  name: x # mine\n"


def refused(target: str, directory: Path) -> str:
    before = tree(directory)
    with pytest.raises(Refused) as caught:
        init.run(target, str(directory), None)
    assert tree(directory) == before
    return "\n".join(result.message for result in caught.value.results)


def test_kustomize_makes_a_kustomization(tmp_path: Path) -> None:
    (tmp_path / "web.yaml").write_text(WEB)
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "kustomization.yaml").write_text(HEAD)
    (tmp_path / "other").mkdir()
    report = init.run("kustomize", str(tmp_path), None)
    made = yaml.safe_load((tmp_path / "kustomization.yaml").read_text())
    assert made["resources"] == ["below", "web.yaml"] and made["transformers"] == [
        "istio-inject.yaml"
    ]
    config = yaml.safe_load((tmp_path / "istio-inject.yaml").read_text())
    function = yaml.safe_load(config["metadata"]["annotations"]["config.kubernetes.io/function"])
    assert function == {"exec": {"path": "krm-injector"}}
    assert "kustomize build --enable-alpha-plugins --enable-exec ." in report
    assert "  kind: SidecarInjection\n" in report, "what was written is shown"


def programs(path: Path, **says: str) -> Path:
    """A PATH on which nothing but these is, each saying its word."""
    path.mkdir(exist_ok=True)
    for name, word in says.items():
        (path / name).write_text(f"#!/bin/sh\necho '{word}'\n")
        (path / name).chmod(0o755)
    return path


def test_kustomize_where_only_kubectl_is_there_tells_the_command_that_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "web.yaml").write_text(WEB)
    monkeypatch.setenv("PATH", str(programs(tmp_path / "bin", kubectl="")))
    report = init.run("kustomize", str(tmp_path), None)
    assert (
        report.split("next:\n")[1].splitlines()[1] == "  krm-injector build ."
        and "kubectl apply -k" in report
    )
    programs(tmp_path / "bin", kustomize="")
    report = init.run("kustomize", str(tmp_path), None)
    assert (
        report.endswith("  kustomize build --enable-alpha-plugins --enable-exec .\n")
        and "kubectl" not in report
    )


@pytest.mark.parametrize(
    "key", ["transformers", "components", "generators", "validators", "resources"]
)
def test_kustomize_adds_beside_an_empty_field(tmp_path: Path, key: str) -> None:
    path = tmp_path / "kustomization.yaml"
    path.write_text(f"namespace: x\n{key}:\n# - later\n")
    init.run("kustomize", str(tmp_path), None)
    made = path.read_text()
    assert yaml.safe_load(made)["transformers"] == ["istio-inject.yaml"] and "# - later\n" in made
    assert "nothing to write" in init.run("kustomize", str(tmp_path), None)


@pytest.mark.parametrize(
    ("version", "plugin", "lines"),
    [
        ("v3.19.0+g3d8990f", False, 1),
        ("v4.0.1", True, 2),
        ("", True, 2),
        ("no version", True, 2),
        (None, True, 2),
    ],
)
def test_helm_tells_what_the_helm_that_is_there_needs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str | None, plugin: bool, lines: int
) -> None:
    says = {} if version is None else {"helm": version}
    monkeypatch.setenv("PATH", str(programs(tmp_path / "bin", **says)))
    report = init.run("helm", str(tmp_path), None)
    after = report.split("\nnext:\n")[1].splitlines()[1:]
    assert (tmp_path / ".krm-injector").exists() is plugin and len(after) == lines
    assert ("--post-renderer-args=inject" in after[-1]) is not plugin
    assert ("Helm 3 needs no plugin" in report) is (plugin and not str(version).startswith("v4"))


@pytest.mark.parametrize("target", ["pre-commit", "github-action"])
@pytest.mark.parametrize(
    ("files", "command"),
    [
        ({}, "verify ."),
        ({"a.yaml": "", "k/kustomization.yaml": "namePrefix: x\n"}, "verify ."),
        ({"k/kustomization.yaml": "resources: [a.yaml]\n", "k/a.yaml": ""}, "verify ."),
        (
            {
                "b/kustomization.yaml": "namespace: x\n",
                "o/kustomization.yaml": "resources: [../b]\nnamePrefix: x\n",
                "o p/kustomization.yaml": "namespace: x\n",
            },
            "explain .",
        ),
        (
            {
                "o/kustomization.yaml": "namePrefix: x\ntransformers: [istio-inject.yaml]\n",
                "p q/kustomization.yaml": "namePrefix: x\ntransformers: [istio-inject.yaml]\n",
                "p/kustomization.yaml": "namePrefix: x\n",
            },
            "verify o 'p q'",
        ),
        (
            {
                "o/kustomization.yaml": "namePrefix: x\ntransformers: [istio-inject.yaml]\n",
                "p/kustomization.yaml": "namePrefix: x\ntransformers: [istio-inject.yaml]\n",
            },
            "verify .",
        ),
        ({"c/Chart.yaml": "name: c\n"}, "verify ."),
    ],
)
def test_verification_is_wired_to_what_the_repository_holds(
    tmp_path: Path, target: str, files: dict[str, str], command: str
) -> None:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    init.run(target, str(tmp_path), None)
    made = (
        tmp_path
        / {
            "pre-commit": ".pre-commit-config.yaml",
            "github-action": ".github/workflows/krm-injector.yaml",
        }[target]
    )
    line = {"pre-commit": "entry", "github-action": "- run"}[target]
    assert made.read_text().count(f"{line}: krm-injector {command}\n") == 1


def test_kustomize_with_an_image(tmp_path: Path) -> None:
    (tmp_path / "web.yaml").write_text(WEB)
    report = init.run("kustomize", str(tmp_path), "example.org/krm-injector:v1")
    assert "image: example.org/krm-injector:v1" in (tmp_path / "istio-inject.yaml").read_text()
    assert "  kustomize build --enable-alpha-plugins .\n" in report


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("bom", ["", "\ufeff"])
def test_kustomize_adds_to_a_kustomization(tmp_path: Path, newline: str, bom: str) -> None:
    before = bom + (
        f"# mine\n{HEAD}resources:\n- web.yaml  # the web\n\ntransformers:\n  - labels.yaml\n"
    ).replace("\n", newline)
    path = tmp_path / "kustomization.yaml"
    path.write_bytes(before.encode())
    report = init.run("kustomize", str(tmp_path), None)
    assert path.read_bytes().decode() == before + f"  - istio-inject.yaml{newline}"
    assert "  +   - istio-inject.yaml\n" in report
    after = tree(tmp_path)
    assert "nothing to write" in init.run("kustomize", str(tmp_path), None)
    assert tree(tmp_path) == after


def test_kustomize_keeps_the_mode_and_follows_links(tmp_path: Path) -> None:
    (tmp_path / "real.yaml").write_text("resources:\n- web.yaml\n")
    (tmp_path / "real.yaml").chmod(0o600)
    (tmp_path / "kustomization.yaml").symlink_to("real.yaml")
    init.run("kustomize", str(tmp_path), None)
    assert (tmp_path / "kustomization.yaml").is_symlink()
    assert (tmp_path / "real.yaml").stat().st_mode & 0o777 == 0o600
    assert (
        tmp_path / "real.yaml"
    ).read_text() == "resources:\n- web.yaml\ntransformers:\n- istio-inject.yaml\n"


@pytest.mark.parametrize("name", ["mesh/inject.yaml", "./istio-inject.yaml"])
def test_kustomize_that_has_the_function_already(tmp_path: Path, name: str) -> None:
    (tmp_path / "mesh").mkdir()
    config = "apiVersion: krm-injector.dev/v1alpha1\nkind: SidecarInjection\nmetadata: {name: a}\n"
    (tmp_path / name).write_text(config)
    before = f"{HEAD}transformers: [{name}]\n"
    (tmp_path / "kustomization.yaml").write_text(before)
    init.run("kustomize", str(tmp_path), None)
    assert (tmp_path / "kustomization.yaml").read_text() == before
    assert (tmp_path / name).read_text() == config


@pytest.mark.parametrize(
    "text",
    [
        "transformers: [labels.yaml]\n",
        "transformers: labels.yaml\n",
        "- a\n",
        "a: b\n---\nc: d\n",
        "{resources: [a]}\n",
    ],
)
def test_kustomize_says_what_to_add_where_it_cannot(tmp_path: Path, text: str) -> None:
    (tmp_path / "kustomization.yaml").write_text(text)
    message = refused("kustomize", tmp_path)
    assert "transformers:\n- istio-inject.yaml" in message


def test_kustomize_where_nothing_is(tmp_path: Path) -> None:
    assert "neither a kustomization nor manifests" in refused("kustomize", tmp_path)


@pytest.mark.parametrize("target", ["kustomize", "kpt"])
def test_a_file_in_the_way_is_left(tmp_path: Path, target: str) -> None:
    (tmp_path / "istio-inject.yaml").write_text("kind: Other\n")
    (tmp_path / "web.yaml").write_text(WEB)
    assert "istio-inject.yaml is there and says something else" in refused(target, tmp_path)


@pytest.mark.parametrize("target", init.TARGETS)
def test_nothing_is_overwritten_and_nothing_written_in_part(tmp_path: Path, target: str) -> None:
    """Each file that init would write, in turn there already and saying something else."""
    clean = tmp_path / "clean"
    clean.mkdir()
    (clean / "web.yaml").write_text(WEB)
    init.run(target, str(clean), None)
    made = set(tree(clean)) - {"web.yaml"}
    assert made
    for number, taken in enumerate(sorted(made)):
        directory = tmp_path / str(number)
        (directory / taken).parent.mkdir(parents=True)
        (directory / "web.yaml").write_text(WEB)
        (directory / taken).write_text("- something else\n")
        assert taken in refused(target, directory)


@pytest.mark.parametrize("target", init.TARGETS)
def test_a_link_to_nowhere_is_not_written_through(tmp_path: Path, target: str) -> None:
    clean = tmp_path / "clean"
    clean.mkdir()
    (clean / "web.yaml").write_text(WEB)
    init.run(target, str(clean), None)
    for number, taken in enumerate(sorted(set(tree(clean)) - {"web.yaml"})):
        directory = tmp_path / str(number)
        (directory / taken).parent.mkdir(parents=True)
        (directory / "web.yaml").write_text(WEB)
        (directory / taken).symlink_to(tmp_path / "elsewhere")
        with pytest.raises(Refused):
            init.run(target, str(directory), None)
        assert not (tmp_path / "elsewhere").exists()
        assert set(tree(directory)) == {"web.yaml"}


@pytest.mark.parametrize(
    ("target", "folder"), [("helm", ".krm-injector"), ("github-action", ".github")]
)
def test_a_file_in_a_folder_s_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, target: str, folder: str
) -> None:
    monkeypatch.setenv("PATH", "")  # with a Helm 3 there, no plugin is written
    (tmp_path / folder).write_text("mine\n")
    assert f"{folder} is there and no directory" in refused(target, tmp_path)


def test_kpt_makes_a_kptfile(tmp_path: Path) -> None:
    package = tmp_path / "My Shop_2"
    package.mkdir()
    report = init.run("kpt", str(package), None)
    made = yaml.safe_load((package / "Kptfile").read_text())
    assert made["metadata"]["name"] == "my-shop-2"
    assert made["pipeline"] == {
        "mutators": [{"exec": "krm-injector", "configPath": "istio-inject.yaml"}]
    }
    assert f"cd '{package}'" in report and "kpt fn render --allow-exec ." in report


@pytest.mark.parametrize(
    ("pipeline", "added"),
    [
        ("", "pipeline:\n  mutators:\n  - exec: krm-injector\n    configPath: istio-inject.yaml\n"),
        (
            "pipeline:\n  mutators:\n    - image: set-labels:v1 # first\n",
            "    - exec: krm-injector\n      configPath: istio-inject.yaml\n",
        ),
    ],
)
def test_kpt_adds_to_a_kptfile(tmp_path: Path, pipeline: str, added: str) -> None:
    (tmp_path / "Kptfile").write_text(KPTFILE + pipeline)
    init.run("kpt", str(tmp_path), None)
    assert (tmp_path / "Kptfile").read_text() == KPTFILE + pipeline + added
    assert "nothing to write" in init.run("kpt", str(tmp_path), None)


def test_kpt_knows_its_own_image(tmp_path: Path) -> None:
    text = KPTFILE + "pipeline:\n  mutators:\n  - image: r.example/a/krm-injector:v1@sha256:12\n"
    (tmp_path / "Kptfile").write_text(text)
    init.run("kpt", str(tmp_path), None)
    assert (tmp_path / "Kptfile").read_text() == text


def test_on_the_command_line(tmp_path: Path) -> None:
    (tmp_path / "web.yaml").write_text(WEB)
    done = krm_text("init", "kustomize", cwd=tmp_path)
    assert done.returncode == 0 and done.stdout.endswith(
        "  kustomize build --enable-alpha-plugins --enable-exec .\n"
    )
    nothing = krm_text("init", cwd=tmp_path)
    assert nothing.returncode == 2 and all(target in nothing.stderr for target in init.TARGETS)
    unknown = krm_text("init", "kustomise", cwd=tmp_path)
    assert unknown.returncode == 1 and "kustomize" in unknown.stderr and unknown.stdout == ""
    assert krm_text("init", "kpt", "nowhere", cwd=tmp_path).returncode == 1


def test_a_directory_that_may_not_be_written(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        (tmp_path / "istio-inject.yaml").symlink_to(tmp_path / "nowhere" / "x")
        assert krm_text("init", "kpt", cwd=tmp_path).returncode == 1
        assert not (tmp_path / "Kptfile").exists()
        return
    tmp_path.chmod(0o500)
    assert krm_text("init", "kpt", cwd=tmp_path).returncode == 1


@pytest.mark.parametrize("target", ["kustomize", "kpt", "argocd"])
def test_the_function_config_begins_with_the_line_for_editors(target: str, tmp_path: Path) -> None:
    (tmp_path / "web.yaml").write_text(dump(deployment()))
    init.run(target, str(tmp_path), None)
    text = (tmp_path / FUNCTION_FILE).read_text()
    assert text.startswith(function_config.SCHEMA_LINE)
    assert function_config.settings(yaml.safe_load(text)) == function_config.Settings()


@pytest.mark.parametrize(
    ("target", "command"),
    [
        ("kustomize", ["kustomize", "build", "--enable-alpha-plugins", "--enable-exec", "."]),
        ("kpt", ["kpt", "fn", "render", "--allow-exec", "--output", "stdout", "."]),
    ],
)
def test_real_programs_take_what_is_written(
    target: str, command: list[str], tmp_path: Path
) -> None:
    """The line for editors is a comment to them."""
    needs_program(command[0])
    tools, package = tmp_path / "bin", tmp_path / "shop"
    tools.mkdir()
    package.mkdir()
    install_krm_injector(tools)
    objects = [namespace("shop", {"istio-injection": "enabled"}), deployment()]
    (package / "web.yaml").write_text("---\n".join(map(dump, objects)))
    init.run(target, str(package), None)

    path = f"{tools}{os.pathsep}{os.environ['PATH']}"
    variables = {**os.environ, "PATH": path, "HOME": str(tmp_path)}
    done = subprocess.run(
        command, cwd=package, env=variables, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "name: istio-proxy" in done.stdout
    if target == "kpt":
        assert function_config.SCHEMA_LINE in done.stdout, "kpt keeps the comment"
