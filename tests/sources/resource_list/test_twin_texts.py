"""The texts of Twins: filled in where that is proved, and the same as written plainly."""

from __future__ import annotations

from collections.abc import Iterator

import builders
import pytest
from reinjection.shapes import random_bundles

from krm_injector.kube.yaml import dump
from krm_injector.sources.resource_list import twin_texts

ITEM = """- apiVersion: apps/v1
  kind: Deployment
  metadata:
    name: {name}
    namespace: shop
    annotations:
      script: |
        name: fixed
        key: value
      folded: >-
        image: app-7
        x
  spec:
    template:
      metadata:
        labels:
          app: {name}
          tier: "{name}"
      spec:
        containers:
        - name: web
          image: {image}
          env:
          - name: A
            value: '{name}'
          readinessProbe:
            periodSeconds: {seconds}
            tcpSocket:
              port: 80
"""


@pytest.fixture(autouse=True)
def filled(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The texts that were filled in."""
    texts: list[str] = []
    in_place = twin_texts.in_place

    def recorded(*arguments: object) -> str | None:
        text = in_place(*arguments)  # type: ignore[arg-type]
        if text is not None:
            texts.append(text)
        return text

    monkeypatch.setattr(twin_texts, "in_place", recorded)
    yield texts


def same(items: list[str], line_break: str = "\n") -> None:
    plane = builders.control_plane("metadata: {annotations: {a: b}}")
    head = "apiVersion: config.kubernetes.io/v1\nkind: ResourceList\nitems:\n"
    text = head + dump([*plane, *random_bundles.NAMESPACES]) + "".join(items)
    plain, shaped = random_bundles.both(text.replace("\n", line_break))
    assert plain == shaped
    assert plain[2] == 0


def items(count: int = 6) -> list[str]:
    return [
        ITEM.format(name=f"app-{n}", image=f"registry/app-{n}:v{n}", seconds=n + 1)
        for n in range(count)
    ]


def test_alike_texts_are_filled_in(filled: list[str]) -> None:
    same(items())
    assert len(filled) == 5


# What is replaced in each second item, and how many are still filled in.
@pytest.mark.parametrize(
    ("old", "new", "count"),
    [
        ("image: registry", "image: !!str registry", 2),
        ("periodSeconds: ", "periodSeconds: 0x", 2),
        ("periodSeconds: ", "periodSeconds: 00", 2),
        ("image: registry", "image:\n            registry", 2),
        ("app: app", "app:\tapp", 2),
        ("spec:\n    template", "spec: # here\n    template", 2),
        ("tier: ", "tier: &a ", 2),
        ("key: value", "key: values", 4),
        ("- name: A", "- name:   A", 5),
        ("\n        key: value", "\n        krm.hole/0001:x@k-k: value", 2),
    ],
)
def test_other_texts(filled: list[str], old: str, new: str, count: int) -> None:
    texts = [text.replace(old, new) if n % 2 else text for n, text in enumerate(items())]
    assert texts != items()
    same(texts)
    assert len(filled) <= count


def test_other_columns_and_line_breaks(filled: list[str]) -> None:
    wide = ["-   " + text[2:].replace("\n  ", "\n    ") for text in items(3)]
    same([*items(3), *wide])
    assert len(filled) == 5

    same(items(), "\r\n")
    assert len(filled) == 5


def test_an_anchor_of_another_item() -> None:
    texts = items()
    shared = [texts[0].replace("app: app", "app: &a app")]
    same(shared + [text.replace(f"app: app-{n}", "app: *a") for n, text in enumerate(texts) if n])


def test_lists_that_are_written_anew() -> None:
    workloads = [builders.deployment(f"app-{n}", replicas=n + 1) for n in range(5)]
    plane = builders.control_plane("metadata: {annotations: {a: b}}")
    text = random_bundles.compact([*plane, *random_bundles.NAMESPACES, *workloads])
    for flow in (text, "# a comment\n" + text, text.replace('"kind"', "kind", 1)):
        plain, shaped = random_bundles.both(flow)
        assert plain == shaped
