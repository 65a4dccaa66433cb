"""PyYAML's C parser without the import of all of PyYAML.

``import yaml`` takes 13 to 20 ms, most of it for loaders, dumpers and regular expressions that
nobody here uses; the C extension itself takes one. It asks the package only for errors, tokens,
events and nodes, so the package is made with those and completes itself, as the real ``yaml``, when
anybody asks it for more.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

_STAGES = (
    "reader",
    "scanner",
    "parser",
    "composer",
    "constructor",
    "emitter",
    "serializer",
    "representer",
)


def load() -> Any:
    """The parser class: libyaml's, or PyYAML's own (the same events, ten times slower) where that
    is missing.
    """
    if "yaml" not in sys.modules:
        try:
            return _quick()
        except Exception:  # another layout of PyYAML than expected: import it as everybody does
            for name in [
                name for name in sys.modules if name == "yaml" or name.startswith("yaml.")
            ]:
                del sys.modules[name]

    import yaml

    try:
        from yaml._yaml import CParser
    except ImportError:
        return yaml.SafeLoader

    return CParser


def _quick() -> Any:
    from importlib.machinery import ModuleSpec, PathFinder

    spec = PathFinder.find_spec("yaml")
    if (
        not isinstance(spec, ModuleSpec)
        or spec.loader is None
        or spec.submodule_search_locations is None
    ):
        raise ImportError("PyYAML is not installed")

    package = ModuleType("yaml")
    package.__spec__ = spec
    package.__loader__ = spec.loader
    package.__file__ = spec.origin
    package.__package__ = "yaml"
    package.__path__ = list(spec.submodule_search_locations)
    sys.modules["yaml"] = package

    import yaml.error
    import yaml.events
    import yaml.nodes
    import yaml.tokens

    for part in (yaml.error, yaml.tokens, yaml.events, yaml.nodes):
        package.__dict__.update(
            {name: value for name, value in vars(part).items() if not name.startswith("_")}
        )

    for stage in _STAGES:
        name = f"{stage.capitalize()}Error"
        base = _ReaderError if stage == "reader" else yaml.error.MarkedYAMLError
        error = type(name, (base, yaml.error.YAMLError), {})
        module = ModuleType(f"yaml.{stage}")
        for holder in (module, package):
            setattr(holder, name, error)

        setattr(package, stage, module)
        sys.modules[module.__name__] = module

    try:
        from yaml._yaml import CParser
    finally:
        for stage in _STAGES:
            del sys.modules[f"yaml.{stage}"]
            delattr(package, stage)

    def complete(name: str) -> Any:
        """The rest of PyYAML, on the first question for it."""
        del package.__dict__["__getattr__"]
        spec.loader.exec_module(package)  # type: ignore[union-attr]
        return getattr(package, name)

    package.__dict__["__getattr__"] = complete
    return CParser


class _ReaderError(Exception):
    """What PyYAML's ReaderError holds."""

    def __init__(
        self, name: str, position: int, character: Any, encoding: str, reason: str
    ) -> None:
        super().__init__(reason)
        self.name = name
        self.position = position
        self.character = character
        self.encoding = encoding
        self.reason = reason
