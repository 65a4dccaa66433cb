"""Go's text/template (Go 1.26), usable alone: parse once, execute often, bounded.

t = parse(text, name="inject", funcs={"upper": Func("upper", str.upper, ("string",))})
t.execute({"a": {"b": 1.0}})
"""

from __future__ import annotations

from krm_injector.gotemplate.errors import (
    ExecError,
    FuncError,
    LimitExceeded,
    Limits,
    ParseError,
    TemplateError,
    TooLarge,
)
from krm_injector.gotemplate.runtime import Account
from krm_injector.gotemplate.template import Template, parse
from krm_injector.gotemplate.values import Enum, Func, Method, StringList, StringMap, Struct

__all__ = [
    "Account",
    "Enum",
    "ExecError",
    "Func",
    "FuncError",
    "LimitExceeded",
    "Limits",
    "Method",
    "ParseError",
    "StringList",
    "StringMap",
    "Struct",
    "Template",
    "TemplateError",
    "TooLarge",
    "parse",
]
