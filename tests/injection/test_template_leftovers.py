"""What templates leave behind: nulls, directives, and metadata that they take away. Pods as Istio
1.31's webhook gives them (asked for 480 templates); the webhook itself is not needed here.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from builders import SHOP, bundle, control_plane, settings, workload
from outside import needs, needs_program
from paths import DEFAULT_INSTALLATION

from krm_injector import pipeline
from krm_injector.kube.yaml import dump, load_all

PROXY = "spec:\n  containers:\n  - name: istio-proxy\n    image: x\n"


def web(**metadata: Any) -> Any:
    template = {"metadata": metadata, "spec": {"containers": [{"name": "app", "image": "a:1"}]}}
    return workload(template=template)


def configuration(template: str) -> Any:
    """The ConfigMap of a template alone: its mesh is a default one."""
    return control_plane(template)[0]


def run(action: str, *documents: Any, **spec: Any) -> pipeline.Outcome:
    return pipeline.ACTIONS[action](bundle(*documents), settings(**spec))


def template_of(workload: Any) -> Any:
    return workload["spec"]["template"]


def injected(template: str, workload: Any) -> Any:
    outcome = run("inject", configuration(template), SHOP, workload)
    assert not [result.message for result in outcome.results if result.severity == "error"]
    return outcome.replacements[2]


@pytest.mark.parametrize(
    ("field", "names"),
    [
        ("volumes: [null]", '"volumes":[""]'),
        ("volumes:\n  - null\n  - name: z\n    emptyDir:", '"volumes":["","z"]'),
        ("imagePullSecrets: [null]", '"imagePullSecrets":[""]'),
        ("imagePullSecrets:\n  - name:", '"imagePullSecrets":[""]'),
        ("initContainers:", '"initContainers":null'),
        ("volumes: null", '"volumes":null'),
        ("$retainKeys: [containers]", '"containers":["istio-proxy"]'),
        ("$patch: replace", '"containers":["istio-proxy"]'),
    ],
)
def test_nulls_and_directives_beside_the_sidecar(field: str, names: str) -> None:
    pod = template_of(injected(f"{PROXY}  {field}\n", web(labels={"app": "web"})))

    assert names in pod["metadata"]["annotations"]["sidecar.istio.io/status"]
    assert pod["spec"]["containers"][-1] == {"name": "istio-proxy", "image": "x"}


def test_an_order_of_containers_is_refused_as_istio_refuses_it() -> None:
    order = "  $setElementOrder/containers: [{name: istio-proxy}]\n"
    outcome = run("inject", configuration(PROXY + order), SHOP, web())

    assert [r.severity for r in outcome.results if "$setElementOrder/containers" in r.message] == [
        "error"
    ]


@pytest.mark.parametrize(
    "labels", ["labels:", "labels:\n    app: null", "labels:\n    $patch: delete"]
)
def test_labels_that_a_template_takes_away_are_gone_and_come_back(labels: str) -> None:
    before = web(labels={"app": "web"})

    after = injected(f"metadata:\n  {labels}\n{PROXY}", before)

    assert not template_of(after)["metadata"]["labels"]
    ejected = run("eject", SHOP, after).replacements[1]
    assert ejected == before


def test_finalizers_of_a_template_are_the_pods() -> None:
    before = web(labels={"app": "web"})

    after = injected("metadata:\n  finalizers: [example.com/drain]\n" + PROXY, before)

    assert template_of(after)["metadata"]["finalizers"] == ["example.com/drain"]
    assert run("eject", SHOP, after).replacements[1] == before


def sidecar_place(spec: Any) -> str:
    return next(
        field
        for field in ("containers", "initContainers")
        if any(one["name"] == "istio-proxy" for one in spec.get(field) or [])
    )


def test_both_methods_write_a_native_sidecar_unless_told_otherwise() -> None:
    places = [
        sidecar_place(
            template_of(run("inject", SHOP, web(), method=method, **spec).replacements[1])["spec"]
        )
        for spec in ({}, {"cluster": {"nativeSidecars": False}})
        for method in ("automatic", "manual")
    ]

    assert places == ["initContainers", "initContainers", "containers", "containers"]


@pytest.mark.parametrize(
    ("variable", "native"), [("auto", False), ("false", False), ("true", True)]
)
def test_kube_inject_without_a_cluster_writes_a_container(
    tmp_path: Path, variable: str, native: bool
) -> None:
    """istioctl itself: what the documentation of `method: manual` says about it."""
    istioctl = needs_program("istioctl")
    mesh = load_all(needs(DEFAULT_INSTALLATION).read_text())
    documents = [document.value for document in mesh]
    for document in documents:
        for key, text in (document.get("data") or {}).items():
            (tmp_path / key).write_text(text)
    workload = web(labels={"app": "web"})
    (tmp_path / "in.yaml").write_text(dump(workload))
    arguments = [
        "--injectConfigFile",
        "config",
        "--meshConfigFile",
        "mesh",
        "--valuesFile",
        "values",
    ]
    environment = {**os.environ, "KUBECONFIG": os.devnull, "ENABLE_NATIVE_SIDECARS": variable}

    done = subprocess.run(
        [istioctl, "kube-inject", "-r", "default", "-f", "in.yaml", *arguments],
        cwd=tmp_path, env=environment, capture_output=True, check=True,
    )  # fmt: skip

    theirs = next(d.value for d in load_all(done.stdout.decode()) if not d.empty)
    outcome = run(
        "inject", *documents, workload, method="manual", cluster={"nativeSidecars": native}
    )
    ours = outcome.replacements[len(documents)]
    assert sidecar_place(template_of(theirs)["spec"]) == sidecar_place(template_of(ours)["spec"])
    assert sidecar_place(template_of(theirs)["spec"]) == (
        "initContainers" if native else "containers"
    )


@pytest.mark.parametrize("version", ["1.28.0", "1.29.0", "1.31.0"])
def test_a_resource_reference_without_a_divisor_gets_the_zero_that_go_writes(version: str) -> None:
    variable = "{name: CPU, valueFrom: {resourceFieldRef: {resource: limits.cpu}}}"
    outcome = run(
        "inject",
        configuration(f"{PROXY}    env: [{variable}]\n"),
        SHOP,
        web(),
        mesh={"version": version},
    )
    proxy = template_of(outcome.replacements[2])["spec"]["containers"][-1]
    assert proxy["env"][0]["valueFrom"] == {
        "resourceFieldRef": {"resource": "limits.cpu", "divisor": "0"}
    }
