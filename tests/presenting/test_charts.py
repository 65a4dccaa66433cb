"""snapshot of Istio's own Helm charts, rendered by Helm from a clone of istio/istio (ISTIO_CLONE),
in the forms in which people install them. Nothing of the charts is kept here.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from builders import bundle, deployment, namespace
from outside import needs_program, not_at_hand

from krm_injector import pipeline
from krm_injector.function_config import MeshSettings, Settings
from krm_injector.kube.yaml import load_all
from krm_injector.model import Object, Refused
from krm_injector.presenting import snapshot
from krm_injector.sources import resource_list
from krm_injector.sources.resource_list.members import walk, with_type

TAGS = ["1.24.6", "1.26.8", "1.28.3", "1.30.3", "1.31.0-rc.0"]
ISTIOD = "istio-control/istio-discovery"
URL = "https://istiod.example.com:15017/inject/cluster/remote1/net/net1"
# The charts of an installation with their settings, and the Namespaces of ASKING that it injects.
FORMS: dict[str, tuple[dict[str, list[str]], set[str]]] = {
    "all charts": (
        {"base": [], ISTIOD: [], "istio-cni": [], "ztunnel": [], "gateway": []},
        {"plain", "gateway"},
    ),
    "tags": (
        {ISTIOD: ["revision=canary", "revisionTags={prod,default}"], "gateway": ["revision=prod"]},
        {"plain", "by-revision", "by-tag", "gateway"},
    ),
    "default chart": (
        {ISTIOD: ["revision=canary"], "default": ["revision=canary"]},
        {"plain", "by-revision"},
    ),
    "ambient": ({ISTIOD: ["profile=ambient"], "istio-cni": ["profile=ambient"]}, {"plain"}),
}
ASKING = {
    "plain": namespace("plain", injection="enabled"),
    "by-revision": namespace("by-revision", rev="canary"),
    "by-tag": namespace("by-tag", rev="prod"),
}


@pytest.fixture(scope="module", params=TAGS)
def charts(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The charts of a tag."""
    clone = os.environ.get("ISTIO_CLONE")
    if not clone:
        not_at_hand("a clone of istio/istio", "ISTIO_CLONE")
    folder = tmp_path_factory.mktemp("charts")
    archive = folder / "charts.tar"
    command = ["git", "-C", clone, "archive", "-o", str(archive), request.param, "manifests/charts"]
    subprocess.run(command, check=True)
    subprocess.run(["tar", "xf", str(archive), "-C", str(folder)], check=True)
    return folder / "manifests" / "charts"


def rendered(charts: Path, chart: str, *settings: str) -> list[Object]:
    tag = "" if chart in ("gateway", "default") else "global.tag=1.31.0"
    options = [word for setting in (*settings, tag) if setting for word in ("--set", setting)]
    command = [needs_program("helm3"), "template", "gateway", str(charts / chart), *options]
    # The schema of the gateway chart of 1.24 refuses the chart's own defaults in newer Helms.
    command += ["-n", "istio-system", "--skip-schema-validation"]
    done = subprocess.run(command, capture_output=True, check=True)
    return [with_type(member) for member in walk(resource_list.read_manifests(done.stdout))]


def injected(mesh: list[Object], objects: list[Object]) -> set[str]:
    settings = Settings(mesh=MeshSettings(documents=tuple(mesh)))
    outcome = pipeline.run(bundle(*ASKING.values(), namespace("istio-system"), *objects), settings)
    assert not [result for result in outcome.results if result.severity == "error"]
    return {decision.workload.ref.name for decision in outcome.decisions if decision.injected}


def kept(objects: list[Object]) -> list[Object]:
    return [document.value for document in load_all(snapshot.text(snapshot.take(objects)))]


@pytest.mark.slow
@pytest.mark.parametrize("form", FORMS)
def test_a_form_of_installation(charts: Path, form: str) -> None:
    by_chart, expected = FORMS[form]
    objects = [
        value
        for chart, settings in by_chart.items()
        for value in rendered(charts, chart, *settings)
    ]
    gateway = [
        value
        for value in objects
        if value["kind"] == "Deployment" and value["metadata"]["name"] == "gateway"
    ]
    pods = [*(deployment(name, name) for name in ASKING), *gateway]
    assert injected(kept(objects), pods) == injected(objects, pods) == expected


@pytest.mark.slow
def test_a_remote_cluster(charts: Path) -> None:
    settings = ["profile=remote", f"istiodRemote.injectionURL={URL}"]
    remote = rendered(charts, ISTIOD, *settings)
    with pytest.raises(Refused, match="holds only webhooks"):
        snapshot.take(remote)
    maps = [value for value in rendered(charts, ISTIOD) if value["kind"] == "ConfigMap"]
    made = snapshot.take([*maps, *remote])
    assert injected(list(made.objects), [deployment(name, name) for name in ASKING]) == {"plain"}
    assert any(URL in result.message for result in made.results)
