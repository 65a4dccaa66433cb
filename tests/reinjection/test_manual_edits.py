"""Edits by hand inside the injected part: they are kept where Istio has an override that says the
same, and overwritten elsewhere.
"""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import builders
import pytest
from builders import SHOP, bundle, config_map, settings
from outside import ask_webhook, needs, webhook_oracle
from paths import CORPUS, DEFAULT_INSTALLATION

from krm_injector import pipeline
from krm_injector.function_config import Settings
from krm_injector.istio_names import RECORD_ANNOTATION
from krm_injector.kube import defaults
from krm_injector.kube.differences import differences
from krm_injector.kube.yaml import dump, load_all
from krm_injector.model import Result
from krm_injector.presenting import diff
from krm_injector.reinjection import manual_edits, override_candidates

BOOKKEEPING = (RECORD_ANNOTATION, *override_candidates.BOOKKEEPING)
Change = Callable[[Any], Any]


NATIVE = settings(cluster={"nativeSidecars": True})
CONTAINER = settings(cluster={"nativeSidecars": False})


def deployment(*own: Any) -> Any:
    """With a port and a probe, which injection rewrites; ``own`` are further containers."""
    probe = {"httpGet": {"path": "/", "port": 80}}
    probed = {"ports": [{"containerPort": 80}], "readinessProbe": probe}
    return builders.deployment(container=probed, beside=own)


class Bench:
    """One configuration, and what it makes of a workload."""

    def __init__(
        self, how: Settings = NATIVE, mesh: list[Any] | None = None, space: Any = SHOP
    ) -> None:
        self.how, self.mesh, self.space = how, mesh or [], space

    def outcome(self, action: str, *workloads: Any) -> pipeline.Outcome:
        objects = bundle(*self.mesh, self.space, *workloads)
        return pipeline.ACTIONS[action](objects, self.how)

    def inject(self, workload: Any) -> tuple[Any, list[Result]]:
        outcome = self.outcome("inject", workload)
        assert not [result for result in outcome.results if result.severity == "error"]
        after: Any = outcome.replacements.get(len(self.mesh) + 1, workload)
        return after, [
            result for result in outcome.results if result.code in ("edit-kept", "edit-lost")
        ]

    def refused(self, workload: Any) -> list[Result]:
        return [
            result
            for result in self.outcome("verify", workload).results
            if result.severity == "error"
        ]

    def eject(self, workload: Any) -> Any:
        outcome = self.outcome("eject", workload)
        return outcome.replacements[len(self.mesh) + 1]


def pod(workload: Any) -> Any:
    return workload["spec"]["template"]["spec"]


def container(workload: Any, name: str) -> Any:
    containers = (*pod(workload)["containers"], *(pod(workload).get("initContainers") or []))
    return next(c for c in containers if c["name"] == name)


def proxy(workload: Any) -> Any:
    return container(workload, "istio-proxy")


def edited(bench: Bench, change: Change, before: Any) -> tuple[Any, Any]:
    """An injected workload, and the same after an edit by hand."""
    untouched, results = bench.inject(before)
    assert not results
    workload = copy.deepcopy(untouched)
    change(workload)
    assert workload != untouched
    return untouched, workload


def template_differences(one: Any, other: Any) -> list[str]:
    pieces = differences(one["spec"]["template"], other["spec"]["template"])
    return [piece.path for piece in pieces if not any(name in piece.path for name in BOOKKEEPING)]


def check_kept(bench: Bench, change: Change, before: Any, reordered: bool = False) -> Any:
    """The edit is refused, then kept with every value, then stands; returns it ejected."""
    _, workload = edited(bench, change, before)
    refusals = bench.refused(workload)
    assert {result.code for result in refusals} == {"verify-edited"}
    assert all("kept" in result.message for result in refusals)
    again, results = bench.inject(workload)
    assert [result.code for result in results] == ["edit-kept"] * len(results) and results
    assert {result.severity for result in results} == {"info"}
    assert [(r.field, r.current) for r in results] == [(r.field, r.current) for r in refusals]
    left = template_differences(workload, again)
    assert all(path.endswith("(order)") for path in left) if reordered else left == []
    assert bench.inject(again) == (again, [])
    assert bench.refused(again) == []
    ejected = bench.eject(again)
    assert bench.inject(ejected) == (again, [])
    return ejected


