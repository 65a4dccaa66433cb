"""Discovery: Namespaces, workloads, control planes, their versions and their webhooks."""

from __future__ import annotations

import copy
import json
import random
from typing import Any

import pytest
from builders import (
    config_map,
    namespace,
    objects_bundle,
    pod_template,
    resource,
    webhook_configuration,
)

from krm_injector.decision.decide import decide_all
from krm_injector.discovery import profile
from krm_injector.discovery.discover import Discovery, discover
from krm_injector.discovery.webhooks import assumed
from krm_injector.function_config import ExtraKind, MeshSettings, Settings, Stub
from krm_injector.model import Mesh, Object, Result
from krm_injector.versions import NEWEST, rules_for
from krm_injector.workload.controller import owner_of

CONFIG = "policy: enabled\ntemplates:\n  sidecar: |\n    spec: {}\n"
MESH = "rootNamespace: istio-system\n"


def found(*objects: Object, **settings: Any) -> Discovery:
    return discover(
        objects_bundle(objects),
        Settings(**settings),
    )


def codes(results: tuple[Result, ...], *severities: str) -> list[str]:
    return [
        result.code for result in results if result.severity in (severities or ("error", "warning"))
    ]


def injector(revision: str = "", tag: Any = "1.30.3", config: str = CONFIG, **more: Any) -> Object:
    values = more.pop("values", {})
    data = {"config": config, "values": json.dumps({"global": {"tag": tag}, **values})}
    return config_map(f"istio-sidecar-injector{'-' if revision else ''}{revision}", data, **more)


def mesh_map(revision: str = "", text: str = MESH, **more: Any) -> Object:
    return config_map(f"istio{'-' if revision else ''}{revision}", {"mesh": text}, **more)


def webhooks(name: str, *hooks: Object, **labels: str) -> Object:
    """A webhook configuration; in its labels' names "__" is a slash and "_" a dot."""
    spelt = {key.replace("_", ".").replace("..", "/"): value for key, value in labels.items()}
    return webhook_configuration(name, *hooks, labels=spelt)


def hook(
    path: str = "/inject", name: str = "namespace.sidecar-injector.istio.io", **more: Any
) -> Object:
    return {"name": name, "clientConfig": {"service": {"name": "istiod", "path": path}}, **more}


def deployment(
    name: str = "web", kind: str = "Deployment", api_version: str = "apps/v1", **metadata: Any
) -> Object:
    """A pod template at spec.template, whatever the kind; in no Namespace if none is named."""
    template = pod_template({"name": "a"}, labels={"app": name})
    return {
        "apiVersion": api_version,
        "kind": kind,
        "metadata": {"name": name, **metadata},
        "spec": {"template": template},
    }


# ---------------------------------------------------------------- Namespaces


def test_namespaces_have_their_name_as_a_label() -> None:
    seen = found(
        namespace("shop", {"a": "b", "kubernetes.io/metadata.name": "other"}), namespace("bare")
    )
    assert seen.namespaces["shop"].labels == {"a": "b", "kubernetes.io/metadata.name": "shop"}
    assert seen.namespaces["bare"].labels == {"kubernetes.io/metadata.name": "bare"}
    assert codes(seen.results) == []


def test_null_labels_and_annotations_count_as_none() -> None:
    value = namespace("bare")
    value["metadata"] |= {"labels": None, "annotations": None}
    seen = found(value)
    assert seen.namespaces["bare"].labels == {"kubernetes.io/metadata.name": "bare"}
    assert codes(seen.results) == []


def test_stubs_stand_in_and_the_bundle_wins() -> None:
    stubs = (Stub("shop", {"a": "stub"}, {}), Stub("prod", {"c": "d"}, {"e": "f"}))
    seen = found(namespace("shop", {"a": "bundle"}), namespaces=stubs)
    assert (seen.namespaces["shop"].labels["a"], seen.namespaces["shop"].source) == (
        "bundle",
        "bundle",
    )
    assert (seen.namespaces["prod"].annotations, seen.namespaces["prod"].source) == (
        {"e": "f"},
        "functionConfig",
    )
    (result,) = [result for result in seen.results if result.severity != "info"]
    assert (result.severity, result.code) == ("warning", "namespace-stub-ignored")
    assert 'a ("stub" and "bundle")' in result.message


def test_namespaces_that_disagree_are_an_error() -> None:
    seen = found(namespace("shop", {"istio-injection": "enabled"}), namespace("shop", {"x": "y"}))
    (result,) = [result for result in seen.results if result.severity == "error"]
    assert result.code == "namespace-conflict"
    assert 'istio-injection ("enabled" and absent), x (absent and "y")' in result.message


