"""Streams as Kubernetes' readers cut them: JSON among YAML, byte order marks between documents."""

from __future__ import annotations

import json
from typing import Any

import pytest

from krm_injector.kube import yaml
from krm_injector.model import Refused
from krm_injector.outcome import LAYOUTS
from krm_injector.sources import resource_list
from krm_injector.sources.files import Source
from krm_injector.sources.manifests import join
from krm_injector.sources.resource_list import Bundle

MARK = "\ufeff"
JSON = '{\n\t"apiVersion": "v1",\n\t"kind": "ConfigMap",\n\t"metadata": {"name": "%s"}\n}'
LINE = '{"apiVersion":"v1","kind":"Secret","metadata":{"name":"%s"}}'
BLOCK = "apiVersion: v1\nkind: Service # a\nmetadata:\n  name: %s\n"


def read(text: str) -> Bundle:
    return resource_list.read_manifests(text.encode(), "in.yaml")


def names(bundle: Bundle) -> list[str]:
    return [item.value["metadata"]["name"] for item in bundle.items]


def refusal(text: str) -> Any:
    with pytest.raises(Refused) as caught:
        read(text)
    (result,) = caught.value.results
    return result


STREAMS = [
    (LINE % "a" + "\n---\n" + JSON % "b" + "\n", "a b"),
    (JSON % "a" + "\n---\n" + BLOCK % "b", "a b"),
    (BLOCK % "a" + "---\n" + JSON % "b" + "\n---\n" + BLOCK % "c", "a b c"),
    (LINE % "a" + " # behind\n", "a"),
    (JSON % "a" + "\n# behind\n\n", "a"),
    (LINE % "a" + "\n...\n", "a"),
    (JSON % "a" + "\n...\n---\n" + LINE % "b", "a b"),
    (LINE % "a" + "\n---\n---\n# nothing\n---\n" + LINE % "b" + "\n---\n", "a b"),
    (LINE % "a" + "\r\n---\r\n" + BLOCK.replace("\n", "\r\n") % "b", "a b"),
    ("# before\n" + LINE % "a" + "\n--- # next\n# of it\n  " + LINE % "b", "a b"),
    (LINE % "a" + LINE % "b" + "\n" + JSON % "c", "a b c"),
    (LINE % "a" + "\n...\n%YAML 1.1\n---\n" + BLOCK % "b", "a b"),
    ('{"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a",},}\n', "a"),
    (MARK + LINE % "a" + "\n---\n" + MARK + LINE % "b" + "\n", "a b"),
    (BLOCK % "a" + "---\n" + MARK + BLOCK % "b" + "---\n" + MARK + JSON % "c" + "\n", "a b c"),
    (BLOCK % "a" + "---\n" + MARK + "---\n" + BLOCK % "b", "a b"),
    (BLOCK % "a" + "--- # x\r\n" + MARK + "# y\n" + BLOCK % "b", "a b"),
    (BLOCK % "a" + "---\n" + MARK, "a"),
    (BLOCK % "a" + "---# next\n" + BLOCK % "b" + "---\xa0\r\n" + BLOCK % "c", "a b c"),
    ("\t" + LINE % "a" + "\n---\n\t" + JSON % "b" + "\n", "a b"),
    (LINE % "a" + "\n---\nnull\n---\n~ # nothing\n---\n" + BLOCK % "b", "a b"),
    ("null\n---\n" + BLOCK % "a" + "---\n---\n", "a"),
    (MARK + "# no document yet\n---\n" + MARK + "\n" + BLOCK % "a", "a"),
]


@pytest.mark.parametrize(("text", "expected"), STREAMS)
def test_documents_are_found_as_kubernetes_finds_them(text: str, expected: str) -> None:
    bundle = read(text)

    assert names(bundle) == expected.split()
    assert resource_list.write(bundle, {}, []) == text
    for item in bundle.items:
        written = bundle.text[item.place.start : item.place.end]  # type: ignore[union-attr]
        assert yaml.load(written) == item.value
        line = bundle.text.splitlines()[item.line - 1].lstrip(MARK + " \t")
        assert written.startswith(line.rstrip("\r")[:10])


@pytest.mark.parametrize(("text", "expected"), STREAMS)
def test_only_the_changed_document_is_written_anew(text: str, expected: str) -> None:
    bundle = read(text)
    for item in bundle.items:
        changed = {**item.value, "x": 1}

        written = resource_list.write(bundle, {item.index: changed}, [])

        again = read(written)
        assert [found.value for found in again.items] == [
            changed if i is item else i.value for i in bundle.items
        ]
        place = item.place
        assert place is not None
        begin = place.start + len(MARK) * bundle.bom
        assert written[:begin] == text[:begin]
        tail = bundle.text[place.end :]
        assert written.endswith(tail)
        if item.json:
            body = written[begin : len(written) - len(tail)]
            assert json.loads(body) == changed
            assert ("\n\t" in body) == ("\n\t" in bundle.text[place.start : place.end])


@pytest.mark.parametrize(("text", "expected"), STREAMS)
def test_a_document_that_is_left_out_leaves_the_others(text: str, expected: str) -> None:
    bundle = read(text)
    for item in bundle.items[:-1]:
        rest = [other.value for other in bundle.items if other is not item]

        assert [
            found.value for found in read(resource_list.write(bundle, {}, [], [item.index])).items
        ] == rest


