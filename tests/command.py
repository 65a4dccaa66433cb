"""krm-injector as others call it: a process with words, a standard input and an environment."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from paths import ROOT

KRM_INJECTOR = (sys.executable, "-m", "krm_injector")


def environment(variables: Mapping[str, str] | None = None) -> dict[str, str]:
    """The test's own environment, from any working directory, with these variables.

    COLUMNS is left out: pytest-xdist sets it, and it decides how wide a table is.
    """
    inherited = {name: value for name, value in os.environ.items() if name != "COLUMNS"}
    return {**inherited, "PYTHONPATH": str(ROOT), **(variables or {})}


def krm(
    *words: str,
    stdin: str | bytes = b"",
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    timeout: float = 60,
) -> subprocess.CompletedProcess[bytes]:
    """Run the program to its end, whatever its exit status is."""
    return subprocess.run(
        [*KRM_INJECTOR, *words],
        input=stdin.encode() if isinstance(stdin, str) else stdin,
        capture_output=True,
        env=environment(env),
        cwd=cwd,
        timeout=timeout,
        check=False,
    )


def krm_text(
    *words: str, stdin: str = "", cwd: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """The same with text in and text out."""
    done = krm(*words, stdin=stdin, cwd=cwd)
    return subprocess.CompletedProcess(
        done.args, done.returncode, done.stdout.decode(), done.stderr.decode()
    )


def install_krm_injector(directory: Path) -> Path:
    """Write a program krm-injector into the directory that runs this working tree."""
    executable = directory / "krm-injector"
    executable.write_text(
        f"#!{sys.executable} -I\nimport sys\nsys.path.insert(0, {str(ROOT)!r})\n"
        "from krm_injector.cli import main\n\nmain()\n"
    )
    executable.chmod(0o755)
    return executable
