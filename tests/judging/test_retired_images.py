"""Retired hubs, wherever they are named, and what is set in their place."""

from __future__ import annotations

from typing import Any

import builders
import pytest
from builders import control_plane, installation
from judging.advice_cases import NS, PROXY_IMAGE, deployment, injected_with, job, mesh
from judging.test_advice import told

from krm_injector import pipeline
from krm_injector.discovery import profile
from krm_injector.fleet.plan.meshes import profile_documents
from krm_injector.function_config import MeshSettings, Settings
from krm_injector.injection.hubs import RETIRED, names_hub, retired_in
from krm_injector.kube.paths import at
from krm_injector.model import Object, Result
from krm_injector.versions import NEWEST

GCR, NEW = "gcr.io/istio-release", "docker.io/istio"
OLD = "registry.istio.io/release"
FIELD = "spec.template.spec"


def retired(*objects: Object, settings: Settings | None = None) -> list[Result]:
    results = told(*objects, settings=settings)
    return [result for result in results if result.code.startswith("retired-")]


def places(*objects: Object, settings: Settings | None = None) -> list[tuple[str, str, Any, Any]]:
    return [
        (each.code, each.field, each.current, each.proposed)
        for each in retired(*objects, settings=settings)
    ]


# ---------------------------------------------------------------- the table


@pytest.mark.parametrize(
    ("text", "hub"),
    [
        (f"{GCR}/proxyv2:1.27.0", GCR),
        (f"{OLD}/proxyv2@sha256:00", OLD),
        ("registry.istio.io/testing/proxyv2:1.31-alpha", "registry.istio.io"),
        (OLD, OLD),
        (f"oci://{GCR}/wasm", GCR),
        (f"image: '{OLD}/proxyv2'", OLD),
        ("GCR.io/istio-release/proxyv2:1.27.0", GCR),
        ("gcr.io:443/istio-release/proxyv2:1.27.0", GCR),
        ("gcr.io:5000/istio-release/proxyv2:1.27.0", ""),
        ("gcr.io/istio-Release/proxyv2:1.27.0", ""),  # a path knows no capitals
        ("Registry.istio.io:443/testing/proxyv2:1", "registry.istio.io"),
        (f"mirror.example.org/{GCR}/proxyv2:1", ""),
        ("gcr.io/istio-release-fork/proxyv2:1", ""),
        ("eu.gcr.io/istio-release/proxyv2:1", ""),
        ("registry.istio.io.example.org/release/proxyv2:1", ""),
        ("docker.io/istio/proxyv2:1.31.1", ""),
        ("", ""),
    ],
)
def test_a_retired_hub_is_told_from_its_likes(text: str, hub: str) -> None:
    found = retired_in(text)
    assert (found.hub if found else "") == hub


def test_every_row_has_its_date_and_source_and_leads_to_no_retired_hub() -> None:
    for row in RETIRED:
        assert "202" in row.off and row.source
        assert retired_in(row.replacement) is None


def test_no_embedded_profile_names_a_retired_hub() -> None:
    for minor in range(profile.NEWEST_PATCHES[0][1], NEWEST[1] + 1):
        release = profile.release_of(f"1.{minor}")
        assert release is not None
        for document in profile_documents(release):
            assert not any(names_hub(str(document), row.hub) for row in RETIRED)


# ---------------------------------------------------------------- what a workload names itself


def test_each_place_of_a_workload_is_named_with_what_to_set() -> None:
    workload = deployment(
        annotations={PROXY_IMAGE: f"{GCR}/proxyv2:1.27.0"},
        initContainers=[{"name": "prepare", "image": f"{OLD}/pilot:1.30.3"}],
        containers=[
            {"name": "web", "image": "web:1"},
            {"name": "istio-proxy", "image": "registry.istio.io/testing/proxyv2:dev"},
        ],
    )
    assert places(NS, workload) == [
        (
            "retired-image",
            f'spec.template.metadata.annotations["{PROXY_IMAGE}"]',
            f"{GCR}/proxyv2:1.27.0",
            f"{NEW}/proxyv2:1.27.0",
        ),
        (
            "retired-image",
            f"{FIELD}.initContainers[0].image",
            f"{OLD}/pilot:1.30.3",
            f"{NEW}/pilot:1.30.3",
        ),
        (
            "retired-image",
            f"{FIELD}.containers[1].image",
            "registry.istio.io/testing/proxyv2:dev",
            None,  # development builds are nowhere else
        ),
    ]


