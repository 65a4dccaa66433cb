"""Tuple classes behave as those of typing: fields, defaults, methods, pickling, errors."""

from __future__ import annotations

import inspect
import pickle
import re
import typing

import pytest

from krm_injector.named_tuple import NamedTuple


class Point(NamedTuple):
    """A place."""

    x: int
    y: int = 2

    @property
    def total(self) -> int:
        return self.x + self.y

    def moved(self, by: int) -> Point:
        return self._replace(x=self.x + by)


class TypingPoint(typing.NamedTuple):
    """A place."""

    x: int
    y: int = 2


def test_fields_defaults_and_methods() -> None:
    point = Point(1)
    assert point == (1, 2) == TypingPoint(1)
    assert (point.x, point.y, point.total, point.moved(3)) == (1, 2, 3, (4, 2))
    assert Point(y=5, x=4)._asdict() == {"x": 4, "y": 5}
    assert Point._fields == TypingPoint._fields
    assert Point._field_defaults == TypingPoint._field_defaults
    assert repr(point) == "Point(x=1, y=2)"
    assert (Point.__doc__, Point.__module__, Point.__qualname__) == ("A place.", __name__, "Point")


def test_wrong_arguments_are_type_errors() -> None:
    for arguments, message in (
        ((), "Point.__new__() missing 1 required positional argument: 'x'"),
        ((1, 2, 3), "Point.__new__() takes from 2 to 3 positional arguments but 4 were given"),
    ):
        for made in (Point, TypingPoint):
            with pytest.raises(TypeError) as caught:
                made(*arguments)
            assert str(caught.value).removeprefix("Typing") == message

    with pytest.raises(TypeError, match="Expected 2 arguments, got 1"):
        Point._make([1])
    with pytest.raises(ValueError, match=re.escape("unexpected field names: ['z']")):
        Point(1)._replace(z=3)  # type: ignore[call-arg]


def test_every_class_has_its_own_signature() -> None:
    class Named(NamedTuple):
        first: str
        second: str

    assert str(inspect.signature(Named)) == "(first, second)"
    assert str(inspect.signature(Point)) == "(x, y=2)"
    assert Named(second="b", first="a") == ("a", "b")
    match Named("a", "b"):
        case Named(first, second):
            assert (first, second) == ("a", "b")


class Long(NamedTuple):
    """More fields than have a constructor written for them."""

    a: int
    b: int
    c: int = 3
    d: int = 4
    e: int = 5
    f: int = 6
    g: int = 7
    h: int = 8
    i: int = 9
    j: int = 10
    k: int = 11


def test_a_class_with_many_fields_takes_each_of_them_once() -> None:
    assert Long(1, 2) == Long(b=2, a=1) == tuple(range(1, 12))
    assert Long(1, 2, k=0, d=5)[2:5] == (3, 5, 5)
    assert Long(*range(11)) == tuple(range(11))
    wrong: list[tuple[tuple[int, ...], dict[str, int]]] = [
        ((1,), {}),
        ((1, 2), {"a": 1}),
        ((1, 2), {"z": 1}),
        (tuple(range(12)), {}),
    ]
    for values, named in wrong:
        with pytest.raises(TypeError, match="each once"):
            Long(*values, **named)


def test_instances_are_pickled_and_cannot_be_changed() -> None:
    point = Point(1)
    assert pickle.loads(pickle.dumps(point)) == point
    with pytest.raises(AttributeError):
        point.x = 3  # type: ignore[misc]


def test_a_field_without_default_behind_one_that_has_it_is_refused() -> None:
    namespace = {
        "__module__": __name__,
        "__qualname__": "Wrong",
        "__annotations__": {"a": "int", "b": "int"},
        "a": 1,
    }
    with pytest.raises(TypeError, match="without default"):
        type(NamedTuple).__call__(type(NamedTuple), "Wrong", (NamedTuple,), namespace)
