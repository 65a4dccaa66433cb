"""A merged object as its Go type would hold it, without touching what came from the original.

Go decodes the whole merged pod: unknown fields of a template vanish, quantities become canonical, a
wrong type is an error. The parts that are the original's own objects (merging shares them) keep
their order, spelling and extra fields.
"""

from __future__ import annotations

from krm_injector.kube.pod_types_generated import TYPES
from krm_injector.kube.types import INLINE, OMITEMPTY, decode, element_type, kind_of
from krm_injector.light import cache

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def settle(go_type: str, original: Any, merged: Any, path: str = "") -> Any:
    """``merged``, decoded as ``go_type`` but for what is ``original``'s. Raises TypeMismatch with
    the path.
    """
    if merged is original:
        return merged

    kind = kind_of(go_type)
    if kind == "pointer":
        return settle(element_type(go_type), original, merged, path)
    if kind == "struct" and isinstance(merged, dict) and isinstance(original, dict):
        return _struct(go_type, original, merged, path)
    if kind == "slice" and isinstance(merged, list) and isinstance(original, list):
        return _slice(element_type(go_type), original, merged, path)

    if kind == "map" and isinstance(merged, dict) and isinstance(original, dict):
        value_type = element_type(go_type)
        return {
            k: v
            if k in original and original[k] is v
            else decode(value_type, v, f"{path}[{k}]", fold_case=True)
            for k, v in merged.items()
        }

    return decode(go_type, merged, path, fold_case=True)


def _struct(
    go_type: str, original: dict[str, Any], merged: dict[str, Any], path: str
) -> dict[str, Any]:
    fields = _fields(go_type)
    result = {}
    for key, value in merged.items():
        before = original.get(key)
        if value is before:
            result[key] = value
        elif key in fields:
            field_type, omitempty = fields[key]
            settled = settle(field_type, before, value, f"{path}.{key}" if path else key)
            if settled is not None and (settled or not omitempty):
                result[key] = settled

    return result


def _slice(go_type: str, original: list[Any], merged: list[Any], path: str) -> list[Any]:
    own = {id(item) for item in original}
    named = {_identity(item): item for item in original if isinstance(item, dict)}
    result = []
    for index, item in enumerate(merged):
        if id(item) in own and isinstance(item, (dict, list)):
            result.append(item)
        else:
            before = named.get(_identity(item)) if isinstance(item, dict) else None
            result.append(settle(go_type, before, item, f"{path}[{index}]"))

    return result


def _identity(item: dict[str, Any]) -> Any:
    """What tells elements of a list apart: most lists of a pod merge by name, the rest by these."""
    for key in ("name", "mountPath", "containerPort", "devicePath", "topologyKey", "ip", "uid"):
        if isinstance(item.get(key), (str, int)):
            return key, item[key]
    return id(item)


@cache
def _fields(go_type: str) -> dict[str, tuple[str, bool]]:
    """JSON name -> Go type, and whether omitempty leaves its zero value out (a pointer's target is
    no zero value).
    """
    fields: dict[str, tuple[str, bool]] = {}
    for name, _, field_type, flags, _, _ in TYPES[go_type]:
        if flags & INLINE:
            fields.update(_fields(field_type))
        else:
            pointer = kind_of(field_type) in ("pointer", "struct")
            fields[name] = field_type, bool(flags & OMITEMPTY) and not pointer

    return fields
