"""Pod templates in objects of kinds that are not built in: they are found anywhere, can be named by
path, and are injected one by one.
"""

from __future__ import annotations

import copy
import json
import re
from typing import Any

import builders
import pytest
import yaml
from builders import namespace
from paths import ROOT

from krm_injector import function_config, pipeline
from krm_injector.function_config import Settings
from krm_injector.istio_names import RECORD_ANNOTATION
from krm_injector.kube import operators
from krm_injector.kube.paths import at, put
from krm_injector.kube.workloads import ANY, EACH, looks_like_pods, parse_path, templates, text
from krm_injector.model import Refused, Result
from krm_injector.outcome import Outcome
from krm_injector.presenting import diff, patches
from krm_injector.reinjection import record
from krm_injector.sources.resource_list import Bundle

SPACE = namespace("lab", injection="enabled")
KNOWN = [kind for kind, known in operators.every().items() if known.injectable]
LEFT = [kind for kind, known in operators.every().items() if not known.injectable]


def template(name: str = "app", **labels: str) -> Any:
    metadata = {"metadata": {"labels": labels}} if labels else {}
    return {**metadata, "spec": {"containers": [{"name": name, "image": f"{name}:1"}]}}


def thing(
    spec: Any, kind: str = "Pipeline", api_version: str = "example.com/v1", name: str = "one"
) -> Any:
    metadata = {"name": name, "namespace": "lab"}
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, "spec": spec}


def filled(kind: tuple[str, str], name: str = "one") -> Any:
    """An object of a known kind with two templates at each list and map of its paths."""
    value: Any = {
        "apiVersion": kind[0],
        "kind": kind[1],
        "metadata": {"name": name, "namespace": "lab"},
    }
    for path in operators.every()[kind].paths:
        value = _with_templates(value, path)
    return value


def _with_templates(value: Any, path: tuple[str, ...]) -> Any:
    if not path:
        return template()
    step, rest = path[0], path[1:]
    if step == EACH:
        groups = value if isinstance(value, list) else [{"name": "a"}, {"name": "b"}]
        return [_with_templates(group, rest) for group in groups]
    held = value if isinstance(value, dict) else {}
    if step == ANY:
        return {key: _with_templates(held.get(key), rest) for key in ("Leader", "Follower")}
    return {**held, step: _with_templates(held.get(step), rest)}


def settings(*workloads: Any, **spec: Any) -> Settings:
    return builders.settings(workloads=list(workloads), **spec)


def named(kind: str = "Pipeline", *paths: str) -> Any:
    entry = {"apiVersion": "example.com/v1", "kind": kind}
    return {**entry, "podTemplates": list(paths)} if paths else entry


def bundle(*objects: Any) -> Bundle:
    return builders.bundle(SPACE, *objects)


def run(how: Settings, *objects: Any) -> Outcome:
    return pipeline.run(bundle(*objects), how)


def injected(how: Settings, value: Any) -> Any:
    return builders.injected(value, how, SPACE)


def ejected(value: Any, how: Settings = Settings()) -> Any:  # noqa: B008
    given = bundle(value)
    return pipeline.take_back(given, how).replacements.get(1, value)


def lines(result: Result) -> Any:
    """The entry of spec.workloads that a message gives."""
    return yaml.safe_load(result.message.split("\n- ")[1])


def errors(results: Any) -> list[Result]:
    return [result for result in results if result.severity == "error"]


def told(results: Any, *codes: str) -> list[Result]:
    return [result for result in results if result.code in codes]


def has_proxy(value: Any, path: Any) -> bool:
    spec = at(value, (*path, "spec"))
    return any(
        one["name"] == "istio-proxy"
        for one in [*spec["containers"], *spec.get("initContainers", [])]
    )


# ---------------------------------------------------------------- found anywhere


def test_templates_are_found_in_maps_and_lists_in_the_order_of_the_object() -> None:
    value = thing({
        "stages": [{"x": 1}, {"deep": {"pod": template("b")}}, {"roles": {"r": template("c")}}],
        "main": template("a"),
    })  # fmt: skip
    assert [text(path) for path in looks_like_pods(value).templates] == [
        "spec.stages[1].deep.pod", "spec.stages[2].roles.r", "spec.main"
    ]  # fmt: skip