def test_the_message_says_when_by_whom_and_what_instead() -> None:
    (result,) = retired(NS, deployment(annotations={PROXY_IMAGE: f"{GCR}/proxyv2:1.27.0"}))
    for part in (
        "December 2026",
        "istio.io/blog",
        f"Use {NEW}/proxyv2:1.27.0",
        "Deployment shop/web",
    ):
        assert part in result.message


def test_a_workload_that_is_not_injected_has_its_containers_judged_and_no_annotation() -> None:
    quiet = builders.namespace()
    workload = deployment(
        annotations={PROXY_IMAGE: f"{GCR}/proxyv2:1"},
        containers=[{"name": "discovery", "image": f"{GCR}/pilot:1.27.0"}],
    )
    ((code, field, _, proposed),) = places(quiet, workload)
    assert (code, field) == ("retired-image", f"{FIELD}.containers[0].image")
    assert proposed == f"{NEW}/pilot:1.27.0"


def test_a_job_template_of_a_cron_job_is_read_too() -> None:
    workload = job("CronJob", image=f"{OLD}/app:1.0")
    ((_, field, _, _),) = places(NS, workload)
    assert field == "spec.jobTemplate.spec.template.spec.containers[0].image"


# ---------------------------------------------------------------- the mesh


def test_a_mesh_is_named_once_with_its_places() -> None:
    objects = control_plane(
        f"spec: {{containers: [{{name: istio-proxy, image: '{OLD}/proxyv2:1.30.3'}}]}}",
        values={"global": {"tag": "1.30.3", "hub": OLD, "proxy": {"image": f"{GCR}/proxyv2:1"}}},
    )
    results = retired(NS, *objects, deployment(name="web"), deployment(name="api"))
    assert [(each.code, each.current, each.field) for each in results] == [
        ("retired-hub", OLD, "data.values"),
        ("retired-hub", GCR, "data.values"),
    ]
    first, second = results
    assert "values.global.hub, templates.sidecar" in first.message
    assert f"--campaign registry={NEW}" in first.message
    assert "values.global.proxy.image" in second.message
    assert str(first.resource) == "ConfigMap istio-system/istio-sidecar-injector"


def test_a_mesh_file_is_read_as_a_mesh_of_the_bundle() -> None:
    documents = MeshSettings(documents=tuple(mesh(hub=OLD)))
    settings = Settings(native_sidecars=False, mesh=documents)
    ((code, field, current, _),) = places(NS, deployment(), settings=settings)
    assert (code, field, current) == ("retired-hub", "data.values", OLD)


def test_a_mesh_of_the_function_config_has_its_field_there() -> None:
    (maps, _) = mesh(hub=OLD)
    inline = MeshSettings(maps["data"]["config"], maps["data"]["values"], "{}")
    settings = Settings(native_sidecars=False, mesh=inline)
    (result,) = retired(NS, deployment(), settings=settings)
    assert (result.field, result.resource) == ("spec.mesh.injector", None)


@pytest.mark.parametrize(
    ("api_version", "kind", "spec", "field"),
    [
        ("install.istio.io/v1alpha1", "IstioOperator", {"hub": OLD}, "spec.hub"),
        (
            "sailoperator.io/v1",
            "Istio",
            {"values": {"global": {"hub": OLD}}},
            "spec.values.global.hub",
        ),
        ("sailoperator.io/v1", "ZTunnel", {"values": {"hub": OLD}}, "spec.values.hub"),
        (
            "helm.toolkit.fluxcd.io/v2",
            "HelmRelease",
            {"values": {"global": {"hub": OLD}}},
            "spec.values.global.hub",
        ),
        (
            "argoproj.io/v1alpha1",
            "Application",
            {"source": {"helm": {"parameters": [{"name": "global.hub", "value": OLD}]}}},
            "spec.source.helm.parameters[0].value",
        ),
    ],
)
def test_an_installation_of_the_bundle_is_judged(
    api_version: str, kind: str, spec: Object, field: str
) -> None:
    value = builders.resource(api_version, kind, "default", spec=spec)
    assert places(NS, *installation(), value) == [("retired-hub", field, OLD, NEW)]
    other = builders.resource("example.org/v1", kind, "default", spec=spec)
    assert places(NS, *installation(), other) == []


