"""The table of versions: its form, and that each row does what it says."""

from __future__ import annotations

import ast
import typing
from pathlib import Path
from typing import Any

import builders
import pytest
import typed
from builders import pod

from krm_injector import versions
from krm_injector.decision import pod_rules
from krm_injector.discovery import webhooks
from krm_injector.gotemplate import ExecError, ParseError, parse
from krm_injector.gotemplate.sprig import FUNCS
from krm_injector.injection import (
    concurrency,
    merge,
    post_process,
    probes,
    prometheus,
    render,
    template_data,
)
from krm_injector.injection.template_functions import istio_functions
from krm_injector.istio_api import TypedValues, default_proxy_config, merge_proxy_config
from krm_injector.istio_api import schema as api
from krm_injector.istio_names import SECURE_METRICS_PORT_VARIABLE
from krm_injector.kube import pod_history
from krm_injector.model import Mesh, ResourceRef, Workload
from krm_injector.versions import (
    CHANGES,
    NEWEST,
    OLDEST,
    Rules,
    parse_version,
    patch_of,
    rules_for,
)
from krm_injector.workload import controller

MINORS = [(1, minor) for minor in range(OLDEST[1], NEWEST[1] + 1)]


def at(minor: int) -> Rules:
    return rules_for((1, minor))


def of(version: str) -> Rules:
    """The rules of a version as a tag names it."""
    return rules_for(parse_version(version), patch_of(version))


def mesh(minor: int) -> Mesh:
    return builders.mesh((1, minor), version=f"1.{minor}.0", config={})


# ---------------------------------------------------------------- the table itself


def test_rows_are_in_order_and_have_a_source() -> None:
    since = [row.since for row in CHANGES]
    assert since == sorted(since)
    assert all(OLDEST < minor <= NEWEST for minor in since)
    assert all(row.source.strip() for row in CHANGES)


def test_every_row_changes_a_field_of_rules() -> None:
    for since, fields, _, _ in CHANGES:
        before, after = rules_for((1, since[1] - 1))._asdict(), rules_for(since)._asdict()
        for field in fields:
            assert before[field] != after[field], (since, field)


def test_what_comes_with_a_patch_release_changes_that_release_in_every_minor_it_names() -> None:
    for row in CHANGES:
        for minor, first in (row.late or {}).items():
            assert row.since[1] <= minor <= NEWEST[1] and first > 0
            before = rules_for((1, minor), first - 1)._asdict()
            after = rules_for((1, minor), first)._asdict()
            for field in row.fields:
                assert before[field] != after[field], (row.since, field)
        # A minor between two that have it late has it late too.
        late = sorted(row.late or {})
        assert late == [row.since[1] + at for at in range(len(late))], row


def test_a_version_without_a_patch_number_counts_as_the_last_patch_release() -> None:
    for minor in MINORS:
        last = rules_for(minor, 99)
        assert rules_for(minor) == rules_for(minor, None) == last._replace(api=minor)
        assert last.api == (*minor, 99)


@pytest.mark.parametrize(
    ("field", "has", "lacks"),
    [
        ("paths_below", ["1.6.1", "1.7.0"], ["1.5.10", "1.6.0"]),
        ("probes_first", ["1.7.1", "1.8.0"], ["1.7.0"]),
        ("deployment_config_owner", ["1.12.1", "1.13.0"], ["1.12.0"]),
        ("hold_of_mesh", ["1.9.1", "1.10.0"], ["1.8.6", "1.9.0"]),
        (
            "deployment_config_label",
            ["1.19.9", "1.20.5", "1.21.1", "1.22.0"],
            ["1.18.7", "1.19.8", "1.20.4", "1.21.0"],
        ),
        (
            "cni_network_by_namespace",
            ["1.23.6", "1.24.4", "1.25.1", "1.26.0"],
            ["1.22.8", "1.23.5", "1.24.3", "1.25.0"],
        ),
        ("validate_quantities", ["1.27.6", "1.28.4", "1.29.0"], ["1.26.8", "1.27.5", "1.28.3"]),
    ],
)
def test_rules_of_patch_releases(field: str, has: list[str], lacks: list[str]) -> None:
    """Read from these tags of istio/istio."""
    assert all(getattr(of(version), field) for version in has)
    assert not any(getattr(of(version), field) for version in lacks)


