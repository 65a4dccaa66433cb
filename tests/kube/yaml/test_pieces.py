"""The reader of pieces against the reader of events: where it reads a text, both say the same."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest
import yaml as pyyaml
from paths import ROOT, SHARED, TESTS

from krm_injector.kube import yaml
from krm_injector.kube.yaml.pieces import PieceReader, Unusual
from krm_injector.kube.yaml.stream import load_mixed

TEXTS = [
    "a: b\n",
    "a: 'b\n\n  c  \n   d'\ne: 1\n",
    'a: "b \\\n  \\ c\\n\n\n  d"\n',
    "a: |\n  b\n\n   c\n\nd: |-\n  e\nf: |+\n  g\n\nh: 1\n",
    "a:\n- b\n- c: d\n  e: f\n-\n  g: h\n- - i\n",
    "a:\n  - b\n  -   c: d\n      e: f\n",
    "a: b # c\n# d\ne:\n  # f\n  g: h\n\ni:\n# j\n- k\n",
    "a: &b\n  c: d\ne: *b\nf: &b\n- 1\ng: *b\n",
    "a: b\n  c\n  d\ne: 0x1F\nf: 1e3\ng: ~\nh: yes\ni: 1_000\nj: 0o14\nk: .5\n",
    "'a b': c\n\"d\": e\n1: f\ntrue: g\n",
    "a: {}\nb: []\nc:\nd: ''\n",
    "a: b: c\n",
    "a:\n  b: c\n d: e\n",
    "a:\n    b:\n  c: d\n",
    "a: b\na: c\n",
    "a: 'b' c\n",
    "a: 'b\n---\n  c'\n",
    'a: "b\\ \n  c"\n',
    "a: *b\n",
    "a: &b\n  c: *b\n",
    "a: |\n b\n  c\n d\n",
    "a: |\n\tb\n",
    "a: b\n- c\n",
    "a:\n- b\n  c: d\n",
    "a: -\n",
    "a: b #c\n  d\n",
    "a: é\nb: \u2028\n",
    "a: \x07\n",
    "a: http://b:1/c#d\nb: c:d\n",
    "a: .nan\n",
    "<<: {}\n",
    "null: a\n",
    "a:\n  'b\n  c': d\n",
    "a: 'b\n  items:\n  - c'\n",
]
LINES = [
    "a: b", "- c", "- d: e", "f:", "-", "g: |", "h: 'i", "j'", 'k: "l\\', 'm"', "# n", "", "o",
    "p: &q", "r: *q", "s: {}", "- t: []", "- - u", "v: >-", "w: [x]", "'y': 1", "z: 1.0 # a", "...",
    "---", "\t", "b: c: d", "e: |+", "- |", "- 'f", "- *q", "- &q", "'", "''", "<<: *q", "? g",
    'a: "b\\ ', "a: |-", "    x", "  y: 1", "- - - z", "a-b: 'c'd'", "- 'x''y' # z",
]  # fmt: skip


def identical(one: Any, other: Any) -> bool:
    """Equal with the types of everything and the order of keys."""
    if one.__class__ is not other.__class__:
        return False
    if isinstance(one, dict):
        return list(one) == list(other) and all(identical(one[key], other[key]) for key in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(identical, one, other))
    return bool(one == other)


def agree(text: str) -> bool:
    """Whether the reader of pieces reads the text; it must not differ from the other one then."""
    pieces = PieceReader()
    try:
        value = pieces.mapping(text.removesuffix("\n"), 0)
    except Unusual:
        return False

    reader = yaml.Reader(text)
    reader.next()
    reader.next()
    expected = reader.document(reader.next())
    assert reader.next().__class__ is yaml.StreamEndEvent, text
    assert identical(value, expected), text
    assert pieces.nodes == reader.nodes, text
    assert pieces.sizes == reader.sizes, text
    return True


@pytest.mark.parametrize("text", TEXTS)
def test_texts(text: str) -> None:
    agree(text)


def test_what_programs_write_is_read() -> None:
    assert all(agree(text) for text in TEXTS[:11] if "- - " not in text)


def documents() -> Iterator[str]:
    """The documents of all YAML files at hand, each as it stands and as PyYAML writes it."""
    for folder in (TESTS, ROOT / "functions", SHARED):
        for path in sorted(folder.rglob("*.y*ml")) if folder is not None else ():
            try:
                text = path.read_text()
                values = load_mixed(text)
            except (yaml.YamlError, UnicodeDecodeError, OSError):
                continue
            for document in values:
                if isinstance(document.value, dict) and document.value:
                    yield text[document.place.start : document.place.end].rstrip("\n") + "\n"
                    yield pyyaml.dump(document.value, sort_keys=False)


@pytest.mark.slow
def test_files() -> None:
    read = [agree(text) for text in documents()]
    assert sum(read) > 0.5 * len(read)


def changed(text: str, chance: random.Random) -> str:
    """The text with one to three lines changed at random."""
    lines = text.split("\n")
    for _ in range(chance.randint(1, 3)):
        at = chance.randrange(len(lines))
        change = chance.randrange(6)
        line = lines[at]
        if change == 0:
            lines[at] = " " * chance.randrange(4) + line
        elif change == 1:
            lines[at] = line.removeprefix(" " * chance.randrange(1, 4))
        elif change == 2:
            lines.insert(at, " " * chance.randrange(6) + chance.choice(LINES))
        elif change == 3:
            del lines[at : at + chance.randint(1, 2)]
            lines = lines or [""]
        elif change == 4:
            place = chance.randrange(len(line) + 1)
            lines[at] = line[:place] + chance.choice(" :#-'\"|&*\\\t,?!%@é\n") + line[place:]
        else:
            lines[at] = " " * chance.randrange(6) + chance.choice(LINES)

    return "\n".join(lines)


@pytest.mark.parametrize("seed", range(20))
def test_changed_texts(seed: int) -> None:
    chance = random.Random(seed)
    read = 0
    for _ in range(300):
        if chance.random() < 0.5:
            text = chance.choice(TEXTS)
        else:
            lines = [
                "  " * chance.randrange(4) + chance.choice(LINES)
                for _ in range(chance.randint(1, 6))
            ]
            text = "\n".join(["a:", *lines, ""])
        text = changed(text, chance).rstrip("\n") + "\n"
        if text[0] not in " \n":
            read += agree(text)

    assert read > 10
