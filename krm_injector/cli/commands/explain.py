"""`krm-injector explain`: says for each workload whether it is injected, the deciding rule, and
what is probably a mistake.
"""

from __future__ import annotations

from krm_injector import results
from krm_injector.cli import bundles, explaining, loader
from krm_injector.cli.request import Answer, Request
from krm_injector.judging import advice
from krm_injector.presenting.explain import FORMS, Style
from krm_injector.presenting.explain.style import PLAIN


def run(request: Request) -> Answer:
    """Errors about workloads do not stop the output: readers ask for them. Raises Refused if the
    input or the settings cannot be read.
    """
    return bundles.with_all_causes(request, lambda: _answer(request))


def _answer(request: Request) -> Answer:
    arguments = request.arguments
    form = FORMS[arguments.output or "table"]
    brief = form.brief and not arguments.verbose
    explained = explaining.read(request, loader.read(request, arguments.paths))
    explanation = explaining.explanation(request, explained, brief)

    # A terminal shows a few of each code. --verbose and --results have all.
    warnings = advice.results(explanation.advice)
    all_wanted = arguments.verbose or arguments.results
    shown = warnings if all_wanted else advice.summary(warnings)

    all_results = (*explained.results, *explanation.results, *shown)
    limit = PLAIN.limit if arguments.limit is None else arguments.limit
    style = Style(request.width, request.colours, limit, arguments.verbose)
    return Answer(
        form.render(explanation, style),
        all_results,
        results.exit_code(all_results),
        places=lambda: explaining.places(request, explained),
    )
