"""The programs that are compared: krm-injector in several ways, an older build of it, istioctl."""

from __future__ import annotations

import io
import lzma
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from measuring import NO_CHANGES, Program

ROOT = Path(__file__).resolve().parent.parent
SHARED = Path(os.environ.get("KRM_INJECTOR_SHARED") or ROOT.parent / "shared")
LAUNCHER = Path(sys.executable).parent / "krm-injector"
OURS, BASE, ISTIOCTL, FLOOR = "krm-injector", "base", "istioctl", "floor"

# Other ways to the same bytes, and the environment that selects them.
WAYS: Mapping[str, Mapping[str, str]] = {
    "plain path": {"KRM_INJECTOR_SHAPES": "off"},
}


class Build(NamedTuple):
    """A krm-injector that can be run."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = NO_CHANGES

    def program(self, stdin: Path | None, *words: str) -> Program:
        return Program(self.name, [*self.command, *words], stdin, self.environment)

    def in_way(self, name: str) -> Build:
        return self._replace(name=name, environment={**self.environment, **WAYS[name]})


def own_build(command: str | None) -> Build:
    if command:
        return Build(OURS, command.split())
    return of_tree(OURS, ROOT)


def base_build(named: str, work: Path) -> tuple[Build, str] | None:
    """The build to compare with, and its commit: `named` is a checkout or a commit of this one."""
    tree = Path(named)
    if not tree.is_dir():
        archive = _git(ROOT, "archive", "--format=zip", named, "krm_injector")
        if archive is None:
            return None
        tree = work / "base"
        zipfile.ZipFile(io.BytesIO(archive)).extractall(tree)
        return of_tree(BASE, tree), named

    commit = _git(tree, "rev-parse", "--short=7", "HEAD")
    return of_tree(BASE, tree.resolve()), commit.decode().strip() if commit else tree.name


def of_tree(name: str, tree: Path) -> Build:
    """What `tree` holds, started by the launcher of this environment. Its modules are compiled now:
    where bytecode may not be written, every start would pay for it.
    """
    package = tree / "krm_injector"
    subprocess.run([sys.executable, "-m", "compileall", "-q", str(package)], check=True)
    environment = {"PYTHONPATH": str(tree)}
    found = subprocess.run(
        [sys.executable, "-c", "import krm_injector; print(krm_injector.__file__)"],
        env={**os.environ, **environment},
        cwd=os.sep,  # where no other krm_injector lies
        stdout=subprocess.PIPE,
        check=True,
    )
    if Path(found.stdout.decode().strip()).parent != package:
        raise SystemExit(f"{name}: {package} is not what Python imports")

    return Build(name, [str(LAUNCHER)], environment)


def _git(tree: Path, *words: str) -> bytes | None:
    try:
        done = subprocess.run(["git", "-C", str(tree), *words], capture_output=True)
    except OSError:
        return None
    return None if done.returncode else done.stdout


# ---------------------------------------------------------------- istioctl


def find_istioctl(named: str | None, work: Path) -> str | None:
    known = (named, os.environ.get("ISTIOCTL"), "istioctl", str(ROOT / ".tools" / "istioctl"))
    for candidate in filter(None, known):
        if program := shutil.which(candidate):
            return program

    packed = SHARED / "bin" / "istioctl.xz"
    if not packed.exists():
        return None
    target = work / "istioctl"
    with lzma.open(packed) as source, target.open("wb") as file:
        shutil.copyfileobj(source, file)
    target.chmod(0o755)
    return str(target)


def istioctl_version(istioctl: str) -> str:
    words = [istioctl, "version", "--remote=false", "--output", "json"]
    done = subprocess.run(words, env={**os.environ, "KUBECONFIG": os.devnull}, capture_output=True)
    _, _, rest = done.stdout.decode().partition('"version": "')
    return rest.partition('"')[0] or "of unknown version"


def kube_inject(
    istioctl: str, manifests: Path, mesh: Sequence[Mapping[str, Any]], work: Path
) -> Program:
    """istioctl with the same mesh, which it wants in three files."""
    data = {key: text for document in mesh for key, text in document.get("data", {}).items()}
    files = {key: work / f"{key}.yaml" for key in ("config", "mesh", "values")}
    for key, file in files.items():
        file.write_text(data[key])

    line = [istioctl, "kube-inject", "-r", "default", "-f", str(manifests)]
    line += ["--injectConfigFile", str(files["config"]), "--meshConfigFile", str(files["mesh"])]
    return Program(ISTIOCTL, [*line, "--valuesFile", str(files["values"])])
