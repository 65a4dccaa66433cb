"""Plain data read into Kubernetes' Go types and written again, as encoding/json does it.

decode() is json.Unmarshal into a Go type followed by json.Marshal: fields in Go's order, unknown
ones dropped, omitempty applied, quantities in canonical form. Names are matched exactly, as
sigs.k8s.io/json does.
"""

from __future__ import annotations

from krm_injector.kube import go_json
from krm_injector.kube.pod_types_generated import TYPES
from krm_injector.kube.scalar_types import (
    SCALARS,
    Decoder,
    TypeMismatch,
    json_word,
    scalar_decoder,
    string,
)
from krm_injector.light import cache
from krm_injector.named_tuple import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

OMITEMPTY, OMITZERO, INLINE = 1, 2, 4

__all__ = [
    "INLINE",
    "OMITEMPTY",
    "OMITZERO",
    "SCALARS",
    "Decoder",
    "Mismatch",
    "Options",
    "TypeMismatch",
    "check",
    "decode",
    "decoder",
    "dumps",
    "element_type",
    "fields_of",
    "join_path",
    "json_word",
    "kind_of",
]


class Mismatch(NamedTuple):
    """A value that its Go type cannot hold."""

    path: str  # "spec.containers[0].ports[1].containerPort"
    expected: str  # Go's type: "int32", "[]v1.Container", "resource.Quantity"
    got: str  # JSON's word: "string", "number 1.5", "bool", "array", "object", "null"
    value: Any


def join_path(outer: str, inner: str) -> str:
    """outer and inner as one field path; an inner one may begin with an index or a quoted key."""
    if not outer or not inner or inner.startswith("["):
        return outer + inner
    return f"{outer}.{inner}"


@cache
def kind_of(go_type: str) -> str:
    """pointer, slice, map, struct, or a kind of SCALARS."""
    if go_type.startswith("*"):
        return "pointer"
    if go_type.startswith("[]"):
        return "slice"
    if go_type.startswith("map["):
        return "map"
    if go_type in TYPES:
        return "struct"
    return SCALARS.get(go_type, "string")


def element_type(go_type: str) -> str:
    """The type that a pointer, slice or map leads to."""
    if go_type.startswith("*"):
        return go_type[1:]
    return go_type[2:] if go_type.startswith("[]") else go_type.partition("]")[2]


def fields_of(type_name: str) -> Iterator[tuple[str, str, int]]:
    """(JSON name, Go type, flags) of a struct, those of embedded structs in their place."""
    for name, _, go_type, flags, _, _ in TYPES[type_name]:
        if flags & INLINE:
            yield from fields_of(go_type)
        else:
            yield name, go_type, flags


class Options(NamedTuple):
    """How to read and write; see decode()."""

    keep_empty: bool = False
    coerce: bool = False
    fold_case: bool = False


def decode(
    type_name: str,
    value: Any,
    path: str = "",
    *,
    keep_empty: bool = False,
    coerce: bool = False,
    fold_case: bool = False,
) -> Any:
    """value as the Go type type_name would be written after reading it.

    keep_empty: what Go writes for fields nobody gave is kept ("resources": {}, "containers": null),
    maps are sorted: the exact JSON. Else it is left out, as are nulls: what belongs into a
    manifest. coerce: numbers and booleans become strings where Go wants strings, as
    sigs.k8s.io/yaml does it on typed targets. fold_case: a field is also found under its name in
    other case, as plain encoding/json does (Istio reads pods with it; the API server does not).
    Raises TypeMismatch for the first value that does not fit.
    """
    try:
        return decoder(type_name, Options(keep_empty, coerce, fold_case))(value)
    except TypeMismatch as err:
        err.path = join_path(path, err.path)
        raise


def dumps(type_name: str, value: Any, escape_html: bool = True) -> str:
    """json.Marshal of value read as the Go type. Raises TypeMismatch."""
    return go_json.dumps(decode(type_name, value, keep_empty=True), escape_html, sort_keys=False)


@cache
def decoder(go_type: str, options: Options) -> Decoder:
    """The function that decodes values of a Go type, None included."""
    kind = kind_of(go_type)
    if kind == "pointer":
        inner = decoder(element_type(go_type), options)
        return lambda value: None if value is None else inner(value)

    if kind == "slice":
        return _slice_decoder(go_type, options)
    if kind == "map":
        return _map_decoder(go_type, options)
    if kind == "struct":
        return _struct_decoder(go_type, options)

    return scalar_decoder(kind, options.coerce)


def _slice_decoder(go_type: str, options: Options) -> Decoder:
    inner = decoder(element_type(go_type), options)
    if element_type(go_type) == "byte":
        return string

    def decode_slice(value: Any) -> Any:
        if value is None:
            return None
        if not isinstance(value, list):
            raise TypeMismatch(go_type, value)

        try:
            return [inner(item) for item in value]
        except TypeMismatch:
            for index, item in enumerate(value):
                _at(inner, item, f"[{index}]")
            raise

    return decode_slice


def _at(inner: Decoder, value: Any, step: str) -> Any:
    """inner(value), whose complaint then begins with step."""
    try:
        return inner(value)
    except TypeMismatch as err:
        err.path = join_path(step, err.path)
        raise


