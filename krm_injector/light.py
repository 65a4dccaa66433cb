"""What every run needs of functools, collections.abc and enum, without the import of these.

They take 3 ms, for what no run needs: a tenth of the start. The modules below them are in each
CPython, and are imported already or are C. mypy sees the real ones.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from enum import Enum
    from functools import cache, cmp_to_key, lru_cache

    class StrEnum(str, Enum):
        """str and Enum."""
else:
    from _collections_abc import Mapping

    try:
        from _functools import _lru_cache_wrapper, cmp_to_key
    except ImportError:
        from functools import cache, cmp_to_key, lru_cache
    else:

        def lru_cache(maxsize):
            return lambda function: _lru_cache_wrapper(function, maxsize, False, tuple)

        cache = lru_cache(None)

    class _Members(type):
        def __new__(cls, name, bases, namespace):
            """The class, with a member for each of its texts in capitals."""
            made = super().__new__(cls, name, bases, namespace)
            made._members = []
            for key, value in namespace.items():
                if key.isupper():
                    member = str.__new__(made, value)
                    member.name, member.value = key, value
                    setattr(made, key, member)
                    made._members.append(member)
            return made

        def __iter__(cls):
            return iter(cls._members)

    class StrEnum(str, metaclass=_Members):
        """The base of a class statement whose constants are members: texts with name and value."""

        def __repr__(self):
            return f"<{type(self).__name__}.{self.name}: {self.value!r}>"


__all__ = ["Mapping", "StrEnum", "cache", "cmp_to_key", "lru_cache"]
