"""What would turn a verdict: the smallest edits, each tried by deciding again.

They are made for verdicts that rest on a default (nothing the pod itself says), and for workloads
that are left out although something suggests that they were meant in (doubt.py).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice

from krm_injector.decision.decide import Decider
from krm_injector.decision.suggestions import Edits, EditSearch, SuggestedEdit, refused, turned
from krm_injector.function_config import Settings
from krm_injector.model import Decision, Mesh, Reason
from krm_injector.presenting.explain.doubt import Doubts, by_default
from krm_injector.presenting.explain.same_app import InjectedApps
from krm_injector.presenting.explain.wording import (
    Effect,
    no_suggestion,
    revision_of,
    suggestion,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_MOST_COMPARED = 20  # edits of the smallest size whose effect on other workloads is computed
_WIDEST_FIRST = ("namespace", "workload", "mesh", "both")


class Suggestions:
    """The suggestions for the decisions of one run."""

    def __init__(
        self,
        decisions: Sequence[Decision],
        meshes: Sequence[Mesh],
        settings: Settings,
        doubts_only: bool = False,
    ) -> None:
        """doubts_only: no suggestions for verdicts that nobody doubts."""
        self._meshes, self._settings, self._doubts_only = tuple(meshes), settings, doubts_only
        namespaces = [one.namespace for one in decisions if one.namespace is not None]
        self._namespaces = {namespace.name: namespace for namespace in namespaces}

        self._members: dict[str, list[Decision]] = {}
        for decision in decisions:
            self._members.setdefault(decision.workload.ref.namespace, []).append(decision)

        judge = Decider(self._namespaces, self._meshes, settings)
        self._remedies = EditSearch(judge, self._meshes, settings)
        self._apps = InjectedApps(decisions)
        self._doubts = Doubts(self._members, self._meshes, judge, self._apps)

        self._injected_by = _by_revision(decisions)
        self._injected_by_in = {
            name: _by_revision(members) for name, members in self._members.items()
        }
        self._effects: dict[tuple[str, Edits], Effect] = {}
        self._judges: dict[
            int, Decider
        ] = {}  # id() of a mesh -> the judge once its policy is enabled

    def keys_of(self, decision: Decision, has_errors: bool = False) -> dict[str, Any]:
        """The keys that an entry gains: doubt, default, changes, noChange.

        has_errors: errors refuse the workload; their messages say how to go on.
        """
        default = by_default(decision)
        if has_errors:
            return {"doubt": "", "default": default, "changes": [], "noChange": ""}

        doubt = self._doubts.about(decision)
        changes: list[dict[str, Any]] = []
        if doubt or (default and not self._doubts_only):
            changes = self._changes(decision)

        no_change = self._no_change(decision) if doubt and not changes else ""
        return {"doubt": doubt, "default": default, "changes": changes, "noChange": no_change}

    # ------------------------------------------------------------ the search

    def _changes(self, decision: Decision) -> list[dict[str, Any]]:
        """The smallest change of each scope that turns the verdict; the best one comes first."""
        if not decision.injected and self._remedies.hopeless(decision):
            return list(self._mesh_changes(decision))

        def revisions() -> list[str]:
            return self._revisions_for(decision)

        smallest = next(self._remedies.of_workload(decision, revisions), None)
        changes = []
        if smallest is not None:
            changes.append(suggestion(decision, "workload", smallest, None))
        if decision.injected:
            return changes

        of_namespace = self._remedies.of_namespace(decision, revisions)
        changes += self._wide_changes(decision, "namespace", of_namespace)
        changes += self._mesh_changes(decision)
        if not changes:
            of_both = self._remedies.of_both(decision, revisions)
            changes += self._wide_changes(decision, "both", of_both)

        if self._doubts.count_in(decision.workload.ref.namespace) > 1:
            # The Namespace as a whole is out, and several of its workloads were perhaps meant in:
            # one label on the Namespace is less work than one on each pod.
            changes.sort(key=lambda change: _WIDEST_FIRST.index(change["scope"]))

        return changes

    def _wide_changes(
        self, decision: Decision, scope: str, candidates: Iterator[Edits]
    ) -> Iterator[dict[str, Any]]:
        """The candidate that does least to other workloads, as a change; nothing without one."""
        edits = self._least_harmful(decision, candidates)
        if edits:
            yield suggestion(decision, scope, edits, self._effect(decision, edits))

    def _least_harmful(self, decision: Decision, candidates: Iterator[Edits]) -> Edits:
        """Of the smallest edits the first that leaves the Namespace's other workloads as they are,
        else the first.
        """
        first: Edits = ()
        for edits in islice(candidates, _MOST_COMPARED):
            if first and len(edits) > len(first):
                break
            if self._effect(decision, edits).harmless:
                return edits
            first = first or edits

        return first

    def _mesh_changes(self, decision: Decision) -> Iterator[dict[str, Any]]:
        """Enabling the policy of the control plane, where that turns the verdict."""
        mesh = decision.mesh
        if decision.injected or mesh is None:
            return
        if decision.reason not in (Reason.POLICY, Reason.POLICY_ILLEGAL):
            return

        edits = (SuggestedEdit("mesh", ("policy",), "enabled"),)
        if turned(decision, self._judge_with_policy(mesh).decide(decision.workload)):
            yield suggestion(decision, "mesh", edits, self._effect(decision, edits))

    def _no_change(self, decision: Decision) -> str:
        """Why there is nothing to suggest."""
        hopeless = self._remedies.hopeless(decision)
        if hopeless:
            return f"no label takes it in: {hopeless}"

        namespace = decision.namespace
        both = namespace is not None and namespace.source != "missing"
        search = self._remedies.vain(decision, "both" if both else "workload")
        return no_suggestion(decision, search, both)

    def _revisions_for(self, decision: Decision) -> list[str]:
        """The control planes' revisions, the likeliest first: of most workloads of the Namespace,
        of the same app, of most workloads.
        """
        revisions = [mesh.revision for mesh in self._meshes if mesh.source != "missing"]
        if len(revisions) < 2:
            return revisions

        in_namespace = self._injected_by_in[decision.workload.ref.namespace]
        of_app = self._apps.revisions_of_relatives(decision.workload)

        def unlikeliness(revision: str) -> tuple[int, bool, int]:
            return -in_namespace[revision], revision not in of_app, -self._injected_by[revision]

        return sorted(revisions, key=unlikeliness)

    # ------------------------------------------------------------ effects on other workloads

    def _effect(self, decision: Decision, edits: Edits) -> Effect:
        """What edits of a Namespace, a mesh, or of both a Namespace and a pod do to all workloads
        that they reach.
        """
        if any(edit.on == "workload" for edit in edits):
            return _effect_on(self._before_and_after(decision, edits))

        key = (decision.workload.ref.namespace, edits)
        if key not in self._effects:
            self._effects[key] = _effect_on(self._before_and_after(decision, edits))
        return self._effects[key]

    def _before_and_after(
        self, decision: Decision, edits: Edits
    ) -> Iterator[tuple[Decision, Decision]]:
        """Each decision that the edits reach, and the same after them."""
        if edits[0].on == "mesh":
            assert decision.mesh is not None
            judge = self._judge_with_policy(decision.mesh)
            for members in self._members.values():
                for member in members:
                    yield member, judge.decide(member.workload)

            return

        of_namespace = tuple(edit for edit in edits if edit.on == "namespace")
        for member in self._members[decision.workload.ref.namespace]:
            yield (
                member,
                self._remedies.after(member, edits if member is decision else of_namespace),
            )

    def _judge_with_policy(self, mesh: Mesh) -> Decider:
        """The judge once the mesh's policy is enabled."""
        judge = self._judges.get(id(mesh))
        if judge is None:
            enabled = mesh._replace(config={**mesh.config, "policy": "enabled"})
            meshes = [enabled if each is mesh else each for each in self._meshes]
            judge = self._judges[id(mesh)] = Decider(self._namespaces, meshes, self._settings)
        return judge


def _by_revision(decisions: Sequence[Decision]) -> Counter[str]:
    """How many workloads each control plane injects, by revision."""
    meshes = [decision.mesh for decision in decisions if decision.injected]
    return Counter(mesh.revision for mesh in meshes if mesh is not None)


def _effect_on(changes: Iterator[tuple[Decision, Decision]]) -> Effect:
    """The difference between decisions before and after. Those refused before do not count."""
    pairs = [(before, after) for before, after in changes if not refused(before)]
    decided = [(before, after) for before, after in pairs if not refused(after)]
    injects = sum(after.injected and not before.injected for before, after in decided)
    leaves_out = sum(before.injected and not after.injected for before, after in decided)

    moves: Counter[str] = Counter()
    for before, after in decided:
        revision = revision_of(after)
        if before.injected and after.injected and revision_of(before) != revision:
            moves[revision] += 1

    return Effect(injects, leaves_out, tuple(moves.items()), len(pairs) - len(decided))
