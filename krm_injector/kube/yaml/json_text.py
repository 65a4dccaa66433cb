"""JSON text to plain values, with the checks that YAML gets: duplicate keys, depth, positions."""

from __future__ import annotations

import json
import re

from krm_injector.kube.yaml.error import YamlError
from krm_injector.kube.yaml.events import MAX_DEPTH
from krm_injector.kube.yaml.load import Document, Place
from krm_injector.kube.yaml.scalars import as_json_number
from krm_injector.lazy_pattern import lazy_pattern

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn

_LONGEST_INTEGER = 309  # characters; more are beyond float64, and Python reads at most 4,300
_SPACE = lazy_pattern(r"[ \t\r\n]*")


def load_json(text: str) -> Any:
    """The value of the one JSON document in text. Errors: YamlError, with code "json-syntax" where
    it is no JSON.
    """
    documents = load_json_stream(text)
    if len(documents) != 1:
        raise YamlError(f"{len(documents)} JSON documents; one is expected", code="yaml-documents")
    return documents[0].value


def load_json_stream(text: str) -> list[Document]:
    """Every document of JSON texts one behind the other."""
    documents: list[Document] = []
    surrogates = _may_hold_surrogates(text)  # asked once: a stream of thousands is long
    counted = line = 0
    at = _SPACE.match(text, 0).end()  # type: ignore[union-attr]
    while at < len(text):
        value, end = _decode_at(text, at, surrogates)
        line += text.count("\n", counted, at)
        counted = at
        place = Place(at, end, line, at - text.rfind("\n", 0, at) - 1, False)
        documents.append(
            Document(
                value, documents[-1].place.end if documents else 0, end, place, False, json=True
            )
        )
        at = _SPACE.match(text, end).end()  # type: ignore[union-attr]

    if documents:
        documents[-1] = documents[-1]._replace(end=len(text))

    return documents


def decode_at(text: str, at: int) -> tuple[Any, int]:
    """The JSON value that begins at an offset, and the offset behind it. Errors: YamlError."""
    value, end = _decode_at(text, at, False)
    return (_without_surrogates(value) if _may_hold_surrogates(text[at:end]) else value), end


def _decode_at(text: str, at: int, surrogates: bool) -> tuple[Any, int]:
    try:
        value, end = _DECODER.raw_decode(text, at)
    except json.JSONDecodeError as error:
        raise YamlError(error.msg, error.lineno, error.colno, "json-syntax") from None
    except _Duplicate as error:
        _fail_duplicate(text, error.key)
    except RecursionError:
        raise YamlError(f"nested deeper than {MAX_DEPTH} levels", code="yaml-depth") from None

    _check_depth(value, 1)
    return (_without_surrogates(value) if surrogates else value), end


def _may_hold_surrogates(text: str) -> bool:
    return "\\ud" in text or "\\uD" in text


class _Duplicate(Exception):
    def __init__(self, key: str) -> None:
        self.key = key


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise _Duplicate(key)
            seen.add(key)

    return result


def _integer(text: str) -> float | int:
    return int(text) if len(text) <= _LONGEST_INTEGER else _number(text)


def _number(text: str) -> float | int:
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise YamlError(f"the number {_shortened(text)} is out of range", code="yaml-number")
    return as_json_number(value)


def _shortened(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:30]}... of {len(text)} characters"


def _constant(name: str) -> NoReturn:
    raise YamlError(f"{name} is no JSON", code="json-syntax")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object,
    parse_int=_integer,
    parse_float=_number,
    parse_constant=_constant,
)


def _fail_duplicate(text: str, key: str) -> NoReturn:
    """Say where a key that is twice in one object stands (its second appearance, where that can be
    told).
    """
    places = [
        match.start()
        for match in re.finditer(re.escape(json.dumps(key, ensure_ascii=False)) + r"\s*:", text)
    ]
    problem = f'the key "{key}" appears twice in one object'
    if len(places) == 2:
        at = places[1]
        line, column = text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)
        raise YamlError(problem, line, column, "yaml-duplicate-key") from None

    raise YamlError(problem, code="yaml-duplicate-key") from None


def _check_depth(value: Any, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise YamlError(f"nested deeper than {MAX_DEPTH} levels", code="yaml-depth")
    for item in (
        value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    ):
        if item.__class__ is dict or item.__class__ is list:
            _check_depth(item, depth + 1)


def _without_surrogates(value: Any) -> Any:
    """Halves of surrogate pairs replaced by U+FFFD, as Go's encoding/json does."""
    if isinstance(value, str):
        return re.sub("[\ud800-\udfff]", "\ufffd", value)
    if isinstance(value, list):
        return [_without_surrogates(item) for item in value]
    if isinstance(value, dict):
        return {_without_surrogates(key): _without_surrogates(item) for key, item in value.items()}
    return value
