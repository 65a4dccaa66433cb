"""functionConfig: what is read, what is refused, and that the cheap check and jsonschema agree."""

from __future__ import annotations

import copy
import json
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from paths import ROOT

from krm_injector import function_config
from krm_injector.function_config import ExtraKind, Settings, Stub, override, settings
from krm_injector.function_config.schema import valid
from krm_injector.model import Refused, Result

SCHEMA = json.loads(Path(function_config.SCHEMA_FILE).read_text())

FULL: dict[str, Any] = {
    "apiVersion": "krm-injector.dev/v1alpha1",
    "kind": "SidecarInjection",
    "metadata": {"name": "istio", "annotations": {"anything": "goes"}, "labels": {"any": "label"}},
    "spec": {
        "method": "automatic",
        "revision": "default",
        "onMissingNamespace": "warn",
        "namespaces": [
            {"name": "shop", "labels": {"istio-injection": "enabled"}, "annotations": {}}
        ],
        "defaultNamespace": "shop",
        "cluster": {
            "nativeSidecars": True,
            "kubernetesVersion": "1.33",
            "defaults": True,
            "platform": "openshift",
            "controlPlaneEnv": {"A": "1"},
        },
        "mesh": {
            "injector": {"config": "policy: enabled", "values": "{}"},
            "meshConfig": "rootNamespace: x",
            "webhooks": [
                {"kind": "MutatingWebhookConfiguration", "metadata": {"name": "w"}, "webhooks": []}
            ],
            "version": "1.30.3",
        },
        "workloads": [{"apiVersion": "x/v1", "kind": "Clone", "podTemplate": "spec.template"}],
    },
}


def spec(**fields: Any) -> dict[str, Any]:
    return {"apiVersion": "krm-injector.dev/v1alpha1", "kind": "SidecarInjection", "spec": fields}


def refusal(value: Any) -> tuple[Result, ...]:
    with pytest.raises(Refused) as refused:
        settings(value)
    return refused.value.results


def test_absent_and_empty_configurations_give_the_defaults() -> None:
    function_input = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "function-input"},
    }
    assert settings(None) == Settings()
    assert settings(function_input) == Settings()
    assert settings({**function_input, "data": None}) == Settings()
    assert settings({**function_input, "data": {}}) == Settings()
    assert settings({**spec(), "spec": None}) == Settings()


def test_every_field_is_read() -> None:
    read = settings(FULL)
    assert read.method == "automatic"
    assert read.revision == "default"
    assert read.on_missing_namespace == "warn"
    assert read.namespaces == (Stub("shop", {"istio-injection": "enabled"}, {}),)
    assert read.default_namespace == "shop"
    assert (read.native_sidecars, read.platform, read.control_plane_env) == (
        True,
        "openshift",
        {"A": "1"},
    )
    assert read.kubernetes_version == "1.33"
    assert read.defaults is True
    assert (read.mesh.config, read.mesh.values, read.mesh.mesh_config) == (
        "policy: enabled",
        "{}",
        "rootNamespace: x",
    )
    assert read.mesh.version == "1.30.3"
    assert [webhook["metadata"]["name"] for webhook in read.mesh.webhooks] == ["w"]
    assert read.workloads == (ExtraKind("x/v1", "Clone", ("spec", "template")),)


def test_a_config_map_holds_settings_as_strings() -> None:
    data = {
        "method": "manual",
        "revision": "canary",
        "onMissingNamespace": "ignore",
        "defaultNamespace": "shop",
        "nativeSidecars": "false",
        "platform": "openshift",
        "kubernetesVersion": "v1.32.1",
        "defaults": "true",
    }
    read = settings(
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}, "data": data}
    )
    stated = Settings("manual", "canary", "ignore", (), "shop", False, "openshift")
    assert read == stated._replace(kubernetes_version="v1.32.1", defaults=True)


