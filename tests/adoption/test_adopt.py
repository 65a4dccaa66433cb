"""What adopt tells of pods that are, and are not, what Git gives."""

from __future__ import annotations

import copy
import json
from typing import Any

import builders
import pytest
from adoption import cluster
from stored_workloads import as_stored

from krm_injector import pipeline
from krm_injector.adoption import Adoption, adopt, table
from krm_injector.adoption.proof import EQUAL, UNPROVED
from krm_injector.adoption.reasons import OTHERS, RESTART, UNEXPLAINED
from krm_injector.function_config import Settings
from krm_injector.kube.paths import at, put
from krm_injector.model import Object, Refused

PROXY = """
metadata:
  annotations:
    istio.io/rev: {{ .Revision | default "default" }}
spec:
  containers:
  - name: istio-proxy
    image: proxy:{{ .Values.global.tag }}
    env:
    - name: ISTIO_META_APP_CONTAINERS
      value: "{{ range $index, $each := .Spec.Containers }}{{ $each.Name }} {{ end }}"
  volumes:
  - name: istio-data
    emptyDir: {}
"""
WEBHOOKS = builders.webhook_configuration(
    "istio-sidecar-injector",
    builders.webhook(
        "namespace", "default", [builders.requirement("istio-injection", "In", "enabled")], []
    ),
)
PLANE = [*builders.control_plane(PROXY), WEBHOOKS]
OLDER = [*builders.control_plane(PROXY, version="1.29.1"), WEBHOOKS]
WEB = builders.deployment("web")


def owned_by(kind: str, name: str, api_version: str = "apps/v1") -> Object:
    reference = {"apiVersion": api_version, "kind": kind, "name": name, "controller": True}
    return {"ownerReferences": [reference]}


def made(
    workload: Object = WEB,
    plane: list[Object] = PLANE,
    namespace: Object = builders.SHOP,
    owner: Object | None = None,
    name: str = "",
    labels: dict[str, str] | None = None,
) -> Any:
    """The pod that the webhook of a control plane made of a workload, as kubectl prints it."""
    stored = as_stored(workload)
    how = builders.settings(record=False)
    items = [*plane, namespace, stored]
    outcome = pipeline.run(builders.objects_bundle(items), how)
    assert not [each.message for each in outcome.results if each.severity == "error"]
    value = outcome.replacements.get(len(items) - 1, stored)
    pod = at(value, cluster.path_of(stored))
    reference = owned_by("ReplicaSet", "web-7f") if owner is None else owner
    own = {"pod-template-hash": "7f"} if labels is None else labels
    metadata = {**pod["metadata"], "labels": {**pod["metadata"].get("labels", {}), **own}}
    return cluster.running({**pod, "metadata": {**metadata, **reference}}, stored, name)


def adopted(*objects: Any, plane: list[Object] = PLANE) -> Adoption:
    return adopt(copy.deepcopy([builders.SHOP, *plane, *objects]))


def verdicts(adoption: Adoption) -> list[str]:
    return [each.verdict for each in adoption.proof.workloads]


def differing(adoption: Adoption) -> list[tuple[str, str, str]]:
    return [
        (each.difference.path, each.reason.kind, each.reason.text)
        for workload in adoption.proof.workloads
        for pod in workload.pods
        for each in pod.differences
    ]


def codes(adoption: Adoption) -> list[str]:
    return [result.code for result in adoption.results if result.severity != "info"]


def web(adoption: Adoption) -> list[str]:
    """The lines of the table about the workload."""
    return [line for line in table.text(adoption, False).split("\n") if "web" in line]


# ---------------------------------------------------------------- whose pod it is


def test_a_pod_is_its_deployments_with_and_without_the_replica_set() -> None:
    replica_set = {
        **cluster.in_cluster(WEB),
        "kind": "ReplicaSet",
        "metadata": {"name": "web-7f", "namespace": "shop", **owned_by("Deployment", "web")},
    }
    for between in ([], [replica_set]):
        adoption = adopted(cluster.in_cluster(WEB), *between, made())
        assert verdicts(adoption) == [EQUAL]
        assert codes(adoption) == []
        assert web(adoption) == [
            "Deployment shop/web  default 1.30.3  1     1.30.3            equal"
        ]


