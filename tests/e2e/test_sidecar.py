"""functions/argocd as a whole: the sidecar's image, run as its patch says, with the real
argocd-cmp-server.

Argo CD's own image, of which the sidecar's takes kustomize and helm, stands in as an image that
holds nothing but those two programs where Argo CD has them; it is the only part of functions/argocd
that is not the real one.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from e2e.applications import APP, CHART, CONFIG, LABELS, app, by_key, deployment, many, service
from e2e.argocd_server import Client, Failed
from e2e.real_programs import (
    Programs,
    injected,
    objects,
    workloads,
)
from files import tree
from paths import ROOT

FOLDER = ROOT / "functions" / "argocd"
ARGOCD = re.compile(r"^ARG ARGOCD$", re.MULTILINE)


def patched() -> dict[str, Any]:
    """The pod's spec that the patch adds to."""
    patch = yaml.safe_load((FOLDER / "repo-server-patch.yaml").read_text())
    return dict(patch["spec"]["template"]["spec"])


@pytest.fixture(scope="module")
def sidecar_image(programs: Programs, image: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """functions/argocd/Dockerfile, built."""
    docker, work = programs.need("docker"), tmp_path_factory.mktemp("argocd")
    found = [
        (name, Path(programs.need(program)))
        for name, program in (("kustomize", "kustomize"), ("helm", "helm4"))
    ]
    digest = hashlib.sha256(
        (FOLDER / "Dockerfile").read_bytes() + (FOLDER / "plugin.yaml").read_bytes()
    )
    digest.update(f"{image} {[(name, path.stat().st_size) for name, path in found]}".encode())
    name = f"localhost/krm-injector-argocd:e2e-{digest.hexdigest()[:12]}"
    if programs.run([docker, "image", "inspect", name], work, None).code != 0:
        for program, path in found:
            shutil.copy(path, work / program)
        (work / "Dockerfile").write_text("FROM scratch\nCOPY kustomize helm /usr/local/bin/\n")
        stand_in = name.replace("krm-injector-argocd", "argocd")
        programs.run([docker, "build", "-t", stand_in, "."], work, timeout=300)
        arguments = ["--build-arg", f"KRM_INJECTOR={image}", "--build-arg", f"ARGOCD={stand_in}"]
        programs.run([docker, "build", "-t", name, *arguments, str(FOLDER)], work, timeout=300)
    return name


class Sidecar(Client):
    """The container of the patch, its volumes as directories of this machine; no network, and a
    home that is none.
    """

    def __init__(self, programs: Programs, image: str) -> None:
        (container,) = patched()["containers"]
        security = container["securityContext"]
        self.directory = Path(
            tempfile.mkdtemp(prefix="cmp", dir="/tmp")
        )  # a socket's path has 107 bytes at most
        self.docker, self.name = programs.need("docker"), f"krm-injector-e2e-{os.getpid()}"
        command = ["run", "--rm", "--name", self.name, "--network", "none", "--env", "HOME=/"]
        command += ["--user", f"{security['runAsUser']}:{security['runAsUser']}"]
        if security["readOnlyRootFilesystem"]:
            command += programs.read_only()
        if not security["allowPrivilegeEscalation"]:
            command += ["--security-opt", "no-new-privileges"]
        for capability in security["capabilities"]["drop"]:
            command += ["--cap-drop", capability]
        volumes = {volume["name"]: volume for volume in patched()["volumes"]}
        for mount in container["volumeMounts"]:
            if mount["mountPath"] == "/tmp":
                assert volumes[mount["name"]] == {"name": mount["name"], "emptyDir": {}}
                command += ["--tmpfs", "/tmp:rw,mode=1777"]
                continue
            folder = self.directory / mount["name"]
            folder.mkdir()
            folder.chmod(0o777)  # as the kubelet makes them
            if mount["name"] == "var-files":  # the repo-server's init container copies it there
                shutil.copy(programs.need("argocd-cmp-server"), folder)
            elif mount["name"] == "krm-injector-plugin":
                assert volumes[mount["name"]]["configMap"], (
                    "made of plugin.yaml by kustomization.yaml"
                )
                shutil.copy(FOLDER / "plugin.yaml", folder)
                (folder / "plugin.yaml").chmod(0o644)
            command += ["--volume", f"{folder}:{mount['mountPath']}"]
        (entrypoint,) = container["command"]
        self._log = (self.directory / "log").open("wb")
        self.process = subprocess.Popen(
            [self.docker, *command, "--entrypoint", entrypoint, image],
            env=programs.environment(),
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
        )
        try:
            super().__init__(
                self.directory / "plugins" / "krm-injector.sock",
                lambda: self.process.poll() is None,
            )
        except BaseException:
            print((self.directory / "log").read_text())
            self._end()
            raise

    def inside(self, script: str) -> str:
        """What a shell script prints in the running container."""
        done = subprocess.run(
            [self.docker, "exec", self.name, "sh", "-c", script], capture_output=True, check=False
        )
        return (done.stdout + done.stderr).decode().strip()

    def stop(self) -> None:
        super().stop()
        self._end()

    def _end(self) -> None:
        subprocess.run(
            [self.docker, "kill", self.name], capture_output=True, check=False
        )  # SIGTERM does not end it
        self.process.wait(timeout=60)
        self._log.close()
        shutil.rmtree(self.directory, ignore_errors=True)


@pytest.fixture(scope="module")
def sidecar(programs: Programs, sidecar_image: str) -> Iterator[Sidecar]:
    running = Sidecar(programs, sidecar_image)
    yield running
    running.stop()


def test_nothing_to_be_and_nowhere_to_write(sidecar: Sidecar) -> None:
    assert sidecar.inside("id -u; id -g") == "999\n999"
    for path in (
        "/",
        "$HOME",
        "/opt/krm-injector",
        "/home/argocd",
        "/run",
        "/var/tmp",
        "/usr/local/bin",
    ):
        assert "Read-only file system" in sidecar.inside(f"touch {path}/x"), path
    assert sidecar.inside("touch /tmp/x && rm /tmp/x && echo yes") == "yes"
    assert set(
        sidecar.inside("grep -E '^Cap(Eff|Prm|Bnd)' /proc/self/status | cut -f2").split()
    ) == {"0" * 16}
    assert sidecar.inside("grep NoNewPrivs /proc/self/status | cut -f2") == "1"
    assert sidecar.inside("ls /sys/class/net") == "lo"


def test_match(sidecar: Sidecar) -> None:
    assert sidecar.matches({"app/istio-inject.yaml": CONFIG, "app/web.yaml": deployment()}, "app")
    assert not sidecar.matches({"app/web.yaml": deployment()}, "app")


def test_parameters(sidecar: Sidecar) -> None:
    told = {entry["name"]: entry for entry in sidecar.parameters(CHART, "app", app())}
    assert told["helm-parameters"]["map"] == {"replicas": "1", "image.tag": "one"}
    assert told["config"]["string"] == "istio-inject.yaml"


def test_manifests(sidecar: Sidecar) -> None:
    files = {
        "app/web.yaml": deployment() + "---\n" + service("web"),
        "app/istio-inject.yaml": CONFIG,
    }
    made = by_key(sidecar.generate(files, "app", app(LABELS)))
    assert set(made) == {("Deployment", "", "web"), ("Service", "", "web")}
    assert injected(made) == {("Deployment", "", "web")}


def test_chart(sidecar: Sidecar) -> None:
    parameters = [*LABELS, {"name": "helm-parameters", "map": {"replicas": "5"}}]
    made = by_key(sidecar.generate(CHART, "app", app(parameters)))
    assert made["Deployment", "", "web"]["spec"]["replicas"] == 5
    assert injected(made) == {("Deployment", "", "web")}


def test_kustomization_gives_what_kustomize_gives(
    sidecar: Sidecar, programs: Programs, httpbin: Path
) -> None:
    files = {f"repo/{path}": data for path, data in tree(httpbin).items()}
    direct = programs.run(
        ["kustomize", "build", "--enable-alpha-plugins", "--enable-exec", "."], httpbin
    )
    env = {**APP, "ARGOCD_APP_NAMESPACE": "", "ARGOCD_APP_SOURCE_PATH": "repo/base"}
    made = by_key(sidecar.generate(files, "repo/base", env))
    assert workloads(made) == workloads(objects(direct.out)) and injected(made)


def test_a_refusal_is_told_and_the_server_goes_on(sidecar: Sidecar) -> None:
    with pytest.raises(
        Failed, match=r"exit status 1: error: .*Namespace shop is not in the bundle"
    ):
        sidecar.generate({"app/web.yaml": deployment()}, "app", app())
    assert len(sidecar.generate(many(1000), "app", app(LABELS))) == 1000
    assert sidecar.inside("ls -A /tmp /tmp/_cmp_server") in (
        "/tmp:\n_cmp_server\n\n/tmp/_cmp_server:",
    )


def test_the_programs_stand_where_argo_cd_s_image_has_them() -> None:
    """The one image that is not built here: the user's own, named by the user, and asked for two
    files only.
    """
    text = (FOLDER / "Dockerfile").read_text()
    assert len(ARGOCD.findall(text)) == 1
    assert re.findall(r"^COPY --from=argocd (.*)$", text, re.MULTILINE) == [
        "/usr/local/bin/kustomize /usr/local/bin/helm /usr/local/bin/"
    ]
    assert re.findall(r"^FROM (\S+)", text, re.MULTILINE) == ["${ARGOCD}", "${KRM_INJECTOR}"]
