"""Injection as Istio 1.1 to 1.8 does it: a template renders a SidecarInjectionSpec, which code then
applies to the pod field by field.

A pod and a prepared control plane come in, the injected pod goes out. Only injection.inject comes
here. May be imported: what injection imports.
"""

from krm_injector.injection.legacy.inject import inject_pod

__all__ = ["inject_pod"]
