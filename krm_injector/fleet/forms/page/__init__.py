"""One self-contained HTML page: the shell, the style and the script that the fleet's pages share.

Text of the input becomes part of a page through the type Html only (presenting/report/markup.py),
or as data for its script (``data``).
"""

from __future__ import annotations

import json
import re

from krm_injector import package_data
from krm_injector.presenting import report
from krm_injector.presenting.report.markup import Html, escaped, joined

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def page(title: str, name: str, body: Html, values: Any) -> str:
    """The page. name: of its own style and script, NAME.css and NAME.js. values: for the script."""
    parts: dict[str, Html] = {
        "TITLE": escaped(title),
        "CSS": joined([report.asset("page.css"), asset("fleet.css"), asset(f"{name}.css")]),
        "BODY": body,
        "DATA": data("data", values),
        "JS": joined([asset("list.js"), report.asset("folds.js"), asset(f"{name}.js")]),
    }
    return filled(asset("shell.html"), parts)


def filled(template: Html, parts: dict[str, Html]) -> Html:
    """The template with a part in place of each {{NAME}}."""
    joined_template = re.sub(r"\{\{(\w+)\}\}", lambda match: parts[match[1]], template)
    return Html(joined_template)


def asset(name: str) -> Html:
    """A file of this package."""
    return Html(package_data.text(package_data.path(__file__, name)))


def data(name: str, values: Any) -> Html:
    """JSON that no HTML parser can take for markup: "<" is written as an escape of JSON's."""
    encoded = json.dumps(values, separators=(",", ":")).replace("<", "\\u003c")
    script = Html('<script type="application/json" id="{name}">{data}</script>')
    return script.filled(name=name, data=Html(encoded))


class Texts:
    """Each text once: rows of a table name it by its number."""

    def __init__(self) -> None:
        self.all: list[str] = []
        self._numbers: dict[str, int] = {}

    def number(self, text: str) -> int:
        number = self._numbers.setdefault(text, len(self.all))
        if number == len(self.all):
            self.all.append(text)
        return number
