"""The options with which kustomize renders a directory, and which functions it leaves out."""

from __future__ import annotations

from collections.abc import Sequence

from krm_injector.model import Refused, Result
from krm_injector.named_tuple import NamedTuple
from krm_injector.sources import files, programs
from krm_injector.sources.kustomize import find_kustomize

ENABLE = ("--enable-alpha-plugins", "--enable-exec")


class KustomizeOptions(NamedTuple):
    """How a directory is to be rendered."""

    words: tuple[str, ...]  # options of kustomize
    left_out: tuple[programs.Config, ...] = ()  # our own functions, which do nothing in the build
    alone: bool = False  # there are no other functions, not even built-in ones


def kustomize_options(
    directory: str,
    program: str | None,
    passed_on: Sequence[str],
    path: str,
    allow_exec: bool,
    command: str,
) -> KustomizeOptions:
    """kustomize's options for a directory: those of the user, and those that allow functions.

    If only our own function would run, kustomize leaves it out: with --enable-alpha-plugins and
    without --enable-exec it skips exec functions (kustomize 5.8.1, api/internal/plugins/loader), as
    kubectl, which has no --enable-exec, always does. A plugin by its kind it does not skip: for
    that the caller puts one in place that changes nothing (stand_ins). The caller does their work
    after the build, with all options of the command line.

    ``program``: --kustomize; ``command``: ours, for messages. Raises Refused for functions that may
    not run, and if the program has no such option.
    """
    if not files.is_kustomization(directory):
        return KustomizeOptions(tuple(passed_on))

    functions = programs.of_kustomization(directory)
    if any(word.startswith(ENABLE[0]) for word in passed_on):  # the caller of kustomize decides
        executes = any(word.startswith(ENABLE[1]) for word in passed_on)
        left_out = () if executes or not programs.can_be_left_out(functions) else functions.configs
        return KustomizeOptions(tuple(passed_on), left_out)

    if not allow_exec:
        programs.refuse(functions, directory, command)
        if not functions.harmless:
            return KustomizeOptions(tuple(passed_on))

    if programs.can_be_left_out(functions):
        return KustomizeOptions((*passed_on, ENABLE[0]), functions.configs, not functions.builtin)

    kustomize, subcommand = find_kustomize(program, path)
    if subcommand == "build":
        return KustomizeOptions((*passed_on, *ENABLE))

    message = (
        f"{kustomize} cannot run functions by exec; install kustomize, or name one with "
        "--kustomize PATH"
    )
    raise Refused(Result("error", message, file=directory, code="kustomize-missing"))
