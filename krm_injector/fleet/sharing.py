"""Equal texts of many results stand in memory once.

Each result comes from another process with texts of its own: the same keys, reasons, container
names and messages in thousands of targets. Shared, they take a fraction.
"""

from __future__ import annotations

from krm_injector.model import Result
from krm_injector.named_tuple import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from krm_injector.fleet.model import TargetResult


class Sharing(NamedTuple):
    """The texts that were seen."""

    texts: dict[str, str]

    def result(self, result: TargetResult) -> TargetResult:
        """The same result, with shared texts, and without its manifests."""
        data = self._value(result.data)
        results = tuple(Result._make(map(self._value, each)) for each in result.results)
        return result._replace(text="", data=data, results=results)

    def _value(self, value: Any) -> Any:
        kind = type(value)
        if kind is str:
            return self.texts.setdefault(value, value)
        if kind is dict:
            share = self._value
            return {share(key): share(member) for key, member in value.items()}
        if kind is list:
            return [self._value(member) for member in value]
        return value
