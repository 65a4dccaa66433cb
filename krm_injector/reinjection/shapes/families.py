"""Families of workloads that differ in their holes alone, and the proof of their shapes.

Most workloads of a bundle are like another one but for names, images and a few numbers. Three steps
make use of that, and each is a proof, not a guess:

1. ``holes`` takes a workload's object apart. Two workloads with the same texts between the holes,
   called by the same webhook, can differ in nothing but their holes and their Namespaces. Of a
   Namespace injection reads the name, which is a hole, and the record has its digest.
2. The second one of a kind is injected with a placeholder in each hole that injection itself only
   moves. ``watch`` sees what the templates do with the placeholders. A hole that a template looks
   at is pinned: it keeps its scalar, and only workloads with the same scalar there are alike. So
   are holes in what injection changes or replaces (``_compared``).
3. The result with the first workload's scalars must be, byte for byte, what the first one became.

After that a workload of the shape costs its own scalars and the digests of its record. Whatever is
not proved takes the plain path, inject_once.
"""

from __future__ import annotations

from krm_injector.function_config import Settings
from krm_injector.injection.inject import Failure
from krm_injector.istio_api import ApiError
from krm_injector.kube.element_names import names
from krm_injector.kube.paths import Step, at
from krm_injector.kube.twins import PLACEHOLDER, Alike, Twin, to_json
from krm_injector.kube.yaml import YamlError
from krm_injector.model import Decision, Object
from krm_injector.reinjection import record
from krm_injector.reinjection.istio_traces import CONTAINER_FIELDS
from krm_injector.reinjection.reinject import inject_once
from krm_injector.reinjection.shapes.family import UNPROVED, Family, First, Holes, Shape
from krm_injector.reinjection.shapes.holes import (
    free_places,
    joined,
    split,
    with_placeholders,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from krm_injector.injection.control_plane import PreparedControlPlane
    from krm_injector.model import Namespace, Workload
    from krm_injector.reinjection.shapes.watch import WatchedControlPlane

Texts = tuple[str, ...]  # between the holes of an object

_TRIALS = 4  # each pins the holes that the one before showed to be looked at

# A trial costs about as much as two injections, so that it pays where twins follow. What it costs
# is taken from a credit that each Twin adds to. Without credit a shape is looked for when so many
# workloads of it have been seen that the trial adds little: however few are alike in a run, Shapes
# does not slow it down by much.
_CREDIT, _MOST_CREDIT = 8, 64
_COST = 2
_PATIENCE = 8


class Families:
    """The families of one run."""

    def __init__(self, settings: Settings, credit: int | None = None) -> None:
        self._settings = settings
        self._without_record = settings._replace(record=False)
        self._families: dict[tuple[Any, ...], Family] = {}
        self._watched: dict[str, WatchedControlPlane] = {}  # by revision
        self._credit = _CREDIT if credit is None else credit
        self._most_credit = max(self._credit, _MOST_CREDIT)
        # By revision and name, with their digests.
        self._namespaces: dict[tuple[str, str], tuple[Namespace, str]] = {}
        self.remembered = 0  # workloads of which the result is known

    def forget(self) -> None:
        """Forgets the workloads that no shape was proved of, with their objects."""
        families = self._families.items()
        self._families = {key: family for key, family in families if family.forget()}
        self._namespaces.clear()
        self.remembered = 0

    def add_first(self, decision: Decision, plane: PreparedControlPlane, injected: Object) -> None:
        """A workload that was injected plainly."""
        parts = split(decision.workload.object)
        if parts is not None:
            texts, holes = parts
            first = First(holes, injected, self._digest(decision, plane))
            self._families[self._key(decision, plane, texts)] = Family(first)

    def injected(self, decision: Decision, plane: PreparedControlPlane) -> Object | Twin:
        """As inject_once. Raises Failure, ApiError."""
        parts = split(decision.workload.object)
        if parts is None:
            return inject_once(decision, plane, self._settings)

        texts, holes = parts
        key = self._key(decision, plane, texts)
        family = self._families.get(key)
        if family is None:
            injected = inject_once(decision, plane, self._settings)
            self._families[key] = Family(First(holes, injected, self._digest(decision, plane)))
            self.remembered += 1
            return injected

        if family.alone:
            if not self._may_try(family.others):
                family.others += 1
                return inject_once(decision, plane, self._settings)
            family.pin(free_places(texts, holes, decision.workload.template))

        return self._of_family(family, texts, holes, decision, plane)

    def _of_family(
        self,
        family: Family,
        texts: Texts,
        holes: Holes,
        decision: Decision,
        plane: PreparedControlPlane,
    ) -> Object | Twin:
        """A workload that is not the first of its family."""
        first = family.member(holes)
        if isinstance(first, First):
            if self._may_try(first.others):
                self._prove(family, texts, holes, decision, plane)
            else:
                family.remember(holes, first._replace(others=first.others + 1))

        known = family.member(holes)
        if isinstance(known, Shape):
            twin = known.twin(holes, self._digest(decision, plane))
            # The steps are taken last: what is injected plainly after all takes its own.
            if twin is not None and plane.account_for(known.steps):
                self._credit = min(self._credit + 1, self._most_credit)
                return twin

        injected = inject_once(decision, plane, self._settings)
        if known is None:
            family.remember(holes, First(holes, injected, self._digest(decision, plane)))
            self.remembered += 1
        return injected

    def _key(
        self, decision: Decision, plane: PreparedControlPlane, texts: Texts
    ) -> tuple[Any, ...]:
        """What workloads of a family have in common. By content: several runs may share it."""
        workload, webhook = decision.workload, decision.webhook
        return (
            plane.mesh.revision,
            decision.namespace is None,
            webhook and (webhook.id, webhook.path),
            workload.template,
            "" if _states_namespace(workload) else workload.ref.namespace,
            _pull_policies(workload) if self._settings.defaults else (),
            texts,
        )

    def _digest(self, decision: Decision, plane: PreparedControlPlane) -> str:
        """The digest of a workload's Namespace, as its record has it."""
        namespace = decision.namespace
        if namespace is None:
            return ""

        key = plane.mesh.revision, namespace.name
        known, digest = self._namespaces.get(key, (None, ""))
        if known is not namespace:
            digest = record.namespace_digest(namespace, plane.mesh)
            self._namespaces[key] = namespace, digest
        return digest

    def _may_try(self, others: int) -> bool:
        """Whether to look for a shape; ``others``: how many alike were injected plainly so far."""
        return self._credit > 0 or others >= _PATIENCE

    # ---------------------------------------------------------------- finding a shape

    def _prove(
        self,
        family: Family,
        texts: Texts,
        holes: Holes,
        decision: Decision,
        plane: PreparedControlPlane,
    ) -> None:
        """Looks for the shape of these holes and those of the first workload that is known with
        them. The family knows the outcome afterwards, and which holes had to be pinned.
        """
        watched = self._watched.get(plane.mesh.revision)
        if watched is None:
            from krm_injector.reinjection.shapes.watch import WatchedControlPlane

            watched = self._watched[plane.mesh.revision] = WatchedControlPlane(plane)

        for _ in range(_TRIALS):
            first = family.member(holes)
            if not isinstance(first, First):
                return  # the scalars of a hole that is pinned now were not the first one's

            self._credit -= _COST
            trial = self._trial(family.places, texts, holes, decision, watched)
            if trial is None:
                break

            before, after = trial
            pins = watched.watch.pins | _compared(before, after)
            pins &= family.places.keys()
            if not pins:
                shape = self._proved(family.places, first, before, after, decision, watched)
                family.remember(holes, shape or UNPROVED)
                return

            places = family.places.items()
            family.pin({number: path for number, path in places if number not in pins})

        family.remember(holes, UNPROVED)

    def _trial(
        self,
        places: Mapping[int, Step],
        texts: Texts,
        holes: Holes,
        decision: Decision,
        watched: WatchedControlPlane,
    ) -> tuple[Object, Object] | None:
        """A workload with placeholders in its free holes before and after injection; None if that
        fails.
        """
        before = joined(texts, with_placeholders(holes, tuple(places)))
        workload = decision.workload
        ref = workload.ref._replace(name=at(before, ("metadata", "name")))
        if _states_namespace(workload):
            ref = ref._replace(namespace=at(before, ("metadata", "namespace")))
        decision = decision._replace(workload=workload._replace(object=before, ref=ref))
        watched.watch.begin()
        try:
            after = inject_once(decision, watched, self._without_record)
        except (Failure, ApiError, YamlError):
            return None
        return None if watched.watch.unprovable else (before, after)

    def _proved(
        self,
        places: Mapping[int, Step],
        first: First,
        before: Object,
        after: Object,
        decision: Decision,
        watched: WatchedControlPlane,
    ) -> Shape | None:
        """The shape, if it gives for the first workload what that one became."""
        if not _numbers_in(after) <= places.keys():
            return None  # the control plane writes something that looks like a placeholder

        free = tuple(places)
        positions = {number: index for index, number in enumerate(free)}
        digests = None
        if self._settings.record and record.can_carry_record(decision.workload):
            from krm_injector.reinjection.record import alike

            recorded = alike.attached(
                before, after, watched.mesh, decision.namespace, decision.workload
            )
            if recorded is None:
                return None

            after, lines = recorded
            for number in (alike.DIGEST, alike.UNITS, alike.NAMESPACE):
                positions[number] = len(positions)
            digests = alike.Digests(lines, positions)

        watch = watched.watch
        limits = tuple((positions[number], limit) for number, limit in watch.limits.items())
        shape = Shape(Alike(before, after, positions), free, limits, digests, tuple(watch.steps))
        twin = shape.twin(first.holes, first.namespace)
        if twin is None or twin.json() != to_json(first.injected):
            return None
        return shape


def _pull_policies(workload: Workload) -> tuple[str, ...]:
    """What the API server makes of the holes of a pod: the imagePullPolicy of each image."""
    from krm_injector.kube import defaults  # late: only spec.cluster.defaults needs it

    spec = at(workload.object, (*workload.template, "spec"))
    containers = [c for field in CONTAINER_FIELDS for c in at(spec, (field,)) or []]
    return tuple([defaults.pull_policy(container.get("image")) for container in containers])


def _states_namespace(workload: Workload) -> bool:
    """Whether the Namespace of a workload is the one that its object names."""
    return bool(at(workload.object, ("metadata", "namespace")) == workload.ref.namespace)


def _compared(before: Any, after: Any) -> set[int]:
    """The numbers of the holes in what was changed or taken out, and in what came in its place.

    Whether something was changed is told by comparison, which other scalars could decide otherwise.
    What is only new cannot be equal to anything.
    """
    if before is after:
        return set()
    if isinstance(before, dict) and isinstance(after, dict):
        return _compared_children(before, after)
    if isinstance(before, list) and isinstance(after, list):
        old_names, new_names = names(before), names(after)
        if old_names is not None and new_names is not None:
            old = dict(zip(old_names, before, strict=True))
            return _compared_children(old, dict(zip(new_names, after, strict=True)))

    if before.__class__ is after.__class__ and before == after:
        return set()
    return _numbers_in(before) | _numbers_in(after)


def _compared_children(before: dict[str, Any], after: dict[str, Any]) -> set[int]:
    numbers: set[int] = set()
    for name, value in before.items():
        numbers |= _compared(value, after[name]) if name in after else _numbers_in(value)
    return numbers


def _numbers_in(value: Any) -> set[int]:
    matches = PLACEHOLDER.finditer(to_json(value))
    return {int(match[1] or match[2]) for match in matches}
