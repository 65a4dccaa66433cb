"""The embedded profile against a real default installation of Istio 1.30.3, and by itself."""

from __future__ import annotations

import itertools
import json
import lzma
import pathlib
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
import yaml
from outside import ask_webhook, needs, webhook_oracle
from paths import CORPUS, DEFAULT_INSTALLATION, RANDOM_CASES

from krm_injector.discovery import profile, webhooks
from krm_injector.function_config import MeshSettings, Settings, Stub
from krm_injector.pipeline import Outcome, run
from krm_injector.sources.resource_list import read_manifests

KINDS = {
    "Pod",
    "CronJob",
    "Job",
    "Deployment",
    "ReplicaSet",
    "StatefulSet",
    "DaemonSet",
    "ReplicationController",
}
TEMPLATES = ("sidecar", "gateway", "grpc-simple", "grpc-agent")
FOR_GATEWAYS = ("waypoint", "kube-gateway", "agentgateway")

# Everything that the templates of a default installation read off a pod, with values that are easy
# to get wrong.
ANNOTATIONS: dict[str, tuple[str, ...]] = {
    "inject.istio.io/templates": (
        *TEMPLATES,
        *FOR_GATEWAYS,
        "sidecar,gateway",
        "grpc-agent,sidecar",
        "unknown",
    ),
    "istio.io/reroute-virtual-interfaces": ("net2", ""),
    "kubectl.kubernetes.io/default-container": ("app", ""),
    "kubectl.kubernetes.io/default-logs-container": ("app",),
    "proxy.istio.io/config": (
        "holdApplicationUntilProxyStarts: true",
        "interceptionMode: TPROXY",
        "concurrency: 1\ndiscoveryAddress: d.example:15012",
        "proxyMetadata: {ISTIO_META_ENABLE_HBONE: 'true', Y: a}",
        "proxyMetadata: {IPTABLES_TRACE_LOGGING: 'true'}",
        "proxyMetadata: {A_B: 'say \"hi\"'}",
        "proxyMetadata: {A_B: 'x<y>&z', FOO: bar}",
        "image: {imageType: debug}",
        "concurrency: [",
    ),
    "prometheus.io/scrape": ("true", "false"),
    "readiness.status.sidecar.istio.io/failureThreshold": ("9", "-1"),
    "readiness.status.sidecar.istio.io/initialDelaySeconds": ("5", "010", ""),
    "readiness.status.sidecar.istio.io/periodSeconds": ("7",),
    "sidecar.istio.io/agentLogLevel": ("default:debug", "ads:debug #x", "a: b", ""),
    "sidecar.istio.io/bootstrapOverride": ("my-bootstrap", "123", "on", ""),
    "sidecar.istio.io/capNetBindService": ("true", "false"),
    "sidecar.istio.io/componentLogLevel": (
        "misc:error,http:debug",
        "misc:error\n",
        "a:",
        "a, b #c",
    ),
    "sidecar.istio.io/interceptionMode": ("REDIRECT", "TPROXY", "NONE", "none"),
    "sidecar.istio.io/logLevel": ("debug", "all:info, rbac:debug", "a\nb", "a #c"),
    "sidecar.istio.io/nativeSidecar": ("true", "false", "bogus", ""),
    "sidecar.istio.io/proxyCPU": ("100m", "x"),
    "sidecar.istio.io/proxyCPULimit": ("2",),
    "sidecar.istio.io/proxyImage": ("registry.example/proxy:1", "proxyv2"),
    "sidecar.istio.io/proxyImageType": ("debug", "distroless", "default"),
    "sidecar.istio.io/proxyMemory": ("128Mi",),
    "sidecar.istio.io/proxyMemoryLimit": ("1Gi",),
    "sidecar.istio.io/rewriteAppHTTPProbers": ("true", "false"),
    "sidecar.istio.io/userVolume": (
        '{"cfg":{"emptyDir":{}}}',
        '{"b":{"secret":{"secretName":"s"}},"a":{"hostPath":{"path":"on","type":"x: y"}}}',
        '[{"name":"cfg","emptyDir":{}}]',
        '{"a":{}}',
        '{"a":1}',
        "null",
        "{bad",
    ),
    "sidecar.istio.io/userVolumeMount": (
        '{"cfg":{"mountPath":"/cfg","readOnly":true}}',
        "{}",
        "[1]",
    ),
    "status.sidecar.istio.io/port": ("15021", "0", "x"),
    "traffic.sidecar.istio.io/excludeInboundPorts": ("22", "15020,22", "", "x"),
    "traffic.sidecar.istio.io/excludeInterfaces": ("eth1,eth2", ""),
    "traffic.sidecar.istio.io/excludeOutboundIPRanges": ("10.1.0.0/16", "bad"),
    "traffic.sidecar.istio.io/excludeOutboundPorts": ("3306,5432", ""),
    "traffic.sidecar.istio.io/includeInboundPorts": ("*", "", "8080,9090"),
    "traffic.sidecar.istio.io/includeOutboundIPRanges": ("*", "10.0.0.0/8,172.16.0.0/12", ""),
    "traffic.sidecar.istio.io/includeOutboundPorts": ("443", ""),
    "traffic.sidecar.istio.io/kubevirtInterfaces": ("net1", ""),
}
LABELS: dict[str, tuple[str, ...]] = {
    "app": ("shop", "app-" * 15 + "end"),
    "app.kubernetes.io/name": ("shop-k8s", ""),
    "app.kubernetes.io/version": ("2.0",),
    "networking.istio.io/tunnel": ("http",),
    "security.istio.io/tlsMode": ("disabled", ""),
    "service.istio.io/canonical-name": ("canon",),
    "service.istio.io/canonical-revision": ("rev9",),
    "service.istio.io/workload-name": ("wl", ""),
    "topology.istio.io/network": ("net9",),
    "version": ("v2",),
}

