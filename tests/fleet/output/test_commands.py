"""`fleet build` and `fleet verify` as users call them."""

from __future__ import annotations

from pathlib import Path

import pytest
from command import krm_text
from files import tree, write
from fleet.targets import NAMESPACE, built, deployment

pytest.importorskip("krm_injector.cli.fleet_run", reason="the engine of fleets")

FILES = {
    "apps/shop/all.yaml": f"{NAMESPACE}---\n{deployment('web')}",
    "apps/pay/all.yaml": f"{NAMESPACE}---\n{deployment('pay')}---\n{deployment('db')}",
    "apps/bad/all.yaml": deployment("web", "nowhere"),
}
FLEET = """apiVersion: krm-injector.dev/v1alpha1
kind: Fleet
spec:
  targets:
  - path: apps/*
"""


@pytest.fixture
def here(tmp_path: Path) -> Path:
    return write(tmp_path, {"repository/krm-injector-fleet.yaml": FLEET}) / "repository"


def test_each_target_is_written_and_a_failing_one_is_told(here: Path) -> None:
    write(here, FILES)
    done = krm_text("fleet", "build", "--output", "../out", ".", cwd=here)
    assert done.returncode == 1
    assert "apps/bad" in done.stderr
    out = here.parent / "out"
    assert (out / "apps/shop.yaml").read_text() == built("apps/shop", cwd=here)
    assert (out / "apps/pay.yaml").read_text() == built("apps/pay", cwd=here)
    assert not (out / "apps/bad.yaml").exists()
    assert "2 files written" in done.stdout


def test_verify_says_what_differs_and_how_to_mend_it(here: Path) -> None:
    write(here, {name: text for name, text in FILES.items() if "bad" not in name})
    output = ("--output", "../out", ".")
    assert krm_text("fleet", "build", *output, cwd=here).returncode == 0
    done = krm_text("fleet", "verify", *output, cwd=here)
    assert done.returncode == 0, done.stderr
    assert "3 workloads" in done.stdout

    (here.parent / "out/apps/shop.yaml").write_text("mine\n")
    before = tree(here.parent / "out")
    done = krm_text("fleet", "verify", *output, cwd=here)
    assert done.returncode == 1
    assert "krm-injector fleet build --output ../out ." in done.stderr
    assert "fleet-output-differs" in done.stderr
    assert tree(here.parent / "out") == before
    assert krm_text("fleet", "build", *output, cwd=here).returncode == 0
    assert krm_text("fleet", "verify", *output, cwd=here).returncode == 0


def test_a_target_that_is_gone_is_deleted_but_not_by_a_run_over_a_part(here: Path) -> None:
    write(here, {name: text for name, text in FILES.items() if "bad" not in name})
    assert krm_text("fleet", "build", "--output", "../out", cwd=here).returncode == 0
    (here / "apps/pay/all.yaml").unlink()
    (here / "apps/pay").rmdir()
    part = ("--only", "apps/shop", "--output", "../out")
    assert krm_text("fleet", "build", *part, cwd=here).returncode == 0
    assert (here.parent / "out/apps/pay.yaml").exists()
    assert krm_text("fleet", "build", "--output", "../out", cwd=here).returncode == 0
    assert not (here.parent / "out/apps/pay.yaml").exists()


def test_verify_without_output_looks_at_the_manifests_themselves(here: Path) -> None:
    write(here, {"apps/shop/all.yaml": FILES["apps/shop/all.yaml"]})
    assert krm_text("fleet", "verify", cwd=here).returncode == 1
    text = built("apps/shop", cwd=here)
    write(here, {"apps/shop/all.yaml": text})
    assert krm_text("fleet", "verify", cwd=here).returncode == 0
