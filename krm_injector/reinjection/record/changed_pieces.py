"""What was edited by hand inside the injected part since a record was written.

A record has the digest of the whole part, and two characters of each piece. The digest says whether
something changed; the characters say which piece it was.
"""

from __future__ import annotations

from collections.abc import Iterable

from krm_injector.kube import undo
from krm_injector.kube.element_names import ORDER
from krm_injector.kube.yaml import same
from krm_injector.model import Object
from krm_injector.named_tuple import NamedTuple
from krm_injector.reinjection.record.digests import digest_of, line_of, pieces_of, short_digest
from krm_injector.reinjection.record.form import InjectionRecord, original, recorded_part
from krm_injector.reinjection.record.named_paths import path_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_NOTHING: Any = object()


class ChangedPiece(NamedTuple):
    """One piece of the injected part that differs from the record."""

    # from the object, as "spec.template.spec.containers[istio-proxy].image"; followed by ORDER for
    # the order of a list's names
    path: str
    current: Any  # as edited; None if it was taken out
    injected: Any  # as injection gives it now; None if it gives nothing there


def changed_pieces(
    workload: Object, record: InjectionRecord, fresh: Object | None = None
) -> list[ChangedPiece]:
    """The pieces that were edited by hand since the record was written.

    ``fresh`` is the workload as injection gives it now. With it the pieces show the value that
    replaces them, and pieces that were taken out are among them. Where the digest does not fit and
    no piece can be named, one ChangedPiece with the path "" stands for all.
    """
    if not record.of:
        before = workload if fresh is None else original(workload, record)
        return _changed_in_part(workload, before, record, fresh)

    part = recorded_part(workload, record)
    fresh_part = None if fresh is None else recorded_part(fresh, record)
    prefix = path_text(record.of)
    return [
        piece._replace(path=f"{prefix}.{piece.path}") if piece.path else piece
        for piece in _changed_in_part(part, undo.undo(part, record.undo), record, fresh_part)
    ]


def _changed_in_part(
    part: Any, before: Any, record: InjectionRecord, fresh: Any
) -> list[ChangedPiece]:
    pieces = pieces_of(part, record.undo, record.rules)
    lines = [line_of(*piece) for piece in pieces]
    if digest_of(lines) == record.digest:
        return []

    recorded = [record.units[start : start + 2] for start in range(0, len(record.units), 2)]
    unknown, gone = _compared(sorted(lines), recorded)
    changed = {
        path: value for (path, value), line in zip(pieces, lines, strict=True) if line in unknown
    }

    injected: dict[str, Any] = {}
    if fresh is not None:
        injected = dict(pieces_of(fresh, undo.describe(before, fresh), record.rules))

    result = [
        ChangedPiece(path, value, injected.get(path))
        for path, value in changed.items()
        if _is_edit(path, value, injected, changed)
    ]
    result += _taken_out({path for path, _ in pieces}, injected, changed, gone)
    return result if result or changed else [ChangedPiece("", None, None)]


def _is_edit(path: str, value: Any, injected: dict[str, Any], changed: dict[str, Any]) -> bool:
    """Whether a piece that the record does not know is also not what injection gives, so that it is
    an edit of its own.
    """
    if not path.endswith(ORDER):
        return not same(injected.get(path, _NOTHING), value)

    if path not in injected:
        # An element that came or went changes the order too, and is an edit by itself.
        return not _has_elements(path[: -len(ORDER)], changed)

    standing = [name for name in value if name in injected[path]]
    right = [name for name in injected[path] if name in value]
    return standing != right


def _taken_out(
    present: set[str], injected: dict[str, Any], changed: dict[str, Any], gone: set[str]
) -> list[ChangedPiece]:
    """The pieces that injection gives and the record knows, and that are missing now."""
    lists = {path.rpartition("[")[0] for path in present & injected.keys()}
    pieces = []
    for path, value in injected.items():
        if path in present or path.endswith(ORDER):
            continue
        if short_digest(line_of(path, value)) not in gone:
            continue

        parent = path.rpartition("[")[0]
        if parent in changed:
            continue  # the list as a whole was replaced
        if path.endswith("]") and parent not in lists and _has_elements(parent, changed):
            continue  # its elements have lost what tells them apart

        pieces.append(ChangedPiece(path, None, value))

    return pieces


def _has_elements(parent: str, paths: Iterable[str]) -> bool:
    return any(path.startswith(parent + "[") for path in paths)


# ---------------------------------------------------------------- lines against two characters


def _compared(lines: list[str], recorded: list[str]) -> tuple[set[str], set[str]]:
    """The lines that the record does not know, and the recorded characters whose lines are gone.

    Both are sorted, so the longest common subsequence tells what stayed. Two characters alone would
    confuse one edit in seventy with another piece.
    """
    digests = [short_digest(line) for line in lines]
    start, end = _common_ends(digests, recorded)
    # Most lines are the same, so only the lines between the equal ends are compared.
    lines = lines[start : len(lines) - end]
    digests = digests[start : len(digests) - end]
    recorded = recorded[start : len(recorded) - end]
    lengths = _subsequence_lengths(digests, recorded)

    unknown: set[str] = set()
    gone: set[str] = set()
    i = j = 0
    while i < len(digests) and j < len(recorded):
        if digests[i] == recorded[j]:
            i += 1
            j += 1
        elif lengths[i][j + 1] >= lengths[i + 1][j]:
            gone.add(recorded[j])
            j += 1
        else:
            unknown.add(lines[i])
            i += 1

    return unknown.union(lines[i:]), gone.union(recorded[j:])


def _common_ends(before: list[str], after: list[str]) -> tuple[int, int]:
    """How many elements the two share at their start, and then at their end."""
    shorter = min(len(before), len(after))
    start = 0
    while start < shorter and before[start] == after[start]:
        start += 1

    end = 0
    while end < shorter - start and before[-1 - end] == after[-1 - end]:
        end += 1

    return start, end


def _subsequence_lengths(before: list[str], after: list[str]) -> list[list[int]]:
    """lengths[i][j] of the longest common subsequence of before[i:] and after[j:]."""
    lengths = [[0] * (len(after) + 1) for _ in range(len(before) + 1)]
    for i in reversed(range(len(before))):
        for j in reversed(range(len(after))):
            if before[i] == after[j]:
                lengths[i][j] = lengths[i + 1][j + 1] + 1
            else:
                lengths[i][j] = max(lengths[i + 1][j], lengths[i][j + 1])

    return lengths
