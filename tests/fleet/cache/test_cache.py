"""Results by content: what changes a key and what does not, and directories that are not as they
should be.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import files
import pytest
from paths import ROOT

from krm_injector.fleet import fingerprints
from krm_injector.fleet.cache import Cache
from krm_injector.fleet.inputs import Reader
from krm_injector.fleet.model import Inputs, Target, TargetResult, Task
from krm_injector.model import Result

TREE = {
    "repo/base/kustomization.yaml": "resources: [web.yaml]\n",
    "repo/base/web.yaml": "kind: Deployment\n",
    "repo/over/kustomization.yaml": "resources: [../base]\n",
    "repo/plain/a.yaml": "kind: ConfigMap\n",
    "repo/plain/README.md": "text\n",
    "repo/plain/.hidden/b.yaml": "text\n",
    "repo/chart/Chart.yaml": "name: a\n",
    "repo/chart/.helmignore": "x\n",
    "repo/mesh.yaml": "{}\n",
}
KUSTOMIZE = Target("over", "kustomization", "over", "why")
PLAIN = Target("plain", "directory", "plain", "why")
CHART = Target("chart", "chart", "chart", "why")
WARNING = Result("warning", "this is doubtful", code="kustomize-warning")
RESULT = TargetResult("over", 0, "kind: ü\n", {"n": 1}, (WARNING,), 0.5)
CONTENT = b"\x7fELF a program"


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository, and programs on PATH beside it."""
    files.write(tmp_path, TREE)
    for name in ("kustomize", "helm"):
        program(tmp_path / "bin", name)
    monkeypatch.chdir(tmp_path / "repo")
    return tmp_path / "repo"


def program(directory: Path, name: str, content: bytes = CONTENT) -> Path:
    directory.mkdir(exist_ok=True)
    path = directory / name
    path.write_bytes(content)
    path.chmod(0o755)
    return path


def task(target: Target = KUSTOMIZE, **options: Any) -> Task:
    return Task(target, "build", options, {"PATH": os.path.abspath("../bin")})


def inputs(given: Task) -> Inputs:
    return Reader().inputs(given.target, None, given.options)


def key(given: Task | None = None) -> str:
    given = given or task()
    return Cache("../cache").key(given, inputs(given))


def put(result: TargetResult = RESULT, given: Task | None = None) -> str:
    given = given or task()
    cache = Cache("../cache")
    name = cache.key(given, inputs(given))
    cache.put(name, result)
    assert cache.results == ()
    return name


def entry(name: str) -> Path:
    return Path("../cache", name[:2], name[2:4], name)


# ---------------------------------------------------------------- entries


def test_what_is_kept_comes_back(repository: Path) -> None:
    name = put()

    cache = Cache("../cache")
    assert cache.key(task(), inputs(task())) == name
    assert cache.get(name) == RESULT._replace(cost=0.0)
    assert cache.results == ()


def test_a_key_that_is_not_there(repository: Path) -> None:
    cache = Cache("../cache")

    assert cache.get(key()) is None
    assert cache.results == ()
    assert not Path("../cache").exists()  # only a result makes it


def test_the_bytes_of_an_entry_do_not_depend_on_the_run(repository: Path) -> None:
    name = put()
    before = entry(name).read_bytes()
    shutil.rmtree("../cache")

    assert put(RESULT._replace(cost=3.0, cached=True)) == name
    assert entry(name).read_bytes() == before


def test_errors_are_not_kept(repository: Path) -> None:
    put(TargetResult("over", 1, "", {}, (Result("error", "broken"),)))

    assert not Path("../cache").exists()


def test_a_message_that_names_this_checkout_is_not_kept(repository: Path) -> None:
    message = f"helm: found symbolic link in path: {repository}/chart/x"
    put(RESULT._replace(results=(Result("warning", message),)))

    assert not Path("../cache").exists()


def test_what_changed_while_it_was_rendered_is_not_kept(repository: Path) -> None:
    for given, path in ((task(), "base/web.yaml"), (task(PLAIN), "plain/new.yaml")):
        cache = Cache("../cache")
        name = cache.key(given, inputs(given))
        files.write(repository, {path: "kind: Changed\n"})
        cache.put(name, RESULT)

    assert not Path("../cache").exists()


