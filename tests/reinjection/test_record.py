"""The record's digests: the same for the same control plane, whatever was asked before."""

from __future__ import annotations

from typing import Any

from krm_injector.model import Mesh, Webhook
from krm_injector.reinjection.record import mesh_digest
from krm_injector.versions import rules_for


def mesh(**fields: Any) -> Mesh:
    made = Mesh(
        revision="default",
        version="1.30.3",
        rules=rules_for((1, 30)),
        source="functionConfig",
        config={"policy": "enabled"},
        values="{}",
        mesh_config="",
        webhooks=(),
        assumed_webhooks=False,
        root_namespace="istio-system",
        native_sidecars=True,
        platform="",
        control_plane_env={},
        proxy_configs=(),
    )
    return made._replace(**fields)


def test_control_planes_of_one_revision_have_their_own_digests() -> None:
    one, other = mesh(), mesh(values='{"global": {}}')
    digests = mesh_digest(one), mesh_digest(other)
    assert digests[0] != digests[1]
    assert (mesh_digest(one), mesh_digest(other)) == digests
    assert mesh_digest(mesh()) == digests[0]


def test_an_integer_and_a_float_are_different_configurations() -> None:
    assert mesh_digest(mesh(config={"a": 1})) != mesh_digest(mesh(config={"a": 1.0}))


def test_the_order_of_keys_and_the_failure_policy_of_a_webhook_change_no_digest() -> None:
    webhook = Webhook("injector", "rev.istio.io", "default", {"a": 1, "b": 2}, None, "/inject")
    same = webhook._replace(namespace_selector={"b": 2, "a": 1}, ignores_failure=True)
    assert mesh_digest(mesh(webhooks=(webhook,))) == mesh_digest(mesh(webhooks=(same,)))


def test_of_proxy_configs_their_order_counts_and_not_their_age() -> None:
    def digest(*created: str | None) -> str:
        configs = tuple(
            {
                "metadata": {"name": name, "namespace": "shop", "creationTimestamp": when},
                "spec": {"concurrency": number},
            }
            for number, (name, when) in enumerate(zip("ab", created, strict=False))
        )
        return mesh_digest(mesh(proxy_configs=configs))

    old, new = "2025-01-01T00:00:00Z", "2026-01-01T00:00:00Z"
    assert digest(old) == digest(None)
    assert digest(old, new) == digest(None, None)  # by name
    assert digest(old, new) != digest(new, old)
