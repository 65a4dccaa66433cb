"""The command that verifies what a directory holds, for hooks and workflows."""

from __future__ import annotations

import os
import shlex

from krm_injector.sources import files, kustomizations
from krm_injector.wiring.function_file import injects


def command(directory: str) -> tuple[str, str]:
    """The command, and a note about it: for the directory as a whole, so that an overlay that is
    added later is not left out; for those kustomizations in it that inject, if some do not; where
    none does, what explain says of them.
    """
    found = files.find(directory, ignoring=True)
    outermost = [] if found.files else kustomizations.outermost(found.kustomizations)
    if not outermost or any(kustomizations.only_lists(path) for path in outermost):
        return "krm-injector verify .", ""

    injecting = [path for path in outermost if injects(path)]
    if not injecting:
        note = "No kustomization here injects: the command tells whether injection can be decided."
        return "krm-injector explain .", note
    if len(injecting) == len(outermost):
        return "krm-injector verify .", "Each kustomization here is built and verified."

    words = " ".join(shlex.quote(os.path.relpath(path, directory)) for path in injecting)
    note = "Not all kustomizations here inject: those that do are named. Add others as they do."
    return f"krm-injector verify {words}", note
