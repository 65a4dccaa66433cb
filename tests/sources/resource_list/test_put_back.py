"""Orchestrators put comments back by position. For an item that changes and has comments they must
not recognise the original.
"""

from __future__ import annotations

import pytest

from krm_injector.kube import yaml
from krm_injector.kube.yaml import comments
from krm_injector.model import Object
from krm_injector.sources import resource_list
from krm_injector.sources.resource_list import put_back

IDS = "internal.config.kubernetes.io/id", "config.k8s.io/id", "config.kubernetes.io/id"

LIST = """\
apiVersion: config.kubernetes.io/v1
kind: ResourceList
items:
- apiVersion: apps/v1
  kind: Deployment
  metadata:
    name: web
    annotations:
      team: shop # whose
      # said of the team
      internal.config.kubernetes.io/path: 'web.yaml'
      internal.config.kubernetes.io/id: '1'
      config.k8s.io/id: '1'
      # at the end
  spec:
    containers:
    - name: web # kpt-set: ${name}
- apiVersion: v1
  kind: ConfigMap
  metadata:
    name: other # kept
    annotations:
      internal.config.kubernetes.io/id: '2'
"""


def written(text: str, index: int = 0) -> str:
    """The list with one container put before those of an item."""
    bundle = resource_list.read(text.encode())
    value = bundle.items[index].value
    containers = [{"name": "proxy"}, *value["spec"]["containers"]]
    return resource_list.write(bundle, {index: {**value, "spec": {"containers": containers}}}, [])


def ids(text: str, index: int) -> list[str]:
    annotations: Object = yaml.load(text)["items"][index]["metadata"]["annotations"]
    return [key for key in IDS if key in annotations]


def test_a_changed_item_with_comments_loses_its_id_and_nothing_else() -> None:
    said = LIST.replace(
        "      internal.config.kubernetes.io/id: '1'\n      config.k8s.io/id: '1'\n", ""
    )
    assert written(LIST) == said.replace(
        "    containers:\n", "    containers:\n    - name: proxy\n"
    )


def test_an_item_that_does_not_change_keeps_its_id() -> None:
    assert ids(written(LIST), 1) == ["internal.config.kubernetes.io/id"]
    bundle = resource_list.read(LIST.encode())
    assert resource_list.write(bundle, {}, []) == LIST


def test_an_item_whose_comments_stand_in_no_list_that_moves_keeps_its_id() -> None:
    assert ids(written(LIST.replace(" # kpt-set: ${name}", "")), 0) == list(IDS[:2])
    beside = LIST.replace(" # kpt-set: ${name}", "").replace(
        "    containers:\n", "    args: [a] # kept\n    containers:\n"
    )
    assert ids(written(beside), 0) == list(IDS[:2])


def test_an_item_without_comments_keeps_its_id() -> None:
    bare = "".join(
        line.partition(" #")[0].rstrip("\n") + "\n"
        for line in LIST.splitlines()
        if "      #" not in line
    )
    assert "#" not in bare
    assert ids(written(bare), 0) == list(IDS[:2])


@pytest.mark.parametrize("line_break", ["\n", "\r\n"])
def test_annotations_in_flow_style(line_break: str) -> None:
    block = LIST[LIST.index("    annotations:") : LIST.index("  spec:")]
    flow = (
        "    annotations: {team: shop, config.kubernetes.io/id: '1', config.k8s.io/id: '1'} # "
        "in flow\n"
    )
    text = written(LIST.replace(block, flow).replace("\n", line_break))
    assert ids(text, 0) == [] and "# in flow" in text and "# kpt-set: ${name}" in text
    assert yaml.load(text)["items"][0]["metadata"]["annotations"] == {"team": "shop"}


def test_a_list_that_is_written_anew() -> None:
    text = LIST.replace("items:\n", "items: !!seq\n")
    assert ids(written(text), 0) == [] and ids(written(text), 1)


def test_an_id_that_a_text_speaks_of_is_no_id() -> None:
    speaks = LIST.replace("team: shop # whose\n", "team: |\n        config.k8s.io/id: '1'\n")
    found = yaml.load(written(speaks))["items"][0]["metadata"]["annotations"]
    assert found["team"] == "config.k8s.io/id: '1'\n" and "config.k8s.io/id" not in found


def test_where_an_item_cannot_be_read_by_itself_any_list_may_have_comments(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(comments, "commented_lists", lambda text, place: None)
    bundle = resource_list.read(LIST.encode())
    value, place = bundle.items[0].value, bundle.items[0].place
    moved = {**value, "spec": {"containers": [{"name": "proxy"}, *value["spec"]["containers"]]}}
    assert place is not None and put_back.lands_elsewhere(LIST, place, value, moved)
    assert not put_back.lands_elsewhere(LIST, place, value, value)