ANY_CLUSTER = Settings()
# What OpenShift gives each Namespace; nothing reads it elsewhere.
UID_RANGE = {"openshift.io/sa.scc.uid-range": "1000650000/10000"}


class Case(NamedTuple):
    workload: dict[str, Any]
    namespace_labels: dict[str, str]
    native: bool


def mesh_documents() -> list[dict[str, Any]]:
    text = needs(DEFAULT_INSTALLATION).read_text()
    return list(yaml.load_all(text, yaml.CSafeLoader))


@pytest.fixture(scope="module")
def installation() -> MeshSettings:
    """The real default installation as settings of a run."""
    documents = mesh_documents()
    data = {
        key: text for d in documents if d["kind"] == "ConfigMap" for key, text in d["data"].items()
    }
    hooks = tuple(d for d in documents if d["kind"] == "MutatingWebhookConfiguration")
    return MeshSettings(data["config"], data["values"], data["mesh"], hooks)


def results_under(
    mesh: MeshSettings, cases: list[Case], cluster: Settings = ANY_CLUSTER
) -> list[Any]:
    """Per case the object as it came out, or "refused"; each case in a Namespace of its own, in one
    run.
    """
    items, stubs = [], []
    for index, case in enumerate(cases):
        name = f"case-{index}"
        items.append(
            {**case.workload, "metadata": {**case.workload["metadata"], "namespace": name}}
        )
        stubs.append(Stub(name, case.namespace_labels, UID_RANGE))
    settings = cluster._replace(
        namespaces=tuple(stubs), native_sidecars=cases[0].native, mesh=mesh, record=False
    )  # a record has a digest of the mesh
    text = "\n".join(json.dumps(item) for item in items)
    outcome = run(read_manifests(text.encode()), settings)
    refused = {
        result.resource.namespace
        for result in outcome.results
        if result.severity == "error" and result.resource
    }
    assert not [
        result for result in outcome.results if result.severity == "error" and not result.resource
    ]
    return [
        "refused" if f"case-{index}" in refused else outcome.replacements.get(index, "left alone")
        for index in range(len(cases))
    ]


