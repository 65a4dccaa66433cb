"""Several files change together, or none does; what a kill leaves, the next run puts back."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from pathlib import Path

import pytest
from files import tree
from interrupted import Stopper, full_disk, kills

from krm_injector.model import Refused
from krm_injector.writing import disk, journal, together
from krm_injector.writing.together import Change

OLD = {"a.yaml": b"a: 1\n", "below/b.yaml": b"b: 1\n", "below/c.yaml": b"c: 1\n"}
NEW = {"a.yaml": b"a: 2\n", "below/b.yaml": b"b: 22\n", "more/d.yaml": b"d: 2\n"}
AFTER = {**OLD, **NEW}


def restore_start(root: Path) -> None:
    shutil.rmtree(root, ignore_errors=True)
    for name, data in OLD.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(data)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    restore_start(tmp_path / "root")
    return tmp_path / "root"


def changes(root: Path) -> list[Change]:
    return [Change(str(root / name), data, OLD.get(name)) for name, data in NEW.items()]


def put(root: Path) -> None:
    together.put(changes(root), str(root))


def put_back(root: Path) -> journal.Restored:
    return journal.restore([str(root), str(root / "below")], [str(root)])


def test_all_files_change(root: Path) -> None:
    put(root)
    assert tree(root) == AFTER


def test_a_kill_at_any_call_is_put_right(root: Path) -> None:
    seen = []
    for number in kills(lambda: put(root), lambda: restore_start(root)):
        for name, data in tree(root).items():
            if not os.path.basename(name).startswith(".krm-injector-"):
                assert data in (OLD.get(name), NEW.get(name)), number
        put_back(root)
        assert tree(root) in (OLD, AFTER), number
        seen.append(tree(root) == AFTER)
    assert seen == sorted(seen) and True in seen and False in seen
    assert len(seen) > 20


def test_putting_back_may_be_killed_too(root: Path, tmp_path: Path) -> None:
    killed = tmp_path / "killed"
    for first in kills(lambda: put(root), lambda: restore_start(root)):
        if first % 3:
            continue
        shutil.rmtree(killed, ignore_errors=True)
        shutil.copytree(root, killed)

        def again() -> None:
            shutil.rmtree(root)
            shutil.copytree(killed, root)

        for second in kills(lambda: put_back(root), again):
            put_back(root)
            assert tree(root) in (OLD, AFTER), (first, second)


@pytest.mark.parametrize("links", [True, False])
def test_an_error_at_any_call_leaves_all_as_it_was(
    root: Path, links: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not links:
        monkeypatch.setattr(disk, "link", lambda *_: False)
    number = 0
    while True:
        number += 1
        restore_start(root)
        with pytest.MonkeyPatch.context() as context:
            stopper = Stopper(number, full_disk)
            stopper.patch(context)
            try:
                put(root)
                expected = AFTER
            except Refused as refused:
                assert [each.code for each in refused.results] == ["output-unwritable"]
                assert "no file was changed" in refused.results[0].message
                expected = OLD

        if stopper.left > 0:
            break
        put_back(root)  # what could not be removed
        assert tree(root) == expected, number
    assert number > 20


def test_a_signal_at_any_call_leaves_all_as_it_was(root: Path) -> None:
    def stop() -> None:
        raise KeyboardInterrupt

    number = 0
    while True:
        number += 1
        restore_start(root)
        with pytest.MonkeyPatch.context() as context:
            stopper = Stopper(number, stop)
            stopper.patch(context)
            with contextlib.suppress(KeyboardInterrupt):
                put(root)

        put_back(root)
        assert tree(root) in (OLD, AFTER), number
        if stopper.left > 0:
            break


def test_begin_is_called_before_any_file_changes(root: Path) -> None:
    seen: list[dict[str, bytes]] = []

    def begin() -> None:
        seen.append({name: data for name, data in tree(root).items() if ".krm" not in name})

    together.put(changes(root), str(root), begin)
    assert seen == [OLD] and tree(root) == AFTER


def test_directories_that_were_made_go_again(root: Path) -> None:
    (root / "more").mkdir()
    more = [*changes(root), Change(str(root / "new" / "deep" / "x"), b"x", b"not there")]
    more.insert(0, Change(str(root / "new" / "y"), b"y"))
    with pytest.raises(Refused):
        together.put(more, str(root))
    assert tree(root) == OLD and not (root / "new").exists() and (root / "more").is_dir()


def test_a_file_that_another_program_changed_is_left(root: Path) -> None:
    (root / "below/b.yaml").write_bytes(b"by an editor")
    with pytest.raises(Refused) as refused:
        put(root)
    assert refused.value.results[0].code == "output-changed"
    assert tree(root) == {**OLD, "below/b.yaml": b"by an editor"}


def test_a_file_that_stands_where_a_new_one_goes_is_left(root: Path) -> None:
    (root / "more").mkdir()
    (root / "more/d.yaml").write_bytes(b"mine")
    with pytest.raises(Refused):
        put(root)
    assert tree(root) == {**OLD, "more/d.yaml": b"mine"}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_file_whose_owner_cannot_be_kept_is_refused(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.chown(root / "a.yaml", 1234, 4321)

    def not_allowed(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "fchown", not_allowed)
    with pytest.raises(Refused, match=r"a\.yaml cannot be written: its owner and group cannot be"):
        put(root)
    assert tree(root) == OLD and (root / "a.yaml").stat().st_uid == 1234


def killed_between_renames(root: Path) -> None:
    """The state that a kill leaves behind the first rename."""
    for _ in kills(lambda: put(root), lambda: restore_start(root)):
        if (root / "a.yaml").read_bytes() == NEW["a.yaml"]:
            return


def test_what_was_changed_after_a_kill_is_kept_and_told(root: Path) -> None:
    killed_between_renames(root)
    (root / "a.yaml").write_bytes(b"edited since")
    restored = put_back(root)
    ((path, old),) = restored.kept
    assert path == str(root / "a.yaml") and Path(old).read_bytes() == OLD["a.yaml"]
    assert (root / "a.yaml").read_bytes() == b"edited since"
    assert put_back(root) == journal.Restored()


def test_paths_that_are_not_named_are_not_touched(root: Path) -> None:
    killed_between_renames(root)
    before = tree(root)
    restored = journal.restore([str(root)], [str(root / "below")])
    assert tree(root) == before and not restored.back
    ((name, path),) = restored.foreign
    assert name.startswith(str(root)) and path == str(root / "a.yaml")


@pytest.mark.parametrize("path", ["../outside", "link", "a.yaml/../../outside"])
def test_a_journal_that_leads_out_is_not_believed(root: Path, path: str) -> None:
    """It may have come with a repository."""
    outside = root.parent / "outside"
    outside.write_bytes(b"new")
    (root / "link").symlink_to(outside)
    (root / ".krm-injector-1-0.old").write_bytes(b"evil")
    (root.parent / ".krm-injector-1-0.old").write_bytes(b"evil")
    directory = os.path.dirname(os.path.normpath(path))
    name = os.path.join(directory, ".krm-injector-1-0")
    row = [path, name + ".new", name + ".old", journal.digest(b"evil"), journal.digest(b"new")]
    (root / ".krm-injector-1.journal").write_text(json.dumps([row]) + "\n")
    put_back(root)
    assert outside.read_bytes() == b"new"


@pytest.mark.parametrize("text", ["", "[", '[["a.yaml"', "{}", '[["a"]]', "[1]"])
def test_a_journal_that_was_not_finished_means_nothing(root: Path, text: str) -> None:
    (root / ".krm-injector-1.journal").write_text(text)
    assert put_back(root) == journal.Restored()
    assert tree(root) == OLD


def test_the_journal_of_a_run_that_goes_on_is_left(root: Path) -> None:
    running = journal.Journal(str(root), "1")
    running.begin([])
    put_back(root)
    assert (root / ".krm-injector-1.journal").exists()
    running.remove()
    running.close()
    assert tree(root) == OLD
