"""krm-injector-fleet.yaml: clusters, targets, and every error with its line."""

from __future__ import annotations

import os
from pathlib import Path

import jsonschema
import pytest
from fleet.trees import DEPLOYMENT, Finder, kustomization, messages, names, passed_over, target

from krm_injector.fleet import finding, fleet_file
from krm_injector.function_config import schema
from krm_injector.model import Refused

HEAD = "apiVersion: krm-injector.dev/v1alpha1\nkind: Fleet\n"
OVERLAYS = {
    f"apps/{app}/overlays/{stage}/kustomization.yaml": kustomization("../../base")
    for app in ("shop", "bank")
    for stage in ("dev", "prod")
}
TREE = {
    **OVERLAYS,
    "apps/shop/base/kustomization.yaml": kustomization("web.yaml"),
    "apps/shop/base/web.yaml": DEPLOYMENT,
    "apps/bank/base/kustomization.yaml": kustomization(),
    "charts/web/Chart.yaml": "name: web\n",
    "env/eu.yaml": "a: 1\n",
    "mesh/1.29.yaml": "x\n",
    "mesh/1.30.yaml": "x\n",
    "context/namespaces.yaml": "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n",
}
CLUSTERS = """\
spec:
  clusters:
  - name: eu-1
    mesh: mesh/1.29.yaml
    context: [context]
    revision: canary
    kubernetesVersion: v1.33.4-gke.1
    labels: {stage: prod, region: eu}
  - name: us-1
    mesh: [mesh/1.30.yaml]
    labels: {stage: prod, region: us}
  - name: dev
"""


def fleet_of(spec: str) -> dict[str, str]:
    return {**TREE, fleet_file.NAME: HEAD + spec}


def refusal(finder: Finder, spec: str) -> list[str]:
    with pytest.raises(Refused) as refused:
        finder.find(fleet_of(spec))
    assert {result.code for result in refused.value.results} == {"fleet-file"}
    assert {result.file for result in refused.value.results} == {fleet_file.NAME}
    return [result.message for result in refused.value.results]


# ---------------------------------------------------------------- clusters and targets


def test_one_overlay_for_two_clusters_is_two_targets(finder: Finder) -> None:
    targets = "  targets:\n  - path: apps/shop/overlays/prod\n    clusters: [eu-1, us-1]\n"
    fleet = finder.find(fleet_of(CLUSTERS + targets))
    assert names(fleet) == ["eu-1/apps/shop/overlays/prod", "us-1/apps/shop/overlays/prod"]
    eu, us, dev = fleet.clusters
    assert (eu.mesh, us.mesh, dev.mesh) == (("mesh/1.29.yaml",), ("mesh/1.30.yaml",), ())
    assert (eu.context, eu.revision, eu.kubernetes_version) == (("context",), "canary", "1.33")
    found = target(fleet, "eu-1/apps/shop/overlays/prod")
    assert (found.cluster, found.path) == ("eu-1", "apps/shop/overlays/prod")
    assert found.why == "krm-injector-fleet.yaml:16 names it"
    assert found.labels == {"stage": "prod", "region": "eu"}


def test_a_selector_and_a_pattern(finder: Finder) -> None:
    targets = (
        "  targets:\n  - path: apps/*/overlays/prod\n"
        "    clusterSelector: {matchLabels: {stage: prod}}\n    labels: {stage: last}\n"
        "  - path: apps/**/dev\n    clusters: [dev]\n"
    )
    fleet = finder.find(fleet_of(CLUSTERS + targets))
    expected = [f"{cluster}/apps/{app}/overlays/prod" for cluster in ("eu-1", "us-1")
                for app in ("bank", "shop")]  # fmt: skip
    assert names(fleet) == [
        *(f"dev/apps/{app}/overlays/dev" for app in ("bank", "shop")),
        *expected,
    ]
    assert target(fleet, expected[0]).labels == {"stage": "last", "region": "eu"}


def test_the_fields_of_a_chart(finder: Finder) -> None:
    targets = (
        "spec:\n  targets:\n  - path: charts/web\n    name: web-eu\n    namespace: web\n"
        "    release: front\n    values: env/eu.yaml\n    set: {tag: v1}\n    options: [--devel]\n"
    )
    (found,) = finder.find(fleet_of(targets)).targets
    assert (found.name, found.kind, found.namespace, found.release) == (
        "web-eu", "chart", "web", "front",
    )  # fmt: skip
    assert (found.values, found.set_values) == (("env/eu.yaml",), (("tag", "v1"),))
    assert found.options == ("--devel",)


