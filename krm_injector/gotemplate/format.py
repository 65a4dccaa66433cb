"""fmt.Sprint, Sprintf, Sprintln and strconv.Quote over Go values as Python has them.

Every result is bounded (TooLarge): values may share their parts, so that a small value prints as an
enormous text.
"""

from __future__ import annotations

from krm_injector.gotemplate.errors import MAX_SIZE, FuncError, TooLarge
from krm_injector.gotemplate.floats import float_text, sharp_float
from krm_injector.gotemplate.quoting import quote
from krm_injector.gotemplate.runtime import spend
from krm_injector.gotemplate.values import Enum, Func, Invalid, Method, Struct, type_name
from krm_injector.lazy_pattern import lazy_pattern

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_NO_BACKQUOTE = lazy_pattern("[`\x00-\x08\x0a-\x1f\x7f\ufeff\udc80-\udcff]")
_VERB = lazy_pattern(r"%([#0+\- ]*)([a-z])")


def sprint(*values: Any) -> str:
    """fmt.Sprint: a space between operands when neither is a string."""
    if len(values) == 1:
        return to_text(values[0])

    printer = Printer()
    previous_is_string = True
    for value in values:
        is_string = isinstance(value, str)
        if not is_string and not previous_is_string:
            printer.write(" ")
        printer.argument(value, "v")
        previous_is_string = is_string

    return "".join(printer.out)


def sprintln(*values: Any) -> str:
    printer = Printer()
    for position, value in enumerate(values):
        if position:
            printer.write(" ")
        printer.argument(value, "v")
    printer.write("\n")
    return "".join(printer.out)


def sprintf(pattern: str, *values: Any) -> str:
    """fmt.Sprintf, with its %!verb(type=value) for what does not fit."""
    return Printer().printf(pattern, values)


def to_text(value: Any) -> str:
    """%v of one value; a nil is "<nil>"."""
    kind = type(value)
    if kind is str:
        return value  # type: ignore[no-any-return]
    if kind is bool:
        return "true" if value else "false"
    if kind is int:
        return str(value) if -(1 << 63) <= value < 1 << 64 else str(value % (1 << 64))
    if kind is float:
        if value and -1e6 < value < 1e6 and value == int(value):
            return str(int(value))
        return float_text(value)

    printer = Printer()
    printer.argument(value, "v")
    return "".join(printer.out)


def _rune(code: int) -> str:
    return chr(code) if 0 <= code <= 0x10FFFF and not 0xD800 <= code < 0xE000 else "\ufffd"


def sort_keys(keys: Any) -> list[Any]:
    """Map keys in the order in which Go prints and ranges over them."""
    try:
        return sorted(keys)
    except TypeError:
        return sorted(keys, key=_key_order)


def _key_order(key: Any) -> tuple[bool, str, float, str]:
    return key is not None, type_name(key), key if isinstance(key, (int, float)) else 0, str(key)