def check_drift(bench: Bench, change: Change, before: Any) -> list[Result]:
    """The edit is refused, then overwritten with a warning; returns the warnings."""
    untouched, workload = edited(bench, change, before)
    refusals = bench.refused(workload)
    assert {result.code for result in refusals} == {"verify-edited"}
    assert all("overwrites" in result.message for result in refusals)
    again, results = bench.inject(workload)
    assert again == untouched
    assert results and {(result.severity, result.code) for result in results} == {
        ("warning", "edit-lost")
    }
    return results


# ---------------------------------------------------------------- what Istio supports

SUPPORTED: dict[str, tuple[Change, Any]] = {
    "image": (lambda w: proxy(w).update(image="mine:1"), {"image": "mine:1"}),
    "limits": (
        lambda w: proxy(w)["resources"]["limits"].update(cpu="3"),
        {"image": "auto", "resources": {"limits": {"cpu": "3"}}},
    ),
    "variable added": (
        lambda w: proxy(w)["env"].append({"name": "MINE", "value": "1"}),
        {"image": "auto", "env": [{"name": "MINE", "value": "1"}]},
    ),
    "variable changed": (
        lambda w: next(v for v in proxy(w)["env"] if v["name"] == "ISTIO_META_MESH_ID").update(
            value="other"
        ),
        {"image": "auto", "env": [{"name": "ISTIO_META_MESH_ID", "value": "other"}]},
    ),
    "mount added": (
        lambda w: proxy(w)["volumeMounts"].append({"name": "istio-data", "mountPath": "/mine"}),
        {"image": "auto", "volumeMounts": [{"name": "istio-data", "mountPath": "/mine"}]},
    ),
    "lifecycle": (
        lambda w: proxy(w).update(lifecycle={"preStop": {"exec": {"command": ["sleep", "5"]}}}),
        {"image": "auto", "lifecycle": {"preStop": {"exec": {"command": ["sleep", "5"]}}}},
    ),
    "security context": (
        lambda w: proxy(w)["securityContext"].update(privileged=True),
        {"image": "auto", "securityContext": {"privileged": True}},
    ),
    "probe": (
        lambda w: proxy(w)["startupProbe"].update(failureThreshold=99),
        {"image": "auto", "startupProbe": {"failureThreshold": 99}},
    ),
    "working directory": (
        lambda w: proxy(w).update(workingDir="/tmp"),
        {"image": "auto", "workingDir": "/tmp"},
    ),
}


@pytest.mark.parametrize("how", [NATIVE, CONTAINER], ids=["native", "container"])
@pytest.mark.parametrize("what", SUPPORTED)
def test_a_supported_edit_is_kept_as_an_own_container_with_that_field_only(
    what: str, how: Settings
) -> None:
    change, expected = SUPPORTED[what]
    ejected = check_kept(Bench(how), change, deployment(), reordered="variable" in what)
    assert pod(ejected)["containers"] == [
        *pod(deployment())["containers"],
        {"name": "istio-proxy", **expected},
    ]
    assert "initContainers" not in pod(ejected)


def test_arguments_are_one_value() -> None:
    ejected = check_kept(Bench(), lambda w: proxy(w)["args"].append("--mine"), deployment())
    own = container(ejected, "istio-proxy")
    assert set(own) == {"name", "image", "args"} and own["args"][-1] == "--mine"


@pytest.mark.parametrize("how", [NATIVE, CONTAINER], ids=["native", "container"])
def test_istio_init_is_overridden_among_the_init_containers(how: Settings) -> None:
    def change(workload: Any) -> None:
        init = container(workload, "istio-init")
        init["image"] = "mine:2"
        init["resources"]["requests"]["cpu"] = "11m"

    ejected = check_kept(Bench(how), change, deployment())
    expected = {"name": "istio-init", "image": "mine:2", "resources": {"requests": {"cpu": "11m"}}}
    assert pod(ejected)["initContainers"] == [expected]


