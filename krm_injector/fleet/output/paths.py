"""Targets' names -> paths below the output directory, no two of which are in each other's way."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence

from krm_injector.fleet.model import Fleet, Target
from krm_injector.fleet.output.index import OWN_PREFIX
from krm_injector.model import Refused, Result

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal

    Layout = Literal["file", "directory"]

_MOST = 8  # targets, to say the same about
_READS_EVERYTHING = ("directory", "package")  # kinds of targets that read all files below them


def path_of(name: str, layout: Layout) -> str:
    """The file or the directory of a target, with "/", relative to the output directory."""
    return f"{name}.yaml" if layout == "file" else name


def layout_of(stated: str | None) -> Layout | None:
    """--layout; None: that of the last run."""
    return "directory" if stated == "directory" else "file" if stated else None


def roots_of(paths: Sequence[str], fleet_file: str | None) -> tuple[str, ...]:
    """What the targets of a run come from: the roots, and a fleet file that is named."""
    return (*(paths or (".",)), *((fleet_file,) if fleet_file else ()))


def is_whole(fleet: Fleet, chosen: bool) -> bool:
    """Whether there are no other targets than those of the fleet, so that what is written of others
    is left over. What could not be read may have been one. ``chosen``: --only or --cluster have
    left some out.
    """
    unknown = (
        result.severity == "error" or result.code.endswith("-unread") for result in fleet.results
    )
    return not chosen and not any(unknown)


def is_path(path: str) -> bool:
    """Whether a path leads to something below the directory that it is relative to."""
    parts = path.split("/")
    if any(part in ("", ".", "..") for part in parts) or not path.isprintable():
        return False
    return "\\" not in path and not parts[0].startswith(OWN_PREFIX)


def refuse_clashes(names: Sequence[str], layout: Layout) -> None:
    """Raises Refused for names that are no paths, and for those that would be written to one
    place.
    """
    problems = [_no_path(name) for name in names if not is_path(name)]
    problems += _clashes([name for name in names if is_path(name)], layout)
    if problems:
        raise Refused(*problems)


def _no_path(name: str) -> Result:
    message = (
        f"the target {name!r} cannot be written: its name is to be a path below the output "
        f"directory, without . or .. in it, and may not begin with {OWN_PREFIX}. Give it another "
        "name in the fleet file"
    )
    return Result("error", message, code="fleet-output-name")


def _clashes(names: Sequence[str], layout: Layout) -> Iterator[Result]:
    written: dict[str, str] = {}  # path as a file system may see it -> name of the target
    for name in names:
        other = written.setdefault(folded(path_of(name, layout)), name)
        if other != name:
            yield _clash(name, other, f"both are written to {path_of(name, layout)}")

    for name in names:
        path = folded(path_of(name, layout))
        for end in (index for index, letter in enumerate(path) if letter == "/"):
            above = written.get(path[:end])
            if above is not None:
                place = path_of(above, layout)
                yield _clash(name, above, f"{path_of(name, layout)} would be inside of {place}")


def _clash(name: str, other: str, reason: str) -> Result:
    message = (
        f"the targets {other} and {name} are in each other's way: {reason}. Name one of them "
        "otherwise in the fleet file, or use another --layout"
    )
    return Result("error", message, code="fleet-output-clash")


def folded(path: str) -> str:
    """A path as file systems compare it that know no case, or only composed letters."""
    if path.isascii():
        return path.lower()

    import unicodedata

    return unicodedata.normalize("NFC", path).casefold()


def refuse_inputs(directory: str, targets: Iterable[Target]) -> None:
    """Raises Refused if the output would be read as input: the next run would take it for more
    manifests.
    """
    output = os.path.realpath(directory)
    problems = []
    for target in targets:
        path = os.path.realpath(target.path)
        if _is_in(path, output):
            reason = f"{target.path}, which the target {target.name} is rendered from, is in it"
        elif target.kind in _READS_EVERYTHING and _is_in(output, path):
            reason = f"the target {target.name} reads every file below {target.path}"
        else:
            continue

        message = f"--output {directory} cannot be used: {reason}. Name another directory"
        problems.append(Result("error", message, file=directory, code="fleet-output-inside"))

    if problems:
        raise Refused(*problems[:_MOST])


def _is_in(path: str, directory: str) -> bool:
    return path == directory or path.startswith(directory.rstrip(os.sep) + os.sep)
