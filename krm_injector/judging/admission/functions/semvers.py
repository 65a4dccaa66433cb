"""semver, isSemver and what compares versions (pkg/cel/library/semverlib.go; Kubernetes 1.33)."""

from __future__ import annotations

import re

from krm_injector.gotemplate.errors import FuncError
from krm_injector.gotemplate.sprig import semver as sprig_semver
from krm_injector.judging.admission.functions.row import Function

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_TYPE = "kubernetes.Semver"
_STRICT = re.compile(r"(?:0|[1-9][0-9]*)\.(?:0|[1-9][0-9]*)\.(?:0|[1-9][0-9]*)(?:[-+].*)?\Z", re.S)


def _semver(text: str, normalize: bool = False) -> dict[str, str]:
    """The version, without its build metadata: versions that differ only there are equal."""
    if normalize:
        text = _normalized(text)
    if not _STRICT.match(text):
        raise ValueError(f"no version of the form MAJOR.MINOR.PATCH: {text!r}")
    try:
        sprig_semver.semver(text)
    except FuncError as error:
        raise ValueError(str(error)) from error
    return {_TYPE: text.partition("+")[0]}


def _normalized(text: str) -> str:
    """Without "v" and leading zeros, and with a minor and a patch version (normalizeAndParse)."""
    parts = text.removeprefix("v").split(".", 2)
    for place, part in enumerate(parts):
        if len(part) > 1:
            part = part.lstrip("0")
            parts[place] = part if part[:1].isdigit() else f"0{part}"

    if len(parts) < 3 and ("-" in parts[-1] or "+" in parts[-1]):
        raise ValueError("a short version cannot have a prerelease or build metadata")
    return ".".join([*parts, "0", "0"][:3])


def _is_semver(text: str, normalize: bool = False) -> bool:
    try:
        _semver(text, normalize)
    except ValueError:
        return False
    return True


def _version(value: dict[str, str]) -> sprig_semver.Version:
    if _TYPE not in value:
        raise ValueError("no such overload")
    return sprig_semver.semver(value[_TYPE])


def compared(left: Any, right: Any) -> int:
    return sprig_semver.compare(_version(left), _version(right))


def is_version(value: Any) -> bool:
    return _TYPE in value


def _part(name: str, place: int) -> Function:
    def call(value: Any) -> int:
        return _version(value).core[place]

    return Function(name, f"semver_{name}", (("int", _TYPE),), call, True)


FUNCTIONS = (
    Function("semver", "semver", ((_TYPE, "string"),), _semver),
    Function("semver", "semver_normal", ((_TYPE, "string", "bool"),), _semver),
    Function("isSemver", "is_semver", (("bool", "string"),), _is_semver),
    Function("isSemver", "is_semver_normal", (("bool", "string", "bool"),), _is_semver),
    _part("major", 0),
    _part("minor", 1),
    _part("patch", 2),
)
