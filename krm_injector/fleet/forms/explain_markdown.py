"""`fleet explain` as a comment on a pull request."""

from __future__ import annotations

from krm_injector.fleet.forms.explain_sections import sections, sentences
from krm_injector.fleet.forms.explained import Explained
from krm_injector.fleet.forms.sections import as_markdown
from krm_injector.presenting.explain.style import Style


def render(explained: Explained, style: Style) -> str:
    found = sections(explained, style.limit, style.verbose)
    return as_markdown(sentences(explained), found, "--output html and json have all")
