"""Kubernetes' YAML: reading against a table of answers of sigs.k8s.io/yaml v1.6, writing against
every reader.
"""

from __future__ import annotations

import json
import random
import re
import subprocess
import sys
from typing import Any, ClassVar

import pytest
import yaml as pyyaml
from paths import ROOT, TESTS

from krm_injector.kube import yaml
from krm_injector.kube.yaml import YamlError, same

TABLES = TESTS / "kube"


def table(name: str) -> list[Any]:
    rows: list[Any] = json.loads((TABLES / name).read_text())
    return rows


# What Go answers and this project does not, each on purpose.
DELIBERATE = {
    "%YAML 1.2\n---\na: b\n": "go-yaml v2 refuses YAML 1.2's directive",
    'a: "\\x41\\u0042\\U0001F600\\n\\/"\n': (
        "go-yaml v2 does not know the escape \\/ of YAML 1.2 and JSON"
    ),
    "c:\n  <<: &a [{a: 1}]\nd:\n  <<: *a\n": "go-yaml v2 refuses an alias of a sequence in a merge",
    "!!float .inf: a\n": "infinity as a key",
    "!!float -.inf: a\n": "infinity as a key",
    "!!float +.INF: a\n": "infinity as a key",
    "!!float .nan: a\n": "NaN as a key",
}


def as_kubernetes(text: str) -> Any:
    """JSON as the API server reads it: numbers beyond int64 are floats."""

    def whole(digits: str) -> int | float:
        number = int(digits)
        return number if -(2**63) <= number < 2**63 else float(digits)

    return json.loads(text, parse_int=whole, parse_float=lambda digits: float(digits))


def test_reading_is_that_of_go() -> None:
    wrong = []
    for text, answer in table("yaml_table.json"):
        if text in DELIBERATE:
            continue
        try:
            value = yaml.load(text, strict=False)
        except YamlError as error:
            if "error" not in answer:
                wrong.append((text, answer, str(error)))
            continue
        if "error" in answer or not same(
            as_kubernetes(json.dumps(value)), as_kubernetes(answer["json"])
        ):
            wrong.append((text, answer, value))
    assert wrong == []


@pytest.mark.parametrize("text", DELIBERATE)
def test_deliberate_differences_are_still_there(text: str) -> None:
    answer = {row[0]: row[1] for row in table("yaml_table.json")}[text]
    try:
        value = yaml.load(text, strict=False)
    except YamlError:
        assert "json" in answer
    else:
        assert "error" in answer or value != json.loads(answer["json"])


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("y", True), ("Y", True), ("yes", True), ("on", True), ("n", False), ("No", False),
        ("OFF", False),
        ("yEs", "yEs"), ("0755", 493), ("0o14", 12), ("0x1F", 31), ("0b11", 3), ("1_000", 1000),
        ("1e3", 1000),
        ("08", 8), (".5", 0.5), ("-.5", -0.5), ("1.0", 1), ("2001-01-01", "2001-01-01"),
        ("12:30:45", "12:30:45"),
        ("=", "="), ("~", None), ("Null", None), ("nULL", "nULL"), ("100m", "100m"), ("1e", "1e"),
        ("0x", "0x"),
        ("'1'", "1"), ('"y"', "y"), ("!!str 1", "1"), ("!!int '1'", 1), ("!!float 1", 1),
        ("!!binary aGk=", "hi"),
        ("", None), ("18446744073709551615", 2**64 - 1), ("1e999", "1e999"),
    ],
)  # fmt: skip
def test_scalars(text: str, value: Any) -> None:
    read = yaml.load(f"k: {text}")["k"]
    assert (read, type(read)) == (value, type(value))


def test_numbers_can_be_read_as_floats() -> None:
    value = yaml.load("{a: 1, b: 0755, c: 1.5, d: [2], e: '1', f: true}", numbers="float")
    assert value == {"a": 1.0, "b": 493.0, "c": 1.5, "d": [2.0], "e": "1", "f": True}
    assert [type(v) for v in (value["a"], value["b"], value["d"][0], value["f"])] == [
        float,
        float,
        float,
        bool,
    ]


