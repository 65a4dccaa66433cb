"""The rules of merging and post-processing, one by one, on pods of our own."""

from __future__ import annotations

import json
from typing import Any

import pytest
from builders import pod

from krm_injector.injection import merge, pods, post_process, probes, prometheus
from krm_injector.istio_names import (
    APP_PROBERS_VARIABLE,
    MERGE_METRICS_ANNOTATION,
    OVERRIDES_ANNOTATION,
    PROMETHEUS_VARIABLE,
    REWRITE_PROBES_ANNOTATION,
    STATUS_ANNOTATION,
)
from krm_injector.versions import NEWEST, parse_version, patch_of, rules_for

Pod = dict[str, Any]


def facts(**changes: Any) -> post_process.PostProcessing:
    plain = post_process.PostProcessing(
        rules_for(NEWEST), "default", {}, False, 15020, False, False, {}
    )
    return plain._replace(**changes)


NOW = rules_for(NEWEST)
APP = {"name": "app", "image": "app:1"}
PROXY = {"name": "istio-proxy", "image": "proxy:1"}
INIT = {"name": "istio-init", "image": "proxy:1"}


def names(of: Pod, field: str = "containers") -> list[str]:
    return [c["name"] for c in of["spec"].get(field, [])]


@pytest.mark.parametrize(
    ("stated", "port"), [("15030", 15030), ("015030", 15030), (" 15030", 0), ("15030\t", 0)]
)
def test_the_stated_port_of_rewritten_probes_is_read_without_blanks(stated: str, port: int) -> None:
    app = {**APP, "readinessProbe": {"httpGet": {"path": "/r", "port": 80}}}
    given = pod(app, PROXY, annotations={"status.sidecar.istio.io/port": stated})
    done = post_process.post_process(given, {}, facts(rewrite_probes=True))
    assert done["spec"]["containers"][0]["readinessProbe"]["httpGet"]["port"] == port


def test_the_proxy_comes_last() -> None:
    done = post_process.post_process(pod(PROXY, APP), {}, facts())
    assert names(done) == ["app", "istio-proxy"]


def test_the_proxy_comes_first_where_the_application_waits_for_it() -> None:
    done = post_process.post_process(pod(APP, PROXY), {}, facts(hold=True))
    assert names(done) == ["istio-proxy", "app"]


def test_iptables_come_after_the_users_init_containers() -> None:
    done = post_process.post_process(pod(APP, PROXY, init=(INIT, {"name": "migrate"})), {}, facts())
    assert names(done, "initContainers") == ["migrate", "istio-init"]


def test_validation_comes_before_the_users_init_containers() -> None:
    validation = {"name": "istio-validation"}
    done = post_process.post_process(
        pod(APP, PROXY, init=({"name": "migrate"}, validation)), {}, facts()
    )
    assert names(done, "initContainers") == ["istio-validation", "migrate"]


def test_a_native_sidecar_stands_between_iptables_and_the_users_init_containers() -> None:
    done = post_process.post_process(pod(APP, init=({"name": "migrate"}, PROXY, INIT)), {}, facts())
    assert names(done, "initContainers") == ["istio-init", "istio-proxy", "migrate"]


def test_cluster_environment_replaces_the_templates_and_is_sorted() -> None:
    proxy = {
        **PROXY,
        "env": [{"name": "ISTIO_META_NETWORK", "value": "old"}, {"name": "A", "value": "1"}],
    }
    env = {"ISTIO_META_NETWORK": "n1", "ISTIO_META_CLUSTER_ID": "c1"}
    done = post_process.post_process(pod(proxy), {}, facts(proxy_env=env))
    assert done["spec"]["containers"][0]["env"] == [
        {"name": "A", "value": "1"},
        {"name": "ISTIO_META_CLUSTER_ID", "value": "c1"},
        {"name": "ISTIO_META_NETWORK", "value": "n1"},
    ]
    assert done["metadata"]["labels"] == {"topology.istio.io/network": "n1"}


def test_the_status_names_what_the_templates_brought() -> None:
    template = pod(PROXY, init=(INIT,))
    template["spec"]["volumes"] = [{"name": "data"}]
    assert json.loads(post_process.status_json(template, "")) == {
        "initContainers": ["istio-init"],
        "containers": ["istio-proxy"],
        "volumes": ["data"],
        "imagePullSecrets": None,
        "revision": "default",
    }


def test_injected_annotations_win_over_the_pods() -> None:
    done = post_process.post_process(
        pod(PROXY, annotations={"a": "mine"}), {}, facts(injected_annotations={"a": "b"})
    )
    assert done["metadata"]["annotations"]["a"] == "b"


