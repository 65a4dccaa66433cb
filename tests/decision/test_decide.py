"""Decisions: the two layers, missing Namespaces, control planes, and the rules of each version."""

from __future__ import annotations

import itertools
from typing import Any

import builders
import pytest
from builders import INJECT, objects_bundle

from krm_injector.decision.decide import decide, decide_all
from krm_injector.decision.kube_inject import control_plane
from krm_injector.discovery.discover import discover
from krm_injector.discovery.webhooks import assumed
from krm_injector.function_config import Settings, Stub
from krm_injector.model import Decision, Mesh, Object, Reason, ResourceRef, Webhook, Workload
from krm_injector.versions import rules_for


def mesh(
    revision: str = "default",
    version: tuple[int, int] = (1, 30),
    webhooks: tuple[Webhook, ...] | None = None,
    **config: Any,
) -> Mesh:
    hooks = assumed(revision, rules_for(version), {}) if webhooks is None else webhooks
    return builders.mesh(
        version,
        revision=revision,
        config={"policy": "enabled", **config},
        webhooks=hooks,
        assumed_webhooks=webhooks is None,
    )


def webhook(
    namespace: Object | None = None, pod: Object | None = None, revision: str = "default"
) -> Webhook:
    return Webhook(f"injector-{revision}", "all", revision, namespace, pod, "/inject")


ALL = mesh(webhooks=(webhook(),))


def pod(
    labels: Object | None = None,
    annotations: Object | None = None,
    namespace: str = "shop",
    kind: str = "Pod",
    **spec: Any,
) -> Workload:
    template: Object = {
        "metadata": {"labels": labels or {}, "annotations": annotations or {}},
        "spec": spec,
    }
    if kind == "Pod":
        return Workload(0, (), ResourceRef("v1", "Pod", "p", namespace), template, ())
    value = {"metadata": {"name": "p"}, "spec": {"template": template}}
    return Workload(
        0, (), ResourceRef("apps/v1", kind, "p", namespace), value, ("spec", "template")
    )


def judged(
    workload: Workload, *meshes: Mesh, labels: dict[str, str] | None = None, **settings: Any
) -> Decision:
    """The decision in a Namespace with these labels; None: the Namespace is missing."""
    stubs = () if labels is None else (Stub(workload.ref.namespace, labels, {}),)
    chosen = Settings(namespaces=stubs, **settings)
    namespaces = discover(objects_bundle([]), chosen).namespaces
    return decide(workload, namespaces, meshes, chosen)


# ---------------------------------------------------------------- the pod's own rules


RULES: list[tuple[str, Workload, Mesh, bool, Reason]] = [
    ("host network", pod({INJECT: "true"}, hostNetwork=True), ALL, False, Reason.HOST_NETWORK),
    ("host network off", pod(hostNetwork=False), ALL, True, Reason.POLICY),
    ("host network before namespace", pod(namespace="kube-system", hostNetwork=True), ALL, False,
     Reason.HOST_NETWORK),
    ("kube-system", pod({INJECT: "true"}, namespace="kube-system"), ALL, False,
     Reason.IGNORED_NAMESPACE),
    ("kube-public", pod(namespace="kube-public"), ALL, False, Reason.IGNORED_NAMESPACE),
    ("kube-node-lease", pod(namespace="kube-node-lease"), ALL, False, Reason.IGNORED_NAMESPACE),
    ("local-path-storage", pod(namespace="local-path-storage"), ALL, False,
     Reason.IGNORED_NAMESPACE),
    ("istio-system is not ignored", pod(namespace="istio-system"), ALL, True, Reason.POLICY),
    ("label true", pod({INJECT: "true"}), mesh(webhooks=(webhook(),), policy="disabled"), True,
     Reason.LABEL),
    ("label false", pod({INJECT: "false"}), ALL, False, Reason.LABEL),
    ("annotation true", pod({}, {INJECT: "true"}), mesh(webhooks=(webhook(),), policy="disabled"),
     True,
     Reason.ANNOTATION),
    ("annotation false", pod({}, {INJECT: "false"}), ALL, False, Reason.ANNOTATION),
    ("label wins over annotation", pod({INJECT: "true"}, {INJECT: "false"}), ALL, True,
     Reason.LABEL),
    ("an empty label wins too", pod({INJECT: ""}, {INJECT: "false"}), ALL, True, Reason.POLICY),
    ("policy enabled", pod(), ALL, True, Reason.POLICY),
    ("policy disabled", pod(), mesh(webhooks=(webhook(),), policy="disabled"), False,
     Reason.POLICY),
    ("policy illegal", pod({INJECT: "true"}), mesh(webhooks=(webhook(),), policy="off"), False,
     Reason.POLICY_ILLEGAL),
    ("policy absent", pod(), mesh(webhooks=(webhook(),), policy=None), False,
     Reason.POLICY_ILLEGAL),
]  # fmt: skip


