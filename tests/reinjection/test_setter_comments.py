"""Files in which kpt copied comments by place onto Istio's part: injecting again sets them right,
whatever followed.
"""

from __future__ import annotations

import re
from typing import Any

import builders
import pytest

from krm_injector import pipeline
from krm_injector.kube import yaml
from krm_injector.kube.paths import at
from krm_injector.kube.yaml.comments import line_comments
from krm_injector.kube.yaml.locate import line_of
from krm_injector.outcome import KNOWN_LAYOUTS
from krm_injector.sources import manifests
from krm_injector.sources.files import Source

APP = """\
apiVersion: {version}
kind: {kind}
metadata:
  name: web
  namespace: shop
spec:
  selector: {{matchLabels: {{app: web}}}}
  template:
    metadata:
      labels:
        app: web
      annotations:
        proxy.istio.io/config: 'holdApplicationUntilProxyStarts: true'
    spec:
      initContainers:
      - name: migrate
        image: migrate:1 # set: migrate
        resources: # sized by hand
          limits:
            memory: 64Mi # set: memory
      containers:
      - name: web
        image: web:1 # set: web
        env:
        - name: MODE
          value: a # set: mode
      - name: helper
        image: helper:1 # set: helper
      volumes:
      - name: data # set: volume
        emptyDir: {{}}
"""
VALUES = {
    "migrate": "migrate:2",
    "memory": "65Mi",
    "web": "web:2",
    "mode": "b",
    "helper": "helper:2",
    "volume": "disk",
}
KINDS = [("apps/v1", "Deployment"), ("argoproj.io/v1alpha1", "Rollout")]


def settings(native: bool) -> Any:
    shop = {"name": "shop", "labels": {"istio-injection": "enabled"}}
    return builders.settings(namespaces=[shop], cluster={"nativeSidecars": native})


def ran(text: str, native: bool, action: str = "inject") -> tuple[str, list[Any]]:
    joined = manifests.join([Source(text.encode(), "web.yaml")])
    outcome = pipeline.ACTIONS[action](joined.bundle, settings(native))
    written = joined.write(outcome.replacements, KNOWN_LAYOUTS, (), outcome.originals, outcome.anew)
    return written, [result for result in outcome.results if result.resource is not None]


def copied(source: str, injected: str) -> str:
    """The injected text with the source's comments at the same places in lists, as kpt left it."""
    lines = injected.splitlines()
    document = yaml.load_all(injected)[0]
    for path, comment in line_comments(source, yaml.load_all(source)[0].place).items():
        number = line_of(injected, document.place, path) - 1
        there = at(document.value, path[:-1]) is not None and at(document.value, path) is not None
        if there and "#" not in lines[number]:
            lines[number] += f" # {comment}"
    return "\n".join(lines) + "\n"


def with_values(text: str) -> str:
    return re.sub(
        r"(?m)^( *(?:- )?\w+: )\S+ (# set: (\w+))$", lambda m: f"{m[1]}{VALUES[m[3]]} {m[2]}", text
    )


def comments(text: str) -> list[str]:
    return [
        line.split(":")[0].strip() + line.partition(" #")[2]
        for line in text.splitlines()
        if " #" in line
    ]


