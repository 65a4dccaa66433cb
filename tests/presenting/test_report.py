"""The report's type for HTML: no text of the input gets into the page unescaped."""

from __future__ import annotations

import pytest
from paths import ROOT
from presenting.html_calls import around_expressions

from krm_injector.presenting.report.markup import Html, escaped, joined

REPORT = ROOT / "krm_injector" / "presenting" / "report"
# Html around an expression: (file, the expression).
TRUSTED = {
    (
        "__init__.py",
        "package_data.text(package_data.path(__file__, name))",
    ),  # page.html, page.css, page.js
    ("details.py", "encoded"),  # JSON without "<"
}


def test_html_is_written_around_literals_only() -> None:
    assert around_expressions(REPORT, but="markup.py") == TRUSTED


def test_text_is_escaped_and_html_is_not() -> None:
    cell = Html("<td>{text}{html}{number:,}</td>")
    filled = cell.filled(text="<b>&\"'", html=Html("<i>"), number=1000)
    assert filled == "<td>&lt;b&gt;&amp;&quot;&#x27;<i>1,000</td>"
    assert isinstance(filled, Html)


def test_braces_in_text_are_no_fields() -> None:
    assert Html("<p>{text}</p>").filled(text="{text.__class__} {}") == (
        "<p>{text.__class__} {}</p>"
    )


@pytest.mark.parametrize("character", ["\x00", "\x1b", "\u200b", "\u202e", "\ufeff", "\ud800"])
def test_hidden_characters_are_shown_by_number(character: str) -> None:
    assert escaped(f"a{character}b") == f"a\\u{ord(character):04x}b"


def test_joined_parts_are_html() -> None:
    parts = joined([Html("<br>"), escaped("<")], Html(" "))
    assert (parts, type(parts)) == ("<br> &lt;", Html)
