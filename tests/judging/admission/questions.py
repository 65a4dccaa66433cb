"""Expressions and policies, and the pod that they ask about; tools/admission_oracle answers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

Object = dict[str, Any]

PROXY = "docker.io/istio/proxyv2:1.30.3"
URL = "https://user@example.com:8443/a%2Fb/c?x=1&x=2&y=a%20b#frag"
POD: Object = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {
        "name": "web",
        "namespace": "shop",
        "labels": {"app": "web", "tier": "front-end"},
        "annotations": {"example.com/owner": "team@example.com", "example.com/url": URL},
    },
    "spec": {
        "serviceAccountName": "web",
        "hostNetwork": False,
        "securityContext": {},
        "nodeSelector": {"zone": "a"},
        "initContainers": [
            {
                "name": "istio-init",
                "image": PROXY,
                "securityContext": {
                    "capabilities": {"add": ["NET_ADMIN", "NET_RAW"], "drop": ["ALL"]},
                    "runAsUser": 0,
                },
            }
        ],
        "containers": [
            {
                "name": "web",
                "image": "example.com/shop/web:1.2.3",
                "ports": [{"containerPort": 8080, "name": "http"}],
                "resources": {
                    "requests": {"cpu": "100m", "memory": "128Mi"},
                    "limits": {"memory": "1Gi"},
                },
                "env": [{"name": "A", "value": "1"}],
                "securityContext": {"runAsNonRoot": True, "allowPrivilegeEscalation": False},
            },
            {
                "name": "istio-proxy",
                "image": PROXY,
                "args": ["proxy", "sidecar"],
                "resources": {"requests": {"cpu": "10m"}},
            },
        ],
        "volumes": [
            {"name": "data", "emptyDir": {}},
            {"name": "cfg", "configMap": {"name": "cfg"}},
        ],
    },
}
NAMESPACE_LABELS = {"env": "prod", "kubernetes.io/metadata.name": "shop"}
PARAMS: Object = {
    "apiVersion": "rules.example.com/v1",
    "kind": "Limits",
    "metadata": {"name": "limits"},
    "spec": {"registries": ["example.com/", "docker.io/istio/"], "most": 2},
}

# One a line; each is a validation of its own policy.
EXPRESSIONS = (Path(__file__).parent / "expressions.txt").read_text().splitlines()

PARAM_KIND = {"apiVersion": "rules.example.com/v1", "kind": "Limits"}
IMAGES = "object.spec.containers + object.spec.?initContainers.orValue([])"
# Whole policies: the spec without matchConstraints.
POLICIES: list[Object] = [
    {
        "paramKind": PARAM_KIND,
        "variables": [
            {"name": "all", "expression": IMAGES},
            {
                "name": "bad",
                "expression": "variables.all.filter(c, !params.spec.registries.exists(r, "
                "c.image.startsWith(r))).map(c, c.image)",
            },
        ],
        "validations": [
            {"expression": "variables.bad.size() == 0"},
            {
                "expression": "variables.all.size() <= params.spec.most",
                "messageExpression": "'%d containers, at most %d'.format([variables.all.size(), "
                "params.spec.most])",
            },
        ],
    },
    {
        "variables": [
            {"name": "broken", "expression": "object.spec.nope.deeper"},
            {"name": "unused", "expression": "1 / 0"},
            {"name": "fine", "expression": "object.metadata.name"},
        ],
        "validations": [
            {"expression": "variables.fine == 'web'"},
            {"expression": "variables.fine == 'web' || variables.broken == 'x'"},
            {"expression": "variables.fine == 'x' && variables.broken == 'x'"},
            {"expression": "variables.broken == 'x'"},
        ],
    },
    {
        "failurePolicy": "Ignore",
        "validations": [
            {"expression": "object.spec.nope == 1"},
            {"expression": "false", "message": "  refused anyhow  "},
        ],
    },
    {
        "matchConditions": [
            {"name": "in-shop", "expression": "request.namespace == 'shop'"},
            {"name": "labelled", "expression": "'nope' in object.metadata.labels"},
        ],
        "validations": [{"expression": "false"}],
    },
    {
        "matchConditions": [
            {"name": "broken", "expression": "object.nope == 1"},
            {"name": "no", "expression": "false"},
        ],
        "validations": [{"expression": "false"}],
    },
    {
        "matchConditions": [{"name": "broken", "expression": "object.nope == 1"}],
        "validations": [{"expression": "true"}],
    },
    {
        "failurePolicy": "Ignore",
        "matchConditions": [{"name": "broken", "expression": "object.nope == 1"}],
        "validations": [{"expression": "false"}],
    },
    {
        "matchConditions": [{"name": "yes", "expression": "has(object.spec.containers)"}],
        "validations": [{"expression": "false", "messageExpression": "object.nope"}],
    },
    {
        "validations": [
            {"expression": "false", "messageExpression": "'two\\nlines'", "message": "one line"},
            {"expression": "false", "messageExpression": "'  '", "message": " stated "},
            {"expression": "false", "messageExpression": "'a' + 'b'", "message": "not this"},
            {"expression": " object.kind   ==\n 'Nope' "},
        ]
    },
    {
        "variables": [
            {"name": "env", "expression": "namespaceObject.metadata.labels[?'env'].orValue('')"},
            {"name": "is_prod", "expression": "variables.env == 'prod'"},
        ],
        "validations": [
            {
                "expression": "!variables.is_prod || object.spec.containers.all(c, "
                "has(c.resources.limits) && 'memory' in c.resources.limits)",
                "message": "state a memory limit",
            },
        ],
    },
    {
        "paramKind": PARAM_KIND,
        "validations": [
            {"expression": "params != null"},
            {"expression": "has(params.spec.most) && params.spec.most > 2"},
            {"expression": "params.spec.nope > 1"},
        ],
    },
    {
        "auditAnnotations": [{"key": "owner", "valueExpression": "'of ' + string(object.nope)"}],
        "validations": [{"expression": "true"}],
    },
    {
        "auditAnnotations": [
            {"key": "owner", "valueExpression": "'of ' + string(object.metadata.name)"}
        ],
        "validations": [{"expression": "true"}],
    },
    {
        "variables": [{"name": "allowed", "expression": "['runtime/default', 'docker/default']"}],
        "validations": [
            {"expression": "oldObject == null || object.spec == oldObject.spec"},
            {
                "expression": "object.metadata.annotations.all(k, !k.startsWith('seccomp') || "
                "object.metadata.annotations[k] in variables.allowed)"
            },
            {
                "expression": "object.spec.containers.all(c, !has(c.securityContext) || "
                "!has(c.securityContext.privileged) || !c.securityContext.privileged)"
            },
            {
                "expression": "object.spec.initContainers.all(c, "
                "!has(c.securityContext.capabilities.add) || "
                "c.securityContext.capabilities.add.all(a, a == 'NET_BIND_SERVICE'))",
                "messageExpression": "'capabilities of ' + object.spec.initContainers"
                ".map(c, c.name).join(', ')",
            },
        ],
    },
]
