"""The questions that the traces of an injection leave open, with the possible answers.

``istio_traces.before_injection`` takes the most likely reading of the traces. Here are the others.
If a configuration gives the same for each answer, nothing that it needs is lost. Sources:
pkg/kube/inject/webhook.go, app_probe.go and the templates of 1.1 to 1.30.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping

from krm_injector.injection import merge, pods, probes
from krm_injector.istio_names import (
    INIT_CONTAINER,
    INTERCEPTION_ANNOTATION,
    PROXY_CONTAINER,
    REVISION_LABEL,
)
from krm_injector.kube.paths import at, put, without
from krm_injector.kube.yaml import same
from krm_injector.model import Object, Workload
from krm_injector.named_tuple import NamedTuple
from krm_injector.reinjection import istio_traces
from krm_injector.reinjection.istio_traces import CONTAINER_FIELDS, status_names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeAlias

# What templates write for the CNI plugin, and until 1.5 for every pod.
_REDIRECTION = (
    INTERCEPTION_ANNOTATION,
    "traffic.sidecar.istio.io/includeOutboundIPRanges",
    "traffic.sidecar.istio.io/excludeOutboundIPRanges",
    "traffic.sidecar.istio.io/includeInboundPorts",
    "traffic.sidecar.istio.io/excludeInboundPorts",
    "traffic.sidecar.istio.io/includeOutboundPorts",
    "traffic.sidecar.istio.io/excludeOutboundPorts",
    "traffic.sidecar.istio.io/kubevirtInterfaces",
    "traffic.sidecar.istio.io/excludeInterfaces",
    "k8s.v1.cni.cncf.io/networks",
)

# Most workloads have at most three open questions; the bound is against a pod with many containers.
MAX_READINGS = 256

# Injects the object that a workload may have been before; None if that is refused.
Trial: TypeAlias = "Callable[[Object], Object | None]"

# Changes a pod to what it was if one of the open questions has this answer.
Answer = Callable[[Object], Object]


class Question(NamedTuple):
    """A question that the traces leave open."""

    what: str  # "fsGroup 1337: whether it was the pod's own"
    answers: tuple[Answer, ...]  # each changes the likely pod to another one


def open_questions(workload: Workload, before: Object) -> list[Question]:
    """The open questions about ``before``, which ``istio_traces.before_injection`` gives for the
    workload.
    """
    pod, likely = istio_traces.pod_of(workload), _likely_pod(workload, before)
    status = merge.injection_status(pod) or {}

    questions = (
        _labels(pod, likely),
        _revision_label(pod, status),
        _annotations(pod, likely),
        *_redirection(pod, likely, status),
        _port_names(likely),
        _pull_secrets(pod, likely),
        _fs_group(pod),
        _dns_searches(likely),
        _proxy_position(likely),
    )
    return [question for question in questions if question is not None]


def that_matter(
    workload: Workload, before: Object, after: Object | None, trial: Trial
) -> list[Question]:
    """The open questions whose answers make a difference to a configuration.

    after: what it makes of ``before``, None if that is refused; trial: what it makes of another
    object.
    """

    def differs(answers: Iterable[Answer]) -> bool:
        injected = trial(answered(workload, before, answers))
        if injected is None or after is None:
            return injected is not after
        return not same(injected, after)

    questions = open_questions(workload, before)

    # All questions answered at once, with the first answer of each, then the second: often one or
    # two trials are then enough.
    answers_of_each = [question.answers for question in questions]
    together = itertools.zip_longest(*answers_of_each, fillvalue=_as_it_is)
    if not any(differs(answers) for answers in together):
        return []

    return [
        question for question in questions if any(differs((answer,)) for answer in question.answers)
    ]


def _as_it_is(pod: Object) -> Object:
    return pod


def other_readings(
    workload: Workload, before: Object, questions: Iterable[Question]
) -> Iterator[Object]:
    """What the workload's object was by each combination of answers, without the likely one
    (``before``), which would come first.
    """
    choices = [(None, *question.answers) for question in questions]
    for answers in itertools.islice(itertools.product(*choices), 1, MAX_READINGS):
        yield answered(workload, before, filter(None, answers))


def answered(workload: Workload, before: Object, answers: Iterable[Answer]) -> Object:
    """The workload's object as it was if these answers hold."""
    pod = _likely_pod(workload, before)
    for answer in answers:
        pod = answer(pod)
    return istio_traces.with_pod(workload, pod)


def _likely_pod(workload: Workload, before: Object) -> Object:
    metadata = at(before, istio_traces.metadata_path(workload))
    spec = at(before, (*workload.template, "spec"))
    return {"metadata": metadata or {}, "spec": spec or {}}


# ---------------------------------------------------------------- the questions


def _labels(pod: Object, likely: Object) -> Question | None:
    before = pods.labels_of(likely)
    labels = {key: value for key, value in pods.labels_of(pod).items() if key not in before}
    if not labels:
        return None
    what = f"{_enumerated('label', labels)}: whether set before, too"
    return Question(what, (_with_metadata("labels", labels),))


def _revision_label(pod: Object, status: Object) -> Question | None:
    label = pods.labels_of(pod).get(REVISION_LABEL)
    if label is None or status.get("revision", label) != label:
        return None  # where templates set it, the status has the same, or has no revision yet
    what = f"label {REVISION_LABEL}: whether set before"
    return Question(what, (_without_metadata("labels", REVISION_LABEL),))


