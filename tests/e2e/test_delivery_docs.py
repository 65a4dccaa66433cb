"""docs/argocd.md, helm.md, flux.md and ci.md: their commands run, their YAML is what it says, init
writes it.
"""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from e2e import github_action
from e2e.helm_charts import CHART, CONFIG
from e2e.helm_charts import WEB as RELEASE
from e2e.real_programs import (
    Done,
    Programs,
    deployment,
    injected,
    namespace,
    objects,
)
from files import tree, write
from paths import ROOT
from published import check_junit, check_sarif

from krm_injector.cli import argocd
from krm_injector.discovery import profile
from krm_injector.wiring import init

PAGES = {
    name: (ROOT / "docs" / f"{name}.md").read_text() for name in ("argocd", "helm", "flux", "ci")
}


def blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGES[page], re.MULTILINE | re.DOTALL)


def run(programs: Programs, page: str, work: Path, more: dict[str, str] | None = None) -> str:
    """Every sh block of a page, one after the other in one directory; what the last printed."""
    out = b""
    for block in blocks(page, "sh"):
        out = programs.run(["sh", "-euc", block], work, env=more).out
    return out.decode()


def yaml_of(page: str, kind: str) -> dict[str, Any]:
    (found,) = all_yaml_of(page, kind)
    return found


def all_yaml_of(page: str, kind: str) -> list[dict[str, Any]]:
    return [
        value
        for block in blocks(page, "yaml")
        if (value := yaml.safe_load(block)).get("kind") == kind
    ]


def test_argocd(programs: Programs, tmp_path: Path, httpbin: Path) -> None:
    shutil.copytree(httpbin / "base", tmp_path / "app")
    programs.need("kustomize")
    assert injected(objects(run(programs, "argocd", tmp_path).encode()))
    plain, hydrated = all_yaml_of("argocd", "Application")
    parameters = plain["spec"]["source"]["plugin"]["parameters"]
    plugin = yaml.safe_load((ROOT / "functions" / "argocd" / "plugin.yaml").read_text())
    assert "version" not in plugin["spec"], "its version would be part of the plugin's name"
    dry = hydrated["spec"]["sourceHydrator"]["drySource"]
    assert dry["plugin"]["name"] == plugin["metadata"]["name"]
    env = {"ARGOCD_APP_NAME": "web", "ARGOCD_APP_PARAMETERS": json.dumps(parameters)}
    assert argocd.application(env) is not None, (
        "the example's parameters are known and of the right types"
    )
    rows = re.findall(r"^\| `([a-z-]+)` \| (string|array|map) \|", PAGES["argocd"], re.MULTILINE)
    assert rows == [
        (parameter.name, parameter.collection) for parameter in argocd.PARAMETERS.values()
    ]


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
    (workflow,) = [
        yaml.safe_load(block)
        for block in blocks("flux", "yaml")
        if block.startswith("name: render")
    ]
    steps = [step["run"] for step in workflow["jobs"]["render"]["steps"] if "run" in step]
    assert [line for line in blocks("flux", "sh")[0].splitlines() if line not in steps[1]] == []
    # The workflow's own steps, in a repository with something to push to.
    git = [
        "git",
        "-c",
        "user.name=a",
        "-c",
        "user.email=a@example.com",
        "-c",
        "init.defaultBranch=main",
    ]
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


# What leads from init to the first injected output (pre-commit, GitHub: to the first verdict on
# one), page by page: at most three commands, one after the other, all of which a test of the page
# runs.
ROADS = {
    "kustomize": ["krm-injector init kustomize", "kustomize build"],
    "kpt": ["krm-injector init kpt", "kpt fn render"],
    "container": ["docker build", "krm-injector init kustomize --image", "kustomize build"],
    "argocd": ["krm-injector init argocd", "cd app && krm-injector build"],
    "helm 3": ["krm-injector init helm", "helm3 template"],
    "helm 4": ["krm-injector init helm", "helm4 plugin install", "helm4 template"],
    "ci github": ["krm-injector init github-action", "krm-injector verify"],
    "ci pre-commit": ["krm-injector init pre-commit", "pre-commit install", "pre-commit run"],
}


