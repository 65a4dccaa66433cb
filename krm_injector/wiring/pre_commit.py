"""pre-commit: a hook that verifies committed manifests, with the krm-injector on PATH."""

from __future__ import annotations

from typing import Any

from krm_injector.wiring import plan as plans
from krm_injector.wiring.plan import Plan

FILE = ".pre-commit-config.yaml"
HOOK = "krm-injector-verify"
LINES = f"""\
repos:
- repo: local
  hooks:
  - id: {HOOK}
    name: Istio sidecars are what injection gives
    entry: krm-injector verify .
    language: system
    types_or: [yaml, json]
    pass_filenames: false
"""
NOTE = "The hook reads what is committed injected: name the directory of rendered manifests in entry, where it is not ."


def plan(directory: str, image: str | None) -> Plan:
    text = plans.present(directory, FILE)
    files = plans.new(directory, FILE, LINES) if text is None else plans.added(FILE, text, _with_hook, LINES)
    return Plan(files, ("pre-commit install", "pre-commit run --all-files"), (NOTE,))


def _with_hook(value: dict[str, Any]) -> dict[str, Any]:
    repos = plans.listed(value, "repos")
    for repo in repos:
        hooks = repo.get("hooks") if isinstance(repo, dict) else None
        if any(isinstance(hook, dict) and hook.get("id") == HOOK for hook in hooks or ()):
            return value
    hook = {
        "id": HOOK,
        "name": "Istio sidecars are what injection gives",
        "entry": "krm-injector verify .",
        "language": "system",
        "types_or": ["yaml", "json"],
        "pass_filenames": False,
    }
    return {**value, "repos": [*repos, {"repo": "local", "hooks": [hook]}]}
