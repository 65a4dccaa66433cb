"""What a fuzzer calls: one function a target. Each takes any bytes and returns, or raises what is a
fault of this project.

The errors that a module documents are answers. Everything else, and a broken promise
(AssertionError), is a fault. No target needs a fuzzer: the tests replay the corpora with them.
"""

from __future__ import annotations

import contextlib
import copy
import json
from collections.abc import Callable
from typing import Any

from fuzz import workloads
from fuzz.choices import Choices

from krm_injector import adoption, function_config
from krm_injector.cli.commands import function
from krm_injector.cli.request import REFUSED, Answer, Arguments, Request
from krm_injector.gotemplate import Limits, TemplateError, parse
from krm_injector.gotemplate.sprig import FUNCS
from krm_injector.kube import yaml
from krm_injector.kube.strategic_merge import MergeError, merge
from krm_injector.model import Refused
from krm_injector.sources import manifests, resource_list
from krm_injector.sources.files import Source
from krm_injector.sources.resource_list import members

LIMITS = Limits(steps=20_000, depth=30, output=1 << 17)
DATA: Any = {
    "name": "web", "empty": "", "n": 3.0, "f": 1.5, "yes": True, "none": None,
    "list": ["a", "b", 2.0, None], "map": {"k": "v", "x": {"y": [1.0]}}, "text": "k: v\nl: [1]\n",
}  # fmt: skip
LIST = "apiVersion: config.kubernetes.io/v1\nkind: ResourceList\n"


def text_of(data: bytes) -> str:
    return data.decode("utf-8", "replace")


# ---------------------------------------------------------------- the layers


def yaml_layer(data: bytes) -> None:
    """A text is refused, or what is read of it can be written, read again and edited in place."""
    text = text_of(data).removeprefix("\ufeff")
    with contextlib.suppress(yaml.YamlError):
        yaml.load(text, strict=False)
    try:
        documents = yaml.load_all(text)
    except yaml.YamlError as error:
        assert error.problem and error.line >= 0
        return

    for document in documents:
        assert 0 <= document.start <= document.end <= len(text)
        if document.empty:
            continue
        assert yaml.same(yaml.load(yaml.dump(document.value)), document.value)
        if isinstance(document.value, dict) and not document.json:
            _edited(text, document)


def _edited(text: str, document: yaml.Document) -> None:
    """An entry more, one fewer, or another value: the text around stays, and the whole reads to
    what was asked for.
    """
    value, place = document.value, document.place
    fewer = dict(list(value.items())[1:])
    newline = "\r\n" if "\r\n" in text else "\n"
    for new in (
        {**value, "added": ["x"]},
        fewer or {"only": 1},
        {**value, next(iter(value), "only"): "two\n lines\n"},
        {**value, next(reversed(value), "only"): "two\nlines"},
        value,
    ):
        piece = yaml.rewrite(text, place, value, new, newline)
        whole = text[: place.start] + piece + text[place.end :]
        again = yaml.load_all(whole)
        assert any(yaml.same(each.value, new) for each in again if not each.empty)


def template(data: bytes) -> None:
    """A template ends, with a text or an error that has a place."""
    text = data.decode("utf-8", "surrogateescape")
    try:
        made = parse(text, "t", FUNCS).execute(DATA, LIMITS)
    except TemplateError as error:
        assert error.message
    else:
        assert isinstance(made, str)


def merging(data: bytes) -> None:
    """A patch is refused or merged, and nothing that was given is changed."""
    try:
        original, patch = (document.value for document in yaml.load_all(text_of(data)))
    except (yaml.YamlError, ValueError):
        return
    if not isinstance(original, dict) or not isinstance(patch, dict):
        return

    before = copy.deepcopy((original, patch))
    try:
        merged = merge(original, patch)
    except MergeError as error:
        assert str(error)
    else:
        assert isinstance(merged, dict)
    assert yaml.same(list(before), [original, patch])


def configuration(data: bytes) -> None:
    """A functionConfig is read, or refused with a message for each error."""
    try:
        value = yaml.load(text_of(data))
    except yaml.YamlError:
        return
    try:
        assert isinstance(function_config.settings(value), function_config.Settings)
    except Refused as refused:
        assert refused.results and all(result.message for result in refused.results)


