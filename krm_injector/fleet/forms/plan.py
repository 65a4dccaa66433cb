"""The forms of ``fleet plan --output``. A run imports the module of its form only."""

from __future__ import annotations

from krm_injector.fleet.model import Report
from krm_injector.presenting.explain.style import Style

LIMIT = 12  # entries of each list in a terminal, and in a pull request


def render(report: Report, form: str, style: Style) -> str:
    """The plan of a report in a form of ``cli/fleet_options.py`` (FORMS)."""
    from krm_injector.fleet.plan.plan import plan_of

    plan = plan_of(report)
    if form == "html":
        from krm_injector.fleet.forms import plan_page

        return plan_page.page(plan)
    if form == "json":
        from krm_injector.fleet.forms import plan_json

        return plan_json.render(plan)
    if form == "markdown":
        from krm_injector.fleet.forms import plan_markdown

        return plan_markdown.render(plan, style)

    from krm_injector.fleet.forms import plan_table

    return plan_table.render(plan, style)
