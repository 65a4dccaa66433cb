"""`fleet plan` for a comment on a pull request."""

from __future__ import annotations

from krm_injector.fleet.forms.plan_sections import sections, sentences
from krm_injector.fleet.forms.sections import as_markdown
from krm_injector.fleet.plan.model import Plan
from krm_injector.presenting.explain.style import Style

_REST = "--output html has all of it"


def render(plan: Plan, style: Style) -> str:
    return as_markdown(sentences(plan), sections(plan, style.limit), _REST)
