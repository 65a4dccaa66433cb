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


def _rewritten(text: str, new: object) -> str:
    (document,) = yaml.load_all(text)
    return yaml.rewrite(text, document.place, document.value, new)


def test_a_comment_right_behind_a_collection_stays_a_comment() -> None:
    text = _rewritten("labels: {}# c\na: 1\n", {"labels": {"b": "x"}, "a": 1})
    assert text == "labels: # c\n  b: x\na: 1\n"


def test_a_deep_comment_is_no_part_of_the_block_scalar_above_it() -> None:
    new = {"a": "two\nlines"}
    text = _rewritten("a: one\n\n  # c\n", new)
    assert yaml.load(text) == new
    assert "# c" in text
