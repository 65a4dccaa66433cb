"""Where manifests come from: files, stdin, kustomize, kpt, Helm, a ResourceList; and how they are
written back.

Paths and bytes come in, a Bundle goes out, and text again. May be imported: function_config,
results, model, kube and the modules of names. This is the only stage that reads files and starts
programs; it never goes through a shell.
"""
