"""What a worker of `krm-injector fleet` keeps from one target to the next.

Targets of a fleet read the same mesh files, and their workloads are alike. Each of the modules
below has a place for what it has made before, found by the content that it was made of. The place
is empty in every other program. So a target gives the same bytes whatever ran before it: a value is
only taken where it would be made again, equal to the last bit, and nobody changes values
(architecture, "Rules of the house"). All places are bounded.

- configuration: the objects of a file (mesh files, functionConfigs), by the file's bytes.
- function_config.schema: the schema of each kind.
- kube.yaml.load: pieces of YAML, by their text (kube/yaml/pieces.py).
- discovery.control_planes: a Mesh, by all that it was assembled of.
- reinjection.kept_planes: by the Mesh, its parsed values and templates, and the shapes of
  workloads, which are proved once (reinjection/shapes).
"""

from __future__ import annotations

_FILES, _MESHES, _KINDS = 32, 16, 8


def begin() -> None:
    """From now on this process keeps what it makes."""
    from krm_injector.cli import configuration
    from krm_injector.discovery import control_planes
    from krm_injector.function_config import schema
    from krm_injector.kube.yaml.load import keep_pieces
    from krm_injector.reinjection import bundle_injection
    from krm_injector.reinjection.kept_planes import KeptPlanes

    if bundle_injection.kept is not None:
        return

    configuration.kept = Kept(_FILES)
    control_planes.kept = Kept(_MESHES)
    schema.kept = Kept(_KINDS)
    keep_pieces()
    bundle_injection.kept = KeptPlanes()


def end() -> None:
    """This process keeps nothing any more."""
    from krm_injector.cli import configuration
    from krm_injector.discovery import control_planes
    from krm_injector.function_config import schema
    from krm_injector.kube.yaml.load import keep_pieces
    from krm_injector.reinjection import bundle_injection

    configuration.kept = control_planes.kept = schema.kept = bundle_injection.kept = None
    keep_pieces(False)


class Kept(dict):  # type: ignore[type-arg]
    """Values by their content: at most so many, the oldest goes first."""

    def __init__(self, most: int) -> None:
        self._most = most

    def __setitem__(self, key: object, value: object) -> None:
        while len(self) >= self._most:
            del self[next(iter(self))]
        super().__setitem__(key, value)
