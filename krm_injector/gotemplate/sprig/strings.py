"""sprig's string functions (strings.go, and the entries of functions.go that wrap package strings).

Source of every rule: github.com/Masterminds/sprig v3.3.0. Lengths and positions count bytes, as in
Go.
"""

from __future__ import annotations

from krm_injector.gotemplate.errors import FuncError, check_size
from krm_injector.gotemplate.runtime import spend
from krm_injector.gotemplate.sprig.gotext import (
    SPACES,
    from_bytes,
    go_lower,
    go_runes,
    go_upper,
    to_bytes,
)
from krm_injector.gotemplate.sprig.reflect import elements, go_format, go_quote, strval, strvals
from krm_injector.gotemplate.sprig.registry import functions
from krm_injector.gotemplate.values import StringList, StringMap

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


_BYTES = from_bytes(bytes(range(0x80, 0x100)))


def trim(text: str) -> str:
    return text.strip(SPACES)


def upper(text: str) -> str:
    spend(len(text) >> (6 if text.isascii() else 2))
    return go_upper(text)


def lower(text: str) -> str:
    return go_lower(text)


def trim_all(cutset: str, text: str) -> str:
    cutset = go_runes(cutset)
    if "\ufffd" in cutset:  # which is also what Go sees of each byte that is no UTF-8
        cutset += _BYTES
    return text.strip(cutset) if cutset else text


def trim_suffix(suffix: str, text: str) -> str:
    return text[: len(text) - len(suffix)] if suffix and text.endswith(suffix) else text


def trim_prefix(prefix: str, text: str) -> str:
    return text[len(prefix) :] if text.startswith(prefix) else text


def contains(part: str, text: str) -> bool:
    return part in text


def has_prefix(prefix: str, text: str) -> bool:
    return text.startswith(prefix)


def has_suffix(suffix: str, text: str) -> bool:
    return text.endswith(suffix)


def repeat(count: int, text: str) -> str:
    if count < 0:
        raise FuncError("strings: negative Repeat count")
    check_size(count * len(text))
    return text * count


def replace(old: str, new: str, text: str) -> str:
    if old == new:
        return text
    occurrences = len(text) + 1 if not old else text.count(old)
    check_size(len(text) + occurrences * len(new))
    return text.replace(old, new)


def quote(*values: Any) -> str:
    return " ".join(go_quote(strval(v)) for v in values if v is not None)


def squote(*values: Any) -> str:
    return " ".join("'" + go_format("%v", v) + "'" for v in values if v is not None)


def cat(*values: Any) -> str:
    return " ".join(go_format("%v", v) for v in values if v is not None)


def indent(spaces: int, text: str) -> str:
    if spaces < 0:
        raise FuncError("strings: negative Repeat count")
    check_size(len(text) + spaces * (text.count("\n") + 1))
    pad = " " * spaces
    return pad + text.replace("\n", "\n" + pad)


def nindent(spaces: int, text: str) -> str:
    return "\n" + indent(spaces, text)


def plural(singular: str, many: str, count: int) -> str:
    return singular if count == 1 else many


def trunc(width: int, text: str) -> str:
    data = to_bytes(text)
    if width < 0:
        return from_bytes(data[width:]) if len(data) + width > 0 else text
    return from_bytes(data[:width]) if len(data) > width else text


def substr(start: int, end: int, text: str) -> str:
    data = to_bytes(text)
    size = len(data)
    if start < 0:
        if end < 0:
            raise FuncError(f"runtime error: slice bounds out of range [:{end}]")
        if end > size:
            raise FuncError(f"runtime error: slice bounds out of range [:{end}] with length {size}")
        return from_bytes(data[:end])

    if end < 0 or end > size:
        if start > size:
            raise FuncError(f"runtime error: slice bounds out of range [{start}:{size}]")
        return from_bytes(data[start:])

    if start > end:
        raise FuncError(f"runtime error: slice bounds out of range [{start}:{end}]")

    return from_bytes(data[start:end])


def split_list(sep: str, text: str) -> StringList:
    return StringList(split_text(text, sep))


def split_text(text: str, sep: str, limit: int = -1) -> list[str]:
    """strings.SplitN: no separator means one element a rune; limit 0 means none at all, below 0 no
    limit.
    """
    if limit == 0:
        return []

    spend(len(text) >> 4)
    parts: list[str]
    if sep:
        parts = text.split(sep, limit - 1 if limit > 0 else -1)
    elif limit < 0 or limit >= len(text):
        parts = list(text)
    else:
        parts = [*text[: limit - 1], text[limit - 1 :]]

    return parts


def split(sep: str, text: str) -> StringMap:
    return _numbered(split_text(text, sep))


def splitn(sep: str, limit: int, text: str) -> StringMap:
    return _numbered(split_text(text, sep, limit))


def _numbered(parts: list[str]) -> StringMap:
    spend(len(parts) >> 2)
    return StringMap((f"_{i}", part) for i, part in enumerate(parts))


def join(sep: str, values: Any) -> str:
    parts = strvals(values)
    check_size(sum(map(len, parts)) + len(sep) * len(parts))
    return sep.join(parts)


def sort_alpha(values: Any) -> StringList:
    if elements(values) is None:
        return StringList([strval(values)])

    texts = strvals(values)
    spend(len(texts) + (sum(map(len, texts)) >> 6))  # equal beginnings are compared again and again
    return StringList(sorted(texts, key=to_bytes))


def to_strings(values: Any) -> StringList:
    return StringList(strvals(values))


FUNCS = functions({
    "trim": (trim, "string"),
    "upper": (upper, "string"),
    "lower": (lower, "string"),
    "repeat": (repeat, "int", "string"),
    "trimall": (trim_all, "string", "string"),
    "trimAll": (trim_all, "string", "string"),
    "trimSuffix": (trim_suffix, "string", "string"),
    "trimPrefix": (trim_prefix, "string", "string"),
    "contains": (contains, "string", "string"),
    "hasPrefix": (has_prefix, "string", "string"),
    "hasSuffix": (has_suffix, "string", "string"),
    "quote": (quote, "...any"),
    "squote": (squote, "...any"),
    "cat": (cat, "...any"),
    "indent": (indent, "int", "string"),
    "nindent": (nindent, "int", "string"),
    "replace": (replace, "string", "string", "string"),
    "plural": (plural, "string", "string", "int"),
    "trunc": (trunc, "int", "string"),
    "substr": (substr, "int", "int", "string"),
    "split": (split, "string", "string"),
    "splitn": (splitn, "string", "int", "string"),
    "splitList": (split_list, "string", "string"),
    "join": (join, "string", "any"),
    "sortAlpha": (sort_alpha, "any"),
    "toStrings": (to_strings, "any"),
})  # fmt: skip