def _annotations(pod: Object, likely: Object) -> Question | None:
    before, standing = pods.annotations_of(likely), pods.annotations_of(pod)
    annotations = {
        name: standing[name]
        for name in (REVISION_LABEL, *istio_traces.DEFAULT_CONTAINER_ANNOTATIONS)
        if name in standing and name not in before
    }
    if not annotations:
        return None
    what = f"{_enumerated('annotation', annotations)}: whether set before, too"
    return Question(what, (_with_metadata("annotations", annotations),))


def _redirection(pod: Object, likely: Object, status: Object) -> list[Question]:
    # With an istio-init there is no CNI plugin, and only templates of a time when the status had a
    # version may have written these.
    if INIT_CONTAINER in status_names(status, "initContainers") and "version" not in status:
        return []

    return [
        Question(
            f"annotation {name}: whether set before", (_without_metadata("annotations", name),)
        )
        for name in _REDIRECTION
        if name in pods.annotations_of(likely)
    ]


def _port_names(likely: Object) -> Question | None:
    changed: dict[str, dict[Any, Object]] = {}  # by field, by the container's name
    for field in CONTAINER_FIELDS:
        before = pods.containers(likely, field)
        after = [_with_port_names(container) for container in before]
        if after != before:
            names = (container.get("name") for container in before)
            changed[field] = dict(zip(names, after, strict=True))

    if not changed:
        return None

    def answer(pod: Object) -> Object:
        fields = {}
        for field, by_name in changed.items():
            standing = pods.containers(pod, field)
            fields[field] = [by_name.get(c.get("name"), c) for c in standing]
        return pods.with_spec(pod, **fields)

    return Question("names of ports that probes ask", (answer,))


def _pull_secrets(pod: Object, likely: Object) -> Question | None:
    standing = pods.containers(pod, "imagePullSecrets")
    if pods.containers(likely, "imagePullSecrets") == standing:
        return None

    def answer(pod: Object) -> Object:
        return pods.with_spec(pod, imagePullSecrets=standing)

    return Question("imagePullSecrets: which were there before", (answer,))


def _fs_group(pod: Object) -> Question | None:
    context = pods.containers(pod, "securityContext")
    if not isinstance(context, dict) or context.get("fsGroup") != istio_traces.FS_GROUP:
        return None

    # Templates before 1.20 overwrote what was there; 1 represents any other group.
    changed = {**context, "fsGroup": 1}

    def answer(pod: Object) -> Object:
        return pods.with_spec(pod, securityContext=changed)

    return Question("securityContext.fsGroup: what it was before", (answer,))


def _dns_searches(likely: Object) -> Question | None:
    config = pods.containers(likely, "dnsConfig")
    if not isinstance(config, dict) or "searches" not in config:
        return None

    rest = {key: value for key, value in config.items() if key != "searches"}

    def answer(pod: Object) -> Object:
        return pods.with_spec(pod, dnsConfig=rest)  # an empty one is left out

    return Question("dnsConfig.searches: whether set before", (answer,))


def _proxy_position(likely: Object) -> Question | None:
    """An own istio-proxy may have been anywhere among the containers."""
    names = [container.get("name") for container in pods.containers(likely)]
    if len(names) < 2 or PROXY_CONTAINER not in names:
        return None

    def at_position(number: int) -> Answer:
        def answer(pod: Object) -> Object:
            others = pods.without(pods.containers(pod), PROXY_CONTAINER)
            own = [c for c in pods.containers(pod) if c.get("name") == PROXY_CONTAINER]
            return pods.with_spec(pod, containers=[*others[:number], *own, *others[number:]])

        return answer

    likely_position = names.index(PROXY_CONTAINER)
    positions = [number for number in range(len(names)) if number != likely_position]
    what = f"the place of the pod's own {PROXY_CONTAINER}"
    return Question(what, tuple(map(at_position, positions)))


# ---------------------------------------------------------------- parts of answers


def _enumerated(kind: str, names: Iterable[str]) -> str:
    """ "label a", "labels a and b"."""
    texts = list(names)
    return f"{kind}s {' and '.join(texts)}" if len(texts) > 1 else f"{kind} {''.join(texts)}"


def _with_metadata(field: str, more: Mapping[str, str]) -> Answer:
    def answer(pod: Object) -> Object:
        standing = pod["metadata"].get(field) or {}
        return pods.with_metadata(pod, field, {**standing, **more})

    return answer


def _without_metadata(field: str, name: str) -> Answer:
    def answer(pod: Object) -> Object:
        standing = pod["metadata"].get(field) or {}
        return pods.with_metadata(pod, field, without(standing, (name,)))

    return answer


def _with_port_names(container: Object) -> Object:
    """The container whose probes ask ports by the names that the container gives them."""
    names = {
        port.get("containerPort"): port["name"]
        for port in container.get("ports") or []
        if port.get("name")
    }
    changed: Object = {}
    for field, _ in probes.PROBES:
        changed[field] = _asking_by_name(container.get(field), names)

    hooks = container.get("lifecycle")
    if isinstance(hooks, dict):
        changed["lifecycle"] = {key: _asking_by_name(hook, names) for key, hook in hooks.items()}

    return {**container, **{key: value for key, value in changed.items() if value is not None}}


def _asking_by_name(probe: Any, port_names: dict[Any, str]) -> Any:
    for kind in ("httpGet", "tcpSocket"):
        port = at(probe, (kind, "port"))
        if isinstance(port, int) and port in port_names:
            return put(probe, (kind, "port"), port_names[port])
    return probe
