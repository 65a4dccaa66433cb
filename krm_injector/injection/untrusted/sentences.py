"""The results about suspects that became something else than what was meant."""

from __future__ import annotations

from krm_injector.discovery.profile import quotes_annotations
from krm_injector.injection.suspects import Suspect
from krm_injector.injection.untrusted.differences import ABSENT, UNREADABLE, Change
from krm_injector.kube import go_json
from krm_injector.kube.workloads import text
from krm_injector.model import Mesh, Result, Workload

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from krm_injector.codes import Severity

_MOST_CHANGES = 3
_MOST_CHARACTERS = 80
# Annotations that Istio's own templates quote from 1.30.4 and 1.31.1 on (istio #61215).
_QUOTED_LATER = frozenset(
    f"sidecar.istio.io/{name}"
    for name in (
        "agentLogLevel",
        "bootstrapOverride",
        "componentLogLevel",
        "logLevel",
        "proxyImage",
    )
)
_NAMES = {"\n": "a line break", "\r": "a carriage return", "\t": "a tab", " ": "a space"}


def result(
    severity: Severity, workload: Workload, mesh: Mesh, suspect: Suspect, changes: list[Change]
) -> Result:
    """The result about one suspect."""
    release = f"Istio {mesh.version}" if mesh.version else f"revision {mesh.revision}"
    if changes[0].meant is UNREADABLE:
        what = "could not be followed through the template's functions, which would do too much"
    else:
        shown = "; ".join(map(_change, changes[:_MOST_CHANGES]))
        more = len(changes) - _MOST_CHANGES
        what = f"does not stay the one text that was meant: {shown}"
        what += f"; and {more} more" if more > 0 else ""

    message = (
        f"the {_subject(suspect)} {_short(suspect.value or suspect.key)}, which the injection "
        f"template of {release} prints into YAML, {what}. {_advice(suspect, mesh)}"
    )
    return Result(
        severity, message, workload.ref, suspect.field, suspect.value, code="untrusted-text"
    )


def _subject(suspect: Suspect) -> str:
    return f"value of {suspect.what} {suspect.key}:" if suspect.key else suspect.what


def _advice(suspect: Suspect, mesh: Mesh) -> str:
    odd = dict.fromkeys(
        _NAMES.get(char, char) for char in suspect.value if not char.isalnum() and char not in "_/"
    )
    shown = ", ".join(list(odd)[:6])
    advice = f"Write a value without what means something to YAML here (it has: {shown})"
    if not odd:
        advice = "Write another value: YAML reads this word as no value at all"
    if suspect.key in _QUOTED_LATER and not quotes_annotations(mesh.version):
        advice += "; Istio 1.30.4, 1.31.1 and later put this annotation in quotes"
    return advice


def _change(change: Change) -> str:
    path, meant, became = change
    place = _place(path)
    if became is UNREADABLE:
        return "Istio can no longer read what the template gives"
    if isinstance(became, tuple):
        return f"{place} has {_entries(became)} in place of {_entries(meant)}"
    if became is ABSENT:
        return f"{place} is missing"
    if meant is ABSENT:
        return f"{place} came to it, with {_short(became)}"
    return f"{place} is {_short(became)} in place of {_short(meant)}"


def _place(path: tuple[str | int, ...]) -> str:
    """Entries of lists by their name, where they have one: spec.containers[istio-proxy].args[3]."""
    shown = ""
    in_list = False
    for step in path:
        if isinstance(step, int) or in_list:
            shown += f"[{step}]"
        else:
            shown += f".{step}" if shown else step
        in_list = step in ("containers", "initContainers", "volumes", "env", "volumeMounts")
    return shown or text(path) or "the whole"


def _entries(entries: Any) -> str:
    return ", ".join(map(_short, entries)) if entries else "nothing"


def _short(value: Any) -> str:
    if value is None:
        return "null"

    shown = go_json.dumps(value, escape_html=False)
    if len(shown) > _MOST_CHARACTERS:
        shown = shown[: _MOST_CHARACTERS - 3] + "..."
    return shown
