"""`images` tells which of the images that injection adds are on a retired hub."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from builders import deployment, namespace
from command import krm

from krm_injector.discovery import profile
from krm_injector.fleet.plan.meshes import profile_documents
from krm_injector.injection.hubs import RETIRED

GCR = "gcr.io/istio-release"


def listed(
    directory: Path, hub: str, *words: str, severity: str = "warning"
) -> tuple[int, str, str]:
    config = {
        "apiVersion": "krm-injector.dev/v1alpha1",
        "kind": "SidecarInjection",
        "metadata": {"name": "injection"},
        "spec": {"severities": {"retired-hub": severity}},
    }
    mesh = json.dumps(profile_documents(profile.Release((1, 27, 0), "1.27.0")))
    documents = json.loads(mesh.replace("docker.io/istio", hub))
    (directory / "config.json").write_text(json.dumps(config))
    objects = [*documents, namespace(injection="enabled"), deployment()]
    (directory / "all.yaml").write_text("\n---\n".join(json.dumps(each) for each in objects))
    done = krm("images", "--config", "config.json", *words, "all.yaml", cwd=directory)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def test_a_retired_hub_is_told_once_and_not_in_the_list(tmp_path: Path) -> None:
    code, out, err = listed(tmp_path, GCR)
    assert code == 0 and out == f"{GCR}/proxyv2:1.27.0\n"
    assert err.count("[retired-hub]") == 1 and "Set docker.io/istio " in err


def test_json_says_what_to_use_instead(tmp_path: Path) -> None:
    _, out, _ = listed(tmp_path, GCR, "-o", "json")
    (row,) = json.loads(out)["images"]
    assert row["retired"] == {
        "hub": GCR,
        "off": RETIRED[0].off,
        "source": RETIRED[0].source,
        "instead": "docker.io/istio/proxyv2:1.27.0",
    }


def test_another_hub_has_no_such_field(tmp_path: Path) -> None:
    _, out, err = listed(tmp_path, "docker.io/istio", "-o", "json")
    assert "retired" not in out + err


@pytest.mark.parametrize(("severity", "status", "told"), [("off", 0, 0), ("error", 1, 1)])
def test_severities_count(tmp_path: Path, severity: str, status: int, told: int) -> None:
    code, out, err = listed(tmp_path, GCR, severity=severity)
    assert (code, out) == (status, "" if status else f"{GCR}/proxyv2:1.27.0\n")
    assert err.count("error: ") == told == err.count("[retired-hub]")
