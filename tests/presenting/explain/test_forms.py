"""The table and the JSON of decisions."""

from __future__ import annotations

import json

import builders
import pytest
from presenting.explanations import rendered

from krm_injector.model import Decision, Evidence, Reason, ResourceRef, Webhook, Workload
from krm_injector.presenting import explain

WEBHOOK = Webhook(
    "istio-sidecar-injector",
    "namespace.sidecar-injector.istio.io",
    "default",
    None,
    None,
    "/inject",
)
MESH = builders.mesh(version="1.30.3", webhooks=(WEBHOOK,), native_sidecars=True)


def pod(*names: str, **more: object) -> dict[str, object]:
    return {"spec": {"containers": [{"name": name} for name in names], **more}}


def decision(
    name: str, item: int, value: dict[str, object], injected: bool, **more: object
) -> Decision:
    workload = Workload(
        item, (), ResourceRef("apps/v1", "Deployment", name, "shop"), value, ("spec", "template")
    )
    given = Decision(
        workload=workload,
        injected=injected,
        reason=Reason.POLICY if injected else Reason.HOST_NETWORK,
        detail="policy: enabled" if injected else "spec.hostNetwork: true",
        evidence=(Evidence("policy", "inject", "policy: enabled"),),
        webhooks=(WEBHOOK.id,),
        webhook=WEBHOOK,
        mesh=MESH,
        namespace=None,
    )
    return given._replace(**more)  # type: ignore[arg-type]


INJECTED = decision("web", 4, {"spec": {"template": pod("web")}}, True)
AFTER = {
    "spec": {
        "template": pod(
            "web",
            initContainers=[
                {"name": "istio-init"},
                {"name": "istio-proxy", "restartPolicy": "Always"},
            ],
        )
    }
}
LEFT = decision("agent", 5, {"spec": {"template": pod("one", "two", hostNetwork=True)}}, False)


def test_ready_counts_containers_and_init_containers_that_keep_running() -> None:
    entries = explain.entries([INJECTED, LEFT], {4: AFTER})
    assert [entry["containers"] for entry in entries] == [[1, 2], [2, 2]]


def test_a_workload_inside_a_list_is_found_in_the_changed_list() -> None:
    inside = INJECTED._replace(workload=INJECTED.workload._replace(inside=("items", 1)))
    entries = explain.entries([inside], {4: {"items": [{}, AFTER]}})
    assert entries[0]["containers"] == [1, 2]


@pytest.mark.parametrize(
    "template",
    [None, {}, [1], {"spec": 3}, {"spec": {"containers": {"a": "b"}, "initContainers": [1]}}],
)
def test_what_is_no_container_does_not_count(template: object) -> None:
    assert explain.containers({"spec": {"template": template}}, ("spec", "template")) == 0


def test_table_is_aligned() -> None:
    table = rendered("table", [MESH], explain.entries([INJECTED, LEFT], {4: AFTER}))
    assert table == (
        "KIND        NAMESPACE/NAME  INJECTED  READY       REVISION  RULE\n"
        "Deployment  shop/web        yes       1/1 -> 2/2  default   policy: enabled\n"
        "Deployment  shop/agent      no        2/2         default   spec.hostNetwork: true\n"
        "\n"
        "2 workloads: 1 injected, 1 left out (host-network).\n"
        "Control plane: default (Istio 1.30.3, from the bundle).\n"
    )


def test_a_mesh_that_was_named_says_so() -> None:
    named = MESH._replace(source="functionConfig")
    table = rendered("table", [named], explain.entries([INJECTED], {4: AFTER}))
    assert "Control plane: default (Istio 1.30.3, from --mesh or spec.mesh).\n" in table


def test_a_rule_of_several_lines_stays_on_one() -> None:
    entries = explain.entries([LEFT._replace(detail="a\nb")], {})
    assert rendered("table", [], entries).splitlines()[1].endswith("a b")


def test_json_has_the_promised_keys() -> None:
    answer = json.loads(rendered("json", [MESH], explain.entries([INJECTED], {4: AFTER})))
    assert answer["mesh"]["version"] == "1.30.3"
    assert answer["workloads"] == [
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "namespace": "shop",
            "name": "web",
            "verdict": "injected",
            "injected": True,
            "reason": "policy",
            "detail": "policy: enabled",
            "revision": "default",
            "ambient": "",
            "containers": [1, 2],
            "webhooks": ["istio-sidecar-injector/namespace.sidecar-injector.istio.io"],
            "errors": [],
            "evidence": [{"rule": "policy", "outcome": "inject", "detail": "policy: enabled"}],
        }
    ]


def test_without_a_control_plane_there_is_no_revision() -> None:
    answer = json.loads(rendered("json", [], explain.entries([LEFT._replace(mesh=None)], {})))
    assert (answer["mesh"], answer["workloads"][0]["revision"]) == ({}, "")


def test_markdown_escapes_what_would_end_a_cell() -> None:
    entries = explain.entries([LEFT._replace(detail="a|b")], {})
    assert rendered("markdown", [], entries).splitlines()[2].endswith("| a\\|b |")
