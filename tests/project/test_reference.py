"""The pages of reference are what tools/reference_pages.py writes: what the code does."""

from __future__ import annotations

import pytest
import reference_pages
from paths import ROOT

from krm_injector.cli.options import COMMANDS
from krm_injector.gotemplate.sprig import FUNCS
from krm_injector.versions import rules_for

PAGES = reference_pages.pages()


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_it_is_fresh(page: object) -> None:
    (path,) = [path for path in PAGES if path == page]
    assert path.read_text(encoding="utf-8") == PAGES[path], "python tools/reference_pages.py"


def test_every_command_has_its_section() -> None:
    text = reference_pages.commands()
    for name, command in COMMANDS.items():
        assert f"\n## {name or 'krm-injector'}\n" in text
        for option in command.options:
            assert option in text


def test_every_function_is_there() -> None:
    text = reference_pages.template_functions()
    for name in (*FUNCS, *rules_for(None).functions):
        assert f"| `{name}` |" in text


@pytest.mark.parametrize(
    ("minors", "told"),
    [
        (range(1, 33), "all"),
        (range(9, 33), "1.9 and later"),
        (range(1, 9), "1.1 to 1.8"),
        ([6], "1.6"),
        ([3, 4, 5, 32], "1.3 to 1.5, 1.32 and later"),
    ],
)
def test_versions_as_people_say_them(minors: list[int], told: str) -> None:
    assert reference_pages._span(tuple((1, minor) for minor in minors)) == told


def test_what_looks_like_markup_is_shown() -> None:
    assert reference_pages._cell("NAME=<a|b>*") == r"NAME=\<a\|b\>\*"


def test_the_generated_pages_say_so() -> None:
    for name in ("commands", "template-functions", "behaviour"):
        assert reference_pages.GENERATED in (ROOT / "docs" / f"{name}.md").read_text()
