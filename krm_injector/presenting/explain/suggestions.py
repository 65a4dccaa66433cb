"""What would turn a verdict: the smallest edits, each tried by deciding again before it is told.

Told for verdicts that rest on a default (nothing the pod itself says), and for workloads left out
although something suggests that they were meant in: what they ask for in vain, their app, their
Namespace's other workloads.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, NamedTuple

from krm_injector.decision.decide import Judge
from krm_injector.decision.label_warnings import in_ambient
from krm_injector.decision.suggestions import (
    Edit,
    Edits,
    Remedies,
    refused,
    turned,
)
from krm_injector.function_config import Settings
from krm_injector.istio_names import INJECT, INJECTION_LABEL, REVISION_LABEL
from krm_injector.kube.paths import Step, at
from krm_injector.model import Decision, Mesh, Namespace, Reason, ResourceRef, Workload
from krm_injector.presenting.explain.locations import field
from krm_injector.presenting.explain.same_app import Apps
from krm_injector.results import counted
from krm_injector.workload.controller import pod_labels, string_map

_OWN_WORD = (Reason.LABEL, Reason.ANNOTATION, Reason.HOST_NETWORK, Reason.IGNORED_NAMESPACE)
_COMPARED = 20  # edits of one size that are asked for what else they do
_UNKNOWN = (Reason.NAMESPACE_UNKNOWN, Reason.POD_LABEL_UNKNOWN)


class _Effect(NamedTuple):
    """What an edit of a Namespace or a mesh does to the workloads."""

    injects: int
    leaves_out: int
    moves: tuple[
        tuple[str, int], ...
    ]  # injected before and after: to which control plane, how many
    refuses: int

    @property
    def harmless(self) -> bool:
        """Whether nothing but one verdict is turned."""
        return not (self.moves or self.refuses or (self.injects and self.leaves_out))


class Changes:
    """Answers for the decisions of one run."""

    def __init__(
        self,
        decisions: Sequence[Decision],
        meshes: Sequence[Mesh],
        settings: Settings,
        doubts_only: bool = False,
    ) -> None:
        self._meshes, self._settings, self._doubts_only = tuple(meshes), settings, doubts_only
        self._namespaces = {
            d.namespace.name: d.namespace for d in decisions if d.namespace is not None
        }
        self._judge = Judge(self._namespaces, self._meshes, settings)
        self._remedies = Remedies(self._judge, self._meshes, settings)
        self._members: dict[str, list[Decision]] = {}
        for decision in decisions:
            self._members.setdefault(decision.workload.ref.namespace, []).append(decision)

        self._apps = Apps(decisions)
        self._injected = {
            name: sum(d.injected and not refused(d) for d in members)
            for name, members in self._members.items()
        }
        self._taken = _taken(decisions)
        self._taken_in = {name: _taken(members) for name, members in self._members.items()}
        self._doubts: dict[str, int] = {}
        self._effects: dict[tuple[str, Edits], _Effect] = {}
        self._policies: dict[int, Judge] = {}  # judges with a mesh's policy enabled

    def of(self, decision: Decision, refused: bool = False) -> dict[str, Any]:
        """The keys that an entry gains: doubt (why the verdict may not be meant, or ""), default,
        changes.

        refused: errors keep the workload from what was decided; the way out of them is in their
        messages.
        """
        default = _by_default(decision)
        if refused:
            return {"doubt": "", "default": default, "changes": [], "noChange": ""}

        doubt = self._doubt(decision)
        wanted = doubt or (default and not self._doubts_only)
        changes = self._changes(decision) if wanted else []
        vain = self._in_vain(decision) if doubt and not changes else ""
        return {"doubt": doubt, "default": default, "changes": changes, "noChange": vain}

    # ------------------------------------------------------------ doubt

    def _doubt(self, decision: Decision) -> str:
        if decision.injected or decision.reason in (*_UNKNOWN, Reason.ALREADY_INJECTED):
            return ""

        workload = decision.workload
        asked = self._asked(workload)
        if asked:
            return asked
        if decision.reason == Reason.NEVER_INJECT_SELECTOR:
            return ""  # whoever wrote the selector meant these out
        if not _by_default(decision) or any(
            m.root_namespace == workload.ref.namespace for m in self._meshes
        ):
            return ""

        if decision.reason == Reason.NO_WEBHOOK_MATCHES and decision.namespace is not None:
            asked = self._asked_by(decision.namespace)
            if asked:
                return asked

        if in_ambient(decision):
            return ""  # in the mesh without a sidecar, as asked for

        other = self._apps.injected_with(workload)
        if other:
            return other

        injected, count = (
            self._injected[workload.ref.namespace],
            len(self._members[workload.ref.namespace]),
        )
        if injected * 2 >= count:
            of = f"{injected:,} of the {counted(count, 'workload')} in its Namespace"
            return f"{of} {'is' if injected == 1 else 'are'} injected"

        return ""

    def _asked(self, workload: Workload) -> str:
        """What a workload that is left out asks for in vain."""
        labels = pod_labels(workload)
        if labels.get(INJECT) == "true":
            return f'its pod asks for injection (label {INJECT}: "true")'
        if INJECT in labels:
            return ""

        if (
            string_map(at(workload.object, (*workload.template, "metadata", "annotations"))).get(
                INJECT
            )
            == "true"
        ):
            return f'its pod asks for injection by the annotation {INJECT}: "true", which no webhook selects by'

        if workload.template:
            own = string_map(at(workload.object, ("metadata", "labels")))
            if own.get(INJECT) == "true":
                return f'it has the label {INJECT}: "true" itself; what counts are the labels of its pod template'
            labels = {**own, **labels}

        if (
            labels.get(INJECTION_LABEL) == "enabled"
            and INJECTION_LABEL not in self._judge.selector_values().pod
        ):
            return f"it has the label {INJECTION_LABEL}: enabled, which counts on Namespaces only"

        return ""

    def _asked_by(self, namespace: Namespace) -> str:
        """What the Namespace's labels ask for in vain."""
        value, revision = (
            namespace.labels.get(INJECTION_LABEL, "disabled"),
            namespace.labels.get(REVISION_LABEL),
        )
        if value != "disabled":
            taken = self._judge.takes(INJECTION_LABEL, value)
            return f"its Namespace has {INJECTION_LABEL}: {value}{'' if taken else ', which no webhook takes'}"

        if revision is not None and INJECTION_LABEL not in namespace.labels:
            served = self._judge.takes(REVISION_LABEL, revision) or revision in self._revisions()
            in_vain = "" if served else ", which no control plane here serves"
            return f"its Namespace asks for revision {revision}{in_vain}"

        return ""

    def _doubted(self, name: str) -> int:
        """How many workloads of a Namespace were perhaps meant in, where none is in."""
        if name not in self._doubts:
            count = (
                0
                if self._injected[name]
                else sum(bool(self._doubt(member)) for member in self._members[name])
            )
            self._doubts[name] = count

        return self._doubts[name]

    # ------------------------------------------------------------ changes

    def _changes(self, decision: Decision) -> list[dict[str, Any]]:
        """The smallest change of each scope that turns the verdict; the one to make first, first."""
        if not decision.injected and self._remedies.hopeless(decision):
            return list(self._of_mesh(decision))

        found = []

        def revisions() -> list[str]:
            return self._revisions_for(decision)

        for edits in islice(self._remedies.of_workload(decision, revisions), 1):
            found.append(self._told(decision, "workload", edits, None))

        if not decision.injected:
            wide = self._least_harm(decision, self._remedies.of_namespace(decision, revisions))
            found += (
                [self._told(decision, "namespace", wide, self._effect(decision, wide))]
                if wide
                else []
            )
            found += self._of_mesh(decision)
            if not found:
                both = self._least_harm(decision, self._remedies.of_both(decision, revisions))
                found += (
                    [self._told(decision, "both", both, self._effect(decision, both))]
                    if both
                    else []
                )

        if not decision.injected and self._doubted(decision.workload.ref.namespace) > 1:
            # Several of a Namespace that is out as a whole: one label on it is less than one on
            # each of their pods.
            found.sort(
                key=lambda change: ("namespace", "workload", "mesh", "both").index(change["scope"])
            )

        return found

    def _least_harm(self, decision: Decision, found: Iterator[Edits]) -> Edits:
        """Of the smallest edits the first that leaves the Namespace's other workloads as they are,
        else the first.
        """
        first: Edits = ()
        for edits in islice(found, _COMPARED):
            if first and len(edits) > len(first):
                break
            if self._effect(decision, edits).harmless:
                return edits
            first = first or edits

        return first

    def _of_mesh(self, decision: Decision) -> Iterator[dict[str, Any]]:
        mesh = decision.mesh
        if (
            decision.injected
            or mesh is None
            or decision.reason not in (Reason.POLICY, Reason.POLICY_ILLEGAL)
        ):
            return

        edits = (Edit("mesh", ("policy",), "enabled"),)
        if turned(decision, self._with_policy(mesh).decide(decision.workload)):
            yield self._told(decision, "mesh", edits, self._effect(decision, edits))

    def _in_vain(self, decision: Decision) -> str:
        """Why there is no change to tell of."""
        workload, plain = decision.workload, self._remedies.hopeless(decision)
        if plain:
            return f"no label takes it in: {plain}"

        missing = decision.namespace is None or decision.namespace.source == "missing"
        vain = self._remedies.vain(decision, "workload" if missing else "both")
        whose = "its pod" if missing else "its pod and its Namespace"
        sentence = f"no labels of {whose} take it in (all {vain.all:,} combinations that selectors tell apart tried)"
        if not vain.whole:
            sentence = f"none of {vain.tried:,} combinations of labels of {whose} takes it in, of {vain.all:,} in all"
        if vain.spared:
            sentence += f" (those that its controller sets or selects it by are left: {', '.join(vain.spared)})"
        if missing and workload.ref.namespace:
            sentence += (
                f"; Namespace {workload.ref.namespace} is not in the bundle, and its labels may"
            )

        return sentence

    def _revisions(self) -> list[str]:
        return [mesh.revision for mesh in self._meshes if mesh.source != "missing"]

    def _revisions_for(self, decision: Decision) -> list[str]:
        """The control planes' revisions: first of the Namespace's other workloads, of the same app,
        then of most.
        """
        revisions = self._revisions()
        if len(revisions) < 2:
            return revisions

        near = self._taken_in[decision.workload.ref.namespace]
        app = self._apps.revisions_with(decision.workload)
        return sorted(
            revisions, key=lambda name: (-near[name], name not in app, -self._taken[name])
        )

    def _effect(self, decision: Decision, edits: Edits) -> _Effect:
        """What edits of more than one pod do to all workloads that they reach."""
        own = tuple(edit for edit in edits if edit.on == "workload")
        key = (decision.workload.ref.namespace, edits)
        if not own and key in self._effects:
            return self._effects[key]

        if edits[0].on == "mesh":
            assert decision.mesh is not None
            judge = self._with_policy(decision.mesh)
            pairs = [
                (d, judge.decide(d.workload)) for members in self._members.values() for d in members
            ]
        else:
            wide = tuple(edit for edit in edits if edit.on == "namespace")
            members = self._members[decision.workload.ref.namespace]
            pairs = [
                (d, self._remedies.after(d, edits if d is decision else wide)) for d in members
            ]

        effect = _effect([(before, after) for before, after in pairs if not refused(before)])
        if not own:
            self._effects[key] = effect

        return effect

    def _with_policy(self, mesh: Mesh) -> Judge:
        """A judge after the mesh's policy is enabled."""
        judge = self._policies.get(id(mesh))
        if judge is None:
            enabled = mesh._replace(config={**mesh.config, "policy": "enabled"})
            meshes = [enabled if each is mesh else each for each in self._meshes]
            judge = self._policies[id(mesh)] = Judge(self._namespaces, meshes, self._settings)
        return judge

    # ------------------------------------------------------------ words

    def _told(
        self, decision: Decision, scope: str, edits: Edits, effect: _Effect | None
    ) -> dict[str, Any]:
        text = " and ".join(
            self._words(decision, edit, edits[:index]) for index, edit in enumerate(edits)
        )
        if effect is not None:
            text += f" ({_effect_in_words(effect)})"

        return {
            "scope": scope,
            "text": text,
            "injected": not decision.injected,
            "affects": effect.injects + effect.leaves_out if effect else 1,
            "edits": [self._edit(decision, edit) for edit in edits],
        }

    def _words(self, decision: Decision, edit: Edit, before: Edits) -> str:
        """An edit as what to do. before: what the sentence said already."""
        key = edit.path[-1]
        if edit.on == "mesh":
            return f"set policy: {edit.value} in the injection configuration of control plane {_revision(decision)}"
        if key == "hostNetwork":
            return f"take hostNetwork off the pod template of {decision.workload.ref}"

        whose = "it" if any(each.on == edit.on and each.path[-1] != "hostNetwork" for each in before) else (
            self._whose(decision, edit))  # fmt: skip
        kind = "annotation" if "annotations" in edit.path else "label"
        if edit.value is None:
            return f"take the {kind} {key} off {whose}"

        return (
            f'{"annotate" if kind == "annotation" else "label"} {whose} with {key}: "{edit.value}"'
        )

    def _whose(self, decision: Decision, edit: Edit) -> str:
        namespace = decision.namespace
        if edit.on == "workload" or namespace is None:
            return "the pod template"

        stub = (
            " (spec.namespaces of the functionConfig)"
            if namespace.source == "functionConfig"
            else ""
        )
        return f"Namespace {namespace.name}{stub}"

    def _edit(self, decision: Decision, edit: Edit) -> dict[str, Any]:
        workload, namespace, mesh = decision.workload, decision.namespace, decision.mesh
        path: Step = edit.path
        if edit.on == "workload":
            ref, current = workload.ref, at(workload.object, edit.path)
        elif edit.on == "namespace":
            assert namespace is not None
            ref, current = (
                ResourceRef("v1", "Namespace", namespace.name),
                namespace.labels.get(str(edit.path[-1])),
            )
        else:
            assert mesh is not None
            name = "istio-sidecar-injector" + (
                "" if mesh.revision == "default" else f"-{mesh.revision}"
            )
            ref, current = ResourceRef("v1", "ConfigMap", name), mesh.config.get(str(edit.path[0]))
            path = ("data", "config", *edit.path)

        resource = {
            "apiVersion": ref.api_version,
            "kind": ref.kind,
            "name": ref.name,
            "namespace": ref.namespace,
        }
        return {
            "resource": {key: value for key, value in resource.items() if value},
            "field": field(path),
            "path": list(path),
            "currentValue": current,
            "proposedValue": edit.value,
        }


