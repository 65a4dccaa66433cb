"""The record of an injection: one annotation on the workload, from which the injection can be taken
back and judged.

An object of a kind with several pod templates has one annotation too, with a record of each
injected template (form 2).

It stands in the workload's own metadata, never in the pod template, which stays as Istio would have
it. A bare Pod's metadata is the pod's, so it carries none unless it carries the guard. The form is
described in docs/day-two.md.
"""

from __future__ import annotations

import json
from binascii import b2a_base64
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple
from zlib import crc32

from krm_injector.kube import undo
from krm_injector.kube.paths import Step, at, put
from krm_injector.kube.yaml import Known, Path, nested, same
from krm_injector.model import Mesh, Namespace, Object, Webhook, Workload

ANNOTATION = "krm-injector.dev/injected"
VERSION = 1
OF_TEMPLATES = 2  # the form with a record for each pod template

Named = tuple[
    str | tuple[str], ...
]  # a path whose entries of lists are told by name: ("spec", "groups", ("a",))

# Bump where krm-injector's own answer changes for a workload, a mesh and a functionConfig that did
# not: a fidelity fix, a new embedded profile, another guard. Then verify can tell that cause from
# an edit of the workload's own fields. Not for a new version of Istio, nor for what the record
# itself holds. 0 is what records before it have.
RULES = 1


# Of a workload's entries that come back as they were written, in characters; an object's
# annotations have 256 KiB.
LONGEST_LAYOUT = 65_536
# Annotations that an orchestrator takes back from what it reads: kept in a layout they would stay
# for good.
_OF_ORCHESTRATORS = ("config.kubernetes.io/", "config.k8s.io/", "postrenderer.helm.sh/")


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
    rules: int = 0  # RULES of the krm-injector that wrote it; 0 for one that knew no such number
    of: Named = ()  # the pod template that it is of; () for the object as a whole
    # how entries were written that injection writes otherwise: by names, at the ends their lines
    layout: Any = None


class Edit(NamedTuple):
    """One edit by hand inside the injected part."""

    # from the object, as "spec.template.spec.containers[istio-proxy].image"; "(order)" of a list's
    # names
    path: str
    current: Any  # as edited; None where it was taken out
    injected: Any  # as injection gives it now; None where it gives nothing there


def attach(
    before: Object, after: Object, mesh: Mesh, namespace: Namespace | None, workload: Workload
) -> Object:
    """The injected workload with its record. workload: says where its pod template stands."""
    if not workload.only:
        place = workload.template
        entry = {
            "at": _as_json(named(after, place)),
            **_entry(at(before, place), at(after, place), mesh, namespace),
        }
        return _with_text(after, _text_of([entry], _with_annotations(None, before)))

    value = {"v": VERSION, **_entry(before, after, mesh, namespace)}
    value["undo"] = _with_annotations(value["undo"], before)
    return _with_text(after, json.dumps(value, ensure_ascii=False, separators=(",", ":")))


def _entry(before: Any, after: Any, mesh: Mesh, namespace: Namespace | None) -> dict[str, Any]:
    description = undo.describe(before, after)
    pieces = sorted([_line(*piece) for piece in _pieces(after, description, RULES)])
    return {
        "istio": mesh.version,
        "revision": mesh.revision,
        "mesh": mesh_digest(mesh),
        "ns": namespace_digest(namespace, mesh),
        "rules": RULES,
        "digest": _digest("\n".join(pieces)),
        "units": "".join(map(_short, pieces)),
        "undo": description,
    }


def _with_text(workload: Object, text: str) -> Object:
    metadata = workload.get("metadata") or {}
    annotations = {**(metadata.get("annotations") or {}), ANNOTATION: text}
    return {**workload, "metadata": {**metadata, "annotations": annotations}}


def _text_of(entries: list[dict[str, Any]], metadata: Any) -> str:
    """The annotation of an object with several pod templates; metadata: what to do about its
    annotations at last.
    """
    value: dict[str, Any] = {"v": OF_TEMPLATES, "templates": entries}
    if metadata is not None:
        value["undo"] = metadata
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def joined(workload: Object, parts: Iterable[Object]) -> Object:
    """The object with the records of ``parts``, which are the same object with one template
    injected each.
    """
    values = [
        json.loads(text)
        for part in parts
        if (text := at(part, ("metadata", "annotations", ANNOTATION)))
    ]
    if not values:
        return workload

    entries = [entry for value in values for entry in value["templates"]]
    return _with_text(workload, _text_of(entries, values[0].get("undo")))


