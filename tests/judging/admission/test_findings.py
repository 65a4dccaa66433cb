"""What admission policies do to workloads, as results."""

from __future__ import annotations

import copy
import json
from typing import Any

import builders
import pytest
from judging.admission.cases import (
    CASES,
    DEPLOYMENTS,
    MUTATING,
    NEEDS_CEL,
    NS,
    ONE_CONTAINER,
    PODS,
    binding,
    deployment,
    policy,
)

from krm_injector import pipeline
from krm_injector.codes import CODES
from krm_injector.function_config import Settings, Silence
from krm_injector.istio_names import SILENCE_ANNOTATION
from krm_injector.judging import advice
from krm_injector.judging.admission import language
from krm_injector.model import Object, Result
from krm_injector.sources.resource_list import read_manifests

ALL = [
    pytest.param(code, marks=[] if code == "admission-mutating" else NEEDS_CEL) for code in CASES
]


def told(*objects: Object, **settings: Any) -> list[Result]:
    """The results of the policies."""
    how = Settings(native_sidecars=False, **settings)
    bundle = read_manifests("".join(json.dumps(value) + "\n" for value in objects).encode())
    outcome = pipeline.run(bundle, how)
    assert not [result for result in outcome.results if result.severity == "error"]
    results = advice.results(advice.advise(bundle, outcome.decisions, outcome.replacements, how))
    return [result for result in results if result.code.startswith("admission-")]


def codes(*objects: Object, **settings: Any) -> list[str]:
    return [result.code for result in told(*objects, **settings)]


@pytest.mark.parametrize("code", ALL)
def test_each_code_comes_with_its_severity_and_resource(code: Any) -> None:
    (result,) = told(*CASES[code][0])
    assert (result.code, result.severity) == (code, CODES[code].severities[0])
    assert result.resource is not None
    assert not result.message.endswith(".")


@pytest.mark.parametrize("code", ALL)
def test_no_code_comes_where_it_just_does_not_apply(code: str) -> None:
    assert code not in codes(*CASES[code][1])


@pytest.mark.parametrize("code", ALL)
def test_silenced_and_with_another_severity(code: str) -> None:
    objects = CASES[code][0]
    assert codes(*objects, silence=(Silence(code, namespace="shop"),)) == []
    assert codes(*objects, silence=(Silence(code, namespace="elsewhere"),)) == [code]
    (result,) = told(*objects, severities={code: "error"})
    assert result.severity == "error"


@pytest.mark.parametrize("code", ALL)
def test_silenced_by_an_annotation_of_what_it_is_about(code: str) -> None:
    objects = copy.deepcopy(CASES[code][0])
    (result,) = told(*objects)
    assert result.resource is not None
    for value in objects:
        if value["kind"] == result.resource.kind:
            value["metadata"]["annotations"] = {SILENCE_ANNOTATION: code}
    assert codes(*objects) == []


# ---------------------------------------------------------------- denied, warned


@NEEDS_CEL
def test_the_pods_of_a_workload_are_refused_and_injection_is_the_cause() -> None:
    (result,) = told(NS, policy(ONE_CONTAINER), binding(), deployment())
    assert str(result.resource) == "Deployment shop/web"
    assert (
        "ValidatingAdmissionPolicy rule (binding rule) lets Deployment shop/web through and "
        "refuses its pods: failed expression: object.spec.containers.size() == 1" in result.message
    )
    assert "Without injection it says nothing" in result.message


@NEEDS_CEL
def test_what_is_refused_without_injection_too_is_told_without_that_word() -> None:
    (result,) = told(NS, policy("false", rules=[PODS, DEPLOYMENTS]), binding(), deployment())
    assert "refuses Deployment shop/web and its pods: failed expression: false" in result.message
    assert "njection" not in result.message
    (result,) = told(NS, policy("false", ONE_CONTAINER), binding(), deployment())
    assert result.message.endswith("Because of injection: failed expression: " + ONE_CONTAINER)


@NEEDS_CEL
@pytest.mark.parametrize(
    ("kind", "made"),
    [("Deployment", "its ReplicaSet and its pods"), ("StatefulSet", "its pods"),
     ("CronJob", "its Job and its pods"), ("Job", "its pods")],
)  # fmt: skip
def test_everything_that_is_made_of_a_workload_is_asked(kind: str, made: str) -> None:
    everything = {**PODS, "apiGroups": ["*"], "resources": ["*"]}
    (result,) = told(NS, policy("false", rules=everything), binding(), builders.workload(kind))
    separator = ", " if "and" in made else " and "
    assert f"refuses {kind} shop/web{separator}{made}" in result.message