def _taken(decisions: Sequence[Decision]) -> Counter[str]:
    """How many of the workloads each control plane injects, by revision."""
    return Counter(d.mesh.revision for d in decisions if d.injected and d.mesh is not None)


def _revision(decision: Decision) -> str:
    return decision.mesh.revision if decision.mesh else "default"


def _effect(pairs: Sequence[tuple[Decision, Decision]]) -> _Effect:
    """What changed between each workload's decisions."""
    fine = [(before, after) for before, after in pairs if not refused(after)]
    moved = Counter(
        _revision(after)
        for before, after in fine
        if before.injected and after.injected and _revision(before) != _revision(after)
    )
    return _Effect(
        sum(after.injected and not before.injected for before, after in fine),
        sum(before.injected and not after.injected for before, after in fine),
        tuple(moved.items()),
        len(pairs) - len(fine),
    )


def _effect_in_words(effect: _Effect) -> str:
    """ "injects 2 workloads, leaves out 1"."""
    counts = [("injects", effect.injects, ""), ("leaves out", effect.leaves_out, "")]
    counts += [
        ("moves", count, f" to control plane {revision}") for revision, count in effect.moves
    ]
    counts += [("lets an error refuse", effect.refuses, "")]
    told = [(verb, count, more) for verb, count, more in counts if count]
    texts = [
        f"{verb} {count:,}{'' if index else ' workload' if count == 1 else ' workloads'}{more}"
        for index, (verb, count, more) in enumerate(told)
    ]
    return ", ".join(texts)


# ---------------------------------------------------------------- what a workload says itself


def _by_default(decision: Decision) -> bool:
    """Whether the pod itself says nothing: the verdict is that of selectors and the policy."""
    if decision.reason in _OWN_WORD or decision.reason in _UNKNOWN:
        return False
    workload = decision.workload
    annotations = string_map(at(workload.object, (*workload.template, "metadata", "annotations")))
    return not (pod_labels(workload).get(INJECT) or annotations.get(INJECT))
