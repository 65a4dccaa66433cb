"""Helm: the functionConfig, and the plugin by which Helm 4 knows a post-renderer."""

from __future__ import annotations

import re
import shutil

from krm_injector.istio_names import FUNCTION_FILE
from krm_injector.sources import processes
from krm_injector.wiring.function_file import function_file
from krm_injector.wiring.plan import Plan, new
from krm_injector.wiring.stated import NOTHING

TYPE_CHECKING = False
if TYPE_CHECKING:
    from krm_injector.wiring.stated import Stated

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
NOTE = (
    "Charts seldom name their Namespace: put the release's for NAMESPACE, and what labels it has "
    f"""into {FUNCTION_FILE}:
  spec:
    namespaces:
    - {{name: NAMESPACE, labels: {{istio-injection: enabled}}}}"""
)
TEMPLATE = "helm template RELEASE CHART -n NAMESPACE --post-renderer krm-injector"
COMMANDS_OF_3 = (f"{TEMPLATE} --post-renderer-args=inject {ARGUMENTS}",)
COMMANDS_OF_4 = ("helm plugin install .krm-injector/helm", f"{TEMPLATE} {ARGUMENTS}")
NOTE_ON_3 = f"These are for Helm 4. Helm 3 needs no plugin: {COMMANDS_OF_3[0]}"


def plan(directory: str, image: str | None, stated: Stated = NOTHING) -> Plan:
    """Helm 3 runs the program as it is, Helm 4 a plugin; where neither is found, the plan has
    both.
    """
    version = _major_version()
    files = function_file(directory, image, stated)
    if version == 3:
        return Plan(files, COMMANDS_OF_3, (NOTE,))

    files = (*files, *new(directory, PLUGIN_FILE, PLUGIN))
    notes = (NOTE,) if version == 4 else (NOTE, NOTE_ON_3)
    return Plan(files, COMMANDS_OF_4, notes)


def _major_version() -> int | None:
    """The major version of the helm on PATH; None if there is none that says it."""
    program = shutil.which("helm")
    if program is None:
        return None

    try:
        done = processes.start([program, "version", "--short"])
    except OSError:
        return None

    match = re.match(rb"v(\d+)\.", done.out)
    return int(match[1]) if match and done.code == 0 else None
