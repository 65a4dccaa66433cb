"""Values of a fleet as JSON: what is read is what was written, to the type of each number."""

from __future__ import annotations

import json
import math
from enum import Enum
from typing import Any

import pytest

from krm_injector import codes
from krm_injector.fleet import model, serial
from krm_injector.fleet.model import (
    Cluster,
    Fleet,
    Inputs,
    PassedOver,
    Report,
    Target,
    TargetResult,
    Task,
)
from krm_injector.model import ResourceRef, Result

REF = ResourceRef("apps/v1", "Deployment", "web", "shop")
RESULT = Result(
    "warning",
    'what is wrong: "é" and \U0001f980\nin two lines\x1b',
    REF,
    "spec.template",
    {"b": 1, "a": [1.0, True, None, "x"]},
    [0, 0.0, False, ""],
    "a b/ü.yaml",
    3,
    "alias-written-out",
    (REF, ResourceRef("v1", "Namespace", "shop")),
)
CLUSTER = Cluster("eu-1", ("mesh.yaml",), ("ns.yaml",), "f.yaml", "canary", "1.33", {"b": "1"})
TARGET = Target(
    "eu-1/shop", "chart", "charts/shop", "why", "eu-1", "shop", "rel", ("v.yaml", "w.yaml"),
    (("a.b", "1"), ("a", "x,y")), ("--enable-helm",), {"z": "1", "a": "2"},
)  # fmt: skip
OPTIONS: dict[str, Any] = {"mesh": ("a.yaml", "b.yaml"), "allow_exec": True, "config": None}
FLEET = Fleet((TARGET,), (CLUSTER,), (PassedOver("base", "it is built on"),), (RESULT,))
TARGET_RESULT = TargetResult("eu-1/shop", 1, "kind: é\n", {"n": 1, "f": 1.0}, (RESULT,), 0.25, True)
REPORT = Report("plan", FLEET, (TARGET_RESULT,), OPTIONS, (2, 3), ("other",), (RESULT,))
VALUES: list[Any] = [
    REF, RESULT, CLUSTER, TARGET, FLEET, TARGET_RESULT,
    PassedOver("a", "b"),
    Inputs(("a", "b"), ("c",), "it is built on https://x"),
    Task(TARGET, "build", OPTIONS, {"PATH": "/bin"}),
    REPORT,
]  # fmt: skip


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_what_is_read_is_what_was_written(value: Any) -> None:
    read = serial.from_json(type(value), serial.to_json(value))

    # repr tells tuples from lists and 1 from 1.0 and True, and shows the order of mappings.
    assert repr(read) == repr(value)
    assert type(read) is type(value)
    assert read == value


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_bytes_are_stable_and_ascii(value: Any) -> None:
    text = serial.to_json(value)

    assert text.isascii()
    assert "\n" not in text
    assert serial.to_json(serial.from_json(type(value), text.encode())) == text
    json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))


@pytest.mark.parametrize(
    "current",
    [
        0, 0.0, False, None, "", -0.0, 1e300, 10**30, 0.1, [], {}, (), ((),), [()],
        float("inf"), float("-inf"), "\udcff", "\x00", {"a": {"b": [{"c": (1, [2])}]}},
        {1: "integer", "1": "text", None: 0, False: 1, 1.5: 2, (1, 2): 3},
        {"$tuple": [1]}, {"$float": "nan"}, {"$map": []}, {"$": 1, "a": 2}, {"a": {"$map": 3}},
    ],
    ids=repr,
)  # fmt: skip
def test_any_value_of_a_field_is_kept(current: Any) -> None:
    result = Result("info", "m", current=current, proposed=[current])

    assert repr(serial.from_json(Result, serial.to_json(result))) == repr(result)


def test_nan_is_kept() -> None:
    read = serial.from_json(
        Result, serial.to_json(Result("info", "m", current={"a": [float("nan")]}))
    )

    assert math.isnan(read.current["a"][0])


def test_values_of_derived_classes_become_plain() -> None:
    class Colour(str, Enum):
        RED = "red"

    class Text(str):
        __slots__ = ()

    class Pairs(dict[str, Any]):
        pass

    class Number(int):
        pass

    result = Result("info", Text("m"), current=Pairs(a=Colour.RED, b=Number(3), c=Text("t")))
    read = serial.from_json(Result, serial.to_json(result))

    assert read.current == {"a": "red", "b": 3, "c": "t"}
    assert type(read.message) is str


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        (Result("info", "m", current=object()), "object has no form"),
        (Result("info", "m", index="1"), "integer"),  # type: ignore[arg-type]
        (TargetResult("a", True), "integer"),
        (Result("info", "m", resource=("v1", "A", "b", "")), "ResourceRef"),  # type: ignore[arg-type]
        (Cluster("a", labels={1: "b"}), "text"),  # type: ignore[dict-item]
        (3, "int"),
    ],
)
def test_what_has_no_form_is_refused(value: Any, problem: str) -> None:
    with pytest.raises(TypeError, match=problem):
        serial.to_json(value)