def test_values_of_patch_releases() -> None:
    kubernetes = {
        "1.12.9": 22,
        "1.13.0": 23,
        "1.13.8": 23,
        "1.13.9": 24,
        "1.14.4": 23,
        "1.14.5": 24,
    }
    kubernetes |= {"1.15.0": 24, "1.25.5": 32, "1.26.3": 32, "1.26.4": 33, "1.27.0": 33}
    assert {version: of(version).kubernetes for version in kubernetes} == kubernetes
    digits = {"1.6.9": "", "1.6.10": "10", "1.7.1": "", "1.7.2": "10", "1.10.5": "10"}
    digits |= {"1.10.6": "8-10", "1.11.4": "10", "1.12.0": "10", "1.12.1": "8-10"}
    assert {version: of(version).cron_job_digits for version in digits} == digits
    users = {"1.20.0": "", "1.20.1": "template", "1.20.6": "template", "1.20.7": "own"}
    users |= {"1.21.0": "template", "1.21.2": "template", "1.21.3": "own"}
    users |= {"1.22.0": "template", "1.22.1": "own", "1.23.0": "own"}
    assert {version: of(version).own_proxy_user for version in users} == users
    assert [of(version).fs_group for version in ("1.4.4", "1.4.5")] == ["path", "merged"]
    for late, early in (("1.28.6", "1.28.5"), ("1.29.1", "1.29.0")):
        assert of(late).functions - of(early).functions == {"omitNil"}
    assert "omitNil" in of("1.30.0").functions


def test_no_rule_differs_by_patch_in_the_newest_versions() -> None:
    """1.30.3 to the heads of 1.30 and 1.31 of 2026-08-22, and 1.32-dev against 1.31: no difference
    in pkg/kube/inject. 1.30.4 and 1.31.1 quote annotations, in their templates.
    """
    for minor in ((1, 30), (1, 31), (1, 32)):
        assert rules_for(minor, 0)._replace(api=minor) == rules_for(minor)
    assert rules_for((1, 32)) == rules_for((1, 31))._replace(minor=(1, 32), api=(1, 32))


def test_every_change_between_two_versions_has_its_row() -> None:
    for minor in MINORS[1:]:
        before, after = rules_for((1, minor[1] - 1))._asdict(), rules_for(minor)._asdict()
        changed = {field for field in after if after[field] != before[field]} - {"minor", "api"}
        assert changed == {field for row in CHANGES if row.since == minor for field in row.fields}


def test_rows_change_fields_to_values_of_their_type() -> None:
    fields = _types_of_fields()
    for minor in MINORS:
        for name, value in rules_for(minor)._asdict().items():
            choices = typing.get_args(fields[name]) if _is_choice(fields[name]) else ()
            assert not choices or value in choices, (minor, name, value)


def test_every_choice_is_taken_by_some_version() -> None:
    by_discovery = {"test_mesh": {"yes"}}
    for name, annotation in _types_of_fields().items():
        taken = {getattr(rules_for(minor, patch), name) for minor in MINORS for patch in (None, 1)}
        if _is_choice(annotation):
            assert set(typing.get_args(annotation)) == taken | by_discovery.get(name, set()), name


def _types_of_fields() -> dict[str, Any]:
    return typing.get_type_hints(Rules, typed.names(versions))


def _is_choice(annotation: Any) -> bool:
    return typing.get_origin(annotation) is typing.Literal


def test_every_field_of_rules_is_read_outside_of_the_table() -> None:
    read: set[str] = set()
    for file in Path(versions.__file__).parent.rglob("*.py"):
        if file != Path(versions.__file__):
            read |= _fields_read(ast.parse(file.read_text()))
    assert set(Rules._fields) - read == set()


def _fields_read(tree: ast.AST) -> set[str]:
    """The names behind ``rules.``, ``mesh.rules.`` and ``rules_for(...).``."""
    fields = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            owner = node.value.func if isinstance(node.value, ast.Call) else node.value
            name = owner.attr if isinstance(owner, ast.Attribute) else getattr(owner, "id", "")
            if name in ("rules", "rules_for"):
                fields.add(node.attr)
    return fields


def test_a_row_says_one_thing_once() -> None:
    fields = [(row.since, str(row.late), field) for row in CHANGES for field in row.fields]
    assert len(fields) == len(set(fields))


def test_the_mesh_api_knows_the_same_newest_version() -> None:
    assert (1, api.NEWEST) == NEWEST
    assert rules_for(NEWEST).kubernetes >= pod_history.NEWEST


