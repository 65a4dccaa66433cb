"""What of two values is the same to YAML, and which elements of two lists belong together."""

from __future__ import annotations

from itertools import pairwise

from krm_injector.kube.c_json import with_sorted_keys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def same(a: Any, b: Any) -> bool:
    """Whether two values are the same to YAML: key order and int against float do not matter, true
    is not 1.
    """
    if a is b:
        return True

    if isinstance(a, dict):
        if not isinstance(b, dict) or len(a) != len(b):
            return False
        return all(key in b and same(value, b[key]) for key, value in a.items())

    if isinstance(a, list):
        return isinstance(b, list) and len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, bool) or isinstance(b, bool):
        return a is b

    return bool(a == b)


def _signature(value: Any) -> str:
    """What tells an element of a list from its neighbours: its name, else all of it."""
    if isinstance(value, str):
        return '"' + value

    if isinstance(value, dict):
        name = value.get("name")
        if isinstance(name, str) and "mountPath" not in value:
            return "name " + name
        metadata = value.get("metadata")
        if isinstance(metadata, dict) and "kind" in value:  # an object in a List
            return f"object {value['kind']} {metadata.get('namespace')}/{metadata.get('name')}"

    return with_sorted_keys(value)


def paired(old: list[Any], new: list[Any]) -> list[tuple[int, int]]:
    """Which old element becomes which new one, both in rising order; elements in neither pair are
    cut or inserted.
    """
    places: dict[str, list[int]] = {}
    for at, value in enumerate(old):
        places.setdefault(_signature(value), []).append(at)

    candidates: list[tuple[int, int]] = []
    for at, value in enumerate(new):
        matching = places.get(_signature(value))
        if matching:
            candidates.append((matching.pop(0), at))

    chain = _rising(candidates)
    pairs: list[tuple[int, int]] = []
    mine = theirs = 0
    for next_mine, next_theirs in [*chain, (len(old), len(new))]:
        if (
            next_mine - mine == next_theirs - theirs
        ):  # as many gone as come: each in its predecessor's place
            pairs += [(mine + k, theirs + k) for k in range(next_mine - mine)]
        if next_mine < len(old):
            pairs.append((next_mine, next_theirs))
        mine, theirs = next_mine + 1, next_theirs + 1

    return pairs


def moved(old: list[Any], new: list[Any], partner: dict[int, int]) -> bool:
    """Whether an element of old is in new, and not as its partner there."""
    kept = {at: mine for mine, at in partner.items() if same(old[mine], new[at])}
    if len(kept) == len(old) or len(kept) == len(new):
        return False
    gone = {_signature(value): at for at, value in enumerate(old) if partner.get(at) not in kept}
    come = ((_signature(value), at) for at, value in enumerate(new) if at not in kept)
    return any(name in gone and partner.get(gone[name]) != at for name, at in come)


def _rising(pairs: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The longest chain of pairs, given by rising second part, whose first part rises too."""
    if all(one[0] < following[0] for one, following in pairwise(pairs)):
        return pairs  # nothing was moved

    from bisect import bisect_left

    ends: list[int] = []
    chains: list[tuple[tuple[int, int], Any]] = []
    for pair in pairs:
        at = bisect_left(ends, pair[0])
        link = (pair, chains[at - 1] if at else None)
        if at == len(ends):
            ends.append(pair[0])
            chains.append(link)
        else:
            ends[at] = pair[0]
            chains[at] = link

    result: list[tuple[int, int]] = []
    rest: Any = chains[-1] if chains else None
    while rest:
        result.append(rest[0])
        rest = rest[1]

    return result[::-1]
