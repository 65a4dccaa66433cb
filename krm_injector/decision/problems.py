"""The results of a decision: why a verdict cannot be reached, or would not stand in a cluster."""

from __future__ import annotations

from krm_injector.decision.webhook_match import WebhookMatcher
from krm_injector.discovery import webhooks
from krm_injector.istio_names import INJECTOR_CONFIG_MAP, MESH_CONFIG_MAP, with_revision
from krm_injector.model import Mesh, Result, Workload

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Literal

_FIRST_NAMES = 3  # of many Namespaces, in a sentence


def missing_namespace(workload: Workload, is_error: bool) -> Result:
    """The labels of the workload's Namespace decide, and nobody states them.

    Where that is no error, the Namespace is taken to have no labels.
    """
    severity: Literal["error", "warning"] = "error" if is_error else "warning"
    ref, name = workload.ref, workload.ref.namespace
    if not name:
        message = (
            f"{ref} names no Namespace, and whether it is injected depends on the Namespace's "
            "labels. Give it, and every other workload that names none, metadata.namespace, or say "
            "on the command line which it is, and what labels it has if no manifest of it is "
            "there:\n"
            "  --namespace NAME --namespace-labels NAME=istio-injection=enabled\n"
            "or in the functionConfig, where init writes it with the same options:\n"
            "spec:\n  defaultNamespace: NAME\n  namespaces:\n  - name: NAME\n"
            "    labels: {istio-injection: enabled}"
        )
        return Result(severity, message, ref, "metadata.namespace", code="namespace-missing")

    message = missing_namespaces([name], str(ref), is_error)
    return Result(severity, message, ref, "metadata.namespace", name, code="namespace-missing")


def missing_namespaces(names: Sequence[str], subject: str, is_error: bool) -> str:
    """That the labels of Namespaces decide about a subject, and nobody states them."""
    if len(names) == 1:
        what, has, its, it, each = f"Namespace {names[0]}", "is", "its", "it", "it has"
    else:
        more = f" and {len(names) - _FIRST_NAMES:,} more" if len(names) > _FIRST_NAMES else ""
        what = f"{len(names):,} Namespaces ({', '.join(names[:_FIRST_NAMES])}{more})"
        has, its, it, each = "are", "their", "them", "each has"

    taken = "it is" if len(names) == 1 else "they are"
    consequence = "" if is_error else f"; {taken} taken to have none"
    options = (f"  --namespace-labels {name}=istio-injection=enabled" for name in names)
    entries = (f"  - name: {name}\n    labels: {{istio-injection: enabled}}" for name in names)
    return (
        f"{what} {has} not in the bundle, and whether {subject} is injected depends on {its} "
        f"labels{consequence}. Add {it if len(names) > 1 else 'the Namespace'} to the bundle "
        f"(--context FILE reads {it} from elsewhere), or say which labels {each} in the cluster, "
        "on the command line:\n" + " \\\n".join(options) + "\n"
        "or in the functionConfig, where init writes it with the same option ({} for none):\n"
        "spec:\n  namespaces:\n" + next(entries) + ("\n  - …" if len(names) > 1 else "")
    )


def unknown_label_value(workload: Workload, selector: str) -> Result:
    """The value of a label decides that the pod's controller sets."""
    ref = workload.ref
    message = (
        f"whether {ref} is injected depends on the value of a label that its controller sets, "
        f"which no manifest tells ({selector}). Let the selector ask for a label that the pod "
        "template has; that such a label is there, it may ask (operator Exists)"
    )
    return Result("error", message, ref, code="pod-label-unknown")


def double_injection(workload: Workload, matchers: Iterable[WebhookMatcher]) -> Result:
    """Webhooks of several control planes inject the pod."""
    ids = " and ".join(
        f"{matcher.webhook.id} (control plane {matcher.mesh.revision})" for matcher in matchers
    )
    message = (
        f"{workload.ref} would be injected more than once: {ids} all select it. Let the labels of "
        "the Namespace or of the pod name one control plane"
    )
    return Result("error", message, workload.ref, code="double-injection")


def missing_control_plane(workload: Workload, matcher: WebhookMatcher) -> Result:
    """The webhook that selects the pod belongs to a control plane without configuration."""
    revision = matcher.mesh.revision
    injector = with_revision(INJECTOR_CONFIG_MAP, revision)
    mesh_config = with_revision(MESH_CONFIG_MAP, revision)
    message = (
        f"{workload.ref} is selected by {matcher.webhook.id} of control plane {revision}, whose "
        f"configuration is not given; name its mesh file with --mesh FILE, or add the ConfigMaps "
        f"{injector} and {mesh_config} to the bundle"
    )
    return Result("error", message, workload.ref, code="control-plane-missing")


def unserved_path(workload: Workload, matcher: WebhookMatcher, detail: str) -> Result:
    """The API server gets 404 from istiod, and by failurePolicy Fail refuses the pod."""
    message = (
        f"the API server would refuse the pods of {workload.ref}: {detail}, and its failurePolicy "
        f"is Fail; let the path of its clientConfig be {webhooks.INJECT_PATH}, or below it"
    )
    path = matcher.webhook.path
    return Result("error", message, workload.ref, current=path, code="webhook-path")


def no_such_revision(workload: Workload, meshes: Sequence[Mesh], revision: str) -> Result:
    """kube-inject is to use a control plane that is not there."""
    complete = [mesh.revision for mesh in meshes if mesh.source != "missing"]
    known = ", ".join(complete) or "none"
    message = (
        f"there is no control plane of revision {revision or 'default'} for {workload.ref}; known "
        f"are: {known}. Name one with --revision REV, or as spec.revision of the functionConfig"
    )
    return Result(
        "error", message, workload.ref, "spec.revision", revision, code="control-plane-missing"
    )
