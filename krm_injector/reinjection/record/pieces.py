"""The pieces of the injected part, as a record counts them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from krm_injector.kube import undo
from krm_injector.kube.element_names import ORDER
from krm_injector.reinjection.record.digests import canonical, digest


def pieces_of(part: Any, description: Any, rules: int) -> list[undo.Unit]:
    """(path, value) of each piece that stands where the description undoes something, then the
    order of each list that has several of them as elements.

    rules: the record's; records without a number of rules (0) do not count the order.
    """
    units = undo.units(part, description)
    if not rules:
        return units

    orders: dict[str, list[str]] = {}
    for path, _ in units:
        if path.endswith("]"):
            bracket = path.rindex("[")
            orders.setdefault(path[:bracket], []).append(path[bracket + 1 : -1])

    return [*units, *((path + ORDER, names) for path, names in orders.items() if len(names) > 1)]


def line_of(path: str, value: Any) -> str:
    """The piece as one line of text, of which digests are made."""
    return f"{path}={canonical(value)}"


def digest_of(lines: Iterable[str]) -> str:
    """The digest of an injected part with these lines, in whatever order."""
    return digest("\n".join(sorted(lines)))
