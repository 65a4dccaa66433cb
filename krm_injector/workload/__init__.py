"""Facts of one workload: which controller makes its pods, whether the API server could decode it.

A Workload or an object comes in, an owner, labels or mismatches go out. Imports sources and below.
"""
