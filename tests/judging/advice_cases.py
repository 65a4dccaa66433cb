"""For every warning a bundle that brings it, and one that just does not bring it."""

from __future__ import annotations

import json
from typing import Any

import builders

from krm_injector.function_config import MeshSettings, Settings
from krm_injector.model import Object


def deployment(**fields: Any) -> Object:
    """Two replicas: there are warnings that count them."""
    return builders.deployment(replicas=2, **fields)


def job(kind: str = "Job", **container: Any) -> Object:
    return builders.workload(kind, deployment(container=container)["spec"]["template"])


def namespace(**labels: str) -> Object:
    """Namespace shop, where pods are injected."""
    return builders.namespace(**{"istio-injection": "enabled", **labels})


def thing(kind: str, spec: Object, name: str = "x", version: str = "v1", **more: Any) -> Object:
    return {
        "apiVersion": version,
        "kind": kind,
        "metadata": {"name": name, "namespace": "shop"},
        "spec": spec,
        **more,
    }


def enforced(level: str) -> Object:
    return namespace(**{"pod-security.kubernetes.io/enforce": level})


def quota(**hard: str) -> Object:
    return thing(
        "ResourceQuota", {"hard": {key.replace("_", "."): value for key, value in hard.items()}}
    )


def limits(kind: str, **limit: Any) -> Object:
    return thing("LimitRange", {"limits": [{"type": kind, **limit}]})


def service(**port: Any) -> Object:
    return builders.service(port={"port": 80, **port})


def budget(**spec: Any) -> Object:
    return thing(
        "PodDisruptionBudget",
        {"selector": {"matchLabels": {"app": "web"}}, **spec},
        version="policy/v1",
    )


def scaler(*metrics: Object, **more: Any) -> Object:
    """A HorizontalPodAutoscaler of Deployment web."""
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
    spec = {"scaleTargetRef": target, "minReplicas": 2, "maxReplicas": 4, "metrics": list(metrics)}
    return thing("HorizontalPodAutoscaler", {**spec, **more}, version="autoscaling/v2")


def utilization(resource: str, aim: int, container: str = "") -> Object:
    """A metric of a HorizontalPodAutoscaler."""
    target = {"type": "Utilization", "averageUtilization": aim}
    if container:
        source = {"name": resource, "container": container, "target": target}
        return {"type": "ContainerResource", "containerResource": source}
    return {"type": "Resource", "resource": {"name": resource, "target": target}}


