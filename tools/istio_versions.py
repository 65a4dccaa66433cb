"""Writes docs/istio-versions.md: what changes for injected pods from each version of Istio to the
next.

    python tools/istio_versions.py [--out FILE]

The rules are those of krm_injector/versions.py, with their sources; the fields of the mesh API are
those of krm_injector/istio_api/tables_generated.py; what an upgrade does to a pod comes from the
embedded profiles (sample_upgrade.py). What is said here are the words for them.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import sample_upgrade

from krm_injector.istio_api.schema import schema
from krm_injector.versions import CHANGES, NEWEST, Change, minors, rules_for

DOCUMENT = Path(__file__).parents[1] / "docs" / "istio-versions.md"

HEAD = """\
# Istio by version

What changes for injected pods from each version of Istio to the next. `tools/istio_versions.py`
generates this page from `krm_injector/versions.py` and from the embedded profiles.

- [The sample pod](#the-sample-pod), and what each upgrade does to it: 1.24 and later
- [The rules](#the-rules), step by step: 1.1 and later
- [Changes of templates](#changes-of-templates), patch by patch: 1.24 and later
- [How this is known](#how-this-is-known)

To see what an upgrade does to *your* pods, compare two meshes: `krm-injector diff --from OLD --to
NEW` ([diff](diff.md), [rehearsal](rehearsal.md)).

## The sample pod

```yaml
<<sample>>```

It is injected with the [embedded profile](profile.md) of each version: a default installation of
its newest patch release. Every upgrade gives both images a new tag, so every injected workload gets
new pods. The hub is the same in all profiles ([the published ones are
not](profile.md#the-hub)). Beside the tag:

| upgrade | what changes in the sample pod |
|---|---|
<<upgrades>>

Tables of pods name fields by container, and `in` is the list that the container stands in. `TAG`
is the release's own tag. The annotation `sidecar.istio.io/status`, which lists what was added, is
left out. From 1.27 on istiod asks its nodes: native sidecars are on if all of them run Kubernetes
1.33 or newer. These tables take them for such nodes, as this program does where nobody states it
([nativeSidecars, kubernetesVersion](function-config.md)).

## The rules

The version of a control plane is read from its image tags, labels and charts. These rules are then
the ones that count. Templates are not among them: they come with the control plane's ConfigMap, and
a change of a template needs no rule. Two things follow:

- A version without a patch number counts as the last patch release of its minor.
- A rule that came with a patch release names the first one of each minor.
"""
TEMPLATES = """\
## Changes of templates

These need no rule, because the ConfigMap brings them. They change pods all the same. Each row
is a sample pod that shows the change, injected by the profiles of the release before and of the
first one that has it. Sources are below `manifests/charts/istio-control/istio-discovery`.

| from | where it shows | what changes | source |
|---|---|---|---|
<<templates>>

## How this is known

- The pods are injected by this program, with the profiles that are compared with Istio's charts and
  webhook ([profile](profile.md#how-equality-is-shown)). An installation with values of its own uses
  more of its templates, so an upgrade can change more.
- Each rule was read in the source that its row names, at the tags of the versions on both sides.
- 1.30.4, 1.30.5, 1.31.0 and 1.31.1: the heads of release-1.30 and release-1.31 of 2026-08-22 have
  the same injection code as 1.30.3 and 1.31.0-rc.0, and the release notes of 1.30.4, 1.30.5 and
  1.31.1 name no other change of it than the quoted annotations. Their tags were not at hand.
- 1.32 is in development: this is master of 2026-08-22, whose injection code is that of 1.31. The
  webhook of 1.31 therefore answers for its templates. It cannot answer for what 1.32 alone has: the
  field `defaultInboundHttpRetryPolicy` of MeshConfig and its checks were read from the source.
- The mesh API follows patch releases too. MeshConfig has `ingressSelector` from 1.6.1 on,
  `pathNormalization` from 1.8.6 and 1.9.5 on, `caCertificates` from 1.9.1 on, and a
  `protocolDetectionTimeout` of 0.1s before 1.6.5. ProxyConfig has `meshId` as a text from 1.7.1 on,
  `caCertificatesPem` from 1.9.1 on, `image` from 1.12.1 on, and
  `proxyHeaders.metadataExchangeHeaders` from 1.19.1 on. `proxy.istio.io/config` is merged with the
  mesh's `proxyMetadata` from 1.10.3 on, and with its `proxyHeaders` from 1.19.1 on.
- Not followed: 1.10.3 and 1.10.4 keep the `proxyMetadata` of one pod for the pods that follow. This
  depends on the order of pods. `extensionProviders` are not checked in any version; those of the
  types `envoyHttpAls` and `envoyTcpAls` were refused before 1.14.2.
- 1.17.2 changed the check of header values, which neither MeshConfig nor ProxyConfig has.
"""

# What a field of Rules means; "{}" is its new value.
WORDS = {
    "result": "A template gives a partial Pod, which is merged, instead of a SidecarInjectionSpec",
    "ignored_namespaces": "Never injected: the Namespaces {}",
    "inject_label": "The label `sidecar.istio.io/inject` is read, and wins over the annotation",
    "inject_value_strict": "`sidecar.istio.io/inject` counts as exactly `true` or `false`",
    "manual_asks": "kube-inject asks the pod's own rules; before, it looks at `hostNetwork` only",
    "manual_skips_injected": "kube-inject leaves pods with an `istio-proxy` alone: {}",
    "object_selector": "The default installation's webhook has an objectSelector",
    "spares_control_plane": "`enableNamespacesByDefault` spares the control plane's Namespace",
    "spares_revisions": "`enableNamespacesByDefault` spares Namespaces with a revision",
    "webhook_per_selector": "Four webhooks instead of one: by Namespace and by pod, by revision",
    "auto_spares_system": "The webhook for all Namespaces spares those of Kubernetes",
    "paths_below": "istiod answers below `/inject` too",
    "path_env": "The form of variables in the webhook's path: {}",
    "manual_pod_owner": "kube-inject guesses the owner of a bare Pod as the webhook does",
    "deployment_config_owner": "OpenShift's DeploymentConfig is recognised as owner",
    "deployment_config_label": "Templates see the label `deploymentconfig` of a pod",
    "rollout_owner": "An Argo Rollout is recognised as owner",
    "owner_reference": "The webhook asks the owner reference for the pod's owner",
    "bare_replica_set": "A ReplicaSet without an owner counts as a Deployment: {}",
    "cron_job_digits": "A Job is a CronJob's where its name ends in this many digits: {}",
    "cron_job_api_version": "The API version of a CronJob that is guessed: {}",
    "template_data": "Fields that templates see: {}",
    "functions": "Functions of templates: {}",
    "delimiters": "Templates write actions in {}",
    "sprig": "Templates have the functions of sprig",
    "sprig_lacks": "Functions of sprig that are missing: {}",
    "value_or_default": "`valueOrDefault` takes values of the type: {}",
    "ports_of_tcp": "`includeInboundPorts` and `applicationPorts` leave UDP and SCTP out",
    "multus_looks": "`appendMultusNetwork` adds no network that is there already",
    "meta_type": "The type of `.DeploymentMeta`: {}",
    "estimates_concurrency": "`.EstimatedConcurrency` is filled",
    "proxy_config_resources": "ProxyConfig resources count",
    "image_variant": "When `values.global.variant` counts in the proxy's image: {}",
    "cni_network_by_namespace": "`appendMultusNetwork` splits `namespace/name`",
    "kubernetes": "Fields of pods that templates may set: those of Kubernetes 1.{}",
    "manual_patches": "kube-inject applies the template's result as the webhook does",
    "manual_pull_secrets": "kube-inject adds imagePullSecrets",
    "pod_redirect": "kube-inject adds annotations for the CNI plugin: {}",
    "annotation_rewrites": "The annotation `rewriteAppHTTPProbers` counts",
    "https_probes": "Probes of HTTPS are rewritten",
    "prober_form": "`ISTIO_KUBE_APP_PROBERS` holds for each probe: the {}",
    "empty_probers": "`ISTIO_KUBE_APP_PROBERS` is there without probes too: {}",
    "startup_probes": "Startup probes are rewritten",
    "probe_patch": "What of a probe is replaced: the {}",
    "probes_first": "The webhook rewrites probes before it moves containers",
    "status_port": "The agent's port is read from: {}",
    "fs_group": "The pod gets fsGroup 1337: {}",
    "config_injected_annotations": "`injectedAnnotations` of the configuration are added",
    "labels": "Labels that are added: {}",
    "proxy_config_annotation": "The annotation `proxy.istio.io/config` is read",
    "test_mesh": "Istio's own tests have defaults of their own: {}",
    "cluster_by_path": "Cluster and network by the webhook's path: {}",
    "merges_prometheus": "Prometheus' annotations are merged by: {}",
    "validation_first": "`istio-validation` comes before other init containers",
    "hold_of_mesh": "`holdApplicationUntilProxyStarts` of the mesh counts by itself",
    "hold": "`holdApplicationUntilProxyStarts` counts, of the {}",
    "native_sidecars": "`istio-proxy` can be a native sidecar, among the init containers",
    "native_annotation": "The annotation `sidecar.istio.io/nativeSidecar` is read",
    "native_default": "Native sidecars are the default, if all nodes run Kubernetes 1.33 or newer",
    "overrides_spare_injected": "What an earlier injection added is no override of the user's",
    "own_proxy_user": "An own `istio-proxy` container runs as the user of: {}",
    "openshift_reset_user": "On OpenShift the proxy's user is dropped where it equals that of: {}",
    "tcp_probes": "TCP probes are rewritten: {}",
    "grpc_probes": "gRPC probes are rewritten",
    "init_probes": "Probes of init containers are rewritten",
    "lifecycle_probes": "Handlers of `preStop` and `postStart` are rewritten like probes",
    "merge_probers": "`ISTIO_KUBE_APP_PROBERS` of an earlier injection are merged",
    "append_probers": "A sidecar injected again gets `ISTIO_KUBE_APP_PROBERS` where it lacks them",
    "prometheus_spellings": "`prometheus-io/port` and the like count as `prometheus.io/port`",
    "prometheus_targets": "`prometheus.istio.io/scrape-targets` and `secure-port` are read; "
    "ports that nobody may scrape are refused",
    "status_revision": "`sidecar.istio.io/status` names the revision",
    "cidr_strict": "Address ranges in annotations are read strictly",
    "validate_core_dump": "`sidecar.istio.io/enableCoreDump` must be a boolean: {}",
    "validate_quantities": "`sidecar.istio.io/proxyCPU` and its like must be quantities",
    "validate_interfaces": "`excludeInterfaces` and its like must be names of interfaces",
}

# Words for values that do not speak for themselves.
VALUES = {
    ("cluster_by_path", "ends"): "its last parts",
    ("cluster_by_path", "pairs"): "keys and values",
    ("fs_group", "feature"): "where istiod's `ENABLE_LEGACY_FSGROUP_INJECTION` says so",
    ("fs_group", "merged"): "with `sdsUdsPath`, within the pod's security context",
    ("fs_group", "path"): "with `sdsUdsPath`, in place of the pod's security context",
    ("hold", "mesh"): "mesh or the values",
    ("image_variant", "no image given"): "where no image is given",
    ("image_variant", "no type given"): "where the image has no type",
    ("manual_skips_injected", "by name"): "where it is beside other containers",
    ("manual_skips_injected", "by status"): "where the status annotation is there too",
    ("merges_prometheus", "annotations"): "kube-inject too, but without the variable",
    ("merges_prometheus", "both"): "the webhook and kube-inject",
    ("merges_prometheus", "webhook"): "the webhook",
    ("openshift_reset_user", "all"): "any container of the application, init containers included",
    ("openshift_reset_user", "containers"): "a container of the application",
    ("own_proxy_user", "own"): "its own; init containers follow",
    ("own_proxy_user", "template"): "the template, where that names one that is not 1337",
    ("path_env", "colons"): "`/inject/:ENV:k=v` too",
    ("path_env", "escaped"): "`--slash--` for a slash too",
    ("pod_redirect", "istio"): "Istio's own",
    ("pod_redirect", "multus"): "those of its networks too",
    ("status_port", "mesh"): "the mesh configuration",
    ("tcp_probes", "feature"): "unless istiod's `REWRITE_TCP_PROBES` is false",
    ("test_mesh", "possible"): "yes",
}


def document() -> str:
    head = HEAD.replace("<<sample>>", sample_upgrade.SAMPLE)
    parts = [head.replace("<<upgrades>>", "\n".join(sample_upgrade.summary()))]
    for minor in reversed(minors()[1:]):
        parts.append(_section(minor))
    templates = "\n".join(sample_upgrade.patch_rows())
    return "\n".join([*parts, TEMPLATES.replace("<<templates>>", templates)])


def _section(minor: tuple[int, int]) -> str:
    before = (1, minor[1] - 1)
    lines = [f"## {_text(before)} to {_text(minor)}", ""]
    rows = [row for change in CHANGES if change.since == minor for row in _rows(change)]
    if rows:
        lines += ["| from | change | source |", "|---|---|---|", *rows]
    else:
        lines.append("No rule of injection changes.")

    fields = [
        *_fields_of_message("ProxyConfig", ", and so in `proxy.istio.io/config`", before, minor),
        *_fields_of_message("MeshConfig", "", before, minor),
    ]
    lines += ["", *fields, ""] if fields else [""]
    return "\n".join([*lines, *sample_upgrade.step(minor)])


def _rows(change: Change) -> Iterator[str]:
    late = change.late or {}
    since = ", ".join(f"1.{minor}.{patch}" for minor, patch in late.items())
    after_late = max(late, default=0) + 1
    if not late:
        since = _text(change.since)
    elif (1, after_late) <= NEWEST:
        since += f", 1.{after_late}"

    for field, value in change.fields.items():
        before = getattr(rules_for((1, change.since[1] - 1)), field)
        after = value(before) if callable(value) else value
        shown = VALUES.get((field, str(after))) or _value(before, after)
        words = WORDS[field].format(shown)
        if after is False and "{}" not in WORDS[field]:
            words += ": no longer"
        yield f"| {since} | {words} | {change.source} |"


def _value(before: Any, after: Any) -> str:
    """A value as the table shows it; of a set, what came and what went."""
    if isinstance(after, frozenset):
        came = [f"`{name}`" for name in sorted(after - before)]
        went = [f"`{name}` goes" for name in sorted(before - after)]
        return ", ".join([*came, *went])
    if isinstance(after, tuple | list):
        return ", ".join(f"`{name}`" for name in after)
    if isinstance(after, bool):
        return "yes" if after else "no"
    return str(after) or "no longer"


def _fields_of_message(
    name: str, also: str, before: tuple[int, int], minor: tuple[int, int]
) -> list[str]:
    old, new = ({*schema(at).message(f"v1alpha1.{name}").by_json} for at in (before, minor))
    lines = []
    for verb, names in (("New", new - old), ("Gone", old - new)):
        if names:
            listed = ", ".join(f"`{field}`" for field in sorted(names))
            lines.append(f"- {verb} in {name}{also}: {listed}.")
    return lines


def _text(minor: tuple[int, int]) -> str:
    return f"{minor[0]}.{minor[1]}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=DOCUMENT)
    parser.parse_args().out.write_text(document(), encoding="utf-8")


if __name__ == "__main__":
    main()
