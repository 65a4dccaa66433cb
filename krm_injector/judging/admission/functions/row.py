"""One function: its signatures in Kubernetes, and what runs it."""

from __future__ import annotations

from krm_injector.named_tuple import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, ClassVar


class NotRun(Exception):
    """Raised by a function for an argument that it cannot answer for.

    The library makes a CEL error of every exception, so its text carries a mark.
    """

    MARK: ClassVar[str] = "krm-injector does not evaluate: "

    def __init__(self, why: str) -> None:
        super().__init__(f"{self.MARK}{why}")


class Function(NamedTuple):
    """One function, or one of several of the same name and other parameters.

    A signature has the type of the result first, then those of the parameters; a member's first
    parameter is what it is called on.
    """

    name: str
    id: str
    signatures: tuple[tuple[str, ...], ...]
    call: Callable[..., Any]
    member: bool = False
    running: tuple[str, ...] = ()  # the signature that runs; () for the first one

    @property
    def run(self) -> tuple[tuple[str, ...], ...]:
        """The signatures that run: a value of a type of Kubernetes is a map."""
        signature = self.running or self.signatures[0]
        return (tuple(map(_as_map, signature)),)


def _as_map(name: str) -> str:
    """The type that stands for a type of Kubernetes (kubernetes.Quantity, net.IP)."""
    return "map<dyn, dyn>" if "." in name else name
