"""matchConstraints of a policy and matchResources of a binding, asked about a request.

Source: k8s.io/apiserver 0.34 pkg/admission/plugin/policy/matching/matching.go and
pkg/admission/plugin/webhook/predicates.
"""

from __future__ import annotations

from krm_injector.istio_names import NAMESPACE_NAME_LABEL
from krm_injector.judging.admission.requests import Request
from krm_injector.judging.advice.injected_workload import mapping, mappings
from krm_injector.kube import selectors
from krm_injector.kube.selectors import UNKNOWN
from krm_injector.model import Namespace, Object

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# Groups whose kinds a cluster of today (1.30 and later) serves in one version.
_ONE_VERSION = ("", "apps", "batch")


def matches(criteria: Any, request: Request, namespace: Namespace | None) -> bool | None:
    """Whether the criteria take the request; None where only the cluster knows.

    Raises selectors.SelectorError.
    """
    criteria = mapping(criteria)
    by_namespace = _namespace_matches(criteria, request, namespace)
    by_labels = selectors.parse_webhook(criteria.get("objectSelector")).opinion(request.labels)
    rules = mappings(criteria.get("resourceRules"))
    exact = criteria.get("matchPolicy") == "Exact"
    excluded = _any_rule(mappings(criteria.get("excludeResourceRules")), request, exact)
    by_rules = _any_rule(rules, request, exact) if rules else True
    opinions = (by_namespace, by_labels, None if excluded is None else not excluded, by_rules)
    return False if False in opinions else None if None in opinions else True


def _namespace_matches(
    criteria: Object, request: Request, namespace: Namespace | None
) -> bool | None:
    selector = selectors.parse_webhook(criteria.get("namespaceSelector"))
    if namespace is not None and namespace.source != "missing":
        return selector.matches(namespace.labels)

    # Of a Namespace that nobody gave, the name is known, and so is the label that every one has.
    labels = {requirement.key: UNKNOWN for requirement in selector.requirements}
    keys = [key for key in labels if key != NAMESPACE_NAME_LABEL]
    if keys and any(r.key in keys for r in selector.requirements):
        known = [r for r in selector.requirements if r.key == NAMESPACE_NAME_LABEL]
        fails = any(not r.matches({NAMESPACE_NAME_LABEL: request.namespace}) for r in known)
        return False if fails else None
    return selector.matches({NAMESPACE_NAME_LABEL: request.namespace})


def _any_rule(rules: list[Object], request: Request, exact: bool) -> bool | None:
    opinions = [_rule(rule, request, exact) for rule in rules]
    return True if True in opinions else None if None in opinions else False


def _rule(rule: Object, request: Request, exact: bool) -> bool | None:
    """Whether a rule takes the request; None where it names another version of its resource, which
    the cluster may convert to.
    """
    plain = (
        _names(rule, "operations", "CREATE")
        and _names(rule, "apiGroups", request.group)
        and any(_is_resource(each, request.resource) for each in _strings(rule, "resources"))
        and rule.get("scope") in (None, "", "*", "Namespaced")
        and request.name in (_strings(rule, "resourceNames") or [request.name])
    )
    if not plain:
        return False
    if _names(rule, "apiVersions", request.version):
        return True
    return False if exact or request.group in _ONE_VERSION else None


def _is_resource(stated: str, resource: str) -> bool:
    """A resource of a rule, which may have a subresource behind a slash; the request has none."""
    name, _, sub = stated.partition("/")
    return name in ("*", resource) and sub in ("", "*")


def _names(rule: Object, field: str, value: str) -> bool:
    stated = _strings(rule, field)
    return "*" in stated or value in stated


def _strings(rule: Object, field: str) -> list[str]:
    value = rule.get(field)
    return [str(each) for each in value] if isinstance(value, list) else []
