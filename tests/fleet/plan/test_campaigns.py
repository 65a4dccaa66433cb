"""Moves that need no second mesh file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from fleet.plan.planning import (
    OLD,
    data,
    files,
    mesh,
    namespace,
    plan_of_text,
    rev,
    workload,
)

from krm_injector.discovery import profile
from krm_injector.fleet.plan import campaigns
from krm_injector.injection import hubs
from krm_injector.model import Refused

HUB = "mirror.example.org/mesh"


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        ("registry=example.org/istio", "registry", "example.org/istio"),
        ("registry=example.org:5000/istio/", "registry", "example.org:5000/istio"),
        ("native-sidecars", "native-sidecars", ""),
        ("revision-labels=1-31", "revision-labels", "1-31"),
    ],
)
def test_campaigns(text: str, name: str, value: str) -> None:
    assert campaigns.parse(text) == (name, value)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("upgrade", "there is no such campaign"),
        ("registry", "it lacks a value: registry=HUB"),
        ("registry=", "it lacks a value: registry=HUB"),
        ("registry=https://example.org/istio", "is no hub"),
        ("registry=a b", "is no hub"),
        ("native-sidecars=true", "native-sidecars takes no value"),
        ("revision-labels", "it lacks a value: revision-labels=REV"),
        ("revision-labels=-", "is no value of a label"),
    ],
)
def test_what_is_no_campaign(text: str, reason: str) -> None:
    with pytest.raises(Refused) as caught:
        campaigns.parse(text)
    (result,) = caught.value.results
    assert result.code == "fleet-plan-campaign"
    assert reason in result.message
    assert "Campaigns are registry=HUB, native-sidecars and revision-labels=REV" in result.message


# ---------------------------------------------------------------- registry


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('"hub": "old.example/istio"', '"hub": "NEW"'),
        ("image: old.example/istio/proxyv2:1", "image: NEW/proxyv2:1"),
        (
            "image: old.example/istio-testing/proxyv2:1",
            "image: old.example/istio-testing/proxyv2:1",
        ),
        ("image: mirror/old.example/istio/proxyv2", "image: mirror/old.example/istio/proxyv2"),
        ("old.example/istio", "NEW"),
        ("oldXexample/istio", "oldXexample/istio"),
    ],
)
def test_a_hub_is_replaced_where_it_stands_whole(text: str, expected: str) -> None:
    assert hubs.replaced(text, "old.example/istio", "NEW") == expected


def images(found: dict[str, Any]) -> set[tuple[str, str]]:
    return {(each["before"], each["after"]) for changes in found["changes"] for each in changes}


@pytest.mark.parametrize("given", ["file", "profile", "bundle"])
def test_another_registry(given: str, tmp_path: Path) -> None:
    """Whoever states the mesh: a file, the embedded profile, or the bundle itself."""
    text = namespace() + workload()
    options: dict[str, Any] = {"campaign": f"registry={HUB}"}
    if given == "file":
        options["mesh"] = (files(tmp_path, old=mesh(OLD))["old"],)
    elif given == "profile":
        options["mesh_version"] = "1.29"
    else:
        text += mesh(OLD)

    found = data(text, **options)
    version = "1.29.2" if given != "profile" else found["meshes"][0][0]["version"]
    assert images(found) == {
        (f"{profile.HUB}/proxyv2:{version}", f"{HUB}/proxyv2:{version}"),
    }
    assert found["meshes"][0] == found["meshes"][1]
    assert found["byHand"] == []


def test_what_names_the_old_registry_itself_is_told(tmp_path: Path) -> None:
    old = "old.example.org/istio"
    made = files(tmp_path, old=mesh(OLD, hub=old))["old"]
    own = {"sidecar.istio.io/proxyImage": f"{old}/proxyv2:custom", "note": f"{old}/x"}
    other = {"sidecar.istio.io/proxyImage": "elsewhere.example.org/proxyv2:1"}
    text = namespace() + workload("a", annotations=own) + workload("b", annotations=other)
    text += workload("c")
    options = {"mesh": (made,), "campaign": f"registry={HUB}"}
    plan = plan_of_text(text, **options)
    (by_hand,) = plan.by_hand
    assert str(by_hand.place) == "Deployment shop/a"
    assert by_hand.field == "spec.template.metadata.annotations[sidecar.istio.io/proxyImage]"
    assert (by_hand.value, by_hand.file, by_hand.line) == (
        f"{old}/proxyv2:custom",
        "all.yaml",
        4,
    )
    assert plan.title == f"Images from registry {HUB}"
    (wave,) = plan.waves
    assert wave.steps[0] == (
        f"Set global.hub to {HUB} in the mesh's values, and take the mesh file anew"
    )
    assert wave.back[0] == "Set global.hub to the old hub again"


def test_a_mesh_without_a_hub_is_refused(tmp_path: Path) -> None:
    made = files(tmp_path, old=mesh(OLD).replace(profile.HUB, ""))["old"]
    with pytest.raises(Refused, match="names no hub"):
        data(namespace() + workload(), mesh=(made,), campaign=f"registry={HUB}")


def test_several_control_planes_move_together(tmp_path: Path) -> None:
    made = files(tmp_path, two=mesh(OLD) + mesh("1.30.1", "1-30", hub="second.example.org/i"))[
        "two"
    ]
    text = namespace("a") + workload("a", "a") + rev("b", "1-30") + workload("b", "b")
    found = data(text, mesh=(made,), campaign=f"registry={HUB}")
    assert images(found) == {
        (f"{profile.HUB}/proxyv2:1.29.2", f"{HUB}/proxyv2:1.29.2"),
        ("second.example.org/i/proxyv2:1.30.1", f"{HUB}/proxyv2:1.30.1"),
    }


# ---------------------------------------------------------------- native sidecars


def test_native_sidecars(tmp_path: Path) -> None:
    made = files(tmp_path, old=mesh("1.26.8"))["old"]
    text = namespace() + workload(replicas=2)
    options = {"mesh": (made,), "campaign": "native-sidecars", "kubernetes_version": "1.28"}
    plan = plan_of_text(text, **options)
    assert plan.title == "Native sidecars"
    assert plan.groups[0].title.startswith("istio-proxy becomes a native sidecar; ")
    assert [gate.kind for gate in plan.gates if gate.severity == "blocks"] == ["kubernetes"]
    able = plan_of_text(text, **{**options, "kubernetes_version": "1.33"})
    assert able.totals.blocks == 0
    assert able.waves[0].state == "ready"


def test_who_has_native_sidecars_already_has_nothing_to_do(tmp_path: Path) -> None:
    made = files(tmp_path, old=mesh("1.31.0"))["old"]
    text = namespace() + workload()
    plan = plan_of_text(text, mesh=(made,), campaign="native-sidecars")
    assert (plan.way, plan.waves) == ("nothing", ())


# ---------------------------------------------------------------- revision labels


def test_revision_labels(tmp_path: Path) -> None:
    made = files(tmp_path, tagged=mesh(OLD, prod="default"))["tagged"]
    text = namespace("a") + workload("a", "a") + rev("b", "default") + workload("b", "b")
    text += namespace("c", **{"istio-injection": "disabled"}) + workload("c", "c")
    plan = plan_of_text(text, mesh=(made,), campaign="revision-labels=prod")
    (wave,) = plan.waves
    (label,) = wave.labels
    assert (label.name, label.before, label.after) == (
        "a",
        {"istio-injection": "enabled"},
        {"istio.io/rev": "prod"},
    )
    # The tag means the control plane that injects already: no pod changes.
    assert (plan.totals.changing, wave.pods, plan.way) == (0, 0, "canary")
    assert wave.back == (
        "Set istio-injection=enabled again in place of istio.io/rev=prod: a",
        "No pod restarts by it",
    )


def test_a_revision_that_nothing_serves_blocks(tmp_path: Path) -> None:
    made = files(tmp_path, old=mesh(OLD))["old"]
    text = namespace() + workload()
    plan = plan_of_text(text, mesh=(made,), campaign="revision-labels=1-31")
    assert [(gate.severity, gate.kind) for gate in plan.gates] == [("blocks", "injection")]
