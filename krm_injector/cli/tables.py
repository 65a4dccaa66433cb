"""A row of each table of the command line: an option, and a command."""

from __future__ import annotations

from collections.abc import Callable

from krm_injector.cli.request import Arguments
from krm_injector.named_tuple import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


FINDINGS = ("sarif", "junit", "policyreport", "github")
"""The values of --output that print what a run found, for other programs: presenting.findings."""


class Option(NamedTuple):
    name: str  # with its dashes
    value: str  # the name of the value in the help; "" for a switch
    help: str
    choices: tuple[str, ...] = ()
    repeats: bool = False  # whether it may be given more than once
    # Text -> value. Raises ValueError with what the option takes, for instance "a number".
    convert: Callable[[str], Any] = str
    dest: str = ""  # the field of Arguments, if it has another name than the option

    @property
    def field(self) -> str:
        """The field of Arguments that holds the value."""
        return self.dest or self.name.removeprefix("--").replace("-", "_")


class Command(NamedTuple):
    name: str  # "" for the function
    usage: str
    summary: str
    options: tuple[str, ...]
    most_paths: int | None = None  # None: any number
    passes_on: bool = False  # whether it gives the words after -- to kustomize or helm
    reads_stdin: bool = True  # if no path is given
    refused: str = ""  # what is on stdout with exit status 1; completes a sentence of the help
    # Raises Usage for options that contradict each other.
    check: Callable[[Arguments], None] | None = None
    own: tuple[Option, ...] = ()  # options that mean something else here than elsewhere


class Usage(Exception):
    """The command line is wrong. The message says how to correct it."""