class Printer:
    """fmt's pp: flags, width and precision of the verb at hand, and the output so far."""

    __slots__ = (
        "erroring",
        "left",
        "minus",
        "out",
        "plus",
        "plus_v",
        "prec",
        "sharp",
        "sharp_v",
        "space",
        "wid",
        "zero",
    )

    def __init__(self) -> None:
        self.out: list[str] = []
        self.left = MAX_SIZE
        self.erroring = False
        self.clear("")

    def clear(self, flags: str) -> None:
        self.wid: int | None = None
        self.prec: int | None = None
        self.minus = "-" in flags
        self.plus = "+" in flags
        self.sharp = "#" in flags
        self.space = " " in flags
        self.zero = "0" in flags
        self.plus_v = self.sharp_v = False

    def write(self, text: str) -> None:
        self.left -= len(text)
        if self.left < 0:
            raise TooLarge(f"formatted text is longer than {MAX_SIZE} characters")
        self.out.append(text)

    def pad(self, text: str, zero: bool | None = None) -> None:
        missing = (self.wid or 0) - len(text)
        if missing <= 0:
            self.write(text)
        elif self.minus:
            self.write(text + " " * missing)
        else:
            self.write(("0" if (self.zero if zero is None else zero) else " ") * missing + text)

    # Sprintf

    def printf(self, pattern: str, values: tuple[Any, ...]) -> str:
        end = len(pattern)
        arg = at = 0
        reordered = False
        while at < end:
            percent = pattern.find("%", at)
            if percent < 0:
                self.write(pattern[at:])
                break

            if percent > at:
                self.write(pattern[at:percent])

            if arg < len(values) and "a" <= (verb := pattern[percent + 1 : percent + 2]) <= "z":
                self.clear("")
                self.verb_argument(values[arg], verb)
                arg += 1
                at = percent + 2
                continue

            simple = _VERB.match(pattern, percent)
            if simple is not None and arg < len(values):
                self.clear(simple[1])
                self.verb_argument(values[arg], simple[2])
                arg += 1
                at = simple.end()
                continue

            from krm_injector.gotemplate.directives import print_directive  # seldom needed

            at, arg, has_index = print_directive(self, pattern, percent + 1, values, arg)
            reordered = reordered or has_index

        if not reordered and arg < len(values):
            self.extra(values[arg:])

        return "".join(self.out)

    def extra(self, values: tuple[Any, ...]) -> None:
        self.clear("")
        self.write("%!(EXTRA ")
        for position, value in enumerate(values):
            if position:
                self.write(", ")
            if value is None:
                self.write("<nil>")
            else:
                self.write(type_name(value) + "=")
                self.argument(value, "v")

        self.write(")")

    def verb_argument(self, value: Any, verb: str) -> None:
        if verb in "vw":
            self.sharp_v, self.sharp = self.sharp, False
            self.plus_v, self.plus = self.plus, False
        self.argument(value, verb)

    # One argument

    def bad_verb(self, value: Any, verb: str) -> None:
        self.write(f"%!{verb}(")
        if value is None or isinstance(value, Invalid):
            self.write("<nil>")
        else:
            self.write(type_name(value) + "=")
            was, self.erroring = self.erroring, True
            self.argument(value, "v")
            self.erroring = was

        self.write(")")

    def argument(self, value: Any, verb: str, depth: int = 0) -> None:
        """Prints one operand; ``depth``: how many containers it lies in."""
        if value is None or isinstance(value, Invalid):
            self.nothing(verb, depth)
        elif verb == "T" and not depth:
            self.pad(type_name(value)[: self.prec])
        elif verb == "w":
            self.bad_verb(value, verb)
        elif isinstance(value, str):
            self.string(value, verb, value)
        elif isinstance(value, (int, float, complex)):
            self.scalar(value, verb)
        elif isinstance(value, (Func, Method)):
            self.pad("0x1") if verb == "v" else self.bad_verb(value, verb)
        elif isinstance(value, (dict, list, tuple, bytes)):
            if verb == "p" and not depth:
                raise FuncError("%p prints an address of memory, which no build gives twice")
            self.container(value, verb, depth)
        elif isinstance(value, Struct):
            self.string(value.go_string(), verb, value)
        else:
            self.write(str(value))

    def nothing(self, verb: str, depth: int) -> None:
        if depth:
            self.write("interface {}(nil)" if self.sharp_v else "<nil>")
        elif verb in "vT":
            self.pad("<nil>")
        else:
            self.bad_verb(None, verb)

    def scalar(self, value: Any, verb: str) -> None:
        if isinstance(value, bool):
            self.pad("true" if value else "false") if verb in "tv" else self.bad_verb(value, verb)
        elif isinstance(value, Enum) and verb in "vsxXq" and not self.sharp_v and not self.erroring:
            self.string(value.name, verb, value)
        elif isinstance(value, int):
            self.integer(value, verb)
        elif isinstance(value, float):
            self.floating(value, verb)
        else:
            self.complex(value, verb)

    def container(self, value: Any, verb: str, depth: int) -> None:
        if self.sharp_v and getattr(value, "is_nil", False):
            self.write(type_name(value) + "(nil)")
        elif isinstance(value, dict):
            self.mapping(value, verb, depth)
        elif isinstance(value, bytes):
            self.bytes(value, verb, depth)
        else:
            self.sequence(value, verb, depth)

    def string(self, text: str, verb: str, value: Any) -> None:
        if verb in "vs":
            if self.sharp_v and isinstance(value, str):
                self.quoted(text)
            else:
                self.pad(text if self.prec is None else text[: self.prec])
        elif verb in "xX":
            self.hexadecimal(text.encode("utf-8", "surrogateescape"), verb)
        elif verb == "q":
            self.quoted(text)
        else:
            self.bad_verb(value, verb)

    def quoted(self, text: str) -> None:
        if self.prec is not None:
            text = text[: self.prec]
        if self.sharp and not _NO_BACKQUOTE.search(text):
            self.pad(f"`{text}`")
        else:
            self.pad(quote(text, ascii_only=self.plus))

    def hexadecimal(self, data: bytes, verb: str) -> None:
        if self.prec is not None:
            data = data[: self.prec]
        prefix = "0" + verb if self.sharp else ""
        text = prefix + data.hex() if data else ""
        if self.space:
            text = " ".join(f"{prefix}{byte:02x}" for byte in data)
        self.pad(text if verb == "x" else text.upper())

    def bytes(self, data: bytes, verb: str, depth: int) -> None:
        if verb in "sqxX":
            self.string(data.decode("utf-8", "surrogateescape"), verb, data)
        else:
            self.sequence(list(data), verb, depth)

    def integer(self, value: int, verb: str) -> None:
        if verb == "v" and self.sharp_v and type_name(value).startswith("uint"):
            self.number(f"{value:x}", False, "0x", verb)
        elif verb in "vd":
            self.number(f"{abs(value)}", value < 0, "", verb)
        elif verb in "boOxX":
            text = format(abs(value), {"O": "o"}.get(verb, verb))
            prefix = "0o" if verb == "O" else ""
            if self.sharp:
                prefix += {"b": "0b", "x": "0x", "X": "0X"}.get(verb, "")
            self.number(text, value < 0, prefix, verb)
        elif verb == "c":
            self.pad(_rune(value))
        elif verb == "q":
            self.pad(quote(_rune(value), "'", self.plus))
        elif verb == "U":
            code = value % (1 << 64)
            text = "U+" + f"{code:X}".zfill(max(4, self.prec or 0))
            if self.sharp and code <= 0x10FFFF and chr(code).isprintable():
                text += f" '{chr(code)}'"
            self.pad(text, zero=False)
        else:
            self.bad_verb(value, verb)

    def number(self, digits: str, negative: bool, prefix: str, verb: str) -> None:
        width = 0
        if self.prec is not None:
            width = self.prec
            if width == 0 and digits == "0":
                self.write(" " * (self.wid or 0))
                return
        elif self.zero and not self.minus and self.wid is not None:
            width = self.wid - (negative or self.plus or self.space)

        digits = digits.zfill(width)
        if self.sharp and verb in "oO" and digits[0] != "0":
            digits = "0" + digits

        sign = "-" if negative else "+" if self.plus else " " if self.space else ""
        self.pad(sign + prefix + digits, zero=False)

    def floating(self, value: float, verb: str, signed: bool = False) -> None:
        if verb not in "vgGfFeEbxX":
            self.bad_verb(value, verb)
            return

        style = {"v": "g", "F": "f"}.get(verb, verb)
        precision = self.prec if self.prec is not None else 6 if style in "feE" else -1
        text = float_text(value, style, precision)
        if text[0] not in "+-":
            text = "+" + text

        plus = self.plus or signed
        if self.space and text[0] == "+" and not plus:
            text = " " + text[1:]

        if text[1:] in ("Inf", "NaN"):
            if text == "+NaN" and not self.space and not plus:
                text = "NaN"
            elif text == "+Inf" and not plus:
                text = "+Inf"
            self.pad(text, zero=False)
            return

        if self.sharp and verb != "b":
            text = sharp_float(text, verb, precision)

        if not plus and text[0] == "+":
            self.pad(text[1:])
        elif self.zero and not self.minus and self.wid is not None and self.wid > len(text):
            self.write(text[0] + text[1:].rjust(self.wid - 1, "0"))
        else:
            self.pad(text)

    def complex(self, value: complex, verb: str) -> None:
        if verb not in "vgGfFeEbxX":
            self.bad_verb(value, verb)
            return
        self.write("(")
        self.floating(value.real, verb)
        self.floating(value.imag, verb, signed=True)
        self.write("i)")

    def mapping(self, value: dict[Any, Any], verb: str, depth: int) -> None:
        spend(len(value))
        comma, opening, closing = (" ", "map[", "]")
        if self.sharp_v:
            comma, opening, closing = ", ", type_name(value) + "{", "}"

        self.write(opening)
        for position, key in enumerate(sort_keys(value)):
            if position:
                self.write(comma)
            self.argument(key, verb, depth + 1)
            self.write(":")
            self.argument(value[key], verb, depth + 1)

        self.write(closing)

    def sequence(self, value: list[Any] | tuple[Any, ...], verb: str, depth: int) -> None:
        spend(len(value))
        comma, opening, closing = (" ", "[", "]")
        if self.sharp_v:
            comma, opening, closing = ", ", type_name(value) + "{", "}"

        self.write(opening)
        for position, item in enumerate(value):
            if position:
                self.write(comma)
            self.argument(item, verb, depth + 1)

        self.write(closing)