def _with_annotations(description: Any, before: Object) -> Any:
    """The description with what to do about the map that the record itself came into, where that
    was there and empty.

    A map that was not there needs no word: what orchestrators put into it for the time of a run is
    not the user's, so ``original`` drops it whenever nothing is left in it.
    """
    metadata = before.get("metadata") or {}
    if "annotations" not in metadata or metadata["annotations"]:
        return description

    inner = (description or {}).get("metadata") or {}
    return {
        **(description or {}),
        "metadata": {**inner, "annotations": {"": [metadata["annotations"]]}},
    }


def read(workload: Object) -> Record | None:
    """The record of an object that has one; None where it has none. Raises BadRecord."""
    return next(iter(records(workload)), None)


def records(workload: Object) -> list[Record]:
    """The records of an object: one for all of it, or one for each of its pod templates. Raises
    BadRecord.
    """
    text = at(workload, ("metadata", "annotations", ANNOTATION))
    if text is None:
        return []

    try:
        value = json.loads(text)
        if value["v"] == OF_TEMPLATES:
            return [_record_of(entry, _from_json(entry["at"])) for entry in value["templates"]]

        if value["v"] != VERSION:
            raise BadRecord(
                f"is of form {value['v']!r}, which this version does not know; use a newer "
                "krm-injector"
            )

        return [_record_of(value, ())]
    except (ValueError, TypeError, KeyError):
        raise BadRecord("is damaged; restore it from version control, or remove it") from None


def _record_of(value: dict[str, Any], of: Named) -> Record:
    """Raises TypeError, KeyError."""
    texts = [value[name] for name in ("istio", "revision", "mesh", "ns", "digest", "units")]
    rules, layout = value.get("rules", 0), value.get("layout")
    if not all(isinstance(text, str) for text in texts) or type(rules) is not int:
        raise TypeError
    if not isinstance(layout, (dict, str, type(None))):
        raise TypeError
    if not isinstance(value["undo"], (dict, type(None))):
        raise TypeError

    istio, revision, mesh, namespace, digest, units = texts
    return Record(istio, revision, mesh, namespace, digest, units, value["undo"], rules, of, layout)


def _from_json(steps: list[Any]) -> Named:
    """Raises TypeError."""
    found = tuple(step if isinstance(step, str) else tuple(step) for step in steps)
    if not found or not all(isinstance(step, str) or len(step) == 1 for step in found):
        raise TypeError
    return found


def _as_json(of: Named) -> list[Any]:
    return [step if isinstance(step, str) else list(step) for step in of]


def named(workload: Any, place: Step) -> Named:
    """A place in an object with the names of the entries of lists: their numbers change when others
    come in.
    """
    found: list[str | tuple[str]] = []
    here = workload
    for step in place:
        found.append((undo.entry_names(here)[step],) if isinstance(step, int) else step)
        here = at(here, (step,))
    return tuple(found)


def located(workload: Any, of: Named) -> Step | None:
    """Where the named place is; None where it is gone."""
    found: list[str | int] = []
    here = workload
    for step in of:
        if isinstance(step, str):
            found.append(step)
        else:
            names = undo.entry_names(here) if isinstance(here, list) else []
            if step[0] not in names:
                return None
            found.append(names.index(step[0]))

        here = at(here, found[-1:])

    return tuple(found) if isinstance(here, dict) else None


def path_text(of: Named) -> str:
    """The place as ``kube.differences`` writes it: spec.groups[a].template."""
    from krm_injector.kube.differences import member  # for messages only

    text = ""
    for step in of:
        text = member(text, step) if isinstance(step, str) else f"{text}[{step[0]}]"
    return text


def original(workload: Object, record: Record) -> Object:
    """The workload as it was before the injection that the record tells of, with all edits beside
    the injected part.
    """
    if record.of:
        return _without_template(workload, record)

    annotations = {k: v for k, v in workload["metadata"]["annotations"].items() if k != ANNOTATION}
    bare = {**workload, "metadata": {**workload["metadata"], "annotations": annotations}}
    try:
        result: Object = undo.undo(bare, record.undo)
    except (TypeError, LookupError, AttributeError):
        raise BadRecord("is damaged; restore it from version control, or remove it") from None

    metadata = result["metadata"]
    if (
        metadata.get("annotations") == {}
        and at(record.undo, ("metadata", "annotations", "")) is None
    ):
        result = {**result, "metadata": {k: v for k, v in metadata.items() if k != "annotations"}}

    return result


