"""The pages about codes in docs/ -> what `krm-injector help CODE` prints: an entry a code."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

PAGES = ("reasons.md", "warnings.md", "overrides.md")  # those with a section for each code
ROW = re.compile(r"\| (?:`|\[)([A-Za-z0-9-]+)(?:`|\]\(\S+\)) \| ([a-z, ]+) \| (.+) \|")
VERIFY_ROW = re.compile(r"\| `(verify-[a-z-]+)` \| (.+?) \| (.*?) ?\|")
SECTION = re.compile(r"^#{2,3} ([a-z][A-Za-z0-9-]*)\n(.*?)(?=^#|\Z)", re.MULTILINE | re.DOTALL)
GROUP = re.compile(r"^## (.+)$")
LINK = re.compile(r"\[([^\]]*)\]\([^)\s]*\)")


def entries(docs: Path) -> dict[str, dict[str, Any]]:
    """By code, in the order of the pages: severities, title, group, page, and blocks of text. A
    block is a paragraph, or a list of lines that stay as they are.
    """
    found: dict[str, dict[str, Any]] = {}
    for group, code, severities, text in _rows((docs / "codes.md").read_text(encoding="utf-8")):
        found[code] = {
            "severities": severities.split(", "),
            "group": group,
            "page": "codes.md",
            "title": plain(text),
            "text": [],
        }

    for page in PAGES:
        for code, text in SECTION.findall((docs / page).read_text(encoding="utf-8")):
            empty = {"severities": [], "group": "Reasons", "title": "A rule that decides"}
            found.setdefault(code, empty).update(page=f"{page}#{code}", text=blocks(text))

    for line in (docs / "verify.md").read_text(encoding="utf-8").splitlines():
        row = VERIFY_ROW.match(line)
        if row:
            advice = [f"What to do: {plain(row[3])}."] if row[3] else []
            found[row[1]].update(page="verify.md", title=_sentence(plain(row[2])), text=advice)

    return found


def _rows(text: str) -> list[tuple[str, str, str, str]]:
    rows, group = [], ""
    for line in text.splitlines():
        heading, row = GROUP.match(line), ROW.match(line)
        if heading:
            group = heading[1].replace("`", "")
        elif row:
            rows.append((group, row[1], row[2], row[3]))

    return rows


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:]


def plain(text: str) -> str:
    """Markdown in a line as plain text: what a link says, without its address."""
    return re.sub(r"\*\*(.+?)\*\*", r"\1", LINK.sub(r"\1", text)).replace("`", "").strip()


def blocks(text: str) -> list[Any]:
    """The paragraphs, items and literal lines of a section."""
    found: list[Any] = []
    for fenced, part in _parts(text):
        if fenced:
            found.append(part)
        else:
            found += _paragraphs(part)

    return found


def _parts(text: str) -> list[tuple[bool, list[str]]]:
    """Runs of lines, each with whether they stay as they are: fenced, or a table."""
    parts: list[tuple[bool, list[str]]] = []
    fence = False
    for line in text.splitlines():
        if line.startswith("```"):
            fence = not fence
            continue

        literal = fence or line.startswith(("    ", "|"))
        shown = plain(line) if line.startswith("|") else line
        if parts and parts[-1][0] == literal:
            parts[-1][1].append(shown)
        else:
            parts.append((literal, [shown]))

    return parts


def _paragraphs(lines: list[str]) -> list[str]:
    found: list[str] = []
    running = False
    for line in lines:
        text = line.strip()
        if not text:
            running = False
        elif running and not text.startswith("- "):
            found[-1] += f" {text}"
        else:
            found.append(text)
            running = True

    return [plain(each) for each in found]
