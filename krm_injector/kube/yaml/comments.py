"""The comments that stand behind values, on their lines."""

from __future__ import annotations

import re
from collections.abc import Callable

from krm_injector.kube.yaml.events import (
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    YAMLError,
    parser,
)
from krm_injector.kube.yaml.load import Place
from krm_injector.lazy_pattern import lazy_pattern

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

Steps = tuple[str | int, ...]

_BEHIND = lazy_pattern(r"[ \t]+#[ \t]*([^\r\n]*)")
_BEHIND_KEY = lazy_pattern(r"[ \t]*:[ \t]+#[ \t]*([^\r\n]*)")


def line_comments(text: str, place: Place) -> dict[Steps, str]:
    """The comment behind each value, or behind the key of a collection, by the path from the node
    at the place.

    {} where the node cannot be read by itself (an alias to an anchor outside is no obstacle).
    """
    comments: dict[Steps, str] = {}
    return comments if _whole(_read, text, place, comments) else {}


def commented_lists(text: str, place: Place) -> set[Steps] | None:
    """The paths of the lists with a number sign in their text, or on the line of their key: at
    least all of those with a comment. None where the node cannot be read by itself.
    """
    lists: set[Steps] = set()
    return lists if _whole(_lists, text, place, lists) else None


def _whole(
    read: Callable[[Any, Any, Steps, str, Any], None], text: str, place: Place, found: Any
) -> bool:
    """Whether the node at the place could be read by itself, from its first event to its last."""
    source = " " * place.column + text[place.start : place.end]
    get = parser(source)
    try:
        for _ in range(2):  # the stream's and the document's start
            get()
        read(get, get(), (), source, found)
    except YAMLError:
        return False

    return True


def _lists(get: Any, event: Any, path: Steps, text: str, lists: set[Steps]) -> None:
    if event.__class__ is MappingStartEvent:
        while (key := get()).__class__ is not MappingEndEvent:
            if key.__class__ is ScalarEvent:
                _lists(get, get(), (*path, key.value), text, lists)
            else:  # a key that no path could name
                _lists(get, key, (), text, set())
                _lists(get, get(), (), text, set())
    elif event.__class__ is SequenceStartEvent:
        begin: Any = event
        start = text.rfind("\n", 0, begin.start_mark.index) + 1
        start = text.rfind("\n", 0, max(start - 1, 0)) + 1  # the line of the key
        index = 0
        while (last := get()).__class__ is not SequenceEndEvent:
            _lists(get, last, (*path, index), text, lists)
            index += 1

        end: Any = last
        if "#" in text[start : end.end_mark.index]:
            lists.add(path)


def _read(get: Any, event: Any, path: Steps, text: str, comments: dict[Steps, str]) -> None:
    """Note the comments behind the node that event begins, and behind all below it."""
    last: Any = event
    if event.__class__ is MappingStartEvent:
        while (key := get()).__class__ is not MappingEndEvent:
            if (
                key.__class__ is not ScalarEvent
            ):  # a key of its own kind: nothing that a path could name
                _read(get, key, (), text, {})
                _read(get, get(), (), text, {})
                continue

            inner = (*path, key.value)
            _note(_BEHIND_KEY, key, inner, text, comments)
            _read(get, get(), inner, text, comments)

        last = key
    elif event.__class__ is SequenceStartEvent:
        index = 0
        while (last := get()).__class__ is not SequenceEndEvent:
            _read(get, last, (*path, index), text, comments)
            index += 1

    if last is event or event.flow_style:
        _note(_BEHIND, last, path, text, comments)


def _note(
    behind: re.Pattern[str], event: Any, path: Steps, text: str, comments: dict[Steps, str]
) -> None:
    match = behind.match(text, event.end_mark.index)
    if match:
        comments[path] = match[1].rstrip()