@pytest.mark.parametrize("road", ROADS)
def test_three_commands_at_most(road: str) -> None:
    text = (ROOT / "docs" / f"{road.split()[0]}.md").read_text()
    commands = "".join(
        re.findall(r"^```sh\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    ).splitlines()
    first = next(number for number, line in enumerate(commands) if line.startswith(ROADS[road][0]))
    another = ("helm3", "helm4")[road == "helm 3"]  # each Helm on its own
    found = [
        line
        for line in commands[first:]
        if not (road.startswith("helm") and line.startswith(another))
    ]
    assert len(ROADS[road]) <= 3
    for line, start in zip(found, ROADS[road], strict=False):
        assert line.startswith(start), f"{line!r} stands where {start!r} is to be"


@pytest.fixture
def repository(programs: Programs, tmp_path: Path, httpbin: Path) -> Path:
    """A git repository whose directory rendered/ holds injected manifests."""
    work = tmp_path / "repository"
    out = programs.run(["krm-injector", "inject", "base"], httpbin).out.decode()
    write(work, {"rendered/all.yaml": out})
    git(programs, work, "init", "-q", ".")
    git(programs, work, "add", ".")
    git(programs, work, "commit", "-q", "-m", "Rendered")
    return work


# git without what a person has configured; pre-commit keeps what it installs in the test's own
# directory.
ALONE = {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1"}


def git(programs: Programs, work: Path, *words: str, code: int = 0) -> str:
    done = programs.run(
        ["git", "-c", "user.name=a", "-c", "user.email=a@example.com", *words],
        work,
        code,
        env=ALONE,
    )
    return done.out.decode() + done.err


def test_pre_commit(programs: Programs, tmp_path: Path, repository: Path) -> None:
    """The page's commands; then a commit of what is not as injection gives it is refused."""
    programs.need("pre-commit")
    env = {**ALONE, "PRE_COMMIT_HOME": str(tmp_path / "pre-commit")}
    (block,) = [block for block in blocks("ci", "sh") if "pre-commit" in block]
    programs.run(["sh", "-ec", block.partition("\n")[0]], repository)
    git(programs, repository, "add", ".")  # pre-commit wants its configuration staged
    out = programs.run(["sh", "-ec", block], repository, env=env).out.decode()
    assert "Passed" in out
    path = repository / "rendered" / "all.yaml"
    good = path.read_text()
    path.write_text(good.replace(f"proxyv2:{profile.DEFAULT.tag}", "proxyv2:1.0.0", 1))
    git(programs, repository, "add", ".")
    assert "verify-edited" in git(programs, repository, "commit", "-m", "Edited", code=1)
    path.write_text(good)
    git(programs, repository, "add", ".")
    git(programs, repository, "commit", "-q", "-m", "As it was")


MORE_HOOKS = ("explain", "inject")  # than the one of the page


def test_pre_commit_installs_the_hooks_of_this_repository(
    programs: Programs, tmp_path: Path, repository: Path
) -> None:
    programs.need("pre-commit")
    source = tmp_path / "krm-injector"
    for name in ("pyproject.toml", "README.md", "LICENSE", ".pre-commit-hooks.yaml"):
        source.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, source / name)
    shutil.copytree(
        ROOT / "krm_injector", source / "krm_injector", ignore=shutil.ignore_patterns("__pycache__")
    )
    git(programs, source, "init", "-q", ".")
    git(programs, source, "add", ".")
    git(programs, source, "commit", "-q", "-m", "The program")
    commit = git(programs, source, "rev-parse", "HEAD").strip()
    text = blocks("ci", "yaml")[1].replace("https://git.example/krm-injector", f"file://{source}")
    text = text.replace("COMMIT", commit)
    text += "".join(f"  - id: krm-injector-{name}\n    args: [rendered]\n" for name in MORE_HOOKS)
    write(repository, {".pre-commit-config.yaml": text})
    git(programs, repository, "add", ".")
    env = {**ALONE, "PRE_COMMIT_HOME": str(tmp_path / "pre-commit")}
    out = programs.run(["pre-commit", "run", "--all-files"], repository, env=env).out.decode()
    assert out.count("Passed") == 3

    programs.run(["krm-injector", "eject", "--in-place", "rendered"], repository)
    git(programs, repository, "add", ".")
    words = ["pre-commit", "run", "--all-files", "krm-injector-inject"]
    out = programs.run(words, repository, 1, env=env).out.decode()
    assert "files were modified by this hook" in out and "1 of 1 file changed" in out


def test_github_workflow_of_init(programs: Programs, tmp_path: Path, repository: Path) -> None:
    """The page's commands, and then the workflow's own steps with this program in its repository's
    place.
    """
    (block,) = [block for block in blocks("ci", "sh") if "github-action" in block]
    programs.run(["sh", "-ec", block], repository)
    workflow = yaml.safe_load(
        (repository / ".github" / "workflows" / "krm-injector.yaml").read_text()
    )
    install, *steps = [step["run"] for step in workflow["jobs"]["verify"]["steps"] if "run" in step]
    assert install == "python -m pip install git+https://git.example/krm-injector@COMMIT"
    assert [line for line in block.splitlines() if "init" not in line] == steps
    for step in steps:
        programs.run(["bash", "-e", "-c", step], repository)
    path = repository / "rendered" / "all.yaml"
    injected = path.read_text()
    path.write_text(injected.replace(f"proxyv2:{profile.DEFAULT.tag}", "proxyv2:1.0.0", 1))
    assert "verify-edited" in programs.run(["bash", "-e", "-c", steps[0]], repository, 1).err


def test_ci(programs: Programs, httpbin: Path) -> None:
    programs.need("kustomize")
    programs.run(["sh", "-euc", blocks("ci", "sh")[0]], httpbin)
    workflow = yaml.safe_load(blocks("ci", "yaml")[0])
    (step,) = [
        step for step in workflow["jobs"]["verify"]["steps"] if "krm-injector" in step["uses"]
    ]
    action = yaml.safe_load((ROOT / "action.yml").read_text())
    assert set(step["with"]) <= set(action["inputs"])
    hooks = {hook["id"] for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())}
    used = yaml.safe_load(blocks("ci", "yaml")[1])["repos"][0]["hooks"]
    assert {hook["id"] for hook in used} <= hooks


def test_a_kustomize_that_left_the_function_out_is_noticed(
    programs: Programs, httpbin: Path
) -> None:
    built = programs.run(["kustomize", "build", "--enable-alpha-plugins", "."], httpbin).out
    done = programs.run(["krm-injector", "verify"], httpbin, 1, stdin=built)
    assert "--enable-exec" in done.err


@pytest.mark.parametrize("good", [True, False])
def test_the_action_s_script(programs: Programs, httpbin: Path, good: bool) -> None:
    """Its own step, as the runner starts it."""
    programs.need("kustomize")

    def act(code: int, **inputs: str) -> Done:
        env = github_action.environment(httpbin / "runner", **inputs)
        return programs.run(["bash", "-c", github_action.script()], httpbin, code, env=env)

    if good:
        act(0, command="build", path="base", output="all.yaml")
        act(0, path="all.yaml")
        act(0, path="all.yaml", config="istio-inject.yaml")
        act(0, command="explain", path="base")
    else:
        act(1, path="base/httpbin.yaml")
        assert "output" in act(2, command="build", path="base").err
        assert "explain or build" in act(2, command="$(touch oops)").err
        act(1, command="build", path="nowhere", output="all.yaml")
        assert not (httpbin / "all.yaml").exists()
        assert not (httpbin / "oops").exists()


def test_what_the_action_shows(programs: Programs, httpbin: Path) -> None:
    """Annotations on stdout, SARIF in the file of its output, and the text of the comment."""
    runner = httpbin / "runner"
    env = github_action.environment(runner, path="base/httpbin.yaml", comment="true")
    done = programs.run(["bash", "-c", github_action.script()], httpbin, 1, env=env)
    errors = [line for line in done.out.decode().splitlines() if line.startswith("::error ")]
    assert errors and "file=base/httpbin.yaml,line=" in errors[0]
    assert "https://git.example/OWNER/krm-injector/blob/v1/docs/" in errors[0]
    (output,) = (runner / "output").read_text().splitlines()
    sarif = Path(output.removeprefix("sarif-file="))
    check_sarif(sarif.read_text())
    text = (runner / "krm-injector.md").read_text()
    assert "httpbin" in text and (runner / "summary.md").read_text() == text


def test_the_comment_of_what_cannot_be_read(programs: Programs, httpbin: Path) -> None:
    runner = httpbin / "runner"
    env = github_action.environment(runner, path="nowhere.yaml", comment="true")
    done = programs.run(["bash", "-c", github_action.script()], httpbin, 1, env=env)
    assert b"::error file=nowhere.yaml," in done.out
    assert "could not read" in (runner / "krm-injector.md").read_text()


def test_nothing_is_uploaded_of_a_command_that_did_not_run(
    programs: Programs, httpbin: Path
) -> None:
    runner = httpbin / "runner"
    env = github_action.environment(runner, path="--nonsense")
    programs.run(["bash", "-c", github_action.script()], httpbin, 2, env=env)
    assert not (runner / "output").exists()


def test_steps_behind_the_verdict_run_although_it_failed() -> None:
    steps = github_action.ACTION["runs"]["steps"]
    (index,) = [index for index, step in enumerate(steps) if step.get("id") == "run"]
    assert len(steps[index + 1 :]) == 2
    for step in steps[index + 1 :]:
        assert step["if"].startswith("${{ !cancelled() && inputs.")
    for step in steps:
        name, _, commit = step.get("uses", "").partition("@")
        assert not name or re.fullmatch("[0-9a-f]{40}", commit)


def test_gitlab_s_job(programs: Programs, httpbin: Path) -> None:
    """The job's own command; what it keeps is a test report."""
    programs.need("kustomize")
    (job,) = [value for value in map(yaml.safe_load, blocks("ci", "yaml")) if "verify" in value]
    install, verify = job["verify"]["script"]
    assert "krm-injector@COMMIT" in install
    (httpbin / "rendered").mkdir()
    built = programs.run(["krm-injector", "build", "base"], httpbin).out
    (httpbin / "rendered" / "all.yaml").write_bytes(built)
    programs.run(["bash", "-ec", verify], httpbin)
    check_junit((httpbin / job["verify"]["artifacts"]["reports"]["junit"]).read_text())


@pytest.mark.parametrize("target", init.TARGETS)
def test_init(programs: Programs, tmp_path: Path, target: str) -> None:
    """It says what it writes, writes it once, and never over anything: not in part either."""
    write(tmp_path, {"web.yaml": deployment("web")})
    there = tree(tmp_path)
    first = programs.run(["krm-injector", "init", target, "."], tmp_path).out.decode()
    written = {path: data for path, data in tree(tmp_path).items() if path not in there}
    assert written and tree(tmp_path) == {**there, **written}
    for path in written:
        assert path in first
    for data in written.values():
        yaml.safe_load(data)
    assert len([line for line in first.split("next:\n")[1].splitlines() if line]) <= 2, (
        "three commands with init"
    )
    again = programs.run(["krm-injector", "init", target, "."], tmp_path).out.decode()
    assert "nothing to write" in again
    assert tree(tmp_path) == {**there, **written}
    for taken in written:
        for path in written:
            (tmp_path / path).unlink(missing_ok=True)
        write(tmp_path, {taken: "something else\n"})
        others = tree(tmp_path)
        assert taken in programs.run(["krm-injector", "init", target, "."], tmp_path, 1).err
        assert tree(tmp_path) == others


@pytest.mark.parametrize("target", init.TARGETS)
def test_what_init_says_is_next(programs: Programs, tmp_path: Path, target: str) -> None:
    """Its last lines, typed where init was: in a directory above, whose name wants quoting."""
    work = write(
        tmp_path / "my shop", {"web.yaml": namespace("shop") + "---\n" + deployment("web")}
    )
    env = {**ALONE, "PRE_COMMIT_HOME": str(tmp_path / "pre-commit")}
    if target == "helm":
        (work / "web.yaml").unlink()
        write(work, CHART)
        (tmp_path / "helm").symlink_to(programs.need("helm4"))
        env |= {f"HELM_{name}_HOME": str(tmp_path / "home") for name in ("CACHE", "CONFIG", "DATA")}
    elif target in ("pre-commit", "github-action"):
        out = programs.run(["krm-injector", "inject", "web.yaml"], work).out
        (work / "web.yaml").write_bytes(out)
    said = programs.run(["krm-injector", "init", target, work.name], tmp_path).out.decode()
    following = said.split("next:\n")[1]
    assert following.startswith("  cd 'my shop'\n")
    if target == "helm":  # what its note says to fill in
        (work / "istio-inject.yaml").write_text(blocks("helm", "yaml")[0])
        following = following.replace("RELEASE CHART", "shop web").replace("NAMESPACE", "shop")
    elif target == "pre-commit":
        programs.need("pre-commit")
        git(programs, work, "init", "-q", ".")
        git(programs, work, "add", ".")
    for word in ("kustomize", "kpt"):
        programs.need(word) if target == word else None
    path = f"{tmp_path}:{programs.path}"
    done = programs.run(["sh", "-euc", following], tmp_path, env={**env, "PATH": path})
    if target in ("pre-commit", "github-action"):
        assert (
            "Passed" in done.out.decode() or "1 workload verified" in done.out.decode() + done.err
        )
    else:
        assert b"name: istio-proxy" in done.out + (
            b"" if target == "helm" else (work / "web.yaml").read_bytes()
        )


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


def test_plugin_and_patches_of_the_repo_server_fit_together(
    programs: Programs, tmp_path: Path
) -> None:
    """The component, on a Deployment as Argo CD's own manifests have it."""
    shutil.copytree(ROOT / "functions" / "argocd", tmp_path / "plugin")
    server = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "argocd-repo-server"},
        "spec": {
            "template": {
                "spec": {
                    "containers": [{"name": "argocd-repo-server", "image": "argocd"}],
                    "volumes": [],
                }
            }
        },
    }
    write(
        tmp_path,
        {
            "server.yaml": yaml.safe_dump(server),
            "kustomization.yaml": (
                "namespace: argocd\nresources: [server.yaml]\ncomponents: [plugin]\n"
            ),
        },
    )
    made = objects(programs.run(["kustomize", "build", "."], tmp_path).out)
    (config,) = [value for key, value in made.items() if key[0] == "ConfigMap"]
    pod: Any = made["Deployment", "argocd", "argocd-repo-server"]["spec"]["template"]["spec"]  # type: ignore[index]
    (sidecar,) = [
        container for container in pod["containers"] if container["name"] == "krm-injector"
    ]
    assert sidecar["securityContext"]["runAsUser"] == 999
    volumes = {volume["name"]: volume for volume in pod["volumes"]}
    assert volumes["krm-injector-plugin"]["configMap"]["name"] == config["metadata"]["name"]  # type: ignore[index]
    values = yaml.safe_load((ROOT / "functions" / "argocd" / "values.yaml").read_text())[
        "repoServer"
    ]
    patch = yaml.safe_load((ROOT / "functions" / "argocd" / "repo-server-patch.yaml").read_text())
    patched = patch["spec"]["template"]["spec"]
    assert (values["extraContainers"], values["volumes"]) == (
        patched["containers"],
        patched["volumes"],
    )