def test_a_pod_is_its_cron_jobs_without_the_job() -> None:
    nightly = builders.workload("CronJob", name="nightly")
    pod = made(nightly, owner=owned_by("Job", "nightly-29012345", "batch/v1"), labels={})
    assert verdicts(adopted(cluster.in_cluster(nightly), pod)) == [EQUAL]


def test_what_a_daemon_sets_controller_writes_is_passed_over() -> None:
    required = "requiredDuringSchedulingIgnoredDuringExecution"
    term = {"matchExpressions": [{"key": "disk", "operator": "Exists"}]}
    own = {"nodeAffinity": {required: {"nodeSelectorTerms": [term]}}}
    node = {"key": "metadata.name", "operator": "In", "values": ["node-1"]}
    bound = {"nodeSelectorTerms": [{"matchFields": [node]}]}
    for template in (
        builders.pod_template(builders.WEB),
        builders.pod_template(builders.WEB, affinity=own),
    ):
        agent = builders.workload("DaemonSet", template, "agent")
        pod = made(
            agent, owner=owned_by("DaemonSet", "agent"), labels={"controller-revision-hash": "1"}
        )
        pod = put(pod, ("spec", "affinity", "nodeAffinity", required), bound)
        assert verdicts(adopted(cluster.in_cluster(agent), pod)) == [EQUAL]


def test_what_a_stateful_sets_controller_writes_is_passed_over() -> None:
    db = builders.workload("StatefulSet", name="db")
    db["spec"]["volumeClaimTemplates"] = [{"metadata": {"name": "data"}}]
    labels = {"statefulset.kubernetes.io/pod-name": "db-0", "apps.kubernetes.io/pod-index": "0"}
    pod = made(db, owner=owned_by("StatefulSet", "db"), labels=labels)
    claim = {"name": "data", "persistentVolumeClaim": {"claimName": "data-db-0"}}
    pod["spec"] |= {"hostname": "db-0", "volumes": [claim, *pod["spec"]["volumes"]]}
    assert verdicts(adopted(cluster.in_cluster(db), pod)) == [EQUAL]


def test_pods_without_a_workload_are_told() -> None:
    alone = made(owner={}, name="alone")
    elsewhere = made(owner=owned_by("StatefulSet", "db"), name="db-0")
    adoption = adopted(cluster.in_cluster(WEB), made(), alone, elsewhere)
    (warning,) = (each for each in adoption.results if each.code == "adopt-unproved")
    assert "2 pods not compared: Pod shop/alone, Pod shop/db-0" in warning.message

    mirrored = put(alone, ("metadata", "annotations", "kubernetes.io/config.mirror"), "5e")
    assert codes(adopted(cluster.in_cluster(WEB), made(), mirrored)) == []


def test_a_pod_without_a_controller_is_compared_with_what_kubectl_applied() -> None:
    alone = builders.workload("Pod", name="alone")
    path = ("metadata", "annotations", "kubectl.kubernetes.io/last-applied-configuration")
    pod = put(made(alone, owner={}, labels={}, name="alone"), path, json.dumps(alone))
    adoption = adopted(pod)
    assert verdicts(adoption) == [EQUAL]
    assert codes(adoption) == []

    for text in ("{", "[]", json.dumps({**alone, "spec": 1}), json.dumps(WEB)):
        odd = adopted(cluster.in_cluster(WEB), made(), put(pod, path, text))
        assert codes(odd) == ["adopt-unproved"]


def test_workloads_without_pods_are_told() -> None:
    idle = cluster.in_cluster(builders.workload(name="idle"))
    adoption = adopted(cluster.in_cluster(WEB), idle, made())
    assert sorted(verdicts(adoption)) == [EQUAL, UNPROVED]
    (said,) = (each for each in adoption.results if each.code == "adopt-unproved")
    assert said.severity == "info"
    assert "Deployment shop/idle" in said.message


