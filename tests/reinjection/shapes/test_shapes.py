"""Injection once per shape gives what the plain path gives, byte for byte."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from typing import Any

import builders
import pytest
import yaml
from reinjection.shapes import random_bundles

from krm_injector.injection.control_plane import PreparedControlPlane
from krm_injector.kube.twins import Twin
from krm_injector.model import Object
from krm_injector.reinjection.shapes import families, holes

VERSIONS = ("1.9.0", "1.13.0", "1.20.8", "1.30.3")
LABEL = '{{ $x := index .ObjectMeta.Labels "app" }}\n'
ANNOTATION = LABEL + "metadata:\n  annotations:\n    example.com/a: "
PROBE = "(index .Spec.Containers 0).ReadinessProbe.PeriodSeconds"


def same(template: str, workloads: Iterable[Object], **plane: Any) -> None:
    """Both ways give the same for a control plane with this template."""
    items = [*builders.control_plane(template, **plane), *random_bundles.NAMESPACES, *workloads]
    plain, shaped = random_bundles.both(random_bundles.block(items))
    assert plain == shaped


def apps(*labels: str, **container: Any) -> list[Object]:
    return [
        builders.deployment(f"app-{number}", labels={"app": label}, container=container)
        for number, label in enumerate(labels)
    ]


@pytest.mark.parametrize("seed", range(24))
def test_random_bundles(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    chance = random.Random(seed)
    monkeypatch.setattr(families, "_CREDIT", chance.choice((0, 8, 1000)))
    text = random_bundles.template(chance)
    plane = builders.control_plane(text, version=chance.choice(VERSIONS))
    workloads = random_bundles.workloads(chance, 20)
    write = chance.choice((random_bundles.block, random_bundles.compact))
    plain, shaped = random_bundles.both(write([*plane, *random_bundles.NAMESPACES, *workloads]))
    assert plain == shaped


def test_the_embedded_profile(twins: list[Twin]) -> None:
    workloads = apps(*"abcdef", readinessProbe={"httpGet": {"port": 80}, "periodSeconds": 5})
    text = random_bundles.block([*random_bundles.NAMESPACES, *workloads])
    plain, shaped = random_bundles.both(text)
    assert plain == shaped
    assert len(twins) == 5


# Of the apps a, b, c and the last one, the last differs in what the template makes of it.
@pytest.mark.parametrize(
    ("expression", "last"),
    [
        ('{{ if eq $x "foo" }}1{{ end }}z', "foo"),
        ('{{ if eq (printf "%s x" $x) "foo x" }}1{{ end }}z', "foo"),
        ("{{ if eq (index $x 0) 107 }}1{{ end }}z", "k"),
        ("{{ if gt (len $x) 1 }}1{{ end }}z", "foo"),
        ('{{ if hasKey (strdict "foo" "") $x }}1{{ end }}z', "foo"),
        ('{{ if contains "o" $x }}1{{ end }}z', "foo"),
        ("{{ $x | trunc 2 }}", "foo"),
        ('{{ $x | trimPrefix "f" }}', "foo"),
        ('{{ printf "%.1s" $x }}', "foo"),
        ('{{ list $x "m" | sortAlpha | join "-" }}', "z"),
        ("0x1_{{ $x }}", "f"),
        ("n{{ $x }}", "ull"),
        ('"{{ render `{{ slice (index .ObjectMeta.Labels "app") 0 2 }}` }}"', "foo"),
    ],
)
def test_holes_that_templates_look_at(expression: str, last: str) -> None:
    for version in ("1.13.0", "1.30.3"):
        same(f"{ANNOTATION}{expression}\n", apps("a", "b", "c", last), version=version)


@pytest.mark.parametrize(
    ("rendered", "last"),
    [
        ("metadata:\n  annotations:\n    {{ $x }}: a\n    m: b\n", "z"),
        ("metadata:\n  annotations:\n    prometheus.io/scrape: {{ $x }}\n", "f"),
        ("metadata:\n  annotations:\n    b: &{{ $x }} c\n    d: &m e\n    a: *m\n", "m"),
        ("metadata:\n  finalizers: [{{ $x }}, m/m]\n", "m/m"),
        ("spec:\n  containers:\n  - name: {{ $x }}\n    image: other\n", "web"),
        ("spec:\n  volumes:\n  - name: {{ $x }}\n    emptyDir: {}\n", "data"),
        ("spec:\n  containers:\n  - name: web\n    args: [{{ $x }}]\n", "u"),
    ],
)
def test_names_and_keys_that_templates_make(rendered: str, last: str) -> None:
    workloads = apps("a", "b", "c", last, args=["u"])
    for workload in workloads:
        volume = {"name": "data", "configMap": {"name": "x"}}
        workload["spec"]["template"]["spec"]["volumes"] = [volume]
    same(LABEL + rendered, workloads, mesh="enablePrometheusMerge: true")


def test_a_value_equal_to_what_the_template_writes() -> None:
    labels = ({"app": app, "tier": "k"} for app in "abck")
    workloads = [builders.deployment(f"app-{n}", labels=each) for n, each in enumerate(labels)]
    same(f"{LABEL}metadata:\n  labels:\n    tier: {{{{ $x }}}}\n", workloads)


@pytest.mark.parametrize(
    "expression",
    [
        f"z{{{{ range {PROBE} }}}}{{{{ if eq . 3 }}}}{{{{ break }}}}{{{{ end }}}}i{{{{ end }}}}",
        f'"{{{{ printf "%q" {PROBE} | len }}}}"',
        f'"{{{{ {PROBE} }}}}5m"',
        f"{{{{ if gt (int {PROBE}) 3 }}}}big{{{{ end }}}}z",
    ],
)
def test_numbers(expression: str) -> None:
    workloads = [
        builders.deployment(
            f"app-{seconds}",
            labels={"app": "a"},
            container={"readinessProbe": {"tcpSocket": {"port": 80}, "periodSeconds": seconds}},
        )
        for seconds in (5, 6, 7, 2, 1, 4000)
    ]
    same(f"{ANNOTATION}{expression}\n", workloads)


def test_what_is_only_printed_is_free(twins: list[Twin]) -> None:
    same(f"{ANNOTATION}{{{{ $x | trunc 63 | quote }}}}\n", apps("a", "b", "c" * 63, "d" * 64, "e"))
    assert len(twins) == 3  # not the first, and not the one that is cut


def test_texts_of_the_control_plane_like_placeholders(twins: list[Twin]) -> None:
    for text in ("994444077", "9900000771", "krm.hole/0001:x@k-k", "999998077"):
        same(f'{ANNOTATION}"{text}"\n', apps(*"abc"))
    assert twins == []


def test_a_proof_that_fails_leaves_the_plain_path(
    twins: list[Twin], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(families, "to_json", lambda value: "something else")
    same(f"{ANNOTATION}{{{{ $x }}}}\n", apps(*"abcd"))
    assert twins == []


def test_steps_are_the_runs(twins: list[Twin]) -> None:
    """The templates' budget ends at the same workload."""
    body = "{{ range $i, $_ := until 5000 }}{{ $y := list $i }}{{ end }}{{ $x }}\n"
    same(ANNOTATION + body, apps(*(f"a{number}" for number in range(70))))
    assert twins