def test_namespaces_that_agree_where_it_matters_are_none() -> None:
    same = (
        namespace("shop", {"a": "b"}, {"description": "one"}),
        namespace("shop", {"a": "b"}, {"other": "two"}),
    )
    assert codes(found(*same).results) == []
    uid_range = "openshift.io/sa.scc.uid-range"
    ranges = [namespace("shop", {}, {uid_range: value}) for value in ("1/2", "3/4")]
    assert codes(found(*ranges).results) == ["namespace-conflict"]


def test_lists_are_opened() -> None:
    members = [namespace("shop"), {"apiVersion": "v1", "kind": "List", "items": [deployment()]}]
    seen = found(injector(), {"apiVersion": "v1", "kind": "List", "items": members})
    assert "shop" in seen.namespaces
    assert [(w.item, w.inside, w.ref.name) for w in seen.workloads] == [
        (1, ("items", 1, "items", 0), "web")
    ]
    bare = {key: value for key, value in deployment().items() if key not in ("apiVersion", "kind")}
    seen = found({"apiVersion": "apps/v1", "kind": "DeploymentList", "items": [bare]})
    assert [(w.ref.kind, w.ref.api_version, w.object) for w in seen.workloads] == [
        ("Deployment", "apps/v1", bare)
    ]


# ---------------------------------------------------------------- workloads


def test_workloads_in_order_with_their_namespace() -> None:
    seen = found(
        deployment("a"), namespace("x"), deployment("b", namespace="prod"), default_namespace="shop"
    )
    assert [(w.item, str(w.ref)) for w in seen.workloads] == [
        (0, "Deployment shop/a"),
        (2, "Deployment prod/b"),
    ]
    assert found(deployment("a")).workloads[0].ref.namespace == ""


@pytest.mark.parametrize(
    ("value", "left_alone"), [("true", True), ("", True), ("yes", True), ("false", False)]
)
def test_local_config_is_left_alone(value: str, left_alone: bool) -> None:
    seen = found(deployment(annotations={"config.kubernetes.io/local-config": value}))
    assert (seen.workloads == []) is left_alone


def test_local_config_namespaces_are_still_facts() -> None:
    seen = found(namespace("shop", {"a": "b"}, {"config.kubernetes.io/local-config": "true"}))
    assert seen.namespaces["shop"].labels["a"] == "b"


def test_unknown_kinds_with_a_pod_template_are_named_once() -> None:
    clones = [deployment(name, "Clone", "x.io/v1") for name in ("a", "b")]
    seen = found(*clones, deployment("c", "Other", "x.io/v1"))
    results = [result for result in seen.results if result.code == "unknown-workload-kind"]
    assert [str(result.resource) for result in results] == ["Clone a", "Other c"]
    assert results[0].severity == "warning"
    assert results[0].message.endswith(
        "- {apiVersion: x.io/v1, kind: Clone, podTemplate: spec.template}"
    )
    assert seen.workloads == []
    told = found(*clones, workloads=(ExtraKind("x.io/v1", "Clone", ("spec", "template")),))
    assert [w.template for w in told.workloads] == [("spec", "template")] * 2
    assert codes(told.results) == []


def test_labels_that_are_no_strings_are_a_warning() -> None:
    value = deployment()
    value["spec"]["template"]["metadata"]["labels"] = {"sidecar.istio.io/inject": True}
    (result,) = [r for r in found(value).results if r.code == "metadata-not-string"]
    assert (result.severity, result.current, result.proposed) == ("warning", True, "true")


# ---------------------------------------------------------------- control planes


def only(seen: Discovery) -> Mesh:
    (mesh,) = seen.meshes
    return mesh


def test_nothing_given_is_the_embedded_profile() -> None:
    seen = found()
    assert (only(seen).source, only(seen).revision, only(seen).version) == (
        "profile",
        "default",
        profile.DEFAULT.tag,
    )
    assert only(seen).config["policy"] == "enabled"
    assert [result.message.partition(",")[0] for result in seen.results] == [
        "control plane default: embedded profile"
    ]


def test_the_bundle_is_recognised() -> None:
    seen = found(
        injector(),
        mesh_map(text="rootNamespace: admin\n"),
        webhooks("istio-sidecar-injector", hook()),
    )
    mesh = only(seen)
    assert (mesh.source, mesh.revision, mesh.version, mesh.root_namespace) == (
        "bundle",
        "default",
        "1.30.3",
        "admin",
    )
    assert (mesh.rules.minor, mesh.native_sidecars, mesh.platform) == ((1, 30), True, "")
    assert [webhook.id for webhook in mesh.webhooks] == [
        "istio-sidecar-injector/namespace.sidecar-injector.istio.io"
    ]
    (result,) = seen.results
    assert (result.severity, result.code) == ("info", "mesh")
    assert (
        "ConfigMap istio-system/istio-sidecar-injector and ConfigMap istio-system/istio (bundle)"
        in result.message
    )
    assert "Istio 1.30.3 by values.global.tag" in result.message


