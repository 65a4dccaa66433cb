"""inject and eject --in-place: all files or none, and of each only the lines that change."""

from __future__ import annotations

import fcntl
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from builders import config_map
from command import KRM_INJECTOR, environment, krm_text
from files import tree, write
from paths import ROOT

from krm_injector.kube import yaml

SHOP = (
    "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {istio-injection: enabled}}\n"
)
QUIET = "apiVersion: v1\nkind: Service\nmetadata:   {name: x,   namespace: shop}\n# the end\n"
WEB = """\
# in front
apiVersion: apps/v1
kind: Deployment
metadata:
    name: web # its name
    namespace: shop
spec:
    selector: {matchLabels: &labels {app: web}}
    template:
        metadata:
            labels: *labels
        spec:
            containers:
            -   name: web
                image: "web:1"   # pinned
"""
FILES = {
    "deploy/ns.yaml": SHOP,
    "deploy/web.yaml": f"{QUIET}---\n{WEB}---\n{QUIET}",
    "deploy/dos.yml": WEB.replace("web", "dos").replace("\n", "\r\n"),
    "deploy/mark.yaml": "\ufeff" + WEB.replace("web", "mark").rstrip(),
    "deploy/one.json": (
        '{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "namespace": "shop"}, '
        '"spec": {"containers": [{"name": "p", "image": "p:1"}]}}\n'
    ),
    "deploy/other.yaml": QUIET,
    "deploy/values.yaml": "replicas: 3   # no manifest\n",
}
CHANGED = ("dos.yml", "mark.yaml", "one.json", "web.yaml")


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    return write(tmp_path / "repo", FILES)


def in_place(repo: Path, *words: str, action: str = "inject") -> subprocess.CompletedProcess[str]:
    return krm_text(action, "--in-place", *(words or ("deploy",)), cwd=repo)


def test_the_files_change_and_come_back_byte_for_byte(repo: Path) -> None:
    before = tree(repo)
    done = in_place(repo)
    assert done.returncode == 0, done.stderr
    changed = [name for name, data in tree(repo).items() if data != before[name]]
    assert changed == [f"deploy/{name}" for name in CHANGED]
    names = "".join(f"wrote {name}\n" for name in changed)
    assert done.stdout == f"{names}4 of 6 files changed\n"

    done = in_place(repo, action="eject")
    assert done.returncode == 0 and done.stdout == f"{names}4 of 6 files changed\n"
    assert tree(repo) == before


def test_what_is_not_injected_keeps_its_bytes(repo: Path) -> None:
    in_place(repo)
    web = (repo / "deploy/web.yaml").read_bytes().decode()
    assert web.startswith(f"{QUIET}---\n# in front\n") and web.endswith(f"---\n{QUIET}")
    for line in ("    name: web # its name\n", '                image: "web:1"   # pinned\n'):
        assert line in web
    dos = (repo / "deploy/dos.yml").read_bytes()
    assert dos.count(b"\n") == dos.count(b"\r\n") > FILES["deploy/dos.yml"].count("\r\n")
    assert (repo / "deploy/mark.yaml").read_bytes().startswith(b"\xef\xbb\xbf# in front")


def test_it_is_what_inject_prints(repo: Path) -> None:
    printed = krm_text("inject", "deploy/ns.yaml", "deploy/web.yaml", cwd=repo).stdout
    in_place(repo, "deploy/ns.yaml", "deploy/web.yaml")
    assert printed == f"{SHOP}---\n" + (repo / "deploy/web.yaml").read_text()


def test_a_second_run_writes_nothing(repo: Path) -> None:
    in_place(repo)
    before = {path: (path.stat().st_ino, path.stat().st_mtime_ns) for path in repo.rglob("*")}
    done = in_place(repo)
    assert done.returncode == 0 and done.stdout == "0 of 6 files changed\n"
    after = {path: (path.stat().st_ino, path.stat().st_mtime_ns) for path in repo.rglob("*")}
    assert after == before


@pytest.mark.parametrize("action", ["inject", "eject"])
def test_dry_run_prints_a_patch_and_writes_nothing(repo: Path, action: str) -> None:
    if action == "eject":
        in_place(repo)
    before = tree(repo)
    done = in_place(repo, "--dry-run", "deploy", action=action)
    assert done.returncode == 0 and tree(repo) == before

    in_place(repo, action=action)
    after = tree(repo)
    for name, data in before.items():
        (repo / name).write_bytes(data)
    patch = shutil.which("patch")
    if patch is None:
        pytest.skip("patch is not on PATH")
    words = [patch, "-p1", "--binary", "-s"]
    subprocess.run(words, input=done.stdout.encode(), cwd=repo, check=True)
    assert tree(repo) == after


def test_an_error_in_one_file_changes_none(repo: Path) -> None:
    write(repo, {"deploy/zz.yaml": WEB.replace("namespace: shop", "namespace: elsewhere")})
    before = tree(repo)
    done = in_place(repo)
    assert done.returncode == 1 and done.stdout == ""
    assert "[namespace-missing]" in done.stderr
    assert tree(repo) == before


