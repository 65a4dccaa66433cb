"""JSON patches (RFC 6902): exact, value for value.

A library (jsonpatch) names the elements of lists by their places alone. Here an element is tested
for its name before it is entered: on a base whose containers are in another order the patch fails,
instead of changing the wrong one.
"""

from __future__ import annotations

from krm_injector.kube.undo import MERGE_KEYS, names
from krm_injector.kube.yaml import same
from krm_injector.model import Object

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeAlias

Operation: TypeAlias = "dict[str, Any]"  # {"op": ..., "path": ..., "value": ...}


def json_patch(before: Object, after: Object) -> list[Operation]:
    """The operations that turn ``before`` into ``after``."""
    operations: list[Operation] = []
    _patch_map(before, after, "", operations)
    return operations


def _patch(before: Any, after: Any, pointer: str, operations: list[Operation]) -> None:
    if isinstance(before, dict) and isinstance(after, dict):
        _patch_map(before, after, pointer, operations)
        return

    if isinstance(before, list) and isinstance(after, list):
        old_names, new_names = names(before), names(after)
        if old_names and new_names and set(old_names) & set(new_names):
            _patch_list(before, after, (old_names, new_names), pointer, operations)
            return

    if not same(before, after):
        operations.append({"op": "replace", "path": pointer, "value": after})


def _patch_map(before: Object, after: Object, pointer: str, operations: list[Operation]) -> None:
    for key in before:
        if key not in after:
            operations.append({"op": "remove", "path": _child(pointer, key)})

    for key, value in after.items():
        if key in before:
            _patch(before[key], value, _child(pointer, key), operations)
        else:
            operations.append({"op": "add", "path": _child(pointer, key), "value": value})


def _patch_list(
    before: list[Any],
    after: list[Any],
    element_names: tuple[list[str], list[str]],
    pointer: str,
    operations: list[Operation],
) -> None:
    """Lists whose elements have names, before and after.

    Elements that leave or move go first, from the end, so that the places of the others hold. New
    ones come in from the start. Then what is inside those that stayed changes, at their final
    places.
    """
    if len(before) == len(after) and all(map(same, before, after)):
        return

    old_names, new_names = element_names
    staying = set(_longest_common_subsequence(old_names, new_names))

    for index, element in enumerate(before):
        key = _naming_field(element)
        operations.append({"op": "test", "path": f"{pointer}/{index}/{key}", "value": element[key]})

    for index in reversed(range(len(before))):
        if old_names[index] not in staying:
            operations.append({"op": "remove", "path": f"{pointer}/{index}"})

    for index, name in enumerate(new_names):
        if name not in staying:
            operations.append({"op": "add", "path": f"{pointer}/{index}", "value": after[index]})

    old_elements = dict(zip(old_names, before, strict=True))
    for index, name in enumerate(new_names):
        if name in staying:
            _patch(old_elements[name], after[index], f"{pointer}/{index}", operations)


def _naming_field(element: Object) -> str:
    return next(key for key in MERGE_KEYS if key in element)


def _longest_common_subsequence(old: list[str], new: list[str]) -> list[str]:
    """A longest sequence of names that stands in the same order in both lists."""
    # lengths[i][j]: how long it is for old[i:] and new[j:].
    lengths = [[0] * (len(new) + 1) for _ in range(len(old) + 1)]
    for i in reversed(range(len(old))):
        for j in reversed(range(len(new))):
            if old[i] == new[j]:
                lengths[i][j] = lengths[i + 1][j + 1] + 1
            else:
                lengths[i][j] = max(lengths[i + 1][j], lengths[i][j + 1])

    common = []
    i = j = 0
    while i < len(old) and j < len(new):
        if old[i] == new[j]:
            common.append(old[i])
            i, j = i + 1, j + 1
        elif lengths[i + 1][j] >= lengths[i][j + 1]:
            i += 1
        else:
            j += 1

    return common


def _child(pointer: str, key: str) -> str:
    """The JSON pointer (RFC 6901) to a key of the map at a pointer."""
    return f"{pointer}/{str(key).replace('~', '~0').replace('/', '~1')}"
