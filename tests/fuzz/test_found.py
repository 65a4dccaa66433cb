"""What fuzzing found, each as a test of its own."""

from __future__ import annotations

import json

from builders import SHOP, workload
from fuzz.targets import run

from krm_injector.kube import yaml


def _list(item: object, **spec: object) -> bytes:
    function_config = {
        "apiVersion": "krm-injector.dev/v1alpha1",
        "kind": "SidecarInjection",
        "spec": spec,
    }
    root = {
        "apiVersion": "config.kubernetes.io/v1",
        "kind": "ResourceList",
        "functionConfig": function_config,
        "items": [SHOP, item],
    }
    return json.dumps(root).encode()


def test_a_block_ends_where_a_lone_carriage_return_ends_its_line() -> None:
    (first, _) = yaml.load_all("a:\rb:\r---\nc: 1\n")
    assert first.place.end == len("a:\rb:\r")


def test_a_guarded_pod_with_an_empty_map_of_annotations_is_injected_once() -> None:
    pod = workload(
        "Pod", {"metadata": {"annotations": {}}, "spec": {"containers": [{"name": "a"}]}}
    )
    answer, text = run(_list(pod, guard="label"))
    assert answer.code == 0
    assert run(text.encode())[1] == text


def test_an_empty_list_of_a_bare_pod_stays_at_the_second_injection() -> None:
    spec = {"containers": [{"name": "a"}], "imagePullSecrets": []}
    answer, text = run(_list(workload("Pod", {"spec": spec})))
    assert answer.code == 0
    assert "imagePullSecrets" in text
    assert run(text.encode())[1] == text
