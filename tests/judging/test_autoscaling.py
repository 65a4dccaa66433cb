"""Autoscalers that see other pods than before injection."""

from __future__ import annotations

import json
from typing import Any

import pytest
from builders import namespace, workload
from judging.advice_cases import (
    NS,
    asks,
    deployment,
    limits,
    mesh,
    scaler,
    thing,
    utilization,
    vertical,
)
from judging.test_advice import codes, told

from krm_injector.model import Object, Result

CPU_80 = utilization("cpu", 80)
PLAIN = {"sidecar.istio.io/nativeSidecar": "false"}
NATIVE = {"sidecar.istio.io/nativeSidecar": "true"}


def one(code: str, *objects: Object) -> Result:
    (result,) = [result for result in told(NS, *objects) if result.code == code]
    return result


def scaled(kind: str = "autoscaling/v2", **spec: Any) -> Object:
    """A HorizontalPodAutoscaler of Deployment web in some version of its API."""
    target = {"scaleTargetRef": {"kind": "Deployment", "name": "web"}, "maxReplicas": 4}
    return thing("HorizontalPodAutoscaler", {**target, **spec}, version=kind)


def keda(*triggers: Object, **spec: Any) -> Object:
    spec = {"scaleTargetRef": {"name": "web"}, "triggers": list(triggers), **spec}
    return thing("ScaledObject", spec, version="keda.sh/v1alpha1")


def trigger(resource: str = "cpu", value: str = "80", **metadata: str) -> Object:
    stated = {"value": value, **metadata}
    return {"type": resource, "metricType": "Utilization", "metadata": stated}


# ---------------------------------------------------------------- another ratio


def test_the_arithmetic_of_the_ratio() -> None:
    result = one("autoscaler-ratio", scaler(CPU_80), deployment(container=asks("100m")))
    assert str(result.resource) == "HorizontalPodAutoscaler shop/x"
    assert result.field == "spec.metrics[0].resource.target.averageUtilization"
    assert (result.current, result.proposed) == (80, 40)
    assert "160m of 200m with the proxy, and 80m of 100m without it" in result.message
    assert "when the application uses 160% of what it requests. To" in result.message
    assert "aim at 40%, or let it look at container web alone" in result.message


def test_an_application_whose_limit_is_below_the_target_never_scales() -> None:
    limited = {"resources": {"requests": {"cpu": "100m"}, "limits": {"cpu": "159m"}}}
    message = one("autoscaler-ratio", scaler(CPU_80), deployment(container=limited)).message
    assert "160% of what it requests, more than its limit of 159m allows" in message
    limited["resources"]["limits"]["cpu"] = "160m"
    message = one("autoscaler-ratio", scaler(CPU_80), deployment(container=limited)).message
    assert "allows" not in message


def test_memory_is_rounded_to_mebibytes() -> None:
    aims = scaler(utilization("memory", 70))
    message = one("autoscaler-ratio", aims, deployment(container=asks("1", memory="100Mi"))).message
    assert "160Mi of 228Mi with the proxy, and 70Mi of 100Mi without it" in message


def test_several_containers_are_named() -> None:
    second = {"name": "second", "image": "second:1", **asks("100m")}
    pods = deployment(container=asks("100m"), beside=[second])
    message = one("autoscaler-ratio", scaler(CPU_80), pods).message
    assert "240m of 300m" in message and "160m of 200m" in message
    assert "one of web, second alone" in message


def test_native_sidecars_count_and_finished_init_containers_do_not() -> None:
    waits = [{"name": "wait", "image": "busybox:1", **asks("4")}]
    for mode in (NATIVE, PLAIN):
        pods = deployment(container=asks("100m"), initContainers=waits, annotations=mode)
        assert "160m of 200m" in one("autoscaler-ratio", scaler(CPU_80), pods).message