def test_paths_are_relative_to_the_file(finder: Finder) -> None:
    text = f"{HEAD}{CLUSTERS}  targets:\n  - {{path: apps/*/overlays/prod, clusters: [eu-1]}}\n"
    tree = {f"repo/{path}": content for path, content in TREE.items()}
    fleet = finder.find({**tree, "repo/fleet.yaml": text}, "repo", fleet_file="repo/fleet.yaml")
    assert names(fleet) == ["eu-1/apps/bank/overlays/prod", "eu-1/apps/shop/overlays/prod"]
    assert fleet.targets[0].path == "repo/apps/bank/overlays/prod"
    assert fleet.clusters[0].mesh == ("repo/mesh/1.29.yaml",)

    os.chdir("repo/apps")
    assert names(finding.find([], "../fleet.yaml")) == names(fleet)


# ---------------------------------------------------------------- finding beside it


def test_with_targets_nothing_else_is_found(finder: Finder) -> None:
    targets = "spec:\n  targets:\n  - path: charts/web\n"
    assert names(finder.find(fleet_of(targets))) == ["charts/web"]


def test_unless_it_is_wanted(finder: Finder) -> None:
    targets = "spec:\n  find: true\n  ignore: [apps/bank]\n  targets:\n  - path: charts/web\n"
    fleet = finder.find(fleet_of(targets))
    assert names(fleet) == [
        "apps/shop/overlays/dev", "apps/shop/overlays/prod", "charts/web", "context",
    ]  # fmt: skip
    assert passed_over(fleet)["apps/bank"] == "krm-injector-fleet.yaml:5 (apps/bank) names it"


def test_what_is_found_is_for_the_only_cluster(finder: Finder) -> None:
    spec = "spec:\n  clusters:\n  - {name: eu-1, mesh: mesh/1.29.yaml, context: context}\n"
    fleet = finder.find(fleet_of(spec))
    assert "eu-1/charts/web" in names(fleet)
    assert not any("context" in name for name in names(fleet))  # the cluster's facts
    assert not fleet.results


def test_with_several_clusters_somebody_must_say_which(finder: Finder) -> None:
    (message,) = messages(finder.find(fleet_of(CLUSTERS)), "warning")
    assert "has 3 clusters, and nothing says for which of them 5 targets are" in message


def test_a_fleet_without_anything_to_find_is_an_error(finder: Finder) -> None:
    fleet = finder.find(fleet_of("spec:\n  find: false\n"))
    assert [result.code for result in fleet.results] == ["fleet-empty"]


# ---------------------------------------------------------------- what is wrong


def test_every_error_has_its_line_and_the_nearest_name(finder: Finder) -> None:
    assert refusal(finder, (
        "spec:\n"
        "  cluster: []\n"  # 4
        "  clusters:\n"
        "  - {name: eu/1}\n"
        "  - mesh: mesh/1.29.yaml\n"  # 7
        "  targets:\n"
        "  - path: x\n"
        "    cluster: eu\n"  # 10
        "    set: {replicas: 3}\n"
        "  find: nope\n"  # 12
    )) == [
        'krm-injector-fleet.yaml:4: spec.cluster is not a field of the fleet file (its value is a '
        'list of 0); did you mean clusters?',
        'krm-injector-fleet.yaml:6: spec.clusters[0].name is "eu/1"; it must be the name of a '
        'cluster: letters, digits, -, _ and ., at most 63',
        'krm-injector-fleet.yaml:7: spec.clusters[1].name is missing; it must be the name of a '
        'cluster: letters, digits, -, _ and ., at most 63',
        'krm-injector-fleet.yaml:12: spec.find is "nope"; it must be true or false',
        'krm-injector-fleet.yaml:10: spec.targets[0].cluster is not a field of the fleet file (its '
        'value is "eu"); did you mean clusters?',
        'krm-injector-fleet.yaml:11: spec.targets[0].set.replicas is 3 (a number); it must be a '
        'string; did you mean "3", in quotes?',
    ]  # fmt: skip


def test_a_version_of_kubernetes_needs_quotes(finder: Finder) -> None:
    """YAML reads 1.30 as 1.3, which nobody may take for an answer."""
    spec = "spec:\n  clusters:\n  - {name: eu, kubernetesVersion: 1.30}\n"
    (message,) = refusal(finder, spec)
    assert message.endswith('it must be a version of Kubernetes in quotes, as "1.33"')