@NEEDS_CEL
def test_warn_and_audit_say_what_the_api_server_does() -> None:
    objects = [NS, policy(ONE_CONTAINER), deployment()]
    (warned,) = told(*objects, binding("Warn"))
    assert "makes the API server warn of its pods (Deployment shop/web): " in warned.message
    (audited,) = told(*objects, binding("Audit"))
    assert "notes its pods (Deployment shop/web) in the audit log: " in audited.message


@NEEDS_CEL
def test_each_binding_has_a_finding_and_matches_by_its_own_resources() -> None:
    prod = {"namespaceSelector": {"matchLabels": {"env": "prod"}}}
    test = {"namespaceSelector": {"matchLabels": {"env": "test"}}}
    bindings = [
        binding("Deny", name="first", matchResources=prod),
        binding("Warn", name="second"),
        binding("Deny", name="third", matchResources=test),
    ]
    results = told(NS, policy(ONE_CONTAINER), *bindings, deployment())
    assert [result.code for result in results] == ["admission-denied", "admission-warned"]
    assert "(binding first)" in results[0].message and "(binding second)" in results[1].message


@NEEDS_CEL
def test_workloads_that_are_not_injected_are_not_asked() -> None:
    quiet = builders.namespace(injection="disabled")
    assert codes(quiet, policy("false"), binding(), deployment()) == []


@NEEDS_CEL
def test_the_defaults_of_the_api_server_are_there() -> None:
    tests = (
        "object.spec.replicas == 1 && object.spec.strategy.type == 'RollingUpdate'",
        "object.spec.strategy.rollingUpdate.maxSurge == '25%'",
        "object.spec.template.spec.containers.all(c, has(c.resources))",
    )
    assert codes(NS, policy(*tests, rules=DEPLOYMENTS), binding(), deployment()) == []
    pods = ("object.spec.restartPolicy == 'Always' && has(object.spec.securityContext)",
            "object.spec.containers.all(c, has(c.imagePullPolicy))",
            "object.spec.containers[0].resources.requests.cpu == '2'",
            "object.spec.enableServiceLinks == true")  # fmt: skip
    limited = deployment(container={"resources": {"limits": {"cpu": "2"}}})
    assert codes(NS, policy(*pods), binding(), limited) == []
    template = ("object.spec.template.spec.dnsPolicy == 'ClusterFirst'",
                "!has(object.spec.template.spec.enableServiceLinks)",
                "!has(object.spec.template.spec.containers[0].resources.requests)")  # fmt: skip
    assert codes(NS, policy(*template, rules=DEPLOYMENTS), binding(), limited) == []
    recreate = deployment()
    recreate["spec"]["strategy"] = {"type": "Recreate"}
    rule = policy("!has(object.spec.strategy.rollingUpdate)", rules=DEPLOYMENTS)
    assert codes(NS, rule, binding(), recreate) == []


# ---------------------------------------------------------------- parameters


def with_params(expression: str = "params.data.most == '1'", **reference: Any) -> list[Object]:
    rule = policy(expression, paramKind={"apiVersion": "v1", "kind": "ConfigMap"})
    reference = {"parameterNotFoundAction": "Deny", **reference}
    return [NS, rule, binding(paramRef=reference), deployment()]


@NEEDS_CEL
def test_parameters_by_name_in_the_namespace_of_the_request_or_of_the_reference() -> None:
    here = builders.config_map("limits", {"most": "1"}, "shop")
    there = builders.config_map("limits", {"most": "2"}, "policies")
    assert codes(*with_params(name="limits"), here, there) == []
    (result,) = told(*with_params(name="limits", namespace="policies"), here, there)
    assert result.code == "admission-denied"


@NEEDS_CEL
def test_parameters_by_selector_are_applied_each() -> None:
    def of(name: str, most: str) -> Object:
        return builders.config_map(name, {"most": most}, "shop", {"for": "rule"})

    selector = {"matchLabels": {"for": "rule"}}
    expression = "params.data.most == '1' || params.metadata.name == 'x'"
    assert codes(*with_params(expression, selector=selector), of("a", "1")) == []
    chosen = [of("a", "1"), of("b", "2"), builders.config_map("c", {"most": "3"}, "shop")]
    results = told(*with_params(expression, selector=selector), *chosen)
    assert [result.code for result in results] == ["admission-denied"]


