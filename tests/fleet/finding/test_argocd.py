"""Applications and ApplicationSets of Argo CD that lie in the repository."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from fleet.trees import DEPLOYMENT, Finder, kustomization, messages, names, passed_over, target

from krm_injector.kube import yaml

HERE = "https://git.invalid/shop/deploy.git"
SHOP = {"apps/shop/kustomization.yaml": kustomization("web.yaml"), "apps/shop/web.yaml": DEPLOYMENT}
CHART = {"charts/web/Chart.yaml": "name: web\n", "charts/web/values-eu.yaml": "a: 1\n",
         "env/eu.yaml": "a: 2\n"}  # fmt: skip


def application(name: str, source: Mapping[str, Any], /, **destination: str) -> str:
    spec = {"source": {"repoURL": HERE, **source}, "destination": destination}
    return yaml.dump({
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "metadata": {"name": name},
        "spec": spec,
    })  # fmt: skip


def application_set(name: str, generators: list[Any], path: str, go: bool = False) -> str:
    template = {
        "metadata": {"name": "{{.name}}" if go else "{{name}}"},
        "spec": {"source": {"repoURL": HERE, "path": path}},
    }
    spec: dict[str, Any] = {"generators": generators, "template": template}
    if go:
        spec["goTemplate"] = True
    return yaml.dump({
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "ApplicationSet",
        "metadata": {"name": name},
        "spec": spec,
    })  # fmt: skip


def trees(*paths: str) -> dict[str, str]:
    return {f"{path}/kustomization.yaml": kustomization() for path in paths}


# ---------------------------------------------------------------- Applications


def test_an_application_and_its_kustomization_are_one_target(finder: Finder) -> None:
    app = application("shop", {"path": "apps/shop"}, namespace="shop")
    fleet = finder.find({**SHOP, "argocd/apps.yaml": f"# apps\n{app}"})
    (found,) = fleet.targets
    assert (found.name, found.kind, found.namespace) == ("apps/shop", "kustomization", "shop")
    assert "Application shop (argocd/apps.yaml:2)" in found.why
    assert f"{HERE} is taken for this repository" in found.why
    assert passed_over(fleet) == {"argocd": "it holds only objects of Argo CD or Flux"}


def test_an_application_may_name_what_another_includes(finder: Finder) -> None:
    app = application("base", {"path": "apps/shop"})
    prod = {"apps/prod/kustomization.yaml": kustomization("../shop")}
    assert names(finder.find({**SHOP, **prod, "a.yaml": app})) == ["apps/prod", "apps/shop"]


@pytest.mark.parametrize("source, reason", [
    ({"path": "elsewhere"}, "there is no directory elsewhere here, so https://git.invalid"),
    ({"chart": "redis", "repoURL": "https://charts.invalid"}, "its chart redis comes from https"),
    ({"path": "../x"}, "leads out of the repository"),
    ({"path": "docs"}, "docs holds no manifests"),
    ({"path": "apps"}, "apps/shop in it is looked at by itself"),
    ({"path": "charts/web", "helm": {"valueFiles": ["https://x.invalid/v"]}}, "values come from"),
    ({"path": "charts/web", "helm": {"values": "a: ["}}, "helm.values is no YAML"),
])  # fmt: skip
def test_what_is_not_followed_is_passed_over(
    finder: Finder, source: Mapping[str, Any], reason: str
) -> None:
    app = application("x", source)
    fleet = finder.find({**SHOP, **CHART, "docs/README.md": "", "argocd/app.yaml": app})
    assert reason in passed_over(fleet)["argocd/app.yaml:1"]
    assert "apps/shop" in names(fleet)


def test_an_app_of_apps_is_followed_and_no_target(finder: Finder) -> None:
    apps = {"argocd/apps/shop.yaml": application("shop", {"path": "apps/shop"})}
    fleet = finder.find(
        {**SHOP, **apps, "argocd/root.yaml": application("root", {"path": "argocd/apps"})}
    )
    assert names(fleet) == ["apps/shop"]
    assert passed_over(fleet)["argocd/apps"] == "it holds only objects of Argo CD or Flux"


def test_spec_repositories_says_which_repository_is_meant(finder: Finder) -> None:
    fleet_file = "apiVersion: krm-injector.dev/v1alpha1\nkind: Fleet\nspec:\n  repositories: [{}]\n"
    app = {"app.yaml": application("x", {"path": "apps/shop"}, namespace="x")}
    ours = {"krm-injector-fleet.yaml": fleet_file.format("git@git.invalid:shop/deploy")}
    found = target(finder.find({**SHOP, **app, **ours}), "apps/shop")
    assert (found.namespace, "taken for" in found.why) == ("x", False)

    other = {"krm-injector-fleet.yaml": fleet_file.format("https://git.invalid/other.git")}
    fleet = finder.find({**SHOP, **app, **other})
    assert target(fleet, "apps/shop").namespace == ""
    assert "is not in spec.repositories" in passed_over(fleet)["app.yaml:1"]


def test_two_clusters_are_two_targets(finder: Finder) -> None:
    apps = [application(f"shop-{name}", {"path": "apps/shop"}, name=name) for name in ("eu", "us")]
    local = application("shop", {"path": "apps/shop"}, server="https://kubernetes.default.svc")
    fleet = finder.find({**SHOP, "apps.yaml": "---\n".join([*apps, local])})
    assert names(fleet) == ["apps/shop", "eu/apps/shop", "us/apps/shop"]
    assert [cluster.name for cluster in fleet.clusters] == ["eu", "us"]


def test_two_applications_with_other_values_are_told_apart(finder: Finder) -> None:
    apps = [
        application(f"web-{name}", {"path": "charts/web"}, namespace=name) for name in ("a", "b")
    ]
    fleet = finder.find({**CHART, "apps.yaml": "---\n".join(apps)})
    assert names(fleet) == ["charts/web@web-a", "charts/web@web-b"]


def test_the_same_twice_is_one_target(finder: Finder) -> None:
    apps = [application(name, {"path": "apps/shop"}, namespace="shop") for name in ("a", "b")]
    (found,) = finder.find({**SHOP, "apps.yaml": "---\n".join(apps)}).targets
    assert "Application a" in found.why and "Application b" in found.why


def test_the_values_of_a_chart(finder: Finder) -> None:
    helm = {
        "releaseName": "front",
        "valueFiles": ["values-eu.yaml", "/env/eu.yaml", "missing.yaml"],
        "ignoreMissingValueFiles": True,
        "valuesObject": {"a.b": {"c": 1}, "list": [1], "none": {}},
        "parameters": [
            {"name": "tag", "value": "v1"},
            {"name": "port", "value": "80,81", "forceString": True},
        ],
        "fileParameters": [{"name": "cert", "path": "files/cert.pem"}],
    }
    app = application("web", {"path": "charts/web", "helm": helm}, namespace="web")
    (found,) = finder.find({**CHART, "app.yaml": app}).targets
    assert (found.name, found.release, found.namespace) == ("charts/web", "front", "web")
    assert found.values == ("charts/web/values-eu.yaml", "env/eu.yaml")
    assert found.set_values == (("tag", "v1"),)
    assert found.options == (
        "--set-json", "a\\.b.c=1", "--set-json", "list=[1]", "--set-json", "none={}",
        "--set-string", "port=80\\,81", "--set-file", "cert=charts/web/files/cert.pem",
    )  # fmt: skip


def test_values_of_another_source(finder: Finder) -> None:
    sources = [
        {"repoURL": HERE, "path": "charts/web", "helm": {"valueFiles": ["$env/env/eu.yaml"]}},
        {"repoURL": HERE, "ref": "env"},
    ]
    app = json.loads(json.dumps({"spec": {"sources": sources}}))
    whole = {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "metadata": {"name": "web"},
        **app,
    }
    (found,) = finder.find({**CHART, "app.yaml": yaml.dump(whole)}).targets
    assert (found.values, found.release) == (("env/eu.yaml",), "web")


@pytest.mark.parametrize("source, field", [
    ({"path": "apps/shop", "kustomize": {"images": ["web=web:2"]}}, "spec.source.kustomize.images"),
    ({"path": "charts/web", "helm": {"skipCrds": True}}, "spec.source.helm.skipCrds"),
    ({"path": "plain", "directory": {"include": "*.yaml"}}, "spec.source.directory.include"),
    ({"path": "apps/shop", "plugin": {"name": "x"}}, "spec.source.plugin"),
])  # fmt: skip
def test_what_argo_cd_applies_besides_is_told(
    finder: Finder, source: Mapping[str, Any], field: str
) -> None:
    plain = {"plain/web.yaml": DEPLOYMENT}
    fleet = finder.find({**SHOP, **CHART, **plain, "app.yaml": application("x", source)})
    (message,) = messages(fleet, "warning")
    assert f"Argo CD applies {field} to {source['path']}" in message


def test_a_directory_is_read_with_all_below(finder: Finder) -> None:
    tree = {"plain/web.yaml": DEPLOYMENT, "plain/more/web.yaml": DEPLOYMENT}
    app = {"argocd/app.yaml": application("x", {"path": "plain"})}
    (message,) = messages(finder.find({**tree, **app}), "warning")
    assert "directory.recurse is not set" in message
    recursed = {
        "argocd/app.yaml": application("x", {"path": "plain", "directory": {"recurse": True}})
    }
    assert not finder.find({**tree, **recursed}).results


# ---------------------------------------------------------------- ApplicationSets


def test_a_list(finder: Finder) -> None:
    elements = [{"name": "a", "dir": "x"}, {"name": "b", "dir": "y"}]
    generators = [{"list": {"elements": elements}}]
    fleet = finder.find({
        **trees("apps/x", "apps/y"),
        "set.yaml": application_set("all", generators, "apps/{{ dir }}"),
    })  # fmt: skip
    assert "Application a (set.yaml:1, made by ApplicationSet all)" in target(fleet, "apps/x").why
    assert "Application b" in target(fleet, "apps/y").why


@pytest.mark.parametrize("go", [False, True])
def test_directories(finder: Finder, go: bool) -> None:
    directories = [{"path": "apps/*"}, {"path": "apps/old", "exclude": True}]
    values = {"name": "{{.path.basename}}" if go else "{{path.basename}}"}
    generator = {"git": {"repoURL": HERE, "directories": directories, "values": values}}
    path = "{{ .path.path }}" if go else "{{path}}"
    text = application_set("all", [generator], path, go)
    text = text.replace("{{.name}}", "{{ .values.name | upper }}").replace(
        "{{name}}", "{{values.name}}"
    )
    fleet = finder.find({**trees("apps/a", "apps/a/deep", "apps/old", "other"), "set.yaml": text})
    assert f"Application {'A' if go else 'a'} (" in target(fleet, "apps/a").why
    assert "Application" not in target(fleet, "apps/old").why
    assert "Application" not in target(fleet, "apps/a/deep").why


@pytest.mark.parametrize("go", [False, True])
def test_files(finder: Finder, go: bool) -> None:
    generator = {"git": {"repoURL": HERE, "files": [{"path": "envs/**/config.json"}]}}
    path = "{{ .app.dir }}" if go else "{{app.dir}}"
    fleet = finder.find({
        **trees("apps/a", "apps/b"),
        "envs/eu/config.json": '{"name": "a", "app": {"dir": "apps/a"}}',
        "envs/us/deep/config.json": '[{"name": "b", "app": {"dir": "apps/b"}}]',
        "set.yaml": application_set("all", [generator], path, go),
    })  # fmt: skip
    assert "Application a" in target(fleet, "apps/a").why
    assert "Application b" in target(fleet, "apps/b").why


@pytest.mark.parametrize("go", [False, True])
def test_a_matrix(finder: Finder, go: bool) -> None:
    dot = "." if go else ""
    git = {"git": {"repoURL": HERE, "directories": [{"path": f"apps/{{{{{dot}stage}}}}/*"}]}}
    stages = {"list": {"elements": [{"stage": "dev"}, {"stage": "prod"}]}}
    text = application_set("all", [{"matrix": {"generators": [stages, git]}}], "", go)
    text = text.replace("{{.name}}", "{{.stage}}-{{.path.basename}}")
    text = text.replace("{{name}}", "{{stage}}-{{path.basename}}")
    text = text.replace('path: ""', "path: '{{.path.path}}'" if go else "path: '{{path}}'")
    fleet = finder.find({**trees("apps/dev/a", "apps/prod/a", "apps/prod/b"), "set.yaml": text})
    for stage, name in (("dev", "a"), ("prod", "a"), ("prod", "b")):
        assert f"Application {stage}-{name} " in target(fleet, f"apps/{stage}/{name}").why


def test_a_merge(finder: Finder) -> None:
    first = {"list": {"elements": [{"name": "a", "dir": "x"}, {"name": "b", "dir": "x"}]}}
    second = {"list": {"elements": [{"name": "b", "dir": "y"}]}}
    generator = {"merge": {"mergeKeys": ["name"], "generators": [first, second]}}
    text = application_set("all", [generator], "apps/{{dir}}")
    fleet = finder.find({**trees("apps/x", "apps/y"), "set.yaml": text})
    assert "Application a " in target(fleet, "apps/x").why
    assert "Application b " in target(fleet, "apps/y").why


def test_the_clusters_of_the_fleet_file(finder: Finder) -> None:
    selector = {"matchLabels": {"stage": "prod"}}
    text = application_set("all", [{"clusters": {"selector": selector}}], "apps/x")
    text = text.replace("      source:", "      destination: {server: '{{server}}'}\n      source:")
    tree = {**trees("apps/x"), "set.yaml": text}
    fleet = finder.find(tree)
    assert "name them in the fleet file" in passed_over(fleet)["set.yaml:7"]

    clusters = (
        "apiVersion: krm-injector.dev/v1alpha1\nkind: Fleet\nspec:\n  clusters:\n"
        "  - {name: eu, server: 'https://eu.invalid', labels: {stage: prod}}\n"
        "  - {name: dev, labels: {stage: dev}}\n  - {name: us, labels: {stage: prod}}\n"
    )
    fleet = finder.find({**tree, "krm-injector-fleet.yaml": clusters})
    assert "eu/apps/x" in names(fleet)
    assert target(fleet, "eu/apps/x").labels == {"stage": "prod"}
    assert "dev/apps/x" not in names(fleet)


@pytest.mark.parametrize("generator, reason", [
    ({"scmProvider": {}}, "its generator scmProvider asks outside of files"),
    ({"list": {"elementsYaml": "x"}}, "elementsYaml"),
    ({"matrix": {"generators": [{"list": {}}]}}, "its matrix has 1 generators"),
    ({"git": {"repoURL": HERE, "directories": [{"path": "none/*"}]}}, "finds nothing here"),
    ({"list": {"elements": [{}]}, "selector": {"matchLabels": {"a": "b"}}}, "finds nothing here"),
])  # fmt: skip
def test_a_generator_that_gives_nothing_is_told(
    finder: Finder, generator: Mapping[str, Any], reason: str
) -> None:
    text = application_set("all", [generator], "apps/x")
    fleet = finder.find({**trees("apps/x"), "set.yaml": text})
    assert names(fleet) == ["apps/x"]
    assert reason in passed_over(fleet)["set.yaml:7"]


@pytest.mark.parametrize("path", ["{{ .missing }}", "{{ fail", '{{ fail "x" }}'])
def test_a_template_that_fails_is_told(finder: Finder, path: str) -> None:
    text = application_set("all", [{"list": {"elements": [{"name": "x"}]}}], path, go=True)
    fleet = finder.find({**trees("apps/x"), "set.yaml": text})
    assert "its template" in passed_over(fleet)["set.yaml:7"]
