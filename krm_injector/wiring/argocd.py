"""Argo CD: the functionConfig by which the plugin knows a directory."""

from __future__ import annotations

from krm_injector.wiring import plan as plans
from krm_injector.wiring.plan import FUNCTION_FILE, Plan

NOTE = f"""\
Argo CD builds this directory with the plugin krm-injector, which finds it by {FUNCTION_FILE}. The plugin itself is set
up once (docs/argocd.md). An Application may name it, and say what labels its destination Namespace has:
  spec:
    source:
      plugin:
        name: krm-injector
        parameters:
        - name: namespace-labels
          map: {{istio-injection: enabled}}"""


def plan(directory: str, image: str | None) -> Plan:
    return Plan(plans.function_file(directory, image), ("krm-injector build .",), (NOTE,))