def test_the_function_config_wins() -> None:
    given = MeshSettings(
        config="policy: disabled\ntemplates: {}", values='{"global": {"tag": "1.24.1"}}'
    )
    seen = found(injector(), mesh_map(), mesh=given)
    mesh = only(seen)
    assert (mesh.source, mesh.config["policy"], mesh.version) == (
        "functionConfig",
        "disabled",
        "1.24.1",
    )
    assert mesh.mesh_config == MESH  # part by part: the bundle's, where the functionConfig has none
    documents = (
        injector("canary"),
        mesh_map("canary"),
        webhooks("x", hook(), istio_io__rev="canary"),
    )
    seen = found(injector(), mesh_map(), mesh=MeshSettings(documents=documents))
    assert (only(seen).revision, only(seen).source, only(seen).assumed_webhooks) == (
        "canary",
        "functionConfig",
        False,
    )


def test_each_revision_is_a_control_plane_with_its_webhooks() -> None:
    seen = found(
        injector("canary", "1.29.1"),
        mesh_map("canary"),
        injector(),
        mesh_map(),
        webhooks("istio-sidecar-injector", hook()),
        webhooks("istio-sidecar-injector-canary", hook(), istio_io__rev="canary"),
        webhooks("istio-revision-tag-prod", hook(), istio_io__rev="canary", istio_io__tag="prod"),
    )
    assert [(mesh.revision, mesh.version) for mesh in seen.meshes] == [
        ("default", "1.30.3"),
        ("canary", "1.29.1"),
    ]
    assert [webhook.configuration for webhook in seen.meshes[1].webhooks] == [
        "istio-revision-tag-prod",
        "istio-sidecar-injector-canary",
    ]
    assert codes(seen.results) == []


def test_the_label_tells_the_revision_before_the_name() -> None:
    labelled = {"istio.io/rev": "blue"}
    seen = found(
        injector(labels=labelled, namespace="mesh-b"),
        mesh_map(labels=labelled, namespace="mesh-b"),
        injector(),
    )
    assert {mesh.revision for mesh in seen.meshes} == {"default", "blue"}


def test_two_configurations_of_one_revision_are_an_error() -> None:
    seen = found(injector(), injector(tag="1.29.0", namespace="mesh-b"), mesh_map())
    (result,) = [result for result in seen.results if result.severity == "error"]
    assert result.code == "mesh-ambiguous"
    assert (
        "istio-system/istio-sidecar-injector" in result.message
        and "mesh-b/istio-sidecar-injector" in result.message
    )
    assert codes(found(injector(), injector(namespace="mesh-b"), mesh_map()).results) == []


def test_parts_that_are_missing() -> None:
    assert codes(found(injector()).results) == ["mesh-incomplete"]
    without_injector = found(mesh_map(text="rootNamespace: admin"))
    assert codes(without_injector.results) == ["mesh-incomplete"]
    assert (only(without_injector).source, only(without_injector).root_namespace) == (
        "profile",
        "admin",
    )
    other = found(injector(), mesh_map(), webhooks("c", hook(), istio_io__rev="canary"))
    assert [(mesh.revision, mesh.source) for mesh in other.meshes] == [
        ("default", "bundle"),
        ("canary", "missing"),
    ]


@pytest.mark.parametrize(
    ("api_version", "kind", "command"),
    [
        ("install.istio.io/v1alpha1", "IstioOperator", "istioctl manifest generate -f FILE"),
        ("sailoperator.io/v1", "Istio", "kubectl get -n mesh configmap"),
    ],
)
def test_an_installation_is_no_mesh(api_version: str, kind: str, command: str) -> None:
    """It is told where the embedded profile stands in for it, and nowhere else."""
    installation = resource(api_version, kind, spec={"namespace": "mesh"})
    (result,) = [
        result for result in found(installation).results if result.code == "mesh-incomplete"
    ]
    assert result.severity == "warning"
    assert f"{kind} shop/web says how to install a mesh" in result.message
    assert command in result.message

    assert codes(found(installation, injector(), mesh_map()).results) == []
    other = resource("sailoperator.io/v1", "IstioCNI"), resource("example.com/v1", kind)
    assert codes(found(*other).results) == []


def test_other_config_maps_are_none_of_ours() -> None:
    others = (
        config_map("istio", {"other": "x"}),
        config_map("app", {"config": "x", "mesh": "y"}),
        config_map("istiod", {"mesh": "z"}),
    )
    assert only(found(*others)).source == "profile"


# ---------------------------------------------------------------- versions


