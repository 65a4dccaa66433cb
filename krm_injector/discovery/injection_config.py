"""data.config of a control plane -> its fields as Istio's Config holds them.

Source of the fields: istio/istio pkg/kube/inject/inject.go Config (webhook.go before 1.9, under
pilot/ until 1.3). Istio reads them by sigs.k8s.io/yaml (ghodss/yaml until 1.9), which converts a
scalar where text belongs (yaml.go convertToJSONableObject), and by encoding/json, where null leaves
the zero value of its place (Unmarshal). All versions agree in this; those of 1.31 were asked
(istio-webhook-oracle). Not matched: .inf and .nan, which Istio takes where text belongs, are errors
everywhere.
"""

from __future__ import annotations

from krm_injector.model import Object
from krm_injector.named_tuple import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class _MapOf(NamedTuple):
    member: Any


class _ListOf(NamedTuple):
    member: Any


# A shape is str, a map, a list, or a struct: the shapes of the fields by name.
_TEXTS = _ListOf(str)
_LABEL_SELECTOR = {
    "matchLabels": _MapOf(str),
    "matchExpressions": _ListOf({"key": str, "operator": str, "values": _TEXTS}),
}
_CONFIG: dict[str, Any] = {
    "policy": str,
    "template": str,  # until 1.8
    "templates": _MapOf(str),
    "aliases": _MapOf(_TEXTS),
    "defaultTemplates": _TEXTS,
    "neverInjectSelector": _ListOf(_LABEL_SELECTOR),
    "alwaysInjectSelector": _ListOf(_LABEL_SELECTOR),
    "injectedAnnotations": _MapOf(str),
}

FIELDS = frozenset(_CONFIG)


class Mistyped(NamedTuple):
    """A value that Istio's Config cannot hold: istiod refuses the whole configuration."""

    path: str
    expected: str  # what it must be: "a string"
    value: Any


def decode(config: Object) -> tuple[Object, list[Mistyped]]:
    """The configuration with Go's values in place of null and of scalars, and what has the wrong
    type.

    A field that is null as a whole stays so: that is the same as a field that is not there.
    """
    mistyped: list[Mistyped] = []
    decoded = {
        field: value
        if value is None or field not in _CONFIG
        else _decode(value, _CONFIG[field], field, mistyped)
        for field, value in config.items()
    }
    return decoded, mistyped


def _decode(value: Any, shape: Any, path: str, mistyped: list[Mistyped]) -> Any:
    if shape is str:
        return _text(value, path, mistyped)

    if isinstance(shape, _ListOf):
        return _list(value, shape, path, mistyped)

    if value is None:
        return {}

    if not isinstance(value, dict):
        mistyped.append(Mistyped(path, "a mapping", value))
        return value

    if isinstance(shape, _MapOf):
        return {
            key: _decode(member, shape.member, f"{path}[{key}]", mistyped)
            for key, member in value.items()
        }

    return {
        key: _decode(member, shape[key], f"{path}.{key}", mistyped) if key in shape else member
        for key, member in value.items()
    }


def _list(value: Any, shape: _ListOf, path: str, mistyped: list[Mistyped]) -> Any:
    if value is None:
        return []

    if not isinstance(value, list):
        mistyped.append(Mistyped(path, "a list", value))
        return value

    return [
        _decode(member, shape.member, f"{path}[{index}]", mistyped)
        for index, member in enumerate(value)
    ]


def _text(value: Any, path: str, mistyped: list[Mistyped]) -> Any:
    if isinstance(value, str):
        return value

    if value is None:
        return ""

    if isinstance(value, bool):
        return "true" if value else "false"

    if isinstance(value, int):
        return str(value)

    if isinstance(value, float):
        return _float_text(value)

    mistyped.append(Mistyped(path, "a string", value))
    return value


def _float_text(value: float) -> str:
    """As strconv.FormatFloat(value, 'g', -1, 32): the shortest text that is the same float32."""
    # Late: hardly any configuration has such a number.
    from struct import pack, unpack

    from krm_injector.gotemplate.floats import float_text

    try:
        (single,) = unpack("f", pack("f", value))
    except OverflowError:
        return "+Inf" if value > 0 else "-Inf"

    for digits in range(1, 9):
        shortest = float(f"{single:.{digits}g}")
        if pack("f", shortest) == pack("f", single):
            return float_text(shortest)

    return float_text(float(f"{single:.9g}"))
