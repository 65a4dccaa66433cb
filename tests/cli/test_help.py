"""help: about commands, codes, the functionConfig and more, as text, for man and as data."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import man_pages
import pytest
from command import krm, krm_text
from outside import needs_program
from paths import ROOT

from krm_injector import function_config
from krm_injector.cli.help import codes, man, topics
from krm_injector.cli.help.page import Literal, Page, Rows, Text, plain
from krm_injector.cli.options import COMMANDS
from krm_injector.codes import CODES
from krm_injector.function_config.fields import KINDS, fields
from krm_injector.model import Reason

PAGES = [*filter(None, COMMANDS), "", "fleet", *topics.TOPICS, *map("config {}".format, KINDS)]


def shown(*words: str) -> str:
    done = krm_text("help", *words)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


# ---------------------------------------------------------------- text


@pytest.mark.parametrize("topic", [*PAGES, *codes.entries()])
def test_every_page_is_80_columns_wide(topic: str) -> None:
    topics.check(topic, None)
    page = topics.page(topic)
    assert page.summary and not page.summary.endswith(".")
    for line in plain(page).splitlines():
        # What the docs quote as it is, a table for instance, may be wider.
        assert len(line) <= 80 or line.startswith("    ")


def test_every_code_and_every_reason_has_a_page() -> None:
    reasons = {reason.value for reason in Reason}
    assert set(codes.entries()) == {*CODES, *reasons}
    for code, row in CODES.items():
        entry = codes.entries()[code]
        assert entry["severities"] == list(row.severities)
        assert entry["page"].startswith(row.page)


def test_the_page_about_a_warning_says_how_to_silence_it() -> None:
    text = shown("port-collision")
    assert text.startswith("port-collision (warning)\n")
    assert "The containers of a pod share one network" in text.replace("\n", " ")
    config = text[text.index("    spec:") : text.index("More:")]
    value = {"apiVersion": "krm-injector.dev/v1alpha1", "kind": "SidecarInjection"}
    from krm_injector.kube.yaml import load

    settings = function_config.settings({**value, **load(config)})
    assert settings.severities == {"port-collision": "off"}
    assert "docs/warnings.md#port-collision" in text


def test_the_page_about_an_error_does_not() -> None:
    assert "silence" not in shown("mesh-missing")
    assert "What to do: inject." in shown("verify-not-injected")
    assert shown("label").startswith("label (the reason of a verdict)\n")


def test_the_exit_status_has_a_page_under_both_names() -> None:
    assert shown("exit-status") == shown("exit", "status")
    assert "  inject         stdout is empty\n" in shown("exit-status")
    documented = (ROOT / "docs" / "command-line.md").read_text()
    for status in ("| 0 | done |", "| 1 | refused. Every cause", "| 2 | wrong usage |"):
        assert status in documented


def test_the_environment_names_what_is_read() -> None:
    files = (ROOT / "krm_injector").rglob("*.py")
    source = "".join(path.read_text() for path in files if path.name != "topics.py")
    for row in topics.ENVIRONMENT:
        for name in row[0].removesuffix("...").split(", "):
            assert f'"{name}' in source, name


def test_all_fields_are_told() -> None:
    for kind in KINDS:
        text = shown("config", kind)
        assert all(f"\n{field.path} (" in text for field in fields(kind))
    assert shown("config").count("spec.method (string, default automatic)\n") == 1


def test_a_field_whose_values_are_codes_says_where_they_are() -> None:
    text = " ".join(shown("config", "silence.code").split())
    assert "krm-injector help codes lists them." in text and "host-port" not in text


@pytest.mark.parametrize(
    "part", ["mesh", "spec.mesh", "mesh.webhooks[].kind", "mesh.webhooks.kind"]
)
def test_a_field_is_told_with_those_below_it(part: str) -> None:
    heads = [line for line in shown("config", part).splitlines() if not line.startswith(" ")]
    assert all(head.startswith("spec.mesh") for head in filter(None, heads))
    assert "spec.mesh.webhooks[].kind (string, required)" in heads


# ---------------------------------------------------------------- what there is no help about


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["port-colision"], "did you mean port-collision?"),
        (["Config"], "did you mean config?"),
        (["explian"], "did you mean explain?"),
        (["frobnicate"], "krm-injector help topics lists them"),
        (["config", "cluser"], "did you mean cluster?"),
        (["config", "spec.mesh.fil"], "did you mean mesh.file?"),
        (["config", "sidecarinjection"], "did you mean SidecarInjection?"),
        (["config", "xyzzy"], "kinds are SidecarInjection"),
        (["build", "--output", "json"], "--output json is for help config"),
        (["build", "--output", "mann"], "did you mean man?"),
        (["a", "b", "c"], "one path too many"),
    ],
)
def test_what_may_be_meant(words: list[str], message: str) -> None:
    done = krm_text("help", *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["fleet", "bild"], "fleet has no command 'bild'; did you mean build?"),
        (["fleet", "xyz"], "known: list, build, explain, verify, plan, merge"),
        (["fleet", "--quiet"], "fleet what? One of: fleet list"),
        (["inject", "--method", "manul"], "did you mean manual?"),
        (["explain", "--output", "jsno"], "did you mean json?"),
    ],
)
def test_mistyped_words_get_the_nearest_right_one(words: list[str], message: str) -> None:
    done = krm_text(*words)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr


@pytest.mark.parametrize(
    ("words", "page"),
    [
        (["inject", "--bogus"], "krm-injector inject --help."),
        (["fleet", "plan"], "krm-injector fleet plan --help."),
        (["fleet", "bild"], "krm-injector fleet --help."),
        (["bogus"], "krm-injector --help."),
        (["--bogus"], "krm-injector --help."),
    ],
)
def test_wrong_usage_names_the_page_about_the_command(words: list[str], page: str) -> None:
    assert krm_text(*words).stderr.endswith(f"Try {page}\n")


# ---------------------------------------------------------------- data


def test_the_schema_can_be_had_without_network() -> None:
    assert (
        krm("help", "config", "-o", "json").stdout == Path(function_config.SCHEMA_FILE).read_bytes()
    )


def test_codes_as_data() -> None:
    rows = json.loads(shown("codes", "--output", "json"))
    assert [row["code"] for row in rows] == list(codes.entries())
    (row,) = json.loads(shown("port-collision", "--output", "json"))
    assert row["severities"] == ["warning"] and row["page"].endswith("#port-collision")


# ---------------------------------------------------------------- man


@pytest.mark.parametrize("topic", [*PAGES, "port-collision", "kpt-not-run", "yaml-merge"])
def test_man_reads_the_pages(topic: str, tmp_path: Path) -> None:
    needs_program("mandoc")
    page = topics.page(topic)
    path = tmp_path / man.file_name(page)
    path.write_text(man.text(page))
    done = subprocess.run(
        ["mandoc", "-T", "lint", "-W", "warning", path], capture_output=True, text=True, check=False
    )  # fmt: skip
    # There is no date: the same program prints the same page.
    faults = [line for line in done.stdout.splitlines() if "missing date" not in line]
    assert faults == []


def test_nothing_of_a_text_is_read_as_groff() -> None:
    needs_program("groff")
    texts = [".TH is a macro", "'quoted' at the start", "a \\fBslash", '--mesh-version `x` ^ ~ "y"']
    literal = Literal((".nf", "a: '\\n'", ""))
    page = Page("x", 7, "a page", [*map(Text, texts), literal, Rows("words", [(".b", "'c")])])
    done = subprocess.run(
        ["groff", "-man", "-Tascii", "-P-cbou"],
        input=man.text(page),
        capture_output=True,
        text=True,
        check=True,
    )
    for text in (*texts, ".nf", "a: '\\n'", ".b", "'c"):
        assert text in done.stdout, done.stdout


def test_pages_are_written_for_packages(tmp_path: Path) -> None:
    man_pages.write(tmp_path)
    names = {path.name for path in tmp_path.iterdir()}
    commands = {f"krm-injector-{name.replace(' ', '-')}.1" for name in COMMANDS if name}
    assert {"krm-injector.1", "krm-injector-config.5", "krm-injector-codes.7"} <= names
    assert commands <= names
    assert (tmp_path / "krm-injector-build.1").read_text() == shown("build", "--output", "man")
