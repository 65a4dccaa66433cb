"""Findings about the labels of Namespaces and pods, each of them by the cases of
label_warning_cases.py.
"""

from __future__ import annotations

from typing import Any

import pytest
from bundles import generate
from decision.label_warning_cases import CASES, HOOKS, MODE, TAG, Object, shop, web

from krm_injector import pipeline
from krm_injector.decision.label_warnings import in_ambient
from krm_injector.function_config import Settings
from krm_injector.sources import resource_list


def outcome(*documents: Object, **settings: Any) -> pipeline.Outcome:
    return pipeline.decide_only(
        resource_list.read_manifests(generate.text(list(documents)).encode()), Settings(**settings)
    )


@pytest.mark.parametrize(
    ("code", "has", "has_not"), CASES, ids=[f"{i}-{case[0]}" for i, case in enumerate(CASES)]
)
def test_each_code_is_found_once_and_not_where_it_just_does_not_apply(
    code: str, has: list[Object], has_not: list[Object]
) -> None:
    codes = [result.code for result in outcome(*has).results]
    assert [each for each in codes if each == code] == [code]
    assert code not in [result.code for result in outcome(*has_not).results]


@pytest.mark.parametrize(("value", "told"), [("null", True), ("nil", False)])
def test_a_null_that_has_become_text_is_told(value: str, told: bool) -> None:
    for labels in ({"injection": value}, {"rev": value}):
        messages = [result.message for result in outcome(HOOKS, shop(**labels), web()).results]
        assert any("kustomize writes it" in message for message in messages) == told


def test_the_served_revisions_are_named() -> None:
    (result,) = [
        r
        for r in outcome(HOOKS, TAG, shop(rev="1-22"), web()).results
        if r.code == "revision-unserved"
    ]
    assert "there are: 1-30-3, stable" in result.message
    assert (result.severity, result.field) == ("warning", 'metadata.labels["istio.io/rev"]')


def test_a_service_makes_a_tag_that_injects_no_pod() -> None:
    """Since 1.28 charts make one beside the webhooks of a tag."""
    labels = {"istio.io/rev": "1-30-3", "istio.io/tag": "stable"}
    metadata = {"name": "istiod-revision-tag-stable", "namespace": "istio-system", "labels": labels}
    service = {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": {}}
    pod = web(labels={"istio.io/rev": "stable"})
    results = outcome(HOOKS, service, shop(rev="stable"), pod).results
    messages = [result.message for result in results if result.code == "revision-unserved"]
    assert len(messages) == 2
    for message in messages:
        assert "Service istio-system/istiod-revision-tag-stable makes it a tag of 1-30-3" in message
        assert "add the tag's MutatingWebhookConfiguration" in message

    results = outcome(HOOKS, TAG, service, shop(rev="stable"), pod).results
    assert "revision-unserved" not in [result.code for result in results]


def test_both_labels_say_what_wins() -> None:
    found = outcome(shop(injection="disabled", rev="default"), web()).results
    (result,) = [result for result in found if result.code == "namespace-both-labels"]
    assert "istio-injection wins" in result.message
    assert "no webhook matches" in result.message


def test_jobs_with_generated_names_are_no_twins() -> None:
    job = generate.workload("Job", "shop/run-", generate=True)
    assert "workload-duplicate" not in [result.code for result in outcome(shop(), job, job).results]


def test_manual_has_no_findings() -> None:
    found = outcome(shop(injection="enabled", rev="x"), web(), method="manual")
    assert "namespace-both-labels" not in [result.code for result in found.results]


@pytest.mark.parametrize(
    ("labels", "pod", "said"),
    [
        ({"mode": "ambient"}, {}, "namespace"),
        ({"mode": "ambient"}, {MODE: "none"}, ""),
        ({}, {MODE: "ambient"}, "pod"),
        ({"mode": "none"}, {}, ""),
        ({}, {}, ""),
    ],
)
def test_ambient_mode_comes_from_the_namespace_unless_the_pod_says_otherwise(
    labels: dict[str, str], pod: dict[str, str], said: str
) -> None:
    (decision,) = outcome(shop(**labels), web(labels=pod)).decisions
    assert in_ambient(decision) == said
