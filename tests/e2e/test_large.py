"""A repository of 5,000 manifests, 1,000 of them workloads, through kustomize, kpt and the Argo CD
plugin.

kustomize renders it as ten overlays of 500: what it does by itself grows with the square of the
manifests of one build, so that 5,000 in one take it half a minute without any function.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from e2e.applications import APP, PLUGIN
from e2e.argocd_server import Server
from e2e.kpt_packages import CONFIG, MUTATOR, changed, kptfile
from e2e.kustomizations import EXEC, HEAD
from e2e.real_programs import (
    Key,
    Programs,
    deployment,
    function_config,
    namespace,
    objects,
    workloads,
)
from files import tree, write

from krm_injector.istio_names import RECORD_ANNOTATION as RECORD

TEAMS = [f"team-{number}" for number in range(10)]
PROXY = {True: b'"name":"istio-proxy"', False: b"name: istio-proxy\n"}  # in JSON, in YAML


def repository() -> dict[str, str]:
    """Ten Namespaces with 399 Services and 100 Deployments each, ten to a file."""
    files = {}
    for team in TEAMS:
        services = [
            f"apiVersion: v1\nkind: Service\nmetadata:\n  name: s{n}\n  namespace: {team}\nspec:\n"
            f"  selector: {{app: web-{n}}}\n  ports: [{{port: 80}}]\n"
            for n in range(399)
        ]
        webs = [deployment(f"web-{n}", team) for n in range(100)]
        files[f"{team}/ns.yaml"] = namespace(team)
        for name, texts in (("services", services), ("webs", webs)):
            for at in range(0, len(texts), 10):
                files[f"{team}/{name}-{at}.yaml"] = "---\n".join(texts[at : at + 10])
    assert sum(text.count("apiVersion") for text in files.values()) == 5000
    return files


def kustomize(programs: Programs, work: Path) -> list[bytes]:
    for team in TEAMS:
        names = sorted(path.name for path in (work / team).iterdir())
        write(
            work / team,
            {
                "kustomization.yaml": (
                    f"{HEAD}resources: [{', '.join(names)}]\ntransformers: [istio-inject.yaml]\n"
                ),
                "istio-inject.yaml": function_config(),
            },
        )
    command = ["kustomize", "build", *EXEC, "."]
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(lambda team: programs.run(command, work / team).out, TEAMS))


def kpt(programs: Programs, work: Path) -> list[bytes]:
    before = tree(work)
    write(work, {"Kptfile": kptfile(MUTATOR), "istio-inject.yaml": CONFIG})
    programs.run(["kpt", "fn", "render", "--allow-exec"], work)
    after = {name: text for name, text in tree(work).items() if "/" in name}
    touched = changed(before, after)
    assert touched == {name for name in before if "/webs-" in name}, (
        "the files of the others stay identical"
    )
    return [
        b"\n---\n".join(text for name, text in after.items() if name.startswith(f"{team}/"))
        for team in TEAMS
    ]


def plugin(programs: Programs, work: Path) -> list[bytes]:
    server = Server(
        programs.need("argocd-cmp-server"),
        PLUGIN,
        os.pathsep.join([str(programs.own), "/usr/bin", "/bin"]),
    )
    try:
        made = server.generate(tree(work), ".", {**APP, "ARGOCD_APP_SOURCE_PATH": "."})
    finally:
        server.stop()
    assert len(made) == 5000
    return ["\n---\n".join(text for text in made if f'"{team}"' in text).encode() for team in TEAMS]


@pytest.mark.parametrize("way", [kustomize, kpt, plugin], ids=lambda way: way.__name__)
def test_five_thousand_manifests(
    programs: Programs, tmp_path: Path, way: Callable[[Programs, Path], list[bytes]]
) -> None:
    made = way(programs, write(tmp_path / "work", repository()))
    assert [text.count(PROXY[way is plugin]) for text in made] == [100] * 10
    last = objects(made[-1])
    assert len([key for key in last if key[0] == "Service"]) == 399
    assert without_layouts(last) == expected(programs, tmp_path)


def expected(programs: Programs, directory: Path) -> dict[Key, bytes]:
    """The workloads of the last team, injected by themselves: as a function does it, which keeps no
    layout.
    """
    team = TEAMS[-1]
    alone = write(
        directory / "alone",
        {name: text for name, text in repository().items() if name.startswith(team)},
    )
    return without_layouts(objects(programs.run(["krm-injector", "inject", "."], alone).out))


def without_layouts(values: Mapping[Key, dict[str, object]]) -> dict[Key, bytes]:
    """The workloads without what only files remember: how their entries were written
    (docs/day-two.md).
    """
    for value in values.values():
        annotations = value["metadata"].get("annotations") or {}  # type: ignore[attr-defined]
        if RECORD in annotations:
            record = json.loads(annotations[RECORD])
            record.pop("layout", None)
            annotations[RECORD] = json.dumps(record, ensure_ascii=False, separators=(",", ":"))
    return workloads(values)
