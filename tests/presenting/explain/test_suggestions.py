"""What would turn a verdict: each suggestion is made to the bundle, which is then decided again."""

from __future__ import annotations

import re
from typing import Any

import pytest
from bundles import generate
from presenting.explain.suggested_edits import Object, changed

from krm_injector import pipeline
from krm_injector.function_config import Settings, Stub
from krm_injector.presenting import explain
from krm_injector.presenting.explain import Suggestions
from krm_injector.presenting.explain.totals import doubts
from krm_injector.sources import resource_list

INJECT, REVISION = generate.INJECT, "istio.io/rev"
AUTOMATIC = Settings()


def entries_of(documents: list[Object], settings: Settings = AUTOMATIC) -> list[Object]:
    bundle = resource_list.read_manifests(generate.text(documents).encode())
    outcome = pipeline.decide_only(bundle, settings)
    return explain.entries(
        outcome.decisions, {}, None, Suggestions(outcome.decisions, outcome.meshes, settings)
    )


def verdicts(documents: list[Object], settings: Settings = AUTOMATIC) -> list[bool]:
    bundle = resource_list.read_manifests(generate.text(documents).encode())
    return [decision.injected for decision in pipeline.decide_only(bundle, settings).decisions]


@pytest.mark.parametrize("name", [*generate.BUNDLES])
def test_every_change_turns_its_verdict_and_as_many_as_it_says(name: str) -> None:
    documents = generate.BUNDLES[name]()
    entries = entries_of(documents)
    before = [entry["injected"] for entry in entries]
    keys = [(entry["kind"], entry["namespace"], entry["name"]) for entry in entries]
    for index, entry in enumerate(entries):
        if keys.count(keys[index]) > 1:
            continue  # one of two that share a name cannot be found by it
        for change in entry["changes"]:
            after = documents
            for edit in change["edits"]:
                after = changed(after, edit)
            now = verdicts(after)
            assert now[index] is change["injected"] is not before[index], (
                entry["name"],
                change["text"],
            )
            assert sum(a != b for a, b in zip(before, now, strict=True)) == change["affects"], (
                change["text"]
            )


def test_every_default_verdict_can_be_turned() -> None:
    entries = entries_of(generate.shop())
    assert {
        entry["name"] for entry in entries if entry["default"] and not entry["changes"]
    } == set()
    assert sum(entry["default"] for entry in entries) == 27


def space(**labels: str) -> Object:
    return generate.namespace("shop", **labels)


def only(*documents: Object, settings: Settings = AUTOMATIC) -> Object:
    return entries_of(list(documents), settings)[0]


K8S = "app.kubernetes.io/"
WHOLE, NAMED = {f"{K8S}part-of": "store"}, {f"{K8S}name": "web", f"{K8S}instance": "eu"}


@pytest.mark.parametrize(
    ("place", "app", "labels", "other", "words"),
    [
        ("ops/job", "web", {}, {}, "of the same app (app: web) and image (registry.example/web)"),
        ("shop/job", "web", {}, {}, "of the same Namespace and app (app: web)"),
        ("ops/job", "job", WHOLE, WHOLE, f"of the same application ({K8S}part-of: store)"),
        ("ops/job", "job", NAMED, NAMED, f"of the same app ({K8S}instance: eu, {K8S}name: web)"),
        (
            "shop/job",
            "job",
            {**NAMED, f"{K8S}name": "job"},
            NAMED,
            f"Namespace and app ({K8S}instance: eu)",
        ),
        ("ops/job", "job", {}, {}, ""),
        ("ops/job", "web", {f"{K8S}name": "job"}, NAMED, ""),
        ("shop/job", "web", {**NAMED, f"{K8S}instance": "us"}, NAMED, ""),
        ("ops/job", "web", {f"{K8S}part-of": "bank"}, WHOLE, ""),
        ("ops/job", "job", {**NAMED, f"{K8S}instance": "us"}, NAMED, ""),
    ],
)
def test_one_app_is_more_than_one_shared_label(
    place: str, app: str, labels: Object, other: Object, words: str
) -> None:
    spaces = [space(), generate.namespace("ops")]
    silent = generate.workload("Job", place, app=app, labels=labels)
    web = generate.workload("Deployment", "shop/web", labels={**other, INJECT: "true"})
    quiet = [generate.workload("Deployment", f"shop/{name}") for name in "abc"]
    doubt = only(*spaces, silent, web, *quiet)["doubt"]
    assert (words in doubt) if words else doubt == ""


