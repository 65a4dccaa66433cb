"""What differs between a committed snapshot and the installation."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence

from krm_injector.kube import yaml
from krm_injector.kube.credentials import in_text, of_field
from krm_injector.kube.differences import Difference, differences
from krm_injector.model import Object, Result
from krm_injector.presenting.snapshot.reduction import ref_of
from krm_injector.results import counted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

DIGEST = "# digest: "
_MOST_LINES = 6  # of the diff of two texts
_MOST_CHARACTERS = 100  # of a value
_JSON_TYPES = (str, int, float, dict, list, bool, type(None))


def digest(objects: Iterable[Object]) -> str:
    """Of the objects as values: comments, layout and the order of keys do not count."""
    from hashlib import sha256

    canonical = json.dumps(list(objects), ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return "sha256:" + sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()


def changes(
    committed: Sequence[Object], fresh: Sequence[Object], content: str, file: str
) -> tuple[Result, ...]:
    """An error for each difference. content: the committed text, file: its name."""
    old = {str(ref_of(value)): value for value in committed}
    new = {str(ref_of(value)): value for value in fresh}

    results = _edited(committed, content, file)
    for name in sorted({*old, *new}):
        if name not in new:
            message = f"{name} of {file} is not in the installation any more"
            results.append(_stale(message, old[name], file))
        elif name not in old:
            message = f"{name} of the installation is not in {file}"
            results.append(_stale(message, new[name], file))
        else:
            results += _object_changes(old[name], new[name], file)

    if results:
        # Once is enough: the same command remedies all.
        first = results[0]
        message = f"{first.message}. Make it anew: krm-injector snapshot ... > {file}"
        results[0] = first._replace(message=message)

    return tuple(results)


def _edited(committed: Sequence[Object], content: str, file: str) -> list[Result]:
    stated = re.search(rf"^{DIGEST}(\S+)", content, re.MULTILINE)
    if not stated or stated[1] == digest(committed):
        return []

    message = f"{file} was edited: its contents do not have the digest that it states"
    return [Result("error", message, file=file, code="snapshot-edited")]


def _object_changes(old: Object, new: Object, file: str) -> list[Result]:
    ref = ref_of(new)
    results = []
    for difference in differences(_with_parsed_texts(old), _with_parsed_texts(new)):
        path = difference.path
        message = f"{path} of {ref} differs in {file}: {_described(difference)}"
        results.append(_stale(message, new, file, path))

    return results


def _stale(message: str, value: Object, file: str, field: str = "") -> Result:
    return Result("error", message, ref_of(value), field, file=file, code="snapshot-stale")


def _with_parsed_texts(value: Object) -> Object:
    """The object with its texts of YAML as values, so that a difference in them has a path."""
    data = value.get("data")
    if not isinstance(data, dict):
        return value

    parsed = {}
    for key, content in data.items():
        try:
            parsed[key] = yaml.load(content)
        except (yaml.YamlError, AttributeError, TypeError):
            parsed[key] = content

    return {**value, "data": parsed}


def _described(difference: Difference) -> str:
    """A difference in one line; of texts of several lines their diff."""
    before, after = difference.before, difference.after
    if isinstance(before, str) and isinstance(after, str) and "\n" in before + after:
        return _text_difference(before, after)
    shown = [of_field(difference.path, value) for value in (before, after)]
    return f"{_short(shown[0])} -> {_short(shown[1])}"


def _text_difference(before: str, after: str) -> str:
    """How many lines are removed and added, and the first of them."""
    from difflib import unified_diff

    old, new = before.splitlines(), after.splitlines()
    diff = list(unified_diff(old, new, "", "", lineterm="", n=0))[2:]  # without the files' names
    changed = [in_text(line) for line in diff if line[0] in "-+"]
    removed = sum(line[0] == "-" for line in changed)
    head = f"{counted(removed, 'line')} out, {len(changed) - removed:,} in"

    omitted = ["..."] if len(changed) > _MOST_LINES else []
    return "\n".join([head, *changed[:_MOST_LINES], *omitted])


def _short(value: Any) -> str:
    if not isinstance(value, _JSON_TYPES):
        return repr(value)  # ABSENT

    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _MOST_CHARACTERS else text[: _MOST_CHARACTERS - 3] + "..."
