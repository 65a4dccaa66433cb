"""Every way in which krm-injector comes to a user's objects, as functions of one shape."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from e2e.applications import PLUGIN
from e2e.argocd_server import Server
from e2e.kustomizations import EXEC, LEGACY, legacy_plugin
from e2e.real_programs import (
    Programs,
    function_config,
)
from files import tree

# A way from the directory of the example httpbin to a stream of its objects.
Way = Callable[[Programs, Path, Path, str], bytes]


def kustomize_exec(programs: Programs, work: Path, other: Path, image: str) -> bytes:
    return programs.run(["kustomize", "build", *EXEC, "."], work).out


def kustomize_container(programs: Programs, work: Path, other: Path, image: str) -> bytes:
    (work / "istio-inject.yaml").write_text(function_config(image))
    return programs.run(["kustomize", "build", "--enable-alpha-plugins", "."], work).out


def kubectl_container(programs: Programs, work: Path, other: Path, image: str) -> bytes:
    (work / "istio-inject.yaml").write_text(function_config(image))
    return programs.run(["kubectl", "kustomize", "--enable-alpha-plugins", "."], work).out


def kustomize_legacy(programs: Programs, work: Path, other: Path, image: str) -> bytes:
    (work / "istio-inject.yaml").write_text(LEGACY)
    env = legacy_plugin(programs, other / "plugins")
    return programs.run(["kustomize", "build", "--enable-alpha-plugins", "."], work, env=env).out


def kubectl_legacy(programs: Programs, work: Path, other: Path, image: str) -> bytes:
    (work / "istio-inject.yaml").write_text(LEGACY)
    env = legacy_plugin(programs, other / "plugins")
    return programs.run(["kubectl", "kustomize", "--enable-alpha-plugins", "."], work, env=env).out


def kpt_render_exec(programs: Programs, work: Path, other: Path, image: str) -> bytes:
    programs.run(["kpt", "fn", "render", "--allow-exec"], work)
    return _files(work)


def kpt_render_image(programs: Programs, work: Path, other: Path, image: str) -> bytes:
    text = (work / "Kptfile").read_text().replace("exec: krm-injector", f"image: {image}")
    (work / "Kptfile").write_text(text)
    programs.run(["kpt", "fn", "render", "--image-pull-policy", "never"], work)
    return _files(work)


def kpt_eval_exec(programs: Programs, work: Path, other: Path, image: str) -> bytes:
    programs.run(["kpt", "fn", "eval", "--exec", "krm-injector", "."], work)
    return _files(work)


def kpt_eval_image(programs: Programs, work: Path, other: Path, image: str) -> bytes:
    programs.run(["kpt", "fn", "eval", "--image", image, "--image-pull-policy", "never", "."], work)
    return _files(work)


def argocd_plugin(programs: Programs, work: Path, other: Path, image: str) -> bytes:
    """The base, which the plugin has rendered by kustomize and injects."""
    return _argocd(programs, work, other, "base", PLUGIN)


def argocd_overlay(programs: Programs, work: Path, other: Path, image: str) -> bytes:
    """The overlay, whose function kustomize starts in the sidecar."""
    options = "command: [krm-injector, build, ., --, --enable-alpha-plugins, --enable-exec]"
    return _argocd(
        programs, work, other, ".", PLUGIN.replace("command: [krm-injector, build, .]", options)
    )


def own_build(programs: Programs, work: Path, other: Path, image: str) -> bytes:
    return programs.run(["krm-injector", "build", "base"], work).out


def own_inject(programs: Programs, work: Path, other: Path, image: str) -> bytes:
    return programs.run(["krm-injector", "inject", "base"], work).out


def _files(work: Path) -> bytes:
    texts = [text for name, text in tree(work / "base").items() if name != "kustomization.yaml"]
    return b"\n---\n".join(texts)


def _argocd(programs: Programs, work: Path, other: Path, path: str, plugin: str) -> bytes:
    tools = other / "tools"
    tools.mkdir()
    (tools / "kustomize").symlink_to(programs.need("kustomize"))
    search = os.pathsep.join([str(programs.own), str(tools), "/usr/bin", "/bin"])
    server = Server(programs.need("argocd-cmp-server"), plugin, search)
    try:
        env = {
            "ARGOCD_APP_NAME": "httpbin",
            "ARGOCD_APP_NAMESPACE": "",
            "ARGOCD_APP_SOURCE_PATH": path,
        }
        made = server.generate(dict(tree(work)), path, env)
    finally:
        server.stop()
    return "\n---\n".join(made).encode()


WAYS: list[Way] = [
    kustomize_exec,
    kustomize_container,
    kustomize_legacy,
    kubectl_container,
    kubectl_legacy,
    kpt_render_exec,
    kpt_render_image,
    kpt_eval_exec,
    kpt_eval_image,
    argocd_plugin,
    argocd_overlay,
    own_build,
    own_inject,
]
