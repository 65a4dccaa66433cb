"""Argo CD: the functionConfig by which the plugin knows a directory."""

from __future__ import annotations

from krm_injector.istio_names import FUNCTION_FILE
from krm_injector.wiring.function_file import function_file
from krm_injector.wiring.plan import Plan
from krm_injector.wiring.stated import NOTHING

TYPE_CHECKING = False
if TYPE_CHECKING:
    from krm_injector.wiring.stated import Stated

NOTE = (
    "Argo CD builds this directory with the plugin krm-injector, which finds it by "
    f"{FUNCTION_FILE}. The plugin itself is set\n"
    "up once (docs/argocd.md). An Application may name it, and say what labels its destination "
    """Namespace has:
  spec:
    source:
      plugin:
        name: krm-injector
        parameters:
        - name: namespace-labels
          map: {istio-injection: enabled}"""
)


def plan(directory: str, image: str | None, stated: Stated = NOTHING) -> Plan:
    return Plan(function_file(directory, image, stated), ("krm-injector build .",), (NOTE,))
