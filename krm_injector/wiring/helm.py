"""Helm: the functionConfig, and the plugin by which Helm 4 knows a post-renderer."""

from __future__ import annotations

import re
import shutil

from krm_injector.sources import inputs
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
ARGUMENTS = (
    f"--post-renderer-args=--config={FUNCTION_FILE} --post-renderer-args=--namespace=NAMESPACE"
)
NOTE = f"""\
Charts seldom name their Namespace: put the release's for NAMESPACE, and what labels it has into {FUNCTION_FILE}:
  spec:
    namespaces:
    - {{name: NAMESPACE, labels: {{istio-injection: enabled}}}}"""
TEMPLATE = "helm template RELEASE CHART -n NAMESPACE --post-renderer krm-injector"
OF_3 = f"{TEMPLATE} --post-renderer-args=inject {ARGUMENTS}"
OF_4 = ("helm plugin install .krm-injector/helm", f"{TEMPLATE} {ARGUMENTS}")


def plan(directory: str, image: str | None) -> Plan:
    """Helm 3 runs the program as it is, Helm 4 a plugin; where neither is found, both are told."""
    version = _version()
    files = plans.function_file(directory, image)
    if version == 3:
        return Plan(files, (OF_3,), (NOTE,))

    files = (*files, *plans.new(directory, PLUGIN_FILE, PLUGIN))
    notes = (
        (NOTE,) if version == 4 else (NOTE, f"These are for Helm 4. Helm 3 needs no plugin: {OF_3}")
    )
    return Plan(files, OF_4, notes)


def _version() -> int | None:
    """The major version of the helm on PATH; None where there is none that says it."""
    program = shutil.which("helm")
    if program is None:
        return None

    try:
        done = inputs.start([program, "version", "--short"])
    except OSError:
        return None

    found = re.match(rb"v(\d+)\.", done.out)
    return int(found[1]) if found and done.code == 0 else None
