"""kustomize build and kubectl kustomize with krm-injector as exec function, container function and
legacy plugin.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from e2e.kustomizations import CONTAINER, EXEC, HEAD, LEGACY, legacy_plugin
from e2e.real_programs import (
    Done,
    Programs,
    deployment,
    documents,
    function_config,
    injected,
    namespace,
    objects,
    slow,
)
from files import write

from krm_injector.kube import yaml as kube_yaml

YES = {
    ("Deployment", "shop", "httpbin"),
    ("StatefulSet", "shop", "store"),
    ("DaemonSet", "shop", "log-agent"),
    ("Job", "shop", "import"),
    ("CronJob", "shop", "report"),
}


def build(
    programs: Programs, directory: Path, flags: list[str] = EXEC, code: int | None = 0
) -> Done:
    return programs.run(["kustomize", "build", *flags, "."], directory, code)


def only_the_workloads_changed(programs: Programs, work: Path, out: bytes) -> None:
    plain = programs.run(["kustomize", "build", "base"], work)
    before, after = documents(plain.out), documents(out)
    assert list(before) == list(after)
    assert {name for name in before if before[name] != after[name]} == YES == injected(objects(out))


# ---------------------------------------------------------------- the three ways in


def test_exec_function(programs: Programs, httpbin: Path) -> None:
    done = build(programs, httpbin)
    only_the_workloads_changed(programs, httpbin, done.out)
    assert "profile" in done.err, "kustomize drops the results, so they go to stderr"


def test_container_function(programs: Programs, httpbin: Path, image: str) -> None:
    (httpbin / "istio-inject.yaml").write_text(function_config(image))
    done = build(programs, httpbin, CONTAINER)
    only_the_workloads_changed(programs, httpbin, done.out)
    assert "profile" in done.err


def test_kubectl_container_function(programs: Programs, httpbin: Path, image: str) -> None:
    (httpbin / "istio-inject.yaml").write_text(function_config(image))
    done = programs.run(["kubectl", "kustomize", *CONTAINER, "."], httpbin)
    assert injected(objects(done.out)) == YES


@pytest.mark.parametrize(
    "command", [["kustomize", "build"], ["kubectl", "kustomize"]], ids=lambda words: words[0]
)
def test_legacy_plugin(
    programs: Programs, httpbin: Path, tmp_path: Path, command: list[str]
) -> None:
    (httpbin / "istio-inject.yaml").write_text(LEGACY)
    env = legacy_plugin(programs, tmp_path / "plugins")
    done = programs.run([*command, "--enable-alpha-plugins", "."], httpbin, env=env)
    only_the_workloads_changed(programs, httpbin, done.out)


def test_legacy_plugin_finds_the_mesh_file_beside_the_kustomization(
    programs: Programs, httpbin: Path, tmp_path: Path
) -> None:
    (httpbin / "istio-inject.yaml").write_text(
        LEGACY + "spec:\n  mesh:\n    file: mesh/none.yaml\n"
    )
    env = legacy_plugin(programs, tmp_path / "plugins")
    command = ["kustomize", "build", "--enable-alpha-plugins", "."]
    done = programs.run(command, httpbin, code=1, env=env)
    assert f"there is no such file in {httpbin}" in done.err


@pytest.mark.parametrize(
    "command", [["kustomize", "build"], ["kubectl", "kustomize"]], ids=lambda words: words[0]
)
def test_legacy_plugin_that_fails(programs: Programs, tmp_path: Path, command: list[str]) -> None:
    work = write(tmp_path / "work", {**MISSING, "istio-inject.yaml": LEGACY})
    env = legacy_plugin(programs, tmp_path / "plugins")
    done = programs.run([*command, "--enable-alpha-plugins", "."], work, code=1, env=env)
    assert done.out == b"" and "Namespace shop is not in the bundle" in done.err


# ---------------------------------------------------------------- kustomize's own traps


def test_without_enable_exec_nothing_is_injected_and_nothing_said(
    programs: Programs, httpbin: Path
) -> None:
    """The trap that the documentation warns of, as it is: should kustomize change, the warning can
    go.
    """
    done = build(programs, httpbin, CONTAINER)
    assert injected(objects(done.out)) == set()
    assert done.err == ""


def test_without_the_plugin_the_legacy_form_fails_loudly(programs: Programs, httpbin: Path) -> None:
    (httpbin / "istio-inject.yaml").write_text(LEGACY)
    done = build(programs, httpbin, [], code=1)
    assert done.out == b"" and "external plugins disabled" in done.err


MISSING = {
    "kustomization.yaml": f"{HEAD}resources: [web.yaml]\ntransformers: [istio-inject.yaml]\n",
    "web.yaml": deployment("web"),
    "istio-inject.yaml": function_config(),
}


@pytest.mark.parametrize("how", ["exec", "container"])
def test_a_refusal_prints_our_message_and_no_manifest(
    programs: Programs, tmp_path: Path, how: str, request: pytest.FixtureRequest
) -> None:
    image = request.getfixturevalue("image") if how == "container" else ""
    work = write(tmp_path / "work", {**MISSING, "istio-inject.yaml": function_config(image)})
    done = build(programs, work, EXEC, code=1)
    assert done.out == b""
    assert "Namespace shop is not in the bundle" in done.err
    assert "labels: {istio-injection: enabled}" in done.err, "what to add is said"


def test_sigterm(programs: Programs, tmp_path: Path) -> None:
    started = tmp_path / "started"
    program = slow(programs, tmp_path, started)
    files = {**MISSING, "istio-inject.yaml": function_config(program=program)}
    work = write(tmp_path / "work", files)
    done = programs.interrupted(["kustomize", "build", *EXEC, "."], work, started)
    assert done.code != 0 and done.out == b""


# ---------------------------------------------------------------- overlays

ENV_FROM = (
    "        envFrom:\n        - configMapRef: {name: settings}\n        env:\n"
    "        - {name: PEER, value: x}\n"
)
SERVICE = (
    "apiVersion: v1\nkind: Service\nmetadata: {name: web}\n"
    "spec: {ports: [{port: 80}], selector: {app: web}}\n"
)
FEATURES = {
    "base/kustomization.yaml": f"{HEAD}resources: [ns.yaml, web.yaml, svc.yaml]\n"
    "configMapGenerator:\n- name: settings\n  literals: [a=b]\n",
    "base/ns.yaml": namespace("base"),
    "base/web.yaml": deployment("web", "", ENV_FROM),
    "base/svc.yaml": SERVICE,
    "component/kustomization.yaml": "apiVersion: kustomize.config.k8s.io/v1alpha1\n"
    "kind: Component\npatches:\n"
    "- target: {kind: Deployment}\n  patch: |-\n    - op: add\n"
    "      path: /spec/template/metadata/annotations\n"
    "      value: {sidecar.istio.io/proxyCPU: 321m}\n",
    "prod/kustomization.yaml": f"{HEAD}resources: [../base]\ncomponents: [../component]\n"
    'namespace: prod\nnamePrefix: eu-\nimages:\n- {name: nginx, newTag: "1.29"}\n'
    "configMapGenerator:\n- name: settings\n  behavior: merge\n  literals: [c=d]\n"
    "replacements:\n- source: {kind: Service, name: web, fieldPath: metadata.name}\n  targets:\n"
    "  - select: {kind: Deployment}\n"
    "    fieldPaths: ['spec.template.spec.containers.[name=app].env.[name=PEER].value']\n"
    "transformers: [istio-inject.yaml]\n",
    "prod/istio-inject.yaml": function_config(),
}


def container(workload: Any, name: str) -> dict[str, Any]:
    spec = workload["spec"]["template"]["spec"]
    (found,) = [
        c for c in [*spec.get("initContainers", []), *spec["containers"]] if c["name"] == name
    ]
    return dict(found)


def variables(workload: Any) -> dict[str, str]:
    return {
        entry["name"]: entry.get("value", "") for entry in container(workload, "istio-proxy")["env"]
    }


def test_namespace_prefix_images_replacements_components_and_hashes(
    programs: Programs, tmp_path: Path
) -> None:
    work = write(tmp_path / "work", FEATURES)
    found = objects(build(programs, work / "prod").out)
    web = found["Deployment", "prod", "eu-web"]
    assert injected(found) == {("Deployment", "prod", "eu-web")}
    # kustomize's own work is in what was injected ...
    said = variables(web)
    assert said["ISTIO_META_WORKLOAD_NAME"] == "eu-web"
    assert said["ISTIO_META_OWNER"].endswith("/namespaces/prod/deployments/eu-web")
    assert container(web, "istio-proxy")["resources"]["requests"] == {"cpu": "321m"}
    # ... and goes on behind it.
    app = container(web, "app")
    assert app["image"] == "nginx:1.29"
    assert app["env"] == [{"name": "PEER", "value": "web"}] or app["env"] == [
        {"name": "PEER", "value": "eu-web"}
    ]
    (settings,) = [name for kind, _, name in found if kind == "ConfigMap"]
    assert settings.startswith("eu-settings-") and app["envFrom"] == [
        {"configMapRef": {"name": settings}}
    ]
    # Without the function kustomize gives the same, but for the sidecar.
    kustomization = work / "prod" / "kustomization.yaml"
    kustomization.write_text(
        kustomization.read_text().replace("transformers: [istio-inject.yaml]\n", "")
    )
    plain = objects(build(programs, work / "prod").out)
    assert container(plain["Deployment", "prod", "eu-web"], "app") == app
    assert list(plain) == list(found)


def test_a_function_in_the_base_runs_before_the_overlay(programs: Programs, tmp_path: Path) -> None:
    """It sees the base's Namespace; a function in the overlay sees the overlay's."""
    files = dict(FEATURES)
    files["base/kustomization.yaml"] += "transformers: [istio-inject.yaml]\n"
    files["base/istio-inject.yaml"] = function_config()
    files["base/web.yaml"] = deployment("web", "base", ENV_FROM)
    both = write(tmp_path / "both", files)
    only = write(tmp_path / "only", files)
    kustomization = only / "prod" / "kustomization.yaml"
    kustomization.write_text(
        kustomization.read_text().replace("transformers: [istio-inject.yaml]\n", "")
    )
    stale = objects(build(programs, only / "prod").out)["Deployment", "prod", "eu-web"]
    assert variables(stale)["ISTIO_META_OWNER"].endswith("/namespaces/base/deployments/web")
    right = objects(build(programs, both / "prod").out)["Deployment", "prod", "eu-web"]
    assert variables(right)["ISTIO_META_OWNER"].endswith("/namespaces/prod/deployments/eu-web")
    assert variables(right)["ISTIO_META_WORKLOAD_NAME"] == "eu-web"


def test_a_function_in_a_base_without_the_namespace_says_what_to_add(
    programs: Programs, tmp_path: Path
) -> None:
    files = dict(FEATURES)
    files["base/kustomization.yaml"] = (
        f"{HEAD}resources: [web.yaml]\ntransformers: [istio-inject.yaml]\n"
    )
    files["base/istio-inject.yaml"] = function_config()
    done = build(programs, write(tmp_path / "work", files) / "prod", code=1)
    assert done.out == b""
    assert "Deployment web names no Namespace" in done.err and "defaultNamespace: NAME" in done.err


@pytest.mark.parametrize("program", ["krm-injector", "./copy"])
def test_no_function_can_be_a_validator(
    programs: Programs, httpbin: Path, tmp_path: Path, program: str
) -> None:
    """kustomize 5.5 to 5.8.1 takes what it notes on the items itself for a change, even of a
    function that copies. Ours is a check behind the build instead; should this test fail one day,
    `validators:` can be recommended.
    """
    files = {
        "kustomization.yaml": f"{HEAD}resources: [all.yaml]\nvalidators: [istio-inject.yaml]\n",
        "all.yaml": build(programs, httpbin).out.decode(),
        "istio-inject.yaml": function_config(program=program),
        "copy": "#!/bin/sh\ncat\n",
    }
    work = write(tmp_path / "work", files)
    (work / "copy").chmod(0o755)
    done = build(programs, work, code=1)
    assert done.out == b"" and "validator shouldn't modify the resource map" in done.err


def test_helm_charts_are_rendered_by_kustomize_and_injected(
    programs: Programs, tmp_path: Path
) -> None:
    work = write(
        tmp_path / "work",
        {
            "kustomization.yaml": f"{HEAD}resources: [ns.yaml]\n"
            "helmGlobals: {chartHome: charts}\n"
            "helmCharts:\n- {name: web, releaseName: web, namespace: shop}\n"
            "transformers: [istio-inject.yaml]\n",
            "ns.yaml": namespace("shop"),
            "charts/web/Chart.yaml": "apiVersion: v2\nname: web\nversion: 1.0.0\n",
            "charts/web/values.yaml": "{}\n",
            "charts/web/templates/web.yaml": deployment("{{ .Release.Name }}"),
            "istio-inject.yaml": function_config(),
        },
    )
    done = build(programs, work, [*EXEC, "--enable-helm", "--helm-command", programs.need("helm3")])
    assert injected(objects(done.out)) == {("Deployment", "shop", "web")}


# ---------------------------------------------------------------- files as people have them


def test_crlf_bom_and_comments(programs: Programs, tmp_path: Path) -> None:
    crlf = deployment("crlf").replace("\n", "\r\n")
    work = write(
        tmp_path / "work",
        {
            "kustomization.yaml": f"{HEAD}resources: [ns.yaml, crlf.yaml, comments.yaml]\n"
            "transformers: [istio-inject.yaml]\n".replace("\n", "\r\n"),
            "ns.yaml": "# only a comment\n---\n" + namespace("shop") + "---\n# and another\n",
            "crlf.yaml": crlf,
            "comments.yaml": "---\n---\n# nothing\n---\n" + deployment("web") + "---\n",
            "istio-inject.yaml": function_config().replace("\n", "\r\n"),
        },
    )
    assert injected(objects(build(programs, work).out)) == {
        ("Deployment", "shop", "crlf"),
        ("Deployment", "shop", "web"),
    }
    plain = [str(work / name) for name in ("ns.yaml", "crlf.yaml", "comments.yaml")]
    (work / "bom.yaml").write_bytes(b"\xef\xbb\xbf" + deployment("bom").encode())
    done = programs.run(["krm-injector", "inject", *plain, str(work / "bom.yaml")], work)
    assert {name for _, _, name in injected(objects(done.out))} == {"crlf", "web", "bom"}


LIKE_A_MERGE = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: signs, namespace: shop}
data:
  plain: <<
  quoted: "<<"
  tagged: !!str <<
  when: "2024-01-01"
"""