def test_a_users_own_proxy_container_is_an_override_of_the_injected_one() -> None:
    own = {"name": "istio-proxy", "image": "auto", **asks("300m")}
    pods = deployment(container=asks("100m"), beside=[own])
    message = one("autoscaler-ratio", scaler(CPU_80), pods).message
    assert "320m of 400m with the proxy, and 80m of 100m without it" in message


def test_requests_of_the_pod_itself_do_not_grow() -> None:
    pods = deployment(container=asks("100m"), resources={"requests": {"cpu": "1"}})
    assert not {code for code in codes(NS, scaler(CPU_80), pods) if "autoscaler" in code}


# ---------------------------------------------------------------- no request


def test_a_proxy_without_a_request_leaves_no_percentage() -> None:
    result = one(
        "autoscaler-missing-request", *mesh(), scaler(CPU_80), deployment(container=asks("1"))
    )
    assert "istio-proxy requests none" in result.message
    assert "(missing request for cpu), and does not scale. Set" in result.message
    assert "sidecar.istio.io/proxyCPU " in result.message
    assert result.field == "spec.metrics[0].resource.target.averageUtilization"


def test_with_another_metric_it_does_not_scale_down() -> None:
    queue = {"type": "External", "external": {}}
    for other in (queue, utilization("memory", 70)):
        app = deployment(container=asks("1", memory="1Gi"))
        results = told(NS, *mesh(), scaler(CPU_80, other), app)
        messages = [r.message for r in results if r.code == "autoscaler-missing-request"]
        assert messages and all("and does not scale down." in message for message in messages)


def test_a_limit_and_a_limit_range_are_requests_too() -> None:
    app = deployment(container=asks("1"))
    limited = {"sidecar.istio.io/proxyCPULimit": "1"}
    assert "autoscaler-missing-request" not in codes(
        NS, scaler(CPU_80), deployment(container=asks("1"), annotations=limited)
    )
    for limit in ({"defaultRequest": {"cpu": "10m"}}, {"default": {"cpu": "10m"}},
                  {"max": {"cpu": "10m"}}, {"min": {"cpu": "10m"}}):  # fmt: skip
        given = limits("Container", **limit)
        assert "autoscaler-missing-request" not in codes(NS, *mesh(), given, scaler(CPU_80), app)
    others = limits("Pod", max={"cpu": "10"}), limits("Container", min={"memory": "1Mi"})
    for given in others:
        assert "autoscaler-missing-request" in codes(NS, *mesh(), given, scaler(CPU_80), app)


def test_an_autoscaler_that_did_not_work_before_is_not_told() -> None:
    assert not {code for code in codes(NS, *mesh(), scaler(CPU_80), deployment()) if "auto" in code}


def test_an_annotation_that_displaces_the_request() -> None:
    memory = {"sidecar.istio.io/proxyMemory": "1Gi"}
    pods = deployment(container=asks("1"), annotations=memory)
    assert codes(NS, scaler(CPU_80), pods) >= {"autoscaler-missing-request", "proxy-resources"}


def test_a_metric_of_the_proxy_itself() -> None:
    aims = scaler(utilization("cpu", 80, "istio-proxy"))
    app = deployment(container=asks("1"))
    message = one("autoscaler-missing-request", *mesh(), aims, app).message
    assert "80% of the cpu that container istio-proxy requests, and istio-proxy" in message
    assert "application's container" not in message


# ---------------------------------------------------------------- containers


def test_the_containers_that_there_are() -> None:
    aims = scaler(utilization("cpu", 80, "envoy"))
    result = one("autoscaler-container", aims, deployment(annotations=NATIVE))
    assert result.message.endswith("They have istio-proxy, web")
    assert result.field == "spec.metrics[0].containerResource.container"
    assert result.current == "envoy"
    result = one("autoscaler-container", keda(trigger(containerName="envoy")), deployment())
    assert result.field == "spec.triggers[0].metadata.containerName"


