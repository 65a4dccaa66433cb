"""The parse tree. ``str(node)`` is Go's writing of it, which error messages show."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Source:
    """The text that was parsed and the name it was parsed under, for places in errors."""

    __slots__ = ("name", "text")

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.text = text

    def line(self, pos: int) -> int:
        return 1 + self.text.count("\n", 0, pos)

    def place(self, pos: int) -> tuple[int, int]:
        """Line from 1 and column in bytes from 0, as Go counts them."""
        start = self.text.rfind("\n", 0, pos) + 1
        return self.line(pos), len(self.text[start:pos].encode("utf-8", "surrogateescape"))


class Node:
    __slots__ = ("pos",)
    pos: int


class Text(Node):
    __slots__ = ("text",)

    def __init__(self, pos: int, text: str) -> None:
        self.pos = pos
        self.text = text


class Dot(Node):
    __slots__ = ()

    def __init__(self, pos: int) -> None:
        self.pos = pos

    def __str__(self) -> str:
        return "."


class Nil(Node):
    __slots__ = ()

    def __init__(self, pos: int) -> None:
        self.pos = pos

    def __str__(self) -> str:
        return "nil"


class Bool(Node):
    __slots__ = ("value",)

    def __init__(self, pos: int, value: bool) -> None:
        self.pos = pos
        self.value = value

    def __str__(self) -> str:
        return "true" if self.value else "false"


class String(Node):
    __slots__ = ("quoted", "value")

    def __init__(self, pos: int, quoted: str, value: str) -> None:
        self.pos = pos
        self.quoted = quoted
        self.value = value

    def __str__(self) -> str:
        return self.quoted


class Number(Node):
    """A constant under every type that can hold it; None where it cannot."""

    __slots__ = ("as_complex", "as_float", "as_int", "as_uint", "text")

    def __init__(self, pos: int, text: str) -> None:
        self.pos = pos
        self.text = text
        self.as_int: int | None = None
        self.as_uint: int | None = None
        self.as_float: float | None = None
        self.as_complex: complex | None = None

    def __str__(self) -> str:
        return self.text


class Field(Node):
    __slots__ = ("names",)

    def __init__(self, pos: int, names: list[str]) -> None:
        self.pos = pos
        self.names = names

    def __str__(self) -> str:
        return "." + ".".join(self.names)


class Variable(Node):
    __slots__ = ("name", "names")

    def __init__(self, pos: int, name: str, names: list[str]) -> None:
        self.pos = pos
        self.name = name  # with its $
        self.names = names

    def __str__(self) -> str:
        return ".".join([self.name, *self.names])


class Identifier(Node):
    __slots__ = ("name",)

    def __init__(self, pos: int, name: str) -> None:
        self.pos = pos
        self.name = name

    def __str__(self) -> str:
        return self.name


class Chain(Node):
    """A term that is neither field nor variable, with fields: (pipe).X.Y"""

    __slots__ = ("names", "node")

    def __init__(self, pos: int, node: Node, names: list[str]) -> None:
        self.pos = pos
        self.node = node
        self.names = names

    def __str__(self) -> str:
        head = f"({self.node})" if isinstance(self.node, Pipe) else str(self.node)
        return ".".join([head, *self.names])


class Command(Node):
    __slots__ = ("args",)

    def __init__(self, pos: int, args: list[Node]) -> None:
        self.pos = pos
        self.args = args

    def __str__(self) -> str:
        return " ".join(f"({arg})" if isinstance(arg, Pipe) else str(arg) for arg in self.args)


class Pipe(Node):
    __slots__ = ("assign", "commands", "declared")

    def __init__(self, pos: int) -> None:
        self.pos = pos
        self.assign = False
        self.declared: list[str] = []
        self.commands: list[Command] = []

    def __str__(self) -> str:
        head = ""
        if self.declared:
            head = ", ".join(self.declared) + (" = " if self.assign else " := ")
        return head + " | ".join(map(str, self.commands))


class Action(Node):
    __slots__ = ("pipe",)

    def __init__(self, pos: int, pipe: Pipe) -> None:
        self.pos = pos
        self.pipe = pipe

    def __str__(self) -> str:
        return "{{" + str(self.pipe) + "}}"


class Branch(Node):
    """if, with and range. ``arms`` holds the pipelines of if, else if, ... in order, each with its
    list; range has one arm.
    """

    __slots__ = ("arms", "jumps", "kind", "otherwise", "steps")

    def __init__(self, pos: int, kind: str) -> None:
        self.pos = pos
        self.kind = kind
        self.arms: list[tuple[Pipe, list[Any]]] = []
        self.otherwise: list[Any] | None = None
        self.steps = 0  # of the last arm's list
        self.jumps = False  # whether a break or continue stands anywhere in it

    def __str__(self) -> str:
        return "{{" + self.kind + " " + str(self.arms[0][0]) + "}}"


class Jump(Node):
    __slots__ = ("kind",)

    def __init__(self, pos: int, kind: str) -> None:
        self.pos = pos
        self.kind = kind  # "break" | "continue"

    def __str__(self) -> str:
        return "{{" + self.kind + "}}"


class Call(Node):
    """{{template "name" pipeline}}"""

    __slots__ = ("name", "pipe")

    def __init__(self, pos: int, name: str, pipe: Pipe | None) -> None:
        self.pos = pos
        self.name = name
        self.pipe = pipe

    def __str__(self) -> str:
        from krm_injector.gotemplate.quoting import quote

        return "{{template " + quote(self.name) + (f" {self.pipe}" if self.pipe else "") + "}}"


def last_visited(node: Node) -> Node:
    """The node that Go's executor has looked at last once ``node`` has its value.

    Go reports an error at that node when the error itself belongs to none.
    """
    while True:
        if isinstance(node, Pipe):
            node = node.commands[-1]
        elif isinstance(node, Chain):
            if isinstance(node.node, Identifier):
                return node.node
            node = node.node
        elif isinstance(node, Command):
            head = node.args[0]
            node = node.args[-1] if len(node.args) > 1 else head
        else:
            return node
