"""What the tests of kpt begin with: a functionConfig, a Kptfile, what a run changed."""

from __future__ import annotations

CONFIG = """\
apiVersion: krm-injector.dev/v1alpha1
kind: SidecarInjection
metadata:
  name: istio
  annotations:
    config.kubernetes.io/local-config: "true"
"""
MUTATOR = "  mutators:\n  - exec: krm-injector\n    configPath: istio-inject.yaml\n"


def kptfile(pipeline: str) -> str:
    return (
        f"apiVersion: kpt.dev/v1\nkind: Kptfile\nmetadata:\n  name: package\npipeline:\n{pipeline}"
    )


def changed(before: dict[str, bytes], after: dict[str, bytes]) -> set[str]:
    assert set(before) == set(after)
    return {name for name in before if before[name] != after[name]}
