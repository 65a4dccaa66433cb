"""Istio sidecar injection at build time, value for value as Istio's webhook does it, offline."""

__version__ = "0.1.0"
