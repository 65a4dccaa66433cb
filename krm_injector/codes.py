"""The registry of result codes: every name that ``Result.code`` can have.

mypy compares each code that the source gives to a Result with ``CodeName``. CODES has the
severities, the page and the title of each name. Modules that make results need only the types, and
import them under TYPE_CHECKING, so that the tables do not slow the start down.

A new code: its name in CodeName, its row in CODES, its row in docs/codes.md (and a section in the
page of its group, where that has sections). tests/test_codes.py compares the four.
"""

from __future__ import annotations

from krm_injector.named_tuple import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, Literal

    Severity = Literal["error", "warning", "info"]
    Page = Literal["codes.md", "reasons.md", "warnings.md", "overrides.md", "verify.md"]  # of docs/
    CodeName = Literal[
        # Inputs
        "input-empty",
        "options-unread",
        "input-unreadable",
        "input-ambiguous",
        "input-chart",
        "input-passed-over",
        "kustomization-not-applied",
        "resource-list-empty",
        "resource-list-shape",
        "resource-list-version",
        "not-a-resource-list",
        "item-not-object",
        "item-without-apiVersion",
        "item-without-kind",
        "item-without-name",
        "item-metadata",
        "item-name",
        "yaml-syntax",
        "json-syntax",
        "yaml-encoding",
        "yaml-documents",
        "yaml-duplicate-key",
        "yaml-key",
        "yaml-merge",
        "yaml-alias",
        "yaml-tag",
        "yaml-depth",
        "yaml-number",
        "yaml-character",
        "yaml-value",
        # Other programs that render
        "exec-not-allowed",
        "function-behind",
        "kustomize-missing",
        "kustomize-failed",
        "kustomize-warning",
        "helm-missing",
        "helm-failed",
        "helm-warning",
        "kpt-failed",
        "kpt-not-run",
        "argocd-application",
        "argocd-env-unknown",
        "argocd-parameter",
        # functionConfig
        "function-config",
        "mesh-file-not-allowed",
        "images-lock",
        # Namespaces
        "context-empty",
        "namespace-missing",
        "namespace-invalid",
        "namespace-conflict",
        "namespace-stub-ignored",
        "namespace-managed",
        "namespace-managed-ignored",
        "metadata-not-string",
        # Control planes
        "mesh",
        "mesh-incomplete",
        "mesh-ambiguous",
        "mesh-missing",
        "mesh-not-yaml",
        "mesh-config-invalid",
        "mesh-invalid",
        "mesh-version-unknown",
        "mesh-version-form",
        "mesh-version-newer",
        "mesh-version-older",
        "native-sidecars-assumed",
        "selector-invalid",
        "webhook-selector",
        "webhook-match-conditions",
        "webhook-path",
        "control-plane-missing",
        # Injection
        "annotation-invalid",
        "pod-invalid",
        "template-failed",
        "template-unusable",
        "merge-failed",
        "unknown-workload-kind",
        "workload-path-unused",
        "workload-path",
        "pod-template-incomplete",
        "pods-of-controller",
        "pods-not-seen",
        "image-not-locked",
        "image-registry",
        # Later runs, patches, snapshots
        "injection-taken-back",
        "comment-copied",
        "alias-written-out",
        "edit-kept",
        "edit-lost",
        "record-unusable",
        "taken-back-loses",
        "ejected-by-traces",
        "guard-impossible",
        "patch-not-strategic",
        "patch-without-name",
        "snapshot-stale",
        "snapshot-edited",
        "snapshot-credentials",
        "snapshot-private-key",
        "adopt-incomplete",
        "adopt-secret",
        "adopt-differs",
        "adopt-unproved",
        # Files that are written
        "init-exists",
        "init-target",
        "in-place-refused",
        "output-changed",
        "output-hard-link",
        "output-locked",
        "output-recovered",
        "output-unwritable",
        "internal-error",
        "stopped",
        # Fleets
        "fleet-cycle",
        "fleet-empty",
        "fleet-file",
        "fleet-link",
        "fleet-mixed",
        "fleet-name",
        "fleet-no-cluster",
        "fleet-not-followed",
        "fleet-selection",
        "fleet-target",
        "fleet-unread",
        # Labels and rules
        "namespace-both-labels",
        "injection-label-value",
        "revision-unserved",
        "webhook-overlap",
        "double-injection",
        "ambient",
        "ambient-and-sidecar",
        "workload-duplicate",
        "pod-label-unknown",
        "policy-illegal",
        # Effects of injection, and the policy of an InjectionCheck
        "pod-security-enforced",
        "pod-security-reported",
        "quota-exceeded",
        "quota-unstated",
        "limit-range",
        "proxy-resources",
        "autoscaler-missing-request",
        "autoscaler-ratio",
        "autoscaler-container",
        "vpa-proxy",
        "vpa-native-sidecar",
        "port-collision",
        "proxy-identity",
        "host-port",
        "host-network",
        "job-never-completes",
        "init-container-network",
        "service-port-protocol",
        "listen-address",
        "disruption-budget",
        "mutable-image",
        "latest-image",
        "retired-hub",
        "retired-image",
        "retired-image-injected",
        "service-account-token",
        "probe-port-unknown",
        "probe-host",
        "probe-mutual-tls",
        "webhook-active",
        "admission-denied",
        "admission-warned",
        "admission-unknown",
        "admission-mutating",
        "injection-required",
        "injection-forbidden",
        # What a workload overrides of its mesh
        "override-inbound-ports",
        "override-inbound-only",
        "override-inbound-off",
        "override-outbound-ports",
        "override-outbound-ranges",
        "override-outbound-only",
        "override-outbound-off",
        "override-interfaces",
        "override-virtual-interfaces",
        "override-interception",
        "override-proxy-image",
        "override-bootstrap",
        "override-templates",
        "override-template-added",
        "override-privileged",
        "override-log-level",
        "override-command",
        "override-environment",
        "override-proxy-files",
        "override-proxy-volume",
        "override-volumes",
        "override-control-plane",
        "override-telemetry",
        "override-forwarded-headers",
        "override-hold",
        "override-native-sidecar",
        "override-readiness",
        "override-tls-mode",
        "untrusted-text",
        # verify
        "verify-not-injected",
        "verify-unwanted",
        "verify-namespace-changed",
        "verify-mesh-changed",
        "verify-edited",
        "verify-rules-changed",
        "verify-inputs-changed",
        "verify-no-record",
        "verify-stale",
        "verify-unproven",
        # the cache of a fleet, and --changed-since
        "fleet-cache",
        "fleet-changed-since",
        "fleet-changes-unknown",
        # Runs and outputs of fleets
        "fleet-shard",
        "fleet-report",
        "fleet-merge",
        "fleet-worker-lost",
        "fleet-retried",
        "fleet-scheduler",
        "fleet-stopped",
        "fleet-internal-error",
        "fleet-output-clash",
        "fleet-output-name",
        "fleet-output-inside",
        "fleet-output-kept",
        "fleet-output-foreign",
        "fleet-output-index",
        "fleet-output-locked",
        "fleet-output-unwritable",
        "fleet-output-link",
        "fleet-output-differs",
        "fleet-output-missing",
        "fleet-output-left-over",
        # Plans of fleets
        "fleet-plan-campaign",
        "fleet-plan-mesh",
        "fleet-plan-revision",
        "fleet-plan-labels",
        "fleet-plan-wave",
    ]


