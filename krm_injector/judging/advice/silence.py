"""Which warnings are silenced, by the functionConfig (spec.severities, spec.silence), or by the
annotation krm-injector.dev/silence of the object that a warning is about.
"""

from __future__ import annotations

from krm_injector.function_config.severities import severity
from krm_injector.istio_names import SILENCE_ANNOTATION
from krm_injector.kube.paths import at
from krm_injector.model import Object

__all__ = ["codes_of", "covers", "severity"]


def codes_of(value: Object) -> frozenset[str]:
    """The codes that an object's own annotation silences; "*" stands for all."""
    stated = at(value, ("metadata", "annotations", SILENCE_ANNOTATION))
    if not isinstance(stated, str):
        return frozenset()

    return frozenset(code.strip() for code in stated.split(","))


def covers(silenced: frozenset[str], code: str) -> bool:
    """Whether codes of an annotation silence this code."""
    return code in silenced or "*" in silenced