# ---------------------------------------------------------------- whole runs


def run(data: bytes) -> tuple[Answer, str]:
    answer = function.run(Request(Arguments(), lambda: data, {}))
    return answer, answer.text if isinstance(answer.text, str) else "".join(answer.text)


def whole(data: bytes) -> None:
    """The function with any bytes on stdin."""
    answer, text = run(data)
    assert (answer.code == 0) == (not [each for each in answer.results if each.severity == "error"])
    if not text:
        assert answer.code == REFUSED
        return

    before, after = resource_list.read(data), resource_list.read(text.encode())
    assert len(before.items) == len(after.items)
    assert [_identity(item.value) for item in before.items] == [
        _identity(item.value) for item in after.items
    ]
    if answer.code:
        pairs = zip(before.items, after.items, strict=True)
        assert all(yaml.same(one.value, two.value) for one, two in pairs)
        return
    assert run(text.encode())[1] == text, "a second run changes the output of the first"


def _identity(value: Any) -> Any:
    return [value.get("apiVersion"), value.get("kind"), _name(value)]


def _name(value: Any) -> Any:
    return (value.get("metadata") or {}).get("name")


def bundle(data: bytes) -> None:
    """The function with workloads that the bytes describe, in block style or as JSON."""
    choices = Choices(data)
    as_json, spec = choices.maybe(0.2), _spec(choices)
    root = {
        "apiVersion": "config.kubernetes.io/v1",
        "kind": "ResourceList",
        "functionConfig": {
            "apiVersion": "krm-injector.dev/v1alpha1",
            "kind": "SidecarInjection",
            "spec": spec,
        },
        "items": workloads.items(choices),
    }
    text = json.dumps(root) if as_json else yaml.dump(root)
    whole(text.encode())
    _taken_back(root, text)


def _spec(choices: Choices) -> dict[str, Any]:
    options: dict[str, tuple[Any, ...]] = {
        "method": ("manual", "automatic"),
        "cluster": ({"nativeSidecars": True}, {"nativeSidecars": False}, {"platform": "openshift"}),
        "mesh": (
            {"version": "1.28.0"},
            {"version": "1.24.6"},
            {"meshConfig": "enablePrometheusMerge: false"},
            {"meshConfig": "defaultConfig: {holdApplicationUntilProxyStarts: true}"},
        ),
        "guard": ("label", "none"),
    }
    return {field: choices.pick(options[field]) for field in choices.sample(tuple(options), 3)}


def _taken_back(root: Any, text: str) -> None:
    """eject(inject(x)) = x, byte for byte but for the results."""
    answer, injected = run(text.encode())
    if answer.code:
        return
    first = resource_list.read(text.encode())
    there = resource_list.read(injected.encode())
    ejecting = {**root["functionConfig"], "kind": "SidecarEjection", "spec": {}}
    back = {**root, "functionConfig": ejecting, "items": [item.value for item in there.items]}
    gone, ejected = run(yaml.dump(back).encode())
    assert gone.code == 0
    # A bare Pod has no record, and the warning says so.
    told = {
        each.resource.name
        for each in gone.results
        if each.code == "ejected-by-traces" and each.resource
    }
    for one, two in zip(first.items, resource_list.read(ejected.encode()).items, strict=True):
        if not told & {_name(one.value)}:
            assert yaml.same(one.value, two.value), "eject gives another object"


def dump(data: bytes) -> None:
    """A dump of a cluster is refused, or its adoption is told."""
    try:
        joined = manifests.join([Source(data, "dump.yaml")])
        objects = [members.with_type(each) for each in members.walk(joined.bundle)]
        adopted = adoption.adopt(objects)
    except Refused as refused:
        assert refused.results and all(result.message for result in refused.results)
        return
    from krm_injector.adoption import table

    assert table.text(adopted, True)


TARGETS: dict[str, Callable[[bytes], None]] = {
    "yaml": yaml_layer,
    "template": template,
    "merge": merging,
    "config": configuration,
    "function": whole,
    "bundle": bundle,
    "dump": dump,
}
