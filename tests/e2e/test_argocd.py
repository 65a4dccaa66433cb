"""The plugin in a real argocd-cmp-server, called over its socket as argocd-repo-server does."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from e2e.applications import (
    APP,
    CHART,
    CONFIG,
    LABELS,
    LOCAL,
    NAMESPACE,
    PLUGIN,
    app,
    by_key,
    deployment,
    many,
    service,
)
from e2e.argocd_server import Failed, Server
from e2e.real_programs import (
    Programs,
    injected,
    objects,
    workloads,
)
from files import tree

from krm_injector.cli import argocd


@pytest.fixture(scope="module")
def server(programs: Programs, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    tools = tmp_path_factory.mktemp("tools")
    (tools / "helm").symlink_to(programs.need("helm3"))
    (tools / "kustomize").symlink_to(programs.need("kustomize"))
    path = os.pathsep.join([str(programs.own), str(tools), "/usr/bin", "/bin"])
    running = Server(programs.need("argocd-cmp-server"), PLUGIN, path)
    yield running
    running.stop()


# ---------------------------------------------------------------- what it makes


def test_plain_manifests(server: Server) -> None:
    files = {
        "app/ns.yaml": LOCAL,
        "app/web.yaml": deployment() + "---\n" + service("web"),
        "app/istio-inject.yaml": CONFIG,
    }
    made = by_key(server.generate(files, "app", app()))
    assert set(made) == {("Deployment", "", "web"), ("Service", "", "web")}, (
        "neither local-config nor functionConfig"
    )
    assert injected(made) == {("Deployment", "", "web")}, (
        "the destination Namespace counts where none is named"
    )


def test_destination_namespace_by_parameter(server: Server) -> None:
    files = {"app/web.yaml": deployment()}
    assert injected(by_key(server.generate(files, "app", app(LABELS))))
    assert not injected(
        by_key(
            server.generate(files, "app", app([{"name": "namespace-labels", "map": {"a": "b"}}]))
        )
    )
    assert injected(
        by_key(server.generate(files, "app", app(NAMESPACE_LABELS="istio-injection=enabled")))
    )
    assert injected(
        by_key(server.generate(files, "app", app([{"name": "method", "string": "manual"}])))
    )


def test_chart_with_the_application_s_parameters(server: Server) -> None:
    parameters = [
        *LABELS,
        {"name": "values-files", "array": ["../values-prod.yaml"]},
        {"name": "values", "string": "image:\n  tag: inline\n"},
        {"name": "helm-parameters", "map": {"replicas": "5"}},
    ]
    made = by_key(server.generate(CHART, "app", app(parameters)))
    web = made["Deployment", "", "web"]
    assert web["spec"]["replicas"] == 5
    images = [container["image"] for container in web["spec"]["template"]["spec"]["containers"]]
    assert "registry.example/web:inline" in images
    assert made["ConfigMap", "", "facts"]["data"] == {
        "kube": "v1.31",
        "ns": "shop",
        "monitoring": "true",
    }
    assert injected(made) == {("Deployment", "", "web")}
    named = by_key(
        server.generate(CHART, "app", app([*LABELS, {"name": "release-name", "string": "other"}]))
    )
    assert ("Deployment", "", "other") in named


def test_kustomization(server: Server, programs: Programs, httpbin: Path) -> None:
    """The same overlay as through kustomize itself: byte-identical workloads."""
    files = {f"repo/{path}": data for path, data in tree(httpbin).items()}
    direct = programs.run(
        ["kustomize", "build", "--enable-alpha-plugins", "--enable-exec", "."], httpbin
    )
    made = by_key(
        server.generate(
            files,
            "repo/base",
            {**APP, "ARGOCD_APP_NAMESPACE": "", "ARGOCD_APP_SOURCE_PATH": "repo/base"},
        )
    )
    assert workloads(made) == workloads(objects(direct.out))
    assert injected(made)


def test_overlay_that_names_the_function(programs: Programs, httpbin: Path) -> None:
    """With kustomize's options in plugin.yaml, kustomize starts the function."""
    options = "command: [krm-injector, build, ., --, --enable-alpha-plugins, --enable-exec]"
    plugin = PLUGIN.replace("command: [krm-injector, build, .]", options)
    tools = Path(programs.need("kustomize")).parent
    running = Server(
        programs.need("argocd-cmp-server"), plugin, f"{programs.own}:{tools}:/usr/bin:/bin"
    )
    try:
        made = by_key(
            running.generate(
                {f"app/{path}": data for path, data in tree(httpbin).items()}, "app", app()
            )
        )
        direct = programs.run(
            ["kustomize", "build", "--enable-alpha-plugins", "--enable-exec", "."], httpbin
        )
        assert workloads(made) == workloads(objects(direct.out))
    finally:
        running.stop()


