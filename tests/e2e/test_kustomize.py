"""kustomize build and kubectl kustomize with krm-injector as exec function, container function and legacy plugin."""

from __future__ import annotations

from pathlib import Path

import pytest
from real_programs import ROOT, Programs, documents, injected, objects

FUNCTION = ["kustomize", "build", "--enable-alpha-plugins", "--enable-exec", "."]
YES = {
    ("Deployment", "shop", "httpbin"),
    ("StatefulSet", "shop", "store"),
    ("DaemonSet", "shop", "log-agent"),
    ("Job", "shop", "import"),
    ("CronJob", "shop", "report"),
}


def test_exec_function(programs: Programs, httpbin: Path) -> None:
    done = programs.run(FUNCTION, httpbin)
    assert injected(objects(done.out)) == YES
    assert "profile" in done.err, "kustomize drops the results, so they go to stderr"
    plain = programs.run(["kustomize", "build", "base"], httpbin)
    before, after = documents(plain.out), documents(done.out)
    assert list(before) == list(after)
    assert {name for name in before if before[name] != after[name]} == YES
