"""docs/fleet-file.md: its example is valid, and every field of the schema is on it."""

from __future__ import annotations

import re

from fleet.trees import Finder, kustomization, names
from paths import ROOT

from krm_injector.fleet import fleet_file
from krm_injector.function_config import schema

PAGE = (ROOT / "docs" / "fleet-file.md").read_text()


def test_the_example_is_a_fleet(finder: Finder) -> None:
    (example,) = re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.M | re.S)
    fleet = finder.find({
        fleet_file.NAME: example,
        "meshes/istio-1.29.yaml": "",
        "meshes/istio-1.30.yaml": "",
        "clusters/eu-1/namespaces.yaml": "",
        "env/eu.yaml": "",
        "charts/web/Chart.yaml": "name: web\n",
        "apps/shop/overlays/prod/kustomization.yaml": kustomization(),
    })  # fmt: skip
    overlay = "apps/shop/overlays/prod"
    assert names(fleet) == [f"eu-1/{overlay}", "eu-1/web-eu", f"us-1/{overlay}"]
    assert not fleet.results


def test_every_field_is_documented() -> None:
    spec = schema.of_file(fleet_file.SCHEMA_FILE)["properties"]["spec"]["properties"]
    fields = [*spec]
    for part in ("clusters", "targets"):
        fields += spec[part]["items"]["properties"]
    for field in fields:
        assert re.search(rf"`(spec\.)?{field}\b", PAGE), field
