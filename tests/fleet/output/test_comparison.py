"""`fleet verify --output DIR`: whether the directory is what `fleet build` would write."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from files import tree
from fleet.output.fleet_builds import build

from krm_injector.fleet.model import TargetResult
from krm_injector.fleet.output import INDEX, Comparison
from krm_injector.fleet.output.index import staging_name
from krm_injector.model import Refused, Result

LAYOUTS = ("file", "directory")


def obj(name: str, image: str = "1") -> str:
    return f"apiVersion: v1\nkind: Service\nmetadata:\n  name: {name}\nspec:\n  image: {image}\n"


OLD = {"eu/shop": f"{obj('a')}---\n{obj('b')}", "gone/x": obj("x")}
# fleet-output-differs, fleet-output-missing, fleet-output-left-over, fleet-output-link
PREFIX = "fleet-output-"
MEND = "krm-injector fleet build --output out"


def compared(
    directory: Path, targets: dict[str, str], layout: Any = None, whole: bool = True
) -> list[Result]:
    """What is wrong with the directory, and nothing is written."""
    before = tree(directory)
    comparison = Comparison(str(directory), layout, tuple(targets), whole, MEND)
    results = [comparison.compare(TargetResult(name, 0, text)) for name, text in targets.items()]
    found = [each for result in results for each in result.results]
    assert [bool(result.code) for result in results] == [bool(each.results) for each in results]
    assert not any(result.text for result in results)
    assert tree(directory) == before
    return [*found, *comparison.finish()]


def codes(results: list[Result]) -> list[str]:
    return [each.code.removeprefix(PREFIX) for each in results]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_what_build_has_written_is_verified(tmp_path: Path, layout: str) -> None:
    build(tmp_path, OLD, layout)
    assert not compared(tmp_path, OLD)
    assert not compared(tmp_path, OLD, layout)
    assert not compared(tmp_path, {"eu/shop": OLD["eu/shop"]}, layout, whole=False)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_each_difference_has_its_code_and_the_command_that_mends_it(
    tmp_path: Path, layout: str
) -> None:
    build(tmp_path, OLD, layout)
    new = {"eu/shop": OLD["eu/shop"].replace("image: 1", "image: 2"), "us/new": obj("c")}
    results = compared(tmp_path, new, layout)
    differing = ["differs"] if layout == "file" else ["differs", "differs"]
    # The last one is the index, which has the old targets.
    assert codes(results) == [*differing, "missing", "left-over", "differs"]
    assert all(result.message.endswith(MEND) for result in results)
    assert all(result.file in result.message for result in results)


def test_an_object_that_is_gone_is_left_over(tmp_path: Path) -> None:
    build(tmp_path, OLD, "directory")
    new = {**OLD, "eu/shop": obj("a")}
    results = compared(tmp_path, new)
    assert codes(results)[0] == "left-over"
    assert "service_b.yaml" in results[0].message


def test_another_layout_is_a_difference(tmp_path: Path) -> None:
    build(tmp_path, OLD, "directory")
    found = codes(compared(tmp_path, OLD, "file"))
    assert {"missing", "left-over"} <= set(found)


def test_a_file_of_somebody_else_in_a_targets_directory_is_told(tmp_path: Path) -> None:
    build(tmp_path, OLD, "directory")
    (tmp_path / "eu/shop/notes.txt").write_text("mine")
    assert codes(compared(tmp_path, OLD)) == ["left-over"]


def test_an_empty_or_missing_directory_lacks_everything(tmp_path: Path) -> None:
    assert codes(compared(tmp_path / "none", OLD)) == ["missing"] * 3  # the index too


def test_the_index_must_be_right(tmp_path: Path) -> None:
    build(tmp_path, OLD)
    (tmp_path / INDEX).unlink()
    assert codes(compared(tmp_path, OLD)) == ["missing"]
    build(tmp_path, {"eu/shop": OLD["eu/shop"]}, whole=False)
    assert codes(compared(tmp_path, OLD)) == ["differs"]
    (tmp_path / INDEX).write_text("{")
    with pytest.raises(Refused):
        compared(tmp_path, OLD)


def test_a_run_that_did_not_finish_is_told(tmp_path: Path) -> None:
    build(tmp_path, OLD)
    (tmp_path / staging_name((1, 1))).mkdir()
    assert codes(compared(tmp_path, OLD)) == ["left-over"]


def test_a_target_with_an_error_is_not_compared(tmp_path: Path) -> None:
    build(tmp_path, OLD)
    comparison = Comparison(str(tmp_path), None, tuple(OLD), True, MEND)
    failed = TargetResult("eu/shop", 1)
    assert comparison.compare(failed) == failed
    comparison.compare(TargetResult("gone/x", 0, OLD["gone/x"]))
    assert not comparison.finish()


def test_links_are_not_followed(tmp_path: Path) -> None:
    build(tmp_path / "real", OLD)
    out = tmp_path / "out"
    build(out, OLD)
    (out / "eu/shop.yaml").unlink()
    (out / "eu/shop.yaml").symlink_to(tmp_path / "real/eu/shop.yaml")
    assert "link" in codes(compared(out, OLD))
