"""Every code with a fault that brings it, and its hint followed: then the code is gone, or is what
the hint promises.

A hint is followed as a reader would: the file changed, the line of functionConfig added, the option
given, or the command run that it names. Reasons, findings and warnings have tables of their own
(reason_cases, label_warning_cases, advice_cases): there each code stands beside a bundle that just
does not have it.
"""

from __future__ import annotations

import io
import json
import re
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import pytest
from paths import TESTS

from krm_injector.cli import program
from krm_injector.codes import CODES, of_page
from krm_injector.discovery import profile
from krm_injector.kube.yaml import YamlError, dump

CONFIG = (
    "apiVersion: krm-injector.dev/v1alpha1\nkind: SidecarInjection\n"
    "metadata: {name: istio-inject}\n"
)
SHOP = (
    "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {istio-injection: enabled}}\n"
)
QUIET = "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n"
WEB = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: "web:1"}]}
"""
BOTH = SHOP + "---\n" + WEB
PROXY = f"{profile.HUB}/proxyv2:{profile.DEFAULT.tag}"
INJECT = "inject in.yaml"
CONFIGURED = "inject in.yaml --config config.yaml"


def config(text: str) -> str:
    return CONFIG + "spec:\n" + "".join(f"  {line}\n" for line in text.splitlines())


def mesh(
    template: str = "spec: {containers: [{name: istio-proxy, image: proxy}]}", **data: str
) -> str:
    """A small control plane's two ConfigMaps."""
    injection = {
        "policy": "enabled",
        "defaultTemplates": ["sidecar"],
        "templates": {"sidecar": template},
    }
    values = {"global": {"tag": "1.30.3", "hub": "istio"}}
    maps = {
        "istio-sidecar-injector": {"config": json.dumps(injection), "values": json.dumps(values)},
        "istio": {"mesh": "{}"},
    }
    for field, text in data.items():
        maps["istio" if field == "mesh" else "istio-sidecar-injector"][field] = text
    texts = [
        (
            f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}, namespace: "
            f"istio-system}}\ndata:\n"
        )
        + "".join(f"  {field}: {json.dumps(text)}\n" for field, text in fields.items())
        for name, fields in maps.items()
    ]
    return "---\n".join(texts)


def injection(**fields: object) -> str:
    base = {
        "policy": "enabled",
        "defaultTemplates": ["sidecar"],
        "templates": {"sidecar": "spec: {containers: [{name: istio-proxy, image: proxy}]}"},
    }
    return json.dumps({**base, **fields})


def with_mesh(text: str, web: str = WEB) -> str:
    return "---\n".join((SHOP, web, text))


def annotated(line: str, web: str = WEB) -> str:
    return web.replace(
        "labels: {app: web}}\n    spec",
        f"labels: {{app: web}}, annotations: {{{line}}}}}\n    spec",
    )


OWN = WEB.replace(
    '"web:1"}', '"web:1"}, {name: istio-proxy, image: auto, env: [{name: A, value: b}]}'
)
UNKNOWN = BOTH.replace("apps/v1", "example.org/v1").replace("Deployment", "Odd")


HOOK = """\
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingWebhookConfiguration
metadata: {name: istio-sidecar-injector}
webhooks:
- name: sidecar.istio.io
  clientConfig: {service: {name: istiod, namespace: istio-system, path: /inject}}
  namespaceSelector: {matchExpressions: [{key: istio-injection, operator: Exists}]}
"""
ISTIOD_HOOK = HOOK.replace(
    "- name: sidecar.istio.io", "- name: namespace.sidecar-injector.istio.io"
)
GROUPED = (
    SHOP
    + """\
---
apiVersion: example.org/v1
kind: Odd
metadata: {name: web, namespace: shop}
spec:
  groups:
  - template:
      metadata: {labels: {app: web}}
      spec: {containers: [{name: web, image: "web:1"}]}
"""
)
ARGOCD = {"ARGOCD_APP_NAME": "web", "ARGOCD_APP_NAMESPACE": "shop", "ARGOCD_APP_REVISION": "a1"}
PARAMETERS = "ARGOCD_APP_PARAMETERS"
APPLICATION = """\
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: shop, namespace: argocd}
spec:
  destination: {namespace: shop}
  syncPolicy:
    syncOptions: [CreateNamespace=true]
    managedNamespaceMetadata: {labels: {istio-injection: enabled}}
---
"""


def parameter(name: str) -> str:
    return json.dumps([{"name": name, "string": "warn"}])


def named(path: str) -> str:
    return config(f'workloads:\n- {{apiVersion: example.org/v1, kind: Odd, podTemplate: "{path}"}}')


