"""The objects of a bundle one by one, and which of them no cluster sees."""

from __future__ import annotations

import pytest

from krm_injector.istio_names import LOCAL_CONFIG
from krm_injector.sources.resource_list import read_manifests
from krm_injector.sources.resource_list.members import (
    is_local,
    not_applied,
    ref_of,
    walk,
    with_type,
)

LISTS = b"""\
apiVersion: v1
kind: ConfigMap
metadata: {name: a}
---
apiVersion: apps/v1
kind: DeploymentList
items:
- metadata: {name: b, namespace: shop}
- apiVersion: v1
  kind: List
  items:
  - {apiVersion: v1, kind: Pod, metadata: {generateName: c-}}
"""


def test_members_of_lists_stand_for_their_lists() -> None:
    members = list(walk(read_manifests(LISTS)))
    assert [(member.item, member.inside, member.kind) for member in members] == [
        (0, (), "ConfigMap"),
        (1, ("items", 0), "Deployment"),
        (1, ("items", 1, "items", 0), "Pod"),
    ]
    assert with_type(members[1]) == {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "b", "namespace": "shop"},
    }
    assert [str(ref_of(member, "default")) for member in members] == [
        "ConfigMap default/a",
        "Deployment shop/b",
        "Pod default/c-",
    ]


def test_what_no_cluster_sees_is_counted_by_its_index() -> None:
    local = {"metadata": {"annotations": {LOCAL_CONFIG: "true"}}}
    config = {"apiVersion": "krm-injector.dev/v1alpha1", "kind": "SidecarInjection"}
    assert not_applied([{"kind": "Pod"}, local, None, config]) == {1, 3}


@pytest.mark.parametrize(
    ("annotations", "local"),
    [
        ({}, False),
        ({LOCAL_CONFIG: "true"}, True),
        ({LOCAL_CONFIG: ""}, True),
        ({LOCAL_CONFIG: "no"}, True),
        ({LOCAL_CONFIG: "false"}, False),
    ],
)
def test_local_config_is_read_as_kustomize_reads_it(
    annotations: dict[str, str], local: bool
) -> None:
    """kustomize v5.8.1 leaves out what carries the annotation with any value but "false"."""
    assert is_local({"metadata": {"annotations": annotations}}) is local
