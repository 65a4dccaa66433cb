"""explain and build of directories that kustomize, kpt and helm render: the real programs, and what
they may run.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from e2e.real_programs import (
    Programs,
    deployment,
    function_config,
    namespace,
)
from files import tree, write

OVERLAY = "resources:\n- base\nnamespace: live\nnamePrefix: a-\n"
BASE = {"base/kustomization.yaml": "resources: [web.yaml, ns.yaml]\n",
        "base/web.yaml": deployment("web"),
        "base/ns.yaml": namespace("shop")}  # fmt: skip
HELM_CHART = {
    "Chart.yaml": "apiVersion: v2\nname: web\nversion: 1.0.0\n",
    "templates/web.yaml": deployment("{{ .Release.Name }}-web", "{{ .Release.Namespace }}"),
    "templates/ns.yaml": namespace("shop"),
}
KPT = "apiVersion: kpt.dev/v1\nkind: Kptfile\nmetadata:\n  name: app\npipeline:\n  mutators:\n"
STUB = "  namespaces:\n  - name: shop\n    labels: {istio-injection: enabled}\n"


def explain(
    programs: Programs, work: Path, *words: str, code: int = 0
) -> dict[str, dict[str, object]]:
    """The entries by namespace/name."""
    done = programs.run(["krm-injector", "explain", "-o", "json", *words], work, code)
    answer = json.loads(done.out) if done.out else {"workloads": []}
    return {f"{entry['namespace']}/{entry['name']}": entry for entry in answer["workloads"]}


def program(work: Path, name: str = "evil") -> str:
    """A function that leaves a trace, and turns its input around untouched."""
    path = work / name
    path.write_text(f"#!/bin/sh\ntouch {work}/ran\nexec cat\n")
    path.chmod(0o755)
    return str(path)


# ---------------------------------------------------------------- kustomize


@pytest.mark.parametrize("name", ["kustomize", "kubectl"])
def test_an_overlay_is_explained_as_it_is_applied(
    programs: Programs, tmp_path: Path, name: str
) -> None:
    write(tmp_path, {**BASE, "kustomization.yaml": OVERLAY})
    found = explain(programs, tmp_path, "--kustomize", programs.need(name), ".")
    assert list(found) == ["live/a-web"], "kustomize renames the Namespace too"
    assert (found["live/a-web"]["verdict"], found["live/a-web"]["containers"]) == (
        "injected",
        [1, 2],
    )


def test_our_own_function_runs_and_its_configuration_counts(
    programs: Programs, tmp_path: Path
) -> None:
    programs.need("kustomize")
    files = {
        "kustomization.yaml": "resources: [web.yaml]\ntransformers: [istio.yaml]\n",
        "web.yaml": deployment("web"),
    }
    write(tmp_path, {**files, "istio.yaml": function_config(spec=STUB)})
    assert explain(programs, tmp_path, ".")["shop/web"]["verdict"] == "injected"
    written = programs.run(["krm-injector", "build", "--config", "istio.yaml", "."], tmp_path)
    assert b"istio-proxy" in written.out


@pytest.mark.parametrize("name", ["kustomize", "kubectl"])
@pytest.mark.parametrize("where", ["top", "base", "component", "in place"])
def test_what_init_wires_is_built_with_kubectl_too_and_the_command_line_reaches_it(
    programs: Programs, tmp_path: Path, name: str, where: str
) -> None:
    """From init to the built manifests, with a question that only the command line answers."""
    write(tmp_path, {"kustomization.yaml": "namePrefix: a-\nresources: [base]\n",
                     "base/web.yaml": deployment("web"),
                     "base/kustomization.yaml": "resources: [web.yaml]\n",
                     "facts/ns.yaml": namespace("shop"),
                     "part/kustomization.yaml": "kind: Component\n"})  # fmt: skip
    top = tmp_path / "kustomization.yaml"
    if where == "in place":
        lines = "".join(f"  {line}\n" for line in function_config().splitlines())
        top.write_text(f"{top.read_text()}transformers:\n- |\n{lines}")
    else:
        folder = {"top": ".", "base": "base", "component": "part"}[where]
        programs.run(["krm-injector", "init", "kustomize", folder], tmp_path)
        top.write_text(top.read_text() + "components: [part]\n" * (where == "component"))
    with_program = ["--kustomize", programs.need(name)]
    asked = programs.run(["krm-injector", "build", *with_program, "."], tmp_path, 1)
    assert "\n  spec:\n    namespaces:\n" in asked.err, "a hint keeps its lines"
    assert (
        explain(programs, tmp_path, *with_program, ".", code=1)["shop/a-web"]["verdict"] == "error"
    )
    assert (
        explain(programs, tmp_path, *with_program, "--context", "facts", ".")["shop/a-web"][
            "verdict"
        ]
        == "injected"
    )
    answered = ["krm-injector", "build", *with_program, "--context", "facts", "."]
    done = programs.run(answered, tmp_path)
    assert b"name: a-web" in done.out and done.out.count(b"name: istio-proxy") == 1
    other = programs.run([*answered, "--revision", "canary"], tmp_path)
    assert b"istio-proxy" not in other.out, "the Namespace asks for the default revision"
    for command, said in (
        ("verify", b"1 workloads verified"),
        ("images", b"proxyv2"),
        ("diff", b"+++ b/."),
    ):
        out = programs.run(
            ["krm-injector", command, *with_program, "--context", "facts", "."], tmp_path
        ).out
        assert said in out or said.replace(b"workloads", b"workload") in out


@pytest.mark.parametrize("name", ["kustomize", "kubectl"])
def test_warnings_of_a_renderer_come_once_each(
    programs: Programs, tmp_path: Path, name: str
) -> None:
    files = {
        **BASE,
        "base/kustomization.yaml": "resources: [web.yaml, ns.yaml]\ncommonLabels: {a: b}\n",
        "kustomization.yaml": "resources: [base]\ncommonLabels: {a: b}\n",
    }
    write(tmp_path, files)
    err = programs.run(
        ["krm-injector", "build", "--kustomize", programs.need(name), "."], tmp_path
    ).err
    (line,) = [line for line in err.splitlines() if "commonLabels" in line]
    assert "times) [kustomize-warning]" in line


def test_our_name_in_the_directory_is_not_our_program(programs: Programs, tmp_path: Path) -> None:
    programs.need("kustomize")
    program(tmp_path, "krm-injector")
    files = {
        "kustomization.yaml": "resources: [web.yaml]\ntransformers: [istio.yaml]\n",
        "web.yaml": deployment("web"),
    }
    write(tmp_path, {**files, "istio.yaml": function_config(spec=STUB)})
    assert explain(programs, tmp_path, ".")["shop/web"]["verdict"] == "injected"
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("command", ["explain", "build"])
def test_a_program_of_the_repository_runs_by_allow_exec_only(
    programs: Programs, tmp_path: Path, command: str
) -> None:
    programs.need("kustomize")
    write(tmp_path, {**BASE, "kustomization.yaml": "resources: [base]\ntransformers: [t.yaml]\n",
                     "t.yaml": function_config(program=program(tmp_path))})  # fmt: skip
    done = programs.run(["krm-injector", command, "."], tmp_path, 1)
    assert done.out == b""
    assert f"t.yaml:9 runs the program {tmp_path}/evil" in done.err
    assert f"krm-injector {command} --allow-exec ." in done.err
    assert not (tmp_path / "ran").exists()
    programs.run(["krm-injector", command, "--allow-exec", "."], tmp_path)
    assert (tmp_path / "ran").exists()


def test_what_a_stranger_hides_does_not_run_beside_ours(programs: Programs, tmp_path: Path) -> None:
    """Go's JSON takes field names in any case, and a kustomization of configurations can patch what
    it yields.
    """
    programs.need("kustomize")
    evil = program(tmp_path)
    base = {**BASE, "own.yaml": function_config(), "evil.yaml": function_config(program=evil)}
    patched = (
        "resources: [../own.yaml]\npatches:\n- patch: |\n"
        "    apiVersion: krm-injector.dev/v1alpha1\n    kind: SidecarInjection\n"
        "    metadata:\n      name: istio\n      annotations:\n"
        f"        config.kubernetes.io/function: 'exec: {{path: {evil}}}'\n"
    )
    for text in ("Transformers: [evil.yaml]\n", "generators: [folder]\n"):
        write(tmp_path, {**base,
                         "kustomization.yaml": f"resources: [base]\nvalidators: [own.yaml]\n{text}",
                         "folder/kustomization.yaml": patched})  # fmt: skip
        programs.run(["krm-injector", "explain", "."], tmp_path, None)
        assert not (tmp_path / "ran").exists(), text


# ---------------------------------------------------------------- kpt


def test_a_package_is_explained_behind_its_pipeline_and_stays_as_it_is(
    programs: Programs, tmp_path: Path
) -> None:
    programs.need("kpt")
    step = "  - exec: krm-injector\n    configPath: istio.yaml\n"
    write(
        tmp_path,
        {
            "Kptfile": KPT + step,
            "istio.yaml": function_config(spec=STUB),
            "web.yaml": deployment("web"),
        },
    )
    before = tree(tmp_path)
    entry = explain(programs, tmp_path, ".")["shop/web"]
    assert (entry["verdict"], entry["containers"], entry["file"]) == (
        "injected",
        [1, 2],
        "web.yaml",
    )
    assert tree(tmp_path) == before


def test_a_package_s_program_runs_by_allow_exec_only(programs: Programs, tmp_path: Path) -> None:
    programs.need("kpt")
    write(tmp_path, {"Kptfile": KPT + "  - exec: krm-injector\n", "web.yaml": deployment("web"),
                     "ns.yaml":
                     namespace("shop"),
                     "sub/Kptfile": f"{KPT}  - exec: {program(tmp_path)}\n"})  # fmt: skip
    done = programs.run(["krm-injector", "explain", "."], tmp_path, 1)
    assert done.out == b"" and "sub/Kptfile:7 runs the program" in done.err
    assert not (tmp_path / "ran").exists()
    assert explain(programs, tmp_path, "--allow-exec", ".")["shop/web"]["verdict"] == "injected"
    assert (tmp_path / "ran").exists()


def test_kpt_s_words_come_through(programs: Programs, tmp_path: Path) -> None:
    programs.need("kpt")
    write(tmp_path, {"Kptfile": KPT + "  - exec: no-such-program\n", "web.yaml": deployment("web")})
    done = programs.run(["krm-injector", "explain", "--allow-exec", "."], tmp_path, 1)
    assert "[kpt-failed]" in done.err and "no-such-program" in done.err


# ---------------------------------------------------------------- helm


@pytest.mark.parametrize("name", ["helm3", "helm4"])
def test_a_chart_is_explained_as_helm_renders_it(
    programs: Programs, tmp_path: Path, name: str
) -> None:
    write(tmp_path, HELM_CHART)
    found = explain(programs, tmp_path, "--helm", programs.need(name), "-n", "shop", ".")
    assert [(key, entry["verdict"]) for key, entry in found.items()] == [
        ("shop/release-name-web", "injected")
    ]
