"""The template of an ApplicationSet with the parameters of its generators: {{param}}, or Go's
text/template with sprig if goTemplate is set (Argo CD 3.2, applicationset/utils/utils.go).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache

from krm_injector.named_tuple import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from krm_injector.gotemplate import Template

    Params = Mapping[str, Any]

_PLACE = re.compile(r"\{\{([^{}]*)\}\}")


class TemplateProblem(Exception):
    """Why a template gives nothing."""


class Templating(NamedTuple):
    go: bool = False

    def render(self, value: Any, params: Params) -> Any:
        """A value with every text in it filled in. Raises TemplateProblem."""
        fill = _go_text if self.go else _plain_text
        return _mapped(value, lambda text: fill(text, params))

    def params(self, given: Params) -> dict[str, Any]:
        """Parameters in the form that templates see: for {{param}} texts by their path."""
        return dict(given) if self.go else flat(given)


def flat(value: Any, prefix: str = "") -> dict[str, Any]:
    """The texts of a value by their path, as "values.image" and "path[0]"."""
    if isinstance(value, Mapping):
        result: dict[str, Any] = {}
        for key, member in value.items():
            result.update(flat(member, f"{prefix}.{key}" if prefix else str(key)))
        return result
    if isinstance(value, list):
        result = {}
        for index, member in enumerate(value):
            result.update(flat(member, f"{prefix}[{index}]"))
        return result
    return {prefix: as_text(value)}


def as_text(value: Any) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def normalized(name: str) -> str:
    """A name as a DNS label may be: Argo CD's basenameNormalized and nameNormalized."""
    return re.sub(r"[^-a-z0-9.]", "-", name.lower())[:253].strip("-.")


def _mapped(value: Any, fill: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return fill(value)
    if isinstance(value, Mapping):
        return {fill(str(key)): _mapped(member, fill) for key, member in value.items()}
    if isinstance(value, list):
        return [_mapped(member, fill) for member in value]
    return value


def _plain_text(text: str, params: Params) -> str:
    """Unknown parameters stay as they are, as in Argo CD."""
    return _PLACE.sub(lambda match: as_text(params.get(match[1].strip(), match[0])), text)


@lru_cache(maxsize=1000)
def _parsed(text: str) -> Template:
    from krm_injector.gotemplate import Func, parse
    from krm_injector.gotemplate.sprig import FUNCS

    functions = {**FUNCS, "normalize": Func("normalize", normalized, ("string",))}
    return parse(text, "template", functions)


def _go_text(text: str, params: Params) -> str:
    if "{{" not in text:
        return text

    from krm_injector.gotemplate import TemplateError

    try:
        result = _parsed(text).execute(dict(params))
    except TemplateError as problem:
        raise TemplateProblem(f"its template cannot be filled in: {problem}") from None

    if "<no value>" in result:
        raise TemplateProblem(f"its template asks for a value that the generator lacks: {text}")
    return result
