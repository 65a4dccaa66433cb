"""docs/bounds.md and the code agree, and each bound that refuses is where the page says: the input
at the bound is read, one step beyond it is refused with the page's words.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from builders import bundle, deployment, settings
from paths import ROOT

from krm_injector import codes, pipeline
from krm_injector.decision import suggestions
from krm_injector.discovery import version_inference
from krm_injector.gotemplate import parse, pipelines
from krm_injector.gotemplate.errors import MAX_SIZE, Limits, TemplateError, TooLarge
from krm_injector.gotemplate.sprig import FUNCS, reflect, regex_automaton, regex_syntax, semver
from krm_injector.injection import control_plane
from krm_injector.judging.admission import evaluation, language
from krm_injector.judging.admission.functions import lists
from krm_injector.kube import c_json, credentials, go_json, quantity, twins, workloads, yaml
from krm_injector.kube.yaml import YamlError, events, json_text
from krm_injector.kube.yaml.load import ALIAS_BUDGET
from krm_injector.model import Object
from krm_injector.presenting import diff
from krm_injector.reinjection import open_questions
from krm_injector.reinjection.record import layout
from krm_injector.sources import ignore

PAGE = (ROOT / "docs" / "bounds.md").read_text()
ROWS = {
    cells[0]: cells[1:]
    for cells in (
        [cell.strip() for cell in line.strip("|").split(" | ")]
        for line in PAGE.partition("## Time and memory")[0].splitlines()
        if line.startswith("| ")
    )
}
LIMITS = Limits()

# What a row of the page begins with, and the numbers of its second column.
NUMBERS: dict[str, tuple[int, ...]] = {
    "levels of maps and lists in YAML": (events.MAX_DEPTH,),
    "levels of JSON, in a file": (go_json.MAX_DEPTH,),
    "levels of JSON in the record": (c_json.MAX_DEPTH,),
    "characters of an integer in JSON": (json_text._LONGEST_INTEGER,),
    "digits of a quantity": (quantity._FARTHEST,),
    "characters of a pattern in": (ignore.LONGEST,),
    "nodes that aliases add": (ALIAS_BUDGET,),
    "maps and lists of one object": (workloads._LARGEST,),
    "characters of a line that messages show": (credentials._LONGEST,),
    "steps of one execution": (LIMITS.steps,),
    "steps of all templates": (control_plane.RUN_STEPS,),
    "steps that each workload adds": (control_plane.WORKLOAD_STEPS,),
    "templates that call templates": (LIMITS.depth,),
    "blocks, parentheses": (pipelines.MAX_NESTING,),
    "characters of output": (LIMITS.output,),
    "values that one comparison": (reflect.Visits().left,),
    "width or precision": (1_000_000,),
    "nested groups": (regex_syntax._MAX_DEPTH,),
    "runes of a pattern's classes": (regex_syntax._MAX_WORK,),
    "instructions of an automaton": (regex_automaton._MAX_PROGRAM,),
    "bytes of a version": (semver._MAX_VERSION, semver._MAX_CONSTRAINT, semver._MAX_GROUPS),
    "readings of an old injection": (open_questions.MAX_READINGS,),
    "characters of the record's notes": (layout.MAX_LAYOUT,),
    "workloads that are run once": (version_inference.MOST_WORKLOADS,),
    "values that differ between": (twins.MOST_PLACEHOLDERS,),
    "characters of a CEL": (language._LONGEST,),
    "iterations, and levels": (10_000, 32),
    "bytes of a variable's value": (evaluation._LARGEST_VARIABLE,),
    "numbers of `lists.range`": (lists._LONGEST_RANGE,),
    "numbers of all `lists.range`": (lists._MOST_NUMBERS,),
    "combinations that": (suggestions.MOST, suggestions.MOST_OF_ALL),
    "lines times lines": (diff._MOST_COMPARED,),
}


def row_of(start: str) -> list[str]:
    (row,) = [cells for name, cells in ROWS.items() if name.startswith(start)]
    return row


@pytest.mark.parametrize("start", NUMBERS)
def test_the_page_has_the_numbers_of_the_code(start: str) -> None:
    written = [
        int(number.replace(",", "")) for number in re.findall(r"\d[\d,]*\d|\d", row_of(start)[0])
    ]
    assert tuple(written[: len(NUMBERS[start])]) == NUMBERS[start]


def test_every_row_of_the_page_is_compared() -> None:
    bounds = [name for name in ROWS if name != "bound"]
    assert [name for name in bounds if not name.startswith(tuple(NUMBERS))] == []
    assert LIMITS.output == MAX_SIZE


def test_the_page_names_codes_that_there_are() -> None:
    beyond = " ".join(cells[-1] for cells in ROWS.values())
    named = re.findall(r"`([a-z]+(?:-[a-z]+)+)`", beyond)
    assert named and set(named) <= set(codes.CODES)


def sized(count: int) -> str:
    """A document of 1,000 nodes that aliases repeat."""
    return f"a: &a [{','.join('x' * 999)}]\nb: [{','.join(['*a'] * count)}]\n"


READ: dict[str, tuple[Callable[[int], Any], int, str]] = {
    "flow": (lambda n: yaml.load("[" * n + "]" * n), events.MAX_DEPTH, "yaml-depth"),
    "block": (
        lambda n: yaml.load("".join(" " * level + "a:\n" for level in range(n))),
        events.MAX_DEPTH,
        "yaml-depth",
    ),
    "JSON": (lambda n: yaml.load_json("[" * n + "]" * n), events.MAX_DEPTH, "yaml-depth"),
    # Each alias counts 1,001 nodes: 100,000, and ten times the 1,000 that are written before.
    "aliases": (lambda n: yaml.load(sized(n)), 109, "yaml-alias"),
}


@pytest.mark.parametrize("name", READ)
def test_reading_stops_one_step_beyond(name: str) -> None:
    read, bound, code = READ[name]
    read(bound)
    with pytest.raises(YamlError) as caught:
        read(bound + 1)
    assert caught.value.code == code


def test_json_in_an_annotation_stops_one_level_beyond() -> None:
    bound = go_json.MAX_DEPTH
    go_json.loads("[" * bound + "]" * bound)
    with pytest.raises(go_json.GoJsonError, match="max depth"):
        go_json.loads("[" * (bound + 1) + "]" * (bound + 1))


def chain(links: int) -> str:
    """Templates of which each calls the next."""
    calls = [
        f'{{{{define "t{number}"}}}}{{{{template "t{number + 1}"}}}}{{{{end}}}}'
        for number in range(links)
    ]
    return "".join(calls) + f'{{{{define "t{links}"}}}}{{{{end}}}}{{{{template "t0"}}}}'


TEMPLATES: dict[str, tuple[Callable[[int], str], int, str]] = {
    "steps": (lambda n: f"{{{{range {n}}}}}{{{{end}}}}", LIMITS.steps, "more than 1000000 steps"),
    "templates": (lambda n: chain(n - 1), LIMITS.depth, "exceeded maximum template depth"),
    "blocks": (
        lambda n: "{{if true}}" * n + "{{end}}" * n,
        pipelines.MAX_NESTING,
        "nests deeper than 100",
    ),
    "parentheses": (
        lambda n: "{{" + "(" * n + "1" + ")" * n + "}}",
        pipelines.MAX_NESTING,
        "nests deeper than 100",
    ),
    "commands": (
        lambda n: "{{1" + "|print" * (n - 1) + "}}",
        pipelines.MAX_NESTING,
        "more than 100 commands",
    ),
    "a text": (
        lambda n: f'{{{{$x := repeat {n} "a"}}}}{{{{len $x}}}}',
        MAX_SIZE,
        "larger than 16777216",
    ),
    "output": (
        lambda n: f'{{{{repeat 16777000 "a"}}}}{{{{repeat {n - 16777000} "a"}}}}',
        LIMITS.output,
        "output is longer than 16777216",
    ),
    "groups": (
        lambda n: '{{mustRegexMatch "' + "(" * (n - 1) + "a" + ")" * (n - 1) + '" "a"}}',
        regex_syntax._MAX_DEPTH,
        "nests too deeply",
    ),
    "version": (
        lambda n: f'{{{{semverCompare ">1" "1.0.0-{"a" * (n - 6)}"}}}}',
        semver._MAX_VERSION,
        "version string is too long",
    ),
    "constraint": (
        lambda n: f'{{{{semverCompare "{">1" + " " * (n - 2)}" "1.0.0"}}}}',
        semver._MAX_CONSTRAINT,
        "constraint string is too long",
    ),
    "groups of a constraint": (
        lambda n: f'{{{{semverCompare "{"||".join(["1"] * n)}" "1.0.0"}}}}',
        semver._MAX_GROUPS,
        "too many constraint groups",
    ),
}


@pytest.mark.parametrize("name", TEMPLATES)
def test_templates_stop_one_step_beyond(name: str) -> None:
    text, bound, words = TEMPLATES[name]
    parse(text(bound), "inject", funcs=FUNCS).execute({})
    with pytest.raises(TemplateError, match=re.escape(words)):
        parse(text(bound + 1), "inject", funcs=FUNCS).execute({})


@pytest.mark.parametrize("name", ["steps", "templates", "blocks", "a text", "version"])
def test_a_run_beyond_a_bound_is_refused_with_template_failed(name: str) -> None:
    text, bound, words = TEMPLATES[name]
    template = {"templates": {"sidecar": text(bound + 1)}, "defaultTemplates": ["sidecar"]}
    how = settings(
        mesh={
            "injector": {"config": yaml.dump({**template, "policy": "enabled"}), "values": "{}"},
            "version": "1.30.0",
        },
        namespaces=[{"name": "shop", "labels": {"istio-injection": "enabled"}}],
    )
    outcome = pipeline.run(bundle(deployment()), how)
    (problem,) = [result for result in outcome.results if result.severity == "error"]
    assert problem.code == "template-failed"
    assert words in problem.message


def test_an_automaton_stops_one_instruction_beyond() -> None:
    """20 characters a thousand times, which is as often as Go repeats anything."""

    def instructions(after: str) -> int:
        tree = regex_syntax.parse_regex(f"(?:abcdefghijklmnopqrst){{1000}}{after}")[0]
        return len(regex_automaton.compile_program(tree))

    assert instructions("a") == regex_automaton._MAX_PROGRAM + 2  # one is the match
    with pytest.raises(TooLarge, match="regular expression is too large"):
        instructions("aa")


def test_classes_stop_one_rune_beyond() -> None:
    """Each rune of a class in (?i) is searched for its other cases."""

    def classes(last: int) -> None:
        wide = r"[\x{100}-\x{2040}]" * 6  # 8,000 steps each
        regex_syntax.parse_regex(rf"(?i){wide}[\x{{100}}-\x{{{0x100 + last:x}}}]")

    rest = regex_syntax._MAX_WORK - 6 * 8000
    classes(rest)
    with pytest.raises(TooLarge, match="regular expression is too large"):
        classes(rest + 1)


def test_an_object_larger_than_the_search_is_still_injected() -> None:
    """Beyond _LARGEST maps only a warning can be missing: the item goes through as it is."""
    many: list[Object] = [{} for _ in range(workloads._LARGEST + 1)]
    large = {"apiVersion": "example.com/v1", "kind": "Large", "metadata": {"name": "l"}}
    outcome = pipeline.run(bundle({**large, "spec": {"many": many}}), settings())
    assert [result.code for result in outcome.results if result.severity == "error"] == []
