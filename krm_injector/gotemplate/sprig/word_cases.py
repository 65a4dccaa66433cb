"""Words written together: CamelCase, snake_case and kebab-case (xstrings 1.5.0 convert.go)."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable

from krm_injector.gotemplate.runtime import spend
from krm_injector.gotemplate.sprig.gotext import go_lower, go_runes, go_upper, is_space

_INVALID, _NUMBER, _UPPER, _ALPHABET, _CONNECTOR, _PUNCT, _OTHER = range(7)


def _is_connector(char: str) -> bool:
    return char in "-_" or is_space(char)


def _is_alphabet(char: str) -> bool:
    """A letter that is no Chinese character (xstrings knows these three ranges)."""
    return unicodedata.category(char)[0] == "L" and not any(
        low <= char <= high for low, high in _CJK
    )


_CJK = (("\u3400", "\u4d85"), ("\u4e00", "\u9fcc"), ("\U00020000", "\U0002b81d"))


def _is_no_rune(char: str) -> bool:
    """A byte that is no UTF-8; the original takes U+FFFD for one as well."""
    return go_runes(char) == "\ufffd"


def _is_punct(char: str) -> bool:
    return unicodedata.category(char)[0] == "P"


def _is_upper(char: str) -> bool:
    return unicodedata.category(char) == "Lu"


def _is_number(char: str) -> bool:
    return unicodedata.category(char)[0] == "N"


def camelcase(text: str) -> str:
    """xstrings.ToPascalCase."""
    spend(len(text))
    out: list[str] = []
    rest = list(go_runes(text))
    at = 0
    while at < len(rest) and _is_connector(rest[at]):
        out.append(rest[at])
        at += 1

    if at >= len(rest):
        # A text of connectors only: its last rune is written once more, as the original does.
        return "".join(out) + (rest[-1] if rest else "")

    first_upper = _is_upper(rest[at])
    current = go_upper(rest[at])
    at += 1
    while at < len(rest):
        before, current = current, rest[at]
        at += 1
        if _is_connector(current) and _is_connector(before):
            out.append(before)
            continue

        if _is_connector(before):
            first_upper = _is_upper(current)
            current = go_upper(current)
            continue

        if first_upper:
            if _is_upper(current):
                current = go_lower(current)
            else:
                first_upper = False

        out.append(before)

    out.append(current)
    return "".join(out)


def _run(text: str, at: int, accept: Callable[[str], bool]) -> int:
    while at < len(text) and accept(text[at]):
        at += 1
    return at


def _next_word(text: str, start: int) -> tuple[int, int]:
    """The kind of the word at ``start``, and where it ends."""
    if start >= len(text):
        return _INVALID, start

    first = text[start]
    if _is_no_rune(first):
        return _INVALID, start + 1
    if _is_connector(first):
        return _CONNECTOR, _run(text, start + 1, _is_connector)
    if _is_punct(first):
        return _PUNCT, _run(text, start + 1, _is_punct)
    if _is_upper(first):
        return _UPPER, _upper_end(text, start)
    if _is_alphabet(first):
        return _ALPHABET, _run(text, start + 1, _is_small)
    if _is_number(first):
        return _NUMBER, _run(text, start + 1, _is_number)

    return _OTHER, _run(text, start + 1, _is_other)


def _is_small(char: str) -> bool:
    return _is_alphabet(char) and not _is_upper(char)


def _is_other(char: str) -> bool:
    return not (
        _is_no_rune(char)
        or _is_connector(char)
        or _is_alphabet(char)
        or _is_number(char)
        or _is_punct(char)
    )


def _upper_end(text: str, start: int) -> int:
    """HTTPStatus is two words, HTTP and Status: the last capital before a small letter opens the
    next word.
    """
    second = text[start + 1 : start + 2]
    if not second:
        return start + 1

    if _is_upper(second):
        end = _run(text, start + 2, _is_upper)
        return end - 1 if end < len(text) and _is_alphabet(text[end]) else end

    if _is_alphabet(second):
        return _run(text, start + 2, _is_small)
    return start + 1


def snakecase(text: str) -> str:
    return _lower_words(text, "_")


def kebabcase(text: str) -> str:
    return _lower_words(text, "-")


def _lowered(kind: int, word: str, connector: str) -> str:
    if kind not in (_UPPER, _CONNECTOR):
        return word
    return "".join(
        connector if _is_connector(c) else go_lower(c) if _is_upper(c) else c for c in word
    )


def _lower_words(text: str, connector: str) -> str:
    spend(2 * len(text))
    return _Words(text, connector).lowered() if text else ""


class _Words:
    """xstrings.camelCaseToLowerCase: the words of a text one by one, written in lower case."""

    def __init__(self, text: str, connector: str) -> None:
        self.connector = connector
        self.out: list[str] = []
        self.text = text
        self.end = 0
        self.next()

    def next(self) -> None:
        start = self.end
        self.kind, self.end = _next_word(self.text, start)
        self.word = self.text[start : self.end]

    def write(self) -> None:
        word = self.word
        if self.kind == _INVALID and self.end < len(self.text):
            word = go_runes(word)
        self.out.append(_lowered(self.kind, word, self.connector))

    def connect(self) -> None:
        """Writes the connector, unless the text has something of its own here, or ends."""
        if self.kind not in (_INVALID, _PUNCT, _CONNECTOR):
            self.out.append(self.connector)

    def write_letters_and_numbers(self) -> None:
        while self.kind in (_ALPHABET, _NUMBER):
            self.write()
            self.next()

    def lowered(self) -> str:
        while self.end < len(self.text):
            self.write()
            previous = self.kind
            self.next()
            if previous == _NUMBER:
                self.write_letters_and_numbers()
                self.connect()
            elif previous not in (_CONNECTOR, _PUNCT, _INVALID):
                self.after_letters()

        self.write()
        return "".join(self.out)

    def after_letters(self) -> None:
        if self.kind != _NUMBER:
            self.connect()
            return

        if self.end >= len(self.text):
            return

        number = self.word
        self.next()
        if self.kind == _ALPHABET:
            self.out += (self.connector, number)
            self.write_letters_and_numbers()
        else:
            # A number before anything but small letters belongs to the word before it: Bld4Floor is
            # bld4_floor.
            self.out.append(number)

        self.connect()
