"""The mesh before and after a move: the settings of a target with either.

--from and --to name a file of a mesh, a directory with one such file per cluster (NAME.yaml), or a
version of Istio, whose embedded profile is meant.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable

from krm_injector.fleet.model import Task
from krm_injector.fleet.plan import campaigns
from krm_injector.fleet.plan.campaigns import Campaign
from krm_injector.function_config import MeshSettings, Settings
from krm_injector.istio_names import INJECTOR_CONFIG_MAP, MESH_CONFIG_MAP, SYSTEM_NAMESPACE
from krm_injector.model import Object, Refused, Result
from krm_injector.named_tuple import NamedTuple
from krm_injector.sources.resource_list import Bundle

TYPE_CHECKING = False
if TYPE_CHECKING:
    from krm_injector.discovery.profile import Release

    SettingsOf = Callable[[str | None], Settings]

_ENDINGS = (".yaml", ".yml", ".json")
_VERSION = r"v?1\.[0-9]+(\.[0-9]+)?\Z"


class Sides(NamedTuple):
    """The settings before and after, and what the campaign of the move is, if it is one."""

    before: Settings
    after: Settings
    campaign: Campaign | None
    old_hubs: tuple[str, ...] = ()


def sides(bundle: Bundle, settings: SettingsOf, task: Task) -> Sides:
    """The settings of a target before and after the move. Raises Refused."""
    options, cluster = task.options, task.target.cluster
    before = of_mesh(settings, options.get("from_mesh"), "--from", cluster)
    stated = options.get("campaign")
    if stated is None:
        after = of_mesh(settings, options.get("to_mesh"), "--to", cluster)
        return Sides(before, after, None)

    campaign = campaigns.parse(stated)
    if campaign.name == campaigns.REGISTRY:
        moved = campaigns.with_hub(bundle, before, campaign.value)
        return Sides(before, moved.settings, campaign, moved.old)
    if campaign.name == campaigns.NATIVE:
        return Sides(before, before._replace(native_sidecars=True), campaign)
    return Sides(before, before, campaign)


def of_mesh(settings: SettingsOf, mesh: str | None, option: str, cluster: str) -> Settings:
    """The settings with a mesh in place of the target's own; None: with its own. Raises Refused."""
    if mesh is None:
        return settings(None)

    path = mesh_path(mesh, option, cluster)
    if path:
        own = settings(path)
        # The version and the parts of a mesh that a functionConfig states are those of the mesh in
        # use. The file tells its own.
        return _with_mesh(own, MeshSettings(documents=own.mesh.documents), option)

    release = _release(mesh, option)
    profile = MeshSettings(version=release.tag, documents=profile_documents(release))
    return _with_mesh(settings(None), profile, option)


def _with_mesh(settings: Settings, mesh: MeshSettings, option: str) -> Settings:
    """The settings with another mesh. The revision that a target states is one of the mesh before:
    after a move there may be none of that name.
    """
    revision = "" if option == "--to" else settings.revision
    return settings._replace(mesh=mesh, revision=revision)


def mesh_path(mesh: str, option: str, cluster: str) -> str:
    """The file of a mesh for a cluster; "" if a version is meant. Raises Refused."""
    if not os.path.isdir(mesh):
        is_version = re.match(_VERSION, mesh) is not None and not os.path.exists(mesh)
        return "" if is_version else mesh

    if not cluster:
        message = (
            f"{option} {mesh} is a directory with one mesh a cluster, and the target has no "
            "cluster; name one file, or say in the fleet file which clusters the target is for"
        )
        raise Refused(Result("error", message, file=mesh, code="fleet-plan-mesh"))

    for ending in _ENDINGS:
        path = os.path.join(mesh, cluster + ending)
        if os.path.isfile(path):
            return path

    message = (
        f"{option} {mesh} has no mesh for cluster {cluster}: there is no {cluster}.yaml in it; add "
        "it, or leave the cluster out with --cluster"
    )
    raise Refused(Result("error", message, file=mesh, code="fleet-plan-mesh"))


def refuse_missing(mesh: str, option: str) -> None:
    """Raises Refused if a mesh is neither a file, a directory nor a version with a profile."""
    if os.path.exists(mesh):
        return
    if re.match(_VERSION, mesh):
        _release(mesh, option)
        return

    message = (
        f"{option} {mesh}: there is no such file or directory; name a file of the mesh, a "
        "directory with one a cluster, or a version of Istio, as 1.31"
    )
    raise Refused(Result("error", message, file=mesh, code="fleet-plan-mesh"))


def _release(version: str, option: str) -> Release:
    from krm_injector.discovery import profile
    from krm_injector.versions import NEWEST, parse_version

    release = profile.release_of(version.removeprefix("v"))
    minor = parse_version(version.removeprefix("v"))
    # Of a newer version the newest profile would be taken, which is not what is planned.
    if release is not None and minor is not None and minor <= NEWEST:
        return release

    oldest, newest = (".".join(map(str, each)) for each in (profile.NEWEST_PATCHES[0][:2], NEWEST))
    message = (
        f"{option} {version}: there is no embedded profile of Istio {version}, but of {oldest} to "
        f"{newest}, and no file of that name; name a file of the mesh"
    )
    raise Refused(Result("error", message, code="fleet-plan-mesh"))


def profile_documents(release: Release) -> tuple[Object, ...]:
    """The objects of a default installation of a release."""
    from krm_injector.discovery import profile

    embedded = profile.load(release)
    data = {"config": embedded.config, "values": embedded.values}
    return (
        _config_map(INJECTOR_CONFIG_MAP, data),
        _config_map(MESH_CONFIG_MAP, {"mesh": embedded.mesh}),
        *embedded.webhooks,
    )


def _config_map(name: str, data: dict[str, str]) -> Object:
    metadata = {"name": name, "namespace": SYSTEM_NAMESPACE}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}
