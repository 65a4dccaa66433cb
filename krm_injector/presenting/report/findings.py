"""Errors, warnings and notes by code, the gravest first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from krm_injector import codes
from krm_injector.judging.advice import Advice
from krm_injector.presenting.report.markup import Html, joined

# Singular and plural of each severity, the gravest first.
NOUNS = {
    "error": ("error", "errors"),
    "warning": ("warning", "warnings"),
    "info": ("note", "notes"),
}
_ORDER = {severity: number for number, severity in enumerate(NOUNS)}

_FIRST_MESSAGES = 4  # of one code; the others appear on request
_MOST_MESSAGES = 200  # of one code
_GROUP = Html(
    '<details class="warning"><summary><span class="chip {severity}">{noun}</span> '
    '<span class="what">{title}</span> <code>{code}</code> '
    '<span class="count">{count:,}</span></summary>{messages}</details>'
)
_ITEM = Html("<li>{message}</li>")
_OMITTED = Html("<li>… and {count:,} more, each with its workload below</li>")
_LIST = Html("<ul>{items}</ul>")
_REST = Html("<details class=rest><summary>{count:,} more</summary><ul>{items}</ul></details>")


def gravity(finding: Advice) -> int:
    """A sort key: the gravest is the smallest."""
    return _ORDER.get(finding.result.severity, len(_ORDER))


def counts(findings: Iterable[Advice]) -> dict[str, int]:
    """How many there are of each severity, the gravest first."""
    result = dict.fromkeys(NOUNS, 0)
    for finding in findings:
        if finding.result.severity in result:
            result[finding.result.severity] += 1
    return result


def by_code(findings: Iterable[Advice]) -> Html:
    """One element per code, with its messages."""
    groups: dict[tuple[str, str], list[Advice]] = {}
    for finding in findings:
        groups.setdefault((finding.result.severity, finding.result.code), []).append(finding)

    if not groups:
        return Html('<p class="none">Nothing to warn of.</p>')
    return joined(_group(group) for group in sorted(groups.values(), key=_gravity_of_group))


def _gravity_of_group(group: Sequence[Advice]) -> int:
    return gravity(group[0])


def _group(group: Sequence[Advice]) -> Html:
    severity, code = group[0].result.severity, group[0].result.code
    distinct_messages = list(dict.fromkeys(finding.result.message for finding in group))
    return _GROUP.filled(
        severity=severity,
        noun=NOUNS[severity][0],
        title=codes.title(code),
        code=code,
        count=len(group),
        messages=_messages(distinct_messages),
    )


def _messages(messages: Sequence[str]) -> Html:
    """A list: the first few, and the rest in an element to be opened."""
    items = [_ITEM.filled(message=message) for message in messages[:_MOST_MESSAGES]]
    if len(messages) > _MOST_MESSAGES:
        items.append(_OMITTED.filled(count=len(messages) - _MOST_MESSAGES))

    result = _LIST.filled(items=joined(items[:_FIRST_MESSAGES]))
    rest = items[_FIRST_MESSAGES:]
    if not rest:
        return result

    rest_count = len(messages) - _FIRST_MESSAGES
    return joined([result, _REST.filled(count=rest_count, items=joined(rest))])
