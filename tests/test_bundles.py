"""Bundles like those of real repositories: the tables that people see, at 80 and at 200 columns.

New expectations: pytest tests/test_bundles.py --snapshot-update, and look at them.
"""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import pytest

from krm_injector import explain, pipeline, resource_list
from krm_injector.explain import Changes, Look, Places
from krm_injector.explain.cells import width
from krm_injector.function_config import Settings

BUNDLES = Path(__file__).resolve().parent / "bundles"
_spec = importlib.util.spec_from_file_location("bundles_generate", BUNDLES / "generate.py")
assert _spec and _spec.loader
generate = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(generate)

NAMES = sorted(generate.BUNDLES)


def told(data: bytes, file: str, doubts_only: bool = True) -> tuple[Any, list[dict[str, Any]]]:
    bundle = resource_list.read_manifests(data, file)
    settings = Settings()
    outcome = pipeline.run(bundle, settings)
    assert not [result for result in outcome.results if result.severity == "error"]
    changes = Changes(outcome.decisions, outcome.meshes, settings, doubts_only)
    return outcome.meshes, explain.entries(outcome.decisions, outcome.replacements, Places([bundle]), changes)


def of(name: str) -> tuple[bytes, str]:
    return (BUNDLES / f"{name}.yaml").read_bytes(), f"{name}.yaml"


@pytest.mark.parametrize("name", NAMES)
def test_the_file_is_what_the_generator_makes(name: str) -> None:
    assert of(name)[0].decode() == generate.text(generate.BUNDLES[name]())


@pytest.mark.parametrize("name", NAMES)
def test_table(name: str, snapshot: Any) -> None:
    meshes, entries = told(*of(name))
    for columns in (80, 200):
        text = explain.as_table(meshes, entries, Look(width=columns))
        assert max(map(width, text.splitlines())) <= columns
        snapshot.assert_match(text, f"{name}-{columns}.txt")


@pytest.mark.parametrize("name", ["optin", "platform", "policy"])
def test_all_the_evidence(name: str, snapshot: Any) -> None:
    meshes, entries = told(*of(name), doubts_only=False)
    snapshot.assert_match(explain.as_table(meshes, entries, Look(width=100, verbose=True)), f"{name}-verbose.txt")


def test_markdown(snapshot: Any) -> None:
    snapshot.assert_match(explain.as_markdown(*told(*of("optin"))), "optin.md")


def test_many_workloads_are_grouped(snapshot: Any) -> None:
    meshes, entries = told(generate.text(generate.many()).encode(), "all.yaml")
    snapshot.assert_match(explain.as_table(meshes, entries, Look(width=120)), "many-120.txt")
    everything = explain.as_table(meshes, entries, Look(width=120, limit=0))
    assert sum("/service-" in line for line in everything.splitlines()) >= len(entries)
    few = explain.as_table(meshes, entries, Look(limit=5)).splitlines()
    assert "--limit 0 shows every workload" in few[6]


@pytest.mark.parametrize("name", NAMES)
def test_json_is_as_its_schema_says(name: str) -> None:
    import jsonschema

    schema = json.loads((BUNDLES.parent.parent / "docs" / "explain.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    answer = json.loads(explain.as_json(*told(*of(name), doubts_only=False)))
    jsonschema.validate(answer, schema)
    answer["workloads"][0]["reason"] = "whim"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(answer, schema)