def test_the_proxy_of_a_workload_that_gets_none() -> None:
    aims = scaler(utilization("cpu", 80, "istio-proxy"))
    quiet = namespace(**{"istio-injection": "disabled"})
    assert "autoscaler-container" in codes(quiet, aims, deployment(container=asks("1")))
    # Another name is none of injection's business there.
    others = scaler(utilization("cpu", 80, "envoy"))
    assert "autoscaler-container" not in codes(quiet, others, deployment(container=asks("1")))


# ---------------------------------------------------------------- forms of autoscalers


@pytest.mark.parametrize(
    ("value", "field", "current"),
    [
        (
            scaled("autoscaling/v1", targetCPUUtilizationPercentage=80),
            "spec.targetCPUUtilizationPercentage",
            80,
        ),
        (scaled("autoscaling/v1"), "spec.targetCPUUtilizationPercentage", None),
        (scaled("autoscaling/v2"), "spec.metrics", None),
        (
            scaled(
                "autoscaling/v2beta1",
                metrics=[
                    {"type": "Pods", "pods": {}},
                    {
                        "type": "Resource",
                        "resource": {"name": "cpu", "targetAverageUtilization": 80},
                    },
                ],
            ),
            "spec.metrics[1].resource.targetAverageUtilization",
            80,
        ),
        (
            scaled("autoscaling/v2beta2", metrics=[CPU_80]),
            "spec.metrics[0].resource.target.averageUtilization",
            80,
        ),
        (keda(trigger()), "spec.triggers[0].metadata.value", "80"),
        (
            keda(
                {"type": "cron", "metadata": {}},
                {"type": "cpu", "metadata": {"type": "Utilization", "value": "80"}},
            ),
            "spec.triggers[1].metadata.value",
            "80",
        ),
    ],
)
def test_every_version_is_read(value: Object, field: str, current: int | str | None) -> None:
    result = one("autoscaler-ratio", value, deployment(container=asks("100m")))
    assert (result.field, result.current) == (field, current)
    assert result.proposed == {80: 40, "80": "40", None: None}[current]
    assert "80% of the cpu" in result.message and "aim at 40%" in result.message


def test_metrics_of_v1_in_an_annotation() -> None:
    value = scaled("autoscaling/v1")
    stated = json.dumps(
        [{"type": "Resource", "resource": {"name": "memory", "targetAverageUtilization": 70}}]
    )
    value["metadata"]["annotations"] = {"autoscaling.alpha.kubernetes.io/metrics": stated}
    result = one("autoscaler-ratio", value, deployment(container=asks("1", memory="128Mi")))
    assert "70% of the memory" in result.message
    assert result.field.startswith('metadata.annotations["autoscaling.alpha')


@pytest.mark.parametrize(
    "value",
    [
        scaled(metrics=[{"type": "Resource", "resource": {
            "name": "cpu", "target": {"type": "AverageValue", "averageValue": "1"}}}]),
        scaled(metrics=[{"type": "External", "external": {}}]),
        scaled(metrics=[utilization("cpu", 80, "web")]),
        scaled(scaleTargetRef={"kind": "Deployment", "name": "other"}),
        scaled(scaleTargetRef={"kind": "StatefulSet", "name": "web"}),
        keda({"type": "cpu", "metricType": "AverageValue", "metadata": {"value": "80m"}}),
        keda(trigger(containerName="web")),
        keda(trigger(value="many")),
        keda(trigger("kafka")),
        keda(trigger(), scaleTargetRef={"name": "web", "kind": "StatefulSet"}),
    ],
)  # fmt: skip
def test_what_does_not_look_at_the_sum_of_requests(value: Object) -> None:
    told_codes = codes(NS, value, deployment(container=asks("100m")))
    assert not {code for code in told_codes if "autoscaler" in code}


