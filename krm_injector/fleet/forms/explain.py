"""The forms of ``fleet explain --output``, a module each.

A Report comes in, its text goes out. A run imports the module of its form only.
"""

from __future__ import annotations

from collections.abc import Callable

from krm_injector.fleet.forms.explained import Explained, explained
from krm_injector.fleet.model import Report
from krm_injector.presenting.explain.style import Style

LIMIT = 8  # entries of each list in a terminal, and in a pull request


def render(report: Report, form: str, style: Style) -> str:
    """The report in a form of ``cli/fleet_options.py`` (FORMS)."""
    return _render_of(form)(explained(report), style)


def _render_of(form: str) -> Callable[[Explained, Style], str]:
    module = __import__(f"krm_injector.fleet.forms.explain_{form}", fromlist=["render"])
    function: Callable[[Explained, Style], str] = module.render
    return function
