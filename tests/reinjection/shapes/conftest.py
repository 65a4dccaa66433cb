"""The fixture of these tests: the Twins that a run gives."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from krm_injector.kube.twins import Twin
from krm_injector.reinjection.shapes.shapes import Shapes


@pytest.fixture(autouse=True)
def twins(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Twin]]:
    """The Twins that were given."""
    given: list[Twin] = []
    plainly = Shapes.injected

    def injected(self: Shapes, *arguments: Any) -> Any:
        result = plainly(self, *arguments)
        if isinstance(result, Twin):
            given.append(result)
        return result

    monkeypatch.setattr(Shapes, "injected", injected)
    yield given
