"""explain of what inject refuses: the table marks those workloads, and the exit status is 1."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest
import yaml
from builders import control_plane
from bundles import generate
from command import krm_text
from paths import ROOT
from presenting.explanations import rendered

from krm_injector import pipeline
from krm_injector.function_config import Settings
from krm_injector.presenting import explain
from krm_injector.presenting.explain import Suggestions
from krm_injector.sources import resource_list

Object = dict[str, Any]


def web(place: str = "shop/web", **more: Any) -> Object:
    return generate.workload("Deployment", place, **more)


def injector(revision: str = "", mesh: str = "") -> list[Object]:
    """A control plane's two ConfigMaps, with a template that adds nothing."""
    return control_plane(revision=revision, mesh=mesh)


def with_config(config: str) -> Object:
    """The injection configuration of injector() with another data.config."""
    config_map = injector()[0]
    return {**config_map, "data": {**config_map["data"], "config": config}}


ON = generate.namespace("shop", injection="enabled")
BAD_PORTS = {"traffic.sidecar.istio.io/includeInboundPorts": "http"}
# The code, and a bundle whose first workload is refused by it and whose second, if any, is
# injected.
CASES: dict[str, list[Object]] = {
    "namespace-missing": [ON, web("ops/web"), web("shop/other")],
    "namespace-conflict": [
        ON, generate.namespace("two", injection="enabled"), generate.namespace("two"),
        web("two/web"), web("shop/other"),
    ],
    "annotation-invalid": [ON, web(annotations=BAD_PORTS), web("shop/other")],
    "pod-invalid": [ON, web(terminationGracePeriodSeconds="soon"), web("shop/other")],
    "control-plane-missing": [
        *injector(), generate.webhooks("canary"),
        generate.namespace("new", rev="canary"), web("new/web"),
    ],
    "policy-illegal": [
        with_config("policy: maybe\ntemplates: {sidecar: ''}\n"), ON, web(),
    ],
    "double-injection": [
        *injector(), *injector("canary"), generate.webhooks("default"),
        {**generate.webhooks("canary"), "webhooks": generate.webhooks("default")["webhooks"]},
        generate.namespace("shop", rev="default"), web(),
    ],
    "mesh-invalid": [
        *injector("", "defaultConfig: {concurrency: many}"), *injector("canary"),
        generate.webhooks("default"), generate.webhooks("canary"),
        generate.namespace("shop", rev="default"), web(),
        generate.namespace("new", rev="canary"), web("new/other"),
    ],
}  # fmt: skip


def explained(documents: list[Object]) -> tuple[Any, list[Object]]:
    bundle = resource_list.read_manifests(generate.text(documents).encode())
    outcome = pipeline.run(bundle, Settings())
    suggestions = Suggestions(outcome.decisions, outcome.meshes, Settings())
    errors = explain.refusals(outcome.decisions, outcome.replacements, outcome.results)
    return outcome, explain.entries(
        outcome.decisions, outcome.replacements, None, suggestions, errors
    )


@pytest.mark.parametrize("code", CASES)
def test_what_is_refused_is_told_with_its_code_and_the_rest_has_its_verdict(code: str) -> None:
    outcome, (first, *others) = explained(CASES[code])
    assert code in {result.code for result in outcome.results if result.severity == "error"}
    assert (first["verdict"], first["injected"], first["containers"]) == ("error", False, [1, None])
    assert first["errors"][0]["code"] == code
    assert first["errors"][0]["message"] and "\n" not in first["errors"][0]["brief"]
    assert [(other["verdict"], other["errors"]) for other in others] == [("injected", [])] * len(
        others
    )
    schema = json.loads((ROOT / "docs" / "explain.schema.json").read_text())
    jsonschema.validate(json.loads(rendered("json", outcome.meshes, [first, *others])), schema)


def test_every_workload_of_a_missing_namespace_is_refused() -> None:
    _, entries = explained([web("ops/one"), web("ops/two")])
    assert [entry["verdict"] for entry in entries] == ["error", "error"]
    assert "Add the Namespace" in entries[0]["errors"][0]["message"]
    assert entries[1]["errors"][0]["brief"] == "Namespace ops is not in the bundle"


