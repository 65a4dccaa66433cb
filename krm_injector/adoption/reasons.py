"""Why a pod differs from the one that Git gives, as far as the dump tells."""

from __future__ import annotations

from krm_injector.adoption.dump import Dump, controller, key_of
from krm_injector.adoption.facts import proxy_of
from krm_injector.discovery import webhooks as istio_webhooks
from krm_injector.injection.merge import injection_status
from krm_injector.istio_names import (
    CORE_DUMP_CONTAINER,
    DEFAULT_CONTAINER_ANNOTATION,
    DEFAULT_LOGS_CONTAINER_ANNOTATION,
    INIT_CONTAINER,
    NAMESPACE_NAME_LABEL,
    PROXY_CONTAINER,
    REVISION_LABEL,
    VALIDATION_CONTAINER,
)
from krm_injector.kube.differences import Difference
from krm_injector.kube.element_names import ORDER
from krm_injector.kube.image_tags import tag_of
from krm_injector.kube.metadata import string_map
from krm_injector.kube.paths import at
from krm_injector.kube.selectors import SelectorError, parse_webhook
from krm_injector.model import Object
from krm_injector.named_tuple import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

RESTART, OTHERS, UNEXPLAINED = "restart", "others", "differs"

_ISTIO = (PROXY_CONTAINER, INIT_CONTAINER, VALIDATION_CONTAINER, CORE_DUMP_CONTAINER)
_LISTS = ("containers", "initContainers", "volumes")
_REVISIONS = ("deployment.kubernetes.io/revision", "rollout.argoproj.io/revision")
_LIMIT_RANGE = "kubernetes.io/limit-ranger"
# What istio-proxy knows of the containers beside it.
_OF_OTHERS = (
    "[ISTIO_META_APP_CONTAINERS]",
    "[ISTIO_META_POD_PORTS]",
    "[ISTIO_KUBE_APP_PROBERS]",
)
_PROBES = (".livenessProbe", ".readinessProbe", ".startupProbe", ".lifecycle")


class Reason(NamedTuple):
    kind: str  # RESTART: the next pod is as expected; OTHERS: not Istio's; UNEXPLAINED
    text: str


class Explained(NamedTuple):
    difference: Difference
    reason: Reason


def explained(
    found: Iterable[Difference],
    pod: Object,
    expected: Object,
    workload: Object,
    dump: Dump,
    from_git: bool,
) -> tuple[Explained, ...]:
    """Each difference with its reason. from_git: the workload's template is injected itself."""
    found = list(found)
    if not found:
        return ()

    older = _older_template(pod, workload, dump)
    if older is not None:
        return tuple(Explained(each, older) for each in found)

    names = _names_of_istio(pod, expected)
    restart = _restart(pod, expected)
    others = _others(pod, dump)
    if others is None and not any(injection_status(each) for each in (pod, expected)):
        others = _NO_SIDECAR
    foreign = any(_adds_container(each, names) for each in found)
    result = []
    for each in found:
        if not _is_of_istio(each.path, names):
            reason = _outside(each.path, pod, others)
        elif restart is not None:
            reason = restart
        elif foreign and others and any(name in each.path for name in _OF_OTHERS):
            reason = others
        else:
            reason = _AGAIN if from_git else Reason(UNEXPLAINED, _SAME_VERSION)
        result.append(Explained(each, reason))
    return tuple(result)


_SAME_VERSION = (
    "injected by the same version: its configuration changed after the pod started, or istiod has "
    "settings that the dump does not hold"
)

_NO_SIDECAR = Reason(
    OTHERS, "it has no sidecar and gets none, so this is not about injection: someone else did it"
)
_AGAIN = Reason(
    OTHERS,
    "its template is injected, and Istio's webhook injected the pod once more; it stays away from "
    "a Namespace with istio-injection=disabled",
)


def version_of(pod: Object) -> str:
    """The version of a pod's istio-proxy by its image; "" without one."""
    proxy = proxy_of(pod)
    return tag_of(str(proxy.get("image") or "")) if proxy else ""


def revision_of(pod: Object) -> str:
    """The revision that injected a pod; "" where it does not say."""
    stated = at(pod, ("metadata", "annotations", REVISION_LABEL))
    return str(stated or (injection_status(pod) or {}).get("revision") or "")


# ---------------------------------------------------------------- a restart brings it


