"""The manifests of a target -> one file an object, for --layout directory.

The text of each object stays as it is. What it is called is read from the few lines that say it,
and from the whole document only where these are unusual.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator

from krm_injector.kube import yaml
from krm_injector.kube.paths import at
from krm_injector.named_tuple import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_LONGEST = 200  # characters of a file's name
_UNUSUAL = ("\n%", "\n...", "\n{", "\ufeff", "\n--- ", "\n---\t", "\n---#", "\n---\n---", "\r")
# A scalar that is text to every reader of YAML, and is in a file's name as it is.
_WORD = r"[A-Za-z][A-Za-z0-9-]*(?:\.[A-Za-z][A-Za-z0-9-]*)*"
_TOP = re.compile(rf"^(apiVersion|kind): (?:({_WORD}(?:/v\w+)?)|(.*))$", re.MULTILINE)
_METADATA = re.compile(r"^metadata:\n(?=  [A-Za-z])((?:(?: .*|-.*|#.*|)\n)*)", re.MULTILINE)
_FIELD = re.compile(rf"^  (name|namespace|generateName): (?:({_WORD})|(.*))$", re.MULTILINE)
_NOT_TEXT = frozenset(["true", "false", "null", "yes", "no", "on", "off", "y", "n"])
_SAFE = re.compile(r"[^A-Za-z0-9.-]")
_SILENT = re.compile(r"(?:[ \t]*(?:#.*)?\n)*\Z")
_KEYS = ("apiVersion", "kind", "name", "namespace", "generateName")


class Document(NamedTuple):
    """An object's text, and the fields that name it."""

    text: str
    fields: dict[str, str]


def files(text: str) -> dict[str, str]:
    """The names of the files of a target, in the order of its objects, and what is in them."""
    found: dict[str, str] = {}
    taken: set[str] = set()
    for document in documents(text):
        stem = _stem(document.fields)
        name, number = stem, 1
        while name.lower() in taken:  # an object that is there twice
            number += 1
            name = f"{stem}_{number}"

        taken.add(name.lower())
        found[f"{name}.yaml"] = document.text

    return found


def _stem(fields: dict[str, str]) -> str:
    """Stable: it depends on the object alone, not on the others that there are.

    A group is part of it unless it is one of Kubernetes' own: a Service may be Knative's.
    """
    group = fields.get("apiVersion", "").rpartition("/")[0]
    kind = fields.get("kind", "").lower() or "object"
    if "." in group and not group.endswith(".k8s.io"):
        kind += f".{group}"

    name = fields.get("name") or fields.get("generateName") or "unnamed"
    parts = [fields.get("namespace", ""), kind, name]
    stem = "_".join(_SAFE.sub(_escaped, part) for part in parts if part)
    if len(stem) <= _LONGEST:
        return stem

    digest = hashlib.sha256(stem.encode()).hexdigest()[:10]
    return f"{stem[:_LONGEST]}-{digest}"


def _escaped(match: re.Match[str]) -> str:
    """As in a URL: names of RBAC may have colons, and others may have anything."""
    return "".join(f"%{byte:02X}" for byte in match[0].encode("utf-8", "replace"))


# ---------------------------------------------------------------- documents


def documents(text: str) -> Iterator[Document]:
    """The documents of a stream that hold something, without the lines between them."""
    text = text.removeprefix("\ufeff")
    if text[:1] in ("%", "{", ".") or any(sign in f"\n{text}" for sign in _UNUSUAL):
        yield from _read(text)
        return

    behind = 4 if text.startswith("---\n") else 0
    for part in text[behind:].split("\n---\n"):
        document = part if part.endswith("\n") else part + "\n"
        if not _SILENT.match(document):
            yield Document(document, _fields(document))


def _read(text: str) -> Iterator[Document]:
    """The same of a stream that holds directives, JSON or the like."""
    for document in yaml.load_all(text):
        if not document.empty:
            part = text[document.start : document.end]
            for marker in ("---\n", "---\r\n", "\ufeff"):
                part = part.removeprefix(marker)
            yield Document(part if part.endswith("\n") else part + "\n", _of_value(document.value))


def _fields(document: str) -> dict[str, str]:
    """The fields that name an object."""
    metadata = _METADATA.search(document)
    if metadata is None:
        return _loaded(document)

    fields: dict[str, str] = {}
    for part, pattern in ((document, _TOP), (metadata[1], _FIELD)):
        for key, word, other in pattern.findall(part):
            if other or not word or word.lower() in _NOT_TEXT or key in fields:
                return _loaded(document)
            fields[key] = word

    if "kind" not in fields or not fields.keys() & {"name", "generateName"}:
        return _loaded(document)
    return fields


def _loaded(document: str) -> dict[str, str]:
    return _of_value(yaml.load(document))


def _of_value(value: Any) -> dict[str, str]:
    top = value if isinstance(value, dict) else {}
    found = {key: top.get(key) for key in _KEYS[:2]}
    found |= {key: at(top, ("metadata", key)) for key in _KEYS[2:]}
    return {key: str(field) for key, field in found.items() if field not in (None, "")}
