"""What istiod takes the fields of data.config for: null, scalars where text belongs, wrong types.

Answers of the webhook of 1.31 (istio-webhook-oracle); ghodss/yaml, which Istio used until 1.9,
converts in the same way.
"""

from __future__ import annotations

from typing import Any

import pytest

from krm_injector.discovery import injection_config
from krm_injector.kube import yaml

SELECTOR = "neverInjectSelector: [{matchExpressions: [{key: a, operator: In, values: [%s]}]}]"


def decoded(text: str) -> Any:
    config, mistyped = injection_config.decode(yaml.load(text, "yaml"))
    assert mistyped == []
    return config


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("templates: {sidecar: null}", "templates: {sidecar: ''}"),
        ("defaultTemplates: [sidecar, null]", "defaultTemplates: [sidecar, '']"),
        ("aliases: {x: null}", "aliases: {x: []}"),
        ("aliases: {x: [null]}", "aliases: {x: ['']}"),
        ("injectedAnnotations: {a: null, b: x}", "injectedAnnotations: {a: '', b: x}"),
        ("neverInjectSelector: [null]", "neverInjectSelector: [{}]"),
        ("alwaysInjectSelector: [null]", "alwaysInjectSelector: [{}]"),
        (
            "neverInjectSelector: [{matchLabels: null}]",
            "neverInjectSelector: [{matchLabels: {}}]",
        ),
        (
            "neverInjectSelector: [{matchLabels: {a: null}}]",
            "neverInjectSelector: [{matchLabels: {a: ''}}]",
        ),
        (
            "neverInjectSelector: [{matchExpressions: [null]}]",
            "neverInjectSelector: [{matchExpressions: [{}]}]",
        ),
        (SELECTOR % "null", SELECTOR % "''"),
    ],
)
def test_null_is_the_zero_value_of_its_place(text: str, same: str) -> None:
    assert decoded(text) == yaml.load(same)


@pytest.mark.parametrize("field", sorted(injection_config.FIELDS))
def test_a_field_that_is_null_stays_so(field: str) -> None:
    assert decoded(f"{field}: null") == {field: None}


@pytest.mark.parametrize(
    ("scalar", "text"),
    [
        ("1", "1"),
        ("-5", "-5"),
        ("18446744073709551615", "18446744073709551615"),
        ("18446744073709551616", "1.8446744e+19"),
        ("1.50", "1.5"),
        ("0.1", "0.1"),
        ("3.14159265358", "3.1415927"),
        ("1.0e+39", "+Inf"),
        ("1e-5", "1e-05"),
        ("1e6", "1e+06"),
        ("1.0e6", "1e+06"),
        ("1e3", "1000"),
        ("1000000", "1000000"),
        ("0x10", "16"),
        ("yes", "true"),
        ("no", "false"),
        ("2020-01-01", "2020-01-01"),
    ],
)
def test_a_scalar_is_text_where_text_belongs(scalar: str, text: str) -> None:
    assert decoded(f"injectedAnnotations: {{a: {scalar}}}") == {"injectedAnnotations": {"a": text}}
    assert decoded(SELECTOR % scalar) == yaml.load(SELECTOR % f"'{text}'")


@pytest.mark.parametrize(
    ("text", "path", "expected"),
    [
        ("policy: {}", "policy", "a string"),
        ("templates: [a]", "templates", "a mapping"),
        ("templates: {sidecar: [a]}", "templates[sidecar]", "a string"),
        ("defaultTemplates: sidecar", "defaultTemplates", "a list"),
        ("aliases: {x: [z, {}]}", "aliases[x][1]", "a string"),
        ("neverInjectSelector: [x]", "neverInjectSelector[0]", "a mapping"),
        (
            "alwaysInjectSelector: [{matchLabels: [a]}]",
            "alwaysInjectSelector[0].matchLabels",
            "a mapping",
        ),
        (
            "alwaysInjectSelector: [{matchExpressions: [x]}]",
            "alwaysInjectSelector[0].matchExpressions[0]",
            "a mapping",
        ),
    ],
)
def test_a_wrong_type_is_named_by_its_path(text: str, path: str, expected: str) -> None:
    config, mistyped = injection_config.decode(yaml.load(text))
    assert [field[:2] for field in mistyped] == [(path, expected)]
    assert config == yaml.load(text)


def test_fields_that_istio_does_not_know_stay() -> None:
    text = "mine: {a: null, b: 1}\nneverInjectSelector: [{mine: null}]"
    assert decoded(text) == yaml.load(text)
