"""Taking an injection back: exactly where there is a record, else as far as Istio's own traces
tell.

Istio leaves the status annotation (names of what its templates brought), proxy.istio.io/overrides
(the user's own istio containers), and in the proxy's environment ISTIO_KUBE_APP_PROBERS and
ISTIO_PROMETHEUS_ANNOTATIONS (what probes and scrapers asked before): pkg/kube/inject/webhook.go,
app_probe.go (1.1-1.30).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from krm_injector.injection import merge, pods, probes, prometheus
from krm_injector.istio_names import APP_PROBERS_VARIABLE, PROMETHEUS_VARIABLE
from krm_injector.kube import go_json, types
from krm_injector.kube.paths import Step, at
from krm_injector.kube.paths import put as replaced
from krm_injector.model import Object, Result, Workload
from krm_injector.reinjection import record
from krm_injector.versions import minors, rules_for
from krm_injector.workload.controller import is_cron_job, owner_of

REVISION = "istio.io/rev"
DEFAULT_CONTAINER = (
    "kubectl.kubernetes.io/default-container",
    "kubectl.kubernetes.io/default-logs-container",
)
SCRAPE_TARGETS = "prometheus.istio.io/scrape-targets"
TLS_MODE = "security.istio.io/tlsMode"
CANONICAL = {
    "service.istio.io/canonical-name": ("app.kubernetes.io/name", "app"),
    "service.istio.io/canonical-revision": ("app.kubernetes.io/version", "version"),
}
FS_GROUP = 1337  # of the proxy; templates before 1.20 set it for the whole pod


class Restored(NamedTuple):
    """A workload as it stood before an earlier injection."""

    workload: Workload  # the same workload where nothing was injected
    record: record.Record | None = None
    results: tuple[Result, ...] = ()
    copied: tuple[Any, ...] = ()  # setter_comments.Copied: comments of the user's on Istio's values


def restored(workload: Workload) -> Restored:
    """The workload with what its record tells of taken back; without a record, as it is."""
    if at(workload.object, ("metadata", "annotations", record.ANNOTATION)) is None:
        return Restored(workload)
    return _restored_object([workload])[0]


def restored_all(workloads: Sequence[Workload]) -> list[Restored]:
    """The same of many; the templates of one object all have the object without any of its
    injections.
    """
    found: list[Restored] = []
    for group in _objects(workloads):
        annotated = at(group[0].object, ("metadata", "annotations", record.ANNOTATION)) is not None
        found += _restored_object(group) if annotated else map(Restored, group)
    return found


def _objects(workloads: Sequence[Workload]) -> Iterator[list[Workload]]:
    """The workloads of each object together; they stand behind each other."""
    group: list[Workload] = []
    for workload in workloads:
        if group and (
            workload.only or (workload.item, workload.inside) != (group[0].item, group[0].inside)
        ):
            yield group
            group = []
        group.append(workload)

    if group:
        yield group


def _restored_object(group: list[Workload]) -> list[Restored]:
    """The workloads of one object with a record."""
    standing = before = group[0].object
    try:
        known = record.records(standing)
        for one in known:
            before = record.original(before, one)
    except record.BadRecord as problem:
        told = (_bad_record(group[0], problem),)
        return [
            Restored(workload, results=() if number else told)
            for number, workload in enumerate(group)
        ]

    found = []
    for workload in group:
        mine = next(
            (one for one in known if _is_of(one, workload, before, alone=len(group) == 1)), None
        )
        found.append(Restored(workload._replace(object=before), mine))

    return found


def _is_of(one: record.Record, workload: Workload, before: Object, alone: bool) -> bool:
    """Whether a record tells of this template. One of a whole object, as it is written where a kind
    has one path, tells of what it changed.
    """
    if one.of:
        return record.located(workload.object, one.of) == workload.template
    return alone or at(workload.object, workload.template) is not at(before, workload.template)


def ejected(workload: Workload) -> Restored:
    """The workload without its injection, by whatever tells of it; results say what cannot be
    known.
    """
    exact = restored(workload)
    if exact.results:
        return exact
    if exact.record is not None:
        return exact._replace(results=edit_results(workload, exact.record))

    before = by_traces(workload)
    if before is None:
        return exact
    return Restored(workload._replace(object=before), results=(_uncertain(workload),))


def edit_results(workload: Workload, found: record.Record) -> tuple[Result, ...]:
    """Warnings that show the edits by hand which go with the injected part."""
    return tuple(_lost_edit(workload, edit) for edit in record.edits(workload.object, found))


# ---------------------------------------------------------------- by Istio's traces


def injected_by_istio(workload: Workload) -> bool:
    """Whether the pod carries Istio's status annotation."""
    status = at(workload.object, (*metadata_path(workload), "annotations", pods.STATUS_ANNOTATION))
    return isinstance(status, str)


