"""The embedded profile against real default installations of Istio, and by itself."""

from __future__ import annotations

import collections
import difflib
import itertools
import json
import lzma
import os
import pathlib
import subprocess
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
import yaml
from outside import ask_webhook, needs, needs_program, not_at_hand, webhook_oracle
from paths import CORPUS, DEFAULT_INSTALLATION, RANDOM_CASES, SHARED

from krm_injector.discovery import profile, webhooks
from krm_injector.discovery.profile import differences
from krm_injector.discovery.version_inference import version_text
from krm_injector.function_config import MeshSettings, Settings, Stub
from krm_injector.pipeline import Outcome, run
from krm_injector.sources.resource_list import read_manifests
from krm_injector.versions import NEWEST

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
        "proxyMetadata: {'A, B': c}",
        "proxyMetadata: {A_B: 'x<y>&z', FOO: bar}",
        "image: {imageType: debug}",
        "concurrency: [",
    ),
    "prometheus.io/scrape": ("true", "false"),
    "readiness.status.sidecar.istio.io/failureThreshold": ("9", "-1"),
    "readiness.status.sidecar.istio.io/initialDelaySeconds": ("5", "010", ""),
    "readiness.status.sidecar.istio.io/periodSeconds": ("7",),
    "sidecar.istio.io/agentLogLevel": ("default:debug", "ads:debug #x", "a: b", ""),
    "sidecar.istio.io/bootstrapOverride": (
        "my-bootstrap",
        "123",
        "on",
        "",
        "a, b",
        "1, 2",
        "a, b #c",
        "a: b, c",
        "a{b}",
        "[a]",
        "null",
    ),
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

# What YAML makes of a text without quotes is compared, and so is not refused.
ANY_CLUSTER = Settings(severities={"untrusted-text": "off"})
# What OpenShift gives each Namespace; nothing reads it elsewhere.
UID_RANGE = {"openshift.io/sa.scc.uid-range": "1000650000/10000"}


# A default installation by the version that it is of. A folder is that of Istio's own test cases,
# whose configuration is the default one's. None: the chart of a clone of istio/istio, $ISTIO_CLONE.
FOLDER = SHARED / "istio" / "installations"
INSTALLATIONS: dict[str, pathlib.Path | None] = {
    "1.24.6": FOLDER / "1.24.6" / "default.yaml",
    "1.25.5": None,
    "1.26.8": FOLDER / "1.26.8" / "default.yaml",
    "1.27.9": CORPUS / "1.27.9",
    "1.28.10": CORPUS / "1.28.10",
    "1.29.6": None,
    "1.30.3": DEFAULT_INSTALLATION,
    "1.31.0": FOLDER / "1.31" / "default.yaml",
    "1.32.0": FOLDER / "1.32-dev" / "default.yaml",
}
# Patch releases whose chart is not at hand: the one before them with the lines of istio #61215,
# which is all that they change of it (their release notes).
QUOTED = {"1.30.5": "1.30.3", "1.31.1": "1.31.0"}
INSTALLATIONS |= {version: INSTALLATIONS[before] for version, before in QUOTED.items()}
if not os.environ.get("ISTIO_CLONE"):
    INSTALLATIONS = {version: path for version, path in INSTALLATIONS.items() if path is not None}
    del INSTALLATIONS["1.30.5"]
CHART = "manifests/charts/istio-control/istio-discovery"


class Case(NamedTuple):
    workload: dict[str, Any]
    namespace_labels: dict[str, str]
    native: bool


class Installation(NamedTuple):
    version: str
    mesh: MeshSettings
    profile: profile.Profile  # of that version


