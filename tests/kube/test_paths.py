"""Values at paths: what is read, written and taken out, and that the value itself stays."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from krm_injector.kube.paths import at, put, without

POD: dict[str, Any] = {
    "metadata": {"labels": None, "annotations": {"a": "1", "null": None}},
    "spec": {"containers": [{"name": "web"}, {"name": "helper"}]},
}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ((), POD),
        (("metadata", "annotations", "a"), "1"),
        (("spec", "containers", 1, "name"), "helper"),
        (("spec", "containers", 2), None),
        (("spec", "containers", "name"), None),  # a key, but a list stands there
        (("metadata", 0), None),  # an index, but a map stands there
        (("metadata", "labels", "app"), None),  # through null
        (("metadata", "annotations", "a", "x"), None),  # through a string
        (("status", "phase"), None),
    ],
)
def test_at_reads_what_stands_there_and_none_where_the_path_leads_nowhere(
    path: tuple[str | int, ...], value: Any
) -> None:
    assert at(POD, path) == value


@pytest.mark.parametrize(
    ("value", "path", "changed"),
    [
        ({"a": 1}, (), 7),
        ({"a": 1}, ("b",), {"a": 1, "b": 7}),
        ({"a": 1, "b": 2}, ("a",), {"a": 7, "b": 2}),  # in its place among the keys
        ({}, ("a", "b"), {"a": {"b": 7}}),
        ({"a": None}, ("a", "b"), {"a": {"b": 7}}),
        ({"a": "text"}, ("a", "b"), {"a": {"b": 7}}),
        (None, ("a",), {"a": 7}),
        ([1, 2], (1,), [1, 7]),
        ({"a": [{"b": 1}, {}]}, ("a", 1, "b"), {"a": [{"b": 1}, {"b": 7}]}),
    ],
)
def test_put_makes_the_maps_that_are_absent(
    value: Any, path: tuple[str | int, ...], changed: Any
) -> None:
    result = put(value, path, 7)
    assert result == changed
    if isinstance(changed, dict):
        assert list(result) == list(changed)


@pytest.mark.parametrize(
    ("value", "error"), [([], IndexError), ({}, KeyError), (None, TypeError), (1, TypeError)]
)
def test_put_does_not_make_entries_of_lists(value: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        put(value, (0,), 7)


@pytest.mark.parametrize(
    ("value", "path", "changed"),
    [
        ({"a": 1, "b": 2}, ("a",), {"b": 2}),
        ({"a": None}, ("a",), {}),
        ({"a": {"b": 1}}, ("a", "b"), {"a": {}}),  # the map that it stood in stays
        ([1, 2, 3], (1,), [1, 3]),
        ({"a": [{"b": 1}, {"b": 2}]}, ("a", 0, "b"), {"a": [{}, {"b": 2}]}),
    ],
)
def test_without_takes_out_what_stands_there(
    value: Any, path: tuple[str | int, ...], changed: Any
) -> None:
    assert without(value, path) == changed


@pytest.mark.parametrize(
    "path", [(), ("status",), ("status", "phase"), ("metadata", "labels", "app"), ("spec", 0)]
)
def test_without_gives_the_value_itself_where_nothing_stands(path: tuple[str | int, ...]) -> None:
    assert without(POD, path) is POD


def test_the_value_stays_and_what_is_beside_the_path_is_shared() -> None:
    before = copy.deepcopy(POD)
    path = ("spec", "containers", 0, "name")
    for changed in (put(POD, path, "x"), without(POD, path)):
        assert before == POD
        assert changed != POD
        assert changed["metadata"] is POD["metadata"]
        assert changed["spec"]["containers"][1] is POD["spec"]["containers"][1]


def test_paths_may_be_any_iterable() -> None:
    assert at(POD, iter(("metadata", "annotations", "a"))) == "1"
    assert put({}, iter(("a", "b")), 1) == {"a": {"b": 1}}
    assert without({"a": {"b": 1}}, iter(("a", "b"))) == {"a": {}}
