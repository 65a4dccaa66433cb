"""Completion: what may stand at the cursor, and that real shells show it."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import time
from pathlib import Path

import pytest
from builders import deployment, namespace
from command import install_krm_injector, krm_text
from outside import needs_program

from krm_injector.cli.completion import scripts
from krm_injector.cli.completion.words import SHELLS, complete
from krm_injector.cli.options import COMMANDS
from krm_injector.kube.yaml import dump

KUSTOMIZATION = "namespace: staging\nresources: [web.yaml]\n"
MESH = [
    {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "istio-sidecar-injector-1-30"}},
    {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "MutatingWebhookConfiguration",
        "metadata": {"name": "w", "labels": {"istio.io/rev": "1-30", "istio.io/tag": "prod"}},
    },
]


def of(*words: str) -> list[str]:
    return [word for word, _ in complete(words).words]


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A directory with manifests, and a mesh file beside it."""
    shop = tmp_path / "shop"
    shop.mkdir()
    objects = [namespace("shop", {"istio.io/rev": "canary"}), deployment()]
    (shop / "web.yaml").write_text("---\n".join(map(dump, objects)))
    (shop / "kustomization.yaml").write_text(KUSTOMIZATION)
    (shop / "broken.yaml").write_text("namespace: [\n")
    (tmp_path / "mesh.yaml").write_text(dump({"kind": "List", "items": MESH}))
    return tmp_path


# ---------------------------------------------------------------- words


def test_first_words_are_commands_and_groups() -> None:
    names = {name.split()[0] for name in COMMANDS if name}
    assert set(of("")) == names
    assert of("ver") == ["verify", "version"]
    assert of("fleet", "m") == ["merge"]
    assert "--version" in of("--") and of("bogus", "") == []


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["inject", "--meth"], ["--method"]),
        (["inject", "--method", ""], ["automatic", "manual"]),
        (["inject", "--method=m"], ["--method=manual"]),
        (["inject", "--bogus=m"], []),
        (["explain", "-o", "ht"], ["html"]),
        (["images", "--output", ""], ["text", "json"]),
        (["fleet", "plan", "--campaign", "na"], ["native-sidecars"]),
        (["inject", "--mesh-version", "1.9"], ["1.9"]),
        (["init", "k"], ["kustomize", "kpt"]),
        (["completion", "z"], ["zsh"]),
        (["completion", "zsh", ""], []),
        (["version", ""], []),
        (["help", "port-c"], ["port-collision"]),
        (["help", "exit"], ["exit-status"]),
        (["help", "fleet", "pl"], ["plan"]),
        (["help", "config", "Inj"], ["InjectionCheck"]),
        (["help", "config", "mesh.f"], ["mesh.file"]),
        (["help", "build", ""], []),
    ],
)
def test_what_may_stand_at_the_cursor(words: list[str], expected: list[str]) -> None:
    assert of(*words) == expected


@pytest.mark.parametrize(
    ("words", "paths"),
    [
        (["inject", "de"], "files"),
        (["inject", "--mesh", ""], "files"),
        (["inject", "--mesh=m"], "files"),
        (["fleet", "build", "--output", ""], "directories"),
        (["fleet", "list", ""], "directories"),
        (["fleet", "merge", ""], "files"),
        (["init", "kustomize", ""], "directories"),
        (["build", "a", ""], ""),
        (["build", "a", "--", ""], "files"),
        (["explain", "--limit", ""], ""),
    ],
)
def test_where_the_shell_completes_paths(words: list[str], paths: str) -> None:
    assert complete(words).paths == paths


def test_an_option_is_offered_once_unless_it_repeats() -> None:
    offered = of("inject", "--config", "a", "--mesh=b", "--")
    assert "--config" not in offered and {"--mesh", "--method"} <= set(offered)
    assert of("inject", "-n", "shop", "--namespace") == ["--namespace-labels"]


def test_namespaces_are_those_of_the_inputs_named_so_far(repository: Path) -> None:
    shop = str(repository / "shop")
    assert of("inject", shop, "--namespace", "") == ["shop", "staging"]
    assert of("inject", "--context", shop, "-n", "st") == ["staging"]
    assert of("inject", "--namespace", "") == []
    assert of("inject", shop, "--namespace-labels", "sh") == ["shop="]
    assert of("inject", shop, "--namespace-labels", "shop=istio.io") == ["shop=istio.io/rev=canary"]


def test_revisions_are_those_of_meshes_and_labels(repository: Path) -> None:
    mesh = str(repository / "mesh.yaml")
    assert of("inject", "--mesh", mesh, "--revision", "") == ["1-30", "prod"]
    assert of("inject", f"--mesh={mesh}", str(repository), "--revision=") == [
        "--revision=1-30", "--revision=canary", "--revision=prod"
    ]  # fmt: skip


def test_clusters_are_those_of_the_fleet_file(repository: Path) -> None:
    file = repository / "krm-injector-fleet.yaml"
    file.write_text("spec: {clusters: [{name: eu-1}, {name: us-1}]}\n")
    assert of("fleet", "list", str(repository), "--cluster", "") == ["eu-1", "us-1"]
    assert of("fleet", "list", "--fleet", str(file), "--cluster", "u") == ["us-1"]


