"""Owners: what Istio reads off the pod a controller would create.

The expectations of the automatic method for 1.30 are what the real 1.30.3 webhook writes into
ISTIO_META_OWNER and ISTIO_META_WORKLOAD_NAME; test_owners_are_those_of_the_real_webhook asks it
again where it is at hand.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import builders
import pytest
import yaml
from builders import pod_template
from outside import ask_webhook, needs, webhook_oracle
from paths import DEFAULT_INSTALLATION

from krm_injector.kube.selectors import UNKNOWN
from krm_injector.kube.workloads import POD_TEMPLATES
from krm_injector.model import Object, ResourceRef, Workload
from krm_injector.versions import rules_for
from krm_injector.workload.controller import Owner, owner_of, pod_labels

NOW = rules_for((1, 30))
ROLLOUT = "rollouts-pod-template-hash"
CONTROLLED = {
    "generateName": "p-",
    "ownerReferences": [
        {
            "apiVersion": "apps/v1",
            "kind": "ReplicaSet",
            "name": "p-h",
            "uid": "1",
            "controller": True,
        }
    ],
}
UNCONTROLLED = {
    "generateName": "p-",
    "ownerReferences": [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "p-h"}],
}


def workload(
    api_version: str,
    kind: str,
    name: str,
    labels: dict[str, str] | None = None,
    more: Object | None = None,
) -> Workload:
    template = pod_template({"name": "a"}, labels={"app": "x", **(labels or {})})
    fields = {"name": name, **(more or {})}
    value = builders.workload(kind, template, api_version=api_version, **fields)
    path = POD_TEMPLATES.get((api_version, kind), ("spec", "template"))
    return Workload(0, (), ResourceRef(api_version, kind, name, "shop"), value, path)


W = workload
AUTOMATIC: list[tuple[str, Workload, str, str, str]] = [
    ("Deployment", W("apps/v1", "Deployment", "web"), "web", "apps/v1", "Deployment"),
    ("Deployment of old", W("extensions/v1beta1", "Deployment", "web"), "web", "apps/v1",
     "Deployment"),
    ("Deployment like a Job", W("apps/v1", "Deployment", "a-0123456789"), "a-0123456789", "apps/v1",
     "Deployment"),
    ("Deployment with a rollout's label", W("apps/v1", "Deployment", "web", {ROLLOUT: "0"}), "web",
     "apps/v1",
     "Deployment"),
    ("ReplicaSet", W("apps/v1", "ReplicaSet", "web"), "web", "apps/v1", "ReplicaSet"),
    ("ReplicaSet with hash", W("apps/v1", "ReplicaSet", "web-abc", {"pod-template-hash": "abc"}),
     "web", "apps/v1",
     "Deployment"),
    ("ReplicaSet named as its hash", W("apps/v1", "ReplicaSet", "abc",
                                       {"pod-template-hash": "abc"}), "abc", "apps/v1",
     "Deployment"),
    ("ReplicaSet with a hash unfit", W("apps/v1", "ReplicaSet", "web-abc",
                                       {"pod-template-hash": "xyz"}), "web-abc",
     "apps/v1", "ReplicaSet"),
    ("ReplicaSet of a rollout", W("apps/v1", "ReplicaSet", "web-abc", {ROLLOUT: "abc"}), "web",
     "v1alpha1", "Rollout"),
    ("StatefulSet", W("apps/v1", "StatefulSet", "db"), "db", "apps/v1", "StatefulSet"),
    ("DaemonSet", W("apps/v1", "DaemonSet", "ds"), "ds", "apps/v1", "DaemonSet"),
    ("Job", W("batch/v1", "Job", "load"), "load", "batch/v1", "Job"),
    ("Job, 7 digits", W("batch/v1", "Job", "load-1234567"), "load-1234567", "batch/v1", "Job"),
    ("Job, 8 digits", W("batch/v1", "Job", "load-12345678"), "load", "batch/v1", "CronJob"),
    ("Job, 10 digits", W("batch/v1", "Job", "load-1234567890"), "load", "batch/v1", "CronJob"),
    ("Job, 11 digits", W("batch/v1", "Job", "load-12345678901"), "load-12345678901", "batch/v1",
     "Job"),
    ("CronJob", W("batch/v1", "CronJob", "tick"), "tick", "batch/v1", "CronJob"),
    ("CronJob named as a Job", W("batch/v1", "CronJob", "tick-12345678"), "tick-12345678",
     "batch/v1", "CronJob"),
    ("ReplicationController", W("v1", "ReplicationController", "rc"), "rc", "v1",
     "ReplicationController"),
    ("RC of a DeploymentConfig", W("v1", "ReplicationController", "rc-1",
                                   {"deploymentconfig": "dc"}), "dc",
     "v1", "DeploymentConfig"),
    ("Pod", W("v1", "Pod", "p"), "p", "v1", "Pod"),
    ("Pod of a ReplicaSet", W("v1", "Pod", "p", {"pod-template-hash": "h"}, CONTROLLED), "p",
     "apps/v1", "Deployment"),
    ("Pod with an owner that is no controller", W("v1", "Pod", "p", {}, UNCONTROLLED), "p", "v1",
     "Pod"),
]  # fmt: skip
# Kinds that the real webhook's stand-in for a cluster does not know or simplifies.
CLUSTER_ONLY: list[tuple[str, Workload, str, str, str]] = [
    (
        "Pod with a generated name",
        W("v1", "Pod", "", {}, {"generateName": "p-", "name": ""}),
        "",
        "v1",
        "Pod",
    ),
    (
        "DeploymentConfig",
        W("apps.openshift.io/v1", "DeploymentConfig", "dc"),
        "dc",
        "v1",
        "DeploymentConfig",
    ),
    ("Rollout", W("argoproj.io/v1alpha1", "Rollout", "ro"), "ro", "v1alpha1", "Rollout"),
    ("a kind of somebody's own", W("x.io/v1", "Clone", "c"), "c", "x.io/v1", "Clone"),
]


@pytest.mark.parametrize(
    ("given", "name", "api_version", "kind"),
    [case[1:] for case in (*AUTOMATIC, *CLUSTER_ONLY)],
    ids=[case[0] for case in (*AUTOMATIC, *CLUSTER_ONLY)],
)
def test_owners_of_the_webhook(given: Workload, name: str, api_version: str, kind: str) -> None:
    assert owner_of(given, NOW, manual=False) == Owner(name, "shop", api_version, kind)


def test_what_changed_in_1_22() -> None:
    old = rules_for((1, 21))
    cron = workload("batch/v1", "CronJob", "tick")
    rollout = workload("argoproj.io/v1alpha1", "Rollout", "ro")
    assert owner_of(cron, old, manual=False).api_version == "batch/v1beta1"
    assert owner_of(rollout, old, manual=False) == Owner("ro", "shop", "apps/v1", "ReplicaSet")
    assert owner_of(cron, rules_for((1, 22)), manual=False).api_version == "batch/v1"
    assert owner_of(rollout, rules_for((1, 22)), manual=False).kind == "Rollout"


def test_manual_takes_the_workload_as_written() -> None:
    for kind, api_version in (
        ("Deployment", "extensions/v1beta1"),
        ("CronJob", "batch/v1beta1"),
        ("Job", "batch/v1"),
    ):
        given = workload(api_version, kind, "x-12345678")
        assert owner_of(given, NOW, manual=True) == Owner("x-12345678", "shop", api_version, kind)


def test_manual_reads_a_pods_owner_since_1_21() -> None:
    pod = workload("v1", "Pod", "p", {"pod-template-hash": "h"}, CONTROLLED)
    assert owner_of(pod, rules_for((1, 20)), manual=True) == Owner("p", "shop", "v1", "Pod")
    assert owner_of(pod, rules_for((1, 21)), manual=True) == Owner(
        "p", "shop", "apps/v1", "Deployment"
    )


def test_labels_that_controllers_add() -> None:
    assert pod_labels(workload("batch/v1", "Job", "load"))["job-name"] == "load"
    assert "job-name" in pod_labels(workload("batch/v1", "CronJob", "tick"))
    assert "pod-template-hash" in pod_labels(workload("apps/v1", "Deployment", "web"))
    assert pod_labels(workload("v1", "Pod", "p")) == {"app": "x"}


JOB = (
    "batch.kubernetes.io/controller-uid",
    "batch.kubernetes.io/job-name",
    "controller-uid",
    "job-name",
)
INDEX = "batch.kubernetes.io/job-completion-index"


@pytest.mark.parametrize(
    ("api_version", "kind", "spec", "expected"),
    [
        ("apps/v1", "Deployment", {}, ("pod-template-hash",)),
        ("apps/v1", "ReplicaSet", {}, ()),
        ("v1", "ReplicationController", {}, ()),
        ("apps/v1", "DaemonSet", {}, ("controller-revision-hash", "pod-template-generation")),
        (
            "apps/v1",
            "StatefulSet",
            {},
            (
                "apps.kubernetes.io/pod-index",
                "controller-revision-hash",
                "statefulset.kubernetes.io/pod-name",
            ),
        ),
        ("batch/v1", "Job", {}, JOB),
        ("batch/v1", "Job", {"completionMode": "NonIndexed"}, JOB),
        ("batch/v1", "Job", {"completionMode": "Indexed", "completions": 3}, (*JOB, INDEX)),
        ("batch/v1", "Job", {"manualSelector": True}, ()),
        ("batch/v1", "Job", {"manualSelector": True, "completionMode": "Indexed"}, (INDEX,)),
        (
            "batch/v1",
            "CronJob",
            {"jobTemplate": {"spec": {"completionMode": "Indexed"}}},
            (*JOB, INDEX),
        ),
    ],
)
def test_all_labels_that_a_controller_always_sets(
    api_version: str, kind: str, spec: Object, expected: tuple[str, ...]
) -> None:
    given = workload(api_version, kind, "w")
    for key, value in spec.items():
        if key == "jobTemplate":
            given.object["spec"].setdefault(key, {}).setdefault("spec", {}).update(value["spec"])
        else:
            given.object["spec"][key] = value

    added = {key: value for key, value in pod_labels(given).items() if key != "app"}

    assert sorted(added) == sorted(expected)
    known = {key: value for key, value in added.items() if value != UNKNOWN}
    assert known == (
        {key: "w" for key in JOB if key.endswith("job-name")}
        if kind == "Job" and JOB[0] in added
        else {}
    )


def test_labels_that_are_no_strings_read_as_go_reads_yaml() -> None:
    given = workload("v1", "Pod", "p")
    given.object["metadata"]["labels"] = {"a": True, "b": None, "c": 1, "d": 1.10, "e": "x"}
    assert pod_labels(given) == {"a": "true", "b": "", "c": "1", "d": "1.1", "e": "x"}


def test_owners_are_those_of_the_real_webhook(tmp_path: Path) -> None:
    """The table against the real webhook."""
    oracle = webhook_oracle()
    mesh = needs(DEFAULT_INSTALLATION)
    data: dict[str, Any] = {}
    for document in yaml.safe_load_all(mesh.read_text()):
        data |= document.get("data") or {}
    common = {key: data[key] for key in ("config", "values", "mesh")}
    common |= {
        "webhooks": [],
        "namespace": "shop",
        "ns_labels": {},
        "revision": "default",
        "native": False,
    }
    cases = [case for case in AUTOMATIC if case[0] != "Deployment of old"]
    requests = [
        {**common, "id": name, "workload": yaml.safe_dump(owned.object)}
        for name, owned, *_ in cases
    ]
    answers = ask_webhook(oracle, requests, tmp_path)
    assert len(answers) == len(cases)
    for (label, _, name, api_version, kind), answer in zip(cases, answers, strict=True):
        (proxy,) = (c for c in answer["pod"]["spec"]["containers"] if c["name"] == "istio-proxy")
        env = {entry["name"]: entry.get("value") for entry in proxy["env"]}
        expected = f"kubernetes://apis/{api_version}/namespaces/shop/{kind.lower()}s/{name}"
        assert (env["ISTIO_META_OWNER"], env["ISTIO_META_WORKLOAD_NAME"]) == (expected, name), label