class Hint(NamedTuple):
    """A fault, and what a reader does who follows the hint."""

    files: Mapping[str, str]
    command: str
    says: str  # the hint, or where it has none the place that is to be mended
    change: Mapping[str, str | None] = {}
    then: str = ""  # the command where the hint names another, or another option
    before: str = (
        ""  # commands that make what is tried, split by ";"; "> FILE" keeps what stdout holds
    )
    env: Mapping[str, str] = {}
    then_env: Mapping[str, str] | None = None  # where the hint names another
    also: str = ""  # a command that the hint names, run before ``then``


LIST = "apiVersion: config.kubernetes.io/v1\nkind: ResourceList\n"
TWICE = BOTH.replace("kind: Deployment\n", "kind: Deployment\nkind: Deployment\n")
LISTED = LIST + "items:\n" + "".join(
    "- " + text.rstrip("\n").replace("\n", "\n  ") + "\n" for text in (SHOP, WEB)
) + "functionConfig: {apiVersion: krm-injector.dev/v1alpha1, kind: SidecarInjection}\n"  # fmt: skip
V9 = LISTED.replace("config.kubernetes.io/v1\n", "config.kubernetes.io/v9\n")
SOURCES = {"in.yaml": BOTH}
PROGRAM = "#!/bin/sh\n/bin/cat <<'END'\n" + BOTH + "END\n"  # renders what stands in in.yaml
KUSTOMIZATION = {**SOURCES, "kustomization.yaml": "resources: [in.yaml]\n"}
CHART = {"Chart.yaml": "apiVersion: v2\nname: a\nversion: 1.0.0\n", "templates/in.yaml": BOTH}
KPTFILE = (
    "apiVersion: kpt.dev/v1\nkind: Kptfile\nmetadata: {name: a}\n"
    "pipeline: {mutators: [{exec: mine}]}\n"
)
OTHER = (
    "apiVersion: example.org/v1\nkind: Mine\nmetadata:\n  name: mine\n  annotations:\n"
    "    config.kubernetes.io/function: |\n      exec: {path: ./mine}\n"
)


def broken(bad: str, good: str = BOTH, says: str = "line") -> Hint:
    """A text that is corrected at the place that the message names."""
    return Hint({"in.yaml": bad}, INJECT, says, {"in.yaml": good})


POD = """\
apiVersion: v1
kind: Pod
metadata:
  name: web-0
  namespace: quiet
  ownerReferences: [{apiVersion: apps/v1, kind: StatefulSet, name: web, controller: true}]
spec: {containers: [{name: web, image: "web:1"}]}
"""
SET = """\
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: web, namespace: quiet}
spec: {template: {spec: {containers: [{name: web, image: "web:1"}]}}}
"""
WEBHOOK = """\
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingWebhookConfiguration
metadata: {name: istio-sidecar-injector}
webhooks:
- name: namespace.sidecar-injector.istio.io
  clientConfig: {service: {name: istiod, namespace: istio-system, path: /inject}}
  namespaceSelector: {matchLabels: {istio-injection: enabled}}
"""
CLUSTER = "---\n".join((mesh(), WEBHOOK, QUIET.replace("shop", "quiet"), SET, ""))
ADOPTED = CLUSTER + POD  # a cluster's dump
SECRET = "apiVersion: v1\nkind: Secret\nmetadata: {name: token, namespace: quiet}\n"


