"""The excerpt of a source below a message, to the letter."""

from __future__ import annotations

from typing import Any

import pytest

from krm_injector.kube import yaml
from krm_injector.model import Place, ResourceRef, Result
from krm_injector.presenting.excerpts import excerpt
from krm_injector.presenting.places import Places
from krm_injector.results import entries, lines
from krm_injector.sources.resource_list import read_manifests

WEB = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  labels:
    istio.io/rev: v2
  annotations: {}
spec:
  strategy: {type: Recreate, note: 字x}
  template:
    spec:
      containers:
      - name: web
        args: [-v]
      -   name: helper
          args:
          - --quiet
"""
REF = ResourceRef("apps/v1", "Deployment", "web", "shop")
PLACES = Places([read_manifests(WEB.encode(), "web.yaml")])
REV = 'metadata.labels["istio.io/rev"]'


def shown(field: str, current: Any = None, proposed: Any = None, places: Places = PLACES) -> str:
    result = Result("warning", "m", REF, field, current, proposed, code="revision-unserved")
    return "\n".join(excerpt(result, places))


def test_the_value_is_marked_and_its_fix_stands_below() -> None:
    assert shown(REV, "v2", "stable") == (
        "  web.yaml:6:19\n"
        "       6 |     istio.io/rev: v2\n"
        "         |                   ^^\n"
        "    fix: |     istio.io/rev: stable"
    )


def test_without_a_proposal_there_is_no_fix() -> None:
    assert shown(REV, "v2") == (
        "  web.yaml:6:19\n    6 |     istio.io/rev: v2\n      |                   ^^"
    )


@pytest.mark.parametrize(
    ("field", "proposed", "fix"),
    [
        # A field that is absent: below the entries of its parent, at their indentation.
        ('metadata.labels["sidecar.istio.io/inject"]', "true",
         ['    sidecar.istio.io/inject: "true"']),
        ("spec.paused", False, ["  paused: false"]),
        ("spec.template.metadata.labels[a.b/c]", "x",
         ["    metadata:", "      labels:", "        a.b/c: x"]),
        # The parent has no entries: it is written anew.
        ('metadata.annotations["a/b"]', "x", ["  annotations:", "    a/b: x"]),
        # In flow style, as an entry of it.
        ("spec.strategy.rollingUpdate", {"maxSurge": 1}, ['"rollingUpdate": {"maxSurge": 1}']),
        ("spec.strategy.type", "RollingUpdate", ['"type": "RollingUpdate"']),
        ("spec.template.spec.containers[web].args[0]", "-q", ['"-q"']),
        # A list's entry, and what stands in one.
        ("spec.template.spec.containers[1].args[0]", "-q", ["          - -q"]),
        ("spec.template.spec.containers[helper].image", "x", ["          image: x"]),
        ("spec.template.spec.containers[1].args", ["-q"], ["          args:", "          - -q"]),
        # Nothing can be said.
        ("spec.template.spec.containers[7].image", "x", []),
        ("spec.template.spec.containers (order)", ["helper", "web"], []),
        ("spec.strategy.type.x", "x", []),
        ("", "x", []),
    ],
)  # fmt: skip
def test_the_fix_is_what_to_write(field: str, proposed: Any, fix: list[str]) -> None:
    rows = shown(field, None, proposed).split("\n")[3:]
    assert [row.partition(" | ")[2] for row in rows] == fix
    heads = [row.partition(" | ")[0].strip() for row in rows]
    assert heads == ["fix:", *[""] * (len(fix) - 1)][: len(fix)]


@pytest.mark.parametrize("proposed", ["true", {"a": 1}, [1]])
@pytest.mark.parametrize("field", [REV, 'metadata.labels["a.b/c"]', "spec.new", "metadata.x.y.z"])
def test_a_fix_in_the_file_gives_the_value(field: str, proposed: Any) -> None:
    """The line of the fix in the place of the marked one, or behind it, has the proposed value."""
    rows = shown(field, None, proposed).split("\n")[3:]
    text = [row.partition(" | ")[2] for row in rows]
    place = PLACES.of(Result("error", "m", REF, field))
    assert place is not None
    source = WEB.splitlines()
    kept = place.line - 1 if field == REV else place.line
    changed = yaml.load("\n".join([*source[:kept], *text, *source[place.line :]]))
    assert "v2" in str(changed) or field == REV
    assert repr(proposed) in repr(changed)


def test_a_value_for_a_part_of_a_field_is_no_value_of_it() -> None:
    """policy-illegal names data.config, and proposes a policy."""
    assert "fix:" in shown(REV, "v2", "enabled")
    assert "fix:" not in shown(REV, "maybe", "enabled")


def test_a_long_fix_is_cut() -> None:
    rows = shown("spec.new", None, {f"k{number}": number for number in range(20)}).split("\n")[3:]
    assert len(rows) == 8 and rows[-1].endswith("| ...")


def test_another_name_of_a_field() -> None:
    text = (
        "apiVersion: krm-injector.dev/v1alpha1\nkind: SidecarInjection\nmetadata: {name: x}\n"
        "spec:\n  mesh: {verson: '1.28'}\n  namspaces:\n  - name: shop\n"
    )
    places = Places([read_manifests(text.encode(), "config.yaml")])
    ref = ResourceRef("krm-injector.dev/v1alpha1", "SidecarInjection", "x")
    result = Result("error", "m", ref, "spec.namspaces", [], "spec.namespaces",
                    code="function-config")  # fmt: skip
    assert "\n".join(excerpt(result, places)) == (
        "  config.yaml:6:3\n"
        "       6 |   namspaces:\n"
        "         |   ^^^^^^^^^\n"
        "    fix: |   namespaces:"
    )
    inner = result._replace(field="spec.mesh.verson", proposed="spec.mesh.version", current="1.28")
    assert excerpt(inner, places)[1:] == [
        "       5 |   mesh: {verson: '1.28'}",
        "         |          ^^^^^^",
        "    fix: |   mesh: {version: '1.28'}",
    ]


def test_a_fix_of_a_secret_is_not_shown() -> None:
    text = "apiVersion: v1\nkind: Secret\nmetadata:\n  name: s\ndata:\n  key: aGlkZQ==\n"
    places = Places([read_manifests(text.encode(), "s.yaml")])
    result = Result(
        "error", "m", ResourceRef("v1", "Secret", "s"), "data.key", "aGlkZQ==", "b3Blbg=="
    )
    assert excerpt(result, places) == [
        "  s.yaml:6:8", "    6 |   key: (hidden)", "      |        ^^^^^^^^"
    ]  # fmt: skip


# ---------------------------------------------------------------- the line


def of_place(place: Place) -> list[str]:
    return excerpt(Result("error", "m", place=place), Places(()))


def test_the_mark_stands_below_wide_letters_tabs_and_controls() -> None:
    assert of_place(Place("a", 1, 4, 5, "字\t:x"))[1:] == ["    1 | 字 :x", "      |     ^"]
    assert of_place(Place("a", 1, 2, 3, "\x1bx"))[1:] == ["    1 | \\x1bx", "      |     ^"]
    assert of_place(Place("a", 1, 1, 2, "字x"))[1:] == ["    1 | 字x", "      | ^^"]


def test_behind_the_end_of_the_line() -> None:
    assert of_place(Place("a", 3, 5, 9, "ab"))[1:] == ["    3 | ab", "      |   ^"]
    assert of_place(Place("a", 3, 2, 9, "ab"))[1:] == ["    3 | ab", "      |  ^"]


def test_of_a_long_line_the_part_around_the_mark_is_shown() -> None:
    text = "".join(str(number % 10) for number in range(1000))
    _, line, mark = of_place(Place("a", 1, 501, 504, text))
    assert len(line) < 140 and line.partition(" | ")[2][mark.partition(" | ")[2].index("^")] == "0"
    assert line.count("…") == 2 and mark.count("^") == 3
    _, line, mark = of_place(Place("a", 1, 1, 1001, text))
    assert len(line) < 140 and mark.count("^") == 120


def test_a_line_that_is_not_known() -> None:
    assert of_place(Place("a", 7, 2, 3)) == ["  a:7:2"]
    assert of_place(Place("", 7, 2, 3)) == ["  stdin:7:2"]


def test_a_file_alone_is_named_once() -> None:
    of_file = Result("error", "m", place=Place("base/web.yaml"))
    assert excerpt(of_file, Places(())) == ["  base/web.yaml"]
    assert excerpt(of_file._replace(message="base/web.yaml is bad"), Places(())) == []
    assert excerpt(of_file._replace(file="base/web.yaml"), Places(())) == []
    assert excerpt(Result("error", "m"), Places(())) == []


def test_colours() -> None:
    result = Result("warning", "m", REF, REV, "v2", "v3")
    plain, coloured = excerpt(result, PLACES), excerpt(result, PLACES, colour=True)
    for escape in ("\x1b[1m", "\x1b[36m", "\x1b[32m", "\x1b[0m"):
        assert escape in "".join(coloured)
        coloured = [line.replace(escape, "") for line in coloured]
    assert coloured == plain


# ---------------------------------------------------------------- where it is shown


def test_lines_have_excerpts_and_entries_have_none() -> None:
    result = Result("warning", "m", REF, REV, place=Place("a", 1, 1, 2, "x"))
    below = lines([result], excerpt=lambda each: excerpt(each, PLACES))
    assert below == [lines([result])[0] + "\n  a:1:1\n    1 | x\n      | ^"]
    assert entries([result]) == entries([result._replace(place=None)])