# ---------------------------------------------------------------- why a pod differs


def test_a_pod_of_an_older_proxy_is_equal_after_a_restart() -> None:
    adoption = adopted(cluster.in_cluster(WEB), made(plane=OLDER), made(name="web-2"))
    assert verdicts(adoption) == [RESTART]
    assert codes(adoption) == []
    ((path, _, text),) = differing(adoption)
    assert path == "spec.containers[istio-proxy].image"
    assert text == "injected by version 1.29.1, and 1.30.3 injects now; a restart brings it"
    assert "1.29.1 (1), 1.30.3 (1)" in web(adoption)[0]
    assert "1 of 2 pods is what Git gives, and 1 after a restart" in table.text(adoption, False)


def test_the_last_line_counts_the_pods_that_nothing_explains() -> None:
    other = made(name="web-2")
    other["spec"]["containers"][0]["env"] = [{"name": "A", "value": "b"}]
    adoption = adopted(cluster.in_cluster(WEB), made(), other)
    assert "1 of 2 pods is what Git gives, and 1 not\n" in table.text(adoption, False)


def test_a_pod_from_before_the_label_is_equal_after_a_restart() -> None:
    before = made(namespace=builders.namespace("shop"))
    adoption = adopted(cluster.in_cluster(WEB), before)
    assert verdicts(adoption) == [RESTART]
    assert "it runs without a sidecar" in differing(adoption)[0][2]


def test_a_pod_that_would_not_be_injected_any_more() -> None:
    plain = builders.namespace("shop")
    adoption = adopt([plain, *PLANE, cluster.in_cluster(WEB), made()])
    assert verdicts(adoption) == [RESTART]
    assert "no webhook injects it any more" in differing(adoption)[0][2]


def test_a_pod_of_an_older_replica_set() -> None:
    now = put(cluster.in_cluster(WEB), ("spec", "template", "spec", "priorityClassName"), "high")
    now = put(now, ("metadata", "annotations", "deployment.kubernetes.io/revision"), "2")
    older = {
        **cluster.in_cluster(WEB),
        "kind": "ReplicaSet",
        "metadata": {
            "name": "web-7f",
            "namespace": "shop",
            "annotations": {"deployment.kubernetes.io/revision": "1"},
            **owned_by("Deployment", "web"),
        },
    }
    adoption = adopted(now, older, made())
    assert verdicts(adoption) == [RESTART]
    assert "the rollout is not finished" in differing(adoption)[0][2]


def other_webhook(**selectors: Any) -> Object:
    entry = builders.webhook("x", "default", [], [])
    entry |= {"name": "agent.example.com", "clientConfig": {"service": {"name": "agent"}}}
    return builders.webhook_configuration("agent", {**entry, **selectors})


def patched() -> Any:
    """A pod to which someone else added a container before Istio saw it."""
    template = builders.pod_template(builders.WEB, {"name": "agent", "image": "agent:1"})
    return made(builders.workload(template=template))


def test_another_webhooks_container_is_named_by_its_webhook() -> None:
    adoption = adopted(cluster.in_cluster(WEB), other_webhook(), patched())
    assert verdicts(adoption) == [OTHERS]
    assert codes(adoption) == []
    found = {path: text for path, _, text in differing(adoption)}
    assert found["spec.containers[agent]"] == "another webhook may have done it: agent"
    assert len(found) == 2  # and what istio-proxy knows of it


@pytest.mark.parametrize(
    "selectors",
    [
        {"namespaceSelector": {"matchLabels": {"agent": "on"}}},
        {"objectSelector": {"matchLabels": {"agent": "on"}}},
        {"rules": [{"operations": ["CREATE"], "resources": ["services"]}]},
    ],
)
def test_a_webhook_that_does_not_see_the_pod_explains_nothing(selectors: Object) -> None:
    adoption = adopted(cluster.in_cluster(WEB), other_webhook(**selectors), patched())
    assert verdicts(adoption) == [UNEXPLAINED]
    assert codes(adoption) == ["adopt-differs"]


