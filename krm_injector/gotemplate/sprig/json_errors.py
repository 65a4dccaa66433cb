"""What encoding/json says about a text that is no JSON, found by a walk over its states."""

from __future__ import annotations

from krm_injector.gotemplate.errors import FuncError
from krm_injector.gotemplate.sprig.gotext import from_bytes

_SPACE = b" \t\r\n"


class _Scan:
    """Finds what encoding/json would complain about first: a walk over its states, on text known to
    be wrong.
    """

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0
        self.byte = 0

    def space(self) -> None:
        while self.at < len(self.data) and self.data[self.at] in _SPACE:
            self.at += 1

    def take(self, inside: bool = False) -> int:
        """The next byte. The end of the text is an error of its own; inside a word or number it
        reads as a space.
        """
        self.at += 1
        if self.at <= len(self.data):
            self.byte = self.data[self.at - 1]
        elif inside:
            self.byte = 0x20
        else:
            raise FuncError("unexpected end of JSON input")

        return self.byte

    def wrong(self, where: str) -> FuncError:
        byte = self.byte
        # The byte is shown as the rune of that number; the two quotes are told apart.
        if byte == 0x27:
            shown = r"'\''"
        elif byte == 0x22:
            shown = "'\"'"
        elif (0x20 <= byte < 0x7F and byte != 0x5C) or 0xA1 <= byte != 0xAD:
            shown = f"'{chr(byte)}'"
        else:
            letters = {7: "a", 8: "b", 9: "t", 10: "n", 11: "v", 12: "f", 13: "r", 0x5C: "\\"}
            number = f"x{byte:02x}" if byte < 0x80 else f"u{byte:04x}"
            shown = f"'\\{letters.get(byte, number)}'"

        return FuncError(f"invalid character {shown} {where}")

    def value(self) -> None:
        self.space()
        byte = self.take()
        if byte == 0x7B:
            self.object()
        elif byte == 0x5B:
            self.array()
        elif byte == 0x22:
            self.string()
        elif byte in b"-0123456789":
            self.number(byte)
        elif byte in b"tfn":
            word = {0x74: "true", 0x66: "false", 0x6E: "null"}[byte]
            for letter in word[1:]:
                if self.take(True) != ord(letter):
                    raise self.wrong(f"in literal {word} (expecting '{letter}')")
        else:
            raise self.wrong("looking for beginning of value")

    def object(self) -> None:
        self.space()
        if self.data[self.at : self.at + 1] == b"}":
            self.at += 1
            return

        while True:
            self.space()
            if self.take() != 0x22:
                raise self.wrong("looking for beginning of object key string")

            self.string()
            self.space()
            if self.take() != 0x3A:
                raise self.wrong("after object key")

            self.value()
            self.space()
            byte = self.take()
            if byte == 0x7D:
                return
            if byte != 0x2C:
                raise self.wrong("after object key:value pair")

    def array(self) -> None:
        self.space()
        if self.data[self.at : self.at + 1] == b"]":
            self.at += 1
            return

        while True:
            self.value()
            self.space()
            byte = self.take()
            if byte == 0x5D:
                return
            if byte != 0x2C:
                raise self.wrong("after array element")

    def string(self) -> None:
        while True:
            byte = self.take()
            if byte == 0x22:
                return
            if byte < 0x20:
                raise self.wrong("in string literal")
            if byte != 0x5C:
                continue

            kind = self.take(True)
            if kind == 0x75:
                for _ in range(4):
                    if self.take(True) not in b"0123456789abcdefABCDEF":
                        raise self.wrong(r"in \u hexadecimal character escape")
            elif kind not in b'"\\/bfnrt':
                raise self.wrong("in string escape code")

    def number(self, byte: int) -> None:
        if byte == 0x2D:
            byte = self.take(True)
            if byte not in b"0123456789":
                raise self.wrong("in numeric literal")

        if byte != 0x30:
            self.digits()

        if self.data[self.at : self.at + 1] == b".":
            self.at += 1
            if self.take(True) not in b"0123456789":
                raise self.wrong("after decimal point in numeric literal")
            self.digits()

        if self.data[self.at : self.at + 1] in (b"e", b"E"):
            self.at += 1
            if self.data[self.at : self.at + 1] in (b"+", b"-"):
                self.at += 1
            if self.take(True) not in b"0123456789":
                raise self.wrong("in exponent of numeric literal")
            self.digits()

    def digits(self) -> None:
        while self.at < len(self.data) and self.data[self.at] in b"0123456789":
            self.at += 1


def complaint_about(data: bytes) -> str:
    scan = _Scan(data)
    try:
        scan.value()
        scan.space()
        if scan.at < len(data):
            scan.take()
            raise scan.wrong("after top-level value")
    except FuncError as error:
        return str(error)
    except RecursionError:
        return "exceeded max depth"

    return f"invalid JSON: {from_bytes(data[:40])}"
