"""PyYAML's C parser without the import of all of PyYAML.

``import yaml`` takes 10 ms of CPU more, for loaders, dumpers and regular expressions that nobody
here uses. The C extension asks the package only for errors, tokens, events and nodes. So this
module makes the package with these, and it completes itself, as the real ``yaml``, when anybody
asks it for more. docs/decisions/0010-pyyaml-c-parser.md has the measurements and the ways that were
tried instead; tests/kube/test_pyyaml_versions.py holds it against each PyYAML that we accept.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from importlib.machinery import ModuleSpec
    from types import ModuleType
    from typing import Any
else:
    ModuleType = type(sys)  # types takes 0.3 ms to import

# The modules of which the extension takes the error class, and nothing else.
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
            return _load_without_package()
        except Exception:  # another layout of PyYAML than expected: import it as everybody does
            names = [name for name in sys.modules if name.split(".")[0] == "yaml"]
            for name in names:
                del sys.modules[name]

    import yaml

    try:
        from yaml._yaml import CParser
    except ImportError:
        return yaml.SafeLoader

    return CParser


def _load_without_package() -> Any:
    # As importlib.util.find_spec, which imports warnings and more.
    specs = (finder.find_spec("yaml", None) for finder in sys.meta_path)
    spec = next(filter(None, specs), None)
    if spec is None or spec.loader is None or spec.submodule_search_locations is None:
        raise ImportError("PyYAML is not installed")

    package = _partial_package(spec)
    _add_stages(package)
    _add_tokens(package)
    try:
        from yaml._yaml import CParser
    finally:
        # The real modules take these places when the package completes itself.
        for stage in (*_STAGES, "tokens"):
            del sys.modules[f"yaml.{stage}"]
            delattr(package, stage)

    _complete_on_demand(package, spec)
    return CParser


def _partial_package(spec: ModuleSpec) -> ModuleType:
    """The module ``yaml``, registered, with those of its parts that are cheap to import."""
    package = ModuleType("yaml")
    package.__spec__ = spec
    package.__loader__ = spec.loader
    package.__file__ = spec.origin
    package.__package__ = "yaml"
    package.__path__ = list(spec.submodule_search_locations or ())
    sys.modules["yaml"] = package

    import yaml.error
    import yaml.events
    import yaml.nodes

    for part in (yaml.error, yaml.events, yaml.nodes):
        public = {name: value for name, value in vars(part).items() if not name.startswith("_")}
        package.__dict__.update(public)

    return package


def _add_stages(package: ModuleType) -> None:
    """Stand-ins for the stages' modules, each with its error class."""
    from yaml.error import MarkedYAMLError, YAMLError

    for stage in _STAGES:
        name = f"{stage.capitalize()}Error"
        base = _ReaderError if stage == "reader" else MarkedYAMLError
        error = type(name, (base, YAMLError), {})
        module = ModuleType(f"yaml.{stage}")
        for holder in (module, package):
            setattr(holder, name, error)

        setattr(package, stage, module)
        sys.modules[module.__name__] = module


def _complete_on_demand(package: ModuleType, spec: ModuleSpec) -> None:
    """Let the first question for another name run PyYAML's own __init__ in the package."""

    def complete(name: str) -> Any:
        del package.__dict__["__getattr__"]
        spec.loader.exec_module(package)  # type: ignore[union-attr]
        return getattr(package, name)

    package.__dict__["__getattr__"] = complete


def _add_tokens(package: ModuleType) -> None:
    """A stand-in for the tokens' module. Its names make the real tokens, for which the extension
    calls them only when somebody scans a text: 21 classes less.
    """

    def maker(name: str) -> Any:
        if not name.endswith("Token"):
            raise AttributeError(name)

        def token(*arguments: Any) -> Any:
            import yaml.tokens

            return getattr(yaml.tokens, name)(*arguments)

        return token

    module = ModuleType("yaml.tokens")
    module.__dict__["__getattr__"] = maker
    package.__dict__["tokens"] = sys.modules[module.__name__] = module


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
