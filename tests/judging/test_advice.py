"""Every warning, by the cases of advice_cases.py, and its page."""

from __future__ import annotations

import copy
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import builders
import pytest
from builders import objects_bundle
from judging.advice_cases import (
    CASES,
    NS,
    POLICY,
    SHELL,
    deployment,
    enforced,
    job,
    mesh,
    probe,
    quota,
    strict,
    thing,
)
from judging.override_cases import CASES as OVERRIDES
from paths import ROOT

from krm_injector import function_config, pipeline
from krm_injector.codes import CODES, of_page
from krm_injector.function_config import Settings
from krm_injector.istio_names import SILENCE_ANNOTATION
from krm_injector.judging import advice
from krm_injector.model import Object, Result
from krm_injector.sources.resource_list import read_manifests

if TYPE_CHECKING:
    from krm_injector.codes import CodeName


ALL_CASES = {**CASES, **OVERRIDES}


def told(*objects: Object, settings: Settings | None = None) -> tuple[Result, ...]:
    settings = settings or Settings(native_sidecars=False)
    bundle = read_manifests("".join(json.dumps(value) + "\n" for value in objects).encode())
    outcome = pipeline.run(bundle, settings)
    assert not [result for result in outcome.results if result.severity == "error"]
    return advice.results(advice.advise(bundle, outcome.decisions, outcome.replacements, settings))


def codes(*objects: Object, settings: Settings | None = None) -> set[str]:
    return {result.code for result in told(*objects, settings=settings)}


@pytest.mark.parametrize("code", ALL_CASES)
def test_each_warning_comes_with_its_severity_and_resource(code: CodeName) -> None:
    results = [result for result in told(*ALL_CASES[code][0]) if result.code == code]
    assert results
    for result in results:
        assert result.severity == CODES[code].severities[0]
        assert result.resource is not None
        assert result.message.endswith(tuple("abcdefghijklmnopqrstuvwxyz0123456789)\"'")), (
            "no full stop, as everywhere"
        )


@pytest.mark.parametrize("code", ALL_CASES)
def test_no_warning_comes_where_it_just_does_not_apply(code: str) -> None:
    assert code not in codes(*ALL_CASES[code][1])


@pytest.mark.parametrize("code", ALL_CASES)
def test_silenced_by_the_function_config(code: str) -> None:
    objects = ALL_CASES[code][0]
    namespace = "istio-system" if code == "retired-hub" else "shop"
    for silence in ({"code": code}, {"code": "*"}, {"code": code, "namespace": namespace}):
        one = function_config.Silence(**silence)
        assert code not in codes(*objects, settings=Settings(native_sidecars=False, silence=(one,)))
    other = function_config.Silence(code, namespace="elsewhere")
    assert code in codes(*objects, settings=Settings(native_sidecars=False, silence=(other,)))


@pytest.mark.parametrize("code", ALL_CASES)
def test_severity_is_the_function_configs(code: str) -> None:
    for severity in ("error", "off"):
        settings = Settings(native_sidecars=False, severities={code: severity})
        found = {
            result.severity
            for result in told(*ALL_CASES[code][0], settings=settings)
            if result.code == code
        }
        assert found == (set() if severity == "off" else {severity})


ABOUT_OTHERS = {
    "quota-exceeded",
    "quota-unstated",
    "limit-range",
    "service-port-protocol",
    "disruption-budget",
    "autoscaler-missing-request",
    "autoscaler-ratio",
    "autoscaler-container",
    "vpa-proxy",
    "vpa-native-sidecar",
    "retired-hub",
}


@pytest.mark.parametrize("code", ALL_CASES)
def test_silenced_by_an_annotation(code: str) -> None:
    objects = copy.deepcopy(ALL_CASES[code][0])
    others = (
        *("ResourceQuota", "LimitRange", "Service", "PodDisruptionBudget"),
        *("HorizontalPodAutoscaler", "VerticalPodAutoscaler", "ConfigMap"),
    )
    kinds = others if code in ABOUT_OTHERS else ("Deployment", "Job")
    for value in objects:
        if value["kind"] in kinds:
            value["metadata"]["annotations"] = {SILENCE_ANNOTATION: f"something-else, {code}"}
    assert code not in codes(*objects)


def test_codes_tests_schema_and_docs_agree() -> None:
    registered = of_page("warnings.md")
    assert set(CASES) | POLICY == set(registered)
    page = (ROOT / "docs" / "warnings.md").read_text()
    assert re.findall(r"^### (.+)$", page, re.MULTILINE) == registered
    for code in registered:
        (severity, *_), _, title = CODES[code]
        assert f"| [{code}](#{code}) | {severity} | {title} |" in page
    schema = json.loads(Path(function_config.SCHEMA_FILE).read_text())
    spec = schema["$defs"]["SidecarInjection"]["properties"]["spec"]["properties"]
    registered += of_page("overrides.md")
    assert spec["silence"]["items"]["properties"]["code"]["enum"] == ["*", *registered]
    assert list(spec["severities"]["properties"]) == registered


# ---------------------------------------------------------------- single rules


def test_pod_security_tells_only_what_injection_adds() -> None:
    privileged = {"securityContext": {"privileged": True}}
    (result,) = [
        r
        for r in told(enforced("baseline"), deployment(container=privileged))
        if "security" in r.code
    ]
    assert "NET_ADMIN" in result.message and "privileged" not in result.message
    profile = {"seccompProfile": {"type": "RuntimeDefault"}, "runAsNonRoot": True}
    (result,) = [
        r
        for r in told(enforced("restricted"), deployment(securityContext=profile))
        if "security" in r.code
    ]
    assert "istio-proxy" not in result.message and "istio-init: runAsUser 0" in result.message


