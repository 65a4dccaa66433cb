"""Runs a parsed Go regular expression in bounded time.

Go's engine is linear in the text. Python's backtracks, so it is used only where a bound on its work
can be read off the pattern and the text is short enough; anything else runs on a simulation of the
automaton, as Go's does.
"""

from __future__ import annotations

import re
from functools import lru_cache

from krm_injector.gotemplate.errors import FuncError
from krm_injector.gotemplate.runtime import spend
from krm_injector.gotemplate.sprig.regex_automaton import Program, compile_program, run_program
from krm_injector.gotemplate.sprig.regex_syntax import parse_regex
from krm_injector.gotemplate.sprig.regex_tree import Node, expanded, shape
from krm_injector.lazy_pattern import lazy_pattern

# Steps that Python's engine may take in one search, by the bound of shape. That is far beyond what
# most take, and paid in full: where it is more, the automaton, which counts what it does, is
# cheaper for all but the hostile.
_FAST = 100_000
_FAST_STEPS = 7  # 2 ** 7 of them are one step of a template
_NO_RUNE = lazy_pattern("[\udc80-\udcff]")
_READ = (
    8  # steps that a character of a pattern costs: it is parsed, and compiled by Python's engine
)
_PLACES = {
    "start": r"\A",
    "end": r"\Z",
    "line start": "(?m:^)",
    "line end": "(?m:$)",
    "word": r"(?a:\b)",
    "no word": r"(?:(?a:\B)|\A\Z)",  # until 3.13, Python's \B does not hold in an empty text
}


class Regex:
    """A compiled expression: finds spans, all in the positions of the text."""

    __slots__ = (
        "_fast",
        "_groups",
        "_length",
        "_power",
        "_program",
        "_tree",
        "_ways",
        "names",
        "work",
    )

    def __init__(self, pattern: str) -> None:
        self._tree, self._groups, self.names, self.work = parse_regex(pattern)
        self._power, self._ways = shape(self._tree)
        self._length = 1 + (
            expanded(self._tree) >> 3
        )  # how far a way goes; most end in the first characters
        self._fast: re.Pattern[str] | None = None
        self._program: Program | None = None

    def search(self, text: str, start: int = 0) -> tuple[int, ...] | None:
        """The leftmost match at or after start: begin and end of the whole and of each group, -1
        for none.
        """
        bound = (
            self._ways * max(len(text) - start, 1) ** self._power if self._power <= 4 else _FAST + 1
        )
        if bound <= _FAST:
            spend(int(bound) * self._length >> _FAST_STEPS)
            return self._search_fast(text, start)

        if self._program is None:
            self._program = compile_program(self._tree)

        # Whether it was compiled before or not: what a template may do does not hang on what others
        # did.
        spend(len(self._program))
        return run_program(self._program, text, start, self._groups)

    def _search_fast(self, text: str, start: int) -> tuple[int, ...] | None:
        if self._fast is None:
            self._fast = re.compile(_python(self._tree))
        match = self._fast.search(text, start)
        if match is None:
            return None
        return tuple(place for group in range(self._groups + 1) for place in match.span(group))

    def matches(self, text: str, limit: int) -> list[tuple[int, ...]]:
        """Successive matches, at most ``limit`` (below 0: all); no empty one right after another
        match.
        """
        all_spans: list[tuple[int, ...]] = []
        at, previous = 0, -1
        while at <= len(text) and len(all_spans) != limit:
            spans = self.search(text, at)
            if spans is None:
                break

            accept = True
            if spans[1] == at:
                accept = spans[0] != previous
                at += 1
            else:
                at = spans[1]

            previous = spans[1]
            if accept:
                all_spans.append(spans)

        return all_spans


def compile_regex(pattern: str) -> Regex:
    """A pattern in Go's syntax; FuncError with Go's words where it is none."""
    spend(_READ * len(pattern))
    fault = _NO_RUNE.search(pattern)
    if fault is not None:
        raise FuncError(f"error parsing regexp: invalid UTF-8: `{pattern[fault.start() :]}`")
    regex = _compiled(pattern)
    spend(_READ * regex.work)
    return regex


@lru_cache(maxsize=64)
def _compiled(pattern: str) -> Regex:
    return Regex(pattern)


def _python(node: Node) -> str:
    kind = node[0]
    if kind == "char":
        text = re.escape(node[1])
        return f"(?i:{text})" if node[2] else text

    if kind == "any":
        return "(?s:.)" if node[1] else "[^\\n]"

    if kind == "class":
        inner = "".join(f"\\U{low:08x}-\\U{high:08x}" for low, high in node[1])
        return f"[{inner}]" if inner else "(?!)"

    if kind == "at":
        return _PLACES[node[1]]
    if kind == "cat":
        return "".join(_wrapped(part) for part in node[1])
    if kind == "alt":
        return "(?:" + "|".join(map(_python, node[1])) + ")"
    if kind == "group":
        return f"({_python(node[2])})"

    _, least, most, greedy, inner = node
    bound = str(most) if most >= 0 else ""
    lazy = "" if greedy else "?"
    return f"(?:{_python(inner)}){{{least},{bound}}}{lazy}"


def _wrapped(node: Node) -> str:
    return f"(?:{_python(node)})" if node[0] in ("alt", "cat") else _python(node)
