"""Workloads of several Namespaces are alike where nobody looks at the Namespace."""

from __future__ import annotations

from typing import Any

import builders
import pytest
from reinjection.shapes import random_bundles

from krm_injector.kube.twins import Twin
from krm_injector.model import Object

NAMES = ("team-a", "team-b", "team-c", "default", "foo")
NAMESPACE = "metadata:\n  annotations:\n    example.com/a: "


def items(template: str, **plane: Any) -> list[Object]:
    found = [*builders.control_plane(template, **plane)]
    found += [
        builders.namespace(name, {"ring": f"r{number % 2}"}, injection="enabled")
        for number, name in enumerate(NAMES)
    ]
    for name in NAMES:
        workload = builders.deployment("web", labels={"app": "web"})
        workload["metadata"]["namespace"] = name
        found.append(workload)
    return found


def both(template: str, **plane: Any) -> None:
    plain, shaped = random_bundles.both(random_bundles.block(items(template, **plane)))
    assert plain == shaped


def test_the_record_has_the_digest_of_each_namespace(twins: list[Twin]) -> None:
    both(NAMESPACE + "x\n")
    assert len(twins) == len(NAMES) - 1
    assert len({each.scalars[-1] for each in twins}) == len(twins)


def test_a_template_may_print_the_namespace(twins: list[Twin]) -> None:
    both(NAMESPACE + '"in {{ .DeploymentMeta.Namespace }}/{{ .ObjectMeta.Namespace }}"\n')
    assert twins


@pytest.mark.parametrize(
    "expression",
    [
        '{{ if eq .ObjectMeta.Namespace "foo" }}1{{ end }}z',
        '{{ if eq .DeploymentMeta.Namespace "default" }}1{{ end }}z',
        "{{ .ObjectMeta.Namespace | trunc 3 }}",
        '{{ if contains "team" .ObjectMeta.Namespace }}1{{ end }}z',
        "{{ len .ObjectMeta.Namespace }}x",
        "0x1_{{ .ObjectMeta.Namespace }}",
    ],
)
def test_a_template_that_looks_at_the_namespace_has_its_answer(expression: str) -> None:
    for version in ("1.13.0", "1.30.3"):
        both(f"{NAMESPACE}{expression}\n", version=version)
