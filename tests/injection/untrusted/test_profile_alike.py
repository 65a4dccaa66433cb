"""The embedded profile answers about untrusted texts as an installation of the same version."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest
from builders import bundle, deployment, namespace, settings
from outside import needs
from paths import DEFAULT_INSTALLATION, SHARED

from krm_injector import pipeline
from krm_injector.discovery import profile
from krm_injector.kube.yaml import load_all

INSTALLATIONS = {
    "1.24.6": SHARED / "istio" / "installations" / "1.24.6" / "default.yaml",
    "1.26.8": SHARED / "istio" / "installations" / "1.26.8" / "default.yaml",
    "1.30.3": DEFAULT_INSTALLATION,
    "1.31.0": SHARED / "istio" / "installations" / "1.31" / "default.yaml",
    "1.32.0": SHARED / "istio" / "installations" / "1.32-dev" / "default.yaml",
}
QUOTING = ("1.32.0",)
TEXTS = (
    "debug", "debug #x", "a: b", "a:", "a\nb", "debug\n", "debug\n# c", "a, b", "debug ",
    "x\n    - --concurrency=8", "x\n    tty: false", "null", "~", 'a"b', '"ab"', "'ab'",
    "a\n        b", "[a]", "{a: b}", "&a b", "*a", "!!str 5", "a\\b", "a\\u0041", 'a" #', "| a",
    "- a", "? a", "%a", "@a", "`a", "a\tb", "a\t#b", "123", "1, 2", "on", "a,b", "été", "\u2028x",
    '"', "x/y #1", 'x/y" #1', "x/y: z", "a\n---\nb", "a\r\nb", "a #b, c",
)  # fmt: skip
QUOTED_LATER = ("logLevel", "componentLogLevel", "agentLogLevel", "bootstrapOverride", "proxyImage")
KEYS = (
    *(f"sidecar.istio.io/{name}" for name in (*QUOTED_LATER, "proxyImageType", "proxyCPU")),
    "traffic.sidecar.istio.io/includeOutboundPorts",
    "status.sidecar.istio.io/port",
    "traffic.sidecar.istio.io/excludeInterfaces",
    "sidecar.istio.io/userVolume",
)
SHOP = namespace(injection="enabled")


def answers(version: str, mesh: list[Any], workloads: list[Any], native: bool) -> list[Any]:
    """Workload, field and message of each result with the code, in one run.

    The message without how many more changes there are: of a document that is cut off, it depends
    on the order of fields.
    """
    spec = {"mesh": {"version": version}, "cluster": {"nativeSidecars": native}}
    outcome = pipeline.run(bundle(*mesh, SHOP, *workloads), settings(**spec))
    return [
        (
            result.resource and result.resource.name,
            result.field,
            result.message.partition("; and ")[0],
        )
        for result in outcome.results
        if result.code == "untrusted-text"
    ]


def installation(version: str) -> list[Any]:
    """The objects of an installation, with the hub and the tag of the profile: one that was built
    from source states others.
    """
    documents = load_all(needs(INSTALLATIONS[version]).read_text())
    mesh = [document.value for document in documents if not document.empty]
    for value in mesh:
        if "values" in value.get("data", {}):
            values = json.loads(value["data"]["values"])
            values["global"] |= {"hub": profile.HUB, "tag": version}
            value["data"]["values"] = json.dumps(values)
    return mesh


@pytest.mark.parametrize("native", [False, True])
@pytest.mark.parametrize("template", ["sidecar", "gateway", "grpc-agent"])
@pytest.mark.parametrize("version", INSTALLATIONS)
def test_profile_and_installation_answer_alike(version: str, template: str, native: bool) -> None:
    mesh = installation(version)
    keys = KEYS if template == "sidecar" else KEYS[:5]
    chosen = {"inject.istio.io/templates": template}
    workloads = [
        deployment(f"web-{number}", annotations={key: text, **chosen})
        for number, (key, text) in enumerate(itertools.product(keys, TEXTS))
    ]
    theirs = answers(version, mesh, workloads, native)
    assert answers(version, [], workloads, native) == theirs

    quoted_later = {f'annotations["sidecar.istio.io/{name}"]' for name in QUOTED_LATER}
    if template != "sidecar":  # not all versions of the others print it
        quoted_later.remove('annotations["sidecar.istio.io/bootstrapOverride"]')
    found = {field.removeprefix("spec.template.metadata.") for _, field, _ in theirs}
    assert found.isdisjoint(quoted_later) if version in QUOTING else quoted_later <= found


@pytest.mark.parametrize("version", ["1.30.4", "1.30.5", "1.31.1", ""])
def test_later_patches_put_them_in_quotes(version: str) -> None:
    workloads = [
        deployment(f"web-{number}", annotations={key: text})
        for number, (key, text) in enumerate(itertools.product(KEYS[:5], TEXTS))
    ]
    stated = {"mesh": {"version": version}} if version else {}
    outcome = pipeline.run(bundle(SHOP, *workloads), settings(**stated))
    assert not [result for result in outcome.results if result.code == "untrusted-text"]


def test_numbers_of_the_readiness_probe_stand_without_quotes() -> None:
    key = "readiness.status.sidecar.istio.io/failureThreshold"
    workloads = [
        deployment(f"web-{number}", annotations={key: text})
        for number, text in enumerate(("debug #x", "debug\n# c", "null", "5"))
    ]
    theirs = answers("1.30.3", installation("1.30.3"), workloads, native=False)
    assert [name for name, _, _ in theirs] == ["web-0", "web-1", "web-2"]
    assert answers("1.30.3", [], workloads, native=False) == theirs
