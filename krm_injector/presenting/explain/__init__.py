"""Why each workload is injected or not, on which evidence, and what would change that.

An Outcome comes in; an Explanation, and through forms/ its text, goes out. Imports judging and what
is below it; of presenting only report, ansi.
"""

from __future__ import annotations

from krm_injector.presenting.explain.entries import containers, document, entries
from krm_injector.presenting.explain.explanation import Explanation, explain
from krm_injector.presenting.explain.forms import FORMS, Form
from krm_injector.presenting.explain.locations import Locations
from krm_injector.presenting.explain.refusals import refusals
from krm_injector.presenting.explain.style import Style
from krm_injector.presenting.explain.suggestions import Suggestions

__all__ = [
    "FORMS",
    "Explanation",
    "Form",
    "Locations",
    "Style",
    "Suggestions",
    "containers",
    "document",
    "entries",
    "explain",
    "refusals",
]
