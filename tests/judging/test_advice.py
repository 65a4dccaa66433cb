"""Every warning: a bundle that triggers it, one that just does not, and its page."""

from __future__ import annotations

import copy
import json
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from paths import ROOT

from krm_injector import function_config, pipeline
from krm_injector.codes import CODES, CodeName, of_page
from krm_injector.function_config import Settings
from krm_injector.istio_names import SILENCE_ANNOTATION
from krm_injector.judging import advice
from krm_injector.model import Object, Result
from krm_injector.sources.resource_list import read_manifests


def deployment(**spec: Any) -> Object:
    """A Deployment web in Namespace shop; keyword arguments go into the pod's spec, container= into
    its container.
    """
    container = {"name": "web", "image": "web:1", **spec.pop("container", {})}
    annotations = spec.pop("annotations", {})
    template = {
        "metadata": {"labels": {"app": "web"}, "annotations": annotations},
        "spec": {"containers": [container], **spec},
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "shop"},
        "spec": {"replicas": 2, "template": template},
    }


def job(kind: str = "Job", **container: Any) -> Object:
    value = deployment(container=container)
    return {"apiVersion": "batch/v1", "kind": kind, "metadata": value["metadata"], "spec": {
        "template": value["spec"]["template"]}}  # fmt: skip


def namespace(**labels: str) -> Object:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop", "labels": {
        "istio-injection": "enabled", **labels}}}  # fmt: skip


def thing(kind: str, spec: Object, name: str = "x", version: str = "v1", **more: Any) -> Object:
    return {
        "apiVersion": version,
        "kind": kind,
        "metadata": {"name": name, "namespace": "shop"},
        "spec": spec,
        **more,
    }


def enforced(level: str) -> Object:
    return namespace(**{"pod-security.kubernetes.io/enforce": level})


def quota(**hard: str) -> Object:
    return thing(
        "ResourceQuota", {"hard": {key.replace("_", "."): value for key, value in hard.items()}}
    )


def limits(kind: str, **limit: Any) -> Object:
    return thing("LimitRange", {"limits": [{"type": kind, **limit}]})


def service(**port: Any) -> Object:
    return thing("Service", {"selector": {"app": "web"}, "ports": [{"port": 80, **port}]})


def budget(**spec: Any) -> Object:
    return thing(
        "PodDisruptionBudget",
        {"selector": {"matchLabels": {"app": "web"}}, **spec},
        version="policy/v1",
    )


def strict(mode: str = "STRICT") -> Object:
    return thing("PeerAuthentication", {"mtls": {"mode": mode}}, version="security.istio.io/v1")


def mesh(**values: Any) -> list[Object]:
    """A small mesh of its own: the proxy with an image and a token or without."""
    minor = values.get("minor", "1.24.0")
    mounts = [{"name": "istio-token", "mountPath": "/t"}] if values.get("token") else []
    volumes = [
        {"name": "istio-token", "projected": {"sources": [{"serviceAccountToken": {"path": "t"}}]}}
    ]
    proxy = {
        "name": "istio-proxy",
        "image": values.get("image", f"proxyv2:{minor}"),
        "volumeMounts": mounts,
    }
    template = json.dumps({"spec": {"containers": [proxy], "volumes": volumes if mounts else []}})
    config = {
        "policy": "enabled",
        "defaultTemplates": ["sidecar"],
        "templates": {"sidecar": template},
    }
    own = {
        "global": {"tag": minor},
        "sidecarInjectorWebhook": {"rewriteAppHTTPProbe": values.get("rewrite", True)},
    }
    injector = {"config": json.dumps(config), "values": json.dumps(own)}
    texts = {
        "istio-sidecar-injector": injector,
        "istio": {"mesh": "rootNamespace: istio-system"},
    }
    return [
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": name, "namespace": "istio-system"},
            "data": data,
        }
        for name, data in texts.items()
    ]


def told(*objects: Object, settings: Settings | None = None) -> tuple[Result, ...]:
    settings = settings or Settings(native_sidecars=False)
    bundle = read_manifests("".join(json.dumps(value) + "\n" for value in objects).encode())
    outcome = pipeline.run(bundle, settings)
    assert not [result for result in outcome.results if result.severity == "error"]
    return advice.results(advice.advise(bundle, outcome.decisions, outcome.replacements, settings))


def codes(*objects: Object, settings: Settings | None = None) -> set[str]:
    return {result.code for result in told(*objects, settings=settings)}


NS = namespace()
HTTP = {"ports": [{"name": "http", "containerPort": 8080}]}
SHELL = {"name": "wait", "image": "busybox:1"}


def probe(port: Any = "http", **action: Any) -> Object:
    return {**HTTP, "readinessProbe": {"httpGet": {"path": "/", "port": port, **action}}}


