"""The label changes of a wave as patches to commit: a component of kustomize per cluster, with a
patch per object, and a README of what to do.

DIR/wave-N is written as a whole, or not at all. No manifest is edited, and nothing is overwritten
that this program did not write.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Sequence

from krm_injector.fleet.plan import readme
from krm_injector.fleet.plan.model import LabelChange, Plan, Wave
from krm_injector.kube.paths import put
from krm_injector.model import Refused, Result
from krm_injector.results import counted
from krm_injector.sources import files as sources
from krm_injector.writing import disk
from krm_injector.writing.locks import Locks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

YAML_MARK = "# Written by krm-injector fleet plan --apply-labels. The next run replaces it.\n"
_STAGING = ".krm-injector-labels.tmp"
_MARKS = (YAML_MARK, readme.MARK)
_ODD = re.compile(r"[^A-Za-z0-9._-]+")


def write(plan: Plan, directory: str, number: int) -> Result:
    """Writes the label changes of a wave to DIRECTORY/wave-NUMBER. Raises Refused."""
    wave = _wave(plan, number)
    place = os.path.join(directory, f"wave-{number}")
    new = contents(plan, wave)
    try:
        _replace(directory, place, new)
    except OSError as problem:
        reason = problem.strerror or problem
        raise _refused(f"--apply-labels {place} cannot be written: {reason}", place) from None

    count = sum(name.endswith(".yaml") for name in new)
    files = counted(len(new), "file")
    message = f"{place} has {files}, {count} of them of a kustomize component; see README.md"
    return Result("info", message, file=place, code="fleet-plan-labels")


def _wave(plan: Plan, number: int) -> Wave:
    """The wave, if all of it is known and it moves labels. Raises Refused."""
    if plan.failed:
        raise _refused(
            f"--apply-labels: the plan lacks {counted(len(plan.failed), 'target')} with errors, so "
            "labels of "
            "theirs would be missing; nothing is written. Correct these targets, or choose others "
            "with --only"
        )

    wave = next((each for each in plan.waves if each.number == number), None)
    if wave is None:
        raise _refused(f"--wave {number}: there is no such wave; the plan has {len(plan.waves)}")

    if not wave.labels:
        does = next((step for step in wave.steps), "nothing")
        raise _refused(
            f"--apply-labels: wave {number}, {wave.title}, moves no labels, so nothing is written. "
            f"What it does first: {does}"
        )

    return wave


def _refused(message: str, file: str = "") -> Refused:
    return Refused(Result("error", message, file=file, code="fleet-plan-labels"))


# ---------------------------------------------------------------- the files


def contents(plan: Plan, wave: Wave) -> dict[str, str]:
    """The files of a wave: path in the wave's directory -> text."""
    by_cluster: dict[str, list[LabelChange]] = {}
    by_hand: list[LabelChange] = []
    for change in wave.labels:
        if _can_be_patched(change):
            by_cluster.setdefault(change.cluster, []).append(change)
        else:
            by_hand.append(change)

    found: dict[str, str] = {}
    for cluster, changes in sorted(by_cluster.items()):
        folder = f"{_file_name(cluster)}/" if cluster else ""
        found.update((folder + name, text) for name, text in _component(changes).items())

    return {**found, "README.md": readme.text(plan, wave, by_hand)}


def _can_be_patched(change: LabelChange) -> bool:
    """Whether an object of a manifest has them, at a place that a merge reaches."""
    return change.source == "bundle" and not any(
        step.isdecimal() for step in change.path.split(".")
    )


def _component(changes: Sequence[LabelChange]) -> dict[str, str]:
    """A component that any kustomization can list: of its patches those count whose objects it has
    (a patch with a target may match nothing).
    """
    found: dict[str, str] = {}
    lines = [
        YAML_MARK,
        "apiVersion: kustomize.config.k8s.io/v1alpha1\n",
        "kind: Component\n",
        "patches:\n",
    ]
    # One patch an object, though several targets may have several files of it.
    objects = {(change.kind, change.namespace, change.name): change for change in changes}
    for change in objects.values():
        name = _patch_name(change, found)
        found[name] = _patch(change)
        lines += [f"- path: {name}\n", "  target:\n", *_target(change)]

    return {"kustomization.yaml": "".join(lines), **found}


def _patch_name(change: LabelChange, taken: dict[str, str]) -> str:
    parts = (change.kind.lower(), change.namespace, change.name)
    stem = _file_name("-".join(part for part in parts if part))
    name, count = f"{stem}.yaml", 1
    while name in taken or name == "kustomization.yaml":
        count += 1
        name = f"{stem}-{count}.yaml"
    return name


def _file_name(name: str) -> str:
    return _ODD.sub("-", name).lstrip(".") or "unnamed"