@NEEDS_CEL
def test_parameters_that_are_not_here_are_told() -> None:
    (result,) = told(*with_params(name="limits"))
    assert result.code == "admission-unknown"
    assert "(ConfigMap limits) are not here; where there are none, every request is refused" in (
        result.message
    )
    (result,) = told(*with_params(name="limits", parameterNotFoundAction="Allow"))
    assert "nothing is checked" in result.message and "--context" in result.message


@NEEDS_CEL
def test_parameters_of_cluster_scope() -> None:
    kind = {"apiVersion": "rules.example.com/v1", "kind": "Limits"}
    rule = policy("params.spec.most >= object.spec.containers.size()", paramKind=kind)
    limits = {**kind, "metadata": {"name": "limits"}, "spec": {"most": 1}}
    bound = binding(paramRef={"name": "limits", "parameterNotFoundAction": "Deny"})
    assert codes(NS, rule, bound, limits, deployment()) == ["admission-denied"]
    limits["spec"] = {"most": 2}
    assert codes(NS, rule, bound, limits, deployment()) == []


@NEEDS_CEL
def test_a_binding_without_a_reference_has_no_parameters() -> None:
    rule = policy("params == null", paramKind={"apiVersion": "v1", "kind": "ConfigMap"})
    assert codes(NS, rule, binding(), deployment()) == []


# ---------------------------------------------------------------- not evaluated


@NEEDS_CEL
@pytest.mark.parametrize(
    ("expression", "why"),
    [
        ("request.userInfo.username == 'x'", "it reads userInfo, which only the cluster knows"),
        ("!has(request.userInfo.extra)", "it reads userInfo"),
        ("authorizer.group('').resource('pods').check('create').allowed()", "authorizer"),
        ("object.spec.containers.", "it does not compile"),
        ("nope(object)", "it does not compile"),
        ("object.metadata.name", "it must give true or false"),
        ("object.metadata.labels['pod-template-hash'] != ''", "it reads pod-template-hash"),
        ("lists.range(1001).size() > 0", "a list of 1001 numbers"),
        ("bool('F') == false", "it asks for the truth value of a text"),
        ("'ab'.split('').size() == 2", "it asks for split at nothing"),
        (
            "lists.range(101).map(x, lists.range(1000)).size() > 0",
            "more than 100,000 numbers of lists.range",
        ),
        ("lists.range(200).all(a, lists.range(200).all(b, a + b >= 0))", "it cannot be run"),
    ],
)
def test_what_cannot_be_evaluated_is_told_and_not_passed(expression: str, why: str) -> None:
    (result,) = told(NS, policy(expression), binding(), deployment())
    assert result.code == "admission-unknown"
    assert why in result.message and result.field == "spec.validations[0]"
    assert str(result.resource) == "ValidatingAdmissionPolicy rule"


@NEEDS_CEL
def test_an_unknown_variable_is_told_where_it_is_read() -> None:
    variables = [{"name": "user", "expression": "request.userInfo.username"},
                 {"name": "admin", "expression": "variables.user == 'admin'"}]  # fmt: skip
    rule = policy("true", "variables.admin", variables=variables)
    (result,) = told(NS, rule, binding(), deployment())
    assert "spec.validations[1], its variable user: it reads userInfo" in (result.message)


@NEEDS_CEL
def test_variables_that_grow_without_end_are_not_evaluated() -> None:
    variables = [{"name": "v0", "expression": "'aaaaaaaaaa'"}]
    for number in range(1, 40):
        twice = f"variables.v{number - 1} + variables.v{number - 1}"
        variables.append({"name": f"v{number}", "expression": twice})
    (result,) = told(
        NS, policy("variables.v39 != ''", variables=variables), binding(), deployment()
    )
    assert "its variable v17: it is too large" in result.message


