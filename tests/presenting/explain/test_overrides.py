"""What workloads override of their mesh, in every form of explain."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest
from builders import deployment, namespace
from paths import ROOT

from krm_injector import pipeline
from krm_injector.function_config import Settings
from krm_injector.model import Object
from krm_injector.presenting.explain import FORMS, Locations, Style, overrides
from krm_injector.presenting.explain.explanation import Explanation
from krm_injector.presenting.explain.explanation import explain as explained
from krm_injector.presenting.explain.overrides import TITLE
from krm_injector.sources.resource_list import read_manifests

PORTS = "traffic.sidecar.istio.io/excludeOutboundPorts"
PROXY = {"name": "istio-proxy", "image": "auto", "securityContext": {"privileged": True}}
WEAK = deployment(annotations={PORTS: "3306"}, beside=[PROXY])
PLAIN = deployment("plain")


def explanation(*objects: Object, settings: Settings | None = None) -> Explanation:
    values = (namespace(injection="enabled"), *objects)
    bundle = read_manifests("".join(json.dumps(value) + "\n" for value in values).encode())
    settings = settings or Settings()
    outcome = pipeline.run(bundle, settings)
    return explained(outcome, settings, Locations([bundle]))


def rendered(form: str, *objects: Object, **style: Any) -> str:
    return FORMS[form].render(explanation(*objects), Style(**style))


def test_json_has_them_per_workload_as_the_schema_says() -> None:
    answer = json.loads(rendered("json", WEAK, PLAIN))
    jsonschema.validate(answer, json.loads((ROOT / "docs" / "explain.schema.json").read_text()))
    first, second = (workload["overrides"] for workload in answer["workloads"])
    assert second == []
    assert [(each["code"], each["setting"], each["value"]) for each in first] == [
        ("override-outbound-ports", PORTS, "3306"),
        ("override-privileged", "istio-proxy: securityContext.privileged", True),
    ]
    assert all(each["message"] and each["severity"] == "warning" for each in first)


def test_two_other_warnings_are_listed_too() -> None:
    init = {"name": "wait", "image": "busybox:1", "command": ["curl", "http://db"]}
    objects = deployment(initContainers=[init], securityContext={"runAsUser": 1337})
    listed = {row.code for row in overrides.rows(explanation(objects).entries)}
    assert listed == {"proxy-identity"}, "a native sidecar runs before init containers"
    settings = Settings(native_sidecars=False)
    rows = overrides.rows(explanation(objects, settings=settings).entries)
    assert {row.code for row in rows} == {"proxy-identity", "init-container-network"}


def test_markdown_has_a_table_of_them() -> None:
    text = rendered("markdown", WEAK, PLAIN)
    assert f"**{TITLE}:**" in text
    assert f"| Deployment shop/web | {PORTS} | 3306 | override-outbound-ports |" in text
    assert TITLE not in rendered("markdown", PLAIN)


def test_markdown_keeps_to_the_limit() -> None:
    text = rendered("markdown", WEAK, limit=1)
    assert "override-outbound-ports" in text and "override-privileged" not in text
    assert "and 1 more" in text


def test_values_cannot_break_a_table() -> None:
    image = "example.com/a|b`<c>\nd:1"
    text = rendered("markdown", deployment(annotations={"sidecar.istio.io/proxyImage": image}))
    (row,) = [line for line in text.splitlines() if "override-proxy-image" in line]
    assert row.count(" | ") == 3 and "\\|" in row and "&lt;" in row


def test_verbose_tells_of_each_workload() -> None:
    text = rendered("table", WEAK, PLAIN, verbose=True)
    web, plain = text.split("Deployment  shop/plain") if "  shop/plain" in text else (text, "")
    assert f"{PORTS}: 3306 (override-outbound-ports)" in web
    assert "override-" not in plain
    assert "overrides of the mesh" not in rendered("table", PLAIN, verbose=True)


def test_the_page_has_a_section() -> None:
    page = rendered("html", WEAK, PLAIN)
    assert page.count(f">{TITLE}</h2>") == 1
    assert f"<code>{PORTS}</code>" in page and "<code>3306</code>" in page
    assert TITLE not in rendered("html", PLAIN)


@pytest.mark.parametrize("value", ["", "x" * 500])
def test_empty_and_long_values_are_shown_on_one_line(value: str) -> None:
    annotations = {"sidecar.istio.io/bootstrapOverride": value or "b", PORTS: "1"}
    for row in overrides.rows(explanation(deployment(annotations=annotations)).entries):
        assert row.value and len(row.value) <= 80
