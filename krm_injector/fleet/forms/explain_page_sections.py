"""The sections of the page above its list of workloads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from krm_injector import codes
from krm_injector.fleet.forms import explain_sections, totals
from krm_injector.fleet.forms.columns import Column
from krm_injector.fleet.forms.differing import Differing
from krm_injector.fleet.forms.explained import AdviceGroup, Explained, Unexpected, messages
from krm_injector.fleet.forms.placed import Placed, first_names, resource_name
from krm_injector.fleet.forms.results import Group, groups
from krm_injector.fleet.forms.sections import Section
from krm_injector.presenting.report.findings import NOUNS
from krm_injector.presenting.report.markup import NOTHING, Html, escaped, joined
from krm_injector.results import counted

_MOST = 200  # names, or messages, of one entry
_MOST_ENTRIES = 100  # of one section
_FIRST_ROWS = 12  # of a table; the others appear on request

_SECTION = Html(
    '<section aria-labelledby="h-{name}"><h2 id="h-{name}">{title}</h2>{content}</section>'
)
_HALVES = Html('<section class="two">{halves}</section>')
_HALF = Html('<div aria-labelledby="h-{name}"><h2 id="h-{name}">{title}</h2>{content}</div>')
_GROUP = Html(
    '<details class="warning"><summary>{chip}<span class="what">{what}</span> <code>{code}</code> '
    '<span class="count">{count}</span></summary>{content}</details>'
)
_CHIP = Html('<span class="chip {severity}">{noun}</span> ')
_PARAGRAPH = Html('<p class="{kind}">{text}</p>')
_NAMES = Html('<ul class="names">{items}</ul>')
_ITEM = Html("<li>{text}</li>")
_MORE = Html("<p class=none>… and {count}</p>")
_SHOW = Html('<p><button type="button" class="link"{filters}>Show them in the list</button></p>')
_FILTER = Html(' data-{filter}="{value}"')
_TABLE = Html(
    "<div class=wide><table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody>{rest}</table>"
    "</div>{button}"
)
_REST = Html('<tbody id="{name}">{rows}</tbody>')
_BUTTON = Html('<p><button type="button" data-shows="{name}">{text}</button></p>')
_LINK = Html('<button type="button" class="link" data-{filter}="{value}">{text}</button>')


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
    more = _MORE.filled(count=f"{hidden:,} more") if hidden > 0 else NOTHING
    return _SECTION.filled(name=name, title=title, content=joined([*entries[:_MOST_ENTRIES], more]))


# ---------------------------------------------------------------- exceptions


def _errors(explained: Explained) -> Iterator[Html]:
    paths = {target.name: target.path for target in explained.report.fleet.targets}
    silent = {result.name for result in explained.failed}
    for group in groups(explained.failed, paths):
        if group.result.severity == "error":
            silent.difference_update(group.targets)
            yield _error(group)

    for text in totals.errors(
        explained.report, [each for each in explained.failed if each.name in silent]
    ):
        yield _GROUP.filled(chip=_chip("error"), what=text, code="", count="", content=NOTHING)


def _error(group: Group) -> Html:
    return _GROUP.filled(
        chip=_chip("error"),
        what=group.message,
        code=group.result.code,
        count=counted(len(group.targets), "target"),
        content=_names(group.targets),
    )


def _unlike(found: Differing) -> Html:
    members = found.members
    verb = "is" if len(members) == 1 else "are"
    what = f"{totals.lead(members)} {verb} {found.verdict}; elsewhere {found.usual}"
    about = (
        f"{_sentence(totals.rule(found.reason, found.detail))} {_sentence(totals.agreement(found))}"
    )
    return _GROUP.filled(
        chip=NOTHING,
        what=what,
        code=found.reason,
        count=f"{len(members):,}",
        content=joined([_paragraph(about), _placed(members), _show(show="unlike")]),
    )


def _unexpected(found: Unexpected) -> Html:
    parts = []
    if found.doubt:
        first = "of the first: " if len(found.members) > 1 else ""
        parts.append(_paragraph(_sentence(f"{first}{found.doubt}"), "doubt"))
    if found.change:
        parts.append(_paragraph(_sentence(found.change), "remedy"))

    parts += [_placed(found.members), _show(show="meant", reason=found.reason)]
    return _GROUP.filled(
        chip=NOTHING,
        what=f"{totals.lead(found.members)}: {totals.rule(found.reason, found.detail)}",
        code=found.reason,
        count=f"{len(found.members):,}",
        content=joined(parts),
    )


def _advice(group: AdviceGroup) -> Html:
    told = [
        f"{message} ({counted(len(places), 'workload')} in "
        f"{first_names(place.target.name for place in places)})"
        for message, places in messages(group.places).items()
    ]
    return _GROUP.filled(
        chip=_chip(group.severity),
        what=codes.title(group.code),
        code=group.code,
        count=f"{len(group.places):,} in {counted(group.targets, 'target')}",
        content=joined([_list(told, Html("<ul>{items}</ul>")), _show(find=group.code)]),
    )


def _chip(severity: str) -> Html:
    return _CHIP.filled(severity=severity, noun=NOUNS.get(severity, (severity,))[0])


def _paragraph(text: str, kind: str = "soft") -> Html:
    return _PARAGRAPH.filled(kind=kind, text=text)


def _sentence(clause: str) -> str:
    return f"{clause[:1].upper()}{clause[1:].rstrip('.')}."


def _show(**filters: str) -> Html:
    """A button that sets these filters of the list, and no others."""
    pairs = (_FILTER.filled(filter=name, value=value) for name, value in filters.items())
    return _SHOW.filled(filters=joined(pairs))


def _placed(members: Sequence[Placed]) -> Html:
    if len({each.target.name for each in members}) == 1:
        return _names([resource_name(each.workload) for each in members])
    return _names([f"{each.target.name}: {resource_name(each.workload)}" for each in members])


def _names(names: Sequence[str]) -> Html:
    return _list(names, _NAMES)


def _list(texts: Sequence[str], template: Html) -> Html:
    items = joined(_ITEM.filled(text=text) for text in texts[:_MOST])
    hidden = len(texts) - _MOST
    more = _MORE.filled(count=f"{hidden:,} more") if hidden > 0 else NOTHING
    return joined([template.filled(items=items), more])


# ---------------------------------------------------------------- tables


def _tables(explained: Explained) -> Iterator[Html]:
    """The tables of the other forms, with all their rows."""
    for section in explain_sections.clusters(explained, 0):
        yield _SECTION.filled(
            name="clusters", title="Clusters", content=_table("clusters", section, "cluster")
        )

    halves = [
        _HALF.filled(name=name, title=section.title, content=_table(name, section, link))
        for name, found, link in (
            ("planes", explain_sections.planes(explained, 0), ""),
            ("spaces", explain_sections.namespaces(explained, 0), "namespace"),
        )
        for section in found
    ]
    if halves:
        yield _HALVES.filled(halves=joined(halves))


def _table(name: str, section: Section, link: str) -> Html:
    """link: the filter of the list that the first column sets; "" for none."""
    columns, rows = section.columns, section.rows
    kept = [at for at in range(len(columns)) if any(row[at] for row in rows)]
    columns = [columns[at] for at in kept]
    lines = [_line(columns, [row[at] for at in kept], link) for row in rows]
    hidden = lines[_FIRST_ROWS:] if len(lines) > _FIRST_ROWS + 1 else []
    rest = button = NOTHING
    if hidden:
        lines = lines[:_FIRST_ROWS]
        rest = _REST.filled(name=f"rest-{name}", rows=joined(hidden))
        button = _BUTTON.filled(name=f"rest-{name}", text=f"{len(hidden):,} more")

    heads = joined(_cell("th", column, escaped(column.head)) for column in columns)
    return _TABLE.filled(heads=heads, rows=joined(lines), rest=rest, button=button)


def _line(columns: Sequence[Column], row: Sequence[str], link: str) -> Html:
    cells = [escaped(cell) for cell in row]
    if link:
        cells[0] = _LINK.filled(filter=Html(link), value=_value(row[0]), text=row[0])
    pairs = zip(columns, cells, strict=True)
    cells = [_cell("td", column, cell) for column, cell in pairs]
    return Html("<tr>{cells}</tr>").filled(cells=joined(cells))


def _value(name: str) -> str:
    return "" if name == "(none)" else name


def _cell(tag: str, column: Column, content: Html) -> Html:
    number = Html(" class=n") if column.number else NOTHING
    return Html("<{tag}{number}>{content}</{tag}>").filled(tag=tag, number=number, content=content)
