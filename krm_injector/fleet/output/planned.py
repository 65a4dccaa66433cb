"""The manifests of a target -> the files that it is to have in the output directory."""

from __future__ import annotations

from krm_injector.fleet.output import objects
from krm_injector.fleet.output.paths import path_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from krm_injector.fleet.output.paths import Layout


def files(name: str, text: str, layout: Layout) -> dict[str, bytes]:
    """Paths relative to the output directory -> their content."""
    path = path_of(name, layout)
    if layout == "file":
        return {path: text.encode()}

    return {f"{path}/{file}": part.encode() for file, part in objects.files(text).items()}
