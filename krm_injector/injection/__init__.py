"""A workload that is to be injected, and its control plane -> the injected object.

A Decision and a PreparedControlPlane come in, the object goes out, or a Failure with every cause.
May be imported: decision and all below it, but nothing of reinjection and above.
"""