# ---------------------------------------------------------------- text of others


TEXT = serial.to_json(REPORT)


def changed(change: Any) -> str:
    document = json.loads(TEXT)
    change(document)
    return json.dumps(document)


def _newer(document: Any) -> None:
    document["version"] = serial.VERSION + 1


def _without_version(document: Any) -> None:
    del document["version"]


def _new_field(document: Any) -> None:
    document["value"]["fleet"]["targets"][0]["colour"] = "red"


def _without_name(document: Any) -> None:
    del document["value"]["results"][0]["name"]


def _text_as_number(document: Any) -> None:
    document["value"]["results"][0]["text"] = 3


def _true_as_code(document: Any) -> None:
    document["value"]["results"][0]["code"] = True


def _severity(document: Any) -> None:
    document["value"]["notes"][0]["severity"] = "fatal"


def _pair(document: Any) -> None:
    document["value"]["fleet"]["targets"][0]["set_values"][1] = ["a"]


def _labels(document: Any) -> None:
    document["value"]["fleet"]["clusters"][0]["labels"]["b"] = 1


def _tag(document: Any) -> None:
    document["value"]["options"]["mesh"] = {"$set": [1]}


def _bad_map(document: Any) -> None:
    document["value"]["options"]["mesh"] = {"$map": [[[1], 2]]}


def _target_list(document: Any) -> None:
    document["value"]["fleet"] = []


def _kind(document: Any) -> None:
    document["kind"] = "Fleet"


def _valueless(document: Any) -> None:
    del document["value"]


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (_newer, "version 2.*reads version 1"),
        (_without_version, "not written by krm-injector fleet"),
        (_new_field, r"Report\.fleet\.targets\[0\] has fields .* does not know: colour"),
        (_without_name, r'Report\.results\[0\]: the field "name" is missing'),
        (_text_as_number, r"Report\.results\[0\]\.text is 3, and text is expected"),
        (_true_as_code, r"code is true, and an integer"),
        (_severity, r'notes\[0\]\.severity is "fatal", and one of error, warning, info'),
        (_pair, r"set_values\[1\] is \[\"a\"\], and a list of 2"),
        (_labels, r"labels\.b is 1, and text"),
        (_tag, r"Report\.options\.mesh: .* is no value"),
        (_bad_map, r"Report\.options\.mesh: .* is no value"),
        (_target_list, r"Report\.fleet is \[\], and a mapping"),
        (_kind, "it is a Fleet, and a Report is expected"),
        (_valueless, 'the field "value" is missing'),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_the_message_says_what_is_wrong(change: Any, problem: str) -> None:
    with pytest.raises(serial.Unreadable, match=problem):
        serial.from_json(Report, changed(change))


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "null", "[]", "{}", '"a"', "kind: List", b"\xff\xfe", b"\x00", "[" * 100_000,
        TEXT[:-1], TEXT + "}", TEXT[: len(TEXT) // 2], TEXT.replace('"code":1', '"code":NaN'),
    ],
    ids=lambda text: repr(text[:8]),
)  # fmt: skip
def test_foreign_text_is_told(text: str | bytes) -> None:
    with pytest.raises(serial.Unreadable):
        serial.from_json(Report, text)


def test_a_text_cut_anywhere_is_told() -> None:
    text = serial.to_json(TARGET_RESULT)
    for length in range(len(text)):
        with pytest.raises(serial.Unreadable):
            serial.from_json(TargetResult, text[:length])


# ---------------------------------------------------------------- the classes


def test_every_class_of_the_model_has_a_form() -> None:
    for each in vars(model).values():
        if isinstance(each, type) and each.__module__ == model.__name__:
            empty = each(*(_simplest(each, name) for name in each._fields))  # type: ignore[attr-defined]
            assert repr(serial.from_json(each, serial.to_json(empty))) == repr(empty)


def _simplest(kind: Any, name: str) -> Any:
    if name in kind._field_defaults:
        return kind._field_defaults[name]
    annotation: str = kind.__annotations__[name]
    simplest: dict[str, Any] = {
        "str": "", "int": 0, "TargetKind": "chart", "FleetCommand": "plan", "Fleet": Fleet(()),
        "Target": TARGET,
    }  # fmt: skip
    return simplest.get(annotation, {} if annotation.startswith("dict") else ())


def test_all_severities_are_known() -> None:
    for severity in {each for code in codes.CODES.values() for each in code.severities}:
        result = Result(severity, "m")
        assert serial.from_json(Result, serial.to_json(result)) == result


def test_the_json_for_a_digest_has_sorted_keys() -> None:
    assert serial.sorted_json({"b": (1,), "a": 1.0}) == serial.sorted_json({"a": 1.0, "b": (1,)})
    assert serial.sorted_json([(1,)]) != serial.sorted_json([[1]])
