"""Native sidecars where istiod asks the nodes: what is assumed of them, and who is told."""

from __future__ import annotations

from typing import Any

import builders
import pytest
from builders import SHOP, control_plane, deployment
from command import krm_text

from krm_injector import pipeline
from krm_injector.function_config import MeshSettings, Settings
from krm_injector.kube.paths import at
from krm_injector.kube.yaml import dump
from krm_injector.model import Object, Result

CODE = "native-sidecars-assumed"
ASKING = (
    "spec: { {{if .NativeSidecars}}initContainers{{else}}containers{{end}}: "
    "[{name: istio-proxy, image: p}]}"
)
GATEWAY = {"inject.istio.io/templates": "gateway"}


def told(*objects: Object, **settings: Any) -> list[Result]:
    """What is said of an assumption about a bundle."""
    outcome = pipeline.run(builders.bundle(SHOP, *objects), Settings(**settings))
    return [result for result in outcome.results if result.code == CODE]


def annotated(name: str, **annotations: str) -> Object:
    return deployment(
        name, annotations={f"sidecar.istio.io/{k}": v for k, v in annotations.items()}
    )


def test_an_assumption_is_told_once_for_a_control_plane_and_says_how_to_state_the_fact() -> None:
    (result,) = told(deployment("web"), deployment("api"))
    assert (result.severity, result.field) == ("info", "spec.cluster.kubernetesVersion")
    for word in ("1.33", "--kubernetes-version", "spec.cluster.nativeSidecars", "default"):
        assert word in result.message


@pytest.mark.parametrize(
    "stated",
    [
        {"kubernetes_version": "1.32"}, {"kubernetes_version": "v1.33.1"},
        {"native_sidecars": True}, {"native_sidecars": False},
        {"control_plane_env": {"ENABLE_NATIVE_SIDECARS": "true"}},
        {"control_plane_env": {"ENABLE_NATIVE_SIDECARS": "false"}},
        {"mesh": MeshSettings(version="1.26")},
    ],
)  # fmt: skip
def test_nothing_is_assumed_where_the_fact_is_stated_or_the_version_has_no_automatic_mode(
    stated: dict[str, Any],
) -> None:
    assert not told(deployment(), **stated)


def test_auto_that_is_stated_is_assumed_all_the_same() -> None:
    assert told(deployment(), control_plane_env={"ENABLE_NATIVE_SIDECARS": "auto"})


@pytest.mark.parametrize(
    ("workload", "expected"),
    [
        (annotated("web"), 1),
        (annotated("web", inject="false"), 0),
        (annotated("web", nativeSidecar="true"), 0),
        (annotated("web", nativeSidecar="false"), 0),
        (annotated("web", nativeSidecar="maybe"), 1),  # no answer for istiod either
        (deployment(annotations=GATEWAY), 0),  # Istio's gateways are never native
        (deployment(annotations={"inject.istio.io/templates": "gateway, sidecar"}), 1),
    ],
)
def test_only_a_workload_that_depends_on_the_nodes_brings_it(
    workload: Object, expected: int
) -> None:
    assert len(told(workload)) == expected


def test_each_control_plane_has_its_own() -> None:
    def labelled(name: str, revision: str) -> Object:
        return builders.namespace(name, **{"istio.io/rev": revision})

    planes = [
        *control_plane(ASKING, revision="old", version="1.26.0"),
        *control_plane(ASKING, revision="mid", version="1.27.0"),
        *control_plane(ASKING, revision="new", version="1.31.0"),
    ]
    namespaces = [labelled(name, name) for name in ("old", "mid", "new")]
    pods = [deployment("web", name) for name in ("old", "mid", "new")]
    named = [result.message.split(" (")[0] for result in told(*planes, *namespaces, *pods)]
    assert named == ["control plane mid", "control plane new"]


def test_a_template_that_asks_for_no_native_sidecars_assumes_nothing() -> None:
    plain = control_plane("spec: {containers: [{name: istio-proxy, image: p}]}", version="1.31.0")
    assert not told(*plain, deployment())
    assert told(*control_plane(ASKING, version="1.31.0"), deployment())
    aliased = control_plane(ASKING, version="1.31.0", aliases={"other": ["sidecar"]})
    asked = deployment(annotations={"inject.istio.io/templates": "other"})
    assert told(*aliased, asked)


@pytest.mark.parametrize(
    ("version", "native"), [("1.32", False), ("v1.32.9-gke.1", False), ("1.33", True)]
)
def test_the_command_line_states_the_oldest_kubelet(version: str, native: bool) -> None:
    text = "---\n".join(map(dump, (SHOP, deployment())))
    done = krm_text("inject", "--kubernetes-version", version, stdin=text)
    assert CODE not in done.stderr
    assert ("restartPolicy: Always" in done.stdout) is native
    assert CODE in krm_text("inject", stdin=text).stderr


def test_what_is_no_version_of_kubernetes_is_refused() -> None:
    done = krm_text("inject", "--kubernetes-version", "newest")
    assert done.returncode == 2
    assert "a version of Kubernetes, as 1.33" in done.stderr


def test_what_is_stated_holds_for_the_function_env_too() -> None:
    template = (
        "spec: {containers: [{name: istio-proxy, "
        "image: {{ env `ENABLE_NATIVE_SIDECARS` `none` | quote }}}]}"
    )
    env = {"ENABLE_NATIVE_SIDECARS": "true"}

    def seen(**settings: Any) -> Any:
        bundle = builders.bundle(SHOP, *control_plane(template, version="1.26.0"), deployment())
        outcome = pipeline.run(bundle, Settings(**settings))
        (item,) = outcome.replacements.values()
        return at(item, ("spec", "template", "spec", "containers"))[-1]["image"]

    assert seen(control_plane_env=env) == "true"
    assert seen(control_plane_env=env, native_sidecars=False) == "false"
    assert seen() == "false"


@pytest.mark.parametrize(
    ("version", "stated", "expected"),
    [("1.26.0", "1", "1"), ("1.26.0", "true", "true"), ("1.26.0", "no", "no"),
     ("1.27.0", "no", "no"), ("1.27.0", "true", "true")],
)  # fmt: skip
def test_templates_see_the_word_that_the_values_state(
    version: str, stated: str, expected: str
) -> None:
    """ENABLE_NATIVE_SIDECARS=1 is true for istiod, and not for a template that compares it."""
    template = (
        "spec: {containers: [{name: istio-proxy, "
        "image: {{ env `ENABLE_NATIVE_SIDECARS` `none` | quote }}}]}"
    )
    values = {"pilot": {"env": {"ENABLE_NATIVE_SIDECARS": stated}}}
    plane = control_plane(template, version=version, values=values)
    bundle = builders.bundle(SHOP, *plane, deployment())

    def seen(**settings: Any) -> Any:
        (item,) = pipeline.run(bundle, Settings(**settings)).replacements.values()
        return at(item, ("spec", "template", "spec", "containers"))[-1]["image"]

    assert seen() == expected
    assert seen(native_sidecars=True) == "true"
    assert seen(native_sidecars=False) == "false"
