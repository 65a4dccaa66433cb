"""What the table cannot say about sprig: bounds on work, nothing changed that Go leaves alone, cheap import."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import Any

import pytest

from krm_injector.gotemplate import ExecError, FuncError, LimitExceeded, parse
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


@pytest.mark.parametrize(
    "template",
    [
        '{{ repeat 1000000000 "ab" }}',
        '{{ indent 1000000000 "a" }}',
        '{{ $x := "aaaaaaaa" }}{{ range 40 }}{{ $x = cat $x $x }}{{ end }}',
        '{{ $x := repeat 4000000 "a" }}{{ replace "a" $x $x }}',
        "{{ until 1000000000 }}",
        "{{ untilStep 0 1000000000000 3 }}",
        "{{ seq 1000000000 }}",
        '{{ $l := list 1 2 }}{{ range 60 }}{{ $l = concat $l $l }}{{ end }}',
        '{{ $l := list "a" "b" }}{{ range 60 }}{{ $l = list $l $l }}{{ end }}{{ toJson $l }}',
        '{{ $l := list 1 }}{{ range 60 }}{{ $l = list $l $l }}{{ end }}{{ deepCopy $l }}',
        '{{ $l := list 1 }}{{ $m := list 1 }}{{ range 60 }}{{ $l = list $l $l }}'
        "{{ $m = list $m $m }}{{ end }}{{ has $l (list $m) }}",
        '{{ $d := dict "a" 1 }}{{ $e := dict "a" 1 }}{{ range 60 }}{{ $d = dict "a" $d "b" $d }}'
        '{{ $e = dict "a" $e "b" $e }}{{ end }}{{ merge $d $e }}',
        '{{ $l := list 1 }}{{ range 60 }}{{ $l = list $l $l }}{{ end }}{{ quote $l }}',
        '{{ $x := repeat 8000000 "a" }}{{ b32enc $x | b32enc | b32enc }}',
        '{{ regexReplaceAll "a" (repeat 100000 "a") (repeat 100000 "b") }}',
        '{{ regexMatch "(a|a)*(a|a)*(a|a)*b" (repeat 1000000 "a") }}',
        '{{ join (repeat 100000 "-") (until 100000) }}',
    ],
)  # fmt: skip
def test_enormous_results_are_refused_quickly(template: str) -> None:
    start = time.process_time()
    with pytest.raises(LimitExceeded):
        run(template)
    assert time.process_time() - start < 20


@pytest.mark.parametrize("pattern", ["(a*)*b", "(a|aa)+$x", "(a|a?)+b", "(.*)(.*)(.*)(.*)(.*)[xy]", "(a?){30}a{30}b"])
def test_patterns_that_trap_backtracking_engines_end(pattern: str) -> None:
    start = time.process_time()
    assert call("regexMatch", pattern, "a" * 2000) is False
    assert time.process_time() - start < 10


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
    assert run('{{ $d := dict "a" 1 }}{{ $_ := set $d "d" $d }}{{ $_ := merge $d $d }}{{ $d.a }}') == "1"


def test_lists_are_never_changed_in_place() -> None:
    data = {"l": ["b", "a"]}
    run('{{ append .l "c" }}{{ prepend .l "c" }}{{ reverse .l }}{{ sortAlpha .l }}{{ uniq .l }}{{ rest .l }}', data)
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


def test_same_answer_twice() -> None:
    data = {"b": 1, "a": {"d": [1, 2], "c": "x"}}
    template = '{{ keys . }}{{ values . }}{{ toJson . }}{{ omit . "b" }}{{ toString . }}'
    assert run(template, data) == run(template, dict(reversed(data.items())))


@pytest.mark.parametrize("text", ["[" * 5000, '{"a":' * 5000, "[" * 5000 + "]" * 5000])
def test_deep_json_is_an_error_or_a_value(text: str) -> None:
    try:
        call("mustFromJson", text)
    except FuncError as error:
        assert str(error)


def test_import_is_cheap() -> None:
    code = (
        "import sys; before = set(sys.modules); import krm_injector.gotemplate.sprig;"
        "heavy = {'hashlib', 'decimal', 'base64', 'ipaddress', 'unicodedata', 'importlib.metadata', 'inspect'};"
        "print(sorted(heavy & (set(sys.modules) - before)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
