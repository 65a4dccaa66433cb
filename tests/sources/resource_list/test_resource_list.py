"""Reading and writing: every byte that no rule changes comes out as it went in."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from krm_injector.kube import yaml
from krm_injector.model import Refused
from krm_injector.sources import resource_list
from krm_injector.sources.resource_list import Bundle

LIST = """\
# top
apiVersion: config.kubernetes.io/v1
kind: ResourceList
items:
# first
- # head
  apiVersion: apps/v1
  kind: Deployment
  metadata:
    name: web # the name
    annotations:
      internal.config.kubernetes.io/path: 'web.yaml'
      internal.config.kubernetes.io/index: '3'
  spec: {replicas: 1}
# between
-   apiVersion: v1
    kind: Service
    metadata: {name: "yes", labels: {on: "true"}}

- {apiVersion: v1, kind: ConfigMap, metadata: {name: c}, data: {t: 12:30:45}} # flow
- apiVersion: v1
  kind: ConfigMap
  metadata:
    name: d
  data:
    text: |
      # no comment

      é
functionConfig:
  apiVersion: v1
  kind: ConfigMap
  data: {method: automatic} # comment
# end
"""

RESULT = {"message": "said", "severity": "info"}


def read(text: str) -> Bundle:
    return resource_list.read(text.encode())


def causes(data: bytes | str, bare: bool = False) -> list[tuple[str, str]]:
    reader = resource_list.read_manifests if bare else resource_list.read
    with pytest.raises(Refused) as caught:
        reader(data if isinstance(data, bytes) else data.encode())
    assert all(result.severity == "error" and result.message for result in caught.value.results)
    return [(result.code, result.field) for result in caught.value.results]


def layouts(text: str) -> list[str]:
    return [
        text,
        text.replace("\n", "\r\n"),
        "\ufeff" + text,
        text.rstrip("\n"),
        "---\n" + text,
        "%YAML 1.1\n---\n" + text + "...\n",
        text + "---\n",
    ]


@pytest.mark.parametrize("text", layouts(LIST))
def test_unchanged_is_byte_identical(text: str) -> None:
    assert resource_list.write(read(text), {}, []) == text


def test_a_list_has_its_items_and_function_config() -> None:
    bundle = read(LIST)
    assert [item.value["kind"] for item in bundle.items] == [
        "Deployment",
        "Service",
        "ConfigMap",
        "ConfigMap",
    ]
    assert bundle.function_config == {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "data": {"method": "automatic"},
    }
    assert [item.line for item in bundle.items] == [7, 16, 20, 21]
    assert (bundle.items[0].file, bundle.items[0].document) == ("web.yaml", 3)
    assert bundle.items[3].value["data"]["text"] == "# no comment\n\né\n"


@pytest.mark.parametrize("version", ["v1", "v1beta1", "v1alpha1"])
def test_each_version_of_a_list_is_written_back_as_it_is(version: str) -> None:
    text = LIST.replace("config.kubernetes.io/v1", f"config.kubernetes.io/{version}")
    assert resource_list.write(read(text), {}, [RESULT]).startswith(text)


@pytest.mark.parametrize("text", layouts(LIST))
@pytest.mark.parametrize("index", range(4))
def test_replacing_one_item_changes_only_its_bytes(text: str, index: int) -> None:
    bundle = read(text)
    new = {**bundle.items[index].value, "added": {"a": [1, "y", {"b": "two\nlines\n"}]}}
    written = resource_list.write(bundle, {index: new}, [RESULT])
    again = read(written)
    assert [item.value for item in again.items] == [
        new if i.index == index else i.value for i in bundle.items
    ]
    assert again.function_config == bundle.function_config
    assert again.root["results"] == [RESULT]
    for other in bundle.items:
        if other.index != index and other.place:
            assert bundle.text[other.place.start : other.place.end].rstrip() in written
    assert ("\r\n" in text) == ("\r\n" in written)
    assert "\n" not in written.replace("\r\n", "") or "\r\n" not in text
    assert (
        resource_list.write(again, {}, [RESULT]) == written
    )  # the same result a second time adds nothing


@pytest.mark.parametrize("drop", [{0}, {1}, {2}, {3}, {0, 1}, {2, 3}, {1, 2}, {0, 3}, {0, 1, 2, 3}])
@pytest.mark.parametrize("text", layouts(LIST))
def test_dropped_items_are_gone_and_the_others_stay(text: str, drop: set[int]) -> None:
    bundle = read(text)
    written = resource_list.write(bundle, {}, [], drop)
    again = read(written)
    assert [item.value for item in again.items] == [
        item.value for item in bundle.items if item.index not in drop
    ]
    assert again.function_config == bundle.function_config
    if len(drop) < 4:
        assert "# comment" in written


def test_only_the_changed_lines_change() -> None:
    bundle = read(LIST)
    new = json.loads(json.dumps(bundle.items[0].value))
    new["spec"]["replicas"] = 2
    new["metadata"]["labels"] = {"a": "b"}
    expected = LIST.replace(
        "  spec: {replicas: 1}\n", "    labels:\n      a: b\n  spec:\n    replicas: 2\n"
    )
    assert resource_list.write(bundle, {0: new}, []) == expected


def test_results_go_behind_those_that_are_there() -> None:
    text = LIST.replace(
        "functionConfig:", "results:\n- message: old\n  severity: error\nfunctionConfig:"
    )
    written = resource_list.write(read(text), {}, [RESULT, {"message": "old", "severity": "error"}])
    assert read(written).root["results"] == [{"message": "old", "severity": "error"}, RESULT]
    assert written.endswith(LIST[LIST.index("functionConfig:") :])


INDENTED = "".join(f"  {line}\n" for line in LIST.splitlines())


@pytest.mark.parametrize(
    "text",
    [
        INDENTED,
        INDENTED.replace("  # end\n", "# end\n"),
        INDENTED.replace("  functionConfig:", "  results: []\n  functionConfig:"),
        INDENTED + "  results:\n  - message: old\n",
        INDENTED[: INDENTED.index("  functionConfig:")].rstrip(),
        LIST.replace("functionConfig:\n  api", "? functionConfig\n: api"),
    ],
    ids=["indented", "comment", "between", "last", "open", "explicit"],
)
def test_results_stand_at_the_column_of_the_list(text: str) -> None:
    bundle = read(text)
    again = read(resource_list.write(bundle, {}, [RESULT]))
    assert [item.value for item in again.items] == [item.value for item in bundle.items]
    assert again.function_config == bundle.function_config
    assert again.root["results"][-1] == RESULT
    if bundle.block:
        assert all(line in again.text for line in text.splitlines() if "results" not in line)


def test_an_open_explicit_key_in_front_of_all() -> None:
    text = (
        "? items\n: - {apiVersion: v1, kind: A, metadata: {name: a}}\n"
        + LIST[: LIST.index("items")]
    )
    bundle = read(text.rstrip("\n"))
    assert read(resource_list.write(bundle, {}, [RESULT])).root["results"] == [RESULT]


def test_open_last_line_that_is_a_literal() -> None:
    text = LIST[: LIST.index("functionConfig:")].rstrip("\n")
    bundle = read(text)
    again = read(resource_list.write(bundle, {}, [RESULT]))
    assert [item.value for item in again.items] == [item.value for item in bundle.items]
    new = {**bundle.items[3].value, "x": 1}
    assert read(resource_list.write(bundle, {3: new}, [RESULT])).items[3].value == new


def test_anchors_across_items_stay_true() -> None:
    text = LIST.replace('metadata: {name: "yes"', 'metadata: &m {name: "yes"').replace(
        "metadata: {name: c}", "metadata: *m"
    )
    bundle = read(text)
    assert resource_list.write(bundle, {}, []) == text
    new = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "yes", "uid": "a"}}
    again = read(resource_list.write(bundle, {1: new}, []))
    assert again.items[1].value == new
    assert again.items[2].value == bundle.items[2].value


def test_a_list_in_flow_style_is_edited() -> None:
    item = "{apiVersion: v1, kind: A, metadata: {name: a}}"
    text = f"{{apiVersion: config.kubernetes.io/v1, kind: ResourceList, items: [{item}]}}"
    bundle = read(text)
    new = {**bundle.items[0].value, "b": "y"}
    written = resource_list.write(bundle, {0: new}, [RESULT])
    assert [item.value for item in read(written).items] == [new]


@pytest.mark.parametrize("items", ["", "items:\n", "items: []\n", "items: null\n"])
def test_no_items_are_legal(items: str) -> None:
    text = f"apiVersion: config.kubernetes.io/v1\nkind: ResourceList\n{items}"
    bundle = read(text)
    assert bundle.items == []
    assert resource_list.write(bundle, {}, []) == text
    assert read(resource_list.write(bundle, {}, [RESULT])).root["results"] == [RESULT]


@pytest.mark.parametrize("indent", [None, 2, 4, "\t"])
@pytest.mark.parametrize("ascii_only", [False, True])
def test_a_list_in_json_stays_json(indent: Any, ascii_only: bool) -> None:
    root = yaml.load(LIST)
    text = json.dumps(root, indent=indent, ensure_ascii=ascii_only) + "\n"
    bundle = read(text)
    assert resource_list.write(bundle, {}, []) == text
    new = {**bundle.items[0].value, "x": "é"}
    written = resource_list.write(bundle, {0: new}, [RESULT], {1})
    expected = {**root, "items": [new, *root["items"][2:]], "results": [RESULT]}
    assert written == json.dumps(expected, indent=indent, ensure_ascii=ascii_only) + "\n"


# ---------------------------------------------------------------- bare manifests

STREAM = """\
# licence
---
# Source: chart/a.yaml
apiVersion: v1
kind: Service
metadata:
  name: a
