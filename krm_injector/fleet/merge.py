"""The reports of all shards -> the report of the run that they are the parts of.

Only what belongs together is joined: the same targets, options and number of shards, each shard
once. A join that lacks a part would say of its targets that they are fine.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from krm_injector.fleet.model import Fleet, Report
from krm_injector.model import Refused, Result
from krm_injector.named_tuple import NamedTuple
from krm_injector.results import counted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

FILES = "files"
"""The option of a report of `fleet build` that counts the files written, unchanged and removed:
each shard has its own.
"""
_MOST_NAMED = 5


class Part(NamedTuple):
    """A report, and the file in which it is."""

    file: str
    report: Report


def merge(parts: Sequence[Part]) -> Report:
    """The joined report. Raises Refused with everything that does not fit."""
    problems = list(_unlike(parts)) or [*_wrong_shards(parts), *_wrong_targets(parts)]
    if problems:
        raise Refused(*problems)

    first = parts[0].report
    in_order = [part.report for part in sorted(parts, key=lambda part: part.report.shard)]
    by_name = {result.name: result for report in in_order for result in report.results}
    results = tuple(by_name[each.name] for each in first.fleet.targets if each.name in by_name)
    notes = dict.fromkeys(_Note(note) for report in in_order for note in report.notes)
    return first._replace(
        results=results,
        shard=(1, 1),
        options=_joined_options(in_order),
        notes=tuple(note.result for note in notes),
    )


class _Note:
    """A note that equals another one with the same words: all shards say some of them."""

    def __init__(self, result: Result) -> None:
        self.result = result
        self._said = (result.severity, result.code, result.message, result.file, result.field)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Note) and self._said == other._said

    def __hash__(self) -> int:
        return hash(self._said)


def _joined_options(reports: Sequence[Report]) -> dict[str, Any]:
    options = dict(reports[0].options)
    if FILES in options:
        columns = zip(*(report.options[FILES] for report in reports), strict=True)
        options[FILES] = [sum(column) for column in columns]
    return options


# ---------------------------------------------------------------- what does not fit


def _unlike(parts: Sequence[Part]) -> Iterator[Result]:
    """An error for each report that is of another run than the first one."""
    first = parts[0]
    for part in parts[1:]:
        difference = _difference(first.report, part.report)
        if difference:
            yield _error(
                f"{part.file} is of another run than {first.file}: {difference}; run all shards "
                "from one commit with the same options",
                part.file,
            )


def _difference(one: Report, other: Report) -> str:
    """In what two reports are of different runs; "" if they are of one."""
    if one.command != other.command:
        return f"it is of fleet {other.command}, not of fleet {one.command}"

    if one.shard[1] != other.shard[1]:
        return f"it is one of {other.shard[1]} shards, not of {one.shard[1]}"

    if _digest(one.fleet) != _digest(other.fleet):
        return _other_targets(one, other)

    options, others = _compared(one), _compared(other)
    unlike = sorted(name for name in {*options, *others} if options.get(name) != others.get(name))
    if unlike:
        return f"other values for {', '.join(unlike)}"

    if one.untouched != other.untouched:
        return "other targets are untouched since --changed-since"
    return ""


def _compared(report: Report) -> dict[str, Any]:
    return {name: value for name, value in report.options.items() if name != FILES}


def _digest(fleet: Fleet) -> str:
    import hashlib

    from krm_injector.fleet import serial

    return hashlib.sha256(serial.to_json(fleet).encode()).hexdigest()


def _other_targets(one: Report, other: Report) -> str:
    mine = {each.name for each in one.fleet.targets}
    others = {each.name for each in other.fleet.targets}
    unlike = sorted(mine ^ others)
    if unlike:
        return f"its targets are others: {_named(unlike)} {_are(unlike)} in one of them only"
    return "its targets have the same names, and are not the same"


def _wrong_shards(parts: Sequence[Part]) -> Iterator[Result]:
    """An error for each shard that is there twice, or not at all."""
    count = parts[0].report.shard[1]
    files: dict[int, list[str]] = {}
    for part in parts:
        files.setdefault(part.report.shard[0], []).append(part.file)

    for number, named in sorted(files.items()):
        if len(named) > 1:
            message = f"shard {number} of {count} is there {len(named)} times: {_named(named)}"
            yield _error(f"{message}; name the report of each shard once", named[1])

    missing = [number for number in range(1, count + 1) if number not in files]
    if missing:
        shards = ", ".join(map(str, missing))
        shown = (
            f"shard {shards} of {count} is" if len(missing) == 1 else f"of {count}, {shards} are"
        )
        yield _error(f"a report is missing: {shown} not among the files", parts[0].file)


def _wrong_targets(parts: Sequence[Part]) -> Iterator[Result]:
    """An error if targets are in two shards, or in none although all shards are there."""
    first = parts[0].report
    holders: dict[str, list[str]] = {}
    for part in parts:
        for result in part.report.results:
            holders.setdefault(result.name, []).append(part.file)

    twice = sorted(name for name, files in holders.items() if len(files) > 1)
    if twice and not _repeated(parts):
        files = sorted(set(holders[twice[0]]))
        yield _error(
            f"{counted(len(twice), 'target')} {_are(twice)} in two shards, as {twice[0]} in "
            f"{_named(files)}: the shards were made with other --costs, or from other files",
            files[-1],
        )

    expected = {each.name for each in first.fleet.targets} - set(first.untouched)
    missing = sorted(expected - holders.keys())
    whole = {part.report.shard[0] for part in parts} == set(range(1, first.shard[1] + 1))
    if missing and whole:
        yield _error(
            f"{counted(len(missing), 'target')} {_are(missing)} in no shard: {_named(missing)}; "
            "the shards were made with other --costs, or from other files",
            parts[0].file,
        )


def _repeated(parts: Sequence[Part]) -> bool:
    """Whether a shard is there twice; that is an error of its own."""
    numbers = [part.report.shard[0] for part in parts]
    return len(set(numbers)) < len(numbers)


def _named(names: Sequence[str]) -> str:
    more = len(names) - _MOST_NAMED
    return ", ".join(names[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def _are(names: Sequence[str]) -> str:
    return "is" if len(names) == 1 else "are"


def _error(message: str, file: str) -> Result:
    return Result("error", message, file=file, code="fleet-merge")
