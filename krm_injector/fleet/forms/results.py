"""The results of many targets, for stderr and --results: each with the name of its target, and one
result where many targets say the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from krm_injector.fleet.model import Report, TargetResult
from krm_injector.model import Result
from krm_injector.named_tuple import NamedTuple
from krm_injector.results import counted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_FIRST_NAMES = 3  # of the targets that say the same
_MOST_OF_CODE = 3  # warnings, and notes, of one code
_PATH = "\0"  # what stands for a target's own path: no message has it


class Group(NamedTuple):
    """What several targets say."""

    targets: tuple[str, ...]
    result: Result  # of the first of them

    @property
    def message(self) -> str:
        """With resource, file and field in front, unless the message has them, as on stderr."""
        result = self.result
        places = (str(result.resource) if result.resource else "", result.file, result.field)
        prefix = "".join(f"{place}: " for place in places if place and place not in result.message)
        return prefix + result.message


def has_errors(result: TargetResult) -> bool:
    return bool(result.code) or any(each.severity == "error" for each in result.results)


def of_report(report: Report, verbose: bool = False, every: bool = False) -> tuple[Result, ...]:
    """What a run has to say: about the fleet, about the run, and about its targets.

    verbose: name all targets that say the same. every: all results, not the first few of each code
    (errors are never left out).
    """
    paths = {target.name: target.path for target in report.fleet.targets}
    told = of_targets(report.results, paths, verbose, every or verbose)
    return (*report.fleet.results, *report.notes, *told)


def of_targets(
    results: Iterable[TargetResult],
    paths: Mapping[str, str] | None = None,
    verbose: bool = False,
    every: bool = True,
) -> tuple[Result, ...]:
    """The results of targets, in their order; what many targets say comes with the first of them.

    paths: the directory of each target. Two results that differ only in it say the same.
    """
    told = [_one(group, verbose) for group in groups(results, paths or {})]
    return tuple(told) if every else tuple(_first_of_each_code(told))


def groups(results: Iterable[TargetResult], paths: Mapping[str, str]) -> list[Group]:
    """The results of targets, equal ones together, in the order of the first of them."""
    targets: dict[tuple[Any, ...], list[str]] = {}
    first: dict[tuple[Any, ...], Result] = {}
    for target in results:
        path = paths.get(target.name, "")
        for result in target.results:
            key = _key(result, path)
            first.setdefault(key, result)
            names = targets.setdefault(key, [])
            if names[-1:] != [target.name]:
                names.append(target.name)

    return [Group(tuple(names), first[key]) for key, names in targets.items()]


def _key(result: Result, path: str) -> tuple[Any, ...]:
    """Equal for results that say the same."""
    texts = (result.message, result.file, str(result.resource), result.field)
    return (
        result.severity,
        result.code,
        *(_without(text, path) for text in texts),
        result.index,
    )


def _without(text: str, path: str) -> str:
    # "." is everywhere, and no name of a target's own.
    return text.replace(path, _PATH) if len(path) > 1 else text


def _one(group: Group, verbose: bool) -> Result:
    """The result with its targets' names in front, then resource, file and field: there a reader
    looks for them.
    """
    names, more = _names(group.targets, verbose)
    return group.result._replace(message=f"{names}: {group.message}{more}")


def _names(targets: Sequence[str], verbose: bool) -> tuple[str, str]:
    """What stands before the message, and what behind it."""
    if len(targets) == 1:
        return targets[0], ""

    count = counted(len(targets), "target")
    if verbose:
        return f"in {count}", "".join(f"\n{name}" for name in targets)

    hidden = len(targets) - _FIRST_NAMES
    named = ", ".join(targets[:_FIRST_NAMES])
    return f"in {count} ({named}{f' and {hidden:,} more' if hidden > 0 else ''})", ""


def _first_of_each_code(results: Iterable[Result]) -> list[Result]:
    """Errors, and the first few of each other code with how many more there are."""
    counts: dict[str, int] = {}
    last: dict[str, int] = {}  # code -> index of its last shown result
    shown: list[Result] = []
    for result in results:
        if result.severity != "error" and result.code:
            counts[result.code] = counts.get(result.code, 0) + 1
            if counts[result.code] > _MOST_OF_CODE:
                continue
            last[result.code] = len(shown)

        shown.append(result)

    for code, index in last.items():
        hidden = counts[code] - _MOST_OF_CODE
        if hidden > 0:
            more = f"... and {hidden:,} more [{code}]; -v and --results show all"
            shown[index] = shown[index]._replace(message=f"{shown[index].message}\n{more}")

    return shown
