"""The lines of a YAML stream without what must not be shown, line for line.

For texts that people read, as diffs: what is hidden there cannot be read back. Which values are
hidden is decided by credentials.py; here is only where a value ends.
"""

from __future__ import annotations

from krm_injector.kube.credentials import (
    HIDDEN,
    OPEN,
    OPEN_METADATA,
    in_quoted,
    in_text,
    is_credential_name,
    may_hold,
)
from krm_injector.lazy_pattern import lazy_pattern
from krm_injector.named_tuple import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

_LINE = lazy_pattern(r"""( *(?:- +)*)(?:(["']?)([\w./$-]+)\2[ \t]*:(?:[ \t]+|$))?(.*)""")
_START = lazy_pattern(r"---(?:[ \t]|$)")
_IS_SECRET = lazy_pattern(r"""[{\s"']*kind["']?\s*:\s*["']?Secret(?:List)?\b""")
_HAS_SECRET = lazy_pattern(r"""["']?kind["']?\s*:\s*["']?Secret(?:List)?\b""")
_BREAKS = "\\ \t\r\n"  # of folded text in quotes
_GOES_ON = ('",', "',", '":', "':")
_NO_SECRETS = ("true", "false", "null", "true,", "false,", "null,")
_PRIVATE, _END = "PRIVATE KEY-----", "-----END "


class _Line(NamedTuple):
    indent: int  # of what follows the dashes
    dashes: int  # the cells before it
    key: str
    value: str


def in_lines(lines: Iterable[str]) -> list[str]:
    """As many lines, with "(hidden)" in the place of credentials and of all values of Secrets."""
    shown: list[str] = []
    for document in _documents(lines):
        has_secret = any("Secret" in line and _HAS_SECRET.search(line) for line in document)
        if has_secret or any(map(may_hold, document)):
            shown += _Document(has_secret).lines(_unfolded(document))
        else:
            shown += document
    return shown


def _documents(lines: Iterable[str]) -> list[list[str]]:
    documents: list[list[str]] = [[]]
    for line in lines:
        if line.startswith("---") and _START.match(line):
            documents.append([])
        documents[-1].append(line)
    return documents


def _unfolded(document: list[str]) -> list[str]:
    """The lines without credentials that have their name on another line."""
    if not any(line.rstrip(_BREAKS)[-2:] in _GOES_ON for line in document):
        return document
    lines = in_quoted("".join(document)).split("\n")
    ended = [f"{line}\n" for line in lines[:-1]]
    return [*ended, lines[-1]] if lines[-1] else ended


class _Document:
    """Reads the lines of one document, and knows what the line stands in."""

    def __init__(self, has_secret: bool) -> None:
        self._has_secret = has_secret
        self._hidden_above = -1  # lines deeper than this are a hidden value's; -1: none
        self._private = False  # inside of a private key
        self._name = ("", 0)  # the last "name:", and its column
        self._top = ""  # the key at the margin above
        self._in_metadata = 0  # the column of the entries of a Secret's metadata

    def lines(self, lines: list[str]) -> list[str]:
        return [self._line(line) for line in lines]

    def _line(self, text: str) -> str:
        if self._is_plain(text):
            return text
        body = text.rstrip("\r\n")
        if not body.strip():
            return text
        return self._shown(body) + text[len(body) :]

    def _is_plain(self, text: str) -> bool:
        """A look without regular expressions, enough for most lines of most texts."""
        if self._has_secret or self._private or self._hidden_above >= 0:
            return False
        return "name" not in text and "value" not in text and not may_hold(text)

    def _shown(self, text: str) -> str:
        line = _read(text)
        if self._hidden_above >= 0:
            if line.dashes > self._hidden_above:
                return _hidden(text, len(text) - len(text.lstrip()))
            self._hidden_above = -1

        if self._in_private_key(text):
            return _hidden(text, len(text) - len(text.lstrip()))
        if self._is_hidden(line):
            return self._without_value(text, line)
        return in_text(text)

    def _in_private_key(self, text: str) -> bool:
        """Whether the whole line is part of a private key; its first line is known by its form."""
        was = self._private
        if _PRIVATE in text:
            self._private = _END not in text
        elif _END in text:
            self._private = False
        return was

    def _is_hidden(self, line: _Line) -> bool:
        if self._has_secret:
            return not self._is_open(line) and bool(line.value)

        key, (name, column) = line.key, self._name
        if key == "name":
            self._name = (line.value.strip("\"', "), line.indent)
        if key == "value" and line.indent == column and is_credential_name(name):
            return bool(line.value)
        is_plain = bool(line.value) and line.value[0] not in "{[&*"
        return is_plain and line.value not in _NO_SECRETS and is_credential_name(key)

    def _is_open(self, line: _Line) -> bool:
        """Whether a line of a Secret may be shown."""
        if line.key and not line.indent:
            self._top, self._in_metadata = line.key, 0
            return line.key in OPEN

        if self._top != "metadata":
            return not line.key and line.value in ("---", "...")
        self._in_metadata = self._in_metadata or line.indent
        return line.indent == self._in_metadata and line.key in OPEN_METADATA

    def _without_value(self, text: str, line: _Line) -> str:
        if line.value[:1] in ("|", ">", '"', "'"):  # it may go on
            self._hidden_above = line.dashes if line.key else max(line.dashes - 1, 0)
        return _hidden(text, len(text) - len(line.value))


def _read(text: str) -> _Line:
    match = _LINE.match(text)
    if match is None:
        return _Line(0, 0, "", text)
    spaces = len(text) - len(text.lstrip(" "))
    return _Line(len(match[1]), spaces, match[3] or "", match[4])


def _hidden(text: str, start: int) -> str:
    return f"{text[:start]}{HIDDEN}"