@pytest.mark.parametrize(
    ("workload", "plane", "injected", "reason"),
    [rule[1:] for rule in RULES],
    ids=[rule[0] for rule in RULES],
)
def test_each_rule_decides_and_is_the_last_evidence(
    workload: Workload, plane: Mesh, injected: bool, reason: Reason
) -> None:
    decision = judged(workload, plane, labels={})
    assert (decision.injected, decision.reason) == (injected, reason)
    assert decision.evidence[-1].outcome == ("inject" if injected else "skip")
    assert decision.results == ()


NEVER: dict[str, Any] = {
    "neverInjectSelector": [
        {"matchLabels": {"team": "ops"}},
        {"matchExpressions": [{"key": "b", "operator": "Exists"}]},
    ]
}
ALWAYS: dict[str, Any] = {"alwaysInjectSelector": [{"matchLabels": {"mesh": "on"}}]}


@pytest.mark.parametrize(
    ("labels", "injected", "reason"),
    [
        ({"team": "ops"}, False, Reason.NEVER_INJECT_SELECTOR),
        ({"b": ""}, False, Reason.NEVER_INJECT_SELECTOR),
        ({"mesh": "on", "team": "ops"}, False, Reason.NEVER_INJECT_SELECTOR),
        ({"mesh": "on"}, True, Reason.ALWAYS_INJECT_SELECTOR),
        ({"team": "ops", INJECT: "true"}, True, Reason.LABEL),
        ({"team": "dev"}, False, Reason.POLICY),
    ],
)
def test_selectors_of_the_configuration(
    labels: dict[str, str], injected: bool, reason: Reason
) -> None:
    plane = mesh(webhooks=(webhook(),), policy="disabled", **NEVER, **ALWAYS)
    decision = judged(pod(labels), plane, labels={})
    assert (decision.injected, decision.reason) == (injected, reason)


def test_empty_and_invalid_selectors_are_passed_over() -> None:
    broken: dict[str, Any] = {
        "neverInjectSelector": [{}, {"matchExpressions": [{"key": "a", "operator": "Like"}]}]
    }
    assert judged(pod({"a": "b"}), mesh(webhooks=(webhook(),), **broken), labels={}).injected


def test_never_inject_selector_sees_the_labels_a_controller_adds() -> None:
    plane = mesh(
        webhooks=(webhook(),),
        neverInjectSelector=[{"matchExpressions": [{"key": "job-name", "operator": "Exists"}]}],
    )
    job = pod(kind="Job")
    job = job._replace(ref=ResourceRef("batch/v1", "Job", "p", "shop"))
    assert judged(job, plane, labels={}).reason is Reason.NEVER_INJECT_SELECTOR
    assert judged(pod(kind="Deployment"), plane, labels={}).reason is Reason.POLICY


@pytest.mark.parametrize(
    ("value", "before", "since"),
    [
        ("true", True, True), ("True", True, None), ("yes", True, None), ("Y", True, None),
        ("on", True, None),
        ("false", False, False), ("no", False, None), ("off", False, None), ("bogus", False, None),
        ("", None, None),
    ],
)  # fmt: skip
@pytest.mark.parametrize("policy", ["enabled", "disabled"])
@pytest.mark.parametrize("place", ["label", "annotation"])
def test_truth_of_the_inject_value(
    value: str, before: bool | None, since: bool | None, policy: str, place: str
) -> None:
    """Until 1.26 y, yes, true and on in any case, all else false; since 1.27 true and false."""
    workload = pod({INJECT: value}) if place == "label" else pod({}, {INJECT: value})
    for version, opinion in (((1, 26), before), ((1, 27), since)):
        plane = mesh(version=version, webhooks=(webhook(),), policy=policy)
        expected = policy == "enabled" if opinion is None else opinion
        assert judged(workload, plane, labels={}).injected is expected, version


