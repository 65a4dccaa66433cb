"""A Report -> the Answer of a command of `krm-injector fleet`. A run that was joined of shards has
the same as one that was not.
"""

from __future__ import annotations

from krm_injector.cli import fleet_run
from krm_injector.cli.request import Answer, Arguments
from krm_injector.cli.tables import FINDINGS
from krm_injector.model import Refused, Result

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from krm_injector.cli.request import Request
    from krm_injector.fleet.model import Report
    from krm_injector.presenting.explain.style import Style
    from krm_injector.presenting.findings import Findings


def answer(request: Request, report: Report) -> Answer:
    """The text of a report in the form of --output, and its results. Raises Refused."""
    from krm_injector.fleet.forms import results

    arguments = request.arguments
    told = results.of_report(report, verbose=arguments.verbose, every=arguments.results is not None)
    if report.command == "plan":
        from krm_injector.fleet.plan import units, work

        told += units.doubts(work.answers(report))

    def findings() -> Findings:
        from krm_injector import codes
        from krm_injector.fleet import found

        return found.findings(report, arguments.docs or codes.DOCS)

    return Answer(_text(request, report), told, fleet_run.exit_code(report), findings=findings)


def _text(request: Request, report: Report) -> str:
    form = request.arguments.output or "table"
    if form in FINDINGS:
        return ""  # finding_forms writes it

    if report.command not in _TEXTS:
        if form != "table":
            message = f"fleet {report.command} has no --output {form}: leave it out"
            raise Refused(Result("error", message, code="options-unread"))
        return _SUMMARIES[report.command](request, report)

    return _TEXTS[report.command](request, report, form)


def _style(request: Request, limit: int) -> Style:
    from krm_injector.presenting.explain.style import Style

    arguments: Arguments = request.arguments
    most = limit if arguments.limit is None else arguments.limit
    return Style(request.width, request.colours, most, arguments.verbose)


def _explain(request: Request, report: Report, form: str) -> str:
    from krm_injector.fleet.forms import explain

    return explain.render(report, form, _style(request, explain.LIMIT))


def _plan(request: Request, report: Report, form: str) -> str:
    from krm_injector.fleet.forms import plan

    return plan.render(report, form, _style(request, plan.LIMIT))


def _build(request: Request, report: Report) -> str:
    from krm_injector.fleet.forms import build
    from krm_injector.fleet.merge import FILES

    directory = str(report.options.get("to_directory", ""))
    written, unchanged, removed = report.options.get(FILES, (0, 0, 0))
    return build.summary(report, directory, written, unchanged, removed, _style(request, 0))


def _verify(request: Request, report: Report) -> str:
    from krm_injector.fleet.forms import verify

    return verify.summary(report, _style(request, 0))


_TEXTS: dict[str, Callable[[Request, Report, str], str]] = {"explain": _explain, "plan": _plan}
_SUMMARIES: dict[str, Callable[[Request, Report], str]] = {"build": _build, "verify": _verify}
