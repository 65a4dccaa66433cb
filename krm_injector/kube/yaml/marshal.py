"""sigs.k8s.io/yaml.Marshal: the same text as Go, for a decoded value.

Source of the rules: sigs.k8s.io/yaml v1.6 (JSONToYAML) and go.yaml.in/yaml/v2 v2.4 (encode.go,
sorter.go, emitterc.go): keys in natural order, sequences at the column of their key, strings plain
where they read back as strings, lines folded at the first space behind column 80.
"""

from __future__ import annotations

from math import isfinite

from krm_injector.kube.yaml import scalars
from krm_injector.kube.yaml.emit import short_json_number
from krm_injector.kube.yaml.error import YamlError
from krm_injector.lazy_pattern import lazy_pattern
from krm_injector.light import cmp_to_key

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

BEST_WIDTH = 80
_LONGEST_SIMPLE_KEY = 128

# The common string: nothing that needs a look at YAML's rules, and no first character that may
# begin another value; or a quantity, as 100m and 128Mi.
_SIMPLE_FIRST = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_/$(;^=<\\")
_SIMPLE = "".join(_SIMPLE_FIRST) + "0123456789.)>+~*&!|'\"%@-"
_UNITS = ("Ki", "Mi", "Gi", "Ti")
_BREAKS = "\r\n\x85\u2028\u2029"
_CONTROL = lazy_pattern("[\x00-\x09\x0b-\x1f\x7f-\x9f]")
_NEXT_LINE = lazy_pattern("[ \t]*\x85[ \t]*")
_SPACE_BREAK = lazy_pattern(f" [{_BREAKS}]")
_BREAK_SPACE = lazy_pattern(f"[{_BREAKS}] ")
_BEHIND_BREAK = lazy_pattern(f"(?<=[{_BREAKS}])")
_BEYOND = lazy_pattern("[\ud800-\udfff\ufeff\ufffe-\U0010ffff]")
_SEXAGESIMAL = lazy_pattern(r"[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?\Z")
_TIMESTAMP = lazy_pattern(
    r"[0-9]{4}-(?:[0-9]{1,2})-(?:[0-9]{1,2})"
    r"(?:[Tt][0-9]{1,2}:[0-9]{1,2}:[0-9]{1,2}(?:[.,][0-9]+)?(?:Z|[-+][0-9]{2}:[0-9]{2})"
    r"| [0-9]{1,2}:[0-9]{1,2}:[0-9]{1,2}(?:[.,][0-9]+)?)?\Z"
)
# fmt: off
_ESCAPES = {
    "\0": "0", "\x07": "a", "\x08": "b", "\t": "t", "\n": "n", "\x0b": "v", "\x0c": "f", "\r": "r",
    "\x1b": "e", '"': '"', "\\": "\\", "\x85": "N", "\xa0": "_", "\u2028": "L", "\u2029": "P",
}
# fmt: on


def go_marshal(value: Any) -> str:
    """YAML of a value as Go decodes JSON (dict, list, str, bool, int, float, None); ends with a
    line break.

    Errors: YamlError for NaN, the infinities and other types.
    """
    out: list[str] = []
    if isinstance(value, dict) and value:
        _mapping(value, 0, out)
    elif isinstance(value, list) and value:
        _sequence(value, 0, out)
    else:
        out.append(_ended(_scalar(value, -1, 2)))

    return "".join(out)


def _mapping(value: dict[str, Any], indent: int, out: list[str]) -> None:
    pad = " " * indent
    for name in _sorted(value):
        item = value[name]
        if len(name.encode("utf-8", "replace")) > _LONGEST_SIMPLE_KEY or any(
            c in name for c in _BREAKS
        ):
            out.append(_ended(f"{pad}? {_scalar(name, indent + 1, indent + 2)}"))
            _element(item, ":", indent, out)
            continue

        key = pad + _string(name, indent, indent + 2, key=True)
        if isinstance(item, dict) and item:
            out.append(f"{key}:\n")
            _mapping(item, indent + 2, out)
        elif isinstance(item, list) and item:
            out.append(f"{key}:\n")
            _sequence(item, indent, out)
        else:
            out.append(_ended(f"{key}: {_scalar(item, len(key) + 1, indent + 2)}"))


def _sequence(value: list[Any], indent: int, out: list[str]) -> None:
    for item in value:
        _element(item, "-", indent, out)


def _element(item: Any, indicator: str, indent: int, out: list[str]) -> None:
    """An element behind "-" or ":"; the first line of a collection follows the indicator."""
    pad = " " * indent
    if isinstance(item, (dict, list)) and item:
        at = len(out)
        if isinstance(item, dict):
            _mapping(item, indent + 2, out)
        else:
            _sequence(item, indent + 2, out)
        out[at] = f"{pad}{indicator} {out[at][indent + 2 :]}"
    else:
        out.append(_ended(f"{pad}{indicator} {_scalar(item, indent + 1, indent + 2)}"))


def _ended(text: str) -> str:
    return text if text[-1] in "\n\u2028\u2029" else text + "\n"


def _scalar(value: Any, column: int, indent: int) -> str:
    """A scalar or empty collection that begins behind a space at column, its further lines at
    indent.
    """
    if isinstance(value, str):
        return _string(value, column, indent)
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return _number(value)
    if isinstance(value, dict):
        return "{}"
    if isinstance(value, list):
        return "[]"

    raise YamlError(f"a {type(value).__name__} has no form in YAML", code="yaml-value")


def _number(value: float) -> str:
    """A number after its way through JSON: an integer where JSON prints one that fits 64 bits, else
    Go's %g.
    """
    if isinstance(value, int):
        if -(2**63) <= value < 2**64:
            return str(int(value))
        value = float(value)

    if not isfinite(value):
        raise YamlError(f"{value} has no form in JSON", code="yaml-number")

    read = scalars.resolve_number(short_json_number(value))
    if isinstance(read, int):
        return str(read)

    return scalars.general_format(_scientific(value))


def _scientific(value: float) -> str:
    """The shortest digits of a float as d.ddde+x."""
    digits = sum(character.isdigit() for character in repr(value).partition("e")[0].lstrip("-0."))
    text = f"{value:.{max(digits - 1, 0)}e}"
    return text if float(text) == value else f"{value:.16e}"


def _string(text: str, column: int, indent: int, key: bool = False) -> str:
    if _is_simple(text) and text not in scalars.WORDS:
        return text  # no space, so nothing to fold
    if "\x85" in text:
        # JSON leaves it raw, and YAML reads it there as a line break that folds into a space.
        text = _NEXT_LINE.sub(" ", text)

    if _has_surrogates(text):
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")

    plain = isinstance(scalars.resolve(text), str) and not _is_time(text)
    breaks = not text.isprintable() and any(c in text for c in _BREAKS)
    special = _special(text) or (breaks and _SPACE_BREAK.search(text) is not None)
    if "\n" in text:
        if special or text[-1] == " " or key:
            return _double_quoted(text, column, indent, key)
        return _literal(text, indent)

    if not plain or special:
        return _double_quoted(text, column, indent, key)

    if breaks and _BREAK_SPACE.search(text):
        return _double_quoted(text, column, indent, key)
    if breaks or _needs_quotes(text):
        return "'" + _folded(text, column + 2, indent, not key, quoted=True) + "'"

    return _folded(text, column + 1, indent, not key, quoted=False)


def _is_simple(text: str) -> bool:
    if text[:1] in _SIMPLE_FIRST:
        return not text.strip(_SIMPLE)

    number = text[:-2] if text.endswith(_UNITS) else text[:-1] if text[-1:] == "m" else ""
    return number.isdecimal() and number.isascii() and number[0] != "0"


def _is_time(text: str) -> bool:
    """Whether YAML 1.1 reads a sexagesimal number or a timestamp."""
    if not text or text[0] not in "+-0123456789":
        return False
    if ":" in text and _SEXAGESIMAL.match(text):
        return True
    return text[4:5] == "-" and _TIMESTAMP.match(text) is not None


def _special(text: str) -> bool:
    """Whether go-yaml takes a character for unprintable: tabs too, and all beyond U+FFFF."""
    if text.isascii() and text.isprintable():
        return False
    return _CONTROL.search(text) is not None or (
        not text.isascii() and _BEYOND.search(text) is not None
    )


def _has_surrogates(text: str) -> bool:
    return not text.isascii() and any("\ud800" <= c <= "\udfff" for c in text)


def _needs_quotes(text: str) -> bool:
    """Whether a text without line breaks or special characters is syntax when it stands plain in a
    block.
    """
    if text[0] in "#,[]{}&*!|>'\"%@` " or text[-1] in " :" or text[:3] in ("---", "..."):
        return True
    if text[0] in "?:-" and (len(text) == 1 or text[1] in " \t"):
        return True
    return ": " in text or " #" in text


def _folded(text: str, column: int, indent: int, fold: bool, quoted: bool) -> str:
    """The inside of a plain or single-quoted scalar."""
    if quoted:
        doubled = text.replace("'", "''")
        if (column + len(doubled) <= BEST_WIDTH or not fold) and not any(
            c in text for c in _BREAKS
        ):
            return doubled
    elif column + len(text) <= BEST_WIDTH or not fold:
        return text

    pad = " " * indent
    out: list[str] = []
    space = line_break = False
    last = len(text) - 1
    for at, character in enumerate(text):
        if character == " ":
            inside = not quoted or 0 < at < last
            if (
                fold
                and not space
                and column > BEST_WIDTH
                and inside
                and text[at + 1 : at + 2] != " "
            ):
                out.append("\n" + pad)
                column = indent
            else:
                out.append(character)
                column += 1

            space = True
        elif character in _BREAKS:
            out.append(character)
            column = 0
            line_break = True
        else:
            if line_break:
                out.append(pad)
                column = indent
            written = "''" if quoted and character == "'" else character
            out.append(written)
            column += len(written)
            space = line_break = False

    return "".join(out)


def _double_quoted(text: str, column: int, indent: int, key: bool) -> str:
    column += 2
    pad = " " * indent
    out = ['"']
    space = False
    last = len(text) - 1
    for at, character in enumerate(text):
        if character == " ":
            if not key and not space and column > BEST_WIDTH and 0 < at < last:
                out.append("\n" + pad + ("\\" if text[at + 1] == " " else ""))
                column = indent + (text[at + 1] == " ")
            else:
                out.append(" ")
                column += 1

            space = True
            continue

        if character in '"\\' or character in _BREAKS or _special(character):
            written = "\\" + (_ESCAPES.get(character) or _hexadecimal(ord(character)))
        else:
            written = character

        out.append(written)
        column += len(written)
        space = False

    return "".join(out) + '"'


def _hexadecimal(code: int) -> str:
    return f"x{code:02X}" if code <= 0xFF else f"u{code:04X}" if code <= 0xFFFF else f"U{code:08X}"


def _literal(text: str, indent: int) -> str:
    hints = "2" if text[0] in " " + _BREAKS else ""
    if text[-1] not in _BREAKS:
        hints += "-"
    elif len(text) == 1 or text[-2] in _BREAKS:
        hints += "+"

    pad = " " * indent
    lines = _BEHIND_BREAK.split(text)
    return f"|{hints}\n" + "".join(
        pad + line if line not in _BREAKS else line for line in lines if line
    )


def _sorted(value: dict[str, Any]) -> Iterable[str]:
    """Keys in the order of go-yaml: letters by code point, other characters before letters, numbers
    by value.
    """
    names = list(value)
    for name in names:
        if not isinstance(name, str):
            raise YamlError(f"the key {name!r} is no string", code="yaml-value")
    if "".join(names).isalpha() and "" not in value:
        return sorted(names)
    return sorted(names, key=cmp_to_key(_compare))


def _compare(a: str, b: str) -> int:
    for at, (x, y) in enumerate(zip(a, b, strict=False)):
        if x == y:
            continue
        if x.isalpha() and y.isalpha():
            return -1 if x < y else 1
        if x.isalpha() or y.isalpha():
            return -1 if y.isalpha() else 1
        return _compare_numbers(a, b, at)

    return len(a) - len(b)


def _compare_numbers(a: str, b: str, at: int) -> int:
    """Where two keys first differ, in characters that are no letters: digits from here on compare
    as numbers.
    """
    floor = 0
    if a[at] == "0" or b[at] == "0":  # a zero inside a number is a digit of it, not a leading zero
        back = at - 1
        while back >= 0 and a[back].isdecimal():
            if a[back] != "0":
                floor = 1
                break
            back -= 1

    end_a, number_a = _digits(a, at, floor)
    end_b, number_b = _digits(b, at, floor)
    if number_a != number_b:
        return -1 if number_a < number_b else 1
    if end_a != end_b:
        return end_a - end_b

    return -1 if a[at] < b[at] else 1


def _digits(text: str, at: int, floor: int) -> tuple[int, int]:
    number = floor
    while at < len(text) and text[at].isdecimal():
        number = (
            number * 10 + ord(text[at]) - 48 + 2**63
        ) % 2**64 - 2**63  # an int64 that overflows
        at += 1
    return at, number