@pytest.mark.parametrize(
    ("tag", "labels", "values", "config", "version", "evidence"),
    [
        ("1.27.1", {}, {}, CONFIG, "1.27.1", "values.global.tag"),
        ("1.27.1-distroless", {"app.kubernetes.io/version": "1.20.0"}, {}, CONFIG,
         "1.27.1-distroless", "global.tag"),
        ("custom", {"app.kubernetes.io/version": "1.26.2"}, {}, CONFIG, "1.26.2",
         "label app.kubernetes.io/version"),
        ("latest", {"helm.sh/chart": "istiod-1.25.0"}, {}, CONFIG, "1.25.0", "label helm.sh/chart"),
        ("latest", {"app.kubernetes.io/version": "1.0.0", "helm.sh/chart": "istiod-1.0.0"}, {},
         CONFIG, "", ""),
        (None, {}, {"global": {"proxy": {"image": "r.example/istio/proxyv2:1.21.4"}}}, CONFIG,
         "1.21.4", "proxy.image"),
        ("latest", {}, {}, CONFIG + "    # image: x/proxyv2:1.22.0\n", "1.22.0",
         "an image tag in template sidecar"),
    ],
)  # fmt: skip
def test_the_version_is_recognised_by_its_best_evidence(
    tag: Any, labels: Object, values: Object, config: str, version: str, evidence: str
) -> None:
    seen = found(injector(tag=tag, labels=labels, values=values, config=config), mesh_map())
    assert only(seen).version == version
    assert codes(seen.results) == ([] if version else ["mesh-version-unknown"])
    if version:
        assert evidence in seen.results[-1].message
    else:
        assert only(seen).rules.minor == NEWEST


def test_a_stated_version_wins() -> None:
    seen = found(injector(), mesh_map(), mesh=MeshSettings(version="v1.24.6"))
    assert (only(seen).version, only(seen).rules.minor) == ("1.24.6", (1, 24))


def test_versions_out_of_range_are_doubted() -> None:
    assert codes(found(injector(tag="1.99.0"), mesh_map()).results) == ["mesh-version-newer"]
    contradicted = found(
        injector(tag="1.8.6"), mesh_map()
    )  # the form of data.config is that of 1.9 and later
    assert codes(contradicted.results) == ["mesh-version-unknown"]
    assert "values.global.tag says 1.8.6" in next(
        r.message for r in contradicted.results if r.severity == "warning"
    )


@pytest.mark.parametrize(
    ("tag", "env", "stated", "native"),
    [
        ("1.26.0", None, None, False), ("1.27.0", None, None, True), ("1.27.0", None, False, False),
        ("1.26.0", None, True, True), ("1.27.0", "false", None, False),
        ("1.27.0", "auto", None, True),
        ("1.27.0", "1", None, False), ("1.27.0", False, None, False),
        ("1.27.0", "false", True, True), ("1.24.0", "true", None, True),
        ("1.24.0", "1", None, True), ("1.24.0", "auto", None, False),
        ("1.24.0", True, None, True),
    ],
)  # fmt: skip
def test_native_sidecars_are_the_default_of_the_version_or_of_its_values(
    tag: str, env: Any, stated: bool | None, native: bool
) -> None:
    values = {"pilot": {"env": {} if env is None else {"ENABLE_NATIVE_SIDECARS": env}}}
    assert (
        only(
            found(injector(tag=tag, values=values), mesh_map(), native_sidecars=stated)
        ).native_sidecars
        is native
    )


@pytest.mark.parametrize(
    ("tag", "env", "stated", "kubelet", "native"),
    [
        ("1.27.0", None, None, "1.32", False), ("1.27.0", None, None, "1.33", True),
        ("1.27.0", "auto", None, "v1.32.9-gke.1", False), ("1.31.0", None, None, "1.34.1", True),
        ("1.31.0", None, None, "v1.29.3+abcdef1", False), ("1.31.0", None, None, "1.100", True),
        # Who says it wants no answer of the nodes.
        ("1.27.0", "true", None, "1.32", True), ("1.27.0", "false", None, "1.33", False),
        ("1.27.0", None, True, "1.32", True), ("1.27.0", None, False, "1.33", False),
        ("1.26.0", None, None, "1.33", False), ("1.26.0", "true", None, "1.32", True),
    ],
)  # fmt: skip
def test_the_oldest_kubelet_decides_on_native_sidecars_where_istiod_asks_the_nodes(
    tag: str, env: Any, stated: bool | None, kubelet: str, native: bool
) -> None:
    values = {"pilot": {"env": {} if env is None else {"ENABLE_NATIVE_SIDECARS": env}}}
    facts = found(
        injector(tag=tag, values=values),
        mesh_map(),
        native_sidecars=stated,
        kubernetes_version=kubelet,
    )
    assert only(facts).native_sidecars is native


