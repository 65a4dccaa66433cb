"""The sections of explain's page above its list of workloads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from krm_injector import codes
from krm_injector.fleet.forms import explain_sections, totals
from krm_injector.fleet.forms.differing import Differing
from krm_injector.fleet.forms.explained import AdviceGroup, Explained, Unexpected, messages
from krm_injector.fleet.forms.page import parts
from krm_injector.fleet.forms.placed import Placed, first_names, resource_name
from krm_injector.fleet.forms.results import Group, groups
from krm_injector.fleet.forms.sections import Section
from krm_injector.presenting.report.findings import NOUNS
from krm_injector.presenting.report.markup import NOTHING, Html, escaped, joined
from krm_injector.results import counted

_MOST_ENTRIES = 100  # of one section

_HALVES = Html('<section class="two">{halves}</section>')
_HALF = Html('<div aria-labelledby="h-{name}"><h2 id="h-{name}">{title}</h2>{content}</div>')
_CHIP = Html('<span class="chip {severity}">{noun}</span> ')
_PARAGRAPH = Html('<p class="{kind}">{text}</p>')
_MESSAGES = Html("<ul>{items}</ul>")
_MORE = Html("<p class=none>… and {count:,} more</p>")
_LINK = Html('<button type="button" class="link filter" data-{filter}="{value}">{text}</button>')
_SHOW = "Show them in the list"


def all_of(explained: Explained) -> Html:
    return joined(
        [
            _listed("errors", "Targets with errors", _errors(explained)),
            _listed("unlike", "Unlike most other targets", map(_unlike, explained.differing)),
            _listed(
                "meant", "Left out, and perhaps meant in", map(_unexpected, explained.unexpected)
            ),
            _listed("warnings", "Warnings and notes", map(_advice, explained.advice)),
            *_tables(explained),
        ]
    )


def _listed(name: str, title: str, entries: Iterable[Html]) -> Html:
    """A section with its entries; nothing if there are none."""
    entries = list(entries)
    if not entries:
        return NOTHING

    hidden = len(entries) - _MOST_ENTRIES
    more = _MORE.filled(count=hidden) if hidden > 0 else NOTHING
    return parts.section(name, title, joined([*entries[:_MOST_ENTRIES], more]))


# ---------------------------------------------------------------- exceptions


def _errors(explained: Explained) -> Iterator[Html]:
    """Each error in a few words, in full when it is opened; those of most targets first."""
    paths = {target.name: target.path for target in explained.report.fleet.targets}
    found = groups(explained.failed, paths, brief=True)
    for group in sorted(found, key=lambda group: -len(group.targets)):
        if group.result.severity == "error":
            yield _error(group)

    silent = [
        result
        for result in explained.failed
        if all(each.severity != "error" for each in result.results)
    ]
    for text in totals.errors(explained.report, silent):
        yield parts.details(_chip("error"), text, "", "", NOTHING)


def _error(group: Group) -> Html:
    content = [parts.names(group.targets)]
    if len(group.objects) > 1:
        content.append(parts.names(group.objects))
    if group.result.message not in group.message:
        first = "The first in full: " if len(group.targets) > 1 or len(group.objects) > 1 else ""
        content.insert(0, _paragraph(f"{first}{group.result.message}", "full"))

    return parts.details(
        chip=_chip("error"),
        what=group.message,
        code=group.result.code,
        count=counted(len(group.targets), "target"),
        content=joined(content),
    )


def _unlike(found: Differing) -> Html:
    verb = "is" if len(found.members) == 1 else "are"
    rule = _sentence(totals.rule(found.reason, found.detail))
    about = f"{rule} {_sentence(totals.agreement(found))}"
    content = [_paragraph(about), _placed(found.members), parts.show(_SHOW, show="unlike")]
    return parts.details(
        chip=NOTHING,
        what=f"{totals.lead(found.members)} {verb} {found.verdict}; elsewhere {found.usual}",
        code=found.reason,
        count=f"{len(found.members):,}",
        content=joined(content),
    )


def _unexpected(found: Unexpected) -> Html:
    content = []
    if found.doubt:
        first = "of the first: " if len(found.members) > 1 else ""
        content.append(_paragraph(_sentence(f"{first}{found.doubt}"), "doubt"))
    if found.change:
        content.append(_paragraph(_sentence(found.change), "remedy"))

    content += [_placed(found.members), parts.show(_SHOW, show="meant", reason=found.reason)]
    return parts.details(
        chip=NOTHING,
        what=f"{totals.lead(found.members)}: {totals.rule(found.reason, found.detail)}",
        code=found.reason,
        count=f"{len(found.members):,}",
        content=joined(content),
    )


def _advice(group: AdviceGroup) -> Html:
    told = [
        f"{message} ({len(places):,} in {first_names(place.target.name for place in places)})"
        for message, places in messages(group.places).items()
    ]
    return parts.details(
        chip=_chip(group.severity),
        what=codes.title(group.code),
        code=group.code,
        count=f"{len(group.places):,} in {counted(group.targets, 'target')}",
        content=joined([parts.listed(told, _MESSAGES), parts.show(_SHOW, find=group.code)]),
    )


def _chip(severity: str) -> Html:
    return _CHIP.filled(severity=severity, noun=NOUNS.get(severity, (severity,))[0])


def _paragraph(text: str, kind: str = "soft") -> Html:
    return _PARAGRAPH.filled(kind=kind, text=text)


def _sentence(clause: str) -> str:
    return f"{clause[:1].upper()}{clause[1:].rstrip('.')}."


def _placed(members: Sequence[Placed]) -> Html:
    if len({each.target.name for each in members}) == 1:
        return parts.names([resource_name(each.workload) for each in members])
    return parts.names([f"{each.target.name}: {resource_name(each.workload)}" for each in members])


# ---------------------------------------------------------------- tables


def _tables(explained: Explained) -> Iterator[Html]:
    """The tables of the other forms, with all their rows."""
    for section in explain_sections.clusters(explained, 0):
        yield parts.section("clusters", "Clusters", _table("clusters", section, "cluster"))

    tables = [
        (name, section.title, _table(name, section, link))
        for name, found, link in (
            ("planes", explain_sections.planes(explained, 0), ""),
            ("spaces", explain_sections.namespaces(explained, 0), "namespace"),
        )
        for section in found
    ]
    if len(tables) < 2:
        yield from (parts.section(*table) for table in tables)
        return

    halves = (
        _HALF.filled(name=name, title=title, content=content) for name, title, content in tables
    )
    yield _HALVES.filled(halves=joined(halves))


def _table(name: str, section: Section, link: str) -> Html:
    """link: the filter of the list that the first column sets; "" for none."""
    heads = [column.head for column in section.columns]
    numbers = {at for at, column in enumerate(section.columns) if column.number}
    rows = [[_first(row[0], link), *(escaped(cell) for cell in row[1:])] for row in section.rows]
    return parts.cut_table(name, heads, rows, numbers)


def _first(name: str, link: str) -> Html:
    if not link:
        return escaped(name)
    value = "" if name == "(none)" else name
    return _LINK.filled(filter=link, value=value, text=name)
