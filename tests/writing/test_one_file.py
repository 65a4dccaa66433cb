"""One file is the old one or the new one, whatever happens, and stays what it was otherwise."""

from __future__ import annotations

import errno
import os
import stat
import threading
from pathlib import Path

import pytest
from files import tree
from interrupted import Stopper, full_disk, kills

from krm_injector.writing import locks, one_file

OLD, NEW = b"old" * 3000, b"new" * 5000


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "results.yaml"
    path.write_bytes(OLD)
    return path


def test_a_new_file_has_the_usual_permissions(tmp_path: Path) -> None:
    usual = tmp_path / "usual"
    usual.write_bytes(b"")
    one_file.put(str(tmp_path / "new"), NEW)
    assert tree(tmp_path) == {"new": NEW, "usual": b""}
    assert (tmp_path / "new").stat().st_mode == usual.stat().st_mode


def test_permissions_owner_and_attributes_stay(path: Path) -> None:
    path.chmod(0o640)
    if os.geteuid() == 0:
        os.chown(path, 1234, 4321)
    try:
        os.setxattr(path, "user.kept", b"yes")
        has_attributes = True
    except (OSError, AttributeError):
        has_attributes = False

    before = path.stat()
    one_file.put(str(path), NEW)
    after = path.stat()
    assert path.read_bytes() == NEW
    assert (after.st_mode, after.st_uid, after.st_gid) == (
        before.st_mode,
        before.st_uid,
        before.st_gid,
    )
    if has_attributes:
        assert os.getxattr(path, "user.kept") == b"yes"


def test_a_link_stays_and_the_file_behind_it_is_written(path: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    link = tmp_path / "elsewhere" / "link"
    link.symlink_to("../results.yaml")
    one_file.put(str(link), NEW)
    assert link.is_symlink() and path.read_bytes() == NEW
    assert os.listdir(tmp_path / "elsewhere") == ["link"]


def test_a_pipe_is_written_to(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()))
    reader.start()
    one_file.put(str(pipe), NEW)
    reader.join()
    assert read == [NEW] and stat.S_ISFIFO(pipe.stat().st_mode)


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="no /proc")
def test_an_open_file_of_the_process_is_meant_and_no_other(path: Path) -> None:
    """--log /dev/stderr 2>FILE: a file that takes its place would not be the open one."""
    with path.open("r+b") as opened:
        one_file.put(f"/proc/self/fd/{opened.fileno()}", NEW)
        assert os.path.samestat(os.fstat(opened.fileno()), path.stat())
    assert path.read_bytes() == NEW


def test_a_kill_leaves_the_old_or_the_new_file(path: Path) -> None:
    def before() -> None:
        for other in path.parent.iterdir():
            other.unlink()
        path.write_bytes(OLD)

    found = []
    for _ in kills(lambda: one_file.put(str(path), NEW), before):
        found.append(path.read_bytes())
        one_file.put(str(path), OLD)
        assert tree(path.parent) == {path.name: OLD}, "what was left over is removed"
    assert set(found) == {OLD, NEW} and found == sorted(found, reverse=True)


def test_a_full_disk_leaves_the_old_file(path: Path) -> None:
    number = 0
    while True:
        number += 1
        path.write_bytes(OLD)
        with pytest.MonkeyPatch.context() as monkeypatch:
            stopper = Stopper(number, full_disk)
            stopper.patch(monkeypatch)
            try:
                one_file.put(str(path), NEW)
                content = {NEW}
            except OSError:
                content = {OLD}

        if stopper.left > 0:
            break
        left = tree(path.parent)
        # The call that fails may be the one that would have removed the file in preparation.
        assert left.pop(path.name) in content | {NEW}
        one_file.sweep(str(path.parent))
        assert list(tree(path.parent)) == [path.name]
    assert number > 4


def test_what_another_run_prepares_is_not_removed(path: Path, tmp_path: Path) -> None:
    prepared, file = one_file._beside(str(tmp_path), 0o600)
    one_file.put(str(path), NEW)
    assert os.path.exists(prepared)
    os.close(file)
    one_file.put(str(path), NEW)
    assert not os.path.exists(prepared)


@pytest.mark.parametrize("number", [errno.EBUSY, errno.EXDEV, errno.EPERM])
def test_a_file_that_cannot_be_exchanged_is_written_over(
    number: int, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a file that a container has without its directory."""

    def replace(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "replace", replace)
    one_file.put(str(path), NEW)
    assert tree(path.parent) == {path.name: NEW}


def test_a_file_that_is_written_over_gets_its_content_back(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = os.write
    monkeypatch.setattr(os, "replace", lambda *_: full_disk())
    monkeypatch.setattr(one_file, "_ONLY_IN_PLACE", (errno.ENOSPC,))

    def half(file: int, data: bytes) -> int:
        if bytes(data) == NEW and os.path.samestat(os.fstat(file), path.stat()):
            write(file, data[:100])
            full_disk()
        return write(file, data)

    monkeypatch.setattr(os, "write", half)
    with pytest.raises(OSError, match="No space left"):
        one_file.put(str(path), NEW)
    assert tree(path.parent) == {path.name: OLD}


def as_nobody(work: str) -> int:
    """The exit status of a child that is nobody in particular."""
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setgid(65534)
            os.setuid(65534)
            exec(work, {"one_file": one_file, "NEW": NEW})
            os._exit(0)
        except PermissionError:
            os._exit(3)
        finally:
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_a_file_that_may_not_be_written_is_not_exchanged(path: Path, tmp_path: Path) -> None:
    for above in (tmp_path, *tmp_path.parents):
        if above.stat().st_mode & 0o005 != 0o005 and "pytest" in str(above):
            above.chmod(above.stat().st_mode | 0o005)
    tmp_path.chmod(0o777)
    path.chmod(0o444)
    assert as_nobody(f"one_file.put({str(path)!r}, NEW)") == 3
    assert tree(tmp_path) == {path.name: OLD}

    path.chmod(0o666)
    tmp_path.chmod(0o755)  # nothing can be made beside it
    assert as_nobody(f"one_file.put({str(path)!r}, NEW)") == 0
    assert tree(tmp_path) == {path.name: NEW}


def test_locks_of_directories_hold_what_is_in_them(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    (tmp_path / "a" / "x").write_text("")
    (tmp_path / "a" / "y").write_text("")
    first, second = locks.Locks(), locks.Locks()

    def taken(*paths: str) -> bool:
        held = second.take_all(str(tmp_path / path) for path in paths)
        second.drop()
        return not held

    assert not first.take_all([str(tmp_path / "a")])
    assert taken("b")
    assert not taken("a") and not taken("a/x") and not taken(".")
    first.drop()

    assert not first.take_all([str(tmp_path / "a" / "x")])
    assert taken("b", "a/y")
    assert not taken("a") and not taken("a/x") and not taken(".")
    first.drop()
    assert taken("a", "a/x", ".")
