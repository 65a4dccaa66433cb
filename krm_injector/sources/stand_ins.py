"""What kustomize and kpt find in place of our own function, where the function must not do what it
does by itself: as a plugin that changes nothing, because its work is done after the build; or as
the program with options, which they do not pass on.

Both find exec functions on PATH (kyaml, fn/runtime/exec). kustomize finds plugins by apiVersion and
kind below KUSTOMIZE_PLUGIN_HOME (api/konfig, plugins.go, and api/internal/plugins/loader; 5.8.1). A
plugin gets the resources on stdin, and prints them (execplugin).
"""

from __future__ import annotations

import contextlib
import os

from krm_injector.istio_names import API_VERSION
from krm_injector.sources.programs import OWN, PLUGIN_KIND

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_PLUGIN_HOME = "KUSTOMIZE_PLUGIN_HOME"


@contextlib.contextmanager
def environment(
    given: Mapping[str, str], silent_plugin: bool, words: Sequence[str]
) -> Iterator[Mapping[str, str] | None]:
    """The environment in which to start the program; None for this process's own.

    ``silent_plugin``: our plugin is there and changes nothing. ``words``: options for our function,
    where it is started by exec.
    """
    import shutil
    import tempfile

    path = given.get("PATH", os.defpath)
    program = shutil.which(OWN, path=path) if words else None
    if os.name == "nt" or not (silent_plugin or program):  # scripts are for a shell of POSIX
        yield None
        return

    with tempfile.TemporaryDirectory(prefix="krm-injector-") as folder:
        changed = dict(given)
        if silent_plugin:
            changed[_PLUGIN_HOME] = _plugin_home(folder)
        if program:
            changed["PATH"] = os.pathsep.join((_programs(folder, program, words), path))
        yield changed


def _plugin_home(folder: str) -> str:
    home = os.path.join(folder, "plugins")
    _script(os.path.join(home, API_VERSION, PLUGIN_KIND.lower(), PLUGIN_KIND), "exec cat")
    return home


def _programs(folder: str, program: str, words: Sequence[str]) -> str:
    import shlex

    programs = os.path.join(folder, "bin")
    command = shlex.join((os.path.abspath(program), *words))
    _script(os.path.join(programs, OWN), f'exec {command} "$@"')
    return programs


def _script(path: str, line: str) -> None:
    os.makedirs(os.path.dirname(path))
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o700), "w") as file:
        file.write(f"#!/bin/sh\n{line}\n")
