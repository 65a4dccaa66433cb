"""Meshes for a generated fleet: installations without options, as files that --mesh reads.

They are made of the embedded profile when they are written, so that no text of them is kept here.
"""

from __future__ import annotations

from pathlib import Path

import inputs
from inputs import Object

from krm_injector.discovery import profile
from krm_injector.discovery.profile.differences import NEWEST_PATCHES, Release

SYSTEM = "istio-system"


def write(path: Path, minor: str) -> None:
    """The mesh of the newest known patch release of a minor version, "1.29"."""
    path.parent.mkdir(parents=True, exist_ok=True)
    inputs.write_manifests(path, documents(minor))


def documents(minor: str) -> list[Object]:
    patch = next((one for one in NEWEST_PATCHES if f"{one[0]}.{one[1]}" == minor), None)
    if patch is None:
        raise SystemExit(f"Istio {minor} is not known: name one of {NEWEST_PATCHES}")

    installed = profile.load(Release(patch, ".".join(map(str, patch))))
    return [
        _config_map("istio", {"mesh": installed.mesh}),
        _config_map(
            "istio-sidecar-injector", {"config": installed.config, "values": installed.values}
        ),
        *installed.webhooks,
    ]


def _config_map(name: str, data: dict[str, str]) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "namespace": SYSTEM, "labels": {"istio.io/rev": "default"}},
        "data": data,
    }
