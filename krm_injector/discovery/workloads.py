"""Objects of a bundle + Settings -> its workloads.

A workload is a pod template: of a built-in kind, or of a kind that spec.workloads of the
functionConfig names.
"""

from __future__ import annotations

from krm_injector.discovery.metadata import unquoted_values
from krm_injector.function_config import Settings
from krm_injector.istio_names import GROUP
from krm_injector.kube.paths import Step, at
from krm_injector.kube.workloads import POD_TEMPLATES, text
from krm_injector.model import Result, Workload
from krm_injector.sources.resource_list.members import Member, is_local, ref_of
from krm_injector.workload import decodable

# Kinds and API groups that make no pods. Most objects of a bundle are of these, and need not be
# searched. Policies (Kyverno, Gatekeeper) hold patterns and patches that only look like pod
# templates.
_CORE_KINDS_WITHOUT_PODS = frozenset(
    [
        "ConfigMap",
        "Endpoints",
        "Event",
        "LimitRange",
        "Namespace",
        "Node",
        "PersistentVolume",
        "PersistentVolumeClaim",
        "ResourceQuota",
        "Secret",
        "Service",
        "ServiceAccount",
    ]
)
_GROUPS_WITHOUT_PODS = frozenset(
    [
        "admissionregistration.k8s.io",
        "apiextensions.k8s.io",
        "apiregistration.k8s.io",
        "autoscaling",
        "autoscaling.k8s.io",
        "certificates.k8s.io",
        "cert-manager.io",
        "config.kubernetes.io",
        "constraints.gatekeeper.sh",
        "coordination.k8s.io",
        "discovery.k8s.io",
        "events.k8s.io",
        "extensions.istio.io",
        "external-secrets.io",
        "flowcontrol.apiserver.k8s.io",
        "gateway.networking.k8s.io",
        GROUP,
        "kustomize.config.k8s.io",
        "kyverno.io",
        "monitoring.coreos.com",
        "mutations.gatekeeper.sh",
        "networking.istio.io",
        "networking.k8s.io",
        "node.k8s.io",
        "policies.kyverno.io",
        "policy",
        "rbac.authorization.k8s.io",
        "resource.k8s.io",
        "scheduling.k8s.io",
        "security.istio.io",
        "snapshot.storage.k8s.io",
        "storage.k8s.io",
        "telemetry.istio.io",
        "templates.gatekeeper.sh",
    ]
)


def find_workloads(
    members: list[Member], settings: Settings
) -> tuple[list[Workload], list[Result]]:
    """The objects with a pod template, in bundle order, and what is wrong with them.

    Objects marked as local-config are never deployed, and are left out. An object that the API
    server could not decode is an error, whatever the verdict would be.
    """
    named_kinds = {(extra.api_version, extra.kind) for extra in settings.workloads}
    workloads: list[Workload] = []
    results: list[Result] = []
    others: list[Member] = []
    for member in members:
        kind = (member.api_version, member.kind)
        # A built-in kind that spec.workloads names has the paths that are stated there.
        template = POD_TEMPLATES.get(kind) if kind not in named_kinds else None
        if template is None:
            if kind in named_kinds or _may_make_pods(member):
                others.append(member)
        elif not is_local(member.value):
            _add(member, template, settings, workloads, results)

    if others:
        workloads = _with_other_kinds(workloads, others, settings, results)

    return workloads, results


def _add(
    member: Member,
    template: Step,
    settings: Settings,
    workloads: list[Workload],
    results: list[Result],
) -> None:
    """Adds an object of a built-in kind; one without a pod template makes no pods."""
    ref = ref_of(member, settings.default_namespace)
    mismatches = decodable.of_workload(member.value, template)
    results += [decodable.mistyped(ref, mismatch) for mismatch in mismatches]
    if mismatches or not isinstance(at(member.value, template), dict):
        return

    workload = Workload(member.item, member.inside, ref, member.value, template)
    results += _unquoted_values(workload)
    workloads.append(workload)


def _with_other_kinds(
    workloads: list[Workload], members: list[Member], settings: Settings, results: list[Result]
) -> list[Workload]:
    """The workloads with those of other kinds, where spec.workloads names them, in bundle order."""
    # Late: bundles of built-in kinds alone do not need it.
    from krm_injector.discovery import other_kinds

    objects = [
        Workload(
            member.item, member.inside, ref_of(member, settings.default_namespace), member.value, ()
        )
        for member in members
        if not is_local(member.value)
    ]
    of_other_kinds, other_results = other_kinds.find_workloads(objects, settings)
    results += other_results
    if not of_other_kinds:
        return workloads

    for workload in of_other_kinds:
        results += _unquoted_values(workload)

    every = [*workloads, *of_other_kinds]
    return sorted(every, key=lambda workload: (workload.item, workload.inside))


def _unquoted_values(workload: Workload) -> list[Result]:
    path = (*workload.template, "metadata")
    return unquoted_values(at(workload.object, path), workload.ref, text(path))


def _may_make_pods(member: Member) -> bool:
    """Whether an object of a kind without a known pod template may make pods all the same."""
    group = member.api_version.partition("/")[0]
    if group == "v1":
        return member.kind not in _CORE_KINDS_WITHOUT_PODS
    return group not in _GROUPS_WITHOUT_PODS