@pytest.mark.parametrize(
    "spec",
    [
        {
            "containers": [{"name": "a", "image": "b"}]
        },  # the object itself: containers that are added to pods
        {
            "template": {
                "spec": {"containers": {"type": "array", "items": {"properties": {"name": {}}}}}
            }
        },
        {"template": {"spec": {"containers": [{"required": ["name"]}]}}},
        {"template": {"spec": {"containers": [{}]}}},
        {"stage": {"containers": [{"name": "a"}]}},
        {"text": "spec: {containers: [{name: a}]}"},
    ],
)
def test_what_is_no_pod_template_is_not_told(spec: Any) -> None:
    assert looks_like_pods(thing(spec)) == ([], [])
    assert told(run(Settings(), thing(spec)).results, "unknown-workload-kind") == []


@pytest.mark.parametrize(
    ("api_version", "kind"),
    [
        ("apiextensions.k8s.io/v1", "CustomResourceDefinition"),
        ("kyverno.io/v1", "ClusterPolicy"),
        ("v1", "ConfigMap"),
        ("apps/v1", "ControllerRevision"),
    ],
)
def test_patterns_schemas_and_copies_are_no_workloads(api_version: str, kind: str) -> None:
    value = thing({"rules": [{"mutate": {"patchStrategicMerge": template()}}]}, kind, api_version)
    assert told(run(Settings(), value).results, "unknown-workload-kind") == []


def test_a_kind_is_told_once_with_all_paths_of_all_its_objects() -> None:
    one = thing({"main": template(), "odd.key/x": template()})
    other = thing({"stages": [{"pod": template()}, {"pod": template()}]}, name="two")
    (result,) = told(run(Settings(), one, other).results, "unknown-workload-kind")
    assert (result.severity, str(result.resource)) == ("warning", "Pipeline lab/one")
    assert "and 1 more of the kind" in result.message
    assert result.message.endswith(
        '\n- {apiVersion: example.com/v1, kind: Pipeline, podTemplates: [spec.main, "spec.*", '
        '"spec.stages[].pod"]}'
    )


@pytest.mark.parametrize("kind", KNOWN, ids="/".join)
def test_the_lines_that_are_told_of_a_known_kind_inject_all_its_templates(
    kind: tuple[str, str],
) -> None:
    value = filled(kind)
    (result,) = told(run(Settings(), value).results, "unknown-workload-kind")
    for path in operators.every()[kind].paths:
        assert operators.written(path) in result.message
    how = settings(lines(result))
    after = injected(how, value)
    places = looks_like_pods(value).templates
    assert len(places) == sum(
        2 ** sum(step in (EACH, ANY) for step in extra.template) for extra in how.workloads
    )
    assert all(has_proxy(after, place) for place in places)
    assert told(run(how, value).results, "unknown-workload-kind", "workload-path-unused") == []
    assert ejected(after) == value


@pytest.mark.parametrize(
    "spec",
    [
        {"main": template()},
        {"main": template(), "other": {"pod": template()}},
        {"stages": [{"name": "a", "pod": template()}, {"name": "b"}]},
        {"roles": {"x.y": template(), "z": template()}},
    ],
)
def test_the_lines_that_are_told_of_any_kind_inject_it(spec: Any) -> None:
    value = thing(spec)
    (result,) = told(run(Settings(), value).results, "unknown-workload-kind")
    after = injected(settings(lines(result)), value)
    assert all(has_proxy(after, place) for place in looks_like_pods(value).templates)


def test_a_check_tells_of_them_too() -> None:
    value = {"apiVersion": "krm-injector.dev/v1alpha1", "kind": "InjectionCheck"}
    how = function_config.settings({**value, "spec": {"require": [{}]}})
    outcome = pipeline.check(bundle(thing({"main": template()})), how)
    assert len(told(outcome.results, "unknown-workload-kind")) == 1


def test_templates_besides_the_named_ones_are_told() -> None:
    value = thing({"main": template(), "other": template()})
    (result,) = told(
        run(settings(named("Pipeline", "spec.main")), value).results, "unknown-workload-kind"
    )
    assert result.message.endswith("podTemplate: spec.other}")


@pytest.mark.parametrize("kind", LEFT, ids="/".join)
def test_kinds_whose_templates_are_none_get_the_advice_that_helps(kind: tuple[str, str]) -> None:
    value = {
        **thing({"template": template(), "podTemplate": template()}),
        "apiVersion": kind[0],
        "kind": kind[1],
    }
    outcome = run(Settings(), value)
    assert told(outcome.results, "unknown-workload-kind") == []
    (result,) = told(outcome.results, "pods-of-controller")
    assert (
        'sidecar.istio.io/inject: "true"' in result.message
        and "spec.workloads" not in result.message
    )
    assert operators.every()[kind].why in result.message
    with pytest.raises(Refused) as refused:
        settings({"apiVersion": kind[0], "kind": kind[1]})
    (error,) = refused.value.results
    assert (error.field, error.code) == ("spec.workloads[0]", "function-config")


