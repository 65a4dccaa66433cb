"""The record of an injection: one annotation on the workload, from which the injection can be taken back and judged.

It stands in the workload's own metadata, never in the pod template, which stays as Istio would have it. A bare Pod's
metadata is the pod's, so it carries none unless it carries the guard. The form is described in docs/day-two.md.
"""

from __future__ import annotations

import json
from binascii import b2a_base64
from typing import Any, NamedTuple
from zlib import crc32

from krm_injector.kube import undo
from krm_injector.kube.workloads import at
from krm_injector.model import Mesh, Namespace, Object, Workload

ANNOTATION = "krm-injector.dev/injected"
VERSION = 1


class BadRecord(Exception):
    """The annotation is there and cannot be used; the message completes "the annotation ..."."""


class Record(NamedTuple):
    istio: str  # the mesh's version, "" where unknown
    revision: str
    mesh: str  # digest of the control plane's configuration
    namespace: str  # digest of what injection reads of the Namespace
    digest: str  # of the injected part
    units: str  # two characters a piece of the injected part, in the order of undo.units
    undo: Any  # kube.undo's description of how the workload was before


class Edit(NamedTuple):
    """One edit by hand inside the injected part."""

    path: str  # from the object, as "spec.template.spec.containers[istio-proxy].image"
    current: Any  # as edited; None where it was taken out
    injected: Any  # as injection gives it now; None where it gives nothing there


def attach(before: Object, after: Object, mesh: Mesh, namespace: Namespace | None) -> Object:
    """The injected workload with its record."""
    description = undo.describe(before, after)
    pieces = sorted([_line(path, piece) for path, piece in undo.units(after, description)])
    value = {
        "v": VERSION,
        "istio": mesh.version,
        "revision": mesh.revision,
        "mesh": mesh_digest(mesh),
        "ns": namespace_digest(namespace),
        "digest": _digest("\n".join(pieces)),
        "units": "".join(map(_short, pieces)),
        "undo": _with_annotations(description, before),
    }
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    metadata = after.get("metadata") or {}
    annotations = {**(metadata.get("annotations") or {}), ANNOTATION: text}
    return {**after, "metadata": {**metadata, "annotations": annotations}}


def _with_annotations(description: Any, before: Object) -> Any:
    """The description with what to do about the map that the record itself came into, where that was there and empty.

    A map that was not there needs no word: what orchestrators put into it for the time of a run is not the user's, so
    ``original`` drops it whenever nothing is left in it.
    """
    metadata = before.get("metadata") or {}
    if "annotations" not in metadata or metadata["annotations"]:
        return description
    inner = (description or {}).get("metadata") or {}
    return {**(description or {}), "metadata": {**inner, "annotations": {"": [metadata["annotations"]]}}}


def read(workload: Object) -> Record | None:
    """The record of a workload; None where it has none. Raises BadRecord."""
    text = at(workload, ("metadata", "annotations", ANNOTATION))
    if text is None:
        return None
    try:
        value = json.loads(text)
        if value["v"] != VERSION:
            raise BadRecord(f"is of form {value['v']!r}, which this version does not know; use a newer krm-injector")
        texts = [value[name] for name in ("istio", "revision", "mesh", "ns", "digest", "units")]
        if not all(isinstance(text, str) for text in texts) or not isinstance(value["undo"], (dict, type(None))):
            raise TypeError
    except (ValueError, TypeError, KeyError):
        raise BadRecord("is damaged; restore it from version control, or remove it") from None
    istio, revision, mesh, namespace, digest, units = texts
    return Record(istio, revision, mesh, namespace, digest, units, value["undo"])


def original(workload: Object, record: Record) -> Object:
    """The workload as it was before the injection that the record tells of, with all edits beside the injected part."""
    annotations = {k: v for k, v in workload["metadata"]["annotations"].items() if k != ANNOTATION}
    bare = {**workload, "metadata": {**workload["metadata"], "annotations": annotations}}
    try:
        result: Object = undo.undo(bare, record.undo)
    except (TypeError, LookupError, AttributeError):
        raise BadRecord("is damaged; restore it from version control, or remove it") from None
    metadata = result["metadata"]
    if metadata.get("annotations") == {} and at(record.undo, ("metadata", "annotations", "")) is None:
        result = {**result, "metadata": {k: v for k, v in metadata.items() if k != "annotations"}}
    return result


