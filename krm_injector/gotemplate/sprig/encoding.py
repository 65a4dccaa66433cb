"""Base64, base32 and checksums (strings.go, crypto.go)."""

from __future__ import annotations

from krm_injector.gotemplate.errors import check_size
from krm_injector.gotemplate.runtime import spend
from krm_injector.gotemplate.sprig.gotext import from_bytes, to_bytes
from krm_injector.gotemplate.sprig.registry import functions

_B64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_B32 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"


def b64enc(text: str) -> str:
    from base64 import b64encode

    data = to_bytes(text)
    check_size(len(data) * 4 // 3)
    return b64encode(data).decode()


def b32enc(text: str) -> str:
    from base64 import b32encode

    data = to_bytes(text)
    check_size(len(data) * 8 // 5)
    spend(len(data) >> 3)
    return b32encode(data).decode()


def b64dec(text: str) -> str:
    """The decoded text, or Go's error as text: sprig hides the difference."""
    from base64 import b64decode

    spend(len(text) >> 2)
    raw = to_bytes(text)
    places = [i for i, byte in enumerate(raw) if byte not in b"\r\n"]
    data = bytes(raw[i] for i in places)
    fault = _base64_fault(data, places, len(raw))
    return (
        from_bytes(b64decode(data))
        if fault is None
        else f"illegal base64 data at input byte {fault}"
    )


def _base64_fault(data: bytes, places: list[int], size: int) -> int | None:
    """Where encoding/base64 stops, in bytes of the text as given; None where it is content."""
    alphabet = frozenset(_B64)
    for i, byte in enumerate(data):
        if byte in alphabet:
            continue

        column = i % 4
        if byte != 0x3D or column < 2:
            return places[i]

        end = i + (2 if column == 2 else 1)
        if end > len(data):
            return size
        if column == 2 and data[i + 1] != 0x3D:
            return places[i + 1] - 1

        return places[end] if end < len(data) else None

    return size - len(data) % 4 if len(data) % 4 else None


def b32dec(text: str) -> str:
    """As b64dec. The base32 decoder drops line ends first, and counts without them."""
    from base64 import b32decode

    spend(len(text) >> 2)
    data = bytes(byte for byte in to_bytes(text) if byte not in b"\r\n")
    alphabet = frozenset(_B32)
    for i, byte in enumerate(data):
        if byte in alphabet:
            continue

        column, left = i % 8, len(data) - i - 1
        fault = i
        if byte == 0x3D and column >= 2 and left < 8:
            pads = 7 - column
            wrong = next((k for k in range(pads) if k < left and data[i + 1 + k] != 0x3D), None)
            if left < pads:
                fault = len(data)
            elif wrong is not None:
                fault = i + wrong
            elif column not in (3, 6):
                return from_bytes(b32decode(data[: i + 1 + pads]))

        return f"illegal base32 data at input byte {fault}"

    if len(data) % 8:
        return f"illegal base32 data at input byte {len(data) - len(data) % 8}"

    return from_bytes(b32decode(data))


def sha1sum(text: str) -> str:
    spend(len(text) >> 9)
    from hashlib import sha1

    return sha1(to_bytes(text), usedforsecurity=False).hexdigest()


def sha256sum(text: str) -> str:
    spend(len(text) >> 9)
    from hashlib import sha256

    return sha256(to_bytes(text)).hexdigest()


def sha512sum(text: str) -> str:
    spend(len(text) >> 9)
    from hashlib import sha512

    return sha512(to_bytes(text)).hexdigest()


def adler32sum(text: str) -> str:
    spend(len(text) >> 9)
    from zlib import adler32

    return str(adler32(to_bytes(text)))


FUNCS = functions({
    "b64enc": (b64enc, "string"),
    "b64dec": (b64dec, "string"),
    "b32enc": (b32enc, "string"),
    "b32dec": (b32dec, "string"),
    "sha1sum": (sha1sum, "string"),
    "sha256sum": (sha256sum, "string"),
    "sha512sum": (sha512sum, "string"),
    "adler32sum": (adler32sum, "string"),
})  # fmt: skip
