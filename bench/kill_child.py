"""Runs of krm-injector in forked processes that end at a stated point of their writing.

A fork has all modules already, so a run takes a tenth of a second. The point is one of the calls of
``os`` that change files, or one line of the modules that write.
"""

from __future__ import annotations

import importlib
import json
import os
import pkgutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple

import krm_injector
from krm_injector.cli import program

CALLS = (
    "open", "write", "fsync", "replace", "rename", "link", "unlink", "rmdir", "mkdir", "ftruncate",
    "fchmod", "close",
)  # fmt: skip
PACKAGE = os.path.dirname(krm_injector.__file__)
WATCHED = tuple(
    os.path.join(PACKAGE, name)
    for name in ("writing/", "fleet/output/", "fleet/cache.py", "cli/in_place.py")
)
NOWHERE = -1


class Point(NamedTuple):
    kind: str  # before, after or half (of what is written) of a call; line; moment; strace
    number: int  # of the call or line; of a moment, microseconds from the start
    signal: str = "SIGKILL"
    call: str = ""  # for strace


class Counts(NamedTuple):
    calls: int  # of CALLS
    writes: tuple[int, ...]  # which of them write
    lines: int  # of modules that write


class Hook:
    """Sends a signal to its own process at a point, and counts what is passed."""

    def __init__(self, point: Point) -> None:
        self.calls = self.lines = 0
        self.writes: list[int] = []
        self._point = point
        self._process = os.getpid()

    def install(self) -> None:
        for name in CALLS:
            setattr(os, name, self._hooked(name, getattr(os, name)))
        sys.settrace(self._traced)

    def counts(self) -> Counts:
        return Counts(self.calls, tuple(self.writes), self.lines)

    def _end(self) -> None:
        os.kill(self._process, getattr(signal, self._point.signal))

    def _hooked(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        write = os.write

        def hooked(*words: Any, **named: Any) -> Any:
            if os.getpid() != self._process:
                return call(*words, **named)

            self.calls += 1
            is_here = self.calls == self._point.number
            if name == "write":
                self.writes.append(self.calls)
                if is_here and self._point.kind == "half":
                    write(words[0], words[1][: len(words[1]) // 2])
                    self._end()
            if is_here and self._point.kind == "before":
                self._end()
            done = call(*words, **named)
            if is_here and self._point.kind == "after":
                self._end()
            return done

        return hooked

    def _traced(self, frame: FrameType, event: str, argument: object) -> Any:
        if not frame.f_code.co_filename.startswith(WATCHED) or os.getpid() != self._process:
            return None

        if event == "line":
            self.lines += 1
            if self._point.kind == "line" and self.lines == self._point.number:
                self._end()
        return self._traced


def import_all() -> None:
    """Imports every module once, in the process that forks."""
    for module in pkgutil.walk_packages(krm_injector.__path__, "krm_injector."):
        if not module.name.endswith(("__main__", "remote", "remote_worker")):
            importlib.import_module(module.name)


def run(root: Path, words: tuple[str, ...], point: Point | None = None) -> tuple[int, str]:
    """Exit status and stderr of a run in a fork; it ends at the point."""
    return _forked(root, words, None if point is None else Hook(point), NOWHERE)


def counted(root: Path, words: tuple[str, ...]) -> Counts:
    reading, writing = os.pipe()
    code, err = _forked(root, words, Hook(Point("", NOWHERE)), writing)
    os.close(writing)
    with open(reading, "rb") as pipe:
        calls, writes, lines = json.loads(pipe.read() or b"null") or (0, (), 0)
    if code or not calls:
        raise SystemExit(f"{' '.join(words)}: {err}")
    return Counts(calls, tuple(writes), lines)


def _forked(root: Path, words: tuple[str, ...], hook: Hook | None, told: int) -> tuple[int, str]:
    messages = root.parent / "stderr"
    child = os.fork()
    if child == 0:
        try:
            _child(root, words, hook, messages, told)
        finally:
            os._exit(99)

    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return code, messages.read_text(errors="replace")


def _child(
    root: Path, words: tuple[str, ...], hook: Hook | None, messages: Path, told: int
) -> None:
    os.chdir(root)
    for number, path in ((0, os.devnull), (1, os.devnull), (2, str(messages))):
        flags = os.O_RDONLY if number == 0 else os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        file = os.open(path, flags)
        os.dup2(file, number)
        os.close(file)

    sys.argv[1:] = words
    leave = os._exit

    def end(code: int) -> None:
        sys.settrace(None)
        if told != NOWHERE and hook is not None:
            counts = json.dumps(hook.counts()).encode()
            with open(told, "wb", closefd=False) as pipe:
                pipe.write(counts)
        leave(code)

    os._exit = end  # type: ignore[assignment]
    if hook is not None:
        hook._process = os.getpid()
        hook.install()
    program.main()
