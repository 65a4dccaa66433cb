"""Plain values to block YAML that every reader takes back unchanged.

Quoting is wider than any one reader needs: what YAML 1.1, YAML 1.2 or a common library could take
for a number, a boolean, null, a date, a merge key or syntax is quoted. Layout is kustomize's: two
spaces a level, "- " at the column of the key above it.
"""

from __future__ import annotations

from math import isfinite

from krm_injector.kube.yaml.error import YamlError
from krm_injector.lazy_pattern import lazy_pattern

TYPE_CHECKING = False
if TYPE_CHECKING:
    import re
    from typing import Any

# What may stand without quotes: a first character that opens no other syntax and no number, and
# nothing that ends a plain scalar. "=" and "<<" are YAML 1.1 tags. Words that are values are looked
# up.
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_/"
_FIRST = frozenset(_LETTERS + "$(;^\\")
_FIRST_TWO = frozenset(mark + letter for mark in "-?:" for letter in _LETTERS)
_WORDS = frozenset(
    word
    for name in (
        "y",
        "n",
        "yes",
        "no",
        "on",
        "off",
        "true",
        "false",
        "null",
        "nan",
        "inf",
        "infinity",
    )
    for word in (name, name.upper(), name.capitalize())
)
_TO_ESCAPE = lazy_pattern(r'[^\x20-\x7e]|["\\]')
_ESCAPED_IN_JSON = lazy_pattern("[\x7f-\xa0\u2028\u2029\ufeff]")
_ESCAPES = {"\n": "\\n", "\t": "\\t", "\r": "\\r", '"': '\\"', "\\": "\\\\", "\0": "\\0"}

# Keys and strings of one line by their text, since most are there many times.
_keys: dict[str, str] = {}
_strings: dict[str, str] = {}
_KEPT = 4096
_LONGEST = 200  # characters of a string that is kept


def dump(value: Any, indent: int = 0) -> str:
    """The block YAML of value, each line indented by indent spaces but the first; ends with a line
    break.

    Mappings keep their order. Errors: YamlError for what YAML for Kubernetes cannot hold (NaN,
    other types).
    """
    out: list[str] = []
    if isinstance(value, dict) and value:
        _mapping(value, " " * indent, out)
    elif isinstance(value, list) and value:
        _sequence(value, " " * indent, out)
    else:
        return scalar(value) + "\n"

    out[0] = out[0][indent:]
    return "".join(out)


def _mapping(value: dict[str, Any], pad: str, out: list[str]) -> None:
    """Append the lines of a mapping that is not empty."""
    known = _strings.get
    for name, item in value.items():
        key = _keys.get(name) or key_text(name)
        kind = item.__class__
        if kind is str:
            out.append(f"{pad}{key}: {known(item) or string(item, pad)}\n")
        elif kind is dict and item:
            out.append(f"{pad}{key}:\n")
            _mapping(item, pad + "  ", out)
        elif kind is list and item:
            out.append(f"{pad}{key}:\n")
            _sequence(item, pad, out)
        else:
            out.append(f"{pad}{key}: {other(item)}\n")


def _sequence(value: list[Any], pad: str, out: list[str]) -> None:
    """Append the lines of a sequence that is not empty; the first line of an element follows its "-
    ".
    """
    inner = pad + "  "
    width = len(inner)
    for item in value:
        kind = item.__class__
        if kind is str:
            out.append(f"{pad}- {_strings.get(item) or string(item, pad)}\n")
        elif (kind is dict or kind is list) and item:
            at = len(out)
            if kind is dict:
                _mapping(item, inner, out)
            else:
                _sequence(item, inner, out)
            out[at] = f"{pad}- {out[at][width:]}"
        else:
            out.append(f"{pad}- {other(item)}\n")


def scalar(value: Any) -> str:
    """The text of a scalar or empty collection on one line, without a line break."""
    if isinstance(value, str):
        return quoted(value) if "\n" in value else string(value, "")
    return other(value)


def other(value: Any) -> str:
    """The text of anything but a string or a collection with content."""
    if value is None:
        return "null"
    if value is True:
        return "true"
    if value is False:
        return "false"
    if isinstance(value, int):
        return str(int(value))
    if isinstance(value, float):
        return number(value)
    if isinstance(value, dict):
        return "{}" if not value else dump(dict(value))
    if isinstance(value, list):
        return "[]" if not value else dump(list(value))
    if isinstance(value, str):
        return string(str(value), "")

    raise YamlError(f"a {type(value).__name__} has no form in YAML", code="yaml-value")


def number(value: float) -> str:
    """A float as JSON would print it: without a point where it is whole, in a form that every
    reader takes.
    """
    if not isfinite(value):
        raise YamlError(f"{value} has no form in JSON", code="yaml-number")
    if value.is_integer() and abs(value) < 1e15:
        return str(int(value))

    text = repr(value)
    mantissa, e, exponent = text.partition("e")
    if e and "." not in mantissa:
        mantissa += ".0"  # PyYAML and other YAML 1.1 readers need a point
    return f"{mantissa}{e}{exponent}"


