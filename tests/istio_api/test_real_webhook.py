"""Verdicts and results of the real webhook 1.30.3 on odd annotations, meshes and values."""

from __future__ import annotations

import json
import os
import random
import subprocess
from collections.abc import Callable
from typing import Any

import pytest
from outside import ask_webhook, needs
from paths import SHARED, TESTS

from krm_injector.injection import annotations as pod_annotations
from krm_injector.injection.template_data import proxy_image
from krm_injector.istio_api import (
    ApiError,
    clean_proxy_config,
    mesh_config,
    proxy_config_for,
    to_json,
    typed_values,
)
from krm_injector.kube import yaml
from krm_injector.model import Object
from krm_injector.versions import rules_for

MINOR = (1, 30)
# {annotation, value} or {mesh} or {values}, and the answer: refused: true, or proxy_config
# (PROXY_CONFIG where the annotation is proxy.istio.io/config), json (protoToJSON .MeshConfig),
# image (.ProxyImage).
TABLE = [json.loads(x) for x in (TESTS / "istio_api/webhook-1.30.3.jsonl").read_text().splitlines()]
TEMPLATE = """\
policy: enabled
defaultTemplates: [sidecar]
templates:
  sidecar: |
    metadata:
      annotations:
        proxy: {{ protoToJSON .ProxyConfig | quote }}
        mesh: {{ protoToJSON .MeshConfig | quote }}
        image: {{ .ProxyImage | quote }}
    spec: {containers: [{name: istio-proxy, image: x}]}
"""


def answer(row: Object) -> Object:
    """What the table should hold, in our reading."""
    if "annotation" in row:
        given = {row["annotation"]: row["value"]}
        if pod_annotations.problems(given, rules_for(MINOR)):
            return {"refused": True}
        if row["annotation"] != "proxy.istio.io/config":
            return {}
        config = proxy_config_for(
            mesh_config("", MINOR), given, "shop", {}, (), "istio-system", MINOR
        )
        return {"proxy_config": to_json(clean_proxy_config(config, MINOR))}
    try:
        if "mesh" in row:
            return {"json": to_json(mesh_config(row["mesh"], MINOR))}
        values = typed_values(row["values"], MINOR)
        config = mesh_config("", MINOR).fields["defaultConfig"]
        return {"image": proxy_image(values, config, {}, rules_for(MINOR).image_variant)}
    except ApiError:
        return {"refused": True}


def given_answer(row: Object) -> Object:
    return {k: v for k, v in row.items() if k in ("refused", "proxy_config", "json", "image")}


@pytest.mark.parametrize("kind", ["annotation", "mesh", "values"])
def test_answers_as_the_real_webhook(kind: str) -> None:
    rows = [row for row in TABLE if kind in row]
    assert len(rows) > 100
    assert any(row.get("refused") for row in rows) and not all(row.get("refused") for row in rows)
    assert [(row, answer(row)) for row in rows if answer(row) != given_answer(row)] == []


@pytest.fixture(scope="module")
def oracle(tmp_path_factory: pytest.TempPathFactory) -> Callable[[list[Object]], list[Any]]:
    program = os.environ.get("KRM_INJECTOR_ORACLE")
    folder = tmp_path_factory.mktemp("oracle")
    if not program:
        unpack = [str(needs(SHARED / "bin/unpack")), "istio-webhook-oracle", str(folder)]
        unpacked = subprocess.run(unpack, capture_output=True, text=True, check=True)
        program = unpacked.stdout.strip()

    def ask(rows: list[Object]) -> list[Any]:
        pod: Object = {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": "w", "namespace": "shop"},
            "spec": {"containers": [{"name": "c", "image": "i"}]},
        }
        requests = []
        for number, row in enumerate(rows):
            notes = {row["annotation"]: row["value"]} if "annotation" in row else {}
            workload = {**pod, "metadata": {**pod["metadata"], "annotations": notes}}
            common = {
                "id": str(number),
                "config": TEMPLATE,
                "webhooks": [],
                "namespace": "shop",
                "ns_labels": {},
            }
            values = row.get("values", "global: {hub: h, tag: t}")
            more = {
                "values": values,
                "mesh": row.get("mesh", ""),
                "revision": "default",
                "native": True,
            }
            requests.append({**common, **more, "workload": json.dumps(workload)})
        answers = {answer["id"]: answer for answer in ask_webhook(program, requests, folder)}
        return [answers[str(number)] for number in range(len(rows))]

    return ask


def test_agrees_on_altered_entries(oracle: Callable[[list[Object]], list[Any]]) -> None:
    """Entries of the table, each changed in one place at random, asked anew."""
    choose = random.Random(30)
    rows = choose.sample(TABLE, 400)
    altered = [row for row in (_altered(row, choose) for row in rows) if not _has_strange_key(row)]
    assert len(altered) > 350
    for row, told in zip(altered, oracle(altered), strict=True):
        ours = answer(row)
        refused = bool(told.get("error"))
        assert refused == ours.get("refused", False), (row, told.get("error"), ours)
        notes = {} if refused else told["pod"]["metadata"]["annotations"]
        for key, name in (("proxy_config", "proxy"), ("json", "mesh"), ("image", "image")):
            if key in ours:
                assert ours[key] == notes[name], row


def _has_strange_key(row: Object) -> bool:
    """Go takes a mapping for a key and drops it; we say that it cannot be one."""
    try:
        yaml.load(row.get("value") or row.get("mesh") or row.get("values") or "", strict=False)
    except yaml.YamlError as error:
        return "cannot be a key" in str(error)
    return False


def _altered(row: Object, choose: random.Random) -> Object:
    key = next(k for k in ("value", "mesh", "values") if k in row)
    text = row[key]
    at = choose.randrange(len(text) + 1)
    change = choose.choice(
        ["0", "a", " ", "-", ".", ":", "/", ",", "{", "}", "'", "", "", "*", "\n", "e", "_"]
    )
    return {**row, key: text[:at] + change + text[at + (not change) :]}
