"""The first overlay of one's own: from nothing to injected workloads, as docs/first-overlay.md
says, and the options of the command line where kustomize runs our function.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from e2e.real_programs import Programs, deployment, objects, workloads
from files import tree, write
from paths import ROOT

PAGE = ROOT / "docs" / "first-overlay.md"
ENABLED = ("--namespace-labels", "shop=istio-injection=enabled")
FILES = {
    "base/kustomization.yaml": "resources:\n- web.yaml\n",
    "base/web.yaml": deployment("web").replace("  namespace: shop\n", ""),
    "overlays/prod/kustomization.yaml": "namespace: shop\nresources:\n- ../../base\n",
}
OTHER = """\
apiVersion: x.example/v1
kind: Other
metadata:
  name: other
  annotations:
    config.kubernetes.io/function: |
      exec:
        path: ./other.sh
"""
NAMESPACE = (
    "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {istio-injection: enabled}}\n"
)


def commands() -> list[str]:
    """The page's first commands, one a line."""
    block = re.search(r"^```text\n(git clone .*?)^```$", PAGE.read_text(), re.M | re.S)
    assert block
    return [line.partition("#")[0].strip() for line in block[1].splitlines()]


def overlay(work: Path) -> Path:
    write(work, FILES)
    return work / "overlays" / "prod"


def is_injected(out: bytes) -> bool:
    return b"name: istio-proxy" in out


def test_from_a_clone_to_the_first_overlay_of_one_s_own(programs: Programs, tmp_path: Path) -> None:
    """The first two commands fetch and install the program; tests have it on PATH."""
    programs.need("kustomize")
    clone, install, *others = commands()
    assert clone.startswith("git clone ") and install.startswith("pipx install ")
    assert len(others) <= 3
    overlay(tmp_path)
    outputs = [programs.run(["sh", "-ec", line], tmp_path, code=None) for line in others]
    explain, init, build = outputs
    # The first one tells what is missing, in the words that the second one takes.
    assert explain.code == 1 and "namespace-missing" in explain.err
    (stated,) = re.findall(r"--namespace-labels \S+", explain.err)
    assert stated in others[1]
    assert (init.code, build.code) == (0, 0), init.err + build.err
    assert is_injected(build.out)
    # What init wrote is enough for kustomize itself, too.
    words = ["kustomize", "build", "--enable-alpha-plugins", "--enable-exec", "overlays/prod"]
    alone = programs.run(words, tmp_path)
    assert workloads(objects(alone.out)) == workloads(objects(build.out))


@pytest.mark.parametrize("program", ["kustomize", "kubectl"])
@pytest.mark.parametrize("form", ["exec", "plugin", "none"])
@pytest.mark.parametrize("command", ["build", "explain"])
def test_options_reach_the_decision(
    programs: Programs, tmp_path: Path, program: str, form: str, command: str
) -> None:
    program = programs.need(program)
    directory = overlay(tmp_path)
    if form != "none":
        programs.run(["krm-injector", "init", "kustomize", "."], directory)
    if form == "plugin":
        path = directory / "istio-inject.yaml"
        path.write_text(re.sub(r"(?m)^    config.kubernetes.io/function.*\n(      .*\n)+", "",
                               path.read_text()))  # fmt: skip
        assert "exec" not in path.read_text()
    words = ["krm-injector", command, "--kustomize", program]
    refused = programs.run([*words, "."], directory, code=1)
    assert "  --namespace-labels shop=istio-injection=enabled\n" in refused.err, "its lines stay"
    done = programs.run([*words, *ENABLED, "."], directory)
    write(tmp_path, {"ns.yaml": NAMESPACE})
    by_context = programs.run([*words, "--context", "../../ns.yaml", "."], directory)
    assert done.out == by_context.out
    assert is_injected(done.out) if command == "build" else b"1 injected, 0 left out" in done.out


def test_options_reach_a_function_that_kustomize_runs_beside_others(
    programs: Programs, tmp_path: Path
) -> None:
    programs.need("kustomize")
    directory = overlay(tmp_path)
    write(tmp_path, {"ns.yaml": NAMESPACE})
    write(directory, {"other.yaml": OTHER, "other.sh": "#!/bin/sh\nexec cat\n"})
    (directory / "other.sh").chmod(0o755)
    with (directory / "kustomization.yaml").open("a") as file:
        file.write("transformers:\n- other.yaml\n")
    programs.run(["krm-injector", "init", "kustomize", "."], directory)
    before = tree(tmp_path)
    words = ["krm-injector", "build", "--allow-exec"]
    refused = programs.run([*words, "."], directory, code=1)
    assert "\n      --namespace-labels shop=istio-injection=enabled\n" in refused.err
    done = programs.run([*words, *ENABLED, "."], directory)
    by_context = programs.run([*words, "--context", "ns.yaml", "overlays/prod"], tmp_path)
    assert is_injected(done.out) and workloads(objects(done.out)) == workloads(
        objects(by_context.out)
    )
    assert tree(tmp_path) == before


def test_options_reach_a_function_of_a_kpt_package(programs: Programs, tmp_path: Path) -> None:
    programs.need("kpt")
    write(tmp_path, {"web.yaml": deployment("web")})
    programs.run(["krm-injector", "init", "kpt", "."], tmp_path)
    write(tmp_path.parent, {f"{tmp_path.name}-ns.yaml": NAMESPACE})
    context = ("--context", str(tmp_path.parent / f"{tmp_path.name}-ns.yaml"))
    assert programs.run(["krm-injector", "explain", "."], tmp_path, code=1).out == b""
    for words in (ENABLED, context):
        done = programs.run(["krm-injector", "explain", *words, "."], tmp_path)
        assert b"1 injected, 0 left out" in done.out


def test_kustomize_and_kubectl_keep_the_lines_of_a_hint(programs: Programs, tmp_path: Path) -> None:
    """As they print the stderr of a function, and of a plugin by its kind."""
    directory = overlay(tmp_path)
    programs.run(["krm-injector", "init", "kustomize", "."], directory)
    lines = (
        "\n    --namespace-labels shop=istio-injection=enabled\n"
        "  or in the functionConfig, where init writes it with the same option ({} for none):\n"
        "  spec:\n    namespaces:\n    - name: shop\n      labels: {istio-injection: enabled}\n"
    )
    words = ["build", "--enable-alpha-plugins", "--enable-exec", "."]
    assert lines in programs.run(["kustomize", *words], directory, code=1).err

    path = directory / "istio-inject.yaml"
    path.write_text("apiVersion: krm-injector.dev/v1alpha1\nkind: SidecarInjection\n"
                    "metadata: {name: istio}\n")  # fmt: skip
    home = tmp_path / "plugins" / "krm-injector.dev" / "v1alpha1" / "sidecarinjection"
    home.mkdir(parents=True)
    (home / "SidecarInjection").symlink_to(programs.need("krm-injector"))
    env = {"KUSTOMIZE_PLUGIN_HOME": str(tmp_path / "plugins")}
    for words in (["kustomize", "build"], ["kubectl", "kustomize"]):
        done = programs.run([*words, "--enable-alpha-plugins", "."], directory, code=1, env=env)
        # kubectl 1.37 writes the error into its log, each line behind a tab.
        assert lines in done.err.replace("\n\t", "\n")
