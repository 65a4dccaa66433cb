"""Workloads that were injected before: records, Istio's traces, edits by hand, the webhook's guard.

A Workload and its Decision come in, the object as it is to be written goes out. Imports injection
and below. Start at `reinject` (injecting again) or `eject` (taking an injection back).
"""
