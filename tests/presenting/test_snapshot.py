"""snapshot: it is minimal, it is the same for every origin, and injection with it gives what
injection with the whole installation gives.
"""

from __future__ import annotations

import copy
import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from builders import installation
from outside import needs_path, needs_program
from paths import CORPUS, DIFFERENTIAL, ROOT

from krm_injector import function_config, pipeline
from krm_injector.cli import program
from krm_injector.discovery import profile
from krm_injector.function_config import MeshSettings, Settings
from krm_injector.istio_names import LOCAL_CONFIG
from krm_injector.kube.yaml import dump, load_all
from krm_injector.model import Refused
from krm_injector.presenting import snapshot
from krm_injector.sources import manifests, resource_list
from krm_injector.sources.files import Source
from krm_injector.sources.resource_list.members import walk, with_type

CASES = CORPUS / "1.30.3"
TAG = profile.DEFAULT.tag  # of builders.installation
MESHES = sorted((DIFFERENTIAL / "mesh").glob("*.yaml"))
EXAMPLE = ROOT / "functions" / "istio-inject" / "examples" / "httpbin" / "base"


def test_it_is_minimal_sorted_and_marked() -> None:
    taken = snapshot.take(installation())
    kinds = [(o["kind"], o["metadata"]["name"]) for o in taken.objects]
    assert kinds == [
        ("ConfigMap", "istio"), ("ConfigMap", "istio-sidecar-injector"),
        ("MutatingWebhookConfiguration", "istio-sidecar-injector"),
    ]  # fmt: skip
    text = snapshot.text(taken)
    assert "caBundle" not in text and "meshNetworks" not in text and "rules:" not in text
    assert all(o["metadata"]["annotations"][LOCAL_CONFIG] == "true" for o in taken.objects)
    assert text.splitlines()[1:3] == ["# origin: helm", f"# control plane default: Istio {TAG}"]


def test_the_order_and_the_origin_of_the_input_do_not_count() -> None:
    objects = installation()
    cluster = copy.deepcopy(objects[::-1])
    for value in cluster:
        value["metadata"] |= {
            "uid": "1",
            "resourceVersion": "2",
            "managedFields": [{}],
            "creationTimestamp": None,
        }
        value["metadata"]["annotations"] = {
            "kubectl.kubernetes.io/last-applied-configuration": "Q0E="
        }
    one, other = snapshot.take(objects), snapshot.take(cluster)
    assert one.objects == other.objects and (one.origin, other.origin) == ("helm", "cluster")
    again = snapshot.take(list(load_all_values(snapshot.text(one))))
    assert again.objects == one.objects


def proxy_config(name: str, namespace: str, created: str | None) -> dict[str, Any]:
    metadata = {"name": name, "namespace": namespace, "creationTimestamp": created}
    spec = {"environmentVariables": {"FROM": name}}
    kind = {"apiVersion": "networking.istio.io/v1beta1", "kind": "ProxyConfig"}
    return {**kind, "metadata": metadata, "spec": spec}


def test_ages_of_proxy_configs_stay_where_one_namespace_has_several() -> None:
    """The oldest counts (pilot/pkg/model/proxy_config.go)."""
    old, new = "2025-01-01T00:00:00Z", "2026-01-01T00:00:00Z"
    several = [proxy_config("a", "shop", new), proxy_config("b", "shop", old)]
    taken = snapshot.take([*several, proxy_config("c", "alone", new), *installation()])
    ages = {
        o["metadata"]["name"]: o["metadata"].get("creationTimestamp")
        for o in taken.objects
        if o["kind"] == "ProxyConfig"
    }
    assert ages == {"a": new, "b": old, "c": None}


def load_all_values(text: str) -> list[Any]:
    return [document.value for document in load_all(text)]


def test_a_snapshot_holds_every_revision() -> None:
    taken = snapshot.take([*installation(), *installation("canary")])
    assert [mesh.revision for mesh in taken.meshes] == ["default", "canary"]
    assert f"# control plane canary: Istio {TAG}" in snapshot.text(taken)


def test_credentials_are_left_out_unless_a_template_reads_them() -> None:
    objects = installation()
    values = '{"pilot": {"vaultPassword": "hunter2"}, "global": {"tag": "1.30.3", "hub": "h"}}'
    objects[1]["data"]["values"] = values
    taken = snapshot.take(objects)
    assert "hunter2" not in snapshot.text(taken) and "snapshot-credentials" in {
        r.code for r in taken.results
    }
    objects[1]["data"]["config"] += "# .Values.pilot.vaultPassword\n"
    assert "hunter2" in snapshot.text(snapshot.take(objects))


