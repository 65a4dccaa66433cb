"""The commit that is released."""

from __future__ import annotations

import io
import re
import subprocess
import tarfile
from dataclasses import dataclass
from pathlib import Path

from release import archives


@dataclass(frozen=True)
class Source:
    repository: Path
    commit: str
    epoch: int  # the time of the commit, in seconds
    version: str  # of the package
    changelog: str

    @classmethod
    def of_commit(cls, repository: Path, revision: str = "HEAD") -> Source:
        def git(*words: str) -> str:
            return subprocess.run(
                ["git", *words], cwd=repository, capture_output=True, text=True, check=True
            ).stdout.strip()

        commit = git("rev-parse", revision)
        package = git("show", f"{commit}:krm_injector/__init__.py")
        found = re.search(r'^__version__ = "(.+)"$', package, re.MULTILINE)
        assert found, "krm_injector/__init__.py has no __version__"
        epoch = int(git("show", "-s", "--format=%ct", commit))
        return cls(repository, commit, epoch, found[1], git("show", f"{commit}:CHANGELOG.md"))

    def changelog_problem(self) -> str:
        """Why CHANGELOG.md is not ready for the version; "" if it is."""
        section = rf"^## {re.escape(self.version)}\b.*\n+(?!## )\S"
        if re.search(section, self.changelog, re.MULTILINE):
            return ""
        return (
            f'CHANGELOG.md has no section "## {self.version}" with text; '
            "write it, or build with --unreleased"
        )

    def unpacked(self, directory: Path) -> Path:
        """The files of the commit, without what lies beside them in the working tree."""
        command = ["git", "archive", "--format=tar", self.commit]
        done = subprocess.run(command, cwd=self.repository, capture_output=True, check=True)
        with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
            archives.extract(archive, directory)
        return directory
