"""One protocol for all commands, and the world stays in a few modules."""

from __future__ import annotations

import ast
import inspect
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest
from paths import ROOT

from krm_injector.cli import arguments, options, program, streams
from krm_injector.cli.request import Arguments, Request

PACKAGE = ROOT / "krm_injector"
MODULES = sorted(PACKAGE.rglob("*.py"))
COMMANDS = sorted(
    path.stem for path in (PACKAGE / "cli" / "commands").glob("*.py") if path.stem != "__init__"
)
# Where the process's streams, environment and directory are read.
SHELL = {PACKAGE / "cli" / name for name in ("program.py", "stopping.py", "streams.py")}
# Worker processes: what they are, how they begin and end, and where they work.
ENGINE = {
    PACKAGE / "fleet" / "engine" / name
    for name in ("local.py", "remote.py", "remote_worker.py", "worker.py")
}
# Loads PyYAML's C extension without the rest of PyYAML, by sys.modules alone.
LOADER = PACKAGE / "kube" / "yaml" / "extension.py"
OF_OS = {
    "_exit", "abort", "chdir", "environ", "environb", "getcwd", "getcwdb", "getenv",
    "get_terminal_size", "kill", "putenv", "umask", "unsetenv",
}  # fmt: skip
PROCESS = ("sys", "signal", "_signal")
OF_BUILTINS = {"breakpoint", "exit", "input", "print", "quit"}


# ---------------------------------------------------------------- the protocol


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_takes_a_request_and_gives_an_answer(name: str) -> None:
    run = import_module(f"krm_injector.cli.commands.{name}").run
    signature = inspect.signature(run)
    assert [parameter.annotation for parameter in signature.parameters.values()] == ["Request"]
    assert signature.return_annotation == "Answer"
    assert run.__module__ == f"krm_injector.cli.commands.{name}"


def test_every_command_of_the_table_has_its_module_and_no_module_is_left_over() -> None:
    names = {name.replace(" ", "_") or "function" for name in options.COMMANDS}
    assert {*names, "truth_table"} == set(COMMANDS)


def test_every_option_has_a_field_of_its_own() -> None:
    own = {option.field for command in options.COMMANDS.values() for option in command.own}
    fields = [*(option.field for option in options.OPTIONS.values()), *own]
    assert len(fields) == len(set(fields))
    of_no_option = {"command", "paths", "passed_on", "within", "placed", "known_namespaces",
                    "own_files"}  # fmt: skip
    assert {*fields, *of_no_option} == set(Arguments.__annotations__)


def test_values_have_their_types() -> None:
    words = ["explain", "--limit", "5", "--mesh", "a", "--mesh=b", "-v", "--mesh-version", "v1.30"]
    read = arguments.parse(words)
    assert (read.limit, read.mesh, read.verbose) == (5, ("a", "b"), True)
    assert (read.mesh_version, read.output) == ("v1.30", None)


@pytest.mark.parametrize("version", ["1", "2.0", "1.x", "1.30x", "newest", "1.30,", "1.30,2.1"])
def test_what_is_no_version_of_istio_is_refused(version: str) -> None:
    with pytest.raises(options.Usage, match="takes Istio's version"):
        arguments.parse(["explain", "--truth-table", "--mesh-version", version])


def test_the_truth_table_is_a_command_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Request] = []
    from krm_injector.cli.commands import truth_table

    monkeypatch.setattr(truth_table, "run", lambda request: asked.append(request))
    monkeypatch.setattr(streams, "finish", lambda answer, arguments: 0)
    assert program.run(["explain", "--truth-table", "-o", "json"]) == 0
    assert [request.arguments.output for request in asked] == ["json"]


# ---------------------------------------------------------------- the world


def uses(tree: ast.AST) -> Iterator[str]:
    """What a module uses of the process: "sys", "os.environ", "print" ..."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in PROCESS)
        elif isinstance(node, ast.ImportFrom):
            if node.module in PROCESS:
                yield node.module
            elif node.module == "os":
                yield from (f"os.{alias.name}" for alias in node.names if alias.name in OF_OS)
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            if node.value.id == "os" and node.attr in OF_OS:
                yield f"os.{node.attr}"
        elif isinstance(node, ast.Name) and node.id in OF_BUILTINS:
            yield node.id


def used(path: Path) -> set[str]:
    return set(uses(ast.parse(path.read_text())))


@pytest.mark.parametrize(
    "path", [path for path in MODULES if path not in SHELL | ENGINE], ids=lambda path: path.stem
)
def test_nothing_but_the_shell_touches_sys_the_environment_or_streams(path: Path) -> None:
    assert used(path) <= ({"sys"} if path == LOADER else set())


def test_the_search_finds_what_the_shell_does() -> None:
    assert {"sys", "os.environ", "os._exit", "_signal"} <= set().union(*map(used, SHELL))
    assert set(uses(ast.parse("from os import environ\nprint(input())"))) == {
        "os.environ",
        "print",
        "input",
    }


def test_the_entry_point_is_the_one_that_installers_know() -> None:
    """The command in an environment is not written anew when the checkout below it changes."""
    project = (ROOT / "pyproject.toml").read_text()
    assert 'krm-injector = "krm_injector.cli:main"' in project

    command = "import sys; from krm_injector.cli import main; sys.exit(main())"
    done = subprocess.run(
        [sys.executable, "-c", command, "--version"], cwd=ROOT, capture_output=True, check=True
    )
    assert done.stdout.startswith(b"krm-injector ")
