"""What targets read: nothing is missing, and what belongs to others is left out."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import files
import pytest

from krm_injector.fleet import inputs
from krm_injector.fleet.inputs import Reader
from krm_injector.fleet.model import Cluster, Inputs, Target

DEPLOYMENT = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\n"
OWN = """\
apiVersion: krm-injector.dev/v1alpha1
kind: SidecarInjection
metadata:
  name: istio
  annotations:
    config.kubernetes.io/function: "exec: {path: krm-injector}"
spec:
  mesh: {file: ../meshes/a.yaml}
  images: {file: lock.yaml}
"""
REPOSITORY = {
    "base/kustomization.yaml": "resources: [web.yaml]\n",
    "base/web.yaml": DEPLOYMENT,
    "over/eu/kustomization.yaml": "namespace: us\nresources: [../../base]\n"
    "patches: [{path: p.yaml, target: {name: web}}]\n",
    "over/eu/p.yaml": "{}\n",
    "over/us/kustomization.yaml": "resources: [../../base]\n",
    "mesh.yaml": "{}\n",
}


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return files.write(tmp_path, REPOSITORY)


def read(path: str, kind: Any = "kustomization", *, options: Any = None, **fields: Any) -> Inputs:
    return Reader().inputs(Target("t", kind, path, "", **fields), None, options or {})


def existing(found: Inputs) -> list[str]:
    return [path for path in found.files if os.path.isfile(path)]


# ---------------------------------------------------------------- kustomizations


def test_an_overlay_reads_its_own_files_and_those_of_its_base(repository: Path) -> None:
    found = read("over/eu")

    assert existing(found) == [
        "base/kustomization.yaml", "base/web.yaml", "over/eu/kustomization.yaml", "over/eu/p.yaml",
    ]  # fmt: skip
    assert not any(path.startswith("over/us") for path in found.files)
    assert (found.directories, found.manifests, found.unknown) == ((), (), "")
    assert found.programs == ("kustomize",)


def test_files_that_are_absent_count(repository: Path) -> None:
    (repository / "over/eu/p.yaml").unlink()

    found = read("over/eu")

    assert "over/eu/p.yaml" in found.files
    assert "base/kustomization.yml" in found.files  # a second kustomization is an error
    assert "over/eu/Kustomization" in found.files
    assert "over/eu/istio-inject.yaml" in found.files  # a functionConfig that may come


def test_a_target_that_is_not_there(repository: Path) -> None:
    assert "gone" in read("gone").files


@pytest.mark.parametrize(
    "entry",
    [
        "https://example.com/org/repo//base?ref=v1", "http://example.com/all.yaml",
        "github.com/org/repo/base", "GitHub.com/org/repo", "git@example.com:org/repo.git",
        "ssh://git@example.com/org/repo", "git::https://example.com/org/repo",
        "example.com/org/repo//base", "org-1@example.com:org/repo", "gone.git/base",
    ],
)  # fmt: skip
@pytest.mark.parametrize("field", ["resources", "bases", "components", "transformers"])
def test_what_is_on_another_machine_is_unknown(repository: Path, field: str, entry: str) -> None:
    files.write(repository, {"top/kustomization.yaml": f"{field}: ['{entry}']\n"})

    assert entry in read("top").unknown


def test_what_a_base_fetches_is_unknown_too(repository: Path) -> None:
    files.write(repository, {"base/kustomization.yaml": "openapi: {path: 'https://x.example/s'}\n"})

    assert read("over/eu").unknown == "base is built on https://x.example/s"


@pytest.mark.parametrize(
    "field",
    [
        "commonAnnotations: {docs: 'https://example.com'}",
        "configMapGenerator: [{name: a, literals: ['URL=https://example.com']}]",
        "images: [{name: a, newName: 'https://example.com/a'}]",
        "patches: [{patch: 'https://example.com', target: {kind: A}}]",
        "namespace: base",
    ],
)
def test_what_is_no_path_is_no_input(repository: Path, field: str) -> None:
    files.write(repository, {"top/kustomization.yaml": f"{field}\n", "top/base/x.yaml": "a: b\n"})

    found = read("top")

    assert existing(found) == ["top/kustomization.yaml"]
    assert (found.directories, found.unknown) == ((), "")


def test_a_directory_that_an_unknown_field_names_is_read(repository: Path) -> None:
    files.write(
        repository,
        {
            "top/kustomization.yaml": "later: [{from: parts}, whole]\n",
            "top/parts/a.txt": "", "top/whole/kustomization.yaml": "resources: [b.yaml]\n",
            "top/whole/b.yaml": "{}",
        },
    )  # fmt: skip

    found = read("top")

    assert found.directories == ("top/parts",)
    assert "top/whole/b.yaml" in found.files


def test_a_kustomization_that_is_no_yaml_is_unknown(repository: Path) -> None:
    files.write(repository, {"base/kustomization.yaml": "resources: [\n"})

    assert "base/kustomization.yaml" in read("over/eu").unknown


def test_a_cycle_ends(repository: Path) -> None:
    files.write(repository, {"base/kustomization.yaml": "resources: [../over/eu]\n"})

    assert "is built on itself" in read("over/eu").unknown


def test_configurations_that_no_file_shows_are_unknown(repository: Path) -> None:
    files.write(
        repository,
        {
            "top/kustomization.yaml": "transformers: [../made]\n",
            "made/kustomization.yaml": "configMapGenerator: [{name: a}]\n",
        },
    )

    assert "made" in read("top").unknown


def test_functions_are_unknown_only_where_they_are_allowed(repository: Path) -> None:
    function = OWN.replace("path: krm-injector", "path: ./other")
    files.write(
        repository, {"top/kustomization.yaml": "transformers: [f.yaml]\n", "top/f.yaml": function}
    )

    assert read("top").unknown == ""
    assert "--allow-exec" in read("top", options={"allow_exec": True}).unknown


def test_our_own_function_names_a_mesh_and_a_lock(repository: Path) -> None:
    files.write(
        repository,
        {"base/kustomization.yaml": "transformers: [conf/f.yaml]\n", "base/conf/f.yaml": OWN},
    )

    found = read("over/eu", options={"allow_exec": True})

    assert {"base/conf/f.yaml", "meshes/a.yaml", "base/lock.yaml"} <= set(found.files)
    assert found.unknown == ""


def test_our_own_function_on_path_is_unknown(repository: Path) -> None:
    files.write(repository, {"top/kustomization.yaml": "generators: [f.yaml]\n", "top/f.yaml": OWN})

    assert "the krm-injector on PATH" in read("top").unknown


@pytest.mark.parametrize(
    ("words", "unknown"),
    [
        (("--enable-helm",), False),
        (("--helm-kube-version", "1.30"), False),
        (("--load-restrictor=LoadRestrictionsNone",), False),
        (("--enable-alpha-plugins",), True),
        (("--env", "A=b"), True),
        (("-e", "A=b"), True),
        (("--mount", "type=bind"), True),
    ],
)
def test_options_of_kustomize(repository: Path, words: tuple[str, ...], unknown: bool) -> None:
    target = Target("t", "kustomization", "over/eu", "", options=words)

    assert bool(Reader().inputs(target, None, {}).unknown) is unknown


def test_without_restriction_files_elsewhere_are_read(repository: Path) -> None:
    files.write(
        repository,
        {"top/kustomization.yaml": "configMapGenerator: [{name: m, files: [a=../mesh.yaml]}]\n"},
    )
    target = Target("t", "kustomization", "top", "", options=("--load-restrictor", "X"))

    assert "mesh.yaml" not in Reader().inputs(target, None, {}).files
    free = target._replace(options=("--load-restrictor", "LoadRestrictionsNone"))
    assert "mesh.yaml" in Reader().inputs(free, None, {}).files


def test_an_absolute_path_below_the_directory_is_read(repository: Path) -> None:
    entry = repository / "top/a.txt"
    files.write(
        repository,
        {"top/kustomization.yaml": f"configMapGenerator: [{{name: m, files: ['{entry}']}}]\n"},
    )

    assert "top/a.txt" in read("top").files
    assert str(entry) in read(str(repository / "top")).files


def test_a_link_and_what_it_leads_to_are_read(repository: Path) -> None:
    (repository / "linked").symlink_to("over")

    found = read("linked/eu")

    assert {"linked", "over/eu/p.yaml", "base/web.yaml"} <= set(found.files)
    assert {"linked", "over/eu/p.yaml"} <= set(Reader().paths(found))


def test_links_in_a_circle_are_absent(repository: Path) -> None:
    (repository / "a").symlink_to("b")
    (repository / "b").symlink_to("a")

    assert {"a", "b"} <= set(read("a").files)


# ---------------------------------------------------------------- charts


CHART = {
    "charts/a/Chart.yaml": "name: a\nversion: 1.0.0\n", "charts/a/templates/x.yaml": "{}",
    "charts/a/.helmignore": "*.txt\n", "charts/b/Chart.yaml": "name: b\n",
    "values/prod.yaml": "a: b\n",
}  # fmt: skip


def test_a_chart_reads_all_of_its_directory_and_its_values(repository: Path) -> None:
    files.write(repository, CHART)
    (repository / "charts/a/files").symlink_to("../../shared")
    files.write(repository, {"shared/x.txt": ""})

    found = read("charts/a", "chart", values=("values/prod.yaml", "values/gone.yaml"))

    assert found.directories == ("charts/a", "shared")
    assert {"values/prod.yaml", "values/gone.yaml"} <= set(found.files)
    assert found.programs == ("helm",)
    assert found.unknown == ""


@pytest.mark.parametrize(
    ("words", "unknown", "file"),
    [
        (("--set", "a=b"), False, ""),
        (("--set=a=b", "--include-crds"), False, ""),
        (("-f", "values/prod.yaml"), False, "values/prod.yaml"),
        (("--values=values/prod.yaml,values/b.yaml",), False, "values/b.yaml"),
        (("--set-file", "x=values/script.sh"), False, "values/script.sh"),
        (("--values", "https://example.com/v.yaml"), True, ""),
        (("--post-renderer", "./x"), True, ""),
        (("--dependency-update",), True, ""),
        (("--validate",), True, ""),
    ],
)
def test_options_of_helm(
    repository: Path, words: tuple[str, ...], unknown: bool, file: str
) -> None:
    files.write(repository, CHART)
    found = Reader().inputs(Target("t", "chart", "charts/a", "", options=words), None, {})

    assert bool(found.unknown) is unknown
    assert not file or file in found.files


@pytest.mark.parametrize(
    ("chart", "directories", "unknown"),
    [
        ("helmCharts: [{name: a}]", ("top/charts/a",), False),
        ("helmCharts: [{name: a, repo: 'https://x.example', version: 1.0.0}]", (), True),
        ("helmCharts: [{name: a, repo: 'oci://x.example'}]", ("top/charts/a",), False),
        ("helmCharts: [{name: a, repo: 'https://x.example'}]", ("top/charts/a",), False),
        ("helmCharts: [{name: gone, repo: 'https://x.example'}]", (), True),
        ("helmGlobals: {chartHome: ../charts}\nhelmCharts: [{name: b}]", ("charts/b",), False),
        (
            "helmChartInflationGenerator: [{chartName: b, chartHome: ../charts}]",
            ("charts/b",),
            False,
        ),
        (
            "generators:\n- '{apiVersion: builtin, kind: HelmChartInflationGenerator, "
            "metadata: {name: x}, name: b, chartHome: ../charts}'",
            ("charts/b",),
            False,
        ),
    ],
)
def test_charts_of_a_kustomization(
    repository: Path, chart: str, directories: tuple[str, ...], unknown: bool
) -> None:
    files.write(repository, CHART)
    files.write(repository, {f"top/{name}": text for name, text in CHART.items()})
    files.write(repository, {"top/kustomization.yaml": f"{chart}\n"})

    found = read("top")

    assert found.directories == directories
    assert bool(found.unknown) is unknown
    assert found.programs == ("helm", "kustomize")


# ---------------------------------------------------------------- plain directories, packages


def test_a_plain_directory_reads_its_manifests(repository: Path) -> None:
    files.write(
        repository,
        {
            "plain/a.yaml": DEPLOYMENT, "plain/README.md": "", "plain/.hidden/b.yaml": "",
            "plain/sub/c.json": "{}", "plain/chart/Chart.yaml": "", "plain/chart/values.yaml": "",
            "plain/over/kustomization.yaml": "namePrefix: a\n", "plain/over/d.yaml": "",
            "plain/lists/kustomization.yaml": "resources: [e.yaml, ../../base]\n",
            "plain/lists/e.yaml": DEPLOYMENT,
        },
    )  # fmt: skip
    (repository / "plain/link.yaml").symlink_to("../mesh.yaml")
    reader = Reader()
    found = reader.inputs(Target("t", "directory", "plain", ""), None, {})

    assert found.manifests == ("plain",)
    assert reader.paths(found) == [
        "base/kustomization.yaml", "base/web.yaml", "mesh.yaml", "plain/a.yaml",
        "plain/chart/Chart.yaml", "plain/link.yaml", "plain/lists/e.yaml",
        "plain/lists/kustomization.yaml", "plain/over/kustomization.yaml", "plain/sub/c.json",
    ]  # fmt: skip


def test_the_root_as_a_plain_directory(repository: Path) -> None:
    files.write(repository, {"top.yaml": DEPLOYMENT, ".git/config": "", "over/x.yaml": DEPLOYMENT})
    reader = Reader()
    found = reader.inputs(Target("t", "directory", ".", ""), None, {})

    assert {"top.yaml", "over/x.yaml", "mesh.yaml"} <= set(reader.paths(found))
    assert not any(".git/" in path for path in reader.paths(found))
    assert "over/eu/p.yaml" not in reader.paths(found)


@pytest.mark.parametrize(
    ("pipeline", "unknown", "whole"),
    [
        ("", False, False),
        ("pipeline: {mutators: [{exec: krm-injector, configPath: f.yaml}]}", False, True),
        ("pipeline: {mutators: [{exec: ./run.sh}]}", True, True),
        ("pipeline: {validators: [{image: 'example.com/fn:v1'}]}", True, True),
    ],
)
def test_packages(repository: Path, pipeline: str, unknown: bool, whole: bool) -> None:
    files.write(
        repository,
        {
            "pkg/Kptfile": f"kind: Kptfile\n{pipeline}\n",
            "pkg/f.yaml": OWN,
            "pkg/a.yaml": DEPLOYMENT,
        },
    )
    found = read("pkg", "package")

    assert bool(found.unknown) is unknown
    assert found.manifests == ("pkg",)
    assert found.directories == (("pkg",) if whole else ())
    assert ("meshes/a.yaml" in found.files) is ("krm-injector" in pipeline)


# ---------------------------------------------------------------- options of krm-injector


def test_what_options_name(repository: Path) -> None:
    files.write(repository, {"conf/f.yaml": OWN, "ns/eu.yaml": "kind: Namespace\n"})
    options = {
        "mesh": ("mesh.yaml",), "context": ("ns",), "config": "conf/f.yaml",
        "from_mesh": "old.yaml", "to_mesh": "new.yaml", "kustomize": "./bin/kustomize",
    }  # fmt: skip

    found = read("over/eu", options=options)

    assert found.manifests == ("ns",)
    assert {
        "mesh.yaml", "conf/f.yaml", "meshes/a.yaml", "conf/lock.yaml", "old.yaml", "new.yaml",
        "bin/kustomize",
    } <= set(found.files)  # fmt: skip


def test_a_directory_of_context_is_read_with_its_kustomizations(repository: Path) -> None:
    files.write(
        repository,
        {
            "ns/a.yaml": "", "ns/README.md": "", "ns/k/kustomization.yaml": "", "ns/k/b.yaml": "",
            "ns/k/deep/c.yaml": "", "ns/chart/Chart.yaml": "", "ns/chart/d.yaml": "",
            "ns/.hidden/e.yaml": "",
        },
    )  # fmt: skip
    (repository / "ns/link.yaml").symlink_to("../mesh.yaml")
    (repository / "ns/link.md").symlink_to("../over/eu/p.yaml")
    reader = Reader()
    found = reader.inputs(Target("t", "kustomization", "base", ""), None, {"context": ("ns",)})

    assert set(reader.paths(found)) == {
        "base/kustomization.yaml", "base/web.yaml", "ns/a.yaml", "ns/k/kustomization.yaml",
        "ns/k/b.yaml", "ns/k/deep/c.yaml", "ns/chart/Chart.yaml", "ns/link.yaml", "mesh.yaml",
    }  # fmt: skip


def test_what_the_cluster_names(repository: Path) -> None:
    cluster = Cluster("eu", ("mesh.yaml",), ("ns.yaml",), "conf/f.yaml")
    target = Target("t", "kustomization", "over/eu", "", named_in=("./fleet.yaml",))

    found = inputs.inputs(target, cluster, {})
    assert {"mesh.yaml", "ns.yaml", "conf/f.yaml"} <= set(found.files)
    assert found.named_in == ("fleet.yaml",)

    other = inputs.inputs(target, cluster, {"mesh": ("other.yaml",)})
    assert "other.yaml" in other.files
    assert "mesh.yaml" not in other.files


def test_the_functionconfig_of_init_is_read(repository: Path) -> None:
    files.write(repository, {"over/eu/istio-inject.yaml": OWN})

    assert {"over/meshes/a.yaml", "over/eu/lock.yaml"} <= set(read("over/eu").files)


# ---------------------------------------------------------------- many


def test_a_thousand_overlays_read_their_bases_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    tree: dict[str, str] = {}
    for base in range(20):
        tree |= {f"base/{base}/{number}.yaml": "a: b\n" for number in range(10)}
        names = "".join(f"- {number}.yaml\n" for number in range(10))
        tree[f"base/{base}/kustomization.yaml"] = f"resources:\n{names}"
    for overlay in range(1000):
        tree[f"over/{overlay}/kustomization.yaml"] = (
            f"resources: [../../base/{overlay % 20}]\npatches: [{{path: p.yaml}}]\n"
        )
        tree[f"over/{overlay}/p.yaml"] = "a: b\n"
    files.write(tmp_path, tree)

    reader = Reader()
    before = time.process_time()
    found = [
        reader.inputs(Target(f"t{number}", "kustomization", f"over/{number}", ""), None, {})
        for number in range(1000)
    ]
    assert time.process_time() - before < 1.5

    for number, each in enumerate(found):
        own = [f"over/{number}/kustomization.yaml", f"over/{number}/p.yaml"]
        assert sorted(path for path in existing(each) if path.startswith("over/")) == own


def test_a_plain_directory_reads_the_ignore_files_of_its_repository(repository: Path) -> None:
    files.write(
        repository,
        {
            ".git/HEAD": "", ".gitignore": "a\n", "x/.krm-injector-ignore": "b\n",
            "x/plain/a.yaml": DEPLOYMENT, "x/plain/sub/.gitignore": "c\n",
            "x/plain/.h/.gitignore": "",
        },
    )  # fmt: skip
    reader = Reader()
    found = reader.inputs(Target("t", "directory", "x/plain", ""), None, {})
    assert reader.paths(found) == [
        ".gitignore", "x/.krm-injector-ignore", "x/plain/a.yaml", "x/plain/sub/.gitignore",
    ]  # fmt: skip
