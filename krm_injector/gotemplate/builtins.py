"""text/template's own functions. and, or and call are the compiler's: they decide which arguments
are evaluated.

The parameter type "reflect.Value" of these functions means what Go means by it: they see INVALID as
well as None.
"""

from __future__ import annotations

from krm_injector.gotemplate.errors import FuncError, check_size
from krm_injector.gotemplate.format import sprint, sprintf, sprintln, to_text
from krm_injector.gotemplate.runtime import spend
from krm_injector.gotemplate.values import INVALID, Func, Method, Struct, Uint8, type_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_BASIC = (str, int, bool, float)


def kind_of(value: Any) -> str:
    """Go's basic kind: "bool", "int", "float", "string", "complex", or "" for everything that is
    not basic.
    """
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int):
        return "int"
    if isinstance(value, str):
        return "string"
    if isinstance(value, float):
        return "float"
    return "complex" if isinstance(value, complex) else ""


def eq(first: Any, *others: Any) -> bool:
    if len(others) == 1:
        return _equal(first, others[0])
    if not others:
        raise FuncError("missing argument for comparison")
    return any(_equal(first, other) for other in others)


def _equal(a: Any, b: Any) -> bool:
    kind = type(a)
    if kind is type(b) and kind in _BASIC:
        return bool(a == b)

    left, right = kind_of(a), kind_of(b)
    a_nil, b_nil = _untyped_nil(a), _untyped_nil(b)
    if left != right:
        if a_nil or b_nil:
            return False
        raise FuncError(f"incompatible types for comparison: {type_name(a)} and {type_name(b)}")

    if left:
        return bool(a == b)
    if not a_nil and not b_nil and _go_kind(a) != _go_kind(b):
        raise FuncError(
            f"non-comparable types {sprintf('%s', a)}: {type_name(a)}, {type_name(b)}: {to_text(b)}"
        )
    a_nil, b_nil = getattr(a, "is_nil", a_nil), getattr(b, "is_nil", b_nil)
    if a_nil or b_nil:
        return bool(a_nil == b_nil)
    if not isinstance(b, Struct):
        raise FuncError(f"non-comparable type {sprintf('%s', b)}: {type_name(b)}")

    return a is b or (not b.go_type.startswith("*") and bool(a == b))


def _untyped_nil(value: Any) -> bool:
    return value is None or value is INVALID


def _go_kind(value: Any) -> str:
    if isinstance(value, dict):
        return "map"
    if isinstance(value, (Func, Method)):
        return "func"
    if isinstance(value, (list, tuple, bytes)):
        return "slice"
    if isinstance(value, Struct):
        return "ptr" if value.go_type.startswith("*") else "struct"
    return "other"


def is_nil(value: Any) -> bool:
    return _untyped_nil(value) or (isinstance(value, Struct) and value.is_nil)


def ne(a: Any, b: Any) -> bool:
    return not _equal(a, b)


def lt(a: Any, b: Any) -> bool:
    left, right = kind_of(a), kind_of(b)
    if not left or not right:
        raise FuncError("invalid type for comparison")
    if left != right:
        raise FuncError(f"incompatible types for comparison: {type_name(a)} and {type_name(b)}")
    if left in ("bool", "complex"):
        raise FuncError("invalid type for comparison")
    if left == "string" and not (a.isascii() and b.isascii()):
        return bool(a.encode("utf-8", "surrogateescape") < b.encode("utf-8", "surrogateescape"))

    return bool(a < b)


def le(a: Any, b: Any) -> bool:
    return lt(a, b) or _equal(a, b)


def gt(a: Any, b: Any) -> bool:
    return not le(a, b)


def ge(a: Any, b: Any) -> bool:
    return not lt(a, b)


def _pointed(value: Any) -> str:
    """The type behind the pointers."""
    return type_name(value).lstrip("*")


def index_position(position: Any, size: int) -> int:
    if isinstance(position, bool) or not isinstance(position, int):
        if _untyped_nil(position):
            raise FuncError("cannot index slice/array with nil")
        raise FuncError(f"cannot index slice/array with type {type_name(position)}")
    if position < 0 or position > size:
        raise FuncError(f"index out of range: {int(position)}")
    return int(position)


def index(item: Any, *positions: Any) -> Any:
    if _untyped_nil(item):
        raise FuncError("index of untyped nil")

    for position in positions:
        if is_nil(item):
            raise FuncError("index of nil pointer")

        if isinstance(item, dict):
            item = _map_index(item, position)
        elif isinstance(item, (list, tuple, str, bytes)) and not isinstance(item, (Func, Method)):
            if isinstance(item, str):
                item = item.encode("utf-8", "surrogateescape")
            at = index_position(position, len(item))
            if at == len(item):  # Go allows the end here, and its runtime then panics
                kind = "string" if isinstance(item, bytes) else "slice"
                raise FuncError(f"reflect: {kind} index out of range")
            item = Uint8(item[at]) if isinstance(item, bytes) else item[at]
        else:
            raise FuncError(f"can't index item of type {_pointed(item)}")

    return item