@pytest.mark.parametrize(
    ("tag", "env", "values", "kubelet", "native", "assumed"),
    [
        ("1.31.0", None, None, "", True, True), ("1.31.0", "auto", "false", "", True, True),
        ("1.31.0", "auto", None, "1.32", False, False),
        ("1.31.0", "false", "true", "", False, False),
        ("1.31.0", "true", "false", "1.30", True, False), ("1.31.0", "1", None, "", False, False),
        ("1.26.0", "true", "false", "", True, False), ("1.26.0", "auto", None, "", False, False),
        ("1.26.0", None, None, "", False, False),
    ],
)  # fmt: skip
def test_istiods_environment_decides_on_native_sidecars_before_the_values(
    tag: str, env: str | None, values: str | None, kubelet: str, native: bool, assumed: bool
) -> None:
    pilot = {"pilot": {"env": {} if values is None else {"ENABLE_NATIVE_SIDECARS": values}}}
    own = {} if env is None else {"ENABLE_NATIVE_SIDECARS": env}
    facts = found(
        injector(tag=tag, values=pilot),
        mesh_map(),
        control_plane_env=own,
        kubernetes_version=kubelet,
    )
    mesh = only(facts)
    assert (mesh.native_sidecars, mesh.native_assumed) == (native, assumed)


def test_the_platform_is_read_from_the_values() -> None:
    values = {"global": {"tag": "1.30.3", "platform": "openshift"}}
    assert only(found(injector(values=values), mesh_map())).platform == "openshift"
    assert only(found(injector(values=values), mesh_map(), platform="")).platform == ""
    assert only(found(injector(values=values), mesh_map(), method="manual")).platform == ""
    assert only(found(injector(), mesh_map(), platform="openshift")).platform == "openshift"


def test_proxy_configs_of_the_revision() -> None:
    def proxy_config(name: str, labels: Object) -> Object:
        metadata = {"name": name, "namespace": "shop", "labels": labels}
        return {
            "apiVersion": "networking.istio.io/v1beta1",
            "kind": "ProxyConfig",
            "metadata": metadata,
        }

    objects = (proxy_config("all", {}), proxy_config("ours", {"istio.io/rev": "default"}))
    seen = found(
        injector(), mesh_map(), *objects, proxy_config("theirs", {"istio.io/rev": "canary"})
    )
    assert [value["metadata"]["name"] for value in only(seen).proxy_configs] == ["all", "ours"]


# ---------------------------------------------------------------- what does not parse


BROKEN = [
    ("config", injector(config="policy: [\n"), mesh_map(), "mesh-not-yaml", "data.config", "line "),
    ("config is a list", injector(config="- a"), mesh_map(), "mesh-not-yaml", "data.config",
     "must be a mapping"),
    ("values", config_map("istio-sidecar-injector", {"config": CONFIG, "values": "{"}), mesh_map(),
     "mesh-not-yaml",
     "data.values", "data.values of ConfigMap istio-system/istio-sidecar-injector"),
    ("mesh", injector(), mesh_map(text="a: b: c"), "mesh-not-yaml", "data.mesh", "line 1, column"),
    ("policy", injector(config="policy: off-ish\ntemplates: {}"), mesh_map(), "policy-illegal",
     "data.config",
     'is "off-ish"; it must be enabled or disabled'),
    ("no policy", injector(config="templates: {}"), mesh_map(), "policy-illegal", "data.config",
     "is missing"),
    ("templates", injector(config="policy: enabled\ntemplates: [a]"), mesh_map(),
     "mesh-config-invalid",
     "data.config", "templates in data.config"),
    ("selector", injector(config="policy: enabled\nneverInjectSelector: {a: b}"), mesh_map(),
     "mesh-config-invalid",
     "data.config", "neverInjectSelector"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("one", "other", "code", "field", "words"),
    [case[1:] for case in BROKEN],
    ids=[case[0] for case in BROKEN],
)
def test_a_broken_configuration_is_an_error_at_its_field(
    one: Object, other: Object, code: str, field: str, words: str
) -> None:
    errors = [result for result in found(one, other).results if result.severity == "error"]
    assert [(error.code, error.field) for error in errors] == [(code, field)]
    assert words in errors[0].message
    assert errors[0].resource is not None and errors[0].resource.kind == "ConfigMap"


def test_selectors_that_istio_passes_over_are_a_warning() -> None:
    config = (
        "policy: enabled\nneverInjectSelector: [{matchExpressions: [{key: a, operator: Like}]}]"
    )
    assert codes(found(injector(config=config), mesh_map()).results) == ["selector-invalid"]


def test_manual_does_not_ask_for_a_policy() -> None:
    assert codes(found(injector(config="templates: {}"), mesh_map(), method="manual").results) == []


# ---------------------------------------------------------------- webhooks


def test_other_peoples_webhooks_are_left_out() -> None:
    others = webhooks("linkerd", hook("/", "linkerd.io"), hook("/inject", "sidecar.other.example"))
    others["webhooks"][1]["clientConfig"]["service"]["name"] = "other"
    services = webhooks("kuma", hook("/inject-sidecar", "namespace.kuma.example"))
    nothing_for_pods = webhooks(
        "x", hook(rules=[{"operations": ["CREATE"], "resources": ["services"]}])
    )
    seen = found(injector(), mesh_map(), others, services, nothing_for_pods)
    assert only(seen).assumed_webhooks
    assert "those of a default installation are assumed" in seen.results[0].message


def path_of(client: Any, name: str = "rev.sidecar-injector.istio.io") -> str:
    seen = found(injector(), mesh_map(), webhooks("w", {"name": name, "clientConfig": client}))
    (webhook,) = only(seen).webhooks
    return webhook.path


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("https://istiod.example:15017/inject/cluster/c/net/n", "/inject/cluster/c/net/n"),
        ("https://istiod.example/inject/", "/inject"),
        ("https://istiod.example", "/inject"),
        ("https://istiod.example/", "/"),
        ("https://istiod.example/mesh/inject?timeout=1", "/mesh/inject"),
        ("https://istiod.example/inject/net/n#top", "/inject/net/n"),
        ("https://istiod.example//inject//net/./x/../n", "/inject/net/n"),
        ("https://istiod.example/inject/net/up%20town", "/inject/net/up town"),
        ("https://istiod.example/%69nject%2Fnet%2Fn", "/inject/net/n"),
        ("https://istiod.example/inject/net/%2e%2e/cluster/c", "/inject/cluster/c"),
        ("https://istiod.example/inject/net/a+b", "/inject/net/a+b"),
        ("https://istiod.example/inject/net/a//b", "/inject/net/a/b"),
        ("https://[::1]:15017/inject/net/%5B//x%5D", "/inject/net/[/x]"),
        ("https:/inject/net/n", "/inject/net/n"),
        ("https:inject", "/inject"),
        ("//istiod.example/inject/net/n", "/inject/net/n"),
        ("https://istiod.example/inject/net/%C3%A9%C3", "/inject/net/\u00e9\ufffd"),
    ],
)
def test_a_webhooks_url_is_asked_decoded_and_cleaned(url: str, path: str) -> None:
    assert path_of({"url": url}) == path


