"""semver and semverCompare (github.com/Masterminds/semver v3.5.0, the version that Istio 1.30
builds with).
"""

from __future__ import annotations

import re

from krm_injector.gotemplate.errors import FuncError
from krm_injector.gotemplate.sprig.reflect import go_quote
from krm_injector.gotemplate.sprig.registry import functions
from krm_injector.gotemplate.values import Method, Struct, go_len
from krm_injector.lazy_pattern import lazy_pattern
from krm_injector.named_tuple import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, ClassVar

_MAX_VERSION, _MAX_CONSTRAINT, _MAX_GROUPS = 256, 512, 32
_TAIL = r"(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?(?:\+([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?"
_VERSION = lazy_pattern(rf"v?([0-9]+)(?:\.([0-9]+))?(?:\.([0-9]+))?{_TAIL}\Z")
# The constraint's digits accept a bar, as the original's character class does.
_LOOSE = rf"v?([0-9|xX*]+)(\.[0-9|xX*]+)?(\.[0-9|xX*]+)?{_TAIL}"
_PLAIN = re.sub(r"\((?!\?)", "(?:", _LOOSE)
_OPERATOR = r"(?:|=|!=|>|<|>=|=>|<=|=<|~|~>|\^)"
_SPACE = r"[\t\n\f\r ]"
_ONE = lazy_pattern(rf"{_SPACE}*(=||!=|>|<|>=|=>|<=|=<|~|~>|\^){_SPACE}*({_LOOSE}){_SPACE}*\Z")
_RANGE = lazy_pattern(rf"{_SPACE}*({_PLAIN}){_SPACE}+-{_SPACE}+({_PLAIN}){_SPACE}*")
_FIND = lazy_pattern(rf"(?:=||!=|>|<|>=|=>|<=|=<|~|~>|\^){_SPACE}*{_PLAIN}")
_VALID = lazy_pattern(
    rf"(?:{_SPACE}*{_OPERATOR}{_SPACE}*{_PLAIN}{_SPACE}*)"
    rf"(?:(?:{_SPACE}+|,{_SPACE}*){_OPERATOR}{_SPACE}*{_PLAIN}{_SPACE}*)*\Z"
)


class Version(Struct):
    """*semver.Version. Its fields are not exported: a template reads it through its methods."""

    go_type: ClassVar[str] = "*semver.Version"
    __slots__ = ("core", "metadata", "original", "pre")

    def __init__(self, core: tuple[int, int, int], pre: str, metadata: str, original: str) -> None:
        self.core = core
        self.pre = pre
        self.metadata = metadata
        self.original = original

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Version) and self._all() == other._all()

    def __hash__(self) -> int:
        return hash(self._all())

    def _all(self) -> tuple[Any, ...]:
        return (self.core, self.pre, self.metadata, self.original)

    def go_string(self) -> str:
        text = ".".join(map(str, self.core))
        return (
            text
            + (f"-{self.pre}" if self.pre else "")
            + (f"+{self.metadata}" if self.metadata else "")
        )

    def go_json(self) -> str:
        return f'"{self.go_string()}"'

    def go_attr(self, name: str) -> Any:
        major, minor, patch = self.core
        plain = {
            "Major": major,
            "Minor": minor,
            "Patch": patch,
            "Prerelease": self.pre,
            "Metadata": self.metadata,
            "Original": self.original,
            "String": self.go_string(),
        }
        if name in plain:
            return Method(lambda: plain[name])

        compared = {
            "Compare": lambda other: compare(self, other),
            "Equal": lambda other: compare(self, other) == 0,
            "LessThan": lambda other: compare(self, other) < 0,
            "LessThanEqual": lambda other: compare(self, other) <= 0,
            "GreaterThan": lambda other: compare(self, other) > 0,
            "GreaterThanEqual": lambda other: compare(self, other) >= 0,
        }
        if name in compared:
            return Method(compared[name], ("*semver.Version",))

        return self._changed(name)

    def _changed(self, name: str) -> Method:
        major, minor, patch = self.core
        vee = "v" if self.original.startswith("v") else ""

        def made(core: tuple[int, int, int], pre: str = "", metadata: str = "") -> Version:
            version = Version(core, pre, metadata, "")
            version.original = vee + version.go_string()
            return version

        def set_pre(pre: str) -> Version:
            _check_pre(pre)
            return made(self.core, pre, self.metadata)

        def set_metadata(metadata: str) -> Version:
            if metadata and any(not part or not _WORD.match(part) for part in metadata.split(".")):
                raise FuncError("invalid metadata string")
            return made(self.core, self.pre, metadata)

        methods = {
            # A prerelease comes before its release, so the next patch of 1.2.3-rc is 1.2.3.
            "IncPatch": Method(lambda: made((major, minor, patch if self.pre else patch + 1))),
            "IncMinor": Method(lambda: made((major, minor + 1, 0))),
            "IncMajor": Method(lambda: made((major + 1, 0, 0))),
            "SetPrerelease": Method(set_pre, ("string",)),
            "SetMetadata": Method(set_metadata, ("string",)),
        }
        return methods[name]