def test_a_shared_label_alone_is_no_app() -> None:
    """Two programs of one name in two Namespaces, of images of their own."""
    here, there = (
        generate.workload("Deployment", "ops/webhook"),
        generate.workload("Deployment", "shop/webhook"),
    )
    there["spec"]["template"]["spec"]["containers"][0]["image"] = "registry.example/another:1"
    assert only(space(injection="enabled"), generate.namespace("ops"), here, there)["doubt"] == ""


def test_doubt_by_the_neighbours() -> None:
    asks = [generate.workload("Deployment", f"shop/{n}", labels={INJECT: "true"}) for n in "ab"]
    silent = generate.workload("Deployment", "shop/c")
    others = [generate.workload("Deployment", f"shop/{n}") for n in "de"]
    assert (
        only(space(), silent, *asks)["doubt"]
        == "2 of the 3 workloads in its Namespace are injected"
    )
    assert only(space(), silent, *asks, *others)["doubt"] == ""


@pytest.mark.parametrize("where", ["labels", "annotations"])
def test_no_doubt_where_the_pod_says_no(where: str) -> None:
    no: dict[str, Any] = {where: {INJECT: "false"}}
    quiet = generate.workload("Deployment", "shop/web", **no)
    other = generate.workload("Deployment", "shop/web-two", app="web")
    entry = only(space(injection="enabled"), quiet, other)
    assert (entry["doubt"], entry["default"], entry["changes"]) == ("", False, [])


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"annotations": {INJECT: "true"}}, "by the annotation"),
        ({"own": {INJECT: "true"}}, "labels of its pod template"),
        ({"labels": {"istio-injection": "enabled"}}, "counts on Namespaces only"),
    ],
)
def test_wishes_in_the_wrong_place(more: Object, words: str) -> None:
    entry = only(space(), generate.workload("Deployment", "shop/web", **more))
    assert words in entry["doubt"]
    assert entry["changes"][0]["edits"][0]["field"] == f'spec.template.metadata.labels["{INJECT}"]'
    assert only(space(), generate.workload("Deployment", "shop/web"))["doubt"] == ""


@pytest.mark.parametrize(
    ("labels", "words", "edit"),
    [
        (
            {"injection": "true"},
            "istio-injection: true, which no webhook takes",
            ("istio-injection", "enabled"),
        ),
        ({"rev": "1-22"}, "asks for revision 1-22", ("istio.io/rev", "default")),
    ],
)
def test_wishes_of_the_namespace(labels: Object, words: str, edit: tuple[str, str]) -> None:
    apps = [generate.workload("Deployment", f"shop/{n}") for n in "ab"]
    entry = only(space(**labels), *apps)
    assert words in entry["doubt"]
    (change,) = [change for change in entry["changes"] if change["scope"] == "namespace"]
    assert (
        change["edits"][0]["path"][-1],
        change["edits"][0]["proposedValue"],
        change["affects"],
    ) == (*edit, 2)
    for quiet in ({}, {"injection": "disabled"}, {"rev": "default"}, {"injection": "enabled"}):
        assert only(space(**quiet), *apps)["doubt"] == ""


def test_no_doubt_in_ambient_mode() -> None:
    asks = [generate.workload("Deployment", f"shop/{n}", labels={INJECT: "true"}) for n in "ab"]
    silent = generate.workload("Deployment", "shop/c")
    assert only(space(mode="ambient"), silent, *asks)["doubt"] == ""
    assert only(space(mode="none"), silent, *asks)["doubt"] != ""


def test_no_doubt_of_what_a_selector_of_the_mesh_leaves_out() -> None:
    bundle = generate.policy()
    told_of = {entry["name"]: entry for entry in entries_of(bundle)}
    assert (told_of["built"]["doubt"], told_of["built"]["default"]) == ("", True)
    assert "in its Namespace" in told_of["silent"]["doubt"]


