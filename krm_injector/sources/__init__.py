"""Reads manifests from files, stdin, kustomize, kpt, Helm or a ResourceList, and writes them back.

Paths and bytes come in, a Bundle goes out, and text again. May be imported: function_config,
results, model, kube and the modules of names. Only this stage reads files and starts programs. It
never uses a shell.
"""
