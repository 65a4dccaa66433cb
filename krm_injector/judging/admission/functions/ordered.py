"""isGreaterThan, isLessThan and compareTo, which quantities and versions share."""

from __future__ import annotations

from krm_injector.judging.admission.functions import quantities, semvers
from krm_injector.judging.admission.functions.row import Function

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_TYPES = ("kubernetes.Quantity", "kubernetes.Semver")


def _compared(left: Any, right: Any) -> int:
    if semvers.is_version(left):
        return semvers.compared(left, right)
    return quantities.COMPARED(left, right)


def _row(name: str, result: str, call: Any) -> Function:
    signatures = tuple((result, each, each) for each in _TYPES)
    return Function(name, name, signatures, call, True)


FUNCTIONS = (
    _row("isGreaterThan", "bool", lambda left, right: _compared(left, right) > 0),
    _row("isLessThan", "bool", lambda left, right: _compared(left, right) < 0),
    _row("compareTo", "int", _compared),
)