HINTS: dict[str, Hint] = {
    # ------------------------------------------------------------ what was given
    "input-empty": Hint({"in.yaml": "# nothing\n"}, INJECT, "no manifests", {"in.yaml": BOTH}),
    "input-unreadable": Hint(SOURCES, "inject im.yaml", "im.yaml", then=INJECT),
    "input-chart": Hint(
        {**SOURCES, "chart/Chart.yaml": "name: a\n", "chart/templates/a.yaml": "a: {{ .b }}\n"},
        "build .", "build it by itself", then=INJECT, env=ARGOCD, then_env={},
    ),
    "kustomization-not-applied": Hint(
        {**SOURCES, "sub/kustomization.yaml": "namePrefix: a-\nresources: [a.yaml]\n",
         "sub/a.yaml": QUIET}, "inject .",
        "name those that are meant", then=INJECT,
    ),
    "context-empty": Hint(
        {**SOURCES, "facts.yaml": WEB}, "inject in.yaml --context facts.yaml", "leave it out",
        {"facts.yaml": QUIET.replace("shop", "lab")}
    ),
    "options-unread": Hint(SOURCES, "explain in.yaml -- --enable-helm", "leave it out",
                           then="explain in.yaml"),
    "yaml-syntax": broken(BOTH + "a: [\n"),
    "yaml-encoding": broken(BOTH.replace("web:1", "w\udcff")),
    "yaml-documents": Hint(
        {"in.yaml": LIST + "items: []\n---\n" + LIST}, "< in.yaml", "second document",
        {"in.yaml": LISTED}
    ),
    "resource-list-empty": Hint({"in.yaml": LIST + "items: []\n"}, "< in.yaml", "items",
                                {"in.yaml": LISTED}),
    "resource-list-shape": Hint(
        {"in.yaml": LIST + "items: 3\n"}, "< in.yaml", "must be a sequence", {"in.yaml": LISTED}
    ),
    "resource-list-version": Hint(
        {"in.yaml": V9}, "< in.yaml",
        "config.kubernetes.io/v1,", {"in.yaml": LISTED},
    ),
    "not-a-resource-list": Hint(SOURCES, "< in.yaml", "krm-injector inject",
                                then="inject - < in.yaml"),
    "item-not-object": broken(BOTH + "---\njust text\n"),
    "item-without-apiVersion": broken(BOTH + "---\nkind: A\nmetadata: {name: a}\n",
                                      says="apiVersion"),
    "item-without-kind": broken(BOTH + "---\napiVersion: v1\nmetadata: {name: a}\n", says="kind"),
    "item-without-name": broken(
        BOTH + "---\napiVersion: v1\nkind: A\n",
        BOTH + "---\napiVersion: v1\nkind: A\nmetadata: {name: a}\n",
        "metadata.name",
    ),
    "item-metadata": broken(BOTH + "---\napiVersion: v1\nkind: A\nmetadata: [a]\n",
                            says="not a mapping"),
    "item-name": broken(
        BOTH + "---\napiVersion: v1\nkind: A\nmetadata: {name: 1}\n",
        BOTH + '---\napiVersion: v1\nkind: A\nmetadata: {name: "1"}\n', "in quotes",
    ),
    "input-ambiguous": Hint(
        {"a/kustomization.yaml": "resources: []\n", "b/kustomization.yaml": "resources: []\n",
         "a/in.yaml": BOTH,
         "bin/kustomize": PROGRAM},
        "build .", "a", then="build a",
    ),
    # ------------------------------------------------------------ other programs
    "kustomize-missing": Hint(KUSTOMIZATION, "build .", "kustomize", {"bin/kustomize": PROGRAM}),
    "kustomize-failed": Hint(
        {**KUSTOMIZATION, "bin/kustomize": "#!/bin/sh\necho no such thing >&2\nexit 1\n"},
        "build .", "no such thing",
        {"bin/kustomize": PROGRAM},
    ),
    "kustomize-warning": Hint(
        {**KUSTOMIZATION, "bin/kustomize": PROGRAM + "echo old field >&2\n"}, "build .",
        "old field",
        {"bin/kustomize": PROGRAM},
    ),
    "exec-not-allowed": Hint(
        {**KUSTOMIZATION, "bin/kustomize": PROGRAM, "other.yaml": OTHER,
         "kustomization.yaml": "resources: [in.yaml]\ntransformers: [other.yaml]\n"},
        "build .", "--allow-exec", then="build . --allow-exec",
    ),
    "helm-missing": Hint(CHART, "build .", "helm", {"bin/helm": PROGRAM}),
    "helm-failed": Hint(
        {**CHART, "bin/helm": "#!/bin/sh\necho no such value >&2\nexit 1\n"}, "build .",
        "no such value",
        {"bin/helm": PROGRAM},
    ),
    "helm-warning": Hint(
        {**CHART, "bin/helm": PROGRAM + "echo old field >&2\n"}, "build .", "old field",
        {"bin/helm": PROGRAM}
    ),
    "kpt-not-run": Hint({**SOURCES, "Kptfile": KPTFILE}, "explain . --allow-exec", "kpt",
                        {"Kptfile": None}),
    "kpt-failed": Hint(
        {**SOURCES, "Kptfile": KPTFILE,
         "bin/kpt": "#!/bin/sh\necho no such function >&2\nexit 1\n"},
        "explain . --allow-exec", "no such function", {"Kptfile": None},
    ),
    "yaml-duplicate-key": broken(TWICE, says="twice"),
    "yaml-key": broken(BOTH + "---\n? [a]\n: 1\n"),
    "yaml-merge": broken(BOTH.replace("template:\n", "template:\n    <<: 1\n")),
    "yaml-alias": broken(BOTH.replace('"web:1"', "*image")),
    "yaml-tag": broken(BOTH.replace('"web:1"', "!mine web")),
    "yaml-depth": broken(BOTH.replace('"web:1"', "[" * 201 + "]" * 201)),
    "yaml-number": broken(BOTH.replace('"web:1"', ".inf")),
    "yaml-character": broken(BOTH.replace("web:1", "web\x07")),
    "json-syntax": broken('{"kind": 1,,}'),
    # ------------------------------------------------------------ functionConfig
    "function-config": Hint(
        {**SOURCES, "config.yaml": config("metod: manual")}, CONFIGURED, "method",
        {"config.yaml": config("method: manual")},
    ),
    "images-lock": Hint(
        {**SOURCES, "config.yaml": config("images: {file: lock.yaml}")}, CONFIGURED, "lock.yaml",
        {"config.yaml": CONFIG},
    ),
    # ------------------------------------------------------------ Namespaces
    "namespace-missing": Hint(
        {"in.yaml": WEB}, INJECT,
        "spec:\n    namespaces:\n    - name: shop\n      labels: {istio-injection: enabled}",
        {"config.yaml": config("namespaces:\n- name: shop\n  labels: {istio-injection: enabled}")},
        CONFIGURED,
    ),
    "namespace-invalid": Hint(
        {"in.yaml": BOTH.replace("{istio-injection: enabled}", "[istio-injection]")}, INJECT,
        "metadata.labels",
        {"in.yaml": BOTH},
    ),
    "namespace-conflict": Hint(
        {"in.yaml": SHOP + "---\n" + QUIET + "---\n" + WEB}, INJECT, "shop", {"in.yaml": BOTH}
    ),
    "namespace-stub-ignored": Hint(
        {**SOURCES, "config.yaml": config("namespaces:\n- name: shop\n  labels: {a: b}")},
        CONFIGURED, "shop",
        {"config.yaml": CONFIG},
    ),
    "metadata-not-string": Hint(
        {"in.yaml": BOTH.replace("{app: web}}\n    spec", "{app: web, on: true}}\n    spec")},
        INJECT, '"true"',
        {"in.yaml": BOTH.replace("{app: web}}\n    spec", '{app: web, on: "true"}}\n    spec')},
    ),
    # ------------------------------------------------------------ control planes
    "mesh-not-yaml": Hint(
        {"in.yaml": with_mesh(mesh(values="{"))}, INJECT, "data.values",
        {"in.yaml": with_mesh(mesh())}
    ),
    "mesh-version-older": Hint(
        {"in.yaml": with_mesh(mesh(config='{"policy": "enabled", "template": "containers: []"}'))},
        INJECT + " --mesh-version 1.0.2", "--mesh-version", then=INJECT + " --mesh-version 1.6.0",
    ),
    "webhook-selector": Hint(
        {"in.yaml": with_mesh(HOOK.replace("Exists", "Is"))}, INJECT, "namespaceSelector",
        {"in.yaml": with_mesh(HOOK)},
    ),
    "mesh-version-form": Hint(
        {"in.yaml": with_mesh(mesh())}, INJECT + " --mesh-version 1.6.0",
        "leave spec.mesh.version out", then=INJECT
    ),
    "mesh-missing": Hint(SOURCES, "snapshot in.yaml", "istio-sidecar-injector",
                         {"in.yaml": with_mesh(mesh())}),
    "control-plane-missing": Hint(
        {"in.yaml": with_mesh(mesh())}, INJECT + " --method manual --revision canary",
        "known are: default",
        then=INJECT + " --method manual --revision default",
    ),
    "mesh-config-invalid": Hint(
        {"in.yaml": with_mesh(mesh(config=injection(templates=[])))}, INJECT, "templates",
        {"in.yaml": with_mesh(mesh())},
    ),
    "mesh-invalid": Hint(
        {"in.yaml": with_mesh(mesh(mesh="defaultConfig: {concurrency: many}"))}, INJECT,
        "concurrency",
        {"in.yaml": with_mesh(mesh())},
    ),
    "mesh-incomplete": Hint(
        {"in.yaml": with_mesh(mesh().split("---\n")[0])}, INJECT, "istio",
        {"in.yaml": with_mesh(mesh())}
    ),
    "mesh-ambiguous": Hint(
        {"in.yaml": with_mesh(mesh() + "---\n" + mesh().replace("1.30.3", "1.30.2"))}, INJECT,
        "istio",
        {"in.yaml": with_mesh(mesh())},
    ),
    "mesh-version-unknown": Hint(
        {"in.yaml": with_mesh(mesh(values='{"global": {"hub": "istio", "tag": "mine"}}'))}, INJECT,
        "--mesh-version",
        then=INJECT + " --mesh-version 1.30.3",
    ),
    "mesh-version-newer": Hint(
        {"in.yaml": with_mesh(mesh(values='{"global": {"hub": "istio", "tag": "1.99.0"}}'))},
        INJECT, "1.32",
        then=INJECT + " --mesh-version 1.31.0",
    ),
    "selector-invalid": Hint(
        {"in.yaml": with_mesh(mesh(config=injection(
            neverInjectSelector=[{"matchExpressions": [{"key": "a"}]}])))},
        INJECT, "neverInjectSelector", {"in.yaml": with_mesh(mesh())},
    ),
    # ------------------------------------------------------------ injection
    "annotation-invalid": Hint(
        {"in.yaml": SHOP + "---\n" + annotated(
            'traffic.sidecar.istio.io/includeInboundPorts: "x"')}, INJECT,
        "corrected or removed", SOURCES,
    ),
    "pod-invalid": Hint(
        {"in.yaml": BOTH.replace('[{name: web, image: "web:1"}]', "web")}, INJECT, "containers",
        SOURCES
    ),
    "template-failed": Hint(
        {"in.yaml": with_mesh(mesh("{{ fail .nothing }}"))}, INJECT, "sidecar:1",
        {"in.yaml": with_mesh(mesh())}
    ),
    "template-unusable": Hint(
        {"in.yaml": SHOP + "---\n" + annotated("inject.istio.io/templates: mine")}, INJECT, "mine",
        SOURCES
    ),
    "merge-failed": Hint(
        {"in.yaml": with_mesh(mesh("spec: {containers: [{name: istio-proxy, env: [{value: a}]}]}"),
                              OWN)}, INJECT,
        "merge", {"in.yaml": with_mesh(mesh(), OWN)},
    ),
    "unknown-workload-kind": Hint(
        {"in.yaml": UNKNOWN}, INJECT, "podTemplate: spec.template",
        {"config.yaml": config(
            "workloads:\n- {apiVersion: example.org/v1, kind: Odd, podTemplate: spec.template}")},
        CONFIGURED,
    ),
    "workload-path": Hint(
        {"in.yaml": GROUPED, "config.yaml": named("spec.groups.template")}, CONFIGURED,
        "write spec.groups[]",
        {"config.yaml": named("spec.groups[].template")},
    ),
    "workload-path-unused": Hint(
        {"in.yaml": UNKNOWN, "config.yaml": named("spec.pod")}, CONFIGURED, "Correct the path",
        {"config.yaml": named("spec.template")},
    ),
    "pod-template-incomplete": Hint(
        {"in.yaml": UNKNOWN.replace("name: web, image", "image"),
         "config.yaml": named("spec.template")}, CONFIGURED,
        "take Odd out of spec.workloads", {"config.yaml": config("record: false")},
    ),
    "patch-not-strategic": Hint(
        {"in.yaml": BOTH.replace('web:1"}', 'web:1", env: [{name: A}, {name: A}]}')},
        "diff in.yaml --output strategic", "With --output json6902",
        then="diff in.yaml --output json6902",
    ),
    "webhook-path": Hint(
        {"in.yaml": with_mesh(mesh() + "---\n" + ISTIOD_HOOK.replace("/inject", "/other"))}, INJECT,
        "let the path of its clientConfig be /inject",
        {"in.yaml": with_mesh(mesh() + "---\n" + ISTIOD_HOOK)},
    ),
    "input-passed-over": Hint(
        {**SOURCES, "odd.yaml": "{{ a\n"}, "inject .", "odd.yaml", then=INJECT
    ),
    "image-registry": Hint(
        {**SOURCES, "config.yaml": config("images: {allowedRegistries: [registry.example]}")},
        CONFIGURED, "docker.io",
        {"config.yaml": config("images: {allowedRegistries: [registry.example, docker.io/istio]}")},
    ),
    "image-not-locked": Hint(
        {**SOURCES, "config.yaml": config("images: {lock: {}}")}, CONFIGURED, "proxyv2",
        {"config.yaml": config(f"images: {{lock: {{'{PROXY}': 'sha256:{'a' * 64}'}}}}")},
    ),
    # ------------------------------------------------------------ later
    "verify-not-injected": Hint(SOURCES, "verify in.yaml", "Inject it", before="",
                                also="inject in.yaml > in.yaml"),
    "verify-unwanted": Hint(
        SOURCES, "verify in.yaml --config config.yaml", "krm-injector eject",
        before="inject in.yaml --config config.yaml > in.yaml; shop-is-quiet",
        also="eject in.yaml > in.yaml",
    ),
    "verify-no-record": Hint(
        {**SOURCES, "config.yaml": config("record: false")}, "verify in.yaml", "Inject it again",
        before="inject in.yaml --config config.yaml > in.yaml", also="inject in.yaml > in.yaml",
    ),
    "verify-edited": Hint(
        SOURCES, "verify in.yaml", "inject again", before="inject in.yaml > in.yaml; edit",
        also="inject in.yaml > in.yaml",
    ),
    "verify-mesh-changed": Hint(
        SOURCES, "verify in.yaml --mesh-version 1.29.1", "Inject it again",
        before="inject in.yaml > in.yaml",
        also="inject in.yaml --mesh-version 1.29.1 > in.yaml",
    ),
    "verify-namespace-changed": Hint(
        SOURCES, "verify in.yaml", "Inject it again",
        before="inject in.yaml > in.yaml; by-revision",
        also="inject in.yaml > in.yaml",
    ),
    "verify-inputs-changed": Hint(
        SOURCES, "verify in.yaml", "Inject it again", before="inject in.yaml > in.yaml; debug",
        also="inject in.yaml > in.yaml",
    ),
    "verify-stale": Hint(
        {**SOURCES, "config.yaml": config("record: false")}, "verify in.yaml --config config.yaml",
        "Inject it again",
        before="inject in.yaml --config config.yaml > in.yaml; debug",
        also="inject in.yaml --config config.yaml > in.yaml",
    ),
    "edit-lost": Hint(
        SOURCES, "eject in.yaml", "eject, edit, inject", before="inject in.yaml > in.yaml; edit",
        also="eject in.yaml > in.yaml",
    ),
    "record-unusable": Hint(
        SOURCES, INJECT, "krm-injector.dev/injected", {"in.yaml": BOTH},
        before="inject in.yaml > in.yaml; damage"
    ),
    "guard-impossible": Hint(
        {
            **SOURCES,
            "in.yaml": with_mesh(mesh(
                values='{"global": {"tag": "1.30.3"}, "pilot": {"cni": {"enabled": true}}}')),
            "config.yaml": config("guard: label"),
        },
        CONFIGURED, "spec.guard to none", {"config.yaml": config("guard: none")},
    ),
    "patch-without-name": Hint(
        {"in.yaml": BOTH.replace("name: web, namespace", "generateName: web-, namespace")},
        "diff in.yaml --output json6902", "name", SOURCES,
    ),
    "verify-rules-changed": Hint(
        SOURCES, "verify in.yaml", "Inject it again",
        before="inject in.yaml > in.yaml; other-rules; debug",
        also="inject in.yaml > in.yaml",
    ),
    "snapshot-stale": Hint(
        {"in.yaml": mesh()}, "snapshot --check mesh.yaml in.yaml", "krm-injector snapshot",
        before="snapshot in.yaml > mesh.yaml; other-tag", also="snapshot in.yaml > mesh.yaml",
    ),
    "snapshot-edited": Hint(
        {"in.yaml": mesh()}, "snapshot --check mesh.yaml in.yaml", "krm-injector snapshot",
        before="snapshot in.yaml > mesh.yaml; edit-mesh", also="snapshot in.yaml > mesh.yaml",
    ),
    "snapshot-private-key": Hint(
        {"in.yaml": mesh(mesh='key: "-----BEGIN PRIVATE ' + 'KEY-----"')}, "snapshot in.yaml",
        "take it out of the installation", {"in.yaml": mesh()},
    ),
    "adopt-incomplete": Hint(
        {"in.yaml": CLUSTER}, "adopt in.yaml", "pods",
        {"in.yaml": ADOPTED},
    ),
    "adopt-secret": Hint(
        {"in.yaml": ADOPTED + "---\n" + SECRET}, "adopt in.yaml", "without them",
        {"in.yaml": ADOPTED},
    ),
    "adopt-unproved": Hint(
        {"in.yaml": ADOPTED + "---\n" + POD.replace("web", "db")}, "adopt in.yaml",
        "all that adopt reads", {"in.yaml": ADOPTED},
    ),
    # ------------------------------------------------------------ Argo CD
    "argocd-env-unknown": Hint(
        SOURCES, "build .", "did you mean on-missing-namespace",
        env={**ARGOCD, "ARGOCD_ENV_ON_MISSING_NAMESPAC": "warn"},
        then_env={**ARGOCD, "ARGOCD_ENV_ON_MISSING_NAMESPACE": "warn"},
    ),
    "argocd-parameter": Hint(
        SOURCES, "build .", "did you mean on-missing-namespace",
        env={**ARGOCD, PARAMETERS: parameter("on-missing-name")},
        then_env={**ARGOCD, PARAMETERS: parameter("on-missing-namespace")},
    ),
    "namespace-managed-ignored": Hint(
        {"in.yaml": APPLICATION.replace("[CreateNamespace=true]", "[]") + WEB,
         "config.yaml": config(
            "namespaces:\n- name: shop\n  labels: {istio-injection: enabled}")},
        CONFIGURED, "syncOptions", {"in.yaml": APPLICATION + WEB}, INJECT,
    ),
    "mesh-file-not-allowed": Hint(
        {"in.yaml": LISTED.replace("kind: SidecarInjection}",
                                   "kind: SidecarInjection, spec: {mesh: {file: m.yaml}}}")},
        "< in.yaml", "into spec.mesh", {"in.yaml": LISTED},
    ),
    # ------------------------------------------------------------ init
    "output-unwritable": Hint(
        {"in.yaml": mesh(), "out/keep": ""}, "snapshot in.yaml --output out", "Is a directory",
        then="snapshot in.yaml --output out.yaml",
    ),
    "in-place-refused": Hint(
        {**SOURCES, "kustomization.yaml": "resources: [in.yaml]\nnamePrefix: a-\n"},
        "inject --in-place in.yaml", "krm-injector init kustomize .",
        {"kustomization.yaml": None}, then="inject --in-place --dry-run in.yaml",
    ),
    "init-target": Hint(SOURCES, "init kustomise .", "kustomize", then="init kustomize ."),
    "init-exists": Hint(
        {**SOURCES, "istio-inject.yaml": "a: b\n"}, "init kustomize .", "istio-inject.yaml",
        {"istio-inject.yaml": None},
    ),
}  # fmt: skip

