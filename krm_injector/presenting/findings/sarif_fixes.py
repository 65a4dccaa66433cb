"""The fix of a finding, for editors: the value at its place becomes the proposed one."""

from __future__ import annotations

from krm_injector.kube import yaml

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from krm_injector.presenting.findings.findings import Finding


def fixes(
    finding: Finding, artifact: Mapping[str, str], region: Mapping[str, int]
) -> list[dict[str, Any]]:
    """[] unless the marked text is the current value, all of it, and the proposed one is a scalar:
    no editor is to write anything else over it.
    """
    result, place = finding.result, finding.place
    if place is None or not place.column or not _is_scalar(result.proposed):
        return []

    proposed = yaml.dump(result.proposed).strip()
    if "\n" in proposed:  # a block scalar has lines of its own
        return []

    marked = place.text[place.column - 1 : place.end_column - 1]
    if not marked or not _is_scalar(result.current) or not _reads_as(marked, result.current):
        return []

    replacement = {
        "deletedRegion": dict(region),
        "insertedContent": {"text": proposed},
    }
    return [
        {
            "description": {"text": f"Set {result.field} to the proposed value."},
            "artifactChanges": [
                {"artifactLocation": dict(artifact), "replacements": [replacement]}
            ],
        }
    ]


def _is_scalar(value: Any) -> bool:
    return isinstance(value, str | bool | int | float)


def _reads_as(marked: str, value: Any) -> bool:
    try:
        read = yaml.load(marked)
    except yaml.YamlError:
        return False
    return type(read) is type(value) and bool(read == value)
