"""Which repository the objects of Argo CD and Flux mean, and where its paths are here."""

from __future__ import annotations

import os

from krm_injector.fleet.finding.tree import Tree, normal, within
from krm_injector.fleet.model import Cluster
from krm_injector.named_tuple import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

IN_CLUSTER = "https://kubernetes.default.svc"


class Repository(NamedTuple):
    """The repository as its own objects see it."""

    tree: Tree
    # The URLs that mean it, from the fleet file; (): every URL whose path exists here.
    urls: tuple[str, ...] = ()
    clusters: tuple[Cluster, ...] = ()
    servers: dict[str, str] = {}  # noqa: RUF012 - URL of an API server -> name of a cluster

    def knows(self, url: str) -> bool:
        """Whether a URL can mean this repository."""
        return not self.urls or canonical(url) in map(canonical, self.urls)

    def path(self, path: str) -> str:
        """A path from the repository's top, relative to the working directory."""
        return normal(os.path.join(self.tree.top, path.lstrip("/")))

    def directory(self, url: str, path: str) -> tuple[str, str]:
        """The directory that a URL and a path mean, or "", and the reason in words."""
        if url and not self.knows(url):
            return "", f"{url} is not in spec.repositories of the fleet file"

        local = self.path(path)
        if not within(local, self.tree.top):
            return "", f"the path {path} leads out of the repository"
        if not os.path.isdir(local):
            other = f", so {url} is taken for another repository" if url and not self.urls else ""
            return "", f"there is no directory {local} here{other}"

        if not url or self.urls:
            return local, ""
        return local, f"{url} is taken for this repository, since {local} exists here"

    def cluster(self, destination: Any) -> str:
        """The name of the cluster that a destination of Argo CD means; "" for the one that Argo CD
        runs in.
        """
        if not isinstance(destination, dict):
            return ""

        name, server = destination.get("name"), destination.get("server")
        if isinstance(name, str) and name not in ("", "in-cluster"):
            return name
        if not isinstance(server, str) or not server:
            return ""
        if server in self.servers:
            return self.servers[server]
        return "" if server == IN_CLUSTER else server.partition("://")[2].replace("/", "-")


def canonical(url: str) -> str:
    """A URL of git in one form: without scheme, user, port and .git."""
    text = url.strip().lower().rstrip("/").removesuffix(".git")
    scheme, _, rest = text.rpartition("://")
    host, slash, path = rest.partition("/")
    host = host.rpartition("@")[2]
    if not scheme and ":" in host:  # git@host:owner/name
        first, _, owner = host.partition(":")
        return f"{first}/{owner}{slash}{path}"

    return f"{host.partition(':')[0]}{slash}{path}"


def text(value: Any, *path: str) -> str:
    """A text at a path of a value; "" if there is none."""
    for step in path:
        value = value.get(step) if isinstance(value, dict) else None
    return value if isinstance(value, str) else ""


def mapping(value: Any, *path: str) -> dict[str, Any]:
    """A mapping at a path of a value; an empty one if there is none."""
    for step in path:
        value = value.get(step) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def mappings(value: Any, *path: str) -> list[dict[str, Any]]:
    """The mappings of a list at a path of a value."""
    for step in path:
        value = value.get(step) if isinstance(value, dict) else None
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []
