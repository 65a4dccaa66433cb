"""The checks of settings that name localities: localityLbSetting, and zoneAwareLbSetting of 1.31.

Source: validateLocalityLbSetting and its neighbours (pkg/config/validation/agent/validation.go from
1.22, pkg/config/validation/validation.go before). Imported only where a mesh has such a setting.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeAlias

_TOPOLOGY_LABELS = (
    "topology.kubernetes.io/region",
    "topology.kubernetes.io/zone",
    "topology.istio.io/subzone",
)


# field path, its value, what is wrong (a clause that follows the path)
Problem: TypeAlias = "tuple[str, Any, str]"


def zone_aware_problems(fields: dict[str, Any]) -> list[Problem]:
    path = "zoneAwareLbSetting"
    labels = [label for label in fields.get("failoverPriority", ()) if label in _TOPOLOGY_LABELS]
    problems: list[Problem] = [
        (f"{path}.failoverPriority", label, "must not be a topology label") for label in labels
    ]
    for at, rule in enumerate(fields.get("failover", ())):
        problems += _failover_problems(rule.fields, f"{path}.failover[{at}]", newer=True)

    return problems


def _failover_problems(rule: dict[str, Any], where: str, newer: bool) -> list[Problem]:
    """newer: from 1.13 on, which looks at both regions and at slashes too."""
    origin, target = rule.get("from", ""), rule.get("to", "")
    shown, problems = f"{origin} {target}", list[Problem]()
    if origin == target:
        problems.append((where, origin, "must name two different regions"))
    if newer and "/" in origin + target:
        problems.append((where, shown, "must name regions only"))
    if "*" in (origin + target if newer else target):
        problems.append((where, shown, 'must not hold a wildcard "*"'))
    return problems


def locality_problems(fields: dict[str, Any], number: int) -> list[Problem]:
    path = "localityLbSetting"
    distribute, failover = fields.get("distribute", []), fields.get("failover", [])
    priority = fields.get("failoverPriority", [])
    if distribute and failover:
        return [(path, None, "cannot hold both distribute and failover")]

    if number >= 20 and failover and any(label in _TOPOLOGY_LABELS for label in priority):
        problem = "cannot hold a topology label together with failover"
        return [(f"{path}.failoverPriority", priority, problem)]

    problems: list[Problem] = []
    for at, rule in enumerate(distribute):
        weights = rule.fields.get("to", {})
        where = f"{path}.distribute[{at}].to"
        if any(not 1 <= weight <= 100 for weight in weights.values()):
            return [(where, weights, "must have weights from 1 to 100")]
        if sum(weights.values()) != 100:
            return [(where, weights, "must have weights that add up to 100")]
        problems += _overlaps(list(weights), where)

    origins = [rule.fields.get("from", "") for rule in distribute]
    problems += _overlaps(origins, f"{path}.distribute")
    for at, rule in enumerate(failover):
        problems += _failover_problems(rule.fields, f"{path}.failover[{at}]", newer=number >= 13)

    return problems


def _overlaps(localities: list[str], path: str) -> list[Problem]:
    """validateLocalities: REGION, REGION/ZONE or REGION/ZONE/SUBZONE, none inside another."""
    seen: dict[str, dict[str, set[str]]] = {}
    for locality in localities:
        stars = locality.count("*")
        if stars > 1 or (stars and not locality.endswith("*")):
            return [(path, locality, 'may have one wildcard "*", at the end')]

        parts = locality.split("/", 2)
        if "" in parts and "*" not in seen:
            return [(path, locality, "must not have an empty region, zone or subzone")]
        if "*" in seen or _is_inside_another(seen, parts):
            return [(path, locality, "overlaps with another one")]

        region, zone, subzone = (*parts, "*", "*")[:3]
        seen.setdefault(region, {}).setdefault(zone, set()).add(subzone)

    return []


def _is_inside_another(seen: dict[str, dict[str, set[str]]], parts: list[str]) -> bool:
    zones = seen.get(parts[0])
    if zones is None:
        return False
    if len(parts) == 1 or "*" in zones:
        return True

    subzones = zones.get(parts[1])
    if subzones is None:
        return False
    return len(parts) == 2 or "*" in subzones or parts[2] in subzones