def _map_index(item: dict[Any, Any], key: Any) -> Any:
    go_type = type_name(item)
    key_type = go_type[4 : go_type.index("]")]
    if key_type == "string" and not isinstance(key, str):
        if _untyped_nil(key):
            raise FuncError("value is nil; should be of type string")
        raise FuncError(f"value has type {type_name(key)}; should be string")

    try:
        return item.get(key, getattr(item, "zero", None))
    except TypeError:  # a list or map as key
        raise FuncError(f"value has type {type_name(key)}; should be {key_type}") from None


def slice_(item: Any, *positions: Any) -> Any:
    if _untyped_nil(item):
        raise FuncError("slice of untyped nil")
    if is_nil(item):
        raise FuncError("slice of nil pointer")
    if len(positions) > 3:
        raise FuncError(f"too many slice indexes: {len(positions)}")

    is_string = isinstance(item, str)
    if is_string and len(positions) == 3:
        raise FuncError("cannot 3-index slice a string")
    if not is_string and (
        not isinstance(item, (list, tuple, bytes)) or isinstance(item, (Func, Method))
    ):
        raise FuncError(f"can't slice item of type {_pointed(item)}")

    data = item.encode("utf-8", "surrogateescape") if is_string else item
    bounds = [0, len(data), len(data)]
    for number, position in enumerate(positions):
        bounds[number] = index_position(position, len(data))

    for low, high in ((0, 1), (1, 2)):
        if bounds[low] > bounds[high]:
            raise FuncError(f"invalid slice index: {bounds[low]} > {bounds[high]}")

    part = data[bounds[0] : bounds[1]]
    if is_string:
        return part.decode("utf-8", "surrogateescape")

    return part if type(part) is type(item) else type(item)(part)


def length(item: Any) -> int:
    if item is INVALID:
        raise FuncError("reflect: call of reflect.Value.Type on zero Value")
    if is_nil(item):
        raise FuncError("len of nil pointer")
    if isinstance(item, str):
        return len(item) if item.isascii() else len(item.encode("utf-8", "surrogateescape"))
    if isinstance(item, (dict, list, tuple, bytes)) and not isinstance(item, (Func, Method)):
        return len(item)

    raise FuncError(f"len of type {_pointed(item)}")


def not_(value: Any) -> bool:
    return not value


def printable(values: tuple[Any, ...]) -> str:
    """What html, js and urlquery escape: as print, but a nil reads <no value>."""
    if len(values) == 1 and isinstance(values[0], str):
        return str(values[0])
    return sprint(*("<no value>" if _untyped_nil(value) else value for value in values))


_HTML = str.maketrans(
    {"\0": "\ufffd", '"': "&#34;", "'": "&#39;", "&": "&amp;", "<": "&lt;", ">": "&gt;"}
)
_JS = {
    "\\": "\\\\",
    "'": "\\'",
    '"': '\\"',
    "<": "\\u003C",
    ">": "\\u003E",
    "&": "\\u0026",
    "=": "\\u003D",
}


def html(*values: Any) -> str:
    text = printable(values)
    check_size(len(text) * 5)
    spend(len(text) >> 5)
    return text.translate(_HTML)


def js(*values: Any) -> str:
    text = printable(values)
    check_size(len(text) * 6)
    spend(len(text) >> 3)
    return "".join(
        _JS.get(c) or (c if c >= " " and c.isprintable() else _js_escape(c)) for c in text
    )


def _js_escape(char: str) -> str:
    code = ord(char)
    if 0xDC80 <= code <= 0xDCFF:
        return char
    return f"\\u{code:04X}"


_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~")


def urlquery(*values: Any) -> str:
    data = printable(values).encode("utf-8", "surrogateescape")
    check_size(len(data) * 3)
    spend(len(data) >> 3)
    return "".join(chr(b) if b in _UNRESERVED else "+" if b == 32 else f"%{b:02X}" for b in data)


def _func(name: str, call: Any, *params: str, variadic: bool = False) -> Func:
    return Func(name, call, params, variadic)


_V = "reflect.Value"
SHORT_CIRCUIT = ("and", "or", "call")

BUILTINS: dict[str, Func] = {
    f.name: f
    for f in (
        _func("and", None, _V, _V, variadic=True),
        _func("or", None, _V, _V, variadic=True),
        _func("call", None, _V, _V, variadic=True),
        _func("not", not_, _V),
        _func("eq", eq, _V, _V, variadic=True),
        _func("ne", ne, _V, _V),
        _func("lt", lt, _V, _V),
        _func("le", le, _V, _V),
        _func("gt", gt, _V, _V),
        _func("ge", ge, _V, _V),
        _func("index", index, _V, _V, variadic=True),
        _func("slice", slice_, _V, _V, variadic=True),
        _func("len", length, _V),
        _func("print", sprint, "any", variadic=True),
        _func("println", sprintln, "any", variadic=True),
        _func("printf", sprintf, "string", "any", variadic=True),
        _func("html", html, "any", variadic=True),
        _func("js", js, "any", variadic=True),
        _func("urlquery", urlquery, "any", variadic=True),
    )
}
