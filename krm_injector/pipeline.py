"""THE MAP: read -> configure -> discover -> take back earlier injections -> decide -> render ->
merge -> post-process -> record -> write.

Reading and writing are the caller's (cli). The steps between are here. They are pure and collect
every error of a run. The steps from render to record are done for each workload: see
reinjection/reinject.py.
"""

from __future__ import annotations

from krm_injector.decision.decide import decide_all
from krm_injector.decision.label_warnings import label_warnings
from krm_injector.discovery import version_inference
from krm_injector.discovery.discover import discover
from krm_injector.function_config import Settings
from krm_injector.injection.render import native_assumptions
from krm_injector.outcome import (
    KNOWN_LAYOUTS,
    Outcome,
    candidates,
    decision_outcome,
    ejection_outcome,
    observable,
    with_replacements,
)
from krm_injector.reinjection.bundle_injection import BundleInjection
from krm_injector.reinjection.take_back import ejected_workloads, restored_workloads
from krm_injector.sources.resource_list import Bundle

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

__all__ = ["ACTIONS", "KNOWN_LAYOUTS", "Outcome", "check", "decide_only", "run", "take_back",
           "verify", "with_replacements"]  # fmt: skip

# Called with the number of workloads done, and of all.
Progress: TypeAlias = "Callable[[int, int], None]"


def decide_only(bundle: Bundle, settings: Settings) -> Outcome:
    """Decides who is injected, and why. Renders nothing. Takes earlier injections back first."""
    facts = discover(bundle, settings)
    restored = restored_workloads(bundle, facts.workloads)
    workloads = [original.workload for original in restored]
    decisions = decide_all(workloads, facts.namespaces, facts.meshes, settings)
    objects = [item.value for item in bundle.items]
    is_automatic = settings.method == "automatic"
    warnings = label_warnings(decisions, facts.meshes, objects) if is_automatic else []
    return decision_outcome(bundle, facts, restored, decisions, warnings)


def run(bundle: Bundle, settings: Settings, progress: Progress | None = None) -> Outcome:
    """Does everything: the decisions, and each injected item as it is to be written."""
    outcome = _inject(bundle, settings, progress)

    # An unknown version of Istio is no warning if all possible versions give the same.
    def observable_under(stated: Settings) -> object:
        return observable(_inject(bundle, stated))

    results = version_inference.settle_unknown_version(
        outcome.results, outcome.meshes, len(outcome.decisions), settings, observable_under
    )
    return outcome._replace(results=results)


def _inject(bundle: Bundle, settings: Settings, progress: Progress | None = None) -> Outcome:
    outcome = decide_only(bundle, settings)
    injection = BundleInjection(bundle, settings, outcome.meshes, outcome.originals)
    for number, candidate in enumerate(candidates(outcome)):
        if progress is not None:
            progress(number, len(outcome.decisions))
        injection.add(candidate)

    assumed = native_assumptions(outcome.decisions, settings)
    return outcome._replace(
        replacements=injection.replacements(),
        results=(*outcome.results, *assumed, *injection.results),
        edits=injection.edits,
        unusable=frozenset(injection.unusable),
    )


def take_back(bundle: Bundle, settings: Settings) -> Outcome:
    """Takes every injection back. The replacements are the items as they were before."""
    return ejection_outcome(bundle, ejected_workloads(bundle, settings))


def verify(bundle: Bundle, settings: Settings) -> Outcome:
    """Reports an error for each workload that is not as injection gives it now. Replaces
    nothing.
    """
    from krm_injector.judging.verify import verify_outcome  # late: only this command needs it

    return verify_outcome(run(bundle, settings), settings)


def check(bundle: Bundle, settings: Settings) -> Outcome:
    """Reports violations of an InjectionCheck's policy, and the advice. Replaces nothing."""
    from krm_injector.judging import policy  # late: only this command needs it

    problems = policy.selector_problems(settings)
    if problems:
        return Outcome(bundle, (), (), {}, tuple(problems))

    return policy.check_outcome(run(bundle, settings), settings)


ACTIONS = {"inject": run, "eject": take_back, "verify": verify, "check": check}  # Settings.action
