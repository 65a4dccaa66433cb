"""Starting and ending: Jobs, init containers, budgets, images, and the webhook that is still there."""

from __future__ import annotations

import re
from collections.abc import Iterator

from krm_injector.injection import pods
from krm_injector.judging.advice.subject import (
    Facts,
    Finding,
    Subject,
    mapping,
    mappings,
    ref_of,
    replicas,
    selects,
)
from krm_injector.kube import selectors
from krm_injector.kube.paths import at
from krm_injector.kube.workloads import text
from krm_injector.model import Decision, Object, Reason, ResourceRef, Webhook
from krm_injector.results import counted

INJECT = "sidecar.istio.io/inject"
NATIVE = "sidecar.istio.io/nativeSidecar"
QUIT = "quitquitquit"
# Words of a command that talk to the network. A list of guesses: it misses what a program does by
# itself.
NETWORKED = re.compile(
    r"https?://|\b(?:curl|wget|nc|ncat|netcat|telnet|nslookup|dig|psql|pg_isready|mysql|mysqladmin|redis-cli|mongo|"
    r"mongosh|flyway|liquibase|migrate|alembic|wait-for\S*|wait4x|dockerize|vault|kubectl|git)\b|\.svc\b"
)


def job(subject: Subject, _: Facts) -> Iterator[Finding]:
    ends = subject.ref.kind in ("Job", "CronJob") or (
        subject.ref.kind == "Pod" and subject.before.get("restartPolicy") in ("Never", "OnFailure")
    )
    if (
        not ends
        or subject.proxy is None
        or subject.native
        or any(QUIT in word for word in _words(subject))
    ):
        return

    annotated = subject.rules.native_annotation
    annotation = (
        ', or annotate the pod with sidecar.istio.io/nativeSidecar: "true"' if annotated else ""
    )
    message = (
        f"the pods of {subject.ref} do not end: istio-proxy goes on running after the "
        "application. Use native sidecars (spec.cluster.nativeSidecars, Kubernetes "
        f"1.29+){annotation}, let the application's last step POST "
        f'to http://127.0.0.1:15020/{QUIT}, or leave it out of the mesh ({INJECT}: "false")'
    )
    field = text((*subject.decision.workload.template, f'metadata.annotations["{NATIVE}"]'))
    yield Finding(
        "job-never-completes",
        message,
        field if annotated else subject.path,
        None,
        "true" if annotated else None,
    )


def _words(subject: Subject) -> list[str]:
    found = []
    for container in (*subject.application, *subject.init):
        for field in ("command", "args"):
            words = container.get(field)
            found += [str(word) for word in words] if isinstance(words, list) else []
        found.append(str(at(container, ("lifecycle", "postStart", "exec", "command")) or ""))
    return found


def init_container(subject: Subject, _: Facts) -> Iterator[Finding]:
    """A regular proxy starts when all init containers have ended, whatever
    holdApplicationUntilProxyStarts says.
    """
    if subject.native or subject.proxy is None:
        return

    order = [container.get("name") for container in mappings(subject.after.get("initContainers"))]
    redirect = order.index(pods.INIT) if pods.INIT in order else None
    for container in subject.init:
        name = container.get("name")
        if name in (pods.PROXY, pods.INIT, pods.VALIDATION) or name not in order:
            continue

        words = [
            str(w)
            for field in ("command", "args")
            for w in (container.get(field) or [])
            if isinstance(w, str)
        ]
        told = next((match[0] for match in map(NETWORKED.search, words) if match), None)
        identity = mapping(container.get("securityContext")).get("runAsUser")
        if told is None or (identity == 1337 and redirect is None):
            continue

        blocked = redirect is None or redirect < order.index(name)
        happens = (
            "its traffic is already redirected to a proxy that does not run yet, and fails"
            if blocked
            else "it talks past the mesh, which services with strict mutual TLS refuse"
        )
        remedy = (
            "exclude its destinations (traffic.sidecar.istio.io/excludeOutboundPorts), run it as "
            "user 1337"
            if blocked
            else "let what it calls accept plain text"
        )
        message = (
            f"init container {name} of {subject.ref} seems to need the network ({told}), and the "
            f"proxy starts after it, whatever holdApplicationUntilProxyStarts says: {happens}. "
            f"Use native sidecars, {remedy}, or do the work in the application's container"
        )
        yield Finding("init-container-network", message, subject.container_path(container), told)


def disruption_budget(subject: Subject, facts: Facts) -> Iterator[Finding]:
    count = replicas(subject.decision.workload)
    if not count or subject.ref.kind in ("Job", "CronJob", "Pod"):
        return

    for budget in facts.of("PodDisruptionBudget", subject.ref.namespace):
        spec = mapping(budget.get("spec"))
        if spec.get("selector") is None or not selects(spec["selector"], subject.labels):
            continue

        field = _blocks(spec, count)
        if field:
            ref = ref_of(budget, "PodDisruptionBudget", subject.ref.namespace)
            message = (
                f"{ref} allows none of the {counted(count, 'pod')} of {subject.ref} to be evicted "
                f"({field}: {spec[field]}). Injection, and later each update of the proxy, "
                "replaces the pods by a rolling update, which no budget holds back; drained nodes "
                "and tools that evict pods to update proxies wait for ever"
            )
            proposed = 1 if field == "maxUnavailable" else count - 1
            yield Finding(
                "disruption-budget", message, f"spec.{field}", spec[field], proposed, ref, budget
            )


