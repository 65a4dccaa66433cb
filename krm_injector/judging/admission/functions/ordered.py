"""isGreaterThan, isLessThan and compareTo, which quantities and versions share; and comparisons of
numbers of two types (cel.CrossTypeNumericComparisons; Kubernetes 1.28).
"""

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

_NUMBERS = ("int", "uint", "double")
OPERATORS = ("_<_", "_<=_", "_>_", "_>=_")
"""Functions of the library that run with any two numbers, and are declared for equal types."""
DECLARED = tuple(
    Function(
        name,
        f"two_types_{number}",
        tuple(("bool", left, right) for left in _NUMBERS for right in _NUMBERS if left != right),
        _compared,
    )
    for number, name in enumerate(OPERATORS)
)
