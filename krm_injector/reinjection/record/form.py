"""The form of the annotation: written by ``attach``, read by ``records``, undone by ``original``.

It is in the workload's own metadata, never in the pod template, which stays as Istio would have it.
A bare Pod's metadata is that of the pod, so it has no record unless it has the guard. An object of
a kind with several pod templates has one annotation too, with an entry for each injected template.
The form is described in docs/day-two.md.
"""

from __future__ import annotations

from krm_injector.istio_names import RECORD_ANNOTATION
from krm_injector.kube import c_json, undo
from krm_injector.kube.paths import at, put, without
from krm_injector.model import Mesh, Namespace, Object, Workload
from krm_injector.named_tuple import NamedTuple
from krm_injector.reinjection.record.digests import (
    digest_of,
    line_of,
    mesh_digest,
    namespace_digest,
    namespace_digest_of_all_labels,
    pieces_of,
    short_digest,
)
from krm_injector.reinjection.record.named_paths import (
    NamedPath,
    from_json,
    located,
    named_path,
    to_json,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

ANNOTATION = RECORD_ANNOTATION
VERSION = 1
OF_TEMPLATES = 2  # the version of the form with an entry for each pod template

# Raise it if krm-injector's own answer changes for an unchanged workload, mesh and functionConfig:
# a fidelity fix, a new embedded profile, another guard. Then verify can distinguish that cause from
# an edit of the workload's own fields. Not for a new version of Istio, nor for what the record
# itself holds. Records without this number have 0.
#
# 2: rules follow the patch release (mesh API, owners, own proxies); paths, OpenShift's users,
# divisors and numbers of data.config as Istio 1.31 has them; istiod's environment by the values.
RULES = 2

ANNOTATIONS_PATH = ("metadata", "annotations")
RECORD_PATH = (*ANNOTATIONS_PATH, ANNOTATION)

_DAMAGED = "is damaged; restore it from version control, or remove it"


class BadRecord(Exception):
    """The annotation cannot be used. The message completes "the annotation ..."."""


class InjectionRecord(NamedTuple):
    """The record of one injection, of an object or of one of its pod templates."""

    istio: str  # the mesh's version, "" if unknown
    revision: str
    mesh: str  # digest of the control plane's configuration
    namespace: str  # digest of what injection reads of the Namespace
    digest: str  # of the injected part
    units: str  # two characters for each piece of the injected part, in the order of their lines
    undo: Any  # kube.undo's description of the workload before
    rules: int = 0  # RULES of the krm-injector that wrote it; 0 if it had no such number
    of: NamedPath = ()  # the pod template that it describes; () for the object as a whole
    layout: Any = None  # how entries were written that injection writes in another way (layout.py)


# ---------------------------------------------------------------- writing


def attach(
    before: Object, after: Object, mesh: Mesh, namespace: Namespace | None, workload: Workload
) -> Object:
    """The injected workload with its record. workload: has the path of its pod template."""
    if not workload.only:
        path = workload.template
        entry = {
            "at": to_json(named_path(after, path)),
            **_entry(at(before, path), at(after, path), mesh, namespace),
        }
        return _with_annotation(after, _text_of([entry], _undo_annotations(None, before)))

    value = {"v": VERSION, **_entry(before, after, mesh, namespace)}
    value["undo"] = _undo_annotations(value["undo"], before)
    return _with_annotation(after, compact_json(value))


def _entry(before: Any, after: Any, mesh: Mesh, namespace: Namespace | None) -> dict[str, Any]:
    description = undo.describe(before, after)
    lines = sorted([line_of(*piece) for piece in pieces_of(after, description, RULES)])
    return {
        "istio": mesh.version,
        "revision": mesh.revision,
        "mesh": mesh_digest(mesh),
        "ns": namespace_digest(namespace, mesh),
        "rules": RULES,
        "digest": digest_of(lines),
        "units": "".join(map(short_digest, lines)),
        "undo": description,
    }


def _undo_annotations(description: Any, before: Object) -> Any:
    """The description, with the restoring of the map of annotations that the record is in, if that
    map was there and empty.

    A map that was not there needs no entry. What orchestrators put into it during a run is not the
    user's, so ``original`` drops the map when it is empty.
    """
    metadata = before.get("metadata") or {}
    if "annotations" not in metadata or metadata["annotations"]:
        return description
    # A bare Pod's own map: what injection added to it is described already.
    known = at(description, ANNOTATIONS_PATH)
    others = known if isinstance(known, dict) else {}
    return put(description, ANNOTATIONS_PATH, {**others, "": [metadata["annotations"]]})


def with_records(workload: Object, parts: Iterable[Object]) -> Object:
    """The object with the records of ``parts``, which are the same object with one template
    injected each.
    """
    texts = [at(part, RECORD_PATH) for part in parts]
    values = [c_json.loads(text) for text in texts if text]
    if not values:
        return workload

    entries: list[dict[str, Any]] = []
    for value in values:
        entries += value["templates"]
    return _with_annotation(workload, _text_of(entries, values[0].get("undo")))


def _text_of(entries: list[dict[str, Any]], metadata: Any) -> str:
    """The annotation of an object with several pod templates.

    metadata: what to do about its annotations when the last template is taken back.
    """
    value: dict[str, Any] = {"v": OF_TEMPLATES, "templates": entries}
    if metadata is not None:
        value["undo"] = metadata
    return compact_json(value)


def _with_annotation(workload: Object, text: str) -> Object:
    changed: Object = put(workload, RECORD_PATH, text)
    return changed


def compact_json(value: Any) -> str:
    """JSON without spaces, as the annotation has it."""
    return c_json.compact(value)


# ---------------------------------------------------------------- reading


def read(workload: Object) -> InjectionRecord | None:
    """The first record of an object; None if it has none. Raises BadRecord."""
    return next(iter(records(workload)), None)


def records(workload: Object) -> list[InjectionRecord]:
    """The records of an object: one for all of it, or one for each of its pod templates.

    Raises BadRecord.
    """
    text = at(workload, RECORD_PATH)
    if text is None:
        return []

    try:
        value = c_json.bounded_loads(text)
        if value["v"] == OF_TEMPLATES:
            return [_record_of(entry, from_json(entry["at"])) for entry in value["templates"]]

        if value["v"] != VERSION:
            raise BadRecord(
                f"is of form {value['v']!r}, which this version does not know; use a newer "
                "krm-injector"
            )

        return [_record_of(value, ())]
    except (ValueError, TypeError, KeyError):
        raise BadRecord(_DAMAGED) from None


def _record_of(value: dict[str, Any], of: NamedPath) -> InjectionRecord:
    """Raises TypeError, KeyError."""
    texts = [value[name] for name in ("istio", "revision", "mesh", "ns", "digest", "units")]
    rules, layout = value.get("rules", 0), value.get("layout")
    if not all(isinstance(text, str) for text in texts) or type(rules) is not int:
        raise TypeError
    if layout is not None and not _is_layout(layout):
        raise TypeError
    if not isinstance(value["undo"], (dict, type(None))):
        raise TypeError

    istio, revision, mesh, namespace, digest, units = texts
    return InjectionRecord(
        istio, revision, mesh, namespace, digest, units, value["undo"], rules, of, layout
    )


def _is_layout(tree: Any) -> bool:
    """Whether a value is a tree of texts, as layout.py writes it."""
    if isinstance(tree, dict):
        return all(map(_is_layout, tree.values()))
    return isinstance(tree, str)


def namespace_fits(record: InjectionRecord, namespace: Namespace | None, mesh: Mesh) -> bool:
    """Whether the Namespace is as it was at the injection of this record."""
    if record.rules:
        return record.namespace == namespace_digest(namespace, mesh)
    return record.namespace == namespace_digest_of_all_labels(namespace)


def intact(workload: Object, record: InjectionRecord) -> bool:
    """Whether the injected part is as it was when the record was written."""
    pieces = pieces_of(recorded_part(workload, record), record.undo, record.rules)
    return digest_of([line_of(*piece) for piece in pieces]) == record.digest


def can_carry_record(workload: Workload) -> bool:
    """Whether this workload may have a record: all but bare Pods."""
    return bool(workload.template)


# ---------------------------------------------------------------- undoing


def original(workload: Object, record: InjectionRecord) -> Object:
    """The workload as it was before the injection of this record, with all edits outside the
    injected part. Raises BadRecord.
    """
    if record.of:
        return _without_template(workload, record)

    bare = without(workload, RECORD_PATH)
    try:
        before: Object = undo.undo(bare, record.undo)
    except (TypeError, LookupError, AttributeError):
        raise BadRecord(_DAMAGED) from None

    was_empty = at(record.undo, (*ANNOTATIONS_PATH, "")) is not None
    if at(before, ANNOTATIONS_PATH) == {} and not was_empty:
        before = without(before, ANNOTATIONS_PATH)

    return before


def _without_template(workload: Object, record: InjectionRecord) -> Object:
    """The object with one of its templates as it was, and without that template's record."""
    path = located(workload, record.of)
    result: Object = workload
    try:
        if path is not None:
            result = put(workload, path, undo.undo(at(workload, path), record.undo))
    except (TypeError, LookupError, AttributeError):
        raise BadRecord(_DAMAGED) from None

    value = c_json.loads(at(workload, RECORD_PATH))
    entries = [entry for entry in value["templates"] if from_json(entry["at"]) != record.of]
    if entries:
        return _with_annotation(result, _text_of(entries, value.get("undo")))

    result = without(result, RECORD_PATH)
    if not at(result, ANNOTATIONS_PATH):
        # The map was empty, or it was absent.
        empty = at(value, ("undo", *ANNOTATIONS_PATH, ""))
        if empty is not None:
            result = put(result, ANNOTATIONS_PATH, empty[0])
        else:
            result = without(result, ANNOTATIONS_PATH)

    return result


def recorded_part(workload: Object, record: InjectionRecord) -> Any:
    """What the record is of: the whole object, or one of its pod templates, None if it is gone."""
    if not record.of:
        return workload
    path = located(workload, record.of)
    return None if path is None else at(workload, path)


# ---------------------------------------------------------------- one of several templates


def fresh_template(standing: Workload, fresh: Object) -> Object:
    """The standing object with its template, and what is recorded of that, as injection gives them
    now.
    """
    path = standing.template
    changed: Object = put(standing.object, path, at(fresh, path))
    try:
        before = _entry_text(standing.object, named_path(standing.object, path))
        after = _entry_text(fresh, named_path(fresh, path))
    except (ValueError, TypeError, LookupError):
        return fresh
    return changed if before == after else {**changed, "metadata": fresh.get("metadata") or {}}


def _entry_text(workload: Object, of: NamedPath) -> str:
    """What is recorded of one template, as text; "" for nothing."""
    text = at(workload, RECORD_PATH)
    value = c_json.loads(text) if text else {}
    entries = value.get("templates", [value] if value else [])
    return "".join(
        compact_json(entry)
        for entry in entries
        if "at" not in entry or from_json(entry["at"]) == of
    )
