"""Results as entries of a ResourceList, as lines on stderr, and as the exit status.

They are in the order of the stages of a run.
"""

from __future__ import annotations

from krm_injector.lazy_pattern import lazy_pattern
from krm_injector.model import Result

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

_COLOURS = {"error": "\x1b[31m", "warning": "\x1b[33m", "info": "\x1b[36m"}
_PLAIN = "\x1b[0m"
# Characters that a terminal would obey instead of showing. Names and values come from the input.
_CONTROL = lazy_pattern(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def exit_code(results: Iterable[Result]) -> int:
    """1 if there is an error, else 0. A function that reports an error must not exit with 0:
    kustomize and kpt would take its items.
    """
    return int(any(result.severity == "error" for result in results))


def counted(number: int, singular: str, plural: str = "") -> str:
    """A number with its noun: "1 workload", "1,000 workloads"."""
    noun = singular if number == 1 else plural or f"{singular}s"
    return f"{number:,} {noun}"


def entries(results: Iterable[Result]) -> list[dict[str, Any]]:
    """Results in the form of a ResourceList (KRM functions specification v1), each once."""
    return [_entry(result) for result in distinct(results)]


def lines(
    results: Iterable[Result],
    colour: bool = False,
    excerpt: Callable[[Result], Iterable[str]] | None = None,
) -> list[str]:
    """Results for people, one string each. Further lines of a message are indented. excerpt: gives
    the lines of the source that follow a result.

    Form: "error: Deployment shop/web: spec.template: what is wrong [code]"; the resource, file and
    field come first only if the message does not name them itself.
    """
    return [
        "\n".join((_line(result, colour), *(excerpt(result) if excerpt else ())))
        for result in distinct(results)
    ]


def as_file(results: Iterable[Result], code: int, as_json: bool = False) -> str:
    """Results as `kpt fn render --results-dir` writes them (FunctionResultList), in YAML or
    JSON.
    """
    document = {
        "apiVersion": "kpt.dev/v1",
        "kind": "FunctionResultList",
        "metadata": {"name": "fnresults"},
        "exitCode": code,
        "items": [{"exec": "krm-injector", "exitCode": code, "results": entries(results)}],
    }
    if as_json:
        import json

        return json.dumps(document, indent=2, ensure_ascii=False) + "\n"

    from krm_injector.kube import yaml

    return yaml.dump(document)


def distinct(results: Iterable[Result]) -> list[Result]:
    """Each result once. Two results are the same if everything that a reader sees is the same.

    The values of a field may be unhashable, but the message contains them.
    """
    distinct: dict[tuple[Any, ...], Result] = {}
    for result in results:
        place = (result.resource, result.field, result.file, result.index)
        distinct.setdefault((result.severity, result.message, result.code, *place), result)

    return list(distinct.values())


def _entry(result: Result) -> dict[str, Any]:
    entry: dict[str, Any] = {"message": result.message, "severity": result.severity}
    if result.resource is not None:
        ref = result.resource
        reference = {
            "apiVersion": ref.api_version,
            "kind": ref.kind,
            "name": ref.name,
            "namespace": ref.namespace,
        }
        entry["resourceRef"] = {key: value for key, value in reference.items() if value}

    if result.field:
        entry["field"] = {"path": result.field}
        if result.current is not None:
            entry["field"]["currentValue"] = result.current
        if result.proposed is not None:
            entry["field"]["proposedValue"] = result.proposed

    if result.file:
        entry["file"] = {"path": result.file, "index": result.index}
    if result.code:
        entry["tags"] = {"code": result.code}

    return entry


def _line(result: Result, colour: bool) -> str:
    severity: str = result.severity
    if colour:
        severity = f"{_COLOURS.get(severity, '')}{severity}{_PLAIN}"

    # Most messages name the resource, file or field in their sentence, at its natural place.
    resource = str(result.resource) if result.resource else ""
    prefix = ""
    for part in (resource, result.file, result.field):
        if part and part not in result.message:
            prefix += f"{_shown(part)}: "

    first, *further = result.message.split("\n")
    code = f" [{result.code}]" if result.code else ""
    indented = "".join(f"\n  {_shown(line)}" for line in further)
    return f"{severity}: {prefix}{_shown(first)}{code}{indented}"


def _shown(text: str) -> str:
    """The text with control characters as \\xNN."""
    if text.isprintable():  # none of them is; the pattern takes 0.3 ms to compile
        return text
    return _CONTROL.sub(lambda match: f"\\x{ord(match[0]):02x}", text)
