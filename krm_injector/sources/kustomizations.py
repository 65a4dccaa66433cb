"""Kustomizations as files: which kustomizations and files they are built on, as far as local files
show it.

Fields are those of kustomize's api/types/kustomization.go (5.8.1). A field that is null or empty
counts as absent.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

from krm_injector.kube import yaml
from krm_injector.kube.paths import at
from krm_injector.model import Refused
from krm_injector.sources import files, resource_list

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# Fields that name kustomizations; resources and bases name files too.
DIRECTORIES = ("resources", "bases", "components")
FUNCTIONS = ("generators", "transformers", "validators")
_TYPE = ("apiVersion", "kind", "metadata")


def read(path: str) -> tuple[str, Any]:
    """A file's text and its one document. Raises Refused."""
    text = resource_list.decode(files.content(path), path)
    try:
        return text, yaml.load(text)
    except yaml.YamlError as problem:
        raise resource_list.refused(problem, path, text) from None


def file_of(directory: str) -> str | None:
    """The kustomization in a directory; None if there is none."""
    paths = (os.path.join(directory, name) for name in files.KUSTOMIZATIONS)
    return next((path for path in paths if os.path.isfile(path)), None)


def fields(directory: str) -> dict[str, Any] | None:
    """The fields of a directory's kustomization that are not empty; None if there is no
    kustomization that can be read.
    """
    path = file_of(directory)
    if path is None:
        return None

    try:
        _, value = read(path)
    except Refused:  # kustomize reports what is wrong with it
        return None

    if value is None:
        return {}
    if not isinstance(value, dict):
        return None
    return {key: field for key, field in value.items() if field}


def entries(value: dict[str, Any], key: str) -> list[str]:
    """The texts of a list field."""
    field = value.get(key)
    if not isinstance(field, list):
        return []
    return [entry for entry in field if isinstance(entry, str)]


def only_lists(
    directory: str, besides: frozenset[str] = frozenset(), above: frozenset[str] = frozenset()
) -> bool:
    """Whether a directory's kustomization only lists local files, and directories of which the same
    is true. Then its output is the contents of these files.

    ``besides``: fields that it may have as well. ``above``: real paths of the directories that lead
    here, to detect cycles.
    """
    value, real = fields(directory), os.path.realpath(directory)
    if value is None or real in above or not set(value) <= {*_TYPE, "resources", *besides}:
        return False
    if value.get("kind", "Kustomization") != "Kustomization" or not value.get("resources"):
        return False
    if entries(value, "resources") != value["resources"]:
        return False

    for entry in value["resources"]:
        path = os.path.join(directory, entry)
        if os.path.isdir(path):
            if not only_lists(path, frozenset(), above | {real}):
                return False
        elif not _is_file_below(path, real):
            return False

    return True


def _is_file_below(path: str, directory: str) -> bool:
    """Whether it is a file below a directory. kustomize reads no others."""
    prefix = directory.rstrip(os.sep) + os.sep
    return os.path.isfile(path) and os.path.realpath(path).startswith(prefix)


def local_files(directory: str) -> list[str]:
    """The files among the resources of a directory's kustomization and of the local ones that it is
    built on, in their order, each once.
    """
    return list(dict.fromkeys(_local_files(directory, frozenset())))


def _local_files(directory: str, above: frozenset[str]) -> Iterator[str]:
    value, real = fields(directory), os.path.realpath(directory)
    if value is None or real in above:
        return

    for key in DIRECTORIES:
        for entry in entries(value, key):
            path = os.path.normpath(os.path.join(directory, entry))
            if os.path.isdir(path):
                yield from _local_files(path, above | {real})
            elif os.path.isfile(path):
                yield path


def patch_files(directory: str) -> list[str]:
    """The files with patches of a directory's kustomization and of the local ones that it is built
    on, each once.
    """
    paths = [
        os.path.normpath(os.path.join(folder, entry))
        for folder, value in built_of(directory)
        for entry in _patches(value)
        if "\n" not in entry  # a patch may be in the field itself
    ]
    return [path for path in dict.fromkeys(paths) if os.path.isfile(path)]


def _patches(value: dict[str, Any]) -> list[str]:
    patches = value.get("patches")
    named = [at(patch, ("path",)) for patch in patches] if isinstance(patches, list) else []
    named += entries(value, "patchesStrategicMerge")
    return [entry for entry in named if isinstance(entry, str)]


def built_of(
    directory: str, above: frozenset[str] = frozenset()
) -> Iterator[tuple[str, dict[str, Any]]]:
    """A directory's kustomization and the local ones that it is built on."""
    value, real = fields(directory), os.path.realpath(directory)
    if value is None or real in above:
        return

    yield directory, value
    for key in DIRECTORIES:
        for entry in entries(value, key):
            path = os.path.join(directory, entry)
            if os.path.isdir(path):
                yield from built_of(path, above | {real})


def outermost(directories: Sequence[str]) -> list[str]:
    """The kustomizations that no other one is built on and that are no components; all of them if
    that leaves none.
    """
    used: set[str] = set()
    components: set[str] = set()
    for directory in directories:
        value = fields(directory) or {}
        if value.get("kind") == "Component":
            components.add(directory)
        for key in (*DIRECTORIES, *FUNCTIONS):
            for entry in entries(value, key):
                if "\n" not in entry:  # a function may be in the field itself
                    used.add(os.path.realpath(os.path.join(directory, entry)))

    outer = [
        directory
        for directory in directories
        if directory not in components and os.path.realpath(directory) not in used
    ]
    return outer or list(directories)
