"""The fields that results name, found in an object: the text of a path becomes its steps.

Results write ``metadata.labels["istio.io/rev"]``, ``spec.containers[0].image`` and, where entries
of a list have names, ``spec.containers[web].image``. Some paths are joined with dots alone, though
a key holds dots too. So the object says where a step ends.
"""

from __future__ import annotations

from collections.abc import Iterator

from krm_injector.kube.element_names import ORDER, entry_names
from krm_injector.kube.paths import Step, at

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# Maps whose keys are names of labels and annotations, and may hold dots.
_OF_NAMES = ("labels", "annotations", "matchLabels")
_EACH = ("*", "")  # every entry: the first one stands for them


def existing(value: Any, field: str) -> tuple[Step, tuple[str | int, ...]]:
    """The steps of a field that lead somewhere in the value, and those that do not."""
    steps: list[str | int] = []
    rest = field.removesuffix(ORDER)
    while rest:
        found = _next(value, rest.removeprefix("."))
        if found is None:
            break
        step, rest = found
        steps.append(step)
        value = at(value, (step,))

    absent = tuple(_steps(rest.removeprefix("."), str(steps[-1]) if steps else ""))
    return tuple(steps), absent


def _next(value: Any, rest: str) -> tuple[str | int, str] | None:
    """The first step of a text, as it stands in the value, and the text behind it."""
    if isinstance(value, dict):
        fitting = [found for key in value if (found := _key(str(key), rest)) is not None]
        return min(fitting, key=lambda found: len(found[1]), default=None)

    if not isinstance(value, list) or not rest.startswith("["):
        return None

    inside, bracket, behind = rest[1:].partition("]")
    index = _index(value, inside) if bracket else None
    return None if index is None else (index, behind)


def _key(key: str, rest: str) -> tuple[str, str] | None:
    """The key and the text behind it, if the text begins with it."""
    for written in (f'["{key}"]', f"[{key}]", key):
        behind = rest[len(written) :]
        if rest.startswith(written) and behind[:1] in ("", ".", "["):
            return key, behind
    return None


def _index(entries: list[Any], inside: str) -> int | None:
    if inside in _EACH:
        return 0 if entries else None
    if inside in (names := entry_names(entries)):
        return names.index(inside)
    if inside.isdecimal() and inside.isascii() and len(inside) < 7 and int(inside) < len(entries):
        return int(inside)
    return None


def _steps(rest: str, above: str) -> Iterator[str | int]:
    """The steps of a text about which no object says anything."""
    while rest:
        if rest.startswith("["):
            inside, _, rest = rest[1:].partition("]")
            quoted = inside.startswith('"')
            step: str | int = inside.strip('"')
            yield int(inside) if inside.isdecimal() and not quoted else step
        elif above in _OF_NAMES:
            step, rest = rest, ""
            yield step
        else:
            end = min((end for sign in ".[" if (end := rest.find(sign)) >= 0), default=len(rest))
            step, rest = rest[:end], rest[end:]
            yield step

        above = str(step)
        rest = rest.removeprefix(".")
