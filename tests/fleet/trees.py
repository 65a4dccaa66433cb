"""Repositories for tests of the finder, and what it finds in them."""

from __future__ import annotations

from pathlib import Path

import files
import pytest

from krm_injector.fleet import finding
from krm_injector.fleet.model import Fleet, Target

DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  selector:
    matchLabels: {app: web}
  template:
    metadata:
      labels: {app: web}
    spec:
      containers:
      - name: web
        image: web:1
"""


def kustomization(*resources: str, kind: str = "Kustomization", **fields: str) -> str:
    entries = "".join(f"- {resource}\n" for resource in resources)
    further = "".join(f"{name}: {value}\n" for name, value in fields.items())
    group = "v1alpha1" if kind == "Component" else "v1beta1"
    text = f"apiVersion: kustomize.config.k8s.io/{group}\nkind: {kind}\n"
    return text + (f"resources:\n{entries}" if entries else "") + further


class Finder:
    """A repository in a directory of its own, which is the working directory."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def find(self, tree: dict[str, str], *roots: str, fleet_file: str | None = None) -> Fleet:
        files.write(self.directory, tree)
        return finding.find(roots, fleet_file)


def finder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Finder:
    monkeypatch.chdir(tmp_path)
    return Finder(tmp_path)


def names(fleet: Fleet) -> list[str]:
    return [target.name for target in fleet.targets]


def kinds(fleet: Fleet) -> dict[str, str]:
    return {target.name: target.kind for target in fleet.targets}


def target(fleet: Fleet, name: str) -> Target:
    return next(each for each in fleet.targets if each.name == name)


def passed_over(fleet: Fleet) -> dict[str, str]:
    return {each.path: each.why for each in fleet.passed_over}


def messages(fleet: Fleet, severity: str = "error") -> list[str]:
    return [result.message for result in fleet.results if result.severity == severity]
