"""spec.workloads: more kinds that hold pod templates, and where.

An entry names the paths (podTemplate, podTemplates) or, of a kind that kube.operators knows,
nothing: then all of that kind's paths count.
"""

from __future__ import annotations

from collections.abc import Iterator

from krm_injector.function_config import ExtraKind
from krm_injector.kube import operators
from krm_injector.kube.workloads import POD_TEMPLATES, parse_path
from krm_injector.model import Object, ResourceRef, Result

TYPE_CHECKING = False
if TYPE_CHECKING:
    Problem = tuple[str, str, object]  # field, what is wrong with it, its value


def read(entries: list[Object]) -> tuple[ExtraKind, ...]:
    """Each path once, in the order of the entries; without those that ``problems`` is about."""
    kinds: dict[tuple[str, str, tuple[str, ...]], ExtraKind] = {}
    for number, entry in enumerate(entries):
        api_version, kind = entry["apiVersion"], entry["kind"]
        fields = _path_fields(entry)
        paths = [path for _, text in fields if (path := _parsed(text)) is not None]
        if not fields:
            paths = _built_in_paths(api_version, kind)

        for path in paths:
            extra = ExtraKind(api_version, kind, path, number, named=bool(fields))
            kinds.setdefault((api_version, kind, path), extra)

    return tuple(kinds.values())


def problems(entries: list[Object], field: str, ref: ResourceRef | None) -> list[Result]:
    """Errors: paths that cannot be read, kinds without a path, and kinds whose pods no path leads
    to. ``field``: that of the entries.
    """
    results = []
    for number, entry in enumerate(entries):
        for place, message, current in _problems(entry, f"{field}[{number}]"):
            text = f"{place} {message}"
            results.append(Result("error", text, ref, place, current, code="function-config"))

    return results


# ---------------------------------------------------------------- paths


def _path_fields(entry: Object) -> list[tuple[str, str]]:
    """(field, path) of each path that an entry names."""
    fields = [("podTemplate", entry["podTemplate"])] if "podTemplate" in entry else []
    for index, path in enumerate(entry.get("podTemplates", ())):
        fields.append((f"podTemplates[{index}]", path))
    return fields


def _parsed(text: str) -> tuple[str, ...] | None:
    """The steps of a path; None if it cannot be read."""
    try:
        return parse_path(text)
    except ValueError:
        return None


def _built_in_paths(api_version: str, kind: str) -> list[tuple[str, ...]]:
    """The paths of a kind that Kubernetes or an operator of kube.operators has."""
    path = POD_TEMPLATES.get((api_version, kind))
    if path is not None:
        return [path]

    operator = operators.known(api_version, kind)
    return list(operator.paths) if operator is not None and operator.injectable else []


# ---------------------------------------------------------------- what is wrong


def _problems(entry: Object, place: str) -> Iterator[Problem]:
    fields = _path_fields(entry)
    for field, path in fields:
        try:
            parse_path(path)
        except ValueError as problem:
            yield f"{place}.{field}", f'is "{path}": {problem}', path

    message = _problem_of_kind(entry["apiVersion"], entry["kind"], bool(fields))
    if message:
        yield place, message, entry["kind"]


def _problem_of_kind(api_version: str, kind: str, named: bool) -> str:
    """What is wrong with an entry's kind, with paths (``named``) or without; "" if nothing is."""
    operator = operators.known(api_version, kind)
    if operator is not None and not operator.paths:
        return (
            f"names {kind} of {api_version}, which holds no pod template: {operator.why}. "
            f"{operators.label_advice(operator)}. Take the entry out"
        )

    if named or _built_in_paths(api_version, kind):
        return ""

    if operator is not None:
        paths = ", ".join(map(operators.written, operator.paths))
        return (
            f"names {kind} of {api_version} without a podTemplate: {operator.why}. "
            f"{operators.label_advice(operator)}; or name the one path that your objects use, of "
            f"{paths}"
        )

    return (
        f"names {kind} of {api_version} without a podTemplate, and krm-injector does not know "
        "the kind; add the path to its pod template, as podTemplate: spec.template"
    )
