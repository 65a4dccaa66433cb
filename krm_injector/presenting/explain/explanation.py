"""Outcome -> Explanation: all that the forms of output show of one run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from krm_injector.function_config import Settings
from krm_injector.judging import advice
from krm_injector.judging.advice import Advice
from krm_injector.judging.advice.requests import Requests
from krm_injector.model import Decision, Mesh, Result
from krm_injector.named_tuple import NamedTuple
from krm_injector.outcome import Outcome
from krm_injector.presenting.explain import overrides
from krm_injector.presenting.explain.entries import Entry, entries
from krm_injector.presenting.explain.locations import Locations
from krm_injector.presenting.explain.refusals import ErrorsByDecision, refusals
from krm_injector.presenting.explain.suggestions import Suggestions

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Explanation(NamedTuple):
    """Text forms show meshes and entries. The HTML report shows the rest too."""

    meshes: Sequence[Mesh]
    entries: list[Entry]  # one per decision, in order; each with its warnings and overrides
    decisions: Sequence[Decision]
    replacements: Mapping[int, Any]  # index of an item -> the item as injection leaves it
    results: Sequence[Result]  # of the run; advice is not among them
    errors: ErrorsByDecision  # those of the results that refuse the decision's workload
    advice: Sequence[Advice]
    requests: Mapping[str, Requests] = {}


def explain(
    outcome: Outcome, settings: Settings, locations: Locations, brief: bool = False
) -> Explanation:
    """Everything about the run's workloads. brief: suggestions only where a verdict is doubted."""
    decisions, replacements = outcome.decisions, outcome.replacements
    suggestions = Suggestions(decisions, outcome.meshes, settings, doubts_only=brief)
    errors = refusals(decisions, replacements, outcome.results)
    workload_entries = entries(decisions, replacements, locations, suggestions, errors)

    judged = advice.judge(outcome.bundle, decisions, replacements, settings)
    warnings = judged.advice
    advice.attach(workload_entries, warnings)
    overrides.attach(workload_entries, decisions, warnings)
    return Explanation(
        outcome.meshes,
        workload_entries,
        decisions,
        replacements,
        outcome.results,
        errors,
        warnings,
        judged.requests,
    )
