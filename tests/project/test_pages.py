"""Every command and every YAML of the pages is true: a test runs it, or the page says why not.

What stands in no table here needs nothing: commands run in the directory that `pages.DIRECTORIES`
names, YAML that begins with `# FILE` is that file there, other YAML is read as one of
our own kinds. `<!-- tested: TEST -->` or `<!-- not run: WHY -->` above a block is for the rest.
`<!-- exits 1 -->` is for commands that are refused, `<!-- prints -->` for what the commands above
it print; `python tools/printed_blocks.py PAGE` writes that anew.
"""

from __future__ import annotations

import functools
import re
import shlex
from pathlib import Path

import pages
import pytest
import yaml
from pages import Block
from paths import ROOT

from krm_injector import function_config
from krm_injector.cli import arguments
from krm_injector.cli.options import Usage

# Whose blocks a test of its own runs or reads: all of a page, in this language.
DELIVERY = "tests/e2e/test_delivery_docs.py"
OWN = {
    ("argocd.md", "sh"): f"{DELIVERY}::test_argocd",
    ("ci.md", "sh"): f"{DELIVERY}::test_ci",
    ("ci.md", "yaml"): f"{DELIVERY}::test_ci",
    ("container.md", "sh"): "tests/e2e/test_documented.py::test_commands_of_the_page",
    ("fleet-file.md", "yaml"): "tests/fleet/finding/test_page.py::test_the_example_is_a_fleet",
    ("fleet.md", "sh"): "tests/project/test_fleet_docs.py::printed",
    ("flux.md", "sh"): f"{DELIVERY}::test_flux",
    ("flux.md", "yaml"): f"{DELIVERY}::test_flux",
    ("helm.md", "sh"): f"{DELIVERY}::test_helm",
    ("helm.md", "yaml"): f"{DELIVERY}::test_helm",
    (
        "istio-versions.md",
        "yaml",
    ): "tests/project/test_istio_versions.py::test_the_document_is_what_the_tool_writes",
    ("kpt.md", "sh"): "tests/e2e/test_documented.py::test_commands_of_the_page",
    ("kustomize.md", "sh"): "tests/e2e/test_documented.py::test_commands_of_the_page",
    ("rehearsal.md", "sh"): "tests/project/test_rehearsal.py::printed",
    (
        "source-lines.md",
        "yaml",
    ): "tests/cli/test_source_lines.py::test_the_page_shows_what_is_printed",
}
PROGRAM = "krm-injector"
KINDS = ("SidecarInjection", "SidecarEjection", "InjectionVerification", "InjectionCheck")
# Where a command of ours begins in a line: in a pipe, a list, a workflow, a Makefile.
COMMAND = re.compile(rf"(?:^|[|;&(] *|[!] |run: |script: |\$ )[-@]?{PROGRAM}(?= |$)(.*)")
SHAPE = re.compile(r"\[OPTIONS?\]| COMMAND\b|\[COMMAND")  # what a command line looks like
VARIABLE = re.compile(r"\$\{\{.*?\}\}|\$\{\w+\}|\$\w+|\$[*^@]")  # of workflows, shells, make


def of(page: str, language: str) -> list[Block]:
    """The blocks that no test of their own has."""
    if (page, language) in OWN:
        return []
    run = ("", pages.EXITS_1)
    return [one for one in pages.blocks(page) if one.language == language and one.mark in run]


PAGES = pages.all_pages()
CONFIGS = [one for page in PAGES for one in of(page, "yaml") if not pages.file_of(one)]


@pytest.mark.parametrize("page", [page for page in PAGES if of(page, "sh")])
def test_the_commands_run(page: str, tmp_path: Path) -> None:
    found = [one for one in pages.blocks(page) if one.language != "sh" or one in of(page, "sh")]
    pages.needed("".join(block.text for block in found))
    work = pages.directory_of(page, tmp_path)
    for block, printed in pages.follow(found, work, tmp_path):
        assert printed == block.text, block


@pytest.mark.parametrize("block", CONFIGS, ids=str)
def test_the_yaml_is_a_function_config(block: Block) -> None:
    """A text that begins with spec is a part of a SidecarInjection."""
    value = yaml.safe_load(block.text)
    if list(value) == ["spec"]:
        value = {"apiVersion": "krm-injector.dev/v1alpha1", "kind": KINDS[0], **value}
    assert value.get("kind") in (*KINDS, "ConfigMap"), f"{block}: no test is named for it"
    assert function_config.settings(value) != function_config.Settings()


def test_every_mark_is_true() -> None:
    marked = [one for page in PAGES for one in pages.blocks(page) if one.mark]
    assert marked
    how = (pages.PRINTS, pages.EXITS_1)
    named = [(str(block), block.mark) for block in marked if block.mark not in how]
    named += [(f"docs/{page}", f"tested: {test}") for (page, _), test in OWN.items()]
    for place, mark in named:
        kind, _, text = mark.partition(": ")
        assert kind in ("tested", "not run") and len(text) > 10, place
        if kind == "tested":
            source = pages.source_of(text).read_text(encoding="utf-8")
            assert f"def {text.partition('::')[2]}(" in source, f"{place}: {text}"


def test_no_row_is_left_of_a_page_that_has_no_such_block() -> None:
    for page, language in OWN:
        assert any(one.language == language for one in pages.blocks(page)), (page, language)
    for page in pages.DIRECTORIES:
        assert of(page, "sh"), page


def test_every_block_says_what_it_is() -> None:
    bare = [str(one) for page in PAGES for one in pages.blocks(page) if not one.language]
    assert bare == [], "text is for what is neither a command nor a file"


@functools.cache
def command_lines() -> list[tuple[str, list[str]]]:
    """Each command of ours in a block, by its place, without its first word."""
    found = []
    for page in PAGES:
        for block in pages.blocks(page):
            for line in block.text.replace("\\\n", " ").splitlines():
                for rest in () if SHAPE.search(line) else COMMAND.findall(line):
                    found.append((f"{block}: {line.strip()}", words(rest)))
    return found


def words(text: str) -> list[str]:
    """The words of a command up to where the shell goes on."""
    text = VARIABLE.sub("1", text)
    lexer = shlex.shlex(text, posix=True, punctuation_chars="|;&<>()")
    lexer.whitespace_split = True
    lexer.commenters = "#"
    found: list[str] = []
    for word in lexer:
        if set(word) <= set("|;&<>()"):
            break
        found.append(word)
    return found


def test_every_command_line_is_accepted() -> None:
    lines = command_lines()
    assert len(lines) > 90
    refused = []
    for place, given in lines:
        try:
            arguments.parse(given)
        except Usage as problem:
            refused.append(f"{place}: {problem}")
    assert refused == []


def test_contributing_tells_of_the_marks() -> None:
    assert "<!-- not run: " in (ROOT / "CONTRIBUTING.md").read_text()