def read(out: bytes) -> dict[str, Any]:
    """Objects by kind, as Kubernetes reads them: PyYAML has no reading for a value <<."""
    return {document.value["kind"]: document.value for document in kube_yaml.load_all(out.decode())}


def test_values_that_kustomize_hands_over_with_a_tag(programs: Programs, tmp_path: Path) -> None:
    """kustomize writes the string << as `!!merge <<` for its functions."""
    work = write(
        tmp_path / "work",
        {
            "kustomization.yaml": f"{HEAD}resources: [ns.yaml, signs.yaml, web.yaml]\n",
            "ns.yaml": namespace("shop"),
            "signs.yaml": LIKE_A_MERGE,
            "web.yaml": deployment(
                "web", more="        env:\n        - {name: SIGN, value: '<<'}\n"
            ),
            "istio-inject.yaml": function_config(),
        },
    )
    plain = read(build(programs, work).out)
    with open(work / "kustomization.yaml", "a") as file:
        file.write("transformers: [istio-inject.yaml]\n")

    after = read(build(programs, work).out)

    assert after["ConfigMap"] == plain["ConfigMap"]
    assert after["ConfigMap"]["data"] == {
        **dict.fromkeys(("plain", "quoted", "tagged"), "<<"),
        "when": "2024-01-01",
    }
    app, *_ = after["Deployment"]["spec"]["template"]["spec"]["containers"]
    assert app["env"] == [{"name": "SIGN", "value": "<<"}]
    assert "istio-proxy" in str(after["Deployment"])


