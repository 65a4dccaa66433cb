"""ANSI escape sequences for terminals (ECMA-48, "Select Graphic Rendition").

``results`` is below this package and has its own three colours for the severities.
"""

from __future__ import annotations

BOLD = "\x1b[1m"
DIM = "\x1b[2m"
RED = "\x1b[31m"
GREEN = "\x1b[32m"
YELLOW = "\x1b[33m"
CYAN = "\x1b[36m"
RESET = "\x1b[0m"


def painted(text: str, code: str) -> str:
    """The text in the colour or weight of a code."""
    return f"{code}{text}{RESET}"
