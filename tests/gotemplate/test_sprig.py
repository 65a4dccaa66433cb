"""What the table cannot say about sprig: bounds on work, nothing changed that Go leaves alone,
cheap import.
"""

from __future__ import annotations

import subprocess
import sys
import time
from typing import Any

import pytest

from krm_injector.gotemplate import Account, ExecError, FuncError, LimitExceeded, parse
from krm_injector.gotemplate.sprig import FUNCS
from krm_injector.gotemplate.values import Int64

# Every name of sprig v3.3.0's TxtFuncMap: a template that names one must parse.
NAMES = 211


def call(name: str, *arguments: Any) -> Any:
    return FUNCS[name].call(*arguments)


def run(template: str, data: Any = None) -> str:
    return parse(template, name="t", funcs=FUNCS).execute(data)


def test_every_name_of_sprig_is_there() -> None:
    assert len(FUNCS) == NAMES


@pytest.mark.slow
@pytest.mark.parametrize(
    "template",
    [
        '{{ repeat 8388609 "ab" }}',
        '{{ indent 16777216 "a" }}',
        '{{ $x := "aaaaaaaa" }}{{ range 22 }}{{ $x = cat $x $x }}{{ end }}',
        '{{ $x := repeat 4097 "a" }}{{ replace "a" $x $x }}',
        "{{ until 16777217 }}",
        "{{ untilStep 0 50331652 3 }}",
        "{{ seq 16777217 }}",
        '{{ $l := list 1 2 }}{{ range 24 }}{{ $l = concat $l $l }}{{ end }}',
        '{{ $l := list "a" "b" }}{{ range 20 }}{{ $l = list $l $l }}{{ end }}{{ toJson $l }}',
        '{{ $l := list 1 }}{{ range 20 }}{{ $l = list $l $l }}{{ end }}{{ deepCopy $l }}',
        '{{ $l := list 1 }}{{ $m := list 1 }}{{ range 20 }}{{ $l = list $l $l }}'
        "{{ $m = list $m $m }}{{ end }}{{ has $l (list $m) }}",
        '{{ $d := dict "a" 1 }}{{ $e := dict "a" 1 }}{{ range 20 }}{{ $d = dict "a" $d "b" $d }}'
        '{{ $e = dict "a" $e "b" $e }}{{ end }}{{ merge $d $e }}',
        '{{ $l := list 1 }}{{ range 20 }}{{ $l = list $l $l }}{{ end }}{{ quote $l }}',
        '{{ $x := repeat 4200000 "a" }}{{ b32enc $x | b32enc | b32enc }}',
        '{{ regexReplaceAll "a" (repeat 4097 "a") (repeat 4097 "b") }}',
        '{{ regexMatch "(a|a)*(a|a)*(a|a)*b" (repeat 1000000 "a") }}',
        '{{ join (repeat 4097 "-") (until 4098) }}',
    ],
)  # fmt: skip
def test_enormous_results_are_refused_quickly(template: str) -> None:
    start = time.process_time()
    with pytest.raises(LimitExceeded):
        run(template)
    assert time.process_time() - start < 20


@pytest.mark.parametrize(
    "pattern", ["(a*)*b", "(a|aa)+$x", "(a|a?)+b", "(.*)(.*)(.*)(.*)(.*)[xy]", "(a?){30}a{30}b"]
)
def test_patterns_that_trap_backtracking_engines_end(pattern: str) -> None:
    start = time.process_time()
    assert call("regexMatch", pattern, "a" * 2000) is False
    assert time.process_time() - start < 10


@pytest.mark.slow
def test_long_texts_are_searched() -> None:
    text = "line of text, number\n" * 20000
    assert len(call("regexFindAll", "n[a-z]mber", text, -1)) == 20000
    assert call("regexReplaceAll", "num", text, "").count("ber") == 20000


@pytest.mark.parametrize("name", ["toJson", "deepCopy", "toPrettyJson", "mustToJson"])
def test_values_that_hold_themselves_do_not_hang(name: str) -> None:
    template = f'{{{{ $d := dict }}}}{{{{ $_ := set $d "d" $d }}}}{{{{ {name} $d | len }}}}'
    try:
        assert run(template) == "0"  # toJson swallows its errors, as sprig does
    except ExecError as error:
        assert name in str(error) or isinstance(error, LimitExceeded)