def assert_equal(
    installation: MeshSettings,
    cases: list[Case],
    injected: int,
    refused: int,
    cluster: Settings = ANY_CLUSTER,
) -> None:
    """Both meshes give the same answers, of which at least so many are of either kind."""
    real, ours = [], []
    for _, group in itertools.groupby(
        sorted(cases, key=lambda case: case.native), lambda case: case.native
    ):
        same = list(group)
        real += results_under(installation, same, cluster)
        ours += results_under(MeshSettings(), same, cluster)
    for one, other in zip(real, ours, strict=True):
        assert one == other
    assert real.count("refused") >= refused
    assert sum(isinstance(answer, dict) for answer in real) >= injected


def pod(annotations: dict[str, str], labels: dict[str, str] | None = None) -> dict[str, Any]:
    container = {
        "name": "app",
        "image": "shop:1",
        "ports": [{"name": "http", "containerPort": 8080}],
    }
    metadata = {"name": "shop", "labels": labels or {}, "annotations": annotations}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": metadata,
        "spec": {"containers": [container]},
    }


def swept() -> Iterator[Case]:
    """Every annotation and label with every value, alone, under every template, native and not."""
    labels = {"istio-injection": "enabled"}
    for template, native in itertools.product(TEMPLATES, (False, True)):
        chosen = {"inject.istio.io/templates": template}
        for name, values in ANNOTATIONS.items():
            yield from (Case(pod({**chosen, name: value}), labels, native) for value in values)
        for name, values in LABELS.items():
            yield from (Case(pod(chosen, {name: value}), labels, native) for value in values)


