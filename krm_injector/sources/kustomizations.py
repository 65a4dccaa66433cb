"""What kustomizations say of each other and of the files that they are made of, as far as local
files tell.

Fields are those of kustomize's api/types/kustomization.go (5.8.1); a field that is null or empty
says nothing.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import Any

from krm_injector.kube import yaml
from krm_injector.model import Refused, Result
from krm_injector.sources import inputs, resource_list

# Fields that name kustomizations; resources and bases name files too.
DIRECTORIES = ("resources", "bases", "components")
FUNCTIONS = ("generators", "transformers", "validators")
_TYPE = ("apiVersion", "kind", "metadata")


def read(path: str) -> tuple[str, Any]:
    """A file's text and its one document. Raises Refused."""
    text = resource_list.decode(inputs.content(path), path)
    try:
        return text, yaml.load(text)
    except yaml.YamlError as problem:
        raise Refused(Result("error", f"{path}: {problem}", file=path, code=problem.code)) from None


def file_of(directory: str) -> str | None:
    """The kustomization in a directory; None where it holds none."""
    paths = (os.path.join(directory, name) for name in inputs.KUSTOMIZATIONS)
    return next((path for path in paths if os.path.isfile(path)), None)


def fields(directory: str) -> dict[str, Any] | None:
    """The fields of a directory's kustomization that say something; None where there is none that
    can be read.
    """
    path = file_of(directory)
    if path is None:
        return None

    try:
        _, value = read(path)
    except Refused:  # kustomize says what is wrong with it
        return None

    if value is None:
        return {}

    return (
        {key: field for key, field in value.items() if field} if isinstance(value, dict) else None
    )


def entries(value: dict[str, Any], key: str) -> list[str]:
    """The texts of a list field."""
    found = value.get(key)
    return [entry for entry in found if isinstance(entry, str)] if isinstance(found, list) else []


def only_lists(
    directory: str, besides: frozenset[str] = frozenset(), above: frozenset[str] = frozenset()
) -> bool:
    """Whether a directory's kustomization does nothing but list local files, and directories of
    which the same is true: then what it renders to is what stands in these files. ``besides``:
    fields that it may have as well.
    """
    value, real = fields(directory), os.path.realpath(directory)
    if value is None or real in above or not set(value) <= {*_TYPE, "resources", *besides}:
        return False
    if value.get("kind", "Kustomization") != "Kustomization" or not value.get("resources"):
        return False
    if entries(value, "resources") != value["resources"]:
        return False

    places = [os.path.join(directory, entry) for entry in entries(value, "resources")]
    return all(
        _below(place, real)
        or (os.path.isdir(place) and only_lists(place, frozenset(), above | {real}))
        for place in places
    )


def _below(place: str, directory: str) -> bool:
    """Whether it is a file that lies below a directory: kustomize reads no others."""
    return os.path.isfile(place) and os.path.realpath(place).startswith(
        directory.rstrip(os.sep) + os.sep
    )


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
            place = os.path.normpath(os.path.join(directory, entry))
            if os.path.isdir(place):
                yield from _local_files(place, above | {real})
            elif os.path.isfile(place):
                yield place


def outermost(directories: Sequence[str]) -> list[str]:
    """Those kustomizations that none of the others is built on, and that are no components; all of
    them where that leaves none.
    """
    used: set[str] = set()
    parts: set[str] = set()
    for directory in directories:
        value = fields(directory) or {}
        if value.get("kind") == "Component":
            parts.add(directory)
        for key in (*DIRECTORIES, *FUNCTIONS):
            used.update(os.path.realpath(os.path.join(directory, entry)) for entry in entries(value, key)
                        if "\n" not in entry)  # fmt: skip

    left = [one for one in directories if one not in parts and os.path.realpath(one) not in used]
    return left or list(directories)
