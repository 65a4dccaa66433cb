"""What stands in the output directory of `fleet build` after a run, whatever stood there before."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from files import tree, write
from fleet.output.fleet_builds import build, problems
from interrupted import Stopper, full_disk, kills

from krm_injector.fleet.model import Target, TargetResult
from krm_injector.fleet.output import INDEX, Writer, paths
from krm_injector.fleet.output.index import staging_name
from krm_injector.model import Refused
from krm_injector.writing import disk

LAYOUTS = ("file", "directory")


def obj(name: str, image: str = "1", kind: str = "Service") -> str:
    return f"apiVersion: v1\nkind: {kind}\nmetadata:\n  name: {name}\nspec:\n  image: {image}\n"


def stream(*objects: str) -> str:
    return "---\n".join(objects)


OLD = {"eu/shop": stream(obj("a"), obj("b")), "eu/pay": stream(obj("p")), "gone/x": obj("x")}
NEW = {"eu/shop": stream(obj("a"), obj("b", "2"), obj("c")), "eu/pay": OLD["eu/pay"],
       "us/new": obj("new")}  # fmt: skip
EMPTY: dict[str, str] = {}


def manifests(directory: Path) -> dict[str, bytes]:
    """The files of targets: those that a user commits, but for the index."""
    return {name: data for name, data in tree(directory).items() if not name.startswith(".krm")}


def fresh(directory: Path, targets: dict[str, str], layout: str) -> dict[str, bytes]:
    """What a run into an empty directory writes, with its index."""
    shutil.rmtree(directory, ignore_errors=True)
    build(directory, targets, layout)
    return tree(directory)


# ---------------------------------------------------------------- layouts


def test_a_file_a_target(tmp_path: Path) -> None:
    writer, results = build(tmp_path, OLD)
    assert not problems(results)
    assert manifests(tmp_path) == {f"{name}.yaml": text.encode() for name, text in OLD.items()}
    assert (writer.written, writer.unchanged, writer.deleted) == (3, 0, 0)
    assert not any(result.text for result in results)


def test_a_directory_a_target_with_a_file_an_object(tmp_path: Path) -> None:
    build(tmp_path, OLD, "directory")
    assert set(manifests(tmp_path)) == {
        "eu/shop/service_a.yaml", "eu/shop/service_b.yaml", "eu/pay/service_p.yaml",
        "gone/x/service_x.yaml",
    }  # fmt: skip
    assert (tmp_path / "eu/shop/service_b.yaml").read_text() == obj("b")


def test_the_index_is_in_order_whatever_finishes_first(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    build(one, OLD)
    build(other, dict(reversed(list(OLD.items()))))
    assert tree(one) == tree(other)
    assert json.loads((one / INDEX).read_text())["targets"]["eu/pay"] == ["eu/pay.yaml"]


def test_the_layout_of_the_last_run_is_kept_where_none_is_stated(tmp_path: Path) -> None:
    build(tmp_path, OLD, "directory")
    before = tree(tmp_path)
    build(tmp_path, OLD, None)
    assert tree(tmp_path) == before


@pytest.mark.parametrize(("before", "after"), [LAYOUTS, LAYOUTS[::-1]])
def test_another_layout_leaves_nothing_of_the_first(
    tmp_path: Path, before: str, after: str
) -> None:
    expected = fresh(tmp_path / "expected", NEW, after)
    build(tmp_path / "out", OLD, before)
    _, results = build(tmp_path / "out", NEW, after)
    assert not problems(results)
    assert tree(tmp_path / "out") == expected
    assert not [
        each for each in (tmp_path / "out").rglob("*") if each.is_dir() and not any(each.iterdir())
    ]


# ---------------------------------------------------------------- what changes, and what does not


@pytest.mark.parametrize("layout", LAYOUTS)
def test_only_what_changed_is_touched(tmp_path: Path, layout: str) -> None:
    build(tmp_path, OLD, layout)
    same = [name for name in manifests(tmp_path) if "pay" in name or name.endswith("_a.yaml")]
    before = {name: os.stat(tmp_path / name) for name in same}
    build(tmp_path, NEW, layout)
    for name, stat in before.items():
        after = os.stat(tmp_path / name)
        assert (after.st_ino, after.st_mtime_ns) == (stat.st_ino, stat.st_mtime_ns)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_second_run_changes_nothing_at_all(tmp_path: Path, layout: str) -> None:
    build(tmp_path, OLD, layout)
    before = {path: os.stat(path)[:9] for path in tmp_path.rglob("*")}
    writer, _ = build(tmp_path, OLD, layout)
    assert {path: os.stat(path)[:9] for path in tmp_path.rglob("*")} == before
    assert writer.written == writer.deleted == 0


@pytest.mark.parametrize("layout", LAYOUTS)
def test_what_is_gone_is_deleted_with_its_directories(tmp_path: Path, layout: str) -> None:
    expected = fresh(tmp_path / "expected", NEW, layout)
    build(tmp_path / "out", OLD, layout)
    writer, _ = build(tmp_path / "out", NEW, layout)
    assert tree(tmp_path / "out") == expected
    assert not (tmp_path / "out" / "gone").exists()
    assert writer.deleted == 1


@pytest.mark.parametrize("layout", LAYOUTS)
def test_an_object_that_is_gone_is_deleted(tmp_path: Path, layout: str) -> None:
    build(tmp_path, OLD, layout)
    build(tmp_path, {**OLD, "eu/shop": obj("b")}, layout)
    assert b"name: a" not in b"".join(tree(tmp_path).values())


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_target_with_an_error_keeps_its_files(tmp_path: Path, layout: str) -> None:
    build(tmp_path, OLD, layout)
    before = tree(tmp_path)
    _, results = build(tmp_path, {"eu/pay": OLD["eu/pay"]}, layout, ("eu/shop", "gone/x"))
    assert tree(tmp_path) == before
    assert [result.code for result in results] == [0, 1, 1]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_targets_that_a_run_leaves_out_keep_their_files(tmp_path: Path, layout: str) -> None:
    build(tmp_path, OLD, layout)
    before = tree(tmp_path)
    build(tmp_path, {"eu/pay": OLD["eu/pay"]}, layout, names=tuple(OLD))  # untouched
    build(tmp_path, {"eu/pay": OLD["eu/pay"]}, layout, whole=False)  # --only
    assert tree(tmp_path) == before


def test_an_old_target_may_become_a_directory_of_others_and_back(tmp_path: Path) -> None:
    deep = {"eu/shop/web": obj("w")}
    for targets in (OLD, deep, OLD):
        _, results = build(tmp_path, targets, "directory")
        assert not problems(results)
        assert (
            len(manifests(tmp_path))
            == len(fresh(tmp_path.with_name("x"), targets, "directory")) - 1
        )


# ---------------------------------------------------------------- what is not ours


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_file_of_somebody_else_is_neither_overwritten_nor_deleted(
    tmp_path: Path, layout: str
) -> None:
    files = {"README.md": "ours", "eu/shop.yaml": "mine", "eu/shop/notes.txt": "mine"}
    write(tmp_path, files)
    _, results = build(tmp_path, OLD, layout)
    assert problems(results) == ["fleet-output-foreign"]
    assert {name: (tmp_path / name).read_text() for name in files} == files
    build(tmp_path, EMPTY, layout)
    assert manifests(tmp_path) == {name: text.encode() for name, text in files.items()}


def test_a_file_beside_those_of_a_target_stops_only_what_would_delete_it(tmp_path: Path) -> None:
    build(tmp_path, OLD, "directory")
    (tmp_path / "eu/shop/notes.txt").write_text("mine")
    before = tree(tmp_path)
    _, results = build(tmp_path, {**OLD, "eu/shop": obj("z")}, "directory")
    assert problems(results) == ["fleet-output-foreign"]
    assert "eu/shop/notes.txt" in results[0].results[0].message
    assert tree(tmp_path) == before


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_file_that_is_as_it_should_be_is_taken_over(tmp_path: Path, layout: str) -> None:
    expected = fresh(tmp_path, OLD, layout)
    (tmp_path / INDEX).unlink()
    _, results = build(tmp_path, OLD, layout)
    assert not problems(results)
    assert tree(tmp_path) == expected


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("link", ["eu", "eu/shop.yaml", "eu/shop"])
def test_nothing_is_written_through_a_link(tmp_path: Path, layout: str, link: str) -> None:
    outside = write(tmp_path / "outside", {"shop.yaml": "mine", "shop/x": "mine"})
    out = tmp_path / "out"
    (out / link).parent.mkdir(parents=True)
    (out / link).symlink_to(outside if link == "eu" else outside / Path(link).name)
    before = tree(outside)
    build(out, OLD, layout)
    assert tree(outside) == before
    target = {"file": "eu/shop.yaml", "directory": "eu/shop"}[layout]
    _, results = build(out, {"eu/shop": obj("z")}, layout)
    if link in ("eu", target):
        assert problems(results)[:1] == ["fleet-output-link"]
        assert (out / link).is_symlink()


@pytest.mark.parametrize("layout", LAYOUTS)
def test_nothing_is_deleted_through_a_link(tmp_path: Path, layout: str) -> None:
    out = tmp_path / "out"
    build(out, OLD, layout)
    shutil.move(out / "gone", tmp_path / "gone")
    (out / "gone").symlink_to(tmp_path / "gone")
    _, results = build(out, NEW, layout)
    assert problems(results) == ["fleet-output-link"]
    assert tree(tmp_path / "gone")


@pytest.mark.parametrize("shard", [(1, 1), (1, 2)])
def test_nothing_is_prepared_or_removed_through_a_link(
    tmp_path: Path, shard: tuple[int, int]
) -> None:
    outside = write(tmp_path / "outside", {"mine": "mine"})
    out = write(tmp_path / "out", {"other": "x"})
    (out / staging_name(shard)).symlink_to(outside)
    with pytest.raises(Refused) as refused:
        build(out, NEW, shard=shard)
    assert [result.code for result in refused.value.results] == ["fleet-output-link"]
    assert tree(outside) == {"mine": b"mine"}


@pytest.mark.parametrize(
    "line",
    [
        '["../planted", ["a"]]',
        '["a", ["../../a", 1]]',
        "5",
        "[1, 2]",
        '[["a"], "b"]',
        "[" * 5000,
        "\xff",
    ],
)
def test_a_journal_that_anybody_may_have_written_leads_nowhere(tmp_path: Path, line: str) -> None:
    out = tmp_path / "out"
    staging = out / staging_name((1, 1))
    write(staging, {"old/file": "x", "journal": line})
    _, results = build(out, NEW)
    assert not problems(results)
    assert {path.name for path in tmp_path.iterdir()} == {"out"}
    assert not staging.exists() and manifests(out).keys() >= {f"{name}.yaml" for name in NEW}


def test_the_output_directory_itself_may_be_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "out").symlink_to(tmp_path / "real")
    _, results = build(tmp_path / "out", OLD)
    assert not problems(results)


# ---------------------------------------------------------------- names


@pytest.mark.parametrize(
    ("names", "layout", "code"),
    [
        (["a/b", "A/B"], "file", "fleet-output-clash"),
        (["café", "cafe\u0301"], "file", "fleet-output-clash"),
        (["a", "a.yaml/b"], "file", "fleet-output-clash"),
        (["a", "a/b"], "directory", "fleet-output-clash"),
        (["A", "a/b/c"], "directory", "fleet-output-clash"),
        (["../a"], "file", "fleet-output-name"), (["/a"], "file", "fleet-output-name"),
        (["a//b"], "file", "fleet-output-name"), (["a\\..\\b"], "file", "fleet-output-name"),
        (["a\nb"], "file", "fleet-output-name"), (["."], "file", "fleet-output-name"),
        ([".krm-injector-fleet.tmp/a"], "file", "fleet-output-name"),
    ],
)  # fmt: skip
def test_targets_in_each_others_way_are_refused_before_anything_is_written(
    tmp_path: Path, names: list[str], layout: Any, code: str
) -> None:
    with pytest.raises(Refused) as refused, Writer(str(tmp_path), layout, names, True):
        pass
    assert [each.code for each in refused.value.results] == [code]
    assert not tree(tmp_path)


@pytest.mark.parametrize(
    ("names", "layout"), [(["a", "a/b", "ab"], "file"), (["a", "ab"], "directory")]
)
def test_names_that_only_begin_alike_are_in_nobodys_way(names: list[str], layout: Any) -> None:
    paths.refuse_clashes(names, layout)


@pytest.mark.parametrize(
    ("output", "target", "kind", "refused"),
    [
        ("apps/out", "apps", "directory", True), ("apps", "apps", "package", True),
        ("apps/out", "apps", "kustomization", False), ("out", "apps", "directory", False),
        (".", "apps", "kustomization", True), ("apps2", "apps", "directory", False),
    ],
)  # fmt: skip
def test_output_that_would_be_read_as_input_is_refused(
    output: str, target: str, kind: Any, refused: bool
) -> None:
    targets = [Target("a", kind, target, "")]
    if not refused:
        paths.refuse_inputs(output, targets)
        return

    with pytest.raises(Refused) as caught:
        paths.refuse_inputs(output, targets)
    assert [each.code for each in caught.value.results] == ["fleet-output-inside"]


# ---------------------------------------------------------------- the index


@pytest.mark.parametrize(
    "text",
    [
        "", "{", "[]", "<<<<<<< HEAD\n", '{"kind": "x"}',
        '{"kind": "FleetOutput", "apiVersion": "krm-injector.dev/v9", "targets": {}}',
        *(
            '{"kind": "FleetOutput", "apiVersion": "krm-injector.dev/v1alpha1", "layout": "file",'
            f' "targets": {targets}}}'
            for targets in (
                "[]", '{"a": "b"}', '{"a": ["../b"]}', '{"a": ["/etc/b"]}', '{"a": [1]}'
            )
        ),
        '{"kind": "FleetOutput", "apiVersion": "krm-injector.dev/v1alpha1", "targets": {}}',
    ],
)  # fmt: skip
def test_a_broken_index_is_an_error_and_nothing_is_changed(tmp_path: Path, text: str) -> None:
    build(tmp_path, OLD)
    (tmp_path / INDEX).write_text(text)
    before = tree(tmp_path)
    with pytest.raises(Refused) as refused:
        build(tmp_path, NEW)
    [error] = refused.value.results
    assert error.code == "fleet-output-index"
    assert "Restore it from git" in error.message
    assert tree(tmp_path) == before


def test_two_runs_exclude_each_other(tmp_path: Path) -> None:
    with Writer(str(tmp_path), "file", ["a"], True):
        with pytest.raises(Refused) as refused:
            build(tmp_path, OLD)
        assert refused.value.results[0].code == "fleet-output-locked"
        with pytest.raises(Refused):
            build(tmp_path, OLD, shard=(1, 2))
    build(tmp_path, OLD)


def test_shards_write_side_by_side_and_a_whole_run_joins_their_indexes(tmp_path: Path) -> None:
    names = tuple(OLD)
    with (
        Writer(str(tmp_path), "file", names, True, (1, 2)) as one,
        Writer(str(tmp_path), "file", names, True, (2, 2)) as other,
    ):
        one.write(TargetResult("eu/shop", 0, OLD["eu/shop"]))
        for name in ("eu/pay", "gone/x"):
            other.write(TargetResult(name, 0, OLD[name]))
        assert not (*one.finish(), *other.finish())

    assert len(manifests(tmp_path)) == 3
    assert not (tmp_path / INDEX).exists()
    expected = fresh(tmp_path.with_name("x"), NEW, "file")
    _, results = build(tmp_path, NEW)
    assert not problems(results)
    assert tree(tmp_path) == expected


def test_one_shard_excludes_itself(tmp_path: Path) -> None:
    with (
        Writer(str(tmp_path), "file", ["a"], True, (1, 2)),
        pytest.raises(Refused),
        Writer(str(tmp_path), "file", ["a"], True, (1, 2)),
    ):
        pass


# ---------------------------------------------------------------- a disk that fails, and kills


@pytest.fixture(params=["exchange", "renames"])
def exchange(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The kernel's exchange of two directories, and two renames where it has none."""
    if request.param == "renames":
        monkeypatch.setattr(disk, "_exchanged", lambda *_: False)
    return str(request.param)