def _older_template(pod: Object, workload: Object, dump: Dump) -> Reason | None:
    """A ReplicaSet that is not its workload's newest one, or an older revision of a StatefulSet or
    DaemonSet.
    """
    text = "made by an older template of its workload: the rollout is not finished"
    newest = at(workload, ("status", "updateRevision"))
    current = at(pod, ("metadata", "labels", "controller-revision-hash"))
    if workload.get("kind") == "StatefulSet" and newest and current and newest != current:
        return Reason(RESTART, text)

    reference = controller(pod) or {}
    key = (str(reference.get("kind")), key_of(pod)[1], str(reference.get("name")))
    owner = dump.owners.get(key)
    for name in _REVISIONS if owner is not None else ():
        path = ("metadata", "annotations", name)
        of_owner, of_workload = at(owner, path), at(workload, path)
        if of_owner and of_workload and of_owner != of_workload:
            return Reason(RESTART, text)
    return None


def _restart(pod: Object, expected: Object) -> Reason | None:
    """Why a new pod would have another sidecar, if the pods themselves tell."""
    is_injected, is_expected = (injection_status(each) is not None for each in (pod, expected))
    if is_expected and not is_injected:
        text = (
            "it runs without a sidecar: it started before it was asked for one, or istiod did not "
            "answer; a restart injects it"
        )
        return Reason(RESTART, text)
    if is_injected and not is_expected:
        return Reason(RESTART, "no webhook injects it any more; a restart takes its sidecar away")

    for what, read in (("version", version_of), ("revision", revision_of)):
        before, now = read(pod), read(expected)
        if before and now and before != now:
            text = f"injected by {what} {before}, and {now} injects now; a restart brings it"
            return Reason(RESTART, text)
    return None


# ---------------------------------------------------------------- whose field it is


def _names_of_istio(pod: Object, expected: Object) -> dict[str, set[str]]:
    """By list of the pod's spec, the names of what injection brought."""
    names: dict[str, set[str]] = {field: set(_ISTIO) for field in _LISTS}
    for each in (pod, expected):
        status = injection_status(each) or {}
        for field in _LISTS:
            names[field].update(map(str, status.get(field) or ()))
    return names


def _is_of_istio(path: str, names: dict[str, set[str]]) -> bool:
    if path.startswith("metadata."):
        tails = (DEFAULT_CONTAINER_ANNOTATION, DEFAULT_LOGS_CONTAINER_ANNOTATION, "prometheus.io/")
        return "istio.io" in path or any(tail in path for tail in tails)

    if path.startswith(("spec.securityContext", "spec.dnsConfig")) or path.endswith(ORDER):
        return True
    field, name, rest = _element(path)
    if name in names.get(field, ()):
        return True
    return rest.startswith(_PROBES) or "[ISTIO_" in rest


def _element(path: str) -> tuple[str, str, str]:
    """spec.containers[web].image -> ("containers", "web", ".image")."""
    field, bracket, rest = path.removeprefix("spec.").partition("[")
    name, _, rest = rest.partition("]")
    return (field, name, rest) if bracket else (field, "", "")


def _adds_container(difference: Difference, names: dict[str, set[str]]) -> bool:
    """Whether it is a container that injection did not bring."""
    field, name, rest = _element(difference.path)
    return field in _LISTS[:2] and not rest and name not in names[field]


def _outside(path: str, pod: Object, others: Reason | None) -> Reason:
    if _LIMIT_RANGE in string_map(at(pod, ("metadata", "annotations"))) and ".resources" in path:
        return Reason(OTHERS, "a LimitRange of its Namespace")
    if others is not None:
        return others
    return Reason(UNEXPLAINED, "not of the sidecar, and no other webhook of the dump sees this pod")


def _others(pod: Object, dump: Dump) -> Reason | None:
    """The webhooks beside Istio's that see the pod."""
    namespace = key_of(pod)[1]
    stated = at(dump.namespaces.get(namespace), ("metadata", "labels"))
    labels = {**string_map(stated), NAMESPACE_NAME_LABEL: namespace}
    names = sorted(
        str(value["metadata"].get("name"))
        for value in dump.objects
        if value.get("kind") == "MutatingWebhookConfiguration"
        and _sees(value, labels, string_map(at(pod, ("metadata", "labels"))))
    )
    if not names:
        return None
    return Reason(OTHERS, f"another webhook may have done it: {', '.join(names)}")


def _sees(value: Object, namespace: dict[str, str], labels: dict[str, str]) -> bool:
    injectors = {webhook.name for webhook in istio_webhooks.read(value)[0]}
    for webhook in value.get("webhooks") or ():
        if webhook.get("name") in injectors or not istio_webhooks.sees_new_pods(webhook):
            continue
        try:
            of_namespace = parse_webhook(webhook.get("namespaceSelector"))
            of_pod = parse_webhook(webhook.get("objectSelector"))
        except SelectorError:
            continue
        if of_namespace.matches(namespace) and of_pod.matches(labels):
            return True
    return False