ERRORS = [
    # name, functionConfig, path, proposed, words of the message
    ("unknown field", spec(methd="manual"), "spec.methd", "spec.method", "did you mean method?"),
    (
        "unknown in depth",
        spec(cluster={"nativeSidecar": True}),
        "spec.cluster.nativeSidecar",
        "spec.cluster.nativeSidecars",
        "did you mean nativeSidecars?",
    ),
    ("nothing near", spec(zzzzz=1), "spec.zzzzz", None, "known are method, revision"),
    ("enum", spec(method="manul"), "spec.method", "manual",
     'spec.method is "manul"; it must be automatic or manual'),
    ("type", spec(cluster=[]), "spec.cluster", None, "it must be a mapping"),
    ("boolean label", spec(namespaces=[{"name": "a", "labels": {"x": True}}]),
     "spec.namespaces[0].labels.x", "true",
     'did you mean "true", in quotes?'),
    ("number version", spec(mesh={"version": 1.3}), "spec.mesh.version", "1.3", "1.3 (a number)"),
    ("missing field", spec(namespaces=[{}]), "spec.namespaces[0].name", None, "is missing"),
    ("bad path", spec(workloads=[{"apiVersion": "a", "kind": "b", "podTemplate": "spec..x"}]),
     "spec.workloads[0].podTemplate", None, "must match"),
    ("kind", {"apiVersion": "v1", "kind": "ConfigMapp"}, "kind", "ConfigMap",
     "SidecarInjection or SidecarEjection"),
    ("no kind", {}, "kind", None, "kind is missing"),
    (
        "version",
        {"apiVersion": "krm-injector.dev/v1", "kind": "SidecarInjection"},
        "apiVersion",
        "krm-injector.dev/v1alpha1",
        "apiVersion is",
    ),
    ("no object", ["x"], "functionConfig", None, "a list of 1"),
    ("ConfigMap value", {"apiVersion": "v1", "kind": "ConfigMap",
                         "data": {"nativeSidecars": "yes"}},
     "data.nativeSidecars", None, "it must be true or false"),
    ("Kubernetes as a number", spec(cluster={"kubernetesVersion": 1.33}),
     "spec.cluster.kubernetesVersion", None, "in quotes"),
    ("Kubernetes as a word", spec(cluster={"kubernetesVersion": "new"}),
     "spec.cluster.kubernetesVersion", None, "a version of Kubernetes"),
    ("ConfigMap type", {"apiVersion": "v1", "kind": "ConfigMap", "data": {"nativeSidecars": True}},
     "data.nativeSidecars", "true", "in quotes"),
    ("defaults as a word", spec(cluster={"defaults": "true"}), "spec.cluster.defaults", None,
     "true or false"),
    ("ConfigMap key", {"apiVersion": "v1", "kind": "ConfigMap", "data": {"default_namespace": "x"}},
     "data.default_namespace", "data.defaultNamespace", "did you mean defaultNamespace?"),
    ("two stubs that disagree",
     spec(namespaces=[{"name": "a"}, {"name": "a", "labels": {"x": "y"}}]),
     "spec.namespaces[1]", None, "a second time"),
    ("file beside injector", spec(mesh={"file": "m.yaml", "meshConfig": "{}"}), "spec.mesh.file",
     None, "by file or"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("value", "path", "proposed", "words"), [e[1:] for e in ERRORS], ids=[e[0] for e in ERRORS]
)
def test_error(value: Any, path: str, proposed: Any, words: str) -> None:
    results = refusal(value)
    assert len(results) == 1
    (result,) = results
    assert (result.severity, result.code, result.field) == ("error", "function-config", path)
    assert result.proposed == proposed
    assert words in result.message
    assert path in result.message or path == "functionConfig"


def test_all_errors_at_once() -> None:
    value = spec(
        methd="x", onMissingNamespace="fail", cluster={"nativeSidecars": "true"}, mesh={"vers": "1"}
    )
    fields = {result.field for result in refusal(value)}
    assert fields == {
        "spec.methd",
        "spec.onMissingNamespace",
        "spec.cluster.nativeSidecars",
        "spec.mesh.vers",
    }


def test_errors_name_the_function_config() -> None:
    (result,) = refusal({**spec(methd="x"), "metadata": {"name": "istio"}})
    assert str(result.resource) == "SidecarInjection istio"


def _mutated(value: Any, pick: random.Random) -> Any:
    """The value with one random change somewhere."""
    value = copy.deepcopy(value)
    junk = ["", "x", "true", 0, 1.5, True, False, None, [], {}, ["x"], {"x": "y"}, [{}]]
    here: Any = value
    while True:
        keys = list(here) if isinstance(here, dict) else list(range(len(here)))
        if not keys:
            return value
        key = pick.choice(keys)
        if isinstance(here[key], (dict, list)) and here[key] and pick.random() < 0.7:
            here = here[key]
            continue
        action = pick.random()
        if action < 0.5:
            here[key] = pick.choice(junk)
        elif action < 0.7:
            del here[key]
        elif isinstance(here, dict):
            here[pick.choice(["x", "name", "method", f"{key}s"])] = pick.choice(junk)
        return value


@pytest.mark.slow
def test_the_cheap_check_and_jsonschema_agree() -> None:
    pick = random.Random(20261123)
    config_map = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {},
        "data": {"method": "manual", "nativeSidecars": "true", "platform": ""},
    }
    verdicts = {True: 0, False: 0}
    for base, name in ((FULL, "SidecarInjection"), (config_map, "ConfigMap")):
        form = SCHEMA["$defs"][name]
        validator = Draft202012Validator(form)
        for _ in range(1500):
            value = _mutated(base, pick)
            if pick.random() < 0.3:
                value = _mutated(value, pick)
            verdict = valid(value, form)
            assert verdict == validator.is_valid(value), value
            verdicts[verdict] += 1
            if not verdict:
                assert refusal(value), value
    assert min(verdicts.values()) > 200