@pytest.mark.parametrize(
    "kind", [kind for kind in LEFT if not operators.every()[kind].paths], ids="/".join
)
def test_no_path_makes_a_pod_template_of_what_is_none(kind: tuple[str, str]) -> None:
    with pytest.raises(Refused):
        settings({"apiVersion": kind[0], "kind": kind[1], "podTemplate": "spec.template"})


@pytest.mark.parametrize(
    ("spec", "where"),
    [
        (
            {"stages": [{"template": {"spec": {"containers": [{"image": "a:1"}]}}}]},
            "spec.stages[].template",
        ),
        ({"podSpec": {"containers": [{"name": "a", "image": "a:1"}]}}, "spec.podSpec"),
        (
            {"a": {"containers": [{"image": "a:1"}]}, "b": {"containers": [{"image": "b:1"}]}},
            "spec.a, spec.b",
        ),
    ],
)
def test_containers_that_are_no_whole_template_are_left_to_the_webhook(
    spec: Any, where: str
) -> None:
    outcome = run(Settings(), thing(spec))
    assert told(outcome.results, "unknown-workload-kind") == []
    (result,) = told(outcome.results, "pods-of-controller")
    assert f"({where})" in result.message and "spec.workloads" not in result.message


@pytest.mark.parametrize(
    ("api_version", "kind"),
    [
        ("helm.toolkit.fluxcd.io/v2", "HelmRelease"),
        ("helm.cattle.io/v1", "HelmChart"),
        ("argoproj.io/v1alpha1", "ApplicationSet"),
        ("argoproj.io/v1alpha1", "Application"),
    ],
)
def test_pods_of_manifests_elsewhere_are_told_as_a_note(api_version: str, kind: str) -> None:
    results = run(Settings(), *(thing({}, kind, api_version, name) for name in ("a", "b"))).results
    (result,) = told(results, "pods-not-seen")
    assert result.severity == "info" and "1 more of the kind" in result.message


def test_whole_objects_inside_an_object_are_told_without_a_path_to_add() -> None:
    inner = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "x"},
        "spec": {"template": template()},
    }
    value = thing({"manifests": [inner]}, "ManifestWork", "work.open-cluster-management.io/v1")
    (result,) = told(run(Settings(), value).results, "unknown-workload-kind")
    assert (
        "Deployment at spec.manifests[]" in result.message and "podTemplate" not in result.message
    )


def test_the_documentation_has_every_known_kind_with_its_paths() -> None:
    page = (ROOT / "docs" / "kinds.md").read_text()
    rows = [line for line in page.split("\n") if line.startswith("| ")]
    for (api_version, kind), known in operators.every().items():
        (row,) = [
            row
            for row in rows
            if kind in row.split("|")[1].replace(",", "").split()
            and api_version in re.split(r"[,| ]+", row)
        ]
        for path in known.paths if known.injectable else ():
            assert f"`{operators.written(path)}`" in row


# ---------------------------------------------------------------- paths


@pytest.mark.parametrize(
    ("written", "steps"),
    [
        ("spec.template", ("spec", "template")),
        ("spec.groups[].template", ("spec", "groups", EACH, "template")),
        ("spec.roles.*.pod", ("spec", "roles", ANY, "pod")),
        ("items[]", ("items", EACH)),
    ],
)
def test_paths_are_read_and_written_alike(written: str, steps: tuple[str, ...]) -> None:
    assert parse_path(written) == steps
    assert operators.written(steps) == written


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("spec.groups.0.template", "write groups[]"),
        ("spec.groups[0].template", "write groups[]"),
        ("spec.groups[-1].template", "write groups[]"),
        ("spec.groups[*].template", "write groups[]"),
        ("spec/template", "no step of a path"),
        ("$.spec.template", "no step of a path"),
        ("spec.roles[name=a].template", "no step of a path"),
        ("spec.r*.template", "no step of a path"),
        ("[]", "has an empty step"),
        ('spec["template"]', "no step of a path"),
    ],
)
@pytest.mark.parametrize("field", ["podTemplate", "podTemplates"])
def test_a_path_that_cannot_be_read_is_an_error_of_the_function_config(
    written: str, says: str, field: str
) -> None:
    value = [written] if field == "podTemplates" else written
    with pytest.raises(Refused) as refused:
        settings({"apiVersion": "example.com/v1", "kind": "Pipeline", field: value})
    (error,) = refused.value.results
    place = "spec.workloads[0].podTemplate" + ("s[0]" if field == "podTemplates" else "")
    assert (error.field, error.code, error.current) == (place, "function-config", written)
    assert says in error.message


