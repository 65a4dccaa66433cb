"""Edits by hand inside the injected part that Istio supports as overrides: found, proved, and kept.

Istio lets a pod template have containers of the names that it injects itself: their fields win over
the template's (reapplyOverwrittenContainers, pkg/kube/inject/webhook.go, 1.9 on); some labels and
annotations win too, where the injection template asks for them. An edit of an injected workload y =
inject(x) is kept where it can be written into x in that way: where x' = x with that override is
injected to y's very values, and to nothing else. Every other edit is drift. So nothing here knows
which fields a version of Istio lets one override: the injection itself is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from krm_injector.decision.decide import Judge
from krm_injector.function_config import Settings
from krm_injector.injection import merge, pods
from krm_injector.injection.inject import Failure, pod_of
from krm_injector.kube import types
from krm_injector.kube.differences import ABSENT, differences
from krm_injector.kube.paths import Step, at, put
from krm_injector.kube.undo import names
from krm_injector.kube.yaml import same
from krm_injector.model import Decision, Mesh, Object, Result, Workload
from krm_injector.reinjection import record, setter_comments
from krm_injector.reinjection.eject import Restored, shown

KEYS = {
    "env": "name",
    "ports": "containerPort",
    "volumeMounts": "mountPath",
    "volumeDevices": "devicePath",
}
BOOKKEEPING = (pods.STATUS_ANNOTATION, pods.OVERRIDES_ANNOTATION)
FIELDS = ("containers", "initContainers")
MANY = 12  # edits of one workload; with more, subsets are not tried by leaving one out

Inject = Callable[[Decision], Object]  # once.inject_once, with its control plane and settings
Steps = tuple[str, ...]


class HandEdit(NamedTuple):
    """One edit by hand inside the injected part, and what becomes of it."""

    # from the object, as "spec.template.spec.containers[istio-proxy].resources.limits.cpu"; "" for
    # unknown
    path: str
    current: Any  # as edited; ABSENT where it was taken out
    injected: Any  # what injection gives there by itself; ABSENT for nothing
    container: str = ""  # the injected container that an override could change; "" for metadata
    # the field in it, as ("env", "POD_NAME", "value"), or ("labels", KEY); () where there is no way
    steps: Steps = ()
    kept: bool = False  # as an override
    moved: bool = False  # kept, but Istio's merge orders the elements of that list in its own way


class TakenUp(NamedTuple):
    """A workload whose edits by hand were looked at."""

    edits: tuple[HandEdit, ...]
    decision: Decision  # about the workload with the overrides that keep what can be kept
    injected: Object  # that workload injected


class _Trial(NamedTuple):
    decision: Decision
    injected: Object
    moved: frozenset[tuple[str, str]]  # (container, field): lists whose order is Istio's


def taken_up(
    standing: Workload,
    restored: Restored,
    decision: Decision,
    fresh: Object,
    inject: Inject,
    meshes: Iterable[Mesh],
    settings: Settings,
) -> TakenUp:
    """The edits by hand of a workload as it stands, the largest set of them that can be kept, and
    the outcome.

    decision: about the workload as it was before injection; ``fresh``: what injection makes of
    that. Edits are the pieces that the record does not know, whatever changed in the mesh since:
    their values are the user's.
    """
    bench = _Bench(standing, decision, fresh, inject, meshes, settings)
    assert restored.record is not None
    edits = bench.refined(record.edits(standing.object, restored.record, fresh))
    if restored.copied:
        edits = [
            edit for edit in edits if setter_comments.is_edit(edit.path, standing, restored.copied)
        ]

    kept, trial = bench.largest([edit for edit in edits if edit.steps])
    if trial is None:
        return TakenUp(tuple(edits), decision, fresh)

    told = []
    for edit in edits:
        moved = (
            bool(edit.container)
            and (edit.container, edit.steps[0] if edit.steps else "") in trial.moved
        )
        told.append(edit._replace(kept=True, moved=moved) if edit in kept else edit)

    return TakenUp(tuple(told), trial.decision, trial.injected)


class _Bench:
    """Where overrides are tried on one workload."""

    def __init__(
        self,
        standing: Workload,
        decision: Decision,
        fresh: Object,
        inject: Inject,
        meshes: Iterable[Mesh],
        settings: Settings,
    ) -> None:
        self._standing = standing.object
        self._decision = decision
        self._fresh = fresh
        self._inject = inject
        namespace = decision.namespace
        self._judge = Judge(
            {} if namespace is None else {namespace.name: namespace}, meshes, settings
        )
        self._spec = (*decision.workload.template, "spec")
        self._metadata, _ = pod_of(decision.workload, settings.method == "manual")

    def _text(self, path: Step) -> str:
        return record.path_text(record.named(self._standing, path))

    # ------------------------------------------------------------ what was edited

    def refined(self, edits: Iterable[record.Edit]) -> list[HandEdit]:
        """The edits field by field, each with the way in which an override could say it."""
        found: dict[str, HandEdit] = {}
        for edit in edits:
            for one in self._fields_of(edit):
                found.setdefault(one.path, one)
        return list(found.values())

    def _fields_of(self, edit: record.Edit) -> Iterator[HandEdit]:
        now = ABSENT if edit.injected is None else edit.injected
        whole = HandEdit(edit.path, ABSENT if edit.current is None else edit.current, now)
        if whole.current is ABSENT or edit.path.endswith(record.ORDER):
            yield whole
            return

        for field in FIELDS:
            start = self._text((*self._spec, field)) + "["
            if edit.path.startswith(start):
                name, _, rest = edit.path[len(start) :].partition("]")
                yield from self._inside(
                    f"{start}{name}]", field, name, rest.removeprefix("."), whole
                )
                return

        for field in ("labels", "annotations"):
            start = self._text((*self._metadata, field)) + "."
            key = edit.path.removeprefix(start)
            if (
                edit.path.startswith(start)
                and key not in BOOKKEEPING
                and isinstance(edit.current, str)
            ):
                yield whole._replace(steps=(field, key))
                return

        yield whole

    def _inside(
        self, prefix: str, field: str, name: str, unit: str, whole: HandEdit
    ) -> Iterator[HandEdit]:
        """The edited fields of one injected container, below the piece that the record does not
        know.
        """
        mine = pods.find_container(name, at(self._standing, (*self._spec, field)) or [])
        _, theirs = self._of_fresh(name)
        if mine is None or theirs is None:
            yield whole
            return

        for steps, before, after in _leaves(theirs, mine):
            text = _text(steps)
            if _within(text, unit) or _within(unit, text):
                way = steps if _expressible(steps, after) else ()
                yield HandEdit(f"{prefix}.{text}", after, before, name, way)

    def _of_fresh(self, name: str) -> tuple[str, Object | None]:
        """The container of that name that injection gives, and where: a sidecar may have become
        native, or no more.
        """
        for field in FIELDS:
            found = pods.find_container(name, at(self._fresh, (*self._spec, field)) or [])
            if found is not None:
                return field, found
        return "", None

    # ------------------------------------------------------------ what can be kept

    def largest(self, edits: list[HandEdit]) -> tuple[list[HandEdit], _Trial | None]:
        """The largest set that is kept: all, all but one, or those that are kept one by one and go
        together.
        """
        if not edits:
            return [], None

        trial = self._tried(edits)
        if trial is not None or len(edits) == 1:
            return (edits, trial) if trial else ([], None)

        for gone in edits if 2 < len(edits) <= MANY else ():
            rest = [edit for edit in edits if edit is not gone]
            trial = self._tried(rest)
            if trial is not None:
                return rest, trial

        kept: list[HandEdit] = []
        best: _Trial | None = None
        for edit in edits:
            trial = self._tried([*kept, edit])
            if trial is not None:
                kept, best = [*kept, edit], trial

        return kept, best

    def _tried(self, edits: list[HandEdit]) -> _Trial | None:
        """What injection makes of the workload with these overrides, where that is these edits and
        nothing else.
        """
        for home in ("containers", ""):
            before = self._with_overrides(edits, home)
            if before is None:
                continue

            decision = self._judge.decide(self._decision.workload._replace(object=before))
            if not decision.injected or decision.mesh is not self._decision.mesh:
                return None
            if decision.webhook != self._decision.webhook:
                return None

            try:
                injected = self._inject(decision)
            except Failure:
                continue

            moved = self._proved(edits, injected)
            if moved is not None and _leads_back(injected, before):
                return _Trial(decision, injected, frozenset(moved))

        return None

    def _with_overrides(self, edits: list[HandEdit], home: str) -> Object | None:
        """The workload before injection with the edits as its own; new containers of the proxy's
        name stand in ``home``, others where injection puts them. None where that is no other place
        than the first one tried.
        """
        result: Object = self._decision.workload.object
        placed = False
        for edit in edits:
            if not edit.container:
                path = (*self._metadata, *edit.steps)
                result = put(result, path, edit.current)
                continue

            field, index = self._own(result, edit.container)
            if index < 0:
                theirs, _ = self._of_fresh(edit.container)
                other = edit.container == pods.PROXY and theirs != "containers"
                field = home if home and edit.container == pods.PROXY else theirs
                placed = placed or other
                among = [
                    *(at(result, (*self._spec, field)) or []),
                    {"name": edit.container, "image": merge.AUTO_IMAGE},
                ]
                index = len(among) - 1
            else:
                among = list(at(result, (*self._spec, field)))

            among[index] = _with(among[index], edit.steps, edit.current)
            result = put(result, (*self._spec, field), among)

        return result if home or placed else None

    def _own(self, workload: Object, name: str) -> tuple[str, int]:
        for field in FIELDS:
            for index, container in enumerate(at(workload, (*self._spec, field)) or []):
                if container.get("name") == name:
                    return field, index
        return "", -1

    def _proved(self, edits: list[HandEdit], injected: Object) -> set[tuple[str, str]] | None:
        """Whether this is the injected workload with exactly these edits: then the lists that
        Istio's merge orders in its own way, else None. The order of variables counts where one is
        made of another.
        """
        wanted = self._fresh
        for edit in edits:
            if not edit.container:
                wanted = put(wanted, (*self._metadata, *edit.steps), edit.current)
                continue

            field, _ = self._of_fresh(edit.container)
            among = [
                _with(one, edit.steps, edit.current) if one.get("name") == edit.container else one
                for one in at(wanted, (*self._spec, field))
            ]
            wanted = put(wanted, (*self._spec, field), among)

        names_of = {edit.container for edit in edits if edit.container}
        try:
            one, other = self._comparable(wanted, names_of), self._comparable(injected, names_of)
        except types.TypeMismatch:
            return None

        free = {
            f"{prefix}.{field}{record.ORDER}"
            for prefix in self._prefixes(names_of)
            for field in KEYS
        }
        if any(difference.path not in free for difference in differences(one, other)):
            return None

        moved = set()
        for name in names_of:
            mine, theirs = self._container(self._standing, name), self._container(other, name)
            if not _references_hold(mine.get("env") or [], theirs.get("env") or []):
                return None

            moved |= {
                (name, field)
                for field in KEYS
                if _reordered(mine.get(field) or [], theirs.get(field) or [])
            }

        return moved

    def _comparable(self, workload: Object, decoded: set[str]) -> Object:
        """Without the record and Istio's bookkeeping; these containers as the API server would read
        them.
        """
        metadata = workload.get("metadata") or {}
        result: Object = {
            **workload,
            "metadata": {**metadata, "annotations": _less(metadata, (record.ANNOTATION,))},
        }
        path = (*self._metadata, "annotations")
        result = put(result, path, _less(at(result, self._metadata) or {}, BOOKKEEPING))
        for field in FIELDS:
            among = at(result, (*self._spec, field))
            if among:
                settled = [
                    types.decode("v1.Container", c) if c.get("name") in decoded else c
                    for c in among
                ]
                result = put(result, (*self._spec, field), settled)

        return result

    def _prefixes(self, containers: Iterable[str]) -> Iterator[str]:
        for name in containers:
            field, _ = self._of_fresh(name)
            yield f"{self._text((*self._spec, field))}[{name}]"

    def _container(self, workload: Object, name: str) -> Object:
        field, index = self._own(workload, name)
        found: Object = at(workload, (*self._spec, field))[index] if index >= 0 else {}
        return found


# ---------------------------------------------------------------- fields of a container


def _leaves(before: Any, after: Any, steps: Steps = ()) -> Iterator[tuple[Steps, Any, Any]]:
    """(steps, before, after) of each field that differs; lists that merge by a key are taken apart
    by it.
    """
    if before is not ABSENT and after is not ABSENT and same(before, after):
        return

    if isinstance(before, dict) and isinstance(after, dict):
        for key in (*after, *(key for key in before if key not in after)):
            yield from _leaves(before.get(key, ABSENT), after.get(key, ABSENT), (*steps, key))
    elif (
        len(steps) == 1
        and steps[0] in KEYS
        and isinstance(after, list)
        and (before is ABSENT or type(before) is list)
    ):
        there: Any = [] if before is ABSENT else before
        old, new = names(there), names(after)
        if old is None or new is None:
            yield steps, before, after
            return

        one, other = dict(zip(old, there, strict=True)), dict(zip(new, after, strict=True))
        for name in (*other, *(name for name in one if name not in other)):
            yield from _leaves(one.get(name, ABSENT), other.get(name, ABSENT), (*steps, name))
    else:
        yield steps, before, after


def _text(steps: Steps) -> str:
    """The steps as record.Edit writes them."""
    if len(steps) > 1 and steps[0] in KEYS:
        return ".".join((f"{steps[0]}[{steps[1]}]", *steps[2:]))
    return ".".join(steps)


def _within(text: str, outer: str) -> bool:
    return not outer or text == outer or text.startswith((outer + ".", outer + "["))


def _expressible(steps: Steps, value: Any) -> bool:
    """Whether a container can say this of itself: nothing taken out, nothing that the API server
    would drop.
    """
    if (
        value is ABSENT
        or value is None
        or steps[0] == "name"
        or (steps[0] in KEYS and "#" in "".join(steps[1:2]))
    ):
        return False

    said = _with({}, steps, value)
    try:
        read = types.decode("v1.Container", said)
    except types.TypeMismatch:
        return False

    return not any(one.after is ABSENT for one in differences(said, read))


def _with(container: Object, steps: Steps, value: Any) -> Object:
    """The container with this field."""
    field = steps[0]
    if field not in KEYS or len(steps) == 1:
        changed: Object = put(container, steps, value)
        return changed

    key, name = KEYS[field], steps[1]
    among = list(container.get(field) or [])
    index = next((i for i, element in enumerate(among) if str(element.get(key)) == name), -1)
    if index < 0:
        among.append({key: int(name) if field == "ports" and name.isdecimal() else name})

    among[index] = (
        {**among[index], **value} if len(steps) == 2 else put(among[index], steps[2:], value)
    )
    return {**container, field: among}


def _less(metadata: Object, gone: Iterable[str]) -> Object:
    return {
        key: value for key, value in (metadata.get("annotations") or {}).items() if key not in gone
    }


def _references_hold(mine: list[Object], theirs: list[Object]) -> bool:
    """Whether each $(NAME) in a variable still has NAME before it, or behind it: Kubernetes expands
    the first only.
    """
    one = {v.get("name"): place for place, v in enumerate(mine)}
    other = {v.get("name"): place for place, v in enumerate(theirs)}
    for variable in theirs:
        value, name = variable.get("value"), variable.get("name")
        if not isinstance(value, str) or "$(" not in value or name not in one:
            continue

        for used in one:
            if (
                used in other
                and f"$({used})" in value
                and (one[used] < one[name]) != (other[used] < other[name])
            ):
                return False

    return True


def _reordered(mine: list[Object], theirs: list[Object]) -> bool:
    old, new = names(mine) or [], names(theirs) or []
    return [name for name in old if name in new] != [name for name in new if name in old]


def _leads_back(injected: Object, before: Object) -> bool:
    """Whether the record, where there is one, gives the workload with its overrides: else the next
    injection would start from something else.
    """
    found = record.read(injected)
    return found is None or same(record.original(injected, found), before)


# ---------------------------------------------------------------- in words


def results(workload: Workload, edits: Iterable[HandEdit]) -> list[Result]:
    """What injection does about each edit: a note where it is kept, a warning that shows it where
    it is lost.
    """
    return [_kept(workload, edit) if edit.kept else _lost(workload, edit) for edit in edits]


def _kept(workload: Workload, edit: HandEdit) -> Result:
    where = (
        f"an own container {edit.container}"
        if edit.container
        else f"an own {edit.steps[0].removesuffix('s')}"
    )
    message = (
        f"{edit.path} of {workload.ref} was edited to {shown(edit.current)} by hand inside the "
        f"injected part; Istio supports that as an override, so it is kept, as {where} of the pod "
        f"template{order(edit)}"
    )
    return Result(
        "info",
        message,
        workload.ref,
        edit.path,
        edit.current,
        value_of(edit.injected),
        code="edit-kept",
    )


def order(edit: HandEdit) -> str:
    return ". Its place in the list is where Istio's merge puts it" if edit.moved else ""


def _lost(workload: Workload, edit: HandEdit) -> Result:
    ref = workload.ref
    if not edit.path:
        message = (
            f"the injected part of {ref} was edited by hand, and the edit is lost; the record "
            "cannot tell which field it was. Compare it with version control"
        )
        return Result("warning", message, ref, code="edit-lost")

    if edit.path.endswith(record.ORDER):
        field = edit.path.removesuffix(record.ORDER)
        message = (
            f"the order of {field} of {ref} was changed to {shown(edit.current)} inside the "
            "injected part, and the change is lost: no override of Istio's says just that, and "
            f"injection gives {now(edit)}"
        )
        return Result(
            "warning",
            message,
            ref,
            edit.path,
            edit.current,
            value_of(edit.injected),
            code="edit-lost",
        )

    message = (
        f"{edit.path} of {ref} was {what(edit)} by hand inside the injected part, and the edit is "
        f"lost: no override of Istio's says just that, and injection gives {now(edit)}. To change "
        "it, make it in what injection starts from: eject, edit, inject"
    )
    current, injected = value_of(edit.current), value_of(edit.injected)
    return Result("warning", message, ref, edit.path, current, injected, code="edit-lost")


def what(edit: HandEdit) -> str:
    return "taken out" if edit.current is ABSENT else f"edited to {shown(edit.current)}"


def now(edit: HandEdit) -> str:
    return "nothing there" if edit.injected is ABSENT else shown(edit.injected)


def value_of(value: Any) -> Any:
    return None if value is ABSENT else value
