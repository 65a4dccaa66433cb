"""What a workload overrides of its own mesh: traffic kept out of the proxy, another image, more
rights, other files (docs/overrides.md).

A workload's annotations, labels, own istio-proxy container and volumes come in; findings go out.
What only repeats the mesh's own default overrides nothing.
"""

from __future__ import annotations

from collections.abc import Iterator

from krm_injector.istio_names import TLS_MODE_LABEL
from krm_injector.judging.advice.injected_workload import (
    BundleObjects,
    Finding,
    InjectedWorkload,
)
from krm_injector.judging.advice.overrides import containers, proxy, proxy_resources, volumes
from krm_injector.judging.advice.overrides.own import Own
from krm_injector.judging.advice.overrides.table import ANNOTATIONS


def check(workload: InjectedWorkload, objects: BundleObjects) -> Iterator[Finding]:
    """All overrides of one workload, in the order in which it states them."""
    own = Own(workload, objects)
    for name, value in own.annotations.items():
        annotation_check = ANNOTATIONS.get(name)
        if annotation_check is not None:
            yield from annotation_check(own, value)

    if TLS_MODE_LABEL in own.labels:
        yield from proxy.tls_mode(own, own.labels[TLS_MODE_LABEL])

    yield from containers.check(own)
    yield from proxy_resources.check(own)
    yield from volumes.check(own)