def test_a_port_of_the_sidecar_is_kept_where_it_is_no_port_of_the_application() -> None:
    # A port of a container istio-proxy counts among the application's (ISTIO_META_APP_CONTAINERS,
    # the redirection); one of an init container does not, and only a native sidecar may stand
    # there.
    def change(workload: Any) -> None:
        proxy(workload)["ports"].append({"containerPort": 7777, "name": "mine"})

    ejected = check_kept(Bench(NATIVE), change, deployment())
    assert [one["name"] for one in pod(ejected)["initContainers"]] == ["istio-proxy"]
    (lost,) = check_drift(Bench(CONTAINER), change, deployment())
    assert lost.field.endswith("[istio-proxy].ports[7777]")


@pytest.mark.parametrize("how", [NATIVE, CONTAINER], ids=["native", "container"])
def test_the_users_own_container_takes_the_edit(how: Settings) -> None:
    own = {"name": "istio-proxy", "image": "auto", "resources": {"limits": {"cpu": "1"}}}

    def change(workload: Any) -> None:
        proxy(workload)["image"] = "mine:3"

    ejected = check_kept(Bench(how), change, deployment(own))
    assert pod(ejected)["containers"][1] == {**own, "image": "mine:3"}


def test_an_edit_that_the_user_had_made_already_goes_on() -> None:
    bench = Bench()
    first = check_kept(bench, lambda w: proxy(w).update(image="mine:1"), deployment())
    second = check_kept(bench, lambda w: proxy(w)["resources"]["limits"].update(cpu="3"), first)
    expected = {"name": "istio-proxy", "image": "mine:1", "resources": {"limits": {"cpu": "3"}}}
    assert container(second, "istio-proxy") == expected


def test_a_label_that_the_template_lets_the_user_set() -> None:
    def change(workload: Any) -> None:
        workload["spec"]["template"]["metadata"]["labels"]["service.istio.io/canonical-name"] = (
            "till"
        )

    ejected = check_kept(Bench(), change, deployment())
    assert (
        ejected["spec"]["template"]["metadata"]["labels"]["service.istio.io/canonical-name"]
        == "till"
    )


def test_a_quantity_may_be_spelled_otherwise() -> None:
    bench = Bench()
    _, workload = edited(
        bench, lambda w: proxy(w)["resources"]["limits"].update(cpu=4), deployment()
    )
    again, results = bench.inject(workload)
    assert [result.code for result in results] == ["edit-kept"]
    assert proxy(again)["resources"]["limits"]["cpu"] == "4"
    assert bench.inject(again) == (again, []) and bench.refused(again) == []


def test_the_place_of_a_variable_is_said() -> None:
    bench = Bench()
    change = lambda w: proxy(w)["env"].append({"name": "MINE", "value": "1"})  # noqa: E731
    _, workload = edited(bench, change, deployment())
    again, (kept,) = bench.inject(workload)
    assert proxy(again)["env"][-1]["name"] != "MINE"
    assert "where Istio's merge puts it" in kept.message


def test_a_variable_made_of_another_is_not_kept_where_injection_would_put_it_before_that() -> None:
    def change(workload: Any) -> None:
        proxy(workload)["env"].append({"name": "MINE", "value": "$(ISTIO_KUBE_APP_PROBERS)"})

    (lost,) = check_drift(Bench(), change, deployment())
    assert lost.field.endswith("env[MINE]")


# ---------------------------------------------------------------- what it does not


def variable(workload: Any, name: str) -> Any:
    return next(entry for entry in proxy(workload)["env"] if entry["name"] == name)


def annotate(workload: Any, name: str, value: str) -> None:
    workload["spec"]["template"]["metadata"]["annotations"][name] = value


def envoy_volume(workload: Any) -> Any:
    return next(volume for volume in pod(workload)["volumes"] if volume["name"] == "istio-envoy")


DRIFT: dict[str, Change] = {
    "a probe of the application": lambda w: container(w, "web")["readinessProbe"]["httpGet"].update(
        path="/mine"
    ),
    "a variable taken out": lambda w: proxy(w)["env"].pop(2),
    "variables in another order": lambda w: proxy(w)["env"].reverse(),
    "mounts in another order": lambda w: proxy(w)["volumeMounts"].reverse(),
    "a limit taken out": lambda w: proxy(w)["resources"]["limits"].pop("cpu"),
    "a volume": lambda w: envoy_volume(w).update(emptyDir={}),
    "what post-processing writes": lambda w: variable(w, "ISTIO_KUBE_APP_PROBERS").update(
        value="{}"
    ),
    "a user that istio-init must let pass": lambda w: proxy(w)["securityContext"].update(
        runAsUser=2000
    ),
    "the status": lambda w: annotate(w, "sidecar.istio.io/status", "{}"),
    "metrics": lambda w: annotate(w, "prometheus.io/port", "1"),
    "a field that Kubernetes does not know": lambda w: proxy(w).update(imagePolicy="Never"),
    "a value of the wrong type": lambda w: proxy(w).update(args="--mine"),
    "a quantity that is none": lambda w: proxy(w)["resources"]["limits"].update(cpu="much"),
    "a value in place of a reference": lambda w: variable(w, "POD_NAME").update(value="x"),
}