def test_managed_namespace_metadata(server: Server) -> None:
    """An app of apps holds the Application that names the labels of the Namespace."""
    application = """\
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: web, namespace: argocd, annotations: {config.kubernetes.io/local-config: "true"}}
spec:
  destination: {server: https://kubernetes.default.svc, namespace: shop}
  syncPolicy:
    managedNamespaceMetadata: {labels: {istio-injection: enabled}}
    syncOptions: [CreateNamespace=true]
"""
    made = by_key(
        server.generate({"app/a.yaml": application, "app/web.yaml": deployment()}, "app", app())
    )
    assert injected(made) == {("Deployment", "", "web")} == set(made)
    unmanaged = application.replace("[CreateNamespace=true]", "[]")
    with pytest.raises(Failed, match="Namespace shop is not in the bundle"):
        server.generate({"app/a.yaml": unmanaged, "app/web.yaml": deployment()}, "app", app())


def test_manifests_without_workloads(server: Server) -> None:
    chart = {name: text for name, text in CHART.items() if not name.endswith("web.yaml")}
    assert set(by_key(server.generate(chart, "app", app()))) == {("ConfigMap", "", "facts")}


def test_windows_files(server: Server) -> None:
    files = {
        "app/a.yaml": "\ufeff" + (NAMESPACE + "---\n" + deployment()).replace("\n", "\r\n"),
        "app/b.yaml": "# none\n---\n",
    }
    assert injected(by_key(server.generate(files, "app", app()))) == {("Deployment", "", "web")}


# ---------------------------------------------------------------- discovery and parameters


def test_discovery(server: Server) -> None:
    assert server.matches({"app/istio-inject.yaml": CONFIG, "app/web.yaml": deployment()}, "app")
    assert not server.matches(
        {"app/web.yaml": deployment(), "other/istio-inject.yaml": CONFIG}, "app"
    )


def test_parameters(server: Server) -> None:
    plain = server.parameters({"app/web.yaml": deployment()}, "app", app())
    for_all = [
        parameter.name for parameter in argocd.PARAMETERS.values() if not parameter.for_charts
    ]
    assert [entry["name"] for entry in plain] == for_all
    told = {entry["name"]: entry for entry in server.parameters(CHART, "app", app())}
    assert set(told) == set(argocd.PARAMETERS)
    assert told["helm-parameters"]["map"] == {"replicas": "1", "image.tag": "one"}
    assert told["release-name"]["string"] == "web"
    for name, entry in told.items():
        collection = entry.get("collectionType") or "string"
        assert (entry["title"], collection) == (
            argocd.PARAMETERS[name].title,
            argocd.PARAMETERS[name].collection,
        )
        assert entry["tooltip"]


# ---------------------------------------------------------------- what a person sees in the UI


def error(server: Server, files: dict[str, str], env: dict[str, str]) -> str:
    with pytest.raises(Failed) as failed:
        server.generate(files, "app", env)
    said = str(failed.value)
    assert "Traceback" not in said
    return said.split("exit status 1: ", 1)[1]


BROKEN = deployment().replace(
    "metadata: {labels", 'metadata: {annotations: {status.sidecar.istio.io/port: "x"}, labels'
)