def test_what_has_no_form_in_json_is_not_kept(repository: Path) -> None:
    put(RESULT._replace(data={"n": object()}))

    assert not Path("../cache").exists()


# ---------------------------------------------------------------- keys


def _same(_: Path) -> None:
    pass


def _touch(top: Path) -> None:
    os.utime(top / "base/web.yaml", (1, 1))


def _unrelated(top: Path) -> None:
    files.write(top, {"plain/a.yaml": "changed: here\n", "over/unused.yaml": ""})


@pytest.mark.parametrize("change", [_same, _touch, _unrelated])
def test_keys_that_stay(repository: Path, change: Callable[[Path], None]) -> None:
    before = key()
    change(repository)

    assert key() == before


def test_a_key_does_not_depend_on_the_place(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chart, before = key(task(CHART)), key()
    shutil.copytree(tmp_path, tmp_path / "else/where")
    monkeypatch.chdir(tmp_path / "else/where/repo")

    assert (key(task(CHART)), key()) == (chart, before)


def test_a_key_does_not_depend_on_words_about_the_target(repository: Path) -> None:
    other = KUSTOMIZE._replace(why="another", named_in=("fleet.yaml",))

    assert key(task(other)) == key()


def _base(top: Path) -> None:
    files.write(top, {"base/web.yaml": "kind: Pod\n"})


def _absent(top: Path) -> None:
    (top / "base/web.yaml").unlink()


def _link(top: Path) -> None:
    (top / "base/web.yaml").rename(top / "base/real.yaml")
    (top / "base/web.yaml").symlink_to("real.yaml")


def _second(top: Path) -> None:
    files.write(top, {"over/Kustomization": ""})


def _program(top: Path) -> None:
    program(top.parent / "bin", "kustomize", CONTENT + b"2")


@pytest.mark.parametrize("change", [_base, _absent, _link, _second, _program])
def test_what_changes_a_key(repository: Path, change: Callable[[Path], None]) -> None:
    before = key()
    change(repository)

    assert key() not in ("", before)


def test_each_part_of_the_task_is_in_the_key(repository: Path) -> None:
    keys = [
        key(),
        key(task(KUSTOMIZE._replace(cluster="eu"))),
        key(task(KUSTOMIZE._replace(namespace="eu"))),
        key(task(KUSTOMIZE._replace(options=("--enable-helm",)))),
        key(task(KUSTOMIZE._replace(set_values=(("a", "b"),)))),
        key(task()._replace(command="verify")),
        key(task(revision="canary")),
        key(task(revision="canary", method="manual")),
        key(task(mesh=("mesh.yaml",))),
    ]

    assert len(set(keys)) == len(keys)
    assert key(task(method="manual", revision="canary")) == keys[-2]


def test_only_programs_that_are_started_are_in_the_key(repository: Path) -> None:
    over, chart, plain = key(), key(task(CHART)), key(task(PLAIN))
    program(repository.parent / "bin", "helm", CONTENT + b"2")

    assert (key(), key(task(PLAIN))) == (over, plain)
    assert key(task(CHART)) != chart
    (repository.parent / "bin/kustomize").unlink()
    (repository.parent / "bin/helm").unlink()
    assert (key(), key(task(CHART))) == ("", "")  # the run says that they are missing
    assert key(task(PLAIN)) == plain


def test_a_script_is_asked_for_its_version(repository: Path) -> None:
    script = b"#!/bin/sh\ncat ../version\n"
    program(repository.parent / "bin", "kustomize", script)
    assert key() == ""  # it does not answer

    files.write(repository.parent, {"version": "5.7"})
    before = key()
    files.write(repository.parent, {"version": "5.8"})
    assert key() not in ("", before)


def test_what_is_below_directories_is_in_the_key(repository: Path) -> None:
    plain, chart = key(task(PLAIN)), key(task(CHART))
    files.write(
        repository, {"plain/README.md": "new", "plain/.hidden/b.yaml": "", "plain/x.txt": ""}
    )
    assert key(task(PLAIN)) == plain

    files.write(repository, {"plain/sub/b.yaml": ""})
    assert key(task(PLAIN)) != plain
    files.write(repository, {"chart/.helmignore": "new"})
    assert key(task(CHART)) != chart


def test_unknown_inputs_have_no_key(repository: Path) -> None:
    cache = Cache("../cache")

    assert cache.key(task(), Inputs((), (), "it is built on https://example.com")) == ""
    cache.put("", RESULT)
    assert not Path("../cache").exists()


def test_krm_injector_itself_is_in_the_key(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import krm_injector

    shutil.copytree(
        ROOT / "krm_injector", tmp_path / "package", ignore=shutil.ignore_patterns("__pycache__")
    )
    monkeypatch.setattr(krm_injector, "__file__", str(tmp_path / "package/__init__.py"))
    before = key()
    files.write(tmp_path, {"package/__pycache__/x.pyc": "x"})
    assert key() == before

    files.write(tmp_path, {"package/fleet/new.py": "x = 1\n"})
    changed = key()
    assert changed != before
    monkeypatch.setattr(krm_injector, "__version__", "99")
    assert key() not in (before, changed)


def test_names_in_no_encoding(repository: Path) -> None:
    with open(os.path.join(os.fsencode(repository), b"plain", b"\xff.yaml"), "wb") as file:
        file.write(b"a: b\n")

    assert key(task(PLAIN))


# ---------------------------------------------------------------- entries that cannot be used


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def _empty(path: Path) -> None:
    path.write_bytes(b"")


def _flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-20] ^= 1
    path.write_bytes(content)


def _version(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b"cache 1", b"cache 2", 1))


