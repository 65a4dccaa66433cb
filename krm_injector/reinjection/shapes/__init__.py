"""Injection once per shape: what is known of one workload is used for all that are alike.

A Decision comes in, the injected object or a Twin goes out: start at `shapes`. Imports reinject,
record, injection and kube. The plain path, reinject.inject_once, gives the same, byte for byte.
"""

from krm_injector.reinjection.shapes.shapes import Shapes

__all__ = ["Shapes"]
