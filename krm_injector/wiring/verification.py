"""The command that verifies what a directory holds, for hooks and workflows."""

from __future__ import annotations

import os
import shlex

from krm_injector.sources import files, kustomizations
from krm_injector.wiring.function_file import injects


def command(directory: str) -> tuple[str, str]:
    """The command, and a note about it: for the directory as a whole; if it has no manifests of its
    own for the kustomizations in it that inject; where none does, what explain says of them.
    """
    found = files.find(directory)
    outermost = [] if found.files else kustomizations.outermost(found.kustomizations)
    if not outermost or any(kustomizations.only_lists(path) for path in outermost):
        return "krm-injector verify .", ""

    injecting = [path for path in outermost if injects(path)]
    paths = [os.path.relpath(path, directory) for path in injecting or outermost]
    words = " ".join(map(shlex.quote, paths))
    note = "There are kustomizations only, and each that is built is named."
    if injecting:
        return f"krm-injector verify {words}", note

    note += " None of them injects, so the command tells whether injection can be decided."
    return f"krm-injector explain {words}", note
