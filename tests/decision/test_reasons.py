"""Every reason: one bundle of reason_cases.py has it, another that differs in one thing has not.

Its section in docs/reasons.md: tests/test_codes.py.
"""

from __future__ import annotations

import pytest
from bundles import generate
from decision.reason_cases import CASES, MANUAL_CASES, Object, injector

from krm_injector import pipeline
from krm_injector.function_config import MeshSettings, Settings
from krm_injector.model import Reason
from krm_injector.sources import resource_list


def reason(documents: list[Object], settings: Settings) -> Reason:
    bundle = resource_list.read_manifests(generate.text(documents).encode())
    (decision,) = pipeline.decide_only(bundle, settings).decisions
    return decision.reason


@pytest.mark.parametrize("wanted", list(CASES), ids=lambda wanted: wanted.value)
def test_each_reason_is_given_and_not_where_a_single_thing_differs(wanted: Reason) -> None:
    has, has_not = CASES[wanted]
    assert reason(has, Settings()) is wanted
    assert reason(has_not, Settings()) is not wanted


@pytest.mark.parametrize("wanted", list(MANUAL_CASES), ids=lambda wanted: wanted.value)
def test_each_reason_of_kube_inject_ends_with_a_version(wanted: Reason) -> None:
    *versions, workload = MANUAL_CASES[wanted]
    found = [
        reason(
            [injector("policy: enabled"), workload],
            Settings(method="manual", mesh=MeshSettings(version=version)),
        )
        for version in versions
    ]
    assert [one is wanted for one in found] == [True, False]
