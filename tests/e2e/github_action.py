"""action.yml: the step that runs krm-injector, as GitHub's runner starts it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml
from paths import ROOT

ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text())


def script() -> str:
    (step,) = [step for step in ACTION["runs"]["steps"] if step.get("id") == "run"]
    return str(step["run"])


def environment(runner: Path, **inputs: str) -> dict[str, str]:
    """The variables of the step, and those of the runner, whose files are in a directory."""
    (step,) = [step for step in ACTION["runs"]["steps"] if step.get("id") == "run"]
    values = {f"inputs.{name}": each.get("default", "") for name, each in ACTION["inputs"].items()}
    values |= {f"inputs.{name}": value for name, value in inputs.items()}
    values |= {"github.action_repository": "OWNER/krm-injector", "github.action_ref": "v1"}
    own = {
        name: re.sub(r"\$\{\{ ([a-z_.-]+) \}\}", lambda match: values[match[1]], value)
        for name, value in step["env"].items()
    }
    runner.mkdir(exist_ok=True)
    return {
        **own,
        "GITHUB_ACTION_PATH": str(ROOT),
        "GITHUB_SERVER_URL": "https://git.example",
        "GITHUB_OUTPUT": str(runner / "output"),
        "GITHUB_STEP_SUMMARY": str(runner / "summary.md"),
        "RUNNER_TEMP": str(runner),
    }
