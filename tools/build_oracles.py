"""Builds the small Go programs that answer for Go and Kubernetes: go_oracle and kube_oracle.

    python tools/build_oracles.py DIRECTORY

They are asked by tests/fuzz/comparing.py. Their modules are pinned by go.mod and go.sum. A go that
is older than they ask for brings a newer toolchain, which is a Go module like the others; nothing
of it is installed on the machine.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

TOOLS = Path(__file__).resolve().parent
PROGRAMS = ("go_oracle", "kube_oracle")
TOOLCHAIN = "golang.org/toolchain@v0.0.1-go1.26.0.linux-amd64"
_ENOUGH = (1, 26)


def build(directory: Path) -> dict[str, Path]:
    """Each program by its name. Raises subprocess.CalledProcessError, with Go's complaint."""
    directory.mkdir(parents=True, exist_ok=True)
    go = _go(directory)
    made = {}
    for name in PROGRAMS:
        made[name] = directory.resolve() / name.replace("_", "-")
        _run([go, "build", "-o", str(made[name]), "."], TOOLS / name)
    return made


def _go(directory: Path) -> str:
    """A go that is new enough. From Go 1.21 on, go itself gets what a module asks for."""
    version = _run(["go", "env", "GOVERSION"], directory).strip().removeprefix("go")
    numbers = tuple(int(part) for part in version.split(".")[:2] if part.isdigit())
    if numbers >= _ENOUGH:
        return "go"

    told = json.loads(_run(["go", "mod", "download", "-json", TOOLCHAIN], directory))
    root = Path(told["Dir"])
    for folder in (root / "bin", root / "pkg" / "tool" / "linux_amd64"):
        for program in folder.iterdir():
            program.chmod(0o755)  # modules have no executable files
    return str(root / "bin" / "go")


def _run(command: list[str], directory: Path) -> str:
    # -mod=mod is only for a download outside of a module; what is built is pinned.
    flags = "-mod=mod" if "download" in command else "-mod=readonly -buildvcs=false"
    environment = {**os.environ, "GOFLAGS": flags, "GOTOOLCHAIN": "local", "CGO_ENABLED": "0"}
    environment.pop("GOROOT", None)
    done = subprocess.run(
        command, cwd=directory, env=environment, stdout=subprocess.PIPE, check=True, text=True
    )
    return done.stdout


if __name__ == "__main__":
    for path in build(Path(sys.argv[1])).values():
        print(path)
