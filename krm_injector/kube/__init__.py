"""What Kubernetes defines and Istio only uses, usable alone: YAML, the types under v1.Pod,
quantities, label selectors, strategic merge patches, and where workloads keep their pods.

In and out: plain values (dict, list, str, int, float, bool, None), as JSON has them. May import:
the standard library, named_tuple, lazy_pattern, and PyYAML below kube/yaml; nothing else of the
project.

    >>> from krm_injector.kube import yaml
    >>> from krm_injector.kube.strategic_merge import merge
    >>> pod = yaml.load("spec: {containers: [{name: app, image: app:1}]}")
    >>> patch = yaml.load("spec: {containers: [{name: app, image: app:2}, {name: proxy}]}")
    >>> print(yaml.dump(merge(pod, patch)), end="")
    spec:
      containers:
      - name: app
        image: app:2
      - name: proxy
"""
