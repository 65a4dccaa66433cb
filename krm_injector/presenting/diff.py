"""What injection changes: as a unified diff of the manifests, or as patches (patches.py)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from krm_injector.kube.paths import at
from krm_injector.model import Object, Result
from krm_injector.outcome import Outcome
from krm_injector.presenting import patches

_CONTEXT = 3
# lines times lines that are compared one by one; beyond, a whole run counts as replaced
_MOST = 4_000_000
_COLOURS = {"-": "\x1b[31m", "+": "\x1b[32m", "@": "\x1b[36m"}
_BOLD = "\x1b[1m"  # the file's name, as git has it
_PLAIN = "\x1b[0m"
_SEPARATOR = re.compile(r"^(?=---[ \t\r\n])", re.MULTILINE)

Opcode = tuple[str, int, int, int, int]


def changes(outcome: Outcome) -> list[patches.Change]:
    """Each object as it stands in the bundle and as injection gives it, in bundle order, changed or
    not.
    """
    found = []
    seen: set[Any] = set()
    for decision in outcome.decisions:
        workload = decision.workload
        if (workload.item, workload.inside) in seen:
            continue  # an object with several pod templates is patched as one

        seen.add((workload.item, workload.inside))
        standing: Object = at(outcome.bundle.items[workload.item].value, workload.inside)
        changed = outcome.replacements.get(workload.item)
        after = standing if changed is None else at(changed, workload.inside)
        found.append(patches.Change(workload.ref, standing, after))

    return found


def as_patches(outcome: Outcome, strategic: bool) -> tuple[str, tuple[Result, ...]]:
    return patches.component(changes(outcome), strategic)


# ---------------------------------------------------------------- unified


def unified(before: str, after: str, file: str, colour: bool = False) -> str:
    """The unified diff of two texts, as `patch -p1` and `git apply` take it; "" where they are the
    same.
    """
    if before == after:
        return ""

    old, new = _split(before), _split(after)
    groups = _grouped(list(_opcodes(_parts(before), _parts(after))))
    name = file.lstrip("/") or "stdin"
    head = [f"--- a/{name}\n", f"+++ b/{name}\n"]
    lines: list[str] = []
    for group in groups:
        lines.append(_head(group))
        for tag, i1, i2, j1, j2 in group:
            if tag == "equal":
                lines += [" " + line for line in old[i1:i2]]
                continue
            lines += ["-" + line for line in old[i1:i2]]
            lines += ["+" + line for line in new[j1:j2]]

    ended = [
        line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines
    ]
    if not colour:
        return "".join((*head, *ended))

    return "".join(
        (
            *(_painted(line, _BOLD) for line in head),
            *(_painted(line, _COLOURS.get(line[0])) for line in ended),
        )
    )


def _painted(line: str, code: str | None) -> str:
    return f"{code}{line[:-1]}{_PLAIN}\n" if code else line


def _split(text: str) -> list[str]:
    """Lines with their breaks; only a line feed ends a line (a carriage return belongs to it, as
    patch has it).
    """
    lines = text.split("\n")
    last = lines.pop()
    return [line + "\n" for line in lines] + ([last] if last else [])


def _parts(text: str) -> list[list[str]]:
    """The documents of a stream, as lines: injection changes documents, never their number."""
    return [_split(part) for part in _SEPARATOR.split(text)]


def _opcodes(before: Sequence[list[str]], after: Sequence[list[str]]) -> Iterator[Opcode]:
    """What to do to each run of lines, document by document."""
    if len(before) != len(after):
        before, after = (
            [[line for part in before for line in part]],
            [[line for part in after for line in part]],
        )

    i = j = 0
    for old, new in zip(before, after, strict=True):
        for tag, i1, i2, j1, j2 in _compared(old, new):
            yield tag, i + i1, i + i2, j + j1, j + j2
        i, j = i + len(old), j + len(new)


def _compared(old: list[str], new: list[str]) -> Iterator[Opcode]:
    """Two texts between lines that stand once in each, since difflib's time goes with the square of
    the length.
    """
    if old == new:
        if old:
            yield "equal", 0, len(old), 0, len(new)
        return

    i = j = 0
    for i2, j2 in [*_anchors(old, new), (len(old), len(new))]:
        yield from _between(old[i:i2], new[j:j2], i, j)
        if i2 < len(old):
            yield "equal", i2, i2 + 1, j2, j2 + 1
        i, j = i2 + 1, j2 + 1


def _between(old: list[str], new: list[str], i: int, j: int) -> Iterator[Opcode]:
    from difflib import SequenceMatcher

    if len(old) * len(new) > _MOST:
        yield "replace", i, i + len(old), j, j + len(new)
        return
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        yield tag, i + i1, i + i2, j + j1, j + j2


def _anchors(old: list[str], new: list[str]) -> list[tuple[int, int]]:
    """Places of lines that stand exactly once in each, as many as keep their order (patience
    sorting).
    """
    from bisect import bisect_left
    from collections import Counter

    once, there = Counter(old), Counter(new)
    places = {line: index for index, line in enumerate(new) if there[line] == 1 and once[line] == 1}
    pairs = [(index, places[line]) for index, line in enumerate(old) if line in places]
    ends: list[int] = []  # the smallest end of a rising sequence of each length
    tails: list[int] = []  # the pair that it belongs to
    before: list[int] = []
    for number, (_, place) in enumerate(pairs):
        length = bisect_left(ends, place)
        before.append(tails[length - 1] if length else -1)
        ends[length : length + 1] = [place]
        tails[length : length + 1] = [number]

    found = []
    number = tails[-1] if tails else -1
    while number >= 0:
        found.append(pairs[number])
        number = before[number]

    return found[::-1]


def _grouped(codes: list[Opcode]) -> Iterator[list[Opcode]]:
    """Hunks: changes with three lines around them, joined where those meet."""
    joined: list[Opcode] = []
    for code in codes:
        if joined and code[0] == joined[-1][0] == "equal":
            joined[-1] = ("equal", joined[-1][1], code[2], joined[-1][3], code[4])
        else:
            joined.append(code)

    group: list[Opcode] = []
    for position, (tag, i1, i2, j1, j2) in enumerate(joined):
        if tag != "equal":
            group.append((tag, i1, i2, j1, j2))
            continue

        first, last = position == 0, position == len(joined) - 1
        if not first and not last and i2 - i1 <= 2 * _CONTEXT:
            group.append((tag, i1, i2, j1, j2))
            continue

        if not first:
            end = min(i2, i1 + _CONTEXT)
            yield [*group, (tag, i1, end, j1, j1 + end - i1)]

        if last:
            return

        start = max(i1, i2 - _CONTEXT)
        group = [(tag, start, i2, j2 - (i2 - start), j2)]

    if group:
        yield group


def _head(group: list[Opcode]) -> str:
    i1, i2, j1, j2 = group[0][1], group[-1][2], group[0][3], group[-1][4]
    return f"@@ -{_range(i1, i2)} +{_range(j1, j2)} @@\n"


def _range(start: int, end: int) -> str:
    length = end - start
    if length == 1:
        return str(start + 1)
    return f"{start + 1 if length else start},{length}"


def pairs(
    names: Sequence[str], parts: Sequence[Any], written: Sequence[str]
) -> Iterator[tuple[str, str, str]]:
    """(name, text before, text after) of each part of the input."""
    for name, part, text in zip(names, parts, written, strict=True):
        before = ("\ufeff" if part.bom else "") + part.text
        yield name, before, text
