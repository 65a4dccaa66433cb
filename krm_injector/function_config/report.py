"""What is wrong with a functionConfig: every error at once, each with its path, its value and the
nearest valid name.

Imported only where there is something to report, as is jsonschema (75 ms).
"""

from __future__ import annotations

import json
from typing import Any

from krm_injector.model import Object, ResourceRef, Result


def report(value: Any, form: Object, kinds: list[str], ref: ResourceRef | None) -> list[Result]:
    """Every error of a functionConfig, in the order of the fields.

    ``form``: the schema of its kind, without "$ref"s; ``kinds``: all there are; ``ref``: it as a
    resource.
    """
    if not isinstance(value, dict):
        wanted = f"{', '.join(kinds[:-1])} or {kinds[-1]}"
        message = f"the functionConfig is {_words(value)}; it must be an object of kind {wanted}"
        return [
            Result("error", message, field="functionConfig", current=value, code="function-config")
        ]

    if value.get("kind") not in kinds:
        # One cause, one error: under an unknown kind nothing else can be judged.
        form = {"properties": {"kind": {"type": "string", "enum": kinds}}, "required": ["kind"]}

    from jsonschema import Draft202012Validator

    found = list(Draft202012Validator(form).iter_errors(value))
    mistyped = {tuple(error.absolute_path) for error in found if error.validator == "type"}
    # A wrong type breaks the other rules of the field too; it is one cause.
    errors = [e for e in found if e.validator == "type" or tuple(e.absolute_path) not in mistyped]
    errors.sort(key=lambda error: [str(part) for part in error.absolute_path])
    results = [result for error in errors for result in _results_of(error, ref)]
    return results or [
        Result("error", "the functionConfig is not valid", ref, code="function-config")
    ]


def _results_of(error: Any, ref: ResourceRef | None) -> list[Result]:
    """One jsonschema error as results: one per unknown or missing field, else one."""
    place = list(error.absolute_path)
    here, found = _path(place), error.instance
    if error.validator == "additionalProperties":
        known = list(error.schema.get("properties", {}))
        return [
            _unknown_field(place, str(name), found[name], known, ref)
            for name in found
            if name not in known
        ]

    if error.validator == "required":
        missing = [name for name in error.validator_value if name not in found]
        # jsonschema reports each missing name by itself; the message tells which.
        name = next(name for name in missing if repr(name) in error.message)
        field = _path([*place, name])
        message = (
            f"{field} is missing; {_expectation(error.schema.get('properties', {}).get(name, {}))}"
        )
        return [Result("error", message, ref, field, code="function-config")]

    proposed: Any = None
    if error.validator == "enum" and isinstance(found, str):
        proposed = _nearest(found, error.validator_value)
    elif (
        error.validator == "type"
        and isinstance(found, (bool, int, float))
        and "string" in error.validator_value
    ):
        proposed = str(found).lower() if isinstance(found, bool) else str(found)

    message = f"{here} is {_words(found)}; {_expectation(error.schema)}"
    if proposed is not None:
        message += f"; did you mean {json.dumps(proposed)}{', in quotes' if error.validator == 'type' else ''}?"

    return [Result("error", message, ref, here, found, proposed, code="function-config")]


def _unknown_field(
    place: list[Any], name: str, value: Any, known: list[str], ref: ResourceRef | None
) -> Result:
    field = _path([*place, name])
    near = _nearest(name, known)
    hint = f"did you mean {near}?" if near else "known are " + ", ".join(known)
    message = f"{field} is not a field of the functionConfig (its value is {_words(value)}); {hint}"
    return Result(
        "error",
        message,
        ref,
        field,
        value,
        _path([*place, near]) if near else None,
        code="function-config",
    )


def _expectation(schema: Object) -> str:
    if "title" in schema:
        return f"it must be {schema['title']}"
    if "enum" in schema:
        return "it must be " + " or ".join(word or "empty" for word in schema["enum"])
    if "pattern" in schema:
        return f"it must match {schema['pattern']}"
    if "minLength" in schema:
        return "it must be a string that is not empty"

    types = schema.get("type", "value")
    names = {
        "object": "a mapping",
        "array": "a list",
        "string": "a string",
        "boolean": "true or false",
    }
    wanted = [
        names.get(t, t) for t in ([types] if isinstance(types, str) else types) if t != "null"
    ]
    return "it must be " + " or ".join(wanted)


def _words(value: Any) -> str:
    """A value as a sentence can hold it: `"manaul"`, `true (a boolean)`, `a list of 2`."""
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return f"a list of {len(value)}"
    if value is None:
        return "null"
    if isinstance(value, bool):
        return f"{str(value).lower()} (a boolean)"
    if isinstance(value, (int, float)):
        return f"{value} (a number)"

    text = str(value)
    return json.dumps(text if len(text) <= 60 else text[:57] + "...", ensure_ascii=False)


def _nearest(name: str, known: list[str]) -> str | None:
    """The valid name that a person most likely meant, or None."""
    from difflib import get_close_matches

    folded = {candidate.lower(): candidate for candidate in known}
    found = get_close_matches(name.lower(), folded, n=1, cutoff=0.6)
    return folded[found[0]] if found else None


def _path(parts: list[Any]) -> str:
    """The parts of a path as a ResourceList's field path: spec.namespaces[0].name."""
    text = ""
    for part in parts:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text or "functionConfig"
