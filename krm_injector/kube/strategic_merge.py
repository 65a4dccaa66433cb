"""Strategic merge patch over the types under v1.Pod.

Source of the rules: k8s.io/apimachinery 0.35 pkg/util/strategicpatch (patch.go, meta.go), the
function StrategicMergeMapPatchUsingLookupPatchMeta: parallel lists are merged, nulls that match
nothing are dropped. Nothing given is mutated: what changes is copied, the rest is shared.
"""

from __future__ import annotations

from krm_injector.kube.merge_elements import (
    PATCH,
    MergeError,
    element_kind,
    identity,
    key_value,
    left_by_deleting,
    merge_scalars,
    reorder,
)
from krm_injector.kube.pod_types_generated import TYPES
from krm_injector.kube.types import INLINE, element_type, kind_of
from krm_injector.light import cache
from krm_injector.named_tuple import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeAlias

__all__ = ["MergeError", "merge"]

_RETAIN = "$retainKeys"
_DELETE_FROM = "$deleteFromPrimitiveList"
_ORDER = "$setElementOrder"

Object: TypeAlias = "dict[str, Any]"


class _Meta(NamedTuple):
    """What a field's tags say."""

    go_type: str
    strategy: str  # "", "merge" or "replace"; retainKeys needs no word of the schema
    merge_key: str


@cache
def _metas(type_name: str) -> dict[str, _Meta]:
    """JSON name -> tags, of a struct with its embedded structs; a folded name stands for its first
    field.
    """
    exact: dict[str, _Meta] = {}
    for name, _, go_type, flags, strategies, merge_key in TYPES.get(type_name, ()):
        if flags & INLINE:
            exact.update(_metas(go_type))
        else:
            words = [word for word in strategies.split(",") if word != "retainKeys"]
            exact[name] = _Meta(go_type, words[0] if words else "", merge_key)

    for name in list(exact):
        exact.setdefault(name.lower(), exact[name])

    return exact


def _lookup(go_type: str, key: str) -> _Meta:
    """The tags of field key of a type. Raises MergeError where the type has no fields or not this
    one.
    """
    name = go_type[1:] if go_type.startswith("*") else go_type
    if name not in TYPES and kind_of(name) not in ("time", "quantity", "int-or-string", "any"):
        raise MergeError(f"a map is to be merged where the type is {name}, which has no fields")

    metas = _metas(name)
    meta = metas.get(key) or metas.get(key.lower())
    if meta is None:
        raise MergeError(f"{name} has no field {key!r}, so it cannot be merged")
    return meta


def _lookup_list(go_type: str, key: str) -> _Meta:
    """As _lookup, with the type of the list's elements."""
    meta = _lookup(go_type, key)
    inner = meta.go_type[1:] if meta.go_type.startswith("*") else meta.go_type
    if inner.startswith("[]"):
        return meta._replace(go_type=element_type(inner))
    if meta.go_type.startswith("*"):
        return meta._replace(go_type=inner)
    raise MergeError(f"a list stands where the type is {meta.go_type}")


def merge(original: Object, patch: Object, type_name: str = "v1.Pod") -> Object:
    """original with patch merged into it; both hold decoded JSON of type_name. Raises MergeError.

    Maps keep original's key order, new keys follow. Shares what it does not change.
    """
    return _merge_map(original, patch, type_name)


def _merge_map(original: Object, patch: Object, go_type: str) -> Object:
    if PATCH in patch:
        return _apply_directive(patch)

    merged = dict(original)
    directives = [key for key in patch if key.startswith("$")]
    if directives:
        patch = dict(patch)
        _retain_keys(merged, patch)
        for key in directives:
            if key.startswith(_ORDER):
                _merge_in_order(merged, patch, key, go_type)

    for key, value in patch.items():
        if key.startswith(_DELETE_FROM):
            name = _list_name(key, _DELETE_FROM)
            _delete_listed(merged, name, value, go_type)
        elif value is None:
            merged.pop(key, None)
        else:
            _merge_field(merged, key, value, go_type)

    return merged


def _apply_directive(patch: Object) -> Object:
    directive = patch[PATCH]
    if directive == "replace":
        return {key: value for key, value in patch.items() if key != PATCH}
    if directive == "delete":
        return {}
    raise MergeError(f"{PATCH} is {directive!r}; it must be replace or delete here")


