"""stdin, stdout and stderr, --log and --results, and the properties of the terminal.

With program.py and stopping.py the only module that touches sys and the environment. stdout gets
only the answer, when everything is known. Messages for people go to stderr.
"""

from __future__ import annotations

import os
import sys

from krm_injector.cli.request import DONE, REFUSED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import IO, TextIO

    from krm_injector.cli.request import Answer, Arguments
    from krm_injector.fleet.engine.progress import State
    from krm_injector.model import Result


CLEAR_LINE = "\r\x1b[K"
# Seconds between two states of a long run, and what is too short to show one.
_EACH_ON_TERMINAL, _EACH_IN_LOG, _SHORT_RUN = 0.25, 10.0, 1.0
_IN_MEMORY = 8 * 2**20  # characters of an answer


def stdin() -> bytes:
    return b"" if sys.stdin is None else sys.stdin.buffer.read()


def finish(answer: Answer, arguments: Arguments) -> int:
    """Writes results to stderr, --log and --results, and the text to stdout. The text comes last,
    because other programs wait for it. Returns the exit status.
    """
    answer, text = _drawn(answer)
    shown = [result for result in answer.results if _is_shown(result, arguments)]
    if answer.code:
        # Orchestrators show the beginning, so it says what is wrong.
        shown.sort(key=lambda result: result.severity != "error")
    if shown:
        looks = arguments.verbose or is_terminal(sys.stderr)
        complain(_lines(shown, colour(arguments, sys.stderr), answer if looks else None))

    problem = _write_files(answer, shown, arguments)
    if problem:
        complain(problem)
        return REFUSED

    code = write(text)
    return answer.code or code


def _drawn(answer: Answer) -> tuple[Answer, str | Iterable[bytes]]:
    """The answer with all of its text; another one if that cannot be made."""
    if isinstance(answer.text, str):
        return answer, answer.text

    try:
        return answer, _all_of(answer.text)
    except Exception as problem:
        if answer.instead is None:
            raise
        return _drawn(answer.instead(problem))


def _all_of(pieces: Iterable[str]) -> str | Iterable[bytes]:
    """The text in one piece, or, where it is long, the bytes that wait in a file."""
    first: list[str] = []
    size, rest = 0, iter(pieces)
    for piece in rest:
        first.append(piece)
        size += len(piece)
        if size > _IN_MEMORY:
            from krm_injector.cli.spool import spooled  # late: only long answers need it

            return spooled(first, rest)

    return "".join(first)


def write(text: str | Iterable[bytes]) -> int:
    """Writes the text to stdout; returns the exit status."""
    if not text:
        return DONE

    try:
        if sys.stdout is None:
            raise OSError("stdout is closed")
        for data in (text.encode(),) if isinstance(text, str) else text:
            _send(sys.stdout.buffer, data)
        _flush(sys.stdout.buffer)
    except OSError as problem:
        complain(f"error: stdout cannot be written: {problem.strerror or problem}\n")
        return REFUSED

    return DONE


def _send(stream: IO[bytes], data: bytes) -> None:
    """Writes all of the data. A stream without a buffer (PYTHONUNBUFFERED) takes what there is room
    for, on a disk that is nearly full too, and says how much that was. One that does not block, as
    Node.js makes them, says that there is no room now. Raises OSError.
    """
    view = memoryview(data)
    while view:
        try:
            taken = stream.write(view)
        except BlockingIOError as problem:
            taken = problem.characters_written
            _wait_for_room(stream)
        if taken is None:
            taken = 0
            _wait_for_room(stream)
        view = view[taken:]


def _flush(stream: IO[bytes]) -> None:
    while True:
        try:
            stream.flush()
        except BlockingIOError:
            _wait_for_room(stream)
        else:
            return


def _wait_for_room(stream: IO[bytes]) -> None:
    import select

    select.select([], [stream], [])


def complain(text: str) -> None:
    """Writes the text to stderr, if there is any."""
    if sys.stderr is None or not text:
        return

    stream = getattr(sys.stderr, "buffer", None)
    if stream is None:
        sys.stderr.write(text)
        return
    sys.stderr.flush()
    _send(stream, text.encode(sys.stderr.encoding or "utf-8", "backslashreplace"))
    _flush(stream)


def internal_error(problem: Exception) -> str:
    """What users read about an error of this program: its kind and its place. The exception's own
    words may quote any value of the input. KRM_INJECTOR_DEBUG prints them.
    """
    if os.environ.get("KRM_INJECTOR_DEBUG"):
        import traceback

        traceback.print_exception(problem)

    return (
        f"internal error: {type(problem).__name__} at {_place_of(problem)} (please report this; "
        "KRM_INJECTOR_DEBUG=1 shows more, which may quote the input)"
    )


def _place_of(problem: Exception) -> str:
    """The innermost place in this program: "injection/merge.py:120"."""
    here = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    place, trace = "an unknown place", problem.__traceback__
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if os.path.abspath(file).startswith(here):
            place = f"{os.path.relpath(file, here)}:{trace.tb_lineno}"
        trace = trace.tb_next
    return place


def _is_shown(result: Result, arguments: Arguments) -> bool:
    return result.severity == "error" or not arguments.quiet


