"""What init writes of what its options say of the cluster, and what it says where none does."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml
from command import krm_text
from files import tree, write

BASE = {"kustomization.yaml": "resources:\n- web.yaml\n"}
WEB = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: a.example/web}]}
"""
NAMESPACES = """\
apiVersion: v1
kind: Namespace
metadata:
  name: shop
  labels: {istio.io/rev: "1-30", team: a}
  annotations: {openshift.io/sa.scc.uid-range: 1000/10000, note: x}
---
apiVersion: v1
kind: Namespace
metadata: {name: other}
"""
MESH = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: istio, namespace: istio-system}
data: {mesh: "{}"}
"""
ENABLED = ("--namespace-labels", "shop=istio-injection=enabled")


def overlay(tmp_path: Path) -> Path:
    files = {
        **{f"base/{name}": text for name, text in BASE.items()},
        "base/web.yaml": WEB,
        "o/prod/kustomization.yaml": "namespace: shop\nresources: [../../base]\n",
        "namespaces.yaml": NAMESPACES,
        "mesh/mesh.yaml": MESH,
    }
    return write(tmp_path, files)


def init(work: Path, *words: str, code: int = 0) -> str:
    """What init prints, or its messages where it is refused."""
    done = krm_text("init", *words, cwd=work)
    assert done.returncode == code, done.stderr
    return done.stderr if code else done.stdout


def spec(work: Path, path: str = "o/prod/istio-inject.yaml") -> dict[str, Any]:
    value: dict[str, Any] = yaml.safe_load((work / path).read_text())["spec"]
    return value


def test_the_options_become_fields(tmp_path: Path) -> None:
    work = overlay(tmp_path)
    init(work, "kustomize", "--mesh", "mesh/mesh.yaml", "--mesh-version", "1.30.3", "--namespace",
         "x", *ENABLED, "o/prod")  # fmt: skip
    assert spec(work) == {
        "method": "automatic",
        "defaultNamespace": "x",
        "namespaces": [{"name": "shop", "labels": {"istio-injection": "enabled"}}],
        "mesh": {"file": "../../mesh/mesh.yaml", "version": "1.30.3"},
    }


def test_a_link_to_the_directory_leads_to_the_mesh_file_too(tmp_path: Path) -> None:
    work = overlay(tmp_path)
    (work / "deep" / "er").mkdir(parents=True)
    (work / "deep" / "er" / "link").symlink_to(work / "o" / "prod")
    init(work, "kustomize", "--mesh", "mesh/mesh.yaml", "deep/er/link")
    assert spec(work)["mesh"] == {"file": "../../mesh/mesh.yaml"}


def test_a_mesh_file_outside_the_repository_is_told(tmp_path: Path) -> None:
    work = overlay(tmp_path)
    words = ("kustomize", "--mesh", "mesh/mesh.yaml", "o/prod")
    assert "outside the repository" not in init(work, *words)
    (work / "o" / ".git").mkdir()
    report = init(work, *words)
    assert f"A mesh file outside the repository {work}/o: mesh/mesh.yaml. Nobody" in report
    (work / ".git").mkdir()
    (work / "o" / ".git").rmdir()
    assert "outside the repository" not in init(work, *words)


def test_of_a_context_the_namespaces_count_that_are_used(tmp_path: Path) -> None:
    work = overlay(tmp_path)
    init(work, "kustomize", "--context", "namespaces.yaml", "o/prod")
    (entry,) = spec(work)["namespaces"]
    assert entry == {
        "name": "shop",
        "labels": {"istio.io/rev": "1-30", "team": "a"},
        "annotations": {"openshift.io/sa.scc.uid-range": "1000/10000"},
    }
    assert "mesh" not in spec(work)


def test_a_context_with_a_mesh_gives_its_file(tmp_path: Path) -> None:
    work = overlay(tmp_path)
    init(work, "kustomize", "--context", ".", "o/prod")
    assert spec(work)["mesh"] == {"file": "../../mesh/mesh.yaml"}
    assert [entry["name"] for entry in spec(work)["namespaces"]] == ["shop"]


def test_where_no_workload_names_a_namespace_all_of_the_context_count(tmp_path: Path) -> None:
    work = overlay(tmp_path)
    report = init(work, "kustomize", "--context", "namespaces.yaml", "base")
    names = [entry["name"] for entry in spec(work, "base/istio-inject.yaml")["namespaces"]]
    assert names == ["shop", "other"]
    assert "--namespace NAME --namespace-labels NAME=istio-injection=enabled" in report


def test_what_options_add_to_a_functionconfig_that_is_there(tmp_path: Path) -> None:
    work = overlay(tmp_path)
    config = init(work, "kustomize", "o/prod")
    assert "krm-injector init kustomize --namespace-labels shop=istio-injection=enabled" in config
    path = work / "o" / "prod" / "istio-inject.yaml"
    path.write_text(path.read_text() + "  record: false  # mine\n")
    report = init(work, "kustomize", *ENABLED, "o/prod")
    assert "added to o/prod/istio-inject.yaml" in report and "# mine" in path.read_text()
    assert spec(work)["record"] is False and spec(work)["namespaces"][0]["name"] == "shop"
    assert "no file here states" not in report
    assert "nothing to write" in init(work, "kustomize", *ENABLED, "o/prod")


def test_they_are_added_to_the_file_that_the_kustomization_names(tmp_path: Path) -> None:
    work = overlay(tmp_path)
    init(work, "kustomize", "o/prod")
    (work / "o" / "prod" / "istio-inject.yaml").rename(work / "o" / "prod" / "mesh.yaml")
    kustomization = work / "o" / "prod" / "kustomization.yaml"
    kustomization.write_text(kustomization.read_text().replace("istio-inject", "mesh"))
    init(work, "kustomize", *ENABLED, "o/prod")
    assert spec(work, "o/prod/mesh.yaml")["namespaces"][0]["name"] == "shop"
    assert not (work / "o" / "prod" / "istio-inject.yaml").exists()


@pytest.mark.parametrize(
    ("words", "field"),
    [
        (("--namespace-labels", "shop="), "spec.namespaces[0].labels"),
        (("--mesh-version", "1.29.1"), "spec.mesh.version"),
        (("--namespace", "y"), "spec.defaultNamespace"),
    ],
)
def test_what_is_there_is_never_changed(tmp_path: Path, words: tuple[str, ...], field: str) -> None:
    work = overlay(tmp_path)
    init(work, "kustomize", *ENABLED, "--mesh-version", "1.30.3", "--namespace", "x", "o/prod")
    before = tree(work)
    assert f"its {field} is" in init(work, "kustomize", *words, "o/prod", code=1)
    assert tree(work) == before


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("kustomize", "--mesh", "base/web.yaml"), 1, "[mesh-missing]"),
        (("kustomize", "--mesh", "no.yaml"), 1, "[input-unreadable]"),
        (("kustomize", "--context", "base"), 1, "[context-empty]"),
        (("kustomize", *ENABLED, "--namespace-labels", "shop="), 1, "twice, differently"),
        (("kpt", "--mesh", "mesh/mesh.yaml"), 2, "a function of kpt finds no mesh file"),
        (("kustomize", "--image", "i", "--mesh", "mesh/mesh.yaml"), 2, "in a container"),
        (("pre-commit", *ENABLED), 2, "writes no functionConfig: leave --namespace-labels out"),
        (("github-action", "--mesh-version", "1.30"), 2, "leave --mesh-version out"),
    ],
)
def test_what_cannot_be_written_is_refused(
    tmp_path: Path, words: tuple[str, ...], code: int, says: str
) -> None:
    work = overlay(tmp_path)
    before = tree(work)
    assert says in init(work, *words, "o/prod", code=code)
    assert tree(work) == before


def test_a_context_of_other_namespaces_is_refused(tmp_path: Path) -> None:
    work = overlay(tmp_path)
    write(work, {"namespaces.yaml": NAMESPACES.replace("shop", "else")})
    said = init(work, "kustomize", "--context", "namespaces.yaml", "o/prod", code=1)
    assert "none of the Namespaces that are used here (shop), only else, other" in said


def test_a_namespace_that_a_manifest_describes_needs_no_note(tmp_path: Path) -> None:
    work = write(tmp_path, {"web.yaml": NAMESPACES + "---\n" + WEB.replace(
        "{name: web}\nspec", "{name: web, namespace: shop}\nspec")})  # fmt: skip
    assert "decide who is injected" not in init(work, "kustomize")
    other = WEB.replace("{name: web}\nspec", "{name: w, namespace: b}\nspec")
    write(work, {"kustomization.yaml": "resources: [web.yaml, b.yaml]\n", "b.yaml": other})
    assert "The labels of Namespace b decide who is injected" in init(work, "kustomize")


def test_the_annotations_of_helm_s_command_name_the_namespace(tmp_path: Path) -> None:
    work = write(tmp_path, {"Chart.yaml": "name: web\n"})
    report = init(work, "helm", *ENABLED)
    assert "helm template RELEASE . -n shop " in report and "NAMESPACE" not in report
    (tmp_path / "b").mkdir()
    assert "put the release's for NAMESPACE" in init(tmp_path / "b", "helm")


def test_a_new_kustomization_holds_what_commands_read(tmp_path: Path) -> None:
    work = write(tmp_path, {
        "web.yaml": WEB, "deep/er/db.yaml": WEB.replace("name: web}\nspec", "name: db}\nspec"),
        "package.json": "{}", "values.yaml": "a: 1\n", "broken.yaml": "apiVersion: v1\nkind: [\n",
        "k/kustomization.yaml": "resources: [a.yaml]\n", "k/a.yaml": WEB,
        "chart/Chart.yaml": "name: x\n", "chart/templates/a.yaml": "{{ x }}\n",
    })  # fmt: skip
    report = init(work, "kustomize", *ENABLED, f"{work}/")
    made = yaml.safe_load((work / "kustomization.yaml").read_text())
    assert made["resources"] == ["broken.yaml", "deep/er/db.yaml", "k", "web.yaml"]
    left_out = "package.json, values.yaml (no manifests of Kubernetes); chart (Helm charts)"
    assert f"Not among its resources: {left_out}" in report


def test_a_directory_of_kustomizations_is_not_made_one(tmp_path: Path) -> None:
    work = overlay(tmp_path)
    write(work, {"o/test/kustomization.yaml": "resources: [../../base]\n"})
    before = tree(work)
    said = init(work, "kustomize", "o", code=1)
    assert "below it: o/prod, o/test. Wire each that is built by itself: krm-injector init " in said
    assert "kustomize o/prod [input-ambiguous]" in said and tree(work) == before


def test_a_chart_is_no_kustomization(tmp_path: Path) -> None:
    work = write(tmp_path, {"Chart.yaml": "name: web\n", "templates/web.yaml": WEB})
    before = tree(work)
    assert "krm-injector init helm . [input-chart]" in init(work, "kustomize", code=1)
    assert tree(work) == before


def test_what_init_says_to_add_can_be_pasted(tmp_path: Path) -> None:
    """The command names the directory: else it would write into the one that people are in."""
    write(
        tmp_path, {"my app/web.yaml": WEB.replace("name: web}", "name: web, namespace: shop}", 1)}
    )
    told = init(tmp_path, "kustomize", "my app")
    (command,) = [line for line in told.splitlines() if "init kustomize --namespace-labels" in line]
    words = shlex.split(command)[2:]
    assert words[-1] == "my app"

    init(tmp_path, *words)
    assert sorted(tree(tmp_path)) == [
        f"my app/{name}" for name in ("istio-inject.yaml", "kustomization.yaml", "web.yaml")
    ]
    assert b"istio-injection: enabled" in tree(tmp_path)["my app/istio-inject.yaml"]

    told = init(tmp_path / "my app", "kustomize", ".")
    assert "init kustomize" not in told
