"""`fleet explain` for a terminal: totals, then exceptions, in a screen or two."""

from __future__ import annotations

from krm_injector.fleet.forms.explain_sections import sections, sentences
from krm_injector.fleet.forms.explained import Explained
from krm_injector.fleet.forms.sections import as_text
from krm_injector.presenting.explain.style import Style


def render(explained: Explained, style: Style) -> str:
    found = sections(explained, style.limit, style.verbose)
    return as_text(sentences(explained), found, style)
