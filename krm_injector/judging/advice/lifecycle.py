"""Start and end of pods: Jobs, init containers, disruption budgets, images, and the webhook that is
still active.
"""

from __future__ import annotations

from collections.abc import Iterator

from krm_injector.istio_names import (
    INIT_CONTAINER,
    INJECT,
    INJECTION_LABEL,
    NATIVE_SIDECAR_ANNOTATION,
    PROXY_CONTAINER,
    PROXY_UID,
    REVISION_LABEL,
    VALIDATION_CONTAINER,
)
from krm_injector.judging.advice.injected_workload import (
    BundleObjects,
    Finding,
    InjectedWorkload,
    mapping,
    mappings,
    ref_of,
    replicas,
    selects,
)
from krm_injector.kube import selectors
from krm_injector.kube.paths import at
from krm_injector.kube.workloads import text
from krm_injector.lazy_pattern import lazy_pattern
from krm_injector.model import Decision, Object, Reason, ResourceRef, Webhook
from krm_injector.results import counted

QUIT = "quitquitquit"  # the agent's path that ends the proxy (istio/istio pkg/istio-agent)
# Words of commands that use the network. They are guesses: connections inside a program are missed.
NETWORKED = lazy_pattern(
    r"https?://|\b(?:curl|wget|nc|ncat|netcat|telnet|nslookup|dig|psql|pg_isready|mysql|mysqladmin|redis-cli|mongo|"
    r"mongosh|flyway|liquibase|migrate|alembic|wait-for\S*|wait4x|dockerize|vault|kubectl|git)\b|\.svc\b"
)
OWN_CONTAINERS = (PROXY_CONTAINER, INIT_CONTAINER, VALIDATION_CONTAINER)


def job(workload: InjectedWorkload, _: BundleObjects) -> Iterator[Finding]:
    """Pods that run to completion with a proxy that is a regular container and does not end."""
    kind, policy = workload.ref.kind, workload.before.get("restartPolicy")
    ends = kind in ("Job", "CronJob") or (kind == "Pod" and policy in ("Never", "OnFailure"))
    if not ends or workload.proxy is None or workload.native:
        return
    if any(QUIT in word for word in _command_words(workload)):
        return

    annotated = workload.rules.native_annotation
    annotation = ""
    if annotated:
        annotation = f', or annotate the pod with {NATIVE_SIDECAR_ANNOTATION}: "true"'

    message = (
        f"the pods of {workload.ref} do not end: istio-proxy goes on running after the "
        "application. Use native sidecars (spec.cluster.nativeSidecars, Kubernetes "
        f"1.29+){annotation}, let the application's last step POST "
        f'to http://127.0.0.1:15020/{QUIT}, or leave it out of the mesh ({INJECT}: "false")'
    )
    if annotated:
        path = f'metadata.annotations["{NATIVE_SIDECAR_ANNOTATION}"]'
        field = text((*workload.decision.workload.template, path))
        yield Finding("job-never-completes", message, field, None, "true")
    else:
        yield Finding("job-never-completes", message, workload.path)


def _command_words(workload: InjectedWorkload) -> list[str]:
    """What the application's containers run, at their start and in their hooks."""
    words = []
    for container in (*workload.application, *workload.init):
        for field in ("command", "args"):
            listed = container.get(field)
            if isinstance(listed, list):
                words += [str(word) for word in listed]

        words.append(str(at(container, ("lifecycle", "postStart", "exec", "command")) or ""))

    return words


def init_container(workload: InjectedWorkload, _: BundleObjects) -> Iterator[Finding]:
    """A regular proxy starts when all init containers have ended, whatever
    holdApplicationUntilProxyStarts says.
    """
    if workload.native or workload.proxy is None:
        return

    order = [container.get("name") for container in mappings(workload.after.get("initContainers"))]
    redirect = order.index(INIT_CONTAINER) if INIT_CONTAINER in order else None
    for container in workload.init:
        name = container.get("name")
        if name in OWN_CONTAINERS or name not in order:
            continue

        word = _networked_word(container)
        user = mapping(container.get("securityContext")).get("runAsUser")
        if word is None or (user == PROXY_UID and redirect is None):
            continue

        if redirect is None or redirect < order.index(name):
            effect = "its traffic is already redirected to a proxy that does not run yet, and fails"
            remedy = (
                "exclude its destinations (traffic.sidecar.istio.io/excludeOutboundPorts), run it "
                f"as user {PROXY_UID}"
            )
        else:
            effect = "it talks past the mesh, which services with strict mutual TLS refuse"
            remedy = "let what it calls accept plain text"

        message = (
            f"init container {name} of {workload.ref} seems to need the network ({word}), and the "
            f"proxy starts after it, whatever holdApplicationUntilProxyStarts says: {effect}. "
            f"Use native sidecars, {remedy}, or do the work in the application's container"
        )
        yield Finding("init-container-network", message, workload.container_path(container), word)


def _networked_word(container: Object) -> str | None:
    """The first word of a container's command that uses the network."""
    for field in ("command", "args"):
        for word in container.get(field) or []:
            match = NETWORKED.search(word) if isinstance(word, str) else None
            if match:
                return match[0]

    return None