def test_without_credit_shapes_need_more_workloads(
    twins: list[Twin], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(families, "_CREDIT", 0)
    same(f"{ANNOTATION}{{{{ $x }}}}\n", apps(*"abcdef"))
    assert twins == []
    same(f"{ANNOTATION}{{{{ $x }}}}\n", apps(*"abcdefghijkl"))
    assert twins


# ---------------------------------------------------------------- holes


@pytest.mark.parametrize("word", ["a", "a1", "web-1", "x/y:1", "a@b", "a::b", "e5", "x" * 128])
def test_words(word: str) -> None:
    parts = holes.split({"k": word})
    assert parts == (('{"k', '"}'), (f'"{word}',))
    assert holes.IS_WORD.fullmatch(word)


@pytest.mark.parametrize(
    "text", ["", "A", "aB", "5a", "a-", "a b", "a#", "yes", "n", "null", "auto", "é", "x" * 129]
)
def test_no_words(text: str) -> None:
    assert holes.split({"k": text}) == ((f'{{"k":"{text}"}}',), ())
    assert not holes.IS_WORD.fullmatch(text)


def test_numbers_from_1_to_9999() -> None:
    for number in (1, 9999):
        assert holes.split({"k": number}) == (('{"k', "}"), (str(number),))
    for other in (0, -1, 10000, 1.5, True, None, "5.0", "1234567890"):
        parts = holes.split({"k": other})
        assert parts is not None
        assert parts[1] == ()


def test_numbers_in_quotes_are_not_like_words() -> None:
    """A list in JSON is written anew: there a number in quotes keeps them."""
    workloads = apps("a", "b", "c", "d")
    for workload, app in zip(workloads, ("a", "b", "0", "12"), strict=True):
        workload["spec"]["selector"] = {"matchLabels": {"app": app}}
        workload["metadata"]["annotations"] = {"config.kubernetes.io/index": app}
    text = random_bundles.block([*random_bundles.NAMESPACES, *workloads])
    flow = yaml.safe_dump(yaml.safe_load(text), default_flow_style=True)
    for form in (text, flow):
        plain, shaped = random_bundles.both(form)
        assert plain == shaped


def test_numbers_in_quotes_are_free_where_orchestrators_write_them() -> None:
    annotations = {
        "config.kubernetes.io/index": "3",
        "example.com/index": "3",
        "kustomize.config.k8s.io/id": "kind: Deployment\nname: web\n",
    }
    value = {"metadata": {"labels": {"app": "3"}, "annotations": annotations}}
    parts = holes.split(value)
    assert parts is not None
    places = holes.free_places(*parts, ("spec", "template")).values()
    assert {place[-1] for place in places} == {
        "config.kubernetes.io/index",
        "kustomize.config.k8s.io/id",
    }
    assert not holes.free_places(*parts, ())  # a Pod's annotations are what templates see


def test_objects_that_cannot_be_taken_apart() -> None:
    assert holes.split({"k": float("nan")}) is None
    assert holes.split({"k": "krm.hole/0001:x@k-k"}) is None
    assert holes.split({"k": 990001077}) is None


def test_joined_is_the_object_again() -> None:
    value = builders.deployment("web", replicas=3, container={"env": [{"name": "A", "value": "b"}]})
    parts = holes.split(value)
    assert parts is not None
    assert holes.joined(*parts) == value


def test_steps_are_taken_once(twins: list[Twin], monkeypatch: pytest.MonkeyPatch) -> None:
    """A scalar that is too long for its shape is injected plainly, which takes its own steps."""
    accounted: list[bool] = []
    account_for = PreparedControlPlane.account_for

    def counted(plane: PreparedControlPlane, executions: Sequence[int]) -> bool:
        accounted.append(account_for(plane, executions))
        return accounted[-1]

    monkeypatch.setattr(PreparedControlPlane, "account_for", counted)
    same(f"{ANNOTATION}{{{{ $x | trunc 63 }}}}\n", apps("a", "b", "c", "x" * 100, "d"))
    assert len(twins) == 3
    assert accounted == [True] * 3


STORED = {"cluster": {"nativeSidecars": False, "defaults": True}}


def test_images_of_which_the_api_server_makes_different_policies(twins: list[Twin]) -> None:
    """Templates may print it: an image is not only moved where defaults are read."""
    images = ("a:1", "b:2", "c:3", "d", "e:latest", "f:6", "g", "h")
    workloads = [
        builders.deployment(f"app-{number}", container={"image": image})
        for number, image in enumerate(images)
    ]
    template = f'{ANNOTATION}"{{{{ (index .Spec.Containers 0).ImagePullPolicy }}}}"\n'
    items = [*builders.control_plane(template), *random_bundles.NAMESPACES, *workloads]
    plain, shaped = random_bundles.both(random_bundles.block(items, STORED))
    assert plain == shaped
    assert plain[0].count("example.com/a: IfNotPresent") == 4
    assert plain[0].count("example.com/a: Always") == 4
    assert len(twins) == 3  # those with a tag; a placeholder has one too


def test_stored_pods_of_the_embedded_profile(twins: list[Twin]) -> None:
    """Also with an own istio-proxy, whose defaults are written."""
    own = {"name": "istio-proxy", "image": "auto"}
    probe = {"httpGet": {"port": 80}, "periodSeconds": 5}
    workloads = [
        builders.deployment(
            name, container={"image": f"{name}:1", "readinessProbe": probe}, beside=[own]
        )
        for name in "abcdef"
    ]
    text = random_bundles.block([*random_bundles.NAMESPACES, *workloads], STORED)
    plain, shaped = random_bundles.both(text)
    assert plain == shaped
    assert len(twins) == 5


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(8))
def test_random_bundles_of_stored_pods(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    chance = random.Random(seed)
    monkeypatch.setattr(families, "_CREDIT", 1000)
    plane = builders.control_plane(random_bundles.template(chance), version=chance.choice(VERSIONS))
    workloads = random_bundles.workloads(chance, 20)
    items = [*plane, *random_bundles.NAMESPACES, *workloads]
    plain, shaped = random_bundles.both(random_bundles.block(items, STORED))
    assert plain == shaped
