"""Labels and annotations as Go's typed decoding reads them."""

from __future__ import annotations

from krm_injector.kube import go_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def string_map(value: Any) -> dict[str, str]:
    """A map of strings, as Go decodes one from YAML: null is "", an unquoted true is "true".

    What is no map, or holds more than scalars, is refused where objects are checked by their types;
    here it counts as nothing said. A map of strings is returned as it is.
    """
    if not isinstance(value, dict):
        return {}
    if all(isinstance(text, str) for text in value.values()):
        return value
    return {key: _scalar_text(scalar) for key, scalar in value.items()}


def _scalar_text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return go_json.float_text(value)
    return "" if value is None else str(value)
