"""`krm-injector verify`: checks that committed manifests are what injection gives now."""

from __future__ import annotations

import os

from krm_injector import results
from krm_injector.cli import bundles, finding_forms, roots, verifying
from krm_injector.cli.request import Answer, Request
from krm_injector.model import Result
from krm_injector.outcome import Outcome
from krm_injector.sources import files

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from krm_injector.presenting.findings import Findings
    from krm_injector.presenting.places import Places


def run(request: Request) -> Answer:
    """The results are the answer; on stdout there is one line with the count of workloads, or what
    --output asks for.
    """

    return finding_forms.in_form(request, lambda: roots.answered(request, _one))


def _one(request: Request) -> Answer:
    return bundles.with_all_causes(request, lambda: _verified(request))


def _verified(request: Request) -> Answer:
    stated = request.arguments.paths
    paths = [path for path in stated if os.path.basename(path) not in files.KUSTOMIZATIONS]
    if stated and not paths:
        return Answer("", (_passed_over(stated),))  # a hook that got only kustomizations

    manifests = bundles.read(request, paths)
    outcome = verifying.verified(request, manifests)
    code = results.exit_code(outcome.results)

    def places() -> Places:
        return bundles.places(request, manifests)

    def findings() -> Findings:
        known = places()
        subjects = finding_forms.subjects_of(outcome.decisions, known)
        return finding_forms.of_run(request.arguments, outcome.results, known, subjects)

    return Answer(_summary(outcome), outcome.results, code, places, findings)


def _passed_over(stated: Sequence[str]) -> Result:
    """The info about kustomizations that are named as files."""
    directories = dict.fromkeys(os.path.dirname(path) or "." for path in stated)
    words = " ".join(files.quoted(directory) for directory in directories)
    message = (
        f"passed over {results.counted(len(stated), 'file')} of kustomizations; what these render "
        f"to is verified by their directories: krm-injector verify {words}"
    )
    return Result("info", message, code="input-passed-over")


def _summary(outcome: Outcome) -> str:
    """The number of workloads or, with an error, of stale workloads and of those about which
    errors leave nothing to say.
    """
    count = outcome.workloads
    shown = results.counted(count, "workload")
    if not results.exit_code(outcome.results):
        return f"{shown} verified\n" if count else "there are no workloads to verify\n"

    drifted = verifying.drifted(outcome)
    unknown = verifying.stale(outcome) - drifted
    is_, it = ("is", "it") if count == 1 else ("are", "them")
    if not drifted:
        return f"{unknown or count:,} of {shown} {is_} not verified: see the errors\n"

    text = f"{drifted:,} of {shown} {is_} not as injection gives {it}"
    return f"{text}, and {unknown:,} not verified: see the errors\n" if unknown else f"{text}\n"