def test_a_limit_range_explains_resources_only() -> None:
    pod = put(made(), ("metadata", "annotations", "kubernetes.io/limit-ranger"), "set cpu")
    pod = put(pod, ("spec", "containers", 0, "resources"), {"requests": {"cpu": "100m"}})
    adoption = adopted(cluster.in_cluster(WEB), pod)
    assert {kind for _, kind, _ in differing(adoption)} == {OTHERS}

    pod = put(pod, ("spec", "containers", 0, "workingDir"), "/tmp")
    assert codes(adopted(cluster.in_cluster(WEB), pod)) == ["adopt-differs"]


def test_a_sidecar_of_the_same_version_that_differs_is_an_error() -> None:
    pod = put(made(), ("spec", "containers", 1, "args"), ["--log_as_json"])
    adoption = adopted(cluster.in_cluster(WEB), pod)
    (error,) = (each for each in adoption.results if each.severity == "error")
    assert error.code == "adopt-differs"
    assert "1 pod of Deployment shop/web differs" in error.message
    assert "spec.containers[istio-proxy].args" in error.message


def test_what_differs_without_any_sidecar_is_not_about_injection() -> None:
    plain = builders.namespace("shop")
    pod = put(made(namespace=plain), ("spec", "activeDeadlineSeconds"), 5)
    adoption = adopt([plain, *PLANE, cluster.in_cluster(WEB), pod])
    assert verdicts(adoption) == [OTHERS]
    assert codes(adoption) == []
    assert "gets none" in differing(adoption)[0][2]

    asked = adopt([builders.SHOP, *PLANE, cluster.in_cluster(WEB), pod])
    assert codes(asked) == ["adopt-differs"]  # it gets a sidecar, so this field counts


def test_values_are_not_shown() -> None:
    template = builders.pod_template({**builders.WEB, "env": [{"name": "KEY", "value": "hunter2"}]})
    adoption = adopted(cluster.in_cluster(WEB), made(builders.workload(template=template)))
    text = table.text(adoption, True) + "".join(each.message for each in adoption.results)
    assert "spec.containers[web].env: only in the pod" in text
    assert "hunter2" not in text


# ---------------------------------------------------------------- after the first step


def in_git() -> tuple[Object, Any]:
    """A workload that Git injects, in the cluster, and its pod."""
    how = builders.settings(cluster={"defaults": True})
    items = [*PLANE, builders.SHOP, WEB]
    outcome = pipeline.run(builders.objects_bundle(items), how)
    injected = cluster.in_cluster(outcome.replacements[len(items) - 1])
    template = injected["spec"]["template"]
    labels = {**template["metadata"]["labels"], "pod-template-hash": "7f"}
    metadata = {**template["metadata"], "labels": labels, **owned_by("ReplicaSet", "web-7f")}
    return injected, cluster.running({**template, "metadata": metadata}, WEB)


def test_a_workload_that_git_injects_is_compared_with_its_own_template() -> None:
    workload, pod = in_git()
    adoption = adopted(workload, pod)
    assert verdicts(adoption) == [EQUAL]
    assert [each.code for each in adoption.results] == ["mesh"]
    assert "its manifest" in web(adoption)[0]


def test_a_pod_that_the_webhook_injected_once_more() -> None:
    workload, pod = in_git()
    pod = put(pod, ("metadata", "annotations", "proxy.istio.io/overrides"), "{}")
    adoption = adopted(workload, pod)
    assert verdicts(adoption) == [OTHERS]
    assert "once more" in differing(adoption)[0][2]


# ---------------------------------------------------------------- the files