_WORD = lazy_pattern(r"[0-9A-Za-z-]+\Z")


def _check_pre(pre: str) -> None:
    for part in pre.split(".") if pre else ():
        if not _WORD.match(part):
            raise FuncError("invalid prerelease string")
        if part.isdigit() and len(part) > 1 and part[0] == "0":
            raise FuncError("version segment starts with 0")


def semver(text: str) -> Version:
    if go_len(text) > _MAX_VERSION:
        raise FuncError(f"version string is too long (max {_MAX_VERSION} bytes)")

    match = _VERSION.match(text)
    if not match:
        raise FuncError("invalid semantic version")

    numbers = [int(part or "0") for part in match.group(1, 2, 3)]
    for number, part in zip(numbers, match.group(1, 2, 3), strict=True):
        if number >= 1 << 64:
            raise FuncError(
                f'error parsing version segment: strconv.ParseUint: parsing "{part}": value out '
                "of range"
            )

    pre, metadata = match[4] or "", match[5] or ""
    _check_pre(pre)
    return Version((numbers[0], numbers[1], numbers[2]), pre, metadata, text)


def compare(left: Version, right: Version) -> int:
    if left.core != right.core:
        return 1 if left.core > right.core else -1
    if not left.pre or not right.pre:
        return bool(right.pre) - bool(left.pre)
    return _compare_pre(left.pre, right.pre)


def _compare_pre(left: str, right: str) -> int:
    if left == right:
        return 0

    ours, theirs = left.split("."), right.split(".")
    for i in range(max(len(ours), len(theirs))):
        mine = ours[i] if i < len(ours) else ""
        other = theirs[i] if i < len(theirs) else ""
        if mine != other:
            return 1 if _rank(mine) > _rank(other) else -1

    return 0


def _rank(part: str) -> tuple[int, int, str]:
    """Nothing, then numbers by size, then words by bytes."""
    if not part:
        return 0, 0, ""
    return (1, int(part), "") if part.isdigit() and int(part) < 1 << 64 else (2, 0, part)


class _Constraint(NamedTuple):
    operator: str
    version: Version
    # what is left open: "" nothing, "major" all, "minor" minor and patch, "patch" the patch
    wild: str


def _parse_constraint(text: str) -> _Constraint:
    match = _ONE.match(text)
    if not match:
        raise FuncError(f"improper constraint: {go_quote(text)}")

    operator, written, major, minor, patch, pre, _metadata = match.groups()
    pre = f"-{pre}" if pre else ""
    wild = ""
    if major in ("x", "X", "*"):
        written, wild = f"0.0.0{pre}", "major"
    elif minor is None or minor[1:] in ("x", "X", "*"):
        written, wild = f"{major}.0.0{pre}", "minor"
    elif patch is None or patch[1:] in ("x", "X", "*"):
        written, wild = f"{major}{minor}.0{pre}", "patch"

    try:
        return _Constraint(operator, semver(written), wild)
    except FuncError:
        raise FuncError("constraint parser error") from None