TPROXY = {"sidecar.istio.io/interceptionMode": "TPROXY"}
# code: what triggers it, what just does not
CASES: dict[str, tuple[list[Object], list[Object]]] = {
    "pod-security-enforced": (
        [enforced("baseline"), deployment()],
        [enforced("privileged"), deployment()],
    ),
    "pod-security-reported": (
        [namespace(**{"pod-security.kubernetes.io/warn": "restricted"}), deployment()],
        [namespace(**{"pod-security.kubernetes.io/warn": "privileged"}), deployment()],
    ),
    "quota-exceeded": (
        [NS, quota(requests_cpu="199m"), deployment()],
        [NS, quota(requests_cpu="200m"), deployment()],
    ),
    "quota-unstated": (
        [NS, quota(**{"requests_ephemeral-storage": "1Gi"}), deployment()],
        [NS, quota(limits_memory="100Gi"), deployment()],
    ),
    "limit-range": (
        [NS, limits("Container", maxLimitRequestRatio={"cpu": "19"}), deployment()],
        [NS, limits("Container", maxLimitRequestRatio={"cpu": "20"}), deployment()],
    ),
    "port-collision": (
        [NS, deployment(container={"ports": [{"containerPort": 15090}]})],
        [NS, deployment(container={"ports": [{"containerPort": 15091}]})],
    ),
    "proxy-identity": (
        [NS, deployment(securityContext={"runAsUser": 1337})],
        [NS, deployment(securityContext={"runAsUser": 1336})],
    ),
    "host-port": (
        [NS, deployment(container={"ports": [{"containerPort": 80, "hostPort": 80}]})],
        [NS, deployment(container={"ports": [{"containerPort": 80}]})],
    ),
    "host-network": (
        [NS, deployment(hostNetwork=True)],
        [namespace(**{"istio-injection": "disabled"}), deployment(hostNetwork=True)],
    ),
    "job-never-completes": (
        [NS, job()],
        [NS, job(args=["work; curl -X POST localhost:15020/quitquitquit"])],
    ),
    "init-container-network": (
        [NS, deployment(initContainers=[{**SHELL, "command": ["curl", "http://db"]}])],
        [NS, deployment(initContainers=[{**SHELL, "command": ["chown", "-R", "app", "/data"]}])],
    ),
    "service-port-protocol": (
        [NS, service(name="api"), deployment()],
        [NS, service(name="http-api"), deployment()],
    ),
    "listen-address": (
        [NS, *mesh(minor="1.9.9"), deployment(container={"args": ["--bind=$(IP)"], "env": [
            {"name": "IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}}]})],
        [NS, *mesh(minor="1.10.0"), deployment(container={"args": ["--bind=$(IP)"], "env": [
            {"name": "IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}}]})],
    ),
    "disruption-budget": (
        [NS, budget(minAvailable=2), deployment()],
        [NS, budget(minAvailable=1), deployment()],
    ),
    "mutable-image": (
        [NS, *mesh(image="proxyv2:1.24.0"), deployment()],
        [NS, *mesh(image="proxyv2@sha256:" + "0" * 64), deployment()],
    ),
    "latest-image": (
        [NS, *mesh(image="hub:5000/proxyv2"), deployment()],
        [NS, *mesh(image="hub:5000/proxyv2:1"), deployment()],
    ),
    "service-account-token": (
        [NS, *mesh(), deployment(automountServiceAccountToken=False)],
        [NS, *mesh(token=True), deployment(automountServiceAccountToken=False)],
    ),
    "probe-port-unknown": (
        [NS, deployment(container=probe("metrics"))],
        [NS, deployment(container=probe("http"))],
    ),
    "probe-host": (
        [NS, deployment(container=probe(host="example.com"))],
        [NS, deployment(container=probe(host="localhost"))],
    ),
    "probe-mutual-tls": (
        [NS, strict(), *mesh(rewrite=False), deployment(container=probe())],
        [NS, strict("PERMISSIVE"), *mesh(rewrite=False), deployment(container=probe())],
    ),
    "webhook-active": (
        [NS, deployment()],
        [namespace(**{"istio-injection": "disabled"}), deployment()],
    ),
}  # fmt: skip
POLICY = {"injection-required", "injection-forbidden"}  # tests/test_policy.py


@pytest.mark.parametrize("code", CASES)
def test_triggers(code: str) -> None:
    results = [result for result in told(*CASES[code][0]) if result.code == code]
    assert results
    for result in results:
        assert result.severity == CODES[code].severities[0]
        assert result.resource is not None
        assert result.message.endswith(tuple("abcdefghijklmnopqrstuvwxyz0123456789)\"'")), (
            "no full stop, as everywhere"
        )


@pytest.mark.parametrize("code", CASES)
def test_just_does_not(code: str) -> None:
    assert code not in codes(*CASES[code][1])


@pytest.mark.parametrize("code", CASES)
def test_silenced_by_the_function_config(code: str) -> None:
    objects = CASES[code][0]
    for silence in ({"code": code}, {"code": "*"}, {"code": code, "namespace": "shop"}):
        one = function_config.Silence(**silence)
        assert code not in codes(*objects, settings=Settings(native_sidecars=False, silence=(one,)))
    other = function_config.Silence(code, namespace="elsewhere")
    assert code in codes(*objects, settings=Settings(native_sidecars=False, silence=(other,)))


@pytest.mark.parametrize("code", CASES)
def test_severity_is_the_function_configs(code: str) -> None:
    for severity in ("error", "off"):
        settings = Settings(native_sidecars=False, severities={code: severity})
        found = {
            result.severity
            for result in told(*CASES[code][0], settings=settings)
            if result.code == code
        }
        assert found == (set() if severity == "off" else {severity})


ABOUT_OTHERS = {
    "quota-exceeded",
    "quota-unstated",
    "limit-range",
    "service-port-protocol",
    "disruption-budget",
}


@pytest.mark.parametrize("code", CASES)
def test_silenced_by_an_annotation(code: str) -> None:
    objects = copy.deepcopy(CASES[code][0])
    others = ("ResourceQuota", "LimitRange", "Service", "PodDisruptionBudget")
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


def test_hostile_shapes_do_no_harm() -> None:
    for value in ([], "x", 1, None, {"a": 1}, [[]], ["x"]):
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
    assert advice.advise(SimpleNamespace(items=[]), (), {}, Settings()) == ()
