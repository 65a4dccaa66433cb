"""What pods ask for, and the sums of it that injection adds."""

from __future__ import annotations

import json
import random
from typing import Any

import jsonschema
import pytest
from builders import namespace, workload
from command import krm_text
from judging.advice_cases import NS, asks, deployment, limits, scaler
from paths import ROOT

from krm_injector.judging.advice import amounts
from krm_injector.judging.advice.requests import Added, Requests, Sum, in_all
from krm_injector.kube.yaml import dump
from krm_injector.model import Object

GIVEN = amounts.Defaults({"cpu": 10**7}, {"cpu": 10**8})


def quantities(numbers: random.Random) -> Object:
    """The resources of a container, with something odd now and then."""
    found: dict[str, Any] = {}
    for part in ("requests", "limits"):
        choices: dict[str, list[Any]] = {"cpu": ["100m", "1", 1, 0.5, "x"], "memory": ["1Gi", 1024]}
        stated = {
            key: numbers.choice(values) for key, values in choices.items() if numbers.random() < 0.6
        }
        if stated and numbers.random() < 0.8:
            found[part] = stated
    return found


def pod(numbers: random.Random) -> Object:
    def container(name: str) -> Object:
        own = {"resources": quantities(numbers)} if numbers.random() < 0.8 else {}
        return {"name": name, **own}

    init = [container(f"init-{number}") for number in range(numbers.randrange(4))]
    for each in init:
        if numbers.random() < 0.5:
            each["restartPolicy"] = "Always"
    spec: Object = {"initContainers": init} if init else {}
    if numbers.random() < 0.2:
        spec["resources"] = quantities(numbers)
    if numbers.random() < 0.2:
        spec["overhead"] = {"cpu": "5m"}
    return {**spec, "containers": [container(f"app-{n}") for n in range(numbers.randrange(1, 4))]}


def test_the_two_resources_at_once_are_what_they_are_alone() -> None:
    numbers = random.Random(19)
    for _ in range(3000):
        spec = pod(numbers)
        for defaults in (amounts.NO_DEFAULTS, GIVEN):
            cpu = amounts.pod_amount(spec, "requests", "cpu", defaults)
            memory = amounts.pod_amount(spec, "requests", "memory", defaults)
            assert amounts.pod_requests(spec, defaults) == (cpu, memory), spec


def test_a_pod_with_resources_of_its_own() -> None:
    spec: Object = {"containers": [asks("1")], "resources": {"limits": {"cpu": "3"}}}
    # The API server takes the containers' requests, if there are any, and else the pod's limit.
    assert amounts.pod_amount(spec, "requests", "cpu") == 10**9
    assert amounts.pod_amount(spec, "limits", "cpu") == 3 * 10**9
    spec["containers"] = [{}]
    assert amounts.pod_amount(spec, "requests", "cpu") == 3 * 10**9
    spec["resources"]["requests"] = {"cpu": "2", "ephemeral-storage": "1Gi"}
    assert amounts.pod_amount(spec, "requests", "cpu") == 2 * 10**9
    assert amounts.pod_amount(spec, "requests", "ephemeral-storage") == 0, "no resource of pods"


@pytest.mark.parametrize(
    ("billionths", "resource", "short"),
    [
        (157_500_000, "cpu", "158m"),
        (1_999_999_999, "cpu", "2"),
        (93_952_410 * 10**9, "memory", "90Mi"),
        (1000 * 10**9, "memory", "1000"),
    ],
)
def test_amounts_that_were_calculated(billionths: int, resource: str, short: str) -> None:
    assert amounts.rounded(billionths, resource) == short


def test_the_defaults_of_several_limit_ranges() -> None:
    first = limits("Container", default={"cpu": "1"}, min={"memory": "1Mi"}, max={"memory": "2Mi"})
    second = limits("Container", defaultRequest={"cpu": "2", "memory": "x"}, default={"cpu": "3"})
    found = amounts.limit_defaults([first, second, limits("Pod", max={"cpu": "1m"})])
    mebibyte = 2**20 * 10**9
    assert found.limits == {"cpu": 10**9, "memory": 2 * mebibyte}
    assert found.requests == {"cpu": 10**9, "memory": 2 * mebibyte}


