"""What a group of changes is about, in one line."""

from __future__ import annotations

import re
from collections.abc import Sequence

from krm_injector.fleet.plan.model import ABSENT, Change
from krm_injector.fleet.plan.relocated import ARROW

_CONTAINER = re.compile(r"spec\.(?:containers|initContainers)\[([^\]]+)\](?:\.([^.\[]+))?")
_PART = re.compile(
    r"(?:metadata|spec)\.(labels|annotations|volumes|[^.\[]+)(?:\[([^\]]*)\]|\.(.+))?"
)
_NATIVE, _ORDINARY = "a native sidecar", "an ordinary container"
_PARTS = 5  # that a title names
_SINGULAR = {"labels": "label", "annotations": "annotation", "volumes": "volume"}


def title(changes: Sequence[Change]) -> str:
    """ "image A -> B (istio-proxy; init: istio-init)", "istio-proxy: image, args; label a/b"."""
    images = _same_image(changes)
    if images:
        return images

    of_containers: dict[str, list[str]] = {}
    others: list[str] = []
    for change in changes:
        match = _CONTAINER.match(change.path)
        if match is not None and ARROW in change.path:
            of_init = change.path.startswith("spec.containers")
            others.insert(0, f"{match[1]} becomes {_NATIVE if of_init else _ORDINARY}")
        elif match is None:
            others.append(_other(change))
        elif match[2] is None:
            others.append(f"{match[1]} {_verb(change)}")
        else:
            of_containers.setdefault(match[1], []).append(match[2])

    parts = [
        f"{name}: {', '.join(dict.fromkeys(fields))}" for name, fields in of_containers.items()
    ]
    moved = [each for each in others if each.endswith((_NATIVE, _ORDINARY))]
    parts = list(dict.fromkeys([*moved, *parts, *others]))
    if len(parts) > _PARTS + 1:
        parts[_PARTS:] = [f"and {len(parts) - _PARTS} more"]
    return "; ".join(parts)


def _same_image(changes: Sequence[Change]) -> str:
    """The images, if nothing but one image changes, in however many containers; else ""."""
    pairs = {(str(change.before), str(change.after)) for change in changes}
    if len(pairs) != 1 or not all(_is_image(change) for change in changes):
        return ""

    before, after = pairs.pop()
    return f"image {before} -> {after} ({_containers(changes)})"


def _containers(changes: Sequence[Change]) -> str:
    """ "istio-proxy; init: istio-init": native sidecars are init containers."""
    names: dict[bool, list[str]] = {False: [], True: []}
    for change in changes:
        match = _CONTAINER.match(change.path)
        if match is not None:
            names[change.path.startswith("spec.initContainers")].append(match[1])

    init = f"init: {', '.join(names[True])}" if names[True] else ""
    return "; ".join(part for part in (", ".join(names[False]), init) if part)


def _is_image(change: Change) -> bool:
    match = _CONTAINER.match(change.path)
    is_field = match is not None and match[2] == "image"
    return is_field and change.before is not ABSENT and change.after is not ABSENT


def _verb(change: Change) -> str:
    if change.before is ABSENT:
        return "added"
    return "taken away" if change.after is ABSENT else "changed"


def _other(change: Change) -> str:
    match = _PART.match(change.path)
    if match is None:
        return change.path

    name = match[2] if match[2] is not None else match[3]
    singular = _SINGULAR.get(match[1])
    if singular and name:
        return f"{singular} {name}"
    return match[1]
