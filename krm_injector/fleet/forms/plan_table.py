"""`fleet plan` for a terminal: totals, waves, what changes, what stands in the way, what to do."""

from __future__ import annotations

from krm_injector.fleet.forms.plan_sections import sections, sentences
from krm_injector.fleet.forms.sections import as_text
from krm_injector.fleet.plan.model import Plan
from krm_injector.presenting.explain.style import Style


def render(plan: Plan, style: Style) -> str:
    return as_text(sentences(plan), sections(plan, style.limit), style)
