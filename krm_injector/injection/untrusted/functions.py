"""What becomes of tokens in the functions of a template.

A function is called twice: with the real texts, and with the neutral ones. What it answers about
the real texts counts, so that a template takes the branches that it takes for the workload. If both
answers are the same but for the tokens, the function only passes texts on, and the neutral answer
goes on. If they differ, it looked into a text:

- It quotes (quote, toJson, printf "%q"): the tokens now stand for what it made of the characters.
- It writes YAML or reads a structure (toYaml, fromJSON): documented ways for more than one scalar.
  The result of toYaml is right as it is. The texts inside a structure are made neutral again.
- All else (split, trim, replace): its answer is a text of the user's again, and made neutral.
"""

from __future__ import annotations

from krm_injector.gotemplate import Func, Struct
from krm_injector.injection.untrusted.tokens import Tokens
from krm_injector.kube import go_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

_WRITES_YAML = frozenset(("toYaml", "mustToYaml"))
_WRITES_JSON = frozenset(("protoToJSON", "structToJSON", "toJson", "toJSON", "mustToJson"))
_INDENTS = frozenset(("indent", "nindent"))
_ATTRIBUTES = ("go_type", "zero", "nil")  # what typed lists and maps have beside their elements
_FAILED: Any = object()


class Following:
    """Watches the functions of one control plane's templates (gotemplate.parse)."""

    __slots__ = ("_emulates", "tokens")

    def __init__(self, emulates: bool) -> None:
        """emulates: the templates are the embedded profile's. They do by functions what YAML does
        with Istio's text: regexReplaceAll cuts comments off, and fail says that a value is no YAML.
        """
        self._emulates = emulates
        self.tokens = Tokens()

    def watched(self, func: Func) -> Func:
        """The function, followed."""
        name, call = func.name, func.call

        def following(*arguments: Any) -> Any:
            # range gives its value, and what it goes over is followed already.
            if name == "range" or not any(map(self._holds_tokens, arguments)):
                return call(*arguments)
            return self._answer(name, call, arguments)

        return func._replace(call=following)

    def _answer(self, name: str, call: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
        if self._emulates and name == "fail":
            return ""

        # Copies: a function may change what it gets (set, merge).
        real = self._real(call(*map(self._real, arguments)))
        if not isinstance(real, (str, list, dict, Struct)) or name in _WRITES_YAML:
            return real

        try:
            neutral = call(*arguments)
        except Exception:  # it read the text, and letters say nothing to it
            neutral = _FAILED
        if isinstance(neutral, str) and name in _WRITES_JSON and _holds_structs(arguments):
            return self.tokens.quoted(neutral, _json)  # a struct has no real one to compare with
        if self._same(neutral, real) or isinstance(neutral, Struct):
            return neutral
        if self._emulates and name == "regexReplaceAll":
            return neutral
        if isinstance(neutral, str):
            quoted = self._quoted(name, neutral, real, arguments[0])
            if quoted is not None:
                return quoted

        origins = frozenset[int]().union(*map(self.origins, arguments))
        return self._neutral(real, origins)

    def _quoted(self, name: str, neutral: str, real: Any, first: Any) -> str | None:
        """The neutral text of a function that quotes; None if it does something else."""
        escapes: list[Callable[[str], str]] = [_go_quoted, _json, _raw_json]
        if name in _INDENTS and isinstance(first, int):
            escapes = [_indented(first)]
        for escape in escapes:
            text = self.tokens.quoted(neutral, escape)
            if self.tokens.printed(text) == real:
                return text
        return None

    # ---------------------------------------------------------------- values of templates

    def origins(self, value: Any) -> frozenset[int]:
        """Whose tokens a value holds; Structs are not looked into."""
        return frozenset[int]().union(*map(self.tokens.origins, _texts(value)))

    def _holds_tokens(self, value: Any) -> bool:
        return _holds_structs(value) or any(map(self.tokens.origins, _texts(value)))

    def _same(self, neutral: Any, real: Any) -> bool:
        if neutral is _FAILED:
            return False
        return type(neutral) is type(real) and bool(self._real(neutral) == real)

    def _real(self, value: Any) -> Any:
        """A copy of the value with the real texts. Structs stay as they are."""
        return mapped(value, self.tokens.printed)

    def _neutral(self, value: Any, origins: frozenset[int]) -> Any:
        return mapped(value, lambda text: self.tokens.neutral(text, origins))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, field in value.items():
            yield from _texts(key)
            yield from _texts(field)
    elif isinstance(value, (list, tuple)):
        for element in value:
            yield from _texts(element)


def _holds_structs(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_holds_structs, value.values()))
    if isinstance(value, (list, tuple)):
        return any(map(_holds_structs, value))
    return isinstance(value, Struct)


def mapped(value: Any, change: Callable[[str], str]) -> Any:
    """A copy of a value with its texts changed, of the same Go type."""
    if isinstance(value, str):
        return change(value)
    if not isinstance(value, (dict, list)):
        return value

    of_type: Any = value.__class__
    copy = of_type.__new__(of_type)
    if isinstance(value, dict):
        copy.update((mapped(key, change), mapped(field, change)) for key, field in value.items())
    else:
        copy.extend(mapped(element, change) for element in value)
    for name in _ATTRIBUTES:
        own = getattr(value, name, _FAILED)
        if own is not _FAILED and getattr(copy, name, _FAILED) is _FAILED:
            setattr(copy, name, own)
    return copy


# ---------------------------------------------------------------- what functions make of characters


def _go_quoted(text: str) -> str:
    from krm_injector.gotemplate.quoting import quote

    return quote(text)[1:-1]


def _json(text: str) -> str:
    return go_json.dumps(text)[1:-1]


def _raw_json(text: str) -> str:
    return go_json.dumps(text, escape_html=False)[1:-1]


def _indented(spaces: int) -> Callable[[str], str]:
    return lambda text: text.replace("\n", "\n" + " " * spaces)