@pytest.mark.parametrize("minor", MINORS)
def test_rules_know_their_version(minor: tuple[int, int]) -> None:
    assert rules_for(minor).minor == minor


def test_unknown_versions_take_the_newest_rules() -> None:
    assert rules_for(None) == rules_for(NEWEST)
    assert rules_for((1, 99)) == rules_for(NEWEST)._replace(minor=(1, 99), api=(1, 99))


@pytest.mark.parametrize(
    ("text", "minor", "patch"),
    [
        ("1.30.3", (1, 30), 3),
        ("1.30.4-distroless", (1, 30), 4),
        ("1.30.5-debug", (1, 30), 5),
        ("1.31.0", (1, 31), 0),
        ("1.31.0-rc.0", (1, 31), 0),
        ("1.31.1", (1, 31), 1),
        ("1.32.0-alpha.0", (1, 32), 0),
        ("1.32-dev", (1, 32), None),
        ("1.32-alpha.3f1a8d0b2c", (1, 32), None),
        ("1.32", (1, 32), None),
        ("v1.24", (1, 24), None),
        ("v1.24.6+build", (1, 24), 6),
        ("1.30-alpha.abc", (1, 30), None),
        ("1.9.9-distroless", (1, 9), 9),
        ("1.28.10", (1, 28), 10),
        ("latest", None, None),
        ("1", None, None),
    ],
)
def test_versions_are_read_from_tags(
    text: str, minor: tuple[int, int] | None, patch: int | None
) -> None:
    assert (parse_version(text), patch_of(text)) == (minor, patch)


# ---------------------------------------------------------------- what templates see


def functions(minor: int) -> dict[str, Any]:
    rules = at(minor)
    sprig = {
        name: function
        for name, function in FUNCS.items()
        if rules.sprig and name not in rules.sprig_lacks
    }
    return {**sprig, **istio_functions(rules, {}, lambda text: text.upper())}


@pytest.mark.parametrize(
    ("name", "versions"),
    [
        ("contains", range(2, NEWEST[1] + 1)),
        ("render", range(2, 14)),
        ("appendMultusNetwork", range(8, NEWEST[1] + 1)),
        ("excludeInterfaces", range(15, NEWEST[1] + 1)),
        ("strdict", range(18, NEWEST[1] + 1)),
        ("toJsonMap", range(18, NEWEST[1] + 1)),
        ("mergeMaps", range(21, NEWEST[1] + 1)),
        ("sha512sum", range(24, NEWEST[1] + 1)),
        ("omitNil", range(28, NEWEST[1] + 1)),
        ("otelResourceAttributes", range(30, NEWEST[1] + 1)),
    ],
)
def test_a_template_cannot_use_a_function_its_version_did_not_have(
    name: str, versions: range
) -> None:
    for minor in range(OLDEST[1], NEWEST[1] + 1):
        if minor in versions:
            parse(f"{{{{ {name} `x` }}}}", funcs=functions(minor))
        else:
            with pytest.raises(ParseError, match=name):
                parse(f"{{{{ {name} `x` }}}}", funcs=functions(minor))


def test_every_function_named_in_the_table_is_there() -> None:
    for minor in MINORS:
        assert set(istio_functions(rules_for(minor), {}, str)) == rules_for(minor).functions


def test_to_json_was_for_string_maps_only_before_1_19() -> None:
    call = "{{ toJson .List }}"
    with pytest.raises(ExecError):
        parse(call, funcs=functions(18)).execute({"List": [1.0]})
    assert parse(call, funcs=functions(19)).execute({"List": [1.0]}) == "[1]"


def test_the_function_render_executes_its_text() -> None:
    assert parse("{{ render `a` }}", funcs=functions(13)).execute({}) == "A"


@pytest.mark.parametrize(
    ("field", "versions"),
    [
        ("EstimatedConcurrency", range(10, 18)),
        ("ProxyImage", range(13, NEWEST[1] + 1)),
        ("CompliancePolicy", range(19, NEWEST[1] + 1)),
        ("ProxyUID", range(20, NEWEST[1] + 1)),
        ("InboundTrafficPolicyMode", range(22, NEWEST[1] + 1)),
        ("NativeSidecars", range(27, NEWEST[1] + 1)),
        ("ProxyInitImage", range(31, NEWEST[1] + 1)),
    ],
)
def test_fields_of_the_template_data(field: str, versions: range) -> None:
    assert [minor for _, minor in MINORS if field in at(minor).template_data] == list(versions)


