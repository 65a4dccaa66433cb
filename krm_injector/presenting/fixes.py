"""The lines that a result proposes, as they are to stand in the source."""

from __future__ import annotations

from krm_injector.kube import credentials, yaml
from krm_injector.kube.element_names import ORDER
from krm_injector.kube.paths import Step, at
from krm_injector.model import Result
from krm_injector.presenting.places import Places
from krm_injector.sources.resource_list.item_places import Source

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_MOST_LINES = 8


def lines_of(result: Result, places: Places) -> list[str]:
    """The lines to write: in the place of the field, or, if it is absent, below its parent. [] if
    the result proposes nothing, or its field is not found in a text.
    """
    proposed, field = result.proposed, result.field
    if proposed is None or not field or field.endswith(ORDER):
        return []

    source = places.source_of(result)
    if source is None or credentials.secret_at(source.item.value, source.path) is not None:
        return []

    if places.proposes_name(result):
        lines = _renamed(source, proposed)
    elif _is_of_a_part(source, result.current):
        return []
    else:
        lines = _lines(source, proposed)
    return lines if len(lines) <= _MOST_LINES else [*lines[: _MOST_LINES - 1], "..."]


def _is_of_a_part(source: Source, current: Any) -> bool:
    """Whether the result proposes a value for a part of the field: of YAML inside of YAML."""
    return not source.absent and current not in (None, at(source.item.value, source.path))


def _renamed(source: Source, proposed: str) -> list[str]:
    """The line of a field with another key."""
    key = source.key
    if key is None:
        return []
    line_start = source.text.rfind("\n", 0, key[0]) + 1
    line_end = source.text.find("\n", key[1])
    rest = source.text[key[1] : line_end if line_end >= 0 else len(source.text)]
    before = source.text[line_start : key[0]]
    line = f"{before}{proposed.rpartition('.')[2]}{rest}".rstrip()
    return [credentials.without_secrets(line, {}, ())]


def _lines(source: Source, proposed: Any) -> list[str]:
    value, path = _entry(source, proposed)
    if not path:
        return []
    if source.flow:
        return [yaml.to_json(value)[1:-1]]  # without the brackets, which are there

    indent = " " * source.column
    return [indent + line for line in yaml.dump(value).splitlines()]


def _entry(source: Source, proposed: Any) -> tuple[Any, Step]:
    """The entry to write and the path of it; () if it cannot stand where it should."""
    absent = source.absent
    if any(isinstance(step, int) for step in absent):
        return None, ()

    value = proposed
    for step in reversed(absent):
        value = {step: value}

    path = source.path
    if absent and at(source.item.value, path):
        return value, (*path, *absent) if isinstance(at(source.item.value, path), dict) else ()
    if not path:
        return value, absent

    last = path[-1]
    return ([value] if isinstance(last, int) else {last: value}), path