def test_keys_become_strings() -> None:
    assert yaml.load("{1: a, y: b, 1.5: c, 0x10: d, off: e}") == {
        "1": "a",
        "true": "b",
        "1.5": "c",
        "16": "d",
        "false": "e",
    }


def test_merge_keys_are_merged() -> None:
    text = "x: &x {a: 1, b: 1}\ny: &y {b: 2, c: 2}\nz:\n  <<: [*x, *y]\n  c: 3\n"
    assert yaml.load(text)["z"] == {"a": 1, "b": 1, "c": 3}


def test_a_byte_order_mark_is_passed_over() -> None:
    assert yaml.load("\ufeffa: 1") == {"a": 1}


@pytest.mark.parametrize(
    ("text", "code", "line", "column", "says"),
    [
        ("a: [1,\n", "yaml-syntax", 2, 1, "flow"),
        ("a: 1\nb: 2\na: 3\n", "yaml-duplicate-key", 3, 1, '"a"'),
        ("1: a\n'1': b\n", "yaml-duplicate-key", 2, 1, '"1"'),
        ("? [a]\n: b\n", "yaml-key", 1, 3, "key"),
        ("~: b\n", "yaml-key", 1, 1, "null"),
        ("a: !foo b\n", "yaml-tag", 1, 4, "!foo"),
        ("a: !!set {b}\n", "yaml-tag", 1, 4, "!!set"),
        ("a: !!int x\n", "yaml-tag", 1, 4, "!!int"),
        ("a: *b\n", "yaml-alias", 1, 4, "no anchor"),
        ("a: &a [*a]\n", "yaml-alias", 1, 8, "itself"),
        ("a: .nan\n", "yaml-number", 1, 4, ".nan"),
        ("a: 1\n---\nb: 1\n", "yaml-documents", 2, 1, "second document"),
        ("a: \x00\n", "yaml-character", 1, 4, "U+0000"),
        ("a: b\nc: \x07\n", "yaml-character", 2, 4, "U+0007"),
        ("a: \ud800\n", "yaml-character", 1, 4, "U+D800"),
        ("a:\n\t- b\n", "yaml-syntax", 2, 1, "token"),
        ("[" * 201, "yaml-depth", 1, 201, "200"),
        ("é:\n  " + "[" * 200, "yaml-depth", 2, 202, "200"),
        ("a:\n  <<: 1\n", "yaml-merge", 2, 3, "<<"),
    ],
)
def test_errors(text: str, code: str, line: int, column: int, says: str) -> None:
    with pytest.raises(YamlError) as caught:
        yaml.load(text)
    error = caught.value
    assert (error.code, error.line, error.column) == (code, line, column)
    assert says in error.problem


def test_depth_200_is_read() -> None:
    value = yaml.load("[" * 200 + "]" * 200)
    for _ in range(199):
        (value,) = value
    assert value == []


def test_aliases_that_would_explode_are_refused() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 6)]
    with pytest.raises(YamlError, match="aliases expand"):
        yaml.load("\n".join(lines))


def test_many_harmless_aliases_are_read() -> None:
    text = "base: &b {cpu: 1, memory: 2}\n" + "".join(f"k{n}: *b\n" for n in range(1000))
    assert len(yaml.load(text)) == 1001


def test_a_stream_has_its_documents_with_their_places() -> None:
    text = "---\n# only a comment\n---\na: 1\n# end\n---\n---\nb: 2\n...\n"
    documents = yaml.load_all(text)
    assert [d.value for d in documents] == [None, {"a": 1}, None, {"b": 2}]
    assert [d.empty for d in documents] == [True, False, True, False]
    assert "".join(text[d.start : d.end] for d in documents) == text
    assert [text[d.place.start : d.place.end] for d in documents if not d.empty] == [
        "a: 1\n# end\n",
        "b: 2\n",
    ]