def _without_template(workload: Object, record: Record) -> Object:
    """The object with one of its templates as it was, and without that template's record."""
    place = located(workload, record.of)
    result = workload
    try:
        if place is not None:
            result = put(workload, place, undo.undo(at(workload, place), record.undo))
    except (TypeError, LookupError, AttributeError):
        raise BadRecord("is damaged; restore it from version control, or remove it") from None

    value = json.loads(workload["metadata"]["annotations"][ANNOTATION])
    left = [entry for entry in value["templates"] if _from_json(entry["at"]) != record.of]
    if left:
        return _with_text(result, _text_of(left, value.get("undo")))

    metadata = result["metadata"]
    annotations = {key: text for key, text in metadata["annotations"].items() if key != ANNOTATION}
    if annotations:
        return {**result, "metadata": {**metadata, "annotations": annotations}}

    was = at(value, ("undo", "metadata", "annotations", ""))
    if was is not None:
        return {**result, "metadata": {**metadata, "annotations": was[0]}}

    return {
        **result,
        "metadata": {key: one for key, one in metadata.items() if key != "annotations"},
    }


def fresh_template(standing: Workload, fresh: Object) -> Object:
    """The standing object with its template, and what is recorded of that, as injection gives them
    now.
    """
    place = standing.template
    changed: Object = put(standing.object, place, at(fresh, place))
    try:
        before, after = (_text_at(one, named(one, place)) for one in (standing.object, fresh))
    except (ValueError, TypeError, LookupError):
        return fresh
    return changed if before == after else {**changed, "metadata": fresh.get("metadata") or {}}


def _text_at(workload: Object, of: Named) -> str:
    """What is recorded of one template, as text; "" for nothing."""
    text = at(workload, ("metadata", "annotations", ANNOTATION))
    value = json.loads(text) if text else {}
    entries = value.get("templates", [value] if value else [])
    return "".join(
        json.dumps(entry) for entry in entries if "at" not in entry or _from_json(entry["at"]) == of
    )


def _part(workload: Object, record: Record) -> Any:
    """What of an object the record is of: all of it, or one pod template (None where that is gone)."""
    if not record.of:
        return workload
    place = located(workload, record.of)
    return None if place is None else at(workload, place)


# ---------------------------------------------------------------- how it was written


def with_layout(workload: Object, layout: Any) -> Object:
    """The injected workload whose record has this layout; None for none."""
    text = at(workload, ("metadata", "annotations", ANNOTATION))
    value = json.loads(text)
    if value["v"] != VERSION or value.get("layout") == layout:
        return workload  # of several pod templates no layout is kept

    value.pop("layout", None)
    if layout is not None:
        value["layout"] = layout

    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    annotations = {**workload["metadata"]["annotations"], ANNOTATION: text}
    return {**workload, "metadata": {**workload["metadata"], "annotations": annotations}}


def kept(item: Object, entries: Mapping[Path, str]) -> Object:
    """The injected item whose records know these entries of what it was before (see
    kube.yaml.edit), and no others.
    """
    for inside, workload in _recorded(item):
        mine = {
            path[len(inside) :]: text
            for path, text in entries.items()
            if path[: len(inside)] == inside and not any(name in text for name in _OF_ORCHESTRATORS)
        }
        layout: Any = None
        found = read(workload)
        assert found is not None
        if not found.of and sum(map(len, mine.values())) <= LONGEST_LAYOUT:
            layout = _by_names(nested(mine), original(workload, found)) or None

        item = put(item, inside, with_layout(workload, layout))

    return item


def known(standing: Object, before: Object) -> Known | None:
    """How the entries of an item that was injected were written, by their paths in what it was
    before.
    """
    tree: Any = {}
    for inside, workload in _recorded(standing):
        try:
            found = read(workload)
        except BadRecord:
            continue

        if found is None or not found.layout or (was := at(before, inside)) is None:
            continue

        layout: Any = _by_places(found.layout, was)
        if not inside:
            return layout  # type: ignore[no-any-return]

        node = tree
        for step in inside[:-1]:
            node = node.setdefault(step, {})

        node[inside[-1]] = layout

    return tree or None


def _recorded(item: Object, inside: Path = ()) -> list[tuple[Path, Object]]:
    """Each object in an item that carries a record: the item itself, or those of a List."""
    if at(item, ("metadata", "annotations", ANNOTATION)) is not None:
        return [(inside, item)]

    among = item.get("items") if isinstance(item, dict) else None
    if not isinstance(among, list):
        return []

    return [
        found
        for number, one in enumerate(among)
        for found in _recorded(one, (*inside, "items", number))
    ]


