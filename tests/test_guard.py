"""The guard, and what the real webhook does to pods that are injected already, with it and without it."""

from __future__ import annotations

import collections
import json
import lzma
import os
import pathlib
import shutil
import subprocess
from typing import Any

import pytest
import yaml

from krm_injector import function_config, pipeline, resource_list
from krm_injector.function_config import Settings
from krm_injector.kube.workloads import POD_TEMPLATES, at

SHARED = pathlib.Path(os.environ.get("KRM_INJECTOR_SHARED") or pathlib.Path(__file__).parents[2] / "shared")
INJECT = "sidecar.istio.io/inject"
WEB = """\
apiVersion: KIND
metadata: {name: web, namespace: shop}
spec:
  template:
    metadata:
      labels: {app: web}
    spec:
      containers:
      - name: web
        image: web:1
"""


def settings(**spec: Any) -> Settings:
    return function_config.settings(
        {
            "apiVersion": "krm-injector.dev/v1alpha1",
            "kind": "SidecarInjection",
            "spec": {"namespaces": [{"name": "shop", "labels": {"istio-injection": "enabled"}}], **spec},
        }
    )


def manifest(kind: str = "apps/v1\nkind: Deployment", old: str = "", new: str = "") -> str:
    return WEB.replace("KIND", kind).replace(old, new) if old else WEB.replace("KIND", kind)


def run(text: str, how: Settings) -> pipeline.Outcome:
    return pipeline.run(resource_list.read_manifests(text.encode()), how)


def injected(text: str, how: Settings) -> str:
    bundle = resource_list.read_manifests(text.encode())
    outcome = pipeline.run(bundle, how)
    assert not [result for result in outcome.results if result.severity == "error"]
    return resource_list.write(bundle, outcome.replacements, [], originals=outcome.originals)


def test_the_guard_is_a_label_on_the_pod_template() -> None:
    guarded = yaml.safe_load(injected(manifest(), settings(guard="label")))
    plain = yaml.safe_load(injected(manifest(), settings()))
    assert guarded["spec"]["template"]["metadata"]["labels"].pop(INJECT) == "false"
    assert guarded["spec"] == plain["spec"]


def test_versions_that_read_no_label_get_an_annotation_too() -> None:
    template = "spec: {containers: [{name: istio-proxy, image: p}], initContainers: [{name: istio-init, image: p}]}"
    config = json.dumps({"policy": "enabled", "templates": {"sidecar": template}})
    mesh = {"injector": {"config": config, "values": "{}"}, "version": "1.11.8"}
    text = injected(manifest(), settings(guard="label", mesh=mesh))
    metadata = yaml.safe_load(text)["spec"]["template"]["metadata"]
    assert metadata["labels"][INJECT] == metadata["annotations"][INJECT] == "false"


def test_a_guarded_workload_is_injected_again() -> None:
    """The guard is no "false" of the user's: what is injected is the workload as it was before."""
    once = injected(manifest(), settings(guard="label"))
    assert injected(once, settings(guard="label")) == once
    assert injected(once, settings()) == injected(manifest(), settings())


def test_a_guarded_pod_carries_the_record() -> None:
    text = (
        "apiVersion: v1\nkind: Pod\nmetadata: {name: a, namespace: shop}\nspec: {containers: [{name: a, image: a}]}\n"
    )
    once = injected(text, settings(guard="label"))
    assert injected(once, settings(guard="label")) == once
    assert yaml.safe_load(once)["metadata"]["labels"][INJECT] == "false"
    outcome = pipeline.take_back(resource_list.read_manifests(once.encode()), Settings())
    assert outcome.replacements[0] == yaml.safe_load(text)


def test_a_label_of_the_users_comes_back() -> None:
    text = manifest(old="{app: web}", new='{app: web, sidecar.istio.io/inject: "true"}')
    once = injected(text, settings(guard="label"))
    assert yaml.safe_load(once)["spec"]["template"]["metadata"]["labels"][INJECT] == "false"
    outcome = pipeline.take_back(resource_list.read_manifests(once.encode()), Settings())
    assert outcome.replacements[0] == yaml.safe_load(text)


