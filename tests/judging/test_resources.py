"""Quotas and limits with autoscalers and defaults, and annotations that displace resources."""

from __future__ import annotations

from builders import control_plane
from judging.advice_cases import NS, asks, deployment, limits, mesh, scaler, thing
from judging.test_advice import codes, told
from judging.test_autoscaling import keda, one, trigger

from krm_injector.model import Object

# ---------------------------------------------------------------- quotas


def quota(**hard: str) -> Object:
    return thing("ResourceQuota", {"hard": {f"requests.{key}": hard[key] for key in hard}})


def test_the_most_pods_of_an_autoscaler_count() -> None:
    app = deployment(container=asks("100m"))
    result = one("quota-exceeded", quota(cpu="799m"), scaler(), app)
    assert "with their autoscalers at the most (HorizontalPodAutoscaler shop/x: 4 pods)" in (
        result.message
    )
    assert "400m without and 800m with" in result.message
    assert (result.current, result.proposed) == ("799m", "800m")
    assert "quota-exceeded" not in codes(NS, quota(cpu="800m"), scaler(), app)
    over = scaler(minReplicas=1)
    assert "quota-exceeded" not in codes(NS, quota(cpu="399m"), over, app), "without proxies too"


def test_the_least_pods_of_an_autoscaler_are_told_first() -> None:
    app = deployment(container=asks("100m"))
    app["spec"]["replicas"] = 1  # the autoscaler wins
    result = one("quota-exceeded", quota(cpu="399m"), scaler(minReplicas=2, maxReplicas=3), app)
    assert "autoscalers" not in result.message and "200m without and 400m with" in result.message


def test_a_trigger_scales_to_a_hundred_pods() -> None:
    message = one(
        "quota-exceeded",
        quota(cpu="15"),
        keda(trigger("kafka")),
        deployment(container=asks("100m")),
    ).message
    assert "(ScaledObject shop/x: 100 pods)" in message and "20 with" in message


def test_defaults_of_a_limit_range_are_part_of_what_is_asked() -> None:
    given = limits("Container", defaultRequest={"cpu": "300m"})
    result = one("quota-exceeded", quota(cpu="799m"), given, deployment())
    assert "600m without and 800m with" in result.message
    state = {"requests_ephemeral-storage": "1Gi"}
    hard = {key.replace("_", "."): value for key, value in state.items()}
    all_stated = thing("ResourceQuota", {"hard": hard})
    given = limits("Container", default={"ephemeral-storage": "1Gi"})
    assert "quota-unstated" in codes(NS, all_stated, deployment())
    assert "quota-unstated" not in codes(NS, all_stated, given, deployment())


def test_a_container_without_a_limit_gets_the_most_that_is_allowed() -> None:
    most = limits("Container", max={"memory": "2Gi", "cpu": "1"})
    assert "limit-range" not in codes(NS, *mesh(), most, deployment())
    assert "limit-range" in codes(NS, most, deployment()), "the profile's limit is 2 cores"


# ---------------------------------------------------------------- annotations


def proxy_mesh(resources: str) -> list[Object]:
    """A mesh whose proxy has some resources, which one annotation displaces."""
    template = (
        'spec: {containers: [{name: istio-proxy, image: "proxyv2:1.24.0", resources: '
        '{{ if isset .ObjectMeta.Annotations "sidecar.istio.io/proxyCPU" }}'
        '{requests: {cpu: {{ index .ObjectMeta.Annotations "sidecar.istio.io/proxyCPU" | quote }}}}'
        f"{{{{ else }}}}{resources}{{{{ end }}}}}}]}}"
    )
    return control_plane(template, version="1.24.0")


CPU = {"sidecar.istio.io/proxyCPU": "50m"}


def test_the_values_that_an_annotation_displaces() -> None:
    result = one("proxy-resources", deployment(annotations={**CPU, "example.com/other": "x"}))
    assert str(result.resource) == "Deployment shop/web"
    assert result.field == "spec.template.metadata.annotations"
    assert result.current == CPU
    assert result.proposed == {
        **CPU,
        "sidecar.istio.io/proxyMemory": "128Mi",
        "sidecar.istio.io/proxyCPULimit": "2",
        "sidecar.istio.io/proxyMemoryLimit": "1Gi",
    }
    assert "loses requests.memory 128Mi, limits.cpu 2 and limits.memory 1Gi" in result.message


def test_nothing_is_lost_that_the_installation_does_not_state() -> None:
    pods = deployment(annotations=CPU)
    assert "proxy-resources" not in codes(NS, *proxy_mesh("{}"), pods)
    assert "proxy-resources" not in codes(NS, *proxy_mesh("{requests: {cpu: 10m}}"), pods)
    assert "proxy-resources" in codes(NS, *proxy_mesh("{limits: {cpu: 10m}}"), pods)
    # This mesh's template does not look at the annotation.
    memory = deployment(annotations={"sidecar.istio.io/proxyMemory": "1Gi"})
    assert "proxy-resources" not in codes(NS, *proxy_mesh("{limits: {cpu: 10m}}"), memory)


def test_what_no_annotation_states_goes_into_a_container() -> None:
    resources = "{requests: {ephemeral-storage: 1Gi}}"
    message = one("proxy-resources", *proxy_mesh(resources), deployment(annotations=CPU)).message
    assert message.endswith(
        "state requests.ephemeral-storage in a container istio-proxy of the pod template"
    )


def test_a_container_of_the_user_gives_back_what_is_displaced() -> None:
    own = {"name": "istio-proxy", "image": "auto"}
    stated = {"requests": {"memory": "128Mi"}, "limits": {"cpu": "2", "memory": "1Gi"}}
    pods = deployment(annotations=CPU, beside=[{**own, "resources": stated}])
    assert "proxy-resources" not in codes(NS, pods)


def test_a_limit_that_becomes_the_request() -> None:
    pods = deployment(annotations={"sidecar.istio.io/proxyCPULimit": "3"})
    message = one("proxy-resources", pods).message
    assert "requests.cpu 100m (the API server then requests its limit, 3)" in message


def test_each_of_many_workloads_is_told() -> None:
    pods = [deployment(name=f"web-{number}", annotations=CPU) for number in range(5)]
    results = [r for r in told(NS, *pods) if r.code == "proxy-resources"]
    assert [str(r.resource) for r in results] == [f"Deployment shop/web-{n}" for n in range(5)]
    assert len({r.message.replace(f"web-{n}", "web") for n, r in enumerate(results)}) == 1
