"""Bundles like those of real repositories: the tables that people see, at 80 and at 200 columns.

For new expectations run pytest tests/presenting/explain/test_bundles.py --snapshot-update, and
look at them.
"""

from __future__ import annotations

import io
import json
import re
import sys
import time
from typing import Any

import pytest
from bundles import generate
from paths import TESTS
from presenting.explanations import rendered

from krm_injector import pipeline
from krm_injector.cli import arguments, streams
from krm_injector.function_config import Settings
from krm_injector.presenting import explain
from krm_injector.presenting.explain import Locations, Style, Suggestions
from krm_injector.presenting.explain.rows import RULE, rows_of
from krm_injector.presenting.text import width
from krm_injector.sources import resource_list

BUNDLES = TESTS / "bundles"

NAMES = sorted(generate.BUNDLES)


def explained(data: bytes, file: str, doubts_only: bool = True) -> tuple[Any, list[dict[str, Any]]]:
    bundle = resource_list.read_manifests(data, file)
    settings = Settings()
    outcome = pipeline.run(bundle, settings)
    assert not [result for result in outcome.results if result.severity == "error"]
    suggestions = Suggestions(outcome.decisions, outcome.meshes, settings, doubts_only)
    return outcome.meshes, explain.entries(
        outcome.decisions, outcome.replacements, Locations([bundle]), suggestions
    )


def of(name: str) -> tuple[bytes, str]:
    return (BUNDLES / f"{name}.yaml").read_bytes(), f"{name}.yaml"


@pytest.mark.parametrize("name", NAMES)
def test_the_file_is_what_the_generator_makes(name: str) -> None:
    assert of(name)[0].decode() == generate.text(generate.BUNDLES[name]())


@pytest.mark.parametrize("name", NAMES)
def test_table(name: str, snapshot: Any) -> None:
    meshes, entries = explained(*of(name))
    for columns in (80, 200):
        text = rendered("table", meshes, entries, Style(width=columns))
        snapshot.assert_match(text, f"{name}-{columns}.txt")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("columns", [60, 72, 80, 100, 132, 200])
def test_no_line_is_too_long_and_every_rule_is_told(name: str, columns: int) -> None:
    meshes, entries = explained(*of(name))
    text = rendered("table", meshes, entries, Style(width=columns))
    assert max(map(width, text.splitlines())) <= columns
    words = "".join(text.split())
    for found in rows_of(entries, 0)[0]:
        assert (
            "".join(found.cells[RULE].removeprefix("no webhook matches: ").split()) in words
            or columns > 80
        )


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("verbose", [False, True])
def test_colour_adds_no_cells(name: str, verbose: bool) -> None:
    meshes, entries = explained(*of(name), doubts_only=not verbose)
    style = Style(width=80, verbose=verbose)
    coloured = rendered("table", meshes, entries, style._replace(colour=True))
    assert "\x1b[32m" in coloured or not any(entry["injected"] for entry in entries)
    assert (
        re.sub(r"\x1b\[\d+m", "", coloured).split()
        == rendered("table", meshes, entries, style).split()
    )


def test_names_that_would_be_cut_to_the_same_are_told_apart() -> None:
    space = generate.namespace("shop", injection="enabled")
    long = [
        f"payments-reconciliation-{region}-worker-of-the-second-shift" for region in ("eu", "us")
    ]
    meshes, entries = explained(
        generate.text(
            [space, *(generate.workload("Deployment", f"shop/{n}") for n in long)]
        ).encode(),
        "a.yaml",
    )
    text = rendered("table", meshes, entries, Style(width=60))
    for region in ("eu", "us"):
        assert f"{region}-worker" in text
    assert max(map(width, text.splitlines())) <= 60


def test_rules_below_the_table_are_numbered_where_a_code_has_several() -> None:
    text = rendered("table", *explained(*of("optin")), Style(width=80))
    row = next(line for line in text.splitlines() if "team-b/quiet" in line)
    code = row[row.index("no-webhook") :]
    assert code.split()[1].isdigit()
    legend = next(line for line in text.splitlines() if line.startswith(code))
    assert "istio-injection=disabled" in legend + text[text.index(legend) :].splitlines()[1]


