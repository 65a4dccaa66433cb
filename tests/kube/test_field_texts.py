"""The fields that results name, in the forms in which the stages write them."""

from __future__ import annotations

from typing import Any

import pytest

from krm_injector.kube.field_texts import existing

OBJECT: dict[str, Any] = {
    "metadata": {
        "labels": {"istio.io/rev": "v1", "app": "web", "a.b": "1", "a": {"b": "2"}},
        "annotations": None,
    },
    "spec": {
        "containers": [{"name": "web", "args": ["-x", "-y"]}, {"name": "7", "image": "a"}],
        "ports": [{"name": "http", "containerPort": 80}],
        "hard": {"requests.cpu": "1"},
    },
}
CONTAINERS = ("spec", "containers")
LABELS = ("metadata", "labels")


@pytest.mark.parametrize(
    ("field", "steps", "absent"),
    [
        ("", (), ()),
        ("spec.containers", CONTAINERS, ()),
        ('metadata.labels["istio.io/rev"]', (*LABELS, "istio.io/rev"), ()),
        ("metadata.labels[istio.io/rev]", (*LABELS, "istio.io/rev"), ()),
        ("metadata.labels.istio.io/rev", (*LABELS, "istio.io/rev"), ()),
        ("metadata.labels.a.b", (*LABELS, "a.b"), ()),  # the longest key that is there
        ("spec.containers[0].args[1]", (*CONTAINERS, 0, "args", 1), ()),
        ("spec.containers[web].args", (*CONTAINERS, 0, "args"), ()),
        ("spec.containers[7].image", (*CONTAINERS, 1, "image"), ()),  # a name before a number
        ("spec.ports[80].name", ("spec", "ports", 0, "name"), ()),
        ("spec.containers[].args", (*CONTAINERS, 0, "args"), ()),
        ("spec.containers[*]", (*CONTAINERS, 0), ()),
        ("spec.containers (order)", CONTAINERS, ()),
        ('spec.hard["requests.cpu"]', ("spec", "hard", "requests.cpu"), ()),
        ("spec.containers[9].image", CONTAINERS, (9, "image")),
        ("spec.containers[istio-proxy]", CONTAINERS, ("istio-proxy",)),
        ("metadata.annotations[a.b/c]", ("metadata", "annotations"), ("a.b/c",)),
        ("metadata.annotations.a.b/c", ("metadata", "annotations"), ("a.b/c",)),
        ('metadata.labels["x.y"]', LABELS, ("x.y",)),
        ("spec.template.metadata.labels.x.y", ("spec",), ("template", "metadata", "labels", "x.y")),
        ("specimen", (), ("specimen",)),  # spec is not its beginning
        ("spec.containers[web", CONTAINERS, ("web",)),
    ],
)
def test_the_object_says_where_a_step_ends(
    field: str, steps: tuple[str | int, ...], absent: tuple[str | int, ...]
) -> None:
    assert existing(OBJECT, field) == (steps, absent)


@pytest.mark.parametrize("value", [None, [], "text", 3])
def test_what_has_no_fields_leads_nowhere(value: Any) -> None:
    assert existing(value, "spec.x") == ((), ("spec", "x"))