def _foreign(path: Path) -> None:
    path.write_bytes(b"\xff\xfe\x00")


def _of_another_key(path: Path) -> None:
    other = "0" * 64
    content = path.read_bytes()
    body = content.partition(b"\n")[2]
    digest = hashlib.sha256(other.encode() + b"\n" + body).hexdigest()
    path.write_bytes(f"krm-injector-cache 1 {digest}\n".encode() + body)


def _error_inside(path: Path) -> None:
    body = path.read_bytes().partition(b"\n")[2].replace(b'"code":0', b'"code":1')
    digest = hashlib.sha256(path.name.encode() + b"\n" + body).hexdigest()
    path.write_bytes(f"krm-injector-cache 1 {digest}\n".encode() + body)


def _newer_form(path: Path) -> None:
    body = path.read_bytes().partition(b"\n")[2].replace(b'"version":1', b'"version":9')
    digest = hashlib.sha256(path.name.encode() + b"\n" + body).hexdigest()
    path.write_bytes(f"krm-injector-cache 1 {digest}\n".encode() + body)


@pytest.mark.parametrize(
    "spoil",
    [_cut, _empty, _flip, _version, _foreign, _of_another_key, _error_inside, _newer_form],
)
def test_a_spoilt_entry_is_told_and_written_again(
    repository: Path, spoil: Callable[[Path], None]
) -> None:
    name = put()
    spoil(entry(name))
    cache = Cache("../cache")
    cache.key(task(), inputs(task()))

    assert cache.get(name) is None
    (warning,) = cache.results
    assert warning.severity == "warning"
    assert warning.code == "fleet-cache"
    assert "1 entry" in warning.message
    assert str(entry(name)) in warning.message

    cache.put(name, RESULT)
    assert Cache("../cache").get(name) == RESULT._replace(cost=0.0)


def test_many_spoilt_entries_are_one_warning(repository: Path) -> None:
    names = [put(given=task(revision=str(number))) for number in range(3)]
    cache = Cache("../cache")
    for name in names:
        _flip(entry(name))
        assert cache.get(name) is None

    (warning,) = cache.results
    assert "3 entries" in warning.message


def test_an_entry_cut_anywhere_is_not_used(repository: Path) -> None:
    name = put()
    content = entry(name).read_bytes()
    cache = Cache("../cache")
    for length in range(len(content)):
        entry(name).write_bytes(content[:length])
        assert cache.get(name) is None


# ---------------------------------------------------------------- directories that cannot be used


def _is_file(path: Path) -> None:
    path.write_text("")


def _below_file(path: Path) -> None:
    path.mkdir()
    for number in range(256):
        (path / f"{number:02x}").write_text("")


def _entry_is_directory(path: Path) -> None:
    entry(key()).mkdir(parents=True)


