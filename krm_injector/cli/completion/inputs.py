"""The Namespaces, revisions and clusters that inputs name, for completion.

It reads the files as they are, and no more than a tab may take. What cannot be read is passed over:
the command will tell.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence

from krm_injector.istio_names import INJECTOR_CONFIG_MAP, REVISION_LABEL, TAG_LABEL
from krm_injector.kube import yaml
from krm_injector.model import Refused
from krm_injector.named_tuple import NamedTuple
from krm_injector.sources import files

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_MOST_FILES, _MOST_BYTES = 500, 1_000_000
# A file that mentions none of these names no Namespace, revision or cluster.
_MENTIONED = tuple(
    word.encode()
    for word in ("amespace", REVISION_LABEL, TAG_LABEL, INJECTOR_CONFIG_MAP, "clusters")
)


class Facts(NamedTuple):
    """Each sorted."""

    namespaces: list[str]
    revisions: list[str]


def read(paths: Iterable[str]) -> Facts:
    """What files and directories name."""
    namespaces: set[str] = set()
    revisions: set[str] = set()
    for value in _objects(paths):
        namespaces.update(_namespaces(value))
        revisions.update(_revisions(value))

    return Facts(sorted(filter(None, namespaces)), sorted(filter(None, revisions)))


def clusters(fleet_files: Sequence[str], roots: Sequence[str]) -> list[str]:
    """The clusters of a fleet file: of that which is named, or of those in the roots."""
    from krm_injector.fleet import fleet_file

    paths = fleet_files or [os.path.join(root, fleet_file.NAME) for root in roots or ["."]]
    names: set[str] = set()
    for value in _objects(paths):
        spec = value.get("spec")
        listed = spec.get("clusters") if isinstance(spec, dict) else None
        for cluster in listed if isinstance(listed, list) else ():
            if isinstance(cluster, dict):
                names.add(str(cluster.get("name", "")))

    return sorted(filter(None, names))


# ---------------------------------------------------------------- reading


def _objects(paths: Iterable[str]) -> Iterator[dict[str, Any]]:
    left = _MOST_BYTES
    for number, path in enumerate(_files(paths)):
        if number == _MOST_FILES or left <= 0:
            return

        text = _text(path, left)
        left -= len(text)
        if any(word in text for word in _MENTIONED):
            yield from _of_text(text)


def _files(paths: Iterable[str]) -> Iterator[str]:
    for path in paths:
        if os.path.isdir(path):
            contents = files.find(path)
            yield from contents.files
            yield from contents.of_kustomizations
            for directory in contents.kustomizations:
                yield from (os.path.join(directory, name) for name in files.KUSTOMIZATIONS)
        else:
            yield path


def _text(path: str, most: int) -> bytes:
    """Empty for what is no file, is too large, or cannot be read. A pipe is not opened: reading
    it would take its contents from the command.
    """
    try:
        if not os.path.isfile(path) or os.path.getsize(path) > most:
            return b""
        return files.content(path)
    except (OSError, Refused):
        return b""


def _of_text(text: bytes) -> Iterator[dict[str, Any]]:
    """The objects of a text, and those in Lists."""
    try:
        documents = [document.value for document in yaml.load_all(text.decode())]
    except (yaml.YamlError, UnicodeDecodeError):
        return

    for value in documents:
        if isinstance(value, dict):
            items = value.get("items")
            entries = items if isinstance(items, list) else ()
            yield value
            yield from (each for each in entries if isinstance(each, dict))


# ---------------------------------------------------------------- facts


def _metadata(value: dict[str, Any]) -> dict[str, Any]:
    metadata = value.get("metadata")
    return metadata if isinstance(metadata, dict) else {}


def _namespaces(value: dict[str, Any]) -> Iterator[str]:
    metadata = _metadata(value)
    if value.get("kind") == "Namespace":
        yield str(metadata.get("name", ""))
    if isinstance(metadata.get("namespace"), str):
        yield metadata["namespace"]
    if isinstance(value.get("namespace"), str):  # of a kustomization
        yield value["namespace"]


def _revisions(value: dict[str, Any]) -> Iterator[str]:
    """By labels, of whatever is labelled; and by the name of the injector's ConfigMap."""
    metadata = _metadata(value)
    labels = metadata.get("labels")
    if isinstance(labels, dict):
        yield from (str(labels.get(name, "")) for name in (REVISION_LABEL, TAG_LABEL))

    name = metadata.get("name")
    if value.get("kind") == "ConfigMap" and isinstance(name, str):
        if name == INJECTOR_CONFIG_MAP:
            yield "default"
        elif name.startswith(f"{INJECTOR_CONFIG_MAP}-"):
            yield name.removeprefix(f"{INJECTOR_CONFIG_MAP}-")
