"""What Istio's webhook does to one pod: render the template, merge, post-process.

A Decision and a ControlPlane come in, the injected object goes out. Imports decision and below.
"""
