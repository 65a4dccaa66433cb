"""For every finding about labels a bundle that has it, and one that just does not have it."""

from __future__ import annotations

from typing import Any

from bundles import generate

MODE = "istio.io/dataplane-mode"
Object = dict[str, Any]


def web(**more: Any) -> Object:
    return generate.workload("Deployment", "shop/web", **more)


def shop(**labels: str) -> Object:
    return generate.namespace("shop", **labels)


HOOKS = generate.webhooks("1-30-3")
TAG = generate.webhooks("1-30-3", "stable")
EVERYTHING = {**TAG["webhooks"][0], "namespaceSelector": {}, "objectSelector": {}}

CASES: list[tuple[str, list[Object], list[Object]]] = [
    (
        "namespace-both-labels",
        [shop(injection="enabled", rev="default"), web()],
        [shop(injection="enabled"), web()],
    ),
    (
        "injection-label-value",
        [shop(injection="Enabled"), web()],
        [shop(injection="enabled"), web()],
    ),
    ("injection-label-value", [shop(injection="true"), web()], [shop(injection="disabled"), web()]),
    (
        "injection-label-value",
        [HOOKS, shop(injection="enabled"), web()],
        [shop(injection="enabled"), web()],
    ),
    ("revision-unserved", [shop(rev="1-22"), web()], [shop(rev="default"), web()]),
    (
        "revision-unserved",
        [HOOKS, shop(rev="stable"), web()],
        [HOOKS, TAG, shop(rev="stable"), web()],
    ),
    (
        "revision-unserved",
        [shop(), web(labels={"istio.io/rev": "1-22"})],
        [shop(), web(labels={"istio.io/rev": "default"})],
    ),
    (
        "ambient-and-sidecar",
        [shop(mode="ambient", injection="enabled"), web()],
        [shop(mode="ambient"), web()],
    ),
    (
        "ambient-and-sidecar",
        [shop(injection="enabled"), web(labels={MODE: "ambient"})],
        [shop(injection="enabled"), web(labels={MODE: "none"})],
    ),
    ("ambient", [shop(mode="ambient"), web()], [shop(mode="none"), web()]),
    (
        "webhook-overlap",
        [HOOKS, {**TAG, "webhooks": [EVERYTHING]}, shop(rev="1-30-3"), web()],
        [HOOKS, TAG, shop(rev="1-30-3"), web()],
    ),
    (
        "workload-duplicate",
        [shop(), web(), web()],
        [shop(), web(), generate.workload("StatefulSet", "shop/web")],
    ),
    (
        "double-injection",
        [
            HOOKS,
            {**generate.webhooks("other"), "webhooks": HOOKS["webhooks"]},
            shop(rev="1-30-3"),
            web(),
        ],
        [HOOKS, generate.webhooks("other"), shop(rev="1-30-3"), web()],
    ),
]