def test_lenient_reading_of_templates() -> None:
    assert yaml.load("a: 1\na: 2\nb: !x c\n---\n[", strict=False) == {"a": 2, "b": "c"}


# JSON


def test_json_is_read_as_go_reads_it() -> None:
    value = yaml.load_json('{"a": 1.0, "b": 1e3, "c": [1.5, "\\ud83d\\ude00"], "d": "\\ud800"}')
    assert value == {"a": 1, "b": 1000, "c": [1.5, "\U0001f600"], "d": "\ufffd"}
    assert type(value["a"]) is int


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('{"a": 1, "a": 2}', "yaml-duplicate-key"),
        ('{"a": NaN}', "json-syntax"),
        ('{"a": 1,}', "json-syntax"),
        ('{"a": 1e999}', "yaml-number"),
        ('{"a":' * 201 + "1" + "}" * 201, "yaml-depth"),
        ("{} {}", "yaml-documents"),
    ],
)
def test_a_fault_in_json_has_its_code(text: str, code: str) -> None:
    with pytest.raises(YamlError) as caught:
        yaml.load_json(text)
    assert caught.value.code == code


# Writing

WORDS = """
y Y yes n no on off true null Null ~ 1 0755
0o7 08 1e3 .5 0x1F 0b1 1_000 12:30:45 2001-01-01 = << .inf .nan
- -- --- ...
? : a: :a ?a -a @x `x %x &x *x !x |x >x #x [x {x ]x }x ,x x, 'x "x x#y +1 + nan NaN inf Infinity
1. 1.5.1 0x 1__0 5e
190:20:30 é \u0661 \u00b2 $(X) {{x}} a=b http://x:80/y () \ufeff \U0001f600
"""
HARD = [
    *WORDS.split(),
    *[
        "\u2028",
        "\u0085",
        "\u00a0",
        "\x7f",
        "",
        " ",
        "a b",
        " a",
        "a ",
        "a: b",
        "a #b",
        "- a",
        "? a",
        "--- a",
        "\n",
        "\n\n",
    ],
    *[
        "a\n",
        "a\nb",
        "a\n\nb\n",
        "\na",
        " a\nb",
        "a \nb",
        "a\n b\n",
        "\ta\nb",
        "a\tb",
        "a\nb\t\n",
        "a\r\nb",
        "a\rb",
    ],
    *[
        "#\n",
        "---\na",
        "a\n---\nb\n",
        "...\n",
        "a\n\n",
        "x" * 300,
        "word " * 60,
        "\x00\x07",
        "a\u2028b\nc",
        "   \na",
    ],
    *["a\n   ", "\n  a\n b\n"],
]


class Core12Loader(pyyaml.SafeLoader):
    """A reader by the core schema of YAML 1.2."""

    yaml_implicit_resolvers: ClassVar[dict[str, Any]] = {}  # type: ignore[misc]


for tag, pattern, first in (
    ("bool", r"^(?:true|True|TRUE|false|False|FALSE)$", "tTfF"),
    ("null", r"^(?:~|null|Null|NULL|)$", ["~", "n", "N", ""]),
    ("int", r"^(?:[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+)$", "-+0123456789"),
    (
        "float",
        r"^(?:[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.inf|\.nan)$",
        "-+.0123456789",
    ),
):
    Core12Loader.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(pattern), list(first))


def written_forms(text: str) -> list[Any]:
    """What different readers make of a text."""
    return [
        yaml.load(text),
        pyyaml.load(text, Loader=pyyaml.SafeLoader),
        pyyaml.load(text, Loader=getattr(pyyaml, "CSafeLoader", pyyaml.SafeLoader)),
        pyyaml.load(text, Loader=Core12Loader),
    ]


@pytest.mark.parametrize("text", HARD, ids=repr)
def test_every_reader_takes_a_string_back(text: str) -> None:
    value = {"k": text, text or "e": [text, [text], {"k": text}]}
    for read in written_forms(yaml.dump(value)):
        assert read == value


