"""Well-known names of Istio, Kubernetes and KRM are spelt in istio_names, and nowhere else."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from paths import ROOT

from krm_injector import istio_names

PACKAGE = ROOT / "krm_injector"

# "istio", the name of a ConfigMap, is a word of its own as well.
NAMES = {
    value: name
    for name, value in vars(istio_names).items()
    if name.isupper() and name != "MESH_CONFIG_MAP"
}

# Data: texts in Go's template language, and tables that a command makes.
DATA = {
    "discovery/profile/differences.py",
    "discovery/profile/parts.py",
    "discovery/profile/templates.py",
    "istio_api/tables_generated.py",
    "kube/pod_types_generated.py",
}


def spelt(file: Path) -> Iterator[str]:
    """The places of a file that spell a well-known name as a literal, and the name to use."""
    for node in ast.walk(ast.parse(file.read_text())):
        if not isinstance(node, ast.Constant) or isinstance(node.value, bool):
            continue
        if isinstance(node.value, str | int) and node.value in NAMES:
            yield f"{file}:{node.lineno}: {node.value!r} is istio_names.{NAMES[node.value]}"


def modules() -> list[str]:
    own = {"istio_names.py", *DATA}
    files = (file.relative_to(PACKAGE).as_posix() for file in PACKAGE.rglob("*.py"))
    return sorted(file for file in files if file not in own)


@pytest.mark.parametrize("module", modules())
def test_no_module_spells_a_well_known_name(module: str) -> None:
    assert list(spelt(PACKAGE / module)) == []


def test_each_name_stands_for_one_value() -> None:
    constants = [name for name in vars(istio_names) if name.isupper()]
    assert len({getattr(istio_names, name) for name in constants}) == len(constants)


def test_a_literal_is_found(tmp_path: Path) -> None:
    file = tmp_path / "module.py"
    file.write_text('LABEL = "istio.io/rev"\nUSER = 1337\nTEXT = "the label istio.io/rev"\n')
    assert [line.rpartition(" ")[2] for line in spelt(file)] == [
        "istio_names.REVISION_LABEL",
        "istio_names.PROXY_UID",
    ]


@pytest.mark.parametrize(
    ("revision", "name"),
    [("default", "istio-sidecar-injector"), ("1-30", "istio-sidecar-injector-1-30")],
)
def test_an_object_of_a_control_plane_is_named_by_its_revision(revision: str, name: str) -> None:
    assert istio_names.with_revision(istio_names.INJECTOR_CONFIG_MAP, revision) == name
