"""Plugins of other programs. Each holds the zipapp, so it needs Python and nothing else."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any

from release import archives
from release.source import Source

ABOUT = "Inject Istio sidecars at build time"
HOME = "https://krm-injector.dev/docs/"
_SYSTEMS = ("linux", "darwin")


def all_of(tree: Path, zipapp: Path, output: Path, url: str, source: Source) -> list[Path]:
    """``url``: the folder in which the archives will be."""
    program = zipapp.read_bytes()
    license_text = (tree / "LICENSE").read_bytes()
    return [
        *_krew(program, license_text, output, url, source),
        _helm(tree, program, license_text, output, source),
        *_flux(program, license_text, output, url, source),
    ]


def _krew(
    program: bytes, license_text: bytes, output: Path, url: str, source: Source
) -> list[Path]:
    """kubectl krm-injector, for the plugin manager krew."""
    files = {"kubectl-krm_injector": program, "LICENSE": license_text}
    archive = archives.tar(output / "kubectl-krm-injector.tar.gz", files, source.epoch)
    platforms = [
        {
            "selector": {"matchLabels": {"os": system}},
            "uri": f"{url}/{archive.name}",
            "sha256": _sha256(archive),
            "bin": "kubectl-krm_injector",
        }
        for system in _SYSTEMS
    ]
    spec = {
        "version": f"v{source.version}",
        "homepage": HOME,
        "shortDescription": ABOUT,
        "description": "Injects Istio's sidecars into manifests, explains which pods get one, and "
        "verifies, reverses and upgrades it.\n",
        "caveats": "Python 3.10 or newer must be on PATH as python3.\n",
        "platforms": platforms,
    }
    manifest = {
        "apiVersion": "krew.googlecontainertools.github.com/v1alpha2",
        "kind": "Plugin",
        "metadata": {"name": "krm-injector"},
        "spec": spec,
    }
    return [archive, _manifest(output / "krew-krm-injector.yaml", manifest)]


def _helm(tree: Path, program: bytes, license_text: bytes, output: Path, source: Source) -> Path:
    """The post-renderer of Helm 4: functions/helm with the program in it."""
    plugin = (tree / "functions" / "helm" / "plugin.yaml").read_text()
    plugin = re.sub(r"^#.*\n", "", plugin, flags=re.MULTILINE)
    plugin, count = re.subn(
        r"- command: krm-injector$",
        "- command: ${HELM_PLUGIN_DIR}/krm-injector",
        plugin,
        flags=re.MULTILINE,
    )
    plugin, again = re.subn(r"^version: .*$", f"version: {source.version}", plugin, flags=re.M)
    assert count == again == 1, "functions/helm/plugin.yaml has another form"
    files = {"plugin.yaml": plugin.encode(), "krm-injector": program, "LICENSE": license_text}
    # Helm 4 looks for the folder that the archive's name has before the version.
    within = {f"krm-injector-helm/{name}": content for name, content in files.items()}
    name = f"krm-injector-helm-{source.version}.tgz"
    return archives.tar(output / name, within, source.epoch)


def _flux(
    program: bytes, license_text: bytes, output: Path, url: str, source: Source
) -> list[Path]:
    """flux krm-injector: a plugin of the Flux CLI (types of flux2, pkg/plugin/types.go, 2.9)."""
    files = {"flux-krm-injector": program, "LICENSE": license_text}
    archive = archives.tar(output / "flux-krm-injector.tar.gz", files, source.epoch)
    platforms = [
        {
            "os": system,
            "arch": architecture,
            "url": f"{url}/{archive.name}",
            "checksum": f"sha256:{_sha256(archive)}",
        }
        for system in _SYSTEMS
        for architecture in ("amd64", "arm64")
    ]
    manifest = {
        "apiVersion": "cli.fluxcd.io/v1beta1",
        "kind": "Plugin",
        "name": "krm-injector",
        "description": ABOUT,
        "homepage": HOME,
        "bin": "flux-krm-injector",
        "versions": [{"version": source.version, "platforms": platforms}],
    }
    return [archive, _manifest(output / "flux-krm-injector.yaml", manifest)]


def _manifest(path: Path, value: dict[str, Any]) -> Path:
    """JSON is YAML, and these programs read both."""
    path.write_text(json.dumps(value, indent=2) + "\n")
    return path


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
