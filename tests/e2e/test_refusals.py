"""krm-injector refuses, or is ended, in the middle of an orchestrator: nothing is written, and the
person sees why.

Here stand the ways that the file of each orchestrator does not hold already; docs/orchestrators.md
names all of them.
"""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
import yaml
from e2e import github_action
from e2e.applications import CHART as APPLICATION
from e2e.applications import LABELS, PLUGIN, app
from e2e.applications import deployment as web
from e2e.argocd_server import Failed, Server
from e2e.helm_charts import CHART, Helm
from e2e.kpt_packages import CONFIG, MUTATOR, kptfile
from e2e.kustomizations import HEAD
from e2e.real_programs import (
    Programs,
    deployment,
    function_config,
    namespace,
    slow,
)
from files import tree, write
from paths import ROOT

SAID = "Namespace shop is not in the bundle"
FILES = {
    "Kptfile": kptfile(MUTATOR),
    "istio-inject.yaml": CONFIG,
    "web.yaml": deployment("web"),
    "kustomization.yaml": f"{HEAD}resources: [web.yaml]\ntransformers: [istio-inject.yaml]\n",
}


def test_kubectl(programs: Programs, tmp_path: Path, image: str) -> None:
    work = write(tmp_path / "work", {**FILES, "istio-inject.yaml": function_config(image)})
    done = programs.run(["kubectl", "kustomize", "--enable-alpha-plugins", "."], work, code=1)
    assert done.out == b"" and SAID in done.err


def test_kpt_render_image(programs: Programs, tmp_path: Path, image: str) -> None:
    pipeline = MUTATOR.replace("exec: krm-injector", f"image: {image}")
    work = write(tmp_path / "work", {**FILES, "Kptfile": kptfile(pipeline)})
    before = tree(work)
    done = programs.run(["kpt", "fn", "render", "--image-pull-policy", "never"], work, code=1)
    assert tree(work) == before and SAID in done.err


@pytest.mark.parametrize("how", ["exec", "image"])
def test_kpt_eval(
    programs: Programs, tmp_path: Path, how: str, request: pytest.FixtureRequest
) -> None:
    work = write(tmp_path / "work", FILES)
    before = tree(work)
    function = ["--exec", "krm-injector"]
    if how == "image":
        function = ["--image", request.getfixturevalue("image"), "--image-pull-policy", "never"]
    done = programs.run(["kpt", "fn", "eval", *function, "."], work, code=1)
    assert tree(work) == before and SAID in done.err


def test_github_action(programs: Programs, tmp_path: Path) -> None:
    """What an earlier run has rendered stays as it was."""
    programs.need("kustomize")
    files = {
        "app/kustomization.yaml": f"{HEAD}resources: [web.yaml]\n",
        "app/web.yaml": deployment("web"),
    }
    work = write(tmp_path / "work", {**files, "all.yaml": "# of an earlier run\n"})
    chosen = {"command": "build", "path": "app", "output": "all.yaml"}
    env = github_action.environment(tmp_path / "runner", **chosen)
    done = programs.run(["bash", "-c", github_action.script()], work, 1, env=env)
    assert SAID in done.err
    assert (work / "all.yaml").read_text() == "# of an earlier run\n"


def test_flux_workflow(programs: Programs, tmp_path: Path) -> None:
    """The workflow's step fails, nothing is committed, and Flux applies what it applied before."""
    programs.need("kustomize")
    blocks = re.findall(
        r"^```yaml\n(.*?)^```$", (ROOT / "docs" / "flux.md").read_text(), re.MULTILINE | re.DOTALL
    )
    (workflow,) = [yaml.safe_load(block) for block in blocks if block.startswith("name: render")]
    (render,) = [
        step["run"]
        for step in workflow["jobs"]["render"]["steps"]
        if "build" in step.get("run", "")
    ]
    files = {
        "overlays/prod/kustomization.yaml": f"{HEAD}resources: [web.yaml]\n",
        "overlays/prod/web.yaml": deployment("web"),
        "rendered/prod.yaml": "# of an earlier run\n",
    }
    work = write(tmp_path / "work", files)
    done = programs.run(["bash", "-ec", render], work, 1)
    assert SAID in done.err
    assert (work / "rendered" / "prod.yaml").read_text() == "# of an earlier run\n"


def test_pre_commit_hook(programs: Programs, tmp_path: Path) -> None:
    """The hook that init writes, as pre-commit runs it: it fails, says why, and changes nothing."""
    programs.run(["krm-injector", "init", "pre-commit", "."], tmp_path)
    (hook,) = yaml.safe_load((tmp_path / ".pre-commit-config.yaml").read_text())["repos"][0][
        "hooks"
    ]
    work = write(tmp_path / "work", {"web.yaml": deployment("web")})
    before = tree(work)
    done = programs.run(["sh", "-c", hook["entry"]], work, 1)
    assert SAID in done.err and tree(work) == before


# ---------------------------------------------------------------- ended from outside

MANY = {
    **FILES,
    "web.yaml": namespace("shop")
    + "---\n"
    + "---\n".join(deployment(f"web-{n}") for n in range(300)),
}


@pytest.mark.parametrize(
    ("command", "legacy"),
    [
        (["kustomize", "build", "--enable-alpha-plugins", "."], True),
        (["kubectl", "kustomize", "--enable-alpha-plugins", "."], True),
        (["kpt", "fn", "eval", "--exec", "slow-krm-injector", "."], False),
    ],
    ids=["kustomize-legacy", "kubectl-legacy", "kpt-eval"],
)
def test_programs_ended_by_a_signal(
    programs: Programs, tmp_path: Path, command: list[str], legacy: bool
) -> None:
    started = tmp_path / "started"
    program = slow(programs, tmp_path, started)
    env = {"PATH": f"{tmp_path}:{programs.path}"}
    if legacy:
        folder = tmp_path / "plugins" / "krm-injector.dev" / "v1alpha1" / "sidecarinjection"
        folder.mkdir(parents=True)
        (folder / "SidecarInjection").symlink_to(program)
        env["KUSTOMIZE_PLUGIN_HOME"] = str(tmp_path / "plugins")
    work = write(tmp_path / "work", MANY)
    before = tree(work)
    done = programs.interrupted(command, work, started, env)
    assert done.code != 0 and done.out == b"" and tree(work) == before


@pytest.mark.parametrize("name", ["kustomize", "kubectl", "kpt-render", "kpt-eval"])
def test_containers_ended_by_a_signal(
    programs: Programs, tmp_path: Path, image: str, name: str
) -> None:
    """The signal comes as soon as docker is called to run the function."""
    started, folder = tmp_path / "started", tmp_path / "bin"
    folder.mkdir()
    docker = folder / "docker"
    docker.write_text(
        f'#!/bin/sh\ncase "$1" in run) touch "{started}" ;; esac\nexec '
        f'"{programs.need("docker")}" "$@"\n'
    )
    docker.chmod(0o755)
    command = {
        "kustomize": ["kustomize", "build", "--enable-alpha-plugins", "."],
        "kubectl": ["kubectl", "kustomize", "--enable-alpha-plugins", "."],
        "kpt-render": ["kpt", "fn", "render", "--image-pull-policy", "never"],
        "kpt-eval": ["kpt", "fn", "eval", "--image", image, "--image-pull-policy", "never", "."],
    }[name]
    pipeline = MUTATOR.replace("exec: krm-injector", f"image: {image}")
    files = {**MANY, "Kptfile": kptfile(pipeline)}
    if name in ("kustomize", "kubectl"):
        files["istio-inject.yaml"] = function_config(image)
    work = write(tmp_path / "work", files)
    before = tree(work)
    done = programs.interrupted(command, work, started, {"PATH": f"{folder}:{programs.path}"})
    assert done.code != 0 and b"kind: Deployment" not in done.out and tree(work) == before


