"""quantity, isQuantity and what compares and adds quantities (pkg/cel/library/quantity.go).

One difference: a whole number that is written as a fraction (1000m, 1.0) is an integer here, and
none in Go.
"""

from __future__ import annotations

from krm_injector.judging.admission.functions.row import Function
from krm_injector.kube import quantity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_TYPE = "kubernetes.Quantity"
_WHOLE = 10**9  # an amount is a whole number of billionths
_INT64 = 1 << 63


def _value(amount: int) -> dict[str, str]:
    """A text: an amount may be larger than CEL's integers."""
    return {_TYPE: str(amount)}


def _amount(value: dict[str, str]) -> int:
    if _TYPE not in value:
        raise ValueError("no such overload")
    return int(value[_TYPE])


def _quantity(text: str) -> dict[str, str]:
    return _value(quantity.nano(text))


def _is_quantity(text: str) -> bool:
    try:
        quantity.nano(text)
    except quantity.QuantityError:
        return False
    return True


def _compared(left: Any, right: Any) -> int:
    ours, theirs = _amount(left), _amount(right)
    return (ours > theirs) - (ours < theirs)


def _sign(value: Any) -> int:
    return _compared(value, _value(0))


def _integer(value: Any) -> int | None:
    whole, rest = divmod(_amount(value), _WHOLE)
    return whole if not rest and -_INT64 <= whole < _INT64 else None


def _as_integer(value: Any) -> int:
    whole = _integer(value)
    if whole is None:
        raise ValueError("cannot convert value to integer")
    return whole


def _added(sign: int, whole: bool) -> Callable[[Any, Any], Any]:
    """The sum or the difference with another quantity, or with a whole number."""

    def call(left: Any, right: Any) -> Any:
        amount = right * _WHOLE if whole else _amount(right)
        return _value(_amount(left) + sign * amount)

    return call


def _member(name: str, call: Any, *signature: str, more: str = "") -> Function:
    return Function(name, f"quantity_{name}{more}", (signature,), call, True)


FUNCTIONS = (
    Function("quantity", "quantity", ((_TYPE, "string"),), _quantity),
    Function("isQuantity", "is_quantity", (("bool", "string"),), _is_quantity),
    Function("sign", "quantity_sign_of", (("int", _TYPE),), _sign),
    _member("asInteger", _as_integer, "int", _TYPE),
    _member("isInteger", lambda value: _integer(value) is not None, "bool", _TYPE),
    _member("asApproximateFloat", lambda value: _amount(value) / _WHOLE, "double", _TYPE),
    _member("add", _added(1, False), _TYPE, _TYPE, _TYPE),
    _member("add", _added(1, True), _TYPE, _TYPE, "int", more="_int"),
    _member("sub", _added(-1, False), _TYPE, _TYPE, _TYPE),
    _member("sub", _added(-1, True), _TYPE, _TYPE, "int", more="_int"),
)
COMPARED = _compared
