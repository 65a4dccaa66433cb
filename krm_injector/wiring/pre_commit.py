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
    entry: %s
    language: system
    types_or: [yaml, json]
    pass_filenames: false
"""
NOTE = "The hook reads what is committed injected: name the directory of rendered manifests in entry, where it is not ."


def plan(directory: str, image: str | None) -> Plan:
    command, note = plans.verification(directory)
    text = plans.present(directory, FILE)
    lines = LINES % command
    if text is None:
        files = plans.new(directory, FILE, lines)
    else:
        files = plans.added(FILE, text, lambda value: _with_hook(value, command), lines)

    notes = (note or NOTE,)
    return Plan(files, ("pre-commit install", "pre-commit run --all-files"), notes)


def _with_hook(value: dict[str, Any], command: str) -> dict[str, Any]:
    repos = plans.listed(value, "repos")
    for repo in repos:
        hooks = repo.get("hooks") if isinstance(repo, dict) else None
        if any(isinstance(hook, dict) and hook.get("id") == HOOK for hook in hooks or ()):
            return value

    hook = {
        "id": HOOK,
        "name": "Istio sidecars are what injection gives",
        "entry": command,
        "language": "system",
        "types_or": ["yaml", "json"],
        "pass_filenames": False,
    }
    return {**value, "repos": [*repos, {"repo": "local", "hooks": [hook]}]}
