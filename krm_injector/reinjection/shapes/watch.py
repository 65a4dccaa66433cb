"""What templates do with placeholders: print them, or look at them.

A template's functions are watched while it renders a pod with placeholders. Most functions only
pass a scalar on, or print it as it is; ``_PASSING`` and ``_CONDITIONS`` name those, and on what
condition. Whatever else gets a placeholder as an argument may have looked at it: its hole is pinned
then, which means that only workloads with the same scalar there are alike. Conditions (if, with,
and, or, not) ask a scalar whether it is empty; no hole ever is.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from krm_injector.gotemplate import Func, Struct, Template
from krm_injector.injection.control_plane import PreparedControlPlane
from krm_injector.injection.template_data import TemplateData
from krm_injector.kube.twins import PLACEHOLDER
from krm_injector.model import Mesh
from krm_injector.reinjection.shapes.holes import IS_WORD

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeAlias

# They print or pass on what they get, words and integers as they are; what they ask of a scalar is
# whether it is empty. Of containers they read the keys, and ports and names of containers, which
# are no holes.
_PASSING = frozenset(
    (
        "append", "applicationPorts", "coalesce", "concat", "default", "empty",
        "includeInboundPorts", "indent", "join", "list", "lower", "mergeMaps", "nindent", "not",
        "omitNil", "prepend", "print", "protoToJSON", "quote", "squote", "structToJSON", "toJSON",
        "toJson", "toJsonMap", "toLower", "toString", "toYaml", "trim", "valueOrDefault",
    )
)  # fmt: skip

# Where other words than the placeholder could become something else than a text, together with what
# stands beside them: 1.e5, 0xff, true.
_NO_WORD_ALONE = re.compile(
    r"(?<![A-Za-z0-9/:@._+-])[-+.0-9_]+krm\.hole/|[A-Za-z0-9]krm\.hole/|x@k-k[A-Za-z0-9]"
)
_OTHER_VERBS = re.compile(r"%(?![svqd%])")
_LABEL = 63
_CONTAINERS = (dict, list, tuple, Struct)


class Watch:
    """What one rendering does with placeholders. ``begin`` before each."""

    __slots__ = ("limits", "pins", "steps", "unprovable")

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        self.pins: set[int] = set()  # numbers of the holes that a template looks at
        self.limits: dict[int, int] = {}  # number of a hole -> the most characters it may have
        self.steps: list[int] = []  # what each template took
        self.unprovable = False

    def watched(self, func: Func) -> Func:
        """The function, watched."""
        name, call = func.name, func.call

        def watching(*arguments: Any) -> Any:
            result = call(*arguments)
            self._saw(name, arguments, result)
            return result

        return func._replace(call=watching)

    def rendered(self, text: str, steps: int) -> None:
        """What a template has rendered."""
        self.steps.append(steps)
        if _NO_WORD_ALONE.search(text):
            self.unprovable = True
        # An integer may be printed where it means something else than itself (5m, 1.5).
        self.pins.update(int(match[2]) for match in PLACEHOLDER.finditer(text) if match[2])

    def _saw(self, name: str, arguments: tuple[Any, ...], result: Any) -> None:
        if name in _PASSING or not any(map(_may_hold_placeholders, arguments)):
            return

        condition = _CONDITIONS.get(name)
        if condition is not None and condition(self, arguments, result):
            return

        containers = [value for value in arguments if isinstance(value, _CONTAINERS)]
        if any(map(_may_hold_placeholders, containers)):
            self.unprovable = True
        for value in arguments:
            self.pins.update(_numbers(value))


def _numbers(value: Any) -> list[int]:
    """The numbers of the placeholders in a scalar."""
    if not isinstance(value, (str, int)):
        return []
    return [int(match[1] or match[2]) for match in PLACEHOLDER.finditer(str(value))]


def _may_hold_placeholders(value: Any) -> bool:
    """Whether there is a placeholder in a value; Structs are not looked into."""
    if isinstance(value, dict):
        return any(map(_may_hold_placeholders, value.values()))
    if isinstance(value, (list, tuple)):
        return any(map(_may_hold_placeholders, value))
    return isinstance(value, Struct) or bool(_numbers(value))


# ---------------------------------------------------------------- functions with conditions

# Each says whether the function's result is the same for all scalars, but for the scalars in it.
_Condition: TypeAlias = "Callable[[Watch, tuple[Any, ...], Any], bool]"


def _compares_with_none(watch: Watch, arguments: tuple[Any, ...], result: Any) -> bool:
    """eq, ne: a placeholder beside texts that no word is equal to."""
    others = [value for value in arguments if not _numbers(value)]
    if len(arguments) - len(others) != 1:
        return False
    return all(isinstance(value, str) and not IS_WORD.fullmatch(value) for value in others)


def _looks_up(watch: Watch, arguments: tuple[Any, ...], result: Any) -> bool:
    """annotation, get, hasKey, index, isset, omit, pick: the keys are no placeholders."""
    return not any(_numbers(key) for key in arguments[1:])


def _makes_a_map(watch: Watch, arguments: tuple[Any, ...], result: Any) -> bool:
    """dict, strdict: the keys are no placeholders."""
    return not any(_numbers(key) for key in arguments[::2])


def _counts(watch: Watch, arguments: tuple[Any, ...], result: Any) -> bool:
    """len, first, last, ...: of a list or a map."""
    return isinstance(arguments[0], (list, dict))


def _prints(watch: Watch, arguments: tuple[Any, ...], result: Any) -> bool:
    """printf: with verbs that print a word or an integer as it is."""
    form = arguments[0]
    return isinstance(form, str) and not _numbers(form) and not _OTHER_VERBS.search(form)


def _cuts_nothing(watch: Watch, arguments: tuple[Any, ...], result: Any) -> bool:
    """trunc: a word alone, which stays whole up to that length."""
    length, text = arguments[0], arguments[-1]
    match = PLACEHOLDER.fullmatch(str(text))
    if not match or not isinstance(length, int) or length < _LABEL:
        return False

    number = int(match[1] or match[2])
    watch.limits[number] = min(length, watch.limits.get(number, length))
    return True


def _trims_nothing(watch: Watch, arguments: tuple[Any, ...], result: Any) -> bool:
    """trimAll, trimSuffix, trimPrefix: a word alone, which begins and ends with a letter or digit,
    and nothing to trim that has any.
    """
    trimmed = arguments[0]
    return (
        isinstance(trimmed, str)
        and not re.search("[a-z0-9]", trimmed)
        and PLACEHOLDER.fullmatch(str(arguments[-1])) is not None
    )


def _says_nothing(watch: Watch, arguments: tuple[Any, ...], result: Any) -> bool:
    """otelResourceAttributes: where the mesh asks for none, it reads nothing of the pod."""
    return bool(result == "")


_CONDITIONS: dict[str, _Condition] = {
    "annotation": _looks_up,
    "dict": _makes_a_map,
    "strdict": _makes_a_map,
    "eq": _compares_with_none,
    "ne": _compares_with_none,
    "index": _looks_up,
    "get": _looks_up,
    "hasKey": _looks_up,
    "isset": _looks_up,
    "omit": _looks_up,
    "pick": _looks_up,
    "len": _counts,
    "first": _counts,
    "last": _counts,
    "printf": _prints,
    "trunc": _cuts_nothing,
    "trimAll": _trims_nothing,
    "trimSuffix": _trims_nothing,
    "trimPrefix": _trims_nothing,
    "otelResourceAttributes": _says_nothing,
}


# ---------------------------------------------------------------- a control plane that is watched


class WatchedControlPlane(PreparedControlPlane):
    """A control plane whose templates are watched."""

    __slots__ = ("watch",)

    def __init__(self, mesh: Mesh) -> None:
        self.watch = Watch()
        super().__init__(mesh)

    @property
    def _watch(self) -> Callable[[Func], Func]:
        return self.watch.watched

    def execute(self, template: Template, data: TemplateData) -> str:
        text = super().execute(template, data)
        self.watch.rendered(text, self.last_steps)
        return text
