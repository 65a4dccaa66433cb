"""Texts of explanations that tests put together themselves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from krm_injector.model import Mesh
from krm_injector.presenting.explain import FORMS, Explanation, Style


def rendered(
    form: str, meshes: Sequence[Mesh], entries: list[dict[str, Any]], style: Style | None = None
) -> str:
    """Entries in a form of --output, of a run without results and advice."""
    explanation = Explanation(meshes, entries, (), {}, (), (), ())
    return FORMS[form].render(explanation, style or Style())
