"""Calls of a function in the text of an expression."""

from __future__ import annotations

import re

_TOKEN = re.compile(
    r'[rRbB]*(?:"""(?:\\.|[^\\])*?"""|\'\'\'(?:\\.|[^\\])*?\'\'\'|"(?:\\.|[^"\\])*"'
    r"|'(?:\\.|[^'\\])*')|//[^\n]*|[()]|[\w.]+|.",
    re.DOTALL,
)


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
