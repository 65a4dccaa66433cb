"""Pages about codes. What they say is in codes.json, which tools/generate_help.py makes of the
pages in docs/.
"""

from __future__ import annotations

import json
from functools import lru_cache

from krm_injector import package_data
from krm_injector.cli.help.page import Literal, Page, Rows, Text
from krm_injector.codes import DOCS
from krm_injector.model import Object

TYPE_CHECKING = False
if TYPE_CHECKING:
    from krm_injector.cli.help.page import Block

_FILE = package_data.path(__file__, "codes.json")
_OF_WARNINGS = ("warnings.md", "overrides.md")  # what severities and silence are about


@lru_cache(1)
def entries() -> dict[str, Object]:
    """What docs say of each code, and of each reason of a verdict."""
    found: dict[str, Object] = json.loads(package_data.text(_FILE))
    return found


def list_page() -> Page:
    groups: dict[str, list[tuple[str, str]]] = {}
    for code, entry in entries().items():
        groups.setdefault(entry["group"], []).append((code, _summary(entry)))

    blocks: list[Block] = [Rows(group, rows) for group, rows in groups.items()]
    about = Text("krm-injector help CODE tells more about one.")
    return Page("codes", 7, "the codes of results", [*blocks, about])


def _summary(entry: Object) -> str:
    """The first sentence, with what severities it can have."""
    first, _, _ = entry["title"].partition(". ")
    return f"{first.rstrip('.')} ({', '.join(entry['severities']) or 'reason'})"


def code_page(code: str) -> Page:
    entry = entries()[code]
    title = f"{entry['title'].rstrip('.')}."
    head = f"{code} ({', '.join(entry['severities']) or 'the reason of a verdict'})"
    texts = [
        Text(block) if isinstance(block, str) else Literal(tuple(block)) for block in entry["text"]
    ]
    blocks: list[Block] = [Text(head), *([Text(title)] if entry["severities"] else []), *texts]
    if entry["page"].partition("#")[0] in _OF_WARNINGS:
        blocks += [
            Text("The functionConfig can change its severity, or leave it out for a resource:"),
            Literal(
                ("spec:", "  severities:", f'    {code}: "off"', "  silence:")
                + (f"  - code: {code}", "    name: NAME")
            ),
        ]

    blocks.append(Text(f"More: {_address(entry)}"))
    return Page(code, 7, entry["title"].rstrip("."), blocks)


def as_json(name: str) -> str:
    """All codes, or one."""
    found = entries()
    rows = [_as_data(code, found[code]) for code in ([name] if name in found else found)]
    return json.dumps(rows, indent=2, ensure_ascii=False) + "\n"


def _as_data(code: str, entry: Object) -> Object:
    return {
        "code": code,
        "severities": entry["severities"],
        "title": entry["title"],
        "group": entry["group"],
        "page": _address(entry),
    }


def _address(entry: Object) -> str:
    return f"{DOCS}/{entry['page']}"
