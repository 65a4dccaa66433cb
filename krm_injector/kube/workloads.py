"""Where the pod template stands in the objects that have one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

Path = tuple[str, ...]
Step = tuple[str | int, ...]
ExtraKind = tuple[str, str, Path]  # apiVersion, kind, path to the pod template

_TEMPLATE: Path = ("spec", "template")
_JOB_TEMPLATE: Path = ("spec", "jobTemplate", "spec", "template")
_APPS = ("apps/v1", "apps/v1beta2", "apps/v1beta1", "extensions/v1beta1")

POD_TEMPLATES: dict[tuple[str, str], Path] = {
    ("v1", "Pod"): (),
    ("v1", "PodTemplate"): ("template",),
    ("v1", "ReplicationController"): _TEMPLATE,
    **{(version, kind): _TEMPLATE for version in _APPS for kind in ("Deployment", "DaemonSet", "ReplicaSet")},
    **{(version, "StatefulSet"): _TEMPLATE for version in _APPS[:3]},
    ("batch/v1", "Job"): _TEMPLATE,
    **{(f"batch/{version}", "CronJob"): _JOB_TEMPLATE for version in ("v1", "v1beta1", "v2alpha1")},
    ("apps.openshift.io/v1", "DeploymentConfig"): _TEMPLATE,
    ("v1", "DeploymentConfig"): _TEMPLATE,
    ("argoproj.io/v1alpha1", "Rollout"): _TEMPLATE,
}

_GUESSES: tuple[Path, ...] = (_TEMPLATE, ("template",), _JOB_TEMPLATE)


def find(item: Any, extra_kinds: Iterable[ExtraKind] = ()) -> Iterator[tuple[Step, dict[str, Any], Path]]:
    """The objects of known kinds in an item: (path from the item, object, path of its pod template).

    A List, or any kind that ends in List and has items, is searched through; an item of a typed list without kind
    has the list's. Objects whose template is absent or no map (a Rollout with workloadRef) are left out.
    """
    known = POD_TEMPLATES
    extra = list(extra_kinds)
    if extra:
        known = {**known, **{(version, kind): tuple(path) for version, kind, path in extra}}
    yield from _find(item, (), "", "", known)


def _find(
    item: Any, inside: Step, list_version: str, list_kind: str, known: dict[tuple[str, str], Path]
) -> Iterator[tuple[Step, dict[str, Any], Path]]:
    if not isinstance(item, dict):
        return
    version, kind = item.get("apiVersion"), item.get("kind")
    if version is None and kind is None:
        version, kind = list_version, list_kind
    if not isinstance(version, str) or not isinstance(kind, str):
        return
    if kind.endswith("List") and isinstance(item.get("items"), list):
        for index, part in enumerate(item["items"]):
            yield from _find(part, (*inside, "items", index), version, kind[: -len("List")], known)
        return
    path = known.get((version, kind))
    if path is not None and isinstance(at(item, path), dict):
        yield inside, item, path


def at(value: Any, path: Iterable[str | int]) -> Any:
    """What stands at a path, None where it leads nowhere."""
    for step in path:
        if isinstance(step, int):
            value = value[step] if isinstance(value, list) and step < len(value) else None
        else:
            value = value.get(step) if isinstance(value, dict) else None
    return value


def looks_like_pod_template(item: Any) -> Path | None:
    """Where an object of an unknown kind seems to hold a pod template: one with containers, a list of maps."""
    for path in _GUESSES:
        containers = at(item, (*path, "spec", "containers"))
        if isinstance(containers, list) and containers and all(isinstance(part, dict) for part in containers):
            return path
    return None
