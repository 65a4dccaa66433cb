"""What finding OpenShift's DeploymentConfig as the owner leaves of its label on the pod.

Source: pkg/kube/util.go GetDeployMetaFromPod (1.12.1-1.31). The owner's metadata never has the
label deploymentconfig. Until 1.19.8, 1.20.4 and 1.21.0 it shares its labels with the pod, which
loses the label too. The webhook then compares the finished pod with that one, so that its patch
leaves the label where it is.
"""

from __future__ import annotations

from krm_injector.injection.template_data import InjectionParameters
from krm_injector.model import Object
from krm_injector.versions import Rules

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_LABEL = "deploymentconfig"


def seen(params: InjectionParameters, kind: str, rules: Rules) -> InjectionParameters:
    """What templates see of a pod whose owner is a DeploymentConfig. kind: of the workload."""
    if params.manual and kind != "Pod":
        return params  # kube-inject has the DeploymentConfig itself

    stripped = params.stripped
    if not rules.deployment_config_label:
        stripped = {**stripped, "metadata": _without_label(stripped["metadata"])}
    return params._replace(owner_meta=_without_label(params.owner_meta), stripped=stripped)


def _without_label(metadata: Object) -> Object:
    labels: Any = metadata.get("labels")
    if not labels or _LABEL not in labels:
        return metadata
    return {**metadata, "labels": {key: labels[key] for key in labels if key != _LABEL}}
