"""sprig's regular expressions: the functions, over regex_engine."""

from __future__ import annotations

from krm_injector.gotemplate.errors import FuncError, TooLarge, check_size
from krm_injector.gotemplate.runtime import spend
from krm_injector.gotemplate.sprig.reflect import NilStrings
from krm_injector.gotemplate.sprig.regex_engine import Regex, compile_regex
from krm_injector.gotemplate.sprig.registry import functions
from krm_injector.gotemplate.values import StringList
from krm_injector.lazy_pattern import lazy_pattern

_META = lazy_pattern(r"[\\.+*?()|\[\]{}^$]")


def _must(pattern: str) -> Regex:
    """regexp.MustCompile: its panic has its own words."""
    try:
        return compile_regex(pattern)
    except TooLarge:
        raise
    except FuncError as error:
        raise FuncError(f"regexp: Compile({_quoted(pattern)}): {error}") from None


def _quoted(pattern: str) -> str:
    from krm_injector.gotemplate.sprig.reflect import go_format, go_quote

    return go_format("%#q", pattern) if "`" not in pattern else go_quote(pattern)


def regex_match(pattern: str, text: str) -> bool:
    try:
        regex = compile_regex(pattern)
    except TooLarge:
        raise
    except FuncError:
        return False
    return regex.search(text) is not None


def must_regex_match(pattern: str, text: str) -> bool:
    return compile_regex(pattern).search(text) is not None


def _find(regex: Regex, text: str) -> str:
    span = regex.search(text)
    return "" if span is None else text[span[0] : span[1]]


def find(pattern: str, text: str) -> str:
    return _find(_must(pattern), text)


def must_find(pattern: str, text: str) -> str:
    return _find(compile_regex(pattern), text)


def _find_all(regex: Regex, text: str, limit: int) -> StringList:
    texts = StringList(text[groups[0] : groups[1]] for groups in regex.matches(text, limit))
    return texts or NilStrings()


def find_all(pattern: str, text: str, limit: int) -> StringList:
    return _find_all(_must(pattern), text, limit)


def must_find_all(pattern: str, text: str, limit: int) -> StringList:
    return _find_all(compile_regex(pattern), text, limit)


def _replace(regex: Regex, text: str, template: str | None, literal: str) -> str:
    """Every match gives way to the literal, or to the template with its $1, ${name} filled in."""
    parts = None if template is None else _template_parts(template, regex)
    out: list[str] = []
    size = at = 0
    for groups in regex.matches(text, -1):
        out.append(text[at : groups[0]])
        if parts is None:
            out.append(literal)
        else:
            out += (part if isinstance(part, str) else _group(text, groups, part) for part in parts)

        at = groups[1]
        size += len(out[-1])
        check_size(size)

    out.append(text[at:])
    return "".join(out)


def _group(text: str, groups: tuple[int, ...], number: int) -> str:
    if 2 * number + 1 >= len(groups) or groups[2 * number] < 0:
        return ""
    return text[groups[2 * number] : groups[2 * number + 1]]


_REFERENCE = lazy_pattern(r"\$(?:\$|(\w+)|\{(\w+)\})")


def _is_of_name(char: str) -> bool:
    r"""What Go takes for a part of a name; \w has other numbers beside the decimal ones."""
    return char.isalpha() or char.isdecimal() or char == "_"


def _template_parts(template: str, regex: Regex) -> list[str | int]:
    parts: list[str | int] = []
    at = 0
    for match in _REFERENCE.finditer(template):
        parts.append(template[at : match.start()])
        at = match.end()
        name = match[1] or match[2] or "$"
        end = next((i for i, char in enumerate(name) if not _is_of_name(char)), len(name))
        if name == "$":
            parts.append("$")
        elif end < len(name) and (match[2] or not end):
            parts.append(match[0])
        else:
            parts += (_reference(name[:end], regex), name[end:])

    parts.append(template[at:])
    return parts


def _reference(name: str, regex: Regex) -> str | int:
    """The number of the group; "" where there is none of that name."""
    if name.isascii() and name.isdigit() and (name == "0" or name[0] != "0") and len(name) < 9:
        return int(name)
    return regex.names.get(name, "")


def replace_all(pattern: str, text: str, template: str) -> str:
    return _replace(_must(pattern), text, template, "")


def must_replace_all(pattern: str, text: str, template: str) -> str:
    return _replace(compile_regex(pattern), text, template, "")


def replace_all_literal(pattern: str, text: str, literal: str) -> str:
    return _replace(_must(pattern), text, None, literal)


def must_replace_all_literal(pattern: str, text: str, literal: str) -> str:
    return _replace(compile_regex(pattern), text, None, literal)


def _split(pattern: str, regex: Regex, text: str, limit: int) -> StringList:
    if limit == 0:
        return NilStrings()
    if pattern and not text:
        return StringList([""])

    out = StringList()
    begin = end = 0
    for groups in regex.matches(text, limit):
        if limit > 0 and len(out) == limit - 1:
            break
        end = groups[0]
        if groups[1] != 0:
            out.append(text[begin:end])
        begin = groups[1]

    if end != len(text):
        out.append(text[begin:])

    return out


def split(pattern: str, text: str, limit: int) -> StringList:
    return _split(pattern, _must(pattern), text, limit)


def must_split(pattern: str, text: str, limit: int) -> StringList:
    return _split(pattern, compile_regex(pattern), text, limit)


def quote_meta(text: str) -> str:
    spend(len(text) >> 1)
    return _META.sub(r"\\\g<0>", text)


FUNCS = functions({
    "regexMatch": (regex_match, "string", "string"),
    "mustRegexMatch": (must_regex_match, "string", "string"),
    "regexFindAll": (find_all, "string", "string", "int"),
    "mustRegexFindAll": (must_find_all, "string", "string", "int"),
    "regexFind": (find, "string", "string"),
    "mustRegexFind": (must_find, "string", "string"),
    "regexReplaceAll": (replace_all, "string", "string", "string"),
    "mustRegexReplaceAll": (must_replace_all, "string", "string", "string"),
    "regexReplaceAllLiteral": (replace_all_literal, "string", "string", "string"),
    "mustRegexReplaceAllLiteral": (must_replace_all_literal, "string", "string", "string"),
    "regexSplit": (split, "string", "string", "int"),
    "mustRegexSplit": (must_split, "string", "string", "int"),
    "regexQuoteMeta": (quote_meta, "string"),
})  # fmt: skip
