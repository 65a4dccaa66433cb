"""Scalars of more lines than one in a piece of block YAML. See pieces.py."""

from __future__ import annotations

import re

from krm_injector.kube.yaml.piece_lines import (
    DOUBLE_QUOTED,
    LINE,
    SINGLE,
    Unusual,
    fold,
    unescaped,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_DOUBLE_END = re.compile(rf'(?:(?:{DOUBLE_QUOTED}\\?)\n)*{DOUBLE_QUOTED}" *(?=\n|\Z)')
_SILENT = re.compile(r"(?: *(?:#.*)?(?:\n|\Z))*")


def is_silent(rest: str) -> bool:
    """Whether lines are nothing but comments."""
    return _SILENT.fullmatch(rest) is not None and _is_printable(rest)


def check_silent(rest: str) -> None:
    if not is_silent(rest):
        raise Unusual


def below_comments(rest: str) -> str:
    """The lines from the first one on that says something."""
    behind = _SILENT.match(rest).end()  # type: ignore[union-attr]
    if not _is_printable(rest[:behind]):
        raise Unusual
    return rest[behind:]


def _is_printable(text: str) -> bool:
    return text.replace("\n", "").isprintable()


def continued(value: Any, rest: str, column: int) -> tuple[Any, str]:
    """A plain scalar with the lines that it goes on, and the lines behind it."""
    lines = rest.split("\n")
    parts = [value]
    for line in lines:
        text = line.lstrip(" ")
        if not text or text[0] == "#":
            break
        if len(line) - len(text) <= column or value.__class__ is not str:
            raise Unusual
        if not line.isprintable():
            raise Unusual
        match = LINE.match(line)
        if (
            not match
            or match[6] is None
            or match[1]
            or match[3]
            or match[4]
            or match[5]
            or match[10]
        ):
            raise Unusual
        parts.append(text)

    done = len(parts) - 1
    if done == 0:
        return value, rest
    return " ".join(parts), "\n".join(lines[done:])


def literal(chomping: str, rest: str, column: int) -> tuple[str, str]:
    """The text of a literal block under a parent at the column, and the lines behind it."""
    lines = rest.split("\n")
    blank = 0
    while blank < len(lines) - 1 and not lines[blank]:
        blank += 1
    first = lines[blank]
    width = len(first) - len(first.lstrip(" "))
    if width <= column or len(first) == width or first[width] == "\t":
        raise Unusual

    pad, body, last, at = first[:width], [""] * blank, 0, blank
    while at < len(lines):
        line = lines[at]
        if line.startswith(pad) and len(line) > width:
            body.append(line[width:])
            last = len(body)
        elif not line.strip(" "):
            body.append("")
        else:
            break
        at += 1

    text = "\n".join(body[:last])
    if not _is_printable(text.replace("\t", "")):
        raise Unusual
    if chomping == "+":
        text = "\n".join(body)
    return text if chomping == "-" else text + "\n", "\n".join(lines[at:])


def quoted(kind: int, first: str, rest: str) -> tuple[str, str]:
    """The text of a quoted scalar that goes on below its first line, and the lines behind it."""
    if kind == SINGLE:
        end = rest.find("'")
        while rest.startswith("''", end) and end >= 0:
            end = rest.find("'", end + 2)
    else:
        match = _DOUBLE_END.match(rest)
        end = match.end() if match else -1
        end = rest.rfind('"', 0, end) if match else -1
    if end < 0:
        raise Unusual

    behind, _, after = rest[end + 1 :].partition("\n")
    if behind.strip(" "):
        raise Unusual
    text = f"{first}\n{rest[:end]}"
    if not _is_printable(text) or re.search(r"\\ +\n", text):  # an escaped blank at a line's end
        raise Unusual
    text = _without_margins(text)
    return (_folded(text.replace("''", "'")) if kind == SINGLE else unescaped(text)), after


def _without_margins(text: str) -> str:
    """Lines without the blanks at their ends, but those at both ends of the text."""
    if re.search(r"\n[^ \n]", text):
        raise Unusual  # perhaps a document's end
    at = text.index("\n")
    while text.startswith("\n", at + 1):
        at += 1
    margin = text[at : len(text) - len(text[at + 1 :].lstrip(" "))]  # the first line's that has one
    text = text.replace(margin, "\n")
    if "\n " in text or " \n" in text:
        text = re.sub(r" *\n *", "\n", text)
    return text


def _folded(text: str) -> str:
    """Lines joined: a break is a blank, more of them are one less."""
    if "\n\n\n" in text:
        return re.sub(r"\n+", fold, text)
    return text.replace("\n\n", "\0").replace("\n", " ").replace("\0", "\n")
