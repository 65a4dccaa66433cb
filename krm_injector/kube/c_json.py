"""What every injection needs of json, without the import of json.

json is Python around the C module _json. The Python takes 2 ms to import, for classes and regular
expressions that most runs do not need. Where _json is missing, or makes its encoder in another way
than expected, json itself answers.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

MAX_DEPTH = 200  # as of YAML
_TOO_DEEP = f"nested deeper than {MAX_DEPTH} levels"

__all__ = ["bounded_loads", "compact", "encode_basestring", "loads", "with_sorted_keys"]


def _refuse(value: object) -> None:
    raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")


try:
    from _json import encode_basestring, make_encoder

    # As json.JSONEncoder.iterencode makes it: no circles are looked for, nothing is indented, keys
    # are not skipped, NaN is allowed.
    _encoders: tuple[Callable[[Any, int], Any], ...] = tuple(
        make_encoder(None, _refuse, encode_basestring, None, ":", ",", sort_keys, False, True)
        for sort_keys in (False, True)
    )
except (ImportError, TypeError):
    from json.encoder import encode_basestring

    _encoders = ()


def compact(value: Any) -> str:
    """json.dumps(value, ensure_ascii=False, separators=(",", ":"))."""
    return _text(value, sort_keys=False)


def with_sorted_keys(value: Any) -> str:
    """The same with the keys of each object in order."""
    return _text(value, sort_keys=True)


def _text(value: Any, sort_keys: bool) -> str:
    if _encoders:
        return "".join(_encoders[sort_keys](value, 0))

    import json

    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=sort_keys)


def loads(text: str) -> Any:
    """json.loads. A manifest that was never injected has no text to load."""
    import json

    return json.loads(text)


def bounded_loads(text: str) -> Any:
    """json.loads for a text that anybody may have written. Raises ValueError, also where it is
    nested deeper than YAML may be.
    """
    try:
        value = loads(text)
    except RecursionError:
        raise ValueError(_TOO_DEEP) from None

    # A text may have brackets in its strings too.
    may_be_deep = text.count("[") + text.count("{") > MAX_DEPTH
    if may_be_deep and isinstance(value, (dict, list)) and _is_deep(value):
        raise ValueError(_TOO_DEEP)

    return value


def _is_deep(value: Any) -> bool:
    """Whether lists and mappings are nested deeper than MAX_DEPTH."""
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, (dict, list))
        ]
        if not level:
            return False

    return True
