"""The event layer: libyaml's parser through PyYAML's C extension, or PyYAML's own where that is
missing.
"""

from __future__ import annotations

from krm_injector.kube.yaml import extension
from krm_injector.kube.yaml.error import YamlError
from krm_injector.lazy_pattern import lazy_pattern

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, NoReturn

_Parser: Any = extension.load()

from yaml.error import YAMLError  # noqa: E402
from yaml.events import (  # noqa: E402
    AliasEvent,
    DocumentEndEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
    StreamStartEvent,
)

_TAB_INDENT = lazy_pattern(" *\t")
_ILLEGAL = lazy_pattern(
    "[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)

ODD_BREAKS = "\r\x85\u2028\u2029"  # line breaks of YAML beside the line feed

MAX_DEPTH = 200
"""Deepest nesting of collections; a Pod needs 15, the deepest published CRDs about 60."""

__all__ = [
    "MAX_DEPTH",
    "AliasEvent",
    "DocumentEndEvent",
    "DocumentStartEvent",
    "MappingEndEvent",
    "MappingStartEvent",
    "ScalarEvent",
    "SequenceEndEvent",
    "SequenceStartEvent",
    "StreamEndEvent",
    "StreamStartEvent",
    "YAMLError",
    "advice",
    "check_text",
    "parser",
    "reading",
    "refuse",
]


def parser(text: str) -> Callable[[], Any]:
    """The function that returns the next event of text; it raises yaml.YAMLError (see refuse)."""
    try:
        source = _Parser(text)
    except (YAMLError, UnicodeError) as error:  # PyYAML's own reader looks at all characters first
        refuse(error, text)
    get_event: Callable[[], Any] = source.get_event
    return get_event


class reading:
    """A context in which the parser's errors over text become YamlError."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: object
    ) -> None:
        if isinstance(error, (YAMLError, UnicodeError)):
            refuse(error, self.text)


def refuse(error: Exception, text: str) -> NoReturn:
    """Raise the YamlError for what the parser or its reader raised."""
    check_text(text)
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    problem = getattr(error, "problem", None) or getattr(error, "reason", None) or str(error)
    if mark and "nesting depth" in problem:
        _refuse_depth(text[: mark.index])

    context = getattr(error, "context", None)
    # No colon: behind "the next token" it would look like a credential.
    sentence = f"{context}, {problem}" if context else str(problem)
    if mark is None:
        raise YamlError(sentence) from None

    sentence += advice(text, mark.line)
    raise YamlError(sentence, mark.line + 1, mark.column + 1) from None


def _refuse_depth(text: str) -> None:
    """Raise YamlError where text, in which libyaml has counted 1,000 levels, goes beyond MAX_DEPTH.

    From 0.2.6 (PyYAML 6.0.4) libyaml has a limit of its own. It reads ahead of its events, so it
    may give up before the event has come at which a reader would; that event does come from the
    text up to there. Hence the same error with every libyaml.
    """
    get, depth = parser(text), 0
    while (event := get()).__class__ is not StreamEndEvent:
        if event.__class__ in (MappingStartEvent, SequenceStartEvent):
            depth += 1
            if depth > MAX_DEPTH:
                mark: Any = event.start_mark
                raise YamlError(
                    f"nested deeper than {MAX_DEPTH} levels",
                    mark.line + 1,
                    mark.column + 1,
                    "yaml-depth",
                )
        elif event.__class__ in (MappingEndEvent, SequenceEndEvent):
            depth -= 1


A_TEMPLATE = "looks like a template"
# How text/template and Jinja, Jinja, FreeMarker and ERB begin what they replace. "<#" alone would
# be a comment behind "<".
_OF_TEMPLATES = lazy_pattern(r"\{\{|\{%|</?#(?=[a-z])|<%")


def advice(text: str, number: int) -> str:
    """What to do about the mistakes that everybody makes, seen in the line (counted from 0) of an
    error; or "".
    """
    lines = text.splitlines()[
        max(number - 1, 0) : number + 1
    ]  # a template's bracket may close a line further up
    if lines and _TAB_INDENT.match(lines[-1]):
        return "; a tab cannot indent YAML; use spaces"
    for line in lines:
        sign = _OF_TEMPLATES.search(line)
        if sign:
            how = " (helm template)" if sign[0] == "{{" else ""
            return f"; {sign[0]} {A_TEMPLATE}: render it first{how}"
    return ""


def check_text(text: str) -> None:
    """Raise YamlError where text holds a character that YAML does not allow (NUL, control
    characters, surrogates).
    """
    illegal = _ILLEGAL.search(text)
    if illegal:
        line = text.count("\n", 0, illegal.start())
        column = illegal.start() - text.rfind("\n", 0, illegal.start())
        name = (
            "a byte order mark"
            if illegal[0] == "\ufeff"
            else f"the character U+{ord(illegal[0]):04X}"
        )
        raise YamlError(
            f"{name} is not allowed in YAML", line + 1, column, "yaml-character"
        ) from None