def test_the_whole_schema_agrees_with_its_parts() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    validator = Draft202012Validator(SCHEMA)
    assert validator.is_valid(FULL)
    assert validator.is_valid({"apiVersion": "v1", "kind": "ConfigMap"})
    assert not validator.is_valid({"apiVersion": "v1", "kind": "ConfigMap", "data": {"x": "y"}})
    assert not validator.is_valid(spec(x=1))


def test_the_published_schema_is_the_same() -> None:
    published = ROOT / "functions" / "istio-inject" / "schema.json"
    assert published.read_bytes() == Path(function_config.SCHEMA_FILE).read_bytes()


def test_good_configurations_do_not_import_jsonschema() -> None:
    program = (
        "import sys, json; from krm_injector.function_config import settings; "
        "settings(json.load(sys.stdin)); print(sorted(m for m in ('jsonschema', 'difflib', "
        "'inspect', 'dataclasses') if m in sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        input=json.dumps(FULL),
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=True,
    )
    assert done.stdout.strip() == "[]"


def test_options_override_the_function_config() -> None:
    changed = override(
        settings(FULL),
        method="manual",
        revision=None,
        default_namespace="x",
        mesh_files=("m.yaml",),
    )
    assert (changed.method, changed.revision, changed.default_namespace) == (
        "manual",
        "default",
        "x",
    )
    assert changed.mesh.files == ("m.yaml",)
    assert changed.mesh.version == "1.30.3"
    with pytest.raises(ValueError):
        override(Settings(), colour="red")


def test_mesh_file_can_be_refused_or_read() -> None:
    read = settings(spec(mesh={"file": "mesh.yaml"}))
    assert read.mesh.files == ("mesh.yaml",)
    (result,) = function_config.refuse_mesh_file("mesh.yaml", "containers see no files").results
    assert "mesh.yaml" in result.message
    assert result.field == "spec.mesh.file"
    filled = function_config.with_mesh_documents(read, ({"kind": "ConfigMap"},))
    assert filled.mesh.files == ()
    assert filled.mesh.documents == ({"kind": "ConfigMap"},)
