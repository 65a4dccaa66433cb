"""The table of what workloads override of their mesh."""

from __future__ import annotations

from collections.abc import Iterable

from krm_injector.presenting.explain.entries import Entry
from krm_injector.presenting.explain.overrides import rows
from krm_injector.presenting.report.findings import NOUNS
from krm_injector.presenting.report.markup import NOTHING, Html, joined

_MOST_ROWS = 500
_ROW = Html(
    "<tr><td><bdi>{workload}</bdi></td><td><code>{setting}</code></td><td><code>{value}</code></td>"
    '<td><span class="chip {severity}">{noun}</span> <code>{code}</code></td></tr>'
)
_TABLE = Html(
    '<div class="wide"><table><thead><tr><th>Workload</th><th>Setting</th><th>Value</th>'
    "<th>Code</th></tr></thead><tbody>{rows}</tbody></table></div>{more}"
)
_MORE = Html("<p>… and {count:,} more, each with its workload below</p>")
_SECTION = Html(
    '<section aria-labelledby="h-overrides"><h2 id="h-overrides">What these workloads override'
    "</h2>{table}</section>"
)


def section(entries: Iterable[Entry]) -> Html:
    """The section; nothing if no workload overrides anything."""
    all_rows = rows(entries)
    if not all_rows:
        return NOTHING

    shown = [
        _ROW.filled(
            workload=row.workload,
            setting=row.setting,
            value=row.value,
            severity=row.severity,
            noun=NOUNS[row.severity][0],
            code=row.code,
        )
        for row in all_rows[:_MOST_ROWS]
    ]
    hidden = len(all_rows) - len(shown)
    more = _MORE.filled(count=hidden) if hidden else NOTHING
    return _SECTION.filled(table=_TABLE.filled(rows=joined(shown), more=more))
