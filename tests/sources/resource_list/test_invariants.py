"""A fault of this program is planted, and must be seen before anything is written."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from krm_injector.cli import program, streams
from krm_injector.kube import yaml
from krm_injector.kube.yaml import edits
from krm_injector.model import Object
from krm_injector.reinjection.bundle_injection import BundleInjection
from krm_injector.sources import resource_list
from krm_injector.sources.resource_list import json_writer
from krm_injector.sources.resource_list.invariants import Broken

VALUE = "s3cr3t"
POD = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {
        "name": "a",
        "namespace": "shop",
        "annotations": {
            "config.kubernetes.io/index": "0",
            "internal.config.kubernetes.io/id": "1",
            "postrenderer.helm.sh/postrender-filename": "a.yaml",
        },
    },
    "spec": {"containers": [{"name": "app", "image": "app:1", "args": [VALUE]}]},
}
CONFIG = {
    "apiVersion": "v1",
    "kind": "ConfigMap",
    "metadata": {"name": "c"},
    "data": {"password": VALUE},
}
ITEMS: list[Object] = [POD, CONFIG, {"apiVersion": "v1", "kind": "List", "items": [POD, CONFIG]}]


def the_list(form: str) -> str:
    root = {"apiVersion": "config.kubernetes.io/v1", "kind": "ResourceList", "items": ITEMS}
    if form == "json":
        return json.dumps(root)
    if form == "manifests":
        return "---\n".join(yaml.dump(item) for item in ITEMS)
    text = yaml.dump(root)
    if form == "whole":
        return text.replace("metadata:\n  - ", "").replace("- name: app\n", "- name: &n app\n")
    return text


FORMS = ("in place", "whole", "json", "manifests")


def bundle_of(form: str) -> resource_list.Bundle:
    text = the_list(form).encode()
    return resource_list.read_manifests(text) if form == "manifests" else resource_list.read(text)


def changed(index: int, path: tuple[str | int, ...], value: Any) -> dict[int, Object]:
    item: Object = copy.deepcopy(ITEMS[index])
    node: Any = item
    for step in path[:-1]:
        node = node[step]
    if value is None:
        del node[path[-1]]
    else:
        node[path[-1]] = value
    return {index: item}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("index", "path", "value", "what"),
    [
        (0, ("metadata", "name"), "b", "metadata.name would change"),
        (0, ("metadata", "namespace"), None, "metadata.namespace would change"),
        (0, ("kind",), "Job", "kind would change"),
        (0, ("metadata", "annotations", "config.kubernetes.io/index"), None, "config.kubernetes"),
        (0, ("metadata", "annotations", "config.kubernetes.io/index"), "1", "config.kubernetes"),
        (0, ("metadata", "annotations", "postrenderer.helm.sh/postrender-filename"), None, "helm"),
        (0, ("spec", "containers", 0, "args"), {"a": VALUE}, "spec.containers[0].args"),
        (0, ("spec", "containers"), VALUE, "spec.containers would be no []v1.Container"),
        (2, ("items", 1, "metadata", "name"), VALUE, "items[1].metadata.name would change"),
        (2, ("items", 1), None, "another number of objects"),
        (2, ("items", 0, "spec", "hostNetwork"), VALUE, "items[0].spec.hostNetwork"),
    ],
)
def test_an_object_stays_the_same_one(
    form: str, index: int, path: tuple[str | int, ...], value: Any, what: str
) -> None:
    with pytest.raises(Broken) as caught:
        resource_list.write(bundle_of(form), changed(index, path, value), [])

    (result,) = caught.value.results
    assert result.code == "internal-error" and what in result.message, result.message
    assert VALUE not in result.message and "report it" in result.message


@pytest.mark.parametrize("form", FORMS)
def test_what_changes_within_an_object_is_written(form: str) -> None:
    bundle = bundle_of(form)
    new = changed(0, ("spec", "hostNetwork"), True)
    del new[0]["metadata"]["annotations"]["internal.config.kubernetes.io/id"]
    written = resource_list.write(bundle, new, []).encode()
    again = (resource_list.read_manifests if form == "manifests" else resource_list.read)(written)
    assert [item.value for item in again.items] == [new[0], *ITEMS[1:]]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("fault", ["value", "unreadable", "longer"])
def test_a_text_that_says_something_else_is_not_written(
    form: str, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The emitter, and what edits texts, with a fault in them."""
    breaks: dict[str, Callable[[str], str]] = {
        "value": lambda text: text.replace("hostNetwork", "hostNetworks"),
        "unreadable": lambda text: text + "  }:\n",
        "longer": lambda text: text + "\n---\napiVersion: v1\nkind: Added\nmetadata: {name: x}\n",
    }
    broken = breaks[fault]
    bundle = bundle_of(form)
    reversible, dump, json_like = edits.reversible, yaml.dump, json_writer.json_like

    def edited(*arguments: Any) -> Any:
        done = reversible(*arguments[:5])
        return done._replace(text=broken(done.text))

    monkeypatch.setattr(yaml, "reversible", edited, raising=False)
    monkeypatch.setattr(yaml, "edit", edited, raising=False)
    monkeypatch.setattr(yaml, "dump", lambda value: broken(dump(value)))
    monkeypatch.setattr(json_writer, "json_like", lambda *given: broken(json_like(*given)))
    with pytest.raises(Broken):
        resource_list.write(bundle, changed(0, ("spec", "hostNetwork"), True), [])


