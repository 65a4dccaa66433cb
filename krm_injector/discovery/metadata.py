"""Labels and annotations of Namespaces and pod templates, as manifests state them."""

from __future__ import annotations

from krm_injector.kube.metadata import string_map
from krm_injector.kube.paths import at
from krm_injector.model import ResourceRef, Result

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def unquoted_values(metadata: Any, ref: ResourceRef, field: str) -> list[Result]:
    """Warnings about labels and annotations that are not strings, as an unquoted ``true``.

    The API server refuses such an object. Here the value is read as Go's YAML would write it, so
    that the verdict is that of the corrected manifest. ``field`` is the path of the metadata.
    """
    results = []
    for part in ("labels", "annotations"):
        values = at(metadata, (part,))
        if not isinstance(values, dict):
            continue

        for key, value in values.items():
            if isinstance(value, (bool, int, float)):
                text = string_map({key: value})[key]
                place = f'{field}.{part}["{key}"]'
                results.append(_not_a_string(ref, place, value, text))

    return results


def _not_a_string(ref: ResourceRef, place: str, value: Any, text: str) -> Result:
    message = (
        f"{place} of {ref} is {text}, not a string, and a cluster would refuse it; it is read as "
        f'"{text}": put it in quotes'
    )
    return Result("warning", message, ref, place, value, text, code="metadata-not-string")
