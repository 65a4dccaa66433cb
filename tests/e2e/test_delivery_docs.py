"""docs/argocd.md, helm.md, flux.md and ci.md: their commands run, their YAML is what it says, init writes it."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from real_programs import ROOT, Programs, injected, objects, tree, write
from test_helm import CHART, CONFIG
from test_helm import WEB as RELEASE

from krm_injector import argocd

PAGES = {name: (ROOT / "docs" / f"{name}.md").read_text() for name in ("argocd", "helm", "flux", "ci")}


def blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGES[page], re.MULTILINE | re.DOTALL)


def run(programs: Programs, page: str, work: Path, more: dict[str, str] | None = None) -> str:
    """Every sh block of a page, one after the other in one directory; what the last printed."""
    out = b""
    for block in blocks(page, "sh"):
        out = programs.run(["sh", "-euc", block], work, env=more).out
    return out.decode()


def yaml_of(page: str, kind: str) -> dict[str, Any]:
    (found,) = [value for block in blocks(page, "yaml") if (value := yaml.safe_load(block)).get("kind") == kind]
    return dict(found)


def test_argocd(programs: Programs, tmp_path: Path, httpbin: Path) -> None:
    shutil.copytree(httpbin / "base", tmp_path / "app")
    programs.need("kustomize")
    assert injected(objects(run(programs, "argocd", tmp_path).encode()))
    parameters = yaml_of("argocd", "Application")["spec"]["source"]["plugin"]["parameters"]
    env = {"ARGOCD_APP_NAME": "web", "ARGOCD_APP_PARAMETERS": json.dumps(parameters)}
    assert argocd.application(env) is not None, "the example's parameters are known and of the right types"
    rows = re.findall(r"^\| `([a-z-]+)` \| (string|array|map) \|", PAGES["argocd"], re.MULTILINE)
    assert rows == [(parameter.name, parameter.collection) for parameter in argocd.PARAMETERS.values()]


def test_helm(programs: Programs, tmp_path: Path) -> None:
    programs.need("helm3"), programs.need("helm4")
    write(tmp_path, CHART)
    (tmp_path / "helm").symlink_to(programs.need("helm3"))
    env = {f"HELM_{name}_HOME": str(tmp_path / "home") for name in ("CACHE", "CONFIG", "DATA")}
    first, *rest = blocks("helm", "sh")
    programs.run(["sh", "-euc", first], tmp_path)
    assert (tmp_path / "istio-inject.yaml").exists()
    (tmp_path / "istio-inject.yaml").write_text(blocks("helm", "yaml")[0])
    path = f"{tmp_path}:{programs.path}"
    for block in rest:
        done = programs.run(["sh", "-euc", block], tmp_path, env={**env, "PATH": path})
        assert "plugin install" in block or RELEASE in injected(objects(done.out))
    assert yaml.safe_load(blocks("helm", "yaml")[0]) == yaml.safe_load(CONFIG)
    assert (tmp_path / "inject.log").read_text().startswith("info: ")


def test_flux(programs: Programs, tmp_path: Path, httpbin: Path) -> None:
    shutil.copytree(httpbin / "base", tmp_path / "overlays" / "prod")
    programs.need("kustomize")
    run(programs, "flux", tmp_path)
    assert injected(objects((tmp_path / "rendered" / "prod.yaml").read_bytes()))
    (workflow,) = [yaml.safe_load(block) for block in blocks("flux", "yaml") if block.startswith("name: render")]
    steps = [step["run"] for step in workflow["jobs"]["render"]["steps"] if "run" in step]
    assert [line for line in blocks("flux", "sh")[0].splitlines() if line not in steps[1]] == []
    # The workflow's own steps, in a repository with something to push to.
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "init.defaultBranch=main"]
    shutil.rmtree(tmp_path / "rendered")
    programs.run([*git, "init", "-q", "--bare", str(tmp_path / "origin.git")], tmp_path)
    work = tmp_path / "work"
    programs.run([*git, "clone", "-q", str(tmp_path / "origin.git"), "work"], tmp_path)
    shutil.copytree(tmp_path / "overlays", work / "overlays")
    programs.run([*git, "add", "."], work)
    programs.run([*git, "commit", "-q", "-m", "Sources"], work)
    programs.run(["git", "push", "-q", "-u", "origin", "HEAD"], work)
    for step in steps[1:] * 2:  # the second time there is nothing to commit
        programs.run(["bash", "-ec", step], work, env={"GITHUB_SHA": "1a2b3c"})
    log = programs.run(["git", "log", "--format=%s", "origin/main"], work).out.decode().splitlines()
    assert log == ["Render 1a2b3c", "Sources"]


def test_ci(programs: Programs, tmp_path: Path, httpbin: Path) -> None:
    programs.need("kustomize")
    run(programs, "ci", httpbin)
    assert (httpbin / ".pre-commit-config.yaml").exists()
    workflow = yaml.safe_load(blocks("ci", "yaml")[0])
    (step,) = [step for step in workflow["jobs"]["verify"]["steps"] if "krm-injector" in step["uses"]]
    action = yaml.safe_load((ROOT / "action.yml").read_text())
    assert set(step["with"]) <= set(action["inputs"])
    hooks = {hook["id"] for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())}
    used = yaml.safe_load(blocks("ci", "yaml")[1])["repos"][0]["hooks"]
    assert {hook["id"] for hook in used} <= hooks


def test_a_kustomize_that_left_the_function_out_is_noticed(programs: Programs, httpbin: Path) -> None:
    built = programs.run(["kustomize", "build", "--enable-alpha-plugins", "."], httpbin).out
    done = programs.run(["krm-injector", "verify"], httpbin, 1, stdin=built)
    assert "--enable-exec" in done.err


@pytest.mark.parametrize("good", [True, False])
def test_the_action_s_script(programs: Programs, httpbin: Path, good: bool) -> None:
    """Its last step, as the runner starts it."""
    action = yaml.safe_load((ROOT / "action.yml").read_text())
    step = action["runs"]["steps"][-1]
    programs.need("kustomize")
    inputs = {name: value.get("default", "") for name, value in action["inputs"].items()}

    def act(code: int, **given: str) -> str:
        chosen = {**inputs, **given}
        env = {
            name: re.sub(r"\$\{\{ inputs\.([a-z-]+) \}\}", lambda match: chosen[match[1]], value)
            for name, value in step["env"].items()
        }
        return programs.run(["bash", "-c", step["run"]], httpbin, code, env=env).err

    if good:
        act(0, command="build", path="base", output="all.yaml")
        act(0, path="all.yaml")
        act(0, path="all.yaml", config="istio-inject.yaml")
    else:
        act(1, path="base/httpbin.yaml")
        assert "output" in act(2, command="build", path="base")
        assert "verify or build" in act(2, command="$(touch oops)")
        act(1, command="build", path="nowhere", output="all.yaml")
        assert not (httpbin / "all.yaml").exists()
        assert not (httpbin / "oops").exists()


@pytest.mark.parametrize("target", ["argocd", "helm", "pre-commit", "github-action"])
def test_init(programs: Programs, tmp_path: Path, target: str) -> None:
    first = programs.run(["krm-injector", "init", target, "."], tmp_path).out.decode()
    written = tree(tmp_path)
    assert written
    for path in written:
        assert path in first
    for data in written.values():
        yaml.safe_load(data)
    assert len([line for line in first.split("next:\n")[1].splitlines() if line]) <= 2, "three commands with init"
    again = programs.run(["krm-injector", "init", target, "."], tmp_path).out.decode()
    assert "nothing to write" in again
    assert tree(tmp_path) == written
    for path in written:
        (tmp_path / path).write_text("something else\n")
    others = tree(tmp_path)
    programs.run(["krm-injector", "init", target, "."], tmp_path, 1)
    assert tree(tmp_path) == others


def test_init_says_what_init_writes_for_helm_4(programs: Programs) -> None:
    from krm_injector.wiring import helm

    plugin = (ROOT / "functions" / "helm" / "plugin.yaml").read_text()
    assert yaml.safe_load(plugin) == yaml.safe_load(helm.PLUGIN)


def test_pre_commit_hook_is_added_to_others(programs: Programs, tmp_path: Path) -> None:
    before = "repos:\n- repo: https://git.example/x\n  rev: v1\n  hooks:\n  - id: a  # keep\n"
    write(tmp_path, {".pre-commit-config.yaml": before})
    programs.run(["krm-injector", "init", "pre-commit", "."], tmp_path)
    text = (tmp_path / ".pre-commit-config.yaml").read_text()
    assert text.startswith(before)
    assert yaml.safe_load(text)["repos"][1]["hooks"][0]["entry"] == "krm-injector verify ."


def test_plugin_and_patches_of_the_repo_server_fit_together(programs: Programs, tmp_path: Path) -> None:
    """The component, on a Deployment as Argo CD's own manifests have it."""
    shutil.copytree(ROOT / "functions" / "argocd", tmp_path / "plugin")
    server = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "argocd-repo-server"},
        "spec": {
            "template": {"spec": {"containers": [{"name": "argocd-repo-server", "image": "argocd"}], "volumes": []}}
        },
    }
    write(
        tmp_path,
        {
            "server.yaml": yaml.safe_dump(server),
            "kustomization.yaml": "namespace: argocd\nresources: [server.yaml]\ncomponents: [plugin]\n",
        },
    )
    made = objects(programs.run(["kustomize", "build", "."], tmp_path).out)
    (config,) = [value for key, value in made.items() if key[0] == "ConfigMap"]
    pod: Any = made["Deployment", "argocd", "argocd-repo-server"]["spec"]["template"]["spec"]  # type: ignore[index]
    (sidecar,) = [container for container in pod["containers"] if container["name"] == "krm-injector"]
    assert sidecar["securityContext"]["runAsUser"] == 999
    volumes = {volume["name"]: volume for volume in pod["volumes"]}
    assert volumes["krm-injector-plugin"]["configMap"]["name"] == config["metadata"]["name"]  # type: ignore[index]
    values = yaml.safe_load((ROOT / "functions" / "argocd" / "values.yaml").read_text())["repoServer"]
    patch = yaml.safe_load((ROOT / "functions" / "argocd" / "repo-server-patch.yaml").read_text())
    patched = patch["spec"]["template"]["spec"]
    assert (values["extraContainers"], values["volumes"]) == (patched["containers"], patched["volumes"])
