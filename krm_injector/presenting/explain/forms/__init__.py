"""The forms of ``explain --output``, a module each.

A form turns an Explanation into text: ``render(explanation, style) -> str``. A new form is one
module here and one row of FORMS. A run imports the module of its form only.
"""

from __future__ import annotations

from collections.abc import Callable

from krm_injector.named_tuple import NamedTuple
from krm_injector.presenting.explain.explanation import Explanation
from krm_injector.presenting.explain.style import Style


class Form(NamedTuple):
    """One value of ``--output``."""

    render: Callable[[Explanation, Style], str]
    brief: bool = False  # without --verbose it shows suggestions only where a verdict is doubted


def _late(module: str) -> Callable[[Explanation, Style], str]:
    """``render`` of the module, which is imported when it is called."""

    def render(explanation: Explanation, style: Style) -> str:
        form = __import__(f"{__name__}.{module}", fromlist=["render"])
        text: str = form.render(explanation, style)
        return text

    return render


FORMS: dict[str, Form] = {
    "table": Form(_late("table"), brief=True),
    "json": Form(_late("json")),
    "yaml": Form(_late("yaml")),
    "markdown": Form(_late("markdown"), brief=True),
    "html": Form(_late("html")),
}