def test_native_sidecars_end_with_their_job_and_start_before_init_containers() -> None:
    settings = Settings(native_sidecars=True)
    assert "job-never-completes" not in codes(NS, job(), settings=settings)
    waits = deployment(initContainers=[{**SHELL, "command": ["curl", "http://db"]}])
    assert "init-container-network" not in codes(NS, waits, settings=settings)


def test_quota_counts_replicas_and_says_how_much_is_needed() -> None:
    (result,) = [
        r
        for r in told(NS, quota(requests_memory="255Mi"), deployment())
        if r.code == "quota-exceeded"
    ]
    assert (result.current, result.proposed, result.field) == (
        "255Mi",
        "256Mi",
        'spec.hard["requests.memory"]',
    )
    assert result.resource is not None and str(result.resource) == "ResourceQuota shop/x"
    big = deployment(container={"resources": {"requests": {"cpu": "4"}}})
    assert "quota-exceeded" not in codes(NS, quota(requests_cpu="1"), big), "it was exceeded before"


def test_the_guard_is_not_proposed_where_the_cni_plugin_would_let_traffic_pass() -> None:
    (with_init,) = [
        result.message for result in told(NS, deployment()) if result.code == "webhook-active"
    ]
    (without,) = [
        result.message
        for result in told(NS, *mesh(), deployment())
        if result.code == "webhook-active"
    ]
    assert "spec.guard: label" in with_init and "injection label away" in with_init
    assert "spec.guard" not in without and "injection label away" in without


def test_webhook_is_told_once_a_namespace_and_not_of_guarded_pods() -> None:
    second = deployment()
    second["metadata"]["name"] = "second"
    assert [r.code for r in told(NS, deployment(), second)].count("webhook-active") == 1
    assert "webhook-active" not in codes(NS, deployment(), settings=Settings(guard="label"))


def test_strict_of_the_root_namespace_holds_unless_the_namespace_says_otherwise() -> None:
    root = strict()
    root["metadata"]["namespace"] = "istio-system"
    objects = [NS, *mesh(rewrite=False), deployment(container=probe())]
    assert "probe-mutual-tls" in codes(*objects, root)
    assert "probe-mutual-tls" not in codes(*objects, root, strict("PERMISSIVE"))


SHOWN = {"ports": [{"name": "api", "containerPort": 8080}]}


@pytest.mark.parametrize(
    ("container", "annotations", "told_of"),
    [
        ({"readinessProbe": {"httpGet": {"port": 8080}}}, {}, False),
        ({"livenessProbe": {"httpGet": {"port": "api", "scheme": "HTTPS"}}}, {}, False),
        ({"startupProbe": {"grpc": {"port": 8080}}}, {}, False),
        ({}, {"prometheus.io/scrape": "true", "prometheus.io/port": "8080"}, False),
        ({"readinessProbe": {"httpGet": {"port": 8081}}}, {}, True),
        ({"readinessProbe": {"httpGet": {"port": 8080, "host": "other"}}}, {}, True),
        ({"readinessProbe": {"tcpSocket": {"port": 8080}}}, {}, True),
        ({}, {"prometheus.io/scrape": "false", "prometheus.io/port": "8080"}, True),
    ],
)
def test_a_port_that_shows_its_protocol_needs_no_name(
    container: Object, annotations: dict[str, str], told_of: bool
) -> None:
    for target in (8080, "api"):
        objects: list[Object] = [
            NS,
            builders.service(port={"port": 80, "name": "web", "targetPort": target}),
            deployment(container={**SHOWN, **container}, annotations=annotations),
        ]
        assert ("service-port-protocol" in codes(*objects)) is told_of

        # Where the proxy does not detect protocols, such a port is TCP, whatever it speaks.
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("krm_injector.judging.advice.network.DETECTS_INBOUND", (2, 0))
            assert "service-port-protocol" in codes(*objects)


def test_hostile_shapes_do_no_harm() -> None:
    shapes: list[Any] = [[], "x", 1, None, {"a": 1}, [[]], ["x"]]
    for value in shapes:
        objects: list[Object] = [
            NS,
            thing("ResourceQuota", {"hard": value}),
            thing("ResourceQuota", {"hard": {"cpu": value}}),
            thing("LimitRange", {"limits": value}),
            thing(
                "LimitRange",
                {"limits": [{"type": "Container", "max": value, "min": {"cpu": value}}]},
            ),
            thing("Service", {"selector": value, "ports": value}),
            thing("PodDisruptionBudget", {"selector": value, "minAvailable": value}),
            thing("PeerAuthentication", {"mtls": value, "selector": value}),
        ]
        assert "webhook-active" in codes(*objects, deployment(container=probe()))


def test_summary_shows_the_first_of_each_code() -> None:
    codes: tuple[CodeName, ...] = ("host-port", "limit-range")
    results = [Result("warning", f"{code} {n}", code=code) for n in range(3) for code in codes]
    shown = advice.summary(results)
    assert [result.message.split("\n")[0] for result in shown] == ["host-port 0", "limit-range 0"]
    assert "2 more [host-port]" in shown[0].message
    assert advice.summary(results[:2]) == results[:2]


def test_entries_carry_their_warnings() -> None:
    entries: list[dict[str, Any]] = [{}, {}]
    advice.attach(entries, [advice.Advice(Result("info", "m", field="f", code="host-port"), 1)])
    assert entries[0] == {"warnings": []}
    assert entries[1] == {
        "warnings": [{"severity": "info", "code": "host-port", "message": "m", "field": "f"}]
    }


def test_nothing_is_told_of_an_empty_bundle() -> None:
    assert advice.advise(objects_bundle([]), (), {}, Settings()) == ()
