"""The packages for Python: wheel, sdist, and one file with all dependencies."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from release import archives

_MAIN = b"from krm_injector.cli import main\n\nmain()\n"
# RECORD has the hashes of what is left out, and of scripts with a path of here; WHEEL names the
# Python that builds.
_OF_THE_BUILDER = ("RECORD", "WHEEL", "direct_url.json")
# Compiled modules are for one platform. PyYAML and pyrsistent do without.
_LEFT_OUT = (".so", ".pyd", ".pyc", ".pyx", ".h", ".pxd")


def python_packages(tree: Path, output: Path, epoch: int) -> tuple[Path, Path]:
    """Wheel and sdist, by the backend that pyproject.toml names."""
    build = (
        "import sys\nfrom flit_core import buildapi\n"
        "for build in (buildapi.build_wheel, buildapi.build_sdist):\n    print(build(sys.argv[1]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", build, str(output.resolve())],
        cwd=tree, env={**os.environ, "SOURCE_DATE_EPOCH": str(epoch)}, text=True,
        stdout=subprocess.PIPE, check=True,
    )  # fmt: skip
    wheel, sdist = done.stdout.split()
    (output / wheel).chmod(0o644)  # flit keeps it to its owner
    return output / wheel, output / sdist


def zipapp(tree: Path, output: Path, epoch: int) -> Path:
    """krm-injector.pyz: the package and what it needs, in pure Python."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        lock = tree / "requirements" / "zipapp.txt"
        command = [sys.executable, "-m", "pip", "install", "--disable-pip-version-check", "-q",
                   "--no-deps", "--no-compile", "--only-binary=:all:", "--require-hashes",
                   "--target", folder, "-r", str(lock)]  # fmt: skip
        subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
        files = {"__main__.py": _MAIN, **_files(place), **_files(tree, "krm_injector")}
        return archives.executable_zip(output / "krm-injector.pyz", files, epoch)


def _files(root: Path, below: str = "") -> dict[str, bytes]:
    found = {}
    for path in (root / below).rglob("*"):
        name = path.relative_to(root).as_posix()
        is_kept = path.suffix not in _LEFT_OUT and path.name not in _OF_THE_BUILDER
        if path.is_file() and is_kept and not name.startswith("bin/"):
            found[name] = path.read_bytes()
    return found
