"""Random templates of Go's grammar and random YAML texts, for a comparison with Go."""

from __future__ import annotations

import random

FIELDS = (
    ".", ".name", ".empty", ".n", ".f", ".yes", ".none", ".list", ".map", ".map.k", ".map.x.y",
    ".text", ".missing", ".map.missing.deep", "$", "$.name", "$x",
)  # fmt: skip
CONSTANTS = (
    "1", "0", "-3", "1.5", "0x1F", "1e3", '"s"', '""', '"a,b"', "`raw`", "'c'", "true", "false",
    '"%v"', '"2.10.1"', '">=1.2"', '"k"', "nil",
)  # fmt: skip
ONE = (
    "not", "len", "print", "println", "html", "js", "urlquery", "upper", "lower", "title", "trim",
    "quote", "squote", "toString", "toJson", "toRawJson", "int", "int64", "float64", "b64enc",
    "b64dec", "sha256sum", "kindOf", "typeOf", "empty", "first", "last", "rest", "initial",
    "reverse", "uniq", "compact", "sortAlpha", "toStrings", "floor", "ceil", "abs", "untitle",
    "nospace", "snakecase", "camelcase", "kebabcase", "swapcase", "trimAll", "fromJson", "atoi",
    "list", "add1", "base", "dir", "ext", "clean", "isAbs", "semver", "initials",
)  # fmt: skip
TWO = (
    "eq", "ne", "lt", "le", "gt", "ge", "and", "or", "index", "printf", "print", "default",
    "coalesce", "ternary", "contains", "hasPrefix", "hasSuffix", "repeat", "trunc", "indent",
    "nindent", "cat", "join", "split", "splitList", "append", "prepend", "has", "without", "concat",
    "add", "sub", "mul", "div", "mod", "max", "min", "hasKey", "get", "dict", "slice", "list",
    "trimPrefix", "trimSuffix", "regexMatch", "regexFind", "semverCompare", "substr", "until",
    "dig", "pluck", "pick", "omit", "merge", "seq", "wrap", "plural", "abbrev", "replace",
)  # fmt: skip
TEXTS = ("x", " ", "\n", "a: b\n", " \n ", "é", "}", "{", "")


class Templates:
    """Templates that parse, most of them, and run, many of them."""

    def __init__(self, pick: random.Random) -> None:
        self.pick = pick

    def make(self) -> str:
        head = '{{define "t1"}}<{{.}}>{{end}}' if self.pick.random() < 0.2 else ""
        return head + "{{$x := 1}}" + self.nodes(3)

    def nodes(self, depth: int) -> str:
        return "".join(self.node(depth) for _ in range(self.pick.randint(1, 3)))

    def node(self, depth: int) -> str:
        pick = self.pick
        kind = pick.randrange(10 if depth else 5)
        if kind < 2:
            return pick.choice(TEXTS)
        if kind < 5:
            return self.action(self.pipeline(2))
        inner = self.nodes(depth - 1)
        otherwise = self.action("else") + self.nodes(depth - 1) if pick.random() < 0.4 else ""
        if kind == 5:
            return self.action(f"with {self.pipeline(1)}") + inner + otherwise + self.action("end")
        if kind == 6:
            names = pick.choice(("", "$v := ", "$i, $v := "))
            leave = pick.choice(("", "", "{{break}}", "{{if .}}{{continue}}{{end}}"))
            begin = self.action(f"range {names}{pick.choice(FIELDS)}")
            return begin + inner + leave + otherwise + self.action("end")
        if kind == 7:
            return self.action(f"$x = {self.pipeline(1)}")
        if kind == 8 and pick.random() < 0.3:
            return self.action(f'template "t1" {self.operand(0)}')
        return self.action(f"if {self.pipeline(2)}") + inner + otherwise + self.action("end")

    def action(self, text: str) -> str:
        pick = self.pick
        left, right = pick.choice(("", "", "", "- ")), pick.choice(("", "", "", " -"))
        return "{{" + left + text + right + "}}"

    def pipeline(self, depth: int) -> str:
        commands = [self.command(depth)]
        while self.pick.random() < 0.3:
            commands.append(self.pick.choice((*ONE, *TWO)) + self.arguments(0, 1))
        return " | ".join(commands)

    def command(self, depth: int) -> str:
        kind = self.pick.randrange(4)
        if kind == 0:
            return self.operand(depth)
        if kind == 1:
            return self.pick.choice(ONE) + self.arguments(depth, 1)
        return self.pick.choice(TWO) + self.arguments(depth, self.pick.choice((1, 2, 2, 2, 3)))

    def arguments(self, depth: int, count: int) -> str:
        return "".join(" " + self.operand(depth) for _ in range(count))

    def operand(self, depth: int) -> str:
        if depth and self.pick.random() < 0.25:
            return f"({self.pipeline(depth - 1)})"
        return self.pick.choice(FIELDS if self.pick.random() < 0.6 else CONSTANTS)


