"""edit: only what differs changes, and the result always reads back to the new value."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from krm_injector.kube import yaml
from krm_injector.kube.yaml import Place
from krm_injector.kube.yaml.block_edits import BlockEdits

WORKLOAD = """\
# head
apiVersion: apps/v1
kind: Deployment   # the kind
metadata:
    name: "web"   # quoted
    labels: {app: web}

spec:
    replicas: 2
    template:
        metadata:
            labels:
                # why
                app: web
        spec:
            containers:
                # the app
                - name: app
                  image: 'app:1'   # pinned
                  args: ["a", "b"]
                  env:
                  - {name: A, value: "1"}
                  # second
                  - name: B
                    value: |
                      text
                        indented

                -   name: helper
                    image: helper
            volumes: []
            # end of the spec
# end
"""


def edit(text: str, new: Any, newline: str = "\n") -> str:
    """The whole document text with its root made new."""
    (document,) = yaml.load_all(text)
    place = document.place
    return (
        text[: place.start]
        + yaml.rewrite(text, place, document.value, new, newline)
        + text[place.end :]
    )


def changed(value: Any, path: str, new: Any) -> Any:
    """A copy of value with the node at path replaced; None takes it out of what it lies in."""
    copy = json.loads(json.dumps(value))
    *way, last = [int(part) if part.isdigit() else part for part in path.split("/")]
    node = copy
    for part in way:
        node = node[part]
    if new is None:
        del node[last]
    elif isinstance(node, list) and last == len(node):
        node.append(new)
    else:
        node[last] = new
    return copy


CASES: list[tuple[str, str, Any, str, str]] = [
    # name, path, new value (None: removed), the lines of WORKLOAD that go, the lines that come
    (
        "scalar keeps its comment",
        "kind",
        "ReplicaSet",
        "kind: Deployment   #",
        "kind: ReplicaSet   #",
    ),
    ("quoted scalar", "metadata/name", "shop", 'name: "web"   # quoted', "name: shop   # quoted"),
    ("number", "spec/replicas", 3, "replicas: 2", "replicas: 3"),
    ("scalar that needs quotes", "spec/replicas", "3", "replicas: 2", 'replicas: "3"'),
    (
        "key at the end",
        "spec/strategy",
        "x",
        "            # end of",
        "    strategy: x\n            # end of",
    ),
    (
        "empty flow list filled",
        "spec/template/spec/volumes",
        ["v"],
        "volumes: []",
        "volumes:\n            - v",
    ),
    (
        "flow mapping becomes a block",
        "metadata/labels",
        {"app": "web", "b": "c"},
        "labels: {app: web}\n",
        "labels:\n      app: web\n      b: c\n",
    ),
    (
        "element at the end",
        "spec/template/spec/containers/2",
        {"name": "proxy"},
        "image: helper\n",
        "image: helper\n                - name: proxy\n",
    ),
    (
        "key behind a literal block",
        "spec/template/spec/containers/0/tty",
        True,
        "                        indented\n\n",
        "                        indented\n\n                  tty: true\n",
    ),
    ("key removed", "spec/replicas", None, "    replicas: 2\n", ""),
    (
        "first key of an element removed",
        "spec/template/spec/containers/1/name",
        None,
        "name: helper\n                    image",
        "image",
    ),
    (
        "element removed with its comment",
        "spec/template/spec/containers/0/env/1",
        None,
        "                  # second\n                  - name: B\n                    value: |\n"
        "                      text\n                        indented\n\n",
        "",
    ),
]


@pytest.mark.parametrize(
    ("path", "new", "gone", "come"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_an_edit_changes_only_its_own_lines(path: str, new: Any, gone: str, come: str) -> None:
    assert gone in WORKLOAD
    value = changed(yaml.load(WORKLOAD), path, new)
    text = edit(WORKLOAD, value)
    assert yaml.load(text) == value
    assert text == WORKLOAD.replace(gone, come, 1)


def test_containers_before_and_behind() -> None:
    value = yaml.load(WORKLOAD)
    pod = value["spec"]["template"]["spec"]
    new = changed(
        value,
        "spec/template/spec",
        {
            **pod,
            "containers": [
                {"name": "proxy", "args": ["x", {"y": [1]}]},
                *pod["containers"],
                {"name": "last"},
            ],
        },
    )
    text = edit(WORKLOAD, new)
    assert yaml.load(text) == new
    kept = [line for line in WORKLOAD.splitlines() if line in text.splitlines()]
    assert [line for line in WORKLOAD.splitlines() if line not in kept] == [
        "                - name: app"
    ] * 0
    assert text.index("name: proxy") < text.index("name: app") < text.index("name: last")


def test_unchanged_value_keeps_every_byte() -> None:
    assert edit(WORKLOAD, yaml.load(WORKLOAD)) == WORKLOAD


def test_crlf() -> None:
    text = WORKLOAD.replace("\n", "\r\n")
    value = changed(yaml.load(text), "spec/template/spec/containers/0/command", ["a", "b\nc"])
    result = edit(text, value, "\r\n")
    assert yaml.load(result) == value
    assert "\n" not in result.replace("\r\n", "")
    assert "# the app\r\n" in result


@pytest.mark.parametrize(
    "text",
    [
        "a: &x {b: 1}\nc: *x\n",
        "a: &x\n  b: 1\nc:\n  <<: *x\n",
        "? a\n: b\nc: 1\n",
        "? |\n  a\n: b\nc: 1\n",
        "a: !!str 1\nc: 1\n",
        "a:\n  !!map\n  b: c\nc: 1\n",
        "1: a\ny: b\nc: 1\n",
        "a: |\n  text",
        "a: |2\n    text\n\n\nc: 1",
        "a: >-\n  folded\n  text\nc: |+\n  kept\n\n",
        "a: b\n\u2028c: 1\n".replace("\u2028", ""),
        "a: 'x\u2028y'\nc: 1\n",
        "a:\r  b: 1\rc: 1\r",
        "a: plain text\n  over two lines\nc: 1\n",
        'a: "double\n  quoted"   # comment\nc: 1\n',
        "a:\n\n# comment\n\n  - - 1\n    - 2\n  - - 3\nc: 1\n",
        "a: # comment\n  b: 1 # other\nc: 1\n",
        "a:\n- # comment\n  b: 1\n-\n  b: 2\n-\n- c\nc: 1\n",
        "{a: 1, c: 1}",
        "{a: 1, c: 1} # comment\n",
        "{a: 1, c: 1}       # comment\n",
        "--- {a: 1, c: 1} # comment\n",
        "--- {a: 1, c: 1}\n",
        "--- # comment\na: 1\nc: 1\n...\n",
        "a:\nc:\n",
        "a:    \nc: ~ # comment\n",
    ],
)
def test_odd_layouts_are_edited_and_read_back(text: str) -> None:
    value = yaml.load(text)
    for path, new in [
        ("a", 5),
        ("a", "two\nlines\n"),
        ("a", {"x": [1, {"y": "z"}]}),
        ("a", [["x"], {"y": []}]),
        ("c", None),
        ("c", [1]),
        ("c", {"x": "\n a"}),
        ("d", "new"),
        ("d", "a\n\n"),
        ("d", {"e": {"f": "g"}}),
    ]:
        if new is None and path not in value:
            continue
        wanted = changed(value, path, new)
        result = edit(text, wanted)
        assert yaml.load(result) == wanted, (path, new, result)


# Random values in random layouts

STRINGS = [
    "a",
    "b c",
    "x: y",
    "1",
    "true",
    "y",
    "",
    "#no",
    "a\nb",
    "a\nb\n",
    "\nx\n\n",
    " lead",
    "tail ",
    "é",
    "it's",
    "null",
    "- x",
    "a #b",
    "12:30",
]
KEYS = ["a", "b", "name", "env", "x-y", "1", "on", "k k", "#"]


def random_value(r: random.Random, depth: int) -> Any:
    kind = r.random()
    if depth > 4 or kind < 0.35:
        return r.choice([*STRINGS, 0, 1, 1.5, True, False, None])
    if kind < 0.6:
        return [random_value(r, depth + 1) for _ in range(r.randrange(4))]
    return {r.choice(KEYS): random_value(r, depth + 1) for _ in range(r.randrange(5))}


def mutated(r: random.Random, value: Any, depth: int = 0) -> Any:
    """A value that differs from another in a few places."""
    if isinstance(value, dict) and value:
        result = {
            key: mutated(r, item, depth + 1) if r.random() < 0.4 else item
            for key, item in value.items()
            if r.random() > 0.15
        }
        if r.random() < 0.4:
            entries = [*result.items()]
            entries.insert(
                r.randrange(len(entries) + 1), (r.choice(KEYS), random_value(r, depth + 1))
            )
            result = dict(entries)
        return result
    if isinstance(value, list) and value:
        elements = [
            mutated(r, item, depth + 1) if r.random() < 0.4 else item
            for item in value
            if r.random() > 0.15
        ]
        if r.random() < 0.4:
            elements.insert(r.randrange(len(elements) + 1), random_value(r, depth + 1))
        if r.random() < 0.1:
            r.shuffle(elements)
        return elements
    return random_value(r, depth) if r.random() < 0.6 else value


class Layout:
    """Writes a value with random indentation, quoting, styles, comments and blank lines."""

    def __init__(self, r: random.Random) -> None:
        self.r = r
        self.comments = 0

    def comment(self) -> str:
        self.comments += 1
        return f"# comment {self.comments}"

    def gap(self, indent: int) -> str:
        kind = self.r.random()
        if kind < 0.1:
            return "\n"
        if kind < 0.2:
            return " " * self.r.choice([indent, 0, indent + 1]) + self.comment() + "\n"
        return ""

    def end(self) -> str:
        return f"  {self.comment()}\n" if self.r.random() < 0.15 else "\n"

    def scalar(self, value: Any, indent: int) -> str:
        if isinstance(value, str):
            if "\n" in value and self.r.random() < 0.7:
                text = yaml.dump({"k": value}, indent - 2 if indent >= 2 else 0)[3:]
                if indent >= 2:
                    return text
            if "\n" not in value and "'" not in value and self.r.random() < 0.3:
                return f"'{value}'" + self.end()
            if self.r.random() < 0.3 or "\n" in value:
                return json.dumps(value, ensure_ascii=False) + self.end()
        if value is None and self.r.random() < 0.3:
            return self.end()
        return yaml.dump(value).rstrip("\n") + self.end()

    def node(self, value: Any, indent: int) -> str:
        """What follows "key:" or "-" (a space or line break first)."""
        if not isinstance(value, (dict, list)) or not value:
            return " " + self.scalar(value, indent)
        if self.r.random() < 0.15:
            return " " + json.dumps(value, ensure_ascii=False) + self.end()
        return self.end() + self.block(value, indent)

    def block(self, value: Any, indent: int) -> str:
        out = []
        for entry in value.items() if isinstance(value, dict) else value:
            out.append(self.gap(indent))
            deeper = indent + self.r.choice([2, 2, 4])
            if isinstance(value, dict):
                key, item = entry
                written = (
                    json.dumps(key)
                    if key in ("1", "on", "k k", "#") or self.r.random() < 0.1
                    else key
                )
                if isinstance(item, list) and self.r.random() < 0.5:
                    deeper = indent
                out.append(
                    " " * indent
                    + written
                    + ":"
                    + self.node(item, indent + 2 if not isinstance(item, (dict, list)) else deeper)
                )
            elif isinstance(entry, (dict, list)) and entry and self.r.random() < 0.7:
                width = self.r.choice([2, 2, 4])
                inside = self.block(entry, indent + width)
                while inside.lstrip(" ")[0] in "#\n":  # the first line follows the dash
                    inside = inside.partition("\n")[2]
                out.append(" " * indent + "-" + " " * (width - 1) + inside[indent + width :])
            else:
                out.append(" " * indent + "-" + self.node(entry, indent + 2))
        return "".join(out)


@pytest.mark.parametrize("seed", range(20))
def test_random_edits_read_back(seed: int) -> None:
    r = random.Random(seed)
    for _ in range(60):
        old = random_value(r, 0)
        while not isinstance(old, dict) or not old:
            old = random_value(r, 0)
        text = Layout(r).block(old, 0)
        if r.random() < 0.2:
            text = text.rstrip("\n")
        if yaml.load(text) != old:  # an open last line ate a literal's break
            continue
        new = mutated(r, old)
        result = edit(text, new)
        assert yaml.load(result) == new, text


@pytest.mark.parametrize("seed", range(10))
def test_random_edits_inside_a_sequence(seed: int) -> None:
    """Items of a ResourceList stand indented, between others whose bytes must stay."""
    r = random.Random(1000 + seed)
    for _ in range(30):
        values = [{"k": random_value(r, 1), "l": random_value(r, 1)} for _ in range(3)]
        indent = r.choice([0, 2])
        text = "items:\n" + Layout(r).block(values, indent)
        if yaml.load(text)["items"] != values:
            continue
        reader = yaml.Reader(text)
        for _ in range(4):
            reader.next()
        key_event = reader.next()
        assert key_event.__class__ is yaml.SequenceStartEvent
        places: list[Place] = []
        for _ in values:
            event = reader.next()
            reader.node(event, 2)
            places.append(reader.place(event))
        at = r.randrange(3)
        new = mutated(r, values[at]) or {"k": 1}
        place = places[at]
        result = (
            text[: place.start] + yaml.rewrite(text, place, values[at], new) + text[place.end :]
        )
        assert yaml.load(result)["items"] == [*values[:at], new, *values[at + 1 :]], text
        for other, there in enumerate(places):
            if other != at:
                assert text[there.start : there.end].strip() in result


def test_comments_of_unchanged_parts_stay() -> None:
    """In block style no comment goes but those of removed lines and of what is written anew."""
    r = random.Random(7)
    kept = total = 0
    for _ in range(200):
        old = {f"k{n}": random_value(r, 2) for n in range(6)}
        layout = Layout(r)
        text = layout.block(old, 0)
        new = {**old, "k3": mutated(r, old["k3"])}
        result = edit(text, new)
        total += text.count("# comment")
        kept += result.count("# comment")
        head = text[: text.index("k3")]
        assert result.startswith(head)
    assert kept > 0.9 * total


@pytest.mark.slow
def test_an_edit_back_gives_the_bytes_again() -> None:
    """Values always; bytes but for a few in a thousand: blank lines behind block scalars, lists in
    lists.
    """
    r = random.Random(11)
    same_bytes = total = 0
    while total < 1000:
        old = {"k0": "x", **{f"k{n}": random_value(r, 1) for n in range(1, 5)}}
        text = Layout(r).block(old, 0)
        text = text[
            text.index("k0") - ('"k0"' in text) :
        ]  # what stands above the first key is not the object's
        text = text.rstrip("\n") if r.random() < 0.2 else text
        if yaml.load(text) != old:
            continue
        newline = r.choice(["\n", "\n", "\r\n"])
        text = text.replace("\n", newline)
        new = {"k0": "x", **{key: value for key, value in mutated(r, old).items() if key != "k0"}}
        (document,) = yaml.load_all(text)
        place = document.place
        done = yaml.reversible(text, place, old, new, newline)
        changed_text = text[: place.start] + done.text + text[place.end :]
        assert yaml.load(changed_text) == new
        (document,) = yaml.load_all(changed_text)
        place = document.place
        back = yaml.edit(changed_text, place, new, old, newline, yaml.nested(done.gone))
        back_text = changed_text[: place.start] + back.text + changed_text[place.end :]
        assert yaml.load(back_text) == old
        same_bytes += back_text == text
        total += 1
    assert same_bytes >= 0.997 * total


def test_many_edits_in_one_block_look_at_it_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pod of a thousand containers, each with a probe that is rewritten, is one such block."""
    looks = 0

    def line_end(self: BlockEdits, at: int) -> int:
        nonlocal looks
        looks += 1
        return of_line(self, at)

    of_line = BlockEdits.line_end
    monkeypatch.setattr(BlockEdits, "line_end", line_end)
    text = "".join(f"- {{name: k{number}, a: 1}}\n" for number in range(500))
    changed = [{**each, "a": {"b": [{"c": "x"}]}} for each in yaml.load(text)]
    (document,) = yaml.load_all(text)
    done = yaml.reversible(text, document.place, yaml.load(text), changed, "\n")
    assert yaml.load(done.text) == changed
    assert looks < 20 * 500
