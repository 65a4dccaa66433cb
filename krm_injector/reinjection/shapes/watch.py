"""What templates do with placeholders: print them, or look at them.

A template's functions are watched while it renders a pod with placeholders. Most functions only
pass a scalar on, or print it as it is; ``_PASSING`` and ``_CONDITIONS`` name those, and on what
condition. Whatever else gets a placeholder as an argument may have looked at it: its hole is pinned
then, which means that only workloads with the same scalar there are alike. Conditions (if, with,
and, or, not) ask a scalar whether it is empty; no hole ever is. A function that fails may have
failed because of a placeholder, and ``render`` hides that: nothing is provable then.

What the templates render is watched too. A placeholder may stand where merging and post-processing
only carry it (``_is_carried``): as the value of an environment variable, of a label. Anywhere else,
in a key or in what elements of lists are merged by, its hole is pinned.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from krm_injector.gotemplate import Func, Struct, Template
from krm_injector.gotemplate.runtime import LARGE
from krm_injector.injection.control_plane import PreparedControlPlane
from krm_injector.injection.template_data import TemplateData
from krm_injector.istio_names import APP_PROBERS_VARIABLE
from krm_injector.kube.paths import Step, at
from krm_injector.kube.twins import PLACEHOLDER
from krm_injector.reinjection.shapes.holes import IS_WORD, LONGEST_WORD, is_free_label

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
# stands beside them: 1.e5, 0xff, true, !!int, &anchor.
_NO_WORD_ALONE = re.compile(
    r"(?<![A-Za-z0-9/:@._+-])[-+.0-9_]+krm\.hole/|[A-Za-z0-9_!&*%]krm\.hole/|x@k-k[A-Za-z0-9]"
)
_OTHER_VERBS = re.compile(r"%(?![svd%])")  # %q prints an integer as a character
# Longer texts cost steps by their length: with other scalars it could be another number.
_LONG = LARGE // 16
_LONGEST_OUTPUT = 2**20
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
            try:
                result = call(*arguments)
            except Exception:
                self.unprovable = True
                raise

            self._saw(name, arguments, result)
            return result

        return func._replace(call=watching)

    def rendered(self, text: str, steps: int) -> None:
        """What a template has rendered."""
        self.steps.append(steps)
        if _NO_WORD_ALONE.search(text) or len(text) > _LONGEST_OUTPUT:
            self.unprovable = True
        # An integer may be printed where it means something else than itself (5m, 1.5).
        self.pins.update(int(match[2]) for match in PLACEHOLDER.finditer(text) if match[2])

    def merging(self, partial: Any) -> None:
        """What a template has rendered, as it is to be merged."""
        for path, numbers in _places(partial, ()):
            if not _is_carried(path, partial):
                self.pins.update(numbers)

    def _saw(self, name: str, arguments: tuple[Any, ...], result: Any) -> None:
        if any(map(_is_long, (*arguments, result))):
            self.unprovable = True
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


def _is_long(value: Any) -> bool:
    """Whether a text with placeholders may be LARGE with some scalars in their place."""
    return (
        isinstance(value, str)
        and len(value) > _LONG
        and len(value) + (LONGEST_WORD * len(_numbers(value)) or -len(value)) > LARGE
    )


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


# ---------------------------------------------------------------- what is rendered

_CANONICAL = "service.istio.io/canonical-"  # of labels that templates write and nobody reads


def _places(value: Any, path: Step) -> Iterator[tuple[Step, list[int]]]:
    """Path and numbers of all placeholders; those in a key are at the key's parent."""
    if isinstance(value, dict):
        for key, field in value.items():
            if numbers := _numbers(key):
                yield path, numbers
            yield from _places(field, (*path, key))
    elif isinstance(value, list):
        for index, element in enumerate(value):
            yield from _places(element, (*path, index))
    elif numbers := _numbers(value):
        yield path, numbers


def _is_carried(path: Step, partial: Any) -> bool:
    """Whether what a template puts there is only carried from then on."""
    match path:
        case ("metadata", "labels", str(key)):
            return key.startswith(_CANONICAL) or is_free_label(key)
        case ("metadata", "annotations", str(key)):
            return "istio" not in key and not key.startswith("prometheus")
        case ("spec", "containers" | "initContainers", int(), "env", int(), "value"):
            return bool(at(partial, (*path[:-1], "name")) != APP_PROBERS_VARIABLE)
        case ("spec", "containers" | "initContainers", int(), "args" | "command", int()):
            return True
        case ("spec", "containers" | "initContainers", int(), "image"):
            return True

    return False


# ---------------------------------------------------------------- functions with conditions

# Each says whether the function's result is the same for all scalars, but for the scalars in it.
_Condition: TypeAlias = "Callable[[Watch, tuple[Any, ...], Any], bool]"


def _compares_with_none(watch: Watch, arguments: tuple[Any, ...], result: Any) -> bool:
    """eq, ne: a placeholder alone beside texts that no word is equal to."""
    others = [value for value in arguments if not _numbers(value)]
    matches = map(PLACEHOLDER.fullmatch, map(str, arguments))
    alone = [match for match in matches if match and match[1]]  # a word
    if len(alone) != 1 or len(others) != len(arguments) - 1:
        return False
    return all(isinstance(value, str) and not IS_WORD.fullmatch(value) for value in others)


def _looks_up(watch: Watch, arguments: tuple[Any, ...], result: Any) -> bool:
    """annotation, get, hasKey, index, isset, omit, pick: a container, and keys without any."""
    in_container = isinstance(arguments[0], _CONTAINERS)
    return in_container and not any(map(_may_hold_placeholders, arguments[1:]))


def _makes_a_map(watch: Watch, arguments: tuple[Any, ...], result: Any) -> bool:
    """dict, strdict: the keys are no placeholders."""
    return not any(map(_may_hold_placeholders, arguments[::2]))


def _counts(watch: Watch, arguments: tuple[Any, ...], result: Any) -> bool:
    """len, first, last, range: of a list or a map."""
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
    "range": _counts,
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

    __slots__ = ("_plane", "watch")

    def __init__(self, plane: PreparedControlPlane) -> None:
        self.watch = Watch()
        self._plane = plane
        super().__init__(plane.mesh, plane)

    def template(self, name: str) -> Template:
        """The same template as without watch, parsed once for both."""
        template = self._templates.get(name)
        if template is None:
            template = self._plane.template(name).watched(self.funcs, self.watch.watched)
            self._templates[name] = template
        return template

    @property
    def _watch(self) -> Callable[[Func], Func]:
        return self.watch.watched

    def execute(self, template: Template, data: TemplateData) -> str:
        text = super().execute(template, data)
        self.watch.rendered(text, self.last_steps)
        return text

    def merging(self, partial: Any) -> None:
        self.watch.merging(partial)