def _blocks(spec: Object, count: int) -> str:
    """The field that lets no pod go, or ""."""
    at_least, at_most = spec.get("minAvailable"), spec.get("maxUnavailable")
    if at_most in (0, "0%", "0"):
        return "maxUnavailable"
    if isinstance(at_least, int) and at_least >= count:
        return "minAvailable"
    if isinstance(at_least, str) and at_least.endswith("%") and at_least[:-1].isdigit():
        return "minAvailable" if -(-count * int(at_least[:-1]) // 100) >= count else ""
    return ""


def images(subject: Subject, facts: Facts) -> Iterator[Finding]:
    """Each image once a run."""
    for container in subject.added:
        image = str(container.get("image") or "")
        if not image or ("image", image) in facts.cache or "@" in image:
            continue

        facts.cache["image", image] = True
        tag = image.rpartition("/")[2].partition(":")[2]
        if tag in ("", "latest"):
            message = (
                f"{container.get('name')} of {subject.ref} is injected with image {image}: what "
                "runs changes without any change in Git. State a version (global.tag in the "
                "mesh's values), better a digest"
            )
            yield Finding("latest-image", message, subject.path, image)
        else:
            message = (
                f"{container.get('name')} of {subject.ref} is injected with image {image}, which "
                "a registry can move to other content. A digest (image@sha256:...) cannot be moved"
            )
            yield Finding("mutable-image", message, subject.path, image)


def webhook_active(subject: Subject, facts: Facts) -> Iterator[Finding]:
    """One finding a Namespace, for the first workload whose pods a webhook still selects after
    injection.
    """
    decision = subject.decision
    mesh, webhook, namespace = decision.mesh, decision.webhook, decision.namespace
    if (
        mesh is None
        or webhook is None
        or namespace is None
        or ("active", namespace.name) in facts.cache
    ):
        return

    active = next(
        (
            h
            for h in mesh.webhooks
            if h.id in decision.webhooks and _selects(h, subject.labels, facts)
        ),
        None,
    )
    if active is None:
        return

    facts.cache["active", namespace.name] = True
    known = (
        "an installation without options would have it"
        if mesh.assumed_webhooks or mesh.source == "profile"
        else "as given"
    )
    message = (
        f"{active.id} ({known}) still selects pods of Namespace {namespace.name} after injection, "
        f"{subject.ref} among them: the cluster patches them a second time when they are created. "
        "With the same mesh most stay as they are; where the application overrides the proxy "
        "(image, lifecycle, resources, env), those fields can change again; with another mesh in "
        f"the cluster, that one's proxy wins. To turn it off, {_guard(subject)}take the "
        "Namespace's injection label away once all its workloads come from Git"
    )
    label = next(
        (key for key in ("istio-injection", "istio.io/rev") if key in namespace.labels), ""
    )
    field = f'metadata.labels["{label}"]' if label else "metadata.labels"
    yield Finding("webhook-active", message, field, namespace.labels.get(label), None,
                  ResourceRef("v1", "Namespace", namespace.name))  # fmt: skip


def _guard(subject: Subject) -> str:
    """The guard, where it does no harm: the CNI plugin, which leaves istio-init out, does not
    redirect guarded pods.
    """
    if not any(
        container.get("name") == pods.INIT
        for container in mappings(subject.after.get("initContainers"))
    ):
        return ""
    return f'give the pods the label {INJECT}: "false" (spec.guard: label), or '


def _selects(webhook: Webhook, labels: dict[str, str], facts: Facts) -> bool:
    """Whether the webhook's objectSelector takes pods with these labels."""
    selector = facts.cache.get(webhook.id)
    if selector is None:
        try:
            selector = selectors.parse_webhook(webhook.object_selector)
        except selectors.SelectorError:
            selector = selectors.NOTHING
        facts.cache[webhook.id] = selector

    return bool(selector.matches(labels))


def host_network(decision: Decision) -> Iterator[Finding]:
    """A workload that only its network keeps out."""
    if decision.reason is not Reason.HOST_NETWORK or not decision.webhooks:
        return

    ref = decision.workload.ref
    message = (
        f"{ref} uses the node's network and is never injected, though the webhooks select it: it "
        "has no mutual TLS, and services that ask for it (PeerAuthentication STRICT) refuse its "
        "calls"
    )
    yield Finding(
        "host-network", message, text((*decision.workload.template, "spec", "hostNetwork")), True
    )