@pytest.mark.slow
@pytest.mark.parametrize(("groups", "word"), [(300, "various"), (2000, "Namespaces:")])
def test_groups_are_wider_where_there_are_more(groups: int, word: str) -> None:
    """By all but the name, then by Namespace and rule, then by rule alone: never a table without an
    end.
    """
    documents = []
    for number in range(groups):
        name = f"team-{number // 2 if groups < 500 else number}"
        documents += (
            [generate.namespace(name, injection="enabled")]
            if not number % 2 or groups > 500
            else []
        )
        documents.append(
            generate.workload("Deployment" if number % 2 else "StatefulSet", f"{name}/w-{number}")
        )
    meshes, entries = explained(generate.text(documents).encode(), "all.yaml")
    text = rendered("table", meshes, entries, Style(width=140))
    assert word in text
    assert len(text.splitlines()) < 220
    assert "more workloads" not in text
    assert f"{groups:,} workloads: {groups:,} injected, 0 left out." in text


@pytest.mark.parametrize("name", ["optin", "platform", "policy"])
def test_all_the_evidence(name: str, snapshot: Any) -> None:
    meshes, entries = explained(*of(name), doubts_only=False)
    snapshot.assert_match(
        rendered("table", meshes, entries, Style(width=100, verbose=True)), f"{name}-verbose.txt"
    )


def test_markdown(snapshot: Any) -> None:
    snapshot.assert_match(rendered("markdown", *explained(*of("optin"))), "optin.md")


@pytest.mark.slow
def test_many_workloads_are_grouped(snapshot: Any) -> None:
    meshes, entries = explained(generate.text(generate.many()).encode(), "all.yaml")
    snapshot.assert_match(rendered("table", meshes, entries, Style(width=120)), "many-120.txt")
    everything = rendered("table", meshes, entries, Style(width=120, limit=0))
    assert sum("/service-" in line for line in everything.splitlines()) >= len(entries)
    few = rendered("table", meshes, entries, Style(limit=5)).splitlines()
    assert len(few[: few.index("")]) <= 6 and not any("more workloads" in line for line in few)
    fewer = rendered("table", meshes, entries, Style(limit=2)).splitlines()
    assert "more workloads; --limit 0 shows each" in fewer[3]


@pytest.mark.parametrize("name", NAMES)
def test_json_is_as_its_schema_says(name: str) -> None:
    import jsonschema

    schema = json.loads((BUNDLES.parent.parent / "docs" / "explain.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    answer = json.loads(rendered("json", *explained(*of(name), doubts_only=False)))
    jsonschema.validate(answer, schema)
    answer["workloads"][0]["reason"] = "whim"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(answer, schema)


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("seconds", "said"), [(0.9, False), (1.1, True)])
def test_progress_is_told_where_a_run_takes_more_than_a_second(
    seconds: float, said: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The whole run, by a clock that goes on with every style at it: ten workloads in so many
    seconds.
    """
    bundle = resource_list.read_manifests(generate.text(generate.many(10)).encode(), "all.yaml")
    times = iter([0.0, *(seconds * number / 10 for number in range(1, 11))])
    monkeypatch.setattr(time, "monotonic", lambda: next(times))
    terminal = _Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    progress = streams.progress(arguments.parse(["explain", "all.yaml"]))
    assert progress is not None
    pipeline.run(bundle, Settings(), progress)
    assert (
        "10 of 10 workloads" in terminal.getvalue() or "9 of 10 workloads" in terminal.getvalue()
    ) is said
    assert terminal.getvalue().endswith("\r\x1b[K"), "nothing of it stays"


def test_no_progress_where_nobody_looks_or_wants_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    assert streams.progress(arguments.parse(["explain", "all.yaml"])) is None
    monkeypatch.setattr(sys, "stderr", _Terminal())
    assert streams.progress(arguments.parse(["explain", "--quiet", "all.yaml"])) is None
