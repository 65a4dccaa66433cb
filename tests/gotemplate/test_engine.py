"""The engine's own contract: places in errors, bounds on hostile templates, reuse, delimiters,
typed values.
"""

from __future__ import annotations

import time
from threading import Barrier, Thread

import pytest

from krm_injector.gotemplate import (
    ExecError,
    Func,
    FuncError,
    LimitExceeded,
    Limits,
    ParseError,
    StringMap,
    TemplateError,
    TooLarge,
    parse,
)
from krm_injector.gotemplate.format import sprint, sprintf
from krm_injector.gotemplate.runtime import spend
from krm_injector.gotemplate.values import Int64, StringList, go_len, truth, type_name

TEN = '{{$x := "0123456789"}}'


def test_error_carries_its_place() -> None:
    with pytest.raises(ExecError) as caught:
        parse("a: 1\nü: {{ .a.b.c }}\n", "inject").execute({"a": {"b": "text"}})
    error = caught.value
    assert (error.name, error.line, error.column, error.context) == ("inject", 2, 9, ".a.b.c")
    assert error.message == "can't evaluate field c in type interface {}"
    assert str(error) == f'template: inject:2:9: executing "inject" at <.a.b.c>: {error.message}'


def test_parse_error_carries_its_line() -> None:
    with pytest.raises(ParseError) as caught:
        parse("one\n{{ if .x }}\n{{ nope }}", "inject")
    assert (caught.value.name, caught.value.line) == ("inject", 3)
    assert str(caught.value) == 'template: inject:3: function "nope" not defined'


def test_delimiters_can_be_chosen() -> None:
    assert (
        parse("<< .a >> {{.a}} <<- .a ->> x", delims=("<<", ">>")).execute({"a": 1}) == "1 {{.a}}1x"
    )


def test_a_template_runs_again_and_leaves_its_data_alone() -> None:
    data = {"l": [1.0, 2.0], "m": {"a": "b"}}
    template = parse(
        "{{$s := 0}}{{range $i, $e := .l}}{{$s = $i}}{{end}}{{$s}}{{range $k, $v := "
        ".m}}{{$k}}{{end}}"
    )
    assert [template.execute(data) for _ in range(2)] == ["1a", "1a"]
    assert data == {"l": [1.0, 2.0], "m": {"a": "b"}}


def test_defined_templates_run_by_name() -> None:
    template = parse('{{define "t"}}[{{.}}]{{end}}x', "main")
    assert template.defined() == ["main", "t"]
    assert template.execute("d", name="t") == "[d]"
    with pytest.raises(ExecError, match="no template"):
        template.execute("d", name="u")


def test_function_errors_and_accidents_become_template_errors() -> None:
    def own(text: str) -> str:
        raise FuncError(text)

    def broken(text: str) -> int:
        return len(text) // 0

    funcs = {"own": Func("own", own, ("string",)), "broken": Func("broken", broken, ("string",))}
    with pytest.raises(ExecError, match=r"error calling own: it is so$"):
        parse('{{own "it is so"}}', funcs=funcs).execute({})
    with pytest.raises(ExecError, match="error calling broken: ZeroDivisionError"):
        parse('{{broken "x"}}', funcs=funcs).execute({})


def test_a_functions_enormous_result_is_a_limit() -> None:
    def large() -> str:
        raise TooLarge("100000000 characters")

    with pytest.raises(LimitExceeded, match=r"inject:1:2: .*error calling large"):
        parse("{{large}}", "inject", {"large": Func("large", large)}).execute({})


def test_own_functions_come_before_builtins() -> None:
    assert (
        parse('{{len "abc"}}', funcs={"len": Func("len", lambda s: "mine", ("string",))}).execute(
            {}
        )
        == "mine"
    )


def chain(links: int, before: str = "", after: str = "") -> str:
    """Templates that call each other in a row; the body of each is around its call."""
    calls = [
        f'{{{{define "t{number}"}}}}{before}{{{{template "t{number + 1}"}}}}{after}{{{{end}}}}'
        for number in range(links)
    ]
    return "".join(calls) + f'{{{{define "t{links}"}}}}{{{{end}}}}{{{{template "t0"}}}}'


# One step beyond Limits: 1,000,000 steps, 100 templates in each other, 16 MiB (TEN doubled 21
# times).
HOSTILE = {
    "huge range": "{{range 1000001}}{{end}}",
    "ranges in ranges": "{{range 101}}{{range 100}}{{range 100}}{{.}}{{end}}{{end}}{{end}}",
    "templates in templates": chain(100),
    "deep templates in templates": chain(100, "{{if true}}" * 60, "{{end}}" * 60),
    "fan-out": "".join(
        f'{{{{define "t{i}"}}}}{{{{template "t{i + 1}"}}}}{{{{template "t{i + 1}"}}}}{{{{end}}}}'
        for i in range(20)
    )
    + '{{define "t20"}}{{end}}{{template "t0"}}',
    "doubling": TEN + "{{$x = print $x $x}}" * 21,
    "doubling in a loop": TEN + '{{range 21}}{{$x = printf "%s%s" $x $x}}{{end}}',
    "many large arguments": TEN + "{{range 20}}{{$x = print $x $x}}{{end}}{{print $x $x}}",
    "many large outputs": TEN + "{{range 19}}{{$x = print $x $x}}{{end}}" + "{{$x}}" * 4,
    "large arguments again and again": TEN
    + "{{range 20}}{{$x = print $x $x}}{{end}}{{range 7}}{{len $x}}{{end}}",
    "widths": '{{printf "%1000000d" 1}}' * 17,
    "quoting": '{{$x := "\\""}}{{range 25}}{{$x = printf "%q" $x}}{{end}}',
    "work in a loop": "{{range 1250}}{{if true}}"
    + "{{$y := print 1 2 3}}" * 800
    + "{{end}}{{end}}",
}


