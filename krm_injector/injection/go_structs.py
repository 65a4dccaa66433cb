"""Plain pod data as the typed Go values that a template sees: metav1.ObjectMeta, corev1.PodSpec and
all below them.

A TypedStruct is a view of a dict of decoded JSON: fields are made when a template asks for them. A
field that is absent has the zero value of its Go type: "" or false, an empty list, a nil pointer.
"""

from __future__ import annotations

from krm_injector.gotemplate.values import Enum, Int32, Int64, Method, StringList, StringMap, Struct
from krm_injector.kube import go_json, quantity, types
from krm_injector.kube.pod_types_generated import TYPES
from krm_injector.kube.types import INLINE, element_type, kind_of
from krm_injector.light import Mapping, cache

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, ClassVar

_ZERO_TIME = "0001-01-01 00:00:00 +0000 UTC"


class TypedStruct(Struct):
    """A struct of kube.pod_types_generated, or a pointer to one, over its JSON data.

    Classes are made per type by struct_class(): go_type is "v1.PodSpec" or "*v1.SecurityContext".
    """

    go_type: ClassVar[str] = "struct {}"
    type_name: ClassVar[str] = ""  # key of TYPES
    __slots__ = ("data", "is_nil", "ready")

    def __init__(self, data: Mapping[str, Any] | None) -> None:
        self.data: Mapping[str, Any] = data if isinstance(data, Mapping) else {}
        self.is_nil = data is None and self.go_type.startswith("*")
        self.ready: dict[str, Any] = {}

    def go_attr(self, name: str) -> Any:
        if name in self.ready:
            return self.ready[name]

        fields = _fields(self.type_name)
        if name in fields:
            json_name, go_type = fields[name]
            value = typed(go_type, self.data if json_name is None else self.data.get(json_name))
        elif self.type_name == "v1.ObjectMeta" and name.startswith("Get") and name[3:] in fields:
            return Method(lambda: self.go_attr(name[3:]))
        else:
            raise KeyError(name)

        if not self.is_nil:
            self.ready[name] = value
        return value

    def go_string(self) -> str:
        if self.is_nil:
            return "<nil>"
        texts = [_text(self.go_attr(field[1])) for field in TYPES[self.type_name]]
        return "{" + " ".join(texts) + "}"

    def plain(self) -> Any:
        """What json.Marshal writes for it, as data with the fields in Go's order; None for a nil
        pointer.
        """
        return None if self.is_nil else types.decode(self.type_name, self.data, keep_empty=True)


class Pointer(Struct):
    """A pointer to a scalar (*bool, *int64, *string): true unless nil, printed as what it points
    to.
    """

    __slots__ = ("go_type", "is_nil", "value")

    def __init__(self, go_type: str, value: Any) -> None:
        self.go_type = go_type  # type: ignore[misc]
        self.value = value  # the scalar, None if the pointer is nil
        self.is_nil = value is None

    def go_string(self) -> str:
        return "<nil>" if self.is_nil else _text(self.value)

    def plain(self) -> Any:
        return go_plain(self.value)


class Opaque(Struct):
    """Quantity, IntOrString, Time: structs that show themselves as a text, through String()."""

    __slots__ = ("_plain", "_text", "go_type", "is_nil")

    def __init__(self, go_type: str, text: str, plain: Any, is_nil: bool = False) -> None:
        self.go_type = go_type  # type: ignore[misc]
        self._text = text
        self._plain = plain
        self.is_nil = is_nil

    def go_attr(self, name: str) -> Any:
        if name == "String":
            return Method(lambda: self._text)
        if self.go_type.endswith("IntOrString"):
            return self._int_or_string(name)
        if self.go_type.endswith("Time") and name == "IsZero":
            return Method(lambda: self._plain is None)
        raise KeyError(name)

    def _int_or_string(self, name: str) -> Any:
        is_text = isinstance(self._plain, str)
        number = 0 if is_text else self._plain
        if name == "IntValue":
            from krm_injector.kube.go_numbers import atoi  # few templates ask

            return Method(lambda: atoi(self._text))

        text = self._text if is_text else ""
        members: dict[str, Any] = {"Type": int(is_text), "IntVal": Int32(number), "StrVal": text}
        return members[name]

    def go_string(self) -> str:
        return self._text

    def plain(self) -> Any:
        return self._plain


