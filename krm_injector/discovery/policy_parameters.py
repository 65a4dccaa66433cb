"""The kinds of objects that admission policies name as their parameters (spec.paramKind)."""

from __future__ import annotations

from krm_injector.kube.paths import at

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import TypeAlias

    from krm_injector.sources.resource_list.members import Member

    Kinds: TypeAlias = frozenset[tuple[str, str]]  # group and kind

POLICIES = ("ValidatingAdmissionPolicy", "MutatingAdmissionPolicy")


def kinds(members: Iterable[Member]) -> Kinds:
    """Group and kind of the parameters of these policies; a version says nothing of an object."""
    found = set()
    for member in members:
        if member.kind not in POLICIES:
            continue

        stated = at(member.value, ("spec", "paramKind"))
        kind = at(stated, ("kind",))
        if kind:
            found.add((group_of(str(at(stated, ("apiVersion",)))), str(kind)))

    return frozenset(found)


def group_of(api_version: str) -> str:
    return api_version.rpartition("/")[0]