# ---------------------------------------------------------------- the webhooks


def test_truth_table_of_a_default_installation() -> None:
    """Against the rules of the webhooks as the chart's comments state them, cell by cell."""
    for injection, rev, label, pod_rev in itertools.product(
        (None, "enabled", "disabled"),
        (None, "default", "other"),
        (None, "true", "false"),
        (None, "default", "other"),
    ):
        namespace = {k: v for k, v in (("istio-injection", injection), ("istio.io/rev", rev)) if v}
        labels = {k: v for k, v in ((INJECT, label), ("istio.io/rev", pod_rev)) if v}
        if label == "false":
            expected = False
        elif injection:
            expected = injection == "enabled"
        elif rev:
            expected = rev == "default"
        elif pod_rev:
            expected = pod_rev == "default"
        else:
            expected = label == "true"
        decision = judged(pod(labels), mesh(), labels=namespace)
        assert decision.injected is expected, (namespace, labels, decision.detail)
        assert bool(decision.webhooks) is expected
        assert (decision.reason is Reason.NO_WEBHOOK_MATCHES) is not expected


def test_revisions_each_by_its_own_webhook() -> None:
    planes = (mesh(), mesh("canary"))
    canary = judged(pod(), *planes, labels={"istio.io/rev": "canary"})
    assert canary.mesh is planes[1]
    assert canary.webhooks == (
        "istio-sidecar-injector-canary/rev.namespace.sidecar-injector.istio.io",
    )
    assert canary.webhook is not None and canary.webhook.revision == "canary"
    stable = judged(pod(), *planes, labels={"istio-injection": "enabled"})
    assert stable.mesh is planes[0]
    # istio-injection has precedence over istio.io/rev on the Namespace.
    both = judged(pod(), *planes, labels={"istio-injection": "enabled", "istio.io/rev": "canary"})
    assert both.mesh is planes[0]
    nobody = judged(pod(), *planes, labels={"istio.io/rev": "old"})
    assert nobody.reason is Reason.NO_WEBHOOK_MATCHES
    assert "istio.io/rev=old" in nobody.detail


def test_a_pod_that_two_control_planes_select_is_refused() -> None:
    planes = (
        mesh("a", webhooks=(webhook(revision="a"),)),
        mesh("b", webhooks=(webhook(revision="b"),)),
    )
    decision = judged(pod(), *planes, labels={})
    (result,) = decision.results
    assert (result.severity, result.code) == ("error", "double-injection")
    assert "injector-a/all (control plane a) and injector-b/all (control plane b)" in result.message
    # One of them would leave the pod alone: then it is injected once.
    planes = (mesh("a", webhooks=(webhook(revision="a"),), policy="disabled"), planes[1])
    decision = judged(pod(), *planes, labels={})
    assert (decision.results, decision.injected, decision.mesh) == ((), True, planes[1])
    assert decision.webhook is not None and decision.webhook.revision == "b"


def test_two_webhooks_of_one_control_plane_are_no_double_injection() -> None:
    plane = mesh(webhooks=(webhook(), webhook()._replace(configuration="another")))
    decision = judged(pod(), plane, labels={})
    assert (decision.injected, decision.results) == (True, ())
    assert decision.webhooks == ("another/all", "injector-default/all")
    assert decision.webhook is not None and decision.webhook.configuration == "another"


def test_a_webhook_whose_path_istiod_does_not_serve_refuses_every_pod() -> None:
    elsewhere = mesh(
        webhooks=(webhook({"matchLabels": {"a": "b"}})._replace(path="/other"), webhook())
    )
    for workload in (pod(), pod(hostNetwork=True), pod({INJECT: "false"})):
        decision = judged(workload, elsewhere, labels={"a": "b"})
        assert (decision.injected, decision.reason) == (False, Reason.NO_CONTROL_PLANE)
        assert [result.code for result in decision.results] == ["webhook-path"]
        assert "/other" in decision.results[0].message
    assert judged(pod(), elsewhere, labels={}).injected
    # Of a Namespace that nobody describes it is not known.
    assert judged(pod({INJECT: "false"}), elsewhere).reason == Reason.NAMESPACE_UNKNOWN