# ---------------------------------------------------------------- sums


def test_sums_add_up() -> None:
    small, large = Sum(1, 1, 10, 15, 2, 3), Sum(2, 0, 5, 5, 1, 1)
    assert small.added == Added(1, 5, 1) and large.added == Added()
    twice = Sum(2, 2, 20, 30, 4, 6)
    total = in_all({"a": Requests(small, twice), "b": Requests(large, large, 1)})
    assert total == Requests(Sum(3, 1, 15, 20, 3, 4), Sum(4, 2, 25, 35, 5, 7), 1)
    assert in_all({}) == Requests()


OPS = namespace("ops", injection="enabled")
BUNDLE = [
    NS,
    OPS,
    scaler(),  # 2 to 4 pods of shop/web
    deployment(container=asks("1", memory="1Gi")),
    deployment(name="tool", namespace="ops"),  # 2 replicas
    workload("DaemonSet", name="agent"),
    {**deployment(name="out", labels={"sidecar.istio.io/inject": "false"})},
]


def explained(form: str, *objects: Object) -> str:
    given = "---\n".join(map(dump, objects))
    done = krm_text("explain", "-o", form, stdin=given)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_totals_of_the_table() -> None:
    text = explained("table", *BUNDLE)
    assert (
        "Injection adds requests of 400m CPU and 512Mi memory to 4 pods, with autoscalers at the "
        "most 600m CPU and 768Mi memory to 6 pods. Pods of DaemonSets, one a node, are not "
        "counted.\n"
        "Injected by Namespace: shop 2 of 3, ops 1 of 1.\n"
        "Added by Namespace: ops 200m and 256Mi, shop 200m and 256Mi.\n"
    ) in text
    assert "Injection adds" in explained("markdown", *BUNDLE)
    one = explained("table", NS, deployment())
    assert "adds requests of 200m CPU and 256Mi memory to 2 pods.\n" in one
    assert "Added by Namespace" not in one
    assert "adds" not in explained("table", deployment(namespace="ops"), namespace("ops"))


@pytest.mark.parametrize(
    ("spec", "pods"),
    [
        ({}, 1),
        ({"parallelism": 3}, 3),
        ({"parallelism": 3, "completions": 2}, 2),
        ({"parallelism": 2, "completions": 5}, 2),
    ],
)
def test_a_job_has_no_more_pods_than_are_left_to_complete(spec: Object, pods: int) -> None:
    for kind in ("Job", "CronJob"):
        value = workload(kind)
        job = value["spec"] if kind == "Job" else value["spec"]["jobTemplate"]["spec"]
        job.update(spec)
        assert json.loads(explained("json", NS, value))["requests"]["pods"] == pods


def test_the_sums_in_json() -> None:
    answer = json.loads(explained("json", *BUNDLE))
    schema = json.loads((ROOT / "docs" / "explain.schema.json").read_text())
    jsonschema.validate(answer, schema)
    of_ops = {"pods": 2, "cpu": "200m", "memory": "256Mi"}
    assert answer["requests"] == {
        "pods": 4,
        "cpu": "400m",
        "memory": "512Mi",
        "most": {"pods": 6, "cpu": "600m", "memory": "768Mi"},
        "namespaces": {
            "ops": of_ops,
            "shop": {**of_ops, "most": {"pods": 4, "cpu": "400m", "memory": "512Mi"}},
        },
    }
    nothing = {"pods": 0, "cpu": "0", "memory": "0", "namespaces": {}}
    assert json.loads(explained("json", NS))["requests"] == nothing


def test_the_sums_of_the_report() -> None:
    page = explained("html", *BUNDLE)
    assert (
        "With autoscalers at the most: 8 pods, 4600m CPU and 4864Mi memory, of which injection "
        "adds 600m and 768Mi."
    ) in page
    assert "Pods of DaemonSets, one a node, are not counted." in page
    assert "autoscalers at the most" not in explained("html", NS, deployment())
