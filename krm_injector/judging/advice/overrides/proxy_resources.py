"""ProxyConfig resources of the Namespace: who writes the workload can write them too.

Source: istio/api networking/v1beta1/proxy_config.proto; pilot/pkg/model/proxy_config.go (1.13 and
later). Those of the root Namespace are the mesh's. concurrency weakens nothing.
"""

from __future__ import annotations

from collections.abc import Iterator

from krm_injector.judging.advice.injected_workload import Finding, mapping, ref_of
from krm_injector.judging.advice.overrides import environment, proxy
from krm_injector.judging.advice.overrides.own import Own
from krm_injector.kube.paths import at
from krm_injector.model import Object

_KIND = "ProxyConfig"


def check(own: Own) -> Iterator[Finding]:
    decision = own.workload.decision
    mesh, namespace = decision.mesh, own.workload.ref.namespace
    if mesh is None or not mesh.proxy_configs or decision.webhook is None:
        return  # kube-inject does not know them
    if not mesh.rules.proxy_config_resources or namespace == mesh.root_namespace:
        return

    for resource in mesh.proxy_configs:
        if at(resource, ("metadata", "namespace")) == namespace and _selects(resource, own):
            yield from _of_resource(own, resource, namespace)


def _selects(resource: Object, own: Own) -> bool:
    wanted = mapping(at(resource, ("spec", "selector", "matchLabels")))
    return all(own.labels.get(key) == value for key, value in wanted.items())


def _of_resource(own: Own, resource: Object, namespace: str) -> Iterator[Finding]:
    ref = ref_of(resource, _KIND, namespace)
    where = f"{ref}, which is about {own.workload.ref},"
    variables = mapping(at(resource, ("spec", "environmentVariables")))
    for name, value in variables.items():
        field = f'spec.environmentVariables["{name}"]'
        place = Finding("override-environment", "", field, resource=ref, silenced_by=resource)
        yield from environment.findings([(name, str(value))], where, place)

    image_type = str(at(resource, ("spec", "image", "imageType")) or "")
    field = "spec.image.imageType"
    place = Finding(
        "override-proxy-image", "", field, image_type, resource=ref, silenced_by=resource
    )
    if image_type:
        yield from proxy.other_image_type(own, place, image_type)