def test_a_webhook_whose_control_plane_is_not_described() -> None:
    missing = mesh(webhooks=(webhook(),))._replace(source="missing", config={})
    decision = judged(pod(), missing, labels={})
    assert (decision.injected, decision.reason) == (False, Reason.NO_CONTROL_PLANE)
    assert [result.code for result in decision.results] == ["control-plane-missing"]
    assert judged(pod({INJECT: "false"}), missing, labels={}).results == ()


def test_the_api_server_gives_every_namespace_its_name_as_a_label() -> None:
    by_name = {"matchLabels": {"kubernetes.io/metadata.name": "shop"}}
    plane = mesh(webhooks=(webhook(by_name),))
    assert judged(pod(), plane, labels={}).injected
    assert not judged(pod(namespace="prod"), plane, labels={}).injected


def test_evidence_names_the_label_that_failed() -> None:
    decision = judged(pod(), mesh(), labels={"istio-injection": "disabled"})
    texts = [
        f"{evidence.rule}: {evidence.outcome}: {evidence.detail}" for evidence in decision.evidence
    ]
    assert (
        "namespaceSelector of istio-sidecar-injector/namespace.sidecar-injector.istio.io: fails: "
        "istio-injection in (enabled): Namespace shop has istio-injection=disabled"
    ) in texts
    assert len(texts) == 8  # two selectors of each of four webhooks


# ---------------------------------------------------------------- a Namespace that is missing


def test_missing_namespace_is_an_error_with_the_lines_to_add() -> None:
    decision = judged(pod(), mesh())
    (result,) = decision.results
    assert (decision.injected, decision.reason) == (False, Reason.NAMESPACE_UNKNOWN)
    assert (result.severity, result.code, result.current) == ("error", "namespace-missing", "shop")
    assert (
        "\nspec:\n  namespaces:\n  - name: shop\n    labels: {istio-injection: enabled}"
        in result.message
    )


def test_missing_namespace_can_be_taken_without_labels() -> None:
    warned = judged(pod({INJECT: "true"}), mesh(), on_missing_namespace="warn")
    assert (warned.injected, [result.severity for result in warned.results]) == (True, ["warning"])
    assert warned.namespace is not None and warned.namespace.source == "missing"
    ignored = judged(pod(), mesh(), on_missing_namespace="ignore")
    assert (ignored.injected, ignored.reason, ignored.results) == (
        False,
        Reason.NO_WEBHOOK_MATCHES,
        (),
    )


@pytest.mark.parametrize(
    ("workload", "reason"),
    [
        (pod({INJECT: "false"}), Reason.NO_WEBHOOK_MATCHES),
        (pod(hostNetwork=True), Reason.HOST_NETWORK),
        (pod(namespace="kube-system"), Reason.IGNORED_NAMESPACE),
        (pod({}, {INJECT: "false"}), Reason.ANNOTATION),
    ],
    ids=["no objectSelector matches", "host network", "ignored namespace", "annotation"],
)
def test_missing_namespace_that_cannot_matter(workload: Workload, reason: Reason) -> None:
    decision = judged(workload, mesh())
    assert (decision.injected, decision.reason, decision.results) == (False, reason, ())


def test_missing_namespace_whose_name_decides() -> None:
    by_name = {
        "matchExpressions": [
            {"key": "kubernetes.io/metadata.name", "operator": "NotIn", "values": ["shop"]}
        ]
    }
    plane = mesh(webhooks=(webhook(by_name),))
    assert judged(pod(), plane).reason is Reason.NO_WEBHOOK_MATCHES
    assert judged(pod(namespace="prod"), plane).injected
    assert judged(pod(), ALL).injected


def test_missing_namespace_does_not_matter_where_the_same_control_plane_matches_anyway() -> None:
    plane = mesh(webhooks=(webhook(), webhook({"matchLabels": {"a": "b"}})._replace(name="maybe")))
    decision = judged(pod(), plane)
    assert (decision.injected, decision.results, decision.webhooks) == (
        True,
        (),
        ("injector-default/all",),
    )
    other = mesh("b", webhooks=(webhook({"matchLabels": {"a": "b"}}, revision="b"),))
    assert judged(pod(), ALL, other).reason is Reason.NAMESPACE_UNKNOWN


