"""pre-commit: a hook that verifies committed manifests, with the krm-injector on PATH."""

from __future__ import annotations

from krm_injector.wiring import verification
from krm_injector.wiring.plan import Plan, added, listed, new, present

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

FILE = ".pre-commit-config.yaml"
HOOK = "krm-injector-verify"
TITLE = "Istio sidecars are what injection gives"
LINES = f"""\
repos:
- repo: local
  hooks:
  - id: {HOOK}
    name: {TITLE}
    entry: %s
    language: system
    types_or: [yaml, json]
    pass_filenames: false
"""
NOTE = (
    "The hook reads what is committed injected: name the directory of rendered manifests in "
    "entry, where it is not ."
)


def plan(directory: str, image: str | None) -> Plan:
    command, note = verification.command(directory)
    lines = LINES % command
    text = present(directory, FILE)
    if text is None:
        files = new(directory, FILE, lines)
    else:
        files = added(FILE, text, lambda value: _with_hook(value, command), lines)

    return Plan(files, ("pre-commit install", "pre-commit run --all-files"), (note or NOTE,))


def _with_hook(value: dict[str, Any], command: str) -> dict[str, Any]:
    """The configuration with our hook behind the others; as it is where ours is among them."""
    repos = listed(value, "repos")
    if any(map(_has_hook, repos)):
        return value

    hook = {
        "id": HOOK,
        "name": TITLE,
        "entry": command,
        "language": "system",
        "types_or": ["yaml", "json"],
        "pass_filenames": False,
    }
    return {**value, "repos": [*repos, {"repo": "local", "hooks": [hook]}]}


def _has_hook(repo: Any) -> bool:
    hooks = repo.get("hooks") if isinstance(repo, dict) else None
    return any(isinstance(hook, dict) and hook.get("id") == HOOK for hook in hooks or ())
