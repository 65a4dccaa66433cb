"""``lazy_pattern(text, flags)`` as re.compile, but compiled when it is first used.

A regular expression takes 0.05 to 0.5 ms to compile, and re itself 4 ms to import. A run that has
nothing unusual to read needs none: names, numbers and quantities as nearly all are written are told
by methods of str. Flags have names in re, so a module that every run imports writes them in the
expression, as (?s).
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from re import compile as lazy_pattern

    __all__ = ["lazy_pattern"]
else:

    class lazy_pattern:
        """It has the methods and attributes of re.Pattern. Each is looked up once."""

        def __init__(self, text, flags=0):
            self._arguments = text, flags

        def __getattr__(self, name):
            import re

            found = getattr(re.compile(*self._arguments), name)
            setattr(self, name, found)
            return found
