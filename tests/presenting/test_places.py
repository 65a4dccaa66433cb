"""Where the causes of results are: file, line, columns, and the text of the line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from krm_injector.istio_names import (
    INTERNAL_PATH_ANNOTATION,
    ORIGIN_ANNOTATION,
    PATH_ANNOTATION,
)
from krm_injector.kube import yaml
from krm_injector.model import Place, ResourceRef, Result
from krm_injector.presenting.places import Places
from krm_injector.sources import resource_list
from krm_injector.sources.resource_list import read_manifests

if TYPE_CHECKING:
    from krm_injector.model import Object
    from krm_injector.sources.resource_list import Bundle

WEB = """\
# A comment, and an ünusual letter.
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  labels: {app: web, "istio.io/rev": v1}
spec:
  template:
    metadata:
      annotations:
        sidecar.istio.io/proxyCPU: "lots"   # too much
        long: >-
          folded
    spec:
      containers:
      - name: web
        image: ünder/x
      - image: y
        name: helper
      hostNetwork:
"""
LIST = """\
apiVersion: v1
kind: List
items:
- apiVersion: v1
  kind: ConfigMap
  metadata:
    name: istio-sidecar-injector
  data:
    config: |
      # of the mesh

      policy: maybe
      templates:
        policy: of another
    values: "{}"
