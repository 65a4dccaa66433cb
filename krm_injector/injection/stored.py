"""Injection as in a cluster: the webhook reads the pod with the API server's defaults in it.

A pod as written comes in. What is injected is the pod with its defaults (kube/defaults.py); then
the defaults are taken back out of the user's fields, where the API server puts them again. The
result, once stored, is what the webhook makes of the stored pod.

What Istio brings stays as the webhook gives it: its containers and volumes, also where they are the
user's own istio-proxy merged with the template's, and the annotations.
"""

from __future__ import annotations

from krm_injector.injection.merge import AUTO_IMAGE, injection_status, without_nulls
from krm_injector.istio_names import (
    CORE_DUMP_CONTAINER,
    INIT_CONTAINER,
    PROXY_CONTAINER,
    VALIDATION_CONTAINER,
)
from krm_injector.kube import defaults
from krm_injector.kube.element_names import names
from krm_injector.kube.paths import Step, at, put
from krm_injector.kube.yaml import same
from krm_injector.model import Object

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_NAMED_BY_STATUS = ("containers", "initContainers", "volumes")
_ISTIO = frozenset((PROXY_CONTAINER, INIT_CONTAINER, VALIDATION_CONTAINER, CORE_DUMP_CONTAINER))


def injected(pod: Object, inject: Callable[[Object], Object]) -> Object:
    """What ``inject`` makes of the pod with its defaults, without those in the user's fields."""
    stored = defaults.of_pod(pod)
    return without_defaults(inject(stored), stored, pod)


def same_once_stored(one: Object, other: Object, template: Step) -> bool:
    """Whether two objects are the same but for defaults in their pod templates."""
    path = (*template, "spec")
    stored = []
    for value in (one, other):
        spec = without_nulls(at(value, path) or {})
        stored.append(put(value, path, defaults.filled_in("v1.PodSpec", spec)))
    return same(*stored)


def container(value: Object) -> Object:
    """A container with its defaults."""
    filled: Object = defaults.filled_in("v1.Container", without_nulls(value))
    return filled


def without_side_effects(override: Object, injected: Object) -> Object:
    """An override of an injected container, with that container's values in those fields that the
    API server would fill in: its defaults would be overrides too.
    """
    return _holding(override, container(override), container(injected))


def _holding(override: Object, filled: Object, injected: Object) -> Object:
    result = dict(override)
    for key, default in filled.items():
        value = injected.get(key)
        if isinstance(default, dict) and isinstance(value, dict):
            held = _holding(override.get(key) or {}, default, value)
            if held:
                result[key] = held
        elif key not in override and value is not None and value != default:
            result[key] = value
    return result


def without_defaults(injected: Object, stored: Object, pod: Object) -> Object:
    """The injected pod without the defaults of ``stored`` that are not in ``pod``.

    The API server must give the same ones again. Otherwise, which no template of Istio's is known
    to cause, they are left in.
    """
    spec = _own_map(injected["spec"], stored["spec"], pod["spec"])
    for field in _NAMED_BY_STATUS:
        if spec.get(field):
            spec[field] = _with_parts_of_istio(field, spec[field], injected, stored)

    result = {**injected, "spec": spec}
    return result if defaults.of_pod(result) == defaults.of_pod(injected) else injected


def _with_parts_of_istio(
    field: str, elements: list[Object], injected: Object, stored: Object
) -> list[Object]:
    """The elements, with those that Istio brought as they were injected.

    Templates may also add to the application's containers, which stay the user's. Before 1.9 the
    user's own istio-proxy stays as it is, beside Istio's.
    """
    brought = (injection_status(injected) or {}).get(field) or []
    entries = stored["spec"].get(field) or []
    untouched = {id(entry) for entry in entries}
    automatic = {entry.get("name") for entry in entries if entry.get("image") == AUTO_IMAGE}

    result = []
    for element, before in zip(elements, injected["spec"][field], strict=True):
        name = element.get("name")
        is_of_istio = field == "volumes" or name in _ISTIO or name in automatic
        is_kept = name in brought and is_of_istio and id(before) not in untouched
        result.append(before if is_kept else element)
    return result


# ---------------------------------------------------------------- the user's fields

_ABSENT: Any = object()


def _own(value: Any, stored: Any, own: Any) -> Any:
    """A value after injection, without the defaults of ``stored`` that ``own`` has not; _ABSENT if
    it is such a default itself.
    """
    if value is stored:
        return own
    if own is _ABSENT:
        if value == stored:
            return _ABSENT
        own = {} if isinstance(value, dict) else []

    if isinstance(value, dict) and isinstance(stored, dict) and isinstance(own, dict):
        return _own_map(value, stored, own)
    if isinstance(value, list) and isinstance(stored, list) and isinstance(own, list):
        return _own_list(value, stored, own)
    return value


def _own_map(value: Object, stored: Object, own: Object) -> Object:
    result: Object = {}
    for key, inner in value.items():
        if key in stored:
            inner = _own(inner, stored[key], own.get(key, _ABSENT))
        if inner is not _ABSENT:
            result[key] = inner
    return result


def _own_list(value: list[Any], stored: list[Any], own: list[Any]) -> list[Any]:
    """The elements, each with those of the same name; defaults neither add nor move any."""
    if len(stored) != len(own):
        return value

    pairs = list(zip(stored, own, strict=True))
    same = {id(before): written for before, written in pairs}
    stored_names, value_names = names(stored), names(value)
    if stored_names is None or value_names is None:
        if len(value) != len(stored):
            return [same.get(id(element), element) for element in value]
        stored_names = value_names = [str(index) for index in range(len(value))]

    named = dict(zip(stored_names, pairs, strict=True))
    result = []
    for name, element in zip(value_names, value, strict=True):
        if id(element) in same:
            result.append(same[id(element)])
        else:
            result.append(_own(element, *named[name]) if name in named else element)
    return result