def _by_names(tree: Any, value: Any) -> Any:
    """Places in the value's lists to the names of what stands there."""
    if isinstance(tree, str):
        return tree
    if isinstance(value, list):
        names = undo.names(value) or [str(number) for number in range(len(value))]
        return {names[number]: _by_names(inner, value[number]) for number, inner in tree.items()}
    return {key: _by_names(inner, value[key]) for key, inner in tree.items() if key in value}


def _by_places(tree: Any, value: Any) -> Any:
    """The other way; names that are not there any more are left out."""
    if isinstance(tree, str):
        return tree

    if isinstance(value, list):
        names = undo.names(value) or [str(number) for number in range(len(value))]
        places = {name: number for number, name in enumerate(names)}
        return {
            places[name]: _by_places(inner, value[places[name]])
            for name, inner in tree.items()
            if name in places
        }

    if isinstance(value, dict):
        return {key: _by_places(inner, value[key]) for key, inner in tree.items() if key in value}

    return {}


def intact(workload: Object, record: Record) -> bool:
    """Whether the injected part is as it was when the record was written."""
    lines = [_line(*piece) for piece in _pieces(_part(workload, record), record.undo, record.rules)]
    return _digest("\n".join(sorted(lines))) == record.digest


def edits(workload: Object, record: Record, fresh: Object | None = None) -> list[Edit]:
    """What was edited by hand inside the injected part since the record was written.

    ``fresh`` is the workload as injection gives it now; with it the edits show the value that
    replaces them, and what was taken out is found too. Where the digest does not fit and no piece
    can be named, one Edit with the path "" stands for all.
    """
    if record.of:
        prefix = path_text(record.of)
        part, now_part = _part(workload, record), None if fresh is None else _part(fresh, record)
        told = _edits(part, undo.undo(part, record.undo), record, now_part)
        return [edit._replace(path=f"{prefix}.{edit.path}") if edit.path else edit for edit in told]

    return _edits(
        workload, workload if fresh is None else original(workload, record), record, fresh
    )


def _edits(workload: Any, before: Any, record: Record, fresh: Any) -> list[Edit]:
    found = _pieces(workload, record.undo, record.rules)
    lines = [_line(*piece) for piece in found]
    if _digest("\n".join(sorted(lines))) == record.digest:
        return []

    known = [record.units[i : i + 2] for i in range(0, len(record.units), 2)]
    unknown, gone = _compared(sorted(lines), known)
    changed = {
        path: value for (path, value), line in zip(found, lines, strict=True) if line in unknown
    }
    now: dict[str, Any] = {}
    if fresh is not None:
        now = dict(_pieces(fresh, undo.describe(before, fresh), record.rules))

    result = [
        Edit(path, value, now.get(path))
        for path, value in changed.items()
        if _is_edit(path, value, now, changed)
    ]
    present = {path for path, _ in found}
    lists = {path.rpartition("[")[0] for path in present & now.keys()}
    for path, value in now.items():
        if path in present or path.endswith(ORDER) or _short(_line(path, value)) not in gone:
            continue

        parent = path.rpartition("[")[0]
        if parent in changed or (
            path.endswith("]") and parent not in lists and _elements(parent, changed)
        ):
            # the list as a whole is something else now, or its elements have lost what tells them
            # apart
            continue

        result.append(Edit(path, None, value))

    return result if result or changed else [Edit("", None, None)]


def _elements(parent: str, paths: Iterable[str]) -> bool:
    return any(path.startswith(parent + "[") for path in paths)


def _is_edit(path: str, value: Any, now: dict[str, Any], changed: dict[str, Any]) -> bool:
    """Whether a piece that the record does not know is an edit of its own that injection would not
    give either.
    """
    if not path.endswith(ORDER):
        return not same(now.get(path, _NONE), value)
    if path not in now:  # what came or went changes the order too: that is told by itself
        return not _elements(path[: -len(ORDER)], changed)
    return [name for name in value if name in now[path]] != [
        name for name in now[path] if name in value
    ]


_NONE: Any = object()

ORDER = " (order)"


def _pieces(workload: Object, description: Any, rules: int) -> list[undo.Unit]:
    """The pieces of the injected part, and the order of each list that some of them are elements
    of.
    """
    found = undo.units(workload, description)
    if not rules:
        return found  # records of that time do not know the order

    orders: dict[str, list[str]] = {}
    for path, _ in found:
        if path.endswith("]"):
            at = path.rindex("[")
            orders.setdefault(path[:at], []).append(path[at + 1 : -1])

    return [*found, *((path + ORDER, names) for path, names in orders.items() if len(names) > 1)]


