"""The guard, and what the real webhook does to pods that are injected already, with it and without
it.
"""

from __future__ import annotations

import json
import re
from typing import Any

import builders
import pytest
import webhook_on_output
import yaml
from builders import INJECT
from outside import needs, webhook_oracle
from paths import CORPUS, DIFFERENTIAL, RANDOM_CASES, ROOT

from krm_injector import pipeline
from krm_injector.function_config import Settings
from krm_injector.kube.paths import at
from krm_injector.kube.workloads import POD_TEMPLATES
from krm_injector.sources import resource_list

WEB = """\
apiVersion: KIND
metadata: {name: web, namespace: shop}
spec:
  template:
    metadata:
      labels: {app: web}
    spec:
      containers:
      - name: web
        image: web:1
"""


def settings(**spec: Any) -> Settings:
    """Namespace shop is injected, though no object says so."""
    shop = {"name": "shop", "labels": {"istio-injection": "enabled"}}
    return builders.settings(**{"namespaces": [shop], **spec})


def manifest(kind: str = "apps/v1\nkind: Deployment", old: str = "", new: str = "") -> str:
    return WEB.replace("KIND", kind).replace(old, new) if old else WEB.replace("KIND", kind)


def run(text: str, how: Settings) -> pipeline.Outcome:
    return pipeline.run(resource_list.read_manifests(text.encode()), how)


def injected(text: str, how: Settings) -> str:
    bundle = resource_list.read_manifests(text.encode())
    outcome = pipeline.run(bundle, how)
    assert not [result for result in outcome.results if result.severity == "error"]
    return resource_list.write(bundle, outcome.replacements, [], originals=outcome.originals)


def test_the_guard_is_a_label_on_the_pod_template() -> None:
    guarded = yaml.safe_load(injected(manifest(), settings(guard="label")))
    plain = yaml.safe_load(injected(manifest(), settings()))
    assert guarded["spec"]["template"]["metadata"]["labels"].pop(INJECT) == "false"
    assert guarded["spec"] == plain["spec"]


def test_versions_that_read_no_label_get_an_annotation_too() -> None:
    template = (
        "spec: {containers: [{name: istio-proxy, image: p}], initContainers: [{name: "
        "istio-init, image: p}]}"
    )
    config = json.dumps({"policy": "enabled", "templates": {"sidecar": template}})
    mesh = {"injector": {"config": config, "values": "{}"}, "version": "1.11.8"}
    text = injected(manifest(), settings(guard="label", mesh=mesh))
    metadata = yaml.safe_load(text)["spec"]["template"]["metadata"]
    assert metadata["labels"][INJECT] == metadata["annotations"][INJECT] == "false"


def test_a_guarded_workload_is_injected_again() -> None:
    """The guard is no "false" of the user's: what is injected is the workload as it was before."""
    once = injected(manifest(), settings(guard="label"))
    assert injected(once, settings(guard="label")) == once
    assert injected(once, settings()) == injected(manifest(), settings())


def test_a_guarded_pod_carries_the_record() -> None:
    text = (
        "apiVersion: v1\nkind: Pod\nmetadata: {name: a, namespace: shop}\n"
        "spec: {containers: [{name: a, image: a}]}\n"
    )
    once = injected(text, settings(guard="label"))
    assert injected(once, settings(guard="label")) == once
    assert yaml.safe_load(once)["metadata"]["labels"][INJECT] == "false"
    outcome = pipeline.take_back(resource_list.read_manifests(once.encode()), Settings())
    assert outcome.replacements[0] == yaml.safe_load(text)


KINDS = [
    "apps/v1\nkind: Deployment",
    "batch/v1\nkind: Job",
    "batch/v1\nkind: CronJob",
    "v1\nkind: Pod",
]


def workload(kind: str, metadata: dict[str, Any]) -> str:
    """A workload whose pods carry this metadata."""
    version, _, name = kind.partition("\nkind: ")
    pod = {"metadata": metadata, "spec": {"containers": [{"name": "web", "image": "web:1"}]}}
    return json.dumps(builders.workload(name, pod, api_version=version))


@pytest.mark.parametrize(
    "said", [{}, {"labels": {INJECT: "true"}}, {"annotations": {INJECT: "true"}}]
)
@pytest.mark.parametrize("kind", KINDS)
def test_what_the_user_said_comes_back(kind: str, said: dict[str, Any]) -> None:
    text = workload(kind, said)
    once = injected(text, settings(guard="label"))
    value = json.loads(once)
    template = at(value, POD_TEMPLATES[value["apiVersion"], value["kind"]]) or value
    assert template["metadata"]["labels"][INJECT] == "false"
    assert injected(once, settings(guard="label")) == once
    outcome = pipeline.take_back(resource_list.read_manifests(once.encode()), Settings())
    assert outcome.replacements[0] == json.loads(text)


@pytest.mark.parametrize(
    "said", [{"labels": {INJECT: "false"}}, {"annotations": {INJECT: "false"}}]
)
@pytest.mark.parametrize("kind", KINDS)
def test_a_no_of_the_users_is_a_no(kind: str, said: dict[str, Any]) -> None:
    text = workload(kind, said)
    assert injected(text, settings(guard="label")) == text


