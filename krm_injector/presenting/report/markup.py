"""HTML as a type: text from the input becomes part of the page only through escaping.

Functions that make a part of the page return Html, and mypy refuses a plain ``str`` in its place.
``Html("...")`` is written around literals of this package only (tests/presenting/test_report.py);
``filled`` puts values into them.
"""

from __future__ import annotations

import html
from collections.abc import Iterable

from krm_injector.lazy_pattern import lazy_pattern

# What a reader does not see, or what turns the direction of the line: controls, zero-width and
# bidirectional characters, lone surrogates.
_HIDDEN = lazy_pattern(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)


class Html(str):
    """HTML source. As a template it has fields as ``str.format`` has: ``{name}``, ``{count:,}``."""

    __slots__ = ()

    def filled(self, **values: Html | str | int) -> Html:
        """The source with a value in place of each field; text is escaped, Html stands as it is."""
        parts = {name: _part(value) for name, value in values.items()}
        return Html(self.format_map(parts))


NOTHING = Html("")


def escaped(text: str) -> Html:
    """Text as HTML, for an element or a quoted attribute; a hidden character becomes "\\u200b"."""
    return Html(html.escape(_HIDDEN.sub(lambda match: f"\\u{ord(match[0]):04x}", text)))


def joined(parts: Iterable[Html], separator: Html = NOTHING) -> Html:
    return Html(separator.join(parts))


def _part(value: Html | str | int) -> Html | int:
    return value if isinstance(value, (Html, int)) else escaped(value)
