"""Go's text/template (Go 1.26), usable alone: parse once, execute often, bounded.

In: the text of a template, functions with the Go types of their parameters, data as values.py has
it. Out: text, or a TemplateError with Go's sentence and the place. May import: the standard
library, named_tuple and lazy_pattern, nothing else of the project.

    >>> from krm_injector.gotemplate import Func, parse
    >>> upper = Func("upper", str.upper, ("string",))
    >>> template = parse("{{ .name | upper }}:{{ range .ports }} {{ . }}{{ end }}", "greeting",
    ...                  {"upper": upper})
    >>> template.execute({"name": "web", "ports": [80, 443]})
    'WEB: 80 443'

sprig's functions are in krm_injector.gotemplate.sprig, as FUNCS.
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