def test_merging_a_dictionary_into_itself_ends() -> None:
    assert (
        run('{{ $d := dict "a" 1 }}{{ $_ := set $d "d" $d }}{{ $_ := merge $d $d }}{{ $d.a }}')
        == "1"
    )


def test_lists_are_never_changed_in_place() -> None:
    data = {"l": ["b", "a"]}
    run(
        '{{ append .l "c" }}{{ prepend .l "c" }}{{ reverse .l }}{{ sortAlpha .l }}{{ uniq .l }}{{ '
        "rest .l }}",
        data,
    )
    assert data == {"l": ["b", "a"]}


def test_copies_are_deep_and_merges_share_as_in_go() -> None:
    inner = {"x": 1}
    copied = call("deepCopy", {"a": inner, "l": [inner]})
    copied["a"]["x"] = 2
    copied["l"][0]["x"] = 3
    assert inner == {"x": 1}
    target: dict[str, Any] = {}
    call("merge", target, {"a": inner})
    assert target["a"] is inner


def test_arithmetic_is_int64() -> None:
    assert type(call("add", 1, 2)) is Int64
    assert call("mul", 1 << 62, 4) == 0
    assert call("sub", -(1 << 63), 1) == (1 << 63) - 1


def test_a_template_gives_the_same_answer_twice() -> None:
    data = {"b": 1, "a": {"d": [1, 2], "c": "x"}}
    template = '{{ keys . }}{{ values . }}{{ toJson . }}{{ omit . "b" }}{{ toString . }}'
    assert run(template, data) == run(template, dict(reversed(data.items())))


@pytest.mark.parametrize("text", ["[" * 201, '{"a":' * 201, "[" * 201 + "]" * 201])
def test_deep_json_is_an_error_or_a_value(text: str) -> None:
    try:
        call("mustFromJson", text)
    except FuncError as error:
        assert str(error)


