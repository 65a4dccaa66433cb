"""What stderr says of how far a run is. A run longer than a second says it, so it is in no golden."""

from __future__ import annotations

import re

_LINE = re.compile(r"^[\d,]+ of [\d,]+ targets?(?: in |, ).*\n", re.M)


def without(stderr: str) -> str:
    return _LINE.sub("", stderr)
