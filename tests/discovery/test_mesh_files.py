"""Each way to name a mesh is read or refused: --mesh, spec.mesh.file, the texts of spec.mesh."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from builders import installation

from krm_injector import function_config, pipeline
from krm_injector.cli import configuration, request
from krm_injector.discovery import control_planes, mesh_files
from krm_injector.kube.yaml import dump
from krm_injector.model import Refused, Result
from krm_injector.presenting import snapshot
from krm_injector.sources import resource_list

NAMESPACE = {
    "apiVersion": "v1",
    "kind": "Namespace",
    "metadata": {"name": "a", "labels": {"istio-injection": "enabled"}},
}
OPERATOR = {
    "apiVersion": "install.istio.io/v1alpha1",
    "kind": "IstioOperator",
    "metadata": {"name": "prod"},
}
SAIL = {"apiVersion": "sailoperator.io/v1", "kind": "Istio", "metadata": {"name": "prod"}}
EMPTY_MAP = {
    "apiVersion": "v1",
    "kind": "ConfigMap",
    "metadata": {"name": "istio"},
    "data": {"meshNetworks": "x"},
}
OTHER_HOOKS = {
    "apiVersion": "admissionregistration.k8s.io/v1",
    "kind": "MutatingWebhookConfiguration",
    "metadata": {"name": "policies"},
    "webhooks": [
        {
            "name": "mutate.policies.example",
            "clientConfig": {"service": {"name": "p", "path": "/mutate"}},
        }
    ],
}
NO_MESH: dict[str, list[Any]] = {
    "empty": [],
    "other objects": [NAMESPACE],
    "operator": [OPERATOR],
    "sail": [NAMESPACE, SAIL],
    "a map without data.mesh": [EMPTY_MAP],
    "other webhooks": [OTHER_HOOKS],
}


def written(path: Path, values: list[Any]) -> str:
    path.write_text("---\n".join(map(dump, values)))
    return str(path)


def config(**spec: Any) -> dict[str, Any]:
    return {"apiVersion": "krm-injector.dev/v1alpha1", "kind": "SidecarInjection", "spec": spec}


def refused(given: request.Arguments, value: Any = None) -> tuple[Result, ...]:
    with pytest.raises(Refused) as caught:
        configuration.read(given, value)
    return caught.value.results


def told(value: Any, objects: list[Any] | None = None) -> list[tuple[str, str]]:
    """(severity, code) of what the control planes of a functionConfig and a bundle come to."""
    text = "---\n".join(map(dump, [NAMESPACE, *(objects or [])])).encode()
    outcome = pipeline.decide_only(
        resource_list.read_manifests(text), function_config.settings(value)
    )
    return [
        (result.severity, result.code) for result in outcome.results if result.severity != "info"
    ]


@pytest.mark.parametrize("held", NO_MESH)
@pytest.mark.parametrize("by", ["option", "string", "list", "second"])
def test_a_file_without_a_mesh_is_refused(held: str, by: str, tmp_path: Path) -> None:
    file = written(tmp_path / "held.yaml", NO_MESH[held])
    good = written(tmp_path / "good.yaml", installation())
    given, value = request.Arguments(), None
    if by == "option":
        given = request.Arguments(mesh=(file,))
    else:
        value = config(mesh={"file": {"string": file, "list": [file], "second": [good, file]}[by]})
    (result,) = refused(given, value)
    assert (result.severity, result.code, result.file) == ("error", "mesh-missing", file)
    if held == "operator":
        assert "IstioOperator prod says how to install a mesh" in result.message
        assert f"istioctl manifest generate -f {file} | krm-injector snapshot" in result.message
    if held == "empty":
        assert "is empty" in result.message


def test_all_files_that_cannot_be_used_are_told_at_once(tmp_path: Path) -> None:
    files = (
        written(tmp_path / "a.yaml", []),
        str(tmp_path / "nowhere.yaml"),
        written(tmp_path / "b.yaml", [SAIL]),
    )
    results = refused(request.Arguments(mesh=files))
    assert [result.code for result in results] == [
        "mesh-missing",
        "input-unreadable",
        "mesh-missing",
    ]


def test_a_part_of_a_mesh_is_enough(tmp_path: Path) -> None:
    parts = [value for value in installation() if mesh_files.is_mesh_object(value)]
    assert [value["kind"] for value in parts] == [
        "ConfigMap",
        "ConfigMap",
        "MutatingWebhookConfiguration",
    ]
    for number, value in enumerate(parts):
        file = written(tmp_path / f"{number}.yaml", [NAMESPACE, value])
        assert configuration.read(request.Arguments(mesh=(file,)), None).mesh.documents[1] == value


def test_the_control_planes_of_all_files_are_there(tmp_path: Path) -> None:
    first, second = (
        written(tmp_path / "a.yaml", installation()),
        written(tmp_path / "b.yaml", installation("canary")),
    )
    by_option = configuration.read(request.Arguments(mesh=(first, second)), None)
    by_field = configuration.read(request.Arguments(), config(mesh={"file": [first, second]}))
    for settings in (by_option, by_field):
        meshes, results = control_planes.find_control_planes([], settings)
        assert [mesh.revision for mesh in meshes] == ["default", "canary"]
        assert not [result for result in results if result.severity == "error"]


def test_the_same_object_in_two_files_is_no_conflict_unless_it_differs(tmp_path: Path) -> None:
    first, same = (
        written(tmp_path / "a.yaml", installation()),
        written(tmp_path / "b.yaml", installation()),
    )
    assert configuration.read(request.Arguments(mesh=(first, same)), None)
    changed = installation()
    changed[0]["data"] = {key: f"{text}\n# changed\n" for key, text in changed[0]["data"].items()}
    other = written(tmp_path / "c.yaml", changed)
    (result,) = refused(request.Arguments(mesh=(first, other)))
    assert result.code == "mesh-ambiguous"
    assert first in result.message and other in result.message


def test_one_revision_under_two_names_is_a_conflict(tmp_path: Path) -> None:
    moved = installation()
    for value in moved:
        value["metadata"]["namespace"] = "elsewhere"
        if "data" in value:
            value["data"] = {key: f"{text}\n# changed\n" for key, text in value["data"].items()}
    files = (written(tmp_path / "a.yaml", installation()), written(tmp_path / "b.yaml", moved))
    _, results = control_planes.find_control_planes(
        [], configuration.read(request.Arguments(mesh=files), None)
    )
    assert "mesh-ambiguous" in [result.code for result in results if result.severity == "error"]


@pytest.mark.parametrize(
    ("spec", "code"),
    [
        ({"mesh": {"file": ""}}, "function-config"),
        ({"mesh": {"file": []}}, "function-config"),
        ({"mesh": {"file": ["a", ""]}}, "function-config"),
        ({"mesh": {"injector": {"config": " \n"}}}, "function-config"),
        ({"mesh": {"injector": {"config": "policy: enabled", "values": ""}}}, "function-config"),
        ({"mesh": {"meshConfig": ""}}, "function-config"),
        ({"mesh": {"version": "newest"}}, "function-config"),
        ({"mesh": {"version": "0.8"}}, "function-config"),
        ({"mesh": {"version": "1.30.3\n"}}, "function-config"),
        ({"cluster": {"platform": "openshfit"}}, "function-config"),
        ({"revision": "a b"}, "function-config"),
        ({"defaultNamespace": "Shop"}, "function-config"),
        ({"namespaces": [{"name": "shop."}]}, "function-config"),
    ],
)
def test_values_that_cannot_be_meant_are_errors_of_the_function_config(
    spec: dict[str, Any], code: str
) -> None:
    with pytest.raises(Refused) as caught:
        function_config.settings(config(**spec))
    (result,) = caught.value.results
    assert (result.code, result.severity) == (code, "error")
    assert "^" not in result.message, "words, not a pattern"


def test_what_names_nothing_is_no_error() -> None:
    spec = {
        "revision": "",
        "defaultNamespace": "",
        "cluster": {"platform": ""},
        "mesh": {"webhooks": []},
    }
    assert function_config.settings(config(**spec)).mesh.webhooks == ()
    assert told(config(**spec)) == []


@pytest.mark.parametrize(
    "data", [{"platform": "aws"}, {"revision": "a/b"}, {"defaultNamespace": "A"}]
)
def test_the_config_map_asks_the_same(data: dict[str, str]) -> None:
    with pytest.raises(Refused):
        function_config.settings({"apiVersion": "v1", "kind": "ConfigMap", "data": data})


@pytest.mark.parametrize(
    ("mesh", "code"),
    [
        ({"injector": {"config": "spec: {hub: x}"}}, "mesh-config-invalid"),
        ({"meshConfig": "kind: IstioOperator"}, "mesh-config-invalid"),
        ({"webhooks": [OTHER_HOOKS]}, "mesh-missing"),
        ({"webhooks": [{**OTHER_HOOKS, "webhooks": []}]}, "mesh-missing"),
    ],
)
def test_texts_of_another_kind_are_errors(mesh: dict[str, Any], code: str) -> None:
    assert ("error", code) in told(config(mesh=mesh))


@pytest.mark.parametrize(
    "field", ["trustDomain: x", "root_namespace: x", "outboundTrafficPolicy: {mode: ALLOW_ANY}"]
)
def test_a_mesh_configuration_is_told_by_any_field_of_one(field: str) -> None:
    assert ("error", "mesh-config-invalid") not in told(config(mesh={"meshConfig": field}))


def test_a_clusters_own_mesh_configuration_may_hold_what_istio_passes_over() -> None:
    objects = installation()
    for value in objects:
        if "mesh" in value.get("data", {}):
            value["data"]["mesh"] = "unknown: 1"
    assert [code for severity, code in told(config(), objects) if severity == "error"] == []


@pytest.mark.parametrize(("stated", "errors"), [("canary", 0), ("default", 0), ("", 0), ("old", 1)])
def test_a_stated_revision_is_that_of_a_control_plane(stated: str, errors: int) -> None:
    found = told(config(revision=stated), installation("canary"))
    assert found.count(("error", "control-plane-missing")) == errors


def test_two_webhooks_of_one_name_that_differ_are_ambiguous() -> None:
    objects = installation()
    hooks = next(value for value in objects if value["kind"] == "MutatingWebhookConfiguration")
    assert ("error", "mesh-ambiguous") not in told(config(), [*objects, hooks])
    other = {
        **hooks,
        "webhooks": [
            {**one, "namespaceSelector": {"matchLabels": {"a": "b"}}} for one in hooks["webhooks"]
        ],
    }
    assert ("error", "mesh-ambiguous") in told(config(), [*objects, other])


def test_the_input_of_a_snapshot_says_what_to_run() -> None:
    with pytest.raises(Refused, match="istioctl manifest generate -f"):
        snapshot.take([OPERATOR])
