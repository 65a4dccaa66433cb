"""The results of many targets, for stderr and --results: each with the name of its target, and one
result where many targets, or many objects, have the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from krm_injector.decision import problems
from krm_injector.fleet.model import Report, TargetResult
from krm_injector.lazy_pattern import lazy_pattern
from krm_injector.model import Result
from krm_injector.named_tuple import NamedTuple
from krm_injector.results import counted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_FIRST_NAMES = 3  # of the targets, or objects, that have the same
_MOST_OF_CODE = 3  # warnings, and notes, of one code
_BRIEF = 160  # characters of a message in a few words
_OUTSIDE = "security; "  # before kustomize's "file 'X' is not in or below 'Y'"
# Where a command begins that a message gives for copying.
_COMMAND = lazy_pattern(r"(?:(?<=: )|(?<=  ))(?:krm-injector|helm|kustomize|kubectl|kpt) [a-z]")
# What stands for a target's own path and object, and for Namespaces without labels: no message has
# them.
_PATH, _OBJECT, _NAMESPACES = "\0", "\1", "\2"


class Group(NamedTuple):
    """What several targets, or several objects of one, have to say."""

    targets: tuple[str, ...]
    objects: tuple[str, ...]  # "Deployment shop/web"; () if the result is about none
    message: str  # with file and field in front, unless it has them
    result: Result  # the first

    @property
    def subject(self) -> str:
        """Whose it is, where the message names neither."""
        targets, objects = self.targets, self.objects
        names = targets[0]
        if len(targets) > 1:
            names = f"in {counted(len(targets), 'target')} ({_first(targets)})"
        if len(objects) > 1:
            names = f"{names}, {counted(len(objects), 'object')} ({_first(objects)})"
        return names


def has_errors(result: TargetResult) -> bool:
    return bool(result.code) or any(each.severity == "error" for each in result.results)


def of_report(report: Report, verbose: bool = False, every: bool = False) -> tuple[Result, ...]:
    """What a run has to say: about the fleet, about the run, and about its targets.

    verbose: name all targets and objects that have the same, and tell more than the first few of
    each code (errors are never left out). every: each result by itself, for programs.
    """
    own = _once((*report.fleet.results, *report.notes), report.results)
    if every:
        return (*own, *(each for result in report.results for each in of_targets([result])))

    paths = {target.name: target.path for target in report.fleet.targets}
    told = [_one(group, verbose) for group in groups(report.results, paths)]
    return (*own, *told) if verbose else (*_first_of_each_code(own), *_first_of_each_code(told))


def _once(own: Sequence[Result], targets: Sequence[TargetResult]) -> tuple[Result, ...]:
    """What finding has to say, without the files that a target could not read either: its error
    says it.
    """
    told = {
        result.file
        for target in targets
        for result in target.results
        if result.severity == "error" and result.file
    }
    return tuple(each for each in own if each.code != "fleet-unread" or each.file not in told)


def of_targets(results: Iterable[TargetResult]) -> tuple[Result, ...]:
    """Each result with its target's name in front, then resource, file and field: there a reader
    looks for them.
    """
    return tuple(
        each._replace(message=_after(f"{target.name}: ", _placed(each, each.message)))
        for target in results
        for each in target.results
    )


def _after(target: str, message: str) -> str:
    """The message behind its target, whose name may be the message's directory too."""
    return message if message.startswith(target) else target + message


def _placed(result: Result, message: str, brief: bool = False) -> str:
    """The message behind resource, file and field, unless it has them, as on stderr."""
    resource = str(result.resource) if result.resource else ""
    places = (resource, result.file, "" if brief else result.field)
    return "".join(f"{place}: " for place in places if place and place not in message) + message


# ---------------------------------------------------------------- equal ones


def groups(
    results: Iterable[TargetResult], paths: Mapping[str, str], brief: bool = False
) -> list[Group]:
    """The results of targets, equal ones together, in the order of the first of them.

    Two are equal if they differ only in the directory of their target (paths), or in the object
    that they are about. brief: messages in a few words, of which more are equal.
    """
    members: dict[tuple[Any, ...], list[tuple[str, Result]]] = {}
    for target in results:
        path = paths.get(target.name, "")
        for result in target.results:
            text = _NAMESPACES
            if not _missing_namespace(result):
                message = briefly(result.message) if brief else result.message
                text = _general(_placed(result, message, brief), result, path)
            key = (result.severity, result.code, text, result.index)
            members.setdefault(key, []).append((target.name, result))

    return [_group(key[2], found, paths, brief) for key, found in members.items()]


def _missing_namespace(result: Result) -> str:
    """The Namespace whose labels nobody states, if that is what a result says."""
    name = result.current if result.code == "namespace-missing" else None
    return name if isinstance(name, str) else ""