# ---------------------------------------------------------------- what is refused


KUSTOMIZATION = "resources: [web.yaml]\n"
REFUSED = {
    "a kustomization that changes its files": (
        {"app/kustomization.yaml": f"{KUSTOMIZATION}namePrefix: a-\n", "app/web.yaml": WEB},
        ["app"],
        "krm-injector build app",
    ),
    "a file that a kustomization changes": (
        {"app/kustomization.yaml": f"{KUSTOMIZATION}namePrefix: a-\n", "app/web.yaml": WEB},
        ["deploy/ns.yaml", "app/web.yaml"],
        "read by the kustomization app",
    ),
    "a file that a kustomization far above changes": (
        {"kustomization.yaml": "resources: [a/b/web.yaml]\nlabels: [{pairs: {a: b}}]\n",
         "a/b/web.yaml": WEB},
        ["deploy/ns.yaml", "a/b/web.yaml"],
        "read by the kustomization .,",
    ),
    "a patch": (
        {"app/kustomization.yaml": "resources: []\npatches: [{path: patch.yaml}]\n",
         "app/patch.yaml": WEB},
        ["deploy/ns.yaml", "app/patch.yaml"],
        "read by the kustomization app",
    ),
    "a chart": (
        {"app/Chart.yaml": "name: a\nversion: 1.0.0\n", "app/templates/web.yaml": WEB},
        ["app"],
        "krm-injector build app",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_manifest_as_it_stands_is_refused(case: str, repo: Path) -> None:
    files, paths, says = REFUSED[case]
    write(repo, files)
    before = tree(repo)
    done = in_place(repo, *paths)
    assert done.returncode == 1 and done.stdout == ""
    assert "[in-place-refused]" in done.stderr and says in done.stderr
    assert tree(repo) == before


def test_a_pipe_is_refused(repo: Path) -> None:
    os.mkfifo(repo / "pipe")
    done = in_place(repo, "pipe")
    assert done.returncode == 1 and "pipe is no file" in done.stderr


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--in-place"], "stdin is none"),
        (["--in-place", "-"], "stdin is none"),
        (["--dry-run", "deploy"], "--dry-run is for --in-place"),
    ],
)
def test_wrong_usage(words: list[str], says: str, repo: Path) -> None:
    done = krm_text("inject", *words, cwd=repo)
    assert done.returncode == 2 and says in done.stderr


def test_a_kustomization_that_only_lists_is_changed(repo: Path) -> None:
    write(repo, {"app/kustomization.yaml": KUSTOMIZATION, "app/web.yaml": WEB})
    done = in_place(repo, "app", "--namespace-labels", "shop=istio-injection=enabled")
    assert done.stdout == "wrote app/web.yaml\n1 of 1 file changed\n", done.stderr


def test_eject_takes_a_file_that_a_kustomization_changes(repo: Path) -> None:
    """It may have been injected before the kustomization changed it, and must come back."""
    in_place(repo, "deploy/ns.yaml", "deploy/web.yaml")
    write(repo, {"deploy/kustomization.yaml": f"{KUSTOMIZATION}namePrefix: a-\n"})
    done = in_place(repo, "deploy/web.yaml", action="eject")
    assert (
        done.returncode == 0 and (repo / "deploy/web.yaml").read_text() == FILES["deploy/web.yaml"]
    )


def test_kustomizations_and_charts_below_stay_and_are_told(repo: Path) -> None:
    more = {"deploy/k/kustomization.yaml": f"{KUSTOMIZATION}namePrefix: a-\n",
            "deploy/k/web.yaml": WEB, "deploy/c/Chart.yaml": "name: c\n"}  # fmt: skip
    write(repo, more)
    done = in_place(repo)
    assert done.returncode == 0, done.stderr
    assert "stay as they are" in done.stderr and "krm-injector build" in done.stderr
    assert (repo / "deploy/k/web.yaml").read_text() == WEB


# ---------------------------------------------------------------- links, locks, kills


def test_links_and_paths_to_one_file(repo: Path) -> None:
    (repo / "link.yaml").symlink_to("deploy/web.yaml")
    done = in_place(repo, "deploy/ns.yaml", "link.yaml", "deploy/web.yaml", "./deploy/web.yaml")
    assert done.stdout == "wrote link.yaml\n1 of 2 files changed\n", done.stderr
    assert (repo / "link.yaml").is_symlink()
    assert "istio-proxy" in (repo / "deploy/web.yaml").read_text()


def test_a_hard_link_is_told(repo: Path) -> None:
    os.link(repo / "deploy/web.yaml", repo / "second.yaml")
    done = in_place(repo)
    assert done.returncode == 0 and "[output-hard-link]" in done.stderr
    assert (repo / "second.yaml").read_text() == FILES["deploy/web.yaml"]