def test_an_autoscaler_of_another_namespace_and_one_that_is_off() -> None:
    elsewhere = scaler(CPU_80)
    elsewhere["metadata"]["namespace"] = "elsewhere"
    off = deployment(container=asks("100m"))
    off["spec"]["replicas"] = 0
    assert "autoscaler-ratio" not in codes(NS, elsewhere, deployment(container=asks("100m")))
    assert "autoscaler-ratio" not in codes(NS, scaler(CPU_80), off)


def test_kinds_of_operators_are_scaled_too() -> None:
    target = {"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "name": "web"}
    template = deployment(container=asks("100m"))["spec"]["template"]
    value = scaled(scaleTargetRef=target, metrics=[CPU_80])
    assert "autoscaler-ratio" in codes(NS, value, workload("Rollout", template))


def test_hostile_shapes_do_no_harm() -> None:
    shapes: list[Any] = [[], "x", 1, True, None, {"a": 1}, [[]], ["x"], -1, 10**30]
    for value in shapes:
        metric = {"type": value, "resource": value, "containerResource": value}
        resource = {"type": "Resource", "resource": {"name": value, "target": value}}
        aims = {"type": "Resource", "resource": {"name": "cpu", "targetAverageUtilization": value}}
        objects = [
            NS,
            scaled(scaleTargetRef=value, metrics=value, minReplicas=value, maxReplicas=value),
            scaled(metrics=[metric, resource, aims], targetCPUUtilizationPercentage=value),
            keda(trigger(value=value), minReplicaCount=value, maxReplicaCount=value),
            keda({"type": value, "metricType": value, "metadata": value}, scaleTargetRef=value),
            thing("VerticalPodAutoscaler", {"targetRef": value, "resourcePolicy": value}),
            vertical({"containerName": value, "mode": value}, updatePolicy=value),
            limits("Container", default=value, max={"cpu": value}),
        ]
        assert "webhook-active" in codes(*objects, deployment(container=asks("100m")))


# ---------------------------------------------------------------- vertical


def test_a_plain_sidecar_is_managed_and_a_policy_is_proposed() -> None:
    result = one("vpa-proxy", vertical(), deployment(annotations=PLAIN))
    assert result.field == "spec.resourcePolicy.containerPolicies"
    assert result.proposed == [{"containerName": "istio-proxy", "mode": "Off"}]
    assert "sets the proxy's requests and limits too" in result.message
    assert "replaces pods of Deployment shop/web" in result.message
    at_start = vertical(updatePolicy={"updateMode": "Initial"})
    message = one("vpa-proxy", at_start, deployment(annotations=PLAIN)).message
    assert "replaces pods" not in message

    every = {"containerName": "*", "maxAllowed": {"cpu": "1"}}
    result = one("vpa-proxy", vertical(every), deployment(annotations=PLAIN))
    assert "so the one for * applies" in result.message
    assert result.proposed[0] == every


def test_a_native_sidecar_is_left_as_it_is() -> None:
    result = one("vpa-proxy", vertical(), deployment(annotations=NATIVE))
    assert "leaves istio-proxy" in result.message and result.proposed is None
    result = one(
        "vpa-native-sidecar",
        vertical({"containerName": "web"}, {"containerName": "istio-proxy"}),
        deployment(annotations=NATIVE),
    )
    assert result.field == "spec.resourcePolicy.containerPolicies[1]"


@pytest.mark.parametrize("annotations", [NATIVE, PLAIN])
def test_verticals_that_leave_the_proxy_alone(annotations: dict[str, str]) -> None:
    pods = deployment(annotations=annotations)
    for value in (
        vertical(updatePolicy={"updateMode": "Off"}),
        vertical({"containerName": "*", "mode": "Off"}, {"containerName": "web"}),
        vertical({"containerName": "istio-proxy", "mode": "Off"}),
        vertical(targetRef={"kind": "Deployment", "name": "other"}),
    ):
        assert not {code for code in codes(NS, value, pods) if code.startswith("vpa")}
