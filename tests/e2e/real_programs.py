"""Finding and running the real programs, and comparing what they print. Used by every test in
tests/e2e.
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml
from paths import ROOT, SHARED

TOOLS = ROOT / ".tools"
PACKED = ("kustomize", "kpt", "helm3", "helm4", "argocd-cmp-server")

Key = tuple[str, str, str]  # kind, namespace, name


def missing(reason: str) -> None:
    """Skip a test for want of a program, or fail it where none may be missing."""
    if os.environ.get("KRM_INJECTOR_REQUIRE_TOOLS") == "1":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


class Done(NamedTuple):
    """A program that has ended."""

    code: int
    out: bytes
    err: str


class Programs:
    """The programs of this machine. ``path`` is the PATH on which krm-injector is this one and
    docker works.
    """

    def __init__(self, own: Path) -> None:
        # A docker without an engine may lie on PATH: the working one (recipes/container-runtime.sh)
        # goes before it.
        containers = os.environ.get("KRM_INJECTOR_CONTAINERS") or str(TOOLS / "containers")
        self.own = own
        self.path = os.pathsep.join([str(own), containers, str(TOOLS), os.environ["PATH"]])

    def need(self, name: str) -> str:
        """The full path of a program; skips (or fails) the test where it is missing."""
        found = self._unpacked(name) or shutil.which(name, path=self.path)
        if found is None or (name == "docker" and not _works(found)):
            missing(
                f"{name} is not here"
                + (" (scripts: recipes/container-runtime.sh)" if name == "docker" else "")
            )
        assert found is not None
        return found

    def every(self, name: str) -> list[str]:
        """All versions of a program that are here, each once, the one that `need` gives first."""
        found = [self.need(name)]
        for directory in self.path.split(os.pathsep):
            other = shutil.which(name, path=directory)
            if other and os.path.realpath(other) not in {os.path.realpath(path) for path in found}:
                found.append(other)
        return found

    def read_only(self) -> list[str]:
        """docker's words for a read-only root. podman would give /tmp, /run and /var/tmp back to
        write to.
        """
        docker = self.need("docker")
        told = subprocess.run(
            [docker, "run", "--help"], capture_output=True, check=False, env=self.environment()
        )
        return [
            "--read-only",
            *(["--read-only-tmpfs=false"] if b"--read-only-tmpfs" in told.stdout else []),
        ]

    def environment(self, more: Mapping[str, str] | None = None) -> dict[str, str]:
        kept = {
            name: value
            for name, value in os.environ.items()
            if name not in ("PYTHONPATH", "NO_COLOR")
        }
        return {**kept, "PATH": self.path, **(more or {})}

    def run(
        self,
        command: Sequence[str],
        cwd: Path,
        code: int | None = 0,
        stdin: bytes = b"",
        env: Mapping[str, str] | None = None,
        timeout: float = 120,
    ) -> Done:
        """Run a command whose first word is a program's name or path. ``code``: the exit status
        that is right, or None for any.
        """
        program = command[0] if os.sep in command[0] else self.need(command[0])
        done = subprocess.run(
            [program, *command[1:]],
            cwd=cwd,
            input=stdin,
            env=self.environment(env),
            capture_output=True,
            check=False,
            timeout=timeout,
        )
        answer = Done(done.returncode, done.stdout, done.stderr.decode("utf-8", "replace"))
        if code is not None:
            said = f"{answer.err}\n{answer.out[-2000:].decode('utf-8', 'replace')}"
            assert answer.code == code, f"{' '.join(command)}: exit status {answer.code}: {said}"
        return answer

    def interrupted(
        self, command: Sequence[str], cwd: Path, when: Path, env: Mapping[str, str] | None = None
    ) -> Done:
        """Run a command and send SIGTERM to it and its children as soon as the file ``when``
        appears.
        """
        program = command[0] if os.sep in command[0] else self.need(command[0])
        process = subprocess.Popen(
            [program, *command[1:]],
            cwd=cwd,
            env=self.environment(env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        try:
            end = time.monotonic() + 30
            while not when.exists() and process.poll() is None and time.monotonic() < end:
                time.sleep(0.01)
            assert when.exists(), "the command ended before it could be interrupted"
            os.killpg(process.pid, signal.SIGTERM)
            out, err = process.communicate(timeout=30)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
        return Done(process.returncode, out, err.decode("utf-8", "replace"))

    def _unpacked(self, name: str) -> str | None:
        """A program of ../shared/bin, unpacked once."""
        program = TOOLS / name
        if (
            name in PACKED
            and not program.exists()
            and (SHARED / "bin" / f"{name}.xz").exists()
            and shutil.which("xz")
        ):
            subprocess.run(
                [str(SHARED / "bin" / "unpack"), name, str(TOOLS)], check=True, capture_output=True
            )
        return str(program) if program.exists() else None


@functools.cache
def _works(docker: str) -> bool:
    """Whether a docker client has something that runs containers."""
    done = subprocess.run([docker, "images", "-q"], capture_output=True, check=False, timeout=60)
    return done.returncode == 0


def build_image(docker: str, requirements: str = "run") -> tuple[str, str]:
    """The image of this working tree, built where it is not there yet: its name, or what went
    wrong. It has the packages of requirements/REQUIREMENTS.txt.
    """
    sources = [
        ROOT / "Dockerfile",
        ROOT / "pyproject.toml",
        ROOT / "requirements" / f"{requirements}.txt",
        *sorted((ROOT / "krm_injector").rglob("*.*")),
    ]
    digest = hashlib.sha256()
    for source in sources:
        if source.is_file() and "__pycache__" not in source.parts:
            digest.update(str(source.relative_to(ROOT)).encode() + b"\0" + source.read_bytes())
    name = f"localhost/krm-injector:e2e-{digest.hexdigest()[:12]}"
    if (
        subprocess.run(
            [docker, "image", "inspect", name], capture_output=True, check=False
        ).returncode
        == 0
    ):
        return name, ""
    chosen = ["--build-arg", f"REQUIREMENTS={requirements}"]
    done = subprocess.run(
        [docker, "build", "-q", *chosen, "-t", name, str(ROOT)], capture_output=True, check=False
    )
    return name, done.stderr.decode("utf-8", "replace")[-2000:] if done.returncode else ""


# ---------------------------------------------------------------- comparing


def documents(text: bytes) -> dict[Key, bytes]:
    """The documents of a YAML stream by identity, each with its own bytes (without what separates
    them).
    """
    found: dict[Key, bytes] = {}
    for part in (b"\n" + text).split(b"\n---\n"):
        part = part.strip(b"\n")
        value = yaml.load(part, yaml.CSafeLoader) if part else None
        if isinstance(value, dict):
            found[key(value)] = part + b"\n"
    return found


def objects(text: bytes) -> dict[Key, dict[str, object]]:
    """The objects of a YAML or JSON stream by identity."""
    return {
        key(value): value
        for value in yaml.load_all(text, yaml.CSafeLoader)
        if isinstance(value, dict)
    }


def key(value: dict[str, object]) -> Key:
    metadata = value.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    return str(value["kind"]), str(metadata.get("namespace", "")), str(metadata.get("name", ""))


def workloads(values: Mapping[Key, dict[str, object]]) -> dict[Key, bytes]:
    """Everything with containers, as canonical bytes (JSON, sorted keys): the same whoever printed
    it.

    What orchestrators write for themselves (config.kubernetes.io/*, config.k8s.io/*) does not
    count.
    """
    return {name: canonical(value) for name, value in values.items() if _has_containers(value)}


def canonical(value: Any) -> bytes:
    value = json.loads(json.dumps(value))  # a copy: it is changed below
    metadata = value.get("metadata", {})
    annotations = metadata.get("annotations") or {}
    for name in [
        name for name in annotations if "config.kubernetes.io/" in name or "config.k8s.io/" in name
    ]:
        del annotations[name]
    if not annotations:
        metadata.pop("annotations", None)
    return json.dumps(value, sort_keys=True, indent=1).encode()


def _has_containers(value: object) -> bool:
    if isinstance(value, dict):
        return isinstance(value.get("containers"), list) or any(
            _has_containers(child) for child in value.values()
        )
    return isinstance(value, list) and any(_has_containers(child) for child in value)


def injected(values: Mapping[Key, dict[str, object]]) -> set[Key]:
    """Whose pods hold a container or an init container istio-proxy."""

    def proxied(value: object) -> bool:
        if isinstance(value, dict):
            return (value.get("name") == "istio-proxy" and "image" in value) or any(
                map(proxied, value.values())
            )
        return isinstance(value, list) and any(map(proxied, value))

    return {name for name, value in values.items() if proxied(value)}


# ---------------------------------------------------------------- inputs


def function_config(
    image: str = "", spec: str = "  method: automatic\n", program: str = "krm-injector"
) -> str:
    """A functionConfig for kustomize: exec, or a container where an image is named."""
    how = (
        f"      container:\n        image: {image}\n"
        if image
        else f"      exec:\n        path: {program}\n"
    )
    return (
        "apiVersion: krm-injector.dev/v1alpha1\nkind: SidecarInjection\nmetadata:\n  name: "
        "istio\n  annotations:\n"
        '    config.kubernetes.io/local-config: "true"\n    config.kubernetes.io/function: |\n'
        f"{how}spec:\n{spec}"
    )


def namespace(name: str, labels: str = "istio-injection: enabled") -> str:
    return f"apiVersion: v1\nkind: Namespace\nmetadata:\n  name: {name}\n  labels: {{{labels}}}\n"


def deployment(name: str, namespace: str = "shop", more: str = "") -> str:
    """A Deployment; ``more`` is added to its container, indented by eight."""
    where = f"  namespace: {namespace}\n" if namespace else ""
    return (
        f"apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: {name}\n{where}spec:\n  "
        f"selector:\n    matchLabels: {{app: {name}}}\n  template:\n    metadata:\n      labels: "
        f"{{app: {name}}}\n    spec:\n      containers:\n      - name: app\n        image: "
        f"nginx:1.27\n{more}"
    )


def slow(programs: Programs, directory: Path, started: Path) -> str:
    """A krm-injector that says by a file that it has started, and then takes its time."""
    program = directory / "slow-krm-injector"
    program.write_text(
        f'#!/bin/sh\ntouch "{started}"\nsleep 20\nexec "{programs.own}/krm-injector" "$@"\n'
    )
    program.chmod(0o755)
    return str(program)
