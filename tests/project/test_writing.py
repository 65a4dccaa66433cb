"""Nothing writes a file but krm_injector/writing, which leaves the old one or the new one."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from paths import ROOT

PACKAGE = ROOT / "krm_injector"
OF_OS = {
    "chmod", "chown", "ftruncate", "link", "makedirs", "mkdir", "mkfifo", "remove", "removedirs",
    "rename", "renames", "replace", "rmdir", "symlink", "truncate", "unlink", "write",
}  # fmt: skip
OF_OTHERS = {"shutil", "tempfile"}
READING = {"which", "get_terminal_size"}

# What writes by itself, and why it may.
ALLOWED = {
    "cli/spool.py": "an unnamed file that goes with the process",
    "sources/stand_ins.py": "a directory of its own, for a program that it starts",
    "fleet/engine/shipment.py": "a directory of its own, on the computer of a Dask worker",
    "fleet/engine/remote_worker.py": "the same",
    "fleet/output/writer.py": "its renames are one step each, and its journal knows them",
    "fleet/output/index.py": "the journal, which the next run reads",
    "fleet/plan/labels.py": "its renames put the whole directory of a wave in place",
}


def writes(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and is_writing(node):
            yield f"{path.relative_to(PACKAGE)}:{node.lineno}"


def is_writing(call: ast.Call) -> bool:
    function = call.func
    if isinstance(function, ast.Name):
        return function.id == "TemporaryFile" or (function.id == "open" and opens_to_write(call))
    if not isinstance(function, ast.Attribute):
        return False
    if not isinstance(function.value, ast.Name):
        return function.attr in ("write_text", "write_bytes")

    module, name = function.value.id, function.attr
    if module == "os":
        return name in OF_OS or (name == "open" and "O_WRONLY" in ast.unparse(call))
    return module in OF_OTHERS and name not in READING


def opens_to_write(call: ast.Call) -> bool:
    words = [*call.args[1:2], *(each.value for each in call.keywords if each.arg == "mode")]
    return any(set(ast.unparse(word)) & set("wax+") for word in words)


def test_nothing_else_writes_files() -> None:
    found = {
        str(path.relative_to(PACKAGE)): places
        for path in sorted(PACKAGE.rglob("*.py"))
        if path.parent.name != "writing" and (places := list(writes(path)))
    }
    assert {name: found[name] for name in found.keys() - ALLOWED.keys()} == {}
    assert ALLOWED.keys() <= found.keys()