def test_where_the_cni_plugin_redirects_the_guard_is_refused() -> None:
    """istio-cni leaves a pod alone that says false and has no istio-init."""
    template = (
        "spec: {containers: [{name: istio-proxy, image: p}], initContainers: [{name: istio-validation, image: p}]}"
    )
    mesh = {
        "injector": {"config": json.dumps({"policy": "enabled", "templates": {"sidecar": template}}), "values": "{}"}
    }
    outcome = run(manifest(), settings(guard="label", mesh=mesh))
    assert [result.code for result in outcome.results if result.severity == "error"] == ["guard-impossible"]


def test_a_selector_by_the_label_refuses_the_guard() -> None:
    text = manifest(
        old="  template:", new='  selector: {matchLabels: {sidecar.istio.io/inject: "true"}}\n  template:'
    ).replace("{app: web}", '{sidecar.istio.io/inject: "true"}')
    outcome = run(text, settings(guard="label"))
    assert [result.code for result in outcome.results if result.severity == "error"] == ["guard-impossible"]


# ---------------------------------------------------------------- the real webhook


class Mesh:
    def __init__(self, file: pathlib.Path) -> None:
        self.documents = [d for d in yaml.safe_load_all(file.read_text()) if d]
        maps = [d["data"] for d in self.documents if d["kind"] == "ConfigMap"]
        injector = next(data for data in maps if "config" in data)
        hooks = [yaml.safe_dump(d) for d in self.documents if d["kind"] == "MutatingWebhookConfiguration"]
        mesh = next(data["mesh"] for data in maps if "mesh" in data)
        self.facts = {"config": injector["config"], "values": injector["values"], "mesh": mesh, "webhooks": hooks}


def cases() -> list[dict[str, Any]]:
    """Workloads that the webhook injects; $KRM_INJECTOR_RANDOM_CASES names files with more (random_cases.py)."""
    files = [SHARED / "istio/differential/cases.jsonl.xz"]
    files += [pathlib.Path(name) for name in os.environ.get("KRM_INJECTOR_RANDOM_CASES", "").split(":") if name]
    found = []
    for file in files:
        with lzma.open(file, "rt") if file.suffix == ".xz" else file.open() as lines:
            found += [case for case in map(json.loads, lines) if case["injected"]]
    return found


def requests(guard: str) -> tuple[list[dict[str, Any]], int]:
    """Requests with workloads as we inject them, and how many were refused the guard."""
    meshes: dict[str, Mesh] = {}
    rows, refused = [], 0
    for case in cases():
        name = case["mesh"]
        mesh = meshes.setdefault(name, Mesh(SHARED / f"istio/differential/mesh/{name}.yaml"))
        spec = {
            "guard": guard,
            "namespaces": [{"name": case["namespace"], "labels": case["ns_labels"]}],
            "cluster": {"nativeSidecars": case["native_sidecars"]},
        }
        how = function_config.with_mesh_documents(settings(**spec), tuple(mesh.documents))
        workload = yaml.safe_load(case["workload"])
        workload["metadata"]["namespace"] = case["namespace"]
        outcome = run(json.dumps(workload), how)
        errors = [result for result in outcome.results if result.severity == "error"]
        if errors:
            assert [result.code for result in errors] == ["guard-impossible"]
            refused += 1
            continue
        rows.append(
            {
                "id": case["id"], **mesh.facts, "namespace": case["namespace"], "ns_labels": case["ns_labels"],
                "revision": "canary" if name == "canary" else "default", "native": case["native_sidecars"],
                "workload": json.dumps(outcome.replacements[0]),
            }
        )  # fmt: skip
    return rows, refused