def application(name: str, create: bool = True, **labels: str) -> Object:
    managed = {"labels": {f"istio-{key}": value for key, value in labels.items()}}
    policy = {
        "syncOptions": ["CreateNamespace=true"] if create else [],
        "managedNamespaceMetadata": managed,
    }
    spec = {"destination": {"namespace": "shop"}, "syncPolicy": policy}
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "metadata": {"name": name},
        "spec": spec,
    }


def test_applications_that_disagree_refuse_the_workloads_of_their_namespace() -> None:
    applications = [application("a", injection="enabled"), application("b", injection="disabled")]
    _, entries = explained(
        [
            *applications,
            web(),
            generate.namespace("shopping", injection="enabled"),
            web("shopping/web"),
        ]
    )
    assert [entry["verdict"] for entry in entries] == ["error", "injected"]
    assert entries[0]["errors"][0]["code"] == "namespace-conflict"
    _, (entry,) = explained([applications[0], applications[0], web()])
    assert entry["verdict"] == "injected"


def test_an_application_that_makes_no_namespace_tells_nothing_of_it() -> None:
    outcome, (entry,) = explained([application("a", create=False, injection="enabled"), web()])
    assert entry["verdict"] == "error"
    assert "namespace-managed-ignored" in {result.code for result in outcome.results}
    outcome, (entry,) = explained([application("a", create=False, injection="enabled"), ON, web()])
    assert entry["verdict"] == "injected"
    assert "namespace-managed-ignored" not in {result.code for result in outcome.results}


def test_webhooks_that_ask_for_something_else_are_told_by_what_they_ask() -> None:
    hooks = generate.webhooks("default")
    hooks["webhooks"] = [{**hooks["webhooks"][0], "objectSelector": {},
                          "namespaceSelector": {"matchLabels": {"team": "blue"}}}]  # fmt: skip
    _, (entry,) = explained([*injector(), hooks, ON, web()])
    assert entry["detail"] == "no webhook matches: team=blue: Namespace shop has no team"
    _, (entry,) = explained([generate.namespace("shop"), web()])
    assert "neither istio-injection nor istio.io/rev" in entry["detail"]


def test_one_of_a_list_is_refused_alone() -> None:
    members = [web(annotations=BAD_PORTS), web("shop/other")]
    _, entries = explained([ON, {"apiVersion": "v1", "kind": "List", "items": members}])
    assert [entry["verdict"] for entry in entries] == ["error", "injected"]


@pytest.mark.parametrize("form", ["table", "json", "yaml", "markdown", "html"])
def test_every_form_is_printed_and_the_exit_status_is_1(form: str) -> None:
    given = generate.text(CASES["namespace-missing"])
    done = krm_text("explain", "-o", form, stdin=given)
    assert done.returncode == 1
    assert done.stderr.startswith("error: ")
    assert "[namespace-missing]" in done.stderr
    if form in ("json", "yaml"):
        answer = yaml.safe_load(done.stdout)
        assert answer["summary"] | {"reasons": 0} == {
            "workloads": 2, "injected": 1, "leftOut": 0, "errors": 1, "reasons": 0,
        }  # fmt: skip
    else:
        assert "Namespace ops is not in the bundle" in done.stdout
        marks = {
            "html": 'class="w error"',
            "markdown": "| error | 1/1 -> ? |",
            "table": "error     1/1 -> ?",
        }
        assert marks[form] in done.stdout
        assert "shop" in done.stdout


def test_inject_still_writes_nothing() -> None:
    done = krm_text("inject", stdin=generate.text(CASES["namespace-missing"]))
    assert (done.returncode, done.stdout) == (1, "")


def test_a_terminal_gets_codes_with_a_legend_and_verbose_the_whole_message() -> None:
    outcome, entries = explained(CASES["namespace-missing"])
    narrow = rendered("table", outcome.meshes, entries, explain.Style(width=70))
    assert "namespace-missing\n" in narrow and "1 refused with an error" in narrow
    whole = rendered("table", outcome.meshes, entries, explain.Style(width=100, verbose=True))
    assert "refused with an error" in whole and "    - name: ops\n" in whole
    assert "\x1b[31merror" in rendered("table", outcome.meshes, entries, explain.Style(colour=True))