@pytest.mark.slow
@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_templates_stop_soon(text: str) -> None:
    template = parse(text, "inject")
    started = time.process_time()
    with pytest.raises(LimitExceeded) as caught:
        template.execute({})
    assert time.process_time() - started < 10
    assert caught.value.line == 1
    assert "inject:1:" in str(caught.value)


NESTED = {
    "ifs": "{{if true}}" * 101 + "{{end}}" * 101,
    "parentheses": "{{" + "(" * 101 + "1" + ")" * 101 + "}}",
    "pipelines": "{{1" + "|print" * 101 + "}}",
}


@pytest.mark.parametrize("text", NESTED.values(), ids=NESTED.keys())
def test_deep_nesting_is_a_parse_error(text: str) -> None:
    with pytest.raises(ParseError, match=r"inject:1: .*more than 100|inject:1: .*deeper than 100"):
        parse(text, "inject")


def test_nesting_within_bounds_runs() -> None:
    assert parse("{{if true}}" * 90 + "x" + "{{end}}" * 90).execute({}) == "x"
    assert parse("{{" + "(not " * 90 + "true" + ")" * 90 + "}}").execute({}) == "true"
    assert parse("{{if .a}}" + "{{else if .a}}" * 101 + "{{else}}x{{end}}").execute({}) == "x"


def test_limits_are_the_callers() -> None:
    template = parse("{{range 10}}ab{{end}}")
    assert len(template.execute({}, Limits(output=20))) == 20
    with pytest.raises(LimitExceeded, match="output is longer than 19"):
        template.execute({}, Limits(output=19))
    with pytest.raises(LimitExceeded, match="more than 5 steps"):
        template.execute({}, Limits(steps=5))


@pytest.mark.parametrize(
    "text",
    [
        "{{",
        "{{{{",
        "}}",
        "{{}}",
        "{{/*",
        "{{- -}}",
        "{{\x00}}",
        "{{\ud800}}",
        "{{.\udcff}}",
        '{{"\udcff"}}',
        "{{'",
    ],
)
def test_rubbish_is_never_more_than_a_template_error(text: str) -> None:
    try:
        parse(text, "inject").execute({})
    except TemplateError as error:
        assert str(error).startswith("template: inject:1")


def test_types_and_truth_of_values() -> None:
    assert type_name({}) == "map[string]interface {}"
    assert type_name(StringMap()) == "map[string]string"
    assert type_name(StringList()) == "[]string"
    assert type_name(Int64(1)) == "int64"
    assert type_name(None) == "interface {}"
    zeros: list[object] = [None, 0, 0.0, "", [], {}, False]
    assert not any(truth(value) for value in zeros)
    assert go_len("äb") == 3


def test_slice_and_len_count_bytes_of_strings() -> None:
    text = parse(
        '{{slice .s 0 1}}{{len (slice .s 0 1)}}{{printf "%x %q" (slice .s 0 1) (slice .s 0 1)}}'
    ).execute({"s": "ä"})
    assert text.encode("utf-8", "surrogateescape") == b'\xc31c3 "\\xc3"'


def test_sprint_and_sprintf_for_other_modules() -> None:
    assert sprint("a", 1, 2, "b", 1e6, None) == "a1 2b1e+06 <nil>"
    assert (
        sprintf("%05.1f|%-4s|%v", 2.25, "x", {"b": 1.0, "a": [None]})
        == "002.2|x   |map[a:[<nil>] b:1]"
    )


def test_executions_in_two_threads_have_each_their_own_budget() -> None:
    together = Barrier(2, timeout=20)

    def spend_steps() -> str:
        spend(1000)
        return ""

    funcs = {
        "meet": Func("meet", lambda: "" if together.wait() >= 0 else "never"),
        "work": Func("work", spend_steps),
    }
    template = parse("{{ meet }}{{ work }}done", funcs=funcs)
    outcomes: dict[int, str] = {}

    def run(steps: int) -> None:
        try:
            outcomes[steps] = template.execute({}, limits=Limits(steps=steps))
        except LimitExceeded:
            outcomes[steps] = "refused"

    threads = [Thread(target=run, args=(steps,)) for steps in (500, 5000)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert outcomes == {500: "refused", 5000: "done"}
