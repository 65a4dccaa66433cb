"""Which workloads of a run have labels, annotations or names that do not stay the text they were
meant to be (injection/untrusted), once per shape.
"""

from __future__ import annotations

from krm_injector.function_config import Settings
from krm_injector.injection import suspects
from krm_injector.injection.control_plane import PreparedControlPlane
from krm_injector.model import Decision, Result
from krm_injector.workload.controller import metadata_path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from krm_injector.codes import CodeName
    from krm_injector.injection.untrusted import UntrustedTexts
    from krm_injector.kube.twins import Alike

_CODE: CodeName = "untrusted-text"
# What Istio makes of such a text: no YAML, a value of another type than its field, or a template
# that fails. The text is the cause, and the better thing to tell.
_EFFECTS = ("template-failed", "template-unusable", "merge-failed")


class TextCheck:
    """The texts of one run. ``results`` or ``beside`` take each injected workload once."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._manual = settings.method == "manual"
        self._untrusted: UntrustedTexts | None = None
        self._sound: set[Alike] = set()

    def results(
        self, decision: Decision, plane: PreparedControlPlane, alike: Alike | None = None
    ) -> list[Result]:
        """What is to be told of one workload.

        alike: stands for the workloads of its shape. They have the same suspects, since a scalar in
        which they differ is plain, and templates do the same with them.
        """
        if alike is not None and alike in self._sound:
            return []

        found = self._found(decision, plane)
        if alike is not None and not found:
            self._sound.add(alike)
        return found

    def beside(
        self, failure: Sequence[Result], decision: Decision, plane: PreparedControlPlane
    ) -> Sequence[Result]:
        """The results of an injection that failed: with those about texts, which take the place of
        their effects.
        """
        told = {result.field for result in failure}
        found = [
            result
            for result in self._found(decision, plane)
            if result.field.replace('"', "") not in told
        ]
        if any(result.severity == "error" for result in found):
            failure = [result for result in failure if result.code not in _EFFECTS]
        return [*failure, *found]

    def _found(self, decision: Decision, plane: PreparedControlPlane) -> list[Result]:
        path = metadata_path(decision.workload, self._manual)
        odd = suspects.of(decision, path, self._manual)
        if not odd:
            return []

        from krm_injector.function_config.severities import severity  # late: few workloads have any

        stated = severity(_CODE, self._settings, decision.workload.ref)
        if stated is None:
            return []
        if self._untrusted is None:
            from krm_injector.injection.untrusted import UntrustedTexts

            self._untrusted = UntrustedTexts(self._manual)
        return self._untrusted.results(decision, plane, odd, stated)
