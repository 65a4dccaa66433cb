"""What Argo CD tells a plugin, and the Namespaces that Argo CD makes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import builders
import pytest
import yaml

from krm_injector.cli import argocd
from krm_injector.cli.request import Arguments
from krm_injector.discovery.discover import discover
from krm_injector.function_config import Settings, Stub
from krm_injector.model import Refused
from krm_injector.sources import helm, resource_list

NAME = {"ARGOCD_APP_NAME": "web"}


def read(parameters: Any = None, **environment: str) -> argocd.Application:
    stated = {**NAME, **environment}
    if parameters is not None:
        stated["ARGOCD_APP_PARAMETERS"] = json.dumps(parameters)
    app = argocd.application(stated)
    assert app is not None
    return app


def refusal(parameters: Any, **environment: str) -> list[str]:
    with pytest.raises(Refused) as refused:
        read(parameters, **environment)
    return [result.message for result in refused.value.results]


# ---------------------------------------------------------------- the environment


def test_nobody_else_s_variables_count() -> None:
    assert (
        argocd.application(
            {"KUBE_VERSION": "1.30", "ARGOCD_ENV_METHOD": "manual", "PARAM_METHOD": "manual"}
        )
        is None
    )


def test_name_namespace_and_versions_are_read_from_the_environment() -> None:
    app = read(
        ARGOCD_APP_NAME="team_web",
        ARGOCD_APP_NAMESPACE="shop",
        ARGOCD_APP_REVISION="1a2b",
        KUBE_VERSION="1.31",
        KUBE_API_VERSIONS="v1,apps/v1",
    )
    assert (app.name, app.namespace, app.kube_version) == ("web", "shop", "1.31")
    assert app.api_versions == ("v1", "apps/v1")
    assert app.results[0].message == "Application team_web, revision 1a2b"


def test_parameters_win_over_env_entries_and_single_variables_count_where_the_json_is_missing() -> (
    None
):
    assert read(
        [{"name": "method", "string": "manual"}], ARGOCD_ENV_METHOD="automatic"
    ).parameters == {"method": "manual"}
    app = read(
        None, PARAM_METHOD="manual", PARAM_VALUES_FILES_0="a.yaml", PARAM_VALUES_FILES_1="b.yaml"
    )
    assert app.parameters == {"method": "manual", "values-files": ["a.yaml", "b.yaml"]}
    assert read([], PARAM_METHOD="manual").parameters == {}
    app = read(
        None, ARGOCD_ENV_VALUES_FILES="a.yaml, b.yaml", ARGOCD_ENV_NAMESPACE_LABELS="a=b,c=d=e\nf="
    )
    assert app.parameters == {
        "values-files": ["a.yaml", "b.yaml"],
        "namespace-labels": {"a": "b", "c": "d=e", "f": ""},
    }


def test_an_env_entry_that_nobody_reads_is_told() -> None:
    (_, warning) = read(None, ARGOCD_ENV_METHD="manual").results
    assert warning.severity == "warning"
    assert "METHD" in warning.message and "did you mean method?" in warning.message


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({}, "not a list"),
        ([{"string": "x"}], "not a list of objects with a name"),
        ([{"name": "metod", "string": "x"}], "did you mean method?"),
        ([{"name": "method", "array": ["x"]}], "is given as array and must be a string"),
        ([{"name": "method", "string": 1}], "parameter method is 1 and must be a string"),
        ([{"name": "method", "string": "x"}], "one of automatic, manual"),
        ([{"name": "values-files", "array": "x"}], "must be an array"),
        ([{"name": "values-files", "array": [1]}], "holds 1; its values are strings"),
        ([{"name": "helm-parameters", "map": ["x"]}], "must be a map"),
        ([{"name": "helm-parameters", "map": {"a": {"b": 1}}}], "its values are strings"),
    ],
)
def test_a_parameter_of_a_wrong_form_is_refused(parameters: Any, words: str) -> None:
    (message,) = refusal(parameters)
    assert words in message


def test_every_wrong_parameter_is_told_at_once() -> None:
    assert len(refusal([{"name": "x", "string": "y"}, {"name": "method", "map": {}}])) == 2
    with pytest.raises(Refused, match="is not JSON"):
        read(None, ARGOCD_APP_PARAMETERS="[")
    assert "is not KEY=VALUE" in refusal(None, ARGOCD_ENV_NAMESPACE_LABELS="a")[0]


# ---------------------------------------------------------------- onto the build


def test_the_command_line_wins_and_the_destination_is_the_namespace(tmp_path: Path) -> None:
    app = read(
        [{"name": "method", "string": "manual"}, {"name": "revision", "string": "r"}],
        ARGOCD_APP_NAMESPACE="a",
    )
    stated = argocd.arguments(Arguments("build", method="automatic"), app, str(tmp_path))
    assert (stated.method, stated.revision, stated.namespace) == ("automatic", "r", "a")
    assert argocd.arguments(Arguments("build", namespace="b"), app, str(tmp_path)).namespace == "b"


def test_paths_stay_in_the_repository(tmp_path: Path) -> None:
    app = tmp_path / "repo" / "apps" / "web"
    app.mkdir(parents=True)
    (app / "link.yaml").symlink_to(tmp_path / "secret.yaml")
    assert argocd.repository(str(app), "apps/web") == str(tmp_path / "repo")
    assert argocd.repository(str(app), "elsewhere") == str(app)
    assert argocd.repository(str(app), ".") == str(app)

    def config(path: str) -> str | None:
        stated = read([{"name": "config", "string": path}], ARGOCD_APP_SOURCE_PATH="apps/web")
        return argocd.arguments(Arguments("build"), stated, str(app)).config

    assert config("../../mesh/istio.yaml") == str(app / "../../mesh/istio.yaml")
    for outside in (
        "../../../secret.yaml",
        "/etc/passwd",
        "link.yaml",
        "https://git.example/a.yaml",
    ):
        with pytest.raises(Refused, match="parameter config"):
            config(outside)


def test_parameters_become_settings() -> None:
    found = read([{"name": "on-missing-namespace", "string": "warn"}])
    assert argocd.settings(Settings(), found).on_missing_namespace == "warn"
    labels = [{"name": "namespace-labels", "map": {"istio-injection": "enabled"}}]
    before = Settings(namespaces=(Stub("other", {}, {}),))
    stubs = argocd.settings(before, read(labels, ARGOCD_APP_NAMESPACE="shop")).namespaces
    assert stubs == (Stub("shop", {"istio-injection": "enabled"}, {}), *before.namespaces)
    with pytest.raises(Refused, match=r"has no spec\.destination\.namespace"):
        argocd.settings(Settings(), read(labels))


# ---------------------------------------------------------------- charts


def test_what_helm_is_told() -> None:
    release = helm.Release(
        "web", "shop", ("a.yaml",), "b: 1", {"c": "1,2", "d": "{1,2}"}, "1.31", ("v1",)
    )
    words = helm.arguments(".", release)
    assert words[:5] == ["template", ".", "--name-template", "web", "--include-crds"]
    assert words[5:] == [
        "--namespace", "shop", "--kube-version", "1.31", "--api-versions", "v1", "--values",
        "a.yaml", "--values", "-", "--set", r"c=1\,2", "--set", "d={1,2}",
    ]  # fmt: skip


def test_a_chart_s_defaults(tmp_path: Path) -> None:
    (tmp_path / "values.yaml").write_text("a: {b.c: 1, on: true}\nlist: [1]\nnone: null\nname: x\n")
    assert helm.defaults(str(tmp_path)) == {r"a.b\.c": "1", "a.true": "true", "name": "x"}
    (tmp_path / "values.yaml").write_text("")
    assert helm.defaults(str(tmp_path)) == {}
    (tmp_path / "values.yaml").write_text("a: [")
    with pytest.raises(Refused, match=r"values\.yaml"):
        helm.defaults(str(tmp_path))


def test_a_kustomization_beside_a_chart_goes_first(tmp_path: Path) -> None:
    (tmp_path / "Chart.yaml").write_text("name: a\n")
    assert helm.is_chart(str(tmp_path))
    (tmp_path / "kustomization.yaml").write_text("")
    assert not helm.is_chart(str(tmp_path))


# ---------------------------------------------------------------- managedNamespaceMetadata


def application(
    labels: Any, name: str = "web", options: Any = ("CreateNamespace=true",)
) -> dict[str, Any]:
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "metadata": {"name": name, "namespace": "argocd"},
        "spec": {
            "destination": {"namespace": "shop"},
            "syncPolicy": {
                "syncOptions": list(options) if isinstance(options, tuple) else options,
                "managedNamespaceMetadata": {"labels": labels},
            },
        },
    }


def discovery(*objects: dict[str, Any], settings: Settings = Settings()) -> Any:  # noqa: B008 - never mutated
    bundle = resource_list.read_manifests(yaml.safe_dump_all(objects).encode())
    return discover(bundle, settings)


def codes(outcome: Any) -> list[tuple[str, str]]:
    return [(r.severity, r.code) for r in outcome.results if r.code.startswith("namespace-")]


def manifest(labels: dict[str, str]) -> dict[str, Any]:
    return builders.namespace("shop", labels)


def test_an_application_tells_of_its_namespace() -> None:
    outcome = discovery(application({"istio-injection": "enabled"}))
    namespace = outcome.namespaces["shop"]
    assert namespace.labels == {"istio-injection": "enabled", "kubernetes.io/metadata.name": "shop"}
    assert namespace.source == "Application web"
    assert codes(outcome) == [("info", "namespace-managed")]


@pytest.mark.parametrize("options", [(), ("CreateNamespace=false",), None, "CreateNamespace=true"])
def test_only_where_argo_cd_makes_the_namespace(options: Any) -> None:
    assert discovery(application({"a": "b"}, options=options)).namespaces == {}


@pytest.mark.parametrize("labels", [None, [], "x"])
def test_odd_metadata_are_no_crash(labels: Any) -> None:
    assert set(discovery(application(labels)).namespaces["shop"].labels) == {
        "kubernetes.io/metadata.name"
    }


def test_a_manifest_of_the_namespace_wins_as_a_whole() -> None:
    both = (application({"istio-injection": "enabled", "a": "b"}), manifest({"team": "x"}))
    for objects in (both, both[::-1]):
        outcome = discovery(*objects)
        assert outcome.namespaces["shop"].labels == {
            "team": "x",
            "kubernetes.io/metadata.name": "shop",
        }
        assert codes(outcome) == [("warning", "namespace-managed-ignored")]
    assert codes(discovery(application({"a": "b"}), manifest({"a": "b"}))) == []


def test_two_applications_that_disagree_are_an_error() -> None:
    first = application({"istio-injection": "enabled"})
    assert ("error", "namespace-conflict") in codes(discovery(first, application({}, "other")))
    assert codes(discovery(first, application({"istio-injection": "enabled"}, "other"))) == [
        ("info", "namespace-managed")
    ]


def test_an_application_wins_over_the_function_config() -> None:
    stub = Settings(namespaces=(Stub("shop", {"istio-injection": "disabled"}, {}),))
    outcome = discovery(application({"istio-injection": "enabled"}), settings=stub)
    assert outcome.namespaces["shop"].labels["istio-injection"] == "enabled"
    assert ("warning", "namespace-stub-ignored") in codes(outcome)
