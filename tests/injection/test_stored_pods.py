"""Injection that reads pods as the API server stores them (spec.cluster.defaults)."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import builders
import pytest
from builders import deployment, settings

from krm_injector import pipeline
from krm_injector.injection import stored
from krm_injector.kube import defaults
from krm_injector.kube.paths import at, put
from krm_injector.model import Object

STORED = settings(cluster={"nativeSidecars": False, "defaults": True}, record=False)
WRITTEN = settings(cluster={"nativeSidecars": False}, record=False)
TEMPLATE = ("spec", "template")
PROBED = {
    "ports": [{"containerPort": 80, "name": "http"}],
    "readinessProbe": {"httpGet": {"port": "http"}},
    "livenessProbe": {"tcpSocket": {"port": 80}},
    "lifecycle": {"preStop": {"httpGet": {"path": "/stop", "port": 80}}},
}


def pod(workload: Any) -> Any:
    return at(workload, (*TEMPLATE, "spec"))


def container(workload: Any, name: str) -> Any:
    containers = (*pod(workload)["containers"], *(pod(workload).get("initContainers") or []))
    return next(each for each in containers if each["name"] == name)


def as_stored(workload: Object) -> Object:
    """The workload with the API server's defaults in its pod template."""
    spec = defaults.filled_in("v1.PodSpec", pod(workload))
    changed: Object = put(workload, (*TEMPLATE, "spec"), spec)
    return changed


def environment(workload: Any) -> dict[str, str]:
    proxy = container(workload, "istio-proxy")
    return {each["name"]: each.get("value", "") for each in proxy["env"]}


# ---------------------------------------------------------------- what differs


def test_the_sidecar_is_that_of_the_stored_pod_and_the_users_fields_have_no_defaults() -> None:
    written = deployment(container=PROBED)
    ours = builders.injected(written, STORED)
    theirs = builders.injected(as_stored(written), WRITTEN)
    plain = builders.injected(written, WRITTEN)

    assert container(ours, "istio-proxy") == container(theirs, "istio-proxy")
    assert container(ours, "istio-proxy") != container(plain, "istio-proxy")
    assert container(ours, "web") == container(plain, "web")
    assert pod(ours).keys() == pod(plain).keys()
    assert pod(ours)["volumes"] == pod(plain)["volumes"]
    assert as_stored(ours) == as_stored(theirs)


def test_ports_and_probers_have_their_defaults() -> None:
    variables = environment(builders.injected(deployment(container=PROBED), STORED))
    assert '"protocol":"TCP"' in variables["ISTIO_META_POD_PORTS"]
    probers = json.loads(variables["ISTIO_KUBE_APP_PROBERS"])
    http = {"path": "/", "port": 80, "scheme": "HTTP"}
    assert probers["/app-health/web/readyz"] == {"httpGet": http, "timeoutSeconds": 1}
    assert probers["/app-health/web/livez"] == {"tcpSocket": {"port": 80}, "timeoutSeconds": 1}
    assert probers["/app-lifecycle/web/prestopz"] == {"httpGet": {**http, "path": "/stop"}}


def test_an_own_proxy_has_the_pull_policy_of_its_own_image() -> None:
    """istio issues 32120 and 42852: auto has no tag, so the mesh's policy has no effect."""
    own = {"name": "istio-proxy", "image": "auto"}
    written = deployment(beside=[own])
    ours = builders.injected(written, STORED)
    proxy = container(ours, "istio-proxy")
    assert proxy["imagePullPolicy"] == "Always" and proxy["image"].endswith(":1.31.1")
    assert proxy == container(builders.injected(as_stored(written), WRITTEN), "istio-proxy")
    annotations = at(ours, (*TEMPLATE, "metadata", "annotations"))
    (override,) = json.loads(annotations["proxy.istio.io/overrides"])["containers"]
    assert override["imagePullPolicy"] == "Always"
    assert "imagePullPolicy" not in container(builders.injected(written, WRITTEN), "istio-proxy")


def test_limits_of_an_own_container_are_its_requests() -> None:
    own = {"name": "istio-init", "image": "auto", "resources": {"limits": {"cpu": "50m"}}}
    ours = builders.injected(deployment(initContainers=[own]), STORED)
    assert container(ours, "istio-init")["resources"]["requests"]["cpu"] == "50m"


def test_off_is_the_default() -> None:
    written = deployment(container=PROBED)
    off = settings(cluster={"nativeSidecars": False, "defaults": False}, record=False)
    assert builders.injected(written, off) == builders.injected(written, WRITTEN)


def test_values_that_are_written_stay_as_they_are_written() -> None:
    explicit = {
        "imagePullPolicy": "IfNotPresent",
        "ports": [{"containerPort": 80, "protocol": "TCP"}],
        "resources": {"limits": {"cpu": 1}},
        "readinessProbe": {"httpGet": {"port": 80, "scheme": "HTTP"}, "timeoutSeconds": 1},
    }
    web = container(builders.injected(deployment(container=explicit), STORED), "web")
    assert web["imagePullPolicy"] == "IfNotPresent"
    assert web["ports"] == explicit["ports"] and web["resources"] == explicit["resources"]
    assert web["readinessProbe"]["httpGet"]["scheme"] == "HTTP"
    assert web["readinessProbe"].keys() == {"httpGet", "timeoutSeconds"}


