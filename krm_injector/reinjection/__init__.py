"""Workloads that were injected before: the record, taking it back, edits by hand, the webhook's
guard.

A Workload and its Decision come in, the object as it is to stand goes out. Imports injection and
below.
"""
