"""What an upgrade of Istio does to a sample pod: for docs/istio-versions.md.

The pod is injected with the embedded profile of the release before and of the one after, through
the program's own road, and the results are compared. Every difference between templates that
profile/differences.py has is shown on a pod that it changes.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from krm_injector import pipeline
from krm_injector.discovery.profile import differences as profile_differences
from krm_injector.discovery.profile.differences import NEWEST_PATCHES, Patch
from krm_injector.function_config import MeshSettings, Settings
from krm_injector.istio_names import STATUS_ANNOTATION
from krm_injector.kube.differences import ABSENT, Difference, differences
from krm_injector.kube.yaml import dump, load
from krm_injector.model import Object
from krm_injector.named_tuple import NamedTuple
from krm_injector.presenting import diff
from krm_injector.sources import manifests
from krm_injector.sources.files import Source
from krm_injector.versions import NEWEST

SAMPLE = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata:
      labels: {app: web}
    spec:
      containers:
      - name: web
        image: registry.example/web:2.4
        ports: [{name: http, containerPort: 8080}]
        readinessProbe: {httpGet: {path: /ready, port: http}}
        livenessProbe: {httpGet: {path: /live, port: http}}
        resources: {requests: {cpu: 100m, memory: 128Mi}, limits: {memory: 256Mi}}
"""
NAMESPACE = {
    "apiVersion": "v1",
    "kind": "Namespace",
    "metadata": {
        "name": "shop",
        "labels": {"istio-injection": "enabled"},
        "annotations": {"openshift.io/sa.scc.uid-range": "1000650000/10000"},
    },
}
# The releases whose sample pods are compared, oldest first: with the version in development.
RELEASES = (*NEWEST_PATCHES, *([(*NEWEST, 0)] if NEWEST_PATCHES[-1][:2] < NEWEST else []))
REFUSED, INJECTED = "refused", "injected"


class Case(NamedTuple):
    """A pod, and an installation, that show a difference: the sample with this beside it."""

    annotations: dict[str, str] = {}  # noqa: RUF012 - never mutated
    labels: dict[str, str] = {}  # noqa: RUF012 - never mutated
    spec: Object = {}  # noqa: RUF012 - never mutated
    settings: dict[str, Any] = {}  # noqa: RUF012 - never mutated
    words: str = ""  # for the spec and the settings
    note: str = ""  # what else changes


TEMPLATES = "inject.istio.io/templates"
PLAIN = Case()
# By the newest of the first releases of a difference, and by the first name that it gives a text.
CASES: dict[tuple[str, str], Case] = {
    ("1.24.4", "gateway annotations"): Case(
        {TEMPLATES: "gateway", "kubectl.kubernetes.io/default-container": "debug"}
    ),
    ("1.25.0", "virtual interfaces"): Case({"istio.io/reroute-virtual-interfaces": "net1"}),
    ("1.25.0", "workload name"): Case(labels={"service.istio.io/workload-name": "storefront"}),
    ("1.27.0", "init user"): Case(
        {"sidecar.istio.io/interceptionMode": "TPROXY"},
        settings={"platform": "openshift"},
        words="on OpenShift",
    ),
    ("1.26.0", "open"): Case(
        {"sidecar.istio.io/interceptionMode": "NONE"},
        spec={"initContainers": [{"name": "migrate", "image": "registry.example/migrate:2.4"}]},
        words="an init container of its own, native sidecars off",
        settings={"native_sidecars": False},
    ),
    ("1.28.0", "virtual interfaces"): Case(
        {
            "istio.io/reroute-virtual-interfaces": "net1",
            "traffic.sidecar.istio.io/kubevirtInterfaces": "net2",
        }
    ),
    ("1.27.0", "native"): Case(
        {"sidecar.istio.io/nativeSidecar": "yes"},
        settings={"native_sidecars": True},
        words="native sidecars on",
    ),
    ("1.27.0", "CRL mount"): Case(settings={"native_sidecars": True}, words="every sidecar"),
    ("1.27.0", "gateway bootstrap variable"): Case(
        {TEMPLATES: "gateway", "sidecar.istio.io/bootstrapOverride": "my-bootstrap"}
    ),
    ("1.29.0", "resources"): Case(
        {"sidecar.istio.io/proxyCPU": '1","memory":"2Gi'},
        note="The same for `proxyMemory` and both limits. A text with quotes set other fields "
        "before: here the memory.",
    ),
    ("1.29.0", "divisor"): Case(words="every sidecar and gateway"),
    ("1.32.0", "image"): Case(
        {"sidecar.istio.io/logLevel": "info # quiet"},
        note="In quotes as well: `proxyImage`, `bootstrapOverride`, `componentLogLevel` and "
        "`agentLogLevel`. What YAML reads as something else than a text (`a: b`, `on`) made Istio "
        "refuse the pod before.",
    ),
    ("1.31.0", "init image"): Case({"proxy.istio.io/config": "image: {imageType: distroless}"}),
    ("1.31.0", "trim"): Case(labels={"app": "web."}),
    ("1.31.0", "GODEBUG"): Case(
        settings={"control_plane_env": {"COMPLIANCE_POLICY": "fips-140-3"}},
        words="istiod with `COMPLIANCE_POLICY=fips-140-3`",
    ),
    ("1.32.0", "GOMAXPROCS"): Case(words="every sidecar and gateway"),
}

