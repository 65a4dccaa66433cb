"""Where pod templates are found."""

from __future__ import annotations

from typing import Any

import pytest

from krm_injector.kube.paths import at
from krm_injector.kube.workloads import POD_TEMPLATES, find, looks_like_pods

POD_SPEC = {"containers": [{"name": "a"}]}


def wrap(path: tuple[str, ...]) -> dict[str, Any]:
    """An object with a pod template at the path."""
    value: dict[str, Any] = {"spec": POD_SPEC}
    for step in reversed(path):
        value = {step: value}
    return value


@pytest.mark.parametrize(("kind", "path"), POD_TEMPLATES.items())
def test_every_known_kind_is_found_at_its_path(
    kind: tuple[str, str], path: tuple[str, ...]
) -> None:
    item = {"apiVersion": kind[0], "kind": kind[1], **wrap(path)}
    assert list(find(item)) == [((), item, path)]
    assert at(item, (*path, "spec")) == POD_SPEC


@pytest.mark.parametrize(
    ("version", "kind", "path"),
    [
        ("v1", "Pod", ()),
        ("apps/v1", "Deployment", ("spec", "template")),
        ("batch/v1", "CronJob", ("spec", "jobTemplate", "spec", "template")),
        ("v1", "PodTemplate", ("template",)),
        ("apps.openshift.io/v1", "DeploymentConfig", ("spec", "template")),
    ],
)
def test_each_kind_has_its_template_at_this_path(
    version: str, kind: str, path: tuple[str, ...]
) -> None:
    assert POD_TEMPLATES[version, kind] == path


def test_lists_are_searched_through() -> None:
    pod = {"apiVersion": "v1", "kind": "Pod", "spec": POD_SPEC}
    service = {"apiVersion": "v1", "kind": "Service", "spec": {}}
    inner = {
        "apiVersion": "v1",
        "kind": "PodList",
        "items": [{"metadata": {"name": "x"}, "spec": POD_SPEC}],
    }
    item = {"apiVersion": "v1", "kind": "List", "items": [service, pod, inner, None]}
    assert [(inside, path) for inside, _, path in find(item)] == [
        (("items", 1), ()),
        (("items", 2, "items", 0), ()),
    ]


@pytest.mark.parametrize(
    "item",
    [
        {"apiVersion": "apps/v1", "kind": "Deployment", "spec": {}},
        {
            "apiVersion": "argoproj.io/v1alpha1",
            "kind": "Rollout",
            "spec": {"workloadRef": {"name": "x"}},
        },
        {"apiVersion": "apps/v2", "kind": "Deployment", **wrap(("spec", "template"))},
        {"apiVersion": 1, "kind": "Pod"},
        {"kind": "Pod", "spec": POD_SPEC},
        "Pod",
        None,
    ],
)
def test_other_objects_are_no_workloads(item: Any) -> None:
    assert list(find(item)) == []


def test_extra_kinds_add_and_override() -> None:
    item = {"apiVersion": "x.io/v1", "kind": "Thing", **wrap(("spec", "pod"))}
    assert list(find(item, [("x.io/v1", "Thing", ("spec", "pod"))])) == [
        ((), item, ("spec", "pod"))
    ]
    assert list(find(item)) == []


@pytest.mark.parametrize(
    "path", [("spec", "template"), ("template",), ("spec", "jobTemplate", "spec", "template")]
)
def test_unknown_kinds_that_look_like_workloads(path: tuple[str, ...]) -> None:
    assert looks_like_pods({"kind": "Thing", **wrap(path)}).templates == [path]


@pytest.mark.parametrize("containers", [[], None, "x", ["x"], {}])
def test_unknown_kinds_that_do_not(containers: Any) -> None:
    assert looks_like_pods({"spec": {"template": {"spec": {"containers": containers}}}}) == ([], [])