def target_of(name: str) -> str:
    return "/".join(name.removesuffix(".yaml").split("/")[:2])


def by_target(files: dict[str, bytes]) -> dict[str, dict[str, bytes]]:
    found: dict[str, dict[str, bytes]] = {}
    for name, data in files.items():
        if not name.startswith(".krm"):
            found.setdefault(target_of(name), {})[name] = data
    return found


def assert_old_or_new(out: Path, old: dict[str, bytes], new: dict[str, bytes]) -> None:
    now, before, after = by_target(tree(out)), by_target(old), by_target(new)
    for target in {*now, *before, *after}:
        assert now.get(target) in (before.get(target), after.get(target)), target


@pytest.mark.parametrize("layout", LAYOUTS)
def test_killed_at_any_moment_every_target_is_old_or_new_and_the_next_run_mends_it(
    tmp_path: Path, layout: str, exchange: str
) -> None:
    out = tmp_path / "out"
    old, new = fresh(tmp_path / "old", OLD, layout), fresh(tmp_path / "new", NEW, layout)

    def before() -> None:
        shutil.rmtree(out, ignore_errors=True)
        shutil.copytree(tmp_path / "old", out)

    count = 0
    for count in kills(lambda: build(out, NEW, layout), before):
        if exchange == "exchange":
            assert_old_or_new(out, old, new)
        _, results = build(out, NEW, layout)
        assert not problems(results), count
        assert tree(out) == new, count

    assert count > 15


