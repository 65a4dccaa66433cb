"""What workloads override of their mesh: the table of settings, single rules, and the policy."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import builders
import pytest
from builders import deployment
from judging.advice_cases import NS
from judging.override_cases import (
    CASES,
    GATEWAY_POD,
    NATIVE_CASES,
    PROXY,
    annotated,
    configured,
    mesh,
    mounted,
    own_proxy,
    traffic,
)
from judging.test_advice import told
from judging.test_policy import checked, config
from outside import needs_path
from paths import ROOT, SHARED

from krm_injector.codes import CODES, of_page
from krm_injector.function_config import Settings
from krm_injector.istio_api.schema import NEWEST, OLDEST, schema
from krm_injector.istio_names import PROXY_CONFIG_ANNOTATION, SILENCE_ANNOTATION
from krm_injector.judging.advice.overrides import containers, environment, proxy_config, table
from krm_injector.judging.advice.overrides.allowed import CODES as LISTED
from krm_injector.kube.pod_types_generated import TYPES
from krm_injector.model import Object, Refused, Result

PAGE = (ROOT / "docs" / "overrides.md").read_text()


def overrides(objects: Iterable[Object], settings: Settings | None = None) -> list[Result]:
    return [result for result in told(*objects, settings=settings) if result.code in LISTED]


def codes(objects: Iterable[Object]) -> list[str]:
    return [result.code for result in overrides(objects)]


# ---------------------------------------------------------------- tables and pages


def test_every_code_has_its_cases_its_section_and_its_row() -> None:
    registered = of_page("overrides.md")
    assert set(CASES) | set(NATIVE_CASES) == set(registered)
    assert re.findall(r"^### (.+)$", PAGE, re.MULTILINE) == registered
    warnings = (ROOT / "docs" / "warnings.md").read_text()
    for code in registered:
        row = f"| {CODES[code].severities[0]} | {CODES[code].title} |"
        assert f"| [{code}](#{code}) {row}" in PAGE
        assert f"| [{code}](overrides.md#{code}) {row}" in warnings


def judged() -> set[str]:
    return {*table.ANNOTATIONS, *table.HARMLESS, *table.ELSEWHERE, "security.istio.io/tlsMode"}


def test_every_annotation_that_the_templates_of_this_project_read_is_judged_or_harmless() -> None:
    profile = ROOT / "krm_injector" / "discovery" / "profile"
    text = "".join(file.read_text() for file in profile.glob("*.py"))
    read = set(re.findall(r"[\"`\[]((?:[a-z0-9.]+\.)?istio\.io/[A-Za-z-]+)[\"`\]]", text))
    assert len(read) > 25
    assert read - judged() == {"istio.io/dataplane-mode"} & read


@needs_path(SHARED / "istio")
def test_every_annotation_that_istios_templates_read_is_judged_or_harmless() -> None:
    """By the templates of all installations and versions that are there: 1.1 to 1.32."""
    read: set[str] = set()
    for folder in ("install", "installations", "differential/mesh"):
        for file in (SHARED / "istio" / folder).rglob("*.yaml"):
            read |= _annotations(file)
    for file in (SHARED / "istio" / "corpus").glob("*/config/*"):
        read |= _annotations(file)

    assert len(read) > 30
    assert read - judged() == set()


def _annotations(file: Path) -> set[str]:
    """The names that a template asks for with isset, annotation or index."""
    pattern = r"(?:isset|annotation|index)[^}\]]{0,40}?[`\"]+\\?([a-z0-9.]*istio\.io/[A-Za-z-]+)"
    return set(re.findall(pattern, file.read_text(errors="replace")))


def test_the_page_names_every_setting() -> None:
    for name in (*table.ANNOTATIONS, *table.ELSEWHERE):
        if name.startswith("traffic.sidecar") or name == "proxy.istio.io/overrides":
            continue
        assert name.rpartition("/")[2] in PAGE, name
    for name, reason in table.HARMLESS.items():
        assert f"| `{name}` | {reason} |" in PAGE
    for name in (*environment.VARIABLES, *proxy_config.PLAIN, *proxy_config.HARMLESS):
        assert f"`{name}`" in PAGE, name
    for name in containers.HARMLESS - {"name"}:
        assert f"`{name}`" in PAGE, name


def test_every_field_of_a_container_is_judged_or_harmless() -> None:
    fields = {row[0] for row in TYPES["v1.Container"]}
    assert containers.FIELDS.keys() | containers.HARMLESS == fields
    assert not containers.FIELDS.keys() & containers.HARMLESS


def test_every_field_of_every_versions_proxy_config_is_judged_or_harmless() -> None:
    judged_fields = proxy_config.PLAIN.keys() | proxy_config.OTHERS.keys()
    for minor in range(OLDEST, NEWEST + 1):
        message = schema((1, minor)).message("v1alpha1.ProxyConfig")
        fields = {field.json for field in message.fields}
        assert fields - judged_fields - proxy_config.HARMLESS == set(), minor
    assert not judged_fields & proxy_config.HARMLESS


# ---------------------------------------------------------------- against the mesh's defaults


@pytest.mark.parametrize("code", NATIVE_CASES)
def test_where_the_mesh_has_native_sidecars(code: str) -> None:
    settings = Settings(native_sidecars=True)
    triggering, just_not = NATIVE_CASES[code]
    (result,) = [each for each in overrides(triggering, settings) if each.code == code]
    assert result.severity == "warning"
    assert code not in {each.code for each in overrides(just_not, settings)}
    assert code not in codes(triggering), "the mesh has none"


@pytest.mark.parametrize(
    ("field", "value", "default_config"),
    [
        ("interceptionMode", "TPROXY", "{interceptionMode: TPROXY}"),
        ("discoveryAddress", "istiod.a:15012", "{discoveryAddress: 'istiod.a:15012'}"),
        ("runtimeValues", "{a: b}", "{runtimeValues: {a: b}}"),
        ("proxyMetadata", "{CA_ADDR: 'a:1'}", "{proxyMetadata: {CA_ADDR: 'a:1'}}"),
        ("image", "{imageType: debug}", "{image: {imageType: debug}}"),
    ],
)
def test_what_repeats_the_default_config_is_no_override(
    field: str, value: str, default_config: str
) -> None:
    text = f"{field}: {value}"
    assert codes(configured(text, *mesh(default_config))) == []
    if field != "image":  # this mesh's template knows no types
        assert len(codes(configured(text))) == 1


@pytest.mark.parametrize(
    ("include", "mesh_include", "expected"),
    [
        ("*", "10.0.0.0/8", []),
        ("10.0.0.0/8,192.168.0.0/16", "10.0.0.0/8", []),
        ("0.0.0.0/0", "*", []),
        ("10.0.0.0/9", "10.0.0.0/8", ["override-outbound-only"]),
        ("fd00::/8", "10.0.0.0/8", ["override-outbound-only"]),
        ("", "10.0.0.0/8", ["override-outbound-off"]),
    ],
)
def test_outbound_ranges_are_compared_as_ranges(
    include: str, mesh_include: str, expected: list[str]
) -> None:
    workload = traffic(includeOutboundIPRanges=include)[1]
    assert codes([NS, *mesh(includeIPRanges=mesh_include), workload]) == expected


def test_all_addresses_excluded_is_outbound_off() -> None:
    assert codes(traffic(excludeOutboundIPRanges="0.0.0.0/0")) == ["override-outbound-off"]


def test_a_list_of_inbound_ports_names_the_declared_ones_that_it_leaves_out() -> None:
    workload = deployment(
        annotations={"traffic.sidecar.istio.io/includeInboundPorts": "80"},
        container={"ports": [{"containerPort": 80}, {"containerPort": 9090}]},
    )
    (result,) = overrides([NS, workload])
    assert "not that to the declared port 9090" in result.message


def test_a_gateway_is_not_told_of_ports_and_an_application_as_a_gateway_is() -> None:
    assert codes(GATEWAY_POD) == []
    assert codes(CASES["override-templates"][0]) == ["override-templates"]


def test_a_gateway_with_a_further_template_is_told_of_that_one_only() -> None:
    gateway = json.dumps({"spec": {"containers": [{"name": PROXY, "image": "proxyv2:1.30.0"}]}})
    templates = {"sidecar": gateway, "gateway": gateway, "spire": "spec: {}"}
    template = builders.pod_template(
        {"name": PROXY, "image": "auto"}, annotations={"inject.istio.io/templates": "gateway,spire"}
    )
    objects = [
        NS,
        *builders.control_plane(templates=templates),
        builders.workload(template=template),
    ]
    (result,) = overrides(objects)
    assert result.code == "override-template-added" and "spire" in result.message


def test_a_template_that_adds_to_the_applications_container_makes_it_no_override() -> None:
    """As grpc-agent does."""
    template = json.dumps({"spec": {"containers": [{"name": "web", "env": [{"name": "A"}]}]}})
    objects = [NS, *builders.control_plane(template), deployment(container={"command": ["x"]})]
    assert codes(objects) == []


@pytest.mark.parametrize("version", ["1.9.9", "1.11.8", "1.12.9", "1.13.9", "1.22.0", "1.31.0"])
def test_the_meshs_own_image_is_no_override_in_any_version(version: str) -> None:
    image = f"example.com/hub/proxyv2:{version}"
    template = json.dumps({"spec": {"containers": [{"name": PROXY, "image": image}]}})
    values = {"global": {"hub": "example.com/hub", "tag": version}}
    plane = builders.control_plane(template, version=version, values=values)
    proxy = deployment(beside=[{"name": PROXY, "image": image}])
    assert codes([NS, *plane, proxy]) == []
    assert codes([NS, *plane, annotated(proxyImage=image)[1]]) == []
    other = deployment(beside=[{"name": PROXY, "image": "example.com/other/proxyv2:1"}])
    assert codes([NS, *plane, other]) == ["override-proxy-image"]


def test_certificates_of_a_gateway_are_not_told() -> None:
    mounts = [{"name": "certs", "mountPath": "/etc/istio/ingressgateway-certs"}]
    proxy = {"name": PROXY, "image": "auto", "volumeMounts": mounts}
    annotations = {"inject.istio.io/templates": "gateway"}
    template = builders.pod_template(proxy, annotations=annotations)
    assert codes([NS, builders.workload(template=template)]) == []


def test_nothing_is_redirected_so_ports_are_not_told_too() -> None:
    both = {"excludeInboundPorts": "8080"}
    objects = traffic(**both)
    annotations = objects[1]["spec"]["template"]["metadata"]["annotations"]
    annotations["sidecar.istio.io/interceptionMode"] = "NONE"
    assert codes(objects) == ["override-interception"]


@pytest.mark.parametrize("version", ["1.9.9", "1.16.7", "1.31.1"])
def test_the_agent_reads_the_discovery_address_in_every_version(version: str) -> None:
    template = json.dumps({"spec": {"containers": [{"name": PROXY, "image": "proxyv2:1"}]}})
    text = "rootNamespace: istio-system\ndefaultConfig: {discoveryAddress: 'istiod.a:15012'}"
    plane = builders.control_plane(template, mesh=text, version=version)
    for address, expected in (
        ("elsewhere:15012", ["override-control-plane"]),
        ("istiod.a:15012", []),
    ):
        assert codes([*annotated(discoveryAddress=address), *plane]) == expected
    assert codes([*annotated(controlPlaneAuthPolicy="NONE"), *plane]) == []


@pytest.mark.parametrize(
    ("port", "protocol", "expected"),
    [
        ("8080", "TCP", ["override-inbound-ports"]),
        ("8081", "TCP", []),
        ("8080", "UDP", []),
    ],
)
def test_a_status_port_of_the_application_goes_past_the_proxy(
    port: str, protocol: str, expected: list[str]
) -> None:
    workload = deployment(
        annotations={"status.sidecar.istio.io/port": port},
        container={"ports": [{"containerPort": 8080, "protocol": protocol}]},
    )
    assert codes([NS, workload]) == expected


@pytest.mark.parametrize(
    ("brought", "name", "expected"),
    [
        ("istio-validation", "istio-init", ["override-interception"]),
        ("istio-validation", "other-init", []),
        ("istio-init", "istio-init", []),
    ],
)
def test_an_istio_init_of_the_pods_own_hides_it_from_the_cni_plugin(
    brought: str, name: str, expected: list[str]
) -> None:
    proxy = {"name": PROXY, "image": "proxyv2:1.30.0"}
    spec = {"containers": [proxy], "initContainers": [{**proxy, "name": brought}]}
    plane = builders.control_plane(json.dumps({"spec": spec}), version="1.30.0")
    own = {"name": name, "image": "auto" if brought == name else "busybox:1"}
    workload = deployment(initContainers=[own])
    assert codes([NS, *plane, workload]) == expected


def test_an_image_without_a_registry_has_no_effect() -> None:
    assert codes(annotated(proxyImage="proxyv2")) == []


def test_the_debug_image_and_the_distroless_one() -> None:
    assert codes(annotated(proxyImageType="debug")) == ["override-proxy-image"]
    assert codes(annotated(proxyImageType="distroless")) == []
    assert codes(configured("image: {imageType: debug}")) == ["override-proxy-image"]


# ---------------------------------------------------------------- the pod's own containers


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, []),
        ({"image": "example.com/proxyv2:1"}, ["override-proxy-image"]),
        ({"args": ["proxy"]}, ["override-command"]),
        ({"env": [{"name": "ISTIO_META_DNS_CAPTURE", "value": "true"}]}, []),
        ({"env": [{"name": "CA_ADDR", "value": "x:1"}]}, ["override-control-plane"]),
        ({"envFrom": [{"configMapRef": {"name": "x"}}]}, ["override-environment"]),
        ({"resources": {"limits": {"cpu": "1"}}}, []),
        ({"lifecycle": {"preStop": {"exec": {"command": ["sleep", "5"]}}}}, []),
        ({"securityContext": {"runAsUser": 1337, "runAsNonRoot": True}}, []),
        ({"securityContext": {"runAsUser": 0}}, ["override-privileged"]),
        ({"securityContext": {"runAsUser": 1000}}, ["override-privileged"]),
        ({"securityContext": {"runAsGroup": 1000}}, ["override-privileged"]),
        ({"securityContext": {"runAsGroup": 1337}}, []),
        ({"env": [{"name": "KUBE_VIRT_INTERFACES", "value": "net1"}]},
         ["override-virtual-interfaces"]),
        ({"securityContext": {"capabilities": {"add": ["NET_BIND_SERVICE"]}}}, []),
        ({"securityContext": {"capabilities": {"add": ["SYS_PTRACE"]}}}, ["override-privileged"]),
        ({"volumeMounts": [{"name": "x", "mountPath": "/var/run/secrets/tokens"}]},
         ["override-proxy-files"]),
        ({"volumeMounts": [{"name": "x", "mountPath": "/opt/x"}]}, ["override-proxy-volume"]),
    ],
)  # fmt: skip
def test_fields_of_an_own_proxy(fields: Object, expected: list[str]) -> None:
    assert codes(own_proxy(**fields)) == expected


def test_a_field_of_an_own_proxy_is_named_by_its_path() -> None:
    (result,) = overrides(own_proxy(securityContext={"privileged": True}))
    assert result.field == "spec.template.spec.containers[1].securityContext.privileged"
    assert result.current is True


def test_an_own_istio_init_among_the_init_containers() -> None:
    context = {"privileged": True, "capabilities": {"add": ["NET_ADMIN"]}}
    init = {"name": "istio-init", "image": "auto", "securityContext": context}
    (result,) = overrides([NS, deployment(initContainers=[init])])
    assert result.field.endswith("initContainers[0].securityContext.privileged")


def test_an_application_of_its_own_may_have_any_rights_and_any_command() -> None:
    container = {"command": ["x"], "securityContext": {"privileged": True}}
    assert codes([NS, deployment(container=container)]) == []


def test_volumes_of_the_node_and_paths_of_the_proxy() -> None:
    host = mounted(mountPath="/opt/x", volume={"hostPath": {"path": "/etc"}})
    assert codes(host) == ["override-proxy-files"]
    for path in ("/", "/etc/istio", "/run/secrets/workload-spiffe-uds/x", "/etc/istio/proxy/"):
        assert codes(mounted(mountPath=path)) == ["override-proxy-files"], path
    assert codes(mounted(mountPath="/etc/istio-output-certs")) == ["override-proxy-volume"]


def test_an_application_that_mounts_the_proxys_token() -> None:
    mounts = [{"name": "istio-token", "mountPath": "/t"}]
    (result,) = overrides([NS, deployment(container={"volumeMounts": mounts})])
    assert (result.code, result.current) == ("override-volumes", "istio-token")
    assert result.field == "spec.template.spec.containers[0].volumeMounts[0].name"


def test_a_volume_that_the_workload_gives_the_proxy_is_its_own_to_mount() -> None:
    objects = mounted(mountPath="/etc/istio-output-certs")
    spec = objects[1]["spec"]["template"]["spec"]
    spec["containers"][0]["volumeMounts"] = [{"name": "own", "mountPath": "/certs"}]
    assert codes(objects) == ["override-proxy-volume"]


def test_a_pod_whose_annotations_are_no_settings_costs_no_parsing_of_the_mesh() -> None:
    assert codes([NS, deployment(annotations={"prometheus.io/scrape": "true"})]) == []


def test_hostile_values_do_no_harm() -> None:
    """What injection refuses is an error of its own; the advice is asked only of the rest."""
    for value in ("[]", "null", '"x"', "{", '{"a": []}', '[{"name": 1}]', ""):
        for objects in (
            annotated(userVolume="{}", userVolumeMount="{}"),
            annotated(logLevel=value),
            annotated(bootstrapOverride=value or "x"),
        ):
            assert isinstance(codes(objects), list)


def proxy_config_resource(namespace: str = "shop", app: str = "web", **spec: Any) -> Object:
    selector = {"matchLabels": {"app": app}}
    value = builders.resource(
        "networking.istio.io/v1beta1", "ProxyConfig", "own", spec={"selector": selector, **spec}
    )
    value["metadata"]["namespace"] = namespace
    return value


CA: dict[str, Any] = {
    "environmentVariables": {"CA_ADDR": "ca.other:15012", "ISTIO_META_DNS_CAPTURE": "true"}
}


def test_a_proxy_config_of_the_workloads_namespace_is_an_override() -> None:
    (result,) = overrides([NS, proxy_config_resource(**CA), deployment()])
    assert (result.code, result.current) == ("override-control-plane", "CA_ADDR: ca.other:15012")
    assert str(result.resource) == "ProxyConfig shop/own"
    assert result.field == 'spec.environmentVariables["CA_ADDR"]'
    assert codes([NS, proxy_config_resource(app="other", **CA), deployment()]) == []
    assert codes([NS, proxy_config_resource(namespace="istio-system", **CA), deployment()]) == []


def test_an_image_type_of_a_proxy_config() -> None:
    debug = proxy_config_resource(image={"imageType": "debug"})
    assert codes([NS, debug, deployment()]) == ["override-proxy-image"]
    distroless = proxy_config_resource(image={"imageType": "distroless"})
    assert codes([NS, distroless, deployment()]) == []


def test_a_proxy_config_cannot_silence_itself_where_there_is_a_policy() -> None:
    resource = proxy_config_resource(**CA)
    resource["metadata"]["annotations"] = {SILENCE_ANNOTATION: "*"}
    objects = [NS, resource, deployment()]
    assert judged_by(config(), objects) == []
    assert judged_by(allowing(), objects) == [("error", "override-control-plane")]


# ---------------------------------------------------------------- the policy


def allowing(*entries: Object, **spec: Any) -> Object:
    return config(allowOverrides=list(entries), **spec)


def entry(*values: str, **fields: Any) -> Object:
    fields = {"namespaces": {}, "codes": ["override-outbound-ports"], **fields}
    return {**fields, "values": list(values)} if values else fields


PORTS = traffic(excludeOutboundPorts="3306,5432")


def judged_by(policy: Object, objects: list[Object] = PORTS) -> list[tuple[str, str]]:
    results = checked(policy, *objects)
    return [(each.severity, each.code) for each in results if each.code in LISTED]


REFUSED = [("error", "override-outbound-ports")]


@pytest.mark.parametrize(
    ("allowed", "expected"),
    [
        ([], REFUSED),
        ([entry()], []),
        ([entry(codes=["*"])], []),
        ([entry(codes=["override-inbound-ports"])], REFUSED),
        ([entry("3306", "5432")], []),
        ([entry("3306")], REFUSED),
        ([entry("3306"), entry("5432")], []),
        ([entry("3*"), entry("54??")], REFUSED),
        ([entry("3*", "*2")], []),
        ([entry(namespaces={"matchLabels": {"kubernetes.io/metadata.name": "shop"}})], []),
        ([entry(namespaces={"matchLabels": {"team": "data"}})], REFUSED),
        ([entry(kind="Deployment", name="web")], []),
        ([entry(kind="StatefulSet")], REFUSED),
        ([entry(name="other")], REFUSED),
    ],
)
def test_what_no_entry_allows_is_an_error(
    allowed: list[Object], expected: list[tuple[str, str]]
) -> None:
    assert judged_by(allowing(*allowed)) == expected


def test_without_a_policy_an_override_is_a_warning() -> None:
    assert judged_by(config()) == [("warning", "override-outbound-ports")]


def test_a_workload_cannot_silence_its_override_where_there_is_a_policy() -> None:
    objects = json.loads(json.dumps(PORTS))
    objects[1]["metadata"]["annotations"] = {SILENCE_ANNOTATION: "*"}
    assert judged_by(config(), objects) == []
    assert judged_by(allowing(), objects) == REFUSED


def test_severities_and_silence_of_the_policy_still_apply() -> None:
    code = "override-outbound-ports"
    assert judged_by(allowing(severities={code: "info"})) == [("info", code)]
    assert judged_by(allowing(silence=[{"code": code, "name": "web"}])) == []


def test_the_error_names_the_values_and_the_namespace() -> None:
    (result,) = [each for each in checked(allowing(), *PORTS) if each.code in LISTED]
    assert result.message.endswith("with 3306, 5432 in Namespace shop")
    results = checked(allowing(), *traffic(includeOutboundIPRanges=""))
    (empty,) = [each for each in results if each.code in LISTED]
    assert empty.message.endswith('with "" in Namespace shop')


def test_user_and_group_of_the_proxy_are_compared_each_with_its_own() -> None:
    proxy = {"name": PROXY, "image": "auto", "securityContext": {"runAsGroup": 2000}}
    for field, expected in (("runAsGroup", True), ("runAsUser", False)):
        own = {"securityContext": {field: 2000}}
        found = codes([NS, deployment(container=own, beside=[proxy])])
        assert ("proxy-identity" in found) is expected


def test_the_proxys_user_is_an_override_too() -> None:
    objects = [NS, deployment(securityContext={"runAsUser": 1337})]
    assert judged_by(allowing(), objects) == [("error", "proxy-identity")]
    entry_of_user = entry("1337", codes=["proxy-identity"])
    assert judged_by(allowing(entry_of_user), objects) == []


@pytest.mark.parametrize("code", [*CASES, *NATIVE_CASES])
def test_each_override_can_be_allowed_by_its_own_values(code: str) -> None:
    objects = (CASES.get(code) or NATIVE_CASES[code])[0]
    injection = {"cluster": {"nativeSidecars": code in NATIVE_CASES}}
    (found, *_) = [
        each for each in checked(allowing(injection=injection), *objects) if each.code == code
    ]
    assert found.severity == "error"
    values = found.message.partition(f"allows {code} with ")[2].rpartition(" in Namespace")[0]
    stated = entry(*values.split(", "))
    stated["codes"] = [code]
    if values != '""':
        assert (code not in {each.code for each in checked(
            allowing(stated, injection=injection), *objects)})  # fmt: skip


def test_a_selector_that_does_not_parse_is_an_error_of_the_policy() -> None:
    expression = {"key": "a", "operator": "Near", "values": ["b"]}
    policy = allowing(entry(namespaces={"matchExpressions": [expression]}))
    (result,) = checked(policy, *PORTS)
    assert (result.code, result.field) == (
        "function-config",
        "spec.allowOverrides[0].namespaces",
    )


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"namespaces": {}}, "spec.allowOverrides[0]"),
        ({"namespaces": {}, "codes": ["port-collision"]}, "spec.allowOverrides[0].codes[0]"),
        ({"namespaces": {}, "codes": []}, "spec.allowOverrides[0].codes"),
        ({"namespaces": {}, "codes": ["*"], "ports": ["1"]}, "spec.allowOverrides[0].ports"),
    ],
)
def test_a_wrong_entry_is_named_by_its_field(wrong: Object, field: str) -> None:
    with pytest.raises(Refused) as refused:
        checked(allowing(wrong), *PORTS)
    assert any((each.field or "").startswith(field) for each in refused.value.results)


def test_the_schema_knows_the_codes_that_can_be_allowed() -> None:
    form = json.loads((ROOT / "functions" / "check" / "schema.json").read_text())
    spec = form["$defs"]["InjectionCheck"]["properties"]["spec"]["properties"]
    codes_of_entry = spec["allowOverrides"]["items"]["properties"]["codes"]["items"]["enum"]
    assert codes_of_entry == ["*", "proxy-identity", *of_page("overrides.md")]
    assert set(codes_of_entry) - {"*"} == LISTED


# ---------------------------------------------------------------- old meshes, saved overrides


def test_the_annotation_of_saved_overrides_counts_as_own_containers() -> None:
    saved = {"containers": [{"name": PROXY, "securityContext": {"privileged": True}}]}
    annotations = {"proxy.istio.io/overrides": json.dumps(saved)}
    (result,) = overrides([NS, deployment(annotations=annotations)])
    assert result.code == "override-privileged"
    assert result.field == 'spec.template.metadata.annotations["proxy.istio.io/overrides"]'


def test_proxy_config_counts_from_1_6_on() -> None:
    assert PROXY_CONFIG_ANNOTATION in table.ANNOTATIONS
    text = "discoveryAddress: 'istiod.other:15012'"
    assert codes(configured(text, *mesh())) == ["override-control-plane"]