def _parse_constraints(text: str) -> list[list[_Constraint]]:
    if go_len(text) > _MAX_CONSTRAINT:
        raise FuncError(f"constraint string is too long (max {_MAX_CONSTRAINT} bytes)")

    for match in list(_RANGE.finditer(text)):
        text = text.replace(match[0], f">= {match[1]}, <= {match[2]} ", 1)

    groups = text.split("||")
    if len(groups) > _MAX_GROUPS:
        raise FuncError(f"too many constraint groups (max {_MAX_GROUPS})")

    alternatives: list[list[_Constraint]] = []
    for group in groups:
        if not _VALID.match(group):
            raise FuncError(f"improper constraint: {go_quote(group)}")
        alternatives.append([_parse_constraint(match[0]) for match in _FIND.finditer(group)])

    return alternatives


def semver_compare(constraint: str, version: str) -> bool:
    groups = _parse_constraints(constraint)
    candidate = semver(version)
    return any(_group_holds(group, candidate) for group in groups)


def _group_holds(group: list[_Constraint], version: Version) -> bool:
    # A prerelease is looked at only by a group that names one itself.
    if version.pre and not any(constraint.version.pre for constraint in group):
        return False
    return all(_holds(constraint, version) for constraint in group)


def _holds(constraint: _Constraint, version: Version) -> bool:
    order = compare(version, constraint.version)
    operator = {"=>": ">=", "=<": "<=", "~>": "~", "": "="}.get(
        constraint.operator, constraint.operator
    )
    if operator == "!=":
        return _differs(constraint, version, order)
    if operator == ">":
        return _greater(constraint, version, order)
    if operator == "<":
        return order < 0
    if operator == ">=":
        return order >= 0
    if operator == "<=":
        if constraint.wild:
            return version.core[:2] <= _upper(constraint, version)
        return order <= 0
    if operator == "=" and not constraint.wild:
        return order == 0

    if order < 0:
        return False
    return _caret(constraint, version) if operator == "^" else _tilde(constraint, version)


def _upper(constraint: _Constraint, version: Version) -> tuple[int, int]:
    """The greatest major and minor that "<=" lets through, the open minor being any."""
    minor = version.core[1] if constraint.wild == "minor" else constraint.version.core[1]
    return constraint.version.core[0], minor


def _differs(constraint: _Constraint, version: Version, order: int) -> bool:
    if not constraint.wild:
        return order != 0

    ours, theirs = version.core, constraint.version.core
    if ours[0] != theirs[0]:
        return True
    if constraint.wild == "minor":
        return False
    if ours[1] != theirs[1]:
        return True
    if constraint.wild == "patch":
        return _compare_pre(version.pre, constraint.version.pre) != 0

    return ours[2] != theirs[2] or order != 0


def _greater(constraint: _Constraint, version: Version, order: int) -> bool:
    if not constraint.wild:
        return order > 0
    if version.core[0] != constraint.version.core[0]:
        return version.core[0] > constraint.version.core[0]
    if constraint.wild == "minor":
        return False
    return version.core[1] > constraint.version.core[1] if constraint.wild == "patch" else order > 0


def _tilde(constraint: _Constraint, version: Version) -> bool:
    if constraint.version.core == (0, 0, 0) and constraint.wild not in ("minor", "patch"):
        return True
    if version.core[0] != constraint.version.core[0]:
        return False
    return constraint.wild == "minor" or version.core[1] == constraint.version.core[1]


def _caret(constraint: _Constraint, version: Version) -> bool:
    """The leftmost number that is not zero stays."""
    ours, theirs = version.core, constraint.version.core
    if ours[0] != theirs[0]:
        return False
    if theirs[0] > 0 or constraint.wild == "minor":
        return True
    if ours[1] != theirs[1]:
        return False
    return theirs[1] > 0 or constraint.wild == "patch" or ours[2] == theirs[2]


FUNCS = functions({
    "semver": (semver, "string"),
    "semverCompare": (semver_compare, "string", "string"),
})  # fmt: skip