DOCS = "https://krm-injector.dev/docs"
"""Where the pages of docs/ are, if nobody says where else (--docs)."""

REINJECTION: tuple[CodeName, ...] = (
    "comment-copied",
    "edit-kept",
    "edit-lost",
    "injection-taken-back",
)
"""What writing changes in an earlier injection. verify and check write nothing and leave these out.
"""


class Code(NamedTuple):
    """What readers learn about a code."""

    severities: tuple[Severity, ...]  # the default comes first
    page: Page  # the page that explains it
    title: str = ""  # a few words for a list of results; "" if the name says enough


CODES: dict[CodeName, Code] = {
    # Inputs
    "input-empty": Code(("error",), "codes.md"),
    "options-unread": Code(("error",), "codes.md"),
    "input-unreadable": Code(("error",), "codes.md"),
    "input-ambiguous": Code(("error", "warning"), "codes.md", "Several of what one is asked for"),
    "input-chart": Code(("error",), "codes.md"),
    "input-passed-over": Code(("info", "warning"), "codes.md"),
    "kustomization-not-applied": Code(
        ("warning", "error"),
        "codes.md",
        "Kustomizations and charts below a directory are not rendered",
    ),
    "resource-list-empty": Code(("error",), "codes.md"),
    "resource-list-shape": Code(("error",), "codes.md"),
    "resource-list-version": Code(("error",), "codes.md"),
    "not-a-resource-list": Code(("error",), "codes.md"),
    "item-not-object": Code(("error",), "codes.md"),
    "item-without-apiVersion": Code(("error",), "codes.md"),
    "item-without-kind": Code(("error",), "codes.md"),
    "item-without-name": Code(("error",), "codes.md"),
    "item-metadata": Code(("error",), "codes.md"),
    "item-name": Code(("error",), "codes.md"),
    "yaml-syntax": Code(("error",), "codes.md"),
    "json-syntax": Code(("error",), "codes.md"),
    "yaml-encoding": Code(("error",), "codes.md"),
    "yaml-documents": Code(("error",), "codes.md"),
    "yaml-duplicate-key": Code(("error",), "codes.md"),
    "yaml-key": Code(("error",), "codes.md"),
    "yaml-merge": Code(("error",), "codes.md"),
    "yaml-alias": Code(("error",), "codes.md"),
    "yaml-tag": Code(("error",), "codes.md"),
    "yaml-depth": Code(("error",), "codes.md"),
    "yaml-number": Code(("error",), "codes.md"),
    "yaml-character": Code(("error",), "codes.md"),
    "yaml-value": Code(("error",), "codes.md"),
    # Other programs that render
    "exec-not-allowed": Code(("error",), "codes.md"),
    "function-behind": Code(("info",), "codes.md"),
    "kustomize-missing": Code(("error",), "codes.md"),
    "kustomize-failed": Code(("error",), "codes.md"),
    "kustomize-warning": Code(("warning", "info"), "codes.md"),
    "helm-missing": Code(("error",), "codes.md"),
    "helm-failed": Code(("error",), "codes.md"),
    "helm-warning": Code(("warning",), "codes.md"),
    "kpt-failed": Code(("error",), "codes.md"),
    "kpt-not-run": Code(("warning",), "codes.md"),
    "argocd-application": Code(("info",), "codes.md"),
    "argocd-env-unknown": Code(("warning",), "codes.md"),
    "argocd-parameter": Code(("error",), "codes.md"),
    # functionConfig
    "function-config": Code(("error",), "codes.md"),
    "mesh-file-not-allowed": Code(("error",), "codes.md"),
    "images-lock": Code(("error",), "codes.md"),
    # Namespaces
    "context-empty": Code(("error",), "codes.md"),
    "namespace-missing": Code(("error", "warning"), "codes.md", "A Namespace is not in the bundle"),
    "namespace-invalid": Code(("error",), "codes.md"),
    "namespace-conflict": Code(("error",), "codes.md"),
    "namespace-stub-ignored": Code(("warning",), "codes.md"),
    "namespace-managed": Code(("info",), "codes.md"),
    "namespace-managed-ignored": Code(("warning",), "codes.md"),
    "metadata-not-string": Code(("warning",), "codes.md"),
    # Control planes
    "mesh": Code(("info",), "codes.md"),
    "mesh-incomplete": Code(
        ("warning", "error"), "codes.md", "Part of the installation's configuration is not given"
    ),
    "mesh-ambiguous": Code(("error",), "codes.md"),
    "mesh-missing": Code(("error",), "codes.md"),
    "mesh-not-yaml": Code(("error",), "codes.md"),
    "mesh-config-invalid": Code(("error",), "codes.md"),
    "mesh-invalid": Code(("error",), "codes.md"),
    "mesh-version-unknown": Code(
        ("warning", "info", "error"), "codes.md", "Nothing tells the version of Istio"
    ),
    "mesh-version-form": Code(("error",), "codes.md"),
    "mesh-version-newer": Code(("warning",), "codes.md"),
    "mesh-version-older": Code(("warning",), "codes.md"),
    "native-sidecars-assumed": Code(("info",), "codes.md"),
    "selector-invalid": Code(("warning",), "codes.md"),
    "webhook-selector": Code(("error",), "codes.md"),
    "webhook-match-conditions": Code(("warning",), "codes.md"),
    "webhook-path": Code(("error", "warning"), "codes.md"),
    "control-plane-missing": Code(("error",), "codes.md"),
    # Injection
    "annotation-invalid": Code(("error",), "codes.md"),
    "pod-invalid": Code(("error",), "codes.md"),
    "template-failed": Code(("error",), "codes.md"),
    "template-unusable": Code(("error",), "codes.md"),
    "merge-failed": Code(("error",), "codes.md"),
    "unknown-workload-kind": Code(
        ("warning",), "codes.md", "A kind that has pods is not named, and left alone"
    ),
    "workload-path-unused": Code(
        ("warning",), "codes.md", "spec.workloads names a path that no object has"
    ),
    "workload-path": Code(("error",), "codes.md"),
    "pod-template-incomplete": Code(("error",), "codes.md"),
    "pods-of-controller": Code(
        ("warning",), "codes.md", "Pods are made by a controller, and left to the cluster's webhook"
    ),
    "pods-not-seen": Code(("info",), "codes.md", "Pods are made of manifests that are not here"),
    "image-not-locked": Code(("error",), "codes.md"),
    "image-registry": Code(("error",), "codes.md"),
    # Later runs, patches, snapshots
    "injection-taken-back": Code(("info",), "codes.md"),
    "comment-copied": Code(("info", "warning"), "codes.md"),
    "alias-written-out": Code(("info",), "codes.md"),
    "edit-kept": Code(("info",), "codes.md"),
    "edit-lost": Code(("warning",), "codes.md"),
    "record-unusable": Code(("error",), "codes.md"),
    "taken-back-loses": Code(("error",), "codes.md"),
    "ejected-by-traces": Code(("warning",), "codes.md"),
    "guard-impossible": Code(("error",), "codes.md"),
    "patch-not-strategic": Code(("warning",), "codes.md"),
    "patch-without-name": Code(("error",), "codes.md"),
    "snapshot-stale": Code(("error",), "codes.md"),
    "snapshot-edited": Code(("error",), "codes.md"),
    "snapshot-credentials": Code(("warning",), "codes.md"),
    "snapshot-private-key": Code(("error",), "codes.md"),
    "adopt-incomplete": Code(("error",), "codes.md"),
    "adopt-secret": Code(("error",), "codes.md"),
    "adopt-differs": Code(("error",), "codes.md"),
    "adopt-unproved": Code(("warning", "info"), "codes.md"),
    # Files that are written
    "init-exists": Code(("error",), "codes.md"),
    "init-target": Code(("error",), "codes.md"),
    "in-place-refused": Code(("error",), "codes.md"),
    "output-changed": Code(("error",), "codes.md"),
    "output-hard-link": Code(("warning",), "codes.md"),
    "output-locked": Code(("error",), "codes.md"),
    "output-recovered": Code(("error", "warning"), "codes.md"),
    "output-unwritable": Code(("error",), "codes.md"),
    "internal-error": Code(("error",), "codes.md"),
    "stopped": Code(("error",), "codes.md"),
    # Fleets
    "fleet-cycle": Code(("error",), "codes.md"),
    "fleet-empty": Code(("error",), "codes.md"),
    "fleet-file": Code(("error",), "codes.md"),
    "fleet-link": Code(("error",), "codes.md"),
    "fleet-mixed": Code(("warning",), "codes.md"),
    "fleet-name": Code(("error",), "codes.md"),
    "fleet-no-cluster": Code(("warning",), "codes.md"),
    "fleet-not-followed": Code(("warning",), "codes.md"),
    "fleet-selection": Code(("error",), "codes.md"),
    "fleet-target": Code(("error",), "codes.md"),
    "fleet-unread": Code(("warning",), "codes.md"),
    # Labels and rules
    "namespace-both-labels": Code(
        ("warning",), "reasons.md", "A Namespace has istio-injection and istio.io/rev at once"
    ),
    "injection-label-value": Code(
        ("warning",), "reasons.md", "An injection label has a value that Istio does not know"
    ),
    "revision-unserved": Code(
        ("warning",), "reasons.md", "A label names a revision that no control plane here serves"
    ),
    "webhook-overlap": Code(
        ("warning",), "reasons.md", "Several webhooks of one control plane select a workload"
    ),
    "double-injection": Code(("error",), "reasons.md"),
    "ambient": Code(("info",), "reasons.md", "A Namespace is in ambient mode"),
    "ambient-and-sidecar": Code(("warning",), "reasons.md", "Ambient mode and a sidecar at once"),
    "workload-duplicate": Code(
        ("warning",), "reasons.md", "Two workloads share kind, Namespace and name"
    ),
    "pod-label-unknown": Code(("error",), "reasons.md"),
    "policy-illegal": Code(("error",), "reasons.md"),
    # Effects of injection, and the policy of an InjectionCheck
    "pod-security-enforced": Code(
        ("warning",),
        "warnings.md",
        "Injected pods break the Namespace's enforced Pod Security level",
    ),
    "pod-security-reported": Code(
        ("info",),
        "warnings.md",
        "Injected pods break the Pod Security level that is warned of or audited",
    ),
    "quota-exceeded": Code(
        ("warning",), "warnings.md", "Proxies take a Namespace over its ResourceQuota"
    ),
    "quota-unstated": Code(
        ("warning",),
        "warnings.md",
        "A ResourceQuota asks for a value that an injected container does not state",
    ),
    "limit-range": Code(
        ("warning",), "warnings.md", "An injected container or pod is outside a LimitRange"
    ),
    "proxy-resources": Code(
        ("warning",),
        "warnings.md",
        "A resource annotation displaces other values of the installation",
    ),
    "autoscaler-missing-request": Code(
        ("warning",),
        "warnings.md",
        "An autoscaler aims at a percentage of requests, and an injected container has none",
    ),
    "autoscaler-ratio": Code(
        ("warning",),
        "warnings.md",
        "An autoscaler aims at a percentage of requests that the proxy makes larger",
    ),
    "autoscaler-container": Code(
        ("warning",), "warnings.md", "An autoscaler looks at a container that the pods do not have"
    ),
    "vpa-proxy": Code(
        ("info",), "warnings.md", "What a VerticalPodAutoscaler does to the proxy's resources"
    ),
    "vpa-native-sidecar": Code(
        ("warning",),
        "warnings.md",
        "A VerticalPodAutoscaler's policy for a native sidecar does nothing",
    ),
    "port-collision": Code(("warning",), "warnings.md", "The application uses a port of the proxy"),
    "proxy-identity": Code(
        ("warning",),
        "warnings.md",
        "The application runs as the proxy's user or group and bypasses it",
    ),
    "host-port": Code(("info",), "warnings.md", "A host port leads into the proxy"),
    "host-network": Code(
        ("info",),
        "warnings.md",
        "A host-network pod stays outside of a Namespace that is in the mesh",
    ),
    "job-never-completes": Code(
        ("warning",), "warnings.md", "The Job's pods do not end while the sidecar runs"
    ),
    "init-container-network": Code(
        ("warning",), "warnings.md", "An init container needs the network before the proxy runs"
    ),
    "service-port-protocol": Code(
        ("info",), "warnings.md", "A Service's port does not tell its protocol"
    ),
    "listen-address": Code(
        ("warning",), "warnings.md", "The application listens where this mesh does not deliver"
    ),
    "disruption-budget": Code(("info",), "warnings.md", "A PodDisruptionBudget allows no eviction"),
    "mutable-image": Code(
        ("info",), "warnings.md", "An injected image is named by tag, not by digest"
    ),
    "latest-image": Code(
        ("warning",), "warnings.md", "An injected image has the tag latest, or none"
    ),
    "retired-hub": Code(("warning",), "warnings.md", "The mesh takes images from a retired hub"),
    "retired-image": Code(
        ("warning",), "warnings.md", "A workload itself names an image on a retired hub"
    ),
    "retired-image-injected": Code(
        ("warning",), "warnings.md", "An earlier injection left an image on a retired hub"
    ),
    "service-account-token": Code(
        ("warning",), "warnings.md", "The proxy needs a token that the pod does not mount"
    ),
    "probe-port-unknown": Code(
        ("warning",), "warnings.md", "A probe asks a named port that its container does not declare"
    ),
    "probe-host": Code(
        ("warning",),
        "warnings.md",
        "A probe names a host, and its rewritten form does not reach the agent",
    ),
    "probe-mutual-tls": Code(
        ("warning",), "warnings.md", "The kubelet's probe is refused under strict mutual TLS"
    ),
    "webhook-active": Code(
        ("warning",), "warnings.md", "The mesh's webhook will patch the injected pods again"
    ),
    "admission-denied": Code(
        ("warning",), "warnings.md", "A ValidatingAdmissionPolicy refuses the workload or its pods"
    ),
    "admission-warned": Code(
        ("info",), "warnings.md", "A ValidatingAdmissionPolicy warns of the workload or audits it"
    ),
    "admission-unknown": Code(
        ("warning",), "warnings.md", "A ValidatingAdmissionPolicy is not evaluated"
    ),
    "admission-mutating": Code(
        ("info",), "warnings.md", "A MutatingAdmissionPolicy changes what was injected"
    ),
    "injection-required": Code(
        ("error",), "warnings.md", "A workload that must be injected is not"
    ),
    "injection-forbidden": Code(
        ("error",), "warnings.md", "A workload that must not be injected is"
    ),
    # What a workload overrides of its mesh
    "override-inbound-ports": Code(("warning",), "overrides.md", "Inbound ports go past the proxy"),
    "override-inbound-only": Code(
        ("warning",), "overrides.md", "Only listed inbound ports go through the proxy"
    ),
    "override-inbound-off": Code(
        ("warning",), "overrides.md", "No inbound traffic goes through the proxy"
    ),
    "override-outbound-ports": Code(
        ("warning",), "overrides.md", "Outbound ports go past the proxy"
    ),
    "override-outbound-ranges": Code(
        ("warning",), "overrides.md", "Outbound address ranges go past the proxy"
    ),
    "override-outbound-only": Code(
        ("warning",), "overrides.md", "Only listed outbound ranges go through the proxy"
    ),
    "override-outbound-off": Code(
        ("warning",), "overrides.md", "No outbound traffic goes through the proxy"
    ),
    "override-interfaces": Code(
        ("warning",), "overrides.md", "Network interfaces go past the proxy"
    ),
    "override-virtual-interfaces": Code(
        ("info",), "overrides.md", "Traffic of virtual interfaces counts as outbound"
    ),
    "override-interception": Code(
        ("warning",), "overrides.md", "The workload has its own interception mode"
    ),
    "override-proxy-image": Code(
        ("warning",), "overrides.md", "The proxy has an image of the workload's choice"
    ),
    "override-bootstrap": Code(
        ("warning",), "overrides.md", "The proxy starts with a bootstrap of the workload's choice"
    ),
    "override-templates": Code(
        ("warning",), "overrides.md", "The workload is injected without the mesh's template"
    ),
    "override-template-added": Code(
        ("info",), "overrides.md", "The workload takes a further injection template"
    ),
    "override-privileged": Code(
        ("warning",), "overrides.md", "The proxy has more rights than the mesh gives it"
    ),
    "override-log-level": Code(("warning",), "overrides.md", "The proxy logs at debug or trace"),
    "override-command": Code(
        ("warning",), "overrides.md", "An injected container runs another command"
    ),
    "override-environment": Code(
        ("warning",), "overrides.md", "A variable switches off or replaces what the mesh sets"
    ),
    "override-proxy-files": Code(
        ("warning",), "overrides.md", "The workload mounts files over the proxy's, or of the node"
    ),
    "override-proxy-volume": Code(
        ("info",), "overrides.md", "The workload mounts files into the proxy"
    ),
    "override-volumes": Code(
        ("warning",), "overrides.md", "A volume of the proxy is the workload's, or is read by it"
    ),
    "override-control-plane": Code(
        ("warning",), "overrides.md", "The proxy is told of another control plane or authority"
    ),
    "override-telemetry": Code(
        ("warning",), "overrides.md", "The proxy sends its telemetry to another address"
    ),
    "override-forwarded-headers": Code(
        ("warning",), "overrides.md", "The proxy believes headers of its callers"
    ),
    "override-hold": Code(
        ("warning",), "overrides.md", "The application does not wait for its proxy"
    ),
    "override-native-sidecar": Code(
        ("warning",), "overrides.md", "The proxy is no native sidecar, though the mesh's are"
    ),
    "override-readiness": Code(("warning",), "overrides.md", "The proxy has no readiness probe"),
    "override-tls-mode": Code(("warning",), "overrides.md", "Clients are told to use plain text"),
    "untrusted-text": Code(
        ("error",),
        "warnings.md",
        "A label, annotation or name does not stay the text that it was meant to be",
    ),
    # verify
    "verify-not-injected": Code(("error",), "verify.md"),
    "verify-unwanted": Code(("error",), "verify.md"),
    "verify-namespace-changed": Code(("error",), "verify.md"),
    "verify-mesh-changed": Code(("error",), "verify.md"),
    "verify-edited": Code(("error",), "verify.md"),
    "verify-rules-changed": Code(("error",), "verify.md"),
    "verify-inputs-changed": Code(("error",), "verify.md"),
    "verify-no-record": Code(("error",), "verify.md"),
    "verify-stale": Code(("error",), "verify.md"),
    "verify-unproven": Code(("warning",), "verify.md"),
    # the cache of a fleet, and --changed-since
    "fleet-cache": Code(("warning",), "codes.md"),
    "fleet-changed-since": Code(("error",), "codes.md"),
    "fleet-changes-unknown": Code(("info",), "codes.md"),
    # Runs and outputs of fleets
    "fleet-shard": Code(("error",), "codes.md"),
    "fleet-report": Code(("error",), "codes.md"),
    "fleet-merge": Code(("error",), "codes.md"),
    "fleet-worker-lost": Code(("error",), "codes.md"),
    "fleet-retried": Code(("info",), "codes.md"),
    "fleet-scheduler": Code(("error",), "codes.md"),
    "fleet-stopped": Code(("error",), "codes.md"),
    "fleet-internal-error": Code(("error",), "codes.md"),
    "fleet-output-clash": Code(("error",), "codes.md"),
    "fleet-output-name": Code(("error",), "codes.md"),
    "fleet-output-inside": Code(("error",), "codes.md"),
    "fleet-output-kept": Code(("warning",), "codes.md"),
    "fleet-output-foreign": Code(("error",), "codes.md"),
    "fleet-output-index": Code(("error",), "codes.md"),
    "fleet-output-locked": Code(("error",), "codes.md"),
    "fleet-output-unwritable": Code(("error",), "codes.md"),
    "fleet-output-link": Code(("error",), "codes.md"),
    "fleet-output-differs": Code(("error",), "codes.md"),
    "fleet-output-missing": Code(("error",), "codes.md"),
    "fleet-output-left-over": Code(("error",), "codes.md"),
    # Plans of fleets
    "fleet-plan-campaign": Code(("error",), "codes.md"),
    "fleet-plan-mesh": Code(("error",), "codes.md"),
    "fleet-plan-revision": Code(("error",), "codes.md"),
    "fleet-plan-labels": Code(("error", "info"), "codes.md"),
    "fleet-plan-wave": Code(("warning",), "codes.md"),
}

# Other pages have tables only.
_WITH_SECTIONS: tuple[Page, ...] = ("reasons.md", "warnings.md", "overrides.md")


def title(name: str) -> str:
    """The title of a code in a list, or else its name as words."""
    rows: Mapping[Any, Code] = CODES
    if name in rows and rows[name].title:
        return rows[name].title

    return name.replace("-", " ").capitalize()


def address(name: str, docs: str = DOCS) -> str:
    """The address of the page about a code, with its section where it has one."""
    rows: Mapping[Any, Code] = CODES
    page = rows[name].page if name in rows else "codes.md"
    section = f"#{name}" if page in _WITH_SECTIONS else ""
    return f"{docs.rstrip('/')}/{page}{section}"


def of_page(page: Page) -> list[CodeName]:
    """The codes that a page of docs/ explains, in the order of the registry."""
    return [name for name, code in CODES.items() if code.page == page]