class NamespacedName(Struct):
    """types.NamespacedName, what .DeploymentMeta is from Istio 1.22 on."""

    go_type: ClassVar[str] = "types.NamespacedName"
    __slots__ = ("name", "namespace")

    def __init__(self, name: str, namespace: str) -> None:
        self.name = name
        self.namespace = namespace

    def go_attr(self, name: str) -> Any:
        if name == "String":
            return Method(self.go_string)
        return {"Name": self.name, "Namespace": self.namespace}[name]

    def go_string(self) -> str:
        return f"{self.namespace}/{self.name}"

    def plain(self) -> Any:
        return {"Namespace": self.namespace, "Name": self.name}


class TypedList(list["Any"]):
    """A slice of typed elements; nil where the field is absent."""

    def __init__(self, go_type: str, items: list[Any], nil: bool) -> None:
        super().__init__(items)
        self.go_type = go_type
        self.nil = nil


class TypedMap(dict[str, "Any"]):
    """A map of typed elements, as map[v1.ResourceName]resource.Quantity; nil where the field is
    absent.
    """

    def __init__(self, go_type: str, items: dict[str, Any], nil: bool) -> None:
        super().__init__(items)
        self.go_type = go_type
        self.zero = typed(element_type(go_type), None)
        self.nil = nil


@cache
def _fields(type_name: str) -> dict[str, tuple[str | None, str]]:
    """Go name -> (JSON name, None for an embedded struct; Go type), promoted fields included."""
    own: dict[str, tuple[str | None, str]] = {}
    promoted: dict[str, tuple[str | None, str]] = {}
    for json_name, go_name, go_type, flags, _, _ in TYPES[type_name]:
        if flags & INLINE:
            own[go_name] = (None, go_type)
            promoted.update(_fields(go_type))
        else:
            own[go_name] = (json_name, go_type)

    return {**promoted, **own}


@cache
def struct_class(go_type: str) -> type[TypedStruct]:
    """The class of a struct type of kube.pod_types_generated or of a pointer to it."""
    name = go_type.lstrip("*")
    if name not in TYPES:
        raise KeyError(name)
    return type(go_type, (TypedStruct,), {"go_type": go_type, "type_name": name, "__slots__": ()})


def typed(go_type: str, value: Any) -> Any:
    """Decoded JSON as a value of a Go type; None is the type's zero value."""
    kind = kind_of(go_type)
    if kind == "struct":
        return struct_class(go_type)(value)
    if kind == "string":
        return value if isinstance(value, str) else ""
    if kind == "bool":
        return value is True
    if kind in ("int32", "int64"):
        return _integer(kind, value)

    make = _MAKERS.get(kind)
    return make(go_type, value) if make else _opaque(kind, go_type, value)


def _integer(kind: str, value: Any) -> Int32 | Int64:
    number = int(value) if isinstance(value, (int, float)) else 0
    return Int32(number) if kind == "int32" else Int64(number)


def _pointer(go_type: str, value: Any) -> Any:
    inner = element_type(go_type)
    kind = kind_of(inner)
    if kind == "struct":
        return struct_class(go_type)(value)
    if kind in ("quantity", "time", "int-or-string"):
        return _opaque(kind, go_type, value)
    return Pointer(go_type, None if value is None else typed(inner, value))


def _slice(go_type: str, value: Any) -> list[Any]:
    items = value if isinstance(value, list) else []
    if go_type == "[]string":
        strings = StringList(typed("string", item) for item in items)
        return strings

    inner = element_type(go_type)
    return TypedList(go_type, [typed(inner, item) for item in items], not isinstance(value, list))


