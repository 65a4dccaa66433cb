"""Decisions, told: one entry a workload, as a table for people or as JSON for programs.

An entry is a dict in the form that ``explain --output json`` prints; docs/explain.schema.json
describes it.
"""

from __future__ import annotations

from krm_injector.presenting.explain.entries import containers, document, entries
from krm_injector.presenting.explain.forms import (
    FORMS,
    Look,
    as_json,
    as_markdown,
    as_table,
    as_yaml,
)
from krm_injector.presenting.explain.locations import Places
from krm_injector.presenting.explain.refusals import refusals
from krm_injector.presenting.explain.suggestions import Changes

__all__ = [
    "FORMS",
    "Changes",
    "Look",
    "Places",
    "as_json",
    "as_markdown",
    "as_table",
    "as_yaml",
    "containers",
    "document",
    "entries",
    "refusals",
]
