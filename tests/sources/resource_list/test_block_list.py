"""A ResourceList read in parts against the same read as events."""

from __future__ import annotations

import random
from importlib import import_module
from typing import Any

import pytest
import yaml as pyyaml
from kube.yaml.test_pieces import changed, identical
from paths import ROOT, TESTS

from krm_injector.model import Refused
from krm_injector.sources import resource_list
from krm_injector.sources.resource_list import Bundle
from krm_injector.sources.resource_list.block_list import parts_of

HEAD = "apiVersion: config.kubernetes.io/v1\nkind: ResourceList\n"
ITEM = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a"}, "spec": {"x": [1]}}
SHARED_LABELS = {"app": "a"}
LISTS = [
    HEAD + "items:\n- apiVersion: v1\n  kind: A\n  metadata:\n    name: a\n",
    HEAD + "items:\n  -  apiVersion: v1\n     kind: A\n     metadata: {name: a}\n  # b\n"
    "  - apiVersion: v1 # c\n    kind: A\n    metadata:\n      name: a\nresults:\n- message: a\n",
    "functionConfig:\n  apiVersion: v1\n  kind: A\nitems:\n- kind: A\n  apiVersion: v1\n"
    "  metadata: &a\n    name: a\n    labels: {b: c}\n# d\n- kind: A\n  apiVersion: v1\n"
    "  metadata: *a\n" + HEAD,
    HEAD + "items:\n- &a\n  apiVersion: v1\n  kind: A\n  metadata:\n    name: a\n- *a\n",
    HEAD + "items:\n- &a\n  apiVersion: v1\n  kind: A\n  metadata:\n    name: a\n    x: [*b]\n",
    HEAD + "items:\n- apiVersion: v1\n  kind: A\n  metadata: &a\n    name: &a b\n    c: [*a]\n"
    "- apiVersion: v1\n  kind: A\n  metadata: {name: *a}\n",
    HEAD + "items:\n- {apiVersion: v1, kind: A, metadata: {name: a}}\n",
    HEAD + "items: []\n",
    HEAD + "items:\n- apiVersion: v1\n  kind: A\n  metadata:\n    name: a\n---\na: b\n",
    HEAD + "items:\n- apiVersion: v1\n  kind: A\n  metadata:\n    name: [a\nkind: b]\n",
    HEAD + "items:\n- apiVersion: v1\n  kind: A\n  x: 'a\n- b'\n  metadata:\n    name: a\n",
    HEAD + "items:\n- apiVersion: v1\n  kind: A\n  x: [b]\n  metadata:\n    name: a\n...\n",
    HEAD
    + "items:\n- apiVersion: v1\n  kind: A\n  x: >\n    b\n    c\n\n  metadata:\n    name: a\n\n",
    HEAD + "items:\n- apiVersion: v1\n  kind: A\n  metadata: {name: a}\n  b: |\n    c\n",
    HEAD + "items:\n  - &a\n  apiVersion: v1\n  kind: A\n  metadata:\n    name: a\n",
    "kind: A\nitems:\n- apiVersion: v1\n  kind: A\n  metadata:\n    name: a\n" + HEAD,
    pyyaml.dump(
        {
            "apiVersion": "config.kubernetes.io/v1",
            "kind": "ResourceList",
            "items": [
                {**ITEM, "metadata": {"name": "a", "labels": SHARED_LABELS}, "spec": SHARED_LABELS},
                {**ITEM, "metadata": {"name": "b", "labels": SHARED_LABELS}, "data": "x\ny " * 30},
            ],
        },
        sort_keys=False,
    ),
]


def outcome(text: str, monkeypatch: pytest.MonkeyPatch, lines: int) -> Bundle | list[Any]:
    monkeypatch.setattr(import_module("krm_injector.kube.yaml.load"), "_LONG", lines)
    try:
        return resource_list.read(text.encode())
    except Refused as refused:
        return list(refused.results)


def assert_same(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    fast = outcome(text, monkeypatch, 0)
    plain = outcome(text, monkeypatch, 10**9)
    assert fast.__class__ is plain.__class__, text
    if not isinstance(fast, Bundle) or not isinstance(plain, Bundle):
        assert fast == plain, text
        return

    for name in Bundle._fields:
        assert getattr(fast, name) == getattr(plain, name), (name, text)
    assert identical(fast.root, plain.root), text
    assert list(fast.keys) == list(plain.keys), text


@pytest.mark.parametrize("text", LISTS)
def test_lists(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert_same(text, monkeypatch)


@pytest.mark.parametrize("seed", range(8))
def test_changed_lists(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    chance = random.Random(seed)
    for _ in range(250):
        text = changed(chance.choice(LISTS), chance)
        assert_same(text, monkeypatch)


@pytest.mark.parametrize("aliases", range(105, 125))
def test_as_many_aliases(aliases: int, monkeypatch: pytest.MonkeyPatch) -> None:
    labels = "".join(f"      a{number}: b\n" for number in range(1000))
    item = f"- apiVersion: v1\n  kind: A\n  metadata:\n    name: a\n    labels: &a\n{labels}"
    assert_same(HEAD + "items:\n" + item + "    x:\n" + "    - *a\n" * aliases, monkeypatch)


def test_files(monkeypatch: pytest.MonkeyPatch) -> None:
    for folder in (TESTS, ROOT / "functions"):
        for path in folder.rglob("*.yaml"):
            text = path.read_bytes().decode("utf-8", "replace")
            if "ResourceList" in text:
                assert_same(text, monkeypatch)


def test_lists_as_programs_write_them_are_read_in_parts() -> None:
    assert all(parts_of(text) for text in LISTS[:3])
    assert parts_of(LISTS[-1])
