"""The texts of a kustomization that can be paths, and those that name other machines."""

from __future__ import annotations

import re
from collections.abc import Iterator

from krm_injector.kube import yaml
from krm_injector.model import Refused
from krm_injector.sources import files, resource_list

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_REMOTE = ("http://", "https://", "ssh://", "file://", "git::", "github.com/", "github.com:")
# Below these keys stands content, and no path. What a chart's repository means, _chart says.
_CONTENT = frozenset(
    ("chartreponame", "chartrepourl", "literals", "patch", "repo", "valuesinline", "valueslocal")
)


def lowered(value: Any) -> dict[str, Any]:
    """A mapping with its keys as Go's JSON compares them."""
    if not isinstance(value, dict):
        return {}
    return {str(key).lower(): member for key, member in value.items() if member}


def texts(value: Any) -> Iterator[str]:
    """The texts at any place of a value that can be paths."""
    if isinstance(value, str):
        if value:
            yield value
    elif isinstance(value, list):
        for member in value:
            yield from texts(member)
    elif isinstance(value, dict):
        for key, member in value.items():
            if str(key).lower() not in _CONTENT:
                yield from texts(member)


def after_key(text: str) -> Iterator[str]:
    """The path of KEY=PATH."""
    _, equals, path = text.partition("=")
    if equals and path:
        yield path


def inline(entry: str) -> list[Any] | None:
    """The documents of an entry that is a configuration itself; None if it is a path."""
    if "\n" not in entry and ":" not in entry:
        return None

    try:
        values = [document.value for document in yaml.load_all(entry) if not document.empty]
    except yaml.YamlError:
        return None
    return values if values and all(isinstance(value, dict) for value in values) else None


def documents(file: str) -> list[Any] | None:
    """The documents of a file; None if it cannot be read."""
    try:
        text = resource_list.decode(files.content(file), file)
        return [document.value for document in yaml.load_all(text) if not document.empty]
    except (Refused, yaml.YamlError):
        return None


# ---------------------------------------------------------------- other machines


def is_url(entry: str) -> bool:
    """Whether kustomize fetches it before it looks for a file (api/internal/loader/loader.go)."""
    return entry[:8].lower().startswith(("http://", "https://"))


def is_remote(entry: str) -> bool:
    """Whether kustomize takes it for a git repository whatever lies there
    (api/internal/git/repospec.go).
    """
    return entry.lower().startswith(_REMOTE) or bool(re.match(r"[A-Za-z][A-Za-z0-9-]*@", entry))


def may_be_remote(entry: str) -> bool:
    """The same, for any version of kustomize, of a path at which nothing is."""
    host = entry.partition("/")[0]
    marked = any(mark in entry for mark in (":", "@", ".git", "_git/", "?ref="))
    return marked or (host != entry and "." in host.strip("."))
