"""Which requests a policy takes, and which requests there are for a workload."""

from __future__ import annotations

from typing import Any

import builders
import pytest

from krm_injector.judging.admission import matching, requests
from krm_injector.judging.admission.functions import calls
from krm_injector.judging.admission.requests import Request
from krm_injector.kube.selectors import SelectorError
from krm_injector.kube.workloads import POD_TEMPLATES
from krm_injector.model import Namespace, Object, ResourceRef, Workload

SHOP = Namespace(
    "shop", {"env": "prod", "kubernetes.io/metadata.name": "shop"}, {}, "functionConfig"
)
MISSING = Namespace("shop", {}, {}, "missing")


def made(value: Object, plurals: Any = None) -> list[Request]:
    ref = ResourceRef(value["apiVersion"], value["kind"], "web", "shop")
    path = POD_TEMPLATES.get((ref.api_version, ref.kind), ("spec", "template"))
    return list(requests.of_workload(Workload(0, (), ref, value, path), value, plurals or {}))


DEPLOYMENT, REPLICA_SET, POD = made(builders.deployment(labels={"tier": "front"}))


def rule(**fields: Any) -> Object:
    plain = {
        "apiGroups": ["apps"],
        "apiVersions": ["v1"],
        "operations": ["CREATE"],
        "resources": ["deployments"],
    }
    return {**plain, **fields}


@pytest.mark.parametrize(
    ("fields", "matches"),
    [
        ({}, True),
        ({"apiGroups": ["*"], "apiVersions": ["*"], "resources": ["*"]}, True),
        ({"operations": ["*"]}, True),
        ({"operations": ["UPDATE", "DELETE"]}, False),
        ({"resources": ["*/*"]}, True),
        ({"resources": ["deployments/*"]}, True),
        ({"resources": ["deployments/scale"]}, False),
        ({"resources": ["pods"]}, False),
        ({"apiGroups": [""]}, False),
        ({"apiVersions": ["v1beta1"]}, False),
        ({"scope": "Namespaced"}, True),
        ({"scope": "*"}, True),
        ({"scope": "Cluster"}, False),
        ({"resourceNames": ["web", "x"]}, True),
        ({"resourceNames": ["x"]}, False),
        ({"resourceNames": []}, True),
    ],
)
def test_rules(fields: Object, matches: bool) -> None:
    one = rule(**fields)
    assert matching.matches({"resourceRules": [one]}, DEPLOYMENT, SHOP) is matches
    assert matching.matches({"resourceRules": [rule(resources=["x"]), one]}, DEPLOYMENT, SHOP) is (
        matches
    )
    excluded = {"resourceRules": [rule()], "excludeResourceRules": [one]}
    assert matching.matches(excluded, DEPLOYMENT, SHOP) is not matches


def test_no_rules_take_everything_as_those_of_a_binding_may() -> None:
    assert matching.matches(None, POD, SHOP) is True
    assert matching.matches({}, POD, SHOP) is True


@pytest.mark.parametrize(
    ("selector", "known", "missing"),
    [
        ({}, True, True),
        ({"matchLabels": {"env": "prod"}}, True, None),
        ({"matchLabels": {"env": "test"}}, False, None),
        ({"matchLabels": {"kubernetes.io/metadata.name": "shop"}}, True, True),
        ({"matchLabels": {"kubernetes.io/metadata.name": "x", "env": "prod"}}, False, False),
        ({"matchLabels": {"kubernetes.io/metadata.name": "shop", "env": "prod"}}, True, None),
    ],
)
def test_namespaces(selector: Object, known: bool, missing: bool | None) -> None:
    criteria = {"namespaceSelector": selector}
    assert matching.matches(criteria, POD, SHOP) is known
    assert matching.matches(criteria, POD, MISSING) is missing
    assert matching.matches(criteria, POD, None) is missing


def test_labels_of_the_object_and_those_that_a_controller_sets() -> None:
    def taken(request: Request, **selector: Any) -> bool | None:
        return matching.matches({"objectSelector": selector}, request, SHOP)

    assert taken(POD, matchLabels={"tier": "front"}) is True
    assert taken(DEPLOYMENT, matchLabels={"tier": "front"}) is False, "it has no labels itself"
    exists = [{"key": "pod-template-hash", "operator": "Exists"}]
    assert taken(POD, matchExpressions=exists) is True
    assert taken(POD, matchLabels={"pod-template-hash": "5d4f"}) is None
    with pytest.raises(SelectorError):
        taken(POD, matchLabels={"a b": "c"})