---
# nothing here
---
apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: Pod, metadata: {name: p}}
...
---
--- # tail
apiVersion: v1
kind: ConfigMap
metadata: {name: m}
"""


@pytest.mark.parametrize(
    "text",
    [
        STREAM,
        STREAM.replace("\n", "\r\n"),
        "\ufeff" + STREAM,
        STREAM.rstrip(),
        "",
        "# x\n",
        "---\n",
    ],
)
def test_a_stream_without_changes_is_written_back_as_it_is(text: str) -> None:
    assert resource_list.write(resource_list.read_manifests(text.encode()), {}, [RESULT]) == text


def test_a_stream_of_manifests_has_items_with_file_and_line() -> None:
    bundle = resource_list.read_manifests(STREAM.encode(), "a.yaml")
    assert [(item.value["kind"], item.line, item.file) for item in bundle.items] == [
        ("Service", 4, "a.yaml"),
        ("List", 11, "a.yaml"),
        ("ConfigMap", 18, "a.yaml"),
    ]
    new = {**bundle.items[0].value, "spec": {"x": "y"}}
    assert resource_list.write(bundle, {0: new}, []) == STREAM.replace(
        "  name: a\n", '  name: a\nspec:\n  x: "y"\n'
    )
    written = resource_list.write(bundle, {}, [], {0, 2})
    assert [item.value for item in resource_list.read_manifests(written.encode()).items] == [
        bundle.items[1].value
    ]


def test_a_stream_of_json_is_edited() -> None:
    first = '{"apiVersion":"v1","kind":"A","metadata":{"name":"a"}}\n'
    text = (
        first + '{\n    "apiVersion": "v1",\n    "kind": "B",\n    "metadata": {"name": "b"}\n}\n'
    )
    bundle = resource_list.read_manifests(text.encode())
    assert resource_list.write(bundle, {}, []) == text
    one, other = ({**item.value, "a": [1]} for item in bundle.items)
    changed = first.replace('"a"}}', '"a"},"a":[1]}')
    assert resource_list.write(bundle, {0: one}, []) == changed + text[len(first) :]
    written = resource_list.write(bundle, {1: other}, [])
    assert written.startswith(first) and written.endswith('    "a": [\n        1\n    ]\n}\n')


# ---------------------------------------------------------------- refusals

HEAD = "apiVersion: config.kubernetes.io/v1\nkind: ResourceList\n"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "input-empty"),
        (b"# nothing\n", "input-empty"),
        (b"a: [", "yaml-syntax"),
        (b"just text", "not-a-resource-list"),
        (b"- a", "not-a-resource-list"),
        (b"apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n", "not-a-resource-list"),
        (b"apiVersion: v1\nkind: List\nitems: []\n", "not-a-resource-list"),
        (HEAD.replace("v1", "v2").encode(), "resource-list-version"),
        ((HEAD + "items: 3\n").encode(), "resource-list-shape"),
        ((HEAD + "functionConfig: []\n").encode(), "resource-list-shape"),
        ((HEAD + "---\n" + HEAD).encode(), "yaml-documents"),
        ((HEAD + "kind: ResourceList\n").encode(), "yaml-duplicate-key"),
        (b"\xff\xfea\x00", "yaml-encoding"),
        (b"a: \xff", "yaml-encoding"),
        (b"a: \x00", "yaml-character"),
        (b"[" * 201, "yaml-depth"),
        (b'{"a":' * 201 + b"1" + b"}" * 201, "yaml-depth"),
        (b'{"kind": 1, "kind": 2}', "yaml-duplicate-key"),
        (b'{"kind": 1,,}', "json-syntax"),
        (b'{"kind": 1} {"kind": 1}', "not-a-resource-list"),
    ],
)
def test_what_is_no_list_is_refused_with_its_code(data: bytes, code: str) -> None:
    assert [cause for cause, _ in causes(data)] == [code]


@pytest.mark.parametrize(
    "text", ["apiVersion: v1\nkind: Pod\n---\na: 1\n", '{"kind": "Pod"}', "- a\n", ""]
)
def test_bare_manifests_are_sent_to_inject(text: str) -> None:
    with pytest.raises(Refused, match="krm-injector inject"):
        read(text)


def test_all_items_are_checked() -> None:
    items = """\