def paired() -> Iterator[Case]:
    """Every two annotations together, their values taken in turn."""
    turn = itertools.count()
    for (one, ones), (other, others) in itertools.combinations(ANNOTATIONS.items(), 2):
        at = next(turn)
        yield Case(
            pod({one: ones[at % len(ones)], other: others[at // 2 % len(others)]}),
            {"istio-injection": "enabled"},
            at % 2 == 0,
        )


def test_webhooks_are_those_of_the_installation() -> None:
    documents = [d for d in mesh_documents() if d["kind"] == "MutatingWebhookConfiguration"]
    real = [webhook for document in documents for webhook in webhooks.read(document)[0]]
    ours = [
        webhook for document in profile.load().webhooks for webhook in webhooks.read(document)[0]
    ]
    assert len(ours) == 4
    assert ours == real


def test_values_are_those_of_the_installation(installation: MeshSettings) -> None:
    def agree(ours: Any, real: Any) -> bool:
        if isinstance(ours, dict):
            return all(key in real and agree(value, real[key]) for key, value in ours.items())
        return bool(ours == real)

    assert agree(json.loads(profile.load().values), json.loads(installation.values or ""))
    assert agree(json.loads(profile.load().mesh), yaml.safe_load(installation.mesh_config or ""))


@pytest.mark.slow
def test_every_annotation_and_label_injects_as_the_real_installation_does(
    installation: MeshSettings,
) -> None:
    assert_equal(installation, list(swept()), injected=600, refused=100)


@pytest.mark.slow
def test_pairs_of_annotations_inject_as_the_real_installation_does(
    installation: MeshSettings,
) -> None:
    assert_equal(installation, list(paired()), injected=300, refused=100)


@pytest.mark.slow
def test_openshift_injects_as_the_real_installation_does(installation: MeshSettings) -> None:
    openshift = Settings(platform="openshift")
    assert_equal(installation, list(swept()), injected=600, refused=100, cluster=openshift)
    assert results_under(MeshSettings(), [*swept()][:1], openshift) != results_under(
        MeshSettings(), [*swept()][:1]
    )


def test_compliance_policy_of_the_control_plane(installation: MeshSettings) -> None:
    fips = Settings(control_plane_env={"COMPLIANCE_POLICY": "fips-140-2"})
    labels = {"istio-injection": "enabled"}
    cases = [
        Case(pod({"inject.istio.io/templates": template}), labels, True) for template in TEMPLATES
    ]
    assert_equal(installation, cases, injected=4, refused=0, cluster=fips)
    assert "fips-140-2" in json.dumps(results_under(MeshSettings(), cases[:1], fips))


@pytest.mark.slow
def test_random_workloads_inject_as_under_the_real_installation(installation: MeshSettings) -> None:
    with lzma.open(needs(RANDOM_CASES), "rt") as lines:
        rows = [json.loads(line) for line in lines]
    cases = [
        Case(yaml.safe_load(r["workload"]), r["ns_labels"], r["native_sidecars"]) for r in rows
    ]
    assert_equal(installation, cases, injected=80, refused=5)


@pytest.mark.slow
def test_inputs_of_istios_own_cases_inject_as_under_the_real_installation(
    installation: MeshSettings,
) -> None:
    inputs = sorted(needs(CORPUS / "1.30.3" / "input").glob("*"))
    documents = [
        d for path in inputs for d in yaml.load_all(path.read_text(), yaml.CSafeLoader) if d
    ]
    members = [
        m
        for d in documents
        for m in (d["items"] if d["kind"] == "List" else [d])
        if m["kind"] in KINDS
    ]
    cases = [
        Case(m, {"istio-injection": "enabled"}, native) for m in members for native in (False, True)
    ]
    assert_equal(installation, cases, injected=100, refused=5)


@pytest.mark.slow
def test_the_real_webhook_agrees(installation: MeshSettings, tmp_path: pathlib.Path) -> None:
    """The profile's own text through Istio's code."""
    oracle = webhook_oracle()
    own = profile.load()
    meshes = (
        {
            "config": installation.config,
            "values": installation.values,
            "mesh": installation.mesh_config,
        },
        {"config": own.config, "values": own.values, "mesh": own.mesh},
    )
    cases = [*swept(), *paired()]
    facts = {"webhooks": [], "namespace": "shop", "ns_labels": {}, "revision": "default"}
    requests = [
        {**facts, **mesh, "id": "0", "native": case.native, "workload": json.dumps(case.workload)}
        for case, mesh in itertools.product(cases, meshes)
    ]
    found = ask_webhook(oracle, requests, tmp_path)
    assert len(found) == 2 * len(cases)
    for case, real, ours in zip(cases, found[::2], found[1::2], strict=True):
        assert bool(real.get("error")) == bool(ours.get("error")), case
        assert real.get("pod") == ours.get("pod"), case


# ---------------------------------------------------------------- by itself

EXAMPLE = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: orders
  namespace: shop
spec:
  selector:
    matchLabels: {app: orders}
  template:
    metadata:
      labels: {app: orders, version: v3}
      annotations: {inject.istio.io/templates: TEMPLATE}
    spec:
      serviceAccountName: orders
      containers:
      - name: orders
        image: registry.example/orders:3.1
        ports:
        - {name: http, containerPort: 8080}
        readinessProbe:
          httpGet: {path: /ready, port: http}
"""


def injected_example(template: str, native: bool) -> Outcome:
    stub = Stub("shop", {"istio-injection": "enabled"}, {})
    settings = Settings(namespaces=(stub,), native_sidecars=native, record=False)
    return run(read_manifests(EXAMPLE.replace("TEMPLATE", template).encode()), settings)


@pytest.mark.parametrize("native", [False, True])
@pytest.mark.parametrize("template", TEMPLATES)
def test_example(template: str, native: bool, snapshot: Any) -> None:
    outcome = injected_example(template, native)
    assert not [result for result in outcome.results if result.severity == "error"]
    text = yaml.safe_dump(outcome.replacements[0], sort_keys=False, width=120)
    snapshot.assert_match(text, f"{template}{'-native' if native else ''}.yaml")


@pytest.mark.parametrize("template", FOR_GATEWAYS)
def test_templates_of_gateways_are_refused(template: str) -> None:
    outcome = injected_example(template, True)
    assert not outcome.replacements
    assert [result.severity for result in outcome.results if result.severity != "info"] == ["error"]


def test_the_profiles_texts_are_json() -> None:
    loaded = profile.load()
    assert set(json.loads(loaded.config)["templates"]) == {*TEMPLATES, *FOR_GATEWAYS}
    assert json.loads(loaded.values)["global"]["tag"] == loaded.version == "1.30.3"
    assert json.loads(loaded.mesh)["rootNamespace"] == "istio-system"


def test_each_load_is_the_callers_own() -> None:
    first = profile.load()
    first.webhooks[0]["webhooks"].clear()
    assert len(profile.load().webhooks[0]["webhooks"]) == 4
