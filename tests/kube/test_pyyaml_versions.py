"""The C parser comes without the rest of PyYAML, with each PyYAML that pyproject.toml accepts."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest
from paths import ROOT

VERSIONS = ("6.0.1", "6.0.2", "6.0.3")
PROGRAM = """
import sys
from krm_injector.kube import yaml as ours

assert ours.load("a: [y]") == {"a": [True]}
parser = sys.modules["krm_injector.kube.yaml.events"]._Parser
print(parser.__name__, {"yaml.loader", "yaml.tokens"} & sys.modules.keys())

import yaml

print(yaml.__version__, yaml.safe_load("a: 1"), yaml.dump({"c": 1}).strip())
scanned = list(yaml.scan("a", Loader=yaml.CSafeLoader))
print([type(token) is getattr(yaml, type(token).__name__) for token in scanned])
print(yaml.load("[b]", Loader=yaml.CSafeLoader), yaml.reader.ReaderError.__module__)
try:
    yaml.load("[", Loader=yaml.CSafeLoader)
except yaml.YAMLError as error:
    print(type(error).__name__)
"""


def download(version: str, folder: Path) -> Path:
    """The folder to which the wheel of that version is unpacked."""
    pip = [sys.executable, "-m", "pip", "download", "-q", "--disable-pip-version-check"]
    options = ["--no-deps", "--only-binary", ":all:", "--retries", "0", "--timeout", "10"]
    command = [*pip, *options, "-d", str(folder), f"PyYAML=={version}"]
    done = subprocess.run(command, capture_output=True, text=True)
    wheels = list(folder.glob("*.whl"))
    if done.returncode or not wheels:
        pytest.skip(f"no wheel of PyYAML {version} for this Python here, or no network")

    unpacked = folder / "unpacked"
    with ZipFile(wheels[0]) as wheel:
        wheel.extractall(unpacked)
    return unpacked


@pytest.mark.parametrize("version", VERSIONS)
def test_the_parser_of_libyaml_is_loaded_alone(version: str, tmp_path: Path) -> None:
    places = [str(download(version, tmp_path)), str(ROOT)]
    program = f"import sys; sys.path[:0] = {places!r}\n{PROGRAM}"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stderr == ""
    assert done.stdout.splitlines() == [
        "CParser set()",
        f"{version} {{'a': 1}} c: 1",
        "[True, True, True]",
        "['b'] yaml.reader",
        "ParserError",
    ]
