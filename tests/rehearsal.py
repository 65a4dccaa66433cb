"""The directory in which the commands of docs/rehearsal.md run: the shop, a krm-injector, and a
kubectl whose cluster has Istio 1.30.3 from the retiring hub.

Used by the page's test and by the picture of it (tools/screenshots.py).
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

from command import install_krm_injector
from paths import DIFFERENTIAL, ROOT

RETIRING, STAYING = "registry.istio.io/release", "docker.io/istio"
INSTALLATION = DIFFERENTIAL / "mesh" / "default.yaml"  # of 1.30.3, on the hub that stays
PAGE = ROOT / "docs" / "rehearsal.md"


def prepare(folder: Path) -> None:
    shutil.copy(ROOT / "tests" / "bundles" / "shop.yaml", folder)
    cluster = INSTALLATION.read_text().replace(STAYING, RETIRING)
    (folder / "cluster.yaml").write_text(cluster)

    programs = folder / "bin"
    programs.mkdir()
    install_krm_injector(programs)
    kubectl = programs / "kubectl"
    kubectl.write_text(f"#!/bin/sh\nexec cat '{folder}/cluster.yaml'\n")
    kubectl.chmod(0o755)


def blocks() -> list[str]:
    """The page's commands, by step."""
    return re.findall(r"^```sh\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)


def run(block: str, folder: Path) -> str:
    """What the commands print, on their way to the page's reader."""
    path = os.pathsep.join([str(folder / "bin"), str(ROOT / ".tools"), os.environ["PATH"]])
    environment = {**os.environ, "PATH": path, "KUBECONFIG": os.devnull}
    done = subprocess.run(
        ["sh", "-ec", block], cwd=folder, env=environment, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout
