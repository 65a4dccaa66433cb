"""Random bundles of workloads that are nearly alike, and a run of one with and without shapes."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterable, Mapping
from typing import Any

import builders

from krm_injector.cli.commands import function
from krm_injector.cli.request import Arguments, Request
from krm_injector.kube.yaml import dump
from krm_injector.model import Object

KINDS = (
    *("Deployment", "Deployment", "Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob"),
    *("Rollout", "ReplicaSet", "Pod", "DeploymentConfig"),
)

# Of the class of words, at its borders, and outside of it.
_WORDS = (
    *("a", "b", "web", "web-1", "foo", "bar", "x/y:1", "a.b", "a_b", "a::b", "a//b", "a@b"),
    *("a--", "a:", "-a", "a-", "A", "aB", "true", "y", "yes", "no", "null", "on", "nan", "inf"),
    *("auto", "e1", "e5", "n", "ull", "istio-proxy", "app", "xff", "z9"),
)
_TEXTS = (
    *_WORDS,
    "",
    "5",
    "0",
    "09",
    "1e5",
    "1.5",
    "a b",
    "a,b",
    'a"b',
    "a'b",
    "a\nb",
    "a#b",
    "a #b",
    "é",
    "x" * 62,
    "x" * 63,
    "x" * 64,
    "x" * 127,
    "x" * 128,
    "x" * 129,
    "w" * 300,
    "---",
    "key: value",
    "krm.hole/0001:x@k-k",
)
_LABEL_TEXTS = tuple(text for text in _TEXTS if text != "a\nb")
_NUMBERS = (0, 1, 2, 5, 5, 10, 9999, 10000, 990000077, 2147483647)

# Keys of scalars in which workloads of one family often differ.
_OFTEN = frozenset(
    (
        *("app", "tier", "version", "image", "value", "name", "key", "replicas"),
        *("periodSeconds", "timeoutSeconds", "secretName", "claimName"),
    )
)

# What templates may do with the scalars of a pod: NAME, LABEL and the like are put in.
LABEL = 'index .ObjectMeta.Labels "app"'
OTHER = 'index .ObjectMeta.Labels "tier"'
IMAGE = "(index .Spec.Containers 0).Image"
EXPRESSIONS = (
    "{{ $x }}",
    "{{ $x | quote }}",
    '{{ if eq $x "web" }}web{{ else }}other{{ end }}',
    '{{ if eq $x "A" "B" }}capital{{ else }}small{{ end }}',
    "{{ if ne $x $y }}differ{{ else }}same{{ end }}",
    '{{ if eq (printf "%s x" $x) "foo x" }}foo{{ end }}z',
    '{{ $x | trunc 63 | trimSuffix "-" | quote }}',
    "{{ $x | trunc 3 | quote }}",
    "{{ len $x }}",
    "{{ index $x 0 }}",
    "{{ slice $x 0 1 }}",
    '{{ if contains "o" $x }}o{{ end }}z',
    '{{ if hasPrefix "w" $x }}w{{ end }}z',
    "{{ $x | sha256sum }}",
    "{{ $x | upper }}",
    "{{ $x | lower | quote }}",
    '{{ list $x $y "m" | sortAlpha | join "," | quote }}',
    "{{ list $x $y | uniq | len }}",
    '{{ list $x $y | join "-" | quote }}',
    '{{ (strdict $x "1" "web" "2") | toJSON | quote }}',
    '{{ (strdict "a" $x "b" $y) | toJSON | squote }}',
    '{{ if hasKey (dict "web" "1") $x }}in{{ else }}out{{ end }}',
    '{{ index (dict "web" "1" "foo" "2") $x | default "none" | quote }}',
    '{{ $x | replace "o" "0" | quote }}',
    "{{ if lt $x $y }}less{{ else }}more{{ end }}",
    '{{ printf "%s-%s" $x $y | quote }}',
    '{{ printf "%5s|%.2s|%q" $x $y $x | squote }}',
    '{{ printf "%x" $x | quote }}',
    "{{ $x | html | quote }}",
    "{{ if $x }}{{ $x }}{{ else }}none{{ end }}",
    "{{ with $x }}{{ . | quote }}{{ end }}",
    "{{ $x }}{{ $y }}",
    "n{{ $x }}",
    "{{ $x }}5",
    "1_{{ $x }}",
    "{{ $x }} {{ $y }}",
    "'{{ $x }}: {{ $y }}'",
    "{{ $x }}",
    "x-{{ $x }}",
    "{{ $x }}.{{ $y }}",
    "-{{ $x }}",
    '{{ coalesce $x $y "d" | quote }}',
    "{{ ternary $x $y (empty $x) | quote }}",
    "{{ if and $x (not (empty $y)) }}both{{ end }}z",
    '{{ regexReplaceAll "o+" $x "0" | quote }}',
    '{{ $x | trimAll "-./" | quote }}',
    '{{ $x | trimPrefix "w" | quote }}',
    "{{ $x | b64enc | quote }}",
    "{{ $x | nindent 2 | trim | quote }}",
    '{{ range $i, $c := splitList "-" $x }}{{ $i }}{{ $c }}{{ end }}',
    "{{ $x | title | quote }}",
    "{{ kindOf $x }}",
    '{{ toYaml (dict "a" $x) | quote }}',
    "{{ structToJSON .ObjectMeta | quote }}",
    "{{ toJSON .ObjectMeta.Labels | squote }}",
    "{{ (index .Spec.Containers 0).Env | toYaml | quote }}",
    '{{ valueOrDefault $x "d" | quote }}',
    '{{ annotation .ObjectMeta "x/y" $x | quote }}',
    "{{ print $x 1 2 $y | quote }}",
    "{{ println $x | quote }}",
    "{{ with (index .Spec.Containers 0).ReadinessProbe }}{{ .PeriodSeconds | quote }}{{ end }}z",
    "{{ with (index .Spec.Containers 0).ReadinessProbe }}"
    '{{ printf "%q" .PeriodSeconds | len }}{{ end }}z',
    "{{ with (index .Spec.Containers 0).ReadinessProbe }}"
    "{{ range .PeriodSeconds }}{{ if eq . 3 }}{{ break }}{{ end }}i{{ end }}{{ end }}z",
    "{{ with (index .Spec.Containers 0).ReadinessProbe }}"
    "{{ if gt (int .PeriodSeconds) 4 }}big{{ end }}{{ end }}z",
    '{{ if eq $x "foo" }}{{ fail "no foo" }}{{ end }}z',
)
PLACES = (
    "metadata: {{annotations: {{example.com/a: {0}}}}}",
    "metadata:\n  annotations:\n    example.com/a: {0}\n",
    "metadata:\n  labels:\n    tier: {0}\n",
    "metadata:\n  labels:\n    new: {0}\n",
    "metadata:\n  annotations:\n    {0}: a\n    m: b\n",
    "metadata:\n  annotations:\n    prometheus.io/port: {0}\n    sidecar.istio.io/status: {0}\n",
    "spec:\n  containers:\n  - name: istio-proxy\n    image: proxy\n    env:\n    - name: A\n"
    "      value: {0}\n",
    "spec:\n  containers:\n  - name: istio-proxy\n    image: {0}\n    args: [a, {0}]\n",
    "spec:\n  containers:\n  - name: {0}\n    image: helper\n",
    "spec:\n  containers:\n  - name: web\n    image: {0}\n",
    "spec:\n  containers:\n  - name: web\n    args: [{0}]\n    env:\n    - name: A\n"
    "      value: {0}\n",
    "spec:\n  containers:\n  - name: istio-proxy\n    env:\n    - name: {0}\n      value: a\n"
    "    - name: M\n      value: b\n",
    "spec:\n  volumes:\n  - name: {0}\n    emptyDir: {{}}\n",
    "spec:\n  serviceAccountName: {0}\n",
    "spec:\n  imagePullSecrets:\n  - name: {0}\n",
    "spec:\n  nodeSelector:\n    {0}: a\n    m: {0}\n",
    "spec:\n  initContainers:\n  - name: istio-init\n    image: i\n    command: [{0}]\n",
)


def template(chance: random.Random) -> str:
    """A template that looks at scalars of the pod, or only prints them."""
    sources = (LABEL, OTHER, IMAGE, ".DeploymentMeta.Name", "(index .Spec.Containers 0).Name")
    x, y = (chance.choice(sources) for _ in range(2))
    expression = chance.choice(EXPRESSIONS)
    head = "".join(
        f'{{{{- ${name} := valueOrDefault ({source}) "none" }}}}'
        for name, source in (("x", x), ("y", y))
    )
    place = chance.choice(PLACES)
    return head + "\n" + place.format(expression)


def workloads(chance: random.Random, count: int) -> list[Object]:
    """Workloads of a few families; most differ from others of theirs in ordinary scalars alone."""
    families = [_model(chance) for _ in range(chance.randint(1, 2))]
    return [_member(chance, chance.choice(families), number) for number in range(count)]


def _model(chance: random.Random) -> Object:
    container: Object = {"name": chance.choice(("web", "app", "istio-proxy")), "image": "web:1"}
    pick = chance.random
    if pick() < 0.6:
        container["env"] = [
            {"name": "A", "value": "a"},
            {"name": chance.choice("AB"), "value": "b"},
            {"name": "C", "valueFrom": {"configMapKeyRef": {"name": "cm", "key": "k"}}},
        ]
    if pick() < 0.5:
        container["envFrom"] = [{"configMapRef": {"name": "cm"}}, {"secretRef": {"name": "s"}}]
    if pick() < 0.6:
        container["readinessProbe"] = {
            "periodSeconds": 5,
            chance.choice(("httpGet", "tcpSocket")): {"port": chance.choice((80, "http"))},
            "timeoutSeconds": 3,
        }
        container["ports"] = [{"name": "http", "containerPort": 80}]
    labels = {"app": "web", "tier": "front", "version": "v1"}
    if pick() < 0.2:
        labels["service.istio.io/canonical-name"] = "web"
    spec: Object = {"containers": [container]}
    if pick() < 0.4:
        spec["containers"].append({"name": "side", "image": "side:1", "args": ["x"]})
    if pick() < 0.3:
        spec["initContainers"] = [{"name": "init", "image": "init:1"}]
    if pick() < 0.4:
        spec["volumes"] = [
            {"name": "config", "configMap": {"name": "web"}},
            {"name": "secret", "secret": {"secretName": "web"}},
            {"name": "data", "persistentVolumeClaim": {"claimName": "web"}},
        ]
    annotations = {"example.com/a": "b", "prometheus.io/port": "9090"} if pick() < 0.4 else {}
    kind = chance.choice(KINDS)
    pod = {
        "metadata": {"labels": labels, **({"annotations": annotations} if annotations else {})},
        "spec": spec,
    }
    value = builders.workload(kind, pod, "web")
    value["metadata"].setdefault("labels", {"app": "web"})
    if kind not in ("Pod", "Job", "CronJob"):
        selector = {"matchLabels": {"app": "web"}}
        value["spec"] = {"replicas": 2, "selector": selector, **value["spec"]}
    return value


def _member(chance: random.Random, model: Object, number: int) -> Object:
    value = copy.deepcopy(model)
    name = f"app-{number}"
    value["metadata"]["name"] = name
    value["metadata"]["namespace"] = chance.choice(("shop",) * 8 + ("bare", "other"))
    for path, text in list(_scalars(value, ())):
        if path[0] == "metadata" and path[-1] in ("name", "namespace"):
            continue
        if path[-1] in ("kind", "apiVersion", "schedule", "restartPolicy"):
            continue
        _mutate(chance, value, path, text, name)
    if chance.random() < 0.03:
        _shuffle(chance, value)
    if chance.random() < 0.7:
        value["metadata"].setdefault("annotations", {}).update(_of_kustomize(chance, value, number))
    return value


def _of_kustomize(chance: random.Random, value: Object, number: int) -> dict[str, str]:
    """The annotations by which kustomize knows an object."""
    name = value["metadata"]["name"] if chance.random() < 0.9 else chance.choice(_TEXTS)
    return {
        "config.kubernetes.io/index": str(number),
        "internal.config.kubernetes.io/id": str(chance.choice((0, 7, 10**8, 10**9, "07"))),
        "config.kubernetes.io/path": f"apps/app-{number}.yaml",
        "kustomize.config.k8s.io/id": f"kind: {value['kind']}\nname: {name}\n",
    }


def _mutate(
    chance: random.Random, value: Object, path: tuple[Any, ...], text: Any, name: str
) -> None:
    parent = value
    for step in path[:-1]:
        parent = parent[step]
    structural = path[-1] == "name" and isinstance(path[-2], int)
    likely = 0.003 if structural or str(path[-1]) not in _OFTEN else 0.4
    roll = chance.random()
    if roll > likely:
        return
    if isinstance(text, int):
        parent[path[-1]] = chance.choice(_NUMBERS[1:7] if roll < likely * 0.98 else _NUMBERS)
    elif roll < likely * 0.4:
        parent[path[-1]] = name
    elif roll < likely * 0.985:
        parent[path[-1]] = chance.choice(_WORDS[:5])
    elif roll < likely * 0.997:
        parent[path[-1]] = chance.choice(_LABEL_TEXTS)
    elif isinstance(parent, dict) and not structural:
        del parent[path[-1]]


def _scalars(value: Any, path: tuple[Any, ...]) -> Iterable[tuple[tuple[Any, ...], Any]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _scalars(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _scalars(inner, (*path, index))
    else:
        yield path, value


def _shuffle(chance: random.Random, value: Any) -> None:
    if isinstance(value, dict):
        items = list(value.items())
        chance.shuffle(items)
        value.clear()
        value.update(items)
        for inner in value.values():
            _shuffle(chance, inner)
    elif isinstance(value, list):
        for inner in value:
            _shuffle(chance, inner)


NAMESPACES = (
    builders.namespace("shop", injection="enabled"),
    builders.namespace("other", injection="enabled"),
    builders.namespace("bare"),
)


# ---------------------------------------------------------------- texts


def block(objects: Iterable[Object], spec: Mapping[str, Any] | None = None) -> str:
    """A ResourceList in block style."""
    return dump(resource_list(objects, spec))


def resource_list(objects: Iterable[Object], spec: Mapping[str, Any] | None = None) -> Object:
    return {
        "apiVersion": "config.kubernetes.io/v1",
        "kind": "ResourceList",
        "items": list(objects),
        "functionConfig": builders.config(**(spec or {})),
    }


def compact(objects: Iterable[Object], spec: Mapping[str, Any] | None = None) -> str:
    """A ResourceList in JSON, which is a flow mapping to YAML."""
    return json.dumps(resource_list(objects, spec))


# ---------------------------------------------------------------- runs


Outcome = tuple[str, tuple[Any, ...], int]


def run(text: str, shapes: str) -> Outcome:
    """What the function answers; ``shapes``: "off" or ""."""
    request = Request(Arguments(), text.encode, {"KRM_INJECTOR_SHAPES": shapes})
    answer = function.run(request)
    return "".join(answer.text), answer.results, answer.code


def both(text: str) -> tuple[Outcome, Outcome]:
    """The answers of the plain path and with shapes."""
    return run(text, "off"), run(text, "")
