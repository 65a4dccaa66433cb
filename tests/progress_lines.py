"""What stderr says of how far a run is. Only runs that are longer than a second say it."""

from __future__ import annotations

import re

_LINE = re.compile(r"^[\d,]+ of [\d,]+ targets?(?: in |, ).*\n", re.M)


def without(stderr: str) -> str:
    return _LINE.sub("", stderr)
