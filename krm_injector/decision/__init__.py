"""Whether a pod gets a sidecar: webhooks' selectors, the policy, the pod's own label or annotation.

Workloads, Namespaces and control planes come in, Decisions go out. May import discovery and what is
below it.
"""
