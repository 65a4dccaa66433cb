"""What a pod was before Istio injected it, as far as the pod itself shows it.

Istio leaves the status annotation (names of what its templates added), proxy.istio.io/overrides
(the user's own istio containers), and in the proxy's environment ISTIO_KUBE_APP_PROBERS and
ISTIO_PROMETHEUS_ANNOTATIONS (what probes and scrapers asked before): pkg/kube/inject/webhook.go,
app_probe.go (1.1-1.30). These are the traces. What they leave open is in reconstruct.py.
"""

from __future__ import annotations

from krm_injector.injection import merge, pods, probes
from krm_injector.istio_names import (
    APP_NAME_LABEL,
    APP_PROBERS_VARIABLE,
    CANONICAL_NAME_LABEL,
    CANONICAL_REVISION_LABEL,
    DEFAULT_CONTAINER_ANNOTATION,
    DEFAULT_LOGS_CONTAINER_ANNOTATION,
    OVERRIDES_ANNOTATION,
    PROMETHEUS_VARIABLE,
    PROXY_CONTAINER,
    PROXY_UID,
    REVISION_LABEL,
    SCRAPE_TARGETS_ANNOTATION,
    STATUS_ANNOTATION,
    TLS_MODE_LABEL,
)
from krm_injector.kube import go_json, types
from krm_injector.kube.paths import Step, at, put
from krm_injector.model import Object, Workload
from krm_injector.versions import minors, rules_for
from krm_injector.workload.controller import is_cron_job, owner_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

CONTAINER_FIELDS = ("containers", "initContainers")
DEFAULT_CONTAINER_ANNOTATIONS = (DEFAULT_CONTAINER_ANNOTATION, DEFAULT_LOGS_CONTAINER_ANNOTATION)

# The labels that injection takes the value of a canonical label from, the first one first.
CANONICAL_SOURCES = {
    CANONICAL_NAME_LABEL: (APP_NAME_LABEL, "app"),
    CANONICAL_REVISION_LABEL: ("app.kubernetes.io/version", "version"),
}
FS_GROUP = PROXY_UID  # templates before 1.20 set it for the whole pod


# ---------------------------------------------------------------- the pod in its workload


def injected_by_istio(workload: Workload) -> bool:
    """Whether the pod carries Istio's status annotation."""
    path = (*metadata_path(workload), "annotations", STATUS_ANNOTATION)
    return isinstance(at(workload.object, path), str)


def metadata_path(workload: Workload) -> Step:
    """The path of the metadata that injection wrote to: the pod's, or jobTemplate.metadata for
    kube-inject of a CronJob.
    """
    path = (*workload.template, "metadata")
    if not is_cron_job(workload.ref):
        return path

    status = at(workload.object, (*path, "annotations", STATUS_ANNOTATION))
    return ("spec", "jobTemplate", "metadata") if status is None else path


def pod_of(workload: Workload) -> Object:
    """The pod, with the metadata that injection wrote to."""
    metadata = at(workload.object, metadata_path(workload))
    spec = at(workload.object, (*workload.template, "spec"))
    return {"metadata": metadata or {}, "spec": spec or {}}


def with_pod(workload: Workload, pod: Object) -> Object:
    """The workload's object with this pod. Maps of metadata that become empty are removed. Those
    that were empty after injection stay.
    """
    path = metadata_path(workload)
    standing = at(workload.object, path)
    metadata = {}
    for key, value in pod["metadata"].items():
        if value or key not in ("labels", "annotations"):
            metadata[key] = value
        elif key in (standing or {}) and not standing[key]:
            metadata[key] = standing[key]

    changed: Object = put(workload.object, (*workload.template, "spec"), pod["spec"])
    if metadata or standing is not None:
        changed = put(changed, path, metadata)
    return changed


# ---------------------------------------------------------------- before the injection


def before_injection(workload: Workload) -> Object | None:
    """The workload's object as it most likely was before Istio injected its pod; None if the pod
    was not injected.
    """
    if not injected_by_istio(workload):
        return None

    pod = pod_of(workload)
    status = merge.injection_status(pod)
    if status is None:
        return None

    # All of these are in the parts that the next steps take out.
    probers = probers_of(pod)
    scraping = _json_object(_proxy_environment(pod).get(PROMETHEUS_VARIABLE))

    pod = _with_probes(_without_parts(pod, status), probers)
    pod = _with_annotations(pod, scraping, status)
    pod = _without_labels(pod, workload)
    return with_pod(workload, pod)