def metadata_path(workload: Workload) -> Step:
    """Where injection left its metadata: the pod's, but kube-inject took a CronJob's
    jobTemplate.metadata for that.
    """
    path = (*workload.template, "metadata")
    if (
        is_cron_job(workload.ref)
        and at(workload.object, (*path, "annotations", pods.STATUS_ANNOTATION)) is None
    ):
        return ("spec", "jobTemplate", "metadata")
    return path


def pod_of(workload: Workload) -> Object:
    """The pod, with the metadata that injection wrote to."""
    metadata, spec = (
        at(workload.object, path)
        for path in (metadata_path(workload), (*workload.template, "spec"))
    )
    return {"metadata": metadata or {}, "spec": spec or {}}


def by_traces(workload: Workload) -> Object | None:
    """The workload as its pod's own annotations and environment tell that it was; None where it was
    not injected.
    """
    if not injected_by_istio(workload):
        return None

    pod = pod_of(workload)
    status = merge.injection_status(pod)
    if status is None:
        return None

    probers, scraped = probers_of(pod), _decoded(_env(pod).get(PROMETHEUS_VARIABLE))
    pod = _with_probes(_without_parts(pod, status), probers)
    pod = _with_annotations(pod, scraped, status)
    pod = _without_labels(pod, workload)
    return put(workload, pod)


def probers_of(pod: Object) -> Object:
    """What the agent was told that probes asked: {"/app-health/web/readyz": {"httpGet": ...}}."""
    try:
        return {
            path: probes.as_prober(one)
            for path, one in _decoded(_env(pod).get(APP_PROBERS_VARIABLE)).items()
        }
    except (types.TypeMismatch, AttributeError):
        return {}  # edited by hand, or not Istio's


def _env(pod: Object) -> dict[str, str]:
    sidecar = pods.find_in_pod(pods.PROXY, pod) or {}
    return {
        variable.get("name"): variable.get("value") or "" for variable in sidecar.get("env") or []
    }


def _without_parts(pod: Object, status: Object) -> Object:
    """Without the containers, volumes and secrets that the status names; the user's own istio
    containers come back.
    """
    try:
        saved = merge.saved_overrides(pod)
    except merge.BadAnnotation:
        saved = {}

    fields: dict[str, Any] = {}
    for field in ("containers", "initContainers"):
        names = listed(status, field)
        mine = {
            c.get("name"): {**c, "image": c.get("image") or merge.AUTO_IMAGE}
            for c in saved.get(field) or []
        }
        kept = []
        among = pods.containers(pod, field)
        last = {container.get("name"): number for number, container in enumerate(among)}
        for number, container in enumerate(among):
            name = container.get("name")
            if name in mine:
                kept.append(_in_order(mine.pop(name), container))
            elif (
                name not in names or number != last[name]
            ):  # before 1.9 the user's own stood beside Istio's
                kept.append(container)

        fields[field] = kept + list(mine.values())

    # A native sidecar of the user's stood among the containers, unless it was one before.
    moved = [
        c
        for c in fields["initContainers"]
        if c.get("name") == pods.PROXY and "restartPolicy" not in c
    ]
    fields["containers"] += moved
    fields["initContainers"] = [c for c in fields["initContainers"] if c not in moved]
    for field in ("volumes", "imagePullSecrets"):
        names = listed(status, field)
        fields[field] = [
            entry for entry in pods.containers(pod, field) if entry.get("name") not in names
        ]

    context = pods.containers(pod, "securityContext")
    if isinstance(context, dict) and context.get("fsGroup") == FS_GROUP:
        fields["securityContext"] = {k: v for k, v in context.items() if k != "fsGroup"}

    return pods.with_spec(pod, **fields)


