"""The functions as a catalogue, and every example of every function by the real kpt and the real
kustomize, twice.

tests/e2e/test_catalog.py does the same with the container image. What .expected/ holds:
tests/e2e/catalog.py. New expectations, where they are meant:

    pytest tests/project/test_examples.py --snapshot-update
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from e2e import catalog
from e2e.real_programs import (
    Programs,
)
from files import tree
from jsonschema import Draft202012Validator
from paths import ROOT
from pytest_snapshot.plugin import Snapshot

from krm_injector import function_config

FUNCTIONS = [ROOT / "functions" / name for name in catalog.FUNCTIONS]
KINDS = {
    "istio-inject": ("SidecarInjection", "mutator"),
    "eject": ("SidecarEjection", "mutator"),
    "verify": ("SidecarVerification", "validator"),
    "check": ("InjectionCheck", "validator"),
}
ALL = pytest.mark.parametrize("example", catalog.EXAMPLES, ids=catalog.title)
EACH = pytest.mark.parametrize("function", FUNCTIONS, ids=lambda path: path.name)


# ---------------------------------------------------------------- the form


@EACH
def test_a_function_s_readme(function: Path) -> None:
    text = (function / "README.md").read_text()
    assert text.startswith(f"# {function.name}\n")
    assert re.findall(r"^##+ .*$", text, re.MULTILINE) == [
        "## Overview",
        "## Usage",
        "### FunctionConfig",
        "## Examples",
    ]
    assert re.findall(r"<!--(.*?)-->", text) == ["mdtogo:Short", "mdtogo", "mdtogo:Long", "mdtogo"]
    listed = re.findall(r"^- \[(.*)\]\(examples/(.*)\): ", text, re.MULTILINE)
    assert [
        (name, name) for name in sorted(path.name for path in (function / "examples").iterdir())
    ] == sorted(listed)
    (block,) = [
        block
        for block in re.findall(r"^```yaml\n(.*?)^```$", text, re.M | re.S)
        if "\nspec:" in block
    ]
    value = yaml.safe_load(block)
    assert value["kind"] == KINDS[function.name][0]
    function_config.settings(value)
    for link in re.findall(r"\]\(([^)#]+)", text):
        assert (function / link).exists(), link


@EACH
def test_a_function_s_metadata(function: Path) -> None:
    value = yaml.safe_load((function / "metadata.yaml").read_text())
    assert set(value) == {
        "image", "description", "tags", "sourceURL", "examplePackageURLs", "emails", "license",
    }  # fmt: skip
    assert (
        "Apache License" in (ROOT / "LICENSE").read_text()[:200]
        and value["license"] == "Apache-2.0"
    )
    assert value["tags"][0] == KINDS[function.name][1]
    assert (
        value["image"] == "localhost/krm-injector"
        and value["image"] in (ROOT / "docs" / "container.md").read_text()
    )
    home, found, path = value["sourceURL"].partition("/tree/main/")
    assert found and path == f"functions/{function.name}"
    examples = sorted((function / "examples").iterdir())
    assert value["examplePackageURLs"] == [
        f"{home}/tree/main/{path.relative_to(ROOT)}" for path in examples
    ]


def test_the_index_of_the_functions() -> None:
    text = (ROOT / "functions" / "README.md").read_text()
    rows = re.findall(r"^\| \[(.*?)\]\((.*?)\) \| `(\w+)`.* \| (\w+): ", text, re.MULTILINE)
    assert rows == [(name, name, *KINDS[name]) for name in catalog.FUNCTIONS]


@EACH
def test_a_function_s_schema(function: Path) -> None:
    assert (function / "schema.json").read_bytes() == Path(function_config.SCHEMA_FILE).read_bytes()


@ALL
def test_an_example_is_a_package_and_a_kustomization(example: Path) -> None:
    kptfile = yaml.safe_load((example / "Kptfile").read_text())
    assert kptfile["metadata"]["name"] == example.name
    assert (
        (example / "README.md")
        .read_text()
        .startswith(f"# {catalog.title(example).replace('/', ': ')}\n")
    )
    assert (example / ".krmignore").read_text() == ".expected\n"
    assert catalog.config(example)["allowExec"] is True
    assert (example / ".expected" / "results.yaml").exists()
    schema = Draft202012Validator(json.loads(Path(function_config.SCHEMA_FILE).read_text()))
    configs = _function_configs(example)
    assert (
        KINDS[example.parent.parent.name][0] in {value["kind"] for value in configs}
        or example.name == "imperative"
    )
    for value in configs:
        schema.validate(value)
        function_config.settings(value)
    _pipeline_and_transformers_agree(example)


def _function_configs(example: Path) -> list[dict[str, Any]]:
    values = [
        yaml.safe_load(path.read_text())
        for path in sorted(example.rglob("*.yaml"))
        if _names_a_function(path)
    ]
    return [
        value
        for value in values
        if "config.kubernetes.io/function" in value["metadata"]["annotations"]
    ]


def _names_a_function(path: Path) -> bool:
    return "\n    config.kubernetes.io/function: |\n" in path.read_text()


def _pipeline_and_transformers_agree(example: Path) -> None:
    for path in [example / "Kptfile", *example.glob("*/Kptfile")]:
        pipeline = yaml.safe_load(path.read_text()).get("pipeline") or {}
        steps = [
            step["configPath"]
            for part in ("mutators", "validators")
            for step in pipeline.get(part, ())
        ]
        transformers = yaml.safe_load((path.parent / "kustomization.yaml").read_text()).get(
            "transformers", []
        )
        assert steps == transformers or example.name == "imperative"


# ---------------------------------------------------------------- by the real programs


@pytest.mark.slow
@ALL
def test_kpt(programs: Programs, example: Path, tmp_path: Path, snapshot: Snapshot) -> None:
    snapshot.snapshot_dir = example / ".expected"
    work = catalog.copy(example, tmp_path)
    first = catalog.kpt(programs, work)
    assert catalog.config(example).get("stdErr", "") in first.done.err
    snapshot.assert_match(first.results, "results.yaml")
    if first.diff or (example / ".expected" / "diff.patch").exists():
        snapshot.assert_match(first.diff, "diff.patch")
    assert not (first.diff and first.done.code), "a function that fails changes nothing"
    if first.done.code == 0:
        assert catalog.kpt(programs, work).diff == first.diff, "a second run changes nothing"


@pytest.mark.slow
@ALL
def test_kustomize(programs: Programs, example: Path, tmp_path: Path, snapshot: Snapshot) -> None:
    snapshot.snapshot_dir = example / ".expected"
    work = catalog.copy(example, tmp_path / "kustomize")
    before = tree(work)
    done = catalog.build(programs, work)
    assert tree(work) == before
    assert catalog.config(example).get("stdErr", "") in done.err
    if done.code:
        assert done.out == b"", "a function that fails prints nothing"
        return
    assert catalog.build(programs, work).out == done.out
    if (example / ".expected" / "kustomize.yaml").exists():
        snapshot.assert_match(done.out.decode(), "kustomize.yaml")
    else:
        package = catalog.copy(example, tmp_path / "kpt")
        catalog.kpt(programs, package)
        assert catalog.applied([done.out]) == catalog.package(package), "both make the same"
    assert catalog.build_again(programs, work, done.out) == done.out, (
        "a second pass changes nothing"
    )


@pytest.mark.slow
@ALL
def test_commands_of_the_readme(programs: Programs, example: Path, tmp_path: Path) -> None:
    text = (example / "README.md").read_text()
    commands = re.findall(r"^    (\S.*)$", text, re.MULTILINE)
    assert {"kpt", "kustomize"} <= {command.split()[0] for command in commands}
    work = catalog.copy(example, tmp_path)
    for command in commands:
        programs.need(command.split()[0]) if command.split()[0] != "krm-injector" else None
        code = 0 if "explain" in command else catalog.config(example).get("exitCode", 0)
        programs.run(["sh", "-c", command], work, code)


def test_without_an_orchestrator_it_is_the_same(programs: Programs, tmp_path: Path) -> None:
    for name in ("httpbin", "mesh-in-bundle"):
        example = ROOT / "functions" / "istio-inject" / "examples" / name
        work = catalog.copy(example, tmp_path)
        out = programs.run(
            [f"{programs.own}/krm-injector", "inject", "--config", "istio-inject.yaml", "base"],
            work,
        ).out
        catalog.kpt(programs, work)
        assert catalog.applied([out]) == catalog.package(work)


def test_httpbin_is_injected_where_it_should_be(programs: Programs) -> None:
    example = ROOT / "functions" / "istio-inject" / "examples" / "httpbin"
    out = programs.run(
        [f"{programs.own}/krm-injector", "explain", "--output", "json", "base"], example
    ).out
    entries = {
        (e["kind"], e["namespace"], e["name"]): e["injected"] for e in json.loads(out)["workloads"]
    }
    assert entries == {
        ("Deployment", "shop", "httpbin"): True,
        ("StatefulSet", "shop", "store"): True,
        ("DaemonSet", "shop", "log-agent"): True,
        ("Job", "shop", "import"): True,
        ("CronJob", "shop", "report"): True,
        ("Deployment", "shop", "httpbin-plain"): False,
        ("DaemonSet", "shop", "node-agent"): False,
        ("Deployment", "lab", "httpbin"): False,
    }


def test_the_overlay_s_sidecar_is_told_the_final_name() -> None:
    example = ROOT / "functions" / "istio-inject" / "examples" / "overlay"
    text = (example / ".expected" / "kustomize.yaml").read_text()
    assert "kubernetes://apis/apps/v1/namespaces/shop/deployments/prod-web" in text
    assert "image: registry.example/nginx:1.27.4-alpine" in text


def test_a_subpackage_without_the_statement_fails(programs: Programs, tmp_path: Path) -> None:
    """What the example proves: its functionConfig is needed."""
    work = catalog.copy(ROOT / "functions" / "istio-inject" / "examples" / "subpackage", tmp_path)
    path = work / "web" / "istio-inject.yaml"
    path.write_text(path.read_text().partition("spec:")[0])
    for command in (
        ["kpt", "fn", "render", "--allow-exec"],
        ["kustomize", "build", "--enable-alpha-plugins", "--enable-exec"],
    ):
        assert "Namespace shop is not in the bundle" in programs.run(command, work, 1).err


def test_a_build_is_verified_with_the_mesh_that_kustomize_kept(
    programs: Programs, tmp_path: Path
) -> None:
    """docs/kustomize.md: what is marked local-config is not in what kustomize prints."""
    work = catalog.copy(
        ROOT / "functions" / "istio-inject" / "examples" / "mesh-in-bundle", tmp_path
    )
    (work / "all.yaml").write_bytes(catalog.build(programs, work).out)
    verify = [f"{programs.own}/krm-injector", "verify", "--config", "istio-inject.yaml", "all.yaml"]
    programs.run([*verify, "--context", "base"], work)
    programs.run([*verify, "--mesh", "base/mesh.yaml"], work)
    assert "verify-mesh-changed" in programs.run(verify, work, 1).err


# ---------------------------------------------------------------- validators: of kustomize


def test_what_kustomize_takes_under_validators(programs: Programs, tmp_path: Path) -> None:
    """A function that passes is refused (docs/kustomize.md); one that fails is told. Should the
    first end one day, the examples can use validators:.
    """
    for name, said in (
        ("passing", "validator shouldn't modify the resource map"),
        ("shop", "must be injected"),
    ):
        work = catalog.copy(ROOT / "functions" / "check" / "examples" / name, tmp_path)
        path = work / "kustomization.yaml"
        path.write_text(path.read_text().replace("transformers:", "validators:"))
        done = programs.run(
            ["kustomize", "build", "--enable-alpha-plugins", "--enable-exec", "."], work, 1
        )
        assert said in done.err and done.out == b""
