"""A fleet in parts: shards and their reports joined, and what a git range can have touched."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from fleet.whole import repositories
from fleet.whole.repositories import NEW, Repository
from outside import needs_program

SHARDS = 3


@pytest.mark.parametrize("command", [("explain",), ("plan", "--to", NEW)])
@pytest.mark.parametrize("form", ["json", "markdown", "html", "table"])
def test_joined_shards_are_one_run(
    own_company: Repository, command: tuple[str, ...], form: str
) -> None:
    whole = own_company.krm("fleet", *command, "-q", "--output", form, ".")
    reports = []
    for number in range(1, SHARDS + 1):
        report = f"shard-{number}.json"
        shard = ("--shard", f"{number}/{SHARDS}", "--report", f"../{report}")
        done = own_company.krm("fleet", *command, "-q", "--output", "json", *shard, ".")
        assert done.code in (0, whole.code), done.err
        reports.append(f"../{report}")
    joined = own_company.krm("fleet", "merge", "-q", "--output", form, *reversed(reports))
    assert joined.out == whole.out
    assert joined.code == whole.code


def test_every_target_is_in_exactly_one_shard(own_company: Repository) -> None:
    found: list[str] = []
    for number in range(1, SHARDS + 1):
        done = own_company.build("--shard", f"{number}/{SHARDS}", output=f"shard-{number}")
        assert done.code == 0, done.err
        found += repositories.files(own_company.root.parent / f"shard-{number}")
    done = own_company.build(output="whole")
    assert done.code == 0, done.err
    assert sorted(found) == sorted(repositories.files(own_company.root.parent / "whole"))


def test_shards_into_one_directory_are_a_whole_run(own_company: Repository) -> None:
    """As jobs of CI that write into one checkout: a shard removes nothing of others."""
    for number in range(1, SHARDS + 1):
        assert own_company.build("--shard", f"{number}/{SHARDS}").code == 0
    assert own_company.build(output="whole").code == 0
    out, whole = (repositories.files(own_company.root.parent / name) for name in ("out", "whole"))
    assert out == whole


def test_an_indexed_job_names_its_shard_by_the_environment(plain: Repository) -> None:
    """JOB_COMPLETION_INDEX counts from zero."""
    found: list[str] = []
    for index in range(SHARDS):
        variables = {"JOB_COMPLETION_INDEX": str(index), "JOB_COMPLETIONS": str(SHARDS)}
        job = plain._replace(variables=variables)
        assert job.build(output=f"job-{index}").code == 0
        found += repositories.files(plain.root.parent / f"job-{index}")
    assert len(found) == len(set(found)) == 12


def test_a_missing_shard_is_an_error(plain: Repository) -> None:
    for number in (1, 3):
        words = ("--shard", f"{number}/3", "--report", f"r{number}.json")
        assert plain.krm("fleet", "explain", "-q", *words, ".").code == 0
    done = plain.krm("fleet", "merge", "r1.json", "r3.json")
    assert done.code == 1
    assert "2" in done.err


def test_the_same_shard_twice_is_an_error(plain: Repository) -> None:
    for number in (1, 2):
        words = ("--shard", f"{number}/2", "--report", f"r{number}.json")
        assert plain.krm("fleet", "explain", "-q", *words, ".").code == 0
    done = plain.krm("fleet", "merge", "r1.json", "r1.json", "r2.json")
    assert done.code == 1 and done.err


def test_a_half_written_report_is_an_error(plain: Repository) -> None:
    words = ("--report", "r1.json")
    assert plain.krm("fleet", "explain", "-q", *words, ".").code == 0
    report = plain.root / "r1.json"
    report.write_bytes(report.read_bytes()[:-200])
    done = plain.krm("fleet", "merge", "r1.json")
    assert done.code == 1
    assert "r1.json" in done.err


# ---------------------------------------------------------------- --changed-since


@pytest.fixture
def committed(own_company: Repository) -> Repository:
    needs_program("git")
    own_company.git("init", "-q")
    own_company.git("add", "-A")
    own_company.git("commit", "-qm", "all")
    return own_company


def paths(repository: Repository, *options: str) -> set[str]:
    done = repository.krm("fleet", "list", "-q", "--output", "json", *options, ".")
    assert done.code == 0, done.err
    return {target["path"] for target in json.loads(done.out)["targets"]}


def commit(repository: Repository) -> None:
    repository.git("add", "-A")
    repository.git("commit", "-qm", "change")


def append(repository: Repository, path: str, text: str = "# changed\n") -> None:
    file = repository.root / path
    file.write_text(file.read_text() + text)


def test_an_overlay_alone(committed: Repository) -> None:
    overlay = "apps/accounts/overlays/eu-1"
    append(committed, f"{overlay}/resources.yaml")
    commit(committed)
    assert paths(committed, "--changed-since", "HEAD~1") == {overlay}


def test_what_is_not_committed_yet_counts(committed: Repository) -> None:
    overlay = "apps/accounts/overlays/eu-1"
    append(committed, f"{overlay}/resources.yaml")
    assert paths(committed, "--changed-since", "HEAD") == {overlay}


def test_a_base_touches_all_overlays_on_it(committed: Repository) -> None:
    append(committed, "apps/accounts/base/web.yaml")
    commit(committed)
    found = paths(committed, "--changed-since", "HEAD~1")
    assert found == {f"apps/accounts/overlays/{cluster}" for cluster in ("eu-1", "us-1", "ap-1")}


def test_a_mesh_touches_everything_and_a_clusters_namespaces_that_cluster(
    committed: Repository,
) -> None:
    append(committed, "clusters/eu-1/namespaces.yaml")
    commit(committed)
    touched = committed.names("--changed-since", "HEAD~1")
    assert len(touched) == 6 and touched == committed.names("--cluster", "eu-1")
    append(committed, "meshes/istio-1.29.yaml")
    commit(committed)
    assert len(committed.names("--changed-since", "HEAD~1")) == 18


def test_a_file_that_is_gone(committed: Repository) -> None:
    """A patch that is removed from its overlay: what read it before is touched."""
    overlay = committed.root / "apps/accounts/overlays/eu-1"
    (overlay / "resources.yaml").unlink()
    kustomization = overlay / "kustomization.yaml"
    text = kustomization.read_text()
    kustomization.write_text(text.replace("patches:\n- path: resources.yaml\n", ""))
    assert kustomization.read_text() != text
    commit(committed)
    assert paths(committed, "--changed-since", "HEAD~1") == {"apps/accounts/overlays/eu-1"}


def test_nothing_changed_is_no_error(committed: Repository) -> None:
    done = committed.build("--changed-since", "HEAD")
    assert done.code == 0, done.err


def test_what_was_removed_is_removed_from_the_output(committed: Repository) -> None:
    assert committed.build(output="out").code == 0
    out = committed.root.parent / "out"
    before = set(repositories.files(out))
    shutil.rmtree(committed.root / "apps/accounts/overlays/us-1")
    commit(committed)
    assert committed.build("--changed-since", "HEAD~1", output="out").code == 0
    gone = before - set(repositories.files(out))
    assert [Path(name).parts.count("accounts") for name in gone] == [1]


def test_a_revision_that_git_does_not_know(committed: Repository) -> None:
    done = committed.build("--changed-since", "no-such-revision")
    assert done.code == 1
    assert "no-such-revision" in done.err


def test_a_fleet_that_is_rendered_by_changes_ends_as_one_that_is_not(
    committed: Repository,
) -> None:
    """Commits one after the other, each rendered by what it touched: the output is never behind."""
    assert committed.build(output="out").code == 0
    edits = (
        "apps/adverts/base/api.yaml",
        "apps/archive/overlays/us-1/kustomization.yaml",
        "apps/billing/overlays/production/resources.yaml",
        "clusters/ap-1/namespaces.yaml",
        "krm-injector-fleet.yaml",
    )
    for path in edits:
        text = (committed.root / path).read_text()
        text = text.replace("registry.example", "other.example").replace("256Mi", "128Mi")
        text = text.replace("istio-injection: enabled", "istio-injection: disabled")
        (committed.root / path).write_text(text.replace("newTag: ", "newTag: x") + "# more\n")
        commit(committed)
        done = committed.build("--changed-since", "HEAD~1", output="out")
        assert done.code == 0, done.err
        assert committed.build(output="whole").code == 0
        out, whole = (repositories.files(committed.root.parent / name) for name in ("out", "whole"))
        assert out == whole, path
