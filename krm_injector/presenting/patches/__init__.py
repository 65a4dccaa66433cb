"""Injection as patches that kustomize applies: JSON patches (RFC 6902, exact) and strategic merge
patches.

Both come as one kustomize Component, a patch with a target a workload. What kustomize's strategic
merge cannot say (moved elements of lists of plain values, lists of kinds whose schema it does not
have, ports that are told apart by two fields) is said by replacing the list. Two elements of one
key it never keeps, whether a patch names their list or not: a workload with such a list gets a JSON
patch instead.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, NamedTuple

from krm_injector.kube import yaml
from krm_injector.kube.undo import MERGE_KEYS, names
from krm_injector.kube.yaml import same
from krm_injector.model import Object, ResourceRef, Result

Patch = dict[str, Any]

# Lists whose elements kustomize merges by one field and puts into the patch's order where the patch
# names them all.
MERGED_LISTS = {
    "containers": "name",
    "initContainers": "name",
    "env": "name",
    "volumes": "name",
    "imagePullSecrets": "name",
    "volumeMounts": "mountPath",
}
# Lists that kustomize would merge too; they are replaced, since their elements are told apart by
# more than one field.
REPLACED_LISTS = (
    "ports",
    "hostAliases",
    "topologySpreadConstraints",
    "volumeDevices",
    "ephemeralContainers",
)
# Lists of which kustomize keeps one element a key, in every object that a strategic patch is
# applied to, by the keys of its schema (kyaml/openapi/kubernetesapi 1.21, walkAssociativeSequence
# in kyaml/yaml/walk); "" for the element.
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
# The kinds in the schema that kustomize carries (Kubernetes 1.21); of others it replaces every
# list.
WITH_SCHEMA = ("v1", "apps/v1", "batch/v1", "batch/v1beta1")


class Change(NamedTuple):
    """One workload before and after."""

    ref: ResourceRef
    before: Object
    after: Object


def component(changes: Iterable[Change], strategic: bool) -> tuple[str, tuple[Result, ...]]:
    """The kustomize Component with a patch for each workload that changes, as YAML, and what cannot
    be patched.
    """
    patches: list[Patch] = []
    results: list[Result] = []
    for change in changes:
        if same(change.before, change.after):
            continue

        metadata = change.before.get("metadata") or {}
        if not metadata.get("name"):
            results.append(_nameless(change.ref))
            continue

        content: Any
        lost = repeated(change) if strategic else ""
        if lost:
            results.append(_not_strategic(change.ref, lost))

        content = (
            strategic_patch(change.before, change.after)
            if strategic and not lost
            else json_patch(change)
        )
        patches.append({"target": target(change.before, change.ref), "patch": yaml.dump(content)})

    head = {"apiVersion": "kustomize.config.k8s.io/v1alpha1", "kind": "Component"}
    return yaml.dump({**head, "patches": patches} if patches else head), tuple(results)


def target(workload: Object, ref: ResourceRef) -> Object:
    """What selects exactly this workload: kustomize reads each field as a regular expression over
    the whole value.
    """
    group, _, version = ref.api_version.rpartition("/")
    metadata = workload.get("metadata") or {}
    # To kustomize a workload without a Namespace is one in "default"; an empty field would match
    # every Namespace.
    found = {
        "group": group,
        "version": version,
        "kind": ref.kind,
        "name": str(metadata["name"]),
        "namespace": str(metadata.get("namespace") or "default"),
    }
    return {
        field: re.sub(r"([.+*?()\[\]{}|^$\\])", r"\\\1", value)
        for field, value in found.items()
        if value
    }


def _nameless(ref: ResourceRef) -> Result:
    message = (
        f"{ref} has only a generateName: kustomize cannot hold it, so there is no patch for it"
    )
    return Result("error", message, ref, "metadata.generateName", code="patch-without-name")


def _not_strategic(ref: ResourceRef, lost: str) -> Result:
    field = lost.partition(" ")[0]
    message = (
        f"{ref} has {lost}: kustomize keeps one of them where it merges a strategic patch, "
        "whatever the patch says, so this workload's patch is a JSON patch (RFC 6902). With "
        "--output json6902 all patches are"
    )
    return Result("warning", message, ref, field, code="patch-not-strategic")


# ---------------------------------------------------------------- RFC 6902


def json_patch(change: Change) -> list[Patch]:
    """The operations that turn ``before`` into ``after``, value for value.

    An element of a list that is entered by its place is tested by its name first: on a base in
    which the containers stand otherwise the patch fails instead of changing the wrong one.
    """
    operations: list[Patch] = []
    _map_operations(change.before, change.after, "", operations)
    return operations


def _operations(before: Any, after: Any, path: str, out: list[Patch]) -> None:
    if isinstance(before, dict) and isinstance(after, dict):
        _map_operations(before, after, path, out)
        return

    if isinstance(before, list) and isinstance(after, list):
        old, new = names(before), names(after)
        if old is not None and new is not None and set(old) & set(new):
            _list_operations(before, after, old, new, path, out)
            return

    if not same(before, after):
        out.append({"op": "replace", "path": path, "value": after})


def _map_operations(before: Object, after: Object, path: str, out: list[Patch]) -> None:
    for key in before:
        if key not in after:
            out.append({"op": "remove", "path": _pointer(path, key)})

    for key, value in after.items():
        if key not in before:
            out.append({"op": "add", "path": _pointer(path, key), "value": value})
        else:
            _operations(before[key], value, _pointer(path, key), out)


def _list_operations(
    before: list[Any], after: list[Any], old: list[str], new: list[str], path: str, out: list[Patch]
) -> None:
    """Elements that leave or move go first, from the end; then new ones come in, from the start;
    then what is inside those that stayed, by their final places.
    """
    if all(map(same, before, after)) and len(before) == len(after):
        return

    stay = set(_common(old, new))
    tests = [{"op": "test", "path": f"{path}/{i}/{key}", "value": before[i][key]}
             for i, key in enumerate(map(_naming_field, before))]  # fmt: skip
    out += tests
    for index in reversed(range(len(before))):
        if old[index] not in stay:
            out.append({"op": "remove", "path": f"{path}/{index}"})

    for index, name in enumerate(new):
        if name not in stay:
            out.append({"op": "add", "path": f"{path}/{index}", "value": after[index]})

    known = dict(zip(old, before, strict=True))
    for index, name in enumerate(new):
        if name in stay:
            _operations(known[name], after[index], f"{path}/{index}", out)


def _naming_field(element: Object) -> str:
    return next(key for key in MERGE_KEYS if key in element)


def _common(old: list[str], new: list[str]) -> list[str]:
    """A longest sequence of names that stands in the same order in both."""
    lengths = [[0] * (len(new) + 1) for _ in range(len(old) + 1)]
    for i in reversed(range(len(old))):
        for j in reversed(range(len(new))):
            equal = old[i] == new[j]
            lengths[i][j] = (
                lengths[i + 1][j + 1] + 1 if equal else max(lengths[i + 1][j], lengths[i][j + 1])
            )

    found = []
    i = j = 0
    while i < len(old) and j < len(new):
        if old[i] == new[j]:
            found.append(old[i])
            i, j = i + 1, j + 1
        elif lengths[i + 1][j] >= lengths[i][j + 1]:
            i += 1
        else:
            j += 1

    return found


def _pointer(path: str, key: str) -> str:
    return f"{path}/{str(key).replace('~', '~0').replace('/', '~1')}"


# ---------------------------------------------------------------- strategic merge


def strategic_patch(before: Object, after: Object) -> Object:
    """A strategic merge patch in kustomize's reading, with the object's identity in front."""
    metadata = before.get("metadata") or {}
    identity = {field: metadata[field] for field in ("name", "namespace") if metadata.get(field)}
    schema = before.get("apiVersion") in WITH_SCHEMA
    patch = _merge_map(before, after, schema)
    own = {**identity, **patch.pop("metadata", {})}
    return {"apiVersion": before["apiVersion"], "kind": before["kind"], "metadata": own, **patch}


def repeated(change: Change) -> str:
    """The first element, in words, that stands a second time in a list of which kustomize keeps one
    a key; "" for none, and for a kind whose lists kustomize does not merge.
    """
    if change.before.get("apiVersion") not in WITH_SCHEMA:
        return ""
    return _repeated(change.before, "", "") or _repeated(change.after, "", "")


def _repeated(value: Any, field: str, path: str) -> str:
    if isinstance(value, dict):
        inner = ((child, key, f"{path}.{key}" if path else key) for key, child in value.items())
    elif isinstance(value, list):
        keys = KEYED_LISTS.get(field)
        twice = _twice([_key(element, keys) for element in value]) if keys else None
        if twice is not None:
            return f"{path} with {twice} twice"
        told = names(value) or [str(index) for index in range(len(value))]
        inner = ((child, "", f"{path}[{name}]") for child, name in zip(value, told, strict=True))
    else:
        return ""

    return next(filter(None, (_repeated(*one) for one in inner)), "")


def _key(element: Any, keys: tuple[str, ...]) -> list[Any]:
    return [element.get(key) for key in keys] if isinstance(element, dict) else [element]


def _twice(found: list[list[Any]]) -> Any:
    """The first key that an element shares with one before it; a field that it leaves open is
    shared with any.
    """
    for index, (first, *more) in enumerate(found):
        for other, *theirs in found[:index]:
            if first == other and all(
                mine is None or mine == one for mine, one in zip(more, theirs, strict=True)
            ):
                return first
    return None


def _merge_map(before: Object, after: Object, schema: bool) -> Object:
    patch: Object = {}
    for key, value in after.items():
        if key not in before:
            patch[key] = value
        elif not same(before[key], value):
            patch[key] = _merge(key, before[key], value, schema)

    for key in before:
        if key not in after:
            patch[key] = None

    return patch


def _merge(field: str, before: Any, after: Any, schema: bool) -> Any:
    if isinstance(before, dict) and isinstance(after, dict):
        return _merge_map(before, after, schema) if after else {"$patch": "replace"}

    if isinstance(before, list) and isinstance(after, list):
        key = MERGED_LISTS.get(field) if schema else None
        if (
            key
            and _told_apart(before, key)
            and _told_apart(after, key)
            and {e[key] for e in before} & {e[key] for e in after}
        ):
            return _merge_list(before, after, key)

        return _whole(field, after, schema) if before else after

    return after


def _merge_list(before: list[Any], after: list[Any], key: str) -> list[Any]:
    """Every element named, in the order wanted: kustomize puts them so. $setElementOrder it does
    not know.
    """
    old = {element[key]: element for element in before}
    patch: list[Any] = []
    for element in after:
        name = element[key]
        patch.append(
            {key: name, **_merge_map(old[name], element, True)} if name in old else element
        )

    kept = {element[key] for element in after}
    return patch + [{key: name, "$patch": "delete"} for name in old if name not in kept]


def _told_apart(elements: list[Any], key: str) -> bool:
    found = [element.get(key) if isinstance(element, dict) else None for element in elements]
    return all(isinstance(name, str) for name in found) and len(set(found)) == len(found)


def _whole(field: str, value: Any, schema: bool) -> Any:
    """A list that takes the place of one that is there; into an empty place the directive would be
    written itself.
    """
    merged = (
        schema and isinstance(value, list) and (field in MERGED_LISTS or field in REPLACED_LISTS)
    )
    return [{"$patch": "replace"}, *value] if merged else value