def test_json_keeps_what_yaml_has_no_escapes_for() -> None:
    data = (
        '{"apiVersion":"v1","kind":"Secret","metadata":{"name":"a"},'
        '"data":{"k":"a\\/b \\ud83d\\ude00"}}'
    )

    bundle = read(BLOCK % "s" + "---\n" + data + "\n# end\n")

    assert bundle.items[1].value["data"] == {"k": "a/b \U0001f600"}


@pytest.mark.parametrize(
    ("text", "line", "column", "code"),
    [
        (LINE % "a" + "\n---\n" + '{"kind": 1,,}', 3, 12, "json-syntax"),
        (LINE % "a" + "\n---\na: [\n---\n", 4, 1, "yaml-syntax"),
        (BLOCK % "a" + "---\n" + '{\n"a": 1,\n"a": 2}\n', 8, 1, "yaml-duplicate-key"),
        (
            LINE % "a" + "\n---\n" + LINE % "b" + "\n" + LINE % "c" + "\n---\n" + BLOCK % "d",
            4,
            1,
            "yaml-documents",
        ),
        (LINE % "a" + " x\n", 1, 61, "yaml-documents"),
        (LINE % "a" + "\n" + BLOCK % "b", 2, 1, "yaml-documents"),
        (BLOCK % "a" + "---\n" + MARK + "a: 1\na: 2\n", 7, 1, "yaml-duplicate-key"),
        (BLOCK % "a" + "---\n# c\n" + MARK + BLOCK % "b", 7, 1, "yaml-character"),
        (BLOCK % "a" + "---\n" + MARK + MARK + BLOCK % "b", 6, 1, "yaml-character"),
        (LINE % "a" + "\n---\n\tkind: b\n", 3, 1, "yaml-syntax"),
        (MARK + MARK + BLOCK % "a", 1, 1, "yaml-character"),
        (BLOCK % "a" + MARK + "---\n" + BLOCK % "b", 5, 1, "yaml-character"),
        ("metadata:\n" + MARK + "  name: a\n", 2, 1, "yaml-character"),
        (LINE % "a" + "\n---\n" + '{"a":' * 201 + "1" + "}" * 201, 3, 1001, "yaml-depth"),
    ],
)
def test_errors_tell_the_place_in_the_whole_text(
    text: str, line: int, column: int, code: str
) -> None:
    result = refusal(text)

    assert result.message.startswith(f"in.yaml: line {line}, column {column}: ")
    assert result.code == code


def test_an_object_without_a_separator_before_it_is_told_what_to_add() -> None:
    assert (
        "put --- on a line of its own" in refusal("---\n" + LINE % "a" + "\n" + LINE % "b").message
    )


def test_json_documents_in_a_row_get_separators_where_other_files_follow() -> None:
    row = Source((LINE % "a" + "\n" + JSON % "b" + "\n").encode(), "a.json")
    joined = join([row, Source((BLOCK % "c").encode(), "c.yaml")])

    text = joined.write({}, LAYOUTS)

    assert text == LINE % "a" + "\n---\n" + JSON % "b" + "\n---\n" + BLOCK % "c"
    assert join([row]).write({}, LAYOUTS) == row.data.decode()


def test_a_resource_list_in_json_may_have_a_comment_behind_it() -> None:
    root = {"apiVersion": "config.kubernetes.io/v1", "kind": "ResourceList", "items": []}
    text = json.dumps(root) + " # end\n---\n"

    bundle = resource_list.read(text.encode())

    assert resource_list.write(bundle, {}, []) == text
    assert resource_list.write(bundle, {}, [{"message": "m"}]).endswith(
        '"results": [{"message": "m"}]} # end\n---\n'
    )


@pytest.mark.parametrize(
    "value", ["!!merge <<", '!!merge "<<"', "<<", '"<<"', "!!str <<", "|-\n    <<"]
)
def test_a_value_that_looks_like_a_merge_is_the_string(value: str) -> None:
    assert yaml.load(f"a:\n  b: {value}\n  c:\n  - {value}\n") == {"a": {"b": "<<", "c": ["<<"]}}


def test_a_key_merges_only_where_it_is_the_merge_key() -> None:
    assert yaml.load("a: {!!merge <<: {b: 1}}\n") == {"a": {"b": 1}}
    assert yaml.load("a: {!!merge x: {b: 1}}\n") == {"a": {"x": {"b": 1}}}
    with pytest.raises(yaml.YamlError, match="<< needs a mapping"):
        yaml.load("a: {!!merge <<: b}\n")


def test_a_changed_neighbour_leaves_the_tag_of_a_value_alone() -> None:
    text = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: c\ndata:\n  a: !!merge <<\n  b: x\n"
    bundle = read(text)
    value = bundle.items[0].value
    changed = {**value, "data": {**value["data"], "b": "<<"}}

    written = resource_list.write(bundle, {0: changed}, [])

    assert written == text.replace("b: x", 'b: "<<"')
    assert read(written).items[0].value == changed
