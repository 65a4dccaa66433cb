"""For every reason of a verdict a bundle that has it, and one that differs in a single thing."""

from __future__ import annotations

from typing import Any

from builders import config_map
from bundles import generate

from krm_injector.model import Reason

INJECT = generate.INJECT
Object = dict[str, Any]


def web(place: str = "shop/web", **more: Any) -> Object:
    return generate.workload("Deployment", place, **more)


def space(name: str = "shop", **labels: str) -> Object:
    return generate.namespace(name, **labels)


def injector(text: str, revision: str = "") -> Object:
    """An injection configuration with this beside its template."""
    config = f'{text}\ndefaultTemplates: [sidecar]\ntemplates: {{sidecar: "spec: {{}}"}}\n'
    name = f"istio-sidecar-injector{revision and '-' + revision}"
    data = {"config": config, "values": '{"global": {"tag": "1.24.2"}}'}
    return config_map(name, data)


ON = space(injection="enabled")
NEVER = "policy: enabled\nneverInjectSelector: [{matchLabels: {app: web}}]"
HASH = "{pod-template-hash: 5d4f8c7b9}"
ALWAYS = "policy: disabled\nalwaysInjectSelector: [{matchLabels: {app: web}}]"


def injected(**more: Any) -> Object:
    """A workload that has a sidecar."""
    value = web(containers=2, **more)
    value["spec"]["template"]["spec"]["containers"][1]["name"] = "istio-proxy"
    return value


# By method manual: the version that has it, one that has not, and the workload.
MANUAL_CASES: dict[Reason, tuple[str, str, Object]] = {
    Reason.ALREADY_INJECTED: ("1.6.0", "1.18.0", injected()),
    Reason.KUBE_INJECT: ("1.6.0", "1.8.0", web()),
}
CASES: dict[Reason, tuple[list[Object], list[Object]]] = {
    Reason.NO_CONTROL_PLANE: (
        [injector("policy: enabled"), generate.webhooks("canary"), space(rev="canary"), web()],
        [
            injector("policy: enabled", "canary"),
            generate.webhooks("canary"),
            space(rev="canary"),
            web(),
        ],
    ),
    Reason.NAMESPACE_UNKNOWN: ([web()], [space(), web()]),
    Reason.POD_LABEL_UNKNOWN: (
        [injector(f"policy: disabled\nalwaysInjectSelector: [{{matchLabels: {HASH}}}]"), ON, web()],
        [injector(f"policy: enabled\nalwaysInjectSelector: [{{matchLabels: {HASH}}}]"), ON, web()],
    ),
    Reason.NO_WEBHOOK_MATCHES: ([space(), web()], [ON, web()]),
    Reason.HOST_NETWORK: ([ON, web(hostNetwork=True)], [ON, web(hostNetwork=False)]),
    Reason.IGNORED_NAMESPACE: (
        [space("kube-system", injection="enabled"), web("kube-system/web")],
        [space("kube-systems", injection="enabled"), web("kube-systems/web")],
    ),
    Reason.LABEL: ([ON, web(labels={INJECT: "true"})], [ON, web(labels={INJECT: ""})]),
    Reason.ANNOTATION: (
        [ON, web(annotations={INJECT: "false"})],
        [ON, web(annotations={INJECT: "false"}, labels={INJECT: "true"})],
    ),
    Reason.NEVER_INJECT_SELECTOR: (
        [injector(NEVER), ON, web()],
        [injector(NEVER), ON, web(app="other")],
    ),
    Reason.ALWAYS_INJECT_SELECTOR: (
        [injector(ALWAYS), ON, web()],
        [injector(ALWAYS), ON, web(app="other")],
    ),
    Reason.POLICY: ([ON, web()], [ON, web(labels={INJECT: "true"})]),
    Reason.POLICY_ILLEGAL: (
        [injector("policy: sometimes"), ON, web()],
        [injector("policy: disabled"), ON, web()],
    ),
}