@pytest.mark.parametrize(
    ("stated", "path"),
    [
        ("/inject/net/a%20b", "/inject/net/a%20b"),
        ("//inject/", "/inject"),
        ("/x/../inject", "/inject"),
        ("", "/inject"),
        ("/", "/"),
    ],
)
def test_a_services_path_is_cleaned_and_never_decoded(stated: str, path: str) -> None:
    assert path_of({"service": {"name": "istiod", "path": stated}}) == path


def test_a_service_is_asked_rather_than_a_url() -> None:
    service = {"name": "istiod", "path": "/inject/net/n"}
    assert path_of({"url": "https://istiod.example/inject", "service": service}) == "/inject/net/n"


@pytest.mark.parametrize(
    ("url", "problems"),
    [
        ("https://h/inject", []),
        ("HTTPS://h:15017/inject/net/%41", []),
        ("https://[::1]:15017/inject?", []),
        ("https://h/inject#", []),
        ("https://h/inject/%x", ["is no URL"]),
        ("https://h/inject/net/a\tb", ["is no URL"]),
        ("https://h:x/inject", ["is no URL"]),
        ("https://a b/inject", ["is no URL"]),
        ("https://[h]/inject", ["is no URL"]),
        ("http://h/inject", ["does not begin with https://"]),
        ("//h/inject", ["does not begin with https://"]),
        ("/inject", ["does not begin with https://", "names no host"]),
        ("https:/inject", ["names no host"]),
        ("https://u:p@h/inject", ["names a user"]),
        ("https://h/inject?a=b#c", ["has a fragment", "has a query"]),
    ],
)
def test_urls_that_the_api_server_would_refuse(url: str, problems: list[str]) -> None:
    """Answers of Go's net/url with the rules of ValidateWebhookURL (tens of thousands agreed)."""
    called = {"name": "rev.sidecar-injector.istio.io", "clientConfig": {"url": url}}
    seen = found(injector(), mesh_map(), webhooks("w", called))
    errors = [result for result in seen.results if result.severity == "error"]
    assert [result.code for result in errors] == ["webhook-path"] * len(problems)
    assert all(
        f" {problem}, and the API server would refuse it" in result.message
        for problem, result in zip(problems, errors, strict=True)
    )


