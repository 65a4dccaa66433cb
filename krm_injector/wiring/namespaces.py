"""The Namespaces that a directory's workloads are for, as far as its files show it without being
rendered.
"""

from __future__ import annotations

import os

from krm_injector.kube import workloads, yaml
from krm_injector.kube.paths import at
from krm_injector.model import Refused
from krm_injector.named_tuple import NamedTuple
from krm_injector.sources import files, kustomizations, resource_list

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any


class Namespaces(NamedTuple):
    used: frozenset[str]  # by workloads
    described: frozenset[str]  # by manifests
    unnamed: bool  # there are workloads that name none


def of_directory(directory: str) -> Namespaces:
    """The Namespaces of a kustomization, or else of the manifests in the directory."""
    if files.is_kustomization(directory):
        parts = list(_of_kustomization(directory, frozenset()))
    else:
        found = files.find(directory, ignoring=True)
        parts = [_of_file(path) for path in (*found.files, *found.of_kustomizations)]
    return _together(parts)


def _of_kustomization(directory: str, above: frozenset[str]) -> Iterator[Namespaces]:
    """kustomize's namespace: replaces the Namespace of everything that it is built on."""
    value, real = kustomizations.fields(directory), os.path.realpath(directory)
    if value is None or real in above:
        return

    parts: list[Namespaces] = []
    for key in kustomizations.DIRECTORIES:
        for entry in kustomizations.entries(value, key):
            path = os.path.join(directory, entry)
            if os.path.isdir(path):
                parts += _of_kustomization(path, above | {real})
            elif os.path.isfile(path):
                parts.append(_of_file(path))

    of_base, name = _together(parts), value.get("namespace")
    if isinstance(name, str):
        yield Namespaces(frozenset((name,)), of_base.described, False)
    else:
        yield of_base


def _together(parts: list[Namespaces]) -> Namespaces:
    return Namespaces(
        frozenset(name for part in parts for name in part.used),
        frozenset(name for part in parts for name in part.described),
        any(part.unnamed for part in parts),
    )


def _of_file(path: str) -> Namespaces:
    """Nothing, if it cannot be read: who renders it reports that."""
    try:
        text = resource_list.decode(files.content(path), path)
        values = [document.value for document in yaml.load_all(text) if not document.empty]
    except (Refused, yaml.YamlError):
        return Namespaces(frozenset(), frozenset(), False)

    used = [
        at(item, (*inside, "metadata", "namespace"))
        for item in values
        for inside, _, _ in workloads.find(item)
    ]
    described = [
        at(value, ("metadata", "name"))
        for value in values
        if at(value, ("kind",)) == "Namespace" and at(value, ("apiVersion",)) == "v1"
    ]
    return Namespaces(
        frozenset(name for name in used if isinstance(name, str) and name),
        frozenset(name for name in described if isinstance(name, str)),
        not all(used),
    )


# ---------------------------------------------------------------- what nobody says


def to_state(directory: str, target: str, spec: dict[str, Any]) -> tuple[str, ...]:
    """A note about Namespaces whose labels neither the directory's files nor the functionConfig
    state; none where everything is known. Without them the build would be refused.
    """
    if spec.get("onMissingNamespace", "error") != "error":
        return ()

    found = of_directory(directory)
    entries = spec.get("namespaces")
    stated = [at(entry, ("name",)) for entry in entries] if isinstance(entries, list) else []
    unknown = sorted(found.used - found.described - frozenset(map(str, stated)))
    unnamed = found.unnamed and not spec.get("defaultNamespace")
    if not unknown and not unnamed:
        return ()

    words = " ".join(f"--namespace-labels {name}=istio-injection=enabled" for name in unknown)
    which = f"Namespace{'s' if len(unknown) > 1 else ''} {', '.join(unknown)}"
    if unnamed:
        words = f"{words} --namespace NAME --namespace-labels NAME=istio-injection=enabled".strip()
        unnamed_too = "the Namespace of workloads that name none"
        which = f"{which} and {unnamed_too}" if unknown else unnamed_too

    return (
        f"The labels of {which} decide who is injected,\n"
        "and no file here states them. State them as they are in the cluster (NAME= for none), or\n"
        "name the Namespaces' manifests with --context FILE. init adds them:\n"
        f"  krm-injector init {target} {words}{as_word(directory)}",
    )


def as_word(directory: str) -> str:
    """The directory as a further word of a command; "" for the working directory."""
    return "" if os.path.normpath(directory) == "." else f" {files.quoted(directory)}"