def test_what_a_schema_cannot_say(finder: Finder) -> None:
    spec = CLUSTERS.replace("mesh/1.29.yaml", "mesh/1.28.yaml").replace("name: dev", "name: us-1")
    assert refusal(finder, spec + (
        "  targets:\n"
        "  - {path: charts/web, clusters: [eu-2], values: env/us.yaml}\n"
        "  - {path: charts/web, clusters: [eu-1], clusterSelector: {}}\n"
        "  - {path: charts/web, clusterSelector: {matchLabels: {stage: test}}}\n"
        "  - {path: charts/web, clusterSelector: {matchLabels: {stage: '!'}}, name: ../x}\n"
    )) == [
        "krm-injector-fleet.yaml:6: spec.clusters[0].mesh is mesh/1.28.yaml, and there is no "
        "mesh/1.28.yaml",
        "krm-injector-fleet.yaml:14: spec.clusters[2].name is us-1 a second time",
        "krm-injector-fleet.yaml:16: spec.targets[0].clusters[0] is eu-2, and spec.clusters has no "
        "cluster of that name; did you mean eu-1?",
        "krm-injector-fleet.yaml:16: spec.targets[0].values is env/us.yaml, and there is no "
        "env/us.yaml",
        "krm-injector-fleet.yaml:17: spec.targets[1].clusterSelector stands beside clusters; name "
        "the clusters or select them",
        "krm-injector-fleet.yaml:18: spec.targets[2].clusterSelector selects none of spec.clusters",
        "krm-injector-fleet.yaml:19: spec.targets[3].name is ../x; it must not leave its directory "
        "(..)",
        "krm-injector-fleet.yaml:19: spec.targets[3].clusterSelector is not valid: "
        "matchLabels[\"stage\"]: '!': a label's value must be at most 63 letters, digits, '-', '_' "
        "and '.', beginning and ending with a letter or digit",
    ]  # fmt: skip


@pytest.mark.parametrize("path, reason", [
    ("apps/shop/overlays/prd", "there is no directory apps/shop/overlays/prd; did you mean "
     "apps/shop/overlays/prod?"),
    ("apps/*/prod", "no directory with anything to render matches apps/*/prod"),
    ("env", "env holds no kustomization, chart, package or manifests"),
    ("env/eu.yaml", "env/eu.yaml is no directory"),
    ("../..", "the path ../.. leads out of the repository"),
])  # fmt: skip
def test_a_path_that_matches_nothing(finder: Finder, path: str, reason: str) -> None:
    tree = {key: text for key, text in TREE.items() if key != "env/eu.yaml" or "env" not in path}
    tree = {**tree, "env/eu.yaml" if path == "env/eu.yaml" else "env/notes.txt": "a: 1\n"}
    spec = f"spec:\n  targets:\n  - path: charts/web\n  - path: {path!r}\n"
    fleet = finder.find({**tree, fleet_file.NAME: HEAD + spec})
    assert messages(fleet) == [f"krm-injector-fleet.yaml:6: {reason}"]
    assert names(fleet) == ["charts/web"]  # the others go on


def test_two_targets_of_one_name(finder: Finder) -> None:
    entries = "  - {path: charts/web, name: x}\n  - {path: apps/shop/base, name: x}\n"
    (message,) = messages(finder.find(fleet_of(f"spec:\n  targets:\n{entries}")))
    assert "named x, by krm-injector-fleet.yaml:5 and krm-injector-fleet.yaml:6" in message


def test_values_are_for_charts(finder: Finder) -> None:
    spec = "spec:\n  targets:\n  - {path: apps/shop/base, values: env/eu.yaml, set: {a: b}}\n"
    (message,) = messages(finder.find(fleet_of(spec)))
    assert message.endswith("values and set are for a chart, and apps/shop/base is a kustomization")


def test_a_link_out_of_the_repository(finder: Finder, tmp_path: Path) -> None:
    outside = tmp_path.parent / f"{tmp_path.name}-outside"
    outside.mkdir()
    (outside / "kustomization.yaml").write_text(kustomization())
    os.symlink(outside, "linked")
    spec = "spec:\n  targets:\n  - path: linked\n  - path: charts/web\n"
    fleet = finder.find(fleet_of(spec))
    assert names(fleet) == ["charts/web"]
    (message,) = messages(fleet)
    assert message.startswith("linked is not rendered: linked is a link to")


@pytest.mark.parametrize("text", ["", "a: [\n", "a: b\n---\nc: d\n", "- x\n", "kind: Flet\n"])
def test_what_is_no_fleet_file(finder: Finder, text: str) -> None:
    with pytest.raises(Refused) as refused:
        finder.find({**TREE, fleet_file.NAME: text})
    assert all(fleet_file.NAME in result.message for result in refused.value.results)


def test_a_fleet_file_that_is_not_there(finder: Finder) -> None:
    with pytest.raises(Refused):
        finder.find(TREE, fleet_file="nowhere.yaml")


def test_two_fleet_files(finder: Finder) -> None:
    text = HEAD + "spec: {}\n"
    tree = {**TREE, f"apps/{fleet_file.NAME}": text, f"charts/{fleet_file.NAME}": text}
    with pytest.raises(Refused, match="are fleet files; name the one to use"):
        finder.find(tree, "apps", "charts")


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(schema.of_file(fleet_file.SCHEMA_FILE))
