"""JSON for programs; docs/explain.schema.json describes it."""

from __future__ import annotations

import json

from krm_injector.presenting.explain.entries import document
from krm_injector.presenting.explain.explanation import Explanation
from krm_injector.presenting.explain.style import Style


def render(explanation: Explanation, _: Style) -> str:
    answer = document(explanation.meshes, explanation.entries, explanation.requests)
    return json.dumps(answer, indent=2, ensure_ascii=False) + "\n"
