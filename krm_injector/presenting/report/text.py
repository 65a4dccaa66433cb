"""Values as HTML text."""

from __future__ import annotations

import html
import re
from typing import Any

_HIDDEN = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)


def text(value: Any) -> str:
    """A value as HTML text; characters that nobody sees, or that turn the line around, are shown by
    number.
    """
    return html.escape(_HIDDEN.sub(lambda match: f"\\u{ord(match[0]):04x}", str(value)))
