"""--context: facts are found in every file, and files without facts are not parsed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from builders import SHOP, deployment, installation, objects_bundle

from krm_injector.cli import program
from krm_injector.discovery import context, profile
from krm_injector.kube.yaml import dump
from krm_injector.model import Refused

WEB = deployment()


def kinds(directory: Path) -> list[str]:
    return [
        item.value["kind"]
        for bundle in context.read_facts([str(directory)], [])
        for item in bundle.items
    ]


@pytest.mark.parametrize(
    "text",
    [
        dump(SHOP),
        json.dumps(SHOP),
        json.dumps(SHOP, separators=(",", ":")),
        "{apiVersion: v1, kind: 'Namespace', metadata: {name: shop}}\n",
        '"kind" : "Namespace"\n"apiVersion": v1\nmetadata: {name: shop}\n',
        dump({"apiVersion": "v1", "kind": "List", "items": [SHOP]}),
        dump(
            {"apiVersion": "v1", "kind": "NamespaceList", "items": [{"metadata": {"name": "shop"}}]}
        ),
        dump(WEB) + "---\n" + dump(SHOP),
    ],
)
def test_a_namespace_in_every_form(text: str, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(text)
    assert kinds(tmp_path) == ["Namespace"]


@pytest.mark.parametrize("form", [dump, json.dumps])
def test_a_mesh_in_every_form(form: Any, tmp_path: Path) -> None:
    for number, value in enumerate(installation("canary")):
        (tmp_path / f"{number}.yaml").write_text(form(value))
    found = kinds(tmp_path)
    assert (
        found.count("ConfigMap") == 2
        and found.count("MutatingWebhookConfiguration") == len(found) - 2 > 0
    )


def test_what_tells_nothing_is_not_parsed(tmp_path: Path) -> None:
    """Injected workloads, files that are no manifests, charts: none of them is read as one."""
    (tmp_path / "injected.yaml").write_text(
        "kind: Deployment\nname: istio-proxy\n}: not parsed: {\n"
    )
    (tmp_path / "values.yaml").write_text(
        "description: the Namespace of an Application, and its ConfigMap\n"
    )
    (tmp_path / "chart" / "templates").mkdir(parents=True)
    (tmp_path / "chart" / "Chart.yaml").write_text("name: chart\n")
    (tmp_path / "chart" / "templates" / "namespace.yaml").write_text(
        "kind: Namespace\n{{ a template }}\n"
    )
    with pytest.raises(Refused, match="tells nothing"):
        kinds(tmp_path)
    (tmp_path / "namespace.yaml").write_text("kind: Namespace\n}: broken\n")
    with pytest.raises(
        Refused, match=r"namespace\.yaml"
    ):  # what would have told something is no file to pass over
        kinds(tmp_path)


def test_a_file_that_is_named_is_read_as_a_whole(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_text("kind: &kind Namespace\napiVersion: v1\nmetadata: {name: shop}\n")
    (bundle,) = context.read_facts([str(file)], [])
    assert [item.value["kind"] for item in bundle.items] == ["Namespace"]


CONFIG_MAP = {
    "apiVersion": "v1",
    "kind": "ConfigMap",
    "metadata": {"name": "app"},
    "data": {"mesh": "mine"},
}
OTHERS = {
    "apiVersion": "admissionregistration.k8s.io/v1",
    "kind": "MutatingWebhookConfiguration",
    "metadata": {"name": "cert-manager"},
    "webhooks": [
        {
            "name": "webhook.cert-manager.io",
            "clientConfig": {"service": {"name": "c", "path": "/mutate"}},
        }
    ],
}
OPERATOR = {
    "apiVersion": "install.istio.io/v1alpha1",
    "kind": "IstioOperator",
    "metadata": {"name": "mesh"},
}


@pytest.mark.parametrize("values", [[], [WEB], [CONFIG_MAP], [OTHERS], [OPERATOR]])
@pytest.mark.parametrize("whole", [True, False])
def test_a_path_that_tells_nothing_is_an_error(
    values: list[Any], whole: bool, tmp_path: Path
) -> None:
    file = tmp_path / "a.yaml"
    file.write_text("---\n".join(map(dump, values)))
    with pytest.raises(Refused) as refused:
        context.read_facts([str(tmp_path if whole else file)], [])
    (result,) = refused.value.results
    assert (result.code, result.file) == ("context-empty", str(tmp_path if whole else file))
    if values == [OPERATOR] and not whole:
        assert f"istioctl manifest generate -f {file} | krm-injector snapshot" in result.message


def test_a_path_whose_files_were_read_already_may_tell_nothing_more(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(dump(WEB))
    (tmp_path / "b.yaml").write_text(dump(WEB))
    assert (
        context.read_facts([str(tmp_path), str(tmp_path / "a.yaml")], [str(tmp_path / "a.yaml")])
        == ()
    )


def test_every_context_that_tells_nothing_is_named(tmp_path: Path) -> None:
    for name in ("a.yaml", "b.yaml"):
        (tmp_path / name).write_text(dump(WEB))
    (tmp_path / "c.yaml").write_text(dump(SHOP))
    with pytest.raises(Refused) as refused:
        context.read_facts([str(tmp_path / name) for name in ("a.yaml", "c.yaml", "b.yaml")], [])
    assert [Path(result.file).name for result in refused.value.results] == ["a.yaml", "b.yaml"]


def test_one_file_of_a_repository_is_verified_by_the_rest(
    tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    for name, values in (("cluster", [SHOP, *installation()]), ("deploy", [WEB])):
        (tmp_path / name).mkdir()
        (tmp_path / name / "all.yaml").write_text("---\n".join(map(dump, values)))
    web = str(tmp_path / "deploy" / "all.yaml")
    around = ["--quiet", "--context", str(tmp_path)]
    assert program.run(["inject", *around, web]) == 0
    (tmp_path / "deploy" / "all.yaml").write_bytes(capsysbinary.readouterr().out)
    assert program.run(["verify", *around, web]) == 0
    assert capsysbinary.readouterr().out == b"1 workload verified\n"
    file = tmp_path / "cluster" / "all.yaml"
    file.write_text(file.read_text().replace(profile.DEFAULT.tag, f"{profile.DEFAULT.tag}-debug"))
    assert program.run(["verify", *around, web]) == 1
    assert b"verify-mesh-changed" in capsysbinary.readouterr().err


POLICY = {
    "apiVersion": "admissionregistration.k8s.io/v1",
    "kind": "ValidatingAdmissionPolicy",
    "metadata": {"name": "limits"},
    "spec": {"paramKind": {"apiVersion": "rules.example.com/v1", "kind": "Limits"}},
}
LIMITS = {
    "apiVersion": "rules.example.com/v1",
    "kind": "Limits",
    "metadata": {"name": "limits", "namespace": "shop"},
}


def test_policies_are_facts_and_so_are_the_parameters_that_they_name(tmp_path: Path) -> None:
    binding = {**POLICY, "kind": "ValidatingAdmissionPolicyBinding"}
    (tmp_path / "a.yaml").write_text(dump(LIMITS) + "---\n" + dump(WEB))
    (tmp_path / "b.yaml").write_text(dump(POLICY) + "---\n" + dump(binding))
    (tmp_path / "c.yaml").write_text(dump({**LIMITS, "kind": "Others"}))
    kind = "ValidatingAdmissionPolicy"
    assert kinds(tmp_path) == ["Limits", kind, f"{kind}Binding"]


def test_the_parameters_of_a_policy_of_the_bundle_are_facts(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(dump(LIMITS))
    (found,) = context.read_facts([str(tmp_path)], [], objects_bundle([POLICY]))
    assert [item.value["kind"] for item in found.items] == ["Limits"]
    with pytest.raises(Refused):
        context.read_facts([str(tmp_path)], [])
