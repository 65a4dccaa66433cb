"""Every file of a repository that krm-injector and its programs open is one of the target's
inputs.
"""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import Any

import files
import pytest
from command import KRM_INJECTOR, environment
from outside import helm_on_path, needs_program

from krm_injector.fleet.inputs import Reader
from krm_injector.fleet.model import Target

pytestmark = pytest.mark.e2e

WEB = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template: {metadata: {labels: {app: web}}, spec: {containers: [{name: web, image: web:1}]}}
"""
NAMESPACE = (
    "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {istio-injection: enabled}}\n"
)
FUNCTION = """\
apiVersion: krm-injector.dev/v1alpha1
kind: SidecarInjection
metadata:
  name: istio
  annotations:
    config.kubernetes.io/local-config: "true"
    config.kubernetes.io/function: "exec: {path: krm-injector}"
spec:
  images: {file: ../lock.yaml}
"""
CHECK = """\
apiVersion: krm-injector.dev/v1alpha1
kind: SidecarVerification
metadata:
  name: check
  annotations: {config.kubernetes.io/function: "exec: {path: krm-injector}"}
"""
TREE = {
    "lock.yaml": "{}\n",
    "ns/shop.yaml": NAMESPACE,
    "ns/more/other.yaml": NAMESPACE.replace("shop", "other"),
    "config.yaml": FUNCTION.replace("../lock", "./lock"),
    "lists/kustomization.yaml": "resources: [web.yaml, ns.yaml]\n",
    "lists/web.yaml": WEB,
    "lists/ns.yaml": NAMESPACE,
    "over/kustomization.yaml": "resources: [../lists]\npatches: [{path: p.yaml}]\n",
    "over/p.yaml": WEB.replace("web:1", "web:2"),
    "own/kustomization.yaml": "resources: [../lists]\ntransformers: [fn/f.yaml]\n"
    "validators: [check.yaml]\n",
    "own/fn/f.yaml": FUNCTION,
    "own/check.yaml": CHECK,
    "file/kustomization.yaml": "resources: [../lists]\nnamePrefix: a-\n",
    "file/istio-inject.yaml": FUNCTION,
    "plain/web.yaml": WEB,
    "plain/sub/ns.yaml": NAMESPACE,
    "plain/.hidden/web.yaml": WEB,
    "mixed/web.yaml": WEB,
    "mixed/ns.yaml": NAMESPACE,
    "mixed/k/kustomization.yaml": "resources: [../../lists]\n",
    "mixed/o/kustomization.yaml": "resources: [x.yaml]\nnamePrefix: b-\n",
    "mixed/o/x.yaml": WEB,
    "mixed/c/Chart.yaml": "apiVersion: v2\nname: c\nversion: 1.0.0\n",
    "package/Kptfile": "apiVersion: kpt.dev/v1\nkind: Kptfile\nmetadata: {name: p}\n"
    "pipeline: {mutators: [{exec: krm-injector, configPath: f.yaml}]}\n",
    "package/f.yaml": FUNCTION,
    "package/web.yaml": WEB,
    "package/ns.yaml": NAMESPACE,
    "chart/Chart.yaml": "apiVersion: v2\nname: c\nversion: 1.0.0\n",
    "chart/values.yaml": "a: b\n",
    "chart/templates/all.yaml": WEB + "---\n" + NAMESPACE,
    "values.yaml": "a: c\n",
}
CASES: list[tuple[str, Any, str, dict[str, Any]]] = [
    ("build", "kustomization", "lists", {}),
    ("explain", "kustomization", "lists", {}),
    ("verify", "kustomization", "lists", {}),
    ("build", "kustomization", "over", {"config": "config.yaml"}),
    ("explain", "kustomization", "over", {"context": ("ns",)}),
    ("build", "kustomization", "own", {}),
    ("verify", "kustomization", "own", {}),
    ("build", "kustomization", "file", {}),
    ("build", "directory", "plain", {}),
    ("explain", "directory", "plain", {"context": ("ns/more",)}),
    ("eject", "directory", "mixed", {}),
    ("inject", "directory", "mixed", {}),
    ("build", "package", "package", {}),
    ("verify", "package", "package", {}),
    ("build", "chart", "chart", {}),
]


def opened(repository: Path, words: list[str]) -> set[str]:
    """The files of the repository that are opened, without links."""
    log = repository.parent / "strace.log"
    subprocess.run(
        [needs_program("strace"), "-f", "-qq", "-e", "trace=open,openat", "-o", str(log),
         *KRM_INJECTOR, *words],
        cwd=repository, env=environment(), capture_output=True, check=False,
    )  # fmt: skip
    found = set()
    for path in re.findall(
        r'open(?:at)?\((?:AT_FDCWD, )?"([^"]+)".* = \d+$', log.read_text(), re.M
    ):
        real = os.path.realpath(repository / path)
        if real.startswith(f"{repository}/") and os.path.isfile(real):
            found.add(os.path.relpath(real, repository))
    return found


@pytest.mark.parametrize(("command", "kind", "path", "options"), CASES)
def test_nothing_that_is_opened_is_missing(
    command: str,
    kind: Any,
    path: str,
    options: dict[str, Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if kind == "kustomization":
        needs_program("kustomize")
    if kind == "chart":
        helm_on_path(tmp_path, monkeypatch)
    repository = files.write(tmp_path / "repo", TREE)
    stated = [
        word
        for name, value in options.items()
        for each in ((value,) if isinstance(value, str) else value)
        for word in (f"--{name}", each)
    ]
    read = opened(repository, [command, *stated, path])

    monkeypatch.chdir(repository)
    reader = Reader()
    inputs = reader.inputs(Target("t", kind, path, ""), None, options)
    assert read
    assert not read - set(reader.paths(inputs))
    assert not inputs.unknown