@pytest.mark.parametrize("version", ["helm3", "helm4"])
def test_helm_ended_by_a_signal(programs: Programs, tmp_path: Path, version: str) -> None:
    started = tmp_path / "started"
    work = tmp_path / "work"
    work.mkdir()
    program = tmp_path / "krm-injector"
    program.write_text(f'#!/bin/sh\ntouch "{started}"\nexec sleep 20\n')
    program.chmod(0o755)
    helm = Helm(programs, version, work)
    before = tree(work / "web")
    command = [helm.program, "template", "shop", "web", "-n", "shop", *helm.first]
    done = programs.interrupted(
        command, work, started, {**helm.env, "PATH": f"{tmp_path}:{programs.path}"}
    )
    assert done.code != 0 and tree(work / "web") == before
    assert b"kind:" not in done.out, "Helm says there that the release is cancelled"


def test_argocd_ends_what_takes_too_long(programs: Programs, tmp_path: Path) -> None:
    """At the caller's deadline the server ends the plugin's program and, as it is a group, helm:
    nothing runs on.
    """
    tools, told = tmp_path / "tools", tmp_path / "told"
    tools.mkdir()
    (tools / "helm").write_text(f'#!/bin/sh\necho $$ > "{told}"\nexec sleep 30\n')
    (tools / "helm").chmod(0o755)
    server = Server(
        programs.need("argocd-cmp-server"), PLUGIN, f"{programs.own}:{tools}:/usr/bin:/bin"
    )
    try:
        begin = time.monotonic()
        with pytest.raises(Failed) as failed:
            server.generate(APPLICATION, "app", app(LABELS), timeout=3)
        assert time.monotonic() - begin > 2, failed.value
        assert told.exists(), "helm was running"
        assert gone(int(told.read_text())), "helm runs on"
        assert server.generate({"app/web.yaml": web()}, "app", app(LABELS)), "the server goes on"
    finally:
        server.stop()


def gone(process: int) -> bool:
    """Whether a process ends within ten seconds."""
    end = time.monotonic() + 10
    while time.monotonic() < end:
        status = Path(f"/proc/{process}/status")
        if not status.exists() or "zombie" in status.read_text():
            return True
        time.sleep(0.05)
    return False


# ---------------------------------------------------------------- files as people have them


def test_windows_paths_in_argocd(programs: Programs, tmp_path: Path) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "kustomize").symlink_to(programs.need("kustomize"))
    server = Server(
        programs.need("argocd-cmp-server"), PLUGIN, f"{programs.own}:{tools}:/usr/bin:/bin"
    )
    files = {
        "app/kustomization.yaml": f"{HEAD}resources: ['base\\web.yaml']\n",
        "app/base/web.yaml": web(),
    }
    try:
        with pytest.raises(
            Failed, match=r"(?s)exit status 1: error: .*base\\web\.yaml.*write / in its place"
        ):
            server.generate(files, "app", app(LABELS))
    finally:
        server.stop()


def test_a_chart_without_workloads_in_kustomize(programs: Programs, tmp_path: Path) -> None:
    files = {
        "kustomization.yaml": f"{HEAD}helmGlobals: {{chartHome: charts}}\n"
        "transformers: [istio-inject.yaml]\n"
        "helmCharts: [{name: web, namespace: shop}]\n",
        "istio-inject.yaml": function_config(),
        "charts/web/Chart.yaml": CHART["web/Chart.yaml"],
        "charts/web/values.yaml": "{}\n",
        "charts/web/templates/service.yaml": CHART["web/templates/service.yaml"],
    }
    work = write(tmp_path / "work", files)
    flags = [
        "--enable-alpha-plugins",
        "--enable-exec",
        "--enable-helm",
        "--helm-command",
        programs.need("helm3"),
    ]
    injected = programs.run(["kustomize", "build", *flags, "."], work).out
    kustomization = work / "kustomization.yaml"
    kustomization.write_text(
        kustomization.read_text().replace("transformers: [istio-inject.yaml]\n", "")
    )
    assert programs.run(["kustomize", "build", *flags, "."], work).out == injected
    assert b"kind: Service" in injected
