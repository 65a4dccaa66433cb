"""Writes the pages of reference in docs/ that the code knows better than anybody:

- commands.md: each command with its options, of the tables of help (krm_injector/cli/options.py);
- template-functions.md: what a template can call, by version of Istio;
- behaviour.md: what a version of Istio does, a row a behaviour, of krm_injector/versions.py.

    python tools/reference_pages.py [--check]

With --check nothing is written, stale pages are named, and the exit status is 1.
"""

from __future__ import annotations

import itertools
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import istio_versions

from krm_injector.cli.help import topics
from krm_injector.cli.help.page import Literal, Page, Rows, Synopsis, Text
from krm_injector.cli.options import COMMANDS
from krm_injector.gotemplate import Func
from krm_injector.gotemplate.builtins import BUILTINS
from krm_injector.gotemplate.sprig.index_generated import INDEX
from krm_injector.gotemplate.sprig.unavailable import REASONS
from krm_injector.injection.template_functions import istio_functions
from krm_injector.versions import Rules, minors, rules_for, versions_with

if TYPE_CHECKING:
    from krm_injector.cli.help.page import Block

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
GENERATED = "`tools/reference_pages.py` generates this page."


def pages() -> dict[Path, str]:
    return {
        DOCS / "commands.md": commands(),
        DOCS / "template-functions.md": template_functions(),
        DOCS / "behaviour.md": behaviour(),
    }


# ---------------------------------------------------------------- commands


def commands() -> str:
    """Each command, then what holds for all."""
    head = (
        f"# Commands\n\n{GENERATED} It is what `krm-injector COMMAND --help` prints.\n"
        "[The command line](command-line.md) says what the options do together.\n"
    )
    names = [name for name in COMMANDS if name]
    parts = [head, *(_command(topics.page(name)) for name in ["", *names])]
    parts += [_command(topics.page(topic)) for topic in ("exit-status", "environment")]
    return "\n".join(parts)


def _command(page: Page) -> str:
    lines = [f"## {page.name or 'krm-injector'}", ""]
    for block in page.blocks:
        lines += [*_block(block), ""]
    return "\n".join(lines)


def _block(block: Block) -> list[str]:
    if isinstance(block, Synopsis):
        return ["```text", block.words, "```"]
    if isinstance(block, Literal):
        return ["```text", *block.lines, "```"]
    if isinstance(block, Rows):
        rows = [f"| `{left}` | {_cell(right)} |" for left, right in block.rows]
        return [f"| {block.title} | |", "|---|---|", *rows]
    assert isinstance(block, Text)
    return [_cell(block.text)]


def _cell(text: str) -> str:
    """Text as Markdown: what looks like markup is shown."""
    return re.sub(r"([|*<>\[\]_`])", r"\\\1", text)


# ---------------------------------------------------------------- functions of templates


def template_functions() -> str:
    istio = {name for minor in minors() for name in rules_for(minor).functions}
    known: dict[str, Func] = {}
    for minor in minors():
        known |= istio_functions(rules_for(minor), {}, lambda text: text)
    sprig = _span(tuple(minor for minor in minors() if rules_for(minor).sprig))
    rows = [
        f"| `{name}` | {_parameters(known[name])} | {_span(versions_with(name))} |"
        for name in sorted(istio, key=_order)
        if name in known
    ]
    return "\n".join(
        [
            f"# Functions of templates\n\n{GENERATED}\n",
            "A template of injection can call Istio's functions, those of sprig, and those of Go's",
            "text/template. If several have a function of a name, Istio's wins.",
            "\n## Istio's\n\n| function | takes | versions |\n|---|---|---|",
            *rows,
            f"\n## sprig's\n\nIstio {sprig}. `...` stands for more of the last.\n",
            "| function | takes |\n|---|---|",
            *(
                f"| `{name}` | {_parameters(Func(name, len, parameters, more))} |"
                for name, (_, parameters, more) in sorted(
                    INDEX.items(), key=lambda item: _order(item[0])
                )
            ),
            "\nA call of these is refused, since a build must give the same answer twice:\n",
            "| function | depends on | instead |\n|---|---|---|",
            *(f"| `{name}` | {on} | {way} |" for name, (on, way) in sorted(REASONS.items())),
            "\n## Go's\n\n| function | takes |\n|---|---|",
            *(f"| `{name}` | {_parameters(each)} |" for name, each in sorted(BUILTINS.items())),
            "",
        ]
    )