@pytest.mark.parametrize("spoil", [_is_file, _below_file, _entry_is_directory])
def test_a_directory_that_cannot_be_written_is_told_once(
    repository: Path, spoil: Callable[[Path], None]
) -> None:
    spoil(repository.parent / "cache")
    cache = Cache("../cache")
    for revision in (None, "a", "b"):
        given = task() if revision is None else task(revision=revision)
        name = cache.key(given, inputs(given))
        assert cache.get(name) is None
        cache.put(name, RESULT)

    assert [result.severity for result in cache.results if "not written" in result.message] == [
        "warning"
    ]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EACCES, errno.EDQUOT])
def test_errors_of_the_file_system(
    repository: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    calls = 0

    def fail(*_: object) -> None:
        nonlocal calls
        calls += 1
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "replace", fail)
    cache = Cache("../cache")
    for revision in "abc":
        cache.put(cache.key(task(revision=revision), inputs(task())), RESULT)

    (warning,) = cache.results
    assert os.strerror(number) in warning.message
    assert calls == 1
    assert not [path for path in Path("../cache").rglob("*") if path.is_file()]


@pytest.mark.skipif(
    os.geteuid() == 0, reason="root may write everywhere; run the tests as another user"
)
def test_a_read_only_directory_is_read(repository: Path) -> None:
    name = put()
    for path in (Path("../cache"), *Path("../cache").rglob("*")):
        if path.is_dir():
            path.chmod(0o555)

    cache = Cache("../cache")
    assert cache.get(name) is not None
    cache.put(cache.key(task(revision="a"), inputs(task())), RESULT)
    assert len(cache.results) == 1


def test_an_interrupted_write_leaves_nothing(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", interrupt)
    cache = Cache("../cache")
    with pytest.raises(KeyboardInterrupt):
        cache.put(cache.key(task(), inputs(task())), RESULT)

    assert not [path for path in Path("../cache").rglob("*") if path.is_file()]


WRITER = """\
import sys
from krm_injector.fleet.cache import Cache
from krm_injector.fleet.model import TargetResult

directory, number = sys.argv[1:]
cache = Cache(directory)
for round in range(40):
    for name in range(20):
        key = f"{name:064x}"
        result = TargetResult(str(name), 0, f"text of {name}" * 1000)
        found = cache.get(key)
        assert found is None or found == result, found
        cache.put(key, result)
assert cache.results == (), cache.results
"""


def test_parallel_runs_do_not_disturb_each_other(tmp_path: Path) -> None:
    runs = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(tmp_path / "cache"), str(number)],
            env={**os.environ, "PYTHONPATH": str(ROOT)}, stderr=subprocess.PIPE,
        )
        for number in range(4)
    ]  # fmt: skip
    for run in runs:
        _, err = run.communicate(timeout=60)
        assert run.returncode == 0, err.decode()

    left = [path for path in (tmp_path / "cache").rglob("*") if path.is_file()]
    assert len(left) == 20


# ---------------------------------------------------------------- speed


def test_a_second_run_is_cheap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    tree = {f"base/{number}.yaml": "a: b\n" * 200 for number in range(10)}
    names = "".join(f"- {number}.yaml\n" for number in range(10))
    tree["base/kustomization.yaml"] = f"resources:\n{names}"
    for number in range(300):
        tree[f"over/{number}/kustomization.yaml"] = "resources: [../../base]\n"
    files.write(tmp_path, tree)
    path = str(program(tmp_path / "bin", "kustomize").parent)
    result = TargetResult("t", 0, "key: value\n" * 5000)

    def run() -> int:
        reader, cache, hits = Reader(), Cache("cache"), 0
        for number in range(300):
            given = Task(
                Target(f"t{number}", "kustomization", f"over/{number}", ""), "build", {},
                {"PATH": path},
            )  # fmt: skip
            name = cache.key(given, reader.inputs(given.target, None, {}))
            if cache.get(name) is None:
                cache.put(name, result)
            else:
                hits += 1
        return hits

    assert run() == 0
    before = time.process_time()
    assert run() == 300
    assert (time.process_time() - before) / 300 < 0.002


def test_content_is_read_once(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    content = fingerprints._content

    def counted(path: str) -> str:
        read.append(path)
        return content(path)

    monkeypatch.setattr(fingerprints, "_content", counted)
    cache = Cache("../cache")
    for revision in "abc":
        cache.key(task(revision=revision), inputs(task()))

    assert len(read) == len(set(read))
