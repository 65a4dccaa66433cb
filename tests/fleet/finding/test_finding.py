"""What is found without a fleet file, and what is no target."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from fleet.trees import (
    DEPLOYMENT,
    Finder,
    kinds,
    kustomization,
    messages,
    names,
    passed_over,
    target,
)

from krm_injector.fleet import finding
from krm_injector.model import Refused

BASE = {"base/kustomization.yaml": kustomization("web.yaml"), "base/web.yaml": DEPLOYMENT}


# ---------------------------------------------------------------- kustomizations


def test_what_nothing_includes_is_a_target(finder: Finder) -> None:
    fleet = finder.find({
        **BASE,
        "overlays/prod/kustomization.yml": kustomization("../../base"),
        "overlays/dev/Kustomization": kustomization("../../base"),
    })  # fmt: skip
    assert kinds(fleet) == {"overlays/dev": "kustomization", "overlays/prod": "kustomization"}
    assert target(fleet, "overlays/dev").why.startswith("overlays/dev/Kustomization;")
    why = passed_over(fleet)["base"]
    assert why == "overlays/dev/Kustomization:4 names it, and 1 more kustomization"
    assert not fleet.results


@pytest.mark.parametrize(
    "field", ["bases", "components", "generators", "transformers", "validators"]
)
def test_every_field_includes(finder: Finder, field: str) -> None:
    fleet = finder.find({**BASE, "prod/kustomization.yaml": kustomization(**{field: "[../base]"})})
    assert names(fleet) == ["prod"]


def test_a_component_is_no_target(finder: Finder) -> None:
    fleet = finder.find({**BASE, "extra/kustomization.yaml": kustomization(kind="Component")})
    assert names(fleet) == ["base"]
    assert passed_over(fleet)["extra"] == "extra/kustomization.yaml is a Component"


def test_a_cycle_is_an_error_beside_the_targets(finder: Finder) -> None:
    fleet = finder.find({
        **BASE,
        "x/kustomization.yaml": kustomization("../y"),
        "y/kustomization.yaml": kustomization("../x", "../z"),
        "z/kustomization.yaml": kustomization(),
    })  # fmt: skip
    assert names(fleet) == ["base"]
    (message,) = messages(fleet)
    assert "x -> y -> x" in message or "y -> x -> y" in message
    assert set(passed_over(fleet)) == {"x", "y", "z"}


def test_what_only_an_unused_component_names_is_in_no_cycle(finder: Finder) -> None:
    fleet = finder.find({
        **BASE,
        "part/kustomization.yaml": kustomization("../inner", kind="Component"),
        "inner/kustomization.yaml": kustomization(),
    })  # fmt: skip
    assert names(fleet) == ["base"] and messages(fleet) == []
    assert passed_over(fleet)["inner"] == "part/kustomization.yaml:4 names it"


def test_only_cycles_are_no_empty_answer(finder: Finder) -> None:
    fleet = finder.find({"x/kustomization.yaml": kustomization("../x")})
    assert not fleet.targets
    assert {result.code for result in fleet.results} == {"fleet-cycle", "fleet-empty"}


def test_a_kustomization_that_cannot_be_read_is_a_target_all_the_same(finder: Finder) -> None:
    fleet = finder.find({**BASE, "bad/kustomization.yaml": "resources: [\n"})
    assert names(fleet) == ["bad", "base"]
    (message,) = messages(fleet, "warning")
    assert message.startswith("bad/kustomization.yaml:")


def test_an_inflated_chart_is_no_target(finder: Finder) -> None:
    fleet = finder.find({
        "app/kustomization.yaml": "helmCharts:\n- name: shop\n",
        "app/charts/shop/Chart.yaml": "name: shop\n",
    })  # fmt: skip
    assert names(fleet) == ["app"]
    assert "helmCharts" in passed_over(fleet)["app/charts/shop"]


# ---------------------------------------------------------------- charts and packages


def test_a_chart_and_its_values(finder: Finder) -> None:
    fleet = finder.find({
        "shop/Chart.yaml": "name: shop\n",
        "shop/values.yaml": "a: 1\n",
        "shop/values-prod.yaml": "a: 2\n",
        "shop/dev-values.yaml": "a: 3\n",
        "shop/templates/web.yaml": "{{ .x }}\n",
        "shop/charts/db/Chart.yaml": "name: db\n",
        "lib/Chart.yaml": "name: lib\ntype: library\n",
        "dep/Chart.yaml": "name: dep\n",
        "top/Chart.yaml": "name: top\ndependencies:\n- name: dep\n  repository: file://../dep\n",
    })  # fmt: skip
    assert names(fleet) == ["shop", "shop@dev-values", "shop@values-prod", "top"]
    assert target(fleet, "shop@values-prod").values == ("shop/values-prod.yaml",)
    assert target(fleet, "shop@values-prod").path == "shop"
    assert passed_over(fleet) == {
        "dep": "top/Chart.yaml:4 depends on it",
        "lib": "lib/Chart.yaml has type: library",
        "shop/charts/db": "it is in the chart shop",
    }


def test_the_outermost_package_is_a_target(finder: Finder) -> None:
    fleet = finder.find({
        "pkg/Kptfile": "apiVersion: kpt.dev/v1\nkind: Kptfile\n",
        "pkg/web.yaml": DEPLOYMENT,
        "pkg/db/Kptfile": "apiVersion: kpt.dev/v1\nkind: Kptfile\n",
        "pkg/db/db.yaml": DEPLOYMENT,
        "both/Kptfile": "apiVersion: kpt.dev/v1\nkind: Kptfile\n",
        "both/kustomization.yaml": kustomization(),
    })  # fmt: skip
    assert kinds(fleet) == {"both": "kustomization", "pkg": "package"}
    assert passed_over(fleet) == {"pkg/db": "it is in the package pkg"}


# ---------------------------------------------------------------- plain directories


def test_the_topmost_directory_of_manifests(finder: Finder) -> None:
    fleet = finder.find({
        "manifests/web.yaml": DEPLOYMENT,
        "manifests/more/db.json": '{"apiVersion": "v1", "kind": "Service"}',
        "other/deep/web.yaml": DEPLOYMENT,
        "docs/notes.yaml": "title: no manifest\n",
        "mkdocs.yml": "site_name: x\n",
        "tools/skaffold.yaml": "apiVersion: skaffold/v4beta6\nkind: Config\nbuild: {}\n",
    })  # fmt: skip
    assert kinds(fleet) == {"manifests": "directory", "other/deep": "directory"}


def test_manifests_beside_what_is_rendered_are_told(finder: Finder) -> None:
    fleet = finder.find({**BASE, "namespace.yaml": DEPLOYMENT, "more/web.yaml": DEPLOYMENT})
    assert names(fleet) == ["base", "more"]
    (message,) = messages(fleet, "warning")
    assert message.startswith(". holds the manifest namespace.yaml, which no target renders")


def test_files_below_a_kustomization_are_its_own(finder: Finder) -> None:
    fleet = finder.find({
        "kustomization.yaml": kustomization("parts/web.yaml"),
        "parts/web.yaml": DEPLOYMENT,
        "samples/web.yaml": DEPLOYMENT,
    })  # fmt: skip
    assert names(fleet) == ["root"]
    assert passed_over(fleet) == {
        "samples": "it is below the kustomization ., which does not name it"
    }


def test_what_is_there_for_others_is_no_manifest(finder: Finder) -> None:
    flux = "apiVersion: source.toolkit.fluxcd.io/v1\n"
    own = "apiVersion: krm-injector.dev/v1alpha1\n"
    mesh = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: istio-sidecar-injector}\n"
    fleet = finder.find({
        **BASE,
        "mesh/istio.yaml": f"{mesh}data: {{config: x}}\n",
        "flux/apps.yaml": f"{flux}kind: GitRepository\nspec: {{}}\n",
        "inject/config.yaml": f"{own}kind: SidecarInjection\nspec: {{}}\n",
    })  # fmt: skip
    assert names(fleet) == ["base"]
    assert set(passed_over(fleet)) == {"mesh", "flux", "inject"}


def test_a_broken_manifest_is_a_target_all_the_same(finder: Finder) -> None:
    """Its rendering fails. If it were passed over, its output would be removed, with exit 0."""
    broken = "apiVersion: apps/v1\nkind: Deployment\nmetadata: [\n"
    fleet = finder.find({**BASE, "x/web.yaml": broken})
    assert names(fleet) == ["base", "x"]


def test_a_directory_may_have_the_name_of_a_manifest(finder: Finder) -> None:
    text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"
    assert names(finder.find({"one.yaml/a.yaml": text, "Kptfile/a.yaml": text})) == [
        "Kptfile", "one.yaml",
    ]  # fmt: skip


def test_a_file_that_cannot_be_read_is_a_warning(finder: Finder) -> None:
    fleet = finder.find({**BASE, "x/t.yaml": "apiVersion: v1\nkind: {{ .kind }}\n"})
    assert names(fleet) == ["base"]
    (message,) = messages(fleet, "warning")
    assert message.startswith("x/t.yaml:2")


# ---------------------------------------------------------------- what is not looked at


def test_ignore_files_of_all_levels(finder: Finder) -> None:
    tree = {f"{path}/kustomization.yaml": kustomization() for path in ("a", "b/c", "b/d", "e")}
    fleet = finder.find({
        **tree,
        ".hidden/kustomization.yaml": kustomization(),
        ".gitignore": "/a\nb/*\n!b/d\n",
        "b/d/.gitignore": "x\n",
        ".krm-injector-ignore": "# retired\ne/\n",
    })  # fmt: skip
    assert names(fleet) == ["b/d"]
    assert passed_over(fleet) == {
        "a": ".gitignore:1 (/a) names it",
        "b/c": ".gitignore:2 (b/*) names it",
        "e": ".krm-injector-ignore:2 (e/) names it",
    }


def test_ignore_files_above_the_root(finder: Finder) -> None:
    tree = {f"{path}/kustomization.yaml": kustomization() for path in ("apps/a", "apps/b", "old")}
    fleet = finder.find({**tree, ".git/HEAD": "", ".gitignore": "/apps/b\nold\n"}, "apps")
    assert names(fleet) == ["a"]
    assert names(finding.find(["old"], None)) == ["root"]  # whoever names it wants it


def test_a_link_out_of_the_repository_refuses_its_target(finder: Finder, tmp_path: Path) -> None:
    outside = tmp_path.parent / f"{tmp_path.name}-outside"
    outside.mkdir()
    os.makedirs("bad/base")
    os.symlink(outside, "bad/base/secrets")
    fleet = finder.find({
        "good/kustomization.yaml": kustomization(),
        "bad/base/kustomization.yaml": kustomization(),
        "bad/prod/kustomization.yaml": kustomization("../base"),
    })  # fmt: skip
    assert names(fleet) == ["good"]
    (message,) = messages(fleet)
    assert message.startswith("bad/prod is not rendered: bad/base/secrets is a link to")
    assert "bad/prod" in passed_over(fleet)


@pytest.mark.parametrize(
    ("link", "is_read"),
    [("loop", False), ("README.md", False), (".hidden.yaml", False), ("more.yaml", True)],
)
def test_plain_manifests_are_refused_only_for_links_that_are_read(
    finder: Finder, tmp_path: Path, link: str, is_read: bool
) -> None:
    outside = tmp_path.parent / f"{tmp_path.name}-outside"
    (outside / "folder").mkdir(parents=True)
    (outside / "file").write_text("a: 1\n")
    os.symlink(outside / ("folder" if link == "loop" else "file"), link)
    fleet = finder.find({"web.yaml": DEPLOYMENT})
    assert ("fleet-link" in {result.code for result in fleet.results}) is is_read
    assert names(fleet) == ([] if is_read else ["root"])


def test_a_link_within_the_repository_is_followed_by_nobody(finder: Finder) -> None:
    os.mkdir("apps")
    os.symlink("../base", "apps/base")
    fleet = finder.find({**BASE, "apps/kustomization.yaml": kustomization("base")})
    assert names(fleet) == ["apps"]
    assert not fleet.results


# ---------------------------------------------------------------- roots and names


def test_names_do_not_depend_on_the_working_directory(
    finder: Finder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fleet = finder.find({f"repo/{path}": text for path, text in BASE.items()}, "repo/")
    assert (names(fleet), fleet.targets[0].path) == (["base"], "repo/base")
    os.mkdir("elsewhere")
    monkeypatch.chdir(tmp_path / "elsewhere")
    fleet = finding.find(["../repo"], None)
    assert (names(fleet), fleet.targets[0].path) == (["base"], "../repo/base")


def test_several_roots(finder: Finder) -> None:
    tree = {f"{path}/kustomization.yaml": kustomization() for path in ("a/x", "b/x", "c")}
    assert names(finder.find(tree, "a", "b")) == ["a/x", "b/x"]
    assert names(finding.find(["a", "a/x"], None)) == ["a/x"]


def test_every_root_that_is_not_there_is_told(finder: Finder) -> None:
    with pytest.raises(Refused) as refused:
        finder.find({"x.txt": ""}, "nowhere", "x.txt")
    assert [result.message for result in refused.value.results] == [
        "nowhere does not exist; name a directory of the repository",
        "x.txt is no directory; name a directory of the repository",
    ]


def test_nothing_at_all_is_an_error(finder: Finder) -> None:
    fleet = finder.find({"README.md": ""})
    (result,) = fleet.results
    assert (result.severity, result.code) == ("error", "fleet-empty")


# ---------------------------------------------------------------- our own output


def test_what_fleet_build_wrote_is_no_target(finder: Finder) -> None:
    fleet = finder.find({
        **BASE,
        "rendered/.krm-injector-fleet.json": "{}",
        "rendered/base.yaml": DEPLOYMENT,
        "rendered/more/kustomization.yaml": kustomization("web.yaml"),
    })  # fmt: skip
    assert names(fleet) == ["base"]
    assert passed_over(fleet)["rendered"] == "fleet build wrote it"
