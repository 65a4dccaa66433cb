"""Workloads and Namespaces that no API server could decode: an error for each fault, never a silent
"no workload".
"""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from builders import SHOP

from krm_injector import pipeline
from krm_injector.function_config import Settings
from krm_injector.kube.types import Mismatch
from krm_injector.kube.workloads import POD_TEMPLATES
from krm_injector.model import ResourceRef
from krm_injector.sources import files, manifests
from krm_injector.workload import decodable

POD = {
    "metadata": {"labels": {"app": "web"}, "annotations": {"a": "b"}},
    "spec": {
        "hostNetwork": False,
        "containers": [{"name": "app", "image": "app:1"}],
        "initContainers": [{"name": "first", "image": "first:1"}],
    },
}
# Each field with what it holds: object, list or bool.
FIELDS = {
    "metadata.labels": dict,
    "metadata.annotations": dict,
    "metadata.ownerReferences": list,
    "TEMPLATE": dict,
    "TEMPLATE.metadata": dict,
    "TEMPLATE.metadata.labels": dict,
    "TEMPLATE.metadata.annotations": dict,
    "TEMPLATE.spec": dict,
    "TEMPLATE.spec.containers": list,
    "TEMPLATE.spec.initContainers": list,
    "TEMPLATE.spec.ephemeralContainers": list,
    "TEMPLATE.spec.hostNetwork": bool,
}
VALUES = ["text", "", 5, 0, True, False, [], {}]
KINDS = [
    ("v1", "Pod"),
    ("apps/v1", "Deployment"),
    ("batch/v1", "CronJob"),
    ("argoproj.io/v1alpha1", "Rollout"),
]


def workload(kind: tuple[str, str], pod: Any = None) -> dict[str, Any]:
    value: Any = copy.deepcopy(POD if pod is None else pod)
    for step in reversed(POD_TEMPLATES[kind]):
        value = {step: value}
    value.setdefault("metadata", {})
    value["metadata"] |= {"name": "web", "namespace": "shop"}
    return {"apiVersion": kind[0], "kind": kind[1], **value}


def put(value: Any, path: str, leaf: Any) -> Any:
    value = copy.deepcopy(value)
    *before, last = path.split(".")
    here = value
    for step in before:
        here = here.setdefault(step, {})
    here[last] = leaf
    return value


def outcome(*objects: Any, action: str = "inject", **settings: Any) -> Any:
    sources = [
        files.Source(json.dumps(value).encode(), f"{number}.json")
        for number, value in enumerate(objects)
    ]
    return pipeline.ACTIONS[action](manifests.join(sources).bundle, Settings(**settings))


def errors(*objects: Any, **how: Any) -> list[tuple[str, str]]:
    results = outcome(*objects, **how).results
    return [(result.code, result.field) for result in results if result.severity == "error"]


def place(kind: tuple[str, str], field: str) -> str:
    steps = POD_TEMPLATES[kind]
    return (
        ".".join(filter(None, [*steps, field.removeprefix("TEMPLATE").lstrip(".")]))
        if "TEMPLATE" in field
        else field
    )


# A Pod is its own template, and has no place without metadata.name in a bundle.
PLACES = [(kind, field, place(kind, field)) for kind in KINDS for field in FIELDS]
PLACES = [row for row in PLACES if row[2] not in ("", "metadata")]


@pytest.mark.parametrize(("kind", "field", "path"), PLACES)
def test_a_value_of_another_type_is_an_error_at_its_field(
    kind: tuple[str, str], field: str, path: str
) -> None:
    for action in ("inject", "eject"):
        for value in VALUES:
            found = errors(SHOP, put(workload(kind), path, value), action=action)
            assert found == ([] if type(value) is FIELDS[field] else [("pod-invalid", path)]), (
                action,
                value,
            )


@pytest.mark.parametrize(("kind", "field", "path"), PLACES)
def test_null_is_what_is_absent(kind: tuple[str, str], field: str, path: str) -> None:
    assert errors(SHOP, put(workload(kind), path, None)) == []


@pytest.mark.parametrize("kind", POD_TEMPLATES, ids="/".join)
def test_every_step_to_the_template_counts(kind: tuple[str, str]) -> None:
    steps = POD_TEMPLATES[kind]
    for depth in range(1, len(steps) + 1):
        path = ".".join(steps[:depth])
        assert errors(SHOP, put(workload(kind), path, "text")) == [("pod-invalid", path)]
        assert errors(SHOP, put(workload(kind), path, None)) == []


@pytest.mark.parametrize("part", ["labels", "annotations"])
def test_labels_and_annotations_must_be_strings(part: str) -> None:
    """A list or an object is an error; a number has one reading, and is a warning."""
    path = f"spec.template.metadata.{part}"
    values: list[Any] = [[], {}, ["x"]]
    for value in values:
        given = put(workload(("apps/v1", "Deployment")), path, {"team": value, "a.b/c": value})
        assert errors(SHOP, given) == [
            ("pod-invalid", f"{path}.team"),
            ("pod-invalid", f'{path}["a.b/c"]'),
        ]
    given = put(
        workload(("apps/v1", "Deployment")), path, {"team": 5, "other": True, "third": None}
    )
    results = outcome(SHOP, given).results
    assert [r.code for r in results if r.severity != "info"] == ["metadata-not-string"] * 2