@NEEDS_CEL
def test_a_doubtful_match_condition_matters_only_where_the_policy_objects() -> None:
    conditions = [{"name": "people", "expression": "request.userInfo.username != 'robot'"}]
    fine = policy("true", matchConditions=conditions)
    assert codes(NS, fine, binding(), deployment()) == []
    (result,) = told(NS, policy(ONE_CONTAINER, matchConditions=conditions), binding(), deployment())
    assert result.code == "admission-unknown" and "match condition people" in result.message
    assert f"If it applies, it objects: failed expression: {ONE_CONTAINER}" in result.message


@NEEDS_CEL
def test_it_is_told_once_a_run() -> None:
    rule = policy("request.userInfo.username != 'x'")
    second = deployment(name="second")
    assert codes(NS, rule, binding(), deployment(), second) == ["admission-unknown"]


@NEEDS_CEL
def test_policies_without_bindings_and_bindings_without_policies_are_told() -> None:
    (result,) = told(NS, policy("false"), deployment())
    assert "no binding of it is here" in result.message
    assert codes(NS, policy("false", rules={**PODS, "resources": ["services"]}), deployment()) == []
    (result,) = told(NS, binding(), deployment())
    assert "ValidatingAdmissionPolicyBinding rule binds ValidatingAdmissionPolicy rule" in (
        result.message
    )
    assert result.code == "admission-unknown"


@NEEDS_CEL
def test_a_selector_that_cannot_be_read_is_told() -> None:
    rule = policy("false")
    rule["spec"]["matchConstraints"]["objectSelector"] = {"matchExpressions": [{"key": "a b"}]}
    (result,) = told(NS, rule, binding(), deployment())
    assert result.code == "admission-unknown" and "selector cannot be read" in result.message


def test_without_the_library_every_policy_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(language, "load", lambda: None)
    second = {**policy("true"), "metadata": {"name": "second"}}
    bindings = [binding(), binding(name="other", policyName="second")]
    (result,) = told(NS, policy("true"), second, *bindings, deployment())
    assert result.code == "admission-unknown"
    assert result.message == (
        "ValidatingAdmissionPolicy rule is not evaluated on Deployment shop/web and others, nor is "
        f"any other policy: {language.MISSING_LIBRARY}"
    )
    elsewhere = policy("true", rules={**PODS, "resources": ["services"]})
    assert codes(NS, elsewhere, binding(), deployment()) == []


@NEEDS_CEL
@pytest.mark.parametrize("name", [None, [], ["rule"], {"a": 1}, 5, True], ids=str)
def test_a_binding_whose_policy_is_no_text_binds_nothing(name: Any) -> None:
    """It was an internal error for lists and maps, which no set takes."""
    binds_nothing = binding(policyName=name)
    found = codes(NS, policy("false"), binds_nothing, deployment())
    assert set(found) == {"admission-unknown"}


# ---------------------------------------------------------------- mutating


def test_mutating_policies_are_named_once_with_their_order() -> None:
    second = deployment(name="second")
    (result,) = told(NS, MUTATING, binding(kind="Mutating"), deployment(), second)
    assert "before its mutating webhooks" in result.message and "its pods" in result.message
    assert "again" not in result.message
    again = policy(kind="Mutating", mutations=[], reinvocationPolicy="IfNeeded")
    (result,) = told(NS, again, binding(kind="Mutating"), deployment())
    assert "and again if a webhook changes the object after it" in result.message
    elsewhere = policy(kind="Mutating", rules={**PODS, "resources": ["services"]})
    assert codes(NS, elsewhere, binding(kind="Mutating"), deployment()) == []


# ---------------------------------------------------------------- hostile shapes


def test_hostile_shapes_do_no_harm() -> None:
    shapes: list[Any] = [[], "x", 1, None, {"a": 1}, [[]], ["x"]]
    fields = ("matchConstraints", "matchConditions", "variables", "validations", "paramKind",
              "auditAnnotations", "failurePolicy")  # fmt: skip
    for shape in shapes:
        for field in fields:
            rule = policy("true", **{field: shape})
            bound = binding(paramRef=shape, matchResources=shape)
            told(NS, rule, bound, {**MUTATING, "spec": shape}, deployment())
        told(NS, {**policy(), "spec": shape}, {**binding(), "spec": shape}, deployment())
        odd = deployment()
        odd["spec"]["strategy"] = shape
        told(NS, policy("true"), binding(), odd)
        rules = {**PODS, "resources": shape, "apiGroups": shape, "operations": shape}
        told(NS, policy("true", rules=rules), binding(), deployment())