def intact(workload: Object, record: Record) -> bool:
    """Whether the injected part is as it was when the record was written."""
    return _digest(_text(undo.units(workload, record.undo))) == record.digest


def edits(workload: Object, record: Record, fresh: Object | None = None) -> list[Edit]:
    """What was edited by hand inside the injected part since the record was written.

    ``fresh`` is the workload as injection gives it now; with it the edits show the value that replaces them, and
    what was taken out is found too.
    """
    found = undo.units(workload, record.undo)
    lines = [_line(*unit) for unit in found]
    if _digest("\n".join(sorted(lines))) == record.digest:
        return []
    known = {record.units[i : i + 2] for i in range(0, len(record.units), 2)}
    changed = {path: value for (path, value), line in zip(found, lines, strict=True) if _short(line) not in known}
    present = {path for path, _ in found}
    now: dict[str, Any] = {}
    if fresh is not None:
        description = undo.describe(original(workload, record), fresh)
        now = dict(undo.units(fresh, description))
    result = [Edit(path, value, now.get(path)) for path, value in changed.items() if now.get(path, _NONE) != value]
    for path, value in now.items():
        if path not in present and _short(_line(path, value)) in known:
            result.append(Edit(path, None, value))
    return result


_NONE: Any = object()


_DIGESTS: dict[int, tuple[Mesh, str]] = {}  # a control plane serves thousands of workloads


def mesh_digest(mesh: Mesh) -> str:
    """Of everything that a control plane's answer depends on, the webhooks' selectors included."""
    known = _DIGESTS.get(id(mesh))
    if known is not None and known[0] is mesh:
        return known[1]
    parts = [
        mesh.revision, mesh.version, mesh.config, mesh.values, mesh.mesh_config, mesh.root_namespace, mesh.platform,
        mesh.native_sidecars, mesh.control_plane_env, mesh.proxy_configs, mesh.webhooks,
    ]  # fmt: skip
    digest = _digest(_canonical(parts))
    _DIGESTS[id(mesh)] = mesh, digest  # with the mesh itself, so that no other takes its id
    return digest


def namespace_digest(namespace: Namespace | None) -> str:
    """Of the labels, and of the annotations that OpenShift's user ranges come from."""
    if namespace is None:
        return ""
    ranges = {key: value for key, value in namespace.annotations.items() if key.startswith("openshift.io/")}
    return _digest(_canonical([namespace.name, namespace.labels, ranges]))


def carries(workload: Workload) -> bool:
    """Whether a record may stand on this workload: on all but a bare Pod."""
    return bool(workload.template)


def _text(units: list[undo.Unit]) -> str:
    return "\n".join(sorted([_line(path, piece) for path, piece in units]))


def _line(path: str, value: Any) -> str:
    return f"{path}={_canonical(value)}"


def _canonical(value: Any) -> str:
    """A text that only equal values share, whatever the order of keys: orchestrators sort them."""
    kind = type(value)
    if kind is str:
        return f'"{value}"'
    if isinstance(value, dict):
        return "{" + ",".join([f"{key}:{_canonical(value[key])}" for key in sorted(value)]) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ",".join([_canonical(item) for item in value]) + "]"
    return repr(value)


def _short(line: str) -> str:
    """Two characters that tell one piece from another, well enough to point at an edit."""
    return b2a_base64(crc32(line.encode()).to_bytes(4, "big"), newline=False)[:2].decode()


def _digest(text: str) -> str:
    """Eight characters; against accidents, not against an attacker: who can edit the text can edit the record."""
    from hashlib import sha256

    return b2a_base64(sha256(text.encode("utf-8", "surrogatepass")).digest()[:6], newline=False).decode()
