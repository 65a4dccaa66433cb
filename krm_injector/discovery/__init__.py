"""What a bundle states about the cluster: Namespaces, control planes, webhooks, workloads.

A Bundle and Settings come in, a Discovery goes out. May import workload and what is below it.
"""
