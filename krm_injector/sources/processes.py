"""Starts programs that render manifests, and reads their stderr."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from krm_injector.model import Result
from krm_injector.named_tuple import NamedTuple
from krm_injector.sources.files import Source

# Compiled at first use, because most runs start no program.
_KUBECTL_LOG = r'E\d{4} .*"command failed" err=(".*")'


class Rendered(NamedTuple):
    """The output of a program, and its warnings."""

    sources: tuple[Source, ...]
    results: tuple[Result, ...] = ()


class Finished(NamedTuple):
    """A program that has ended."""

    code: int
    out: bytes
    err: bytes


Runner = Callable[[Sequence[str]], Finished]


def start(
    command: Sequence[str], stdin: bytes = b"", environment: Mapping[str, str] | None = None
) -> Finished:
    """Run a program to its end; ``environment``: None for this process's own. Raises OSError if it
    cannot be started.
    """
    import subprocess

    done = subprocess.run(command, input=stdin, env=environment, capture_output=True, check=False)
    return Finished(done.returncode, done.stdout, done.stderr)


# ---------------------------------------------------------------- stderr


def stderr_text(err: bytes) -> str:
    """A program's stderr, with its lines and indents. kubectl quotes its error in the form of its
    log, and some programs print it a second time without quotes.
    """
    lines = [line.rstrip() for line in err.decode("utf-8", "replace").splitlines()]
    lines = [line for line in lines if line]
    plain = [line for line in lines if not re.match(_KUBECTL_LOG, line)]
    if not plain:
        plain = [part for line in lines for part in _unquoted(line)]
    return "\n".join(line.removeprefix("Error: ").removeprefix("error: ") for line in plain)


def _unquoted(line: str) -> list[str]:
    """The lines of an error in kubectl's log. Go's strconv.Quote has written it. JSON can read what
    occurs here.
    """
    import json

    match = re.match(_KUBECTL_LOG, line)
    try:
        return str(json.loads(match[1])).rstrip().split("\n") if match else [line]
    except ValueError:
        return [line]


def stderr_sentences(err: bytes) -> list[str]:
    """The stderr of a program that succeeded: each message once, with its number. Indented lines
    belong to the line above.
    """
    counts: dict[str, int] = {}
    for paragraph in re.split(r"\n(?!\s)", stderr_text(err)):
        if paragraph:
            sentence = paragraph.removeprefix("# Warning: ").removeprefix("# ")
            counts[sentence] = counts.get(sentence, 0) + 1

    sentences = []
    for sentence, count in counts.items():
        first, newline, rest = sentence.partition("\n")
        times = f" ({count} times)" if count > 1 else ""
        sentences.append(f"{first}{times}{newline}{rest}")

    return sentences