PROBED = {
    "name": "app",
    "ports": [{"name": "http", "containerPort": 8080}],
    "readinessProbe": {
        "httpGet": {"path": "/r", "port": "http", "scheme": "HTTPS"},
        "timeoutSeconds": 3,
    },
    "livenessProbe": {"tcpSocket": {"port": 9090}, "periodSeconds": 7},
    "startupProbe": {"grpc": {"port": 50051}},
    "lifecycle": {
        "preStop": {"httpGet": {"port": 8080}},
        "postStart": {"exec": {"command": ["x"]}},
    },
}


def test_probes_lead_to_the_agent_and_the_agent_knows_the_way() -> None:
    probers = probes.app_probers(pod(PROBED), 15020, probes.Scope())
    assert json.loads(probes.probers_json(probers)) == {
        "/app-health/app/readyz": {
            "httpGet": {"path": "/r", "port": 8080, "scheme": "HTTPS"},
            "timeoutSeconds": 3,
        },
        "/app-health/app/livez": {"tcpSocket": {"port": 9090}},
        "/app-health/app/startupz": {"grpc": {"port": 50051, "service": None}},
        "/app-lifecycle/app/prestopz": {"httpGet": {"port": 8080}},
    }
    app = probes.rewrite(pod(PROBED), 15020, probes.Scope())["spec"]["containers"][0]
    ready = {
        "httpGet": {"path": "/app-health/app/readyz", "port": 15020, "scheme": "HTTP"},
        "timeoutSeconds": 3,
    }
    assert app["readinessProbe"] == ready
    live = {"httpGet": {"path": "/app-health/app/livez", "port": 15020}, "periodSeconds": 7}
    assert app["livenessProbe"] == live
    assert app["startupProbe"] == {"httpGet": {"path": "/app-health/app/startupz", "port": 15020}}
    assert app["lifecycle"]["preStop"] == {
        "httpGet": {"path": "/app-lifecycle/app/prestopz", "port": 15020}
    }
    assert app["lifecycle"]["postStart"] == PROBED["lifecycle"]["postStart"]  # type: ignore[index]


def test_lifecycle_handlers_stay_before_1_25() -> None:
    assert not rules_for((1, 24)).lifecycle_probes and rules_for((1, 25)).lifecycle_probes
    app = probes.rewrite(pod(PROBED), 15020, probes.Scope(lifecycle=False))["spec"]["containers"][0]
    assert app["lifecycle"] == PROBED["lifecycle"]


@pytest.mark.parametrize("port", [15020, "nowhere"])
def test_a_probe_that_leads_nowhere_new_is_not_told_to_the_agent(port: object) -> None:
    app = {"name": "app", "readinessProbe": {"httpGet": {"port": port}}}
    assert probes.app_probers(pod(app), 15020, probes.Scope()) == {}


def test_probers_found_on_a_reinjected_pod_win() -> None:
    old = '{"/app-health/app/livez":{"httpGet":{"port":1}}}'
    env = [{"name": APP_PROBERS_VARIABLE, "value": old}]
    now = {
        "/app-health/app/livez": {"httpGet": {"port": 2}},
        "/app-health/app/readyz": {"tcpSocket": {"port": 3}},
    }
    merged = probes.merge_env(env, now, reinjected=True, append=False)
    assert json.loads(merged[0]["value"]) == {
        "/app-health/app/livez": {"httpGet": {"port": 1}},
        "/app-health/app/readyz": {"tcpSocket": {"port": 3}},
    }


def test_the_annotation_decides_on_rewriting_unless_it_is_no_boolean() -> None:
    assert probes.should_rewrite({REWRITE_PROBES_ANNOTATION: "T"}, by_values=False)
    assert not probes.should_rewrite({REWRITE_PROBES_ANNOTATION: "0"}, by_values=True)
    assert probes.should_rewrite({REWRITE_PROBES_ANNOTATION: "yes"}, by_values=True)


def test_scrape_settings_go_to_the_agent_in_whatever_spelling() -> None:
    given = pod(
        APP,
        PROXY,
        annotations={"prometheus.io/port": "9090", "prometheus-io/path": "/m", "other": "x"},
    )
    done = prometheus.apply(given, mesh_merges=True, status_port=15020, rules=NOW)
    assert done["metadata"]["annotations"] == {
        "other": "x",
        "prometheus.io/port": "15020",
        "prometheus.io/path": "/stats/prometheus",
        "prometheus.io/scrape": "true",
    }
    proxy = done["spec"]["containers"][1]
    assert proxy["env"] == [
        {"name": PROMETHEUS_VARIABLE, "value": '{"scrape":"","path":"/m","port":"9090"}'}
    ]


