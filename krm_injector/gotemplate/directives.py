"""fmt's directives with flags, argument indexes, width and precision: %[2]*.[1]*d.

Source: Go's fmt/print.go (doPrintf, argNumber, intFromArg, parsenum). Imported only where a pattern
has one: format.py reads plain verbs by itself.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from krm_injector.gotemplate.format import Printer

_NUMBER_LIMIT = 1_000_000  # fmt ignores widths and precisions beyond


def print_directive(
    printer: Printer, pattern: str, at: int, values: tuple[Any, ...], number: int
) -> tuple[int, int, bool]:
    """Prints the directive whose "%" stands before ``at``, with the argument of that number.

    Returns the position after it, the number of the next argument, and whether it has an index.
    """
    directive = _Directive(pattern, at, values, number)
    printer.clear(directive.read_flags())
    directive.read_index()
    _read_width(printer, directive)
    if pattern.startswith(".", directive.at) and directive.at + 1 < len(pattern):
        _read_precision(printer, directive)
    if not directive.after_index:
        directive.read_index()

    if directive.at >= len(pattern):
        printer.write("%!(NOVERB)")
        return len(pattern), directive.number, directive.has_index

    verb = pattern[directive.at]
    if verb == "%":
        printer.write("%")
    elif not directive.valid:
        printer.write(f"%!{verb}(BADINDEX)")
    elif directive.number >= len(values):
        printer.write(f"%!{verb}(MISSING)")
    else:
        printer.verb_argument(values[directive.number], verb)
        directive.number += 1

    return directive.at + 1, directive.number, directive.has_index


def _read_width(printer: Printer, directive: _Directive) -> None:
    if not directive.read_star():
        # "%[1]2d" is a mistake to fmt: an index stands right before its verb or "*".
        after_index = directive.after_index
        printer.wid = directive.read_digits()
        if after_index and printer.wid is not None:
            directive.valid = False
        return

    printer.wid = directive.take_integer()
    if printer.wid is None:
        printer.write("%!(BADWIDTH)")
    elif printer.wid < 0:
        printer.wid, printer.minus, printer.zero = -printer.wid, True, False


def _read_precision(printer: Printer, directive: _Directive) -> None:
    directive.at += 1
    if directive.after_index:
        directive.valid = False

    directive.read_index()
    if not directive.read_star():
        printer.prec = directive.read_digits() or 0
        return

    printer.prec = directive.take_integer()
    if printer.prec is not None and printer.prec < 0:
        printer.prec = None
    if printer.prec is None:
        printer.write("%!(BADPREC)")


class _Directive:
    """A directive that is being read: the position in its pattern, and which argument is next."""

    __slots__ = ("after_index", "at", "has_index", "number", "pattern", "valid", "values")

    def __init__(self, pattern: str, at: int, values: tuple[Any, ...], number: int) -> None:
        self.pattern = pattern
        self.at = at
        self.values = values
        self.number = number
        self.after_index = False  # what has been read last is an index
        self.has_index = False
        self.valid = True  # every index is a number of an argument and stands where it may

    def read_flags(self) -> str:
        start = self.at
        while self.pattern[self.at : self.at + 1] in ("#", "0", "+", "-", " "):
            self.at += 1
        return self.pattern[start : self.at]

    def read_index(self) -> None:
        """Reads [n], if it is there."""
        pattern, at = self.pattern, self.at
        self.after_index = False
        if not pattern.startswith("[", at):
            return

        self.has_index = True
        close = pattern.find("]", at)
        if len(pattern) - at < 3 or close < 0:
            self.valid = False
            self.at = at + 1
            return

        self.at = close + 1
        text = pattern[at + 1 : close]
        is_number = text.isascii() and text.isdigit() and len(text) <= 7
        if not is_number or int(text) > 10 * _NUMBER_LIMIT:
            self.valid = False
            return

        self.after_index = True
        index = int(text) - 1
        if 0 <= index < len(self.values):
            self.number = index
        else:
            self.valid = False

    def read_star(self) -> bool:
        """Whether an argument is to give the number."""
        if not self.pattern.startswith("*", self.at):
            return False
        self.at += 1
        self.after_index = False
        return True

    def read_digits(self) -> int | None:
        """The number at this position, if there is one; one that is too large ends the pattern."""
        pattern, start = self.pattern, self.at
        end = start
        while end < len(pattern) and "0" <= pattern[end] <= "9":
            end += 1

        if end == start:
            return None
        if end - start > 7 or int(pattern[start : end - 1] or 0) > _NUMBER_LIMIT:
            self.at = len(pattern)
            return None

        self.at = end
        return int(pattern[start:end])

    def take_integer(self) -> int | None:
        """The next argument, if it is an integer of a sensible size."""
        if self.number >= len(self.values):
            return None

        value = self.values[self.number]
        self.number += 1
        if isinstance(value, bool) or not isinstance(value, int) or abs(value) > _NUMBER_LIMIT:
            return None
        return int(value)
