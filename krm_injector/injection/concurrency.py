""".EstimatedConcurrency of Istio 1.11 to 1.17: how many threads the proxy will use.

Source: pkg/kube/inject/inject.go estimateConcurrency.
"""

from __future__ import annotations

from krm_injector.istio_api import Message
from krm_injector.kube import quantity
from krm_injector.kube.paths import at
from krm_injector.lazy_pattern import lazy_pattern

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

DEFAULT = 2
_SUFFIXES = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_CANONICAL = lazy_pattern(r"([+-]?\d+)(?:\.(\d*))?(?:[eE]([+-]?\d+)|([numkMGTPE]?)|([KMGTPE])i)\Z")


def estimated(proxy_config: Message, annotations: dict[str, str], values: Any) -> int:
    """ProxyConfig.concurrency or, where that is 0, the proxy's CPU: limit before request,
    annotations before values.
    """
    concurrency = proxy_config.go_attr("Concurrency")
    if concurrency is None or concurrency.is_nil:
        return DEFAULT
    if concurrency.go_attr("Value") > 0:
        return int(concurrency.go_attr("Value"))

    for name in ("sidecar.istio.io/proxyCPULimit", "sidecar.istio.io/proxyCPU"):
        if name in annotations:  # one that is no quantity ends the search
            number = cores(annotations[name])
            return DEFAULT if number is None else number

    resources = at(values, ("global", "proxy", "resources"))
    for kind in ("limits", "requests"):
        number = cores(at(resources, (kind, "cpu")))
        if number is not None:
            return number

    return DEFAULT


def cores(text: Any) -> int | None:
    """Whole CPUs, rounded up: "500m" -> 1; None for what is no quantity."""
    if not isinstance(text, str):
        return None

    try:
        match = _CANONICAL.match(quantity.parse(text))
    except quantity.QuantityError:
        return None

    if match is None:
        return None

    whole, fraction, exponent, decimal, binary = match.groups()
    number = int(whole + (fraction or ""))
    power = int(exponent) if exponent else _SUFFIXES[decimal or ""]
    if binary:
        number <<= 10 * ("KMGTPE".index(binary) + 1)

    power -= len(fraction or "")
    if power >= 0:
        return number * int(10**power)
    return -(-number // int(10**-power))  # rounded up
