"""The typed values of generate/fixtures.go in Python, and the reading of the table's data."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from krm_injector.gotemplate.errors import FuncError
from krm_injector.gotemplate.values import (
    Enum,
    Int32,
    Int64,
    Method,
    StringList,
    StringMap,
    Struct,
    Uint32,
)


def protocol(number: int) -> Enum:
    return Enum(number, ("TCP", "UDP")[number], "main.Protocol")


class Point(Struct):
    go_type: ClassVar[str] = "main.Point"

    def __init__(self, x: int, y: int) -> None:
        self.x, self.y = x, y

    def go_attr(self, name: str) -> Any:
        return {"X": self.x, "Y": self.y}[name]

    def go_string(self) -> str:
        return f"{{{self.x} {self.y}}}"


class PointPointer(Point):
    go_type: ClassVar[str] = "*main.Point"

    def go_string(self) -> str:
        return "&" + super().go_string()


class Port(Struct):
    go_type: ClassVar[str] = "*main.Port"

    def __init__(self, name: str, number: int, kind: int, is_nil: bool = False) -> None:
        self.fields = {"Name": name, "Number": Int32(number), "Protocol": protocol(kind)}
        self.is_nil = is_nil

    def go_attr(self, name: str) -> Any:
        return Method(self.go_string) if name == "String" else self.fields[name]

    def go_string(self) -> str:
        return "<nil>" if self.is_nil else f"{self.fields['Name']}:{self.fields['Number']}"


class PortList(list[Port]):
    go_type: ClassVar[str] = "[]*main.Port"


class Spec(Struct):
    go_type: ClassVar[str] = "*main.Spec"
    go_unexported: ClassVar[frozenset[str]] = frozenset({"private"})

    def __init__(self, is_nil: bool = False, **fields: Any) -> None:
        self.is_nil = is_nil
        self._fields = fields

    def go_attr(self, name: str) -> Any:
        methods = {
            "GetName": Method(lambda: "nobody" if self.is_nil else self.go_attr("Name")),
            "GetNext": Method(lambda: Spec(is_nil=True) if self.is_nil else self.go_attr("Next")),
            "Repeat": Method(lambda text, times: text * times, ("string", "int")),
            "Join": Method(
                lambda separator, *parts: separator.join(parts), ("string", "string"), True
            ),
            "Check": Method(self._check, ("string",)),
        }
        if name in methods:
            return methods[name]
        zeros = {
            "Name": "",
            "Count": 0,
            "Ratio": 0.0,
            "On": False,
            "Ports": PortList(),
            "Labels": StringMap(),
            "Tags": StringList(),
            "Origin": Point(0, 0),
            "Main": Port("", 0, 0, is_nil=True),
            "Next": None,
            "Value": None,
            "Mode": protocol(0),
        }
        if name == "Next" and "Next" not in self._fields:
            return Spec(is_nil=True)
        return self._fields.get(name, zeros[name])

    @staticmethod
    def _check(word: str) -> str:
        if word != "good":
            raise FuncError("not " + word)
        return "checked"


def fixture(name: str) -> Any:
    if name == "spec":
        return Spec(
            Name="alpha",
            Count=3,
            Ratio=1.5,
            On=True,
            Ports=PortList([Port("http", 80, 0), Port("dns", 53, 1)]),
            Labels=StringMap({"app": "web", "zone": ""}),
            Tags=StringList(["a", "b"]),
            Origin=Point(1, 2),
            Main=Port("main", 8080, 0),
            Next=Spec(Name="beta"),
            Value={"k": "v"},
            Mode=protocol(1),
        )
    made: dict[str, Callable[[], Any]] = {
        "bare": Spec,
        "nil": lambda: Spec(is_nil=True),
        "point": lambda: Point(3, 4),
        "pointer": lambda: PointPointer(3, 4),
        "tcp": lambda: protocol(0),
        "udp": lambda: protocol(1),
    }
    return made[name]()


def typed(value: Any) -> Any:
    """The data of an entry as the engine takes it: numbers are floats, {"$int": 3} and its like
    what they name.
    """
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, (int, float)):
        return float(value)
    if isinstance(value, list):
        return [typed(item) for item in value]
    if not isinstance(value, dict):
        return value
    for kind, inner in value.items():
        if kind.startswith("$"):
            return _SPECIAL[kind](inner)
    return {key: typed(item) for key, item in value.items()}


_SPECIAL: dict[str, Any] = {
    "$fixture": fixture,
    "$int": int,
    "$int64": Int64,
    "$int32": Int32,
    "$uint32": Uint32,
    "$strings": StringList,
    "$stringMap": StringMap,
}
