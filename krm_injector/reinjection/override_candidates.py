"""Edits by hand inside the injected part, field by field, each with the override that could express
it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from krm_injector.injection import pods
from krm_injector.istio_names import OVERRIDES_ANNOTATION, STATUS_ANNOTATION
from krm_injector.kube.differences import ABSENT
from krm_injector.kube.element_names import ORDER
from krm_injector.kube.paths import Step, at
from krm_injector.model import Object
from krm_injector.named_tuple import NamedTuple
from krm_injector.reinjection import record
from krm_injector.reinjection.container_fields import (
    Steps,
    changed_fields,
    field_text,
    is_expressible,
    is_within,
)
from krm_injector.reinjection.record.changed_pieces import ChangedPiece

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

FIELDS = ("containers", "initContainers")
BOOKKEEPING = (STATUS_ANNOTATION, OVERRIDES_ANNOTATION)  # Istio writes them for its own use


class OverrideCandidate(NamedTuple):
    """One edit by hand inside the injected part, and what becomes of it."""

    # from the object, as "spec.template.spec.containers[istio-proxy].resources.limits.cpu"; "" for
    # unknown
    path: str
    current: Any  # as edited; ABSENT if it was taken out
    injected: Any  # what injection gives there without the edit; ABSENT for nothing
    container: str = ""  # the injected container that an override could change; "" for metadata
    # the field in it, as ("env", "POD_NAME", "value"), or ("labels", KEY); () if there is no way
    steps: Steps = ()
    kept: bool = False  # as an override
    moved: bool = False  # kept, but Istio's merge orders the elements of that list in its own way


def override_candidates(
    pieces: Iterable[ChangedPiece],
    standing: Object,
    fresh: Object,
    spec: Step,
    metadata: Step,
) -> list[OverrideCandidate]:
    """The fields that were edited, each once.

    standing: the edited object; fresh: what injection gives; spec, metadata: the paths of the pod's
    in both.
    """
    edits: dict[str, OverrideCandidate] = {}
    for piece in pieces:
        for edit in _edits_of(piece, standing, fresh, spec, metadata):
            edits.setdefault(edit.path, edit)
    return list(edits.values())


def _edits_of(
    piece: ChangedPiece, standing: Object, fresh: Object, spec: Step, metadata: Step
) -> Iterator[OverrideCandidate]:
    current = ABSENT if piece.current is None else piece.current
    injected = ABSENT if piece.injected is None else piece.injected
    whole = OverrideCandidate(piece.path, current, injected)
    if current is ABSENT or piece.path.endswith(ORDER):
        yield whole
        return

    for field in FIELDS:
        start = path_text(standing, (*spec, field)) + "["
        if piece.path.startswith(start):
            name, _, rest = piece.path[len(start) :].partition("]")
            before = container_named(fresh, spec, name)
            after = pods.find_container(name, at(standing, (*spec, field)) or [])
            if before and after:
                unit = rest.removeprefix(".")
                yield from _edits_inside(f"{start}{name}]", name, before, after, unit)
            else:
                yield whole
            return

    for field in ("labels", "annotations"):
        start = path_text(standing, (*metadata, field)) + "."
        key = piece.path.removeprefix(start)
        if key != piece.path and key not in BOOKKEEPING and isinstance(current, str):
            yield whole._replace(steps=(field, key))
            return

    yield whole


def _edits_inside(
    prefix: str, name: str, before: Object, after: Object, unit: str
) -> Iterator[OverrideCandidate]:
    """The edited fields of one injected container, below the piece that the record does not know.

    prefix: the container's path; unit: that piece from the container, "" for the container itself.
    """
    for steps, injected, current in changed_fields(before, after):
        text = field_text(steps)
        if is_within(text, unit) or is_within(unit, text):
            override = steps if is_expressible(steps, current) else ()
            yield OverrideCandidate(f"{prefix}.{text}", current, injected, name, override)


# ---------------------------------------------------------------- containers of an object


def path_text(workload: Object, path: Step) -> str:
    """A path of this object, as a ChangedPiece has it."""
    return record.path_text(record.named_path(workload, path))


def container_position(workload: Object, spec: Step, name: str) -> tuple[str, int]:
    """The field and the index of the first container of that name; ("", -1) if there is none."""
    for field in FIELDS:
        for index, container in enumerate(at(workload, (*spec, field)) or []):
            if container.get("name") == name:
                return field, index
    return "", -1


def container_named(workload: Object, spec: Step, name: str) -> Object:
    """The first container of that name; {} if there is none."""
    field, index = container_position(workload, spec, name)
    container: Object = at(workload, (*spec, field))[index] if index >= 0 else {}
    return container
