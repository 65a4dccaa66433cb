"""The floor below the cost of the function: see floor_program.py."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from measuring import Program

PROGRAM = Path(__file__).resolve().parent / "floor_program.py"

# One element of a block sequence at the margin: its first line, and what is indented below it.
_ELEMENT = re.compile(r"^- .*\n(?:  .*\n|\n)*", re.MULTILINE)
_INJECTED = "\n  kind: Deployment\n"  # of the benchmark's objects


def of_injection(listed: Path, output: Path) -> Program:
    """Reading `listed`, and emitting what injection changed in it according to `output`."""
    changed = listed.with_suffix(".changed")
    with changed.open("w") as file:
        file.writelines(injected_items(output.read_text()))
    return _program("emit", listed, str(changed))


def of_copying(listed: Path) -> Program:
    """Reading `listed`, and writing its bytes back: for a bundle with nothing to inject."""
    return _program("copy", listed)


def injected_items(text: str) -> list[str]:
    """The injected objects of a ResourceList that the function wrote, as elements of a sequence."""
    elements = (match.group() for match in _ELEMENT.finditer(text))
    return [element for element in elements if _INJECTED in element]


def _program(mode: str, listed: Path, *words: str) -> Program:
    return Program(
        "floor", [sys.executable, str(PROGRAM), mode, *words], listed, tells_uncounted=True
    )
