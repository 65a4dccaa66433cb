"""No file of the repository names a package index or an image registry, but for Istio's own hubs of
images.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from outside import not_at_hand
from paths import ROOT

# Written in parts, so that this file names none either.
INDEXES = (
    "pypi" + ".org",
    "pythonhosted" + ".org",
    "npmjs" + ".",
    "crates" + ".io",
    "proxy.golang" + ".org",
)
REGISTRIES = (
    "ghcr" + ".io",
    "quay" + ".io",
    "hub.docker" + ".com",
    "pkg" + ".dev",
    "azurecr" + ".io",
)
HUBS = re.compile(r"\b(?:index\.)?docker\.io/(?!istio\b|istio-evil)|\bgcr\.io/(?!istio-)")
RULES = {
    "krm_injector/injection/images.py",
    "tests/injection/test_images.py",
    "docs/supply-chain.md",
}  # say what short names mean


def files() -> list[Path]:
    try:
        told = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        not_at_hand("the list of files", "git, and a clone of the repository")
    return [ROOT / name for name in told.stdout.decode().split("\0") if name]


def test_no_file_names_a_package_index_or_an_image_registry() -> None:
    found = []
    for file in files():
        name = str(file.relative_to(ROOT))
        text = file.read_bytes().decode("utf-8", "replace") if file.is_file() else ""
        found += [(name, host) for host in (*INDEXES, *REGISTRIES) if host in text]
        if name not in RULES:
            found += [(name, match[0]) for match in HUBS.finditer(text)]
    assert found == []