def test_the_revision_offered_is_that_of_the_neighbours() -> None:
    """By the Namespace's other workloads, else by the same app, else by most of the bundle."""
    planes = [*generate.injector("1-29-1", "1.29.1"), *generate.injector("1-30-3", "1.30.3")]
    planes += [generate.webhooks("1-29-1"), generate.webhooks("1-30-3")]
    old, new = (
        generate.namespace(name, rev=revision)
        for name, revision in (("old", "1-29-1"), ("new", "1-30-3"))
    )
    most = [generate.workload("Deployment", f"new/{name}") for name in "ab"]
    other = generate.workload("Deployment", "old/web", app="web")
    neighbour = generate.workload("Deployment", "shop/near", labels={"istio.io/rev": "1-29-1"})
    label = {INJECT: "true"}

    def offered(app: str, *more: Object) -> Any:
        asks = generate.workload("Deployment", "shop/it", app=app, labels=label)
        entry = only(*planes, old, new, space(), asks, *most, other, *more)
        (change,) = [change for change in entry["changes"] if change["scope"] == "workload"]
        return change["edits"][-1]["proposedValue"]

    assert offered("it") == "1-30-3"
    assert offered("web") == "1-29-1"
    assert offered("it", neighbour) == "1-29-1"


def test_several_doubted_of_one_namespace_take_its_label() -> None:
    inside = generate.namespace("main", injection="enabled")
    apps = [generate.workload("Deployment", f"main/{n}") for n in "ab"]
    out = [generate.workload("Deployment", f"shop/{n}") for n in "ab"]
    assert only(inside, space(), *out, *apps)["changes"][0]["scope"] == "namespace"
    assert only(inside, space(), out[0], *apps)["changes"][0]["scope"] == "workload"


def test_a_stub_is_changed_in_the_function_config() -> None:
    settings = Settings(namespaces=(Stub("shop", {}, {}),))
    entry = only(generate.workload("Deployment", "shop/web"), settings=settings)
    assert "spec.namespaces of the functionConfig" in entry["changes"][1]["text"]


def test_manual_turns_by_the_label_alone() -> None:
    documents = [space(), generate.workload("CronJob", "shop/web")]
    settings = Settings(method="manual")
    (entry,) = entries_of(documents, settings)
    (change,) = entry["changes"]
    assert change["edits"][0]["path"] == [
        "spec",
        "jobTemplate",
        "metadata",
        "labels",
        INJECT,
    ]  # as kube-inject reads it
    assert verdicts(changed(documents, change["edits"][0]), settings) == [not entry["injected"]]


# ---------------------------------------------------------------- edits of several labels


def revisioned(*more: Object) -> list[Object]:
    """A control plane of a revision only, whose webhooks ask Namespaces for more."""
    hooks = generate.webhooks("1-30-3")
    for one in hooks["webhooks"]:
        one["namespaceSelector"]["matchExpressions"] += more
    return [*generate.injector("1-30-3", "1.30.3"), hooks]


def change_of(entry: Object, scope: str) -> Object:
    (found,) = [change for change in entry["changes"] if change["scope"] == scope]
    return found  # type: ignore[no-any-return]


def test_two_labels_of_a_namespace() -> None:
    apps = [generate.workload("Deployment", f"shop/{n}") for n in "ab"]
    entry = only(*revisioned(), space(injection="enabled"), *apps)
    change = change_of(entry, "namespace")
    assert change["text"] == (
        'label Namespace shop with istio.io/rev: "1-30-3" and take the label istio-injection off '
        "it "
        "(injects 2 workloads)"
    )
    assert entry["detail"].endswith(
        "Namespace shop has istio-injection=enabled and no istio.io/rev"
    )


@pytest.mark.parametrize(
    ("requirement", "label", "edit", "rule"),
    [
        (
            {"key": "zone", "operator": "DoesNotExist"},
            {"zone": "a"},
            None,
            "!zone: Namespace shop has zone=a",
        ),
        (
            {"key": "zone", "operator": "NotIn", "values": ["a"]},
            {"zone": "a"},
            None,
            "Namespace shop has zone=a",
        ),
        (
            {"key": "zone", "operator": "In", "values": ["b", "c"]},
            {},
            "b",
            "Namespace shop has no zone",
        ),
        ({"key": "zone", "operator": "Exists"}, {}, "enabled", "zone: Namespace shop has no zone"),
    ],
)
def test_labels_that_are_not_istios(
    requirement: Object, label: Object, edit: Any, rule: str
) -> None:
    documents = [
        *revisioned(requirement),
        space(rev="1-30-3", **label),
        generate.workload("Deployment", "shop/web"),
    ]
    entry = only(*documents)
    change = change_of(entry, "namespace")
    (told_edit,) = change["edits"]
    assert (told_edit["path"][-1], told_edit["proposedValue"]) == ("zone", edit)
    assert entry["detail"].endswith(rule) and "istio.io/rev" not in entry["detail"]
    assert entry["doubt"] == "its Namespace asks for revision 1-30-3"
    assert verdicts(changed(documents, told_edit)) == [True]


