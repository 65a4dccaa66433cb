"""The documentation is true: every command and option is in it, its commands run, its
configurations are valid.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from command import install_krm_injector, krm_text
from outside import needs_program
from paths import ROOT

from krm_injector import function_config
from krm_injector.cli import options

README = (ROOT / "README.md").read_text()
COMMAND_LINE = (ROOT / "docs" / "command-line.md").read_text()
CONFIGURATION = (ROOT / "docs" / "function-config.md").read_text()
INDEX = (ROOT / "docs" / "index.md").read_text()
FUNCTION = (ROOT / "functions" / "istio-inject" / "README.md").read_text()
EXAMPLE = ROOT / "functions" / "istio-inject" / "examples" / "httpbin"


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def commands() -> list[str]:
    """The README's command lines, without their comments."""
    lines = [
        line.split("  #")[0].split(" # ")[0].strip()
        for block in blocks(README, "sh")
        for line in block.splitlines()
    ]
    return [line for line in lines if line]


@pytest.mark.parametrize("name", sorted(filter(None, options.COMMANDS)))
def test_every_command_is_documented(name: str) -> None:
    assert any(f"krm-injector {name}" in line for line in commands())


@pytest.mark.parametrize("option", sorted(options.OPTIONS.values()))
def test_every_option_is_documented(option: options.Option) -> None:
    (row,) = [
        row
        for row in COMMAND_LINE.splitlines()
        if re.search(rf"`{option.name}(?![\w-])", row.partition("|")[2].partition(" | ")[0])
    ]
    forms = options.FORMS["explain"] if option.name == "--output" else ()
    for choice in (*option.choices, *forms):
        assert choice in row


def test_no_option_is_documented_that_is_not_there() -> None:
    rows = [line for line in COMMAND_LINE.splitlines() if line.startswith("| `--")]
    assert rows
    assert set(re.findall(r"--[a-z-]+", " ".join(rows))) == set(options.OPTIONS)


def test_the_make_targets_of_the_readme_exist() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = {line.split()[1] for line in commands() if line.startswith("make ")}
    assert named == {"demo", "test", "check", "bench"}
    assert named <= targets


@pytest.mark.parametrize("command", [line for line in commands() if not line.startswith("make ")])
def test_the_commands_of_the_readme_run(command: str, tmp_path: Path) -> None:
    work = tmp_path / "httpbin"
    shutil.copytree(EXAMPLE, work)
    tools = tmp_path / "bin"
    tools.mkdir()
    install_krm_injector(tools)
    path = os.pathsep.join([str(tools), str(ROOT / ".tools"), os.environ["PATH"]])
    for tool in needed(command):
        needs_program(tool)
    environment = {**os.environ, "PATH": path}
    done = subprocess.run(
        ["sh", "-c", command], cwd=work, env=environment, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
    assert done.stdout or command.startswith("kpt ")


def test_the_table_is_what_explain_prints() -> None:
    """Line by line; of the example's workloads the README shows a few."""
    (table,) = [block for block in blocks(README, "text") if block.startswith("KIND")]
    printed = krm_text("explain", "--quiet", str(EXAMPLE / "base")).stdout
    lines = [re.split("  +", line.strip()) for line in printed.splitlines()]
    for line in table.splitlines():
        assert re.split("  +", line) in lines


def test_every_page_is_reached_from_the_index() -> None:
    assert "](docs/index.md)" in README
    for path in (ROOT / "docs").glob("*.md"):
        assert path.name == "index.md" or f"]({path.name})" in INDEX, path.name
    for path in (ROOT / "functions").glob("*/README.md"):
        assert f"](../functions/{path.parent.name})" in INDEX, path.parent.name


def test_the_readme_is_short() -> None:
    assert len(README.splitlines()) < 200


def test_links_lead_somewhere() -> None:
    pages = [
        *ROOT.glob("*.md"),
        *(ROOT / "docs").rglob("*.md"),
        *(ROOT / "functions").rglob("README.md"),
    ]
    for page in pages:
        for link in re.findall(
            r"\]\(([^)\s]+)\)", re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.M | re.S)
        ):
            path, _, anchor = link.partition("#")
            if path.startswith(("http:", "https:")):
                continue
            target = (page.parent / path).resolve() if path else page
            assert target.exists(), f"{page.relative_to(ROOT)}: {link}"
            if anchor:
                titles = re.findall(r"^#+ (.*)$", target.read_text(), re.M)
                slugs = [
                    re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles
                ]
                assert anchor in slugs, f"{page.relative_to(ROOT)}: {link}"


def needed(command: str) -> list[str]:
    """The programs without which a command cannot run."""
    if "krm-injector build" in command:
        if "kubectl" in command:
            return ["kubectl"]
        return [] if shutil.which("kubectl") else ["kustomize"]
    return [tool for tool in ("kustomize", "kpt", "istioctl") if command.startswith(tool)]


@pytest.mark.parametrize(
    "text", [block for block in blocks(CONFIGURATION + "\n" + FUNCTION, "yaml") if "kind:" in block]
)
def test_the_configurations_of_the_pages_are_valid(text: str) -> None:
    value = yaml.safe_load(text)
    assert function_config.settings(value) != function_config.Settings()


def test_every_field_of_the_function_config_is_documented() -> None:
    schema = yaml.safe_load((ROOT / "functions" / "istio-inject" / "schema.json").read_text())
    fields: set[str] = set()

    def collect(node: object) -> None:
        if isinstance(node, dict):
            fields.update(
                node.get("properties", {}) if isinstance(node.get("properties"), dict) else ()
            )
            for name, value in node.items():
                if name != "severities":  # its fields are the codes of docs/warnings.md
                    collect(value)
        elif isinstance(node, list):
            for value in node:
                collect(value)

    collect(schema["$defs"]["SidecarInjection"]["properties"]["spec"])
    assert "method" in fields
    for field in fields:
        assert re.search(rf"\b{field}\b", CONFIGURATION), f"{field} is not documented"


def test_dependencies_are_those_of_the_readme() -> None:
    """What users install is in the README; every dependency has its reason in pyproject.toml."""
    project = (ROOT / "pyproject.toml").read_text()
    lists = re.findall(
        r"^(dependencies|kustomize|dev) = \[(.*?)\](?:  #.*?)?\n", project, re.M | re.S
    )
    assert len(lists) == 3
    for name, requirements in lists:
        for requirement in re.findall(r'"([^"]+)"', requirements):
            package = re.split("[><=]", requirement)[0]
            assert re.search(rf'"{re.escape(requirement)}"[],]* +# \w', project), requirement
            assert name == "dev" or f"[{package}](" in README, f"{package} is not in the README"
