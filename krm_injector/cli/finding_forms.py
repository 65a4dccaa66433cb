"""Answers as findings: --output sarif, junit, policyreport or github, and --results FILE.sarif or
FILE.xml. All commands share this module. Few runs need the forms: functions import them.
"""

from __future__ import annotations

from krm_injector import results
from krm_injector.cli.request import REFUSED, Answer
from krm_injector.cli.tables import FINDINGS
from krm_injector.model import Refused

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from krm_injector.cli.request import Arguments, Request
    from krm_injector.model import Decision, Place, Result
    from krm_injector.presenting.findings import Findings, Subject
    from krm_injector.presenting.places import Places


def in_form(request: Request, step: Callable[[], Answer]) -> Answer:
    """A command's answer, in the form of --output if that is one of FINDINGS. Then a refused run
    has an answer too: the causes. Raises Refused for every other --output.
    """
    form = request.arguments.output
    if form not in FINDINGS:
        return step()

    from krm_injector.presenting.findings import render

    try:
        answer = step()
    except Refused as refused:
        told = refused.results
        answer = Answer("", told, REFUSED, lambda: _of_refused(request.arguments, told))
    return answer._replace(text=render(form, findings_of(answer, request.arguments)))


def is_wanted(arguments: Arguments) -> bool:
    """Whether the command line asks for findings, on stdout or in a file."""
    from krm_injector.presenting.findings import form_of

    return arguments.output in FINDINGS or bool(form_of(arguments.results or ""))


def file_text(answer: Answer, arguments: Arguments) -> str:
    """What --results gets."""
    from krm_injector.presenting.findings import form_of, render

    path = arguments.results or ""
    form = form_of(path)
    if form:
        return render(form, findings_of(answer, arguments))
    return results.as_file(answer.results, answer.code, path.endswith(".json"))


def findings_of(answer: Answer, arguments: Arguments) -> Findings:
    """The findings of an answer: its own, or else its results."""
    if answer.findings is not None:
        return answer.findings()
    places = answer.places() if answer.places is not None else None
    return of_run(arguments, answer.results, places)


def _of_refused(arguments: Arguments, told: tuple[Result, ...]) -> Places:
    from krm_injector.cli import placing  # late: only where somebody looks

    return placing.of_refused(arguments, told)


# ---------------------------------------------------------------- one run


def of_run(
    arguments: Arguments,
    told: Iterable[Result],
    places: Places | None = None,
    subjects: tuple[Subject, ...] = (),
) -> Findings:
    """The results of a run with their places."""
    from krm_injector import codes
    from krm_injector.cli import placing
    from krm_injector.presenting.findings import Finding, Findings
    from krm_injector.presenting.places import Places

    known = places or Places(())
    found = tuple(Finding(result, _of(result, known)) for result in results.distinct(told))
    known_places = (*(each.place for each in subjects), *(each.place for each in found))
    named = [place.file for place in known_places if place and place.file]
    paths = [path for path in arguments.paths if path != "-"]
    paths = [placing.rendered_file(path) or path for path in paths]
    anchor = next(iter((*filter(None, [arguments.config]), *named, *paths)), "")
    docs = arguments.docs or codes.DOCS
    return Findings(arguments.command, found, subjects, anchor, docs)


def _of(result: Result, places: Places) -> Place | None:
    """The place of a result. A directory that could not be rendered is in its kustomization."""
    from krm_injector.cli import placing

    place = places.of(result)
    if place is None or place.line:
        return place
    file = placing.rendered_file(place.file)
    return place._replace(file=file) if file else place


def subjects_of(
    decisions: Iterable[Decision], places: Places, with_reasons: bool = False
) -> tuple[Subject, ...]:
    """The workloads of a run. with_reasons: say why those that are left out are."""
    from krm_injector.presenting.findings import Subject

    found = []
    for decision in decisions:
        workload = decision.workload
        place = places.of_path(workload.item, workload.inside)
        left_out = decision.detail if with_reasons and not decision.injected else ""
        found.append(Subject(workload.shown, workload.ref, left_out, place))
    return tuple(found)