def test_items_out_of_order_are_not_written() -> None:
    bundle = bundle_of("manifests")
    turned = bundle._replace(items=[*reversed(bundle.items)])
    new = {**changed(0, ("spec", "a"), 1), **changed(1, ("data", "b"), "1")}
    with pytest.raises(Broken, match="in another order"):
        resource_list.write(turned, new, [])


# ---------------------------------------------------------------- the whole program

MANIFESTS = """\
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio-injection: enabled}}
---
apiVersion: v1
kind: Pod
metadata: {name: a, namespace: shop}
spec: {containers: [{name: app, image: "app:1", args: [s3cr3t]}]}
"""


@pytest.fixture
def broken_program(monkeypatch: pytest.MonkeyPatch) -> None:
    """Injection that gives each item another name."""
    replacements = BundleInjection.replacements

    def renamed(self: BundleInjection) -> Any:
        made = {index: copy.deepcopy(item) for index, item in replacements(self).items()}
        for item in made.values():
            item["metadata"]["name"] = "other"
        return made

    monkeypatch.setattr(BundleInjection, "replacements", renamed)


@pytest.mark.usefixtures("broken_program")
def test_the_function_returns_the_items_as_they_came(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    config = {
        "apiVersion": "krm-injector.dev/v1alpha1",
        "kind": "SidecarInjection",
        "spec": {"mesh": {"version": "1.30.3"}},
    }
    items = [document.value for document in yaml.load_all(MANIFESTS)]
    root = {"apiVersion": "config.kubernetes.io/v1", "kind": "ResourceList", "items": items}
    given = yaml.dump({**root, "functionConfig": config}).encode()
    monkeypatch.setattr(streams, "stdin", lambda: given)
    code = program.run([])
    out, err = capsys.readouterr()
    written = yaml.load(out)
    assert code == 1 and written["items"] == items
    (result,) = written["results"]
    assert result["severity"] == "error" and result["tags"]["code"] == "internal-error"
    assert "internal error of Pod shop/a: metadata.name would change" in err
    assert VALUE not in err


@pytest.mark.usefixtures("broken_program")
def test_a_command_prints_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "all.yaml"
    file.write_text(MANIFESTS)
    code = program.run(["inject", str(file), "--mesh-version", "1.30.3"])
    out, err = capsys.readouterr()
    assert (code, out) == (1, "")
    assert "internal error of Pod shop/a: metadata.name would change" in err
    assert VALUE not in err
