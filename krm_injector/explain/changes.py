"""What would turn a verdict: the smallest edits, each tried by deciding again before it is told.

Told for verdicts that rest on a default (nothing the pod itself says), and for workloads left out although something
suggests that they were meant in: what they ask for in vain, their app, their Namespace's other workloads.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from krm_injector.decide import Judge, manual_metadata
from krm_injector.explain.places import field
from krm_injector.findings import in_ambient
from krm_injector.function_config import Settings
from krm_injector.kube.workloads import at
from krm_injector.model import Decision, Mesh, Namespace, Object, Reason, ResourceRef, Workload
from krm_injector.owner import pod_labels, string_map
from krm_injector.pod_rules import INJECT

INJECTION = "istio-injection"
REVISION = "istio.io/rev"
_APPS = (
    "app.kubernetes.io/part-of",
    "app.kubernetes.io/instance",
    "app.kubernetes.io/name",
    "app",
    "k8s-app",
)
_OWN_WORD = (Reason.LABEL, Reason.ANNOTATION, Reason.HOST_NETWORK, Reason.IGNORED_NAMESPACE)
_UNKNOWN = (Reason.NAMESPACE_UNKNOWN, Reason.POD_LABEL_UNKNOWN)


class Edit(NamedTuple):
    """One field set to a value, or taken out (None)."""

    on: str  # "workload" | "namespace" | "mesh"
    path: tuple[str, ...]  # from the object; for the mesh: from the injection configuration
    value: Any


class Changes:
    """Answers for the decisions of one run."""

    def __init__(
        self, decisions: Sequence[Decision], meshes: Sequence[Mesh], settings: Settings, doubts_only: bool = False
    ) -> None:
        self._meshes, self._settings, self._doubts_only = tuple(meshes), settings, doubts_only
        self._namespaces = {d.namespace.name: d.namespace for d in decisions if d.namespace is not None}
        self._judge = Judge(self._namespaces, self._meshes, settings)
        self._members: dict[str, list[Decision]] = {}
        self._apps: dict[tuple[str, str], Decision] = {}
        for decision in decisions:
            self._members.setdefault(decision.workload.ref.namespace, []).append(decision)
            for app in _apps(decision.workload) if decision.injected else ():
                self._apps.setdefault(app, decision)
        self._injected = {name: sum(d.injected for d in members) for name, members in self._members.items()}
        self._taken = _taken(decisions)
        self._taken_in = {name: _taken(members) for name, members in self._members.items()}
        self._doubts: dict[str, int] = {}
        self._wider: dict[tuple[str, Edit], tuple[Judge, int]] = {}  # Namespace, edit -> its judge, how many turn

    def of(self, decision: Decision, refused: bool = False) -> dict[str, Any]:
        """The keys that an entry gains: doubt (why the verdict may not be meant, or ""), default, changes.

        refused: errors keep the workload from what was decided; the way out of them is in their messages.
        """
        if refused and decision.injected:
            return {"doubt": "", "default": _by_default(decision), "changes": []}
        doubt = self._doubt(decision)
        default = _by_default(decision)
        wanted = doubt or (default and not self._doubts_only)
        return {"doubt": doubt, "default": default, "changes": self._changes(decision) if wanted else []}

    # ------------------------------------------------------------ doubt

    def _doubt(self, decision: Decision) -> str:
        if decision.injected or decision.reason in _UNKNOWN:
            return ""
        workload = decision.workload
        asked = _asked(workload)
        if asked:
            return asked
        if decision.reason == Reason.NEVER_INJECT_SELECTOR:
            return ""  # whoever wrote the selector meant these out
        if not _by_default(decision) or any(m.root_namespace == workload.ref.namespace for m in self._meshes):
            return ""
        if decision.reason == Reason.NO_WEBHOOK_MATCHES and decision.namespace is not None:
            asked = self._asked_by(decision.namespace)
            if asked:
                return asked
        if in_ambient(decision):
            return ""  # in the mesh without a sidecar, as asked for
        for key, value in _apps(workload):
            other = self._apps.get((key, value))
            if other is not None:
                return f"{other.workload.ref} of the same app ({key}: {value}) is injected"
        injected, count = self._injected[workload.ref.namespace], len(self._members[workload.ref.namespace])
        if injected * 2 >= count:
            return f"{injected} of the {count} workloads in its Namespace {'is' if injected == 1 else 'are'} injected"
        return ""

    def _asked_by(self, namespace: Namespace) -> str:
        """What the Namespace's labels ask for in vain."""
        if namespace.labels.get(INJECTION, "disabled") != "disabled":
            return f"its Namespace has {INJECTION}: {namespace.labels[INJECTION]}, which no webhook takes"
        revision = namespace.labels.get(REVISION)
        if revision is not None and revision not in self._revisions() and INJECTION not in namespace.labels:
            return f"its Namespace asks for revision {revision}, which no control plane here serves"
        return ""

    def _doubted(self, name: str) -> int:
        """How many workloads of a Namespace were perhaps meant in, where none is in."""
        if name not in self._doubts:
            count = 0 if self._injected[name] else sum(bool(self._doubt(member)) for member in self._members[name])
            self._doubts[name] = count
        return self._doubts[name]

    # ------------------------------------------------------------ changes

    def _changes(self, decision: Decision) -> list[dict[str, Any]]:
        """The smallest change of each scope that turns the verdict; the one to make first, first."""
        found = []
        for edits in self._for_workload(decision):
            after = self._judge.decide(_edited(decision.workload, edits))
            if _turned(decision, after):
                found.append(self._told(decision, "workload", edits, 1))
                break
        for scope, candidates in (("namespace", self._for_namespace(decision)), ("mesh", self._for_mesh(decision))):
            for edit in candidates:
                judge, count = self._judged(decision, edit)
                if _turned(decision, judge.decide(decision.workload)):
                    found.append(self._told(decision, scope, (edit,), count))
                    break
        if not decision.injected and self._doubted(decision.workload.ref.namespace) > 1:
            # Several of a Namespace that is out as a whole: one label on it is less than one on each of their pods.
            found.sort(key=lambda change: ("namespace", "workload", "mesh").index(change["scope"]))
        return found

    def _for_workload(self, decision: Decision) -> Iterator[tuple[Edit, ...]]:
        workload = decision.workload
        manual = self._settings.method == "manual"
        metadata = manual_metadata(workload) if manual else (*workload.template, "metadata")
        label = (*metadata, "labels", INJECT)
        wanted = "false" if decision.injected else "true"
        revision = (*metadata, "labels", REVISION)
        network: tuple[Edit, ...] = ()
        if not decision.injected and at(workload.object, (*workload.template, "spec", "hostNetwork")) is True:
            network = (Edit("workload", (*workload.template, "spec", "hostNetwork"), None),)
            yield network
        yield (*network, Edit("workload", label, wanted))
        yield (
            *network,
            Edit("workload", (*metadata, "annotations", INJECT), wanted),
        )  # until 1.11 the label is no word
        if not decision.injected:
            if at(workload.object, revision) is not None:
                yield (*network, Edit("workload", revision, None))
            for plane in self._revisions_for(decision):
                yield (*network, Edit("workload", revision, plane))
                yield (*network, Edit("workload", label, wanted), Edit("workload", revision, plane))

    def _for_namespace(self, decision: Decision) -> Iterator[Edit]:
        namespace = decision.namespace
        if decision.injected or namespace is None or namespace.source == "missing":
            return
        wishes = [(INJECTION, ["enabled"]), (REVISION, self._revisions_for(decision))]
        if REVISION in namespace.labels and INJECTION not in namespace.labels:
            wishes.reverse()  # who writes revisions gets one that is served
        for key, values in wishes:
            for value in values:
                if namespace.labels.get(key) != value:
                    yield Edit("namespace", ("metadata", "labels", key), value)
        for key in (INJECTION, REVISION):
            if key in namespace.labels:
                yield Edit("namespace", ("metadata", "labels", key), None)

    def _for_mesh(self, decision: Decision) -> Iterator[Edit]:
        mesh = decision.mesh
        if not decision.injected and mesh is not None and decision.reason in (Reason.POLICY, Reason.POLICY_ILLEGAL):
            yield Edit("mesh", ("policy",), "enabled")

    def _revisions(self) -> list[str]:
        return [mesh.revision for mesh in self._meshes if mesh.source != "missing"]

    def _revisions_for(self, decision: Decision) -> list[str]:
        """The control planes' revisions: first of the Namespace's other workloads, of the same app, then of most."""
        near = self._taken_in[decision.workload.ref.namespace]
        others = [self._apps[app] for app in _apps(decision.workload) if app in self._apps]
        app = {other.mesh.revision for other in others if other.mesh is not None}
        return sorted(self._revisions(), key=lambda name: (-near[name], name not in app, -self._taken[name]))

    def _judged(self, decision: Decision, edit: Edit) -> tuple[Judge, int]:
        """A judge after the edit, and how many workloads it turns."""
        name = decision.workload.ref.namespace
        known = self._wider.get((name, edit))
        if known is None:
            judge = self._edited_judge(decision, edit)
            members = self._members[name] if edit.on == "namespace" else [d for m in self._members.values() for d in m]
            count = sum(_turned(other, judge.decide(other.workload)) for other in members)
            known = self._wider[name, edit] = (judge, count)
        return known

    def _edited_judge(self, decision: Decision, edit: Edit) -> Judge:
        if edit.on == "namespace":
            namespace = decision.namespace
            assert namespace is not None
            return Judge(
                {**self._namespaces, namespace.name: _relabelled(namespace, edit)}, self._meshes, self._settings
            )
        meshes = [
            m._replace(config={**m.config, edit.path[0]: edit.value}) if m is decision.mesh else m for m in self._meshes
        ]
        return Judge(self._namespaces, meshes, self._settings)

    # ------------------------------------------------------------ words

    def _told(self, decision: Decision, scope: str, edits: tuple[Edit, ...], count: int) -> dict[str, Any]:
        verb = "leave out" if decision.injected else "inject"
        text = " and ".join(self._words(decision, edit) for edit in edits)
        if scope != "workload":
            text += f" ({verb}s {count} workload{'s' if count != 1 else ''})"
        return {
            "scope": scope,
            "text": text,
            "injected": not decision.injected,
            "affects": count,
            "edits": [self._edit(decision, edit) for edit in edits],
        }

    def _words(self, decision: Decision, edit: Edit) -> str:
        key = edit.path[-1]
        if edit.on == "mesh":
            return f"set policy: {edit.value} in the injection configuration of control plane {_revision(decision)}"
        if key == "hostNetwork":
            return f"take hostNetwork off the pod template of {decision.workload.ref}"
        namespace = decision.namespace
        whose = "the pod template" if edit.on == "workload" else f"Namespace {namespace.name if namespace else ''}"
        if edit.on == "namespace" and namespace is not None and namespace.source == "functionConfig":
            whose += " (spec.namespaces of the functionConfig)"
        if edit.value is None:
            return f"take the label {key} off {whose}"
        if "annotations" in edit.path:
            return f'annotate {whose} with {key}: "{edit.value}"'
        return f'label {whose} with {key}: "{edit.value}"'

    def _edit(self, decision: Decision, edit: Edit) -> dict[str, Any]:
        workload, namespace, mesh = decision.workload, decision.namespace, decision.mesh
        path: tuple[str, ...] = edit.path
        if edit.on == "workload":
            ref, current = workload.ref, at(workload.object, edit.path)
        elif edit.on == "namespace":
            assert namespace is not None
            ref, current = ResourceRef("v1", "Namespace", namespace.name), namespace.labels.get(edit.path[-1])
        else:
            assert mesh is not None
            name = "istio-sidecar-injector" + ("" if mesh.revision == "default" else f"-{mesh.revision}")
            ref, current = ResourceRef("v1", "ConfigMap", name), mesh.config.get(edit.path[0])
            path = ("data", "config", *edit.path)
        resource = {"apiVersion": ref.api_version, "kind": ref.kind, "name": ref.name, "namespace": ref.namespace}
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


