"""Texts that templates render, read piece by piece, against the reader of everything."""

from __future__ import annotations

import random

import pytest

from krm_injector.injection.rendered import RenderedTexts
from krm_injector.kube import yaml

TEXT = """

metadata:
  labels:
    app: "web"
  annotations: {
    istio.io/rev: "default",
  }
spec:
  containers:

  - name: istio-proxy
    image: "proxyv2:1.30.3"
    args:
    - proxy
    - --domain
    -  "1337"
    env:
    - name: PROXY_CONFIG
      value: |
             {"discoveryAddress":"istiod:15012"}
    - name: PORTS
      value: |-
        [
            {"containerPort":80}
        ]
    resources:
      limits:
        cpu: 2000m
  volumes:
  - emptyDir: {}
    name: data
"""

PIECES = (
    "a: {\n",
    "b: 1\n",
    "}\n",
    "'",
    '"',
    "- x\n",
    "\n---\n",
    "...\n",
    "*x",
    "k: &x 1\n",
    "k: *x\n",
    "%TAG\n",
    "# note\n",
    "metadata:\n",
    "spec: 1\n",
    "  ",
    "\t",
    "\r",
    "\u2028---\n",
    "\n",
    "!!str ",
    "z: |+\n  x\n\n",
    "é: 1\n",
    "? a\n",
    "<<: {a: 1}\n",
    "null: 1\n",
)


def whole(text: str) -> object:
    try:
        return yaml.load(text, strict=False)
    except yaml.YamlError as error:
        return str(error)


def in_parts(reader: RenderedTexts, text: str) -> object:
    try:
        return reader.read(text)
    except yaml.YamlError as error:
        return str(error)


def test_the_second_text_is_read_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    reader = RenderedTexts()
    first = reader.read(TEXT)
    value = reader._value_of_parts(TEXT)
    assert value == first == whole(TEXT)
    monkeypatch.setattr(yaml, "load", None)  # a text in block style needs no other reader
    plain = TEXT[TEXT.index("spec:") :]
    assert reader.read(plain) == {"spec": first["spec"]}


def test_an_anchor_of_one_text_is_unknown_in_the_next() -> None:
    reader = RenderedTexts()
    reader.read("a: &x 1\n")
    reader.read("a: &x 1\n")
    with pytest.raises(yaml.YamlError):
        reader.read("a: *x\n")


@pytest.mark.parametrize("seed", range(8))
def test_any_text_is_read_as_a_whole_would_be(seed: int) -> None:
    choice = random.Random(seed)
    reader = RenderedTexts()
    for _ in range(250):
        lines = TEXT.splitlines(keepends=True)
        for _ in range(choice.randint(1, 3)):
            at = choice.randrange(len(lines) + 1)
            lines[at : at + choice.randint(0, 1)] = [choice.choice(PIECES)]
        text = "".join(lines) if choice.random() < 0.7 else "".join(choice.choices(PIECES, k=5))
        assert repr(in_parts(reader, text)) == repr(whole(text)), text