@pytest.mark.parametrize(
    ("minor", "tag"),
    [
        (13, "1.2"),
        (21, "1.2"),
        (22, "1.2-distroless"),
        (30, "1.2-distroless"),
        (31, "1.2-distroless"),
    ],
)
def test_the_variant_counts_from_1_22_on(minor: int, tag: str) -> None:
    values = TypedValues(hub="h", tag="1.2", variant="distroless")
    config = default_proxy_config((1, minor))
    assert (
        template_data.proxy_image(values, config, {}, at(minor).image_variant) == f"h/proxyv2:{tag}"
    )


def test_an_image_without_a_type_takes_the_variant_from_1_31_on() -> None:
    values = TypedValues(hub="h", tag="1.2", variant="distroless")
    for minor, tag in ((30, "1.2"), (31, "1.2-distroless")):
        config = merge_proxy_config("image: {}", default_proxy_config((1, minor)), (1, minor))
        assert (
            template_data.proxy_image(values, config, {}, at(minor).image_variant)
            == f"h/proxyv2:{tag}"
        )


@pytest.mark.parametrize(
    ("config", "annotations", "resources", "cores"),
    [
        ("{}", {}, {}, 2),
        ("concurrency: 5", {}, {}, 5),
        ("concurrency: 0", {}, {}, 2),
        ("concurrency: 0", {"sidecar.istio.io/proxyCPULimit": "6500m"}, {}, 7),
        (
            "concurrency: 0",
            {"sidecar.istio.io/proxyCPU": "1.5", "sidecar.istio.io/proxyCPULimit": "x"},
            {},
            2,
        ),
        ("concurrency: 0", {"sidecar.istio.io/proxyCPU": "0"}, {}, 0),
        ("concurrency: 0", {}, {"limits": {"cpu": "2000m"}, "requests": {"cpu": "9"}}, 2),
        ("concurrency: 0", {}, {"limits": {"memory": "1Gi"}, "requests": {"cpu": "9"}}, 9),
        ("concurrency: 0", {}, {"limits": {"cpu": "1Ki"}}, 1024),
        ("concurrency: 0", {}, {"limits": {"cpu": "2e3"}}, 2000),
    ],
)
def test_concurrency_is_estimated_from_the_proxys_resources(
    config: str, annotations: dict[str, str], resources: Any, cores: int
) -> None:
    message = merge_proxy_config(config, default_proxy_config((1, 17)), (1, 17))
    values = {"global": {"proxy": {"resources": resources}}}
    assert concurrency.estimated(message, annotations, values) == cores


def test_a_template_field_that_the_kubernetes_of_that_time_did_not_have_is_dropped() -> None:
    partial = {
        "spec": {
            "initContainers": [{"name": "i", "restartPolicy": "Always"}],
            "containers": [
                {"name": "c", "readinessProbe": {"grpc": {"port": 1}, "periodSeconds": 3}}
            ],
            "restartPolicy": "Always",
        }
    }
    old = pod_history.known("v1.Pod", partial, 22)["spec"]
    assert old["initContainers"] == [{"name": "i"}]
    assert old["containers"] == [{"name": "c", "readinessProbe": {"periodSeconds": 3}}]
    assert old["restartPolicy"] == "Always"
    assert pod_history.known("v1.Pod", partial, 28) is partial


# ---------------------------------------------------------------- the pod


APP = {"name": "app", "image": "app:1"}
PROXY = {"name": "istio-proxy", "image": "proxy:1"}


def scoped(minor: int, feature: bool = True) -> probes.Scope:
    return probes.scope(at(minor), feature)


def test_probes_that_are_rewritten() -> None:
    assert scoped(11).actions == ("httpGet",)
    assert scoped(12).actions == ("httpGet", "tcpSocket")
    assert scoped(12, False).actions == ("httpGet",)
    assert scoped(13).actions == ("httpGet", "tcpSocket", "grpc")
    assert scoped(18, False).actions == ("httpGet", "grpc")
    assert scoped(19, False).actions == ("httpGet", "tcpSocket", "grpc")
    probed = {**APP, "readinessProbe": {"httpGet": {"port": 80}}}
    for minor, known in ((18, False), (19, True)):
        found = probes.app_probers(pod(PROXY, init=(probed,)), 15020, scoped(minor))
        assert bool(found) is known
        rewritten = probes.rewrite(pod(PROXY, init=(probed,)), 15020, scoped(minor))
        assert (rewritten["spec"]["initContainers"] != [probed]) is known


