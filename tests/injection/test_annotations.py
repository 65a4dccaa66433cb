"""Istio's verdicts on annotation values, by version. The real webhook's verdicts:
tests/istio_api/test_real_webhook.py.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from outside import needs_path
from paths import CORPUS

from krm_injector.injection.annotations import CHECKS, problems
from krm_injector.istio_api import addresses
from krm_injector.versions import rules_for

TRAFFIC = "traffic.sidecar.istio.io/"


def refused(name: str, value: str, minor: int = 30) -> bool:
    return bool(problems({name: value}, rules_for((1, minor))))


def test_what_a_problem_holds() -> None:
    given = {
        "a": "b",
        TRAFFIC + "excludeInboundPorts": "x,80",
        "sidecar.istio.io/interceptionMode": "both",
    }
    found = problems(given, rules_for((1, 30)))
    assert [(name, value) for name, value, _ in found] == [
        (TRAFFIC + "excludeInboundPorts", "x,80"),
        ("sidecar.istio.io/interceptionMode", "both"),
    ]
    assert '"x"' in found[0][2] and "REDIRECT" in found[1][2]


def test_proxy_config_problems_name_the_field() -> None:
    found = problems(
        {"proxy.istio.io/config": "discoveryAddress: nowhere\nstatusPort: 0"}, rules_for((1, 30))
    )
    assert "discoveryAddress" in found[0][2] and "statusPort" in found[0][2]


@pytest.mark.parametrize(
    "name, value, refusing",
    [
        ("sidecar.istio.io/enableCoreDump", "yes", range(5, 25)),
        ("sidecar.istio.io/proxyCPU", "much", range(27, 32)),
        ("sidecar.istio.io/proxyMemoryLimit", "1Gi\n", range(27, 32)),
        (TRAFFIC + "excludeInterfaces", "eth:0", range(30, 32)),
        (TRAFFIC + "kubevirtInterfaces", "0net", range(30, 32)),
        ("istio.io/reroute-virtual-interfaces", "a,,b", range(30, 32)),
        ("prometheus.istio.io/merge-metrics", "yes", range(6, 32)),
        ("proxy.istio.io/config", "concurrency: many", range(6, 32)),
        ("proxy.istio.io/config", "drainDuration: 2h\nparentShutdownDuration: 3h", range(6, 22)),
        ("proxy.istio.io/config", "parentShutdownDuration: 1s", range(6, 17)),
        ("proxy.istio.io/config", "statusPort: 0", range(11, 32)),
        (
            "proxy.istio.io/config",
            "connectionSettings: {httpMaxConcurrentStreams: 0}",
            range(31, 32),
        ),
        ("readiness.status.sidecar.istio.io/applicationPorts", "x", range(1, 5)),
        (TRAFFIC + "includeOutboundIPRanges", "10.0.0.0/08", range(16, 32)),
        (TRAFFIC + "includeOutboundIPRanges", "10.0.0.0", range(1, 32)),
        ("status.sidecar.istio.io/port", "http", range(1, 32)),
    ],
)
def test_each_value_is_refused_by_exactly_these_versions(
    name: str, value: str, refusing: range
) -> None:
    assert [minor for minor in range(1, 32) if refused(name, value, minor)] == list(refusing)


def test_istios_names_are_all_there() -> None:
    assert len(CHECKS) == 21


@pytest.mark.parametrize(
    "text, valid",
    [
        ("1.2.3.4", True),
        ("01.2.3.4", False),
        ("1.2.3", False),
        ("1.2.3.256", False),
        ("::", True),
        ("1::", True),
        ("1:2:3:4:5:6:7::", True),
        ("1:2:3:4:5:6:7:8", True),
        ("1:2:3:4:5:6:7:8::", False),
        ("1::2::3", False),
        ("::ffff:1.2.3.4", True),
        ("::1.2.3", False),
        ("fe80::1%eth0", True),
        ("fe80::1%", False),
        ("::12345", False),
        (":1", False),
    ],
)
def test_ip_addresses_are_those_of_go(text: str, valid: bool) -> None:
    assert addresses.is_ip(text) is valid


@pytest.mark.parametrize(
    "text, split",
    [
        ("a:80", ("a", "80")),
        ("[::1]:80", ("::1", "80")),
        ("::1:80", None),
        ("a", None),
        ("[a]", None),
        ("[a]b:80", None),
        ("a]:80", None),
        (":", ("", "")),
    ],
)
def test_host_and_port_are_split_as_go_does(text: str, split: tuple[str, str] | None) -> None:
    assert addresses.split_host_port(text) == split


@needs_path(CORPUS)
def test_exactly_istios_own_bad_cases_are_refused() -> None:
    """Exactly the cases that Istio's suites call invalid for an annotation are refused."""
    seen = 0
    for folder in sorted(CORPUS.iterdir()):
        rules = rules_for((1, int(folder.name.split(".")[1])))
        for case in json.loads((folder / "cases.json").read_text()):
            bad = "traffic-annotations-bad" in case["input"]
            found = []
            for document in yaml.load_all((folder / case["input"]).read_text(), yaml.CSafeLoader):
                found += [p for notes in annotations_in(document) for p in problems(notes, rules)]
            assert bool(found) is bad, (folder.name, case["name"], found)
            seen += bad
    assert seen > 20


def annotations_in(value: Any) -> list[dict[str, str]]:
    if isinstance(value, list):
        return [notes for item in value for notes in annotations_in(item)]
    if not isinstance(value, dict):
        return []
    inside = [notes for item in value.values() for notes in annotations_in(item)]
    template = value.get("template")
    notes = (
        ((template.get("metadata") or {}).get("annotations") or {})
        if isinstance(template, dict)
        else {}
    )
    return inside + ([{k: str(v) for k, v in notes.items()}] if notes else [])
