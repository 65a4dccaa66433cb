"""explain and the function check tell what policies do."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Any

import builders
import pytest
from judging.admission.cases import NEEDS_CEL, NS, binding, deployment, policy

from krm_injector.cli import program
from krm_injector.kube.yaml import dump, load

pytestmark = NEEDS_CEL
NO_INIT = "!has(object.spec.initContainers)"


def test_explain_reads_policies_from_the_context(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "app.yaml").write_text(dump(NS) + "---\n" + dump(deployment()))
    (tmp_path / "rules").mkdir()
    rules = [policy(NO_INIT), binding()]
    (tmp_path / "rules" / "rules.yaml").write_text("---\n".join(map(dump, rules)))
    words = ["explain", str(tmp_path / "app.yaml"), "--output", "json"]
    assert program.run([*words, "--context", str(tmp_path / "rules")]) == 0
    told = capsys.readouterr()
    (workload,) = json.loads(told.out)["workloads"]
    (warning,) = [each for each in workload["warnings"] if each["code"] == "admission-denied"]
    assert warning["severity"] == "warning" and "refuses its pods" in warning["message"]
    assert "[admission-denied]" in told.err


@pytest.mark.parametrize(("severity", "status"), [("warning", 0), ("error", 1)])
def test_the_function_check_evaluates_the_policies_of_the_list(
    severity: str,
    status: int,
    monkeypatch: pytest.MonkeyPatch,
    capsysbinary: pytest.CaptureFixture[bytes],
) -> None:
    items = [NS, policy(NO_INIT), binding(), deployment()]
    config: Any = builders.config("InjectionCheck", severities={"admission-denied": severity})
    value = {
        "apiVersion": "config.kubernetes.io/v1",
        "kind": "ResourceList",
        "functionConfig": config,
        "items": items,
    }
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(dump(value).encode())))
    assert program.run([]) == status
    answer: Any = load(capsysbinary.readouterr().out.decode())
    codes = {each.get("tags", {}).get("code"): each for each in answer["results"]}
    assert codes["admission-denied"]["severity"] == severity
    assert codes["admission-denied"]["resourceRef"]["name"] == "web"