items:
- 5
- {kind: A, metadata: {name: a}}
- {apiVersion: v1}
- {apiVersion: v1, kind: A}
- {apiVersion: v1, kind: A, metadata: {generateName: a-}}
- {apiVersion: v1, kind: A, metadata: {name: y}}
- {apiVersion: v1, kind: A, metadata: []}
- {apiVersion: v1, kind: PodList, items: []}
- {apiVersion: kustomize.config.k8s.io/v1beta1, kind: Kustomization}
- null
"""
    assert causes(HEAD + items) == [
        ("item-not-object", "items[0]"),
        ("item-without-apiVersion", "items[1].apiVersion"),
        ("item-without-kind", "items[2].kind"),
        ("item-without-name", "items[3].metadata.name"),
        ("item-name", "items[5].metadata.name"),
        ("item-metadata", "items[6].metadata"),
        ("item-not-object", "items[9]"),
    ]


def test_messages_hold_file_and_line() -> None:
    with pytest.raises(Refused) as caught:
        resource_list.read_manifests(b"a: 1\nb: 2\na: 3\n", "dir/x.yaml")
    (result,) = caught.value.results
    assert (
        result.message == 'dir/x.yaml: line 3, column 1: the key "a" appears twice in one mapping'
    )
    assert result.file == "dir/x.yaml"
    assert causes("a: 1\n---\n- b\n", bare=True) == [
        ("item-without-apiVersion", "apiVersion"),
        ("item-without-kind", "kind"),
        ("item-not-object", "document 2"),
    ]


@pytest.mark.parametrize("seed", range(10))
def test_random_replacements_and_drops_leave_all_other_bytes(seed: int) -> None:
    """Random replacements and drops; the items have long strings, unicode and comments."""
    r = random.Random(seed)
    blocks, values = [], []
    for n in range(12):
        value: dict[str, Any] = {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": f"n{n}"},
        }
        value["data"] = {
            f"k{k}": r.choice(["x" * 5000, "日本\n\U0001f600\n", "a: b", "\n\n", "1e3", " \n "])
            for k in range(3)
        }
        text = yaml.dump(value, 2)
        lines = text.splitlines(keepends=True)
        blocks.append(r.choice(["", "# c\n", "\n"]) + "- " + "".join(lines))
        values.append(value)
    text = (
        HEAD + "items:\n" + "".join(blocks) + r.choice(["", "functionConfig: {a: b}\n", "# end\n"])
    )
    if r.random() < 0.5:
        text = text.replace("\n", "\r\n")
    bundle = read(text)
    assert [item.value for item in bundle.items] == values
    new = {
        n: {**values[n], "data": {**values[n]["data"], "new": "é\nb"}}
        for n in r.sample(range(12), 4)
    }
    drop = set(r.sample(range(12), 3))
    again = read(resource_list.write(bundle, new, [RESULT], drop))
    assert [item.value for item in again.items] == [
        new.get(n, values[n]) for n in range(12) if n not in drop
    ]


class Counted(dict[int, Any]):
    """Replacements that count how often each is asked for."""

    def __init__(self, values: dict[int, Any]) -> None:
        super().__init__(values)
        self.asked: list[int] = []

    def __getitem__(self, index: int) -> Any:
        self.asked.append(index)
        return super().__getitem__(index)


@pytest.mark.parametrize("anchor", ["", " &a"])
def test_each_replacement_is_asked_for_once_in_order(anchor: str) -> None:
    item = "- apiVersion: v1\n  kind: A\n  metadata:{}\n    name: a\n"
    text = "apiVersion: config.kubernetes.io/v1\nkind: ResourceList\nitems:\n" + "".join(
        [item.format(anchor), *[item.format("")] * 3]
    )
    bundle = read(text)
    new = {**bundle.items[0].value, "spec": {"a": "b"}}
    changed = Counted({0: new, 2: new, 3: new})
    written = resource_list.write(bundle, changed, [])
    assert changed.asked == [0, 2, 3]
    assert [found.value for found in read(written).items] == [new, bundle.items[1].value, new, new]