def status_names(status: Object, field: str) -> list[Any]:
    """The names that the status annotation has for a field of the pod's spec."""
    names = status.get(field)
    return [name for name in names if isinstance(name, str)] if isinstance(names, list) else []


def probers_of(pod: Object) -> Object:
    """What the agent asks for each probe: {"/app-health/web/readyz": {"httpGet": ...}}."""
    probers = _json_object(_proxy_environment(pod).get(APP_PROBERS_VARIABLE))
    try:
        return {path: probes.as_prober(prober) for path, prober in probers.items()}
    except (types.TypeMismatch, AttributeError):
        return {}  # edited by hand, or not Istio's


def _proxy_environment(pod: Object) -> dict[str, str]:
    sidecar = pods.find_in_pod(PROXY_CONTAINER, pod) or {}
    variables = sidecar.get("env") or []
    return {variable.get("name"): variable.get("value") or "" for variable in variables}


def _json_object(text: str | None) -> Object:
    """The JSON object that the text holds; {} if it holds none."""
    if not text:
        return {}
    try:
        value = go_json.loads(text)
    except go_json.GoJsonError:
        return {}
    return value if isinstance(value, dict) else {}


# ---------------------------------------------------------------- parts of the spec


def _without_parts(pod: Object, status: Object) -> Object:
    """The pod without the containers, volumes and secrets that the status names, and with the
    user's own istio containers.
    """
    overrides = _istios_overrides(pod, status)
    fields: dict[str, Any] = {}
    for field in CONTAINER_FIELDS:
        containers, injected = pods.containers(pod, field), status_names(status, field)
        fields[field] = _own_containers(containers, injected, overrides.get(field) or [])

    # A native sidecar of the user was among the containers, unless it was native before.
    for container in fields["initContainers"]:
        if _made_native(container):
            fields["containers"].append(container)
    fields["initContainers"] = [c for c in fields["initContainers"] if not _made_native(c)]

    for field in ("volumes", "imagePullSecrets"):
        names = status_names(status, field)
        entries = pods.containers(pod, field)
        fields[field] = [entry for entry in entries if entry.get("name") not in names]

    context = pods.containers(pod, "securityContext")
    if isinstance(context, dict) and context.get("fsGroup") == FS_GROUP:
        fields["securityContext"] = {k: v for k, v in context.items() if k != "fsGroup"}

    # What was empty after injection stays: nothing was taken out of it.
    changed = {field: value for field, value in fields.items() if value or pod["spec"].get(field)}
    return pods.with_spec(pod, **changed)


def _istios_overrides(pod: Object, status: Object) -> dict[str, list[Object]]:
    """The containers that Istio kept in proxy.istio.io/overrides; {} if that is the user's own.

    Istio keeps nothing but containers of its templates, and these the status names in the same
    field. An annotation of the user's that fits no template stays as it is (reapplyOverwritten-
    Containers).
    """
    try:
        overrides = merge.saved_overrides(pod)
    except merge.BadAnnotation:
        return {}

    for field, containers in overrides.items():
        names = status_names(status, field)
        if any(container.get("name") not in names for container in containers):
            return {}
    return overrides


def _own_containers(
    containers: list[Object], injected: list[Any], overrides: list[Object]
) -> list[Object]:
    """The user's containers.

    injected: the names of Istio's containers; overrides: the user's containers of such names.
    """
    own = {
        container.get("name"): {**container, "image": container.get("image") or merge.AUTO_IMAGE}
        for container in overrides
    }
    last = {container.get("name"): number for number, container in enumerate(containers)}

    kept = []
    for number, container in enumerate(containers):
        name = container.get("name")
        if name in own:
            kept.append(_in_order_of(own.pop(name), container))
        elif name not in injected or number != last[name]:
            # Before 1.9 the user's own container was beside Istio's, which is the last one.
            kept.append(container)

    return kept + list(own.values())


def _made_native(container: Object) -> bool:
    """Whether injection made an init container of the user's own istio-proxy."""
    return container.get("name") == PROXY_CONTAINER and "restartPolicy" not in container


def _in_order_of(container: Object, model: Object) -> Object:
    """The container with its fields in the model's order."""
    return {**{key: container[key] for key in model if key in container}, **container}


# ---------------------------------------------------------------- probes


def _with_probes(pod: Object, probers: Object) -> Object:
    fields = {}
    for field in CONTAINER_FIELDS:
        containers = pods.containers(pod, field)
        fields[field] = [_with_own_probes(container, probers) for container in containers]
    return pods.with_spec(pod, **fields)