def disruption_budget(workload: InjectedWorkload, objects: BundleObjects) -> Iterator[Finding]:
    """Budgets that allow no eviction of the workload's pods."""
    ref = workload.ref
    count = replicas(workload.decision.workload)
    if not count or ref.kind in ("Job", "CronJob", "Pod"):
        return

    for budget in objects.of("PodDisruptionBudget", ref.namespace):
        spec = mapping(budget.get("spec"))
        selector = spec.get("selector")
        if selector is None or not selects(selector, workload.labels):
            continue

        field = _blocking_field(spec, count)
        if not field:
            continue

        budget_ref = ref_of(budget, "PodDisruptionBudget", ref.namespace)
        message = (
            f"{budget_ref} allows none of the {counted(count, 'pod')} of {ref} to be evicted "
            f"({field}: {spec[field]}). Injection, and later each update of the proxy, "
            "replaces the pods by a rolling update, which no budget holds back; drained nodes "
            "and tools that evict pods to update proxies wait for ever"
        )
        proposed = 1 if field == "maxUnavailable" else count - 1
        yield Finding(
            "disruption-budget", message, f"spec.{field}", spec[field], proposed, budget_ref, budget
        )


def _blocking_field(spec: Object, count: int) -> str:
    """The field of a budget that lets none of count pods go, or ""."""
    at_least, at_most = spec.get("minAvailable"), spec.get("maxUnavailable")
    if at_most in (0, "0%", "0"):
        return "maxUnavailable"
    if isinstance(at_least, int) and at_least >= count:
        return "minAvailable"

    if (
        isinstance(at_least, str)
        and at_least.endswith("%")
        and at_least[:-1].isdigit()
        and len(at_least) < 10
    ):
        # Kubernetes rounds up (intstr.GetScaledValueFromIntOrPercent).
        pods = -(-count * int(at_least[:-1]) // 100)
        return "minAvailable" if pods >= count else ""

    return ""


def images(workload: InjectedWorkload, objects: BundleObjects) -> Iterator[Finding]:
    """Injected images without a digest, each once in a run."""
    for container in workload.added:
        image = str(container.get("image") or "")
        if not image or "@" in image or ("image", image) in objects.reported:
            continue

        objects.reported.add(("image", image))
        injected = f"{container.get('name')} of {workload.ref} is injected with image {image}"
        tag = image.rpartition("/")[2].partition(":")[2]
        if tag in ("", "latest"):
            message = (
                f"{injected}: what runs changes without any change in Git. State a version "
                "(global.tag in the mesh's values), better a digest"
            )
            yield Finding("latest-image", message, workload.path, image)
        else:
            message = (
                f"{injected}, which a registry can move to other content. A digest "
                "(image@sha256:...) cannot be moved"
            )
            yield Finding("mutable-image", message, workload.path, image)


# ---------------------------------------------------------------- the mesh's webhook


def webhook_active(workload: InjectedWorkload, objects: BundleObjects) -> Iterator[Finding]:
    """One finding per Namespace, for the first workload whose pods a webhook still selects after
    injection.
    """
    decision = workload.decision
    mesh, namespace = decision.mesh, decision.namespace
    if mesh is None or decision.webhook is None or namespace is None:
        return
    if ("webhook-active", namespace.name) in objects.reported:
        return

    active = _active_webhook(workload, mesh.webhooks, objects)
    if active is None:
        return

    objects.reported.add(("webhook-active", namespace.name))
    assumed = mesh.assumed_webhooks or mesh.source == "profile"
    source = "an installation without options would have it" if assumed else "as given"
    message = (
        f"{active.id} ({source}) still selects pods of Namespace {namespace.name} after "
        f"injection, {workload.ref} among them: the cluster patches them a second time when they "
        "are created. With the same mesh most stay as they are; where the application overrides "
        "the proxy (image, lifecycle, resources, env), those fields can change again; with another "
        f"mesh in the cluster, that one's proxy wins. To turn it off, {_guard_remedy(workload)}"
        "take the Namespace's injection label away once all its workloads come from Git"
    )
    ref = ResourceRef("v1", "Namespace", namespace.name)
    for label in (INJECTION_LABEL, REVISION_LABEL):
        if label in namespace.labels:
            field, value = f'metadata.labels["{label}"]', namespace.labels[label]
            break
    else:
        field, value = "metadata.labels", None

    yield Finding("webhook-active", message, field, value, None, ref)


def _active_webhook(
    workload: InjectedWorkload, webhooks: tuple[Webhook, ...], objects: BundleObjects
) -> Webhook | None:
    """The first webhook that selected the workload and also selects its injected pods."""
    for webhook in webhooks:
        selected = webhook.id in workload.decision.webhooks
        if selected and _selects(webhook, workload.labels, objects):
            return webhook

    return None


def _selects(webhook: Webhook, labels: dict[str, str], objects: BundleObjects) -> bool:
    """Whether the webhook's objectSelector selects pods with these labels."""
    selector = objects.webhook_selectors.get(webhook.id)
    if selector is None:
        try:
            selector = selectors.parse_webhook(webhook.object_selector)
        except selectors.SelectorError:
            selector = selectors.NOTHING
        objects.webhook_selectors[webhook.id] = selector

    return selector.matches(labels)


def _guard_remedy(workload: InjectedWorkload) -> str:
    """The guard, if it does no harm. Without istio-init the Istio CNI plugin redirects traffic, but
    not that of guarded pods.
    """
    containers = mappings(workload.after.get("initContainers"))
    if all(container.get("name") != INIT_CONTAINER for container in containers):
        return ""
    return f'give the pods the label {INJECT}: "false" (spec.guard: label), or '


def host_network(decision: Decision) -> Iterator[Finding]:
    """A workload that is left out only because of its host network."""
    if decision.reason is not Reason.HOST_NETWORK or not decision.webhooks:
        return

    ref, template = decision.workload.ref, decision.workload.template
    message = (
        f"{ref} uses the node's network and is never injected, though the webhooks select it: it "
        "has no mutual TLS, and services that ask for it (PeerAuthentication STRICT) refuse its "
        "calls"
    )
    yield Finding("host-network", message, text((*template, "spec", "hostNetwork")), True)