def test_labels_of_the_namespace_and_of_the_pod() -> None:
    """An object selector that the pod does not meet, a namespaceSelector that its Namespace does
    not.
    """
    planes = revisioned()
    planes[-1]["webhooks"] = planes[-1]["webhooks"][:1]
    planes[-1]["webhooks"][0]["objectSelector"] = {"matchLabels": {"mesh": "on"}}
    documents = [*planes, space(injection="enabled"), generate.workload("Deployment", "shop/web")]
    change = change_of(only(*documents), "both")
    after = documents
    for edit in change["edits"]:
        after = changed(after, edit)
    assert verdicts(after) == [True]
    assert len(change["edits"]) == 3


@pytest.mark.parametrize("name", ["kube-system", "shop"])
def test_what_nothing_turns_is_told_with_its_reason(name: str) -> None:
    spared = {"key": "kubernetes.io/metadata.name", "operator": "NotIn", "values": ["shop"]}
    asks = generate.workload("Deployment", f"{name}/web", labels={INJECT: "true"})
    entry = only(*revisioned(spared), generate.namespace(name), asks)
    assert entry["changes"] == []
    tried = (
        r"no labels of its pod and its Namespace take it in "
        r"\(all \d+ combinations that selectors tell apart tried\)"
    )
    wanted = (
        "no label takes it in: Istio injects nothing in Namespace kube-system"
        if name == "kube-system"
        else tried
    )
    assert re.fullmatch(wanted, entry["noChange"])


def test_labels_that_select_the_pods_are_no_candidates() -> None:
    """A Deployment whose selector asks for a label would lose its pods with it."""
    planes = revisioned()
    for one in planes[-1]["webhooks"]:
        one["objectSelector"]["matchExpressions"].append(
            {"key": "app", "operator": "NotIn", "values": ["web"]}
        )
    asks = generate.workload("Deployment", "shop/web", labels={INJECT: "true"})
    entry = only(*planes, space(), asks)
    assert entry["changes"] == []
    assert entry["noChange"].endswith(
        "(those that its controller sets or selects it by are left: app)"
    )


def test_what_else_an_edit_does_is_told() -> None:
    """A Namespace whose other workload is injected by a pod's label would lose it."""
    planes = [*generate.injector("1-29-1", "1.29.1"), generate.webhooks("1-29-1"), *revisioned()]
    planes[-1]["webhooks"][0]["objectSelector"] = {"matchLabels": {"app": "web"}}
    other = generate.workload("Deployment", "shop/other", labels={REVISION: "1-29-1"})
    web = generate.workload("Deployment", "shop/web")
    planes[2]["webhooks"] = planes[2]["webhooks"][1:]
    documents = [*planes, space(), web, other]
    change = change_of(only(*documents), "namespace")
    assert change["text"].endswith("(injects 1 workload, leaves out 1)")
    assert change["affects"] == 2
    assert verdicts(documents) == [False, True]
    assert verdicts(changed(documents, change["edits"][0])) == [True, False]


def test_no_doubt_where_the_pod_says_no_and_its_namespace_asks_in_vain() -> None:
    quiet = generate.workload("Deployment", "shop/web", annotations={INJECT: "false"})
    entry = only(*revisioned(), space(injection="enabled"), quiet)
    assert (entry["doubt"], entry["default"], entry["changes"]) == ("", False, [])


def test_what_is_told_of_several_is_so_of_each() -> None:
    """One edit of a Namespace takes in two workloads that were meant in for different reasons."""
    asks = generate.workload("Deployment", "shop/asks", labels={INJECT: "true"})
    above = generate.workload("Deployment", "shop/above", own={INJECT: "true"})
    entries = entries_of([space(injection="disabled"), asks, above])
    found = doubts(entries)
    assert len({text for text, _ in found}) == 1
    assert [[entry["name"] for entry in members] for _, members in found] == [["asks"], ["above"]]
