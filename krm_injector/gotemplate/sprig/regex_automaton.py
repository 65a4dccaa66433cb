"""The automaton of a parsed regular expression, run over a text in time that is linear in both."""

from __future__ import annotations

from krm_injector.gotemplate.errors import TooLarge
from krm_injector.gotemplate.runtime import spend
from krm_injector.gotemplate.sprig.regex_classes import Ranges, orbit
from krm_injector.gotemplate.sprig.regex_tree import Node, may_be_empty

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeAlias

_MAX_PROGRAM = 20_000
# Steps: ("set", characters), ("class", ranges), ("any", newline_too), ("at", what), ("save", slot),
# ("jump", to), ("fork", to, to) with the preferred way first, ("match",).
Program: TypeAlias = "list[tuple[Any, ...]]"


def compile_program(tree: Node) -> Program:
    program: Program = []
    _emit(tree, program)
    program.append(("match",))
    return program


def _emit(node: Node, program: Program) -> None:
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


def _emit_alternatives(parts: list[Node], program: Program) -> None:
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


def _emit_repeat(node: Node, program: Program) -> None:
    _, least, most, greedy, inner = node

    def fork(at: int, inside: int, outside: int) -> None:
        program[at] = ("fork", inside, outside) if greedy else ("fork", outside, inside)

    for _ in range(least - 1 if most < 0 and least > 0 else least):
        _emit(inner, program)

    if most < 0:
        # x* of an x that may be empty is (x+)?, so that an empty round counts once.
        once = least > 0
        skip = -1 if once or not may_be_empty(inner) else len(program)
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


def _follow(program: Program, text: str, at: int, start: Thread, seen: set[int]) -> list[Thread]:
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


def run_program(program: Program, text: str, start: int, groups: int) -> tuple[int, ...] | None:
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