# ---------------------------------------------------------------- two pods


def changes(before: Patch, after: Patch, case: Case = PLAIN) -> list[Difference]:
    """What differs between the pods that two releases make; the tags of images do not count."""
    old, new = (_pod(release, case) for release in (before, after))
    if isinstance(old, str) or isinstance(new, str):
        verdicts = [pod if isinstance(pod, str) else INJECTED for pod in (old, new)]
        return [] if old == new else [Difference("pod", *verdicts)]

    return differences(old, new)


def _pod(release: Patch, case: Case) -> Object | str:
    """The injected pod, with its containers by name; or that it is refused."""
    deployment = load(SAMPLE)
    template = deployment["spec"]["template"]
    template["metadata"]["labels"] |= case.labels
    template["metadata"]["annotations"] = {**case.annotations}
    template["spec"] |= copy.deepcopy(case.spec)

    tag = text(release)
    # The page shows what Istio made of a text that set other fields. A run here refuses it.
    shown = {"severities": {"untrusted-text": "off"}}
    mesh = MeshSettings(version=tag)
    settings = Settings(mesh=mesh, record=False, **{**shown, **case.settings})
    documents = "---\n".join(map(dump, (NAMESPACE, deployment)))
    outcome = pipeline.run(manifests.join([Source(documents.encode(), "")]).bundle, settings)
    if any(result.severity == "error" for result in outcome.results):
        return REFUSED

    pod = diff.changes(outcome)[0].after["spec"]["template"]
    return _by_container(pod, tag)


def _by_container(pod: Object, tag: str) -> Object:
    metadata, spec = pod["metadata"], pod["spec"]
    annotations = {**metadata["annotations"]}
    annotations.pop(STATUS_ANNOTATION, None)  # names what else is told

    view: Object = {"labels": metadata["labels"], "annotations": annotations}
    for place in ("initContainers", "containers"):
        for container in spec.get(place) or ():
            image = container["image"].replace(f":{tag}", ":TAG")
            view[container["name"]] = {"in": f"spec.{place}", **container, "image": image}

    rest = {
        key: value for key, value in spec.items() if key not in ("initContainers", "containers")
    }
    return {**view, **rest}


# ---------------------------------------------------------------- as Markdown


def summary() -> list[str]:
    """A row for each upgrade of the sample, the newest first."""
    rows = []
    for before, after in reversed(list(pairwise(RELEASES))):
        fields = ", ".join(f"`{change.path}`" for change in changes(before, after))
        place = f"1{before[1]}-to-1{after[1]}"  # of the step's section on this page
        rows.append(f"| [{since(before)} to {since(after)}](#{place}) | {fields or 'nothing'} |")

    return rows


def step(newer: tuple[int, int]) -> list[str]:
    """What the last step to a minor version does to the sample; nothing without a profile."""
    by_minor = {release[:2]: release for release in RELEASES}
    if newer not in by_minor or (newer[0], newer[1] - 1) not in by_minor:
        return []

    before, after = by_minor[(newer[0], newer[1] - 1)], by_minor[newer]
    pods = f"the [sample pod](#the-sample-pod) from {since(before)} to {since(after)}"
    found = changes(before, after)
    if not found:
        return [f"In {pods} only the tags of the images change.", ""]

    rows = [f"| `{path}` | {old} | {new} |" for path, old, new in map(_cells, found)]
    return [
        f"In {pods}, beside the tags of the images:",
        "",
        "| field | before | after |",
        "|---|---|---|",
        *rows,
        "",
        *_stated_native(before, after, found),
    ]


