"""Why a workload that is left out was perhaps meant to be injected.

It asks for injection in vain, or its Namespace does, or what belongs with it is injected.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from krm_injector.decision.decide import Decider
from krm_injector.decision.label_warnings import in_ambient
from krm_injector.decision.suggestions import refused
from krm_injector.istio_names import INJECT, INJECTION_LABEL, REVISION_LABEL
from krm_injector.kube.metadata import string_map
from krm_injector.kube.paths import at
from krm_injector.model import Decision, Mesh, Namespace, Reason, Workload
from krm_injector.presenting.explain.same_app import InjectedApps
from krm_injector.results import counted
from krm_injector.workload.controller import pod_labels

UNKNOWN = (Reason.NAMESPACE_UNKNOWN, Reason.POD_LABEL_UNKNOWN)  # no verdict was reached
_BY_THE_POD = (
    Reason.LABEL,
    Reason.ANNOTATION,
    Reason.HOST_NETWORK,
    Reason.IGNORED_NAMESPACE,
)


def by_default(decision: Decision) -> bool:
    """Whether the pod itself says nothing: selectors and the policy reached the verdict."""
    if decision.reason in _BY_THE_POD or decision.reason in UNKNOWN:
        return False

    workload = decision.workload
    return not (pod_labels(workload).get(INJECT) or _pod_annotations(workload).get(INJECT))


def _pod_annotations(workload: Workload) -> Mapping[str, str]:
    path = (*workload.template, "metadata", "annotations")
    return string_map(at(workload.object, path))


class Doubts:
    """The doubts about the decisions of one run.

    members: the decisions about the workloads of each Namespace.
    """

    def __init__(
        self,
        members: Mapping[str, Sequence[Decision]],
        meshes: Sequence[Mesh],
        judge: Decider,
        apps: InjectedApps,
    ) -> None:
        self._members, self._meshes = members, meshes
        self._judge, self._apps = judge, apps
        self._injected: dict[str, int] = {}  # Namespace -> how many of its workloads are injected
        for name, decisions in members.items():
            injected = [one for one in decisions if one.injected and not refused(one)]
            self._injected[name] = len(injected)

        self._counts: dict[str, int] = {}

    def about(self, decision: Decision) -> str:
        """Why the workload was perhaps meant in, as a sentence; "" if nothing suggests it."""
        if decision.injected or decision.reason in (*UNKNOWN, Reason.ALREADY_INJECTED):
            return ""

        workload = decision.workload
        request = self._request_of_pod(workload)
        if request:
            return request

        if decision.reason == Reason.NEVER_INJECT_SELECTOR:
            return ""  # who wrote the selector meant these out
        if not by_default(decision) or self._beside_control_plane(workload):
            return ""

        if decision.reason == Reason.NO_WEBHOOK_MATCHES and decision.namespace is not None:
            request = self._request_of_namespace(decision.namespace)
            if request:
                return request

        if in_ambient(decision):
            return ""  # in the mesh without a sidecar, as it asks

        return self._apps.relative_of(workload) or self._neighbours(workload.ref.namespace)

    def count_in(self, namespace: str) -> int:
        """How many workloads of a Namespace were perhaps meant in; 0 if one is injected."""
        if namespace not in self._counts:
            count = 0
            if not self._injected[namespace]:
                count = sum(bool(self.about(member)) for member in self._members[namespace])
            self._counts[namespace] = count

        return self._counts[namespace]

    def _beside_control_plane(self, workload: Workload) -> bool:
        return any(mesh.root_namespace == workload.ref.namespace for mesh in self._meshes)

    def _neighbours(self, namespace: str) -> str:
        """How many workloads of the Namespace are injected, where that is half of them or more."""
        injected, count = self._injected[namespace], len(self._members[namespace])
        if injected * 2 < count:
            return ""

        verb = "is" if injected == 1 else "are"
        return f"{injected:,} of the {counted(count, 'workload')} in its Namespace {verb} injected"

    def _request_of_pod(self, workload: Workload) -> str:
        """What the workload asks for in vain, as a sentence."""
        labels = pod_labels(workload)
        if labels.get(INJECT) == "true":
            return f'its pod asks for injection (label {INJECT}: "true")'
        if INJECT in labels:
            return ""

        if _pod_annotations(workload).get(INJECT) == "true":
            return (
                f'its pod asks for injection by the annotation {INJECT}: "true", which no webhook '
                "selects by"
            )

        if workload.template:
            object_labels = string_map(at(workload.object, ("metadata", "labels")))
            if object_labels.get(INJECT) == "true":
                return (
                    f'it has the label {INJECT}: "true" itself; what counts are the labels of its '
                    "pod template"
                )
            labels = {**object_labels, **labels}

        if labels.get(INJECTION_LABEL) != "enabled":
            return ""
        if INJECTION_LABEL in self._judge.selector_values().pod:
            return ""
        return f"it has the label {INJECTION_LABEL}: enabled, which counts on Namespaces only"

    def _request_of_namespace(self, namespace: Namespace) -> str:
        """What the Namespace's labels ask for in vain, as a sentence."""
        value = namespace.labels.get(INJECTION_LABEL, "disabled")
        if value != "disabled":
            accepted = self._judge.takes(INJECTION_LABEL, value)
            remark = "" if accepted else ", which no webhook takes"
            return f"its Namespace has {INJECTION_LABEL}: {value}{remark}"

        revision = namespace.labels.get(REVISION_LABEL)
        if revision is not None and INJECTION_LABEL not in namespace.labels:
            served = self._judge.takes(REVISION_LABEL, revision) or self._serves(revision)
            remark = "" if served else ", which no control plane here serves"
            return f"its Namespace asks for revision {revision}{remark}"

        return ""

    def _serves(self, revision: str) -> bool:
        return any(mesh.revision == revision for mesh in self._meshes if mesh.source != "missing")
