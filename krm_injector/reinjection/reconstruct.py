"""Pods that Istio injected, and how much of what they were before their traces prove.

``eject.by_traces`` takes the likeliest reading of the traces; ``questions`` are what they leave
open, with the other answers. Where a configuration makes the same of each answer, nothing that it
needs is lost. Sources: pkg/kube/inject/webhook.go, app_probe.go and the templates of 1.1 to 1.30.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from krm_injector.injection import merge, pods, probes
from krm_injector.istio_names import TEMPLATES_ANNOTATION
from krm_injector.kube.paths import at
from krm_injector.model import Object, Workload
from krm_injector.reinjection import eject

APP_CONTAINERS_ENV = "ISTIO_META_APP_CONTAINERS"
ALWAYS_ENV = ("POD_NAME", "POD_NAMESPACE", "INSTANCE_IP")  # set by every template from 1.1 on
TEMPLATES = {"sidecar", "gateway", "grpc-simple", "grpc-agent"}  # Istio's own
BROUGHT = {
    "istio-proxy",
    "istio-init",
    "istio-validation",
    "enable-core-dump",
}  # by Istio's own templates
# What templates write for the CNI plugin, and until 1.5 for every pod.
REDIRECTION = (
    "sidecar.istio.io/interceptionMode",
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


def as_istio_left_it(workload: Workload) -> bool:
    """Whether the pod stands as an injection leaves it: all that the status names is there, the
    proxy has what every injection gives it, and the application's containers are those that
    injection counted.
    """
    pod = eject.pod_of(workload)
    status = merge.injection_status(pod)
    if not status:
        return False

    for field in ("containers", "initContainers", "volumes"):
        standing = {entry.get("name") for entry in pods.containers(pod, field)}
        if not set(eject.listed(status, field)) <= standing:
            return False

    sidecar = pods.find_in_pod(pods.PROXY, pod)
    if sidecar is None or pods.PROXY not in eject.listed(status, "containers") + eject.listed(
        status, "initContainers"
    ):
        return False

    env = {variable.get("name"): variable.get("value") for variable in sidecar.get("env") or []}
    if not all(name in env for name in ALWAYS_ENV):
        return False

    counted = env.get(APP_CONTAINERS_ENV)
    names = [container.get("name") for container in pods.containers(pod)]
    return counted is None or set(counted.split(",")) - {pods.PROXY} == set(names) - {pods.PROXY}


def lost(workload: Workload) -> list[str]:
    """What no reading of the traces gives back, whatever the configuration."""
    pod = eject.pod_of(workload)
    status = merge.injection_status(pod) or {}
    brought = [*eject.listed(status, "containers"), *eject.listed(status, "initContainers")]
    found = [
        f"what the template of container {name} set besides"
        for name in brought
        if name not in BROUGHT
    ]
    for name in pods.annotations_of(pod).get(TEMPLATES_ANNOTATION, "").split(","):
        if name.strip() and name.strip() not in TEMPLATES:
            found.append(f"what template {name.strip()} set besides")

    for container in pods.containers(pod) + pods.containers(pod, "initContainers"):
        name = container.get("name", "")
        if name != pods.PROXY:
            found += [
                f"the {field} of container {name}"
                for field in _led_away(container, eject.probers_of(pod))
            ]

    return found


def _led_away(container: Object, probers: Object) -> list[str]:
    """The probes and handlers that ask the agent, which was not told what to ask."""
    name = container.get("name", "")
    hooks = container.get("lifecycle") or {}
    asked = [
        (field, container.get(field), f"/app-health/{name}/{path}") for field, path in probes.PROBES
    ]
    asked += [
        (f"lifecycle.{field}", hooks.get(field), f"/app-lifecycle/{name}/{path}")
        for field, path in probes.HANDLERS
    ]
    return [
        field
        for field, probe, path in asked
        if at(probe, ("httpGet", "path")) == path and path not in probers
    ]


class Question(NamedTuple):
    """Something that the traces leave open."""

    what: str  # "fsGroup 1337: whether it was the pod's own"
    answers: tuple[Callable[[Object], Object], ...]  # each makes another pod of the likely one


def questions(workload: Workload, before: Object) -> list[Question]:
    """What the traces leave open of ``before``, which ``eject.by_traces`` gives of the workload."""
    pod, likely = eject.pod_of(workload), _likely(workload, before)
    status = merge.injection_status(pod) or {}
    found = (
        _labels(pod, likely),
        _revision_label(pod, status),
        _annotations(pod, likely),
        *_redirection(pod, likely, status),
        _port_names(likely),
        _pull_secrets(pod, likely),
        _fs_group(pod),
        _dns_searches(likely),
        _place(likely),
    )
    return [question for question in found if question is not None]


def answered(
    workload: Workload, before: Object, answers: Iterable[Callable[[Object], Object]]
) -> Object:
    """The workload as it was if these answers hold."""
    pod = _likely(workload, before)
    for answer in answers:
        pod = answer(pod)
    return eject.put(workload, pod)


def _likely(workload: Workload, before: Object) -> Object:
    path = eject.metadata_path(workload)
    return {
        "metadata": at(before, path) or {},
        "spec": at(before, (*workload.template, "spec")) or {},
    }


def _labels(pod: Object, likely: Object) -> Question | None:
    before = pods.labels_of(likely)
    gone = {key: value for key, value in pods.labels_of(pod).items() if key not in before}
    what = f"{_listed('label', gone)}: whether set before, too"
    return Question(what, (_with_metadata("labels", gone),)) if gone else None


def _revision_label(pod: Object, status: Object) -> Question | None:
    label = pods.labels_of(pod).get(eject.REVISION)
    if label is None or status.get("revision", label) != label:
        return None  # where templates set it, the status has the same, or has no revision yet
    return Question(
        f"label {eject.REVISION}: whether set before",
        (_without_metadata("labels", (eject.REVISION,)),),
    )


def _annotations(pod: Object, likely: Object) -> Question | None:
    before, now = pods.annotations_of(likely), pods.annotations_of(pod)
    gone = {
        k: now[k]
        for k in (eject.REVISION, *eject.DEFAULT_CONTAINER)
        if k in now and k not in before
    }
    what = f"{_listed('annotation', gone)}: whether set before, too"
    return Question(what, (_with_metadata("annotations", gone),)) if gone else None


def _redirection(pod: Object, likely: Object, status: Object) -> list[Question]:
    if pods.INIT in eject.listed(status, "initContainers") and "version" not in status:
        return []
    return [
        Question(
            f"annotation {name}: whether set before", (_without_metadata("annotations", (name,)),)
        )
        for name in REDIRECTION
        if name in pods.annotations_of(likely)
    ]


def _port_names(likely: Object) -> Question | None:
    changed: dict[str, Any] = {}
    for field in ("containers", "initContainers"):
        before = pods.containers(likely, field)
        after = [_asked_by_name(container) for container in before]
        if after != before:
            changed[field] = dict(zip((c.get("name") for c in before), after, strict=True))

    def answer(pod: Object) -> Object:
        return pods.with_spec(
            pod,
            **{
                f: [new.get(c.get("name"), c) for c in pods.containers(pod, f)]
                for f, new in changed.items()
            },
        )

    return Question("names of ports that probes ask", (answer,)) if changed else None


def _pull_secrets(pod: Object, likely: Object) -> Question | None:
    before, now = (
        pods.containers(likely, "imagePullSecrets"),
        pods.containers(pod, "imagePullSecrets"),
    )
    if before == now:
        return None

    return Question(
        "imagePullSecrets: which were there before",
        (lambda p: pods.with_spec(p, imagePullSecrets=now),),
    )


def _fs_group(pod: Object) -> Question | None:
    context = pods.containers(pod, "securityContext")
    if not isinstance(context, dict) or context.get("fsGroup") != eject.FS_GROUP:
        return None
    # Templates before 1.20 overwrote what was there.
    other = {**context, "fsGroup": 1}
    what = "securityContext.fsGroup: what it was before"
    return Question(what, (lambda p: pods.with_spec(p, securityContext=other),))


def _dns_searches(likely: Object) -> Question | None:
    config = pods.containers(likely, "dnsConfig")
    if not isinstance(config, dict) or "searches" not in config:
        return None

    rest = {key: value for key, value in config.items() if key != "searches"}

    def answer(pod: Object) -> Object:
        if rest:
            return pods.with_spec(pod, dnsConfig=rest)
        return {
            **pod,
            "spec": {key: value for key, value in pod["spec"].items() if key != "dnsConfig"},
        }

    return Question("dnsConfig.searches: whether set before", (answer,))


def _place(likely: Object) -> Question | None:
    """An own istio-proxy may have stood anywhere among the containers."""
    names = [container.get("name") for container in pods.containers(likely)]
    if len(names) < 2 or pods.PROXY not in names:
        return None

    places = [number for number in range(len(names)) if number != names.index(pods.PROXY)]

    def at_place(number: int) -> Callable[[Object], Object]:
        def answer(pod: Object) -> Object:
            among = [c for c in pods.containers(pod) if c.get("name") != pods.PROXY]
            mine = [c for c in pods.containers(pod) if c.get("name") == pods.PROXY]
            return pods.with_spec(pod, containers=[*among[:number], *mine, *among[number:]])

        return answer

    return Question(f"the place of the pod's own {pods.PROXY}", tuple(map(at_place, places)))


def _listed(kind: str, names: Iterable[str]) -> str:
    found = list(names)
    return f"{kind}s {' and '.join(found)}" if len(found) > 1 else f"{kind} {''.join(found)}"


def _with_metadata(field: str, more: Mapping[str, str]) -> Callable[[Object], Object]:
    return lambda pod: pods.with_metadata(
        pod, field, {**(pod["metadata"].get(field) or {}), **more}
    )


def _without_metadata(field: str, names: Iterable[str]) -> Callable[[Object], Object]:
    def answer(pod: Object) -> Object:
        among = pod["metadata"].get(field) or {}
        return pods.with_metadata(
            pod, field, {key: value for key, value in among.items() if key not in names}
        )

    return answer


def _asked_by_name(container: Object) -> Object:
    """The container with each port that a probe asks by its name, where the container names it."""
    named = {
        port.get("containerPort"): port["name"]
        for port in container.get("ports") or []
        if port.get("name")
    }
    changed: Object = {}
    for field, _ in probes.PROBES:
        changed[field] = _by_name(container.get(field), named)

    hooks = container.get("lifecycle")
    if isinstance(hooks, dict):
        changed["lifecycle"] = {key: _by_name(hook, named) for key, hook in hooks.items()}

    return {**container, **{key: value for key, value in changed.items() if value is not None}}


def _by_name(probe: Any, named: dict[Any, str]) -> Any:
    for kind in ("httpGet", "tcpSocket"):
        port = at(probe, (kind, "port"))
        if isinstance(port, int) and port in named:
            return {**probe, kind: {**probe[kind], "port": named[port]}}
    return probe
