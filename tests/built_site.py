"""The documentation as a site, built as `make docs` builds it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from paths import ROOT


def build(directory: Path, repository: str = "") -> Path:
    """The site in the directory; an error of the build is one of the test."""
    command = [sys.executable, "-m", "mkdocs", "build", "--quiet", "--strict", "--site-dir"]
    environment = {
        **os.environ,
        "NO_MKDOCS_2_WARNING": "1",
        "KRM_INJECTOR_REPOSITORY": repository,
    }
    done = subprocess.run(
        [*command, str(directory)], cwd=ROOT, env=environment, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return directory
