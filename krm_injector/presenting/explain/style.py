"""How text for people is to look."""

from __future__ import annotations

import re
from typing import NamedTuple

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


class Look(NamedTuple):
    width: int = 0  # cells of a line; 0: as long as it takes
    colour: bool = False
    limit: int = 200  # more workloads than this are grouped; 0: never
    verbose: bool = False

    def green(self, text: str) -> str:
        return f"\x1b[32m{text}\x1b[0m" if self.colour else text

    def red(self, text: str) -> str:
        return f"\x1b[31m{text}\x1b[0m" if self.colour else text

    def yellow(self, text: str) -> str:
        return f"\x1b[33m{text}\x1b[0m" if self.colour else text

    def dim(self, text: str) -> str:
        return f"\x1b[2m{text}\x1b[0m" if self.colour else text

    def bold(self, text: str) -> str:
        return f"\x1b[1m{text}\x1b[0m" if self.colour else text


PLAIN = Look()


def printable(text: str) -> str:
    """One line, with what a terminal would obey instead of show made visible."""
    return hidden(" ".join(text.split()))


def hidden(text: str) -> str:
    """What a terminal would obey instead of show, made visible."""
    return _CONTROL.sub(lambda match: f"\\x{ord(match[0]):02x}", text)
