"""The ways in which krm-injector writes files, for kill_points.py: a command, and the files that it
changes.
"""

from __future__ import annotations

from typing import NamedTuple

SHOP = (
    "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {istio-injection: enabled}}\n"
)
POD = """\
apiVersion: v1
kind: Pod
metadata: {{name: p{0}, namespace: shop}}
spec: {{containers: [{{name: p{0}, image: "p:1"}}]}}
"""
MESH = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: istio, namespace: istio-system}
data: {mesh: "defaultConfig: {}"}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: istio-sidecar-injector, namespace: istio-system}
data:
  config: |
    policy: enabled
    defaultTemplates: [sidecar]
    templates:
      sidecar: |
        spec: {containers: [{name: istio-proxy, image: proxy}]}
  values: '{"global": {"tag": "1.30.3", "hub": "istio"}}'
---
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingWebhookConfiguration
metadata: {name: istio-sidecar-injector}
webhooks:
- name: namespace.sidecar-injector.istio.io
  clientConfig: {service: {name: istiod, namespace: istio-system, path: /inject}}
  namespaceSelector: {matchLabels: {istio-injection: enabled}}
  rules: [{operations: [CREATE], apiGroups: [""], apiVersions: [v1], resources: [pods]}]
"""
# A workload that is not to be injected, and its pod as it runs: what adopt compares.
RUNNING = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop, uid: d1}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web, sidecar.istio.io/inject: "false"}}
    spec: {containers: [{name: web, image: "web:1"}]}
---
apiVersion: apps/v1
kind: ReplicaSet
metadata:
  name: web-1
  namespace: shop
  uid: r1
  labels: {app: web, pod-template-hash: "1", sidecar.istio.io/inject: "false"}
  ownerReferences: [{apiVersion: apps/v1, kind: Deployment, name: web, uid: d1, controller: true}]
spec:
  selector: {matchLabels: {app: web, pod-template-hash: "1"}}
  template:
    metadata: {labels: {app: web, pod-template-hash: "1", sidecar.istio.io/inject: "false"}}
    spec: {containers: [{name: web, image: "web:1"}]}
---
apiVersion: v1
kind: Pod
metadata:
  name: web-1-a
  namespace: shop
  labels: {app: web, pod-template-hash: "1", sidecar.istio.io/inject: "false"}
  ownerReferences: [{apiVersion: apps/v1, kind: ReplicaSet, name: web-1, uid: r1, controller: true}]
spec: {containers: [{name: web, image: "web:1"}]}
"""
INPUT = {"in.yaml": f"{SHOP}---\n{POD.format(1)}"}
PODS = {"deploy/ns.yaml": SHOP} | {
    f"deploy/p{number}.yaml": POD.format(number) for number in range(4)
}
FLEET = {
    f"apps/{name}/{file}": text
    for name in ("a", "b", "c")
    for file, text in (
        ("kustomization.yaml", "resources: [ns.yaml, pod.yaml]\n"),
        ("ns.yaml", SHOP),
        ("pod.yaml", POD.format(1)),
    )
}


class Way(NamedTuple):
    """A way of writing: a command, and the files that it changes."""

    name: str
    words: tuple[str, ...]
    files: dict[str, str]  # before the command
    first: tuple[str, ...] = ()  # a command that runs before it
    measures: bool = False  # its file holds times, so that no two are the same


WAYS = (
    Way("results", ("inject", "in.yaml", "--results", "out.yaml"), {**INPUT, "out.yaml": "old\n"}),
    Way("log", ("inject", "in.yaml", "--log", "out.txt"), {**INPUT, "out.txt": "old\n"}),
    Way("snapshot", ("snapshot", "in.yaml", "--output", "out"), {"in.yaml": MESH, "out": "old\n"}),
    Way("init", ("init", "kustomize", "."), {"kustomization.yaml": "resources: [pod.yaml]\n",
                                            "pod.yaml": POD.format(1)}),
    Way("adopt", ("adopt", "dump.yaml", "--output", "git"),
        {"dump.yaml": f"{SHOP}---\n{MESH}---\n{RUNNING}"}),
    Way("inject --in-place", ("inject", "--in-place", "deploy"), PODS),
    Way("eject --in-place", ("eject", "--in-place", "deploy"), PODS,
        ("inject", "--in-place", "deploy")),
    Way("fleet --report", ("fleet", "explain", "apps", "--jobs", "1", "--report", "out.json"),
        {**FLEET, "out.json": "old\n"}, measures=True),
    Way("fleet build", ("fleet", "build", "apps", "--jobs", "1", "--output", "out"), FLEET),
    Way("--cache", ("fleet", "explain", "apps", "--jobs", "1", "--cache", "cache"), FLEET),
)  # fmt: skip