def test_layout_is_that_of_kustomize() -> None:
    value = {
        "spec": {
            "list": [{"a": 1, "b": [1, [2, 3]]}, "x", {}, []],
            "empty": {},
            "none": None,
            "text": "a\nb\n",
            "yes": True,
        },
        "f": 1.5,
    }
    assert yaml.dump(value) == (
        "spec:\n  list:\n  - a: 1\n    b:\n    - 1\n    - - 2\n      - 3\n  - x\n  - {}\n  - []\n"
        '  empty: {}\n  none: null\n  text: |\n    a\n    b\n  "yes": true\nf: 1.5\n'
    )


@pytest.mark.parametrize("value", [0.1, 1e22, 1e300, 1e-7, -2.5e-9, 123456.789, 2**63, -1, 0])
def test_every_reader_takes_a_number_back(value: float) -> None:
    for read in written_forms(yaml.dump({"k": value})):
        assert read == {"k": value}


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {1: 2}, object(), "\ud800", ("a",)])
def test_what_yaml_cannot_hold(value: Any) -> None:
    with pytest.raises(YamlError):
        yaml.dump({"k": value})


def random_value(r: random.Random, depth: int = 0) -> Any:
    kind = r.random()
    if depth > 4 or kind < 0.4:
        if r.random() < 0.5:
            return r.choice(HARD)
        return "".join(
            r.choice("ab \n\t:#-'\"{}[],&*!|>%@`0.1eé\r~yn<=?\\") for _ in range(r.randrange(12))
        )
    if kind < 0.5:
        return r.choice([None, True, False, 0, -1, 2**63, 1.5, 1e300, 1e-7])
    if kind < 0.75:
        return [random_value(r, depth + 1) for _ in range(r.randrange(4))]
    return {r.choice(HARD)[:60]: random_value(r, depth + 1) for _ in range(r.randrange(4))}


@pytest.mark.parametrize("seed", range(5))
def test_random_values_come_back(seed: int) -> None:
    r = random.Random(seed)
    for _ in range(100):
        value = random_value(r)
        indent = r.choice([0, 2, 6])
        text = " " * indent + yaml.dump(value, indent)
        assert yaml.load(text) == value
        assert pyyaml.load(text, Loader=pyyaml.SafeLoader) == value


def test_marshal_is_that_of_go() -> None:
    wrong = [
        (value, text, yaml.go_marshal(value))
        for value, text in table("yaml_marshal_table.json")
        if yaml.go_marshal(value) != text
    ]
    assert wrong == []


@pytest.mark.parametrize(
    "text", ["\ta\nb", "\n\ta\n", " \ta\n", "a\n\n", "\n", "a \nb", "a\r\nb\n"]
)
def test_not_a_literal_block(text: str) -> None:
    assert yaml.dump({"k": text}) == f"k: {json.dumps(text)}\n"


def test_json_text_is_yaml() -> None:
    value = {"a": ["\x7f\u0085\u2028", "é", "\n"], "b": {}}
    text = yaml.to_json(value)
    assert json.loads(text) == value
    assert yaml.load(text) == value


def test_pyyaml_is_not_imported_as_a_whole_but_works_when_asked() -> None:
    program = (
        "import sys, krm_injector.kube.yaml as k\nassert k.load('a: [y]') == {'a': [True]}\n"
        "print('yaml.loader' in sys.modules)\nimport yaml\nprint(yaml.safe_load('a: 1'), "
        "yaml.load('[b]', Loader=yaml.CSafeLoader), yaml.dump({'c': 1}).strip())\n"
        "print(yaml.scanner.ScannerError.__name__, yaml.nodes.Node.__name__, "
        "yaml.reader.ReaderError.__module__)\ntry: yaml.load('[', Loader=yaml.CSafeLoader)\n"
        "except yaml.YAMLError: print('caught')\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT)
    assert done.stderr == ""
    assert done.stdout == ("False\n{'a': 1} ['b'] c: 1\nScannerError Node yaml.reader\ncaught\n"), (
        "PyYAML's layout has changed: extension.py falls back to the slow import"
    )