@pytest.mark.parametrize(
    "what", [name for name in DRIFT if name != "a value in place of a reference"]
)
def test_every_other_edit_is_drift(what: str) -> None:
    check_drift(Bench(), DRIFT[what], deployment())


def test_of_several_edits_the_largest_set_is_kept() -> None:
    def change(workload: Any) -> None:
        proxy(workload)["image"] = "mine:1"
        proxy(workload)["resources"]["limits"]["cpu"] = "3"
        proxy(workload)["securityContext"]["runAsUser"] = 2000
        container(workload, "web")["readinessProbe"]["httpGet"]["path"] = "/mine"

    bench = Bench()
    untouched, workload = edited(bench, change, deployment())
    refusals = bench.refused(workload)
    assert sorted("kept" in result.message for result in refusals) == [False, False, True, True]
    again, results = bench.inject(workload)
    by_code = {
        code: [r.field.rpartition("]")[2] for r in results if r.code == code]
        for code in ("edit-kept", "edit-lost")
    }
    assert sorted(by_code["edit-kept"]) == [".image", ".resources.limits.cpu"]
    assert sorted(by_code["edit-lost"]) == [
        ".readinessProbe.httpGet.path",
        ".securityContext.runAsUser",
    ]
    assert proxy(again)["image"] == "mine:1"
    assert container(again, "web") == container(untouched, "web")
    assert bench.inject(again) == (again, []) and bench.refused(again) == []


def test_two_edits_that_need_each_other_are_kept_together() -> None:
    # An istio-proxy of another user makes Istio let that user's traffic pass
    # (adjustInitContainerUser): y has both.
    def change(workload: Any) -> None:
        proxy(workload)["securityContext"]["runAsUser"] = 2000
        args = container(workload, "istio-init")["args"]
        args[args.index("-u") + 1] = "2000"

    check_kept(Bench(), change, deployment())


# ---------------------------------------------------------------- when the mesh has changed since


def test_the_users_value_wins_over_a_mesh_that_changed() -> None:
    _, workload = edited(Bench(NATIVE), lambda w: proxy(w).update(image="mine:1"), deployment())
    for other in (
        CONTAINER,
        settings(mesh={"meshConfig": "defaultConfig: {discoveryAddress: elsewhere:15012}"}),
    ):
        bench = Bench(other)
        again, results = bench.inject(workload)
        assert [(result.code, result.current) for result in results] == [("edit-kept", "mine:1")]
        expected, _ = bench.inject(deployment({"name": "istio-proxy", "image": "mine:1"}))
        assert again == expected


def test_pieces_that_only_the_mesh_changed_are_no_edits() -> None:
    _, workload = edited(Bench(NATIVE), lambda w: proxy(w)["env"].pop(2), deployment())
    mesh_config = "defaultConfig: {discoveryAddress: elsewhere:15012, statusPort: 15999}"
    other = Bench(settings(mesh={"meshConfig": mesh_config}))
    again, results = other.inject(workload)
    assert [result.code for result in results] == ["edit-lost"]
    assert again == other.inject(deployment())[0]


def test_an_own_field_that_changed_with_an_edit_is_no_second_edit() -> None:
    def change(workload: Any) -> None:
        workload["spec"]["template"]["metadata"]["annotations"]["sidecar.istio.io/logLevel"] = (
            "debug"
        )
        proxy(workload)["image"] = "mine:1"

    bench = Bench()
    _, workload = edited(bench, change, deployment())
    again, results = bench.inject(workload)
    assert [(result.code, result.current) for result in results] == [("edit-kept", "mine:1")]
    assert "--proxyLogLevel=debug" in proxy(again)["args"]