def _compared(lines: list[str], known: list[str]) -> tuple[set[str], set[str]]:
    """The lines that the record does not know, and what of it is gone. Both are sorted, so the
    longest common row tells what stayed: two characters alone would take one edit in seventy for a
    piece that stands elsewhere.
    """
    short = [_short(line) for line in lines]
    start = 0
    while start < min(len(short), len(known)) and short[start] == known[start]:
        start += 1

    end = 0
    while end < min(len(short), len(known)) - start and short[-1 - end] == known[-1 - end]:
        end += 1

    mine, theirs = short[start : len(short) - end], known[start : len(known) - end]
    lengths = [[0] * (len(theirs) + 1) for _ in range(len(mine) + 1)]
    for i in range(len(mine) - 1, -1, -1):
        for j in range(len(theirs) - 1, -1, -1):
            same = mine[i] == theirs[j]
            lengths[i][j] = (
                lengths[i + 1][j + 1] + 1 if same else max(lengths[i + 1][j], lengths[i][j + 1])
            )

    i = j = 0
    unknown, gone = set(), set()
    while i < len(mine) or j < len(theirs):
        if i < len(mine) and j < len(theirs) and mine[i] == theirs[j]:
            i, j = i + 1, j + 1
        elif i == len(mine) or (j < len(theirs) and lengths[i][j + 1] >= lengths[i + 1][j]):
            gone.add(theirs[j])
            j += 1
        else:
            unknown.add(lines[start + i])
            i += 1

    return unknown, gone


_COUNTED = Webhook._fields.index("ignores_failure")
_DIGESTS: dict[int, tuple[Mesh, str]] = {}  # a control plane serves thousands of workloads


def mesh_digest(mesh: Mesh) -> str:
    """Of everything that a control plane's answer depends on, the webhooks' selectors included."""
    known = _DIGESTS.get(id(mesh))
    if known is not None and known[0] is mesh:
        return known[1]

    # Of a webhook's fields those that records have always counted; failurePolicy changes no answer.
    webhooks = [webhook[:_COUNTED] for webhook in mesh.webhooks]
    parts = [
        mesh.revision, mesh.version, mesh.config, mesh.values, mesh.mesh_config, mesh.root_namespace, mesh.platform,
        mesh.native_sidecars, mesh.control_plane_env, mesh.proxy_configs, webhooks,
    ]  # fmt: skip
    digest = _digest(_canonical(parts))
    _DIGESTS[id(mesh)] = mesh, digest  # with the mesh itself, so that no other takes its id
    return digest


def namespace_digest(namespace: Namespace | None, mesh: Mesh) -> str:
    """Of what this control plane's injection can read of a Namespace: the labels that its webhooks'
    selectors name, the two that Istio's own always do, and the annotations that OpenShift's user
    ranges come from.
    """
    if namespace is None:
        return ""
    keys = _selector_keys(mesh)
    labels = {key: value for key, value in namespace.labels.items() if key in keys}
    return _digest(_canonical([namespace.name, labels, _ranges(namespace)]))


def namespace_fits(record: Record, namespace: Namespace | None, mesh: Mesh) -> bool:
    """Whether the Namespace is as it was for the injection that the record tells of."""
    if record.rules:
        return record.namespace == namespace_digest(namespace, mesh)
    if namespace is None:
        return record.namespace == ""  # records of that time count every label
    return record.namespace == _digest(
        _canonical([namespace.name, namespace.labels, _ranges(namespace)])
    )


def _ranges(namespace: Namespace) -> dict[str, str]:
    return {
        key: value
        for key, value in namespace.annotations.items()
        if key.startswith("openshift.io/")
    }


def _selector_keys(mesh: Mesh) -> set[str]:
    keys = {"istio-injection", "istio.io/rev"}
    for webhook in mesh.webhooks:
        selector = webhook.namespace_selector or {}
        keys.update(selector.get("matchLabels") or ())
        keys.update(one["key"] for one in selector.get("matchExpressions") or () if one.get("key"))
    return keys


def carries(workload: Workload) -> bool:
    """Whether a record may stand on this workload: on all but a bare Pod."""
    return bool(workload.template)


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
    """Eight characters; against accidents, not against an attacker: who can edit the text can edit
    the record.
    """
    from hashlib import sha256

    return b2a_base64(
        sha256(text.encode("utf-8", "surrogatepass")).digest()[:6], newline=False
    ).decode()
