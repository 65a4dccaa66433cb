"""Every warning has a place in its bundle: the line of its field, with its value."""

from __future__ import annotations

import json

import pytest
from judging import advice_cases

from krm_injector import pipeline
from krm_injector.function_config import Settings
from krm_injector.judging import advice
from krm_injector.kube import yaml
from krm_injector.presenting.excerpts import excerpt
from krm_injector.presenting.places import Places
from krm_injector.sources.resource_list import read_manifests


@pytest.mark.parametrize("code", advice_cases.CASES)
def test_a_warning_has_its_line(code: str) -> None:
    text = "---\n".join(yaml.dump(value) for value in advice_cases.CASES[code][0])
    bundle = read_manifests(text.encode(), "all.yaml")
    outcome = pipeline.run(bundle, Settings(native_sidecars=False))
    warnings = advice.advise(bundle, outcome.decisions, outcome.replacements, Settings())
    results = [result for result in advice.results(warnings) if result.code == code]
    assert results

    places = Places([bundle])
    for result in results:
        place = places.of(result)
        assert place is not None and place.line, result.field
        assert place.text == text.split("\n")[place.line - 1]
        assert excerpt(result, places)[0] == f"  all.yaml:{place.line}:{place.column}"

        marked = place.text[place.column - 1 : place.end_column - 1]
        # The values of a mesh are one text, and a finding's value is in it.
        is_within = result.field == "data.values"
        shown = json.dumps(result.current) in place.text and not is_within
        if isinstance(result.current, (str, int)) and shown:
            assert str(yaml.load(marked)) == str(result.current)
