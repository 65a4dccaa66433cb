"""--only and --cluster."""

from __future__ import annotations

import pytest

from krm_injector.fleet import selection
from krm_injector.fleet.model import Cluster, Fleet, Target
from krm_injector.model import Refused


def fleet(*names: str) -> Fleet:
    clusters = tuple(map(Cluster, ("eu-1", "eu-2", "us-1")))
    known = {cluster.name for cluster in clusters}
    targets = []
    for name in names:
        first = name.partition("/")[0]
        cluster = first if first in known else ""
        targets.append(Target(name, "kustomization", name, "", cluster))
    return Fleet(tuple(targets), clusters)


FLEET = fleet("apps/shop", "apps/shop@dev", "apps/shopping", "eu-1/apps/shop/prod", "us-1/infra/db")


@pytest.mark.parametrize("only, expected", [
    ([], FLEET.targets),
    (["apps/shop"], ["apps/shop", "apps/shop@dev", "eu-1/apps/shop/prod"]),
    (["apps/shop/"], ["apps/shop", "apps/shop@dev", "eu-1/apps/shop/prod"]),
    (["./apps/shopping"], ["apps/shopping"]),
    (["eu-*/apps/*"], ["eu-1/apps/shop/prod"]),
    (["*/prod"], ["eu-1/apps/shop/prod"]),
    (["us-1", "apps/shopping"], ["apps/shopping", "us-1/infra/db"]),
])  # fmt: skip
def test_only(only: list[str], expected: list[str]) -> None:
    names = [target.name for target in selection.select(FLEET, only, []).targets]
    assert names == [getattr(each, "name", each) for each in expected]


def test_clusters() -> None:
    chosen = selection.select(FLEET, [], ["us-1", "eu-1"]).targets
    assert [target.name for target in chosen] == ["eu-1/apps/shop/prod", "us-1/infra/db"]


def test_everything_that_matches_nothing_is_told() -> None:
    with pytest.raises(Refused) as refused:
        selection.select(FLEET, ["apps/shopp", "zzz"], ["eu-2", "eu_1", "zzz"])
    assert [result.message for result in refused.value.results] == [
        "--only apps/shopp matches none of the 5 targets; did you mean apps/shop or apps/shopping "
        "or apps/shop@dev?",
        "--only zzz matches none of the 5 targets; krm-injector fleet list names the targets",
        "--cluster eu-2: no target is for it",
        "--cluster eu_1: there is no such cluster; did you mean eu-1?",
        "--cluster zzz: there is no such cluster; known: eu-1, eu-2, us-1",
    ]


def test_both_must_match_one_target() -> None:
    with pytest.raises(Refused, match="at once"):
        selection.select(FLEET, ["apps/shopping"], ["us-1"])
