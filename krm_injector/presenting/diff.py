"""What injection changes: as a unified diff of the manifests, or as patches (patches.py)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from krm_injector.kube.credential_lines import in_lines
from krm_injector.kube.paths import at
from krm_injector.lazy_pattern import lazy_pattern
from krm_injector.model import Object, Result
from krm_injector.outcome import Outcome
from krm_injector.presenting import ansi, patches

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Literal

    Tag = Literal["equal", "replace", "delete", "insert"]
    Opcode = tuple[Tag, int, int, int, int]  # as difflib has them: tag, lines before, lines after
    Hunk = list[tuple[str, int, int, int, int]]

_CONTEXT = 3  # lines around a change
# Lines before times lines after that are compared one by one; above, the whole run counts as
# replaced.
_MOST_COMPARED = 4_000_000
_COLOURS = {"-": ansi.RED, "+": ansi.GREEN, "@": ansi.CYAN}  # as git has them
_DOCUMENT_START = lazy_pattern(r"^(?=---[ \t\r\n])", re.MULTILINE)


def changes(outcome: Outcome) -> list[patches.Change]:
    """Each object before and after injection, in bundle order, changed or not."""
    result = []
    seen: set[Any] = set()
    for decision in outcome.decisions:
        workload = decision.workload
        if (workload.item, workload.inside) in seen:
            continue  # an object with several pod templates gets one patch

        seen.add((workload.item, workload.inside))
        before: Object = at(outcome.bundle.items[workload.item].value, workload.inside)
        item_after = outcome.replacements.get(workload.item)
        after = before if item_after is None else at(item_after, workload.inside)
        result.append(patches.Change(workload.ref, before, after))

    return result


def as_patches(outcome: Outcome, strategic: bool) -> tuple[str, tuple[Result, ...]]:
    return patches.component(changes(outcome), strategic)


def pairs(
    names: Sequence[str], parts: Sequence[Any], written: Sequence[str]
) -> Iterator[tuple[str, str, str]]:
    """(name, text before, text after) of each part of the input."""
    for name, part, text in zip(names, parts, written, strict=True):
        before = ("\ufeff" if part.bom else "") + part.text
        yield name, before, text


# ---------------------------------------------------------------- unified


def unified(
    before: str, after: str, file: str, colour: bool = False, credentials: bool = False
) -> str:
    """The unified diff of two texts, as `patch -p1` and `git apply` read it; "" for equal texts.
    Without ``credentials`` these are hidden, and the hunks that have some cannot be applied.
    """
    if before == after:
        return ""

    name = file.lstrip("/") or "stdin"
    head = [f"--- a/{name}\n", f"+++ b/{name}\n"]

    old, new = _lines(before), _lines(after)
    if not credentials:
        old, new = in_lines(old), in_lines(new)
    opcodes = _joined(_opcodes(_documents(before), _documents(after)))
    body = []
    for hunk in _hunks(opcodes):
        body.append(_hunk_head(hunk))
        body += _hunk_lines(hunk, old, new)

    if colour:
        head = [_painted(line, ansi.BOLD) for line in head]
        body = [_painted(line, _COLOURS.get(line[0])) for line in body]

    return "".join((*head, *body))


def _painted(line: str, code: str | None) -> str:
    return f"{ansi.painted(line[:-1], code)}\n" if code else line


def _lines(text: str) -> list[str]:
    """Lines with their breaks. Only a line feed ends a line: to patch(1) a carriage return is part
    of the line.
    """
    lines = text.split("\n")
    last = lines.pop()
    return [line + "\n" for line in lines] + ([last] if last else [])


def _documents(text: str) -> list[list[str]]:
    """The documents of a YAML stream, as lines. Injection changes documents, never their number."""
    return [_lines(document) for document in _DOCUMENT_START.split(text)]


def _hunk_head(hunk: Hunk) -> str:
    first, last = hunk[0], hunk[-1]
    return f"@@ -{_range(first[1], last[2])} +{_range(first[3], last[4])} @@\n"


def _range(start: int, end: int) -> str:
    """A range as POSIX diff -u writes it: an empty one begins on the line before."""
    length = end - start
    if length == 1:
        return str(start + 1)
    if length == 0:
        return f"{start},0"
    return f"{start + 1},{length}"


def _hunk_lines(hunk: Hunk, old: list[str], new: list[str]) -> Iterator[str]:
    for tag, i1, i2, j1, j2 in hunk:
        if tag == "equal":
            for line in old[i1:i2]:
                yield _ended(" " + line)
            continue

        for line in old[i1:i2]:
            yield _ended("-" + line)
        for line in new[j1:j2]:
            yield _ended("+" + line)


def _ended(line: str) -> str:
    return line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"


# ---------------------------------------------------------------- comparing


def _opcodes(before: Sequence[list[str]], after: Sequence[list[str]]) -> Iterator[Opcode]:
    """What to do to each run of lines, document by document."""
    if len(before) != len(after):
        before, after = [_concatenated(before)], [_concatenated(after)]

    i = j = 0
    for old, new in zip(before, after, strict=True):
        for tag, i1, i2, j1, j2 in _document_opcodes(old, new):
            yield tag, i + i1, i + i2, j + j1, j + j2
        i, j = i + len(old), j + len(new)


def _concatenated(documents: Iterable[list[str]]) -> list[str]:
    return [line for document in documents for line in document]


def _document_opcodes(old: list[str], new: list[str]) -> Iterator[Opcode]:
    """Two texts compared between their anchors, since difflib's time grows with the square of the
    length.
    """
    if old == new:
        if old:
            yield "equal", 0, len(old), 0, len(new)
        return

    end = (len(old), len(new))
    i = j = 0
    for i2, j2 in [*_anchors(old, new), end]:
        yield from _run_opcodes(old[i:i2], new[j:j2], i, j)
        if i2 < len(old):
            yield "equal", i2, i2 + 1, j2, j2 + 1
        i, j = i2 + 1, j2 + 1


def _run_opcodes(old: list[str], new: list[str], i: int, j: int) -> Iterator[Opcode]:
    """Two runs of lines, which begin at the lines i and j of their documents."""
    from difflib import SequenceMatcher

    if len(old) * len(new) > _MOST_COMPARED:
        yield "replace", i, i + len(old), j, j + len(new)
        return

    matcher = SequenceMatcher(None, old, new, autojunk=False)
    for tag, i1, i2, j1, j2 in matcher.get_opcodes():
        yield tag, i + i1, i + i2, j + j1, j + j2


def _anchors(old: list[str], new: list[str]) -> list[tuple[int, int]]:
    """Places of lines that stand exactly once in each text, as many as keep their order.

    The longest increasing subsequence, by patience sorting (as in git's --patience).
    """
    from bisect import bisect_left
    from collections import Counter

    counts_old, counts_new = Counter(old), Counter(new)
    unique = {
        line: j for j, line in enumerate(new) if counts_new[line] == 1 and counts_old[line] == 1
    }
    candidates = [(i, unique[line]) for i, line in enumerate(old) if line in unique]

    # By length of an increasing sequence: its smallest possible end, and that end's candidate.
    ends: list[int] = []
    end_candidates: list[int] = []
    predecessors: list[int] = []  # of each candidate, -1 for none
    for number, (_, j) in enumerate(candidates):
        length = bisect_left(ends, j)
        predecessors.append(end_candidates[length - 1] if length else -1)
        ends[length : length + 1] = [j]
        end_candidates[length : length + 1] = [number]

    anchors = []
    number = end_candidates[-1] if end_candidates else -1
    while number >= 0:
        anchors.append(candidates[number])
        number = predecessors[number]

    return anchors[::-1]


def _joined(opcodes: Iterable[Opcode]) -> list[Opcode]:
    """The opcodes with equal lines that follow each other in one."""
    result: list[Opcode] = []
    for opcode in opcodes:
        if not result or opcode[0] != "equal" or result[-1][0] != "equal":
            result.append(opcode)
            continue

        _, i1, _, j1, _ = result[-1]
        _, _, i2, _, j2 = opcode
        result[-1] = ("equal", i1, i2, j1, j2)

    return result


def _hunks(opcodes: list[Opcode]) -> Iterable[Hunk]:
    """Changes with the lines around them, in one hunk where these lines meet."""
    from difflib import SequenceMatcher

    class Compared(SequenceMatcher[str]):
        """difflib groups the opcodes of its own comparison; here are ours."""

        def get_opcodes(self) -> list[Opcode]:
            return opcodes

    return Compared(None, "", "").get_grouped_opcodes(_CONTEXT)
