"""A dump of a cluster comes in; what its webhooks inject, the files for Git, and the proof that
these give the pods that run, go out.

dump.py sorts the objects, facts.py makes the files, proof.py injects by the files and compares
with the pods (cluster_additions.py, comparison.py, reasons.py), table.py writes what people read.
Nothing here reads or writes a file. May import pipeline, presenting and what is below them.
"""

from __future__ import annotations

from krm_injector.adoption.dump import Dump, read
from krm_injector.adoption.facts import Facts, facts_of
from krm_injector.adoption.proof import Proof, prove
from krm_injector.model import Object, Result
from krm_injector.named_tuple import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Adoption", "adopt"]


class Adoption(NamedTuple):
    dump: Dump
    facts: Facts  # the files for Git
    proof: Proof

    @property
    def results(self) -> tuple[Result, ...]:
        return (*self.facts.results, *self.proof.results)


def adopt(objects: Sequence[Object]) -> Adoption:
    """Everything about a dump's objects, of which none is a List. Raises Refused for a dump with
    Secrets, without an injection configuration, or without workloads.
    """
    dump = read(objects)
    facts = facts_of(dump)
    return Adoption(dump, facts, prove(dump, facts))