@pytest.mark.parametrize(
    "path",
    [
        "containers",
        "initContainers",
        "volumes",
        "containers.0.env",
        "containers.0.volumeMounts",
        "tolerations",
    ],
)
def test_a_null_among_objects_has_no_name(path: str) -> None:
    given = workload(("apps/v1", "Deployment"))
    container = given["spec"]["template"]["spec"]["containers"][0]
    if path.startswith("containers.0."):
        container[path.rpartition(".")[2]] = [None]
    else:
        given["spec"]["template"]["spec"][path] = [None]
    assert errors(SHOP, given) == [
        ("pod-invalid", f"spec.template.spec.{path.replace('.0', '[0]')}[0]")
    ]


def test_a_null_among_strings_is_an_empty_one() -> None:
    given = workload(("apps/v1", "Deployment"))
    given["spec"]["template"]["spec"]["containers"][0]["args"] = ["a", None]
    assert errors(SHOP, given) == []


def test_all_faults_of_a_workload_at_once_and_others_beside_it() -> None:
    first = put(workload(("apps/v1", "Deployment")), "spec.template.metadata.labels", ["app"])
    first = put(first, "spec.template.spec.containers", {"name": "app"})
    first = put(first, "spec.template.spec.terminationGracePeriodSeconds", "30")
    second = put(workload(("batch/v1", "CronJob")), "spec.jobTemplate.metadata", "text")
    assert [field for _, field in errors(SHOP, first, second)] == [
        "spec.template.metadata.labels",
        "spec.template.spec.containers",
        "spec.template.spec.terminationGracePeriodSeconds",
        "spec.jobTemplate.metadata",
    ]


@pytest.mark.parametrize("value", ["text", 5, True, [], ["x"]])
@pytest.mark.parametrize("part", ["labels", "annotations"])
def test_a_namespace_that_cannot_be_decoded_is_an_error(part: str, value: Any) -> None:
    broken = put(SHOP, f"metadata.{part}", value)
    found = errors(broken, workload(("v1", "Pod")))
    assert ("namespace-invalid", f"metadata.{part}") in found
    # In a List as well.
    listed = {"apiVersion": "v1", "kind": "List", "items": [broken]}
    assert ("namespace-invalid", f"metadata.{part}") in errors(listed, workload(("v1", "Pod")))


@pytest.mark.parametrize(
    "value", ["text", ["x"], 5, None, {"metadata": "text"}, {"spec": {"containers": "text"}}]
)
def test_objects_of_kinds_that_nobody_knows_are_left_alone_in_silence(value: Any) -> None:
    mail = {
        "apiVersion": "example.org/v1",
        "kind": "Mail",
        "metadata": {"name": "m"},
        "spec": {"template": value},
    }
    done = outcome(SHOP, mail)
    assert done.replacements == {} and done.decisions == ()
    assert [result.code for result in done.results if result.code != "mesh"] == []


def test_what_stays_at_home_is_left_alone() -> None:
    local = put(workload(("apps/v1", "Deployment")), "spec.template", "text")
    local["metadata"]["annotations"] = {"config.kubernetes.io/local-config": "true"}
    assert errors(SHOP, local) == []


@pytest.mark.parametrize(
    ("mismatch", "said"),
    [
        (
            Mismatch("spec.template", "v1.PodTemplateSpec", "string", "text"),
            "spec.template: Kubernetes wants an object (v1.PodTemplateSpec) here, not string "
            "'text'; write its fields there (name: value), or leave the field out",
        ),
        (
            Mismatch("spec.containers", "[]v1.Container", "object", {"name": "a"}),
            "spec.containers: Kubernetes wants a list ([]v1.Container) here, not object; "
            "put a dash before it, or leave the field out",
        ),
        (
            Mismatch("spec.args[0]", "string", "number 5", 5),
            "spec.args[0]: Kubernetes wants string here, not number 5; write it in quotes",
        ),
        (
            Mismatch("spec.hostNetwork", "bool", "string", "true"),
            (
                "spec.hostNetwork: Kubernetes wants bool here, not string 'true'; write it without "
                "quotes"
            ),
        ),
    ],
)
def test_the_message_says_what_to_do(mismatch: Mismatch, said: str) -> None:
    result = decodable.mistyped(ResourceRef("v1", "Pod", "web", "shop"), mismatch)
    assert (result.severity, result.message, result.field) == ("error", said, mismatch.path)


@pytest.mark.parametrize(
    ("expected", "value", "proposed"),
    [
        ("int32", "80", 80),
        ("int32", "-1", -1),
        ("bool", "true", True),
        ("bool", "false", False),
        ("string", True, "true"),
        ("*string", False, "false"),
        ("string", 8, None),  # it may have been written as 010
        ("int32", "http", None),
        ("int32", "010", None),
        ("int32", "--1", None),
        ("int64", "9" * 5000, None),
        ("bool", "yes", None),
        ("[]v1.Container", {}, None),
    ],
)
def test_a_value_is_proposed_where_it_is_sure(expected: str, value: Any, proposed: Any) -> None:
    mismatch = Mismatch("spec.x", expected, "", value)
    result = decodable.mistyped(ResourceRef("v1", "Pod", "web", "shop"), mismatch)
    assert (result.proposed, type(result.proposed)) == (proposed, type(proposed))