@pytest.fixture(scope="module", params=list(INSTALLATIONS))
def installation(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Installation:
    """A real default installation as settings of a run."""
    version = request.param
    release = profile.release_of(version)
    assert release
    own = profile.load(release)
    path = INSTALLATIONS[version]
    if path is None:
        mesh = mesh_of(rendered_chart(version, tmp_path_factory.mktemp("chart")))
    elif needs(path).is_dir():
        config, values = most_used_configuration(path)
        mesh = MeshSettings(config, values, own.mesh, tuple(own.webhooks))
    else:
        mesh = mesh_of(path.read_text())

    if version in QUOTED:
        mesh = mesh._replace(config=quoted(mesh.config or ""))

    # A build from source states the tag latest, and a hub for tests.
    values = json.loads(mesh.values or "")
    values["global"] |= {"hub": profile.HUB, "tag": release.tag}
    return Installation(version, mesh._replace(values=json.dumps(values)), own)


def quoted(config: str) -> str:
    """data.config with the lines of istio #61215 in its templates.

    They are those that the chart of 1.32-dev has in place of 1.31's. Beside them it only lacks some
    (GOMAXPROCS, istio #60755).
    """
    new_lines: dict[str, str] = {}
    old, new = (
        templates_of(mesh_of((FOLDER / name / "default.yaml").read_text()).config)
        for name in ("1.31", "1.32-dev")
    )
    for name, template in old.items():
        before, after = template.splitlines(), new[name].splitlines()
        for kind, start, end, other, last in difflib.SequenceMatcher(
            None, before, after, autojunk=False
        ).get_opcodes():
            assert kind in ("equal", "replace", "delete")
            if kind == "replace":
                new_lines |= zip(before[start:end], after[other:last], strict=True)

    whole = yaml.load(config, yaml.CSafeLoader)
    for name, template in whole["templates"].items():
        lines = [new_lines.get(line, line) for line in template.split("\n")]
        whole["templates"][name] = "\n".join(lines)

    text = json.dumps(whole)
    assert all(json.dumps(line)[1:-1] in text for line in new_lines.values())
    return text


def templates_of(config: str | None) -> dict[str, str]:
    templates: dict[str, str] = yaml.load(config or "", yaml.CSafeLoader)["templates"]
    return templates


def rendered_chart(tag: str, folder: pathlib.Path) -> str:
    clone = os.environ.get("ISTIO_CLONE") or not_at_hand("a clone of istio/istio", "ISTIO_CLONE")
    helm = needs_program("helm3")
    archive = subprocess.run(
        ["git", "-C", clone, "archive", tag, CHART], stdout=subprocess.PIPE, check=True
    )
    subprocess.run(["tar", "-x", "-C", folder], input=archive.stdout, check=True)
    command = [helm, "template", "istiod", str(folder / CHART), "-n", "istio-system"]
    return subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True).stdout


def mesh_of(text: str) -> MeshSettings:
    documents = [d for d in yaml.load_all(text, yaml.CSafeLoader) if d]
    data = {
        key: value
        for d in documents
        if d["kind"] == "ConfigMap" and d["metadata"]["name"] in ("istio", "istio-sidecar-injector")
        for key, value in d["data"].items()
    }
    hooks = tuple(d for d in documents if d["kind"] == "MutatingWebhookConfiguration")
    return MeshSettings(data["config"], data["values"], data["mesh"], hooks)


def most_used_configuration(corpus: pathlib.Path) -> tuple[str, str]:
    """data.config and data.values of most of Istio's test cases: those of its defaults."""
    cases = json.loads((corpus / "cases.json").read_text())
    pairs = collections.Counter((case["config"], case["values"]) for case in cases)
    ((config, values), _), *_ = pairs.most_common(1)
    return (corpus / config).read_text(), (corpus / values).read_text()


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
    installation: Installation,
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
        real += results_under(installation.mesh, same, cluster)
        ours += results_under(MeshSettings(version=installation.version), same, cluster)
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


def test_webhooks_are_those_of_the_installation(installation: Installation) -> None:
    real, ours = (
        [webhook for document in documents for webhook in webhooks.read(document)[0]]
        for documents in (installation.mesh.webhooks, installation.profile.webhooks)
    )
    assert len(ours) == 4
    assert ours == real


def test_values_are_those_of_the_installation(installation: Installation) -> None:
    def agree(ours: Any, real: Any) -> bool:
        if isinstance(ours, dict):
            return all(key in real and agree(value, real[key]) for key, value in ours.items())
        return bool(ours == real)

    own, mesh = installation.profile, installation.mesh
    assert agree(json.loads(own.values), json.loads(mesh.values or ""))
    assert agree(json.loads(own.mesh), yaml.safe_load(mesh.mesh_config or ""))


# Istio's test cases have templates of their own: only files are whole installations.
WHOLE = [version for version, path in INSTALLATIONS.items() if not (path and path.is_dir())]


@pytest.mark.parametrize("installation", WHOLE, indirect=True)
def test_templates_are_named_as_those_of_the_installation(installation: Installation) -> None:
    real = templates_of(installation.mesh.config)
    assert set(json.loads(installation.profile.config)["templates"]) == set(real)


@pytest.mark.slow
def test_every_annotation_and_label_injects_as_the_real_installation_does(
    installation: Installation,
) -> None:
    assert_equal(installation, list(swept()), injected=600, refused=100)


@pytest.mark.slow
def test_pairs_of_annotations_inject_as_the_real_installation_does(
    installation: Installation,
) -> None:
    assert_equal(installation, list(paired()), injected=300, refused=100)