@pytest.mark.parametrize(
    ("client_config", "stated"),
    [
        ({"url": "https://h/inject", "service": {"name": "istiod"}}, "both a url and a service"),
        ({"url": None, "service": None}, "neither a url nor a service"),
        ({}, "neither a url nor a service"),
    ],
)
def test_a_webhook_calls_a_url_or_a_service(client_config: Object, stated: str) -> None:
    called = {"name": "rev.sidecar-injector.istio.io", "clientConfig": client_config}
    seen = found(injector(), mesh_map(), webhooks("w", called))
    messages = [result.message for result in seen.results if result.severity == "error"]
    assert any(stated in message for message in messages)


def test_a_path_that_is_not_served_and_whose_failure_is_ignored_leaves_pods_alone() -> None:
    ignoring = hook("/other", "rev.sidecar-injector.istio.io", failurePolicy="Ignore")
    seen = found(injector(), mesh_map(), webhooks("w", ignoring))
    assert (only(seen).webhooks, only(seen).assumed_webhooks) == ((), False)
    assert [result.code for result in seen.results if result.severity == "warning"] == [
        "webhook-path"
    ]


@pytest.mark.parametrize(("api_version", "kept"), [("v1", 1), ("v1beta1", 0)])
def test_a_failure_counts_by_default_since_v1(api_version: str, kept: int) -> None:
    configuration = webhooks("w", hook("/other", "rev.sidecar-injector.istio.io"))
    configuration["apiVersion"] = f"admissionregistration.k8s.io/{api_version}"
    assert len(only(found(injector(), mesh_map(), configuration)).webhooks) == kept


def test_revision_by_the_service_where_no_label_tells() -> None:
    called = hook()
    called["clientConfig"]["service"]["name"] = "istiod-canary"
    seen = found(injector("canary"), mesh_map("canary"), webhooks("w", called))
    assert [webhook.revision for webhook in only(seen).webhooks] == ["canary"]


def test_selectors_the_api_server_would_refuse() -> None:
    wrong = hook(namespaceSelector={"matchExpressions": [{"key": "a", "operator": "Like"}]})
    seen = found(injector(), mesh_map(), webhooks("w", wrong))
    (result,) = [result for result in seen.results if result.severity == "error"]
    assert (result.code, result.field) == ("webhook-selector", "webhooks[0].namespaceSelector")
    conditions = found(
        injector(),
        mesh_map(),
        webhooks("w", hook(matchConditions=[{"name": "x", "expression": "true"}])),
    )
    assert codes(conditions.results) == ["webhook-match-conditions"]


def test_assumed_webhooks_by_version_and_revision() -> None:
    def prefixes(*args: Any) -> list[str]:
        return [
            webhook.name.removesuffix("sidecar-injector.istio.io") for webhook in assumed(*args)
        ]

    now = rules_for((1, 30))
    everywhere = {"sidecarInjectorWebhook": {"enableNamespacesByDefault": True}}
    four = ["rev.namespace.", "rev.object.", "namespace.", "object."]
    assert prefixes("default", now, {}) == four
    assert prefixes("canary", now, everywhere) == ["rev.namespace.", "rev.object."]
    assert prefixes("default", rules_for((1, 10)), everywhere) == [*four, "auto."]
    assert (
        assumed("canary", now, {}, "mesh-a")[0].configuration
        == "istio-sidecar-injector-canary-mesh-a"
    )
    auto = assumed("default", rules_for((1, 15)), everywhere)[-1]
    assert (
        len((auto.namespace_selector or {})["matchExpressions"]) == 2
    )  # 1.16 adds the system Namespaces


def test_assumed_webhook_of_1_9() -> None:
    rules = rules_for((1, 9))
    not_false = {"key": "sidecar.istio.io/inject", "operator": "NotIn", "values": ["false"]}
    (one,) = assumed("default", rules, {})
    assert one.name == "sidecar-injector.istio.io"
    assert one.namespace_selector == {"matchLabels": {"istio-injection": "enabled"}}
    assert one.object_selector == {"matchExpressions": [not_false]}
    (of_revision,) = assumed("canary", rules, {})
    keys = [one["key"] for one in (of_revision.namespace_selector or {})["matchExpressions"]]
    assert keys == ["istio-injection", "istio.io/rev"]
    settings: Object = {"enableNamespacesByDefault": True, "objectSelector": {"enabled": False}}
    (everywhere,) = assumed("default", rules, {"sidecarInjectorWebhook": settings}, "mesh-a")
    assert everywhere.object_selector is None
    first = (everywhere.namespace_selector or {})["matchExpressions"][0]
    assert first == {"key": "name", "operator": "NotIn", "values": ["mesh-a"]}
    (by_label,) = assumed(
        "default", rules, {"sidecarInjectorWebhook": {"objectSelector": {"autoInject": False}}}
    )
    assert by_label.object_selector == {"matchLabels": {"sidecar.istio.io/inject": "true"}}


