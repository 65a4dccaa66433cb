"""Every example of every function with the container image, by kpt and by kustomize, against the
same expectations.

The program itself, and the form of the catalogue, are in tests/project/test_examples.py.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from e2e import catalog
from e2e.real_programs import Programs

ALL = pytest.mark.parametrize("example", catalog.EXAMPLES, ids=catalog.title)


def expected(example: Path, name: str) -> str:
    path = example / ".expected" / name
    return path.read_text() if path.exists() else ""


def results(text: str) -> Any:
    """What kpt writes, whatever it ran; of a container it drops the last line break on stderr."""
    value = yaml.safe_load(text)
    for item in value["items"]:
        item.pop("exec", None), item.pop("image", None)
        item["stderr"] = item.get("stderr", "").rstrip("\n")
    return value


@ALL
def test_kpt_with_the_image(programs: Programs, image: str, example: Path, tmp_path: Path) -> None:
    work = catalog.copy(example, tmp_path, image)
    first = catalog.kpt(programs, work, image)
    assert results(first.results) == results(expected(example, "results.yaml"))
    assert first.diff == expected(example, "diff.patch")
    if not first.done.code:
        assert catalog.kpt(programs, work, image).diff == first.diff, "a second run changes nothing"


@ALL
def test_kustomize_with_the_image(
    programs: Programs,
    image: str,
    example: Path,
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    done = catalog.build(programs, catalog.copy(example, tmp_path, image), image)
    program = catalog.build(programs, catalog.copy(example, tmp_path_factory.mktemp("program")))
    assert done.out == program.out
    assert catalog.config(example).get("stdErr", "") in done.err