def test_status_has_the_revision_from_1_11_on() -> None:
    facts = post_process.PostProcessing(at(10), "canary", {}, False, 15020, False, False, {})
    template = pod(PROXY)
    old = post_process.post_process(pod(APP, PROXY), template, facts)
    new = post_process.post_process(pod(APP, PROXY), template, facts._replace(rules=at(11)))
    status = "sidecar.istio.io/status"
    assert old["metadata"]["annotations"][status].endswith('"imagePullSecrets":null}')
    assert new["metadata"]["annotations"][status].endswith(
        '"imagePullSecrets":null,"revision":"canary"}'
    )


def test_an_istio_proxy_among_the_init_containers_is_no_sidecar_before_1_19() -> None:
    facts = post_process.PostProcessing(
        at(18), "", {"ISTIO_META_NETWORK": "n"}, False, 15020, False, False, {}
    )
    given = pod(APP, init=(PROXY, {"name": "istio-init"}, {"name": "mine"}))
    names = [
        c["name"] for c in post_process.post_process(given, {}, facts)["spec"]["initContainers"]
    ]
    assert names == ["istio-proxy", "mine", "istio-init"]
    done = post_process.post_process(given, {}, facts._replace(rules=at(19)))["spec"][
        "initContainers"
    ]
    assert [c["name"] for c in done] == ["istio-init", "istio-proxy", "mine"]
    assert done[1]["env"] == [{"name": "ISTIO_META_NETWORK", "value": "n"}]


def test_what_an_earlier_injection_left_is_an_override_before_1_17() -> None:
    status = {"sidecar.istio.io/status": '{"containers":["istio-proxy"]}'}
    original = pod(APP, {**PROXY, "image": "old"}, annotations=status)
    for minor, image in ((16, "old"), (17, "proxy:1")):
        done = merge.reapply_overrides(pod(APP, PROXY), original, pod(PROXY), False, at(minor))
        assert done["spec"]["containers"][1]["image"] == image


def test_scrape_settings_in_other_spellings_count_from_1_13_on() -> None:
    given = pod(
        APP, PROXY, annotations={"prometheus-io/port": "9090", "prometheus.io/scrape": "false"}
    )
    old = prometheus.apply(given, True, 15020, at(12))["metadata"]["annotations"]
    assert old["prometheus.io/scrape"] == "true" and old["prometheus-io/port"] == "9090"
    assert prometheus.apply(given, True, 15020, at(13)) is given


def test_scrape_targets_from_1_31_on() -> None:
    targets = {
        "prometheus.istio.io/scrape-targets": "9090, 9091:/m",
        "prometheus.io/scrape": "true",
    }
    given = pod(APP, PROXY, annotations=targets)
    old = prometheus.apply(given, True, 15020, at(30))
    assert old["metadata"]["annotations"]["prometheus.istio.io/scrape-targets"] == "9090, 9091:/m"
    new = prometheus.apply(given, True, 15020, at(31))
    assert "prometheus.istio.io/scrape-targets" not in new["metadata"]["annotations"]
    assert new["spec"]["containers"][1]["env"][0]["value"] == (
        '{"scrape":"true","path":"/metrics","port":"9090",'
        '"targets":[{"port":"9090","path":"/metrics"},{"port":"9091","path":"/m"}]}'
    )


@pytest.mark.parametrize(
    "annotations",
    [
        {"prometheus.io/port": "http"},
        {"prometheus.io/port": "15090"},
        {"prometheus.io/port": "70000"},
        {"prometheus.istio.io/scrape-targets": "9090,015020:/m"},
    ],
)
def test_ports_that_nobody_may_scrape_from_1_31_on(annotations: dict[str, str]) -> None:
    given = pod(APP, PROXY, annotations=annotations)
    prometheus.apply(given, True, 15020, at(30))
    with pytest.raises(merge.BadAnnotation) as refusal:
        prometheus.apply(given, True, 15020, at(31))
    assert refusal.value.name in annotations