def test_a_workload_without_namespace() -> None:
    decision = judged(pod(namespace=""), mesh())
    (result,) = decision.results
    assert "--namespace" in result.message
    assert decision.reason is Reason.NAMESPACE_UNKNOWN


def test_one_missing_namespace_is_reported_once() -> None:
    workloads = [pod(), pod(), pod(namespace="prod")]
    decisions = decide_all(workloads, {}, (mesh(),), Settings())
    assert [len(decision.results) for decision in decisions] == [1, 0, 1]
    assert all(decision.reason is Reason.NAMESPACE_UNKNOWN for decision in decisions)


# ---------------------------------------------------------------- manual


def test_manual_asks_no_webhook_and_no_policy() -> None:
    plane = mesh(policy="disabled", **NEVER)
    decision = judged(pod({"team": "ops"}), plane, method="manual")
    assert (decision.injected, decision.reason, decision.webhook) == (True, Reason.POLICY, None)
    assert judged(pod({INJECT: "false"}), plane, method="manual").reason is Reason.LABEL
    assert judged(pod(hostNetwork=True), plane, method="manual").reason is Reason.HOST_NETWORK


def test_manual_looks_at_the_namespace_of_the_pod_template_only() -> None:
    deployment = pod(namespace="kube-system", kind="Deployment")
    assert judged(deployment, mesh(), method="manual").injected
    deployment.object["spec"]["template"]["metadata"]["namespace"] = "kube-system"
    assert judged(deployment, mesh(), method="manual").reason is Reason.IGNORED_NAMESPACE
    bare = pod()
    bare.object["metadata"]["namespace"] = "kube-public"
    assert judged(bare, mesh(), method="manual").reason is Reason.IGNORED_NAMESPACE


def test_manual_takes_a_cron_jobs_job_template_for_the_pods_metadata() -> None:
    job: Object = {
        "metadata": {},
        "spec": {"template": {"metadata": {"labels": {INJECT: "false"}}, "spec": {}}},
    }
    value: Object = {"metadata": {"name": "tick"}, "spec": {"jobTemplate": job}}
    path = ("spec", "jobTemplate", "spec", "template")
    cron = Workload(0, (), ResourceRef("batch/v1", "CronJob", "tick", "shop"), value, path)
    assert judged(cron, mesh(), method="manual").injected
    assert judged(cron, ALL, labels={}).reason is Reason.LABEL
    job["metadata"] = {"labels": {INJECT: "false"}}
    assert not judged(cron, mesh(), method="manual").injected


def test_manual_control_plane_is_the_stated_revisions() -> None:
    default, canary = mesh(), mesh("canary")
    assert control_plane((default, canary), "") is default
    assert control_plane((default, canary), "canary") is canary
    assert control_plane((canary,), "") is canary
    assert control_plane((canary,), "default") is None
    decision = judged(pod(), canary, method="manual", revision="old")
    assert (decision.reason, [r.code for r in decision.results]) == (
        Reason.NO_CONTROL_PLANE,
        ["control-plane-missing"],
    )
    assert "known are: canary" in decision.results[0].message


INDEXED = {"completionMode": "Indexed"}


def job(**spec: Any) -> Workload:
    value = {
        "metadata": {"name": "load"},
        "spec": {**spec, "template": {"metadata": {"labels": {"app": "load"}}}},
    }
    return Workload(
        0, (), ResourceRef("batch/v1", "Job", "load", "shop"), value, ("spec", "template")
    )


def asks(key: str, operator: str, *values: str) -> Object:
    return {
        "matchExpressions": [
            {"key": key, "operator": operator, **({"values": list(values)} if values else {})}
        ]
    }


