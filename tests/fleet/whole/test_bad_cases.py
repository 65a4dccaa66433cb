"""What goes wrong in one target stays there; what goes wrong in the run is told."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from command import install_krm_injector
from fleet.whole import repositories
from fleet.whole.repositories import FLEET_FILE, Repository
from paths import ROOT

BROKEN = "kind: Deployment\nmetadata: [\n"


def test_what_does_not_build_is_its_own_error(plain: Repository) -> None:
    assert plain.build().code == 0
    before = repositories.files(plain.root.parent / "out")
    for number in (3, 7):
        plain.write(f"apps/app-00{number}/all.yaml", f"apiVersion: apps/v1\n{BROKEN}")
    repositories.write_app(plain, 5, "app:2")

    done = plain.build()
    assert done.code == 1
    for number in (3, 7):
        assert f"apps/app-00{number}" in done.err, "all errors of the run, at once"
    after = repositories.files(plain.root.parent / "out")
    assert after.keys() == before.keys()
    changed = [name for name in after if after[name] != before[name]]
    assert changed == ["apps/app-005.yaml"]


def test_an_overlay_that_kustomize_refuses(own_company: Repository) -> None:
    own_company.write(
        "apps/accounts/overlays/eu-1/kustomization.yaml", "resources: [../../nothing-here]\n"
    )
    done = own_company.build()
    assert done.code == 1
    assert "apps/accounts/overlays/eu-1" in done.err
    assert len(repositories.files(own_company.root.parent / "out")) == 17


def test_two_targets_that_write_one_path(plain: Repository) -> None:
    """Whatever names they have: each manifest is written, or the run says that it is not."""
    plain.write("apps/one.yaml/all.yaml", (plain.root / "apps/app-000/all.yaml").read_text())
    plain.write("apps/one/all.yaml", (plain.root / "apps/app-001/all.yaml").read_text())
    names = plain.names()
    assert len(names) == len(set(names)) == 14
    done = plain.build()
    written = repositories.files(plain.root.parent / "out")
    assert (done.code == 0 and len(written) == 14) or (done.code == 1 and "apps/one" in done.err), (
        done,
        sorted(written),
    )


@pytest.mark.parametrize("what", ["file", "directory"])
def test_a_link_out_of_the_repository_is_not_followed(plain: Repository, what: str) -> None:
    outside = plain.root.parent / "outside"
    shutil.copytree(plain.root / "apps" / "app-000", outside)
    name = "apps/linked" if what == "directory" else "apps/app-001/secret.yaml"
    link = plain.root / name
    link.symlink_to(outside if what == "directory" else outside / "all.yaml")

    done = plain.build()
    written = repositories.files(plain.root.parent / "out")
    if what == "directory":
        assert "apps/linked.yaml" not in written
        listed = plain.krm("fleet", "list", "--output", "json", ".")
        assert "apps/linked" in listed.out, "it is not passed over in silence"
        assert done.code in (0, 1)
    else:
        # One Namespace and one Deployment more, of another application, must not appear.
        assert b"app-000" not in written.get("apps/app-001.yaml", b"")
        assert done.code == 1 and "secret.yaml" in done.err


def test_output_through_a_link_stays_below_the_output(plain: Repository) -> None:
    """A directory of the output that somebody made a link: nothing is written at its end."""
    outside = plain.root.parent / "outside"
    outside.mkdir()
    (plain.root.parent / "out").mkdir()
    (plain.root.parent / "out" / "apps").symlink_to(outside)
    done = plain.build()
    assert done.code == 1 or not list(outside.iterdir())
    assert not list(outside.rglob("*.yaml"))


def test_files_of_others_in_the_output_stay(plain: Repository) -> None:
    plain.write("../out/README.md", "ours\n")
    plain.write("../out/apps/kustomization.yaml", "ours: true\n")
    assert plain.build().code == 0
    shutil.rmtree(plain.root / "apps" / "app-004")
    assert plain.build().code == 0
    assert not (plain.root.parent / "out/apps/app-004.yaml").exists(), "deletions are followed"
    assert (plain.root.parent / "out/README.md").read_text() == "ours\n"
    assert (plain.root.parent / "out/apps/kustomization.yaml").read_text() == "ours: true\n"


def test_unchanged_files_are_not_touched(plain: Repository) -> None:
    assert plain.build().code == 0
    out = plain.root.parent / "out"
    before = {name: (out / name).stat().st_mtime_ns for name in repositories.files(out)}
    repositories.write_app(plain, 2, "app:2")
    assert plain.build().code == 0
    changed = [name for name, time in before.items() if (out / name).stat().st_mtime_ns != time]
    assert changed == ["apps/app-002.yaml"]


def test_part_of_a_fleet_removes_nothing_of_the_others(plain: Repository) -> None:
    assert plain.build().code == 0
    assert plain.build("--only", "apps/app-003").code == 0
    assert len(repositories.files(plain.root.parent / "out")) == 12


def test_a_pattern_that_matches_nothing_is_refused(plain: Repository) -> None:
    done = plain.build("--only", "apps/no-such-*")
    assert done.code == 1
    assert "no-such" in done.err
    assert not (plain.root.parent / "out").exists()


def test_a_repository_without_targets_is_refused(tmp_path: Path) -> None:
    done = Repository(tmp_path).build()
    assert done.code == 1 and done.err


def test_a_fleet_file_with_faults_names_all_of_them(plain: Repository) -> None:
    plain.write(
        FLEET_FILE,
        "apiVersion: krm-injector.dev/v1alpha1\nkind: Fleet\nmetadata: {name: f}\n"
        "spec:\n  clusters: [{name: eu-1, mehs: [a.yaml]}]\n  targetz: []\n",
    )
    done = plain.build()
    assert done.code == 1
    for word in ("mehs", "targetz"):
        assert word in done.err


# ---------------------------------------------------------------- cache


@pytest.fixture
def right(plain: Repository) -> dict[str, bytes]:
    """What a build without a cache writes."""
    assert plain.build(output="right").code == 0
    return repositories.files(plain.root.parent / "right")


def built_with_cache(repository: Repository, cache: Path) -> dict[str, bytes]:
    done = repository.build("--cache", str(cache))
    assert done.code == 0, done.err
    return repositories.files(repository.root.parent / "out")


def filled(repository: Repository, cache: Path) -> list[Path]:
    """The files of a cache after a run."""
    built_with_cache(repository, cache)
    shutil.rmtree(repository.root.parent / "out")
    entries = [path for path in sorted(cache.rglob("*")) if path.is_file()]
    assert entries
    return entries


def _garbage(path: Path) -> None:
    path.write_bytes(b"\x00garbage\xff")


def _cut(path: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])


def _empty(path: Path) -> None:
    path.write_bytes(b"")


def _bit(path: Path) -> None:
    """One byte in the middle is another one."""
    data = bytearray(path.read_bytes())
    if data:
        data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))


def _directory(path: Path) -> None:
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize("damage", [_garbage, _cut, _empty, _bit, _directory])
def test_a_damaged_cache_gives_the_right_bytes(
    plain: Repository, tmp_path: Path, right: dict[str, bytes], damage: Callable[[Path], None]
) -> None:
    for path in filled(plain, tmp_path / "cache"):
        damage(path)
    assert built_with_cache(plain, tmp_path / "cache") == right


def test_entries_that_changed_places_are_not_believed(
    plain: Repository, tmp_path: Path, right: dict[str, bytes]
) -> None:
    """Each file has the content of the next one: whole, but not that of its name."""
    entries = filled(plain, tmp_path / "cache")
    contents = [path.read_bytes() for path in entries]
    for path, data in zip(entries, contents[1:] + contents[:1], strict=True):
        path.write_bytes(data)
    assert built_with_cache(plain, tmp_path / "cache") == right


def test_a_cache_of_another_version_is_not_used(
    plain: Repository, tmp_path: Path, right: dict[str, bytes]
) -> None:
    """The other version writes other manifests: they must not come back."""
    other = tmp_path / "other"
    compiled = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "krm_injector", other / "krm_injector", ignore=compiled)
    init = other / "krm_injector" / "__init__.py"
    text = init.read_text()
    assert "__version__" in text
    init.write_text(text + '\n__version__ = "0.0.1"\n')
    for module in (other / "krm_injector" / "discovery" / "profile").glob("*.py"):
        module.write_text(module.read_text().replace("docker.io/istio", "other.example/istio"))

    foreign = plain._replace(variables={"PYTHONPATH": str(other)})
    cache = tmp_path / "cache"
    found = built_with_cache(foreign, cache)
    assert any(b"other.example" in data for data in found.values())
    shutil.rmtree(plain.root.parent / "out")
    assert built_with_cache(plain, cache) == right


@pytest.mark.parametrize("where", ["file", "read-only", "below a file"])
def test_a_cache_that_cannot_be_written_is_told(
    plain: Repository, tmp_path: Path, right: dict[str, bytes], where: str
) -> None:
    cache = tmp_path / "cache"
    if where == "read-only":
        if os.geteuid() == 0:
            pytest.skip("to root every directory can be written")
        cache.mkdir(mode=0o555)
    else:
        cache.write_text("no directory")
        cache = cache if where == "file" else cache / "below"
    done = plain.build("--cache", str(cache))
    # A warning, and the right bytes; or refused before anything is written.
    written = repositories.files(plain.root.parent / "out") if done.code == 0 else {}
    assert (done.code == 0 and written == right) or (done.code == 1 and "cache" in done.err), done
    noted = plain.krm("fleet", "build", "--output", "../out", "--cache", str(cache), ".")
    assert "cache" in noted.err


def test_the_cache_is_used(plain: Repository, tmp_path: Path) -> None:
    """A second run renders nothing: a kustomize that fails is not asked."""
    plain.write("apps/app-000/kustomization.yaml", "namePrefix: x-\nresources: [all.yaml]\n")
    log = tmp_path / "log"
    script = "#!/bin/sh\necho \"$1\" >>'%s'\ncat apps/app-000/all.yaml\n"
    counting = plain.write("../kustomize", script % log)
    counting.chmod(0o755)
    options = ("--cache", str(tmp_path / "cache"), "--kustomize", str(counting))
    for _ in range(2):
        assert plain.build(*options).code == 0
    assert log.read_text().count("build") == 1


def test_errors_are_not_kept_from_one_run_to_the_next(plain: Repository, tmp_path: Path) -> None:
    text = (plain.root / "apps/app-003/all.yaml").read_text()
    plain.write("apps/app-003/all.yaml", f"apiVersion: apps/v1\n{BROKEN}")
    assert plain.build("--cache", str(tmp_path / "cache")).code == 1
    plain.write("apps/app-003/all.yaml", text)
    assert plain.build("--cache", str(tmp_path / "cache")).code == 0
    assert len(repositories.files(plain.root.parent / "out")) == 12


# ---------------------------------------------------------------- usage


def test_an_output_in_the_repository_is_no_target(plain: Repository) -> None:
    """Nor is one of an earlier run, or of a shard."""
    names = plain.names()
    shard = ("--shard", "1/2")
    for words in (["--output", "out"], ["--output", "older"], ["--output", "part", *shard]):
        for _ in range(2):
            done = plain.krm("fleet", "build", "-q", *words, ".")
            assert done.code == 0, done.err
    assert plain.names() == names
    assert len(repositories.files(plain.root / "out")) == 12


def test_usage(plain: Repository) -> None:
    for words in (["fleet"], ["fleet", "biuld"], ["fleet", "build", "."], ["fleet", "plan", "."]):
        done = plain.krm(*words)
        assert done.code == 2, words
        assert done.err


def test_modules_in_the_repository_do_not_stand_in_for_ours(plain: Repository) -> None:
    """A worker starts with an import path of its own: the repository's files are not trusted."""
    for module in ("yaml", "json", "krm_injector"):
        plain.write(f"{module}.py", "raise SystemExit('a module of the repository')\n")
    programs = plain.root.parent / "bin"
    programs.mkdir()
    done = subprocess.run(
        [
            install_krm_injector(programs),
            "fleet",
            "build",
            "--output",
            "../out",
            "--jobs",
            "2",
            ".",
        ],
        cwd=plain.root,
        env={**plain.environment(), "PYTHONPATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert len(repositories.files(plain.root.parent / "out")) == 12
