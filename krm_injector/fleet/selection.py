"""The targets that --only and --cluster choose."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase

from krm_injector.fleet.model import Fleet, Target
from krm_injector.model import Refused, Result
from krm_injector.results import counted


def select(fleet: Fleet, only: Sequence[str], clusters: Sequence[str]) -> Fleet:
    """The fleet with the targets that match a pattern and are of a cluster; with all of them where
    none is given. Raises Refused for each pattern and cluster that matches nothing.
    """
    problems = [
        *(_no_target(fleet, pattern) for pattern in only if not _any(fleet, pattern)),
        *(_no_cluster(fleet, name) for name in clusters if not _has(fleet, name)),
    ]
    if problems:
        raise Refused(*problems)

    chosen = tuple(
        target
        for target in fleet.targets
        if (not only or any(matches(target, pattern) for pattern in only))
        and (not clusters or target.cluster in clusters)
    )
    if not chosen and (only or clusters):
        message = (
            f"no target matches --only {' or '.join(only)} and is of --cluster "
            f"{' or '.join(clusters)} at once; krm-injector fleet list names the targets"
        )
        raise Refused(Result("error", message, code="fleet-selection"))

    return fleet._replace(targets=chosen)


def matches(target: Target, pattern: str) -> bool:
    """Whether a target's name matches, with or without the name of its cluster; * stands for
    slashes too. A directory means all targets below it.
    """
    names = [target.name]
    if target.cluster:
        names.append(target.name.removeprefix(f"{target.cluster}/"))

    wanted = pattern.removeprefix("./").rstrip("/")
    return any(
        name == wanted or fnmatchcase(name, wanted) or name.startswith((f"{wanted}/", f"{wanted}@"))
        for name in names
    )


def _any(fleet: Fleet, pattern: str) -> bool:
    return any(matches(target, pattern) for target in fleet.targets)


def _has(fleet: Fleet, name: str) -> bool:
    return any(target.cluster == name for target in fleet.targets)


def _no_target(fleet: Fleet, pattern: str) -> Result:
    names = [target.name for target in fleet.targets]
    hint = _near(pattern, names) or "krm-injector fleet list names the targets"
    one = "does not match the" if len(names) == 1 else "matches none of the"
    message = f"--only {pattern} {one} {counted(len(names), 'target')}; {hint}"
    return Result("error", message, code="fleet-selection")


def _no_cluster(fleet: Fleet, name: str) -> Result:
    names = [cluster.name for cluster in fleet.clusters]
    if name in names:
        reason = "no target is for it"
    else:
        known = ", ".join(names) or "none; a fleet file names clusters"
        reason = f"there is no such cluster; {_near(name, names) or f'known: {known}'}"
    return Result("error", f"--cluster {name}: {reason}", code="fleet-selection")


def _near(name: str, names: Sequence[str]) -> str:
    from difflib import get_close_matches  # late: only a typo needs it

    close = get_close_matches(name, names[:5000], 3, 0.6)
    return f"did you mean {' or '.join(close)}?" if close else ""