WORDS = (
    "y", "Yes", "NO", "on", "Off", "true", "TRUE", "False", "null", "~", "Null", "nULL", "0", "-0",
    "0o17", "017", "08", "0x1f", "0b11", "1_000", "1__0", "_1", "+1", "-1", "1e3", "1E+3",
    "1e", ".5",
    "5.", "1.5e-7", "+.5", "-.inf", ".nan", ".NaN", "12:30:45", "190:20:30.15", "2001-01-01",
    "2001-1-1", "2001-12-14t21:59:43.10-05:00", "9223372036854775807", "9223372036854775808",
    "18446744073709551615", "18446744073709551616", "1e400", "1.0", "100m", "1Gi", "a", "a b", "=",
    "a:b", "a #b", "#b", "-", "- ", "?", "é", "a'b", '"q"', "'q'", "'it''s'", '"\\n\\t\\x41"',
    "!!str 1",
    "!!int 1", "!!float 1", "!!bool y", "!!null ~", "!!binary aGk=", "! 1", "[1, a]",
    "{a: 1}", "[]",
    "{}", "[a, [b, {c: d}]]", "|\n  x\n  y", ">\n  x\n  y\n\n  z", "|-\n  x", "|+\n  x\n",
    "&a b", "*a",
    "<<", "@a", "`a`", "%a", "*", "&", "!", "|", ">", ",a", "a,", "]", "}", "0x", "0b2", "0o8",
    "1.2.3", "1e1.5", "--1", "+-1", "0.0", "-0.0", "1e-400", "123456789012345678901234567890",
)  # fmt: skip
_SIGNS = "0123456789+-._eExobyYnNtrufalsINF:~ 'ab"


class Yamls:
    """Texts of a few lines, whose scalars are what readers of YAML differ about."""

    def __init__(self, pick: random.Random) -> None:
        self.pick = pick

    def make(self) -> str:
        return "".join(self.entry(0, number) for number in range(self.pick.randint(1, 3)))

    def scalar(self) -> str:
        pick = self.pick
        if pick.random() < 0.7:
            return pick.choice(WORDS)
        return "".join(pick.choice(_SIGNS) for _ in range(pick.randint(1, 7)))

    def entry(self, depth: int, number: int) -> str:
        pick, pad = self.pick, "  " * depth
        key = pick.choice(("a", "b", "k", self.scalar())) + (
            str(number) if pick.random() < 0.7 else ""
        )
        kind = pick.randrange(6)
        if kind == 0 and depth < 3:
            inner = [self.entry(depth + 1, each) for each in range(pick.randint(1, 2))]
            return f"{pad}{key}:\n" + "".join(inner)
        if kind == 1:
            return f"{pad}{key}:\n" + "".join(
                f"{pad}- {self._deeper(pad)}\n" for _ in range(pick.randint(1, 2))
            )
        end = pick.choice(("\n", "\n", "\n", " # c\n", "\n\n", "\n# c\n"))
        return f"{pad}{key}: {self._deeper(pad)}{end}"

    def _deeper(self, pad: str) -> str:
        return self.scalar().replace("\n", "\n" + pad)