@pytest.mark.parametrize(
    ("workload", "selector", "matches"),
    [
        (job(), asks("batch.kubernetes.io/job-completion-index", "Exists"), False),
        (job(**INDEXED), asks("batch.kubernetes.io/job-completion-index", "Exists"), True),
        (job(**INDEXED), asks("batch.kubernetes.io/job-completion-index", "DoesNotExist"), False),
        (job(), asks("job-name", "DoesNotExist"), False),
        (job(manualSelector=True), asks("job-name", "DoesNotExist"), True),
        (job(), asks("batch.kubernetes.io/job-name", "In", "load"), True),
        (job(), asks("job-name", "NotIn", "load"), False),
        (job(), asks("controller-uid", "In", "u"), None),
        (pod(kind="StatefulSet"), asks("apps.kubernetes.io/pod-index", "In", "0"), None),
        (pod(kind="StatefulSet"), asks("apps.kubernetes.io/pod-index", "NotIn", "0"), None),
        (pod(kind="StatefulSet"), asks("apps.kubernetes.io/pod-index", "Exists"), True),
        (pod(kind="Deployment"), {"matchLabels": {"pod-template-hash": "0"}}, None),
        (
            pod(kind="Deployment"),
            {"matchLabels": {"pod-template-hash": "0", "app": "other"}},
            False,
        ),
        (pod({"pod-template-hash": "0"}), {"matchLabels": {"pod-template-hash": "0"}}, True),
    ],
)
def test_selectors_on_labels_that_controllers_set(
    workload: Workload, selector: Object, matches: bool | None
) -> None:
    decision = judged(workload, mesh(webhooks=(webhook(pod=selector),)), labels={})

    assert decision.injected is bool(matches)
    assert [result.code for result in decision.results] == (
        ["pod-label-unknown"] if matches is None else []
    )
    if matches is None:
        assert decision.reason is Reason.POD_LABEL_UNKNOWN


def test_an_unknown_value_is_no_matter_where_the_verdict_is_the_same() -> None:
    selector = {"matchLabels": {"controller-uid": "u"}}
    gate = webhook(pod=selector)

    skipped = judged(job(), mesh(webhooks=(gate,), policy="disabled"), labels={})
    twice = judged(job(), mesh(webhooks=(gate, webhook())), labels={})
    elsewhere = judged(
        job(), mesh(webhooks=(webhook({"matchLabels": {"a": "b"}}, selector),)), labels={}
    )

    assert [d.injected for d in (skipped, twice, elsewhere)] == [False, True, False]
    assert not any(d.results for d in (skipped, twice, elsewhere))


@pytest.mark.parametrize(
    ("config", "injected"),
    [
        ({"neverInjectSelector": [{"matchLabels": {"controller-uid": "u"}}]}, None),
        (
            {
                "neverInjectSelector": [{"matchLabels": {"controller-uid": "u"}}],
                "policy": "disabled",
            },
            False,
        ),
        ({"alwaysInjectSelector": [{"matchLabels": {"controller-uid": "u"}}]}, True),
        (
            {
                "alwaysInjectSelector": [{"matchLabels": {"controller-uid": "u"}}],
                "policy": "disabled",
            },
            None,
        ),
        (
            {
                "neverInjectSelector": [
                    {"matchLabels": {"controller-uid": "u"}},
                    {"matchLabels": {"app": "load"}},
                ],
                "alwaysInjectSelector": [{"matchLabels": {"controller-uid": "u"}}],
            },
            False,
        ),
        (
            {
                "neverInjectSelector": [{"matchLabels": {"controller-uid": "u"}}],
                "alwaysInjectSelector": [{"matchLabels": {"app": "load"}}],
                "policy": "disabled",
            },
            None,
        ),
    ],
)
def test_the_configurations_selectors_on_unknown_values(
    config: Object, injected: bool | None
) -> None:
    decision = judged(job(), mesh(webhooks=(webhook(),), **config), labels={})

    assert decision.injected is bool(injected)
    assert (decision.reason is Reason.POD_LABEL_UNKNOWN) is (injected is None)


def test_two_control_planes_that_an_index_tells_apart_inject_once() -> None:
    key = "batch.kubernetes.io/job-completion-index"
    planes = [
        mesh(name, webhooks=(webhook(pod=asks(key, operator), revision=name),))
        for name, operator in (("one", "Exists"), ("two", "DoesNotExist"))
    ]

    indexed, plain = judged(job(**INDEXED), *planes, labels={}), judged(job(), *planes, labels={})

    assert (indexed.mesh, plain.mesh) == tuple(planes)
    assert not indexed.results and not plain.results
