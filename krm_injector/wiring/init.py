"""init: writes the wiring that an orchestrator needs into a directory, and never over what is
there.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable

from krm_injector.model import Refused, Result
from krm_injector.wiring.stated import NOTHING
from krm_injector.writing import together
from krm_injector.writing.together import Change

TYPE_CHECKING = False
if TYPE_CHECKING:
    from krm_injector.wiring.plan import File, Plan
    from krm_injector.wiring.stated import Stated


def _kustomize(directory: str, image: str | None, stated: Stated) -> Plan:
    from krm_injector.wiring import kustomize

    return kustomize.plan(directory, image, stated)


def _kpt(directory: str, image: str | None, stated: Stated) -> Plan:
    from krm_injector.wiring import kpt

    return kpt.plan(directory, image, stated)


def _argocd(directory: str, image: str | None, stated: Stated) -> Plan:
    from krm_injector.wiring import argocd

    return argocd.plan(directory, image, stated)


def _helm(directory: str, image: str | None, stated: Stated) -> Plan:
    from krm_injector.wiring import helm

    return helm.plan(directory, image, stated)


def _pre_commit(directory: str, image: str | None, stated: Stated) -> Plan:
    from krm_injector.wiring import pre_commit

    return pre_commit.plan(directory, image)


def _github_action(directory: str, image: str | None, stated: Stated) -> Plan:
    from krm_injector.wiring import github_action

    return github_action.plan(directory, image)


# What can be wired: its name on the command line -> its plan, of the directory, --image and what
# the other options state.
TARGETS: dict[str, Callable[[str, str | None, Stated], Plan]] = {
    "kustomize": _kustomize,
    "kpt": _kpt,
    "argocd": _argocd,
    "helm": _helm,
    "pre-commit": _pre_commit,
    "github-action": _github_action,
}


def _nothing() -> None:
    pass


def run(
    target: str,
    directory: str,
    image: str | None,
    stated: Stated = NOTHING,
    begin: Callable[[], object] = _nothing,
) -> str:
    """Write what the target needs; the text says what was written and what to type next. Raises
    Refused.
    """
    refuse_unwritable(target, directory)
    plan = TARGETS[target](directory, image, stated)
    write(directory, plan.files, begin)
    return _report(plan, directory, stated.notes(directory))


def refuse_unwritable(target: str, directory: str) -> None:
    """Raises Refused if there is no such target or directory."""
    if target not in TARGETS:
        from krm_injector.function_config.report import nearest

        near = nearest(target, list(TARGETS))
        hint = f"did you mean {near}?" if near else f"it knows {', '.join(TARGETS)}"
        message = f"init knows no {target!r}; {hint}"
        raise Refused(Result("error", message, code="init-target"))

    if not os.path.isdir(directory):
        problem = "is not a directory" if os.path.exists(directory) else "does not exist"
        message = f"{directory} {problem}"
        raise Refused(Result("error", message, file=directory, code="input-unreadable"))


# ---------------------------------------------------------------- writing


def write(directory: str, files: Iterable[File], begin: Callable[[], object] = _nothing) -> None:
    """Writes all files, or none of them. Raises Refused; then all is as it was. ``begin`` is called
    when files begin to change.
    """
    changes = [
        Change(
            os.path.join(directory, file.path),
            file.text.encode(),
            None if file.before is None else file.before.encode(),
        )
        for file in files
    ]
    together.put(changes, directory, begin)


# ---------------------------------------------------------------- what people read


def _report(plan: Plan, directory: str, notes: tuple[str, ...]) -> str:
    """What was written, the notes, and the commands to type next."""
    import shlex

    text = "".join(_shown(file, directory) for file in plan.files)
    if not plan.files:
        text = "nothing to write: it is all there already\n"

    text += "".join(f"\n{note}\n" for note in (*plan.notes, *notes))
    text += "\nnext:\n"
    if os.path.normpath(directory) != ".":
        text += f"  cd {shlex.quote(directory)}\n"

    return text + "".join(f"  {command}\n" for command in plan.commands)


def _shown(file: File, directory: str) -> str:
    """A new file as a whole, of one that was there the lines that are new."""
    path = os.path.join(directory, file.path)
    lines = _lines(file.text)
    if file.before is None:
        return f"wrote {path}:\n" + "".join(f"  {line}\n" for line in lines)

    new = _new_lines(_lines(file.before), lines)
    return f"added to {path}:\n" + "".join(f"  + {line}\n" for line in new)


def _lines(text: str) -> list[str]:
    return text.removeprefix("\ufeff").splitlines()


def _new_lines(before: list[str], after: list[str]) -> list[str]:
    import difflib

    matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
    new: list[str] = []
    for operation, _, _, start, end in matcher.get_opcodes():
        if operation != "equal":
            new += after[start:end]

    return new