def _turned(before: Decision, after: Decision) -> bool:
    """Whether the verdict is the other one now, and nothing refuses it."""
    return after.injected != before.injected and not any(result.severity == "error" for result in after.results)


def _edited(workload: Workload, edits: Sequence[Edit]) -> Workload:
    value = workload.object
    for edit in edits:
        value = put(value, edit.path, edit.value)
    return workload._replace(object=value)


def put(value: Any, path: Sequence[str], leaf: Any) -> Object:
    """A copy of the object with a field set, or taken out where leaf is None."""
    changed: Object = dict(value) if isinstance(value, dict) else {}
    if len(path) > 1:
        changed[path[0]] = put(changed.get(path[0]), path[1:], leaf)
    elif leaf is None:
        changed.pop(path[0], None)
    else:
        changed[path[0]] = leaf
    return changed


def _relabelled(namespace: Namespace, edit: Edit) -> Namespace:
    labels = {**namespace.labels, edit.path[-1]: edit.value}
    return namespace._replace(labels={key: value for key, value in labels.items() if value is not None})


# ---------------------------------------------------------------- what a workload says itself


def _apps(workload: Workload) -> list[tuple[str, str]]:
    labels = pod_labels(workload)
    return [(key, labels[key]) for key in _APPS if labels.get(key)]


def _by_default(decision: Decision) -> bool:
    """Whether the pod itself says nothing: the verdict is that of selectors and the policy."""
    if decision.reason in _OWN_WORD or decision.reason in _UNKNOWN:
        return False
    return not pod_labels(decision.workload).get(INJECT)


def _asked(workload: Workload) -> str:
    """What a workload that is left out asks for in vain."""
    labels = pod_labels(workload)
    if labels.get(INJECT) == "true":
        return f'its pod asks for injection (label {INJECT}: "true")'
    if INJECT in labels:
        return ""
    if string_map(at(workload.object, (*workload.template, "metadata", "annotations"))).get(INJECT) == "true":
        return f'its pod asks for injection by the annotation {INJECT}: "true", which no webhook selects by'
    if workload.template:
        own = string_map(at(workload.object, ("metadata", "labels")))
        if own.get(INJECT) == "true":
            return f'it has the label {INJECT}: "true" itself; what counts are the labels of its pod template'
        labels = {**own, **labels}
    if labels.get(INJECTION) == "enabled":
        return f"it has the label {INJECTION}: enabled, which counts on Namespaces only"
    return ""
