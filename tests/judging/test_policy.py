"""The check function: policy, severities, proposed values, and that it changes nothing."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import builders
import pytest
import yaml
from builders import INJECT, deployment, namespace
from command import install_krm_injector, krm_text
from outside import needs_program
from paths import ROOT

from krm_injector import function_config, pipeline
from krm_injector.model import Object, Refused, Result
from krm_injector.sources.resource_list import read_manifests

FUNCTION = ROOT / "functions" / "check"
EXAMPLE = FUNCTION / "examples" / "shop"
QUIET = {"severities": {"mutable-image": "off", "webhook-active": "off"}}
UNASKED = ("mesh", "native-sidecars-assumed")  # information about every run
SHOP = [{"matchLabels": {"kubernetes.io/metadata.name": "shop"}}]


def config(**spec: Any) -> Object:
    return builders.config("InjectionCheck", **{**QUIET, **spec})


def checked(value: Object, *objects: Object) -> list[Result]:
    bundle = read_manifests("".join(json.dumps(one) + "\n" for one in objects).encode())
    settings = function_config.settings(value)
    outcome = pipeline.ACTIONS[settings.action](bundle, settings)
    assert outcome.replacements == {}
    return [result for result in outcome.results if result.code not in UNASKED]


IN, OUT = {"istio-injection": "enabled"}, {"team": "shop"}
LABEL_FIELD = f'spec.template.metadata.labels["{INJECT}"]'
HOST_NETWORK_FIELD = "spec.template.spec.hostNetwork"
INJECTION_FIELD = 'metadata.labels["istio-injection"]'
REVISION_FIELD = 'metadata.labels["istio.io/rev"]'
OFF = {"istio-injection": "disabled"}


@pytest.mark.parametrize(
    ("labels", "workload", "kind", "field", "current", "proposed"),
    [
        (OUT, deployment(), "Namespace", 'metadata.labels["istio-injection"]', None, "enabled"),
        ({"istio-injection": "disabled"}, deployment(), "Namespace",
         'metadata.labels["istio-injection"]', "disabled",
         "enabled"),
        (IN, deployment(labels={INJECT: "false"}), "Deployment", LABEL_FIELD, "false", "true"),
        (IN, deployment(annotations={INJECT: "false"}), "Deployment", LABEL_FIELD, None, "true"),
        (IN, deployment(hostNetwork=True), "Deployment", "spec.template.spec.hostNetwork", True,
         False),
        (OUT, deployment(hostNetwork=True), "Deployment", "spec.template.spec.hostNetwork", True,
         False),
        ({"istio-injection": "disabled"}, deployment(labels={INJECT: "true"}), "Namespace",
         'metadata.labels["istio-injection"]', "disabled", "enabled"),
        ({"istio.io/rev": "typo"}, deployment(), "Namespace", 'metadata.labels["istio.io/rev"]',
         "typo", "default"),
    ],
    ids=["no label", "disabled", "pod's label", "pod's annotation", "host network", "and no label",
         "asks in vain",
         "revision"],
)  # fmt: skip
def test_a_required_workload_that_is_left_out_is_an_error_with_the_edit(
    labels: Object, workload: Object, kind: str, field: str, current: Any, proposed: Any
) -> None:
    (result,) = [
        r
        for r in checked(config(require=SHOP), namespace(**labels), workload)
        if "inject" in r.code
    ]
    assert (result.severity, result.code) == ("error", "injection-required")
    assert result.resource is not None and result.resource.kind == kind
    assert (result.field, result.current, result.proposed) == (field, current, proposed)


def test_a_remedy_of_two_labels_names_both() -> None:
    """A control plane of a revision alone, and a Namespace that says istio-injection: enabled."""
    stated = config(require=SHOP, injection={"revision": "1-30"})
    (result,) = [
        r for r in checked(stated, namespace(**IN), deployment()) if r.code == "injection-required"
    ]
    remedy = (
        'Remedy: Namespace shop with the label istio.io/rev: "1-30" and without the label '
        "istio-injection"
    )
    assert result.message.endswith(remedy)
    assert (result.field, result.current, result.proposed) == (
        'metadata.labels["istio.io/rev"]',
        None,
        "1-30",
    )
    assert checked(stated, namespace(**{"istio.io/rev": "1-30"}), deployment()) == []


def test_what_is_never_injected_names_its_namespace() -> None:
    space, workload = namespace(**IN), deployment()
    space["metadata"]["name"] = workload["metadata"]["namespace"] = "kube-system"
    (result,) = checked(config(require=[{}]), space, workload)
    assert (result.field, result.current, result.proposed) == (
        "metadata.namespace",
        "kube-system",
        None,
    )


@pytest.mark.parametrize("policy", ["require", "forbid"])
@pytest.mark.parametrize(
    "bundle", sorted((ROOT / "tests" / "bundles").glob("*.yaml")), ids=lambda path: path.stem
)
def test_every_result_about_a_bundle_has_its_field_and_an_edit_where_there_is_one(
    bundle: Path, policy: str
) -> None:
    stated: Object = {"kind": "InjectionCheck", "apiVersion": "krm-injector.dev/v1alpha1"}
    spec = {policy: [{}], "injection": {"onMissingNamespace": "warn"}}
    settings = function_config.settings({**stated, "spec": spec})
    outcome = pipeline.check(read_manifests(bundle.read_bytes()), settings)
    wanted = [result for result in outcome.results if result.severity != "info"]
    assert [result.message for result in wanted if not result.field] == []
    policies = [r for r in wanted if r.code in ("injection-required", "injection-forbidden")]
    lacking = [result for result in policies if result.proposed is None]
    assert {result.field for result in lacking} <= {
        "metadata.namespace", 'metadata.labels["istio-injection"]',
        'metadata.labels["istio.io/rev"]',
    }  # fmt: skip
    assert all("without the label" in r.message for r in lacking if r.field != "metadata.namespace")


def test_what_is_required_and_injected_is_fine() -> None:
    assert checked(config(require=SHOP), namespace(**IN), deployment()) == []
    assert checked(config(require=[{}]), namespace(**IN), deployment()) == []
    assert checked(config(), namespace(**OUT), deployment()) == []
    elsewhere = [{"matchExpressions": [{"key": "team", "operator": "In", "values": ["ops"]}]}]
    assert checked(config(require=elsewhere), namespace(**OUT), deployment()) == []


def test_a_forbidden_workload_that_is_injected_is_an_error() -> None:
    (result,) = checked(config(forbid=SHOP), namespace(**IN), deployment())
    assert (result.code, result.field, result.proposed) == (
        "injection-forbidden",
        LABEL_FIELD,
        "false",
    )
    assert checked(config(forbid=SHOP), namespace(**OUT), deployment()) == []


def test_what_stands_injected_counts_as_injected() -> None:
    status = json.dumps({"containers": ["istio-proxy"]})
    injected = deployment(annotations={"sidecar.istio.io/status": status})
    injected["spec"]["template"]["spec"]["containers"].append(
        {"name": "istio-proxy", "image": "proxyv2:1"}
    )
    assert "injection-required" not in {
        r.code for r in checked(config(require=SHOP), namespace(**OUT), injected)
    }
    assert "injection-forbidden" in {
        r.code for r in checked(config(forbid=SHOP), namespace(**OUT), injected)
    }


def test_severities_and_silence_apply_to_the_policy() -> None:
    objects = (namespace(**OUT), deployment())
    (warned,) = checked(
        config(require=SHOP, severities={"injection-required": "warning"}), *objects
    )
    assert warned.severity == "warning"
    assert checked(config(require=SHOP, severities={"injection-required": "off"}), *objects) == []
    for silence in (
        {"code": "injection-required"},
        {"code": "*", "kind": "Deployment", "name": "web"},
    ):
        assert checked(config(require=SHOP, silence=[silence]), *objects) == []
    annotated = deployment()
    annotated["metadata"]["annotations"] = {"krm-injector.dev/silence": "injection-required"}
    assert checked(config(require=SHOP), namespace(**OUT), annotated) == []


def test_warnings_can_be_errors() -> None:
    port = deployment(
        containers=[{"name": "web", "image": "w", "ports": [{"containerPort": 15001}]}]
    )
    severities = {**QUIET["severities"], "port-collision": "error"}
    (result,) = checked(config(severities=severities), namespace(**IN), port)
    assert (result.severity, result.code) == ("error", "port-collision")
    assert result.field == "spec.template.spec.containers[0].ports[0].containerPort"


def test_what_is_known_of_the_mesh_is_under_injection() -> None:
    stub = {"namespaces": [{"name": "shop", "labels": {"istio-injection": "enabled"}}]}
    assert checked(config(require=[{}], injection=stub), deployment()) == []


@pytest.mark.parametrize(
    ("spec", "field"),
    [
        ({"requires": []}, "spec.requires"),
        ({"require": ["shop"]}, "spec.require[0]"),
        ({"severities": {"port-colision": "error"}}, "spec.severities.port-colision"),
        ({"severities": {"port-collision": "fatal"}}, "spec.severities.port-collision"),
        ({"injection": {"methd": "manual"}}, "spec.injection.methd"),
    ],
)
def test_bad_configurations_are_refused(spec: Object, field: str) -> None:
    with pytest.raises(Refused) as refused:
        function_config.settings(config(**spec))
    assert [result.field for result in refused.value.results] == [field]


def test_a_selector_that_does_not_parse_is_an_error() -> None:
    bad = [{"matchExpressions": [{"key": "a", "operator": "Like"}]}]
    (result,) = checked(config(require=bad), namespace(**IN), deployment())
    assert (result.severity, result.field) == ("error", "spec.require[0]")


# ---------------------------------------------------------------- the whole program


def example() -> list[Object]:
    files = sorted((EXAMPLE / "base").glob("*.yaml"))
    documents = [value for file in files for value in yaml.safe_load_all(file.read_text())]
    return [value for value in documents if value["kind"] != "Kustomization"]


def test_the_program_gives_the_items_back_and_fails() -> None:
    value = yaml.safe_load((EXAMPLE / "check.yaml").read_text())
    wrapped = {"apiVersion": "config.kubernetes.io/v1", "kind": "ResourceList", "items": example()}
    done = krm_text(stdin=yaml.safe_dump({**wrapped, "functionConfig": value}))
    answer = yaml.safe_load(done.stdout)
    assert done.returncode == 1
    assert answer["items"] == wrapped["items"]
    expected = yaml.safe_load(
        (EXAMPLE / ".expected" / "results.yaml").read_text()
    )  # as kpt writes it
    assert answer["results"] == expected["items"][0]["results"]
    assert {
        result["tags"]["code"] for result in answer["results"] if result["severity"] == "error"
    } == {
        "injection-required",
        "port-collision",
    }


@pytest.mark.parametrize("orchestrator", ["kpt", "kustomize"])
def test_the_example_in_its_orchestrator(orchestrator: str, tmp_path: Path) -> None:
    executable = needs_program(orchestrator)
    install_krm_injector(tmp_path)
    work = tmp_path / "work"
    shutil.copytree(EXAMPLE, work)
    build = [executable, "build", "--enable-alpha-plugins", "--enable-exec", "."]
    render = [executable, "fn", "render", "--allow-exec"]
    command = render if orchestrator == "kpt" else build
    environment = {**os.environ, "PATH": os.pathsep.join([str(tmp_path), os.environ["PATH"]])}
    done = subprocess.run(
        command, cwd=work, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert "Deployment payments/ledger must be injected" in done.stderr
    for name in ("check.yaml", "base/payments.yaml", "base/namespaces.yaml", "base/shop.yaml"):
        assert (work / name).read_bytes() == (EXAMPLE / name).read_bytes()
    assert orchestrator == "kpt" or done.stdout == ""


def test_the_page_and_the_schema_are_true() -> None:
    page = (FUNCTION / "README.md").read_text()
    (text,) = [block for block in page.split("```yaml\n")[1:] if "kind: InjectionCheck" in block]
    settings = function_config.settings(yaml.safe_load(text.split("```")[0]))
    assert settings.require and settings.forbid and settings.silence and settings.severities
    assert settings.on_missing_namespace == "warn"
    assert (FUNCTION / "schema.json").read_bytes() == Path(function_config.SCHEMA_FILE).read_bytes()
