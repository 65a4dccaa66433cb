"""What of a workload or a Namespace the API server could not even decode: a string where a pod
template belongs.

The API server decodes an object before it asks anybody (400, "cannot unmarshal"), so no webhook
sees it and no verdict can be reached: an error, whatever injection would have said. Here are the
fields that say where the pod template stands and who selects it; all others of a pod that is to be
injected are checked by inject.py, by the same types.
"""

from __future__ import annotations

from krm_injector.kube import types
from krm_injector.kube.paths import Step
from krm_injector.kube.types import Mismatch
from krm_injector.kube.workloads import text
from krm_injector.model import Object, ResourceRef, Result

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from krm_injector.codes import CodeName

_CONTAINER_LISTS = ("containers", "initContainers", "ephemeralContainers")


def of_workload(value: Object, template: Step) -> list[Mismatch]:
    """What is wrong on the way to the pod template and in what selects it; all of its spec where a
    part is wrong.

    Nothing where the template is absent or null, which decodes: there is no pod then (a Rollout
    with workloadRef).
    """
    mismatches = metadata(value, "")
    node: Any = value
    for depth, step in enumerate(template, 1):
        node = node[step] if step.__class__ is int else node.get(step)
        if node is None:
            return []

        leads_on = depth < len(template)
        if node.__class__ is list and leads_on and template[depth].__class__ is int:
            continue

        path = text(template[:depth])
        if not isinstance(node, dict):
            expected = "object" if leads_on else "v1.PodTemplateSpec"
            return [*mismatches, Mismatch(path, expected, types.json_word(node), node)]

        mismatches += metadata(node, path)

    spec = node.get("spec")
    if mismatches or not _has_pod_shape(spec):
        mismatches += of_pod_spec(spec, types.join_path(text(template), "spec"))

    return mismatches


def of_pod_spec(spec: Any, path: str) -> list[Mismatch]:
    """Everything in a pod's spec that its type cannot hold, and nulls among the objects of a list.

    Those decode, as objects without a name, which the API server's validation then refuses.
    """
    mismatches = types.check("v1.PodSpec", spec, path)
    if not mismatches and _has_null_in_list(spec):
        _add_nulls("v1.PodSpec", spec, path, mismatches)
    return mismatches


def _has_null_in_list(value: Any) -> bool:
    """The cheap question, before anything is looked at by its type."""
    if isinstance(value, dict):
        return any(
            _has_null_in_list(member)
            for member in value.values()
            if member.__class__ is dict or member.__class__ is list
        )
    if isinstance(value, list):
        return any(entry is None or _has_null_in_list(entry) for entry in value)
    return False


def _add_nulls(go_type: str, value: Any, path: str, mismatches: list[Mismatch]) -> None:
    """Each null among the objects of a list, added to the mismatches."""
    go_type = go_type.removeprefix("*")
    kind = types.kind_of(go_type)
    if kind == "struct" and isinstance(value, dict):
        for name, field_type, _ in types.fields_of(go_type):
            _add_nulls(field_type, value.get(name), types.join_path(path, name), mismatches)
    elif kind == "slice" and isinstance(value, list):
        element_type = types.element_type(go_type)
        for index, element in enumerate(value):
            element_path = f"{path}[{index}]"
            if element is None and types.kind_of(element_type) == "struct":
                mismatches.append(Mismatch(element_path, element_type, "null", None))
            _add_nulls(element_type, element, element_path, mismatches)


def metadata(value: Object, path: str) -> list[Mismatch]:
    """What is wrong with the metadata of an object, or of what stands at this path of it.

    Numbers and booleans among labels and annotations are no mismatch: they can be read in one way
    only, and discovery warns of them.
    """
    fields = value.get("metadata")
    if fields is None:
        return []

    path = types.join_path(path, "metadata")
    string_maps = tuple(f"{path}.{field}" for field in ("labels", "annotations"))
    return [
        mismatch
        for mismatch in types.check("v1.ObjectMeta", fields, path)
        if not (
            mismatch.path.startswith(string_maps)
            and mismatch.path not in string_maps
            and isinstance(mismatch.value, (bool, int, float))
        )
    ]


def _has_pod_shape(spec: Any) -> bool:
    """The cheap question: whether the fields that the verdict needs have their types."""
    if spec is None:
        return True
    if not isinstance(spec, dict) or not isinstance(spec.get("hostNetwork"), (bool, type(None))):
        return False

    for field in _CONTAINER_LISTS:
        containers = spec.get(field)
        if containers is None:
            continue
        if not isinstance(containers, list):
            return False
        if not all(isinstance(container, dict) for container in containers):
            return False

    return True


# ---------------------------------------------------------------- results


def mistyped(ref: ResourceRef, mismatch: Mismatch, code: CodeName = "pod-invalid") -> Result:
    """The error for a value that its field cannot hold."""
    message = f"{sentence(mismatch)}{_advice(mismatch.expected, mismatch.value)}"
    proposed = _proposed(mismatch.expected, mismatch.value)
    current = None if isinstance(mismatch.value, (dict, list)) else mismatch.value
    return Result("error", message, ref, mismatch.path, current, proposed, code=code)


_LONG_NUMBER = 19  # digits: an int64 may not hold it


def _proposed(expected: str, value: Any) -> Any:
    """The value with its right type; None where it is not sure. A number that was written without
    quotes may have been written in another way (010, 1.10).
    """
    if expected.endswith("string") and isinstance(value, bool):
        return str(value).lower()
    if not isinstance(value, str) or not _is_quoted_scalar(expected, value):
        return None
    if expected == "bool":
        return value == "true"

    is_plain = value.isascii() and len(value) < _LONG_NUMBER and str(int(value)) == value
    return int(value) if is_plain else None


def sentence(mismatch: Mismatch) -> str:
    """What a field wants and what stands there."""
    path, expected, word, value = mismatch
    # A number's word holds it already.
    shown = f"{word} {value!r:.60}" if isinstance(value, (str, bool)) else word
    return f"{path}: Kubernetes wants {_type_text(expected)} here, not {shown}"


def _type_text(expected: str) -> str:
    """A Go type with what it is in a manifest."""
    if expected == "object":
        return "an object"
    kind = types.kind_of(expected.removeprefix("*"))
    word = {"struct": "an object", "map": "an object", "slice": "a list"}.get(kind)
    return f"{word} ({expected})" if word else expected


def _advice(expected: str, value: Any) -> str:
    """What to write instead, behind the sentence; "" if the type says it."""
    type_text = _type_text(expected)
    if value is None:
        return "; write its fields there, or remove the entry"
    if type_text.startswith("an object"):
        return "; write its fields there (name: value), or leave the field out"

    if type_text.startswith("a list"):
        if isinstance(value, dict):
            return "; put a dash before it, or leave the field out"
        return "; write one entry a line, behind dashes, or leave the field out"

    if expected.endswith("string") and isinstance(value, (bool, int, float)):
        return "; write it in quotes"
    if isinstance(value, str) and _is_quoted_scalar(expected, value):
        return "; write it without quotes"

    return ""


def _is_quoted_scalar(expected: str, text: str) -> bool:
    """Whether the text would have the type without its quotes."""
    if expected == "bool":
        return text in ("true", "false")
    return "int" in expected and text.removeprefix("-").isdecimal()