def test_values_of_a_chart_in_one_text_are_named_and_not_replaced() -> None:
    for text, current in (
        (f"global:\n  hub: {OLD}\n", OLD),
        (f"oci://{OLD}/charts", f"oci://{OLD}/charts"),
    ):
        spec = {"valuesContent": text}
        value = builders.resource("helm.cattle.io/v1", "HelmChart", "istiod", spec=spec)
        found = places(NS, *installation(), value)
        assert found == [("retired-hub", "spec.valuesContent", current, None)]


# ---------------------------------------------------------------- what was injected before


def reinjected(workload: Object, native: bool) -> list[Result]:
    """The results about a committed manifest, judged with the embedded profile."""
    return retired(NS, workload, settings=Settings(native_sidecars=native))


def committed(native: bool, image: str = f"{OLD}/proxyv2:1.30.3", **fields: Any) -> Object:
    text = [
        {
            **document,
            "data": {key: value.replace(NEW, OLD) for key, value in document["data"].items()},
        }
        for document in profile_documents(profile.Release((1, 30, 3), "1.30.3"))
        if document["kind"] == "ConfigMap"
    ]
    settings = Settings(native_sidecars=native, mesh=MeshSettings(documents=tuple(text)))
    value: Object = builders.injected(deployment(**fields), settings, NS)
    return value


@pytest.mark.parametrize("native", [True, False])
def test_what_an_earlier_injection_left_is_one_finding_of_a_workload(native: bool) -> None:
    value = committed(native)
    (result,) = reinjected(value, native)
    assert result.code == "retired-image-injected"
    assert result.current == f"{OLD}/proxyv2:1.30.3"
    assert "istio-init" in result.message and "istio-proxy" in result.message
    assert "Inject it again" in result.message
    assert result.field.startswith(f"{FIELD}.initContainers[")
    (index,) = [
        number
        for number, container in enumerate(
            at(value, ("spec", "template", "spec", "initContainers"))
        )
        if result.field == f"{FIELD}.initContainers[{number}].image"
    ]
    assert index == 0


def test_a_mesh_that_has_not_moved_is_the_cause_itself() -> None:
    image = f"{GCR}/proxyv2:1"
    found = retired(NS, *mesh(hub=GCR, image=image), injected_with(image))
    assert [each.code for each in found] == ["retired-hub"]


def test_who_is_not_to_be_injected_any_more_is_told_to_eject() -> None:
    (result,) = retired(builders.namespace(), injected_with(f"{GCR}/proxyv2:1"))
    assert result.code == "retired-image-injected"
    assert "eject" in result.message


def test_istios_own_injection_without_a_record_is_known_by_its_status() -> None:
    settings = Settings(native_sidecars=False, record=False)
    value = builders.injected(deployment(), settings, NS)
    text = pipeline.run(builders.bundle(NS, value), settings)
    assert not [each for each in text.results if each.severity == "error"]
    spec = at(value, ("spec", "template", "spec"))
    for container in (*spec["initContainers"], *spec["containers"]):
        container["image"] = str(container["image"]).replace(NEW, GCR)
    (result,) = retired(NS, value)
    assert result.code == "retired-image-injected"
    assert "istio-init, istio-proxy" in result.message


def test_an_annotation_is_the_cause_where_the_injection_has_its_image() -> None:
    annotations = {PROXY_IMAGE: f"{OLD}/proxyv2:1.30.3"}
    found = [each.code for each in reinjected(committed(False, annotations=annotations), False)]
    assert found == ["retired-image"]
