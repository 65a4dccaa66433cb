"""Overrides tried on one workload, to find the edits by hand that injection gives again.

Istio lets a pod template have containers of the names that it injects itself: their fields have
precedence over the template's (reapplyOverwrittenContainers, pkg/kube/inject/webhook.go, 1.9 on);
some labels and annotations do too, if the injection template reads them. An edit of an injected
workload y = inject(x) is kept if it can be written into x in that way: if x' = x with that override
is injected to exactly the values of y. So nothing here knows which fields a version of Istio lets
users override. The injection itself answers that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from krm_injector.decision.decide import Decider
from krm_injector.function_config import Settings
from krm_injector.injection import merge
from krm_injector.injection.inject import Failure, pod_of
from krm_injector.istio_names import PROXY_CONTAINER, RECORD_ANNOTATION
from krm_injector.kube import types
from krm_injector.kube.differences import differences
from krm_injector.kube.element_names import ORDER
from krm_injector.kube.paths import Step, at, put
from krm_injector.kube.yaml import same
from krm_injector.model import Decision, Mesh, Object, Workload
from krm_injector.named_tuple import NamedTuple
from krm_injector.reinjection import record
from krm_injector.reinjection.container_fields import (
    MERGE_KEYS,
    is_reordered,
    references_hold,
    with_field,
)
from krm_injector.reinjection.override_candidates import (
    BOOKKEEPING,
    FIELDS,
    OverrideCandidate,
    container_named,
    container_position,
    override_candidates,
    path_text,
)
from krm_injector.reinjection.record.changed_pieces import ChangedPiece

MAX_LEFT_OUT = 12  # with more edits of one workload, subsets are not tried by leaving one out

Inject = Callable[[Decision], Object]  # reinject.inject_once, with its control plane and settings


class Trial(NamedTuple):
    """A workload with overrides, from which injection gives the edited workload."""

    decision: Decision
    injected: Object
    moved: frozenset[tuple[str, str]]  # (container, field): lists whose order is Istio's


class OverrideTrials:
    """Tries overrides on one workload."""

    def __init__(
        self,
        standing: Workload,
        decision: Decision,
        fresh: Object,
        inject: Inject,
        meshes: Iterable[Mesh],
        settings: Settings,
    ) -> None:
        """standing: the edited workload; decision: about it as it was before injection; fresh: what
        injection makes of that.
        """
        self._standing = standing.object
        self._decision = decision
        self._fresh = fresh
        self._inject = inject
        self._defaults = settings.defaults

        namespace = decision.namespace
        namespaces = {} if namespace is None else {namespace.name: namespace}
        self._judge = Decider(namespaces, meshes, settings)

        self._spec = (*decision.workload.template, "spec")
        self._metadata, _ = pod_of(decision.workload, settings.method == "manual")

    def override_candidates(self, pieces: Iterable[ChangedPiece]) -> list[OverrideCandidate]:
        """The edits field by field, each with the way in which an override could say it."""
        return override_candidates(pieces, self._standing, self._fresh, self._spec, self._metadata)

    # ------------------------------------------------------------ what can be kept

    def largest(
        self, edits: list[OverrideCandidate]
    ) -> tuple[list[OverrideCandidate], Trial | None]:
        """The largest set that is kept: all, all but one, or those that are kept one by one and go
        together.
        """
        if not edits:
            return [], None

        trial = self._trial(edits)
        if trial is not None:
            return edits, trial
        if len(edits) == 1:
            return [], None

        for left_out in edits if 2 < len(edits) <= MAX_LEFT_OUT else ():
            rest = [edit for edit in edits if edit is not left_out]
            trial = self._trial(rest)
            if trial is not None:
                return rest, trial

        kept: list[OverrideCandidate] = []
        best: Trial | None = None
        for edit in edits:
            trial = self._trial([*kept, edit])
            if trial is not None:
                kept, best = [*kept, edit], trial

        return kept, best

    def _trial(self, edits: list[OverrideCandidate]) -> Trial | None:
        """What injection makes of the workload with these overrides, where that is these edits and
        nothing else.
        """
        for proxy_field in self._proxy_fields(edits):
            before = self._with_overrides(edits, proxy_field)
            decision = self._judge.decide(self._decision.workload._replace(object=before))
            if not decision.injected or decision.mesh is not self._decision.mesh:
                return None
            if decision.webhook != self._decision.webhook:
                return None

            try:
                injected = self._inject(decision)
            except Failure:
                continue

            moved = self._moved_lists(edits, injected)
            if moved is not None and _leads_back(injected, before):
                return Trial(decision, injected, frozenset(moved))

        return None

    def _proxy_fields(self, edits: list[OverrideCandidate]) -> Iterator[str]:
        """Where a new container of the proxy's name may stand: among the containers, and then
        where injection puts it, if that is another place.
        """
        yield "containers"

        _, own = container_position(self._decision.workload.object, self._spec, PROXY_CONTAINER)
        field = self._injected_field(PROXY_CONTAINER)
        edited = any(edit.container == PROXY_CONTAINER for edit in edits)
        if edited and own < 0 and field != "containers":
            yield field

    def _with_overrides(self, edits: list[OverrideCandidate], proxy_field: str) -> Object:
        """The workload before injection with the edits as its own. A new container of the proxy's
        name is in ``proxy_field``, others are where injection puts them.
        """
        result: Object = self._decision.workload.object
        for edit in edits:
            if edit.container:
                result = self._with_override(result, edit, proxy_field)
            else:
                result = put(result, (*self._metadata, *edit.steps), edit.current)

        return self._without_side_effects(result, edits) if self._defaults else result

    def _without_side_effects(self, workload: Object, edits: list[OverrideCandidate]) -> Object:
        """The workload with overrides that hold what the API server's defaults would change."""
        from krm_injector.injection import stored  # late: only spec.cluster.defaults needs it

        wanted = self._with_edits(edits)
        for name in dict.fromkeys(edit.container for edit in edits if edit.container):
            path = (*self._spec, *container_position(workload, self._spec, name))
            injected = container_named(wanted, self._spec, name)
            override = stored.without_side_effects(at(workload, path), injected)
            workload = put(workload, path, override)
        return workload

    def _with_override(self, workload: Object, edit: OverrideCandidate, proxy_field: str) -> Object:
        field, index = container_position(workload, self._spec, edit.container)
        if index >= 0:
            containers = list(at(workload, (*self._spec, field)))
        else:
            field = self._injected_field(edit.container)
            if edit.container == PROXY_CONTAINER:
                field = proxy_field
            containers = list(at(workload, (*self._spec, field)) or [])
            index = len(containers)
            containers.append({"name": edit.container, "image": merge.AUTO_IMAGE})

        containers[index] = with_field(containers[index], edit.steps, edit.current)
        changed: Object = put(workload, (*self._spec, field), containers)
        return changed

    # ------------------------------------------------------------ whether that is these edits

    def _moved_lists(
        self, edits: list[OverrideCandidate], injected: Object
    ) -> set[tuple[str, str]] | None:
        """The lists (container, field) that Istio's merge orders in its own way; None if
        ``injected`` is not the injected workload with exactly these edits.

        The order of variables counts where one is made of another.
        """
        edited = {edit.container for edit in edits if edit.container}
        try:
            expected = self._comparable(self._with_edits(edits), edited)
            result = self._comparable(injected, edited)
        except types.TypeMismatch:
            return None

        free_orders = set(self._order_paths(edited))
        if any(piece.path not in free_orders for piece in differences(expected, result)):
            return None

        moved = set()
        for name in edited:
            standing = container_named(self._standing, self._spec, name)
            merged = container_named(result, self._spec, name)
            if not references_hold(standing.get("env") or [], merged.get("env") or []):
                return None

            for field in MERGE_KEYS:
                if is_reordered(standing.get(field) or [], merged.get(field) or []):
                    moved.add((name, field))

        return moved

    def _with_edits(self, edits: list[OverrideCandidate]) -> Object:
        """What injection makes of the workload by itself, with these edits made in it."""
        result = self._fresh
        for edit in edits:
            if not edit.container:
                result = put(result, (*self._metadata, *edit.steps), edit.current)
                continue

            path = (*self._spec, self._injected_field(edit.container))
            containers = [
                with_field(container, edit.steps, edit.current)
                if container.get("name") == edit.container
                else container
                for container in at(result, path)
            ]
            result = put(result, path, containers)

        return result

    def _comparable(self, workload: Object, edited: set[str]) -> Object:
        """Without the record and Istio's bookkeeping; the edited containers as the API server would
        read them. Raises types.TypeMismatch.
        """
        result = _without_annotations(workload, ("metadata",), (RECORD_ANNOTATION,))
        result = _without_annotations(result, self._metadata, BOOKKEEPING)
        for field in FIELDS:
            containers = at(result, (*self._spec, field))
            if containers:
                decoded = [
                    types.decode("v1.Container", self._as_read(container))
                    if container.get("name") in edited
                    else container
                    for container in containers
                ]
                result = put(result, (*self._spec, field), decoded)

        return result

    def _as_read(self, container: Object) -> Object:
        """The container as injection reads it: as it is written, or with defaults."""
        if not self._defaults:
            return container

        from krm_injector.injection import stored

        return stored.container(container)

    def _order_paths(self, containers: Iterable[str]) -> Iterator[str]:
        """The differences in order that the merge of these containers may make."""
        for name in containers:
            path = path_text(self._standing, (*self._spec, self._injected_field(name)))
            for field in MERGE_KEYS:
                yield f"{path}[{name}].{field}{ORDER}"

    # ------------------------------------------------------------ containers

    def _injected_field(self, name: str) -> str:
        """Where injection puts the container of that name; "" for nowhere. A sidecar may have
        become native since, or may no longer be native.
        """
        return container_position(self._fresh, self._spec, name)[0]


def _without_annotations(workload: Object, metadata: Step, names: Iterable[str]) -> Object:
    """The workload without these annotations, and with a map of annotations in any case."""
    path = (*metadata, "annotations")
    annotations = at(workload, path) or {}
    kept = {name: text for name, text in annotations.items() if name not in names}
    changed: Object = put(workload, path, kept)
    return changed


def _leads_back(injected: Object, before: Object) -> bool:
    """Whether the record, if there is one, gives the workload with its overrides: otherwise the
    next injection would start from another workload.
    """
    entry = record.read(injected)
    return entry is None or same(record.original(injected, entry), before)
