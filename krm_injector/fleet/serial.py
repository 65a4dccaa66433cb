"""The values of model.py as JSON and back, for workers, caches, shards and reports.

What is read equals what was written: tuples are tuples, integers and floats stay what they were,
mappings keep their order. Equal values in equal order give equal bytes, in ASCII. Which form a
field has, its annotation says. A field that has its default is left out.

In places of any value, what JSON lacks is an object with one key: {"$tuple": [...]},
{"$float": "nan"}, and {"$map": [[KEY, VALUE], ...]} for a mapping whose keys are not all texts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from krm_injector.fleet.any_value import (
    Unreadable,
    plain,
    read_any,
    shown,
    unexpected,
    write_any,
)
from krm_injector.fleet.model import (
    Cluster,
    Fleet,
    Inputs,
    PassedOver,
    Report,
    Target,
    TargetResult,
    Task,
)
from krm_injector.kube import c_json
from krm_injector.model import Place, ResourceRef, Result
from krm_injector.named_tuple import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeAlias, TypeVar

    T = TypeVar("T")
    Value: TypeAlias = (
        "Cluster | Fleet | Inputs | PassedOver | Report | Result | ResourceRef | Target"
        " | TargetResult | Task"
    )

__all__ = ["VERSION", "Unreadable", "from_json", "sorted_json", "to_json"]

VERSION = 1
"""The version of the format. Another one is not read."""
_FORMAT = "krm-injector-fleet"
_CLASSES: dict[str, type[tuple[Any, ...]]] = {
    each.__name__: each
    for each in (
        Cluster, Fleet, Inputs, PassedOver, Place, Report, ResourceRef, Result, Target,
        TargetResult, Task,
    )
}  # fmt: skip
_CHOICES = {
    "FleetCommand": ("list", "build", "explain", "verify", "plan", "diff", "images"),
    "Severity": ("error", "warning", "info"),
    "TargetKind": ("kustomization", "chart", "package", "directory"),
}


def to_json(value: Value) -> str:
    """The JSON of a value, in one line. Raises TypeError for one that has no form in JSON."""
    import json

    kind = type(value).__name__
    written = _class_codec(kind).write(value)
    document = {"format": _FORMAT, "version": VERSION, "kind": kind, "value": written}
    return json.dumps(document, separators=(",", ":"), allow_nan=False)


def from_json(kind: type[T], text: str | bytes) -> T:
    """The value whose JSON it is. Raises Unreadable."""
    try:
        document = _document(text)
        version = document.get("version")
        if document.get("format") != _FORMAT or type(version) is not int:
            raise Unreadable(f'it is not written by krm-injector fleet: no "format": "{_FORMAT}"')
        if version != VERSION:
            raise Unreadable(
                f"it is in version {version} of the format, and this krm-injector reads version "
                f"{VERSION}: use one version of krm-injector for all parts of a run"
            )
        if document.get("kind") != kind.__name__:
            raise Unreadable(f"it is a {document.get('kind')}, and a {kind.__name__} is expected")
        if "value" not in document:
            raise Unreadable('the field "value" is missing')

        value: T = _class_codec(kind.__name__).read(document["value"], kind.__name__)
    except RecursionError:
        raise Unreadable("its values are nested too deeply") from None
    return value


def _document(text: str | bytes) -> dict[str, Any]:
    import json

    try:
        document = json.loads(text, parse_constant=_refuse_constant)
    except ValueError as problem:  # neither text nor JSON
        raise Unreadable(f"it is not JSON: {problem}") from None

    if not isinstance(document, dict):
        raise Unreadable(f"it is {shown(document)}, and a mapping is expected")
    return document


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no number")


def sorted_json(value: Any) -> str:
    """Any value, for a digest: the order of the keys of mappings does not matter."""
    return c_json.with_sorted_keys(write_any(value))


# ---------------------------------------------------------------- forms of fields


class _Codec(NamedTuple):
    """How a field is written and read. ``read`` gets the place of the value too."""

    write: Callable[[Any], Any]
    read: Callable[[Any, str], Any]


_codecs: dict[str, _Codec] = {}  # by annotation


def _codec(annotation: str) -> _Codec:
    """The form that an annotation means. It knows those that model.py has."""
    if annotation not in _codecs:
        _codecs[annotation] = _new_codec(annotation)
    return _codecs[annotation]


def _new_codec(annotation: str) -> _Codec:
    alternative = annotation.removesuffix(" | None")
    if alternative != annotation:
        return _optional(_codec(alternative))
    if annotation in _CLASSES:
        return _class_codec(annotation)
    if annotation in _CHOICES:
        return _choice(_CHOICES[annotation])
    if annotation in _PLAIN:
        return _PLAIN[annotation]

    name, bracket, arguments = annotation.removesuffix("]").partition("[")
    if bracket and name == "dict":
        return _mapping(_codec(arguments.removeprefix("str, ")))
    if bracket and name == "tuple":
        if arguments.endswith(", ..."):
            return _tuple(_codec(arguments.removesuffix(", ...")))
        return _row([_codec(each) for each in arguments.split(", ")])

    raise TypeError(f"no form in JSON is known for {annotation}")


def _scalar(expected: str, *types: type) -> _Codec:
    def write(value: Any) -> Any:
        if type(value) in types:
            return value
        base = next((each for each in types if isinstance(value, each)), None)
        if base is None or isinstance(value, bool):
            raise TypeError(f"{value!r} is no {expected}")
        return plain(value, base)

    def read(value: Any, place: str) -> Any:
        if type(value) not in types:
            raise unexpected(value, place, expected)
        return value

    return _Codec(write, read)


def _choice(choices: Sequence[str]) -> _Codec:
    def read(value: Any, place: str) -> Any:
        if value not in choices:
            raise unexpected(value, place, f"one of {', '.join(choices)}")
        return value

    return _Codec(_PLAIN["str"].write, read)


def _optional(codec: _Codec) -> _Codec:
    def write(value: Any) -> Any:
        return None if value is None else codec.write(value)

    def read(value: Any, place: str) -> Any:
        return None if value is None else codec.read(value, place)

    return _Codec(write, read)


def _tuple(codec: _Codec) -> _Codec:
    """Any number of members of one form."""

    def write(value: Any) -> Any:
        return [codec.write(member) for member in value]

    def read(value: Any, place: str) -> Any:
        if not isinstance(value, list):
            raise unexpected(value, place, "a list")
        return tuple(codec.read(member, f"{place}[{index}]") for index, member in enumerate(value))

    return _Codec(write, read)


def _row(codecs: Sequence[_Codec]) -> _Codec:
    """Members each of its own form."""

    def write(value: Any) -> Any:
        return [codec.write(member) for codec, member in zip(codecs, value, strict=True)]

    def read(value: Any, place: str) -> Any:
        if not isinstance(value, list) or len(value) != len(codecs):
            raise unexpected(value, place, f"a list of {len(codecs)}")
        return tuple(
            codec.read(member, f"{place}[{index}]")
            for index, (codec, member) in enumerate(zip(codecs, value, strict=True))
        )

    return _Codec(write, read)


def _mapping(codec: _Codec) -> _Codec:
    def write(value: Any) -> Any:
        return {_text.write(key): codec.write(member) for key, member in value.items()}

    def read(value: Any, place: str) -> Any:
        if not isinstance(value, dict):
            raise unexpected(value, place, "a mapping")
        return {key: codec.read(member, f"{place}.{key}") for key, member in value.items()}

    return _Codec(write, read)


# ---------------------------------------------------------------- classes


class _Field(NamedTuple):
    name: str
    codec: _Codec
    required: bool
    default: Any


def _class_codec(name: str) -> _Codec:
    """The form of a class of model.py: a mapping of its fields, in their order."""
    if name not in _CLASSES:
        raise TypeError(f"no form in JSON is known for {name}")
    if name in _codecs:
        return _codecs[name]

    kind = _CLASSES[name]
    fields = list(_fields(kind))
    names = {field.name for field in fields}

    def write(value: Any) -> Any:
        if type(value) is not kind:
            raise TypeError(f"{value!r} is no {name}")
        pairs = zip(fields, value, strict=True)
        return {
            field.name: field.codec.write(member)
            for field, member in pairs
            if field.required or not _same(member, field.default)
        }

    def read(value: Any, place: str) -> Any:
        if not isinstance(value, dict):
            raise unexpected(value, place, "a mapping")
        if not value.keys() <= names:
            unknown = ", ".join(sorted(value.keys() - names))
            raise Unreadable(
                f"{place} has fields that this version of krm-injector does not know: {unknown}"
            )
        return kind(*(_member(field, value, place) for field in fields))

    _codecs[name] = _Codec(write, read)
    return _codecs[name]


def _fields(kind: Any) -> Iterator[_Field]:
    defaults: Mapping[str, Any] = kind._field_defaults
    for name in kind._fields:
        codec = _codec(kind.__annotations__[name])
        yield _Field(name, codec, name not in defaults, defaults.get(name))


def _member(field: _Field, value: dict[str, Any], place: str) -> Any:
    if field.name in value:
        return field.codec.read(value[field.name], f"{place}.{field.name}")
    if field.required:
        raise Unreadable(f'{place}: the field "{field.name}" is missing')
    return field.default


def _same(value: Any, default: Any) -> bool:
    """Whether a value is the default. 0, 0.0 and False are three values."""
    return value is default or (type(value) is type(default) and bool(value == default))


_text = _scalar("text", str)
_any = _Codec(write_any, read_any)
_PLAIN = {
    "str": _text,
    "CodeName | Literal['']": _text,
    "int": _scalar("an integer", int),
    "float": _scalar("a number", float, int),
    "bool": _scalar("true or false", bool),
    "Any": _any,
}