def listed(status: Object, field: str) -> list[Any]:
    names = status.get(field)
    return names if isinstance(names, list) else []


def _in_order(container: Object, like: Object) -> Object:
    """The container with its fields in the other's order."""
    return {**{k: container[k] for k in like if k in container}, **container}


def _with_probes(pod: Object, probers: Object) -> Object:
    fields = {}
    for field in ("containers", "initContainers"):
        fields[field] = [
            _with_own_probes(container, probers) for container in pods.containers(pod, field)
        ]
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

    return {**container, **{k: v for k, v in changed.items() if v is not None}}


def _own_probe(probe: Any, prober: Any) -> Any:
    """The probe as the application's container had it; as it is where the agent was not told of it."""
    action = probe.get("httpGet") if isinstance(probe, dict) else None
    if not isinstance(action, dict) or not isinstance(prober, dict):
        return probe

    kind = next((kind for kind in probes.PROBE_ACTIONS if kind in prober), None)
    own = prober.get(kind) if kind else None
    if not isinstance(own, dict):
        return probe
    if kind == "httpGet":
        own = {**{k: own[k] for k in action if k in own}, **own}

    return {
        (kind if k == "httpGet" else k): (own if k == "httpGet" else v) for k, v in probe.items()
    }


def _with_annotations(pod: Object, scraped: Object, status: Object) -> Object:
    annotations = dict(pods.annotations_of(pod))
    merged = annotations.get("prometheus.io/path") == "/stats/prometheus"
    if merged and annotations.get("prometheus.io/scrape") == "true":
        for field in ("port", "path", "scrape"):
            del annotations[f"prometheus.io/{field}"]

        own = {
            f"prometheus.io/{k}": scraped[k] for k in ("scrape", "path", "port") if scraped.get(k)
        }
        if scraped.get("targets"):
            own = {SCRAPE_TARGETS: _targets(scraped["targets"])}
            own.update({"prometheus.io/scrape": scraped["scrape"]} if scraped.get("scrape") else {})

        annotations.update(own)

    for name in (pods.STATUS_ANNOTATION, pods.OVERRIDES_ANNOTATION):
        annotations.pop(name, None)

    if annotations.get(REVISION) == status.get("revision"):
        annotations.pop(REVISION, None)

    first = next((c.get("name") for c in pods.containers(pod)), None)
    for name in DEFAULT_CONTAINER:
        if annotations.get(name) == first:
            annotations.pop(name, None)

    return pods.with_metadata(pod, "annotations", annotations)


def _targets(targets: Any) -> str:
    """[{"port": "9090", "path": "/m"}] -> "9090:/m", as the annotation has it (1.31+)."""
    among = targets if isinstance(targets, list) else []
    return ",".join(
        f"{one.get('port')}:{one.get('path')}" for one in among if isinstance(one, dict)
    )


def _without_labels(pod: Object, workload: Workload) -> Object:
    """Without those labels that injection would give again; where the user had set them alike,
    nothing changes.
    """
    labels = dict(pods.labels_of(pod))
    if labels.get(TLS_MODE) == "istio":
        del labels[TLS_MODE]

    for name, sources in CANONICAL.items():
        said = next((labels[source] for source in sources if labels.get(source)), None)
        if name in labels and labels[name] in _canonical(name, said, workload):
            del labels[name]

    return pods.with_metadata(pod, "labels", labels)


def _canonical(name: str, said: str | None, workload: Workload) -> set[str]:
    """The values that injection gives a canonical label, of whatever version of Istio.

    Where no other label says it, the name is that of the pod's owner, which differs between
    versions; templates since 1.12 cut it to 63 characters.
    """
    if name != "service.istio.io/canonical-name":
        return {said or "latest"}
    owners = {said} if said else {workload.ref.name, *_owners(workload)}
    return owners | {owner[:63].removesuffix("-") for owner in owners}


def _owners(workload: Workload) -> set[str]:
    """The names by which a version of Istio may have known what owns the pod."""
    found = {owner_of(workload, rules_for(minor), manual=False).name for minor in minors()}
    return found - {""}


