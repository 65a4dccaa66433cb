"""VerticalPodAutoscalers of the bundle, and what they do to the proxy.

Sources: kubernetes/autoscaler vertical-pod-autoscaler docs/sidecar-containers.md (an autoscaler
manages every container that its webhook sees, unless a policy says otherwise: with the proxy in the
pod template, the proxy too), AEP-8905 (init containers that keep running only with the feature gate
NativeSidecar, which is off by default).
"""

from __future__ import annotations

from collections.abc import Iterator

from krm_injector.istio_names import PROXY_CONTAINER
from krm_injector.judging.advice import scalers
from krm_injector.judging.advice.amounts import PROXY_ANNOTATIONS
from krm_injector.judging.advice.injected_workload import (
    BundleObjects,
    Finding,
    InjectedWorkload,
    mappings,
    ref_of,
)
from krm_injector.kube.paths import at
from krm_injector.model import Object

_POLICIES = "spec.resourcePolicy.containerPolicies"
_WITHOUT_GATE = (
    "an autoscaler without the feature gate NativeSidecar (off by default) passes over init "
    "containers"
)


def vertical(workload: InjectedWorkload, objects: BundleObjects) -> Iterator[Finding]:
    """A VerticalPodAutoscaler of the workload that changes pods."""
    if workload.proxy is None or not objects.has(scalers.VERTICAL):
        return

    for value in scalers.vertical(workload.ref, objects):
        mode = at(value, ("spec", "updatePolicy", "updateMode"))
        if mode == "Off":
            continue

        policies = mappings(at(value, ("spec", "resourcePolicy", "containerPolicies")))
        own, of_all = _policy(policies, PROXY_CONTAINER), _policy(policies, "*")
        if own is not None:
            if workload.native and own.get("mode") != "Off":
                yield _unused_policy(value, workload, policies.index(own))
        elif of_all is None or of_all.get("mode") != "Off":
            managed = _left if workload.native else _managed
            yield managed(value, workload, policies)


def _policy(policies: list[Object], container: str) -> Object | None:
    return next((each for each in policies if each.get("containerName") == container), None)


def _unused_policy(value: Object, workload: InjectedWorkload, index: int) -> Finding:
    ref = ref_of(value, scalers.VERTICAL, workload.ref.namespace)
    message = (
        f"{ref} has a policy for {PROXY_CONTAINER}, which is a native sidecar of the pods of "
        f"{workload.ref}: {_WITHOUT_GATE}, and the policy does nothing. Turn the feature gate on, "
        f"or set the proxy's resources by {_annotations()}"
    )
    return Finding("vpa-native-sidecar", message, f"{_POLICIES}[{index}]", None, None, ref, value)


def _left(value: Object, workload: InjectedWorkload, _: list[Object]) -> Finding:
    ref = ref_of(value, scalers.VERTICAL, workload.ref.namespace)
    message = (
        f"{ref} leaves {PROXY_CONTAINER} of the pods of {workload.ref} as it is: it is a native "
        f"sidecar, and {_WITHOUT_GATE}. Its resources stay those of the mesh, or of "
        f"{_annotations()}"
    )
    return Finding("vpa-proxy", message, _POLICIES, None, None, ref, value)


def _managed(value: Object, workload: InjectedWorkload, policies: list[Object]) -> Finding:
    ref = ref_of(value, scalers.VERTICAL, workload.ref.namespace)
    mode = at(value, ("spec", "updatePolicy", "updateMode"))
    replaces = "" if mode == "Initial" else f", and replaces pods of {workload.ref} for them"
    why = f"no policy for {PROXY_CONTAINER}"
    if _policy(policies, "*") is not None:
        why += ", so the one for * applies"

    message = (
        f"{ref} has {why}: it sets the proxy's requests and limits too, in place of the "
        f'mesh\'s{replaces}. Add a policy for it: mode "Off" to keep those of the mesh, or bounds '
        "(minAllowed, maxAllowed)"
    )
    proposed = [*policies, {"containerName": PROXY_CONTAINER, "mode": "Off"}]
    return Finding("vpa-proxy", message, _POLICIES, policies or None, proposed, ref, value)


def _annotations() -> str:
    """The annotations that state the proxy's resources, as a list."""
    first, *others = PROXY_ANNOTATIONS.values()
    return ", ".join((first, *(name.partition("/")[2] for name in others)))