def _with_own_probes(container: Object, probers: Object) -> Object:
    name = container.get("name", "")
    changed: Object = {}
    for field, path in probes.PROBES:
        changed[field] = _own_probe(container.get(field), probers.get(f"/app-health/{name}/{path}"))

    hooks = dict(container.get("lifecycle") or {})
    for field, path in probes.HANDLERS:
        if field in hooks:
            hooks[field] = _own_probe(hooks[field], probers.get(f"/app-lifecycle/{name}/{path}"))

    if hooks:
        changed["lifecycle"] = hooks

    return {**container, **{key: value for key, value in changed.items() if value is not None}}


def _own_probe(probe: Any, prober: Any) -> Any:
    """The probe as the application's container had it; unchanged if the agent has no prober for
    it.
    """
    action = probe.get("httpGet") if isinstance(probe, dict) else None
    if not isinstance(action, dict) or not isinstance(prober, dict):
        return probe

    kind = next((kind for kind in probes.PROBE_ACTIONS if kind in prober), None)
    own = prober.get(kind) if kind else None
    if not isinstance(own, dict):
        return probe
    if kind == "httpGet":
        own = _in_order_of(own, action)

    # The action replaces that of the agent's probe, at the same place.
    restored: Object = {}
    for key, value in probe.items():
        if key == "httpGet":
            restored[str(kind)] = own
        else:
            restored[key] = value
    return restored


# ---------------------------------------------------------------- metadata


def _with_annotations(pod: Object, scraping: Object, status: Object) -> Object:
    annotations = dict(pods.annotations_of(pod))
    merged = annotations.get("prometheus.io/path") == "/stats/prometheus"
    if merged and annotations.get("prometheus.io/scrape") == "true":
        for field in ("port", "path", "scrape"):
            del annotations[f"prometheus.io/{field}"]
        annotations.update(_own_scraping(scraping))

    annotations.pop(STATUS_ANNOTATION, None)
    if any(_istios_overrides(pod, status).values()):
        annotations.pop(OVERRIDES_ANNOTATION, None)

    if annotations.get(REVISION_LABEL) == status.get("revision"):
        annotations.pop(REVISION_LABEL, None)

    # Injection made the first container the default one.
    first = next((container.get("name") for container in pods.containers(pod)), None)
    for name in DEFAULT_CONTAINER_ANNOTATIONS:
        if annotations.get(name) == first:
            annotations.pop(name, None)

    return pods.with_metadata(pod, "annotations", annotations)


def _own_scraping(scraping: Object) -> dict[str, str]:
    """The prometheus annotations that the pod had, from what the agent scrapes."""
    if not scraping.get("targets"):
        fields = ("scrape", "path", "port")
        return {f"prometheus.io/{f}": scraping[f] for f in fields if scraping.get(f)}

    own = {SCRAPE_TARGETS_ANNOTATION: _targets_text(scraping["targets"])}
    if scraping.get("scrape"):
        own["prometheus.io/scrape"] = scraping["scrape"]
    return own


def _targets_text(targets: Any) -> str:
    """[{"port": "9090", "path": "/m"}] -> "9090:/m", as the annotation has it (1.31+)."""
    return ",".join(
        f"{target.get('port')}:{target.get('path')}"
        for target in (targets if isinstance(targets, list) else [])
        if isinstance(target, dict)
    )


def _without_labels(pod: Object, workload: Workload) -> Object:
    """The labels without those that injection would add again. If the user had set them to the same
    values, that changes nothing.
    """
    labels = dict(pods.labels_of(pod))
    if labels.get(TLS_MODE_LABEL) == "istio":
        del labels[TLS_MODE_LABEL]

    for name, sources in CANONICAL_SOURCES.items():
        source = next((labels[source] for source in sources if labels.get(source)), None)
        if name in labels and labels[name] in _canonical_values(name, source, workload):
            del labels[name]

    return pods.with_metadata(pod, "labels", labels)


def _canonical_values(name: str, source: str | None, workload: Workload) -> set[str]:
    """The values that injection gives a canonical label, of whatever version of Istio.

    source: what another label of the pod says. Without it the name is that of the pod's owner,
    which differs between versions; templates since 1.12 cut it to 63 characters.
    """
    if name != CANONICAL_NAME_LABEL:
        return {source or "latest"}
    names = {source} if source else {workload.ref.name, *_owner_names(workload)}
    return names | {owner[:63].removesuffix("-") for owner in names}


def _owner_names(workload: Workload) -> set[str]:
    """The names that versions of Istio use for the owner of the pod."""
    names = {owner_of(workload, rules_for(minor), manual=False).name for minor in minors()}
    return names - {""}
