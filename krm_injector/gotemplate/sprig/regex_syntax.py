"""Go's regular expressions (RE2 syntax, as regexp/syntax of Go 1.26 reads it): text -> tree (see
regex_tree.py), with Go's errors.
"""

from __future__ import annotations

import re
from functools import lru_cache

from krm_injector.gotemplate.errors import FuncError, TooLarge
from krm_injector.gotemplate.sprig.regex_classes import (
    MAX_FOLD,
    MAX_RUNE,
    PERL,
    POSIX,
    Ranges,
    category_named,
    folded,
    merged,
    negated,
)
from krm_injector.gotemplate.sprig.regex_tree import Node, copies
from krm_injector.lazy_pattern import lazy_pattern
from krm_injector.named_tuple import NamedTuple

_MAX_DEPTH = 200
_MAX_WORK = 50_000
_ESCAPES = {"a": "\a", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_CASED = frozenset(("L", "Ll", "Lt", "Lu", "M", "Mn"))  # categories with letters that have cases
_COUNT = lazy_pattern(r"\{(0|[1-9][0-9]*)(?:(,)(0|[1-9][0-9]*)?)?\}")


class Parsed(NamedTuple):
    tree: Node
    groups: int
    names: dict[str, int]
    work: int  # runes and ranges that were looked at beside the pattern's own characters


class _Flags(NamedTuple):
    fold: bool = False
    multi: bool = False
    dot_all: bool = False
    lazy: bool = False


def _error(what: str, where: str) -> FuncError:
    return FuncError(f"error parsing regexp: {what}: `{where}`")


class _Parser:
    def __init__(self, pattern: str) -> None:
        self.text = pattern
        self.at = 0
        self.flags = _Flags()
        self.groups = 0
        self.names: dict[str, int] = {}
        self.depth = 0
        self.work = 0

    def count(self, work: int) -> None:
        self.work += work
        if self.work > _MAX_WORK:
            raise TooLarge("regular expression is too large")

    def peek(self, width: int = 1) -> str:
        return self.text[self.at : self.at + width]

    def parse(self) -> Node:
        tree = self.alternation()
        if self.at < len(self.text):
            raise _error("unexpected )", self.text)
        return tree

    def alternation(self) -> Node:
        self.depth += 1
        if self.depth > _MAX_DEPTH:
            raise _error("expression nests too deeply", self.text)

        branches = [self.sequence()]
        while self.peek() == "|":
            self.at += 1
            branches.append(self.sequence())

        self.depth -= 1
        return branches[0] if len(branches) == 1 else ("alt", branches)

    def sequence(self) -> Node:
        nodes: list[Node] = []
        repeated = -1  # where the last repetition began, if nothing has come after it
        while self.at < len(self.text) and self.peek() not in ("|", ")"):
            start = self.at
            char = self.peek()
            count = _COUNT.match(self.text, start) if char == "{" else None
            if char in "*+?" or count:
                self.repetition(nodes, count, repeated)
                repeated = start
                continue

            repeated = -1
            if char == "(":
                self.group(nodes)
            elif char == "\\" and self.peek(2) == "\\Q":
                literal, end, rest = self.text[start + 2 :].partition("\\E")
                nodes += [("char", c, self.flags.fold) for c in literal]
                self.at = len(self.text) - len(rest) if end else len(self.text)
            else:
                nodes.append(self.atom(char))

        return nodes[0] if len(nodes) == 1 else ("cat", nodes)

    def repetition(self, nodes: list[Node], count: re.Match[str] | None, repeated: int) -> None:
        start = self.at
        least, most = {"*": (0, -1), "+": (1, -1), "?": (0, 1)}.get(self.peek(), (0, 0))
        self.at = count.end() if count else start + 1
        if count:
            least = int(count[1][:8])
            most = least if not count[2] else int(count[3][:8]) if count[3] else -1
            if least > 1000 or most > 1000 or -1 < most < least:
                raise _error("invalid repeat count", count[0])

        greedy = not self.flags.lazy
        if self.peek() == "?":
            self.at += 1
            greedy = not greedy

        if repeated >= 0:
            raise _error("invalid nested repetition operator", self.text[repeated : self.at])
        if not nodes:
            raise _error("missing argument to repetition operator", self.text[start : self.at])

        node = ("repeat", least, most, greedy, nodes.pop())
        if count and copies(node) > 1000:
            raise _error("invalid repeat count", self.text[start : self.at])

        nodes.append(node)

    def group(self, nodes: list[Node]) -> None:
        start, before = self.at, self.flags
        number = 0
        if self.peek(2) == "(?":
            named = re.compile(r"\(\?P?<").match(self.text, start)
            if named:
                number = self.name(named.end())
            elif not self.group_flags():
                return
        else:
            self.at += 1
            self.groups += 1
            number = self.groups

        inner = self.alternation()
        if self.peek() != ")":
            raise _error("missing closing )", self.text)

        self.at += 1
        self.flags = before
        if number:
            inner = ("group", number, inner)
        nodes.append(inner)

    def name(self, start: int) -> int:
        end = self.text.find(">", start)
        if end < 0:
            raise _error("invalid named capture", self.text[self.at :])

        name = self.text[start:end]
        if not re.fullmatch(r"[0-9A-Za-z_]+", name):
            raise _error("invalid named capture", self.text[self.at : end + 1])

        self.at = end + 1
        self.groups += 1
        self.names.setdefault(name, self.groups)
        return self.groups

    def group_flags(self) -> bool:
        """Reads (?flags) or (?flags: ; whether a group was opened."""
        start = self.at
        self.at += 2
        on, seen = True, False
        values = dict(zip("imsU", self.flags, strict=True))
        while self.at < len(self.text):
            char = self.peek()
            self.at += 1
            if char in values:
                values[char] = on
                seen = True
            elif char == "-" and on:
                on = seen = False
            elif char in ":)" and (on or seen):
                self.flags = _Flags(values["i"], values["m"], values["s"], values["U"])
                return char == ":"
            else:
                break

        raise _error("invalid or unsupported Perl syntax", self.text[start : self.at])

    def atom(self, char: str) -> Node:
        if char == "[":
            return self.char_class()
        if char == "\\":
            return self.escape()

        self.at += 1
        if char == "^":
            return ("at", "line start" if self.flags.multi else "start")
        if char == "$":
            return ("at", "line end" if self.flags.multi else "end")
        if char == ".":
            return ("any", self.flags.dot_all)

        return ("char", char, self.flags.fold)

    def escape(self) -> Node:
        two = self.peek(2)
        places = {"\\A": "start", "\\z": "end", "\\b": "word", "\\B": "no word"}
        if two in places:
            self.at += 2
            return ("at", places[two])

        ranges = self.named_class()
        if ranges is not None:
            return ("class", ranges)
        return ("char", self.escaped_char(), self.flags.fold)

    def named_class(self) -> Ranges | None:
        r"""\d, \pL and their like; None for any other escape."""
        letter = self.peek(2)[1:]
        if letter.lower() in PERL and letter:
            self.at += 2
            return PERL[letter] if letter.islower() else negated(PERL[letter.lower()])

        if letter not in ("p", "P"):
            return None

        match = re.compile(r"\\[pP](?:\{(\^?)([^}]*)\}|(.))", re.DOTALL).match(self.text, self.at)
        if not match or match[3] == "{":
            raise _error("invalid character class range", self.text[self.at :])

        name = match[2] or match[3] or ""
        category = category_named(name)
        if category is None:
            raise _error("invalid character class range", match[0])

        self.at = match.end()
        self.count(len(category))
        ranges = list(category)
        if self.flags.fold and name in _CASED:
            self.count(sum(high - low for low, high in category if high - low < MAX_FOLD))
            ranges = merged([each for low, high in category for each in folded(low, high)])
        return ranges if (letter == "p") != bool(match[1]) else negated(ranges)

    def escaped_char(self) -> str:
        start = self.at
        self.at += 2
        char = self.text[start + 1 : start + 2]
        if not char:
            raise FuncError("error parsing regexp: trailing backslash at end of expression: ``")
        if char in _ESCAPES:
            return _ESCAPES[char]
        if char >= "\x80" or not char.isalnum():
            return char

        octal = re.compile(r"0[0-7]{0,2}|[1-7][0-7]{1,2}").match(self.text, start + 1)
        if octal:
            self.at = octal.end()
            return chr(int(octal[0], 8))

        if char == "x":
            hexa = re.compile(r"\{([0-9A-Fa-f]{1,32})\}|([0-9A-Fa-f]{2})").match(self.text, self.at)
            if hexa and int(hexa[1] or hexa[2], 16) <= MAX_RUNE:
                self.at = hexa.end()
                return chr(int(hexa[1] or hexa[2], 16))
            self.at = self._hex_fault()

        raise _error("invalid escape sequence", self.text[start : self.at])

    def _hex_fault(self) -> int:
        r"""The end of what Go reads of a \x that is none."""
        if self.peek() != "{":
            return min(self.at + 2, len(self.text))

        value = 0
        for i in range(self.at + 1, len(self.text)):
            if self.text[i] not in "0123456789abcdefABCDEF":
                return i + 1
            value = value * 16 + int(self.text[i], 16)
            if value > MAX_RUNE:
                return i + 1

        return len(self.text)

    def char_class(self) -> Node:
        start = self.at
        self.at += 1
        negative = self.peek() == "^"
        self.at += negative
        ranges: Ranges = []
        first = True
        while first or self.peek() != "]":
            first = False
            posix = re.compile(r"\[:(\^?)(.*?):\]", re.DOTALL).match(self.text, self.at)
            if posix:
                if posix[2] not in POSIX:
                    raise _error("invalid character class range", posix[0])
                self.at = posix.end()
                ranges += negated(POSIX[posix[2]]) if posix[1] else POSIX[posix[2]]
                continue

            named = self.named_class() if self.peek() == "\\" else None
            if named is not None:
                ranges += named
                continue

            ranges += self.class_range(start)

        self.at += 1
        return ("class", negated(ranges) if negative else merged(ranges))

    def class_range(self, start: int) -> Ranges:
        begin = self.at
        low = high = self.class_char(start)
        if self.peek() == "-" and self.peek(2)[1:] not in ("", "]"):
            self.at += 1
            high = self.class_char(start)
            if high < low:
                raise _error("invalid character class range", self.text[begin : self.at])

        if self.flags.fold:
            self.count(high - low if high - low < MAX_FOLD else 0)
            return folded(low, high)

        return [(low, high)]

    def class_char(self, start: int) -> int:
        char = self.peek()
        if not char:
            raise _error("missing closing ]", self.text[start:])
        if char == "\\":
            return ord(self.escaped_char())
        self.at += 1
        return ord(char)


@lru_cache(maxsize=64)
def parse_regex(pattern: str) -> Parsed:
    parser = _Parser(pattern)
    tree = parser.parse()
    return Parsed(tree, parser.groups, parser.names, parser.work)
