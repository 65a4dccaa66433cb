"""Entries in the forms of ``--output``."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from krm_injector.model import Mesh
from krm_injector.presenting.explain import table
from krm_injector.presenting.explain.entries import document
from krm_injector.presenting.explain.style import PLAIN, Look

__all__ = ["FORMS", "Look", "as_json", "as_markdown", "as_table", "as_yaml"]

Told = list[dict[str, Any]]


def as_json(meshes: Sequence[Mesh], told: Told, _: Look = PLAIN) -> str:
    return json.dumps(document(meshes, told), indent=2, ensure_ascii=False) + "\n"


def as_yaml(meshes: Sequence[Mesh], told: Told, _: Look = PLAIN) -> str:
    from krm_injector.kube import yaml

    return yaml.dump(document(meshes, told))


def as_table(meshes: Sequence[Mesh], told: Told, look: Look = PLAIN) -> str:
    """Aligned columns, a line a workload; each workload's evidence in full where the look is
    verbose.
    """
    if look.verbose:
        from krm_injector.presenting.explain import verbose

        return verbose.text(meshes, told, look)
    return table.text(meshes, told, look)


def as_markdown(meshes: Sequence[Mesh], told: Told, look: Look = PLAIN) -> str:
    """For a pull request: the counts, a table, and what may not be meant."""
    from krm_injector.presenting.explain import markdown

    return markdown.text(meshes, told, look)


# --output: each takes the control planes, the entries and the look.
FORMS: dict[str, Callable[..., str]] = {
    "table": as_table,
    "json": as_json,
    "yaml": as_yaml,
    "markdown": as_markdown,
}
