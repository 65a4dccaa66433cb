"""The digests of the records of objects that are alike but for some scalars (kube/twins.py)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

from krm_injector.kube import c_json, undo
from krm_injector.kube.paths import at, put
from krm_injector.kube.twins import PLACEHOLDER, Pattern, word_placeholder
from krm_injector.model import Mesh, Namespace, Object, Workload
from krm_injector.reinjection.record.digests import digest, line_of, pieces_of, short_digest
from krm_injector.reinjection.record.form import RECORD_PATH, RULES, attach, compact_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

NAMESPACE, DIGEST, UNITS = 9997, 9998, 9999  # the numbers of their placeholders


class Digests:
    """The digests of an injected part whose lines have placeholders."""

    __slots__ = ("_lines", "_units")

    def __init__(self, lines: Sequence[str], positions: Mapping[int, int]) -> None:
        """lines: sorted. positions: as Pattern takes them."""
        self._lines = Pattern("\n".join(lines), positions)
        self._units: list[str | Pattern] = [
            Pattern(line, positions) if PLACEHOLDER.search(line) else short_digest(line)
            for line in lines
        ]

    def of(self, scalars: Sequence[str]) -> tuple[str, str]:
        """The record's ``digest`` and ``units`` with these scalars."""
        units = [
            short_digest(unit.fill(scalars)) if isinstance(unit, Pattern) else unit
            for unit in self._units
        ]
        return digest(self._lines.fill(scalars)), "".join(units)


def attached(
    before: Object, after: Object, mesh: Mesh, namespace: Namespace | None, workload: Workload
) -> tuple[Object, list[str]] | None:
    """The injected object with its record, in which placeholders stand for the digests, and the
    lines that these are of. None if the order of the lines depends on a scalar.
    """
    description = undo.describe(before, after)
    lines = sorted([line_of(*piece) for piece in pieces_of(after, description, RULES)])
    if not _order_is_certain(lines):
        return None

    recorded = attach(before, after, mesh, namespace, workload)
    value: dict[str, Any] = c_json.loads(at(recorded, RECORD_PATH))
    value["ns"] = word_placeholder(NAMESPACE)
    value["digest"], value["units"] = word_placeholder(DIGEST), word_placeholder(UNITS)
    return put(recorded, RECORD_PATH, compact_json(value)), lines


def _order_is_certain(lines: Sequence[str]) -> bool:
    """Whether neighbours differ before the first placeholder of either."""
    for line, following in pairwise(lines):
        certain = min(_certain_part(line), _certain_part(following))
        if line[:certain] == following[:certain]:
            return False
    return True


def _certain_part(line: str) -> int:
    match = PLACEHOLDER.search(line)
    return match.start() if match else len(line) + 1
