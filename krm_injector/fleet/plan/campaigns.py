"""Campaigns: moves of a mesh that need no second mesh file. Text -> Campaign, and the settings that
the mesh in use has after it.
"""

from __future__ import annotations

import re

from krm_injector.discovery import mesh_parts
from krm_injector.discovery.mesh_config_maps import ConfigText, Sourced
from krm_injector.function_config import MeshSettings, Settings
from krm_injector.injection.hubs import replaced
from krm_injector.istio_names import (
    INJECTOR_CONFIG_MAP,
    MESH_CONFIG_MAP,
    SYSTEM_NAMESPACE,
    with_revision,
)
from krm_injector.kube import yaml
from krm_injector.kube.paths import at
from krm_injector.model import Object, Refused, Result
from krm_injector.named_tuple import NamedTuple
from krm_injector.sources.resource_list import Bundle
from krm_injector.sources.resource_list.members import walk, with_type

REGISTRY, NATIVE, REVISION = "registry", "native-sidecars", "revision-labels"
_VALUES = {REGISTRY: "HUB", REVISION: "REV"}  # those that have one
# As in names of images: a host with a port, and a path.
_HUB = r"[a-zA-Z0-9][a-zA-Z0-9._-]*(:[0-9]+)?(/[a-z0-9][a-z0-9._-]*)*\Z"
_LABEL = r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?\Z"


class Campaign(NamedTuple):
    name: str
    value: str = ""

    def __str__(self) -> str:
        return f"{self.name}={self.value}" if self.value else self.name


def parse(text: str) -> Campaign:
    """A campaign as --campaign names it. Raises Refused."""
    name, equals, value = text.partition("=")
    value = value.rstrip("/")
    if name not in (REGISTRY, NATIVE, REVISION):
        raise _refused(text, "there is no such campaign")
    if name == NATIVE and equals:
        raise _refused(text, f"{NATIVE} takes no value")
    if name in _VALUES and not value:
        raise _refused(text, f"it lacks a value: {name}={_VALUES[name]}")
    if name == REGISTRY and not re.match(_HUB, value):
        raise _refused(
            text, f'"{value}" is no hub; a hub is a host and a path, as example.org/istio'
        )
    if name == REVISION and not re.match(_LABEL, value):
        raise _refused(text, f'"{value}" is no value of a label')
    return Campaign(name, value)


def _refused(text: str, reason: str) -> Refused:
    message = (
        f"--campaign {text}: {reason}. Campaigns are {REGISTRY}=HUB, {NATIVE} and {REVISION}=REV"
    )
    return Refused(Result("error", message, code="fleet-plan-campaign"))


# ---------------------------------------------------------------- another registry


class Hubs(NamedTuple):
    """The settings with the hub replaced, and the hubs that it replaces."""

    settings: Settings
    old: tuple[str, ...]


def with_hub(bundle: Bundle, settings: Settings, hub: str) -> Hubs:
    """The mesh in use with another hub, wherever its configuration names the old one. Raises
    Refused if it names none.
    """
    parts, webhooks, settings = texts(bundle, settings)
    old: list[str] = []
    documents: list[Object] = []
    for revision, injector in parts.injectors.items():
        named = _hub_of(injector)
        if not named:
            raise Refused(_no_hub(injector))

        if named not in old:
            old.append(named)
        documents.append(_config_map(injector, INJECTOR_CONFIG_MAP, named, hub))
        mesh_config = parts.mesh_configs.get(revision)
        if mesh_config is not None:
            documents.append(_config_map(mesh_config, MESH_CONFIG_MAP, named, hub))

    kept = [each for each in settings.mesh.documents if each.get("kind") != "ConfigMap"]
    mesh = MeshSettings(
        version=settings.mesh.version,
        documents=(*documents, *kept, *webhooks),
        webhooks=settings.mesh.webhooks,
    )
    return Hubs(settings._replace(mesh=mesh), tuple(old))


def texts(
    bundle: Bundle, settings: Settings
) -> tuple[mesh_parts.MeshParts, tuple[Object, ...], Settings]:
    """The texts of the mesh in use, webhooks that only the embedded profile has, and the settings
    with the release that the profile is of.
    """
    from krm_injector.discovery import profile

    results: list[Result] = []
    objects = [Sourced(with_type(member), "bundle") for member in walk(bundle)]
    parts = mesh_parts.collect_parts(objects, settings, results)
    if parts.injectors:
        return parts, (), settings

    has_webhooks = bool(parts.webhooks)
    _, settings = mesh_parts.add_profile(parts, settings, results)
    release = profile.release_of(settings.mesh.version)
    if release is None or has_webhooks:
        return parts, (), settings
    return parts, tuple(profile.load(release).webhooks), settings


def _hub_of(injector: ConfigText) -> str:
    try:
        values = yaml.load(injector.values or "{}")
    except yaml.YamlError:  # discovery reports it
        return ""

    hub = at(values, ("global", "hub"))
    return hub.rstrip("/") if isinstance(hub, str) else ""


def _no_hub(injector: ConfigText) -> Result:
    message = (
        f"{injector.place} names no hub (global.hub of its values), so nothing tells which images "
        "to take from another registry; give the mesh as its installation has it: --from MESH"
    )
    return Result("error", message, injector.ref, "data.values", code="fleet-plan-campaign")


def _config_map(text: ConfigText, base: str, old: str, new: str) -> Object:
    """A configuration as the ConfigMap of a mesh, with another hub."""
    key = "config" if base == INJECTOR_CONFIG_MAP else "mesh"
    data = {key: replaced(text.text, old, new)}
    if text.values is not None:
        data["values"] = replaced(text.values, old, new)

    name = text.ref.name if text.ref else with_revision(base, text.revision)
    namespace = text.ref.namespace if text.ref else SYSTEM_NAMESPACE
    metadata = {"name": name, "namespace": namespace, "labels": dict(text.labels)}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}
