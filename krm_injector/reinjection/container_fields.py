"""Fields of a container: finds where two containers differ, field by field, and sets a field.

A field is a tuple of steps from the container: ("resources", "limits", "cpu"). In lists that Istio
merges by a key, the value of the key is the step: ("env", "POD_NAME", "value").
"""

from __future__ import annotations

from collections.abc import Iterator

from krm_injector.kube import types
from krm_injector.kube.differences import ABSENT, differences
from krm_injector.kube.element_names import names
from krm_injector.kube.paths import put
from krm_injector.kube.yaml import same
from krm_injector.model import Object

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MERGE_KEYS = {
    "env": "name",
    "ports": "containerPort",
    "volumeMounts": "mountPath",
    "volumeDevices": "devicePath",
}

Steps = tuple[str, ...]


def changed_fields(before: Any, after: Any, steps: Steps = ()) -> Iterator[tuple[Steps, Any, Any]]:
    """(steps, before, after) of each field that differs; ABSENT for a field that does not exist."""
    if before is not ABSENT and after is not ABSENT and same(before, after):
        return

    if isinstance(before, dict) and isinstance(after, dict):
        yield from _changed_members(before, after, steps)
    elif (
        len(steps) == 1
        and steps[0] in MERGE_KEYS
        and isinstance(after, list)
        and (before is ABSENT or type(before) is list)
    ):
        yield from _changed_elements(before, after, steps)
    else:
        yield steps, before, after


def _changed_members(
    before: dict[str, Any], after: dict[str, Any], steps: Steps
) -> Iterator[tuple[Steps, Any, Any]]:
    for key, value in after.items():
        yield from changed_fields(before.get(key, ABSENT), value, (*steps, key))

    for key, value in before.items():
        if key not in after:
            yield from changed_fields(value, ABSENT, (*steps, key))


def _changed_elements(
    before: Any, after: list[Any], steps: Steps
) -> Iterator[tuple[Steps, Any, Any]]:
    """The same for two lists of maps. They differ as a whole if their elements have no unique
    keys.
    """
    elements: list[Any] = [] if before is ABSENT else before
    old, new = names(elements), names(after)
    if old is None or new is None:
        yield steps, before, after
        return

    yield from _changed_members(
        dict(zip(old, elements, strict=True)), dict(zip(new, after, strict=True)), steps
    )


def field_text(steps: Steps) -> str:
    """The steps in the form of a ChangedPiece's path: env[POD_NAME].value."""
    if len(steps) > 1 and steps[0] in MERGE_KEYS:
        return ".".join((f"{steps[0]}[{steps[1]}]", *steps[2:]))
    return ".".join(steps)


def is_within(text: str, outer: str) -> bool:
    """Whether a field, as text, is the outer one or a part of it; "" is the container."""
    return not outer or text == outer or text.startswith((outer + ".", outer + "["))


def is_expressible(steps: Steps, value: Any) -> bool:
    """Whether a container can state this itself: nothing is taken out, and the API server drops
    nothing.
    """
    if value is ABSENT or value is None or steps[0] == "name":
        return False
    if steps[0] in MERGE_KEYS and "#" in "".join(steps[1:2]):
        return False  # the second element of a key

    container = with_field({}, steps, value)
    try:
        decoded = types.decode("v1.Container", container)
    except types.TypeMismatch:
        return False

    return not any(difference.after is ABSENT for difference in differences(container, decoded))


def with_field(container: Object, steps: Steps, value: Any) -> Object:
    """The container with this field; an element that is absent is added."""
    field = steps[0]
    if field not in MERGE_KEYS or len(steps) == 1:
        changed: Object = put(container, steps, value)
        return changed

    key, name = MERGE_KEYS[field], steps[1]
    elements = list(container.get(field) or [])
    keys = [str(element.get(key)) for element in elements]
    if name in keys:
        index = keys.index(name)
    else:
        index = len(elements)
        number = field == "ports" and name.isdecimal()
        elements.append({key: int(name) if number else name})

    if len(steps) == 2:
        elements[index] = {**elements[index], **value}
    else:
        elements[index] = put(elements[index], steps[2:], value)
    return {**container, field: elements}


def references_hold(before: list[Object], after: list[Object]) -> bool:
    """Whether each $(NAME) in a variable still has NAME before it, or after it, as it had.

    Kubernetes expands only variables that come before.
    """
    old = {variable.get("name"): place for place, variable in enumerate(before)}
    new = {variable.get("name"): place for place, variable in enumerate(after)}
    for variable in after:
        value, name = variable.get("value"), variable.get("name")
        if not isinstance(value, str) or "$(" not in value or name not in old:
            continue

        for used in old:
            if used not in new or f"$({used})" not in value:
                continue
            if (old[used] < old[name]) != (new[used] < new[name]):
                return False

    return True


def is_reordered(before: list[Object], after: list[Object]) -> bool:
    """Whether the elements that both lists have are in another order."""
    old, new = names(before) or [], names(after) or []
    return [name for name in old if name in new] != [name for name in new if name in old]
