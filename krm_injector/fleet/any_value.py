"""Any value as JSON and back: what JSON lacks is an object with one key, which begins with "$"."""

from __future__ import annotations

from krm_injector.kube import c_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_JSON_SCALARS = frozenset((str, int, bool, type(None)))


class Unreadable(ValueError):
    """The text is not what this module wrote. The message says what is wrong with it."""


def write_any(value: Any) -> Any:
    if type(value) in _JSON_SCALARS:
        return value
    if isinstance(value, float):
        # NaN and the infinities have no form in JSON.
        return float(value) if value - value == 0 else {"$float": repr(float(value))}
    if isinstance(value, dict):
        return _write_mapping(value)
    if isinstance(value, list):
        return [write_any(member) for member in value]
    if isinstance(value, tuple):
        return {"$tuple": [write_any(member) for member in value]}
    if isinstance(value, (str, int)):
        return plain(value, str if isinstance(value, str) else int)

    raise TypeError(f"a {type(value).__name__} has no form in JSON")


def plain(value: Any, kind: type) -> Any:
    """A value of a class derived from str, int or float, such as an enum, as one of that class."""
    return str.__str__(value) if kind is str else kind(value)


def _write_mapping(value: dict[Any, Any]) -> dict[str, Any]:
    if all(type(key) is str and not key.startswith("$") for key in value):
        return {key: write_any(member) for key, member in value.items()}
    return {"$map": [[write_any(key), write_any(member)] for key, member in value.items()]}


def read_any(value: Any, place: str) -> Any:
    if isinstance(value, list):
        return [read_any(member, f"{place}[{index}]") for index, member in enumerate(value)]
    if not isinstance(value, dict):
        return value
    if not any(key.startswith("$") for key in value):
        return {key: read_any(member, f"{place}.{key}") for key, member in value.items()}

    ((form, content), *further) = value.items()
    try:
        if form == "$float" and not further and content in ("nan", "inf", "-inf"):
            return float(content)
        if form == "$tuple" and not further and isinstance(content, list):
            return tuple(read_any(content, place))
        if form == "$map" and not further:
            return {read_any(key, place): read_any(member, place) for key, member in content}
    except (TypeError, ValueError):  # pairs are no pairs, or a key is a list
        pass

    raise Unreadable(f"{place}: {shown(value)} is no value that krm-injector writes")


# ---------------------------------------------------------------- what is wrong


def unexpected(value: Any, place: str, expected: str) -> Unreadable:
    return Unreadable(f"{place} is {shown(value)}, and {expected} is expected")


def shown(value: Any) -> str:
    """A value in a sentence; long ones are cut."""
    text = c_json.compact(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