def test_a_label_that_would_change_the_verdict_is_drift() -> None:
    guarded = Bench(settings(guard="label", cluster={"nativeSidecars": True}))

    def change(workload: Any) -> None:
        workload["spec"]["template"]["metadata"]["labels"]["sidecar.istio.io/inject"] = "no"

    check_drift(guarded, change, deployment())


# ---------------------------------------------------------------- versions


def of_version(version: str, native: bool) -> Bench:
    """Istio's own test installation of that version, by kube-inject."""
    base = needs(CORPUS / version)
    cases = json.loads((base / "cases.json").read_text())
    case = next(
        one
        for one in cases
        if "error" not in one and one["native_sidecars"] == native and not one["openshift"]
    )

    read = {key: (base / case[key]).read_text() for key in ("config", "values", "mesh")}
    sidecar = config_map(
        "istio-sidecar-injector", {"config": read["config"], "values": read["values"]}
    )
    mesh = [sidecar, config_map("istio", {"mesh": read["mesh"]})]
    spec = {"method": "manual", "mesh": {"version": version}, "cluster": {"nativeSidecars": native}}
    return Bench(settings(**spec), mesh)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("version", "native"),
    [
        ("1.9.9", False),
        ("1.11.8", False),
        ("1.16.7", False),
        ("1.20.8", False),
        ("1.24.6", False),
        ("1.30.3", True),
    ],
)
def test_images_and_variables_are_kept_since_there_are_overrides(
    version: str, native: bool
) -> None:
    bench = of_version(version, native)
    check_kept(bench, lambda w: proxy(w).update(image="mine:1"), deployment())
    check_kept(
        bench,
        lambda w: proxy(w)["env"].append({"name": "MINE", "value": "1"}),
        deployment(),
        reordered=True,
    )


@pytest.mark.parametrize("version", ["1.5.10", "1.8.2"])
def test_before_that_every_edit_of_a_container_is_drift(version: str) -> None:
    bench = of_version(version, False)
    check_drift(bench, lambda w: proxy(w).update(image="mine:1"), deployment())
    check_drift(
        bench, lambda w: proxy(w)["env"].append({"name": "MINE", "value": "1"}), deployment()
    )


@pytest.mark.slow
@pytest.mark.parametrize("native", [True, False], ids=["native", "container"])
def test_the_real_webhook_makes_the_edited_workload_of_its_override(
    native: bool, tmp_path: Path
) -> None:
    oracle = webhook_oracle()
    installation = load_all(needs(DEFAULT_INSTALLATION).read_text())
    mesh = [document.value for document in installation if document.value]
    data = [one["data"] for one in mesh if one["kind"] == "ConfigMap"]
    injector = next(one for one in data if "config" in one)
    facts = {
        "config": injector["config"],
        "values": injector["values"],
        "mesh": next(one["mesh"] for one in data if "mesh" in one),
    }
    webhooks = [dump(one) for one in mesh if one["kind"] == "MutatingWebhookConfiguration"]
    bench = Bench(NATIVE if native else CONTAINER, mesh)
    rows, ours = [], {}
    for what, (change, _) in SUPPORTED.items():
        ejected = check_kept(bench, change, deployment(), reordered="variable" in what)
        ours[what], _ = bench.inject(ejected)
        asked = {
            "namespace": "shop",
            "ns_labels": {"istio-injection": "enabled"},
            "revision": "default",
            "native": native,
        }
        rows.append(
            {"id": what, **facts, "webhooks": webhooks, **asked, "workload": json.dumps(ejected)}
        )
    answers = ask_webhook(oracle, rows, tmp_path)
    assert [answer["id"] for answer in answers] == list(SUPPORTED)
    for answer in answers:
        sidecar, theirs = proxy(ours[answer["id"]]), answer["pod"]["spec"]
        (real,) = (
            c
            for f in ("containers", "initContainers")
            for c in theirs[f]
            if c["name"] == "istio-proxy"
        )
        assert differences(sidecar, real) == [], answer["id"]


# ---------------------------------------------------------------- cost, and damage


def test_nothing_is_looked_at_where_the_digest_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench()
    untouched, _ = bench.inject(deployment())
    monkeypatch.setattr(manual_edits, "keep_edits", lambda *_: pytest.fail("looked for edits"))
    workload = copy.deepcopy(untouched)
    container(workload, "web")["image"] = "web:2"
    again, _ = bench.inject(workload)
    assert container(again, "web")["image"] == "web:2"