def test_an_unknown_kind_needs_a_path() -> None:
    with pytest.raises(Refused) as refused:
        settings(named())
    assert "podTemplate: spec.template" in refused.value.results[0].message


def test_all_errors_of_all_entries_are_told_at_once_and_a_check_names_its_own_field() -> None:
    value = {"apiVersion": "krm-injector.dev/v1alpha1", "kind": "InjectionCheck"}
    entries = [named("A", "spec.x.0.y", "spec[1].y"), named("B")]
    with pytest.raises(Refused) as refused:
        function_config.settings({**value, "spec": {"injection": {"workloads": entries}}})
    assert [result.field for result in refused.value.results] == [
        "spec.injection.workloads[0].podTemplates[0]",
        "spec.injection.workloads[0].podTemplates[1]",
        "spec.injection.workloads[1]",
    ]


def test_places_that_a_path_leads_to() -> None:
    value = {"a": [{"t": 1}, {"t": None}, {}, {"t": 2}], "m": {"x": {"t": 3}, "y": None}}
    assert templates(value, ("a", EACH, "t")) == [("a", 0, "t"), ("a", 3, "t")]
    assert templates(value, ("m", ANY, "t")) == [("m", "x", "t")]
    assert templates(value, ("none", EACH, "t")) == []


@pytest.mark.parametrize(
    ("path", "at_field", "advice"),
    [
        ("spec.stages.pod", "spec.stages", "write spec.stages[]"),
        ("spec.main[].pod", "spec.main", "is a map"),
        ("spec.name.pod", "spec.name", "is a string"),
        ("spec.stages[].inner.pod", "spec.stages[0].inner", "write spec.stages[].inner[]"),
        ("spec.name", "spec.name", "is a string"),
        ("spec.stages", "spec.stages", "write spec.stages[]"),
    ],
)
def test_a_path_against_a_lists_grain_is_told_as_the_paths_fault(
    path: str, at_field: str, advice: str
) -> None:
    value = thing({"stages": [{"inner": []}], "main": {}, "name": "x"})
    (error,) = errors(run(settings(named("Pipeline", path)), value).results)
    assert (error.code, error.field) == ("workload-path", at_field)
    assert (
        f"spec.workloads[0] of the functionConfig has the path {path}" in error.message
        and advice in error.message
    )


def test_a_path_that_no_object_has_is_told() -> None:
    how = settings(named("Pipeline", "spec.main", "spec.mian"))
    outcome = run(how, thing({"main": template()}), thing({}, name="two"))
    (result,) = told(outcome.results, "workload-path-unused")
    assert (result.severity, result.current) == ("warning", "spec.mian")
    assert told(run(how).results, "workload-path-unused") == []  # no object of the kind


