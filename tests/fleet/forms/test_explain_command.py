"""`krm-injector fleet explain` from a repository to its forms."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from builders import deployment, installation
from files import write
from paths import ROOT

from krm_injector.cli.arguments import parse
from krm_injector.cli.commands import fleet_explain
from krm_injector.cli.request import Answer, Request

CLUSTERS = ("eu-1", "eu-2", "us-1")


def space(**labels: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop", "labels": labels}}


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One app in three clusters. In us-1 somebody forgot the label; one directory is broken."""
    here = tmp_path / "repository"
    for name in CLUSTERS:
        labels = {} if name == "us-1" else {"istio-injection": "enabled"}
        host = deployment()
        host["metadata"]["name"] = "agent"
        host["spec"]["template"]["spec"]["hostNetwork"] = True
        items = [*installation(), space(**labels), deployment(), host]
        write(here / name / "shop", {"all.yaml": yaml.safe_dump_all(items)})

    write(here / "broken", {"all.yaml": "kind: [\n"})
    fleet = {
        "apiVersion": "krm-injector.dev/v1alpha1",
        "kind": "Fleet",
        "metadata": {"name": "all"},
        "spec": {
            "clusters": [{"name": name} for name in CLUSTERS],
            "targets": [
                *({"path": f"{name}/shop", "clusters": [name]} for name in CLUSTERS),
                {"path": "broken"},
            ],
        },
    }
    write(here, {"krm-injector-fleet.yaml": yaml.safe_dump(fleet)})
    monkeypatch.chdir(here)
    return here


def answer(*words: str) -> Answer:
    environment = {"PATH": ""}
    arguments = parse(["fleet", "explain", "--jobs", "1", *words])
    return fleet_explain.run(Request(arguments, lambda: b"", environment))


def text(*words: str) -> str:
    found = answer(*words).text
    assert isinstance(found, str)
    return found


def test_the_table(repository: Path) -> None:
    given = answer()
    assert given.code == 1
    shown = str(given.text)
    assert "4 targets in 3 clusters: 3 without errors, 1 with errors.\n" in shown
    assert "6 workloads: 2 injected, 4 left out (2 host-network, 2 no-webhook-matches)" in shown
    assert "\n1 target with errors\n  broken: " in shown
    assert "Deployment shop/web in us-1/us-1/shop is left out (" in shown
    assert "it is injected in 2 of 3 targets\n" in shown
    assert "spec.hostNetwork: true: Deployment shop/agent" in shown
    assert any(each.message.startswith("broken: ") for each in given.results)


def test_the_json_is_as_documented(repository: Path) -> None:
    schema = json.loads((ROOT / "docs" / "fleet-explain.schema.json").read_text())
    document = json.loads(text("--output", "json"))
    jsonschema.validate(document, schema)
    assert document["summary"]["injected"] == 2
    assert document["summary"]["requests"]["pods"] > 0
    (differing,) = document["differing"]
    assert [each["name"] for each in differing["workloads"]] == ["web"]


def test_markdown_and_the_page(repository: Path) -> None:
    assert "\n### Unlike most other targets: 1 workload\n" in text("--output", "markdown")
    page = text("--output", "html")
    assert "<h1>Sidecar injection in 4 targets</h1>" in page
    assert "Unlike most other targets" in page


def test_a_limit_is_kept(repository: Path) -> None:
    assert "more" not in text("--limit", "0")