def test_the_secure_metrics_port_is_told_from_1_31_on() -> None:
    proxy = {**PROXY, "env": [{"name": SECURE_METRICS_PORT_VARIABLE, "value": "15092"}]}
    facts = post_process.PostProcessing(at(31), "", {}, False, 15020, False, False, {})
    done = post_process.post_process(pod(APP, proxy), {}, facts)
    assert done["metadata"]["annotations"]["prometheus.istio.io/secure-port"] == "15092"
    own = {"prometheus.istio.io/secure-port": "1"}
    done = post_process.post_process(pod(APP, proxy, annotations=own), {}, facts)
    assert done["metadata"]["annotations"]["prometheus.istio.io/secure-port"] == "1"
    done = post_process.post_process(pod(APP, proxy), {}, facts._replace(rules=at(30)))
    assert "prometheus.istio.io/secure-port" not in done["metadata"]["annotations"]


# ---------------------------------------------------------------- owners, webhooks, decisions


def owner_name(minor: int, kind: str, api_version: str, name: str) -> tuple[str, str]:
    ref = ResourceRef(api_version, kind, name, "shop")
    template = (
        ("spec", "jobTemplate", "spec", "template") if kind == "CronJob" else ("spec", "template")
    )
    value = {"apiVersion": api_version, "kind": kind, "metadata": {"name": name}, "spec": {}}
    found = controller.owner_of(Workload(0, (), ref, value, template), at(minor), manual=False)
    return found.kind, found.name


def test_owners_are_found_by_the_rules_of_the_version() -> None:
    assert owner_name(9, "CronJob", "batch/v1", "tidy") == owner_name(
        10, "CronJob", "batch/v1", "tidy"
    )
    assert owner_name(9, "Job", "batch/v1", "tidy-1600000000") == ("CronJob", "tidy")
    assert owner_name(9, "Job", "batch/v1", "tidy-16000000") == ("Job", "tidy-16000000")
    assert owner_name(10, "Job", "batch/v1", "tidy-16000000") == ("CronJob", "tidy")
    config = ("DeploymentConfig", "apps.openshift.io/v1", "web")
    assert owner_name(11, *config) == ("ReplicationController", "web-1")
    assert owner_name(12, *config) == ("DeploymentConfig", "web")


@pytest.mark.parametrize(
    ("path", "by_version"),
    [
        ("/inject/net/a--slash--b", {9: "a--slash--b", 14: "a--slash--b", 15: "a/b"}),
        ("/inject/:ENV:net=a/b", {9: None, 10: "a/b", 31: "a/b"}),
    ],
)
def test_the_webhooks_path_gives_the_network_by_version(
    path: str, by_version: dict[int, str | None]
) -> None:
    for minor, network in by_version.items():
        assert render.path_env(path, at(minor).path_env).get("ISTIO_META_NETWORK") == network


def test_only_inject_itself_is_served_until_1_5() -> None:
    assert [webhooks.is_served("/inject", at(minor)) for minor in (1, 31)] == [True, True]
    assert [webhooks.is_served("/inject/net/n", at(minor)) for minor in (1, 5, 6, 31)] == [
        False,
        False,
        True,
        True,
    ]
    assert not webhooks.is_served("/injected", at(31))


def test_one_webhook_in_1_9_and_four_from_1_10_on() -> None:
    assert [len(webhooks.assumed("default", at(minor), {})) for minor in (9, 10, 31)] == [1, 4, 4]


def test_kube_inject_left_injected_pods_alone_before_1_17() -> None:
    template = {"spec": {"containers": [APP, PROXY]}}
    injected = pod_rules.Pod(template, {}, {"sidecar.istio.io/status": "{}"}, "shop")
    for minor, left in ((9, True), (16, True), (17, False)):
        verdict = pod_rules.kube_inject_required(injected, mesh(minor))
        assert verdict.inject is not left
    without_status = injected._replace(annotations={})
    assert [
        pod_rules.kube_inject_required(without_status, mesh(minor)).inject for minor in (8, 9)
    ] == [False, True]


def test_the_label_counts_from_1_12_on() -> None:
    template = {"spec": {"containers": [APP]}}
    refusing = pod_rules.Pod(template, {"sidecar.istio.io/inject": "false"}, {}, "shop")
    verdicts = {
        minor: pod_rules.inject_required(refusing, mesh(minor), "enabled", (), ())
        for minor in (11, 12)
    }
    assert (verdicts[11].inject, verdicts[12].inject) == (True, False)
