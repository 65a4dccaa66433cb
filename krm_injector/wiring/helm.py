"""Helm: the functionConfig, and the plugin by which Helm 4 knows a post-renderer."""

from __future__ import annotations

import os
import re
import shutil

from krm_injector.istio_names import FUNCTION_FILE
from krm_injector.sources import processes
from krm_injector.sources.files import CHART
from krm_injector.wiring.function_file import function_file, spec_of
from krm_injector.wiring.namespaces import as_word
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
NOTE = (
    "Charts seldom name their Namespace: put the release's for NAMESPACE, and state what labels it "
    "has:\n  krm-injector init helm --namespace NAMESPACE "
    "--namespace-labels NAMESPACE=istio-injection=enabled"
)


def plan(directory: str, image: str | None, stated: Stated = NOTHING) -> Plan:
    """Helm 3 runs the program as it is, Helm 4 a plugin; where neither is found, the plan has
    both.
    """
    version = _major_version()
    files = function_file(directory, image, stated)
    template, arguments = _command(directory, stated)
    of_3 = f"{template} --post-renderer-args=inject {arguments}"
    notes = () if spec_of(directory, files).get("namespaces") else (NOTE + as_word(directory),)
    if version == 3:
        return Plan(files, (of_3,), notes)

    files = (*files, *new(directory, PLUGIN_FILE, PLUGIN))
    if version is None:
        notes = (*notes, f"These are for Helm 4. Helm 3 needs no plugin: {of_3}")
    of_4 = f"{template} {arguments}"
    return Plan(files, ("helm plugin install .krm-injector/helm", of_4), notes)


def _command(directory: str, stated: Stated) -> tuple[str, str]:
    """The command that renders, and its options for the post-renderer. The directory may be the
    chart.
    """
    chart = "RELEASE ." if os.path.isfile(os.path.join(directory, CHART)) else "RELEASE CHART"
    names = [namespace.name for namespace in stated.namespaces]
    namespace = stated.namespace or (names[0] if len(names) == 1 else "NAMESPACE")
    return (
        f"helm template {chart} -n {namespace} --post-renderer krm-injector",
        f"--post-renderer-args=--config={FUNCTION_FILE} "
        f"--post-renderer-args=--namespace={namespace}",
    )


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