def _map_decoder(go_type: str, options: Options) -> Decoder:
    inner = decoder(element_type(go_type), options)

    def decode_map(value: Any) -> Any:
        if value is None:
            return None
        if not isinstance(value, dict):
            raise TypeMismatch(go_type, value)

        try:
            if options.keep_empty:
                return {key: inner(value[key]) for key in sorted(value)}
            return {key: inner(item) for key, item in value.items()}
        except TypeMismatch:
            for key, item in value.items():
                _at(inner, item, _key_step(key))
            raise

    return decode_map


class _FieldRule(NamedTuple):
    """How one field is decoded and whether it is written."""

    name: str
    decode: Decoder
    omit_absent: bool  # a field that is absent or null is not written
    omit_falsy: bool  # ... nor one whose decoded value is empty


def _field_rule(name: str, go_type: str, flags: int, options: Options) -> _FieldRule:
    kind = kind_of(go_type)
    omitempty = bool(flags & OMITEMPTY)
    # omitempty never holds for struct values, which have no empty value; omitzero does.
    is_struct = kind in ("struct", "time", "quantity", "int-or-string")
    if options.keep_empty:
        omit = bool(flags & OMITZERO) if is_struct else omitempty
        return _FieldRule(name, decoder(go_type, options), omit, omit and kind != "pointer")

    if kind == "pointer":  # absent fields are left out before anything is decoded
        return _FieldRule(name, decoder(element_type(go_type), options), True, False)

    omit_falsy = omitempty and kind not in ("quantity", "int-or-string")
    return _FieldRule(name, decoder(go_type, options), True, omit_falsy)


def _fold(value: dict[str, Any], names: set[str]) -> dict[str, Any]:
    """value with its fields under their own names; of two, Go takes the last, which its sorted maps
    end with.
    """
    folded = {name.lower(): name for name in names}
    return {
        key if key in names else folded.get(key.lower(), key): value[key] for key in sorted(value)
    }


def _object(type_name: str, value: Any, names: set[str], fold_case: bool) -> dict[str, Any]:
    """The value as an object, empty for null, its fields under their own names."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise TypeMismatch(type_name, value)
    if fold_case and not value.keys() <= names:
        return _fold(value, names)
    return value


def _struct_decoder(type_name: str, options: Options) -> Decoder:
    # Both filled at the first use: a type may hold itself, and most types have no value in a run.
    rules: list[_FieldRule] = []
    names: set[str] = set()
    fold_case = options.fold_case

    def decode_struct(value: Any) -> Any:
        if not rules:
            rules.extend(_field_rule(*field, options) for field in fields_of(type_name))
            names.update(rule.name for rule in rules)
        if type(value) is not dict or (fold_case and not value.keys() <= names):
            value = _object(type_name, value, names, fold_case)

        written: dict[str, Any] = {}
        get = value.get
        name = ""
        try:
            for name, decode_field, omit_absent, omit_falsy in rules:
                item = get(name)
                if item is None and omit_absent:
                    continue

                # Most fields are texts, which need no call.
                if decode_field is not string or type(item) is not str:
                    item = decode_field(item)
                if item or not omit_falsy:
                    written[name] = item
        except TypeMismatch as err:
            err.path = join_path(name, err.path)
            raise

        return written

    return decode_struct


def check(type_name: str, value: Any, path: str = "") -> list[Mismatch]:
    """Every value that does not fit its Go type, found in order."""
    try:
        decoder(type_name, Options())(value)  # three times as fast as looking at each value
    except TypeMismatch:
        mismatches: list[Mismatch] = []
        _check(type_name, value, path, mismatches)
        return mismatches
    return []


def _check(go_type: str, value: Any, path: str, mismatches: list[Mismatch]) -> None:
    if value is None:
        return

    kind = kind_of(go_type)
    if kind == "pointer":
        _check(element_type(go_type), value, path, mismatches)
    elif kind in ("struct", "slice", "map"):
        members = _members(kind, go_type, value, path)
        if members is None:
            mismatches.append(Mismatch(path, go_type, json_word(value), value))
        for member in members or ():
            _check(*member, mismatches)
    else:
        try:
            decoder(go_type, Options())(value)
        except TypeMismatch as err:
            mismatches.append(Mismatch(path, err.expected, err.got, value))


def _members(kind: str, go_type: str, value: Any, path: str) -> list[tuple[str, Any, str]] | None:
    """Go type, value and path of all that lies in a struct, slice or map; None where the value is
    none of them.
    """
    if kind == "slice":
        if not isinstance(value, list):
            return None
        inner = element_type(go_type)
        return [(inner, item, f"{path}[{index}]") for index, item in enumerate(value)]

    if not isinstance(value, dict):
        return None

    if kind == "struct":
        fields = [(name, inner) for name, inner, _ in fields_of(go_type) if name in value]
        return [(inner, value[name], join_path(path, name)) for name, inner in fields]

    inner = element_type(go_type)
    return [(inner, item, join_path(path, _key_step(key))) for key, item in value.items()]


def _key_step(key: str) -> str:
    return f'["{key}"]' if "." in key or "/" in key else key
