"""How text for people is laid out: its width, its colours, and how much of it is shown."""

from __future__ import annotations

from krm_injector.named_tuple import NamedTuple
from krm_injector.presenting import ansi


class Style(NamedTuple):
    """Options of every form of output that people read."""

    width: int = 0  # cells per line; 0: lines are as long as they need
    colour: bool = False
    limit: int = 200  # above this number of workloads, like ones share a line; 0: never
    verbose: bool = False

    def green(self, text: str) -> str:
        return self._painted(text, ansi.GREEN)

    def red(self, text: str) -> str:
        return self._painted(text, ansi.RED)

    def yellow(self, text: str) -> str:
        return self._painted(text, ansi.YELLOW)

    def dim(self, text: str) -> str:
        return self._painted(text, ansi.DIM)

    def bold(self, text: str) -> str:
        return self._painted(text, ansi.BOLD)

    def _painted(self, text: str, code: str) -> str:
        return ansi.painted(text, code) if self.colour else text


PLAIN = Style()
