"""Helm: the functionConfig, and the plugin by which Helm 4 knows a post-renderer."""

from __future__ import annotations

from krm_injector.wiring import plan as plans
from krm_injector.wiring.plan import FUNCTION_FILE, Plan

PLUGIN_FILE = ".krm-injector/helm/plugin.yaml"
PLUGIN = """\
apiVersion: v1
type: postrenderer/v1
name: krm-injector
version: 0.1.0
runtime: subprocess
runtimeConfig:
  platformCommand:
  - command: krm-injector
    args: [inject]
"""
ARGUMENTS = f"--post-renderer-args=--config={FUNCTION_FILE} --post-renderer-args=--namespace=NAMESPACE"
NOTE = f"""\
Charts seldom name their Namespace: put the release's for NAMESPACE, and what labels it has into {FUNCTION_FILE}:
  spec:
    namespaces:
    - {{name: NAMESPACE, labels: {{istio-injection: enabled}}}}
Helm 3 needs no plugin: --post-renderer krm-injector --post-renderer-args=inject {ARGUMENTS}"""


def plan(directory: str, image: str | None) -> Plan:
    files = (*plans.function_file(directory, image), *plans.new(directory, PLUGIN_FILE, PLUGIN))
    commands = (
        "helm plugin install .krm-injector/helm",
        f"helm template RELEASE CHART -n NAMESPACE --post-renderer krm-injector {ARGUMENTS}",
    )
    return Plan(files, commands, (NOTE,))
