"""Holes: the scalars of a workload in which it may differ from others of its shape.

Two classes of scalars can be exchanged for each other without a change in how anything is read or
printed:

- words: a small letter first, a small letter or digit last, between them these and ``._/:@-``. YAML
  1.1 and 1.2, JSON and Go print them alike, without quotes or escapes; none is a boolean, a null or
  a number in any of these; ``image: auto`` means something to Istio and is none.
- integers from 1 to 9999: no zero, which Go's omitempty leaves out.

A third class is free only in the annotations of orchestrators: integers in quotes, as they number
objects.

Where a hole may stand is the list in ``is_free``: what injection moves with its workload and never
reads itself. What the templates do with it is watched (watch.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from krm_injector.istio_names import (
    CORE_DUMP_CONTAINER,
    INIT_CONTAINER,
    ORCHESTRATORS,
    PROXY_CONTAINER,
    VALIDATION_CONTAINER,
)
from krm_injector.kube import c_json
from krm_injector.kube.paths import Step, at
from krm_injector.kube.twins import (
    MOST_PLACEHOLDERS,
    PLACEHOLDER,
    integer_placeholder,
    looks_like_one,
    to_json,
    word_placeholder,
)
from krm_injector.lazy_pattern import lazy_pattern

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

LONGEST_WORD = 128
_NO_WORDS = "y|n|yes|no|on|off|true|false|null|nan|inf|infinity|auto"
_WORD = rf"(?!(?:{_NO_WORDS})[^a-z0-9._/:@-])[a-z](?:[a-z0-9._/:@-]{{0,126}}[a-z0-9])?"
# In JSON as twins.to_json writes it: a member's value, with the quote before it; and the name in
# the texts of several lines by which kustomize knows an object (kustomize.config.k8s.io/id).
# A number in quotes leaves its quote in the text before it, so that no word can be in its place.
_HOLE = lazy_pattern(
    rf'":("{_WORD}(?=")|[1-9][0-9]{{0,3}}(?=[,}}]))|(?<=":")([0-9]{{1,9}})(?=")'
    rf"|\\nname: ({_WORD}(?=\\n))"
)
_QUOTE = '":"'
IS_WORD = lazy_pattern(_WORD.replace("[^a-z0-9._/:@-]", r"\Z", 1))

# Kinds whose names Istio does not look into (workload/controller.py): it does for Jobs and what
# ReplicaSets are named by.
_KINDS_WITH_FREE_NAMES = frozenset(("Deployment", "StatefulSet", "DaemonSet"))
_READ_LABELS = frozenset(
    ("pod-template-hash", "rollouts-pod-template-hash", "deploymentconfig", "deployment")
)
_ISTIO_CONTAINERS = frozenset(
    (PROXY_CONTAINER, INIT_CONTAINER, VALIDATION_CONTAINER, CORE_DUMP_CONTAINER)
)
_REFERENCES = ("configMapKeyRef", "secretKeyRef", "configMapRef", "secretRef")
_PROBES = ("readinessProbe", "livenessProbe", "startupProbe")
_PROBE_NUMBERS = frozenset(
    (
        "initialDelaySeconds",
        "timeoutSeconds",
        "periodSeconds",
        "successThreshold",
        "failureThreshold",
    )
)
_VOLUME_NAMES = frozenset(
    (("configMap", "name"), ("secret", "secretName"), ("persistentVolumeClaim", "claimName"))
)


def split(value: Any) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    """The JSON of an object as the texts between its holes, and the holes.

    Objects with the same texts between them differ in their holes alone. None: this object cannot
    be taken apart.
    """
    text = to_json(value)
    parts = _HOLE.split(text)
    if len(parts) > MOST_PLACEHOLDERS or looks_like_one(text) or _may_hold_nan(text):
        return None
    groups = zip(parts[1::4], parts[2::4], parts[3::4], strict=True)
    return tuple(parts[::4]), tuple([value or number or name for value, number, name in groups])


def _may_hold_nan(text: str) -> bool:
    """Whether there may be a number that JSON does not have: NaN, or an infinite one."""
    return "NaN" in text or "Infinity" in text


def joined(texts: Sequence[str], holes: Sequence[str]) -> Any:
    """The object of texts and holes as split() gives them."""
    pieces: list[str] = []
    for text, hole in zip(texts[:-1], holes, strict=True):
        pieces += (text, _before(text, hole), hole)
    pieces.append(texts[-1])
    return c_json.loads("".join(pieces))


def _before(text: str, hole: str) -> str:
    """What stood between a text and a hole."""
    if hole[0].isalpha():
        return "\\nname: "
    return "" if text.endswith(_QUOTE) else '":'


def with_placeholders(holes: Sequence[str], free: Sequence[int]) -> list[str]:
    """The holes, with a placeholder in the place of those that are free."""
    result = list(holes)
    for number in free:
        hole = holes[number]
        quote = '"' if hole[0] == '"' else ""
        is_number = scalar(hole).isdigit()
        mark = integer_placeholder(number) if is_number else word_placeholder(number)
        result[number] = f"{quote}{mark}"
    return result


def scalar(hole: str) -> str:
    """What stands in the hole, without the quote before it."""
    return hole[1:] if hole[0] == '"' else hole


# ---------------------------------------------------------------- where holes may stand


def free_places(texts: Sequence[str], holes: Sequence[str], template: Step) -> dict[int, Step]:
    """Number of a hole -> its path in the object, for those that injection does not read.

    ``template``: the path of the pod template.
    """
    marked = joined(texts, with_placeholders(holes, range(len(holes))))
    plain = joined(texts, holes)
    places: dict[int, Step] = {}
    for path, value in _scalars(marked, ()):
        text = str(value)
        of_orchestrator = path[:-1] == ("metadata", "annotations") and template != ()
        if of_orchestrator and str(path[-1]).startswith(ORCHESTRATORS):
            for match in PLACEHOLDER.finditer(text):
                places[int(match[1] or match[2])] = path
        elif (alone := PLACEHOLDER.fullmatch(text)) and is_free(path, plain, template):
            number = int(alone[1] or alone[2])
            if not texts[number].endswith(_QUOTE):  # a number in quotes
                places[number] = path
    return places


def _scalars(value: Any, path: Step) -> Iterator[tuple[Step, Any]]:
    if isinstance(value, dict):
        for key, field in value.items():
            yield from _scalars(field, (*path, key))
    elif isinstance(value, list):
        for index, element in enumerate(value):
            yield from _scalars(element, (*path, index))
    else:
        yield path, value


def is_free(path: Step, workload: Any, template: Step) -> bool:
    """Whether injection itself moves the scalar of that path and never reads it."""
    if path[: len(template)] != template:
        return _is_free_in_object(path, workload)

    inside = path[len(template) :]
    if inside[:2] == ("metadata", "labels"):
        return is_free_label(str(inside[2]))

    match inside:
        case ("spec", "containers" | "initContainers", int(), *field):
            container = at(workload, (*template, *inside[:3]))
            return container.get("name") not in _ISTIO_CONTAINERS and _is_free_field(field)
        case ("spec", "volumes", int(), source, name):
            return (source, name) in _VOLUME_NAMES

    return False


def _is_free_in_object(path: Step, workload: Any) -> bool:
    match path:
        case ("metadata", "name"):
            return workload.get("kind") in _KINDS_WITH_FREE_NAMES
        case ("metadata", "labels", key) | ("spec", "selector", "matchLabels", key):
            return is_free_label(str(key))
        case ("spec", "replicas") | ("metadata", "namespace"):
            return True

    return False


def is_free_label(key: str) -> bool:
    """Whether injection only carries a label with this key."""
    return "istio.io" not in key and key not in _READ_LABELS


def _is_free_field(field: list[Any]) -> bool:
    """Of a container that is not Istio's."""
    match field:
        case ("image",) | ("env", int(), "value"):
            return True
        case ("env", int(), "valueFrom", reference, "name" | "key"):
            return reference in _REFERENCES
        case ("envFrom", int(), reference, "name"):
            return reference in _REFERENCES
        case (probe, number):
            return probe in _PROBES and number in _PROBE_NUMBERS

    return False
