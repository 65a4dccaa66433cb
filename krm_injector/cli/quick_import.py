"""The import of our own modules without the search for them.

A third of a small run is imports, and a third of that is the search: Python's finder lists
directories, asks in which of several forms a module is there, and works out where its bytecode
would be. The name of one of our modules says all of it. So this finder opens the bytecode at once,
and takes it on Python's own condition: the version of Python, and the time and size of the source,
are those that it was made with. Whatever is different (no bytecode, another form of it, an archive)
is left to Python's own finder and loader. Only the program imports in this way.
"""

from __future__ import annotations

import os
import sys
from _frozen_importlib import ModuleSpec
from _frozen_importlib_external import SourceFileLoader
from _imp import _fix_co_filename  # type: ignore[attr-defined]
from marshal import loads

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import CodeType, ModuleType

_PACKAGE = "krm_injector"
_CACHE = f"{os.sep}__pycache__{os.sep}"
_HEADER = 16  # bytes: version, flags, time and size of the source
_LARGEST = 2**17 - 64  # of a file with bytecode; the largest has 75,000 bytes


def install() -> None:
    """Import our modules in this way from now on, where this Python keeps bytecode as usual."""
    package = sys.modules[_PACKAGE]
    suffix = f".{sys.implementation.cache_tag}.pyc"
    try:
        cached = f"{os.path.dirname(package.__file__ or '')}{_CACHE}__init__{suffix}"
        is_usual = type(package.__loader__) is SourceFileLoader and cached == package.__cached__
        version = _read(cached)[:4] if is_usual else b""
    except (OSError, AttributeError):
        return
    if version:
        sys.meta_path.insert(0, _Finder(version, suffix))


class _Finder:
    """The first in sys.meta_path."""

    def __init__(self, version: bytes, suffix: str) -> None:
        self.beginning = version + bytes(4)  # of a header: the version, and no flags
        self.suffix = suffix

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        package, _, last = name.rpartition(".")
        if not path or package.partition(".")[0] != _PACKAGE:
            return None

        try:
            return self._spec(name, path[0], last)
        except OSError:
            pass
        try:
            return self._spec(name, f"{path[0]}{os.sep}{last}", "__init__")
        except OSError:
            return None

    def _spec(self, name: str, directory: str, last: str) -> ModuleSpec:
        """Raises OSError if there is no such bytecode."""
        cached = f"{directory}{_CACHE}{last}{self.suffix}"
        bytecode = _read(cached)
        source = f"{directory}{os.sep}{last}.py"
        loader = _Loader(name, source, self.beginning, bytecode)
        spec = ModuleSpec(name, loader, origin=source)
        spec.has_location = True
        spec.cached = cached
        if last == "__init__":
            spec.submodule_search_locations = [directory]
        return spec


class _Loader(SourceFileLoader):
    """Python's loader for modules with a source, given the bytecode."""

    def __init__(self, name: str, source: str, beginning: bytes, bytecode: bytes) -> None:
        super().__init__(name, source)
        self._beginning = beginning
        self._bytecode = bytecode

    def exec_module(self, module: ModuleType) -> None:
        code = self._code()
        if code is None:
            super().exec_module(module)
        else:
            exec(code, module.__dict__)

    def _code(self) -> CodeType | None:
        """What the bytecode holds; None where Python would not take it without more questions."""
        bytecode, self._bytecode = self._bytecode, b""
        source = os.stat(self.path)
        stamp = (int(source.st_mtime) & 0xFFFFFFFF) | (source.st_size & 0xFFFFFFFF) << 32
        header = self._beginning + stamp.to_bytes(8, "little")
        if bytecode[:_HEADER] != header or len(bytecode) == _LARGEST:
            return None

        code: CodeType = loads(memoryview(bytecode)[_HEADER:])
        _fix_co_filename(code, self.path)
        return code


def _read(path: str) -> bytes:
    """A file with bytecode. Raises OSError."""
    file = os.open(path, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0))
    try:
        return os.read(file, _LARGEST)
    finally:
        os.close(file)
