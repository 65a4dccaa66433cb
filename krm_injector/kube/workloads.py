"""Where the pod template stands in the objects that have one."""

from __future__ import annotations

from krm_injector.kube.paths import Path, Step, at, put
from krm_injector.named_tuple import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

__all__ = ["ANY", "EACH", "POD_TEMPLATES", "ExtraKind", "Path", "Step", "at", "find", "put", "text"]

ExtraKind = tuple[str, str, Path]  # apiVersion, kind, path to the pod template

_TEMPLATE: Path = ("spec", "template")
_JOB_TEMPLATE: Path = ("spec", "jobTemplate", "spec", "template")
_APPS = ("apps/v1", "apps/v1beta2", "apps/v1beta1", "extensions/v1beta1")

POD_TEMPLATES: dict[tuple[str, str], Path] = {
    ("v1", "Pod"): (),
    ("v1", "PodTemplate"): ("template",),
    ("v1", "ReplicationController"): _TEMPLATE,
    **{
        (version, kind): _TEMPLATE
        for version in _APPS
        for kind in ("Deployment", "DaemonSet", "ReplicaSet")
    },
    **{(version, "StatefulSet"): _TEMPLATE for version in _APPS[:3]},
    ("batch/v1", "Job"): _TEMPLATE,
    **{(f"batch/{version}", "CronJob"): _JOB_TEMPLATE for version in ("v1", "v1beta1", "v2alpha1")},
    ("apps.openshift.io/v1", "DeploymentConfig"): _TEMPLATE,
    ("v1", "DeploymentConfig"): _TEMPLATE,
    ("argoproj.io/v1alpha1", "Rollout"): _TEMPLATE,
}

# Steps of a path that lead to several places, as users write them: spec.groups[].template,
# spec.roles.*.template.
EACH = "[]"  # every entry of a list
ANY = "*"  # every value of a map

_LARGEST = 100_000  # maps and lists of one object that are looked at for pod templates