@pytest.mark.slow
def test_openshift_injects_as_the_real_installation_does(installation: Installation) -> None:
    openshift = ANY_CLUSTER._replace(platform="openshift")
    chosen = {"sidecar.istio.io/interceptionMode", "sidecar.istio.io/capNetBindService"}
    cases = [
        case
        for index, case in enumerate(swept())
        if index % 3 == 0 or chosen & {*case.workload["metadata"]["annotations"]}
    ]
    assert_equal(installation, cases, injected=200, refused=30, cluster=openshift)
    assert results_under(MeshSettings(), [*swept()][:1], openshift) != results_under(
        MeshSettings(), [*swept()][:1]
    )


def test_compliance_policy_of_the_control_plane(installation: Installation) -> None:
    fips = ANY_CLUSTER._replace(control_plane_env={"COMPLIANCE_POLICY": "fips-140-3"})
    labels = {"istio-injection": "enabled"}
    cases = [
        Case(pod({"inject.istio.io/templates": template}), labels, True) for template in TEMPLATES
    ]
    assert_equal(installation, cases, injected=4, refused=0, cluster=fips)
    assert "fips-140-3" in json.dumps(results_under(MeshSettings(), cases[:1], fips))


@pytest.mark.slow
def test_random_workloads_inject_as_under_the_real_installation(installation: Installation) -> None:
    with lzma.open(needs(RANDOM_CASES), "rt") as lines:
        rows = [json.loads(line) for line in lines]
    cases = [
        Case(yaml.safe_load(r["workload"]), r["ns_labels"], r["native_sidecars"]) for r in rows
    ]
    assert_equal(installation, cases, injected=80, refused=5)


@pytest.fixture(scope="module")
def inputs() -> list[Case]:
    """The workloads of Istio's test cases of all versions, each once, native and not."""
    distinct: dict[str, dict[str, Any]] = {}
    for path in sorted(needs(CORPUS).glob("*/input/**/*")):
        documents = yaml.load_all(path.read_text(), yaml.CSafeLoader) if path.is_file() else ()
        for document in filter(None, documents):
            members = document["items"] if document["kind"] == "List" else [document]
            distinct |= {json.dumps(m): m for m in members if m["kind"] in KINDS}

    labels = {"istio-injection": "enabled"}
    return [Case(m, labels, native) for m in distinct.values() for native in (False, True)]


@pytest.mark.slow
def test_inputs_of_istios_own_cases_inject_as_under_the_real_installation(
    installation: Installation, inputs: list[Case]
) -> None:
    assert_equal(installation, inputs, injected=200, refused=20)