def _order(name: str) -> tuple[str, str]:
    return name.lower(), name


def _parameters(function: Func) -> str:
    if not function.params:
        return "nothing"
    names = [name.replace("reflect.Value", "any") for name in function.params]
    return f"`{', '.join(names)}{'...' if function.variadic else ''}`"


# ---------------------------------------------------------------- behaviour by version


def behaviour() -> str:
    """A row a field of Rules: its values, each with the versions that have it."""
    head = (
        f"# Behaviour by version\n\n{GENERATED} A row is a rule of Istio that its versions have "
        "in different\nforms; a version stands for its last patch release. "
        "[Istio by version](istio-versions.md) has the same by steps,\nwith sources and patch "
        "releases.\n\n| behaviour | versions |\n|---|---|"
    )
    fields = [field for field in Rules._fields if field in istio_versions.WORDS]
    return "\n".join([head, *(_row(field) for field in fields), ""])


def _row(field: str) -> str:
    words = re.sub(r"(,? of)?:?( the)?( 1\.)?$", "", istio_versions.WORDS[field].format("").strip())
    if field in ("functions", "template_data", "labels"):
        return f"| {words} | {_changes(field)} |"

    runs = list(_runs(field))
    if all(isinstance(value, bool) for value, _ in runs):
        told = "; ".join(_span(span) for value, span in runs if value) or "none"
    else:
        told = "; ".join(f"{_span(span)}: {_value(field, value)}" for value, span in runs)
    return f"| {words} | {told} |"


def _runs(field: str) -> Iterator[tuple[Any, tuple[tuple[int, int], ...]]]:
    for value, span in itertools.groupby(minors(), lambda minor: getattr(rules_for(minor), field)):
        yield value, tuple(span)


def _value(field: str, value: Any) -> str:
    if field == "kubernetes":
        return f"1.{value}"
    if value in ("", (), False, frozenset()):
        return "no"
    if value is True:
        return "yes"
    if isinstance(value, tuple | frozenset):
        return ", ".join(f"`{each}`" for each in value)
    return istio_versions.VALUES.get((field, str(value))) or str(value)


def _changes(field: str) -> str:
    """What came and went of a set."""
    told = []
    before: frozenset[str] = frozenset()
    for value, span in _runs(field):
        came = [f"`{name}`" for name in sorted(value - before)]
        went = [f"without `{name}`" for name in sorted(before - value)]
        if came or went:
            told.append(f"{_text(span[0])}: {', '.join([*came, *went])}")
        before = value
    return "; ".join(told)


def _span(span: tuple[tuple[int, int], ...]) -> str:
    """Versions as people say them: 1.9 and later, 1.1 to 1.8, 1.13."""
    parts = []
    for _, run in itertools.groupby(enumerate(span), lambda at: at[1][1] - at[0]):
        numbers = [minor for _, minor in run]
        first, last = _text(numbers[0]), _text(numbers[-1])
        if numbers[-1] == minors()[-1]:
            parts.append("all" if numbers[0] == minors()[0] else f"{first} and later")
        else:
            parts.append(first if first == last else f"{first} to {last}")
    return ", ".join(parts)


def _text(minor: tuple[int, int]) -> str:
    return f"{minor[0]}.{minor[1]}"


def main() -> int:
    check = sys.argv[1:] == ["--check"]
    stale = [
        path for path, text in pages().items() if not path.exists() or path.read_text() != text
    ]
    for path in stale:
        print(path.relative_to(ROOT))
        if not check:
            path.write_text(pages()[path], encoding="utf-8")
    return int(check and bool(stale))


if __name__ == "__main__":
    sys.exit(main())
