"""The first line of a piece of block YAML: its key, and what begins behind that. See pieces.py."""

from __future__ import annotations

import re

from krm_injector.kube.yaml import scalars

TYPE_CHECKING = False
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeAlias

# What follows the first character of a plain scalar: blanks, ":" and "#" by their neighbours.
_REST = r"[^ :#]*(?:(?::(?! |$)|(?<! )#| +(?![ #:]|$))[^ :#]*)*"
_SINGLE_QUOTED = r"[^']*(?:''[^']*)*"
DOUBLE_QUOTED = r'[^"\\]*(?:\\.[^"\\]*)*'
_LABEL = (  # indentation, dash, key
    r" *(?:(-)(?: +|$))?()"
    rf"""(?:(?:([A-Za-z0-9_./$(]{_REST})|"([^"\\]*)"|'([^']*)'):(?: +|$))?"""
)
LINE = re.compile(
    rf"""{_LABEL}(?:((?:[^-?:,\[\]{{}}#&*!|>'"%@` ]|-(?! |$)){_REST})"""
    rf"""|'({_SINGLE_QUOTED})'|"({DOUBLE_QUOTED})"|(\{{\}}|\[\]|\|[-+]?|[&*][A-Za-z0-9_-]+))?"""
    r"( +(?:#.*)?)?$"
)
_OPEN = re.compile(rf"""{_LABEL}(?:'({_SINGLE_QUOTED})|"({DOUBLE_QUOTED}\\?))$""")
_ESCAPE_OR_FOLD = re.compile(r"\n+|\\(?:\n+|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|.)")
_ESCAPES = {
    "0": "\0", "a": "\a", "b": "\b", "t": "\t", "n": "\n", "v": "\v", "f": "\f", "r": "\r",
    "e": "\x1b", " ": " ", '"': '"', "\\": "\\", "N": "\x85", "_": "\xa0", "L": "\u2028",
    "P": "\u2029", "\n": "",
}  # fmt: skip

# What stands behind a key or dash.
VALUE, PLAIN, NOTHING, MAPPING, SEQUENCE, ALIAS, ANCHOR, LITERAL, SINGLE, DOUBLE = range(10)
_MARKS = {"{": MAPPING, "[": SEQUENCE, "*": ALIAS, "&": ANCHOR, "|": LITERAL}

First: TypeAlias = 'tuple[int, "str | None", int, Any]'
"""A piece's first line: the column behind its dash, its key (None: an element that is no mapping),
what kind of thing stands behind, and that.
"""


class Unusual(Exception):
    """This text is for load.Reader."""


def first_line(line: str) -> First:
    match = LINE.match(line)
    if not match:
        return _opening(line)

    dash, _, plain_key, key_1, key_2, plain, single, double, mark, behind = match.groups()
    key = _key(plain_key, key_1, key_2)
    kind, value = VALUE, None
    if plain is not None:
        value = _resolved(plain)
        kind = VALUE if behind else PLAIN
    elif single is not None:
        value = single.replace("''", "'")
    elif double is not None:
        value = unescaped(double)
    elif mark:
        kind, value = _MARKS[mark[0]], mark[1:]
    elif key is None and not dash:
        raise Unusual
    else:
        kind = NOTHING

    return match.start(2), key, kind, value


def _opening(line: str) -> First:
    """A line on which a quoted scalar begins, but does not end."""
    match = _OPEN.match(line)
    if not match:
        raise Unusual
    key = _key(match[3], match[4], match[5])
    if match[6] is not None:
        return match.start(2), key, SINGLE, match[6]
    return match.start(2), key, DOUBLE, match[7]


def _key(plain: str | None, double: str | None, single: str | None) -> str | None:
    if plain is None:
        key = double if double is not None else single
    else:
        key = scalars.key_text(scalars.resolve(plain))
        if key is None:
            raise Unusual
    if key is not None and len(key) > 500:  # libyaml has a limit of 1024
        raise Unusual
    return key


def _resolved(text: str) -> Any:
    value = scalars.resolve(text)
    if value.__class__ is float:
        if text in scalars.WORDS:
            raise Unusual
        return scalars.as_json_number(value)
    return value


def unescaped(text: str) -> str:
    """The text of a double-quoted scalar whose lines have no blanks at their ends."""
    if "\\" in text or "\n" in text:
        return _ESCAPE_OR_FOLD.sub(fold, text)
    return text


def fold(match: re.Match[str]) -> str:
    text = match[0]
    if text[0] == "\n":
        return text[1:] or " "
    known = _ESCAPES.get(text[1:])
    if known is not None:
        return known
    if text[1] == "\n":
        return text[2:]
    if len(text) == 2:
        raise Unusual
    code = int(text[2:], 16)
    if 0xD800 <= code < 0xE000 or code > 0x10FFFF:
        raise Unusual
    return chr(code)
