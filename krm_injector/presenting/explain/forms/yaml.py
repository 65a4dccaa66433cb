"""The same as JSON, as YAML."""

from __future__ import annotations

from krm_injector.presenting.explain.entries import document
from krm_injector.presenting.explain.explanation import Explanation
from krm_injector.presenting.explain.style import Style


def render(explanation: Explanation, _: Style) -> str:
    from krm_injector.kube import yaml

    return yaml.dump(document(explanation.meshes, explanation.entries, explanation.requests))
