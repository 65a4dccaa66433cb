"""What git says about the repository of the working directory.

Only git itself is run: no hook, no filter, no textconv, no diff program and no file system monitor
that a repository's settings name.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence

from krm_injector.model import Refused, Result
from krm_injector.named_tuple import NamedTuple
from krm_injector.sources import files
from krm_injector.sources.processes import stderr_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from krm_injector.sources.processes import Finished, Runner

_SAFE = (
    "--no-pager", "--no-optional-locks", "-c", "core.fsmonitor=false",
    "-c", "core.hooksPath=/dev/null",
)  # fmt: skip
_DIFF = (
    "diff", "--raw", "-z", "--no-abbrev", "--no-renames", "--no-relative", "--no-ext-diff",
    "--no-textconv", "--no-color", "--ignore-submodules=none", "-O/dev/null",
)  # fmt: skip
_SUBMODULE = "160000"  # the mode of an entry that is a commit of another repository


class Changed(NamedTuple):
    """Paths relative to the repository's directory."""

    paths: frozenset[str]
    repositories: frozenset[str]  # those of them that are submodules or other repositories


class Repository:
    """The repository that the working directory is in. Raises Refused if there is none."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        self._options = list(_SAFE)
        done = self._run("rev-parse", "--show-cdup")
        if done.code:
            raise _refused(f"git finds no repository here: {_reason(done)}", "leave it out")

        up = os.fsdecode(done.out).rstrip("\n")
        self._up = os.path.normpath(up or ".")
        self._top = os.path.realpath(self._up)
        self._directories: dict[str, str] = {}
        self._options += self._without_filters()

    def _without_filters(self) -> list[str]:
        """Options by which no filter is run. A repository's attributes choose among those of the
        user's settings.
        """
        done = self._run("config", "-z", "--name-only", "--get-regexp", r"^filter\..*")
        names = {
            name.split("\n")[0].rpartition(".")[0]
            for name in os.fsdecode(done.out).split("\0")
            if name
        }
        options = []
        for name in sorted(names):
            for setting in ("clean=", "process=", "required=false"):
                options += ["-c", f"{name}.{setting}"]
        return options

    # ------------------------------------------------------------ paths

    def path(self, path: str) -> str | None:
        """A path of the working directory, relative to the repository. None if it is outside."""
        folder, name = os.path.split(path)
        if name in ("", ".", ".."):
            folder, name = path, ""

        real = self._directories.get(folder)
        if real is None:
            real = self._directories[folder] = os.path.realpath(folder or ".")
        whole = os.path.join(real, name) if name else real
        if whole == self._top:
            return "."
        prefix = self._top.rstrip("/") + "/"
        return whole[len(prefix) :] if whole.startswith(prefix) else None

    def shown(self, path: str) -> str:
        """A path of the repository, relative to the working directory."""
        return files.shown(os.path.relpath(os.path.join(self._up, path)))

    # ------------------------------------------------------------ what changed

    def changed_since(self, revision: str) -> Changed:
        """What differs between a revision and the working tree, with new files."""
        commit = self._commit(revision)
        records = self._list(*_DIFF, commit, "--")
        paths: set[str] = set()
        repositories: set[str] = set()
        # Each record is two: ":MODE MODE HASH HASH STATUS", and the path.
        for head, path in zip(records[::2], records[1::2], strict=True):
            paths.add(path)
            if _SUBMODULE in head.split(" ")[:2] or head.startswith(f":{_SUBMODULE}"):
                repositories.add(path)

        for path in self._list("ls-files", "--others", "--exclude-standard", "-z"):
            paths.add(path.rstrip("/"))
            if path.endswith("/"):  # a repository in the repository
                repositories.add(path.rstrip("/"))

        return Changed(frozenset(paths), frozenset(repositories))

    def ignored(self) -> frozenset[str]:
        """What git does not look at: ignored files, and those of which it is told to assume that
        they are unchanged. A directory stands for everything in it.
        """
        listed = self._list(
            "ls-files", "--others", "--ignored", "--exclude-standard", "--directory", "-z"
        )
        paths = {path.rstrip("/") for path in listed}
        # A small letter: assume-unchanged; S: skip-worktree.
        tagged = self._list("ls-files", "-v", "-z")
        paths.update(each[2:] for each in tagged if each[0].islower() or each[0] == "S")
        return frozenset(paths)

    def _commit(self, revision: str) -> str:
        """The commit with which the working tree is compared: "main..." is where the current branch
        left main.
        """
        start, dots, end = revision.partition("..")
        if dots and end.removeprefix(".") not in ("", "HEAD"):
            raise _refused(
                f"--changed-since {revision} ends at another commit than the one that is checked "
                "out, and targets are rendered from the working tree",
                f"check it out, and say --changed-since {start}{'...' if end[:1] == '.' else ''}",
            )
        if not start or start.startswith("-"):
            raise _refused(f"--changed-since {revision} is no git revision", "name one, as main")

        done = self._run("rev-parse", "--verify", "--quiet", f"{start}^{{commit}}")
        commit = os.fsdecode(done.out).strip()
        if done.code or not re.fullmatch("[0-9a-f]{40,64}", commit):
            raise self._unknown(start, _reason(done))
        if not end.startswith("."):
            return commit

        done = self._run("merge-base", commit, "HEAD")
        base = os.fsdecode(done.out).strip().partition("\n")[0]
        if done.code or not base:
            raise self._unknown(start, _reason(done) or "it has no commit in common with HEAD")
        return base

    def _unknown(self, revision: str, reason: str) -> Refused:
        problem = f"git knows no revision {revision}"
        if reason:
            problem = f"git cannot use the revision {revision}: {reason}"

        shallow = self._run("rev-parse", "--is-shallow-repository").out.strip() == b"true"
        if shallow:
            remedy = (
                "this clone is shallow: fetch its history, with git fetch --unshallow, or with "
                "fetch-depth: 0 where the CI checks out"
            )
        else:
            remedy = "name a commit, tag or branch of this clone; git fetch may bring it"
        return _refused(problem, remedy)

    # ------------------------------------------------------------ git

    def _list(self, *words: str) -> list[str]:
        """The parts of an answer that NUL separates. Raises Refused."""
        done = self._run("-C", self._up, *words)
        if done.code:
            message = f"git {words[0]} failed (exit status {done.code}): {_reason(done)}"
            raise _refused(message, "leave it out, and every target is rendered")
        return [os.fsdecode(part) for part in done.out.split(b"\0") if part]

    def _run(self, *words: str) -> Finished:
        command: Sequence[str] = ["git", *self._options, *words]
        try:
            return self._runner(command)
        except OSError as problem:
            reason = problem.strerror or str(problem)
            raise _refused(
                f"git could not be started: {reason}", "install git, or leave it out"
            ) from None


def _reason(done: Finished) -> str:
    return stderr_text(done.err).removeprefix("fatal: ").strip()


def _refused(problem: str, remedy: str) -> Refused:
    message = f"--changed-since: {problem}; {remedy}"
    if problem.startswith("--changed-since"):
        message = f"{problem}; {remedy}"
    return Refused(Result("error", message, code="fleet-changed-since"))
