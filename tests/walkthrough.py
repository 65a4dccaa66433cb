"""The directory in which the commands of docs/fleet.md run: the repository of a company, in git.

Used by the page's test and by the pictures of it (tools/screenshots.py).
"""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import fleet_tree
from command import install_krm_injector
from outside import needs_program
from paths import ROOT

PAGE = ROOT / "docs" / "fleet.md"
WHOLE = fleet_tree.Size()  # as the page says
SMALL = fleet_tree.Size(clusters=4, overlays=5, workloads=4)
IDENTITY = {
    f"GIT_{who}_{what}": value
    for who in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "company"), ("EMAIL", "company@example.com"))
}


def prepare(folder: Path, size: fleet_tree.Size) -> None:
    """The repository in `company`, the programs in `bin`."""
    for name in ("kustomize", "git"):
        needs_program(name)
    programs = folder / "bin"
    programs.mkdir()
    install_krm_injector(programs)
    (programs / "helm").symlink_to(needs_program("helm3"))
    fleet_tree.write(folder / "company", size)
    run('git init --quiet && git add --all && git commit --quiet --message "All"', folder)


def blocks() -> list[str]:
    """The page's commands, by step."""
    return re.findall(r"^```sh\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)


def run(block: str, folder: Path) -> str:
    """What the commands print, on their way to the page's reader."""
    path = os.pathsep.join([str(folder / "bin"), str(ROOT / ".tools"), os.environ["PATH"]])
    environment = {**os.environ, **IDENTITY, "PATH": path, "KUBECONFIG": os.devnull}
    environment.pop("COLUMNS", None)
    done = subprocess.run(
        ["sh", "-ec", block],
        cwd=folder / "company",
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, (block, done.stdout, done.stderr)
    return done.stdout
