"""How Go's values look in Python, and how a Python function says which Go types it takes.

nil, nil interface      None bool, string            bool, str (bytes that are no UTF-8 are
surrogates, as errors="surrogateescape" makes them) int                     int; other integer types
a subclass with ``go_type`` (Int64) where the type shows float64                 float []any
list; a typed slice a subclass with ``go_type`` (StringList) map[string]any          dict; a typed
map a subclass with ``go_type`` and ``zero`` (StringMap) struct, *struct         Struct enum with
String()      Enum func                    Func, Method
"""

from __future__ import annotations

from krm_injector.named_tuple import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any, ClassVar, TypeAlias


class Invalid:
    """Go's zero reflect.Value: a key that is not there, as opposed to a nil that is (None).

    ``.missing.x`` is another missing value, ``.nil.x`` is an error. Functions never see it: they
    get None.
    """

    __slots__ = ()

    def __bool__(self) -> bool:
        return False

    def __repr__(self) -> str:
        return "<invalid>"


INVALID = Invalid()


class Func(NamedTuple):
    """A template function: ``call(*args)`` with arguments that already have the Go types of
    ``params``.

    ``params`` are Go types as reflect prints them, where "any" stands for "interface {}" ("string",
    "int", "int64", "bool", "float64", "any", "map[string]string", "map[string]any", "[]any",
    "[]string", "reflect.Value", "*pkg.Type" ...). With ``variadic`` the last of them is the type of
    each further argument. ``call`` raises FuncError for an error (``error calling NAME: ...``) and
    returns a Go value. A nil passed for a map is an empty dict (or StringMap), for a slice an empty
    list; for "any" and a pointer None.
    """

    name: str
    call: Callable[..., Any]
    params: tuple[str, ...] = ()
    variadic: bool = False


Watch: TypeAlias = (
    "Callable[[Func], Func]"  # a function of a template -> what is called in its place
)


class Method(NamedTuple):
    """A method bound to its receiver, as Struct.go_attr returns it. Reads as Func does."""

    call: Callable[..., Any]
    params: tuple[str, ...] = ()
    variadic: bool = False


class Struct:
    """Base of typed structs and of pointers to them (protobuf messages)."""

    go_type: ClassVar[str] = "struct {}"  # "*v1alpha1.ProxyConfig", "v1.ObjectMeta"
    go_unexported: ClassVar[frozenset[str]] = (
        frozenset()
    )  # fields that Go keeps to the package: their error differs
    is_nil: bool = False  # a nil pointer
    # Fields that go_attr has given before and gives again: no methods, none of a nil pointer.
    # Templates find them here without a call.
    ready: Mapping[str, Any] = {}

    __slots__ = ()

    def __bool__(self) -> bool:
        return not self.is_nil

    def go_attr(self, name: str) -> Any:
        """The value of the field, or a Method. KeyError when the type has neither.

        On a nil pointer: a Method (it may work on a nil receiver), KeyError, or anything at all for
        a field that the type has; the engine then stops with Go's nil pointer error.
        """
        raise KeyError(name)

    def go_string(self) -> str:
        """What fmt prints for %v: String() where the type has one, else "{a b}" or "&{a b}";
        "<nil>".
        """
        return "<nil>" if self.is_nil else "{}"


class Enum(int):
    """An integer with a String method. An int32 to comparisons, its name when printed."""

    name: str
    go_type: str

    def __new__(cls, value: int, name: str, go_type: str = "int32") -> Enum:
        self = super().__new__(cls, value)
        self.name = name
        self.go_type = go_type
        return self

    def __str__(self) -> str:
        return self.name

    __repr__ = __str__


class Int64(int):
    """An int64, where Go would refuse it for an int or print its type."""

    go_type: ClassVar[str] = "int64"
    __slots__ = ()


class Int32(int):
    go_type: ClassVar[str] = "int32"
    __slots__ = ()


class Uint32(int):
    go_type: ClassVar[str] = "uint32"
    __slots__ = ()


class Uint8(int):
    """A byte: what index of a string gives."""

    go_type: ClassVar[str] = "uint8"
    __slots__ = ()


class StringMap(dict[str, str]):
    """map[string]string. A nil one is an empty one."""

    go_type: ClassVar[str] = "map[string]string"
    zero: ClassVar[Any] = ""  # what index gives for a key that is not there
    __slots__ = ()


class NilMap(dict[str, "Any"]):
    """A nil map[string]any: reads as an empty one, writing to it is an error. What a nil argument
    becomes.
    """

    is_nil: ClassVar[bool] = True
    __slots__ = ()


class StringList(list[str]):
    """[]string."""

    go_type: ClassVar[str] = "[]string"
    __slots__ = ()


_TYPES: dict[type, str] = {
    type(None): "interface {}",
    Invalid: "interface {}",
    bool: "bool",
    int: "int",
    float: "float64",
    complex: "complex128",
    str: "string",
    bytes: "[]uint8",
    list: "[]interface {}",
    tuple: "[]interface {}",
    dict: "map[string]interface {}",
}


def type_name(value: Any) -> str:
    """The Go type of a value, as reflect.Type prints it (so "interface {}", not "any")."""
    name = _TYPES.get(type(value))
    if name is not None:
        return name
    if isinstance(value, (Func, Method)):
        return f"func({', '.join(value.params)}) interface {{}}"

    go_type = getattr(value, "go_type", None)
    if isinstance(go_type, str):
        return go_type

    for base in type(value).__mro__:
        if base in _TYPES:
            return _TYPES[base]

    return "func()" if callable(value) else type(value).__name__


def truth(value: Any) -> bool:
    """Go's truth: whether the value is not the zero of its type. A struct is always true, a nil
    pointer false.
    """
    return bool(value)


def go_len(text: str) -> int:
    """The length of a Go string: its bytes."""
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogateescape"))
