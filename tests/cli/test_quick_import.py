"""cli/quick_import.py: the modules are those that Python's own import gives, bytecode or not."""

from __future__ import annotations

import compileall
import marshal
import os
import py_compile
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from krm_injector.cli import quick_import

SCRIPT = """
import sys
sys.path.insert(0, sys.argv[1])
sys.dont_write_bytecode = True
import krm_injector
from krm_injector.cli import quick_import
if sys.argv[2] == "quick":
    quick_import.install()
    assert len([each for each in sys.meta_path if type(each).__name__ == "_Finder"]) == 1

import krm_injector.parts.one as one
from krm_injector import parts
quick = "quick_import" in type(one.__loader__).__module__
for module in (one, parts):
    spec = module.__spec__
    print(module.__name__, module.__file__, module.__cached__, module.__package__, spec.origin,
          spec.has_location, spec.parent, spec.loader.get_source(spec.name) is not None,
          getattr(module, "__path__", None), module.VALUE, one.function.__code__.co_filename)
try:
    import krm_injector.parts.none
except ModuleNotFoundError as error:
    print(error)
try:
    one.function()
except ValueError:
    import traceback
    print(traceback.format_exc())
print(quick, file=sys.stderr)
"""


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A small package of our name, with bytecode."""
    root = tmp_path / "krm_injector"
    for directory in ("cli", "parts"):
        (root / directory).mkdir(parents=True)
    (root / "__init__.py").touch()
    (root / "cli" / "__init__.py").touch()
    shutil.copy(quick_import.__file__, root / "cli")
    (root / "parts" / "__init__.py").write_text("VALUE = 1\n")
    (root / "parts" / "one.py").write_text("VALUE = 2\n\n\ndef function():\n    raise ValueError\n")
    compileall.compile_dir(root, quiet=1)
    return root


def seen(package: Path, how: str = "quick") -> tuple[str, bool]:
    """What a program sees of the modules, and whether the quick loader was asked."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(package.parent), how],
        capture_output=True,
        check=True,
        text=True,
    )
    return done.stdout, done.stderr.strip() == "True"


def test_modules_are_as_pythons_own_import_makes_them(package: Path) -> None:
    plain, quick = seen(package, "plain"), seen(package)
    assert plain[1] is False
    assert quick == (plain[0], True)
    assert "raise ValueError" in quick[0]
    assert "No module named 'krm_injector.parts.none'" in quick[0]


def test_an_edited_source_is_read(package: Path) -> None:
    one = package / "parts" / "one.py"
    before = one.stat()
    one.write_text(one.read_text().replace("2", "3"))  # the size is the same, and the time is not
    os.utime(one, (before.st_atime, before.st_mtime + 1))
    assert " 3 " in seen(package)[0]
    assert seen(package)[0] == seen(package, "plain")[0]


def test_another_size_is_another_source(package: Path) -> None:
    one = package / "parts" / "one.py"
    before = one.stat()
    one.write_text(one.read_text().replace("2", "33"))
    os.utime(one, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert " 33 " in seen(package)[0]


def test_other_forms_of_bytecode_and_none_are_left_to_python(package: Path) -> None:
    one = package / "parts" / "one.py"
    expected = seen(package)[0]
    for mode in (
        py_compile.PycInvalidationMode.CHECKED_HASH,
        py_compile.PycInvalidationMode.UNCHECKED_HASH,
    ):
        py_compile.compile(str(one), invalidation_mode=mode)
        assert seen(package)[0] == expected

    shutil.rmtree(package / "parts" / "__pycache__")
    assert seen(package) == (expected, False)


def test_damaged_bytecode_is_left_to_python(package: Path) -> None:
    expected = seen(package)[0]
    for path in (package / "parts" / "__pycache__").glob("one.*"):
        path.write_bytes(b"")
    assert seen(package)[0] == expected


def test_all_our_bytecode_is_read_whole() -> None:
    for path in Path(quick_import.__file__).parents[1].rglob("*.py"):
        if path.stat().st_size > 20_000:
            code = compile(path.read_bytes(), str(path), "exec")
            assert len(marshal.dumps(code)) < quick_import._LARGEST / 1.2, path
