"""Both layers of selection against the real 1.30.3 webhook: which webhooks match, and whether the
pod is injected.
"""

from __future__ import annotations

import json
import lzma
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from builders import objects_bundle
from outside import needs, webhook_oracle
from paths import DIFFERENTIAL, RANDOM_CASES, SHARED
from presenting.explanations import rendered

from krm_injector.decision.decide import decide_all
from krm_injector.discovery.discover import discover
from krm_injector.function_config import Settings
from krm_injector.kube import yaml
from krm_injector.presenting import explain

SEED, FRESH = 20261123, 1000


def differences(lines: Iterable[str]) -> tuple[int, list[str]]:
    """How many cases, and those in which the verdict or the list of matching webhooks is another
    than Istio's.
    """
    meshes: dict[str, list[Any]] = {}
    count, found = 0, []
    for line in lines:
        case = json.loads(line)
        name = case["mesh"]
        if name not in meshes:
            documents = yaml.load_all((DIFFERENTIAL / "mesh" / f"{name}.yaml").read_text())
            meshes[name] = [document.value for document in documents]
        workload = yaml.load(case["workload"])
        workload["metadata"]["namespace"] = case["namespace"]
        metadata = {"name": case["namespace"], "labels": case["ns_labels"]}
        namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}
        bundle = objects_bundle((*meshes[name], namespace, workload))
        settings = Settings(native_sidecars=case["native_sidecars"])
        seen = discover(bundle, settings)
        assert not [result for result in seen.results if result.severity == "error"]
        (decision,) = decide_all(seen.workloads, seen.namespaces, seen.meshes, settings)
        count += 1
        # A pod that was selected and then refused (a template that fails) counts as selected.
        expected = (sorted(case["matched"]), bool(case["injected"] or case["error"]))
        if (sorted(decision.webhooks), decision.injected) != expected or decision.results:
            found.append(
                f"{case['id']}: expected {expected}, got {decision.webhooks} {decision.detail}"
            )
        (told,) = json.loads(rendered("json", seen.meshes, explain.entries([decision], {})))[
            "workloads"
        ]
        if (sorted(told["webhooks"]), told["injected"]) != expected:
            found.append(f"{case['id']}: explain says otherwise: {told}")
    return count, found


def test_stored_random_cases_are_decided_as_by_the_real_webhook() -> None:
    with lzma.open(needs(RANDOM_CASES), "rt") as lines:
        assert differences(lines) == (400, [])


@pytest.mark.slow
def test_fresh_random_cases_are_decided_as_by_the_real_webhook(tmp_path: Path) -> None:
    maker = needs(SHARED / "istio" / "random_cases.py")
    oracle = webhook_oracle()
    out = tmp_path / "cases.jsonl"
    subprocess.run(
        [sys.executable, maker, str(SEED), str(FRESH), out, "--oracle", oracle], check=True
    )
    assert differences(out.read_text().splitlines()) == (FRESH, [])
