"""Repositories of many targets, and krm-injector over them, as its users call it."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import fleet_tree
from builders import deployment, namespace
from command import KRM_INJECTOR, environment
from outside import needs_program
from paths import ROOT

from krm_injector.kube.yaml import dump

FLEET_FILE = fleet_tree.FLEET_FILE
OLD, NEW = (f"meshes/istio-{minor}.yaml" for minor in (fleet_tree.OLD, fleet_tree.NEW))
INDEX = ".krm-injector-fleet"  # begins the names of what fleet build keeps in its output


class Done(NamedTuple):
    code: int
    out: str
    err: str


class Repository(NamedTuple):
    """A directory in which commands run."""

    root: Path
    variables: Mapping[str, str] = {}

    def krm(self, *words: str, stdin: str = "", timeout: float = 300) -> Done:
        done = subprocess.run(
            [*KRM_INJECTOR, *words],
            input=stdin,
            capture_output=True,
            text=True,
            cwd=self.root,
            env=self.environment(),
            timeout=timeout,
            check=False,
        )
        assert "Traceback" not in done.stderr, done.stderr
        return Done(done.returncode, done.stdout, done.stderr)

    def start(self, *words: str) -> subprocess.Popen[str]:
        """In a process group of its own, as a shell starts a job."""
        return subprocess.Popen(
            [*KRM_INJECTOR, *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=self.root,
            env=self.environment(),
            start_new_session=True,
        )

    def environment(self) -> dict[str, str]:
        path = os.pathsep.join([str(ROOT / ".tools"), os.environ["PATH"]])
        return {**environment(), "PATH": path, "KUBECONFIG": os.devnull, **self.variables}

    def build(self, *options: str, output: str = "out") -> Done:
        """The output is beside the repository, not in it."""
        return self.krm("fleet", "build", "--quiet", "--output", f"../{output}", *options, ".")

    def targets(self, *options: str) -> list[dict[str, Any]]:
        done = self.krm("fleet", "list", "--quiet", "--output", "json", *options, ".")
        assert done.code == 0, done.err
        listed: list[dict[str, Any]] = json.loads(done.out)["targets"]
        return listed

    def names(self, *options: str) -> list[str]:
        return [target["name"] for target in self.targets(*options)]

    def write(self, path: str, text: str) -> Path:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        return file

    def git(self, *words: str) -> str:
        identity = ["-c", "user.name=test", "-c", "user.email=test@example.com"]
        done = subprocess.run(
            ["git", *identity, *words], cwd=self.root, capture_output=True, text=True, check=True
        )
        return done.stdout


def generated(root: Path, size: fleet_tree.Size) -> Repository:
    """A company's repository; its overlays need kustomize."""
    needs_program("kustomize")
    fleet_tree.write(root, size)
    return Repository(root)


def plain(root: Path, count: int) -> Repository:
    """Directories of manifests, with a Namespace each: no program is needed to render them."""
    repository = Repository(root)
    for number in range(count):
        write_app(repository, number)
    return repository


def write_app(repository: Repository, number: int, image: str = "app:1") -> Path:
    name = f"app-{number:03}"
    workload = deployment(name, namespace=name)
    workload["spec"]["template"]["spec"]["containers"][0]["image"] = image
    objects = [namespace(name, injection="enabled"), workload]
    return repository.write(f"apps/{name}/all.yaml", "---\n".join(map(dump, objects)))


def files(directory: Path) -> dict[str, bytes]:
    """All manifests below a directory of output, by their paths."""
    return {
        name: path.read_bytes()
        for path in sorted(directory.rglob("*"))
        if path.is_file() and not (name := str(path.relative_to(directory))).startswith(INDEX)
    }


def children(pid: int) -> list[int]:
    """The processes that a process started: see can_list_children."""
    path = Path(f"/proc/{pid}/task/{pid}/children")
    try:
        return [int(word) for word in path.read_text().split()]
    except OSError:
        return []


def can_list_children() -> bool:
    return Path(f"/proc/self/task/{os.getpid()}/children").exists()
