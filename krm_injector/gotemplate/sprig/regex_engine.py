"""Runs a parsed Go regular expression in bounded time.

Go's engine is linear in the text. Python's backtracks, so it is used only where a bound on its work
can be read off the pattern and the text is short enough; anything else runs on a simulation of the
automaton, as Go's does.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from krm_injector.gotemplate.errors import TooLarge
from krm_injector.gotemplate.runtime import spend
from krm_injector.gotemplate.sprig.regex_syntax import Node, Ranges, orbit, parse_regex

# Steps that Python's engine may take in one search, by the bound of _shape. That is far beyond what
# most take, and paid in full: where it is more, the automaton, which counts what it does, is
# cheaper for all but the hostile.
_FAST = 100_000
_FAST_STEPS = 7  # 2 ** 7 of them are one step of a template
_READ = (
    8  # steps that a character of a pattern costs: it is parsed, and compiled by Python's engine
)
_MAX_PROGRAM = 20_000
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
        self._power, self._ways = _shape(self._tree)
        self._length = 1 + (
            _expanded(self._tree) >> 3
        )  # how far a way goes; most end in the first characters
        self._fast: re.Pattern[str] | None = None
        self._program: list[tuple[Any, ...]] | None = None

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
            self._program = _compile(self._tree)

        # Whether it was compiled before or not: what a template may do does not hang on what others
        # did.
        spend(len(self._program))
        return _run(self._program, text, start, self._groups)

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
        found: list[tuple[int, ...]] = []
        at, previous = 0, -1
        while at <= len(text) and len(found) != limit:
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
                found.append(spans)

        return found


def compile_regex(pattern: str) -> Regex:
    """A pattern in Go's syntax; FuncError with Go's words where it is none."""
    spend(_READ * len(pattern))
    regex = _compiled(pattern)
    spend(_READ * regex.work)
    return regex


@lru_cache(maxsize=64)
def _compiled(pattern: str) -> Regex:
    return Regex(pattern)


def _shape(node: Node) -> tuple[int, float]:
    """(power, ways): backtracking takes at most about ways * length ** power steps."""
    power, ways = _cost(node)
    return power + 1, ways


def _cost(node: Node) -> tuple[int, float]:
    kind = node[0]
    if kind == "group":
        return _cost(node[2])

    if kind == "cat":
        power, ways = 0, 1.0
        for part in node[1]:
            more, factor = _cost(part)
            power, ways = power + more, ways * factor
        return power, min(ways, 1e18)

    if kind == "alt":
        costs = [_cost(part) for part in node[1]]
        return max(power for power, _ in costs), min(sum(ways for _, ways in costs), 1e18)

    if kind != "repeat":
        return 0, 1.0

    _, least, most, _greedy, inner = node
    power, ways = _cost(inner)
    if most < 0 or most > 1:
        if power or ways > 1 or _may_be_empty(inner):
            return 99, 1e18
        return (1, 1.0) if most < 0 else (0, float(most - least + 1))

    return power, ways + (most - least)


def _expanded(node: Node) -> int:
    """The pieces of an expression with every counted repetition written out."""
    kind = node[0]
    if kind == "group":
        return _expanded(node[2])
    if kind in ("cat", "alt"):
        return sum(map(_expanded, node[1]))
    return max(node[1], node[2], 1) * _expanded(node[4]) if kind == "repeat" else 1


def _may_be_empty(node: Node) -> bool:
    kind = node[0]
    if kind == "group":
        return _may_be_empty(node[2])
    if kind == "cat":
        return all(map(_may_be_empty, node[1]))
    if kind == "alt":
        return any(map(_may_be_empty, node[1]))
    if kind == "repeat":
        return node[1] == 0 or _may_be_empty(node[4])

    return bool(kind == "at")


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
    return f"(?:{_python(inner)}){{{least},{most if most >= 0 else ''}}}" + ("" if greedy else "?")


def _wrapped(node: Node) -> str:
    return f"(?:{_python(node)})" if node[0] in ("alt", "cat") else _python(node)


# The automaton: ("class", ranges), ("any", newline_too), ("at", what), ("save", slot), ("jump",
# to), ("fork", to, to) with the preferred way first, ("match",).
def _compile(tree: Node) -> list[tuple[Any, ...]]:
    program: list[tuple[Any, ...]] = []
    _emit(tree, program)
    program.append(("match",))
    return program


def _emit(node: Node, program: list[tuple[Any, ...]]) -> None:
    if len(program) > _MAX_PROGRAM:
        raise TooLarge("regular expression is too large")

    kind = node[0]
    if kind == "char":
        chars = orbit(node[1]) if node[2] else {node[1]}
        program.append(("set", frozenset(chars)))
    elif kind in ("any", "class", "at"):
        program.append(node)
    elif kind == "group":
        program.append(("save", 2 * node[1]))
        _emit(node[2], program)
        program.append(("save", 2 * node[1] + 1))
    elif kind == "cat":
        for part in node[1]:
            _emit(part, program)
    elif kind == "alt":
        _emit_alternatives(node[1], program)
    else:
        _emit_repeat(node, program)


def _emit_alternatives(parts: list[Node], program: list[tuple[Any, ...]]) -> None:
    jumps: list[int] = []
    for part in parts[:-1]:
        fork = len(program)
        program.append(())
        _emit(part, program)
        jumps.append(len(program))
        program.append(())
        program[fork] = ("fork", fork + 1, len(program))

    _emit(parts[-1], program)
    for jump in jumps:
        program[jump] = ("jump", len(program))


def _emit_repeat(node: Node, program: list[tuple[Any, ...]]) -> None:
    _, least, most, greedy, inner = node

    def fork(at: int, inside: int, outside: int) -> None:
        program[at] = ("fork", inside, outside) if greedy else ("fork", outside, inside)

    for _ in range(least - 1 if most < 0 and least > 0 else least):
        _emit(inner, program)

    if most < 0:
        # x* of an x that may be empty is (x+)?, so that an empty round counts once.
        once = least > 0
        skip = -1 if once or not _may_be_empty(inner) else len(program)
        if skip >= 0 or once:
            if skip >= 0:
                program.append(())

            start = len(program)
            _emit(inner, program)
            program.append(())
            fork(len(program) - 1, start, len(program))
            if skip >= 0:
                fork(skip, skip + 1, len(program))
        else:
            start = len(program)
            program.append(())
            _emit(inner, program)
            program.append(("jump", start))
            fork(start, start + 1, len(program))

        return

    forks = []
    for _ in range(most - least):
        forks.append(len(program))
        program.append(())
        _emit(inner, program)

    for at in forks:
        fork(at, at + 1, len(program))


def _is_word(char: str) -> bool:
    return char.isascii() and (char.isalnum() or char == "_")


def _holds(what: str, text: str, at: int) -> bool:
    if what == "start":
        return at == 0
    if what == "end":
        return at == len(text)
    if what == "line start":
        return at == 0 or text[at - 1] == "\n"
    if what == "line end":
        return at == len(text) or text[at] == "\n"

    boundary = _is_word(text[at - 1 : at]) != _is_word(text[at : at + 1])
    return boundary if what == "word" else not boundary


def _in(ranges: Ranges, code: int) -> bool:
    low, high = 0, len(ranges)
    while low < high:
        middle = (low + high) // 2
        if code > ranges[middle][1]:
            low = middle + 1
        else:
            high = middle

    return low < len(ranges) and ranges[low][0] <= code


Thread = tuple[int, tuple[int, ...]]


def _follow(
    program: list[tuple[Any, ...]], text: str, at: int, start: Thread, seen: set[int]
) -> list[Thread]:
    """The threads that wait for a character (or match) once all free steps from ``start`` are
    taken, best first.
    """
    ready: list[Thread] = []
    stack = [start]
    while stack:
        pc, saved = stack.pop()
        if pc in seen:
            continue

        seen.add(pc)
        step = program[pc]
        kind = step[0]
        if kind == "jump":
            stack.append((step[1], saved))
        elif kind == "fork":
            stack.append((step[2], saved))
            stack.append((step[1], saved))
        elif kind == "save":
            stack.append((pc + 1, (*saved[: step[1]], at, *saved[step[1] + 1 :])))
        elif kind == "at":
            if _holds(step[1], text, at):
                stack.append((pc + 1, saved))
        else:
            ready.append((pc, saved))

    return ready


def _accepts(step: tuple[Any, ...], char: str) -> bool:
    kind = step[0]
    if kind == "set":
        return char in step[1]
    if kind == "any":
        return bool(step[1]) or char != "\n"
    return _in(step[1], ord(char))


def _run(
    program: list[tuple[Any, ...]], text: str, start: int, groups: int
) -> tuple[int, ...] | None:
    weight = 1 + (groups >> 3)  # each thread has its own copy of all places
    threads: list[Thread] = []
    best: tuple[int, ...] | None = None
    blank = (-1,) * (2 * groups + 2)
    at = start
    while True:
        seen: set[int] = set()
        current: list[Thread] = []
        for thread in threads:
            current += _follow(program, text, at, thread, seen)

        if best is None:
            current += _follow(program, text, at, (0, (at, *blank[1:])), seen)

        spend((weight * len(seen) >> 1) + 1)
        threads = []
        char = text[at : at + 1]
        for pc, saved in current:
            step = program[pc]
            if step[0] == "match":
                best = (saved[0], at, *saved[2:])
                break
            if char and _accepts(step, char):
                threads.append((pc + 1, saved))

        if not char or (best is not None and not threads):
            return best

        at += 1
