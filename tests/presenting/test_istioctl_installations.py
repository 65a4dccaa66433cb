"""Installations that the real istioctl prints: what snapshot makes of them, and that the real
webhook injects the same.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from builders import bundle, deployment
from outside import ask_webhook, needs_program, webhook_oracle
from presenting.installations import ASKING, URL, injected, refusal, taken

from krm_injector import pipeline
from krm_injector.function_config import MeshSettings, Settings
from krm_injector.kube.yaml import dump
from krm_injector.model import Object
from krm_injector.presenting import snapshot
from krm_injector.sources import resource_list
from krm_injector.sources.resource_list.members import walk, with_type

PROFILES = {
    "ambient": "profile: ambient",
    "revision": "revision: 1-31\n  values: {revisionTags: [prod]}",
    "cni": "components: {cni: {enabled: true}}\n  values: {cni: {enabled: true}}",
    "managed": "values: {global: {operatorManageWebhooks: true}}",
    "remote": f'profile: remote\n  values: {{istiodRemote: {{injectionURL: "{URL}"}}}}',
}
OPERATOR = """
apiVersion: install.istio.io/v1alpha1
kind: IstioOperator
metadata: {name: mesh, namespace: istio-system}
spec:
  hub: docker.io/istio
  tag: 1.31.0
"""


def generated(profile: str, folder: Path) -> list[Object]:
    operator = folder / "operator.yaml"
    operator.write_text(f"{OPERATOR}  {PROFILES[profile]}\n")
    command = [needs_program("istioctl"), "manifest", "generate", "-f", str(operator)]
    environment = {**os.environ, "KUBECONFIG": os.devnull}
    done = subprocess.run(command, capture_output=True, env=environment, check=True)
    return [with_type(member) for member in walk(resource_list.read_manifests(done.stdout))]


@pytest.mark.parametrize(
    ("profile", "expected"),
    [
        ("ambient", {"plain"}),
        ("cni", {"plain"}),
        ("revision", {"by-revision", "by-tag"}),
        ("managed", {"plain"}),
    ],
)
def test_what_istioctl_prints(profile: str, expected: set[str], tmp_path: Path) -> None:
    objects = generated(profile, tmp_path)
    documents, said = taken(objects)
    assert injected(documents) == expected
    codes = [(result.severity, result.code) for result in said]
    if profile == "managed":
        assert codes == [("warning", "mesh-incomplete")]
    elif profile == "revision":
        assert any(value["kind"] == "Service" and tag_of(value) == "prod" for value in objects)
        assert codes == [("info", "mesh")]
        assert "istioctl manifest generate does not print it" in said[0].message
    else:
        assert codes == []


def tag_of(value: Object) -> Any:
    return (value["metadata"].get("labels") or {}).get("istio.io/tag")


def test_the_remote_profile_of_istioctl(tmp_path: Path) -> None:
    """It has webhooks and no ConfigMap; those of the primary complete it."""
    remote_objects = generated("remote", tmp_path)
    assert "holds only webhooks (istio-sidecar-injector)" in refusal(remote_objects)
    primary = [value for value in generated("cni", tmp_path) if value["kind"] == "ConfigMap"]
    documents, said = taken([*primary, *remote_objects])
    assert injected(documents) == {"plain"}
    assert [result.code for result in said] == ["mesh"]
    assert URL in dump(documents[-1])


@pytest.mark.slow
@pytest.mark.parametrize("profile", ["ambient", "cni", "revision", "remote"])
def test_the_real_webhook_injects_the_same(profile: str, tmp_path: Path) -> None:
    """With the whole installation there, and with the snapshot of it here."""
    oracle = webhook_oracle()
    objects = generated(profile, tmp_path)
    if profile == "remote":
        primary = generated("cni", tmp_path)
        objects += [value for value in primary if value["kind"] == "ConfigMap"]

    made = snapshot.take(objects)
    (mesh,) = made.meshes
    name = "by-tag" if profile == "revision" else "plain"
    web = deployment(name, name, container={"resources": {}})  # as Go writes it
    request = {
        "id": profile,
        **data_of("istio-sidecar-injector", objects),
        "mesh": data_of("istio", objects)["mesh"],
        "webhooks": [dump(v) for v in objects if v["kind"] == "MutatingWebhookConfiguration"],
        "namespace": name,
        "ns_labels": ASKING[name]["metadata"]["labels"],
        "revision": mesh.revision,
        "native": True,
        "workload": dump(web),
    }
    (answer,) = ask_webhook(oracle, [request], tmp_path)
    assert not answer.get("error")

    settings = Settings(mesh=MeshSettings(documents=made.objects))
    (ours,) = pipeline.run(bundle(ASKING[name], web), settings).replacements.values()
    assert ours["spec"]["template"]["spec"] == answer["pod"]["spec"]
    if profile == "remote":
        assert "remote1" in dump(ours)


def data_of(base: str, objects: Sequence[Object]) -> dict[str, str]:
    """The data of a control plane's ConfigMap, whatever its revision is."""
    names = {base, f"{base}-1-31"}
    (data,) = [
        value["data"]
        for value in objects
        if value["kind"] == "ConfigMap" and value["metadata"]["name"] in names
    ]
    return dict(data)