@pytest.fixture(params=[True, False], ids=["native", "container"])
def native(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@pytest.mark.parametrize(("version", "kind"), KINDS)
def test_a_comment_alone_is_taken_out(version: str, kind: str, native: bool) -> None:
    source = APP.format(version=version, kind=kind)
    injected, _ = ran(source, native)
    damaged = copied(source, injected)
    assert len(comments(damaged)) > len(comments(source))
    again, results = ran(damaged, native)
    assert again == injected
    assert {(result.severity, result.code) for result in results} == {("info", "comment-copied")}
    assert ran(again, native) == (injected, [])


@pytest.mark.parametrize(("version", "kind"), KINDS)
def test_what_a_setter_wrote_is_no_override(version: str, kind: str, native: bool) -> None:
    source = APP.format(version=version, kind=kind)
    damaged = with_values(copied(source, ran(source, native)[0]))
    expected, _ = ran(with_values(source), native)
    again, results = ran(damaged, native)
    assert again == expected
    assert {result.code for result in results} == {"comment-copied"}
    warnings = [result for result in results if result.severity == "warning"]
    fields = {result.field.rpartition("spec.")[2] for result in warnings}
    name, _, field = first_of_istio(native)
    assert f"{field}[{name}].image" in fields
    assert ran(again, native) == (expected, [])


def test_verify_says_who_wrote_it(native: bool) -> None:
    source = APP.format(version="apps/v1", kind="Deployment")
    _, results = ran(with_values(copied(source, ran(source, native)[0])), native, "verify")
    assert results and {(result.severity, result.code) for result in results} == {
        ("error", "verify-edited")
    }
    assert not [result for result in results if "was edited" in result.message]


def test_eject_gives_the_workload_with_its_values(native: bool) -> None:
    source = APP.format(version="apps/v1", kind="Deployment")
    damaged = with_values(copied(source, ran(source, native)[0]))
    ejected, results = ran(damaged, native, "eject")
    assert ejected == with_values(source)
    places = [result.field for result in results if result.code == "comment-copied"]
    lost = [result.field for result in results if result.code != "comment-copied"]
    whole = [field for field in lost if any(place.startswith(f"{field}.") for place in places)]
    assert lost == whole, "a piece of the record is told as a whole where a part of it was copied"


def first_of_istio(native: bool) -> tuple[str, str, str]:
    """The container that injection puts in front, the user's that stood there, and the field."""
    return (
        ("istio-init", "migrate", "initContainers")
        if native
        else ("istio-proxy", "web", "containers")
    )


def with_own(source: str, native: bool, more: str) -> str:
    """The source with an own container of Istio's name at the end of its list."""
    name, _, _ = first_of_istio(native)
    following = "      containers:\n" if native else "      volumes:\n"
    return source.replace(following, f"      - name: {name}\n{more}{following}", 1)


def test_an_override_that_was_made_of_it_goes(native: bool) -> None:
    """An earlier krm-injector kept the setter's value, as an own container in what the record leads
    back to.
    """
    source = with_values(APP.format(version="apps/v1", kind="Deployment"))
    name, owner, _ = first_of_istio(native)
    injected, _ = ran(with_own(source, native, f"        image: {VALUES[owner]}\n"), native)
    damaged = re.sub(rf"(name: {name}\n +image: )(.*)", rf"\g<1>\g<2> # set: {owner}", injected)
    assert damaged != injected and f"image: {VALUES[owner]} # set: {owner}" in damaged
    again, results = ran(damaged, native)
    assert yaml.load(again) == yaml.load(ran(source, native)[0])
    assert [(result.severity, result.code) for result in results] == [("warning", "comment-copied")]
    assert ran(again, native) == (again, [])


def test_an_override_with_a_field_more_keeps_that(native: bool) -> None:
    source = APP.format(version="apps/v1", kind="Deployment")
    name, owner, _ = first_of_istio(native)
    injected, _ = ran(
        with_own(source, native, f"        image: {owner}:1\n        tty: true\n"), native
    )
    again, _ = ran(
        re.sub(rf"(name: {name}\n +image: )(.*)", rf"\g<1>\g<2> # set: {owner}", injected), native
    )
    expected, _ = ran(with_own(source, native, "        image: auto\n        tty: true\n"), native)
    assert yaml.load(again) == yaml.load(expected)


@pytest.mark.parametrize("comment", [" # set: mine", "", " # reviewed"])
def test_another_comment_is_an_edit_by_hand(comment: str, native: bool) -> None:
    name, owner, _ = first_of_istio(native)
    injected, _ = ran(APP.format(version="apps/v1", kind="Deployment"), native)
    edited = re.sub(rf"(name: {name}\n +image: ).*", rf"\g<1>{owner}:1{comment}", injected)
    again, results = ran(edited, native)
    assert [result.code for result in results] == ["edit-kept"]
    assert again.count(f"image: {owner}:1") == 2


def test_another_value_is_an_edit_by_hand(native: bool) -> None:
    name, owner, _ = first_of_istio(native)
    injected, _ = ran(APP.format(version="apps/v1", kind="Deployment"), native)
    edited = re.sub(rf"(name: {name}\n +image: ).*", rf"\g<1>mine:1 # set: {owner}", injected)
    again, results = ran(edited, native)
    codes = sorted((result.severity, result.code) for result in results)
    assert codes == [("info", "comment-copied"), ("info", "edit-kept")]
    assert "image: mine:1\n" in again and again.count(f"# set: {owner}\n") == 1
