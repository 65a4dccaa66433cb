"""The method "manual": what `istioctl kube-inject` decides.

It knows no webhooks and no Namespaces, only the pod's own rules, with the policy enabled and
without selectors. Source: pkg/kube/inject/inject.go IntoObject.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from krm_injector.decision import problems
from krm_injector.decision.pod_rules import Pod, kube_inject_required
from krm_injector.kube.metadata import string_map
from krm_injector.kube.paths import Step, at
from krm_injector.model import Decision, Mesh, Namespace, Reason, Workload


def decide_manual(
    workload: Workload, namespace: Namespace | None, meshes: Sequence[Mesh], revision: str
) -> Decision:
    """The Decision of kube-inject with the control plane of a revision ("" for the default)."""
    mesh = control_plane(meshes, revision)
    if mesh is None:
        result = problems.no_such_revision(workload, meshes, revision)
        return Decision(
            workload=workload,
            injected=False,
            reason=Reason.NO_CONTROL_PLANE,
            detail=result.message,
            evidence=(),
            webhooks=(),
            webhook=None,
            mesh=None,
            namespace=namespace,
            results=(result,),
        )

    verdict = kube_inject_required(_pod(workload), mesh)
    return Decision(
        workload=workload,
        injected=verdict.inject,
        reason=verdict.reason,
        detail=verdict.detail,
        evidence=verdict.evidence,
        webhooks=(),
        webhook=None,
        mesh=mesh,
        namespace=namespace,
    )


def _pod(workload: Workload) -> Pod:
    """The pod as kube-inject sees it: without the labels that its controller adds."""
    metadata = at(workload.object, manual_metadata(workload))
    return Pod(
        at(workload.object, workload.template),
        string_map(at(metadata, ("labels",))),
        string_map(at(metadata, ("annotations",))),
        str(at(metadata, ("namespace",)) or ""),  # the template's: the workload's does not count
    )


def manual_metadata(workload: Workload) -> Step:
    """The path of the metadata that kube-inject takes for the pod's: a CronJob's is that of its
    jobTemplate (IntoObject).
    """
    if workload.ref.kind == "CronJob" and workload.template[:2] == ("spec", "jobTemplate"):
        return ("spec", "jobTemplate", "metadata")
    return (*workload.template, "metadata")


def control_plane(meshes: Iterable[Mesh], revision: str) -> Mesh | None:
    """The control plane that no webhook names: that of the stated revision; where none is stated,
    the default, else the only one.
    """
    complete = [mesh for mesh in meshes if mesh.source != "missing"]
    for mesh in complete:
        if mesh.revision == (revision or "default"):
            return mesh
    return complete[0] if not revision and len(complete) == 1 else None
