"""find and findAll (pkg/cel/library/regex.go). ``matches`` is the library's own, with RE2."""

from __future__ import annotations

from krm_injector.gotemplate.errors import FuncError
from krm_injector.gotemplate.sprig.regex_engine import Regex, compile_regex
from krm_injector.judging.admission.functions.row import Function


def _compiled(pattern: str) -> Regex:
    try:
        return compile_regex(pattern)
    except FuncError as error:
        raise ValueError(f"Illegal regex: {error}") from error


def _find(text: str, pattern: str) -> str:
    spans = _compiled(pattern).search(text)
    return text[spans[0] : spans[1]] if spans else ""


def _find_all(text: str, pattern: str, limit: int = -1) -> list[str]:
    found = _compiled(pattern).matches(text, limit)
    return [text[spans[0] : spans[1]] for spans in found]


_ALL = ("list<string>", "string", "string")
FUNCTIONS = (
    Function("find", "find", (("string", "string", "string"),), _find, True),
    Function("findAll", "find_all", (_ALL,), _find_all, True),
    Function("findAll", "find_some", ((*_ALL, "int"),), _find_all, True),
)
