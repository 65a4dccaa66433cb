"""A Plan: the files that wiring adds to a directory. Nothing is written here; existing files are
only ever added to.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable
from typing import Any, NamedTuple

from krm_injector.kube import yaml
from krm_injector.model import Refused, Result
from krm_injector.sources import inputs, kustomizations
from krm_injector.sources.resource_list import decode, line_break, refused

FUNCTION_FILE = "istio-inject.yaml"
FUNCTION = "krm-injector.dev/v1alpha1"


class File(NamedTuple):
    path: str  # from the directory
    text: str  # as it shall be
    before: str | None = None  # as it is; None: a new file
    executable: bool = False


class Plan(NamedTuple):
    files: tuple[File, ...]  # what is already as it shall be is not among them
    commands: tuple[str, ...]  # what to type next, to be run in the directory
    notes: tuple[str, ...] = ()  # sentences


def present(directory: str, path: str) -> str | None:
    """The text of a file of the directory, line breaks and byte order mark as they are; None where
    it is not there.

    Raises Refused where it cannot be read.
    """
    whole = os.path.join(directory, path)
    if not os.path.lexists(whole):
        return None

    try:
        with open(whole, "rb") as file:
            return decode(file.read(), path)
    except OSError as problem:
        message = f"{path}: {problem.strerror or problem}"
        raise Refused(Result("error", message, file=path, code="input-unreadable")) from None


def new(directory: str, path: str, text: str, executable: bool = False) -> tuple[File, ...]:
    """A file to write; none where it stands there already in the same words. Raises Refused where
    it differs.
    """
    there = present(directory, path)
    if there is None:
        _room(directory, path)
        return (File(path, text, None, executable),)
    if there.replace("\r\n", "\n") == text:
        return ()
    raise Refused(in_the_way(path, text))


def _room(directory: str, path: str) -> None:
    """Raises Refused where a file stands in the place of a folder that the path needs."""
    above = os.path.dirname(path)
    while above:
        whole = os.path.join(directory, above)
        if os.path.lexists(whole) and not os.path.isdir(whole):
            message = f"{path} cannot be written, for {above} is there and no directory; nothing was written"
            raise Refused(Result("error", message, file=path, code="init-exists"))
        above = os.path.dirname(above)


def in_the_way(path: str, text: str) -> Result:
    message = f"{path} is there and says something else; nothing was written. It would have said:\n{text.rstrip()}"
    return Result("error", message, file=path, code="init-exists")


def added(
    path: str, text: str, change: Callable[[dict[str, Any]], dict[str, Any]], advice: str
) -> tuple[File, ...]:
    """A file with something added to its one document; none where there is nothing to add.

    ``change`` gives the document as it shall be, or raises Cannot. Every line that is there stays
    as it is: where the layout does not allow that, Refused says what to add by hand (``advice``,
    the lines).
    """
    body = text.removeprefix("\ufeff")
    try:
        found = [document for document in yaml.load_all(body) if not document.empty]
    except yaml.YamlError as problem:
        raise refused(problem, path) from None

    try:
        if len(found) != 1 or not isinstance(found[0].value, dict):
            raise Cannot("it does not hold one mapping")

        document = found[0]
        value = change(document.value)
        if value == document.value:
            return ()

        place = document.place
        edited = yaml.rewrite(body, place, document.value, value, line_break(body))
        edited = body[: place.start] + edited + body[place.end :]
        if not _only_added(body.splitlines(), edited.splitlines()) or yaml.load(edited) != value:
            raise Cannot("its layout does not let lines be added")
    except Cannot as why:
        message = f"{path} was left as it is, and nothing was written: {why}. Add by hand:\n{advice.rstrip()}"
        raise Refused(Result("error", message, file=path, code="init-exists")) from None

    return (File(path, text[: len(text) - len(body)] + edited, text),)


class Cannot(Exception):
    """Why something cannot be added; completes a sentence."""


def listed(value: dict[str, Any], key: str) -> list[Any]:
    """The list at a key, empty where there is none. Raises Cannot where something else stands
    there.
    """
    found = value.get(key)
    if found is None:
        return []
    if not isinstance(found, list):
        raise Cannot(f"its {key} is not a list")
    return found


def _only_added(before: list[str], after: list[str]) -> bool:
    """Whether every line of before stands in after, in order."""
    rest = iter(after)
    return all(any(line == other for other in rest) for line in before)


# ---------------------------------------------------------------- verifying a repository


def verification(directory: str) -> tuple[str, str]:
    """The command that verifies what a directory holds, and a note about it: the directory as a
    whole, or where it has no manifests of its own the kustomizations in it that inject; where none
    does, what explain says of them.
    """
    found = inputs.find(directory)
    outermost = [] if found.files else kustomizations.outermost(found.kustomizations)
    if not outermost or any(kustomizations.only_lists(one) for one in outermost):
        return "krm-injector verify .", ""

    injecting = [one for one in outermost if injects(one)]
    command = "krm-injector " + ("verify" if injecting else "explain")
    paths = (os.path.relpath(one, directory) for one in injecting or outermost)
    note = "There are kustomizations only, and each that is built is named."
    if not injecting:
        note += " None of them injects, so the command tells whether injection can be decided."

    return f"{command} {' '.join(map(shlex.quote, paths))}", note


def injects(directory: str) -> bool:
    """Whether a kustomization has the functionConfig among its transformers, under whatever name or
    in place.
    """
    value = kustomizations.fields(directory) or {}
    return any(is_ours(directory, entry) for entry in kustomizations.entries(value, "transformers"))


def is_ours(directory: str, entry: Any) -> bool:
    """Whether an entry of transformers: is the functionConfig."""
    if not isinstance(entry, str):
        return False
    if os.path.normpath(entry) == FUNCTION_FILE:
        return True
    if "\n" in entry:
        return is_function_config(entry)
    if not os.path.isfile(os.path.join(directory, entry)):
        return False
    return is_function_config(present(directory, entry) or "")


# ---------------------------------------------------------------- the functionConfig


def function_config(image: str | None) -> str:
    """The functionConfig that kustomize and kpt share."""
    how = (
        f"      container:\n        image: {image}\n"
        if image
        else "      exec:\n        path: krm-injector\n"
    )
    return (
        f"apiVersion: {FUNCTION}\n"
        "kind: SidecarInjection\n"
        "metadata:\n"
        "  name: istio\n"
        "  annotations:\n"
        '    config.kubernetes.io/local-config: "true"\n'
        "    config.kubernetes.io/function: |\n"
        f"{how}"
        "spec:\n"
        "  method: automatic\n"
    )


def function_file(directory: str, image: str | None) -> tuple[File, ...]:
    """The functionConfig's file: a new one, or the one that is there if it is a functionConfig.
    Raises Refused.
    """
    there = present(directory, FUNCTION_FILE)
    if there is None:
        return (File(FUNCTION_FILE, function_config(image)),)
    if is_function_config(there):
        return ()
    raise Refused(in_the_way(FUNCTION_FILE, function_config(image)))


def is_function_config(text: str) -> bool:
    """Whether a text is one SidecarInjection."""
    try:
        value = yaml.load(text)
    except yaml.YamlError:
        return False

    return isinstance(value, dict) and (value.get("apiVersion"), value.get("kind")) == (
        FUNCTION,
        "SidecarInjection",
    )
