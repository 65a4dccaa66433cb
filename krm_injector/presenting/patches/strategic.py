"""Strategic merge patches, as kustomize reads them.

Its merge cannot express some changes: moved elements of lists of plain values, lists of kinds
whose schema it does not have, elements that two fields identify (ports). Their patch replaces the
list. Of two elements with one key it keeps only one, even in lists that the patch does not name
(repeated()).

Rules and schema: kustomize, kyaml/openapi/kubernetesapi (Kubernetes 1.21) and kyaml/yaml/walk
(walkAssociativeSequence).
"""

from __future__ import annotations

from collections.abc import Iterator

from krm_injector.kube.undo import entry_names
from krm_injector.kube.yaml import same
from krm_injector.model import Object

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# Lists whose elements kustomize merges by one field. It puts them into the patch's order where the
# patch names them all.
MERGED_LISTS = {
    "containers": "name",
    "initContainers": "name",
    "env": "name",
    "volumes": "name",
    "imagePullSecrets": "name",
    "volumeMounts": "mountPath",
}
# Lists that kustomize would merge too. Patches replace them, since more than one field identifies
# their elements.
REPLACED_LISTS = (
    "ports",
    "hostAliases",
    "topologySpreadConstraints",
    "volumeDevices",
    "ephemeralContainers",
)
# Lists of which kustomize keeps one element per key, in every object that it applies a strategic
# patch to: the fields of the key; "" for the element itself.
KEYED_LISTS: dict[str, tuple[str, ...]] = {
    **{field: (key,) for field, key in MERGED_LISTS.items()},
    "conditions": ("type",),
    "ephemeralContainers": ("name",),
    "finalizers": ("",),
    "hostAliases": ("ip",),
    "ownerReferences": ("uid",),
    "ports": ("containerPort", "protocol"),
    "topologySpreadConstraints": ("topologyKey", "whenUnsatisfiable"),
    "volumeDevices": ("devicePath",),
}
# The kinds in the schema that kustomize carries. Of others it replaces every list.
WITH_SCHEMA = ("v1", "apps/v1", "batch/v1", "batch/v1beta1")


def strategic_patch(before: Object, after: Object) -> Object:
    """The patch that turns ``before`` into ``after``, with the object's identity in front."""
    metadata = before.get("metadata") or {}
    identity = {field: metadata[field] for field in ("name", "namespace") if metadata.get(field)}

    has_schema = before.get("apiVersion") in WITH_SCHEMA
    patch = _merge_map(before, after, has_schema)
    patched_metadata = {**identity, **patch.pop("metadata", {})}
    return {
        "apiVersion": before["apiVersion"],
        "kind": before["kind"],
        "metadata": patched_metadata,
        **patch,
    }


def _merge_map(before: Object, after: Object, has_schema: bool) -> Object:
    patch: Object = {}
    for key, value in after.items():
        if key not in before:
            patch[key] = value
        elif not same(before[key], value):
            patch[key] = _merge(key, before[key], value, has_schema)

    for key in before:
        if key not in after:
            patch[key] = None

    return patch


def _merge(field: str, before: Any, after: Any, has_schema: bool) -> Any:
    if isinstance(before, dict) and isinstance(after, dict):
        return _merge_map(before, after, has_schema) if after else {"$patch": "replace"}

    if not isinstance(before, list) or not isinstance(after, list):
        return after

    key = MERGED_LISTS.get(field) if has_schema else None
    if key and _have_common_key(before, after, key):
        return _merge_list(before, after, key)

    if not before:
        return after  # if nothing is to be replaced, kustomize would write the directive itself
    is_merged = has_schema and (field in MERGED_LISTS or field in REPLACED_LISTS)
    return [{"$patch": "replace"}, *after] if is_merged else after


def _have_common_key(before: list[Any], after: list[Any], key: str) -> bool:
    """Whether the key identifies the elements of both lists, and some stand in both."""
    if not _identifies(before, key) or not _identifies(after, key):
        return False

    old_keys = {element[key] for element in before}
    return any(element[key] in old_keys for element in after)


def _identifies(elements: list[Any], key: str) -> bool:
    values = [element.get(key) if isinstance(element, dict) else None for element in elements]
    if not all(isinstance(value, str) for value in values):
        return False
    return len(set(values)) == len(values)


def _merge_list(before: list[Any], after: list[Any], key: str) -> list[Any]:
    """A patch that names every element, in the order of ``after``: kustomize takes that order. It
    does not know $setElementOrder.
    """
    old_elements = {element[key]: element for element in before}
    patch: list[Any] = []
    for element in after:
        name = element[key]
        if name in old_elements:
            patch.append({key: name, **_merge_map(old_elements[name], element, True)})
        else:
            patch.append(element)

    new_names = {element[key] for element in after}
    for name in old_elements:
        if name not in new_names:
            patch.append({key: name, "$patch": "delete"})

    return patch


# ---------------------------------------------------------------- what kustomize would lose


def repeated(before: Object, after: Object) -> str:
    """The first element that kustomize would lose, because another in its list has the same key.

    In words: "spec.template.spec.volumes with data twice"; "" for none, and for a kind whose lists
    kustomize does not merge.
    """
    if before.get("apiVersion") not in WITH_SCHEMA:
        return ""
    return _repeated(before, "", "") or _repeated(after, "", "")


def _repeated(value: Any, field: str, path: str) -> str:
    """field: the name of a list, from the map that holds it."""
    key_fields = KEYED_LISTS.get(field)
    if isinstance(value, list) and key_fields:
        repeated_key = _repeated_key([_key(element, key_fields) for element in value])
        if repeated_key is not None:
            return f"{path} with {repeated_key} twice"

    for child, child_field, child_path in _children(value, path):
        repetition = _repeated(child, child_field, child_path)
        if repetition:
            return repetition

    return ""


def _children(value: Any, path: str) -> Iterator[tuple[Any, str, str]]:
    """(child, its field, its path) of a map or a list; the elements of a list have no field."""
    if isinstance(value, dict):
        for key, child in value.items():
            yield child, key, f"{path}.{key}" if path else key
    elif isinstance(value, list):
        for child, name in zip(value, entry_names(value), strict=True):
            yield child, "", f"{path}[{name}]"


def _key(element: Any, key_fields: tuple[str, ...]) -> list[Any]:
    if isinstance(element, dict):
        return [element.get(field) for field in key_fields]
    return [element]


def _repeated_key(keys: list[list[Any]]) -> Any:
    """The first field of the first key that an earlier element has too.

    A field that an element leaves open is equal to any value.
    """
    for index, key in enumerate(keys):
        if any(_equal_keys(key, earlier) for earlier in keys[:index]):
            return key[0]
    return None


def _equal_keys(key: list[Any], earlier: list[Any]) -> bool:
    if key[0] != earlier[0]:
        return False
    return all(
        field is None or field == earlier_field
        for field, earlier_field in zip(key[1:], earlier[1:], strict=True)
    )
