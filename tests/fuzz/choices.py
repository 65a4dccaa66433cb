"""Choices made by bytes: what a fuzzer changes, decides what an object looks like."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


class Choices:
    """Each choice takes a byte; where none is left, it is the first of what is offered."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def byte(self) -> int:
        if self.at >= len(self.data):
            return 0
        self.at += 1
        return self.data[self.at - 1]

    def number(self, most: int) -> int:
        """From 0 to ``most``, both included."""
        return self.byte() % (most + 1)

    def maybe(self, chance: float) -> bool:
        return self.byte() >= 256 * (1 - chance)

    def pick(self, values: Sequence[T]) -> T:
        return values[self.byte() % len(values)]

    def sample(self, values: Sequence[T], most: int) -> list[T]:
        """Up to ``most`` different ones, in the order in which they were picked."""
        found: list[T] = []
        for _ in range(self.number(most)):
            value = self.pick(values)
            if value not in found:
                found.append(value)
        return found