@pytest.mark.parametrize(
    ("files", "parameters", "said"),
    [
        (
            {"app/web.yaml": deployment()},
            None,
            "error: metadata.namespace: Namespace shop is not in the bundle, and whether",
        ),
        ({"app/web.yaml": BROKEN}, LABELS, "error: "),
        ({"app/notes.txt": "nothing"}, None, "error: . holds no manifests"),
        ({"app/a.yaml": "# only a comment\n---\n"}, None, "error: there are no manifests in"),
        ({"app/ns.yaml": LOCAL}, None, "error: nothing is left to apply"),
        ({"app/istio-inject.yaml": CONFIG}, None, "error: nothing is left to apply"),
        ({"app/a.yaml": "a: [b"}, None, "error: ./a.yaml: "),
        ({"app/kustomization.yaml": "resources: [none.yaml]\n"}, None, "error: "),
        (
            CHART,
            [{"name": "values", "string": "a: [b"}],
            "error: helm cannot render .: failed to parse -",
        ),
        (
            CHART,
            [{"name": "values-files", "array": ["none.yaml"]}],
            "error: helm cannot render .: open ./none.yaml",
        ),
        (
            CHART,
            [{"name": "values-files", "array": ["../../../etc/passwd"]}],
            "error: parameter values-files: ",
        ),
        (
            CHART,
            [{"name": "values-files", "array": ["https://example.com/v.yaml"]}],
            "error: parameter values-files: ",
        ),
        (
            CHART,
            [{"name": "values-files", "string": "x.yaml"}],
            "error: parameter values-files is given as string",
        ),
        (
            CHART,
            [{"name": "helm-parameter", "map": {}}],
            "error: there is no parameter 'helm-parameter'; did you mean",
        ),
        (
            CHART,
            [{"name": "method", "string": "magic"}],
            "error: parameter method is 'magic' and must be one of",
        ),
        (CHART, [{"name": "config", "string": "none.yaml"}], "error: ./none.yaml: No such file"),
        (
            {**CHART, "app/templates/web.yaml": "{{ fail `no` }}"},
            None,
            "error: helm cannot render .: ",
        ),
        (
            {
                **CHART,
                "app/Chart.yaml": CHART["app/Chart.yaml"]
                + "dependencies: [{name: db, version: 1.0.0}]\n",
            },
            None,
            "error: helm cannot render .: ",
        ),
        (
            {
                "app/Chart.yaml": CHART["app/Chart.yaml"],
                "app/templates/a.yaml": "{{ if false }}a: b{{ end }}",
            },
            None,
            "error: helm renders . to nothing",
        ),
    ],
)
def test_errors_begin_with_what_is_wrong(
    server: Server, files: dict[str, str], parameters: list[dict[str, Any]] | None, said: str
) -> None:
    assert error(server, files, app(parameters)).startswith(said)


def test_a_functionconfig_cannot_read_outside_the_repository(server: Server) -> None:
    config = CONFIG.replace("spec: {}", "spec: {mesh: {file: ../../../../../etc/hosts}}")
    said = error(server, {"app/istio-inject.yaml": config, "app/web.yaml": deployment()}, app())
    assert said.startswith("error: spec.mesh.file of the functionConfig: ")


def test_tools_that_are_missing_are_named(programs: Programs) -> None:
    path = f"{programs.own}:/usr/bin:/bin"
    running = Server(programs.need("argocd-cmp-server"), PLUGIN, path)
    try:
        assert error(running, CHART, app()).startswith(
            "error: a Helm chart needs helm, and it is not on PATH"
        )
    finally:
        running.stop()


def test_deadline_of_the_caller(server: Server) -> None:
    with pytest.raises(Failed):  # the words depend on which of the two sides notices first
        server.generate(many(2000), "app", app(LABELS), timeout=0.6)
    assert server.generate({"app/web.yaml": service("a")}, "app", app()), "the server goes on"


# ---------------------------------------------------------------- many, and at once


def test_two_thousand_manifests(server: Server) -> None:
    made = by_key(server.generate(many(2000), "app", app(LABELS)))
    assert len(made) == 2000
    assert len(injected(made)) == 200


def test_two_at_once(server: Server) -> None:
    with ThreadPoolExecutor(2) as pool:
        one = pool.submit(server.generate, many(300), "app", app(LABELS))
        two = pool.submit(server.generate, CHART, "app", app(LABELS))
        assert len(one.result()) == 300
        assert set(by_key(two.result())) == {("Deployment", "", "web"), ("ConfigMap", "", "facts")}
    assert server.generate(many(300), "app", app(LABELS)) == one.result(), (
        "the same input, the same bytes"
    )


def test_nothing_is_left_behind(server: Server) -> None:
    server.generate(CHART, "app", app(LABELS))
    assert not list((server.directory / "tmp").iterdir())
    end = time.monotonic() + 5
    while any((server.directory / "work" / "_cmp_server").iterdir()) and time.monotonic() < end:
        time.sleep(0.05)
    assert not list((server.directory / "work" / "_cmp_server").iterdir())