def test_a_private_key_is_refused() -> None:
    objects = installation()
    objects[0]["data"]["mesh"] += "x: |\n  -----BEGIN RSA PRIVATE KEY-----\n"
    with pytest.raises(Refused, match="private key"):
        snapshot.take(objects)


def test_what_is_no_installation_is_refused() -> None:
    with pytest.raises(Refused, match="no injection configuration"):
        snapshot.take([{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "a"}}])


def test_two_that_differ_are_refused() -> None:
    other = installation()
    other[0]["data"]["mesh"] = "rootNamespace: elsewhere"
    with pytest.raises(Refused, match="more than once"):
        snapshot.take([*installation(), *other])


def test_check_finds_a_snapshot_that_is_out_of_date_or_edited(
    tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    full, kept = tmp_path / "full.yaml", tmp_path / "mesh.yaml"
    objects = installation()
    objects[0]["data"]["mesh"] = "rootNamespace: istio-system"
    full.write_text("---\n".join(map(dump, objects)))
    assert program.run(["snapshot", str(full)]) == 0
    kept.write_bytes(capsysbinary.readouterr().out)
    assert program.run(["snapshot", "--check", str(kept), str(full)]) == 0
    objects[0]["data"]["mesh"] = "rootNamespace: other"
    full.write_text("---\n".join(map(dump, objects)))
    assert program.run(["snapshot", "--check", str(kept), str(full)]) == 1
    err = capsysbinary.readouterr().err.decode()
    assert (
        "data.mesh.rootNamespace of ConfigMap istio-system/istio differs" in err
        and '"other"' in err
    )
    kept.write_text(
        kept.read_text().replace("rootNamespace: istio-system", "rootNamespace: edited")
    )
    assert program.run(["snapshot", "--check", str(kept), str(full)]) == 1
    assert "snapshot-edited" in capsysbinary.readouterr().err.decode()


@needs_path(DIFFERENTIAL)
@pytest.mark.parametrize("file", MESHES, ids=[file.stem for file in MESHES])
def test_injection_is_the_same_with_the_snapshot(file: Path) -> None:
    full = [with_type(m) for m in walk(manifests.join([Source(file.read_bytes(), "")]).bundle)]
    small = load_all_values(snapshot.text(snapshot.take(full)))
    sources = [Source(f.read_bytes(), f.name) for f in sorted(EXAMPLE.glob("[!k]*.yaml"))]
    bundle = manifests.join(sources).bundle
    answers = []
    for documents in (full, small):
        settings = Settings(mesh=MeshSettings(documents=tuple(documents)))
        outcome = pipeline.run(bundle, settings)
        answers.append((outcome.replacements, [r.code for r in outcome.results]))
    assert answers[0] == answers[1]
    assert answers[0][0] or file.stem in ("canary", "selectors")


# ---------------------------------------------------------------- what real programs print


def printed(command: list[str], directory: Path) -> bytes:
    env = {**os.environ, "KUBECONFIG": os.devnull, "HELM_CACHE_HOME": str(directory / "cache")}
    done = subprocess.run(command, capture_output=True, env=env, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def taken(file: Path, capsysbinary: pytest.CaptureFixture[bytes], *options: str) -> str:
    assert program.run(["snapshot", "--quiet", *options, str(file)]) == 0
    return capsysbinary.readouterr().out.decode()


def assert_the_same_injection(full: bytes, small: str) -> None:
    answers = []
    for text in (snapshot.manifests_of(full), small.encode()):
        documents = [with_type(m) for m in walk(resource_list.read_manifests(text))]
        sources = [Source(f.read_bytes(), f.name) for f in sorted(EXAMPLE.glob("[!k]*.yaml"))]
        outcome = pipeline.run(
            manifests.join(sources).bundle, Settings(mesh=MeshSettings(documents=tuple(documents)))
        )
        answers.append((outcome.replacements, [r.code for r in outcome.results]))
    assert answers[0] == answers[1] and answers[0][0]


def test_what_istioctl_prints_gives_the_same_injection(
    tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    # A development build of istioctl installs its own tag; the version is stated where it counts.
    generate = [needs_program("istioctl"), "manifest", "generate", "--set", "tag=1.31.0"]
    full = tmp_path / "full.yaml"
    full.write_bytes(printed(generate, tmp_path))
    text = taken(full, capsysbinary)
    assert text.splitlines()[1:3] == ["# origin: istioctl", "# control plane default: Istio 1.31.0"]
    assert len(text) < len(full.read_bytes()) / 8
    assert_the_same_injection(full.read_bytes(), text)
    committed = tmp_path / "mesh.yaml"
    committed.write_text(text)
    assert taken(full, capsysbinary, "--check", str(committed)) == ""
    changed = [
        "--set",
        "values.global.proxy.logLevel=debug",
        "--set",
        "meshConfig.accessLogFile=/dev/stdout",
    ]
    full.write_bytes(printed([*generate, *changed], tmp_path))
    assert program.run(["snapshot", "--check", str(committed), str(full)]) == 1
    said = capsysbinary.readouterr().err.decode()
    assert (
        "data.values.global.proxy.logLevel of ConfigMap istio-system/istio-sidecar-injector" in said
    )
    assert (
        "data.mesh.accessLogFile of ConfigMap istio-system/istio" in said
        and said.count("snapshot-stale") == 2
    )


CHART = """\
apiVersion: v2
name: istiod
version: 1.30.3
"""


@pytest.mark.parametrize("helm", ["helm3", "helm4"])
def test_what_helm_prints_gives_the_same_injection(
    helm: str, tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    """By template, and as `helm get all` has it: the manifests between a head, values and notes."""
    chart, full = tmp_path / "istiod", tmp_path / "full.yaml"
    (chart / "templates").mkdir(parents=True)
    (chart / "Chart.yaml").write_text(CHART)
    objects = installation()
    for value in objects:  # the labels that istioctl's output has, too
        value["metadata"]["labels"] = {
            **value["metadata"]["labels"],
            "operator.istio.io/component": "Pilot",
        }
    (chart / "all.yaml").write_text("---\n".join(map(dump, objects)))
    (chart / "templates" / "all.yaml").write_text('{{ .Files.Get "all.yaml" }}')
    (chart / "templates" / "NOTES.txt").write_text("Congratulations: {not: yaml\n")
    full.write_bytes(printed([needs_program(helm), "template", "istiod", str(chart)], tmp_path))
    text = taken(full, capsysbinary)
    assert text.splitlines()[1:3] == ["# origin: helm", f"# control plane default: Istio {TAG}"]
    assert_the_same_injection(full.read_bytes(), text)
    if helm == "helm4":  # Helm 3 asks the cluster here
        command = [needs_program(helm), "install", "istiod", str(chart), "--dry-run=client"]
        full.write_bytes(printed(command, tmp_path))
        assert b"Congratulations" in full.read_bytes() and full.read_bytes().startswith(
            b"NAME: istiod"
        )
        assert taken(full, capsysbinary) == text


def test_what_kubectl_prints_gives_the_same_injection(
    tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    """One List, with what an API server adds."""
    full = tmp_path / "list.yaml"
    objects = installation()
    for value in objects:
        value["metadata"] |= {
            "uid": "1",
            "resourceVersion": "2",
            "creationTimestamp": "2026-01-01T00:00:00Z",
        }
    full.write_text(
        dump(
            {
                "apiVersion": "v1",
                "items": objects,
                "kind": "List",
                "metadata": {"resourceVersion": ""},
            }
        )
    )
    text = taken(full, capsysbinary)
    assert text.splitlines()[1] == "# origin: cluster" and "resourceVersion" not in text
    plain = snapshot.text(snapshot.take(installation()))
    assert text.splitlines()[2:] == plain.splitlines()[2:]


def test_an_operators_resource_is_told_apart(
    tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    file = tmp_path / "operator.yaml"
    file.write_text(
        "apiVersion: install.istio.io/v1alpha1\nkind: IstioOperator\nmetadata: {name: mesh}\n"
    )
    assert program.run(["snapshot", str(file)]) == 1
    assert "istioctl manifest generate" in capsysbinary.readouterr().err.decode()


@pytest.mark.slow
@needs_path(CASES)
def test_injection_is_the_same_with_the_snapshot_of_any_configuration() -> None:
    """Istio's own cases: every third, each with its configuration."""
    injected = 0
    for told in json.loads((CASES / "cases.json").read_text())[::3]:
        config, values, mesh = (
            (CASES / told[name]).read_text() for name in ("config", "values", "mesh")
        )
        full = installation()
        full[0]["data"]["mesh"], full[1]["data"] = mesh, {"config": config, "values": values}
        answers = []
        for documents in (full, load_all_values(snapshot.text(snapshot.take(full)))):
            settings = function_config.with_mesh_documents(
                Settings(method="manual"), tuple(documents)
            )
            outcome = pipeline.run(
                resource_list.read_manifests((CASES / told["input"]).read_bytes()), settings
            )
            answers.append((outcome.replacements, [r.code for r in outcome.results]))
        assert answers[0] == answers[1]
        injected += bool(answers[0][0])
    assert injected > 30