"""
DEPLOYMENT = ResourceRef("apps/v1", "Deployment", "web", "shop")
CONFIG_MAP = ResourceRef("v1", "ConfigMap", "istio-sidecar-injector", "istio-system")
TEMPLATE = "spec.template"


def bundle(text: str, file: str = "web.yaml") -> Bundle:
    return read_manifests(text.encode(), file)


def marked(text: str, ref: ResourceRef, field: str) -> tuple[int, str]:
    """The line of a field, and what is marked on it."""
    place = Places([bundle(text)]).of(Result("error", "m", ref, field))
    assert place is not None and place.file == "web.yaml"
    line = text.split("\n")[place.line - 1].rstrip("\r")
    assert place.text == line
    return place.line, line[place.column - 1 : place.end_column - 1]


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize(
    ("field", "line", "part"),
    [
        ("", 5, "web"),  # the object: its name
        ('metadata.labels["istio.io/rev"]', 6, "v1"),
        ("metadata.labels.app", 6, "web"),
        (f"{TEMPLATE}.metadata.annotations[sidecar.istio.io/proxyCPU]", 11, '"lots"'),
        (f"{TEMPLATE}.metadata.annotations.long", 12, ">-"),  # the line has no more of it
        (f"{TEMPLATE}.spec.containers", 15, "containers"),  # a list: its key
        (f"{TEMPLATE}.spec.containers[0]", 16, "name: web"),  # an entry: its first field
        (f"{TEMPLATE}.spec.containers[helper]", 18, "image: y"),
        (f"{TEMPLATE}.spec.containers[web].image", 17, "ünder/x"),
        (f"{TEMPLATE}.spec.hostNetwork", 20, "hostNetwork"),  # there is no value
        # What is absent: the nearest one above it.
        (f'{TEMPLATE}.metadata.labels["x/y"]', 9, "metadata"),
        (f"{TEMPLATE}.spec.containers[web].env[0].name", 16, "name: web"),
        ("status.phase", 2, "apiVersion: apps/v1"),
    ],
)
def test_a_field_is_marked(field: str, line: int, part: str, newline: str) -> None:
    assert marked(WEB.replace("\n", newline), DEPLOYMENT, field) == (line, part)


@pytest.mark.parametrize(
    ("current", "line", "part"),
    [
        ({"sidecar.istio.io/proxyCPU": "lots"}, 11, '"lots"'),
        ({"long": "folded", "sidecar.istio.io/proxyCPU": "lots"}, 11, '"lots"'),
        ({"long": "folded"}, 12, ">-"),
        ({"absent": ""}, 10, "annotations"),
        (None, 10, "annotations"),
        ("lots", 10, "annotations"),
    ],
)
def test_of_a_map_the_first_entry_that_a_result_is_about(
    current: object, line: int, part: str
) -> None:
    result = Result("warning", "m", DEPLOYMENT, f"{TEMPLATE}.metadata.annotations", current)
    place = Places([bundle(WEB)]).of(result)
    assert place is not None
    assert (place.line, place.text[place.column - 1 : place.end_column - 1]) == (line, part)


@pytest.mark.parametrize(
    ("field", "line", "part"),
    [
        ("", 7, "istio-sidecar-injector"),
        ("data.config", 9, "|"),
        ("data.config.policy", 12, "policy"),  # a key of YAML inside of YAML
        ("data.config.absent", 9, "config"),
        ("data.values.absent", 15, "values"),
    ],
)
def test_a_member_of_a_list(field: str, line: int, part: str) -> None:
    assert marked(LIST, CONFIG_MAP, field) == (line, part)


def test_json_on_one_line_and_on_many() -> None:
    value = yaml.load(WEB)
    field = f"{TEMPLATE}.spec.containers[web].image"
    assert marked(yaml.to_json(value), DEPLOYMENT, field) == (1, '"ünder/x"')
    text = yaml.to_json(value, "  ")
    line = next(number for number, each in enumerate(text.split("\n"), 1) if "ünder" in each)
    assert marked(text, DEPLOYMENT, field) == (line, '"ünder/x"')


def test_behind_an_alias_the_alias_is_marked() -> None:
    text = (
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, labels: &all {x: y}}\n"
        "data: *all\nother:\n  deep: *all\n"
    )
    ref = ResourceRef("v1", "ConfigMap", "a", "")
    assert marked(text, ref, "other.deep.x") == (6, "deep")


def test_anchors_of_an_earlier_item_leave_the_item() -> None:
    value = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}}
    text = (
        "apiVersion: v1\nkind: List\nitems:\n- &one\n  apiVersion: v1\n  kind: ConfigMap\n"
        "  metadata: {name: a}\n- *one\n"
    )
    assert bundle(text).items[0].value["items"] == [value, value]
    assert marked(text, ResourceRef("v1", "ConfigMap", "a", ""), "")[0] == 7


# ---------------------------------------------------------------- which object


def two(**first: str) -> str:
    """Two ConfigMaps x with another value in each, and metadata of the first."""
    more = "".join(f", {key}: {value}" for key, value in first.items())
    return (
        f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: x{more}}}\ndata: {{a: one}}\n---\n"
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x, namespace: b}\ndata: {a: two}\n"
    )


def line_of(text: str, result: Result) -> int:
    place = Places([bundle(text)]).of(result)
    return place.line if place else 0


def test_the_namespace_tells_two_objects_apart() -> None:
    text = two(namespace="a")
    for namespace, line in (("a", 4), ("b", 9), ("c", 0)):
        ref = ResourceRef("v1", "ConfigMap", "x", namespace)
        assert line_of(text, Result("error", "m", ref, "data.a")) == line


def test_one_that_states_no_namespace_is_in_any_other() -> None:
    text = two()
    for namespace, line in (("default", 4), ("b", 9)):
        ref = ResourceRef("v1", "ConfigMap", "x", namespace)
        assert line_of(text, Result("error", "m", ref, "data.a")) == line


def test_the_value_tells_two_equal_objects_apart() -> None:
    text, ref = two(namespace="b"), ResourceRef("v1", "ConfigMap", "x", "b")
    assert line_of(text, Result("error", "m", ref, "data.a", "two")) == 9
    assert line_of(text, Result("error", "m", ref, "data.a", "one")) == 4
    assert line_of(text, Result("error", "m", ref, "data.a", "three")) == 4


def test_the_file_tells_two_equal_objects_apart() -> None:
    places = Places([bundle(WEB, "a.yaml"), bundle(WEB, "b.yaml")])
    place = places.of(Result("error", "m", DEPLOYMENT, file="b.yaml"))
    assert place is not None and place.file == "b.yaml"


def test_another_group_is_another_kind() -> None:
    assert line_of(WEB, Result("error", "m", DEPLOYMENT._replace(api_version="x.io/v1"))) == 0
    assert line_of(WEB, Result("error", "m", DEPLOYMENT._replace(api_version="apps/v1beta1"))) == 5


def test_what_is_about_no_object_of_the_run() -> None:
    places = Places([bundle(WEB)])
    assert places.of(Result("error", "m")) is None
    assert places.of(Result("error", "m", CONFIG_MAP, "data.config")) is None
    assert places.of(Result("error", "m", file="other.yaml")) == Place("other.yaml")
    assert Places(()).of(Result("error", "m", DEPLOYMENT)) is None


def test_a_field_of_the_functionconfig() -> None:
    text = (
        "apiVersion: krm-injector.dev/v1alpha1\nkind: SidecarInjection\nmetadata: {name: x}\n"
        "spec:\n  revision: v9\n"
    )
    assert line_of(text, Result("error", "m", field="spec.revision")) == 5
    assert line_of(f"{text}---\n{text}", Result("error", "m", field="spec.revision")) == 0


# ---------------------------------------------------------------- what a program made


def rendered(annotations: Object | None = None, comment: str = "") -> Bundle:
    value = {**yaml.load(WEB)}
    value["metadata"] = {**value["metadata"], "annotations": annotations or {}}
    return bundle(f"---\n{comment}{yaml.dump(value)}", "")


@pytest.mark.parametrize(
    ("part", "file"),
    [
        (rendered(), "prod/kustomization.yaml"),
        (rendered({ORIGIN_ANNOTATION: "path: ../base/web.yaml\n"}), "base/web.yaml"),
        (
            rendered({ORIGIN_ANNOTATION: "configuredIn: gen/kustomization.yaml\n"}),
            "prod/gen/kustomization.yaml",
        ),
        (
            rendered({ORIGIN_ANNOTATION: "path: x.yaml\nrepo: https://git.example/x\n"}),
            "prod/kustomization.yaml",
        ),
        (rendered({ORIGIN_ANNOTATION: "{"}), "prod/kustomization.yaml"),
        (rendered({PATH_ANNOTATION: "sub/web.yaml"}), "prod/sub/web.yaml"),
        (rendered({INTERNAL_PATH_ANNOTATION: "web.yaml"}), "prod/web.yaml"),
        (rendered(comment="# Source: shop/templates/web.yaml\n"), "prod/templates/web.yaml"),
        (
            rendered(comment="# Source: shop/charts/db/templates/web.yaml\n"),
            "prod/charts/db/templates/web.yaml",
        ),
    ],
)
def test_a_rendered_object_has_the_file_that_its_renderer_states(part: Bundle, file: str) -> None:
    places = Places([part], {0: "prod/kustomization.yaml"})
    assert places.of(Result("error", "m", DEPLOYMENT, "spec.x")) == Place(file)


def test_a_rendered_object_of_an_unknown_directory() -> None:
    assert Places([rendered()], {0}).of(Result("error", "m", DEPLOYMENT)) is None


def original_of(
    field: str, base: str, name: str = "web", patch: str = "", current: object = None
) -> Place | None:
    """The place of a field of a rendered Deployment, whose kustomization lists base.yaml."""
    asked: list[str] = []

    def originals(file: str) -> tuple[list[Bundle], list[Bundle]]:
        asked.append(file)
        return [bundle(base, "base.yaml")], [bundle(patch, "patch.yaml")] if patch else []

    ref = DEPLOYMENT._replace(name=f"prod-{name}")
    text = WEB.replace("name: web\n  labels", f"name: prod-{name}\n  labels")
    places = Places([bundle(text, "")], {0: "prod/kustomization.yaml"}, originals)
    place = places.of(Result("error", "m", ref, field, current))
    assert asked == ["prod/kustomization.yaml"]
    return place


def test_a_rendered_field_is_found_where_it_is_written() -> None:
    place = original_of(f"{TEMPLATE}.spec.containers[web].image", WEB)
    assert place is not None and (place.file, place.line) == ("base.yaml", 17)
    absent = original_of(f"{TEMPLATE}.spec.hostPID", WEB)
    assert absent is not None and (absent.file, absent.line) == ("base.yaml", 14)


def test_a_field_that_a_patch_set_is_not_where_it_was() -> None:
    field = f"{TEMPLATE}.spec.containers[web].image"
    assert original_of(field, WEB.replace("ünder/x", "other")) == Place("prod/kustomization.yaml")
    cut = WEB.replace("        image: ünder/x\n", "")
    assert original_of(field, cut) == Place("prod/kustomization.yaml")


def test_a_field_that_a_patch_set_is_in_the_patch() -> None:
    patch = (
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\n"
        "spec: {template: {spec: {hostPID: false, containers: [{name: web, image: ünder/x}]}}}\n"
    )
    field, base = f"{TEMPLATE}.spec.containers[web].image", WEB.replace("ünder/x", "other")
    place = original_of(field, base, patch=patch)
    assert place is not None and (place.file, place.line) == ("patch.yaml", 4)
    # What is absent, and the object itself, are not the patch's.
    for field in ("", f"{TEMPLATE}.spec.hostPID"):
        place = original_of(field, WEB, patch=patch)
        assert place is not None and place.file == "base.yaml"


def test_an_annotation_is_where_it_is_written_though_a_patch_adds_others() -> None:
    base = WEB.replace("        long: >-\n          folded\n", "")
    stated = {"sidecar.istio.io/proxyCPU": "lots"}
    field = f"{TEMPLATE}.metadata.annotations"
    place = original_of(field, base, current=stated)
    assert place is not None and (place.file, place.line) == ("base.yaml", 11)
    assert original_of(field, base) == Place("prod/kustomization.yaml")


def test_of_several_objects_that_could_be_the_original_none_is() -> None:
    other = WEB.replace("name: web\n  labels", "name: prod\n  labels")
    assert original_of("", f"{WEB}---\n{other}", "web-x") == Place("prod/kustomization.yaml")
    twice = f"{WEB}---\n{WEB}"
    assert original_of("", twice) == Place("prod/kustomization.yaml")
    longer = WEB.replace("name: web\n  labels", "name: web-x\n  labels")
    place = original_of("", f"{WEB}---\n{longer}", "web-x")
    assert place is not None and place.line > WEB.count("\n")


# ---------------------------------------------------------------- a ResourceList


def test_the_lines_of_a_list_are_no_lines_of_a_file() -> None:
    value = yaml.load(WEB)
    items = {"apiVersion": "config.kubernetes.io/v1", "kind": "ResourceList", "items": [value]}
    plain = resource_list.read(yaml.dump(items).encode())
    place = Places([plain]).of(Result("error", "m", DEPLOYMENT, "metadata.labels.app"))
    assert place is not None and place.file == "" and place.text.strip() == "app: web"

    value["metadata"]["annotations"] = {INTERNAL_PATH_ANNOTATION: "base/web.yaml"}
    of_files = resource_list.read(yaml.dump(items).encode())
    found = Places([of_files]).of(Result("error", "m", DEPLOYMENT, "metadata.labels.app"))
    assert found == Place("base/web.yaml")

    in_json = resource_list.read(yaml.to_json(items).encode())
    assert Places([in_json]).of(Result("error", "m", DEPLOYMENT)) == Place("base/web.yaml")


# ---------------------------------------------------------------- secrets


def test_a_secret_is_not_shown() -> None:
    text = "apiVersion: v1\nkind: Secret\nmetadata:\n  name: s\ndata:\n  key: aGlkZQ==\n"
    ref = ResourceRef("v1", "Secret", "s", "shop")
    place = Places([bundle(text)]).of(Result("error", "m", ref, "data.key"))
    assert place == Place("web.yaml", 6, 8, 16, "  key: (hidden)")
