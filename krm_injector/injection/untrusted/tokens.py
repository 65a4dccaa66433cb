"""Tokens: letters that stand for characters which YAML could take for more than text.

A text is made neutral by a token in place of each such character. To templates, JSON and YAML a
token is a letter like any other, so that what is printed with it shows what was meant: one scalar.
A token knows whose text it is of, what stands for it in the real text (``printed``: what a quoting
function made of the character), and the character that was meant.
"""

from __future__ import annotations

from krm_injector.injection.suspects import is_plain
from krm_injector.named_tuple import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Container

# Ideographs of CJK extension B: letters that are printed as they are by Go, JSON and YAML, have no
# case, and that hardly a manifest holds. Those that the run's own texts hold are passed over.
_FIRST, _LAST = 0x20000, 0x2A6DF
_INERT = frozenset("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_/")


class TooManyTokens(Exception):
    """A text has more different characters than there are tokens."""


class Token(NamedTuple):
    origins: frozenset[int]  # numbers of the suspects that it comes from
    printed: str
    meant: str


class Tokens:
    """The tokens of one workload."""

    def __init__(self, taken: Container[str] = ()) -> None:
        """taken: characters that are no tokens."""
        self._taken = taken
        self._next = _FIRST
        self._letters: dict[Token, str] = {}
        self._tokens: dict[str, Token] = {}
        self._printed: dict[int, str] = {}
        self._meant: dict[int, str] = {}

    def neutral(self, text: str, origins: frozenset[int]) -> str:
        """The text with tokens for all but letters, digits, _ and /. A plain one stays."""
        if is_plain(text):
            return text

        letters = [
            char if _is_inert(char) else self._letter(Token(origins, char, char)) for char in text
        ]
        if text.lower() == "null":
            letters[0] = self._letter(Token(origins, text[0], text[0]))
        return "".join(letters)

    def printed(self, text: str) -> str:
        """The real text."""
        return text if text.isascii() else text.translate(self._printed)

    def meant(self, text: str) -> str:
        """The characters that were meant."""
        return text if text.isascii() else text.translate(self._meant)

    def without(self, text: str) -> str:
        """What stands around the tokens."""
        return "".join(char for char in text if char not in self._tokens)

    def origins(self, text: str) -> frozenset[int]:
        """Whose tokens a text holds."""
        if text.isascii():
            return frozenset()
        tokens = self._tokens
        return frozenset().union(*(tokens[char].origins for char in text if char in tokens))

    def quoted(self, text: str, escape: Callable[[str], str]) -> str:
        """The text after a function that quotes, which saw letters: what it had made of the real
        characters stands for the tokens now.
        """
        letters = []
        for char in text:
            token = self._tokens.get(char)
            if token is not None:
                char = self._letter(Token(token.origins, escape(token.printed), token.printed))
            letters.append(char)
        return "".join(letters)

    def collide(self, text: str) -> frozenset[str]:
        """The letters of tokens that a real text holds of itself."""
        if text.isascii():
            return frozenset()
        return frozenset(char for char in text if _FIRST <= ord(char) <= _LAST)

    def _letter(self, token: Token) -> str:
        letter = self._letters.get(token)
        if letter is None:
            letter = self._letters[token] = self._new_letter()
            self._tokens[letter] = token
            self._printed[ord(letter)] = token.printed
            self._meant[ord(letter)] = token.meant
        return letter

    def _new_letter(self) -> str:
        while self._next <= _LAST:
            letter = chr(self._next)
            self._next += 1
            if letter not in self._taken:
                return letter
        raise TooManyTokens


def _is_inert(char: str) -> bool:
    if char in _INERT:
        return True
    return not char.isascii() and char.isalnum() and not _FIRST <= ord(char) <= _LAST