def _write_files(answer: Answer, shown: list[Result], arguments: Arguments) -> str:
    """Writes --log with the results that people see, and --results with all. Returns what went
    wrong, or "".
    """
    if arguments.log:
        excerpts_of = answer if arguments.verbose else None
        problem = _write_file("--log", arguments.log, _lines(shown, False, excerpts_of))
        if problem:
            return problem

    if not arguments.results:
        return ""

    from krm_injector.cli import finding_forms

    text = finding_forms.file_text(answer, arguments)
    return _write_file("--results", arguments.results, text)


def _write_file(option: str, path: str, text: str) -> str:
    from krm_injector.writing import one_file  # late: most runs write no file

    try:
        one_file.put(path, text.encode())
    except OSError as problem:
        return f"error: {option} {path} cannot be written: {problem.strerror or problem}\n"
    return ""


def _lines(shown: list[Result], colours: bool, excerpts_of: Answer | None) -> str:
    """Results for people; with excerpts of the sources of an answer."""
    from krm_injector import results

    excerpt = None if excerpts_of is None else _excerpt(excerpts_of, colours)
    return "".join(line + "\n" for line in results.lines(shown, colours, excerpt))


def _excerpt(answer: Answer, colours: bool) -> Callable[[Result], list[str]]:
    from krm_injector.presenting import excerpts
    from krm_injector.presenting.places import Places

    known = answer.places() if answer.places is not None else Places(())

    def excerpt(result: Result) -> list[str]:
        try:
            return excerpts.excerpt(result, known, colours)
        except Exception:  # the answer is right without it
            if os.environ.get("KRM_INJECTOR_DEBUG"):
                raise
            return []

    return excerpt


# ---------------------------------------------------------------- the terminal


# For the programs that a worker starts one after the other, which are written in Go: they live
# for a moment, and their collector takes a quarter of it. Measured with kustomize and 10 workloads:
# 139 ms CPU as it is, 101 ms so, with as much memory.
_OF_GO = {"GOGC": "800", "GOMAXPROCS": "1"}


def prepare_for_many() -> None:
    """For programs that this process starts. What the user has set stays."""
    for name, value in _OF_GO.items():
        os.environ.setdefault(name, value)


def is_terminal(stream: TextIO | None) -> bool:
    return stream is not None and stream.isatty()


def colour(arguments: Arguments, stream: TextIO | None) -> bool:
    """Whether a stream is a terminal that shows colours, and the user wants them
    (https://no-color.org).
    """
    if arguments.color is not None and arguments.color != "auto":
        return arguments.color == "always"
    if arguments.no_color or os.environ.get("NO_COLOR"):
        return False
    return is_terminal(stream)


def columns() -> int:
    """Cells of a line of a terminal, or COLUMNS; 0 for a pipe, where lines are not broken."""
    stated = os.environ.get("COLUMNS", "")
    if stated.isdigit() and int(stated) > 0:
        return max(int(stated), 40)
    if not is_terminal(sys.stdout):
        return 0

    import shutil

    return max(shutil.get_terminal_size((80, 24)).columns, 40)


def progress(arguments: Arguments) -> Callable[[int, int], None] | None:
    """Shows the progress on a terminal, if a run takes longer than a second. Returns a function of
    the workloads done and of all; None if stderr is no terminal.
    """
    if arguments.quiet or not is_terminal(sys.stderr):
        return None

    import time

    from krm_injector.results import counted

    # A run shorter than a second shows nothing.
    shown_at = time.monotonic() + 0.75

    def show(done: int, count: int) -> None:
        nonlocal shown_at
        now = time.monotonic()
        if now - shown_at > 0.25:
            shown_at = now
            sys.stderr.write(f"{CLEAR_LINE}{done:,} of {counted(count, 'workload')}")
            sys.stderr.flush()

        if done + 1 == count:
            sys.stderr.write(CLEAR_LINE)

    return show


def status(arguments: Arguments) -> Callable[[State], None] | None:
    """Shows how far a run over a fleet is: one line that changes on a terminal, or a line each ten
    seconds in a log. A run shorter than a second shows nothing. None with --quiet.
    """
    if arguments.quiet or sys.stderr is None:
        return None

    from krm_injector.fleet.engine import progress

    terminal = is_terminal(sys.stderr)
    interval = _EACH_ON_TERMINAL if terminal else _EACH_IN_LOG
    width = _width_of_stderr() if terminal else 0
    next_at = max(interval, _SHORT_RUN)

    def show(state: State) -> None:
        nonlocal next_at
        is_last = state.done >= state.total
        if state.elapsed < (_SHORT_RUN if is_last else next_at):
            return

        next_at = state.elapsed + interval
        line = progress.line(state, width)
        if terminal:
            complain(CLEAR_LINE if is_last else f"{CLEAR_LINE}{line}")
            sys.stderr.flush()
        else:
            complain(f"{line}\n")

    return show


def clear_line() -> None:
    """Takes a line of progress away, if there may be one."""
    if is_terminal(sys.stderr):
        complain(CLEAR_LINE)


def _width_of_stderr() -> int:
    try:
        return os.get_terminal_size(sys.stderr.fileno()).columns
    except (OSError, ValueError):
        return 80