EDITS_OF_MESH = {
    "other-tag": ("in.yaml", "1.30.3", "1.30.4"),
    "edit-mesh": ("mesh.yaml", "1.30.3", "1.30.4"),
}
EDITS = {
    "shop-is-quiet": (", labels: {istio-injection: enabled}}", "}"),
    "by-revision": ("istio-injection: enabled", "istio.io/rev: default"),
    "edit": ("proxyLogLevel=warning", "proxyLogLevel=trace"),
    "debug": (
        "      annotations:\n",
        '      annotations:\n        sidecar.istio.io/logLevel: "debug"\n',
    ),
    "other-rules": ('"rules":2,', '"rules":99,'),
    "damage": ('{"v":1,', '{"v":9,'),
}


class Told(NamedTuple):
    status: int
    out: str
    err: str

    def codes(self) -> set[str]:
        return set(re.findall(r"\[([A-Za-z0-9-]+)\]$", self.err, re.MULTILINE))


def put(root: Path, files: Mapping[str, str | None]) -> None:
    for name, text in files.items():
        file = root / name
        if text is None:
            file.unlink()
        else:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, errors="surrogateescape")
            if file.parent.name == "bin":
                file.chmod(0o755)


def run(
    command: str,
    root: Path,
    capture: pytest.CaptureFixture[str],
    env: Mapping[str, str] | None = None,
) -> Told:
    words, _, target = command.partition(" > ")
    words, _, source = words.partition("< ")
    text = (root / source).read_bytes() if source else b""
    capture.readouterr()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text)))
        for name, value in {"PATH": str(root / "bin"), **(env or {})}.items():
            patch.setenv(name, value)
        status = program.run(shlex.split(words))
    out, err = capture.readouterr()
    if target:
        assert status == 0, err
        (root / target).write_text(out)
    return Told(status, out, err)