def test_another_version_of_a_custom_resource_may_match_after_conversion() -> None:
    rollout = builders.workload("Rollout")
    (first, _) = made(rollout)
    rules = [rule(apiGroups=["argoproj.io"], resources=["rollouts"])]
    assert matching.matches({"resourceRules": rules}, first, SHOP) is None
    exact = {"resourceRules": rules, "matchPolicy": "Exact"}
    assert matching.matches(exact, first, SHOP) is False
    rules[0]["apiVersions"] = ["v1alpha1"]
    assert matching.matches({"resourceRules": rules}, first, SHOP) is True


# ---------------------------------------------------------------- requests


def test_a_deployment_makes_a_replica_set_and_pods() -> None:
    assert [each.resource for each in (DEPLOYMENT, REPLICA_SET, POD)] == [
        "deployments",
        "replicasets",
        "pods",
    ]
    owner = POD.object["metadata"]["ownerReferences"][0]
    assert (owner["kind"], owner["controller"]) == ("ReplicaSet", True)
    assert REPLICA_SET.object["metadata"]["ownerReferences"][0]["kind"] == "Deployment"
    assert POD.object["metadata"]["labels"]["app"] == "web"
    assert POD.made_up == REPLICA_SET.made_up == {"pod-template-hash"}
    assert POD.object["metadata"]["generateName"].startswith("web-")
    assert POD.object["spec"]["serviceAccountName"] == "default"
    assert "serviceAccountName" not in DEPLOYMENT.object["spec"]["template"]["spec"]
    assert POD.fields["operation"] == "CREATE" and "name" not in POD.fields
    assert DEPLOYMENT.fields["name"] == "web"
    assert DEPLOYMENT.object["metadata"]["namespace"] == "shop"


@pytest.mark.parametrize(
    ("kind", "resources", "owner"),
    [
        ("StatefulSet", ["statefulsets", "pods"], "StatefulSet"),
        ("DaemonSet", ["daemonsets", "pods"], "DaemonSet"),
        ("Job", ["jobs", "pods"], "Job"),
        ("CronJob", ["cronjobs", "jobs", "pods"], "Job"),
        ("Rollout", ["rollouts", "pods"], "ReplicaSet"),
        ("Pod", ["pods"], ""),
    ],
)
def test_what_the_other_kinds_make(kind: str, resources: list[str], owner: str) -> None:
    found = made(builders.workload(kind))
    assert [each.resource for each in found] == resources
    owners = found[-1].object["metadata"].get("ownerReferences", [])
    assert [each["kind"] for each in owners] == ([owner] if owner else [])


def test_the_pods_of_a_stateful_set_and_a_job_have_known_names_and_labels() -> None:
    assert made(builders.workload("StatefulSet"))[-1].name == "web-0"
    labels = made(builders.workload("Job"))[-1].object["metadata"]["labels"]
    assert labels["job-name"] == "web"


def test_an_object_is_read_by_its_types() -> None:
    value = builders.deployment(container={"args": [], "resources": {"limits": {"cpu": 1}}})
    (container,) = made(value)[-1].object["spec"]["containers"]
    assert "args" not in container
    assert container["resources"]["limits"] == {"cpu": "1"}


def test_resources_are_guessed_or_named_by_a_definition() -> None:
    assert requests.plural("NetworkPolicy") == "networkpolicies"
    assert requests.plural("Ingress") == "ingresses"
    assert requests.plural("Rollout") == "rollouts"
    names = {("argoproj.io", "Rollout"): "rollers"}
    assert made(builders.workload("Rollout"), names)[0].resource == "rollers"


# ---------------------------------------------------------------- calls in a text


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("f(1)", "f(1)!"),
        ("a.f(1)", "a.f(1)"),
        ("f((1), 'x)').y", "f((1), 'x)')!.y"),
        ("g(f(f(1)))", "g(f(f(1)!)!)"),
        ("'f(1)'", "'f(1)'"),
        ('"\\"f(1)"', '"\\"f(1)"'),
        ("f(1 // )\n)", "f(1 // )\n)!"),
        ("f (1)", "f (1)!"),
        ("f(", "f("),
    ],
)
def test_calls_get_a_suffix(text: str, result: str) -> None:
    assert calls.with_suffix(text, "f", "!") == result
