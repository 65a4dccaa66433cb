"""stdin, stdout and stderr, --log and --results, and what the terminal is like.

With cli.py the only file that touches sys. stdout holds the answer and nothing else, and is written
in one piece when all is known; everything for people goes to stderr.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TextIO

    from krm_injector.cli.arguments import Arguments
    from krm_injector.model import Result

DONE, REFUSED, WRONG_USAGE = 0, 1, 2


class Answer(NamedTuple):
    """What a command came to, before anything is written."""

    text: str  # for stdout
    results: tuple[Result, ...]
    code: int


def stdin() -> bytes:
    return b"" if sys.stdin is None else sys.stdin.buffer.read()


def finish(answer: Answer, arguments: Arguments | None) -> int:
    """Results to stderr, --log and --results, the text to stdout. The text goes last: it is what
    others wait for.
    """
    quiet = arguments is not None and arguments.quiet
    shown = [result for result in answer.results if result.severity == "error" or not quiet]
    if answer.code:
        # Orchestrators show the beginning: it says what is wrong.
        shown.sort(key=lambda result: result.severity != "error")
    if shown:
        complain(_lines(shown, colour(arguments, sys.stderr)))

    problem = ""
    if arguments is not None and arguments.log:
        problem = _write_file("--log", arguments.log, _lines(shown, False))
    if arguments is not None and arguments.results and not problem:
        problem = _write_results(arguments.results, answer)

    if problem:
        complain(problem)
        return REFUSED

    code = write(answer.text)
    return answer.code or code


def write(text: str) -> int:
    if not text:
        return DONE

    try:
        if sys.stdout is None:
            raise OSError("stdout is closed")
        sys.stdout.buffer.write(text.encode())
        sys.stdout.buffer.flush()
    except OSError as problem:
        complain(f"error: stdout cannot be written: {problem.strerror or problem}\n")
        return REFUSED

    return DONE


def complain(text: str) -> None:
    if sys.stderr is not None and text:
        sys.stderr.write(text)


def _write_results(path: str, answer: Answer) -> str:
    """--results: the form in which kpt keeps results. Returns what went wrong, or ""."""
    from krm_injector import results

    return _write_file(
        "--results",
        path,
        results.as_file(answer.results, answer.code, as_json=path.endswith(".json")),
    )


def _write_file(option: str, path: str, text: str) -> str:
    try:
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
    except OSError as problem:
        return f"error: {option} {path} cannot be written: {problem.strerror or problem}\n"
    return ""


def _lines(shown: list[Result], colour: bool) -> str:
    from krm_injector import results

    return "".join(line + "\n" for line in results.lines(shown, colour))


# ---------------------------------------------------------------- the terminal


def is_terminal(stream: TextIO | None) -> bool:
    return stream is not None and stream.isatty()


def colour(arguments: Arguments | None, stream: TextIO | None) -> bool:
    if (arguments is not None and arguments.no_color) or os.environ.get("NO_COLOR"):
        return False
    return is_terminal(stream)


def columns() -> int:
    """Cells of a line where a person looks, or says so by COLUMNS; 0 for a pipe, where a line is as
    long as it is.
    """
    stated = os.environ.get("COLUMNS", "")
    if stated.isdigit() and int(stated) > 0:
        return max(int(stated), 40)
    if not is_terminal(sys.stdout):
        return 0

    import shutil

    return max(shutil.get_terminal_size((80, 24)).columns, 40)


def progress(arguments: Arguments) -> Callable[[int, int], None] | None:
    """Tells a person at a terminal how far a run is that takes longer than a second."""
    if arguments.quiet or not is_terminal(sys.stderr):
        return None

    import time

    from krm_injector.results import counted

    said = time.monotonic() + 0.75

    def tell(done: int, count: int) -> None:
        nonlocal said
        now = time.monotonic()
        if now - said > 0.25:
            said = now
            sys.stderr.write(f"\r\x1b[K{done:,} of {counted(count, 'workload')}")
            sys.stderr.flush()

        if done + 1 == count:
            sys.stderr.write("\r\x1b[K")

    return tell
