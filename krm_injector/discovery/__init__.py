"""What the bundle tells of the cluster: Namespaces, control planes with their webhooks, workloads.

A Bundle and Settings come in, a Found goes out. Imports workload and below.
"""
