"""docs/comparison.md: bench/comparison.py counts right, and what it says of this program holds."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import comparison
import comparison_cases as cases
import pytest
import yaml
from comparison import Case, Judged, Way
from outside import needs, needs_program, webhook_oracle
from paths import ROOT

PAGE = (ROOT / "docs" / "comparison.md").read_text(encoding="utf-8")
OURS = Way("krm-injector inject", sys.executable, comparison.ours)


def rows() -> dict[str, list[str]]:
    """The measured table: by way, its cells."""
    table = PAGE.partition(comparison.BEGIN)[2].partition(comparison.END)[0]
    lines = [line.strip("| ").split(" | ") for line in table.splitlines() if " of " in line]
    return {name: cells for name, *cells in lines}


def document(kind: str, name: str, containers: list[str], labels: Any = None) -> Any:
    pod = {"metadata": {"labels": labels or {}}}
    template = {**pod, "spec": {"containers": [{"name": each} for each in containers]}}
    metadata = {"name": name, "namespace": "shop"}
    return {"kind": kind, "metadata": metadata, "spec": {"template": template}}


def text(*documents: Any) -> str:
    return "---\n".join(map(yaml.safe_dump, documents))


def test_what_is_counted(tmp_path: Path) -> None:
    web, job = document("Deployment", "web", ["app"]), document("Job", "job", ["app"])
    service = {"kind": "Service", "metadata": {"name": "web", "namespace": "shop"}}
    manifests = tmp_path / "all.yaml"
    manifests.write_text(text(web, job, service))
    found = cases.documents(manifests)
    case = Case(manifests, found, cases.Mesh("", "", "", []), {}, tmp_path)
    injected = document("Deployment", "web", ["app", "istio-proxy"])
    told = {
        ("Deployment", "shop", "web"): cases.Answer(
            True, cases.canonical(cases.template(injected))
        ),
        ("Job", "shop", "job"): cases.Answer(False, cases.canonical(cases.template(job))),
    }
    same = comparison.judged(case, told, text(injected, job, service))
    assert same == Judged(asked=2, verdicts=2, injected=1, pods=1, kept=2, plain=2)
    # Injected, but not as the webhook does it; the Job too; the Service is written in another way.
    other = document("Deployment", "web", ["istio-proxy", "app"])
    wrong = document("Job", "job", ["app", "istio-proxy"])
    differs = comparison.judged(case, told, text(other, wrong) + "---\n" + str(service))
    assert differs == Judged(asked=2, verdicts=1, injected=1, pods=0, kept=0, plain=2)
    # A workload that is gone is no right answer.
    assert comparison.judged(case, told, text(service)).verdicts == 0


def test_what_says_nothing_does_not_count() -> None:
    pod = document("Deployment", "web", ["app"])["spec"]["template"]
    labels = {"app": "web", "pod-template-hash": "7f"}
    told = {"metadata": {"labels": labels, "annotations": None}, "spec": {**pod["spec"], "a": {}}}
    assert cases.canonical(told) == {
        "metadata": {"labels": {"app": "web"}},
        "spec": {"containers": [{"name": "app"}]},
    }


@pytest.mark.parametrize("bundle", ["optin", "policy"])
def test_every_pod_is_the_webhook_s(bundle: str, tmp_path: Path) -> None:
    needs(comparison.MESH)
    mesh = cases.mesh_of(cases.documents(comparison.MESH))
    path = ROOT / "tests" / "bundles" / f"{bundle}.yaml"
    case = comparison.case_of(path, mesh, {}, tmp_path)
    told = cases.answers(webhook_oracle(), mesh, case.found, tmp_path)
    ours = comparison.judged(case, told, comparison.printed(OURS, case))
    assert ours.asked and ours.injected
    assert (ours.verdicts, ours.pods, ours.kept) == (ours.asked, ours.injected, ours.plain)


def test_kube_inject_asks_no_namespace(tmp_path: Path) -> None:
    """As the page says: it injects what it is given."""
    needs(comparison.MESH)
    needs_program("istioctl")
    mesh = cases.mesh_of(cases.documents(comparison.MESH))
    case = comparison.case_of(ROOT / "tests" / "bundles" / "optin.yaml", mesh, {}, tmp_path)
    told = cases.answers(webhook_oracle(), mesh, case.found, tmp_path)
    way = Way("istioctl kube-inject", "istioctl", comparison.kube_inject)
    theirs = comparison.judged(case, told, comparison.printed(way, case))
    assert theirs.verdicts < theirs.asked
    assert theirs.pods == theirs.injected


def test_the_page_says_what_was_measured() -> None:
    found = rows()
    assert next(iter(found)) == OURS.name and len(found) == 5
    for cells in found.values():
        for cell in cells[:3]:
            right, asked = map(int, re.findall(r"\d+", cell))
            assert right <= asked
    verdicts, pods, kept = (re.findall(r"\d+", cell) for cell in found[OURS.name][:3])
    assert len({*verdicts}) == len({*pods}) == len({*kept}) == 1
    assert f"the {verdicts[0]} workloads" in PAGE and f"of the {pods[0]} that" in PAGE