def find(
    item: Any, extra_kinds: Iterable[ExtraKind] = ()
) -> Iterator[tuple[Step, dict[str, Any], Path]]:
    """The objects of known kinds in an item: (path from the item, object, path of its pod
    template).

    A List, or any kind that ends in List and has items, is searched through; an item of a typed
    list without kind has the list's. Objects whose template is absent or no map (a Rollout with
    workloadRef) are left out.
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


def text(path: Iterable[str | int]) -> str:
    """A path as results name fields: spec.groups[0].template."""
    path = tuple(path)
    try:
        return ".".join(path)  # type: ignore[arg-type]
    except TypeError:
        joined = ""
        for step in path:
            if isinstance(step, int) or step == EACH:
                joined += f"[{step}]"
            else:
                joined += f".{step}" if joined else step

        return joined


# ---------------------------------------------------------------- paths that users name


def parse_path(written: str) -> Path:
    """The steps of a path: ``spec.groups[].template`` -> ("spec", "groups", "[]", "template").

    Raises ValueError, which says what is wrong and what to write.
    """
    steps: list[str] = []
    for part in written.split("."):
        name = part.removesuffix(EACH)
        if name != part:
            steps += [name, EACH]
        else:
            steps.append(name)
        _check_step(written, part, name)

    return tuple(steps)


def _check_step(written: str, part: str, name: str) -> None:
    if name == ANY and part == name:
        return

    base, bracket, inside = name.partition("[")
    index = name if name.isdecimal() else inside.removesuffix("]")
    if bracket or name.isdecimal():
        if index.lstrip("-").isdecimal() or index in ("*", ":"):
            listed = base if bracket else written.partition(f".{name}")[0].rpartition(".")[2]
            raise ValueError(
                f'"{part}" names an entry of a list by its place; write {listed}{EACH}, which is '
                "every entry of it"
            )

        raise ValueError(
            f'"{part}" is no step of a path; write the name of a field, NAME{EACH} or {ANY}'
        )

    if not name:
        where = "starts with a dot" if written.startswith(".") else "has an empty step"
        raise ValueError(
            f"it {where}; write the names of fields with a dot between them, as spec.template"
        )

    if not _is_plain(name):
        raise ValueError(
            f'"{part}" is no step of a path; write the name of a field, {ANY} for every value of '
            f"a map, or NAME{EACH} "
            "for every entry of a list"
        )


def _is_plain(step: str) -> bool:
    return step.replace("-", "").replace("_", "").isalnum() and not step.isdecimal()


def templates(value: Any, pattern: Path) -> list[Step]:
    """The places of an object that a pattern leads to, in their order.

    A place is there even where the object has something else on the way: then the rest of the
    pattern stands in it as it is. Where a field on the way is absent or null there is no place.
    """
    places: list[tuple[Step, Any]] = [((), value)]
    for number, step in enumerate(pattern):
        places = [one for place in places for one in _next(*place, step, pattern[number:])]
    return [place for place, there in places if there is not None]


def _next(place: Step, here: Any, step: str, rest: Path) -> Iterator[tuple[Step, Any]]:
    if here is _BROKEN:
        yield place, here
    elif step == EACH and isinstance(here, list):
        yield from (((*place, index), entry) for index, entry in enumerate(here))
    elif step == ANY and isinstance(here, dict):
        yield from (((*place, key), entry) for key, entry in here.items())
    elif step not in (EACH, ANY) and isinstance(here, dict):
        yield (*place, step), here.get(step)
    elif here is not None:
        yield (*place, *rest), _BROKEN


_BROKEN: Any = object()  # what a pattern does not lead through


# ---------------------------------------------------------------- pod templates that nobody named


class Looks(NamedTuple):
    """What of an object looks like pods, in its order."""

    templates: list[Step]  # maps with spec.containers
    others: list[Step]  # containers that only a controller can make pods of


def looks_like_pods(item: Any) -> Looks:
    """Where an object of an unknown kind seems to hold pod templates, or parts of pods that are
    none.

    The object itself is none, nor are containers right in its spec, which are often added to pods
    that come from elsewhere; what is inside a template is not looked at. Of an object of more maps
    and lists than ``_LARGEST`` only the first are looked at.
    """
    looks = Looks([], [])
    waiting: list[tuple[Step, Any]] = [((), item)] if _holds_containers(item) else []
    for _ in range(_LARGEST):
        if not waiting:
            break

        place, here = waiting.pop()
        if place and isinstance(here, dict):
            containers: Any = at(here, ("spec", "containers"))
            if _are_containers(containers):
                named = all("name" in container for container in containers)
                (looks.templates if named else looks.others).append(place)
                continue

            own: Any = here.get("containers")
            if (
                len(place) > 1
                and _are_containers(own)
                and all("image" in container for container in own)
            ):
                looks.others.append(place)
                continue

        children = here.items() if isinstance(here, dict) else enumerate(here)
        inner = [
            ((*place, key), child) for key, child in children if isinstance(child, (dict, list))
        ]
        waiting.extend(reversed(inner))

    return looks


def _are_containers(value: Any) -> bool:
    """Whether a value is a list of maps that say what a container says."""
    if not isinstance(value, list) or not value:
        return False
    return all(isinstance(item, dict) and ("name" in item or "image" in item) for item in value)


def _holds_containers(item: Any) -> bool:
    """The cheap question, before any path is made: whether a list "containers" may stand anywhere
    in it.
    """
    waiting: list[Any] = [item]
    for here in waiting:
        if here.__class__ is dict:
            if here.get("containers").__class__ is list:
                return True
            here = here.values()

        for candidate in here:
            kind = candidate.__class__
            if kind is dict or kind is list:
                waiting.append(candidate)

        if len(waiting) > _LARGEST:
            return True

    return False


def pattern_of(path: Step) -> Path:
    """The path as a pattern: every entry of a list in the place of one; every key where no path can
    hold the key.
    """
    return tuple(
        EACH if isinstance(step, int) else step if _is_plain(step) else ANY for step in path
    )