def _map(go_type: str, value: Any) -> dict[str, Any]:
    items = value if isinstance(value, Mapping) else {}
    if go_type == "map[string]string":
        return StringMap((key, typed("string", item)) for key, item in items.items())

    inner = element_type(go_type)
    members = {key: typed(inner, item) for key, item in items.items()}
    return TypedMap(go_type, members, not isinstance(value, Mapping))


_MAKERS = {"pointer": _pointer, "slice": _slice, "map": _map}


def _opaque(kind: str, go_type: str, value: Any) -> Any:
    """Quantity, IntOrString, Time, or raw JSON."""
    is_nil = value is None and go_type.startswith("*")
    if is_nil:
        return Opaque(go_type, "<nil>", None, True)

    if kind == "quantity":
        try:
            text = quantity.from_json(value)
        except quantity.QuantityError:
            text = str(value)  # checked where pods are read; a view does not judge
        return Opaque(go_type, text, text)

    if kind == "int-or-string":
        plain = value if isinstance(value, str) else int(value or 0)
        return Opaque(go_type, str(plain), plain)

    if kind == "time":
        return Opaque(go_type, _time_text(value), value)

    return value


def _time_text(value: Any) -> str:
    """time.Time's String() for an RFC 3339 time in UTC."""
    if not isinstance(value, str):
        return _ZERO_TIME
    if value.endswith("Z") and "T" in value:
        return f"{value[:-1].replace('T', ' ')} +0000 UTC"
    return value


def _text(value: Any) -> str:
    """fmt's %v of a value inside a struct."""
    if value is None:
        return "<nil>"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Struct):
        return value.go_string()
    if isinstance(value, Mapping):
        members = [f"{key}:{_text(value[key])}" for key in sorted(value)]
        return "map[" + " ".join(members) + "]"
    if isinstance(value, list):
        return "[" + " ".join(_text(item) for item in value) + "]"

    return str(value)


def go_plain(value: Any) -> Any:
    """A Go value as the data that json.Marshal writes for it: maps sorted, struct fields in Go's
    order.

    Structs of other packages take part by a method plain(). Raises GoJsonError for what has none.
    """
    if isinstance(value, Struct):
        plain = getattr(value, "plain", None)
        if plain is None:
            raise go_json.GoJsonError(f"json: unsupported type: {value.go_type}")
        return plain()

    if isinstance(value, Enum):
        return int(value)

    if not isinstance(value, (dict, list)):
        return value
    if getattr(value, "nil", False):
        return None
    if isinstance(value, dict):
        return {key: go_plain(value[key]) for key in sorted(value)}
    return [go_plain(item) for item in value]


def go_json_text(value: Any, escape_html: bool = True) -> str:
    """json.Marshal of any Go value. Raises GoJsonError."""
    return go_json.dumps(go_plain(value), escape_html, sort_keys=False)


def object_meta(data: Mapping[str, Any], pointer: bool = False) -> TypedStruct:
    """metav1.ObjectMeta of a manifest's metadata, or a pointer to one."""
    return struct_class("*v1.ObjectMeta" if pointer else "v1.ObjectMeta")(data)


def pod_spec(data: Mapping[str, Any]) -> TypedStruct:
    """corev1.PodSpec of a manifest's pod spec."""
    return struct_class("v1.PodSpec")(data)


def type_meta(api_version: str, kind: str, pointer: bool = False) -> TypedStruct:
    """metav1.TypeMeta, or a pointer to one."""
    return struct_class("*v1.TypeMeta" if pointer else "v1.TypeMeta")(
        {"apiVersion": api_version, "kind": kind}
    )


def namespaced_name(name: str, namespace: str) -> NamespacedName:
    """types.NamespacedName; where .DeploymentMeta is an ObjectMeta (before Istio 1.22), use
    object_meta.
    """
    return NamespacedName(name, namespace)
