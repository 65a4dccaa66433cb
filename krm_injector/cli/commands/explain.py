"""`krm-injector explain`: says for each workload whether it is injected, the deciding rule, and
what is probably a mistake.
"""

from __future__ import annotations

from krm_injector import results
from krm_injector.cli import bundles, explaining, finding_forms, loader, roots
from krm_injector.cli.request import Answer, Request
from krm_injector.judging import advice
from krm_injector.presenting.explain import FORMS, Style
from krm_injector.presenting.explain.style import PLAIN

TYPE_CHECKING = False
if TYPE_CHECKING:
    from krm_injector.presenting.findings import Findings
    from krm_injector.presenting.places import Places


def run(request: Request) -> Answer:
    """Errors about workloads do not stop the output: readers ask for them. Raises Refused if the
    input or the settings cannot be read.
    """

    return finding_forms.in_form(request, lambda: roots.answered(request, _one))


def _one(request: Request) -> Answer:
    return bundles.with_all_causes(request, lambda: _answer(request))


def _answer(request: Request) -> Answer:
    arguments = request.arguments
    # Those of finding_forms show no suggestions, and are written there.
    form = FORMS.get(arguments.output or "table")
    brief = (form is None or form.brief) and not arguments.verbose
    explained = explaining.read(request, loader.read(request, arguments.paths))
    explanation = explaining.explanation(request, explained, brief)

    # A terminal shows a few of each code. --verbose and --results have all.
    warnings = advice.results(explanation.advice)
    all_wanted = arguments.verbose or arguments.results
    shown = warnings if all_wanted else advice.summary(warnings)

    all_results = (*explained.results, *explanation.results, *shown)
    limit = PLAIN.limit if arguments.limit is None else arguments.limit
    style = Style(request.width, request.colours, limit, arguments.verbose)
    text = form.render(explanation, style) if form else ""
    code = results.exit_code(all_results)

    def places() -> Places:
        return explaining.places(request, explained)

    def findings() -> Findings:
        known = places()
        subjects = finding_forms.subjects_of(explanation.decisions, known, with_reasons=True)
        told = (*explained.results, *explanation.results, *warnings)
        return finding_forms.of_run(arguments, told, known, subjects)

    return Answer(text, all_results, code, places, findings)
