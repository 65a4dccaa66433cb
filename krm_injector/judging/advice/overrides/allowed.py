"""spec.allowOverrides of an InjectionCheck: which overrides a Namespace's workloads may have."""

from __future__ import annotations

import re

from krm_injector.codes import of_page
from krm_injector.function_config import AllowedOverride, Settings
from krm_injector.judging.advice.injected_workload import Finding
from krm_injector.kube import selectors
from krm_injector.model import Decision

# What is a choice of the workload's too, though it is no setting of Istio's.
CODES = frozenset((*of_page("overrides.md"), "proxy-identity"))
# What reports list beside them. Injection causes it, so no policy has to allow it.
LISTED = CODES | {"init-container-network"}


def is_gated(finding: Finding, settings: Settings) -> bool:
    """Whether the policy decides about the finding."""
    return settings.allow_overrides is not None and finding.code in CODES


def remedy(finding: Finding, decision: Decision) -> str:
    """What the error adds to the finding's message."""
    values = ", ".join(value or '""' for value in finding.values or (str(finding.current),))
    namespace = decision.workload.ref.namespace
    return (
        f". No entry of spec.allowOverrides allows {finding.code} with {values} in Namespace "
        f"{namespace}"
    )


def is_allowed(finding: Finding, decision: Decision, settings: Settings) -> bool:
    """Whether an entry allows all values of the finding."""
    values = finding.values or (str(finding.current),)
    entries = [
        entry for entry in settings.allow_overrides or () if _is_about(entry, finding, decision)
    ]
    return all(any(_has(entry, value) for entry in entries) for value in values)


def _is_about(entry: AllowedOverride, finding: Finding, decision: Decision) -> bool:
    """Whether an entry names the code and selects the workload."""
    ref = decision.workload.ref
    if finding.code not in entry.codes and "*" not in entry.codes:
        return False
    if entry.kind not in ("", ref.kind) or entry.name not in ("", ref.name):
        return False

    labels = decision.namespace.labels if decision.namespace else {}
    return selectors.parse(entry.namespaces).matches(labels)


def _has(entry: AllowedOverride, value: str) -> bool:
    """Whether an entry's values have this one. "*" stands for any text."""
    if not entry.values:
        return True

    patterns = (".*".join(map(re.escape, each.split("*"))) for each in entry.values)
    return any(re.fullmatch(pattern, value, re.DOTALL) for pattern in patterns)
