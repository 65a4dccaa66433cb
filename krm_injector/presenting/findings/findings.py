"""The nouns of all forms: a run, what it looked at, and what it found."""

from __future__ import annotations

import posixpath

from krm_injector import codes
from krm_injector.model import Place, ResourceRef, Result
from krm_injector.named_tuple import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

_ORDER = {"error": 0, "warning": 1, "info": 2}
# The groups of codes, for readers that list by group.
_CATEGORIES = {
    "codes.md": "Input and injection",
    "reasons.md": "Labels and rules",
    "warnings.md": "Effects of injection",
    "overrides.md": "Overrides of the mesh",
    "verify.md": "Committed manifests",
}


class Finding(NamedTuple):
    """A result, and where its cause is written."""

    result: Result
    place: Place | None = None  # None: nothing is known
    target: str = ""  # of a fleet

    @property
    def code(self) -> str:
        return self.result.code or "uncoded"

    @property
    def is_about_run(self) -> bool:
        """Whether it is about the run as a whole: no object and no file has its cause."""
        return self.result.resource is None and self.place is None and not self.result.file

    @property
    def sentence(self) -> str:
        """The message, behind the object, and the field if its line is not known, unless it names
        them.
        """
        result = self.result
        resource = str(result.resource) if result.resource else ""
        places = (resource, "" if self.place and self.place.line else result.field)
        before = "".join(f"{place}: " for place in places if place and place not in result.message)
        return before + result.message


class Subject(NamedTuple):
    """A workload, or a target of a fleet, that the run looked at."""

    shown: str  # "Deployment shop/web"
    ref: ResourceRef | None  # None: a whole target
    left_out: str = ""  # why it is not injected; "" if that is not asked, or it is
    place: Place | None = None
    target: str = ""


class Findings(NamedTuple):
    command: str  # "verify", "fleet explain", "" for the function
    findings: tuple[Finding, ...]  # each once, in the order of the run
    subjects: tuple[Subject, ...] = ()
    # The file for what is written nowhere: the functionConfig, or the first file of the run.
    anchor: str = ""
    docs: str = codes.DOCS  # where the pages about codes are
    clusters: Mapping[str, str] = {}  # target -> the name of its cluster

    @property
    def name(self) -> str:
        """The run in one word: "krm-injector-fleet-explain"."""
        return "-".join(("krm-injector", *self.command.split()))

    def page(self, code: str) -> str:
        """The address of the page about a code."""
        return codes.address(code, self.docs)


def category(code: str) -> str:
    """The group that a code is of."""
    rows: Mapping[Any, codes.Code] = codes.CODES
    return _CATEGORIES[rows[code].page if code in rows else "codes.md"]


def gravest_first(findings: Iterable[Finding]) -> list[Finding]:
    """Readers cut long lists."""
    return sorted(findings, key=lambda finding: _ORDER[finding.result.severity])


def shown(text: str) -> str:
    """The text without control characters, which XML and logs cannot have: as \\xNN."""
    if text.isprintable():
        return text
    return "".join(
        each if each.isprintable() or each in "\n\t" else _number(ord(each)) for each in text
    )


def _number(character: int) -> str:
    return f"\\x{character:02x}" if character < 0x100 else f"\\u{character:04x}"


def where(place: Place | None) -> str:
    """A place for people: "base/web.yaml:12:7", "stdin:12:7"; "" if it is not known."""
    if place is None or not (place.file or place.line):
        return ""

    numbers = [str(number) for number in (place.line, place.column) if number]
    return ":".join((path(place.file) if place.file else "stdin", *numbers))


def path(file: str) -> str:
    """A path as readers compare it with those of the repository: "./web.yaml" is not one."""
    return posixpath.normpath(file.replace("\\", "/"))
