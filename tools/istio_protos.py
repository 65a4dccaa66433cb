"""Reads .proto files: only what a message's wire form and JSON need, names, numbers and types."""

from __future__ import annotations

import re
from typing import NamedTuple

SCALARS = {"string", "int32", "int64", "uint32", "uint64", "bool", "double", "float", "bytes"}
TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[A-Za-z_][\w.]*|\.[A-Za-z_][\w.]*|-?\d[\w.]*|[^\s\w]')
COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.S)


class Field(NamedTuple):
    name: str
    number: int
    type: str  # a scalar, or the full proto name of a message or enum
    label: str  # "" | "repeated" | "map"
    oneof: str
    json: str = ""  # where json_name says so


class Protos:
    """The messages and enums of some .proto files, by full name; names in fields are resolved."""

    def __init__(self) -> None:
        self.messages: dict[str, list[Field]] = {}
        self.enums: dict[str, list[tuple[str, int]]] = {}

    def read(self, text: str, package: str = "") -> list[str]:
        """Adds a file's contents, in that package whatever it says itself; gives the files it
        imports.
        """
        self.tokens = TOKEN.findall(COMMENT.sub("", text))
        self.at = 0
        self.package = package
        imports: list[str] = []
        while self.at < len(self.tokens):
            word = self.take()
            if word == "package":
                self.package = package or self.tokens[self.at]
                self.skip()
            elif word == "import":
                imports.append(next(t for t in self.until(";") if t.startswith('"')).strip('"'))
            elif word == "message":
                self.message(self.package)
            elif word == "enum":
                self.enum(self.package)
            elif word in ("service", "extend"):
                self.skip_block()
            elif word != ";":
                self.skip()
        return imports

    def take(self) -> str:
        token: str = self.tokens[self.at]
        self.at += 1
        return token

    def until(self, end: str) -> list[str]:
        stop = self.tokens.index(end, self.at)
        words = self.tokens[self.at : stop]
        self.at = stop + 1
        return words

    def skip(self) -> None:
        """To the end of a statement; brackets may hold braces and semicolons."""
        depth = 0
        while True:
            token = self.take()
            depth += (token in "{[(") - (token in "}])")
            if token == ";" and depth == 0:
                return

    def skip_block(self) -> None:
        depth = 0
        while True:
            token = self.take()
            depth += (token == "{") - (token == "}")
            if token == "}" and depth == 0:
                return

    def enum(self, scope: str) -> None:
        values = self.enums.setdefault(f"{scope}.{self.take()}", [])
        self.take()
        while (word := self.take()) != "}":
            if word in ("option", "reserved"):
                self.skip()
            elif word != ";":
                self.take()
                values.append((word, int(self.take(), 0)))
                self.skip()

    def message(self, scope: str) -> None:
        name = f"{scope}.{self.take()}"
        fields = self.messages.setdefault(name, [])
        self.take()
        self.body(name, fields, "")

    def body(self, name: str, fields: list[Field], oneof: str) -> None:
        while (word := self.take()) != "}":
            if word == "message":
                self.message(name)
            elif word == "enum":
                self.enum(name)
            elif word in ("option", "reserved", "extensions"):
                self.skip()
            elif word == "oneof":
                inner = self.take()
                self.take()
                self.body(name, fields, inner)
            elif word != ";":
                fields.append(self.field(word, oneof))

    def field(self, word: str, oneof: str) -> Field:
        label = ""
        if word in ("repeated", "optional"):
            if word == "optional":
                raise SystemExit("a field with explicit presence: the table has no form for it yet")
            label, word = word, self.take()
        if word == "map":
            label = "map"
            *key, word = self.until(">")
            if key != ["<", "string", ","]:
                raise SystemExit(f"a map whose key is not a string: {key}")
        name = self.take()
        self.take()
        number = int(self.take(), 0)
        start = self.at
        self.skip()
        options = self.tokens[start : self.at]
        json_name = (
            options[options.index("json_name") + 2].strip('"') if "json_name" in options else ""
        )
        return Field(name, number, word, label, oneof, json_name)

    def resolve(self) -> None:
        for name, fields in self.messages.items():
            self.messages[name] = [f._replace(type=self.find(f.type, name)) for f in fields]

    def find(self, word: str, scope: str) -> str:
        if word in SCALARS or word.startswith("google.protobuf."):
            return word
        while True:
            full = f"{scope}.{word}" if scope else word.lstrip(".")
            if full in self.messages or full in self.enums:
                return full
            if not scope:
                return word  # of a package that is not read: nothing we need holds it
            scope = scope.rpartition(".")[0]
