"""init: writes the wiring that an orchestrator needs into a directory, and never over what is
there.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING

from krm_injector.model import Refused, Result

if TYPE_CHECKING:
    from krm_injector.wiring.plan import File, Plan


def _kustomize(directory: str, image: str | None) -> Plan:
    from krm_injector.wiring import kustomize

    return kustomize.plan(directory, image)


def _kpt(directory: str, image: str | None) -> Plan:
    from krm_injector.wiring import kpt

    return kpt.plan(directory, image)


def _argocd(directory: str, image: str | None) -> Plan:
    from krm_injector.wiring import argocd

    return argocd.plan(directory, image)


def _helm(directory: str, image: str | None) -> Plan:
    from krm_injector.wiring import helm

    return helm.plan(directory, image)


def _pre_commit(directory: str, image: str | None) -> Plan:
    from krm_injector.wiring import pre_commit

    return pre_commit.plan(directory, image)


def _github_action(directory: str, image: str | None) -> Plan:
    from krm_injector.wiring import github_action

    return github_action.plan(directory, image)


# What can be wired: its name on the command line, and who plans it (directory, --image) -> Plan.
TARGETS: dict[str, Callable[[str, str | None], Plan]] = {
    "kustomize": _kustomize,
    "kpt": _kpt,
    "argocd": _argocd,
    "helm": _helm,
    "pre-commit": _pre_commit,
    "github-action": _github_action,
}


def run(target: str, directory: str, image: str | None) -> str:
    """Write what the target needs; the text says what was written and what to type next. Raises
    Refused.
    """
    if target not in TARGETS:
        message = f"init knows no {target!r}; it knows {', '.join(TARGETS)}"
        raise Refused(Result("error", message, code="init-target"))

    if not os.path.isdir(directory):
        message = (
            f"{directory} {'is not a directory' if os.path.exists(directory) else 'does not exist'}"
        )
        raise Refused(Result("error", message, file=directory, code="input-unreadable"))

    plan = TARGETS[target](directory, image)
    for file in plan.files:
        _write(directory, file)

    return _told(plan, directory)


def _write(directory: str, file: File) -> None:
    """A new file must not be there yet; one that is changed is replaced in one step, so that it is
    never half.
    """
    path = os.path.join(directory, file.path)
    mode = 0o755 if file.executable else 0o644
    try:
        os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
        if file.before is None:
            _put(path, file.text, mode)
            return

        path = os.path.realpath(path)
        mode, kept, path = os.stat(path).st_mode & 0o777, path, path + ".new"
        _put(path, file.text, mode)
        os.replace(path, kept)
    except OSError as problem:
        message = f"{path} cannot be written: {problem.strerror or problem}"
        raise Refused(Result("error", message, file=path, code="output-unwritable")) from None


def _put(path: str, text: str, mode: int) -> None:
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(text.encode())


def _told(plan: Plan, directory: str) -> str:
    import shlex

    text = ""
    for file in plan.files:
        lines = file.text.removeprefix("\ufeff").splitlines()
        if file.before is None:
            text += f"wrote {os.path.join(directory, file.path)}:\n" + "".join(
                f"  {line}\n" for line in lines
            )
        else:
            text += f"added to {os.path.join(directory, file.path)}:\n" + _new_lines(
                file.before, lines
            )

    if not plan.files:
        text += "nothing to write: it is all there already\n"

    text += "".join(f"\n{note}\n" for note in plan.notes)
    there = os.path.normpath(directory) == "."
    before = "" if there else f"  cd {shlex.quote(directory)}\n"
    return text + "\nnext:\n" + before + "".join(f"  {command}\n" for command in plan.commands)


def _new_lines(before: str, after: list[str]) -> str:
    """The lines that are new, each with the line above the first of a run."""
    import difflib

    old = before.removeprefix("\ufeff").splitlines()
    shown = ""
    for kind, _, _, start, end in difflib.SequenceMatcher(
        None, old, after, autojunk=False
    ).get_opcodes():
        if kind != "equal":
            shown += "".join(f"  + {line}\n" for line in after[start:end])

    return shown
