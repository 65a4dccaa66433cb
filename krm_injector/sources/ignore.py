"""Files with patterns that say what to pass over: .gitignore and .krm-injector-ignore, as
gitignore(5) describes them. docs/decisions/0013 says why this is no library.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence

from krm_injector.named_tuple import NamedTuple
from krm_injector.sources import files

LONGEST = 4096  # characters of a pattern, as of a path on Linux; a longer one matches nothing
FILES = (".gitignore", ".krm-injector-ignore")  # later ones have precedence

_CLASSES = {
    "alnum": "a-zA-Z0-9", "alpha": "a-zA-Z", "blank": " \\t", "digit": "0-9", "lower": "a-z",
    "punct": "!-/:-@\\[-`{-~", "space": "\\s", "upper": "A-Z", "xdigit": "0-9A-Fa-f",
}  # fmt: skip
_MAGIC = frozenset("*?[\\")


class Rule(NamedTuple):
    """One pattern."""

    source: str  # "apps/.gitignore:3 (old/)"
    negated: bool  # takes back what earlier patterns say
    only_directories: bool
    literal: str  # the name that it matches at every level; "": the pattern decides
    # Of the path below the directory of the file, or of the name alone.
    pattern: re.Pattern[str] | None = None
    by_name: bool = False

    def matches(self, path: str, name: str, is_directory: bool) -> bool:
        if self.only_directories and not is_directory:
            return False
        if self.pattern is None:
            return name == self.literal
        return self.pattern.match(name if self.by_name else path) is not None


class Rules(NamedTuple):
    """The patterns of one directory, and of those above it."""

    directory: str  # that the paths of these patterns are relative to
    rules: tuple[Rule, ...]
    above: Rules | None = None

    def verdict(self, path: str, is_directory: bool) -> Rule | None:
        """The pattern that decides on a path; None if there is none."""
        name = path.rpartition("/")[2]
        level: Rules | None = self
        while level is not None:
            inner = _below(level.directory, path)
            for rule in reversed(level.rules):
                if rule.matches(inner, name, is_directory):
                    return rule
            level = level.above

        return None


def _below(directory: str, path: str) -> str:
    return path if directory in ("", ".") else path[len(directory.rstrip("/")) + 1 :]


def read(lines: Iterable[str], file: str) -> tuple[Rule, ...]:
    """The patterns in the lines of a file. A pattern that is not valid matches nothing, as in
    git.
    """
    rules = []
    for number, line in enumerate(lines, 1):
        rule = rule_of(line, f"{file}:{number}")
        if rule is not None:
            rules.append(rule)

    return tuple(rules)


def rule_of(line: str, place: str) -> Rule | None:
    """The rule of one line; None if it has none. ``place``: where it is written."""
    text = _without_blanks(line.rstrip("\r\n"))
    source = f"{place} ({text})"
    if not text or text.startswith("#"):
        return None

    negated = text.startswith("!")
    text = text.removeprefix("!") if negated else text
    only_directories = text.endswith("/")
    text = text[:-1] if only_directories else text
    if not text:
        return None

    by_name = "/" not in text
    if by_name and not _MAGIC.intersection(text):
        return Rule(source, negated, only_directories, text)

    pattern = compiled(text.removeprefix("/"))
    if pattern is None:
        return None
    return Rule(source, negated, only_directories, "", pattern, by_name)


def _without_blanks(line: str) -> str:
    """The line without blanks at its end, but for those behind a backslash."""
    stripped = line.rstrip(" ")
    backslashes = len(stripped) - len(stripped.rstrip("\\"))
    return f"{stripped} " if backslashes % 2 and stripped != line else stripped


# ---------------------------------------------------------------- patterns


def compiled(text: str) -> re.Pattern[str] | None:
    """A pattern of paths as a regular expression; None if it is not valid.

    What stands between two wildcards is looked for at its first place only, which finds a match
    wherever there is one: a wildcard takes the rest. So the time grows with the path, not with its
    power.
    """
    if len(text) > LONGEST:
        return None

    groups = _Groups()
    runs = _runs(text.split("/"))
    expression = ""
    for number, run in enumerate(runs):
        translated = [_segment(segment, groups) for segment in run]
        if None in translated:
            return None

        path = "/".join(map(str, translated))
        last = number == len(runs) - 1
        if number == 0:
            expression = path if last or not run else f"{path}/"
        elif not last:  # any number of directories before it
            expression += groups.first(f"(?:.+?/)??{path}/")
        elif run:
            expression += f"(?:.+/)?{path}"
        else:  # everything below
            expression += ".+" if expression else ".*"

    try:
        return re.compile(rf"(?s:{expression})\Z")
    except re.error:  # a range such as [z-a]
        return None


class _Groups:
    """Gives names to the groups of an expression."""

    def __init__(self) -> None:
        self.count = 0

    def first(self, expression: str) -> str:
        """The expression, which is matched in the first way that it can be, and in no other."""
        self.count += 1
        return f"(?=(?P<g{self.count}>{expression}))(?P=g{self.count})"


def _runs(segments: Sequence[str]) -> list[list[str]]:
    """The segments before, between and behind "**", which may be none. Several "**" in a row are as
    one.
    """
    runs: list[list[str]] = [[]]
    for segment in segments:
        if segment != "**":
            runs[-1].append(segment)
        elif len(runs) == 1 or runs[-1]:
            runs.append([])

    return runs


def _segment(text: str, groups: _Groups) -> str | None:
    """A part of a pattern without "/" as a regular expression; None if it is not valid."""
    pieces, at = [""], 0  # between the wildcards
    while at < len(text):
        sign = text[at]
        at += 1
        if sign == "*":
            if pieces[-1] or len(pieces) == 1:
                pieces.append("")
        elif sign == "?":
            pieces[-1] += "[^/]"
        elif sign == "\\":
            if at == len(text):
                return None
            pieces[-1] += re.escape(text[at])
            at += 1
        elif sign == "[":
            members, at = _bracket(text, at)
            if members is None:
                return None
            pieces[-1] += members
        else:
            pieces[-1] += re.escape(sign)

    first, *others = pieces
    if not others:
        return first
    between = "".join(groups.first(f"[^/]*?{piece}") for piece in others[:-1])
    return f"{first}{between}[^/]*{others[-1]}"


def _bracket(text: str, at: int) -> tuple[str | None, int]:
    """A bracket expression whose "[" stands before ``at``, and where it ends."""
    negated = text[at : at + 1] in ("!", "^")
    at += negated
    members, first = "", True
    while at < len(text):
        sign = text[at]
        if sign == "]" and not first:
            return f"(?!/)[{'^' if negated else ''}{members}]", at + 1

        first = False
        if text.startswith("[:", at):
            end = text.find(":]", at)
            if text[at + 2 : end] not in _CLASSES or end < 0:
                return None, at
            members += _CLASSES[text[at + 2 : end]]
            at = end + 2
            continue

        if sign == "\\":
            at += 1
            sign = text[at : at + 1]
        members += sign if sign == "-" and text[at - 1] != "\\" else re.escape(sign)
        at += 1

    return None, at


# ---------------------------------------------------------------- in a repository


def top_of(root: str) -> str:
    """The repository that a directory is in: the nearest directory with .git, else the directory
    itself. Relative to the working directory, with "/".
    """
    absolute = os.path.abspath(root)
    while True:
        if os.path.lexists(os.path.join(absolute, ".git")):
            return _normal(os.path.relpath(absolute))
        if absolute == os.path.dirname(absolute):
            return _normal(root)
        absolute = os.path.dirname(absolute)


def rules_above(top: str, root: str) -> Rules | None:
    """The patterns of the directories between the repository and a directory in it. If they name
    the directory itself, whoever named it wants it all the same.
    """
    inner = os.path.relpath(root, top)
    if inner == "." or inner.split(os.sep)[0] == "..":
        return None

    rules: Rules | None = None
    path = top
    for step in inner.split(os.sep):
        names = [name for name in FILES if os.path.isfile(os.path.join(path, name))]
        rules = of_directory(path, names, rules)
        path = _normal(os.path.join(path, step))
        verdict = rules.verdict(path, True) if rules else None
        if verdict is not None and not verdict.negated:
            return None

    return rules


def of_directory(
    path: str, names: Sequence[str], above: Rules | None, extra: Sequence[Rule] = ()
) -> Rules | None:
    """The patterns of a directory's ignore files, which are among the names in it, and further
    ones, on top of those above. Raises Refused.
    """
    rules: list[Rule] = []
    for name in FILES:
        if name in names:
            file = _normal(os.path.join(path, name))
            text = files.content(file).decode("utf-8", "surrogateescape").removeprefix("\ufeff")
            rules += read(text.split("\n"), file)

    return joined(path, [*rules, *extra], above)


def _normal(path: str) -> str:
    return os.path.normpath(path).replace(os.sep, "/")


def joined(directory: str, rules: Sequence[Rule], above: Rules | None) -> Rules | None:
    """The rules of a directory on top of those above it."""
    return Rules(directory, tuple(rules), above) if rules else above