def _of_namespaces(found: Sequence[tuple[str, Result]], brief: bool) -> str:
    """One message about all Namespaces that are missing: a reader states their labels together."""
    names = tuple(dict.fromkeys(_missing_namespace(result) for _, result in found))
    is_error = found[0][1].severity == "error"
    message = problems.missing_namespaces(names, _OBJECT, is_error)
    return briefly(message) if brief else f"{found[0][1].field}: {message}"


def _general(message: str, result: Result, path: str) -> str:
    """The message without what is the target's own."""
    if result.resource is not None:
        message = message.replace(str(result.resource), _OBJECT)
    # "." is everywhere, and no name of a target's own.
    return message.replace(path, _PATH) if len(path) > 1 else message


def _group(
    text: str, found: Sequence[tuple[str, Result]], paths: Mapping[str, str], brief: bool
) -> Group:
    target, result = found[0]
    if text == _NAMESPACES:
        text = _of_namespaces(found, brief)
    targets = tuple(dict.fromkeys(name for name, _ in found))
    objects = tuple(dict.fromkeys(str(each.resource) for _, each in found if each.resource))

    one = "each object" if len(objects) > 1 else str(result.resource)
    message = text.replace(f"{_OBJECT}: ", "") if len(objects) > 1 else text
    message = message.replace(_OBJECT, one)
    path = paths.get(target, "") or target
    return Group(targets, objects, _with_path(message, path, len(targets) > 1), result)


def _with_path(message: str, path: str, shared: bool) -> str:
    """The message with the directory of its target. Where several share it there is none to name,
    but a command that a reader may copy has that of the first.
    """
    if _PATH not in message or not shared:
        return message.replace(_PATH, path)

    lines = []
    for line in message.split("\n"):
        command = _COMMAND.search(line)
        end = command.start() if command else len(line)
        lines.append(line[:end].replace(_PATH, "…") + line[end:].replace(_PATH, path))
    return "\n".join(lines)


def _first(names: Sequence[str]) -> str:
    hidden = len(names) - _FIRST_NAMES
    more = f" and {hidden:,} more" if hidden > 0 else ""
    return ", ".join(names[:_FIRST_NAMES]) + more


def _one(group: Group, verbose: bool) -> Result:
    """One result for the group."""
    if not verbose:
        return group.result._replace(message=f"{group.subject}: {group.message}")

    targets, objects = group.targets, group.objects
    names = targets[0] if len(targets) == 1 else f"in {counted(len(targets), 'target')}"
    several = f", {counted(len(objects), 'object')}" if len(objects) > 1 else ""
    listed = [*(targets if len(targets) > 1 else ()), *(objects if len(objects) > 1 else ())]
    further = "".join(f"\n{name}" for name in listed)
    return group.result._replace(message=f"{names}{several}: {group.message}{further}")


def briefly(message: str) -> str:
    """What is wrong, in a few words: the first sentence, without what to do. Programs chain their
    causes ("a: b: c"), and only the last one tells.
    """
    first = message.partition("\n")[0]
    if _OUTSIDE in first:  # what kustomize says behind it, that X is no directory, helps nobody
        cause = first.partition(_OUTSIDE)[2].partition("'': ")[0]
        return f"{first.partition(': ')[0]}: … {cause[: 2 * _BRIEF]}'"
    for end in ("; ", ". "):
        first = first.partition(end)[0]
    if len(first) <= _BRIEF:
        return first

    head, _, rest = first.partition(": ")
    causes = rest.split(": ")
    last = causes.pop()
    while causes and len(causes[-1]) + len(last) + 2 <= _BRIEF // 2:
        last = f"{causes.pop()}: {last}"
    return f"{head[:_BRIEF]}: … {last[-_BRIEF:]}" if rest else f"{first[:_BRIEF]}…"


def _first_of_each_code(results: Iterable[Result]) -> list[Result]:
    """Errors, and the first few of each other code with how many more there are."""
    counts: dict[str, int] = {}
    last: dict[str, int] = {}  # code -> index of its last shown result
    shown: list[Result] = []
    for result in results:
        if result.severity != "error" and result.code:
            counts[result.code] = counts.get(result.code, 0) + 1
            if counts[result.code] > _MOST_OF_CODE:
                continue
            last[result.code] = len(shown)

        shown.append(result)

    for code, index in last.items():
        hidden = counts[code] - _MOST_OF_CODE
        if hidden > 0:
            more = f"... and {hidden:,} more [{code}]; -v and --results show all"
            shown[index] = shown[index]._replace(message=f"{shown[index].message}\n{more}")

    return shown
