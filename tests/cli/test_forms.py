"""--output: every form of the table is printed, and every other one is wrong usage."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from builders import SHOP, installation
from paths import ROOT

from krm_injector.cli import program
from krm_injector.cli.options import COMMANDS, FORMS, OPTIONS, forms_of, modes_of, option_of
from krm_injector.cli.tables import FINDINGS
from krm_injector.kube.yaml import dump
from krm_injector.presenting.explain.forms import FORMS as EXPLAIN_FORMS

EXAMPLE = str(ROOT / "functions" / "istio-inject" / "examples" / "httpbin" / "base")
# Forms of fleet commands: tests/fleet.
NAMES = [name for name in FORMS if not name.startswith("fleet ")]
EVERY = sorted({form for forms in FORMS.values() for form in forms})

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> Run:
    """A command of FORMS, as "diff --from", with that form."""
    mesh = tmp_path / "mesh.yaml"
    mesh.write_text("---\n".join(map(dump, [SHOP, *installation()])))

    def run(name: str, form: str) -> tuple[int, str, str]:
        command, _, mode = name.partition(" ")
        words = [command, "--quiet", "--output", form]
        if mode:
            words += [mode, str(mesh)] if OPTIONS[mode].value else [mode]
        if mode != "--truth-table" and COMMANDS[command].most_paths != 0:
            words.append("codes" if command == "help" else EXAMPLE)

        code = program.run(words)
        out, err = capsysbinary.readouterr()
        return code, out.decode(), err.decode()

    return run


@pytest.mark.parametrize("name", NAMES)
def test_every_form_is_printed(name: str, run: Run) -> None:
    texts = {}
    for form in FORMS[name]:
        code, texts[form], err = run(name, form)
        # What verify finds here: the example is not injected.
        assert (code, not err) == ((1, False) if name == "verify" else (0, True)), form
        assert texts[form], form

    # YAML of the truth table is JSON, which is YAML too.
    assert len(set(texts.values())) >= len(texts) - (name == "explain --truth-table")


@pytest.mark.parametrize("name", NAMES)
def test_every_other_form_is_wrong_usage_that_names_those_there_are(name: str, run: Run) -> None:
    command, _, mode = name.partition(" ")
    for form in (*EVERY, "pdf"):
        if form in FORMS[name]:
            continue

        code, out, err = run(name, form)
        assert (code, out) == (2, ""), form
        assert "--output" in err and form in err
        named = FORMS[name] if form in forms_of(command) else forms_of(command)
        assert all(other in err for other in named), form
        assert mode in err or form not in forms_of(command)


def test_a_truth_table_is_no_page(run: Run) -> None:
    assert run("explain --truth-table", "html") == (
        2,
        "",
        (
            "krm-injector: with --truth-table --output is table, json, yaml, markdown or left out, "
            "not 'html'\nTry krm-injector explain --help.\n"
        ),
    )


def test_forms_are_of_commands_that_have_the_option() -> None:
    with_option = {
        name
        for name, command in COMMANDS.items()
        if "--output" in command.options and not option_of(command, "--output").help
    }
    assert with_option == {name.partition(" --")[0] for name in FORMS}
    for name in with_option:
        assert set(modes_of(name)) <= set(COMMANDS[name].options)


def test_explain_has_a_function_for_each_form() -> None:
    assert {*EXPLAIN_FORMS, "html", *FINDINGS} == set(FORMS["explain"])
