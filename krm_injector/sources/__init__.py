"""Where manifests come from: files, stdin, kustomize, kpt, Helm, a ResourceList; and how they are
written back.

Paths and bytes come in, a Bundle goes out. Imports model, results and kube only.
"""