@pytest.mark.slow
def test_the_real_webhook_agrees(installation: Installation, tmp_path: pathlib.Path) -> None:
    """The profile's own text through Istio's code, that of 1.31, whatever the version."""
    oracle = webhook_oracle()
    own, mesh = installation.profile, installation.mesh
    meshes = (
        {"config": mesh.config, "values": mesh.values, "mesh": mesh.mesh_config},
        {"config": own.config, "values": own.values, "mesh": own.mesh},
    )
    whole = installation.version in ("1.24.6", "1.30.3", differences.DEFAULT.tag)
    cases = [*swept(), *paired()][:: 1 if whole else 4]
    facts = {"webhooks": [], "namespace": "shop", "ns_labels": {}, "revision": "default"}
    requests = [
        {**facts, **texts, "id": "0", "native": case.native, "workload": json.dumps(case.workload)}
        for case, texts in itertools.product(cases, meshes)
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


def injected_example(template: str, native: bool, version: str = "") -> Outcome:
    stub = Stub("shop", {"istio-injection": "enabled"}, {})
    settings = Settings(
        namespaces=(stub,),
        native_sidecars=native,
        mesh=MeshSettings(version=version),
        record=False,
    )
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


RELEASES = [differences.DEFAULT, *map(differences.release, differences.NEWEST_PATCHES)]


@pytest.mark.parametrize("release", RELEASES, ids=[release.tag for release in RELEASES])
def test_the_profiles_texts_are_json(release: profile.Release) -> None:
    loaded = profile.load(release)
    templates = json.loads(loaded.config)["templates"]
    assert {*TEMPLATES, "waypoint", "kube-gateway"} <= set(templates)
    assert not [name for name, text in templates.items() if "<<" in text or ">>" in text]
    assert json.loads(loaded.values)["global"]["tag"] == loaded.version == release.tag
    assert json.loads(loaded.mesh)["rootNamespace"] == "istio-system"


def test_the_default() -> None:
    """The newest release of the newest version that is released and compared (docs/profile.md)."""
    assert profile.load().version == differences.DEFAULT.tag == "1.31.1"
    assert differences.DEFAULT.patch == differences.NEWEST_PATCHES[-1]


@pytest.mark.parametrize(
    ("stated", "tag"),
    [
        ("", differences.DEFAULT.tag),
        ("1.24", "1.24.6"),
        ("1.31", "1.31.1"),
        ("1.30.x", "1.30.5"),
        ("1.32", "1.32.0"),
        ("v1.27.3", "1.27.3"),
        ("1.28.4-distroless", "1.28.4-distroless"),
        ("1.31-alpha.0123456789", "1.31-alpha.0123456789"),
        ("1.29.99", "1.29.99"),
        ("1.33.1", "1.33.1"),
        ("1.33", "1.33.0"),
        ("1.23", None),
        ("1.8.2", None),
    ],
)
def test_which_release_a_stated_version_means(stated: str, tag: str | None) -> None:
    release = profile.release_of(stated)
    assert (release and release.tag) == tag


def test_every_minor_version_from_the_oldest_on_has_a_profile() -> None:
    minors = [patch[:2] for patch in differences.NEWEST_PATCHES]
    assert minors == [(1, minor) for minor in range(24, 24 + len(minors))]
    assert minors[-1] >= (1, 31)


def test_the_table_of_differences_has_its_form() -> None:
    texts = dict(differences.OLDEST_TEXTS)
    for difference in differences.DIFFERENCES:
        minors = [first[:2] for first in difference.since]
        assert minors == [(1, minors[0][1] + index) for index in range(len(minors))]
        assert difference.since[-1][2] == 0 or len(minors) == 1
        assert difference.texts.keys() <= texts.keys() and difference.source
        for name, text in difference.texts.items():
            assert text != texts[name], name
        texts |= difference.texts

    assert list(texts) == list(differences.OLDEST_TEXTS)
    used = "".join([*profile.TEMPLATES.values(), *texts.values()])
    assert all(f"<<{name}>>" in used for name in texts)


@pytest.mark.parametrize(
    ("tag", "expected"),
    [("1.26.4", False), ("1.26.5", True), ("1.27.1", False), ("1.27.2", True), ("1.28.0", True)],
)
def test_a_difference_that_came_by_patches(tag: str, expected: bool) -> None:
    release = profile.release_of(tag)
    assert release
    assert differences.has(release, ((1, 26, 5), (1, 27, 2), (1, 28, 0))) is expected


@pytest.mark.parametrize(
    ("version", "image", "lacks"),
    [
        ("1.24", "docker.io/istio/proxyv2:1.24.6", "istio-ca-crl"),
        ("1.31.0", "docker.io/istio/proxyv2:1.31.0", "no such text"),
    ],
)
def test_the_stated_version_picks_the_profile(version: str, image: str, lacks: str) -> None:
    outcome = injected_example("sidecar", True, version)
    assert not [result for result in outcome.results if result.severity != "info"]
    text = json.dumps(outcome.replacements[0])
    assert image in text and lacks not in text


@pytest.mark.parametrize(
    ("version", "told"),
    [
        ("1.28", "Istio 1.28.10 by spec.mesh.version"),
        ("v1.30.x", "Istio 1.30.5 by spec.mesh.version"),
        ("1.28.4", "Istio 1.28.4 by spec.mesh.version"),
        ("", f"Istio {differences.DEFAULT.tag} by values.global.tag"),
    ],
)
def test_the_release_is_told_and_recorded(version: str, told: str) -> None:
    """The patch release, where only a minor version is stated: templates differ by patch."""
    bundle = read_manifests(EXAMPLE.replace("TEMPLATE", "sidecar").encode())
    stub = Stub("shop", {"istio-injection": "enabled"}, {})
    outcome = run(bundle, Settings(namespaces=(stub,), mesh=MeshSettings(version=version)))
    (info,) = [result.message for result in outcome.results if result.code == "mesh"]
    assert f"embedded profile, {told};" in info
    release = profile.release_of(version)
    assert release
    annotations = outcome.replacements[0]["metadata"]["annotations"]
    assert json.loads(annotations["krm-injector.dev/injected"])["istio"] == release.tag


def test_a_version_without_a_profile_is_an_error() -> None:
    outcome = injected_example("sidecar", True, "1.20")
    assert not outcome.replacements
    first, *others = [result for result in outcome.results if result.severity != "info"]
    assert (first.severity, first.code, first.current) == ("error", "mesh-missing", "1.20")
    assert f"1.24 to {version_text(NEWEST)}" in first.message
    assert [result.code for result in others] == ["control-plane-missing"]


def test_a_version_newer_than_known_is_a_warning() -> None:
    outcome = injected_example("sidecar", True, "1.99.1")
    told = [result.code for result in outcome.results if result.severity != "info"]
    assert told == ["mesh-version-newer"]
    assert "proxyv2:1.99.1" in json.dumps(outcome.replacements[0])


def test_each_load_is_the_callers_own() -> None:
    first = profile.load()
    first.webhooks[0]["webhooks"].clear()
    assert len(profile.load().webhooks[0]["webhooks"]) == 4
