"""Facts of one workload: which controller makes its pods, whether the API server could decode it.

An object comes in, facts or problems go out. Imports function_config and below.
"""