def test_a_reference_to_another_workload_is_no_mistyped_path() -> None:
    how = settings(
        {"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "podTemplate": "spec.template"}
    )
    value = thing({"workloadRef": {"name": "x"}}, "Rollout", "argoproj.io/v1alpha1")
    assert told(run(how, value).results, "workload-path-unused") == []


def test_a_known_kind_without_any_template_is_told() -> None:
    how = settings({"apiVersion": "kibana.k8s.elastic.co/v1", "kind": "Kibana"})
    (result,) = told(
        run(how, thing({}, "Kibana", "kibana.k8s.elastic.co/v1")).results, "workload-path-unused"
    )
    assert "controller makes the pods by itself" in result.message


@pytest.mark.parametrize(
    "containers", [[], None, [{"image": "a:1"}], [{"name": "a"}, {"image": "b"}]]
)
def test_a_part_of_a_pod_is_no_template_and_keeps_its_object_from_being_injected(
    containers: Any,
) -> None:
    value = thing({"main": template(), "part": {"spec": {"containers": containers}}})
    outcome = run(settings(named("Pipeline", "spec.main", "spec.part")), value)
    (error,) = errors(outcome.results)
    assert (error.code, error.field) == ("pod-template-incomplete", "spec.part")


def test_a_template_whose_only_container_became_a_native_sidecar_is_whole() -> None:
    how = settings(named("Pipeline", "spec.main"), cluster={"nativeSidecars": True})
    once = run(how, thing({"main": template("istio-proxy")}))
    (injected,) = once.replacements.values()
    assert injected["spec"]["main"]["spec"]["containers"] == []
    again = run(how, injected)
    assert not errors(again.results)
    assert again.replacements.get(1, injected) == injected


def test_kinds_of_other_groups_are_not_taken_for_kubernetes_own() -> None:
    """Volcano has a CronJob, whose jobTemplate holds tasks."""
    value = filled(("batch.volcano.sh/v1alpha1", "CronJob"))
    for method in ("automatic", "manual"):
        how = settings(
            {"apiVersion": "batch.volcano.sh/v1alpha1", "kind": "CronJob"}, method=method
        )
        after = injected(how, value)
        assert "metadata" not in after["spec"]["jobTemplate"]
        assert ejected(after) == value


def test_pods_that_istio_injected_are_taken_back_by_their_traces_in_each_template() -> None:
    once = injected(settings(GROUPS, record=False), several())
    given = bundle(once)
    outcome = pipeline.take_back(given, settings(GROUPS))
    back = outcome.replacements[1]
    assert not any(has_proxy(back, place) for place in PLACES)
    assert len(told(outcome.results, "ejected-by-traces")) == len(PLACES)


# ---------------------------------------------------------------- several templates in one object

GROUPS = named("Pipeline", "spec.main", "spec.stages[].pod")


def several() -> Any:
    stages = [
        {"groupName": "first", "pod": template("a", app="a")},
        {"groupName": "second", "pod": template("b")},
    ]
    return thing({"main": template(), "stages": stages})


PLACES: list[Any] = [("spec", "main"), ("spec", "stages", 0, "pod"), ("spec", "stages", 1, "pod")]


@pytest.mark.parametrize("extra", [{}, {"record": False}, {"guard": "label"}, {"method": "manual"}])
def test_injecting_twice_is_injecting_once_and_eject_gives_the_source(extra: Any) -> None:
    how = settings(GROUPS, **extra)
    once = injected(how, several())
    assert all(has_proxy(once, place) for place in PLACES)
    assert injected(how, once) == once
    assert errors(pipeline.verify(bundle(once), how).results) == []
    if extra.get("record", True):
        assert ejected(once) == ejected(once, how) == several()


def test_each_template_is_decided_by_itself() -> None:
    value = put(several(), (*PLACES[1], "metadata", "labels"), {"sidecar.istio.io/inject": "false"})
    outcome = run(settings(GROUPS), value)
    assert [decision.injected for decision in outcome.decisions] == [True, False, True]
    after = diff.changes(outcome)[0].after
    assert [has_proxy(after, place) for place in PLACES] == [True, False, True]
    assert at(after, PLACES[1]) == at(value, PLACES[1])
    assert len(diff.changes(outcome)) == 1
    assert ejected(after) == value


def test_a_template_that_is_not_to_be_injected_any_more_is_taken_back_alone() -> None:
    how = settings(GROUPS)
    once = injected(how, several())
    labels = {**at(once, (*PLACES[0], "metadata", "labels")), "sidecar.istio.io/inject": "false"}
    edited = put(once, (*PLACES[0], "metadata", "labels"), labels)
    results = errors(pipeline.verify(bundle(edited), how).results)
    assert [(result.code, result.message.split(" ")[0]) for result in results] == [
        ("verify-unwanted", "spec.main")
    ]
    again = injected(how, edited)
    assert [has_proxy(again, place) for place in PLACES] == [False, True, True]


def test_records_are_found_again_when_entries_come_go_and_move() -> None:
    how = settings(GROUPS)
    once = injected(how, several())
    moved = copy.deepcopy(once)
    first, second = moved["spec"]["stages"]
    moved["spec"]["stages"] = [{"groupName": "new", "pod": template("n")}, second, first]
    source = several()
    one, other = source["spec"]["stages"]
    source["spec"]["stages"] = [{"groupName": "new", "pod": template("n")}, other, one]
    assert ejected(moved) == source
    assert injected(how, moved) == injected(how, source)
    gone = copy.deepcopy(once)
    del gone["spec"]["stages"][0]
    assert ejected(gone) == {
        **several(),
        "spec": {**several()["spec"], "stages": [several()["spec"]["stages"][1]]},
    }


def test_an_edit_is_told_of_its_template_and_kept_there() -> None:
    how = settings(GROUPS, cluster={"nativeSidecars": False})
    edited = copy.deepcopy(injected(how, several()))
    proxy = next(
        c for c in at(edited, PLACES[2])["spec"]["containers"] if c["name"] == "istio-proxy"
    )
    proxy["resources"]["requests"]["cpu"] = "7"
    (result,) = errors(pipeline.verify(bundle(edited), how).results)
    field = "spec.stages[second].pod.spec.containers[istio-proxy].resources.requests.cpu"
    assert (result.code, result.field) == ("verify-edited", field)
    again = injected(how, edited)
    kept = next(c for c in at(again, PLACES[2])["spec"]["containers"] if c["name"] == "istio-proxy")
    assert kept["resources"]["requests"]["cpu"] == "7"
    assert (
        injected(how, again) == again and errors(pipeline.verify(bundle(again), how).results) == []
    )


def test_half_an_object_is_never_injected() -> None:
    value = put(
        several(), (*PLACES[2], "metadata", "annotations"), {"sidecar.istio.io/proxyCPU": "much"}
    )
    outcome = run(settings(GROUPS), value)
    assert errors(outcome.results)
    assert outcome.replacements == {}


def test_a_record_from_when_only_one_template_was_named_still_leads_back() -> None:
    once = injected(settings(named("Pipeline", "spec.main")), several())
    assert json.loads(once["metadata"]["annotations"][RECORD_ANNOTATION])["v"] == record.VERSION
    more = settings(GROUPS)
    assert injected(more, once) == injected(more, several())
    fewer = settings(named("Pipeline", "spec.main"))
    assert injected(fewer, injected(more, several())) == once


def test_eject_needs_no_functionconfig_and_keeps_other_annotations() -> None:
    cases: list[dict[str, Any]] = [{}, {"annotations": {}}, {"annotations": {"a": "b"}}]
    for metadata in cases:
        value = several()
        value["metadata"].update(metadata)
        assert ejected(injected(settings(GROUPS), value), Settings()) == value


def test_a_damaged_record_is_one_error() -> None:
    once = injected(settings(GROUPS), several())
    once["metadata"]["annotations"][RECORD_ANNOTATION] = '{"v":2,"templates":[{"at":[]}]}'
    results = errors(pipeline.verify(bundle(once), settings(GROUPS)).results)
    assert [result.code for result in results] == ["record-unusable"]


def test_json_patches_give_what_injection_gives() -> None:
    outcome = run(settings(GROUPS), several())
    (change,) = diff.changes(outcome)
    assert _patched(change.before, patches.json_patch(change.before, change.after)) == change.after


def _patched(value: Any, operations: list[Any]) -> Any:
    result = copy.deepcopy(value)
    for operation in operations:
        steps = [
            step.replace("~1", "/").replace("~0", "~") for step in operation["path"].split("/")[1:]
        ]
        parent = result
        for step in steps[:-1]:
            parent = parent[int(step)] if isinstance(parent, list) else parent[step]
        key: Any = int(steps[-1]) if isinstance(parent, list) else steps[-1]
        if operation["op"] == "test":
            assert parent[key] == operation["value"]
        elif operation["op"] == "remove":
            del parent[key]
        elif operation["op"] == "add" and isinstance(parent, list):
            parent.insert(key, operation["value"])
        else:
            parent[key] = operation["value"]
    return result


def test_templates_beside_those_that_are_named_are_told_as_such() -> None:
    """The sentence names the rest only, and what it says to write takes all in."""
    kind = ("leaderworkerset.x-k8s.io/v1", "LeaderWorkerSet")
    worker, leader = (
        f"spec.leaderWorkerTemplate.{name}" for name in ("workerTemplate", "leaderTemplate")
    )
    entry = {"apiVersion": kind[0], "kind": kind[1]}
    found = [
        r
        for r in run(settings({**entry, "podTemplate": worker}), filled(kind)).results
        if r.severity == "warning"
    ]
    assert [(result.code, result.field) for result in found] == [("unknown-workload-kind", leader)]
    assert (
        f"does not name ({leader})" in found[0].message and "is left alone" not in found[0].message
    )
    assert not [
        r for r in run(settings(entry), filled(kind)).results if r.code == "unknown-workload-kind"
    ]
