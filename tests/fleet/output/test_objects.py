"""The files of --layout directory: one an object, with stable and safe names, and nothing lost."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from builders import installation
from fleet.output.fleet_builds import build

from krm_injector.fleet.output import objects
from krm_injector.kube import yaml


def header(kind: str, name: str = "", version: str = "v1", **metadata: str) -> str:
    fields = {**({"name": name} if name else {}), **metadata}
    lines = "".join(f"  {key}: {value}\n" for key, value in fields.items())
    return f"apiVersion: {version}\nkind: {kind}\nmetadata:\n{lines}"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (header("Deployment", "web", "apps/v1", namespace="shop"), "shop_deployment_web"),
        (header("Namespace", "shop"), "namespace_shop"),
        (header("Service", "web", namespace="shop"), "shop_service_web"),
        (header("Service", "web", "serving.knative.dev/v1", namespace="shop"),
         "shop_service.serving.knative.dev_web"),
        (header("Ingress", "web", "networking.k8s.io/v1"), "ingress_web"),
        (header("Job", version="batch/v1", generateName="migrate-"), "job_migrate-"),
        (header("ClusterRole", '"system:node"', "rbac.authorization.k8s.io/v1"),
         "clusterrole_system%3Anode"),
        (header("ClusterRole", '"a/../b"'), "clusterrole_a%2F..%2Fb"),
        (header("ClusterRole", '"é"'), "clusterrole_%C3%A9"),
        ("apiVersion: v1\nkind: List\nitems: []\n", "list_unnamed"),
        ("kind: Service\nmetadata: {name: web, namespace: shop}\napiVersion: v1\n",
         "shop_service_web"),
        ("# about it\nmetadata:\n    name: web\nkind: Service\napiVersion: v1\n", "service_web"),
        ("metadata:\n  labels:\n    name: no\n  name: web  # its name\nkind: Service\n",
         "service_web"),
        ("metadata:\n  annotations:\n    a: |\n      name: no\n  name: 'web'\nkind: Service\n",
         "service_web"),
        ("spec:\n  name: no\nkind: Service\nmetadata:\n  name: web\napiVersion: v1\n",
         "service_web"),
        ('{"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}}', "service_web"),
    ],
)  # fmt: skip
def test_a_file_is_called_after_its_object(text: str, name: str) -> None:
    assert list(objects.files(text)) == [f"{name}.yaml"]


def test_equal_names_get_numbers_and_long_ones_an_end() -> None:
    text = "---\n".join([header("Job", generateName="x-")] * 3 + [header("Job", "X-")])
    assert list(objects.files(text)) == [f"job_x-{end}.yaml" for end in ("", "_2", "_3")] + [
        "job_X-_4.yaml"
    ]
    long = [header("ConfigMap", "a" * 250 + end) for end in "bc"]
    names = list(objects.files("---\n".join(long)))
    assert len(set(names)) == 2
    assert all(len(name) < 255 for name in names)


def test_a_name_does_not_depend_on_the_other_objects() -> None:
    one = header("Service", "web", "serving.knative.dev/v1")
    other = header("Service", "web")
    assert (
        objects.files(one).keys() | objects.files(other).keys()
        == objects.files(f"{one}---\n{other}").keys()
    )


@pytest.mark.parametrize(
    "text",
    [
        "---\n# Source: a.yaml\n{a}---\n# nothing\n---\n{b}", "{a}---\n---\n{b}---\n",
        "{a}--- # comment\n{b}", "%YAML 1.1\n---\n{a}...\n---\n{b}", "{a}---\n{b}...\n",
        "\ufeff{a}---\n{b}",
    ],
)  # fmt: skip
def test_every_object_of_a_stream_has_its_file(text: str) -> None:
    a, b = header("Service", "a"), header("Service", "b")
    files = objects.files(text.replace("{a}", a).replace("{b}", b))
    assert list(files) == ["service_a.yaml", "service_b.yaml"]
    for name, part in zip("ab", files.values(), strict=True):
        assert yaml.load(part)["metadata"]["name"] == name


def test_crlf_stays() -> None:
    text = (header("Service", "a") + "---\n" + header("Service", "b")).replace("\n", "\r\n")
    files = objects.files(text)
    assert list(files) == ["service_a.yaml", "service_b.yaml"]
    assert all("\r\n" in part and "---" not in part for part in files.values())


def test_random_streams_lose_nothing() -> None:
    """The quick way to cut a stream gives what the YAML reader gives."""
    dice = random.Random(18)
    for _ in range(60):
        texts = []
        for number in range(dice.randint(1, 6)):
            name = dice.choice(["web", '"web"', "on", "1", "a.b", "x-1", "'q'"])
            body = dice.choice(["", "spec:\n  a: |\n    --- x\n    kind: No\n", "data: {a: b}\n"])
            texts.append(header(dice.choice(["Service", "Role"]), name) + body + f"n: {number}\n")
        stream = dice.choice(["", "---\n", "# top\n---\n"]) + "---\n".join(texts)
        documents = [each.value for each in yaml.load_all(stream) if not each.empty]
        assert [yaml.load(part) for part in objects.files(stream).values()] == documents


def test_the_objects_of_a_target_are_those_of_its_file(tmp_path: Path) -> None:
    text = "---\n".join(yaml.dump(each) for each in installation())
    build(tmp_path / "a", {"x": text}, "directory")
    read = [yaml.load(path.read_text()) for path in sorted((tmp_path / "a/x").iterdir())]
    whole = [each.value for each in yaml.load_all(text) if not each.empty]
    assert sorted(map(str, read)) == sorted(map(str, whole))
