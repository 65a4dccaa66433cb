"""Single facts on which the webhook of 1.31 is asked, on the default installation of 1.31."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import builders
import yaml
from outside import ask_webhook, needs_path, webhook_oracle
from paths import SHARED

from krm_injector import pipeline
from krm_injector.function_config import settings
from krm_injector.model import Object
from krm_injector.sources import resource_list

INSTALLATION = SHARED / "istio" / "installations" / "1.31" / "default.yaml"
LIMIT = {"name": "LIMIT", "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu"}}}
ITEM = {"path": "cpu", "resourceFieldRef": {"resource": "limits.cpu", "containerName": "app"}}
OF_ITEM = {"downwardAPI": {"items": [ITEM]}}
VOLUMES = [{"name": "plain", **OF_ITEM}, {"name": "several", "projected": {"sources": [OF_ITEM]}}]

pytestmark = needs_path(INSTALLATION)


def parts(**values: Any) -> tuple[Object, Object]:
    """The data of the two ConfigMaps, with these values over the installation's."""
    documents = [d for d in yaml.safe_load_all(INSTALLATION.read_text()) if d]
    maps = {d["metadata"]["name"]: dict(d["data"]) for d in documents if d["kind"] == "ConfigMap"}
    injector = maps["istio-sidecar-injector"]
    injector["values"] = json.dumps({**json.loads(injector["values"]), **values})
    return injector, maps["istio"]


def both(
    workload: Object, folder: Path, istiod_env: dict[str, str] | None = None, **values: Any
) -> tuple[Any, Any]:
    """The pods of the webhook and of krm-injector."""
    injector, mesh = parts(**values)
    request = {
        "id": "1",
        "config": injector["config"],
        "values": injector["values"],
        "mesh": mesh["mesh"],
        "webhooks": [],
        "namespace": "shop",
        "ns_labels": {"istio-injection": "enabled"},
        "revision": "default",
        "native": False,
        "workload": yaml.safe_dump(workload),
        "istiod_env": istiod_env or {},
    }
    (answer,) = ask_webhook(webhook_oracle(), [request], folder)
    assert answer["injected"], answer

    items = [
        builders.config_map("istio-sidecar-injector", injector, namespace="istio-system"),
        builders.config_map("istio", mesh, namespace="istio-system"),
        builders.namespace(injection="enabled"),
        workload,
    ]
    config = {
        "apiVersion": "krm-injector.dev/v1alpha1",
        "kind": "SidecarInjection",
        "metadata": {"name": "istio"},
        "spec": {"record": False, "cluster": {"nativeSidecars": False}},
    }
    bundle = resource_list.read_manifests(yaml.safe_dump_all(items).encode())
    outcome = pipeline.run(bundle, settings(config))
    return answer["pod"], outcome.replacements[3]["spec"]["template"]


def container(pod: Any, name: str) -> Any:
    return next(c for c in pod["spec"]["containers"] if c["name"] == name)


def test_divisors_of_what_injection_writes(tmp_path: Path) -> None:
    """A resourceFieldRef without a divisor: in the user's own istio-proxy, in userVolume."""
    app = {"name": "app", "image": "app:1", "env": [LIMIT]}
    own = {"name": "istio-proxy", "image": "auto", "env": [LIMIT]}
    workload = builders.deployment(
        "web", "shop", annotations={"sidecar.istio.io/userVolume": json.dumps(VOLUMES)}
    )
    workload["spec"]["template"]["spec"]["containers"] = [app, own]
    theirs, ours = both(workload, tmp_path)
    assert container(ours, "istio-proxy") == container(theirs, "istio-proxy")
    assert ours["spec"]["volumes"] == theirs["spec"]["volumes"]
    overrides = "proxy.istio.io/overrides"
    assert (
        ours["metadata"]["annotations"][overrides] == theirs["metadata"]["annotations"][overrides]
    )
    # The API server gives the application's own its divisor before it asks the webhook.
    assert container(ours, "app") == app


def test_a_compliance_policy_of_the_values(tmp_path: Path) -> None:
    """The chart gives istiod what stands in pilot.env."""
    environment = {"COMPLIANCE_POLICY": "fips-140-3"}
    workload = builders.deployment("web", "shop")
    theirs, ours = both(workload, tmp_path, environment, pilot={"env": environment})
    assert container(ours, "istio-proxy") == container(theirs, "istio-proxy")
    names = [variable["name"] for variable in container(ours, "istio-proxy")["env"]]
    assert {"COMPLIANCE_POLICY", "GODEBUG"} <= set(names)