def test_windows_paths_in_a_kustomization(programs: Programs, tmp_path: Path) -> None:
    files = {
        "kustomization.yaml": f"{HEAD}resources: ['base\\web.yaml']\n",
        "base/web.yaml": deployment("web"),
    }
    work = write(tmp_path / "work", files)
    done = programs.run(["krm-injector", "build", "."], work, code=1)
    assert done.out == b"" and "base\\web.yaml" in done.err and "write / in its place" in done.err


def test_two_runs_and_a_second_pass_give_the_same(
    programs: Programs, httpbin: Path, tmp_path: Path
) -> None:
    once = build(programs, httpbin).out
    assert build(programs, httpbin).out == once
    again = write(
        tmp_path / "again",
        {
            "kustomization.yaml": (
                f"{HEAD}resources: [all.yaml]\ntransformers: [istio-inject.yaml]\n"
            ),
            "all.yaml": once.decode(),
            "istio-inject.yaml": function_config(),
        },
    )
    assert build(programs, again).out == once


def test_three_hundred_workloads(programs: Programs, tmp_path: Path) -> None:
    many = "---\n".join(deployment(f"web-{number}") for number in range(300))
    files = {**MISSING, "web.yaml": namespace("shop") + "---\n" + many}
    done = build(programs, write(tmp_path / "work", files))
    assert done.out.count(b"name: istio-proxy\n") == 300