def test_an_edit_that_cannot_be_named_is_told_all_the_same() -> None:
    bench = Bench()
    untouched, _ = bench.inject(deployment())
    workload = copy.deepcopy(untouched)
    value = json.loads(workload["metadata"]["annotations"][RECORD_ANNOTATION])
    workload["metadata"]["annotations"][RECORD_ANNOTATION] = json.dumps(
        {**value, "digest": "AAAAAAAA"}
    )
    again, results = bench.inject(workload)
    assert again == untouched
    assert [result.code for result in results] == ["edit-lost"]


@pytest.mark.parametrize("seed", range(4))
def test_random_edits_are_kept_or_told(seed: int) -> None:
    chance = random.Random(seed)
    bench = Bench(chance.choice((NATIVE, CONTAINER)))
    untouched, _ = bench.inject(deployment())
    for _ in range(8):
        workload = copy.deepcopy(untouched)
        one = container(workload, chance.choice(("istio-proxy", "istio-proxy", "istio-init")))
        field = chance.choice([name for name in one if name != "name"])
        if isinstance(one[field], list) and isinstance(one[field][0], dict):
            chance.choice(one[field])["name"] = "edited"
        elif isinstance(one[field], list):
            one[field].insert(chance.randrange(len(one[field])), "edited")
        elif isinstance(one[field], dict):
            one[field].pop(chance.choice(sorted(one[field])))
        else:
            one[field] = f"{one[field]}-edited"
        assert bench.refused(workload), field
        again, results = bench.inject(workload)
        lost = {result.field for result in results if result.code == "edit-lost"}
        assert results, field
        assert lost or all(
            path.endswith("(order)") for path in template_differences(workload, again)
        ), field
        assert bench.inject(again) == (again, []) and bench.refused(again) == [], field


def test_a_diff_shows_the_kept_edit_and_nothing_else() -> None:
    bench = Bench()
    _, workload = edited(bench, lambda w: proxy(w).update(image="mine:1"), deployment())
    outcome = bench.outcome("inject", workload)
    (change,) = diff.changes(outcome)
    assert proxy(change.after)["image"] == "mine:1"
    assert load_all(dump(change.after))


# ---------------------------------------------------------------- pods as they are stored

STORED = settings(cluster={"nativeSidecars": True, "defaults": True})


def as_read(workload: Any) -> Any:
    spec = defaults.filled_in("v1.PodSpec", pod(workload))
    return {**workload, "spec": {"template": {**workload["spec"]["template"], "spec": spec}}}


@pytest.mark.parametrize("what", SUPPORTED)
def test_an_edit_is_kept_where_defaults_are_read(what: str) -> None:
    """An own container gets defaults, which are overrides too: it holds what they would change."""
    bench = Bench(STORED)
    change, expected = SUPPORTED[what]
    _, workload = edited(bench, change, deployment())
    again, results = bench.inject(workload)
    assert [result.code for result in results] == ["edit-kept"] * len(results) and results
    left = template_differences(as_read(workload), as_read(again))
    assert all(path.endswith("(order)") for path in left)
    assert bench.inject(again) == (again, [])
    assert bench.refused(again) == []

    own = container(bench.eject(again), "istio-proxy")
    assert own.items() >= {key: own[key] for key in expected if key != "resources"}.items()
    assert own.get("imagePullPolicy", "IfNotPresent") == "IfNotPresent"


def test_a_limit_that_is_kept_does_not_raise_the_request() -> None:
    bench = Bench(STORED)
    change, _ = SUPPORTED["limits"]
    untouched, workload = edited(bench, change, deployment())
    again, _ = bench.inject(workload)
    assert proxy(again)["resources"]["requests"] == proxy(untouched)["resources"]["requests"]
    assert proxy(again)["resources"]["limits"]["cpu"] == "3"


def test_an_image_that_is_kept_has_its_own_pull_policy() -> None:
    bench = Bench(STORED)
    _, workload = edited(bench, lambda w: proxy(w).update(image="mine:latest"), deployment())
    again, (result,) = bench.inject(workload)
    assert result.code == "edit-kept"
    assert proxy(again)["imagePullPolicy"] == "Always"
