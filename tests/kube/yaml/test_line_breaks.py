"""YAML has more line breaks than the line feed: CR alone, NEL, LS and PS. What ends in them is
read, and written, as what ends in a line feed.
"""

from __future__ import annotations

import random
from typing import Any

import pytest
from builders import SHOP, config_map, deployment
from command import krm

from krm_injector.istio_names import RECORD_ANNOTATION
from krm_injector.kube.yaml import dump, load_all

ODD = ["\r", "\x85", "\u2028", "\u2029"]
ITEMS = [SHOP, deployment("web"), config_map("c", {"a": "b"}), deployment("api")]
MANIFESTS = "---\n".join(map(dump, ITEMS))
LIST = dump({"apiVersion": "config.kubernetes.io/v1", "kind": "ResourceList", "items": ITEMS})


def values(text: str, *words: str) -> list[Any]:
    """What a run prints, without the records and without the results."""
    done = krm(*words, stdin=text)
    assert done.returncode == 0, done.stderr.decode()
    documents = [document.value for document in load_all(done.stdout.decode())]
    items = documents[0]["items"] if not words else documents
    for item in items:
        item["metadata"].get("annotations", {}).pop(RECORD_ANNOTATION, None)
    return items


@pytest.mark.parametrize("seed", [None, 1], ids=["all", "some"])
@pytest.mark.parametrize("odd", ODD, ids=["CR", "NEL", "LS", "PS"])
def test_other_line_breaks_give_the_same_objects(odd: str, seed: int | None) -> None:
    chance = random.Random(seed)

    def with_breaks(text: str) -> str:
        breaks = (odd if seed is None or chance.random() < 0.2 else "\n" for _ in text)
        return "".join(next(breaks) if sign == "\n" else sign for sign in text)

    assert values(with_breaks(MANIFESTS), "inject", "-") == values(MANIFESTS, "inject", "-")
    assert values(with_breaks(LIST)) == values(LIST)
