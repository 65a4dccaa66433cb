"""The forms of ``explain --output``, a module each.

A form turns an Explanation into text: ``render(explanation, style) -> str``. A new form is one
module here and one row of FORMS. Modules import what only they need inside ``render``: every run
of explain imports all of them.
"""

from __future__ import annotations

from collections.abc import Callable

from krm_injector.named_tuple import NamedTuple
from krm_injector.presenting.explain.explanation import Explanation
from krm_injector.presenting.explain.forms import html, json, markdown, table, yaml
from krm_injector.presenting.explain.style import Style


class Form(NamedTuple):
    """One value of ``--output``."""

    render: Callable[[Explanation, Style], str]
    brief: bool = False  # without --verbose it shows suggestions only where a verdict is doubted


FORMS: dict[str, Form] = {
    "table": Form(table.render, brief=True),
    "json": Form(json.render),
    "yaml": Form(yaml.render),
    "markdown": Form(markdown.render, brief=True),
    "html": Form(html.render),
}
