"""Workloads that differ in their names alone, in a list that is written anew: with and without
injection once per shape.
"""

from __future__ import annotations

import copy

import pytest
import yaml as pyyaml
from builders import SHOP, deployment, installation
from command import krm

ID = "internal.config.kubernetes.io/id"
DATA = {"name": "data", "emptyDir": {}}  # Istio's own volumes come before it


def resource_list(with_id: int) -> str:
    """Twelve Deployments with anchors; the first ones have the orchestrator's id. The templates of
    the installation have signs that may be comments.
    """
    items = [*installation(), SHOP]
    for number in range(12):
        web = copy.deepcopy(deployment(f"web-{number}", volumes=[DATA]))
        web["metadata"]["labels"] = web["spec"]["template"]["metadata"].setdefault("labels", {})
        if number < with_id:
            web["metadata"].setdefault("annotations", {})[ID] = str(number)
        items.append(web)
    return pyyaml.dump(
        {"apiVersion": "config.kubernetes.io/v1", "kind": "ResourceList", "items": items}
    )


@pytest.mark.parametrize("with_id", [0, 5, 12])
def test_shapes_give_what_each_workload_gives(with_id: int) -> None:
    text = resource_list(with_id)
    assert "#" in text
    fast, plain = (krm(stdin=text, env={"KRM_INJECTOR_SHAPES": way}) for way in ("", "off"))
    assert fast.returncode == 0
    assert fast.stdout.count(b"krm-injector.dev/injected") == 12
    assert (fast.stdout, fast.stderr) == (plain.stdout, plain.stderr)
    assert ID.encode() not in fast.stdout  # a comment could be copied to another volume
