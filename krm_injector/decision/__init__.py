"""Whether a pod gets a sidecar: webhooks' selectors, the policy, the pod's own label and
annotation.

Workloads, Namespaces and Meshes come in, Decisions go out. Imports discovery and below.
"""
