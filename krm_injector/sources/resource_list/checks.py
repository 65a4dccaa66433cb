"""Checks that an input is a ResourceList, and that an item is a Kubernetes object."""

from __future__ import annotations

from krm_injector.istio_names import LOCAL_CONFIG
from krm_injector.kube.paths import at
from krm_injector.model import Object, ResourceRef, Result
from krm_injector.sources.resource_list.bundle import Item

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from krm_injector.codes import CodeName

API_VERSIONS = (
    "config.kubernetes.io/v1",
    "config.kubernetes.io/v1beta1",
    "config.kubernetes.io/v1alpha1",
)


def wrapper_problem(root: Any) -> Result | None:
    """Why the top of the input is not a ResourceList."""
    if not isinstance(root, dict):
        return no_list(
            f"the input is {kind_of(root)}; a ResourceList is expected", "not-a-resource-list"
        )

    kind, version = root.get("kind"), root.get("apiVersion")
    if kind != "ResourceList":
        is_a = f"of kind {kind}" if isinstance(kind, str) and kind else "an object without kind"
        return no_list(f"the input is {is_a}; a ResourceList is expected", "not-a-resource-list")

    if version not in API_VERSIONS:
        message = f"the ResourceList has apiVersion {version}; known are {', '.join(API_VERSIONS)}"
        return Result(
            "error", message, field="apiVersion", current=version, code="resource-list-version"
        )

    for key, expected_type in (("items", list), ("functionConfig", dict), ("results", list)):
        if root.get(key) is not None and not isinstance(root[key], expected_type):
            expected = "a sequence" if expected_type is list else "a mapping"
            message = f"{key} of the ResourceList is {kind_of(root[key])}; it must be {expected}"
            return Result("error", message, field=key, code="resource-list-shape")

    return None


def no_list(message: str, code: CodeName) -> Result:
    return Result(
        "error", f"{message}. Bare manifests go through `krm-injector inject`.", code=code
    )


def check(item: Item, field: str = "") -> list[Result]:
    """Why an item is not a Kubernetes object. field is its path in the input."""
    value = item.value
    field = field or f"items[{item.index}]"
    if not isinstance(value, dict):
        sentence = f"is {kind_of(value)}, not a Kubernetes object (a mapping)"
        return [_problem(item, field, field, sentence, value, code="item-not-object")]

    problems = _type_problems(item, field)
    metadata = value.get("metadata")
    if metadata is not None and not isinstance(metadata, dict):
        sentence = f"has {kind_of(metadata)} as metadata, not a mapping"
        path = _join(field, "metadata")
        problems.append(_problem(item, field, path, sentence, metadata, code="item-metadata"))
        return problems

    name = (metadata or {}).get("name", "")
    path = _join(field, "metadata.name")
    if name is not None and not isinstance(name, str):
        sentence = f"has {kind_of(name)} as metadata.name, not a string; put it in quotes"
        problems.append(_problem(item, field, path, sentence, name, code="item-name"))
    elif not problems and not _named(value, metadata or {}):
        sentence = f"of kind {value['kind']} has no metadata.name; every object needs one"
        problems.append(_problem(item, field, path, sentence, None, code="item-without-name"))

    return problems


_REQUIRED: tuple[tuple[str, CodeName], ...] = (
    ("apiVersion", "item-without-apiVersion"),
    ("kind", "item-without-kind"),
)


def _type_problems(item: Item, field: str) -> list[Result]:
    """What is wrong with an item's apiVersion and kind."""
    problems = []
    for key, code in _REQUIRED:
        text = item.value.get(key)
        if isinstance(text, str) and text:
            continue

        state = "has no" if text in (None, "") else "has no string as"
        sentence = f"{state} {key}; every object needs one"
        problems.append(_problem(item, field, _join(field, key), sentence, text, code=code))

    return problems


def _problem(
    item: Item, field: str, path: str, sentence: str, current: Any, code: CodeName
) -> Result:
    """The error for an item. ``sentence`` follows its name."""
    of = reference(item.value)
    where = f"{item.file}: " if item.file else ""
    line = f" (line {item.line})" if item.line else ""
    name = f", {of}," if of else ""
    message = f"{where}{field}{line}{name} {sentence}"
    return Result("error", message, of, path, current, None, item.file, item.document, code)


def is_object(value: Any) -> bool:
    """Whether a document is meant as a Kubernetes object, even a faulty one, or as a list of
    objects.
    """
    if isinstance(value, list):
        return any(
            isinstance(member, dict) and "apiVersion" in member and "kind" in member
            for member in value
        )

    if not isinstance(value, dict):
        return False

    version, kind = value.get("apiVersion"), value.get("kind")
    if kind is None and not isinstance(version, str):
        return False  # files of Grafana have a number here

    return not _of_a_tool(value)


def _of_a_tool(value: Object) -> bool:
    """Whether an object is a configuration of a program (skaffold, kind, kubeadm ...) that no API
    server serves: it has neither metadata nor spec, and its group is none of the API server's own.
    """
    version = value.get("apiVersion")
    if (
        "metadata" in value
        or "spec" in value
        or not isinstance(version, str)
        or not isinstance(value.get("kind"), str)
    ):
        return False

    group = version.rpartition("/")[0]
    if group.endswith(".k8s.io"):
        return group in ("audit.k8s.io", "kubeadm.k8s.io") or group.endswith(".config.k8s.io")

    return "." in group or group not in ("", "apps", "autoscaling", "batch", "extensions", "policy")


def _named(value: Object, metadata: Object) -> bool:
    """Whether an object has a name or is of a kind that needs none."""
    name = metadata.get("name") or metadata.get("generateName")
    if isinstance(name, str) and name:
        return True
    if value["kind"].endswith("List") and isinstance(value.get("items"), list):
        return True

    if at(metadata, ("annotations", LOCAL_CONFIG)) in ("true", True):
        return True
    return bool(value["apiVersion"].startswith("kustomize.config.k8s.io/"))


def reference(value: Any) -> ResourceRef | None:
    """The object's name for results; None where it has no kind or name."""
    if not isinstance(value, dict):
        return None

    parts = (
        value.get("apiVersion"),
        value.get("kind"),
        at(value, ("metadata", "name")),
        at(value, ("metadata", "namespace")),
    )
    version, kind, name, namespace = (part if isinstance(part, str) else "" for part in parts)
    return ResourceRef(version, kind, name, namespace) if kind and name else None


def _join(field: str, key: str) -> str:
    return f"{field}.{key}" if field.startswith("items[") else key


def kind_of(value: Any) -> str:
    if value is None:
        return "null"

    names = {
        bool: "a boolean",
        int: "a number",
        float: "a number",
        str: "a string",
        list: "a sequence",
        dict: "a mapping",
    }
    return names[type(value)]
