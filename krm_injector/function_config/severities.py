"""How severe a finding is by the functionConfig: spec.severities and spec.silence."""

from __future__ import annotations

from krm_injector.codes import CODES
from krm_injector.function_config import Settings, Silence
from krm_injector.model import ResourceRef

TYPE_CHECKING = False
if TYPE_CHECKING:
    from krm_injector.codes import CodeName, Severity


def severity(
    code: CodeName,
    settings: Settings,
    *refs: ResourceRef | None,
    default: Severity | None = None,
) -> Severity | None:
    """The severity of a warning about these resources; None if the settings silence it.

    default: where the settings state none; the code's own if it is None."""
    stated = settings.severities.get(code) or default or CODES[code].severities[0]
    if stated == "off":
        return None

    for silence in settings.silence:
        if any(_matches(silence, code, ref) for ref in refs):
            return None

    return stated  # type: ignore[return-value]  # the schema allows no other


def _matches(silence: Silence, code: str, ref: ResourceRef | None) -> bool:
    """Whether an entry of spec.silence matches this code and this resource."""
    if silence.code not in (code, "*"):
        return False
    if not (silence.kind or silence.namespace or silence.name):
        return True
    if ref is None:
        return False

    namespace = ref.name if ref.kind == "Namespace" else ref.namespace
    return (
        silence.kind in ("", ref.kind)
        and silence.namespace in ("", namespace)
        and silence.name in ("", ref.name)
    )