def _target(change: LabelChange) -> list[str]:
    group, _, version = change.api_version.rpartition("/")
    fields = {
        "group": group,
        "version": version,
        "kind": change.kind,
        # kustomize takes names for regular expressions that match as a whole.
        "name": re.escape(change.name).replace(r"\-", "-"),
        "namespace": re.escape(change.namespace).replace(r"\-", "-"),
    }
    return [f"    {key}: {json.dumps(value)}\n" for key, value in fields.items() if value]


def _patch(change: LabelChange) -> str:
    gone = [key for key in change.before if key not in change.after]
    return _operations(change, gone) if gone else _merged(change)


def _operations(change: LabelChange, gone: Sequence[str]) -> str:
    """A JSON patch. A strategic merge patch says null for a label that goes, and kustomize 5.8.1
    makes the text "null" of it where the patch has a target.
    """
    pointer = "/" + "/".join(change.path.split(".")) + "/"
    lines = [YAML_MARK]
    for key in gone:
        # What is added can be taken away, so that the patch holds for labels that are gone already.
        lines.append(_operation("add", pointer, key, ""))
        lines.append(_operation("remove", pointer, key))

    lines += [_operation("add", pointer, key, value) for key, value in change.after.items()]
    return "".join(lines)


def _operation(name: str, pointer: str, key: str, value: str | None = None) -> str:
    escaped = key.replace("~", "~0").replace("/", "~1")
    lines = f"- op: {name}\n  path: {json.dumps(pointer + escaped)}\n"
    return lines if value is None else f"{lines}  value: {json.dumps(value)}\n"


def _merged(change: LabelChange) -> str:
    """A strategic merge patch, which also holds where there are no labels yet."""
    metadata = {"name": change.name}
    if change.namespace:
        metadata["namespace"] = change.namespace

    value: dict[str, Any] = {"metadata": metadata}
    value = put(value, tuple(change.path.split(".")), dict(change.after))
    value = {"apiVersion": change.api_version, "kind": change.kind, **value}
    return YAML_MARK + "".join(_block(value, ""))


def _block(value: dict[str, Any], indent: str) -> Iterator[str]:
    for key, inner in value.items():
        if isinstance(inner, dict):
            yield f"{indent}{key}:\n"
            yield from _block(inner, indent + "  ")
        else:
            yield f"{indent}{key}: {json.dumps(inner)}\n"


# ---------------------------------------------------------------- the directory


def _replace(directory: str, place: str, new: dict[str, str]) -> None:
    """Puts the files into their place by one rename. Raises OSError, and Refused if something
    there is not ours.
    """
    staging = os.path.join(directory, _STAGING)
    old = os.path.join(staging, "old")
    disk.make_directory(directory)
    locks = Locks()
    try:
        if not locks.take(directory):
            raise _refused(f"another krm-injector writes to {directory} at this moment", directory)
        if os.path.isdir(old) and not os.path.lexists(place):  # a run was killed between two steps
            os.rename(old, place)
        disk.remove_tree(staging)
        _put(place, new, staging)
    finally:
        locks.drop()


def _put(place: str, new: dict[str, str], staging: str) -> None:
    foreign = _foreign(place)
    if foreign:
        raise _refused(
            f"{foreign} was not written by --apply-labels, and is not overwritten; move it, or "
            "name another directory",
            foreign,
        )

    if _standing(place) == new:
        return

    prepared, old = os.path.join(staging, "new"), os.path.join(staging, "old")
    try:
        for name, text in new.items():
            path = os.path.join(prepared, name)
            disk.make_directory(os.path.dirname(path))
            disk.write(path, text.encode())

        if os.path.lexists(place):
            disk.exchange(prepared, place, old)
        else:
            os.rename(prepared, place)
        disk.sync_directory(os.path.dirname(place))
    finally:
        disk.remove_tree(staging)


def _foreign(place: str) -> str:
    """The first file in the place that is not ours; "" if there is none."""
    if not os.path.lexists(place):
        return ""
    if os.path.islink(place) or not os.path.isdir(place):
        return place

    for folder, folders, names in os.walk(place):
        for name in sorted((*names, *(each for each in folders if _is_link(folder, each)))):
            path = os.path.join(folder, name)
            if os.path.islink(path) or not _is_ours(path):
                return path
    return ""


def _is_link(folder: str, name: str) -> bool:
    return os.path.islink(os.path.join(folder, name))


def _is_ours(path: str) -> bool:
    try:
        return sources.content(path).decode("utf-8", "replace").startswith(_MARKS)
    except Refused:
        return False


def _standing(place: str) -> dict[str, str]:
    """The files that are there already."""
    found: dict[str, str] = {}
    for folder, _, names in os.walk(place):
        for name in names:
            path = os.path.join(folder, name)
            relative = os.path.relpath(path, place).replace(os.sep, "/")
            found[relative] = sources.content(path).decode("utf-8", "replace")
    return found