def test_importing_sprig_imports_no_heavy_module() -> None:
    code = (
        "import sys; before = set(sys.modules); import krm_injector.gotemplate.sprig;heavy = "
        "{'hashlib', 'decimal', 'base64', 'ipaddress', 'unicodedata', 'importlib.metadata', "
        "'inspect'};print(sorted(heavy & (set(sys.modules) - before)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# ---------------------------------------------------------------- the work of regular expressions

HOSTILE = [
    '{{ regexMatch "(a*)*(a|b)*(c*d*)*x" (repeat 200000 "a") }}',
    '{{ range until 10000 }}{{ regexMatch "(a*)*b" (repeat 4000 "a") }}{{ end }}',
    '{{ range until 100000 }}{{ regexReplaceAll "a(.*b)?" (repeat 300 "a") "x" }}{{ end }}',
    '{{ range until 100000 }}{{ regexFindAll ".*.*.*x" (repeat 90 "a") -1 }}{{ end }}',
    '{{ range until 100000 }}{{ regexMatch (printf "(?i)[\u0100-\u1dff]%d" .) "x" }}{{ end }}',
    (
        '{{ range until 100000 }}{{ regexMatch (printf "(?i)%s%d" '
        '(repeat 1000 "[\u0100-\u1dff]") .) "x" }}{{ end }}'
    ),
    '{{ range until 100000 }}{{ regexMatch (printf "\\\\pL\\\\p{Lu}\\\\p{Mn}%d" .) "x" }}{{ end }}',
    (
        '{{ range until 100000 }}{{ regexMatch (printf "(%s)*%d" (repeat 500 "(a)") .) '
        '(repeat 3000 "a") }}{{ end }}'
    ),
    (
        '{{ range until 100000 }}{{ regexMatch (printf "(a{1000}){1,1}%d" .) (repeat 3000 "a") }}'
        "{{ end }}"
    ),
    (
        '{{ range until 100000 }}{{ regexMatch (printf "(((a|b){0,10}){0,10})*%d" .) (repeat 3000 '
        '"a") }}{{ end }}'
    ),
    '{{ range until 100000 }}{{ regexSplit "" (repeat 4000 "a") -1 }}{{ end }}',
    '{{ range until 100000 }}{{ regexQuoteMeta (repeat 4000 ".") }}{{ end }}',
    "{{ $l := until 4000 }}{{ range until 100 }}{{ $x := uniq $l }}{{ end }}",
    "{{ range until 100000 }}{{ $x := deepEqual (until 3000) (until 3000) }}{{ end }}",
]


@pytest.mark.slow
@pytest.mark.parametrize("template", HOSTILE)
def test_all_calls_of_an_execution_have_one_budget(template: str) -> None:
    start = time.process_time()
    with pytest.raises(
        LimitExceeded, match=r"more than 1000000 steps|regular expression is too large"
    ):
        run(template)
    assert time.process_time() - start < 10


@pytest.mark.parametrize(
    "template",
    [
        (
            '{{ range until 50 }}{{ regexReplaceAll "[^a-z0-9-]+" '
            '"registry.example.org/shop/web:1.30.3" "-" }}{{ end }}'
        ),
        (
            '{{ regexFind "^(v)?([0-9]+)\\\\.([0-9]+)(-.*)?$" "v1.30-rc.0" }}{{ regexMatch '
            '"(?i)[a-z]-[0-9]" "A-1" }}'
        ),
        (
            '{{ regexSplit "\\\\s*,\\\\s*" (repeat 20 "15001 , ") -1 }}'
            '{{ regexMatch "\\\\p{Lu}" "a" }}'
        ),
    ],
)
def test_honest_expressions_are_far_from_it_and_cost_the_same_each_time(template: str) -> None:
    parsed = parse(template, funcs=FUNCS)
    spent = []
    for _ in range(3):  # whether anything was compiled before makes no difference
        account = Account(1_000_000)
        parsed.execute({}, account=account)
        spent.append(1_000_000 - account.left)
    assert spent[0] == spent[1] == spent[2] and 0 < spent[0] < 30_000


def test_an_account_is_of_several_executions() -> None:
    account = Account(1000)
    looping = parse("{{ range until 300 }}{{ end }}", funcs=FUNCS)
    assert [looping.execute({}, account=account) for _ in range(3)] == ["", "", ""]
    for _ in range(2):
        with pytest.raises(LimitExceeded):
            looping.execute({}, account=account)
    assert looping.execute({}) == ""


@pytest.mark.parametrize("name", ["mustRegexMatch", "regexFind"])
def test_a_pattern_that_is_no_utf8_is_refused(name: str) -> None:
    with pytest.raises(ExecError, match="error parsing regexp: invalid UTF-8: `\udcffb`"):
        run(f'{{{{ {name} "a\\xffb" "x" }}}}')


@pytest.mark.parametrize("value", ["(list)", "(dict)", ".s"])
def test_an_address_of_memory_is_refused(value: str) -> None:
    with pytest.raises(ExecError, match="%p prints an address of memory"):
        run(f'{{{{ printf "%p" {value} }}}}', {"s": [1]})


# Each of these takes a few thousand characters or items many times over: without steps for what it
# does inside, a million turns would take hours.
COSTLY = (
    'title .s', 'untitle .s', 'swapcase .s', 'camelcase .s', 'snakecase .s', 'kebabcase .s',
    'initials .s', 'nospace .s', 'wrap 1 .s', 'b64dec .b', 'b32dec .b', 'fromJson .j',
    'sortAlpha .l', 'toStrings .l', 'join "," .l', 'toJson .l', 'uniq .l', 'compact .l',
    'chunk 1 .l', 'js .s', 'urlquery .s', 'split "." .s', 'keys .m', 'values .m', 'omit .m "a"',
)  # fmt: skip


@pytest.mark.parametrize("call", COSTLY)
def test_functions_pay_for_what_they_do(call: str) -> None:
    data = {
        "s": "a." * 2000, "b": "AAAA" * 1000, "j": "[" + "1," * 2000 + "1]",
        "l": [1.5, "b"] * 2000, "m": {f"k{i}": i for i in range(4000)},
    }  # fmt: skip
    account = Account(1_000_000)
    parse(f"{{{{ $x := {call} }}}}", name="t", funcs=FUNCS).execute(data, account=account)
    assert 1_000_000 - account.left > 200


def test_words_are_found_in_linear_time() -> None:
    started = time.process_time()
    run('{{ $x := snakecase (repeat 150000 "a.") }}')
    assert time.process_time() - started < 10


def test_a_map_pays_for_its_order_before_the_first_turn() -> None:
    account = Account(1_000_000)
    data = {f"k{i}": i for i in range(4000)}
    parse("{{ range . }}{{ break }}{{ end }}", name="t").execute(data, account=account)
    assert 1_000_000 - account.left > 500
