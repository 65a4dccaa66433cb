"""Istio 1.1 to 1.8: small SidecarInjectionSpecs are rendered and applied as each version did it."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import pytest
from builders import SHOP, config_map, workload

from krm_injector import pipeline
from krm_injector.discovery.version_inference import possible_minors
from krm_injector.function_config import MeshSettings, Settings
from krm_injector.injection.legacy.apply import earlier_names
from krm_injector.injection.legacy.probes import port_of_args
from krm_injector.sources import resource_list
from krm_injector.versions import OLDEST, rules_for

if TYPE_CHECKING:
    from krm_injector.function_config import Method

Object = dict[str, Any]

SPEC = """\
initContainers:
- name: istio-init
  image: init
containers:
- name: istio-proxy
  image: proxy
  args: [proxy, --statusPort, "15020"]
volumes:
- name: istio-envoy
  emptyDir: {}
imagePullSecrets:
- name: pull
"""


def items(
    version: str, template: str, pod: Object, config: Object | None = None, mesh: str = "{}"
) -> list[Object]:
    data = {
        "config": json.dumps({"policy": "enabled", "template": template, **(config or {})}),
        "values": "{}",
    }
    if version:
        data["values"] = json.dumps({"global": {"tag": version}})
    return [
        config_map("istio-sidecar-injector", data),
        config_map("istio", {"mesh": mesh}),
        SHOP,
        workload(template=pod),
    ]


def bundle_of(given: list[Object]) -> resource_list.Bundle:
    whole = {"apiVersion": "config.kubernetes.io/v1", "kind": "ResourceList", "items": given}
    return resource_list.read(json.dumps(whole).encode())


def run(given: list[Object], method: Method = "automatic") -> pipeline.Outcome:
    return pipeline.run(bundle_of(given), Settings(method=method, record=False))


def injected(
    version: str,
    template: str = SPEC,
    pod: Object | None = None,
    method: Method = "automatic",
    **more: Any,
) -> Object:
    """The pod template after injection; errors fail the test."""
    given = items(version, template, pod or application(), **more)
    outcome = run(given, method)
    assert not [result for result in outcome.results if result.severity == "error"]
    changed = outcome.replacements[len(given) - 1]
    found: Object = changed["spec"]["template"]
    return found


def application(
    annotations: Object | None = None, labels: Object | None = None, **spec: Any
) -> Object:
    containers = [
        {"name": "web", "image": "web", "ports": [{"name": "http", "containerPort": 8080}]}
    ]
    metadata = {"labels": labels or {"app": "web"}, "annotations": annotations or {}}
    return {"metadata": metadata, "spec": {"containers": containers, **spec}}


def probed(**probe: Any) -> Object:
    pod = application()
    pod["spec"]["containers"][0]["livenessProbe"] = {
        "httpGet": {"path": "/live", "port": "http"},
        **probe,
    }
    return pod


def names(pod: Object, field: str = "containers") -> list[str]:
    return [entry["name"] for entry in pod["spec"].get(field, [])]


def env_of(pod: Object, name: str) -> str | None:
    (proxy,) = [c for c in pod["spec"]["containers"] if c["name"] == "istio-proxy"]
    return next((str(v.get("value", "")) for v in proxy.get("env", []) if v["name"] == name), None)


# ---------------------------------------------------------------- the spec and the pod


@pytest.mark.parametrize(
    "version", ["1.1.1", "1.2.2", "1.3.8", "1.4.10", "1.5.10", "1.6.14", "1.7.8", "1.8.2"]
)
def test_the_specs_parts_go_to_the_ends(version: str) -> None:
    pod = injected(
        version, pod=application(volumes=[{"name": "mine"}], imagePullSecrets=[{"name": "own"}])
    )
    assert names(pod) == ["web", "istio-proxy"]
    assert names(pod, "initContainers") == ["istio-init"]
    assert names(pod, "volumes") == ["mine", "istio-envoy"]
    assert names(pod, "imagePullSecrets") == ["own", "pull"]


def test_status_has_the_templates_hash_and_the_names() -> None:
    status = json.loads(injected("1.2.2")["metadata"]["annotations"]["sidecar.istio.io/status"])
    assert status == {
        "version": hashlib.sha256(SPEC.encode()).hexdigest(),
        "initContainers": ["istio-init"],
        "containers": ["istio-proxy"],
        "volumes": ["istio-envoy"],
        "imagePullSecrets": ["pull"],
    }
    text = injected("1.2.2", "containers: []")["metadata"]["annotations"]["sidecar.istio.io/status"]
    assert text.endswith(
        '"initContainers":null,"containers":null,"volumes":null,"imagePullSecrets":null}'
    )


def test_delimiters_depend_on_the_version() -> None:
    template = "containers: [{name: [[ .ObjectMeta.Name | len ]]-{{ x }}}]"
    assert names(injected("1.1.1", template.replace("-{{ x }}", "")))[1] == "0"
    assert (
        names(injected("1.2.2", "containers: [{name: '[[ {{ len .ObjectMeta.Name }} ]]'}]"))[1]
        == "[[ 0 ]]"
    )


def test_render_is_a_function_from_1_2_on() -> None:
    assert (
        names(
            injected("1.2.2", "containers: [{name: 'a{{ render `{{ len .ObjectMeta.Name }}` }}'}]")
        )[1]
        == "a0"
    )
    outcome = run(items("1.1.1", "containers: [{name: '[[ render `x` ]]'}]", application()))
    (error,) = [result for result in outcome.results if result.severity == "error"]
    assert error.code == "template-failed"
    assert 'function "render" not defined' in error.message


@pytest.mark.parametrize(("version", "there"), [("1.7.8", False), ("1.8.2", True)])
def test_sprig_comes_with_1_8(version: str, there: bool) -> None:
    outcome = run(items(version, "containers: [{name: '{{ upper `x` }}'}]", application()))
    assert ("template-failed" not in [result.code for result in outcome.results]) == there


def test_numbers_become_strings_and_wrong_types_are_refused() -> None:
    pod = injected("1.2.2", "containers: [{name: istio-proxy, args: [-u, 1337, true]}]")
    assert pod["spec"]["containers"][1]["args"] == ["-u", "1337", "true"]
    outcome = run(items("1.2.2", "volumes: [{name: v, persistentVolumeClaim: []}]", application()))
    errors = [result.code for result in outcome.results if result.severity == "error"]
    assert errors == ["template-unusable"]


def test_fields_that_kubernetes_had_not_yet_are_dropped() -> None:
    pod = injected("1.1.1", "initContainers: [{name: istio-init, restartPolicy: Always, image: x}]")
    assert pod["spec"]["initContainers"] == [{"name": "istio-init", "image": "x"}]


@pytest.mark.parametrize(("version", "method", "expected"), [
    ("1.2.2", "manual", None), ("1.2.2", "automatic", {"nameservers": ["10.0.0.1"]}),
    ("1.8.2", "manual", {"nameservers": ["10.0.0.1"]}),
])  # fmt: skip
def test_own_dns_config_is_lost_in_kube_injects_own_code(
    version: str, method: Method, expected: Object | None
) -> None:
    pod = injected(version, pod=application(dnsConfig={"nameservers": ["10.0.0.1"]}), method=method)
    assert pod["spec"].get("dnsConfig") == expected


@pytest.mark.parametrize(("version", "kept"), [("1.5.10", ["own"]), ("1.6.14", ["own", "pull"])])
def test_kube_inject_adds_pull_secrets_from_1_6_on(version: str, kept: list[str]) -> None:
    pod = injected(version, pod=application(imagePullSecrets=[{"name": "own"}]), method="manual")
    assert names(pod, "imagePullSecrets") == kept


# ---------------------------------------------------------------- concurrency, security, labels


@pytest.mark.parametrize(("resources", "args", "expected"), [
    ("limits: {cpu: 1500m}, requests: {cpu: 100m}", "[proxy]", ["proxy", "--concurrency", "2"]),
    ("requests: {cpu: 100m}", "[proxy]", ["proxy", "--concurrency", "1"]),
    ("limits: {cpu: 4}", "[--concurrency, '3']", ["--concurrency", "3"]),
    ("limits: {cpu: 4}", "[-concurrency=3]", ["-concurrency=3"]),
    ("limits: {cpu: 4}", "[--concurrency, '0']", ["--concurrency", "0", "--concurrency", "4"]),
    ("limits: {memory: 1Gi}", "[proxy]", ["proxy"]),
])  # fmt: skip
def test_concurrency_follows_the_cpu(resources: str, args: str, expected: list[str]) -> None:
    template = f"containers: [{{name: istio-proxy, args: {args}, resources: {{{resources}}}}}]"
    assert injected("1.5.10", template)["spec"]["containers"][1]["args"] == expected


@pytest.mark.parametrize(("version", "mesh", "expected"), [
    ("1.1.1", "sdsUdsPath: unix:/x", {"runAsUser": 5}),
    ("1.2.2", "{sdsUdsPath: 'unix:/x', enableSdsTokenMount: true}", {"fsGroup": 1337}),
    ("1.3.8", "sdsUdsPath: unix:/x", {"fsGroup": 1337}),
    ("1.4.10", "sdsUdsPath: unix:/x", {"runAsUser": 5, "fsGroup": 1337}),
    ("1.5.10", "{}", {"runAsUser": 5}),
    ("1.6.14", "{}", {"runAsUser": 5, "fsGroup": 1337}),
    ("1.8.2", "{}", {"runAsUser": 5, "fsGroup": 1337}),
])  # fmt: skip
@pytest.mark.parametrize("method", ["automatic", "manual"])
def test_fs_group_is_added_by_version_and_method(
    version: str, mesh: str, expected: Object, method: Method
) -> None:
    pod = injected(
        version, pod=application(securityContext={"runAsUser": 5}), mesh=mesh, method=method
    )
    assert pod["spec"]["securityContext"] == expected


def test_labels_are_added_by_version() -> None:
    def added(version: str, method: Method = "automatic") -> Object:
        labels: Object = injected(
            version, pod=application(labels={"version": "v2"}), method=method
        )["metadata"]["labels"]
        return {key: value for key, value in labels.items() if key != "version"}

    tls, revision = {"security.istio.io/tlsMode": "istio"}, "istio.io/rev"
    canonical = {
        "service.istio.io/canonical-name": "web",
        "service.istio.io/canonical-revision": "v2",
    }
    assert added("1.3.8") == {}
    assert added("1.4.10") == added("1.5.10", "manual") == tls
    assert added("1.5.10") == {**tls, **canonical}
    assert added("1.6.14", "manual") == {**tls, revision: ""}
    assert added("1.6.14") == {**tls, **canonical, revision: "default"}
    assert added("1.8.2", "manual") == {**tls, **canonical, revision: ""}


def test_injected_annotations_are_the_webhooks_from_1_4_on() -> None:
    def added(version: str, method: Method = "automatic") -> bool:
        pod = injected(version, method=method, config={"injectedAnnotations": {"a": "b"}})
        return "a" in pod["metadata"]["annotations"]

    assert [
        added("1.3.8"),
        added("1.4.10"),
        added("1.4.10", "manual"),
        added("1.8.2", "manual"),
    ] == [
        False,
        True,
        False,
        False,
    ]


def test_pod_redirect_annotations_are_kube_injects() -> None:
    template = SPEC + (
        "podRedirectAnnot: {sidecar.istio.io/interceptionMode: TPROXY, mine: x, "
        "k8s.v1.cni.cncf.io/networks: n}\n"
    )

    def added(version: str, method: Method) -> set[str]:
        return set(injected(version, template, method=method)["metadata"]["annotations"]) - {
            "sidecar.istio.io/status"
        }

    ports = {"prometheus.io/path", "prometheus.io/port", "prometheus.io/scrape"}
    assert added("1.2.2", "manual") == added("1.3.8", "automatic") == set()
    assert added("1.5.10", "manual") == {"sidecar.istio.io/interceptionMode"}
    assert added("1.6.14", "manual") == {
        "sidecar.istio.io/interceptionMode",
        "k8s.v1.cni.cncf.io/networks",
    }
    assert added("1.8.2", "manual") == ports


# ---------------------------------------------------------------- probes


def test_the_status_port_is_read_from_the_proxys_arguments() -> None:
    assert port_of_args(["proxy", "--statusPort", "15020"]) == 15020
    assert port_of_args([" -statusPort=1 "]) == 1
    assert port_of_args(["--statusPort"]) is None
    assert port_of_args(["--statusPort", "x"]) is None
    assert port_of_args(["--statusPorts=1"]) is None


@pytest.mark.parametrize(("version", "prober"), [
    ("1.4.10", '{"/app-health/web/livez":{"path":"/live","port":8080}}'),
    ("1.5.10",
     '{"/app-health/web/livez":{"httpGet":{"path":"/live","port":8080},"timeoutSeconds":3}}'),
    ("1.8.2",
     '{"/app-health/web/livez":{"httpGet":{"path":"/live","port":8080},"timeoutSeconds":3}}'),
])  # fmt: skip
@pytest.mark.parametrize("method", ["automatic", "manual"])
def test_probes_are_rewritten_by_version_and_method(
    version: str, prober: str, method: Method
) -> None:
    pod = injected(version, "rewriteAppHTTPProbe: true\n" + SPEC, probed(timeoutSeconds=3), method)
    assert env_of(pod, "ISTIO_KUBE_APP_PROBERS") == prober
    action = {"path": "/app-health/web/livez", "port": 15020}
    assert pod["spec"]["containers"][0]["livenessProbe"] == {"httpGet": action, "timeoutSeconds": 3}


def test_the_annotation_has_the_last_word_from_1_2_on() -> None:
    pod = application({"sidecar.istio.io/rewriteAppHTTPProbers": "true"})
    assert env_of(injected("1.1.1", pod=pod), "ISTIO_KUBE_APP_PROBERS") is None
    assert env_of(injected("1.2.2", pod=pod), "ISTIO_KUBE_APP_PROBERS") == "{}"
    assert env_of(injected("1.8.2", pod=pod), "ISTIO_KUBE_APP_PROBERS") is None


def test_https_and_startup_probes() -> None:
    pod = application()
    pod["spec"]["containers"][0]["startupProbe"] = {"httpGet": {"port": 1, "scheme": "HTTPS"}}
    pod["spec"]["containers"][0]["readinessProbe"] = {"httpGet": {"port": 1, "scheme": "HTTPS"}}

    def schemes(version: str) -> list[str]:
        web = injected(version, "rewriteAppHTTPProbe: true\n" + SPEC, pod)["spec"]["containers"][0]
        return [web[probe]["httpGet"]["scheme"] for probe in ("readinessProbe", "startupProbe")]

    assert [schemes(v) for v in ("1.1.1", "1.2.2", "1.7.8")] == [
        ["HTTPS", "HTTPS"],
        ["HTTP", "HTTPS"],
        ["HTTP", "HTTP"],
    ]


def test_without_a_status_port_nothing_is_rewritten() -> None:
    template = "rewriteAppHTTPProbe: true\ncontainers: [{name: istio-proxy, args: [proxy]}]"
    methods: tuple[tuple[Method, bool], ...] = (("automatic", True), ("manual", False))
    for method, told in methods:
        pod = injected("1.5.10", template, probed(), method)
        assert (
            pod["spec"]["containers"][0]["livenessProbe"]
            == probed()["spec"]["containers"][0]["livenessProbe"]
        )
        # The webhook writes the variable before it looks for the port.
        assert (env_of(pod, "ISTIO_KUBE_APP_PROBERS") is not None) == told


# ---------------------------------------------------------------- metrics, holding, validation


def test_prometheus_merge_by_version() -> None:
    pod = application({"prometheus.io/port": "9090"})

    def merged(version: str, method: Method) -> tuple[str, bool]:
        found = injected(version, pod=pod, method=method)
        return found["metadata"]["annotations"]["prometheus.io/port"], env_of(
            found, "ISTIO_PROMETHEUS_ANNOTATIONS"
        ) is not None

    assert merged("1.5.10", "automatic") == merged("1.6.14", "manual") == ("9090", False)
    assert merged("1.6.14", "automatic") == merged("1.8.2", "manual") == ("15020", True)
    assert merged("1.7.8", "manual") == ("15020", False)
    off = application({"prometheus.istio.io/merge-metrics": "false"})
    assert "prometheus.io/port" not in injected("1.8.2", pod=off)["metadata"]["annotations"]


def test_merge_annotation_wins_over_the_mesh() -> None:
    on = application({"prometheus.istio.io/merge-metrics": "true"})
    pod = injected("1.8.2", pod=on, mesh="enablePrometheusMerge: false")
    assert pod["metadata"]["annotations"]["prometheus.io/scrape"] == "true"


@pytest.mark.parametrize("method", ["automatic", "manual"])
def test_holding_the_application_puts_the_proxy_first(method: Method) -> None:
    hold = {"proxy.istio.io/config": "holdApplicationUntilProxyStarts: true"}
    assert names(injected("1.8.2", pod=application(hold), method=method)) == ["istio-proxy", "web"]
    given = items("1.7.8", SPEC, application())
    given[0]["data"]["values"] = json.dumps(
        {"global": {"tag": "1.7.8", "proxy": {"holdApplicationUntilProxyStarts": True}}}
    )
    template = run(given, method).replacements[3]["spec"]["template"]
    assert names(template) == ["istio-proxy", "web"]


def test_validation_goes_first_in_the_webhook_from_1_6_on() -> None:
    template = "initContainers: [{name: istio-validation}]"
    pod = application(initContainers=[{"name": "mine"}])
    assert names(injected("1.5.10", template, pod), "initContainers") == [
        "mine",
        "istio-validation",
    ]
    assert names(injected("1.6.14", template, pod), "initContainers") == [
        "istio-validation",
        "mine",
    ]
    assert names(injected("1.6.14", template, pod, "manual"), "initContainers") == [
        "mine",
        "istio-validation",
    ]


# ---------------------------------------------------------------- re-injection


def test_what_an_earlier_injection_brought_is_taken_out() -> None:
    status = json.dumps(
        {
            "containers": ["istio-proxy"],
            "volumes": ["old"],
            "initContainers": None,
            "imagePullSecrets": None,
        }
    )
    pod = application(
        {"sidecar.istio.io/status": status}, volumes=[{"name": "old"}, {"name": "mine"}]
    )
    pod["spec"]["containers"].append({"name": "istio-proxy", "image": "old"})
    after = injected("1.2.2", pod=pod)
    assert [(c["name"], c["image"]) for c in after["spec"]["containers"]] == [
        ("web", "web"),
        ("istio-proxy", "proxy"),
    ]
    assert names(after, "volumes") == ["mine", "istio-envoy"]


def test_without_a_status_the_names_of_old_count() -> None:
    found = earlier_names({"metadata": {}, "spec": {}})
    assert found["containers"] == ["istio-proxy"]
    assert (
        earlier_names({"metadata": {"annotations": {"sidecar.istio.io/status": "not JSON"}}})
        == found
    )
    assert (
        earlier_names(
            {"metadata": {"annotations": {"sidecar.istio.io/status": '{"containers":[]}'}}}
        )
        == found
    )


def test_probes_that_would_land_on_another_container_are_refused() -> None:
    status = json.dumps({"containers": ["istio-proxy"]})
    pod = probed()
    pod["metadata"]["annotations"] = {"sidecar.istio.io/status": status}
    pod["spec"]["containers"].insert(0, {"name": "istio-proxy", "image": "old"})
    outcome = run(items("1.2.2", "rewriteAppHTTPProbe: true\n" + SPEC, pod))
    assert [result.code for result in outcome.results if result.severity == "error"] == [
        "template-unusable"
    ]
    assert names(injected("1.7.8", "rewriteAppHTTPProbe: true\n" + SPEC, pod)) == [
        "web",
        "istio-proxy",
    ]


def test_a_mounted_token_is_mounted_in_the_proxy_too() -> None:
    mount = {"name": "token", "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount"}
    pod = application()
    pod["spec"]["containers"][0]["volumeMounts"] = [mount]
    assert injected("1.2.2", pod=pod)["spec"]["containers"][1]["volumeMounts"] == [mount]
    assert (
        "volumeMounts" not in injected("1.2.2", pod=pod, method="manual")["spec"]["containers"][1]
    )


# ---------------------------------------------------------------- which version


def test_a_template_can_be_read_as_by_these_versions() -> None:
    def minors(template: str, **config: Any) -> list[int]:
        return [minor for _, minor in possible_minors({"template": template, **config})]

    assert minors("name: [[ .ObjectMeta.Name ]]") == [1]
    assert minors("name: {{ .ObjectMeta.Name }}") == list(range(2, 9))
    assert minors("name: {{ .TypeMeta.Kind }}") == list(range(3, 9))
    assert minors("name: {{ protoToJSON .ProxyConfig }}") == list(range(4, 9))
    assert minors("name: {{ .ObjectMeta.Name }}", injectedAnnotations={}) == list(range(4, 9))
    assert minors("name: {{ upper `x` }}") == [8]
    assert minors("- name: istio-proxy\n  args: [--statusPort, {{ 1 }}]") == list(range(2, 6))
    assert minors("- name: istio-proxy\n  args: [{{ 1 }}]") == list(range(6, 9))
    assert minors("{{ nonesuch }}") == list(range(1, 9))
    assert possible_minors({"templates": {"sidecar": ""}})[0] == (1, 9)
    assert possible_minors({})[0] == OLDEST


def test_a_version_is_recognised_by_the_form_alone() -> None:
    outcome = run(items("", "[[/* */]]" + SPEC, application()))
    (mesh,) = outcome.meshes
    assert (mesh.version, mesh.rules.minor) == ("1.1", (1, 1))
    assert [result for result in outcome.results if result.severity != "info"] == []
    (info,) = [result for result in outcome.results if result.code == "mesh"]
    assert "Istio 1.1 by the form of data.config" in info.message


def test_several_readings_that_agree_are_no_doubt() -> None:
    template = "- {{/* */}}\n".replace("- ", "") + "volumes: [{name: v}]"
    for given in (
        items("", template, application(hostNetwork=True)),
        items("", template, application())[:3],
    ):
        outcome = run(given)
        (told,) = [result for result in outcome.results if result.code == "mesh-version-unknown"]
        assert told.severity == "info"
        assert "1.2 to 1.8" in told.message


def test_several_readings_are_told() -> None:
    outcome = run(items("", SPEC + "{{/* */}}", application()))
    (warning,) = [result for result in outcome.results if result.severity == "warning"]
    assert warning.code == "mesh-version-unknown"
    assert "1.2 to 1.5" in warning.message
    assert outcome.meshes[0].rules == rules_for((1, 5))


def test_a_stated_version_that_does_not_go_with_the_form() -> None:
    given = items("1.8.2", SPEC, application())
    given[0]["data"]["config"] = json.dumps({"policy": "enabled", "templates": {"sidecar": "{}"}})
    outcome = run(given)
    assert outcome.meshes[0].rules.result == "pod"  # a tag is only a tag
    stated = pipeline.run(
        bundle_of(given), Settings(mesh=MeshSettings(version="1.8.2"), record=False)
    )
    assert "mesh-version-form" in [
        result.code for result in stated.results if result.severity == "error"
    ]
