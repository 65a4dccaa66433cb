"""Which targets a git range can have touched, asked of the real git."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import files
import pytest
from outside import needs_program

from krm_injector.fleet import changes
from krm_injector.fleet.inputs import Reader
from krm_injector.fleet.model import Inputs, Target
from krm_injector.model import Refused
from krm_injector.sources import processes
from krm_injector.sources.processes import Finished

TREE = {
    "base/kustomization.yaml": "resources: [web.yaml]\n",
    "base/web.yaml": "kind: Deployment\n",
    "over/eu/kustomization.yaml": "resources: [../../base]\npatches: [{path: p.yaml}]\n",
    "over/eu/p.yaml": "{}\n",
    "over/us/kustomization.yaml": "resources: [../../base]\n",
    "alone/kustomization.yaml": "resources: [cm.yaml]\n",
    "alone/cm.yaml": "kind: ConfigMap\n",
    "chart/Chart.yaml": "name: c\n",
    "chart/templates/x.yaml": "{}\n",
    "plain/a.yaml": "kind: ConfigMap\n",
    "plain/README.md": "text\n",
    "plain/over/kustomization.yaml": "namePrefix: a\n",
    "plain/over/b.yaml": "{}\n",
    "mesh.yaml": "{}\n",
    "fleet.yaml": "{}\n",
    ".gitignore": "*.ignored\n/made/\n",
}
TARGETS = {
    "eu": Target("eu", "kustomization", "over/eu", "", named_in=("fleet.yaml",)),
    "us": Target("us", "kustomization", "over/us", ""),
    "alone": Target("alone", "kustomization", "alone", ""),
    "chart": Target("chart", "chart", "chart", ""),
    "plain": Target("plain", "directory", "plain", ""),
}


def git(*words: str, cwd: Path | None = None) -> str:
    settings = (
        "-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false",
        "-c", "protocol.file.allow=always", "-c", "init.defaultBranch=main",
    )  # fmt: skip
    done = subprocess.run(
        [needs_program("git"), *settings, *words], cwd=cwd, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode().strip()


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", os.devnull)
    top = files.write(tmp_path / "repo", TREE)
    monkeypatch.chdir(top)
    git("init", "-q")
    commit()
    return top


def commit() -> str:
    git("add", "-A")
    git("commit", "-q", "--allow-empty", "-m", "x")
    return git("rev-parse", "HEAD")


def touched(revision: str = "HEAD", **also: Inputs) -> changes.Touched:
    reader = Reader()
    inputs = {name: reader.inputs(target, None, {}) for name, target in TARGETS.items()}
    return changes.touched({**inputs, **also}, revision, processes.start)


def names(revision: str = "HEAD") -> list[str]:
    return list(touched(revision).names)


def refusal(revision: str) -> str:
    with pytest.raises(Refused) as refused:
        touched(revision)
    (result,) = refused.value.results
    assert result.code == "fleet-changed-since"
    return result.message


# ---------------------------------------------------------------- what changed


def test_nothing_changed(repository: Path) -> None:
    assert touched() == changes.Touched((), {}, ())


def test_a_base_touches_all_that_are_built_on_it(repository: Path) -> None:
    files.write(repository, {"base/web.yaml": "kind: Pod\n"})

    found = touched()

    assert found.names == ("eu", "us")
    assert found.why == {"eu": "base/web.yaml changed", "us": "base/web.yaml changed"}


def test_an_overlay_touches_only_itself(repository: Path) -> None:
    before = git("rev-parse", "HEAD")
    files.write(repository, {"over/eu/p.yaml": "a: b\n"})
    commit()

    assert names(before) == ["eu"]
    assert names() == []


def _edit(top: Path) -> None:
    files.write(top, {"over/eu/p.yaml": "a: b\n"})


def _stage(top: Path) -> None:
    _edit(top)
    git("add", "-A")


def _delete(top: Path) -> None:
    (top / "over/eu/p.yaml").unlink()


def _whitespace(top: Path) -> None:
    files.write(top, {"over/eu/p.yaml": "{} \n"})


def _mode(top: Path) -> None:
    (top / "over/eu/p.yaml").chmod(0o755)


def _rename_away(top: Path) -> None:
    git("mv", "over/eu/p.yaml", "elsewhere.yaml")


def _link(top: Path) -> None:
    (top / "over/eu/p.yaml").unlink()
    (top / "over/eu/p.yaml").symlink_to("q.yaml")


def _to_directory(top: Path) -> None:
    (top / "over/eu/p.yaml").unlink()
    files.write(top, {"over/eu/p.yaml/inside": ""})


def _second_kustomization(top: Path) -> None:
    files.write(top, {"over/eu/Kustomization": ""})


def _function_file(top: Path) -> None:
    files.write(top, {"over/eu/istio-inject.yaml": ""})


def _fleet_file(top: Path) -> None:
    files.write(top, {"fleet.yaml": "a: b\n"})


@pytest.mark.parametrize(
    "change",
    [
        _edit, _stage, _delete, _whitespace, _mode, _rename_away, _link, _to_directory,
        _second_kustomization, _function_file, _fleet_file,
    ],
)  # fmt: skip
def test_every_change_counts(repository: Path, change: Callable[[Path], None]) -> None:
    start = git("rev-parse", "HEAD")
    change(repository)
    assert names() == ["eu"]
    commit()
    assert names(start) == ["eu"]


def test_both_sides_of_a_rename_count(repository: Path) -> None:
    git("mv", "alone/cm.yaml", "chart/templates/cm.yaml")

    assert names() == ["alone", "chart"]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("plain/new.yaml", ["plain"]),
        ("plain/deep/er/new.json", ["plain"]),
        ("plain/new.md", []),
        ("plain/.hidden/new.yaml", []),
        ("plain/over/new.yaml", []),
        ("plain/over/kustomization.yaml", ["plain"]),
        ("plain/sub/Chart.yaml", ["plain"]),
        ("plain/README.md", []),
        ("chart/.helmignore", ["chart"]),
        ("chart/files/deep/any", ["chart"]),
        ("charts/x", []),
        ("over/eu/unused.yaml", []),
        ("over/other/kustomization.yaml", []),
        ("x.ignored", []),
    ],
)
def test_new_files_touch_those_that_read_them(
    repository: Path, path: str, expected: list[str]
) -> None:
    files.write(repository, {path: "new\n"})
    assert names() == expected


def test_a_deleted_manifest_touches_its_directory(repository: Path) -> None:
    files.write(repository, {"plain/gone/b.yaml": "a: b\n"})
    commit()
    (repository / "plain/gone/b.yaml").unlink()
    (repository / "plain/gone").rmdir()

    assert touched().why == {"plain": "plain/gone/b.yaml changed"}


@pytest.mark.parametrize(
    "name", ["a b.yaml", "ü.yaml", 'q"uo\\te.yaml', "new\nline.yaml", "-x.yaml"]
)
def test_odd_names(repository: Path, name: str) -> None:
    files.write(repository, {f"plain/{name}": "a: b\n"})
    assert names() == ["plain"]
    commit()
    files.write(repository, {f"plain/{name}": "a: c\n"})
    assert names() == ["plain"]


def test_a_name_in_no_encoding(repository: Path) -> None:
    with open(os.path.join(os.fsencode(repository), b"plain", b"\xff.yaml"), "wb") as file:
        file.write(b"a: b\n")

    assert touched().why["plain"].isprintable()


# ---------------------------------------------------------------- where git does not tell


def test_unknown_inputs_are_always_rendered(repository: Path) -> None:
    found = touched(remote=Inputs((), (), "it is built on https://example.com/x"))

    assert found.why == {"remote": "it is built on https://example.com/x"}
    (result,) = found.results
    assert result.severity == "info"
    assert result.code == "fleet-changes-unknown"
    assert "1 target is rendered" in result.message
    assert "remote: it is built on https://example.com/x" in result.message


def test_a_change_is_named_before_what_is_unknown(repository: Path) -> None:
    files.write(repository, {"mesh.yaml": "a: b\n"})

    found = touched(remote=Inputs(("mesh.yaml",), (), "it is built on https://example.com/x"))

    assert found.why == {"remote": "mesh.yaml changed"}
    assert found.results == ()


def test_files_that_git_ignores_are_told(repository: Path) -> None:
    files.write(
        repository, {"made/mesh.yaml": "", "chart/charts/sub.ignored": "", "plain/a.ignored": ""}
    )

    found = touched(made=Inputs(("made/mesh.yaml",)), absent=Inputs(("made/gone.yaml",)))

    assert found.why == {
        "chart": "git ignores chart/charts",
        "made": "git ignores made",
    }


@pytest.mark.parametrize("flag", ["--assume-unchanged", "--skip-worktree"])
def test_files_that_git_is_told_not_to_look_at_are_told(repository: Path, flag: str) -> None:
    git("update-index", flag, "alone/cm.yaml")
    files.write(repository, {"alone/cm.yaml": "changed: here\n"})

    assert names() == ["alone"]


def test_a_link_out_of_the_repository_is_told(repository: Path) -> None:
    files.write(repository.parent, {"outside/cm.yaml": ""})
    (repository / "alone/cm.yaml").unlink()
    (repository / "alone/cm.yaml").symlink_to("../../outside/cm.yaml")
    commit()

    assert touched().why == {"alone": "../outside/cm.yaml is outside of the git repository"}


def test_files_outside_of_the_repository_are_told(repository: Path) -> None:
    found = touched(outside=Inputs(("../mesh.yaml",)), etc=Inputs(("/etc/mesh.yaml",)))

    assert found.why == {
        "outside": "../mesh.yaml is outside of the git repository",
        "etc": "/etc/mesh.yaml is outside of the git repository",
    }


# ---------------------------------------------------------------- where it is run


def test_from_a_directory_of_the_repository(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files.write(repository, {"base/web.yaml": "a: b\n", "over/new.yaml": ""})
    monkeypatch.chdir(repository / "over")
    reader = Reader()
    inputs = {
        "eu": reader.inputs(Target("eu", "kustomization", "eu", ""), None, {}),
        "here": Inputs((), (".",)),
        "alone": reader.inputs(Target("alone", "kustomization", "../alone", ""), None, {}),
    }
    found = changes.touched(inputs, "HEAD", processes.start)

    assert found.why == {"eu": "../base/web.yaml changed", "here": "new.yaml changed"}


def test_through_a_link_to_the_repository(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (repository.parent / "link").symlink_to(repository)
    files.write(repository, {"base/web.yaml": "a: b\n"})
    monkeypatch.chdir(repository.parent / "link")
    absolute = str(repository.parent / "link/base/web.yaml")

    assert names() == ["eu", "us"]
    assert touched(link=Inputs((absolute,))).why["link"] == "base/web.yaml changed"


def test_submodules(repository: Path, tmp_path: Path) -> None:
    other = files.write(tmp_path / "other", {"kustomization.yaml": "namePrefix: a\n"})
    git("init", "-q", cwd=other)
    git("add", "-A", cwd=other)
    git("commit", "-q", "-m", "x", cwd=other)
    git("submodule", "add", "-q", str(other), "plain/sub")
    git("submodule", "add", "-q", str(other), "vendor")
    commit()
    vendored = Reader().inputs(Target("v", "kustomization", "vendor", ""), None, {})
    assert names() == []

    files.write(repository, {"vendor/kustomization.yaml": "namePrefix: b\n"})
    assert touched(vendored=vendored).why == {"vendored": "vendor changed"}

    git("add", "-A", cwd=repository / "plain/sub")
    git("commit", "-q", "--allow-empty", "-m", "y", cwd=repository / "plain/sub")
    assert touched().why == {"plain": "plain/sub changed"}


# ---------------------------------------------------------------- revisions


def test_a_range_ends_at_the_working_tree(repository: Path) -> None:
    git("checkout", "-q", "-b", "topic")
    files.write(repository, {"over/eu/p.yaml": "a: b\n"})
    commit()
    git("checkout", "-q", "main")
    files.write(repository, {"alone/cm.yaml": "a: b\n"})
    commit()
    git("checkout", "-q", "topic")
    files.write(repository, {"chart/new": ""})

    assert names("main") == ["eu", "alone", "chart"]
    assert names("main..") == ["eu", "alone", "chart"]
    assert names("main...") == ["eu", "chart"]
    assert names("main...HEAD") == ["eu", "chart"]
    assert names("HEAD~1") == ["eu", "chart"]
    assert "ends at another commit" in refusal("topic..main")


@pytest.mark.parametrize(
    "revision", ["gone", "", "..", "--output=x", "-p", "HEAD:mesh.yaml", "a b"]
)
def test_unknown_revisions(repository: Path, revision: str) -> None:
    message = refusal(revision)

    assert "revision" in message
    assert message.startswith("--changed-since")
    assert not (repository / "x").exists()


def test_no_common_commit(repository: Path) -> None:
    git("checkout", "-q", "--orphan", "other")
    files.write(repository, {"other.txt": ""})
    commit()

    assert "no commit in common" in refusal("main...")
    assert names("main") == []


def test_a_shallow_clone_is_told(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    start = git("rev-parse", "HEAD")
    commit()
    git("clone", "-q", "--depth=1", f"file://{repository}", "../clone")
    monkeypatch.chdir(repository.parent / "clone")

    assert "fetch-depth: 0" in refusal(start)


def test_a_repository_without_commits(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    empty = repository.parent / "empty"
    git("init", "-q", str(empty))
    monkeypatch.chdir(empty)

    assert "git knows no revision HEAD" in refusal("HEAD")


def test_no_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    needs_program("git")
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    (tmp_path / "none").mkdir()
    monkeypatch.chdir(tmp_path / "none")

    assert "not a git repository" in refusal("HEAD")


def test_git_is_missing() -> None:
    def runner(_: Sequence[str]) -> Finished:
        raise FileNotFoundError(2, "No such file or directory")

    with pytest.raises(Refused, match=r"git could not be started.*install git"):
        changes.touched({}, "HEAD", runner)


# ---------------------------------------------------------------- nothing else is run


def test_no_program_of_the_repository_is_run(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\ncat\n")
    program.chmod(0o755)
    files.write(repository, {".gitattributes": "* filter=f diff=d\n"})
    git("add", ".gitattributes")
    commit()
    settings = (
        "core.fsmonitor", "diff.external", "filter.f.clean", "filter.f.smudge", "filter.f.process",
        "diff.d.textconv", "diff.d.command", "core.pager",
    )  # fmt: skip
    for name in settings:
        git("config", name, str(program))
    git("config", "filter.f.required", "true")
    hooks = repository / ".git/hooks"
    hooks.mkdir(exist_ok=True)
    for hook in ("post-index-change", "fsmonitor-watchman", "post-checkout"):
        (hooks / hook).write_text(program.read_text())
        (hooks / hook).chmod(0o755)
    monkeypatch.setenv("GIT_EXTERNAL_DIFF", str(program))
    for path in ("over/eu/p.yaml", "alone/cm.yaml"):
        content = (repository / path).read_bytes()
        (repository / path).write_bytes(content)
        os.utime(repository / path, (1, 1))
    files.write(repository, {"base/web.yaml": "changed\n"})
    (tmp_path / "ran").unlink(missing_ok=True)

    assert names() == ["eu", "us"]
    assert not (tmp_path / "ran").exists()


def test_settings_of_the_user_change_nothing(repository: Path) -> None:
    for name, value in {
        "diff.relative": "true", "diff.renames": "copies", "diff.noprefix": "true",
        "diff.orderFile": "gone", "diff.ignoreSubmodules": "all", "color.ui": "always",
        "core.quotePath": "true", "status.showUntrackedFiles": "no", "diff.context": "0",
    }.items():  # fmt: skip
        git("config", name, value)
    files.write(repository, {"alone/cm.yaml": "kind: ü\n", "plain/ü.yaml": "a: b\n"})

    assert names() == ["alone", "plain"]


def test_many_targets_are_compared_quickly(repository: Path) -> None:
    import time

    files.write(repository, {"base/web.yaml": "a: b\n"})
    inputs = {
        f"t{number}": Inputs(tuple(f"over/{number}/{name}" for name in range(20)))
        for number in range(5000)
    }
    before = time.process_time()
    assert changes.touched(inputs, "HEAD", processes.start).names == ()
    assert time.process_time() - before < 3.0