def vertical(*policies: Object, **more: Any) -> Object:
    """A VerticalPodAutoscaler of Deployment web."""
    spec: Object = {"targetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}}
    if policies:
        spec["resourcePolicy"] = {"containerPolicies": list(policies)}
    return thing("VerticalPodAutoscaler", {**spec, **more}, version="autoscaling.k8s.io/v1")


def asks(cpu: str, **more: str) -> Object:
    """A container that requests some CPU."""
    return {"resources": {"requests": {"cpu": cpu, **more}}}


def strict(mode: str = "STRICT") -> Object:
    return thing("PeerAuthentication", {"mtls": {"mode": mode}}, version="security.istio.io/v1")


def mesh(**values: Any) -> list[Object]:
    """A small mesh of its own: the proxy with an image and a token or without."""
    minor = values.get("minor", "1.24.0")
    mounts = [{"name": "istio-token", "mountPath": "/t"}] if values.get("token") else []
    volumes = [
        {"name": "istio-token", "projected": {"sources": [{"serviceAccountToken": {"path": "t"}}]}}
    ]
    proxy = {
        "name": "istio-proxy",
        "image": values.get("image", f"proxyv2:{minor}"),
        "volumeMounts": mounts,
    }
    template = {"spec": {"containers": [proxy], "volumes": volumes if mounts else []}}
    rewrite = {"rewriteAppHTTPProbe": values.get("rewrite", True)}
    stated = {"global": {"tag": minor, "hub": values.get("hub", "docker.io/istio")}}
    return builders.control_plane(
        json.dumps(template),
        mesh="rootNamespace: istio-system",
        version=minor,
        values={**stated, "sidecarInjectorWebhook": rewrite},
    )


NS = namespace()
HTTP = {"ports": [{"name": "http", "containerPort": 8080}]}
SHELL = {"name": "wait", "image": "busybox:1"}


def probe(port: Any = "http", **action: Any) -> Object:
    return {**HTTP, "readinessProbe": {"httpGet": {"path": "/", "port": port, **action}}}


CPU = "sidecar.istio.io/proxyCPU"
ALL_RESOURCES = {CPU: "1", f"{CPU}Limit": "2"} | {
    "sidecar.istio.io/proxyMemory": "1Gi",
    "sidecar.istio.io/proxyMemoryLimit": "1Gi",
}
NATIVE = {"sidecar.istio.io/nativeSidecar": "true"}
PROXY_IMAGE = "sidecar.istio.io/proxyImage"


def injected_with(image: str) -> Object:
    """A Deployment that a mesh with this image has injected. It has a record."""
    documents = MeshSettings(documents=tuple(mesh(image=image)))
    injected: Object = builders.injected(deployment(), Settings(mesh=documents), NS)
    return injected


TPROXY = {"sidecar.istio.io/interceptionMode": "TPROXY"}
# code: what triggers it, what just does not
CASES: dict[str, tuple[list[Object], list[Object]]] = {
    "pod-security-enforced": (
        [enforced("baseline"), deployment()],
        [enforced("privileged"), deployment()],
    ),
    "pod-security-reported": (
        [namespace(**{"pod-security.kubernetes.io/warn": "restricted"}), deployment()],
        [namespace(**{"pod-security.kubernetes.io/warn": "privileged"}), deployment()],
    ),
    "quota-exceeded": (
        [NS, quota(requests_cpu="199m"), deployment()],
        [NS, quota(requests_cpu="200m"), deployment()],
    ),
    "quota-unstated": (
        [NS, quota(**{"requests_ephemeral-storage": "1Gi"}), deployment()],
        [NS, quota(limits_memory="100Gi"), deployment()],
    ),
    "limit-range": (
        [NS, limits("Container", maxLimitRequestRatio={"cpu": "19"}), deployment()],
        [NS, limits("Container", maxLimitRequestRatio={"cpu": "20"}), deployment()],
    ),
    "proxy-resources": (
        [NS, deployment(annotations={CPU: "1"})],
        [NS, deployment(annotations=ALL_RESOURCES)],
    ),
    "autoscaler-missing-request": (
        [NS, *mesh(), scaler(utilization("cpu", 80)), deployment(container=asks("1"))],
        [NS, *mesh(), scaler(utilization("cpu", 80, "web")), deployment(container=asks("1"))],
    ),
    "autoscaler-ratio": (
        [NS, scaler(utilization("cpu", 80)), deployment(container=asks("999m"))],
        [NS, scaler(utilization("cpu", 80)), deployment(container=asks("1"))],
    ),
    "autoscaler-container": (
        [NS, scaler(utilization("cpu", 80, "envoy")), deployment(container=asks("1"))],
        [NS, scaler(utilization("cpu", 80, "istio-proxy")), deployment(container=asks("1"))],
    ),
    "vpa-proxy": (
        [NS, vertical(), deployment()],
        [NS, vertical({"containerName": "istio-proxy"}), deployment()],
    ),
    "vpa-native-sidecar": (
        [NS, vertical({"containerName": "istio-proxy"}), deployment(annotations=NATIVE)],
        [
            NS,
            vertical({"containerName": "istio-proxy", "mode": "Off"}),
            deployment(annotations=NATIVE),
        ],
    ),
    "port-collision": (
        [NS, deployment(container={"ports": [{"containerPort": 15090}]})],
        [NS, deployment(container={"ports": [{"containerPort": 15091}]})],
    ),
    "proxy-identity": (
        [NS, deployment(securityContext={"runAsUser": 1337})],
        [NS, deployment(securityContext={"runAsUser": 1336})],
    ),
    "host-port": (
        [NS, deployment(container={"ports": [{"containerPort": 80, "hostPort": 80}]})],
        [NS, deployment(container={"ports": [{"containerPort": 80}]})],
    ),
    "host-network": (
        [NS, deployment(hostNetwork=True)],
        [namespace(**{"istio-injection": "disabled"}), deployment(hostNetwork=True)],
    ),
    "job-never-completes": (
        [NS, job()],
        [NS, job(args=["work; curl -X POST localhost:15020/quitquitquit"])],
    ),
    "init-container-network": (
        [NS, deployment(initContainers=[{**SHELL, "command": ["curl", "http://db"]}])],
        [NS, deployment(initContainers=[{**SHELL, "command": ["chown", "-R", "app", "/data"]}])],
    ),
    "service-port-protocol": (
        [NS, service(name="api"), deployment()],
        [NS, service(name="http-api"), deployment()],
    ),
    "listen-address": (
        [
            NS,
            *mesh(minor="1.9.9"),
            deployment(
                container={
                    "args": ["--bind=$(IP)"],
                    "env": [
                        {"name": "IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}}
                    ],
                }
            ),
        ],
        [
            NS,
            *mesh(minor="1.10.0"),
            deployment(
                container={
                    "args": ["--bind=$(IP)"],
                    "env": [
                        {"name": "IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}}
                    ],
                }
            ),
        ],
    ),
    "disruption-budget": (
        [NS, budget(minAvailable=2), deployment()],
        [NS, budget(minAvailable=1), deployment()],
    ),
    "mutable-image": (
        [NS, *mesh(image="proxyv2:1.24.0"), deployment()],
        [NS, *mesh(image="proxyv2@sha256:" + "0" * 64), deployment()],
    ),
    "latest-image": (
        [NS, *mesh(image="hub:5000/proxyv2"), deployment()],
        [NS, *mesh(image="hub:5000/proxyv2:1"), deployment()],
    ),
    "retired-hub": (
        [NS, *mesh(hub="registry.istio.io/release"), deployment()],
        [NS, *mesh(hub="mirror.example.org/registry.istio.io/release"), deployment()],
    ),
    "retired-image": (
        [NS, deployment(annotations={PROXY_IMAGE: "gcr.io/istio-release/proxyv2:1.27.0"})],
        [NS, deployment(annotations={PROXY_IMAGE: "gcr.io/istio-releases/proxyv2:1.27.0"})],
    ),
    "retired-image-injected": (
        [NS, injected_with("registry.istio.io/release/proxyv2:1.30.3")],
        [NS, injected_with("docker.io/istio/proxyv2:1.30.3")],
    ),
    "service-account-token": (
        [NS, *mesh(), deployment(automountServiceAccountToken=False)],
        [NS, *mesh(token=True), deployment(automountServiceAccountToken=False)],
    ),
    "probe-port-unknown": (
        [NS, deployment(container=probe("metrics"))],
        [NS, deployment(container=probe("http"))],
    ),
    "probe-host": (
        [NS, deployment(container=probe(host="example.com"))],
        [NS, deployment(container=probe(host="localhost"))],
    ),
    "probe-mutual-tls": (
        [NS, strict(), *mesh(rewrite=False), deployment(container=probe())],
        [NS, strict("PERMISSIVE"), *mesh(rewrite=False), deployment(container=probe())],
    ),
    "webhook-active": (
        [NS, deployment()],
        [namespace(**{"istio-injection": "disabled"}), deployment()],
    ),
}
# Not of the advice: see test_policy.py, admission/ and tests/injection/untrusted.
POLICY = {"injection-required", "injection-forbidden", "untrusted-text"}
POLICY |= {f"admission-{what}" for what in ("denied", "warned", "unknown", "mutating")}
