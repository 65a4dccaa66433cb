"""The admission policies of a bundle with their bindings, and the objects that are parameters."""

from __future__ import annotations

from krm_injector.judging.admission.requests import Request, split
from krm_injector.judging.advice.injected_workload import (
    BundleObjects,
    mapping,
    mappings,
    ref_of,
    selects,
)
from krm_injector.kube.paths import at
from krm_injector.model import Object, ResourceRef
from krm_injector.named_tuple import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

GROUP = "admissionregistration.k8s.io"
_NAMESPACED = (("", "ConfigMap"), ("", "Secret"))


class Policy(NamedTuple):
    """One policy. ``bindings`` are the objects that bind it."""

    ref: ResourceRef
    spec: Object
    object: Object
    bindings: tuple[Object, ...]

    def __str__(self) -> str:
        return f"{self.ref.kind} {self.ref.name}"

    @property
    def ignores_failure(self) -> bool:
        return self.spec.get("failurePolicy") == "Ignore"


class ParamsMissing(Exception):
    """The bundle does not have the parameters that a binding names. Its text says which."""


def policies(objects: BundleObjects, kind: str) -> tuple[Policy, ...]:
    """The policies of a kind (ValidatingAdmissionPolicy, MutatingAdmissionPolicy), by name."""
    bindings: dict[str, list[Object]] = {}
    for _, value in _of_group(objects, f"{kind}Binding"):
        bindings.setdefault(str(at(value, ("spec", "policyName"))), []).append(value)

    found = []
    for _, value in _of_group(objects, kind):
        ref = ref_of(value, kind, "")
        bound = tuple(sorted(bindings.get(ref.name, []), key=name_of))
        found.append(Policy(ref, mapping(value.get("spec")), value, bound))

    return tuple(sorted(found, key=lambda policy: policy.ref.name))


def unbound(objects: BundleObjects, kind: str) -> Iterator[Object]:
    """Bindings whose policy is not in the bundle."""
    names = {name_of(value) for _, value in _of_group(objects, kind)}
    for _, binding in _of_group(objects, f"{kind}Binding"):
        if str(at(binding, ("spec", "policyName"))) not in names:
            yield binding


def name_of(value: Object) -> str:
    return str(at(value, ("metadata", "name")) or "")


def plurals(objects: BundleObjects) -> dict[tuple[str, str], str]:
    """(group, kind) -> resource, of the bundle's CustomResourceDefinitions."""
    names = {}
    for _, value in objects.everywhere("CustomResourceDefinition"):
        group, kind = at(value, ("spec", "group")), at(value, ("spec", "names", "kind"))
        resource = at(value, ("spec", "names", "plural"))
        if resource:
            names[str(group), str(kind)] = str(resource)

    return names


def _of_group(objects: BundleObjects, kind: str) -> Iterator[tuple[str, Object]]:
    for namespace, value in objects.everywhere(kind):
        if str(value.get("apiVersion")).startswith(f"{GROUP}/"):
            yield namespace, value


# ---------------------------------------------------------------- parameters


def params(
    policy: Policy, binding: Object, request: Request, objects: BundleObjects
) -> list[Object | None]:
    """The parameters with which a binding applies its policy; [None] for none.

    Raises ParamsMissing. Source: CollectParams of
    pkg/admission/plugin/policy/generic/policy_dispatcher.go.
    """
    kind = mapping(policy.spec.get("paramKind"))
    reference = at(binding, ("spec", "paramRef"))
    if not kind or not isinstance(reference, dict):
        return [None]

    found = list(_found(kind, reference, request, objects))
    if found:
        return list(found)

    named = reference.get("name")
    shown = f"{kind.get('kind')} {named}" if named else f"the {kind.get('kind')}s that it selects"
    refuses = reference.get("parameterNotFoundAction") == "Deny"
    effect = "every request is refused" if refuses else "nothing is checked"
    raise ParamsMissing(f"its parameters ({shown}) are not here; where there are none, {effect}")


def _found(
    kind: Object, reference: Object, request: Request, objects: BundleObjects
) -> Iterator[Object]:
    wanted = (split(str(kind.get("apiVersion")))[0], str(kind.get("kind")))
    for _, value in objects.everywhere(wanted[1]):
        if split(str(value.get("apiVersion")))[0] != wanted[0]:
            continue
        if not _in_namespace(value, wanted, reference, request, objects):
            continue

        if reference.get("name"):
            fits = name_of(value) == reference["name"]
        else:
            labels = mapping(at(value, ("metadata", "labels")))
            fits = selects(reference.get("selector"), labels)
        if fits:
            yield {"apiVersion": kind.get("apiVersion"), "kind": wanted[1], **value}


def _in_namespace(
    value: Object,
    kind: tuple[str, str],
    reference: Object,
    request: Request,
    objects: BundleObjects,
) -> bool:
    """Whether a parameter is in the Namespace that is asked for: the reference's, or the
    request's. An object of cluster scope is in none.
    """
    stated: Any = at(value, ("metadata", "namespace"))
    if kind not in _NAMESPACED and not stated and _has_cluster_scope(kind, objects):
        return True

    wanted = reference.get("namespace") or request.namespace
    return bool((stated or objects.default_namespace) == wanted)


def _has_cluster_scope(kind: tuple[str, str], objects: BundleObjects) -> bool:
    """By its CustomResourceDefinition; where that is not here, an object without a Namespace has
    cluster scope.
    """
    for _, value in objects.everywhere("CustomResourceDefinition"):
        spec = mapping(value.get("spec"))
        if (spec.get("group"), at(spec, ("names", "kind"))) == kind:
            return spec.get("scope") == "Cluster"
    return True


def expressions(spec: Object, field: str) -> list[tuple[str, Object]]:
    """The entries of a list of the spec, each with its path."""
    entries = mappings(spec.get(field))
    return [(f"spec.{field}[{index}]", entry) for index, entry in enumerate(entries)]
