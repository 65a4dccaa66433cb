"""One family of workloads: those with the same texts between their holes, and what is known of
them (families.py).
"""

from __future__ import annotations

from krm_injector.kube.paths import Step
from krm_injector.kube.twins import Alike, Twin
from krm_injector.model import Object
from krm_injector.named_tuple import NamedTuple
from krm_injector.reinjection.shapes.holes import scalar

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from krm_injector.reinjection.record.alike import Digests

Holes = tuple[str, ...]


class Shape(NamedTuple):
    """What is known of workloads with the same scalars in their pinned holes."""

    alike: Alike
    free: tuple[int, ...]  # the numbers of the other holes, in the order of a Twin's scalars
    limits: tuple[tuple[int, int], ...]  # index in ``free``, and the most characters it may have
    digests: Digests | None  # of the record; None: there is none
    steps: tuple[int, ...]  # what each template takes

    def twin(self, holes: Sequence[str], namespace: str) -> Twin | None:
        """The workload with these holes; None if one of them is too long. ``namespace``: the digest
        of its Namespace.
        """
        scalars = tuple([scalar(holes[number]) for number in self.free])
        if any(len(scalars[index]) > limit for index, limit in self.limits):
            return None
        if self.digests is not None:
            scalars += (*self.digests.of(scalars), namespace)
        return Twin(self.alike, scalars)


class First(NamedTuple):
    """The first workload with some scalars in its pinned holes, which was injected plainly."""

    holes: tuple[str, ...]
    injected: Object
    namespace: str  # the digest of its Namespace
    others: int = 0  # how many more of them were injected plainly, for want of credit


class Unproved:
    """What is known of workloads that are to be injected plainly."""


UNPROVED = Unproved()
Member = Shape | First | Unproved


class Family:
    """The workloads with the same texts between their holes."""

    __slots__ = ("_first", "_members", "alone", "others", "places")

    def __init__(self, first: First) -> None:
        self.alone = True  # one workload has been seen, and its places have not been looked for
        self.others = 0  # as First.others, while it is alone
        self.places: dict[int, Step] = {}  # of the free holes
        self._first: First | None = first
        self._members: dict[Holes, Member] = {}  # by the scalars of the pinned holes

    def member(self, holes: Holes) -> Member | None:
        """What is known of workloads with the same scalars in their pinned holes; None: nothing."""
        return self._members.get(self._pinned(holes))

    def remember(self, holes: Holes, member: Member) -> None:
        self._members[self._pinned(holes)] = member

    def pin(self, free: dict[int, Step]) -> None:
        """From now on only these holes are free. All is forgotten but the first workload."""
        self.alone = False
        self.places = free
        self._members.clear()
        if self._first is not None:
            self.remember(self._first.holes, self._first._replace(others=self.others))

    def forget(self) -> bool:
        """Forgets the workloads without a shape, with their objects. Whether something is left to
        know.
        """
        self._first = None
        members = self._members.items()
        self._members = {holes: known for holes, known in members if not isinstance(known, First)}
        return bool(self._members)

    def _pinned(self, holes: Holes) -> Holes:
        return tuple([hole for number, hole in enumerate(holes) if number not in self.places])