def made(hint: Hint, root: Path, capture: pytest.CaptureFixture[str]) -> None:
    put(root, hint.files)
    if "config.yaml" not in hint.files and "config.yaml" in hint.command + hint.before:
        put(root, {"config.yaml": config("record: false")})
    for step in filter(None, hint.before.split("; ")):
        if step in EDITS_OF_MESH:
            name, old, new = EDITS_OF_MESH[step]
            (root / name).write_text((root / name).read_text().replace(old, new))
        elif step in EDITS:
            text = (root / "in.yaml").read_text()
            assert EDITS[step][0] in text, step
            (root / "in.yaml").write_text(text.replace(*EDITS[step]))
        else:
            run(step, root, capture)


@pytest.mark.parametrize("code", HINTS)
def test_a_hint_that_is_followed_helps(
    code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    hint = HINTS[code]
    monkeypatch.chdir(tmp_path)
    made(hint, tmp_path, capfd)
    told = run(hint.command, tmp_path, capfd, hint.env)
    assert code in told.codes(), told.err
    assert hint.says in told.err
    put(tmp_path, hint.change)
    if hint.also:
        run(hint.also, tmp_path, capfd)
    env = hint.env if hint.then_env is None else hint.then_env
    after = run(hint.then or hint.command, tmp_path, capfd, env)
    assert code not in after.codes() and after.status == 0, after.err


# Codes whose hint needs a table of its own, and the module that follows it there.
ELSEWHERE = {
    "adopt-differs": "adoption/test_adopt.py",
    "fleet-cache": "fleet/cache/test_cache.py",
    "fleet-changed-since": "fleet/changes/test_changes.py",
    "fleet-changes-unknown": "fleet/changes/test_changes.py",
    "fleet-cycle": "fleet/finding/test_finding.py",
    "fleet-empty": "fleet/engine/test_run.py",
    "fleet-file": "fleet/finding/test_fleet_file.py",
    "fleet-retried": "fleet/engine/test_engine.py",
    "fleet-link": "fleet/finding/test_codes.py",
    "fleet-mixed": "fleet/finding/test_codes.py",
    "fleet-name": "fleet/finding/test_codes.py",
    "fleet-no-cluster": "fleet/finding/test_codes.py",
    "fleet-not-followed": "fleet/finding/test_codes.py",
    "fleet-selection": "fleet/finding/test_codes.py",
    "fleet-target": "fleet/finding/test_codes.py",
    "fleet-unread": "fleet/finding/test_codes.py",
    "fleet-internal-error": "fleet/tasks/test_run_task.py",
    "internal-error": "sources/resource_list/test_invariants.py",
    "fleet-output-clash": "fleet/output/test_writer.py",
    "fleet-output-differs": "fleet/output/test_comparison.py",
    "fleet-output-foreign": "fleet/output/test_writer.py",
    "fleet-output-index": "fleet/output/test_writer.py",
    "fleet-output-inside": "fleet/output/test_writer.py",
    "fleet-output-kept": "fleet/output/test_roots.py",
    "fleet-output-left-over": "fleet/output/test_comparison.py",
    "fleet-output-link": "fleet/output/test_writer.py",
    "fleet-output-locked": "fleet/output/test_writer.py",
    "fleet-output-missing": "fleet/output/test_comparison.py",
    "fleet-output-name": "fleet/output/test_writer.py",
    "fleet-output-unwritable": "fleet/output/test_writer.py",
    "output-changed": "writing/test_together.py",
    "output-hard-link": "cli/test_in_place.py",
    "output-locked": "cli/test_in_place.py",
    "output-recovered": "cli/test_in_place.py",
    "stopped": "cli/test_in_place.py",
    "comment-copied": "reinjection/test_setter_comments.py",
    "ejected-by-traces": "reinjection/test_convergence.py",
    "fleet-merge": "fleet/engine/test_merge.py",
    "fleet-report": "fleet/engine/test_run.py",
    "fleet-scheduler": "fleet/engine/test_dask.py",
    "fleet-shard": "fleet/engine/test_shards.py",
    "fleet-stopped": "fleet/engine/test_stopping.py",
    "fleet-worker-lost": "fleet/engine/test_engine.py",
    "fleet-plan-campaign": "fleet/plan/test_campaigns.py",
    "fleet-plan-labels": "fleet/plan/test_labels.py",
    "fleet-plan-mesh": "fleet/plan/test_meshes.py",
    "fleet-plan-revision": "fleet/plan/test_moves.py",
    "fleet-plan-wave": "fleet/plan/test_waves.py",
    "pods-of-controller": "discovery/test_other_kinds.py",
    "snapshot-credentials": "presenting/test_snapshot.py",
    "taken-back-loses": "reinjection/test_convergence.py",
    "verify-unproven": "judging/test_verify.py",
    "webhook-match-conditions": "discovery/test_discover.py",
    # below: no text brings it, a template's function would have to
    "yaml-value": "project/test_hints.py",
}


def test_every_code_has_its_hint_followed() -> None:
    """A new code without an entry fails here."""
    wanted = {*of_page("codes.md"), *of_page("verify.md")}
    information = {code for code in wanted if CODES[code].severities == ("info",)}
    assert wanted - information - HINTS.keys() - ELSEWHERE.keys() == set()
    assert HINTS.keys() - wanted == set() and ELSEWHERE.keys() - wanted == set()
    assert not HINTS.keys() & ELSEWHERE.keys()


@pytest.mark.parametrize("code", ELSEWHERE)
def test_the_module_that_is_named_asks_for_the_code(code: str) -> None:
    assert code in (TESTS / ELSEWHERE[code]).read_text()


def test_a_value_that_yaml_cannot_hold_is_named() -> None:
    with pytest.raises(YamlError, match="a set has no form in YAML") as caught:
        dump({"a": {1}})
    assert caught.value.code == "yaml-value"
    assert dump({"a": [1]}) == "a:\n- 1\n"
