"""krm-injector as a post-renderer of the real Helm 3 (an executable) and Helm 4 (a plugin)."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from e2e.helm_charts import CHART, FILENAME, JOB, WEB, Helm
from e2e.real_programs import (
    Programs,
    injected,
    objects,
    workloads,
)
from files import tree, write


@pytest.fixture(params=["helm3", "helm4"])
def helm(request: pytest.FixtureRequest, programs: Programs, tmp_path: Path) -> Helm:
    return Helm(programs, request.param, tmp_path)


def test_a_chart_is_injected(helm: Helm) -> None:
    done = objects(helm.template("--config=istio-inject.yaml", "--namespace=shop").out)
    plain = objects(helm.template(rendered=False).out)
    assert set(done) == set(plain)
    # Helm 3 hands hooks to no post-renderer; Helm 4 does.
    assert injected(done) == ({WEB} if helm.version == "helm3" else {WEB, JOB})
    assert done["Service", "", "web"] == plain["Service", "", "web"]
    for value in done.values():
        assert FILENAME not in str(value), "Helm takes its own annotation back, so it was kept"


def test_the_annotation_of_helm_4_is_kept(helm: Helm) -> None:
    given = f"{CHART['web/templates/service.yaml']}---\n{CHART['web/templates/hook.yaml']}".replace(
        "annotations: {", f"annotations: {{{FILENAME}: web/templates/hook.yaml, "
    )
    command = ["krm-injector", "inject", "--config=istio-inject.yaml", "--namespace=shop"]
    done = objects(helm.programs.run(command, helm.work, stdin=given.encode()).out)
    assert done[JOB]["metadata"]["annotations"][FILENAME] == "web/templates/hook.yaml"  # type: ignore[index]
    assert injected(done) == {JOB}


def test_both_make_the_same(programs: Programs, tmp_path: Path) -> None:
    made = []
    for version in ("helm3", "helm4"):
        (tmp_path / version).mkdir()
        helm = Helm(programs, version, tmp_path / version)
        made.append(
            workloads(objects(helm.template("--config=istio-inject.yaml", "--namespace=shop").out))
        )
    assert made[0][WEB] == made[1][WEB]


def test_an_error_stops_helm_and_stands_in_the_log(helm: Helm) -> None:
    done = helm.template("--namespace=shop", "--log=inject.log", code=1)
    assert done.out == b""
    said = (helm.work / "inject.log").read_text()
    assert said.startswith("error: metadata.namespace: Namespace shop is not in the bundle")
    if helm.version == "helm3":
        assert "Namespace shop is not in the bundle" in done.err


def test_the_log_holds_what_was_said(helm: Helm) -> None:
    helm.template("--config=istio-inject.yaml", "--namespace=shop", "--log=inject.log")
    assert (helm.work / "inject.log").read_text().startswith("info: ")
    done = helm.template(
        "--config=istio-inject.yaml", "--namespace=shop", "--log=no/inject.log", code=1
    )
    assert done.out == b""


def test_without_a_namespace_the_message_says_how_to_give_it(helm: Helm) -> None:
    helm.template("--config=istio-inject.yaml", "--log=inject.log", code=1)
    assert "  --namespace NAME " in (helm.work / "inject.log").read_text()


def test_bare_manifests_for_the_function_are_refused_with_the_way(
    programs: Programs, tmp_path: Path
) -> None:
    helm = Helm(programs, "helm3", tmp_path)
    done = programs.run(
        [helm.program, "template", "shop", "web", "--post-renderer", "krm-injector"], tmp_path, 1
    )
    assert "krm-injector inject" in done.err
    assert done.out == b""


def test_a_chart_without_workloads(helm: Helm) -> None:
    shutil.rmtree(helm.work / "web" / "templates")
    write(helm.work, {"web/templates/service.yaml": CHART["web/templates/service.yaml"]})
    done = objects(helm.template("--config=istio-inject.yaml", "--namespace=shop").out)
    assert set(done) == {("Service", "", "web")}


def test_many_workloads(helm: Helm) -> None:
    done = helm.template(
        "--config=istio-inject.yaml", "--namespace=shop", more=("--set", "count=500")
    )
    assert len(injected(objects(done.out)) - {JOB}) == 500


def test_windows_line_breaks_and_byte_order_marks(helm: Helm) -> None:
    windows = {
        path: "\ufeff" * (path.endswith("service.yaml")) + text.replace("\n", "\r\n")
        for path, text in CHART.items()
    }
    write(helm.work, windows)
    assert WEB in injected(
        objects(helm.template("--config=istio-inject.yaml", "--namespace=shop").out)
    )


def test_nothing_is_written_into_the_chart(helm: Helm) -> None:
    before = tree(helm.work / "web")
    helm.template("--config=istio-inject.yaml", "--namespace=shop")
    assert tree(helm.work / "web") == before


# ---------------------------------------------------------------- build


def test_build_renders_a_chart_as_helm_does(helm: Helm) -> None:
    options = ["--config=istio-inject.yaml", "--namespace=shop", f"--helm={helm.program}"]
    # Nothing of a person's settings counts, so build is run without.
    done = helm.programs.run(
        ["krm-injector", "build", "web", *options, "--", "--name-template=shop"], helm.work
    )
    by_hand = helm.programs.run(
        ["krm-injector", "inject", *options[:2]],
        helm.work,
        stdin=helm.template(rendered=False, more=("--include-crds",)).out,
    )
    assert workloads(objects(done.out)) == workloads(objects(by_hand.out))
    assert injected(objects(done.out)) == {WEB, JOB}


def test_build_says_that_helm_is_missing(programs: Programs, tmp_path: Path) -> None:
    write(tmp_path, CHART)
    done = programs.run(
        ["krm-injector", "build", "web"], tmp_path, 1, env={"PATH": f"{programs.own}:/usr/bin:/bin"}
    )
    assert done.out == b""
    assert done.err.startswith("error: a Helm chart needs helm")
    done = programs.run(["krm-injector", "build", "web", "--helm", "no-such-helm"], tmp_path, 1)
    assert "--helm no-such-helm: there is no such program" in done.err


def test_build_ended_by_a_signal_writes_nothing(programs: Programs, tmp_path: Path) -> None:
    """A helm that hangs; the signal reaches both, as it does where an orchestrator ends a group of
    processes.
    """
    write(tmp_path, CHART)
    started = tmp_path / "started"
    program = tmp_path / "helm"
    program.write_text(f'#!/bin/sh\ntouch "{started}"\nexec sleep 20\n')
    program.chmod(0o755)
    before = tree(tmp_path)
    done = programs.interrupted(
        ["krm-injector", "build", "web", "--helm", str(program)], tmp_path, started
    )
    assert done.code != 0
    assert done.out == b""
    assert "Traceback" not in done.err
    started.unlink()
    assert tree(tmp_path) == before