def _merge_field(merged: Object, key: str, value: Any, go_type: str) -> None:
    """One field of the patch that is not null."""
    old = merged.get(key)
    if (
        old is None
        and type(value) is dict
        and any(name.startswith("$") for name in value)
        and _written(go_type, key)
    ):
        old = {}

    if old is None or type(old) is not type(value):
        kept = _cleaned(value)
        if kept is _DROPPED:
            merged.pop(key, None)
        else:
            merged[key] = kept
    elif isinstance(value, dict):
        try:
            meta = _lookup(go_type, key)
            merged[key] = (
                value if meta.strategy == "replace" else _merge_map(old, value, meta.go_type)
            )
        except MergeError as err:
            raise err.inside(key) from None
    elif isinstance(value, list):
        try:
            meta = _lookup_list(go_type, key)
            merged[key] = _merge_list(old, value, meta) if meta.strategy == "merge" else value
        except MergeError as err:
            raise err.inside(key) from None
    else:
        merged[key] = value


def _written(go_type: str, key: str) -> bool:
    """Whether Go writes the field of every object, filled or not: a struct itself, no pointer to
    one (metadata, spec, a container's resources). A directive in the patch meets an empty map
    there, not nothing.
    """
    name = go_type.removeprefix("*")
    metas = _metas(name) if name in TYPES else {}
    meta = metas.get(key) or metas.get(key.lower())
    return meta is not None and meta.go_type in TYPES


def _delete_listed(merged: Object, name: str, value: Any, go_type: str) -> None:
    """$deleteFromPrimitiveList/name: value."""
    if value is None:
        merged.pop(name, None)
        return

    old = merged.get(name)
    if old is None or type(old) is not type(value):
        return

    if isinstance(value, list):
        meta = _lookup_list(go_type, name)
        if not (old or value):
            return

        if element_kind(old, value) is dict:
            merged[name] = _merge_list(old, value, meta)
        else:
            gone = {identity(item) for item in value}
            merged[name] = [item for item in old if identity(item) not in gone]
    elif isinstance(value, dict):
        meta = _lookup(go_type, name)
        merged[name] = value if meta.strategy == "replace" else _merge_map(old, value, meta.go_type)
    else:
        merged[name] = value


def _list_name(key: str, prefix: str) -> str:
    head, slash, name = key.partition("/")
    if not slash or head != prefix:
        raise MergeError(f"{key!r} is no directive; {prefix}/<field> is meant")
    return name


def _retain_keys(merged: Object, patch: Object) -> None:
    """$retainKeys: only these fields stay; the patch may set no other."""
    if _RETAIN not in patch:
        return

    listed = patch.pop(_RETAIN)
    if not isinstance(listed, list):
        raise MergeError(f"{_RETAIN} must be a list")

    keep = {identity(name) for name in listed}
    for key, value in patch.items():
        if value is not None and key not in keep and not key.startswith((_DELETE_FROM, _ORDER)):
            raise MergeError(f"the patch sets {key!r}, which its {_RETAIN} does not list")

    for key in list(merged):
        if key not in keep:
            del merged[key]


_DROPPED = object()


def _cleaned(value: Any, nulls: bool = True) -> Any:
    """A value that meets nothing of the original: without null members (``nulls``) and without maps
    that carry $patch.

    _DROPPED where it is such a map itself; the same object where nothing is taken out, which is
    nearly always.
    """
    if type(value) is dict:
        return _cleaned_map(value, nulls)

    if type(value) is list:
        changed = False
        items = []
        for item in value:
            new = _cleaned(item, nulls) if type(item) is dict or type(item) is list else item
            changed = changed or new is not item
            items.append(new)
        return [item for item in items if item is not _DROPPED] if changed else value

    return value


def _cleaned_map(value: Object, nulls: bool) -> Any:
    if PATCH in value and (not nulls or value[PATCH] is not None):
        return _DROPPED

    changed: Object = {}
    for key, item in value.items():
        kind = type(item)
        if kind is str:
            continue
        if kind is dict or kind is list:
            new = _cleaned(item, nulls)
            if new is not item:
                changed[key] = new
        elif item is None and nulls:
            changed[key] = _DROPPED

    if not changed:
        return value
    return {k: changed.get(k, v) for k, v in value.items() if changed.get(k) is not _DROPPED}


