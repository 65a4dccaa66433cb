"""Parts of the fleet's pages: sections, entries to be opened, lists of names, tables."""

from __future__ import annotations

from collections.abc import Container, Sequence

from krm_injector.presenting.report.markup import NOTHING, Html, escaped, joined

_MOST = 200  # names of one entry
_FIRST_ROWS = 12  # of a table; the others appear on request

_SECTION = Html(
    '<section aria-labelledby="h-{name}"><h2 id="h-{name}">{title}</h2>{content}</section>'
)
_DETAILS = Html(
    '<details class="warning"{id}{open}><summary>{chip}<span class="what">{what}</span>{code}'
    '<span class="count">{count}</span></summary>{content}</details>'
)
_CODE = Html(" <code>{text}</code> ")
_ID = Html(' id="{name}"')
_NAMES = Html('<ul class="names">{items}</ul>')
_ITEM = Html("<li>{text}</li>")
_MORE = Html("<p class=none>… and {count:,} more</p>")
_SHOW = Html(
    '<p class="show"><button type="button" class="link filter"{filters}>{text}</button></p>'
)
_FILTER = Html(' data-{filter}="{value}"')
_TABLE = Html(
    '<div class=wide><table class="{kind}"><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody>'
    "{rest}</table></div>{button}"
)
_REST = Html('<tbody id="rest-{name}">{rows}</tbody>')
_BUTTON = Html('<p><button type="button" data-shows="rest-{name}">{count:,} more</button></p>')


def section(name: str, title: str, content: Html) -> Html:
    return _SECTION.filled(name=name, title=title, content=content)


def details(
    chip: Html,
    what: str,
    code: str,
    count: str,
    content: Html,
    opened: bool = False,
    name: str = "",
) -> Html:
    """An entry in one line, to be opened."""
    return _DETAILS.filled(
        id=_ID.filled(name=name) if name else NOTHING,
        open=Html(" open") if opened else NOTHING,
        chip=chip,
        what=what,
        code=_CODE.filled(text=code) if code else NOTHING,
        count=count,
        content=content,
    )


def names(texts: Sequence[str]) -> Html:
    """Names in columns; the first of very many."""
    return listed(texts, _NAMES) if texts else NOTHING


def listed(texts: Sequence[str], template: Html) -> Html:
    items = joined(_ITEM.filled(text=text) for text in texts[:_MOST])
    hidden = len(texts) - _MOST
    more = _MORE.filled(count=hidden) if hidden > 0 else NOTHING
    return joined([template.filled(items=items), more])


def show(text: str, **filters: str) -> Html:
    """A button that sets these filters of the list, and no others."""
    pairs = (_FILTER.filled(filter=name, value=value) for name, value in filters.items())
    return _SHOW.filled(filters=joined(pairs), text=text)


def cut_table(
    name: str,
    heads: Sequence[str],
    rows: Sequence[Sequence[Html]],
    numbers: Container[int] = (),
    kind: str = "",
    first: int = _FIRST_ROWS,
) -> Html:
    """A table, of which long ones show their first rows. A column without content is left out.

    numbers: the columns that stand at the right.
    """
    kept = [at for at in range(len(heads)) if any(row[at] for row in rows)]
    lines = [
        Html("<tr>{cells}</tr>").filled(
            cells=joined(_cell("td", row[at], at in numbers) for at in kept)
        )
        for row in rows
    ]
    hidden = lines[first:] if len(lines) > first + 1 else []
    rest = button = NOTHING
    if hidden:
        lines = lines[:first]
        rest = _REST.filled(name=name, rows=joined(hidden))
        button = _BUTTON.filled(name=name, count=len(hidden))

    head = joined(_cell("th", escaped(heads[at]), at in numbers) for at in kept)
    return _TABLE.filled(kind=kind, heads=head, rows=joined(lines), rest=rest, button=button)


def _cell(tag: str, content: Html, number: bool) -> Html:
    at_the_right = Html(" class=n") if number else NOTHING
    return Html("<{tag}{number}>{content}</{tag}>").filled(
        tag=tag, number=at_the_right, content=content
    )


def with_commands(text: str) -> Html:
    """Text in which `commands` stand in backticks."""
    code = Html("<code>{text}</code>")
    pieces = text.split("`")
    if len(pieces) % 2 == 0:  # a backtick of the text's own
        return escaped(text)
    return joined(
        code.filled(text=piece) if at % 2 else escaped(piece) for at, piece in enumerate(pieces)
    )