def _decoded(text: str | None) -> Object:
    if not text:
        return {}
    try:
        value = go_json.loads(text)
    except go_json.GoJsonError:
        return {}
    return value if isinstance(value, dict) else {}


def put(workload: Workload, pod: Object) -> Object:
    """The workload with this pod; maps of metadata that are left empty go, those that injection
    left empty stay.
    """
    path = metadata_path(workload)
    standing = at(workload.object, path) or {}
    metadata = {}
    for key, value in pod["metadata"].items():
        if value or key not in ("labels", "annotations"):
            metadata[key] = value
        elif key in standing and not standing[key]:
            metadata[key] = standing[key]

    changed = replaced(workload.object, (*workload.template, "spec"), pod["spec"])
    there = metadata or at(workload.object, path) is not None
    result: Object = replaced(changed, path, metadata) if there else changed
    return result


# ---------------------------------------------------------------- in words


def _bad_record(workload: Workload, problem: record.BadRecord) -> Result:
    message = f"the annotation {record.ANNOTATION} of {workload.ref} {problem}"
    return Result(
        "error",
        message,
        workload.ref,
        f"metadata.annotations[{record.ANNOTATION}]",
        code="record-unusable",
    )


def _uncertain(workload: Workload) -> Result:
    message = (
        f"{workload.shown} has no record of what it was before injection; it was taken back as "
        "far as Istio's own annotations tell. What they do not tell: names of ports that probes "
        "asked, the spelling of prometheus annotations, labels that were set to what Istio sets, "
        "the place of an own istio-proxy, and whatever a custom template changed in the "
        "application's containers. Compare it with its source"
    )
    return Result("warning", message, workload.ref, code="ejected-by-traces")


def loses(workload: Workload, what: list[str]) -> Result:
    """Error: an earlier injection without record cannot be taken back far enough for this
    configuration.
    """
    shown = "; ".join(what[:5]) + (f" and {len(what) - 5} more" if len(what) > 5 else "")
    message = (
        f"{workload.shown} was injected by Istio with another configuration, and its annotations "
        f"do not tell enough of what it was before: {shown}. With this configuration that makes a "
        "difference. Inject its source instead; or run krm-injector eject on it, compare the "
        "result with the source, and inject that"
    )
    return Result("error", message, workload.ref, code="taken-back-loses")


def _lost_edit(workload: Workload, edit: record.Edit) -> Result:
    keep = "To keep it, make it in what injection starts from: eject, edit, inject"
    if not edit.path:
        message = (
            f"the injected part of {workload.ref} was edited by hand, and the edit is lost; the "
            f"record cannot tell which field it was. {keep}"
        )
        return Result("warning", message, workload.ref, code="edit-lost")

    field = edit.path.removesuffix(record.ORDER)
    what = field if field == edit.path else f"the order of {field}"
    was = f"{what} of {workload.ref} was edited to {shown(edit.current)} by hand inside the injected part"
    message = f"{was}, and the edit is lost. {keep}"
    return Result("warning", message, workload.ref, field, edit.current, code="edit-lost")


def shown(value: Any, most: int = 120) -> str:
    import json

    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= most else text[: most - 3] + "..."


def ejected_all(workloads: Sequence[Workload]) -> list[Restored]:
    """``ejected`` of many; the templates of one object all have the object without any of its
    injections.
    """
    found: list[Restored] = []
    for group in _objects(workloads):
        if len(group) == 1:
            found.append(ejected(group[0]))
            continue

        after, results = group[0].object, []
        for one in (
            _restored_object(group)
            if record.ANNOTATION in (at(after, ("metadata", "annotations")) or ())
            else ()
        ):
            results.append(
                one.results if one.record is None else edit_results(group[0], one.record)
            )
            after = one.workload.object

        for workload in group:
            before = by_traces(workload._replace(object=after))
            results.append(() if before is None else (_uncertain(workload),))
            after = after if before is None else before

        told = tuple(result for several in results for result in several)
        same = after is group[0].object
        found += [
            Restored(
                workload if same else workload._replace(object=after),
                results=() if number else told,
            )
            for number, workload in enumerate(group)
        ]

    return found
