"""A Bundle -> its objects one by one: its items, with the members of a List in place of the
List.
"""

from __future__ import annotations

from krm_injector.istio_names import GROUP, LOCAL_CONFIG
from krm_injector.kube.paths import at
from krm_injector.model import Object, ResourceRef
from krm_injector.named_tuple import NamedTuple
from krm_injector.sources.resource_list.bundle import Bundle

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any


class Member(NamedTuple):
    """One object of the bundle: an item, or a member of a List at any depth."""

    item: int  # position in Bundle.items
    inside: tuple[
        str | int, ...
    ]  # path from the item to the member, for instance ("items", 2); () for an item
    api_version: str  # its own or, in a typed list (DeploymentList), the list's
    kind: str
    value: Object


def walk(bundle: Bundle) -> Iterator[Member]:
    """Every object of the bundle in order. A List (v1 List, DeploymentList ...) is not among them,
    its members are.
    """
    for index, item in enumerate(bundle.items):
        yield from _members(index, (), item.value, "", "")


def _members(
    item: int, inside: tuple[str | int, ...], value: Any, list_version: str, list_kind: str
) -> Iterator[Member]:
    """The value itself or, if it is a List, its members.

    A member without a type has the type that its list states: ``list_version`` and ``list_kind``
    (DeploymentList -> Deployment).
    """
    if not isinstance(value, dict):
        return

    api_version, kind = value.get("apiVersion"), value.get("kind")
    if api_version is None and kind is None:
        api_version, kind = list_version, list_kind
    if not isinstance(api_version, str) or not isinstance(kind, str):
        return

    if not kind.endswith("List") or not isinstance(value.get("items"), list):
        yield Member(item, inside, api_version, kind, value)
        return

    member_kind = kind.removesuffix("List")
    for index, member in enumerate(value["items"]):
        path = (*inside, "items", index)
        yield from _members(item, path, member, api_version, member_kind)


def with_type(member: Member) -> Object:
    """The member's object, with the type that its list states if it states none itself."""
    if "kind" in member.value:
        return member.value
    return {"apiVersion": member.api_version, "kind": member.kind, **member.value}


def is_local(value: Any) -> bool:
    """Whether orchestrators never apply the object to a cluster.

    As in kustomize, any value of the annotation local-config except "false" counts.
    """
    annotations = at(value, ("metadata", "annotations"))
    if not isinstance(annotations, dict) or LOCAL_CONFIG not in annotations:
        return False
    return bool(annotations[LOCAL_CONFIG] != "false")


def not_applied(values: Iterable[Any]) -> frozenset[int]:
    """Indexes of the values that are not for a cluster: local-config objects, and functionConfigs
    of this program.
    """
    indexes = set()
    for index, value in enumerate(values):
        api_version = str(at(value, ("apiVersion",)))
        if is_local(value) or api_version.startswith(f"{GROUP}/"):
            indexes.add(index)
    return frozenset(indexes)


def ref_of(member: Member, default_namespace: str = "") -> ResourceRef:
    """The object as a resource, in the Namespace that it will have."""
    metadata = member.value.get("metadata")
    name = at(metadata, ("name",)) or at(metadata, ("generateName",)) or ""
    namespace = at(metadata, ("namespace",)) or default_namespace
    return ResourceRef(member.api_version, member.kind, str(name), str(namespace))