# ---------------------------------------------------------------- templates that change the pod

# What a template does to the application's container and to the pod, beside a proxy.
CHANGES = {
    "another image": "spec: {containers: [{name: web, image: other}]}",
    "another tag": "spec: {containers: [{name: web, image: 'web:latest'}]}",
    "the same image": "spec: {containers: [{name: web, image: 'web:1'}]}",
    "a lower limit": "spec: {containers: [{name: web, resources: {limits: {cpu: 500m}}}]}",
    "another limit": "spec: {containers: [{name: web, resources: {limits: {memory: 1Gi}}}]}",
    "no requests": "spec: {containers: [{name: web, resources: {requests: null}}]}",
    "no limits": "spec: {containers: [{name: web, resources: {limits: null}}]}",
    "a default taken out": "spec: {containers: [{name: web, terminationMessagePath: null}]}",
    "a default written": "spec: {dnsPolicy: ClusterFirst, terminationGracePeriodSeconds: 30}",
    "a default overwritten": "spec: {dnsPolicy: Default, terminationGracePeriodSeconds: 9}",
    "a group": "spec: {securityContext: {fsGroup: 1337}}",
    "a probe": "spec: {containers: [{name: web, readinessProbe: {httpGet: {scheme: HTTPS}}}]}",
    "a probe taken out": "spec: {containers: [{name: web, readinessProbe: null}]}",
    "a port": "spec: {containers: [{name: web, ports: [{containerPort: 80, protocol: UDP}]}]}",
    "a volume's source": "spec: {volumes: [{name: data, $retainKeys: [name, secret], "
    "secret: {secretName: x}}]}",
    "a container taken out": "spec: {containers: [{name: side, $patch: delete}]}",
    "what the image says": "spec: {containers: [{name: web, imagePullPolicy: Always}]}",
    "an account": "spec: {serviceAccountName: other}",
    "what is read": "{{ $web := index .Spec.Containers 0 }}"
    "metadata: {annotations: {pull: {{ $web.ImagePullPolicy }}, dns: {{ .Spec.DNSPolicy }}}}",
}


@pytest.mark.parametrize("native", [False, True])
@pytest.mark.parametrize("what", CHANGES)
@pytest.mark.parametrize("version", ["1.9.0", "1.30.3"])
def test_once_stored_it_is_the_webhooks_answer(what: str, version: str, native: bool) -> None:
    written = deployment(
        container={**PROBED, "resources": {"limits": {"cpu": "1"}}},
        beside=[{"name": "side", "image": "side"}],
        volumes=[{"name": "data"}],
    )
    plane = builders.control_plane(CHANGES[what], version=version)
    cluster = {"nativeSidecars": native}
    theirs = _injected(plane, as_stored(written), cluster)
    ours = _injected(plane, written, {**cluster, "defaults": True})
    assert as_stored(ours) == as_stored(theirs)
    assert ours["spec"]["template"]["metadata"] == theirs["spec"]["template"]["metadata"]
    assert "terminationMessagePath" not in container(ours, "web")
    assert "schedulerName" not in pod(ours)


def _injected(plane: list[Object], workload: Object, cluster: Object) -> Object:
    items = builders.objects_bundle([*plane, builders.SHOP, copy.deepcopy(workload)])
    outcome = pipeline.run(items, settings(cluster=cluster, record=False))
    assert not [result for result in outcome.results if result.severity == "error"]
    return outcome.replacements[len(plane) + 1]


# ---------------------------------------------------------------- by hand


def cases() -> Iterator[tuple[Object, Object, Object]]:
    """Injected, stored and own specs, as no template makes them: lists without names, of other
    lengths, elements that come twice.
    """
    sources = [{"serviceAccountToken": {"path": "a"}}, {"configMap": {"name": "b"}}]
    projected = {"name": "p", "projected": {"sources": sources}}
    own: Object = {"containers": [{"name": "a", "image": "a"}], "volumes": [projected]}
    stored = defaults.filled_in("v1.PodSpec", own)
    yield stored, stored, own

    longer = copy.deepcopy(stored)
    longer["volumes"][0]["projected"]["sources"].append({"secret": {"name": "c"}})
    yield longer, stored, own

    shorter = copy.deepcopy(stored)
    shorter["volumes"][0]["projected"]["sources"].pop()
    yield shorter, stored, own

    twice = copy.deepcopy(stored)
    twice["containers"].append(copy.deepcopy(twice["containers"][0]))
    yield twice, stored, own


@pytest.mark.parametrize("case", list(cases()))
def test_defaults_are_taken_back(case: tuple[Object, Object, Object]) -> None:
    after, before, own = ({"metadata": {}, "spec": spec} for spec in case)
    taken_back = stored.without_defaults(after, before, own)
    assert defaults.of_pod(taken_back) == defaults.of_pod(after)
    if after["spec"] is before["spec"]:
        assert taken_back["spec"] == own["spec"]


def test_defaults_that_would_not_come_again_are_left_in() -> None:
    """As after a template of one's own that could give the application another image."""
    own = {"metadata": {}, "spec": {"containers": [{"name": "web", "image": "web:1"}]}}
    before = defaults.of_pod(own)
    after = put(before, ("spec", "containers", 0, "image"), "other")
    assert stored.without_defaults(after, before, own) == after