def _merge_list(original: list[Any], patch: list[Any], meta: _Meta) -> list[Any]:
    """Two lists with patchStrategy merge."""
    if not original and not patch:
        return original

    if element_kind(original, patch) is not dict:
        original, merged = merge_scalars(original, patch)
        return reorder(merged, patch, original, meta.merge_key, False)

    key = meta.merge_key
    if not key:
        raise MergeError("cannot merge lists without merge key")

    original, patch = _apply_special_elements(original, patch, key)
    merged = _merge_elements(original, patch, meta)
    return reorder(merged, patch, merged[: len(original)], key, True)


def _apply_special_elements(
    original: list[Any], patch: list[Any], key: str
) -> tuple[list[Any], list[Any]]:
    """(original, patch) after the elements with $patch: delete, or replace of the whole list."""
    if not any(PATCH in item for item in patch):
        return original, patch

    plain = []
    replace = False
    for item in patch:
        directive = item.get(PATCH, _DROPPED)
        if directive is _DROPPED:
            plain.append(item)
        elif directive == "delete":
            original = _without(original, item, key)
        elif directive == "replace":
            replace = True
        elif directive == "merge":
            raise MergeError("merging lists cannot yet be specified in the patch")
        else:
            raise MergeError(f"{PATCH} is {directive!r}; it must be replace or delete here")

    return (plain, []) if replace else (original, plain)


def _without(original: list[Any], item: Object, key: str) -> list[Any]:
    """The elements but those that ``item`` deletes. Its key is compared with theirs, so it may be
    anything where there are none.
    """
    if not original and key in item:
        return original

    gone = key_value(item, key)
    return [old for old in original if key not in old or identity(old[key]) != gone]


def _merge_elements(original: list[Any], patch: list[Any], meta: _Meta) -> list[Any]:
    """original, each element merged with the patch's of the same key; the patch's others behind."""
    merged = list(original)
    key = meta.merge_key
    places: dict[Any, int] = {}
    for index, old in enumerate(merged):
        if key in old:
            places.setdefault(identity(old[key]), index)

    for item in patch:
        value = key_value(item, key)
        place = places.get(value)
        if place is None:
            places[value] = len(merged)
            merged.append(item)
            continue

        try:
            merged[place] = _merge_map(merged[place], item, meta.go_type)
        except MergeError as err:
            raise err.inside(f"[{key}={item[key]}]") from None

    return merged


def _merge_in_order(merged: Object, patch: Object, directive: str, go_type: str) -> None:
    """$setElementOrder/field: merges that field here and puts it in the order given."""
    order = patch.pop(directive)
    if not isinstance(order, list):
        raise MergeError(f"{directive} must be a list")

    name = _list_name(directive, _ORDER)
    old, new = merged.get(name, _DROPPED), patch.get(name, _DROPPED)
    for value in (old, new):
        if value is not _DROPPED and not isinstance(value, list):
            raise MergeError(f"{directive} is given, but {name} is no list")

    meta = _lookup_list(go_type, name)
    _check_order([] if new is _DROPPED else new, order, meta.merge_key, directive)
    if old is _DROPPED and new is _DROPPED:
        return

    if new is _DROPPED:
        union = old
    elif old is _DROPPED:
        union = _cleaned(new, nulls=False)
    else:
        union = _merge_list(old, new, meta) if meta.strategy == "merge" else new

    before = [] if old is _DROPPED else old
    maps = element_kind(before, [] if new is _DROPPED else new) is dict
    if new is not _DROPPED and meta.strategy == "merge":
        if not maps:
            before, _ = merge_scalars(before, new)
        elif before and not any(item.get(PATCH) == "replace" for item in new):
            kept, plain = _apply_special_elements(before, new, meta.merge_key)
            added = _merge_elements(kept, plain, meta)[len(kept) :]
            before = left_by_deleting(before, new, added, meta.merge_key)

    merged[name] = reorder(union, order, before, meta.merge_key, maps)
    patch.pop(name, None)


def _check_order(patch: list[Any], order: list[Any], key: str, directive: str) -> None:
    """The patch's elements must stand in the order's order, deletions aside."""
    if not patch or not order:
        return

    at = 0
    for item in patch:
        if (
            isinstance(item, dict)
            and PATCH in item
            and (item[PATCH] == "delete" or at < len(order))
        ):
            continue

        name = key_value(item, key) if key else identity(item)
        while at < len(order) and name != (
            key_value(order[at], key) if key else identity(order[at])
        ):
            at += 1

        if at == len(order):
            raise MergeError(f"the order in the patch's list does not match {directive}")

        at += 1