@pytest.mark.parametrize(
    "text",
    ["", "a: [", "\t", "[1, 2]\n", "kind: Namespace\nmetadata: 7\n", "kind: List\nitems: {a: b}\n",
     "kind: Namespace\nmetadata: {name: [x], namespace: 3, labels: [1]}\nnamespace: {}\n"],
)  # fmt: skip
def test_odd_inputs_are_passed_over(tmp_path: Path, text: str) -> None:
    path = tmp_path / "x.yaml"
    path.write_text(text)
    complete(["inject", str(path), "--namespace", ""])
    complete(["inject", str(path), str(tmp_path / "none.yaml"), "--revision", ""])


def test_what_takes_too_long_is_not_read(repository: Path) -> None:
    large = repository / "large.yaml"
    large.write_text("kind: Namespace\nmetadata: {name: large}\n" + "#" * 1_000_000)
    assert of("inject", str(large), "--namespace", "") == []


# ---------------------------------------------------------------- answers


@pytest.mark.parametrize("line", ["", "krm", "krm-injector x 'a b", 'krm-injector "a b', "x \\"])
def test_a_line_that_is_being_written_is_split(line: str) -> None:
    words = scripts.words_of("bash", [line])
    assert words == {"krm-injector x 'a b": ["x", "a b"], 'krm-injector "a b': ["a b"]}.get(
        line, words
    )


def test_the_answers_of_shells() -> None:
    printed = krm_text("completion", "bash", "--", "krm-injector explain --output=ht").stdout
    assert printed == "html\n:none\n", "bash replaces what is behind the ="
    assert krm_text("completion", "zsh", "--", "explain", "--output=ht").stdout == (
        "--output=html\n:none\n"
    )
    assert krm_text("completion", "kubectl", "--", "inject", "").stdout == ":0\n"
    assert krm_text("completion", "kubectl", "--", "init", "kus").stdout == "kustomize\n:4\n"


def test_a_script_for_each_shell_and_a_word_for_none() -> None:
    for shell in SHELLS:
        assert "krm-injector completion " + shell in krm_text("completion", shell).stdout
    done = krm_text("completion", "zhs")
    assert (done.returncode, done.stdout) == (2, "") and "did you mean zsh?" in done.stderr
    assert "One of bash, zsh, fish, kubectl" in krm_text("completion").stderr


# ---------------------------------------------------------------- real shells


def typed(command: list[str], lines: list[str], until: str, directory: Path) -> str:
    """What an interactive shell shows when these lines are typed, until a text is there."""
    environment = {
        "PATH": f"{directory / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(directory),
        "TERM": "dumb",
        "COLUMNS": "200",
    }
    leader, follower = pty.openpty()
    shell = subprocess.Popen(
        command, stdin=follower, stdout=follower, stderr=follower, env=environment,
        cwd=directory, start_new_session=True,
    )  # fmt: skip
    os.close(follower)
    shown, end = "", time.monotonic() + 40
    try:
        for line in lines:
            os.write(leader, line.encode())
        while until not in shown and time.monotonic() < end:
            if select.select([leader], [], [], 0.5)[0]:
                shown += os.read(leader, 65536).decode(errors="replace")
    finally:
        shell.kill()
        shell.wait()
        os.close(leader)

    return shown


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    (tmp_path / "bin").mkdir()
    install_krm_injector(tmp_path / "bin")
    (tmp_path / "manifests dir").mkdir()
    return tmp_path


START = {
    "bash": (["bash", "--norc", "--noprofile", "-i"], "source <(krm-injector completion bash)\n"),
    "zsh": (
        ["zsh", "-f", "-i"],
        "autoload -Uz compinit; compinit -u -D; source <(krm-injector completion zsh)\n",
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("shell", START)
@pytest.mark.parametrize(
    ("line", "whole"),
    [
        ("krm-injector verif\t", "krm-injector verify"),
        ("krm-injector explain --output=ht\t", "--output=html"),
        ("krm-injector explain --truth-t\t", "--truth-table"),
        ("krm-injector inject manif\t", "manifests\\ dir/"),
        ("krm-injector inject --mesh=manif\t", "--mesh=manifests\\ dir/"),
    ],
)
def test_a_shell_completes(shell: str, line: str, whole: str, installed: Path) -> None:
    needs_program(shell)
    command, source = START[shell]
    shown = typed(command, [source, line], whole, installed)
    assert whole in shown


@pytest.mark.slow
def test_kubectl_completes_its_plugin(installed: Path) -> None:
    needs_program("kubectl")
    plugin = installed / "bin" / "kubectl-krm_injector"
    plugin.symlink_to(installed / "bin" / "krm-injector")
    script = installed / "bin" / "kubectl_complete-krm_injector"
    script.write_text(krm_text("completion", "kubectl").stdout)
    script.chmod(0o755)
    done = subprocess.run(
        ["kubectl", "__complete", "krm-injector", "inject", "--method", ""],
        env={"PATH": f"{installed / 'bin'}{os.pathsep}{os.environ['PATH']}",
             "HOME": str(installed)},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout == "automatic\nmanual\n:4\n"


@pytest.mark.slow
def test_fish_completes(installed: Path) -> None:
    needs_program("fish")
    lines = ("verif", "explain --output=ht", "inject manif", "inject --mesh=manif")
    asked = "; ".join(f'complete -C "krm-injector {line}"' for line in lines)
    done = subprocess.run(
        ["fish", "--no-config", "-c", f"krm-injector completion fish | source; {asked}"],
        env={"PATH": f"{installed / 'bin'}{os.pathsep}{os.environ['PATH']}",
             "HOME": str(installed)},
        cwd=installed, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert [line.split("\t")[0] for line in done.stdout.splitlines()] == [
        "verify", "--output=html", "manifests dir/", "--mesh=manifests dir/"
    ]  # fmt: skip
