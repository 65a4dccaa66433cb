"""What is wrong with a functionConfig, or another file of ours that has a schema: every error at
once, each with its path, its value and the nearest valid name.

Imported only where there is something to report, as is jsonschema (75 ms).
"""

from __future__ import annotations

import json

from krm_injector.model import Object, ResourceRef, Result
from krm_injector.named_tuple import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from krm_injector.codes import CodeName

    Steps = Sequence[Any]


class Subject(NamedTuple):
    """What is reported on."""

    noun: str = "functionConfig"
    code: CodeName = "function-config"
    ref: ResourceRef | None = None
    file: str = ""
    line: Callable[[Steps], int] | None = None  # of the field at these steps

    def error(
        self,
        steps: Steps,
        message: str,
        field: str = "",
        current: Any = None,
        proposed: Any = None,
    ) -> Result:
        """An error about the field at these steps, with its line if that is known."""
        place = f"{self.file}:{self.line(steps)}: " if self.line is not None else ""
        return Result(
            "error", place + message, self.ref, field, current, proposed, self.file, code=self.code
        )


def report(value: Any, form: Object, kinds: list[str], subject: Subject) -> list[Result]:
    """Every error, in the order of the fields.

    ``form``: the schema of its kind, without "$ref"s; ``kinds``: all there are.
    """
    if not isinstance(value, dict):
        expected = (
            f"an object of kind {' or '.join(filter(None, [', '.join(kinds[:-1]), kinds[-1]]))}"
        )
        message = f"the {subject.noun} is {_shown(value)}; it must be {expected}"
        return [subject._replace(ref=None).error((), message, subject.noun, value)]

    if value.get("kind") not in kinds:
        # One cause, one error: under an unknown kind nothing else can be judged.
        form = {"properties": {"kind": {"type": "string", "enum": kinds}}, "required": ["kind"]}

    results = [result for error in _errors(value, form) for result in _results(error, subject)]
    return results or [subject.error((), f"the {subject.noun} is not valid")]


def _errors(value: Any, form: Object) -> list[Any]:
    """jsonschema's errors by field. A wrong type breaks the other rules of its field too; it is one
    cause.
    """
    from jsonschema import Draft202012Validator

    errors = list(Draft202012Validator(form).iter_errors(value))
    mistyped = {tuple(error.absolute_path) for error in errors if error.validator == "type"}
    causes = [
        error
        for error in errors
        if error.validator == "type" or tuple(error.absolute_path) not in mistyped
    ]
    return sorted(causes, key=lambda error: [str(step) for step in error.absolute_path])


def _results(error: Any, subject: Subject) -> list[Result]:
    """One jsonschema error as results: one per unknown or missing field, else one."""
    steps = list(error.absolute_path)
    if error.validator == "additionalProperties":
        known = list(error.schema.get("properties", {}))
        return [
            _unknown_field(steps, str(name), value, known, subject)
            for name, value in error.instance.items()
            if name not in known
        ]

    if error.validator == "required":
        return [_missing_field(steps, error, subject)]
    return [_wrong_value(steps, error, subject)]


def _unknown_field(
    steps: list[Any], name: str, value: Any, known: list[str], subject: Subject
) -> Result:
    field = path_text([*steps, name])
    near = nearest(name, known)
    proposed = path_text([*steps, near]) if near else None
    hint = f"did you mean {near}?" if near else f"known are {', '.join(known)}"
    shown = f"its value is {_shown(value)}"
    message = f"{field} is not a field of the {subject.noun} ({shown}); {hint}"
    return subject.error([*steps, name], message, field, value, proposed)


def _missing_field(steps: list[Any], error: Any, subject: Subject) -> Result:
    missing = [name for name in error.validator_value if name not in error.instance]
    # jsonschema reports each missing name by itself, and only the message tells which.
    name = next(name for name in missing if repr(name) in error.message)
    field = path_text([*steps, name])
    schema = error.schema.get("properties", {}).get(name, {})
    message = f"{field} is missing; {_expectation(schema)}"
    return subject.error(steps, message, field)


def _wrong_value(steps: list[Any], error: Any, subject: Subject) -> Result:
    field, value = path_text(steps) or subject.noun, error.instance
    message = f"{field} is {_shown(value)}; {_expectation(error.schema)}"
    proposed = _proposed(error)
    if proposed is not None:
        message += f"; did you mean {json.dumps(proposed)}"
        message += ", in quotes?" if error.validator == "type" else "?"

    return subject.error(steps, message, field, value, proposed)


def _proposed(error: Any) -> str | None:
    """What a person most likely meant: the nearest choice, or the value as the string that it must
    be.
    """
    value = error.instance
    if error.validator == "enum" and isinstance(value, str):
        return nearest(value, error.validator_value)

    if error.validator == "type" and "string" in error.validator_value:
        if isinstance(value, bool):
            return str(value).lower()
        if isinstance(value, float) and "in quotes" in error.schema.get("title", ""):
            return None  # of 1.30 YAML has left 1.3
        if isinstance(value, (int, float)):
            return str(value)

    return None


# ---------------------------------------------------------------- words


def _expectation(schema: Object) -> str:
    if "title" in schema:
        return f"it must be {schema['title']}"
    if "enum" in schema:
        return "it must be " + " or ".join(word or "empty" for word in schema["enum"])
    if "pattern" in schema:
        return f"it must match {schema['pattern']}"
    if "minLength" in schema:
        return "it must be a string that is not empty"

    words = {
        "object": "a mapping",
        "array": "a list",
        "string": "a string",
        "boolean": "true or false",
    }
    types = schema.get("type", "value")
    names = [types] if isinstance(types, str) else types
    return "it must be " + " or ".join(words.get(name, name) for name in names if name != "null")


def _shown(value: Any) -> str:
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
    shortened = text if len(text) <= 60 else text[:57] + "..."
    return json.dumps(shortened, ensure_ascii=False)


def nearest(name: str, known: list[str]) -> str | None:
    """The valid name that a person most likely meant, or None."""
    from difflib import get_close_matches

    by_lower_case = {candidate.lower(): candidate for candidate in known}
    close = get_close_matches(name.lower(), by_lower_case, n=1, cutoff=0.6)
    return by_lower_case[close[0]] if close else None


def path_text(steps: Steps) -> str:
    """The steps of a path as a ResourceList's field path: spec.namespaces[0].name."""
    text = ""
    for step in steps:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            text += f".{step}" if text else str(step)
    return text
