"""Calls of a function, and numbers, in the text of an expression."""

from __future__ import annotations

import re

_TEXT = (
    r'[rRbB]*(?:"""(?:\\.|[^\\])*?"""|\'\'\'(?:\\.|[^\\])*?\'\'\'|"(?:\\.|[^"\\])*"'
    r"|'(?:\\.|[^'\\])*')|//[^\n]*"
)
_TOKEN = re.compile(rf"{_TEXT}|[()]|[\w.]+|.", re.DOTALL)
_NUMBER = r"(?:0x[0-9A-Fa-f]+|[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)[uU]?(?!\w)"
_NUMBERS = re.compile(rf"{_TEXT}|[A-Za-z_]\w*|({_NUMBER})|.", re.DOTALL)


def with_suffix(text: str, name: str, suffix: str) -> str:
    """The expression with a suffix after each call of this function; a name with a dot in front
    is a member's.
    """
    parts: list[str] = []
    opened: list[bool] = []  # for each open parenthesis, whether it is one of the calls
    before = ""  # the last token but spaces
    for match in _TOKEN.finditer(text):
        token = match[0]
        parts.append(token)
        if token == "(":
            is_call = before.endswith(name) if name.startswith(".") else before == name
            opened.append(is_call)
        elif token == ")" and opened and opened.pop():
            parts.append(suffix)
        if not token.isspace() and not token.startswith("//"):
            before = token

    return "".join(parts)


def renamed(text: str, name: str, new: str) -> str:
    """The expression with another name for this function, which is no member."""
    tokens = (match[0] for match in _TOKEN.finditer(text))
    return "".join(new if token == name else token for token in tokens)


def with_dynamic_numbers(text: str) -> str:
    """The expression with each number that is written in it as dyn(number)."""
    return "".join(f"dyn({each[1]})" if each[1] else each[0] for each in _NUMBERS.finditer(text))