@pytest.mark.parametrize("held", ["deploy", "deploy/web.yaml", "."])
def test_another_run_excludes_this_one(held: str, repo: Path) -> None:
    before = tree(repo)
    file = os.open(repo / held, os.O_RDONLY)
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        done = in_place(repo, "deploy/ns.yaml", "deploy/web.yaml")
        if held != "deploy/web.yaml":
            assert in_place(repo).returncode == 1
    finally:
        os.close(file)

    assert done.returncode == 1 and "[output-locked]" in done.stderr
    assert tree(repo) == before
    assert in_place(repo).returncode == 0


DRIVER = """\
import os, signal, sys
number, kind = int(sys.argv[1]), getattr(signal, sys.argv[2])
names = ("open", "write", "fsync", "replace", "rename", "unlink", "link")
left = number

def counted(call):
    def run(*words, **named):
        global left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), kind)
        return call(*words, **named)
    return run

from krm_injector.cli import program
for name in names:
    setattr(os, name, counted(getattr(os, name)))
sys.argv[1:] = ["inject", "--in-place", "deploy"]
program.main()
"""


def stopped(repo: Path, number: int, name: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-c", DRIVER, str(number), name],
        cwd=repo,
        env=environment(),
        capture_output=True,
        check=False,
    )


@pytest.mark.parametrize(("name", "numbers"), [("SIGTERM", (7, 20, 36, 99)), ("SIGINT", (14, 40))])
def test_a_signal_leaves_all_files_old_or_all_new(
    name: str, numbers: tuple[int, ...], repo: Path, tmp_path: Path
) -> None:
    old = tree(repo)
    shutil.copytree(repo, tmp_path / "new")
    in_place(tmp_path / "new")
    new = tree(tmp_path / "new")
    codes = []
    for number in numbers:
        done = stopped(repo, number, name)
        assert tree(repo) == (old if done.returncode else new), number
        assert done.returncode in (0, 128 + getattr(signal, name))
        assert done.returncode == 0 or b"no file was changed [stopped]" in done.stderr
        codes.append(done.returncode)
        in_place(repo, action="eject")
    assert codes[0] and not codes[-1]


def test_what_a_kill_leaves_is_put_right_by_the_next_run(repo: Path) -> None:
    old = tree(repo)
    told = set()
    for number in (8, 20, 30, 36, 38, 42, 45):
        done = stopped(repo, number, "SIGKILL")
        if done.returncode == 0:
            break
        assert done.returncode == -signal.SIGKILL
        again = in_place(repo, action="eject")
        assert again.returncode == 0, again.stderr
        told.add("[output-recovered]" in again.stderr)
        assert tree(repo) == old, number
    assert told == {True, False}


def test_a_killed_run_over_other_paths_too_is_an_error(repo: Path) -> None:
    """Its files here may be some old, some new: nothing is done until they are put right."""
    write(repo, {"more/p.yaml": WEB.replace("web", "more")})
    row = ["../more/p.yaml", "../more/.krm-injector-1-0.new", "../more/.krm-injector-1-0.old"]
    journal = json.dumps([[*row, "before", "after"]]) + "\n"
    write(repo, {"deploy/.krm-injector-1.journal": journal})
    before = tree(repo)
    done = in_place(repo)
    assert done.returncode == 1 and done.stdout == ""
    assert "more/p.yaml too" in done.stderr and "[output-recovered]" in done.stderr
    assert tree(repo) == before
    assert in_place(repo, "deploy", "more").returncode == 0
    assert not (repo / "deploy/.krm-injector-1.journal").exists()


def test_a_large_bundle_of_one_process_keeps_its_descriptors(tmp_path: Path) -> None:
    """Three hundred named files are more than there are locks."""
    names = [f"f{number}.yaml" for number in range(300)]
    write(tmp_path, {"ns.yaml": SHOP, **{name: QUIET.replace("x", name[:-5], 1) for name in names}})
    limited = ["sh", "-c", 'ulimit -n 64; exec "$@"', "sh", *KRM_INJECTOR, "inject", "--in-place"]
    done = subprocess.run(
        [*limited, "ns.yaml", *names],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "0 of 301 files changed\n", done.stderr


def test_the_mesh_of_the_files_counts_and_stays(repo: Path) -> None:
    mesh = yaml.dump(config_map("unrelated", {"a": "b"}))
    write(repo, {"deploy/mesh.yaml": mesh})
    assert in_place(repo).returncode == 0
    assert (repo / "deploy/mesh.yaml").read_text() == mesh


def test_the_commands_of_the_page(repo: Path) -> None:
    page = (ROOT / "docs" / "in-place.md").read_text()
    (block,) = re.findall(r"^```sh\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    before, seen = tree(repo), []
    for line in block.splitlines():
        if not line.startswith("#"):
            program, *words = shlex.split(line)
            done = krm_text(*words, cwd=repo)
            assert program == "krm-injector" and done.returncode == 0, done.stderr
            seen.append(tree(repo) == before)
    assert seen == [True, False, True]
