"""The report: one HTML page (presenting/report)."""

from __future__ import annotations

from krm_injector.judging.advice import Advice
from krm_injector.presenting.explain.explanation import Explanation
from krm_injector.presenting.explain.rows import rule
from krm_injector.presenting.explain.style import Style


def render(explanation: Explanation, _: Style) -> str:
    from krm_injector.presenting import report

    rules = [rule(entry) for entry in explanation.entries]
    return report.page(explanation, _findings(explanation), rules)


def _findings(explanation: Explanation) -> list[Advice]:
    """All results as the report lists them: errors with their workloads, what is about no single
    workload, the advice.
    """
    errors = [
        Advice(error, index)
        for index, errors_of_one in enumerate(explanation.errors)
        for error in errors_of_one
    ]
    listed = {id(finding.result) for finding in errors}
    others = [
        Advice(result, None)
        for result in explanation.results
        # "mesh" says which control planes there are: the head of the page does.
        if result.code != "mesh" and id(result) not in listed
    ]
    return [*errors, *others, *explanation.advice]