@pytest.mark.parametrize("layout", LAYOUTS)
def test_killed_at_any_moment_a_run_with_other_targets_knows_what_is_ours(
    tmp_path: Path, layout: str, exchange: str
) -> None:
    """The next run is not the same again: the new target is gone, and an old one has an error."""
    out = tmp_path / "out"
    old, new = fresh(tmp_path / "old", OLD, layout), fresh(tmp_path / "new", NEW, layout)

    def before() -> None:
        shutil.rmtree(out, ignore_errors=True)
        shutil.copytree(tmp_path / "old", out)

    for count in kills(lambda: build(out, NEW, layout), before):
        _, results = build(out, {"gone/x": OLD["gone/x"]}, layout, ("eu/shop", "eu/pay"))
        assert not problems(results), count
        assert "us/new" not in by_target(tree(out)), count
        kept = {name: data for name, data in old.items() if name.startswith("gone")}
        assert_old_or_new(out, old, {**new, **kept})
        _, results = build(out, OLD, layout)
        assert not problems(results), count
        assert tree(out) == old, count


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_run_that_mends_may_be_killed_too(tmp_path: Path, layout: str, exchange: str) -> None:
    out, killed = tmp_path / "out", tmp_path / "killed"
    old, new = fresh(tmp_path / "old", OLD, layout), fresh(tmp_path / "new", NEW, layout)

    def restore(start: Path) -> None:
        shutil.rmtree(out, ignore_errors=True)
        shutil.copytree(start, out)

    for first in kills(lambda: build(out, NEW, layout), lambda: restore(tmp_path / "old")):
        if first % 4:
            continue
        shutil.rmtree(killed, ignore_errors=True)
        shutil.copytree(out, killed)
        for second in kills(lambda: build(out, OLD, layout), lambda: restore(killed)):
            _, results = build(out, NEW, layout)
            assert not problems(results), (first, second)
            assert tree(out) == new, (first, second)

    assert old != new


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_full_disk_is_an_error_of_its_target_and_leaves_no_part(
    tmp_path: Path, layout: str, exchange: str
) -> None:
    out = tmp_path / "out"
    old, new = fresh(tmp_path / "old", OLD, layout), fresh(tmp_path / "new", NEW, layout)
    number = 0
    while True:
        number += 1
        shutil.rmtree(out, ignore_errors=True)
        shutil.copytree(tmp_path / "old", out)
        with pytest.MonkeyPatch.context() as monkeypatch:
            stopper = Stopper(number, full_disk)
            stopper.patch(monkeypatch)
            try:
                _, results = build(out, NEW, layout)
            except Refused as refused:
                results = [TargetResult("", 1, results=refused.results)]

        if stopper.left > 0:
            break
        assert set(problems(results)) <= {"fleet-output-unwritable", "fleet-output-index"}, number
        assert_old_or_new(out, old, new)
        _, results = build(out, NEW, layout)
        assert not problems(results), number
        assert tree(out) == new, number

    assert number > 15


def test_a_directory_that_is_read_only_is_told(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root writes everywhere")
    (tmp_path / "out").mkdir(mode=0o555)
    _, results = build(tmp_path / "out", OLD)
    assert set(problems(results)) == {"fleet-output-unwritable"}


def test_without_an_end_nothing_is_deleted_and_what_was_written_stays(tmp_path: Path) -> None:
    """As after Ctrl-C."""
    build(tmp_path, OLD)
    with (
        pytest.raises(KeyboardInterrupt),
        Writer(str(tmp_path), "file", tuple(NEW), True) as writer,
    ):
        writer.write(TargetResult("eu/shop", 0, NEW["eu/shop"]))
        raise KeyboardInterrupt

    assert (tmp_path / "eu/shop.yaml").read_text() == NEW["eu/shop"]
    assert (tmp_path / "gone/x.yaml").exists()
    build(tmp_path, NEW)
    assert tree(tmp_path) == fresh(tmp_path.with_name("x"), NEW, "file")


@pytest.fixture(autouse=True)
def fast(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test cuts the power, so that none waits for the disk."""
    monkeypatch.setattr(os, "fsync", lambda _: None)
