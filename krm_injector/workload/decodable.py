"""What of a workload or a Namespace the API server could not even decode: a string where a pod
template belongs.

The API server decodes an object before it asks anybody (400, "cannot unmarshal"), so no webhook
sees it and no verdict can be reached: an error, whatever injection would have said. Here are the
fields that say where the pod template stands and who selects it; all others of a pod that is to be
injected are checked by inject.py, by the same types.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from krm_injector.kube import types
from krm_injector.kube.paths import Step
from krm_injector.kube.types import Mismatch
from krm_injector.kube.workloads import text
from krm_injector.model import Object, ResourceRef, Result

if TYPE_CHECKING:
    from krm_injector.codes import CodeName

_LISTS = ("containers", "initContainers", "ephemeralContainers")


def of_workload(value: Object, template: Step) -> list[Mismatch]:
    """What is wrong on the way to the pod template and in what selects it; all of its spec where a
    part is wrong.

    Nothing where the template is absent or null, which decodes: there is no pod then (a Rollout
    with workloadRef).
    """
    found = metadata(value, "")
    here: Any = value
    for depth, step in enumerate(template, 1):
        here, path = here[step] if step.__class__ is int else here.get(step), text(template[:depth])
        if here.__class__ is list and depth < len(template) and template[depth].__class__ is int:
            continue
        if here is None:
            return []

        if not isinstance(here, dict):
            expected = "v1.PodTemplateSpec" if depth == len(template) else "object"
            return [*found, Mismatch(path, expected, types.json_word(here), here)]

        found += metadata(here, path)

    spec = here.get("spec")
    if found or not _has_pod_shape(spec):
        found += of_pod_spec(spec, types.join_path(text(template), "spec"))

    return found


def of_pod_spec(spec: Any, path: str) -> list[Mismatch]:
    """Everything in a pod's spec that its type cannot hold, and nulls among the objects of a list.

    Those decode, as objects without a name, which the API server's validation then refuses.
    """
    found = types.check("v1.PodSpec", spec, path)
    if not found and _null_in_list(spec):
        _nulls("v1.PodSpec", spec, path, found)
    return found


def _null_in_list(value: Any) -> bool:
    if isinstance(value, dict):
        return any(
            _null_in_list(one)
            for one in value.values()
            if one.__class__ is dict or one.__class__ is list
        )
    return isinstance(value, list) and any(one is None or _null_in_list(one) for one in value)


def _nulls(go_type: str, value: Any, path: str, found: list[Mismatch]) -> None:
    go_type = go_type.removeprefix("*")
    kind = types.kind_of(go_type)
    if kind == "struct" and isinstance(value, dict):
        for name, inner, _ in types.fields_of(go_type):
            _nulls(inner, value.get(name), types.join_path(path, name), found)
    elif kind == "slice" and isinstance(value, list):
        inner = types.element_type(go_type)
        for index, one in enumerate(value):
            here = f"{path}[{index}]"
            if one is None and types.kind_of(inner) == "struct":
                found.append(Mismatch(here, inner, "null", None))
            _nulls(inner, one, here, found)


def metadata(value: Object, path: str) -> list[Mismatch]:
    """What is wrong with the metadata of an object, or of what stands at this path of it.

    Numbers and booleans among labels and annotations are a warning of discover.py: they have one
    reading.
    """
    given = value.get("metadata")
    if given is None:
        return []

    path = types.join_path(path, "metadata")
    scalars = tuple(f"{path}.{field}" for field in ("labels", "annotations"))
    return [
        one
        for one in types.check("v1.ObjectMeta", given, path)
        if not (
            one.path.startswith(scalars)
            and isinstance(one.value, (bool, int, float))
            and one.path not in scalars
        )
    ]


def _has_pod_shape(spec: Any) -> bool:
    if spec is None:
        return True
    if not isinstance(spec, dict) or not isinstance(spec.get("hostNetwork"), (bool, type(None))):
        return False

    for field in _LISTS:
        listed = spec.get(field)
        if listed is not None and not (
            isinstance(listed, list) and all(isinstance(one, dict) for one in listed)
        ):
            return False

    return True


def mistyped(ref: ResourceRef, mismatch: Mismatch, code: CodeName = "pod-invalid") -> Result:
    """The error for a value that its field cannot hold."""
    path, expected, got, value = mismatch
    # A number's word holds it already.
    shown = got if got.startswith("number") or value is None else f"{got} {value!r:.60}"
    message = (
        f"{path}: Kubernetes wants {_named(expected)} here, not {shown}{_advice(expected, value)}"
    )
    return Result("error", message, ref, field=path, current=value, code=code)


def _named(expected: str) -> str:
    """A Go type with what it is in a manifest."""
    kind = types.kind_of(expected.removeprefix("*")) if expected != "object" else ""
    word = {"struct": "an object", "map": "an object", "slice": "a list"}.get(kind)
    return "an object" if expected == "object" else f"{word} ({expected})" if word else expected


def _advice(expected: str, value: Any) -> str:
    named = _named(expected)
    if value is None:
        return "; write its fields there, or remove the entry"
    if named.startswith("an object"):
        return "; write its fields there (name: value), or leave the field out"

    if named.startswith("a list"):
        what = (
            "put a dash before it"
            if isinstance(value, dict)
            else "write one entry a line, behind dashes"
        )
        return f"; {what}, or leave the field out"

    if expected.endswith("string") and isinstance(value, (bool, int, float)):
        return "; write it in quotes"
    if isinstance(value, str) and value in ("true", "false") and expected == "bool":
        return "; write it without quotes"
    if isinstance(value, str) and value.lstrip("-").isdecimal() and "int" in expected:
        return "; write it without quotes"

    return ""
