"""Labels, annotations and names as untrusted text: whether each stays the one scalar that it was
meant to be, where a template prints it into YAML.

In: the decision about a workload, its control plane, the suspects of the workload (suspects.py).
Out: a Result with the code untrusted-text for each suspect that became something else, or nothing.
May import: what injection imports.

What was meant is told by rendering, not by rules about templates: the templates are rendered once
more with tokens in place of the characters that YAML could take for more than text (tokens.py),
which functions.py follows through the functions of the templates. Both texts are read as YAML.
Where the values differ, the real text is not what was meant (differences.py). See
docs/untrusted-text.md.

Source of the fault that this finds: istio #61215, fixed for some annotations in 1.30.4 and 1.31.1.
"""

from __future__ import annotations

from krm_injector.injection.control_plane import PreparedControlPlane
from krm_injector.injection.inject import REFUSALS
from krm_injector.injection.rendered import RenderedTexts
from krm_injector.injection.untrusted import sentences
from krm_injector.injection.untrusted.differences import UNREADABLE, Change, changes
from krm_injector.injection.untrusted.rendering import FollowedControlPlane, Renderings
from krm_injector.injection.untrusted.tokens import Tokens, TooManyTokens
from krm_injector.kube.yaml import YamlError
from krm_injector.model import Decision, Result

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from krm_injector.codes import Severity
    from krm_injector.injection.suspects import Suspect

_NOT_FOLLOWED = [Change((), UNREADABLE, UNREADABLE)]


class UntrustedTexts:
    """Follows the suspects of the workloads of one run."""

    def __init__(self, manual: bool) -> None:
        self._manual = manual
        self._followed: dict[int, FollowedControlPlane] = {}  # by id() of their control planes

    def results(
        self,
        decision: Decision,
        plane: PreparedControlPlane,
        suspects: Sequence[Suspect],
        severity: Severity,
    ) -> list[Result]:
        """One for each suspect that became something else than what was meant."""
        followed = self._followed.get(id(plane))
        if followed is None:
            followed = self._followed[id(plane)] = FollowedControlPlane(plane)

        try:
            renderings = Renderings(decision, plane, followed, suspects, self._manual)
        except (*REFUSALS, YamlError):
            return []  # Istio refuses the pod before it renders anything, and injection tells why

        found = _found(renderings, len(suspects), plane.rendered)
        return [
            sentences.result(severity, decision.workload, plane.mesh, suspects[number], became)
            for number, became in found
        ]


def _found(
    renderings: Renderings, count: int, reader: RenderedTexts
) -> list[tuple[int, list[Change]]]:
    """The numbers of the suspects that became something else, and what they became."""
    try:
        tokens, texts, printed = _neutral(renderings, range(count), ())
        if not printed:
            return []

        real = renderings.real(texts, tokens)
        if all(one is other for one, other in zip(texts, real, strict=True)):
            return []
        taken = frozenset[str]().union(*(tokens.collide(text) for text in real if text))
        if taken:
            tokens, texts, printed = _neutral(renderings, range(count), taken)

        together = _changes(texts, real, tokens, reader)
        if not together or len(printed) == 1:
            return [(number, together) for number in printed if together]

        # Each by itself, so that no suspect hides another one, or answers for it.
        alone = []
        for number in sorted(printed):
            real = renderings.real_alone(number, texts, tokens)
            alone.append((number, _changes(texts, real, tokens, reader)))
    except TooManyTokens:
        return [(number, _NOT_FOLLOWED) for number in range(count)]

    found = [(number, became) for number, became in alone if became]
    return found or [(number, together) for number in sorted(printed)]


def _neutral(
    renderings: Renderings, chosen: Sequence[int], taken: frozenset[str] | tuple[()]
) -> tuple[Tokens, list[str | None], frozenset[int]]:
    """The texts with the chosen suspects neutral, and which of these the templates print."""
    tokens = Tokens(taken)
    texts = renderings.neutral(tokens, chosen)
    printed = frozenset[int]().union(*(tokens.origins(text) for text in texts if text))
    return tokens, texts, printed


def _changes(
    meant: list[str | None], real: list[str | None], tokens: Tokens, reader: RenderedTexts
) -> list[Change]:
    return [
        change
        for one, other in zip(meant, real, strict=True)
        for change in changes(one, other, tokens, reader)
    ]
