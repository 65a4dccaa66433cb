"""What a run that was killed has left, for commands that change several files together."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

from krm_injector.model import Refused, Result
from krm_injector.sources import files
from krm_injector.writing import journal


def restored(paths: Sequence[str]) -> tuple[Result, ...]:
    """Puts back what a run that was killed has changed. Raises Refused."""
    directories = [
        folder
        for path in paths
        for folder in (_below(path) if os.path.isdir(path) else [os.path.dirname(path)])
    ]
    try:
        done = journal.restore(directories, paths)
    except OSError as problem:
        name = files.shown(str(problem.filename or paths[0]))
        message = (
            f"{name}: what a run that was killed has changed cannot be put back: {problem.strerror}"
        )
        raise Refused(Result("error", message, file=name, code="output-unwritable")) from None

    told = [_put_back(path) for path in done.back]
    told += [_changed_since(path, old) for path, old in done.kept]
    if done.foreign:
        raise Refused(*told, *(_elsewhere(name, path) for name, path in done.foreign))
    return tuple(told)


def _below(directory: str) -> Iterator[str]:
    for folder, folders, _ in os.walk(directory):
        folders[:] = [name for name in folders if not name.startswith(".")]
        yield folder


def _put_back(path: str) -> Result:
    shown = files.shown(os.path.relpath(path))
    message = f"{shown} was put back first: a run that was killed had changed it"
    return Result("warning", message, file=shown, code="output-recovered")


def _changed_since(path: str, old: str) -> Result:
    shown, earlier = files.shown(os.path.relpath(path)), files.shown(os.path.relpath(old))
    message = (
        f"{shown} was changed after a run that was killed; what it was before is in {earlier}. "
        f"Compare them, then remove {earlier}"
    )
    return Result("warning", message, file=shown, code="output-recovered")


def _elsewhere(name: str, path: str) -> Result:
    shown, other = files.shown(name), files.shown(os.path.relpath(path))
    message = (
        f"{shown} was left by a run that was killed and that was about {other} too. Name that path "
        f"too, so that its files are put back; or, if they are as they should be, remove {shown}"
    )
    return Result("error", message, file=shown, code="output-recovered")
