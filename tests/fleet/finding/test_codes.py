"""Each code of the finder: a repository that has it, and one that just has it not."""

from __future__ import annotations

import pytest
from fleet.trees import DEPLOYMENT, Finder, kustomization

from krm_injector.fleet import selection
from krm_injector.model import Refused

WEB = {"web/kustomization.yaml": kustomization("web.yaml"), "web/web.yaml": DEPLOYMENT}
FILE = "krm-injector-fleet.yaml"


def fleet_file(spec: str) -> dict[str, str]:
    head = "apiVersion: krm-injector.dev/v1alpha1\nkind: Fleet\nmetadata: {name: x}\n"
    return {FILE: f"{head}spec: {spec}\n"}


def flux(spec: str) -> dict[str, str]:
    head = (
        "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: web}\n"
    )
    return {"flux/web.yaml": f"{head}spec: {spec}\n"}


CASES = {
    "fleet-mixed": (
        {"more/a.yaml": DEPLOYMENT, "more/below/kustomization.yaml": kustomization("a.yaml")},
        {"more/a.yaml": DEPLOYMENT, "below/kustomization.yaml": kustomization("a.yaml")},
    ),
    "fleet-name": (
        fleet_file("{targets: [{path: web, name: a}, {path: web/., name: a, namespace: b}]}"),
        fleet_file("{targets: [{path: web, name: a}, {path: web/., name: b, namespace: b}]}"),
    ),
    "fleet-no-cluster": (
        fleet_file("{clusters: [{name: a}, {name: b}]}"),
        fleet_file("{clusters: [{name: a}]}"),
    ),
    "fleet-not-followed": (
        flux("{path: ./web, postBuild: {substitute: {a: b}}}"),
        flux("{path: ./web}"),
    ),
    "fleet-target": (
        fleet_file("{targets: [{path: wep}]}"),
        fleet_file("{targets: [{path: web}]}"),
    ),
    "fleet-unread": (
        {"more/a.yaml": "a: [\napiVersion: v1\nkind: Service\n"},
        {"more/a.yaml": "apiVersion: v1\nkind: Service\nmetadata: {name: a}\n"},
    ),
}


@pytest.mark.parametrize("code", CASES)
@pytest.mark.parametrize("has_it", [True, False])
def test_code(finder: Finder, code: str, has_it: bool) -> None:
    there, not_there = CASES[code]
    tree = {**WEB, **(there if has_it else not_there)}
    try:
        results = finder.find(tree).results
    except Refused as refused:
        results = refused.results
    assert (code in {result.code for result in results}) == has_it


@pytest.mark.parametrize("name", ["link", "link.yaml", "kustomization.yaml"])
def test_a_link_to_itself_leads_nowhere(finder: Finder, name: str) -> None:
    (finder.directory / name).symlink_to(name)
    fleet = finder.find(WEB)
    assert [target.name for target in fleet.targets] == ["web"]
    assert not [result for result in fleet.results if result.severity == "error"]


@pytest.mark.parametrize(("leads_to", "codes"), [("../outside", {"fleet-link"}), ("web", set())])
def test_a_link_out_of_the_repository(finder: Finder, leads_to: str, codes: set[str]) -> None:
    outside = finder.directory.parent / "outside"
    outside.mkdir(exist_ok=True)
    (outside / "kustomization.yaml").write_text(kustomization())
    (finder.directory / "link").symlink_to(leads_to)
    results = finder.find({**WEB, **fleet_file("{targets: [{path: web}, {path: link}]}")}).results
    assert {result.code for result in results if result.severity == "error"} >= codes
    assert ("fleet-link" in {result.code for result in results}) == bool(codes)


@pytest.mark.parametrize(("pattern", "refused"), [("wep", True), ("we*", False)])
def test_a_selection_of_nothing(finder: Finder, pattern: str, refused: bool) -> None:
    fleet = finder.find(WEB)
    if not refused:
        assert selection.select(fleet, [pattern], []).targets == fleet.targets
        return

    with pytest.raises(Refused) as problem:
        selection.select(fleet, [pattern], [])
    assert [result.code for result in problem.value.results] == ["fleet-selection"]
