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


def read(entries: list[Object]) -> tuple[ExtraKind, ...]:
    """Each path once, in the order of the entries; those that ``problems`` tells of are left out."""
    found: dict[tuple[str, str, tuple[str, ...]], ExtraKind] = {}
    for number, entry in enumerate(entries):
        api_version, kind = entry["apiVersion"], entry["kind"]
        for _, written in _written(entry):
            try:
                path = parse_path(written)
            except ValueError:
                continue
            found.setdefault((api_version, kind, path), ExtraKind(api_version, kind, path, number))

        if not _written(entry):
            for path in _of_table(api_version, kind):
                found.setdefault(
                    (api_version, kind, path), ExtraKind(api_version, kind, path, number, False)
                )

    return tuple(found.values())


def _written(entry: Object) -> list[tuple[str, str]]:
    """(field, path) of each path that an entry names."""
    found = [("podTemplate", entry["podTemplate"])] if "podTemplate" in entry else []
    return found + [
        (f"podTemplates[{i}]", path) for i, path in enumerate(entry.get("podTemplates", ()))
    ]


def _of_table(api_version: str, kind: str) -> tuple[tuple[str, ...], ...]:
    built_in = POD_TEMPLATES.get((api_version, kind))
    if built_in is not None:
        return (built_in,)
    known = operators.known(api_version, kind)
    return known.paths if known is not None and known.injectable else ()


def problems(entries: list[Object], field: str, ref: ResourceRef | None) -> list[Result]:
    """Errors: paths that cannot be read, kinds without a path, and kinds whose pods no path leads
    to.
    """
    return [
        Result("error", f"{place} {message}", ref, place, current, code="function-config")
        for number, entry in enumerate(entries)
        for place, message, current in _wrong(entry, f"{field}[{number}]")
    ]


def _wrong(entry: Object, here: str) -> Iterator[tuple[str, str, object]]:
    api_version, kind = entry["apiVersion"], entry["kind"]
    for name, written in _written(entry):
        try:
            parse_path(written)
        except ValueError as problem:
            yield f"{here}.{name}", f'is "{written}": {problem}', written

    known = operators.known(api_version, kind)
    if known is not None and not known.paths:
        advice = f"names {kind} of {api_version}, which holds no pod template: {known.why}. {operators.label_advice(known)}"
        yield here, f"{advice}. Take the entry out", kind
    elif known is not None and not known.injectable and not _written(entry):
        message = (
            f"names {kind} of {api_version} without a podTemplate: {known.why}. "
            f"{operators.label_advice(known)}; or name the one path that your objects use, of "
            f"{', '.join(map(operators.written, known.paths))}"
        )
        yield here, message, kind
    elif not _written(entry) and not _of_table(api_version, kind):
        message = (
            f"names {kind} of {api_version} without a podTemplate, and krm-injector does not know "
            "the kind; add the path to its pod template, as podTemplate: spec.template"
        )
        yield here, message, kind