def test_values_tell_whether_namespaces_are_injected_by_default() -> None:
    values = {"sidecarInjectorWebhook": {"enableNamespacesByDefault": True}}
    assert len(only(found(injector(values=values), mesh_map())).webhooks) == 5


# ---------------------------------------------------------------- odd objects


JUNK: list[Any] = [
    "",
    "x",
    "true",
    0,
    1.5,
    True,
    None,
    [],
    {},
    ["x"],
    {"x": "y"},
    [{}],
    [None],
    {"name": {}},
    {"a": None},
]


def _mutated(value: Any, pick: random.Random) -> Any:
    """The value with one field replaced or removed."""
    value = copy.deepcopy(value)
    here: Any = value
    while True:
        keys = list(here) if isinstance(here, dict) else list(range(len(here)))
        key = pick.choice(keys)
        if isinstance(here[key], (dict, list)) and here[key] and pick.random() < 0.8:
            here = here[key]
        elif pick.random() < 0.8:
            here[key] = pick.choice(JUNK)
            return value
        else:
            del here[key]
            return value


def test_odd_objects_give_results_and_never_a_crash() -> None:
    pick = random.Random(20261123)
    controlled = [
        {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "p-h", "controller": True}
    ]
    pod = deployment(generateName="p-", namespace="shop", ownerReferences=controlled)["spec"][
        "template"
    ]
    pod |= {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"generateName": "p-", "ownerReferences": controlled},
    }
    selector = {
        "matchLabels": {"a": "b"},
        "matchExpressions": [{"key": "c", "operator": "In", "values": ["d"]}],
    }
    objects = [
        injector(),
        mesh_map(),
        webhooks(
            "w", hook(namespaceSelector=selector, objectSelector=selector), istio_io__rev="default"
        ),
        namespace("shop", {"istio-injection": "enabled"}, {"a": "b"}),
        deployment(namespace="shop"),
        deployment(namespace="prod"),
        pod,
        {"apiVersion": "v1", "kind": "List", "items": [deployment("c", "CronJob", "batch/v1")]},
        {
            "apiVersion": "networking.istio.io/v1beta1",
            "kind": "ProxyConfig",
            "metadata": {"labels": {"istio.io/rev": "x"}},
        },
    ]
    for method in ("automatic", "manual") * 400:
        given = list(objects)
        for _ in range(pick.choice([1, 2, 3])):
            index = pick.randrange(len(given))
            given[index] = _mutated(given[index], pick)
        settings = Settings(method=method, on_missing_namespace=pick.choice(["error", "warn"]))
        seen = discover(objects_bundle(given), settings)
        for decision in decide_all(seen.workloads, seen.namespaces, seen.meshes, settings):
            assert decision.detail
            if decision.mesh:
                owner_of(decision.workload, decision.mesh.rules, method == "manual")


# ---------------------------------------------------------------- no values


OLD = "policy: enabled\ntemplate: |\n  containers: []\n"


def without_values(config: str) -> Object:
    return config_map("istio-sidecar-injector", {"config": config})


@pytest.mark.parametrize("minor", range(2, 32))
def test_a_config_map_without_values_is_an_error(minor: int) -> None:
    config = OLD if minor < 9 else CONFIG
    seen = found(without_values(config), mesh_map(), mesh=MeshSettings(version=f"1.{minor}.0"))
    (error,) = [result for result in seen.results if result.severity == "error"]
    assert (error.code, error.field) == ("mesh-incomplete", "data.values")
    assert "add data.values" in error.message


def test_istio_1_1_knows_no_values() -> None:
    seen = found(without_values(OLD), mesh_map(), mesh=MeshSettings(version="1.1.0"))
    assert codes(seen.results) == []
    assert only(seen).values == "{}"


@pytest.mark.parametrize("values", ["", None, "{}"])
def test_empty_values_are_not_missing(values: str | None) -> None:
    """The API server stores null in data as the empty text."""
    data: Any = {"config": CONFIG, "values": values}
    seen = found(
        config_map("istio-sidecar-injector", data), mesh_map(), mesh=MeshSettings(version="1.30.3")
    )
    assert codes(seen.results) == []
    assert only(seen).values == "{}"


def test_the_function_config_may_leave_values_out() -> None:
    stated = MeshSettings(version="1.30.3", config=CONFIG, mesh_config="rootNamespace: admin")
    seen = found(mesh=stated)
    assert codes(seen.results) == []
    assert only(seen).values == "{}"


def test_null_in_data_is_the_empty_text() -> None:
    no_mesh: Any = {"mesh": None}
    assert codes(found(injector(), config_map("istio", no_mesh)).results) == []
    no_config: Any = {"config": None, "values": "{}"}
    refused = found(config_map("istio-sidecar-injector", no_config))
    assert "mesh-config-invalid" in codes(refused.results)