def test_where_the_cni_plugin_redirects_the_guard_is_refused() -> None:
    """istio-cni leaves a pod alone that says false and has no istio-init."""
    template = (
        "spec: {containers: [{name: istio-proxy, image: p}], initContainers: [{name: "
        "istio-validation, image: p}]}"
    )
    mesh = {
        "injector": {
            "config": json.dumps({"policy": "enabled", "templates": {"sidecar": template}}),
            "values": "{}",
        }
    }
    outcome = run(manifest(), settings(guard="label", mesh=mesh))
    errors = [result for result in outcome.results if result.severity == "error"]
    assert [result.code for result in errors] == ["guard-impossible"]
    assert "istio-injection: disabled" in errors[0].message  # what to do instead


@pytest.mark.parametrize(
    ("selector", "refused"),
    [
        ({"matchLabels": {INJECT: "true"}}, True),
        (
            {"matchExpressions": [{"key": INJECT, "operator": "In", "values": ["true", "yes"]}]},
            True,
        ),
        ({"matchExpressions": [{"key": INJECT, "operator": "DoesNotExist"}]}, True),
        ({"matchExpressions": [{"key": INJECT, "operator": "Exists"}]}, False),
        ({"matchLabels": {"app": "web"}}, False),
        ({INJECT: "true"}, True),  # as of a ReplicationController
        ({"app": "web"}, False),
    ],
)
def test_a_selector_that_would_lose_the_pods_refuses_the_guard(
    selector: Any, refused: bool
) -> None:
    value = json.loads(workload(KINDS[0], {"labels": {"app": "web"}}))
    value["spec"]["selector"] = selector
    outcome = run(json.dumps(value), settings(guard="label"))
    errors = [
        (result.code, result.field) for result in outcome.results if result.severity == "error"
    ]
    assert errors == ([("guard-impossible", "spec.selector")] if refused else [])


# ---------------------------------------------------------------- the real webhook


@pytest.fixture(scope="module")
def tool() -> Any:
    """tools/webhook_on_output.py, which also does more cases and prints their counts."""
    needs(DIFFERENTIAL)
    return webhook_on_output


@pytest.fixture(scope="module")
def oracle() -> str:
    return webhook_oracle()


def pods(tool: Any, guard: str) -> tuple[list[Any], set[str]]:
    """Pods injected here, of Istio's cases and of random workloads, and the errors of those that
    were refused.
    """
    meshes = tool.meshes(DIFFERENTIAL / "mesh")
    corpus = tool.corpus_cases(CORPUS / "1.30.3", meshes)
    chance = tool.random_cases([RANDOM_CASES], meshes)
    found, codes = tool.taken(corpus, guard, 140)
    more, others = tool.taken(chance, guard)
    return [*found, *more], {*codes, *others}


@pytest.mark.slow
def test_the_real_webhook_leaves_guarded_pods_alone(tool: Any, oracle: str) -> None:
    """No webhook's selectors match them: the API server does not even ask istiod."""
    found, refused = pods(tool, "label")
    assert "guard-impossible" in refused
    passes = tool.second_pass(oracle, found)
    assert len(passes) == len(found) >= 200
    assert [one.one.case.id for one in passes if one.matched or one.changes or one.error] == []


@pytest.mark.slow
def test_what_the_real_webhook_changes_without_the_guard(tool: Any, oracle: str) -> None:
    """Every change has a reason that the documentation names, and is one of those that it lists for
    it.
    """
    found, _ = pods(tool, "none")
    passes = tool.second_pass(oracle, found)
    print("", *tool.report(passes), sep="\n")
    assert len(passes) >= 200 and all(one.matched and not one.error for one in passes)
    documented = (ROOT / "docs" / "day-two.md").read_text()
    rows = dict(re.findall(r"^\| (.+?) \|[^|]*\| (.+) \|$", documented, re.MULTILINE))
    changed = [one for one in passes if one.changes]
    unknown = [(one.one.case.id, one.reason, name) for one in changed for name in one.changes
               if not one.reason or f"`{name}`" not in rows[one.reason]]  # fmt: skip
    assert unknown == []
    assert 0 < len(changed) < len(passes) / 2


@pytest.mark.slow
def test_a_namespace_that_says_disabled_keeps_the_real_webhook_away(tool: Any, oracle: str) -> None:
    """What the guard's errors and the documentation advise; whatever the pods' own labels say."""
    found, _ = pods(tool, "none")
    assert any("istio.io/rev" in (one.pod["metadata"].get("labels") or {}) for one in found)
    label = {"istio-injection": "disabled"}
    elsewhere = [
        one._replace(case=one.case._replace(ns_labels=one.case.ns_labels | label)) for one in found
    ]
    assert [one.one.case.id for one in tool.second_pass(oracle, elsewhere) if one.matched] == []


def test_a_change_without_a_reason_is_found(tool: Any) -> None:
    pod = {"metadata": {}, "spec": {"containers": [{"name": "web", "image": "web:1"}]}}
    after = {
        "metadata": {"labels": {"a": "b"}},
        "spec": {"containers": [{"name": "web", "image": "web:2"}]},
    }
    assert tool.changes(pod, pod) == set()
    found = tool.changes(pod, after)
    assert found == {"labels[a]", "application.image"}
    one = tool.Injected(None, pod, pod, None)
    assert tool.Pass(one, (), "", frozenset(found)).reason == ""
