"""json's C parts give what json gives."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest
from paths import ROOT

from krm_injector.kube import c_json

VALUES: list[Any] = [
    {},
    [],
    {"a": [1, -2, 10**20, 1.5, 1e22, 1e-7, float("nan"), float("-inf"), True, False, None]},
    {"é\u2028\ud800": 'q"\\\n\x00\x7f', "": {"b": [[], {}, [{}]]}},
    {True: 1, None: 2, 3: 4, 2.5: 5},
    ["a", ("b", ("c",))],
    "text",
    1,
    None,
]


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_compact_is_dumps(value: Any) -> None:
    assert c_json.compact(value) == json.dumps(value, ensure_ascii=False, separators=(",", ":"))


@pytest.mark.parametrize("value", [{"b": 1, "a": {"d": 1, "c": [2, {"y": 1, "x": "é"}]}}, 1.5])
def test_keys_are_sorted_as_dumps_sorts_them(value: Any) -> None:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    assert c_json.with_sorted_keys(value) == text


@pytest.mark.parametrize(
    "value", [{"a": object()}, [{1}], {(1, 2): 3}], ids=["object", "set", "key"]
)
def test_what_json_refuses_is_refused(value: Any) -> None:
    with pytest.raises(TypeError) as theirs:
        json.dumps(value)
    with pytest.raises(TypeError) as ours:
        c_json.compact(value)
    assert str(ours.value) == str(theirs.value)


def test_the_c_encoder_is_there_and_imports_no_json() -> None:
    """Only speed would suffer; but then the fallback should be on purpose."""
    program = (
        "import sys\nfrom krm_injector.kube.c_json import compact\n"
        "print(compact({'a': [1]}), 'json' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT)
    assert done.stdout == '{"a":[1]} False\n', done.stderr


def test_without_the_c_module_json_answers() -> None:
    program = (
        "import sys\nsys.modules['_json'] = None\n"
        "from krm_injector.kube.c_json import compact, encode_basestring\n"
        "print(compact({'a': [1]}), encode_basestring('x'))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT)
    assert done.stdout == '{"a":[1]} "x"\n', done.stderr


@pytest.mark.parametrize(
    "text", ["[" * 201 + "]" * 201, '{"a":' * 201 + "1" + "}" * 201, "[" * 5000]
)
def test_a_text_nested_beyond_the_bound_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"nested|Expecting"):
        c_json.bounded_loads(text)


@pytest.mark.parametrize(
    "text",
    [
        "[" * 200 + "]" * 200,
        '["' + "[" * 300 + '"]',
        "[" + "[]," * 300 + "{}]",
        '"[' * 1 + '"',
        "1",
    ],
)
def test_a_text_within_the_bound_is_read(text: str) -> None:
    assert c_json.bounded_loads(text) == json.loads(text)
