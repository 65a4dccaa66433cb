"""What keeps an input from being a ResourceList, and an item from being a Kubernetes object."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from krm_injector.model import Object, ResourceRef, Result
from krm_injector.sources.resource_list.bundle import Item

if TYPE_CHECKING:
    from krm_injector.codes import CodeName

API_VERSIONS = (
    "config.kubernetes.io/v1",
    "config.kubernetes.io/v1beta1",
    "config.kubernetes.io/v1alpha1",
)
_REQUIRED: tuple[tuple[str, CodeName], ...] = (
    ("apiVersion", "item-without-apiVersion"),
    ("kind", "item-without-kind"),
)


def wrapper_problem(root: Any) -> Result | None:
    """What keeps the top of the input from being a ResourceList."""
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

    for key, kind_wanted in (("items", list), ("functionConfig", dict), ("results", list)):
        if root.get(key) is not None and not isinstance(root[key], kind_wanted):
            wanted = "a sequence" if kind_wanted is list else "a mapping"
            message = f"{key} of the ResourceList is {kind_of(root[key])}; it must be {wanted}"
            return Result("error", message, field=key, code="resource-list-shape")

    return None


def no_list(message: str, code: CodeName) -> Result:
    return Result(
        "error", f"{message}. Bare manifests go through `krm-injector inject`.", code=code
    )


def check(item: Item, field: str = "") -> list[Result]:
    """What keeps an item from being a Kubernetes object; field is its path in the input."""
    value = item.value
    field = field or f"items[{item.index}]"
    where = f"{item.file}: " if item.file else ""
    line = f" (line {item.line})" if item.line else ""
    problems: list[Result] = []

    def problem(code: CodeName, path: str, sentence: str, current: Any = None) -> None:
        reference = _reference(value)
        name = f", {reference}," if reference else ""
        message = f"{where}{field}{line}{name} {sentence}"
        problems.append(
            Result("error", message, reference, path, current, None, item.file, item.document, code)
        )

    if not isinstance(value, dict):
        problem(
            "item-not-object",
            field,
            f"is {kind_of(value)}, not a Kubernetes object (a mapping)",
            value,
        )
        return problems

    for key, code in _REQUIRED:
        if not isinstance(value.get(key), str) or not value[key]:
            state = "has no" if value.get(key) in (None, "") else "has no string as"
            problem(
                code,
                _join(field, key),
                f"{state} {key}; every object needs one",
                value.get(key),
            )

    metadata = value.get("metadata")
    if metadata is not None and not isinstance(metadata, dict):
        problem(
            "item-metadata",
            _join(field, "metadata"),
            f"has {kind_of(metadata)} as metadata, not a mapping",
            metadata,
        )
    elif metadata and not isinstance(name := metadata.get("name", ""), (str, type(None))):
        sentence = f"has {kind_of(name)} as metadata.name, not a string; put it in quotes"
        problem("item-name", _join(field, "metadata.name"), sentence, name)
    elif not problems and not _named(value, metadata or {}):
        problem(
            "item-without-name",
            _join(field, "metadata.name"),
            "has no metadata.name; every object needs one",
        )

    return problems


def is_object(value: Any) -> bool:
    """Whether a document is meant as a Kubernetes object, be it a faulty one, or as a list of some."""
    if isinstance(value, list):
        return any(
            isinstance(member, dict) and "apiVersion" in member and "kind" in member
            for member in value
        )

    if not isinstance(value, dict):
        return False

    version, kind = value.get("apiVersion"), value.get("kind")
    if kind is None and not isinstance(version, str):
        return False  # Grafana's files have a number there

    return not _of_a_tool(value)


def _of_a_tool(value: Object) -> bool:
    """Whether an object is what a program reads from its own files (skaffold, kind, kubeadm ...)
    and no API server serves: it has neither metadata nor spec, and its group is none of the API
    server's own.
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

    annotations = metadata.get("annotations")
    local = isinstance(annotations, dict) and annotations.get(
        "config.kubernetes.io/local-config"
    ) in ("true", True)
    return local or value["apiVersion"].startswith("kustomize.config.k8s.io/")


def _reference(value: Any) -> ResourceRef | None:
    if not isinstance(value, dict):
        return None

    metadata = value.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    parts = (
        value.get("apiVersion"),
        value.get("kind"),
        metadata.get("name"),
        metadata.get("namespace"),
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