def answers(rows: list[dict[str, Any]], directory: pathlib.Path) -> list[dict[str, Any]]:
    oracle = os.environ.get("KRM_INJECTOR_ORACLE") or shutil.which("istio-webhook-oracle")
    if not oracle:
        pytest.skip("istio-webhook-oracle is neither on PATH nor named by KRM_INJECTOR_ORACLE")
    asked, told = directory / "requests", directory / "answers"
    asked.write_text("".join(json.dumps(row) + "\n" for row in rows))
    files = {"ORACLE_REQ": str(asked), "ORACLE_OUT": str(told)}
    command = [oracle, "-test.run", "TestWebhookOracle"]
    subprocess.run(command, check=True, capture_output=True, env={**os.environ, **files})
    return [json.loads(line) for line in told.read_text().splitlines()]


def changes(row: dict[str, Any], answer: dict[str, Any]) -> set[str]:
    """What the webhook changed, as classes; nothing where it left the pod alone."""
    if not answer["injected"]:
        return set()
    workload = json.loads(row["workload"])
    pod = at(workload, POD_TEMPLATES[workload["apiVersion"], workload["kind"]])
    after = answer["pod"]
    found = set()
    for field in ("labels", "annotations"):
        old, new = pod["metadata"].get(field) or {}, after["metadata"].get(field) or {}
        found |= {f"{field}[{key}]" for key in {*old, *new} - {"pod-template-hash"} if old.get(key) != new.get(key)}
    for field in {*pod["spec"], *after["spec"]}:
        old, new = pod["spec"].get(field) or [], after["spec"].get(field) or []
        if field not in ("containers", "initContainers"):
            found |= {field} if meaning(old) != meaning(new) else set()
            continue
        if [c["name"] for c in old] != [c["name"] for c in new]:
            found.add(f"{field}: which, or their order")
        known = {c["name"]: c for c in old}
        for container in new:
            before = known.get(container["name"], {})
            who = container["name"] if container["name"].startswith("istio-") else "application"
            for key in {*before, *container}:
                if before and meaning(before.get(key)) != meaning(container.get(key)):
                    found.add(f"{who}.{key}{sort_of_change(before.get(key), container.get(key))}")
    return found


def sort_of_change(old: Any, new: Any) -> str:
    """For lists of named things: whether only their order changed."""
    if not isinstance(old, list) or not isinstance(new, list):
        return ""

    def key(v: Any) -> str:
        return json.dumps(meaning(v), sort_keys=True)

    return " (order)" if sorted(map(key, old)) == sorted(map(key, new)) else ""


def meaning(value: Any) -> Any:
    """A value without what only Go's encoding adds or spells otherwise."""
    if isinstance(value, dict):
        kept = {k: meaning(v) for k, v in value.items()}
        return {k: v for k, v in kept.items() if v not in (None, "", {}, [], 0, False)} or None
    if isinstance(value, list):
        return [meaning(v) for v in value] or None
    return str(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else value


def test_the_real_webhook_leaves_guarded_pods_alone(tmp_path: pathlib.Path) -> None:
    if not SHARED.is_dir():
        pytest.skip(f"{SHARED} is not there")
    rows, refused = requests("label")
    found = answers(rows, tmp_path)
    assert len(found) == len(rows) > 80
    assert refused > 0
    assert [answer["id"] for answer in found if answer["injected"] or answer.get("error")] == []


def test_what_the_real_webhook_changes_without_the_guard(tmp_path: pathlib.Path) -> None:
    if not SHARED.is_dir():
        pytest.skip(f"{SHARED} is not there")
    rows, _ = requests("none")
    tally: collections.Counter[str] = collections.Counter()
    touched = 0
    for row, answer in zip(rows, answers(rows, tmp_path), strict=True):
        assert not answer.get("error")
        classes = changes(row, answer)
        touched += bool(classes)
        tally.update(classes)
    print(
        f"\n{touched} of {len(rows)} changed", *(f"{count:5} {name}" for name, count in tally.most_common()), sep="\n"
    )
    documented = (pathlib.Path(__file__).parents[1] / "docs" / "day-two.md").read_text()
    assert [name for name in tally if f"`{name}`" not in documented] == []
    assert 0 < touched < len(rows) / 2
