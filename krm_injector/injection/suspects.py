"""Which texts of a workload could mean something to YAML where a template prints them.

A template prints labels, annotations and names into a text that YAML then reads. A plain text
(``is_plain``) stays the one scalar that it is, wherever it is printed; all others are suspects, and
``untrusted`` follows them. Most workloads have none, and this module is all that they pay for.
"""

from __future__ import annotations

from krm_injector.istio_names import SILENCE_ANNOTATION
from krm_injector.kube.paths import Step, at
from krm_injector.kube.workloads import text
from krm_injector.model import Decision
from krm_injector.named_tuple import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

_ENDS = frozenset("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_/")
_PLAIN = "".join(sorted(_ENDS)) + "-.:@+="
_NULL = "null"
# No template reads it, and users write lists into it.
_OURS = (SILENCE_ANNOTATION,)


class Suspect(NamedTuple):
    """A text that is not plain, and where it stands in the object."""

    what: str  # "annotation" | "label" | "name"
    path: Step
    key: str  # of the label or annotation; "" for a name
    value: str

    @property
    def field(self) -> str:
        """Its place as results name fields."""
        if not self.key:
            return text(self.path)
        return f'{text(self.path)}["{self.key}"]'


def is_plain(value: str) -> bool:
    """Whether YAML reads a text as itself wherever it stands alone or beside other text.

    It holds no white space, quote, backslash, comma, bracket or number sign, and no indicator at
    its beginning; a colon in it is followed by something else than space. Then nothing in YAML 1.1
    or 1.2 ends it before its end (plain, single and double quoted, literal, in block or in flow
    context), and only the word null is none. Numbers and booleans are scalars, as meant.
    """
    if not value:
        return True
    if value[0] not in _ENDS or value[-1] not in _ENDS or value.strip(_PLAIN):
        return False
    return len(value) != len(_NULL) or value.lower() != _NULL


def of(decision: Decision, metadata_path: Step, manual: bool) -> list[Suspect]:
    """The suspects of a workload: labels, annotations and names of its pod template, and what
    templates read of the workload itself.

    metadata_path: of the pod's metadata.
    """
    workload = decision.workload
    value = workload.object
    found = list(_of_metadata(value, metadata_path))
    if manual and metadata_path != ("metadata",):
        found += _of_metadata(value, ("metadata",))

    names: list[tuple[Step, Any]] = [(("metadata", "namespace"), workload.ref.namespace)]
    names += _names(value, workload.template)
    found += [Suspect("name", *one) for one in _odd(names)]
    return found


def _of_metadata(value: Any, path: Step) -> Iterator[Suspect]:
    metadata = at(value, path)
    if not isinstance(metadata, dict):
        return

    for what, field in (("label", "labels"), ("annotation", "annotations")):
        texts = metadata.get(field)
        if not isinstance(texts, dict):
            continue
        for key, one in texts.items():
            odd = isinstance(one, str) and not is_plain(one)
            if (odd or not is_plain(key)) and key not in _OURS:
                yield Suspect(what, (*path, field), key, one if isinstance(one, str) else "")


def _names(value: Any, template: Step) -> Iterator[tuple[Step, Any]]:
    for field in ("name", "generateName"):
        yield ("metadata", field), at(value, ("metadata", field))

    references = at(value, ("metadata", "ownerReferences"))
    for index, reference in enumerate(references if isinstance(references, list) else ()):
        yield ("metadata", "ownerReferences", index, "name"), at(reference, ("name",))

    spec = (*template, "spec")
    yield (*spec, "serviceAccountName"), at(value, (*spec, "serviceAccountName"))
    for field in ("containers", "initContainers"):
        entries = at(value, (*spec, field))
        for index, entry in enumerate(entries if isinstance(entries, list) else ()):
            yield (*spec, field, index, "name"), at(entry, ("name",))


def _odd(names: list[tuple[Step, Any]]) -> Iterator[tuple[Step, str, str]]:
    for path, name in names:
        # A generated name ends in a hyphen.
        if isinstance(name, str) and not is_plain(name.removesuffix("-")):
            yield path, "", name