def short_json_number(value: float) -> str:
    """A finite float as Go's encoding/json prints it: plain digits from 1e-6 to below 1e21."""
    text = repr(value)
    mantissa, e, exponent = text.partition("e")
    if not e:
        return text.removesuffix(".0")

    power = int(exponent)
    if power >= 21 or power < -6:
        return f"{mantissa}e{exponent}"

    sign = "-" if mantissa.startswith("-") else ""
    whole, _, fraction = mantissa.lstrip("-").partition(".")
    digits = whole + fraction.rstrip("0")
    if power > 0:
        return sign + digits.ljust(power + 1, "0")

    return f"{sign}0.{'0' * (-power - 1)}{digits}"


def string(text: str, pad: str) -> str:
    """A string as a plain or quoted scalar or, with line breaks, a literal block under a parent at
    column len(pad).
    """
    if "\n" in text and _fits_literal(text):
        return _literal(text, pad + "  ")

    written = _on_one_line(text)
    if len(text) <= _LONGEST:
        if len(_strings) >= _KEPT:
            _strings.clear()
        _strings[text] = written
    return written


def _on_one_line(text: str) -> str:
    if _is_plain(text) or (not text.isascii() and _plain_unicode(text)):
        return text if text not in _WORDS else f'"{text}"'
    if '"' in text and "'" not in text and text.isprintable():
        return f"'{text}'"  # JSON in an annotation stays legible
    return quoted(text)


def _is_plain(text: str) -> bool:
    """Whether a text in ASCII may stand plain, should it be no word."""
    if text[:1] not in _FIRST and text[:2] not in _FIRST_TWO:
        return False
    if text[-1] in ": " or not (text.isascii() and text.isprintable()):
        return False
    return ": " not in text and " #" not in text and "  " not in text


def _plain_unicode(text: str) -> bool:
    """Whether a text with characters beyond ASCII may stand plain: they are letters and the rest
    allows it.
    """
    if not all(character.isascii() or character.isalpha() for character in text):
        return False
    return _is_plain("".join(character if character.isascii() else "x" for character in text))


def _fits_literal(text: str) -> bool:
    """Whether a literal block can hold a text: no white space before a break, no control characters
    but tabs and breaks, and no others that readers may trip over. A regular expression would take
    most of the time that a template takes to be written.
    """
    if text[-1] in " \t" or " \n" in text or "\t\n" in text:
        return False
    return text.replace("\n", "").replace("\t", "").isprintable()


def quoted(text: str) -> str:
    """A double-quoted scalar."""
    if text.isascii() and text.isprintable():
        escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    else:
        escaped = _TO_ESCAPE.sub(_escape, text)
    return f'"{escaped}"'


def _escape(match: re.Match[str]) -> str:
    character = match[0]
    known = _ESCAPES.get(character)
    if known:
        return known

    code = ord(character)
    if code > 0x7F and character.isprintable():
        return character
    if 0xD800 <= code < 0xE000:
        raise YamlError(
            f"half a surrogate pair (U+{code:04X}) has no form in YAML", code="yaml-character"
        )

    return (
        f"\\x{code:02x}"
        if code < 0x100
        else f"\\u{code:04x}"
        if code < 0x10000
        else f"\\U{code:08x}"
    )


def _literal(text: str, pad: str) -> str:
    """A literal block without its last line break (the caller ends the line)."""
    body = text.removesuffix("\n")
    if not body or body[-1] == "\n":
        return quoted(text)  # "|+" would take in blank lines that follow in the text it is put into

    if body.lstrip(" \n")[:1] == "\t":
        # kustomize and kpt fail over a block that begins with a tab: they write it without the "2".
        return quoted(text)

    hint = "2" if body[0] in " \t\n" else ""
    chomping = "" if len(body) < len(text) else "-"
    lines = [pad + line if line else "" for line in body.split("\n")]
    return f"|{hint}{chomping}\n" + "\n".join(lines)


def key_text(name: Any) -> str:
    """The text of a mapping key, always on one line."""
    if not isinstance(name, str):
        raise YamlError(f"the key {name!r} is no string", code="yaml-value")

    text = name if _is_plain(name) and name not in _WORDS else quoted(name)
    if len(text) > 1000:  # an implicit key may not span more than 1024 characters
        raise YamlError(f"the key {name[:40]}... is longer than YAML allows", code="yaml-value")
    if len(_keys) < _KEPT:
        _keys[name] = text
    return text


def to_json(value: Any, indent: str = "") -> str:
    """JSON that is YAML too (control characters and line separators escaped)."""
    import json  # late: see c_json.py

    text = json.dumps(value, ensure_ascii=False, allow_nan=False, indent=indent or None)
    return _ESCAPED_IN_JSON.sub(lambda match: f"\\u{ord(match[0]):04x}", text)