@pytest.mark.parametrize(
    ("annotations", "mesh_wants"),
    [
        ({"prometheus.io/scrape": "false"}, True),
        ({MERGE_METRICS_ANNOTATION: "false"}, True),
        ({}, False),
        ({"prometheus.io/port": "15020"}, True),
    ],
)
def test_metrics_are_left_alone(annotations: dict[str, str], mesh_wants: bool) -> None:
    given = pod(APP, PROXY, annotations=annotations)
    assert prometheus.apply(given, mesh_wants, 15020, NOW) is given


def test_an_override_wins_field_by_field_and_is_remembered() -> None:
    mine = {"name": "istio-proxy", "image": "auto", "resources": {"requests": {"cpu": "10m"}}}
    merged = pod(APP, {**PROXY, "resources": {"requests": {"cpu": "100m", "memory": "1Gi"}}})
    done = merge.reapply_overrides(merged, pod(APP, mine), pod(PROXY), tproxy=False, rules=NOW)
    proxy = pods.find_container("istio-proxy", pods.containers(done))
    assert proxy is not None
    assert proxy["image"] == "proxy:1"
    assert proxy["resources"] == {"requests": {"cpu": "10m", "memory": "1Gi"}}
    remembered = pods.annotations_of(done)[OVERRIDES_ANNOTATION]
    assert (
        remembered
        == '{"containers":[{"name":"istio-proxy","resources":{"requests":{"cpu":"10m"}}}]}'
    )


def test_what_an_earlier_injection_left_is_no_override() -> None:
    status = {STATUS_ANNOTATION: '{"containers":["istio-proxy"]}'}
    old = {"name": "istio-proxy", "image": "proxy:0"}
    merged = pod(APP, PROXY, annotations=status)
    done = merge.reapply_overrides(
        merged, pod(APP, old, annotations=status), pod(PROXY), tproxy=False, rules=NOW
    )
    assert done == merged


def test_an_override_of_a_native_sidecar_moves_with_it() -> None:
    mine = {"name": "istio-proxy", "image": "auto"}
    template = {"spec": {"initContainers": [{**PROXY, "restartPolicy": "Always"}]}}
    done = merge.apply_template(pod(APP, mine), template, native=True, template_pod=template)
    assert names(done) == ["app"] and names(done, "initContainers") == ["istio-proxy"]


def test_the_init_container_follows_the_users_proxy_user() -> None:
    mine = {"name": "istio-proxy", "securityContext": {"runAsUser": 2000}}
    init = {**INIT, "args": ["istio-iptables", "-u", "1337", "-m", "REDIRECT"]}
    done = merge.adjust_init_user(pod(APP, mine, init=(init,)), pod(APP, mine), tproxy=False)
    assert done["spec"]["initContainers"][0]["args"][2] == "2000"


def test_a_transparent_proxy_stays_root() -> None:
    mine = {"name": "istio-proxy", "securityContext": {"runAsUser": 2000}}
    done = merge.adjust_init_user(pod(APP, mine, init=(INIT,)), pod(APP, mine), tproxy=True)
    assert done["spec"]["containers"][1]["securityContext"]["runAsUser"] == 0


@pytest.mark.parametrize(
    ("version", "user", "context"),
    [
        ("1.20.0", 1000, {"runAsUser": 2000, "runAsNonRoot": True}),
        ("1.20.1", 1000, {"runAsUser": 1000, "runAsNonRoot": True}),
        ("1.20.1", 1337, {"runAsUser": 2000, "runAsNonRoot": True}),
        ("1.22.0", 1000, {"runAsUser": 1000, "runAsNonRoot": True}),
        ("1.22.1", 1000, {"runAsUser": 2000, "runAsNonRoot": True}),
    ],
)
def test_who_the_users_own_proxy_runs_as(version: str, user: int, context: Any) -> None:
    """resetFieldsInAutoImageContainer of 1.20.1 to 1.22.0: only users that are not the usual."""
    mine = {"name": "istio-proxy", "securityContext": {"runAsUser": 2000, "runAsNonRoot": True}}
    given = {**PROXY, "securityContext": {"runAsUser": user}}
    merged = {**given, "securityContext": context}
    rules = rules_for(parse_version(version), patch_of(version))
    template = pod(given)
    done = merge.reapply_overrides(pod(APP, given), pod(APP, mine), template, False, rules)
    assert done["spec"]["containers"] == [APP, merged]


def test_overrides_that_do_not_parse_are_named() -> None:
    with pytest.raises(merge.BadAnnotation) as caught:
        merge.saved_overrides(pod(annotations={OVERRIDES_ANNOTATION: "{"}))
    assert caught.value.name == OVERRIDES_ANNOTATION


def test_nulls_are_absent_and_the_rest_is_shared() -> None:
    kept = {"a": [1, {"b": 2}]}
    assert merge.without_nulls(kept) is kept
    assert merge.without_nulls({"a": None, "b": [{"c": None}]}) == {"b": [{}]}
