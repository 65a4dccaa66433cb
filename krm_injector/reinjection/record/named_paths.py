"""The path of a pod template in an object, in which entries of lists have names.

Their numbers change when entries are added. Their names stay.
"""

from __future__ import annotations

from krm_injector.kube.element_names import entry_names
from krm_injector.kube.paths import Step, at

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# A step is the key of a map, or the name of a list's entry in a tuple of one:
# ("spec", "groups", ("a",), "template"). () is the object as a whole.
NamedPath = tuple[str | tuple[str], ...]


def named_path(workload: Any, path: Step) -> NamedPath:
    """A path of this object with the names of the entries of lists in place of their numbers."""
    steps: list[str | tuple[str]] = []
    value = workload
    for step in path:
        steps.append((entry_names(value)[step],) if isinstance(step, int) else step)
        value = at(value, (step,))
    return tuple(steps)


def located(workload: Any, named: NamedPath) -> Step | None:
    """The present path of the named place in this object; None if there is no map any more."""
    steps: list[str | int] = []
    value = workload
    for step in named:
        if isinstance(step, str):
            steps.append(step)
        else:
            names = entry_names(value) if isinstance(value, list) else []
            if step[0] not in names:
                return None
            steps.append(names.index(step[0]))

        value = at(value, steps[-1:])

    return tuple(steps) if isinstance(value, dict) else None


def path_text(named: NamedPath) -> str:
    """The place as ``kube.differences`` writes it: spec.groups[a].template."""
    from krm_injector.kube.differences import member  # late: only messages need it

    text = ""
    for step in named:
        text = member(text, step) if isinstance(step, str) else f"{text}[{step[0]}]"
    return text


def to_json(named: NamedPath) -> list[Any]:
    """["spec", "groups", ["a"], "template"]."""
    return [step if isinstance(step, str) else list(step) for step in named]


def from_json(steps: list[Any]) -> NamedPath:
    """The path that ``to_json`` wrote. Raises TypeError."""
    named = tuple(step if isinstance(step, str) else tuple(step) for step in steps)
    if not named or not all(isinstance(step, str) or len(step) == 1 for step in named):
        raise TypeError
    return named
