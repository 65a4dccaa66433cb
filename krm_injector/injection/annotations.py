"""Istio's verdicts on annotation values: for which of them the webhook refuses a pod.

Source: AnnotationValidation and what it calls, pkg/kube/inject/validate.go (1.9-1.30), inject.go
(1.1-1.8).
"""

from __future__ import annotations

from krm_injector.injection import pods
from krm_injector.istio_api import addresses
from krm_injector.istio_names import (
    INTERCEPTION_ANNOTATION,
    MERGE_METRICS_ANNOTATION,
    PROXY_CONFIG_ANNOTATION,
    STATUS_PORT_ANNOTATION,
)
from krm_injector.lazy_pattern import lazy_pattern
from krm_injector.named_tuple import NamedTuple
from krm_injector.versions import Rules

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

Problem = tuple[str, str, str]  # annotation, its value, what is wrong with it

# What Go's strings.TrimSpace takes away.
_SPACE = (
    "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)
_DIGITS = lazy_pattern(r"[0-9]+\Z")
_INTERFACE = lazy_pattern(r"[a-zA-Z][a-zA-Z0-9_.\-]*\Z")
_CONTROL = lazy_pattern("[\x00-\x1f\x7f-\x9f]")


class Check(NamedTuple):
    """The rule of one annotation: check(value, rules) gives what is wrong, or ""."""

    check: Callable[[str, Rules], str]
    when: Callable[[Rules], bool]  # the versions that have the rule


def problems(annotations: dict[str, str], rules: Rules) -> list[Problem]:
    """Every annotation for which this version of Istio refuses the pod, in the order in which they
    stand.
    """
    problems: list[Problem] = []
    for name, value in annotations.items():
        rule = CHECKS.get(name)
        if rule is not None and rule.when(rules):
            problem = rule.check(value, rules)
            if problem:
                problems.append((name, value, problem))

    return problems


def _interception_mode(value: str, rules: Rules) -> str:
    if value in ("REDIRECT", "TPROXY", "NONE"):
        return ""
    return f'"{value}" must be REDIRECT, TPROXY or NONE'


def _port_problem(text: str) -> str:
    digits = text.strip(_SPACE)
    if _DIGITS.match(digits) and int(digits[:20]) <= 65535 and len(digits.lstrip("0")) <= 5:
        return ""
    return f'"{text}" must be a port number from 0 to 65535'


def _port(value: str, rules: Rules) -> str:
    return _port_problem(value)


def _ports(value: str, rules: Rules) -> str:
    text = value.strip(_SPACE)
    if not text:
        return ""
    problems = map(_port_problem, text.split(","))
    return next((problem for problem in problems if problem), "")


def _ports_or_all(value: str, rules: Rules) -> str:
    return "" if value == "*" else _ports(value, rules)


def _ip_ranges(value: str, rules: Rules) -> str:
    if not value:
        return ""
    for part in value.split(","):
        if not addresses.is_cidr(part, strict=rules.cidr_strict):
            return f'"{part}" must be an address range in CIDR notation, as 10.0.0.0/8'
    return ""


def _ip_ranges_or_all(value: str, rules: Rules) -> str:
    return "" if value == "*" else _ip_ranges(value, rules)


def _uint32(value: str, rules: Rules) -> str:
    if _DIGITS.match(value) and len(value.lstrip("0")) <= 10 and int(value) < 2**32:
        return ""
    return f'"{value}" must be a whole number from 0 to 4294967295'


def _bool(value: str, rules: Rules) -> str:
    return f'"{value}" must be true or false' if pods.parse_bool(value) is None else ""


def _quantity(value: str, rules: Rules) -> str:
    if _CONTROL.search(value):
        return "must not hold control characters"

    from krm_injector.kube import quantity

    try:
        quantity.parse(value)
    except quantity.QuantityError:
        return f'"{value}" must be a quantity, as 100m or 128Mi'

    return ""


def _interfaces(value: str, rules: Rules) -> str:
    if not value:
        return ""

    for part in value.split(","):
        name = part.strip(_SPACE)
        if not name:
            return "names an empty interface"
        if len(name.encode()) > 15 or not _INTERFACE.match(name):
            return (
                f'"{name}" must be an interface name: a letter, then letters, digits, "_", ".", '
                '"-", 15 in all'
            )

    return ""


def _proxy_config(value: str, rules: Rules) -> str:
    from krm_injector.istio_api import ApiError, default_proxy_config, parse
    from krm_injector.istio_api.validate import proxy_config_problems

    try:
        config = parse("v1alpha1.ProxyConfig", value, rules.api, default_proxy_config(rules.api))
    except ApiError as error:
        return f"{error.path} {error.problem}" if error.path else error.problem

    problems = proxy_config_problems(config, rules.api)
    return "; ".join(f"{path} {problem}" for path, _value, problem in problems)


def _since(minor: int) -> Callable[[Rules], bool]:
    return lambda rules: rules.minor >= (1, minor)


def _always(rules: Rules) -> bool:
    return True


_TRAFFIC = "traffic.sidecar.istio.io/"
_READINESS = "readiness.status.sidecar.istio.io/"
_QUANTITY = Check(_quantity, lambda rules: rules.validate_quantities)
_INTERFACES = Check(_interfaces, lambda rules: rules.validate_interfaces)

CHECKS: dict[str, Check] = {
    INTERCEPTION_ANNOTATION: Check(_interception_mode, _always),
    "sidecar.istio.io/enableCoreDump": Check(
        _bool, lambda rules: rules.validate_core_dump and rules.minor >= (1, 5)
    ),
    STATUS_PORT_ANNOTATION: Check(_port, _always),
    _READINESS + "initialDelaySeconds": Check(_uint32, _always),
    _READINESS + "periodSeconds": Check(_uint32, _always),
    _READINESS + "failureThreshold": Check(_uint32, _always),
    _READINESS + "applicationPorts": Check(_ports, lambda rules: rules.minor < (1, 5)),
    _TRAFFIC + "includeOutboundIPRanges": Check(_ip_ranges_or_all, _always),
    _TRAFFIC + "excludeOutboundIPRanges": Check(_ip_ranges, _always),
    _TRAFFIC + "includeInboundPorts": Check(_ports_or_all, _always),
    _TRAFFIC + "excludeInboundPorts": Check(_ports, _always),
    _TRAFFIC + "excludeOutboundPorts": Check(_ports, _since(2)),
    _TRAFFIC + "excludeInterfaces": _INTERFACES,
    _TRAFFIC + "kubevirtInterfaces": _INTERFACES,
    "istio.io/reroute-virtual-interfaces": _INTERFACES,
    MERGE_METRICS_ANNOTATION: Check(_bool, _since(6)),
    PROXY_CONFIG_ANNOTATION: Check(_proxy_config, _since(6)),
    "sidecar.istio.io/proxyCPU": _QUANTITY,
    "sidecar.istio.io/proxyMemory": _QUANTITY,
    "sidecar.istio.io/proxyCPULimit": _QUANTITY,
    "sidecar.istio.io/proxyMemoryLimit": _QUANTITY,
}