def _stated_native(before: Patch, after: Patch, found: list[Difference]) -> list[str]:
    """What changes where istiod is told about native sidecars, if that differs from its default."""
    stated = {}
    for word, native in (("on", True), ("off", False)):
        kept = changes(before, after, Case(settings={"native_sidecars": native}))
        stated[word] = ", ".join(f"`{change.path}`" for change in kept)

    default = ", ".join(f"`{change.path}`" for change in found)
    if set(stated.values()) == {default}:
        return []
    if stated["on"] == stated["off"]:
        stated = {"on or off": stated["on"]}
    return [
        f"With native sidecars {word} before and after, only: {fields or 'the tags'}.\n"
        for word, fields in stated.items()
        if fields != default
    ]


def patch_rows() -> list[str]:
    """A row for each difference between templates: since when, where it shows, what changes."""
    rows = []
    for difference in profile_differences.DIFFERENCES:
        case = CASES[case_key(difference)]
        lines = [f"`{path}`: {old} -> {new}" for path, old, new in map(_cells, shown(difference))]
        if case.note:
            lines.append(case.note)
        releases = ", ".join(map(since, difference.since))
        what = "<br>".join(lines)
        rows.append(f"| {releases} | {_where(case)} | {what} | {difference.source} |")

    return rows


def shown(difference: profile_differences.Difference, which: int = 0) -> list[Difference]:
    """What a difference changes in its case, at one of the releases that have it first."""
    case, first = CASES[case_key(difference)], difference.since[which]
    before = previous(first)
    found = changes(before, first, case)
    if not (case.annotations or case.labels or case.spec):
        return found

    # What every pod gets with this release has a row of its own.
    everywhere = {change.path for change in changes(before, first, Case(settings=case.settings))}
    return [change for change in found if change.path not in everywhere]


def case_key(difference: profile_differences.Difference) -> tuple[str, str]:
    return text(difference.since[-1]), next(iter(difference.texts))


def previous(release: Patch) -> Patch:
    """The patch release before; before the first of a minor version the newest one of the last."""
    major, minor, patch = release
    if patch:
        return major, minor, patch - 1
    return max(known for known in NEWEST_PATCHES if known[:2] < (major, minor))


def text(release: Patch) -> str:
    return ".".join(map(str, release))


def since(release: Patch) -> str:
    """As the page names it: the first release of a minor version without its 0."""
    return text(release).removesuffix(".0")


def _where(case: Case) -> str:
    parts = [case.words] if case.words else []
    for kind, fields in (("annotation", case.annotations), ("label", case.labels)):
        parts += [f"{kind} `{key}: {value}`" for key, value in fields.items()]
    return ", ".join(parts)


def _cells(change: Difference) -> tuple[str, str, str]:
    """A field, and its values before and after."""
    old, new = change.before, change.after
    if _is_command(old) and _is_command(new):
        old, new = _apart(old, new)

    name = change.path.rpartition("[")[2].rstrip("]")
    return change.path, _value(old, name), _value(new, name)


def _is_command(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(word, str) for word in value)


def _apart(old: list[str], new: list[str]) -> tuple[str, str]:
    """Two lists of words without what both begin and end with."""
    while old and new and old[-1] == new[-1]:
        old, new = old[:-1], new[:-1]
    while old and new and old[0] == new[0]:
        old, new = old[1:], new[1:]
    return " ".join(old), " ".join(new)


def _value(value: Any, name: str) -> str:
    """A value as the tables have it; of a list's element, without the name that is in its path."""
    if value is ABSENT or value == "":
        return "absent"
    if value in (REFUSED, INJECTED):
        return str(value)

    if isinstance(value, Mapping):
        value = {key: inner for key, inner in value.items() if inner != name}
    shown = value if isinstance(value, str) else _flow(value)
    return f"`{shown}`".replace("|", "\\|")


def _flow(value: Any) -> str:
    """A value as flow YAML."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {_flow(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_flow, value)) + "]"
    if isinstance(value, str) and re.fullmatch(r"[-/A-Za-z][-\w/.:=]*", value):
        return value
    return json.dumps(value)