def test_native_sidecars_are_read_off_the_pods() -> None:
    how = builders.settings(record=False, cluster={"nativeSidecars": True, "defaults": True})
    items = [builders.SHOP, *builders.installation(), as_stored(WEB)]
    outcome = pipeline.run(builders.objects_bundle(items), how)
    pod = cluster.running(outcome.replacements[len(items) - 1]["spec"]["template"], WEB)
    pod["metadata"] |= owned_by("Deployment", "web")

    older = copy.deepcopy(items[1:-1])
    for value in older:
        if "values" in value.get("data", {}):
            values = json.loads(value["data"]["values"])
            values.setdefault("pilot", {}).setdefault("env", {})["ENABLE_NATIVE_SIDECARS"] = "false"
            value["data"]["values"] = json.dumps(values)
    adoption = adopt([builders.SHOP, *older, cluster.in_cluster(WEB), pod])
    assert verdicts(adoption) == [EQUAL]
    assert "nativeSidecars: true" in adoption.facts.files["istio-inject.yaml"]


def test_labels_that_decide_nothing_are_not_written() -> None:
    namespace = builders.namespace("shop", {"istio-injection": "enabled", "team": "a"})
    adoption = adopt([namespace, *PLANE, cluster.in_cluster(WEB), made()])
    assert "team" not in "".join(adoption.facts.files.values())
    assert "istio-injection: enabled" in adoption.facts.files["namespaces.yaml"]


def test_secrets_are_refused() -> None:
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s", "namespace": "shop"}}
    with pytest.raises(Refused) as refused:
        adopted(secret, cluster.in_cluster(WEB), made())
    (result,) = refused.value.results
    assert result.code == "adopt-secret"
    assert "Secret shop/s" in result.message


@pytest.mark.parametrize(
    "objects", [[], [WEB], [made()]], ids=["neither", "no pods", "no workloads"]
)
def test_a_dump_that_proves_nothing_is_refused(objects: list[Object]) -> None:
    with pytest.raises(Refused) as refused:
        adopted(*objects)
    assert [each.code for each in refused.value.results] == ["adopt-incomplete"]


def test_a_dump_without_webhooks_is_refused() -> None:
    plane = builders.control_plane(PROXY)
    with pytest.raises(Refused) as refused:
        adopted(cluster.in_cluster(WEB), made(), plane=plane)
    (result,) = refused.value.results
    assert result.code == "adopt-incomplete"
    assert "MutatingWebhookConfiguration" in result.message


@pytest.mark.parametrize(
    ("place", "value", "field"),
    [
        (("spec", "containers"), "web", "spec.containers"),
        (("spec", "containers", 0, "volumeMounts"), [1], "spec.containers[0].volumeMounts[0]"),
        (("metadata", "labels"), ["app"], "metadata.labels"),
        (("metadata",), None, "metadata"),
        (("spec",), None, "spec"),
    ],
)
def test_a_pod_that_no_cluster_prints_is_refused(place: Any, value: Any, field: str) -> None:
    with pytest.raises(Refused) as refused:
        adopted(cluster.in_cluster(WEB), put(made(), place, value))
    assert [(each.code, each.field) for each in refused.value.results] == [("pod-invalid", field)]


def test_webhooks_that_no_cluster_prints_are_refused() -> None:
    for entries in ("x", [1], [{"name": None}]):
        odd = {**other_webhook(), "webhooks": entries}
        with pytest.raises(Refused) as refused:
            adopted(cluster.in_cluster(WEB), made(), odd)
        assert refused.value.results[0].field.startswith("webhooks")


def test_a_pod_of_another_revision_is_equal_after_a_restart() -> None:
    webhooks = builders.webhook_configuration(
        "canary",
        builders.webhook(
            "rev.namespace", "canary", [builders.requirement("istio.io/rev", "In", "canary")], []
        ),
        labels={"istio.io/rev": "canary"},
    )
    both = [*PLANE, *builders.control_plane(PROXY, revision="canary"), webhooks]
    moved = builders.namespace("shop", rev="canary")
    adoption = adopt([moved, *both, cluster.in_cluster(WEB), made()])
    assert verdicts(adoption) == [RESTART]
    texts = {text for _, _, text in differing(adoption)}
    assert texts == {"injected by revision default, and canary injects now; a restart brings it"}


def test_the_settings_are_those_of_the_files() -> None:
    adoption = adopted(cluster.in_cluster(WEB), made())
    assert adoption.facts.settings.defaults
    assert adoption.facts.settings != Settings()
