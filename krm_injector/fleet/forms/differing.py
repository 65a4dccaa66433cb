"""Workloads whose verdict differs from that of the same app in most other targets.

Injected in 49 clusters and not in one: that is what a reviewer looks for, and nobody finds it in
ten thousand rows. The same app is the same kind, Namespace and name elsewhere. A workload whose
Namespace is nowhere else (shop-dev, shop-prod) is compared with its namesakes in targets whose
path differs in one directory; since names such as "web" say little, most of them must agree.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from krm_injector.fleet.forms.placed import Placed
from krm_injector.named_tuple import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeAlias

_Key: TypeAlias = "tuple[str, ...]"
_LEAST_NAMESAKES = 3  # in Namespaces of other names
_LEAST_AGREED = 2 / 3  # of them


class Differing(NamedTuple):
    """Workloads of one cluster (or, where no cluster is named, of one target) that differ from
    others in the same way.
    """

    members: tuple[Placed, ...]
    verdict: str  # theirs: "injected" or "left out"
    reason: str
    detail: str
    usual: str  # the verdict elsewhere
    agreed: int  # targets with the usual verdict, of the first member
    compared: int  # all targets that it was compared over, with its own


class _App(NamedTuple):
    """One app in all its targets."""

    usual: str
    usual_members: Sequence[Placed]
    members: Sequence[Placed]

    @property
    def agreed(self) -> int:
        return len({member.target.name for member in self.usual_members})

    @property
    def compared(self) -> int:
        return len({member.target.name for member in self.members})


def of(placed: Iterable[Placed]) -> tuple[Differing, ...]:
    """What differs, the most surprising first: where most others agree."""
    by_name: dict[_Key, list[Placed]] = {}
    for each in placed:
        if each.workload["verdict"] != "error":  # told as an error
            by_name.setdefault(_full_name(each.workload), []).append(each)

    alone = [each for members in by_name.values() if _targets(members) == 1 for each in members]
    groups: dict[tuple[str, ...], list[tuple[Placed, _App]]] = {}
    for app in (*_apps(by_name.values(), 0, 2), *_namesakes(alone)):
        for member in app.members:
            if member.workload["verdict"] != app.usual:
                groups.setdefault(_way(member, app), []).append((member, app))

    found = [_differing(group) for group in groups.values()]
    return tuple(sorted(found, key=lambda each: (-each.agreed / each.compared, -each.compared)))


def _full_name(workload: dict[str, Any]) -> _Key:
    return (
        workload["kind"],
        workload["namespace"],
        workload["name"],
        workload.get("podTemplate", ""),
    )


def _targets(members: Iterable[Placed]) -> int:
    return len({member.target.name for member in members})


def _apps(groups: Iterable[Sequence[Placed]], agreed: float, least: int) -> Iterator[_App]:
    """The apps that have both verdicts, where enough of the targets agree."""
    for members in groups:
        injected = [each for each in members if each.workload["verdict"] == "injected"]
        left_out = [each for each in members if each.workload["verdict"] != "injected"]
        if not injected or not left_out:
            continue

        # Of two that are as many, the workloads left out are those to look at.
        usual = injected if len(injected) >= len(left_out) else left_out
        app = _App(usual[0].workload["verdict"], usual, members)
        if app.compared >= least and app.agreed >= agreed * app.compared:
            yield app


def _namesakes(alone: Iterable[Placed]) -> Iterator[_App]:
    """Apps whose Namespace has another name in each target."""
    by_path: dict[tuple[int, _Key], list[Placed]] = {}
    for each in alone:
        kind, _, name, template = _full_name(each.workload)
        for height, path in _siblings(each.target.path):
            by_path.setdefault((height, (kind, name, template, *path)), []).append(each)

    # Overlays of one app stand beside each other more often than apps of one overlay: the lowest
    # directory with enough siblings is taken.
    told: set[int] = set()
    for _, members in sorted(by_path.items(), key=lambda pair: pair[0][0]):
        rest = [member for member in members if id(member) not in told]
        if len(rest) >= _LEAST_NAMESAKES:
            told |= {id(member) for member in rest}
            yield from _apps([rest], _LEAST_AGREED, _LEAST_NAMESAKES)


def _siblings(path: str) -> Iterator[tuple[int, _Key]]:
    """The path with "*" for each of its directories in turn, from the last; with their number."""
    parts = path.split("/")
    for height in range(len(parts)):
        index = len(parts) - 1 - height
        yield height, (*parts[:index], "*", *parts[index + 1 :])


def _way(member: Placed, app: _App) -> tuple[str, ...]:
    workload = member.workload
    place = member.cluster or member.target.name
    return (place, workload["verdict"], workload["reason"], workload.get("detail", ""), app.usual)


def _differing(members: Sequence[tuple[Placed, _App]]) -> Differing:
    """The most surprising member stands first: what is said of the first is said of it."""
    group = sorted(members, key=lambda member: -member[1].agreed / member[1].compared)
    first, app = group[0]
    workload = first.workload
    return Differing(
        tuple(member for member, _ in group),
        workload["verdict"],
        workload["reason"],
        workload.get("detail", ""),
        app.usual,
        app.agreed,
        app.compared,
    )
