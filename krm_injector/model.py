"""The nouns of the road: frozen values that one stage hands to the next.

Kubernetes objects are plain ``dict``/``list``/``str``/``int``/``float``/``bool``/``None`` in the
reading of ``kube.yaml``; no stage mutates an object it was given.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Any, NamedTuple

from krm_injector.kube.workloads import text
from krm_injector.versions import Rules

if TYPE_CHECKING:
    from typing import Literal

    from krm_injector.codes import CodeName, Severity

Object = dict[str, Any]


class Result(NamedTuple):
    """One entry of a ResourceList's ``results`` (KRM function specification v1)."""

    severity: Severity
    message: str  # a whole sentence: what is wrong, where, what to do
    resource: ResourceRef | None = None
    field: str = ""  # path of the field, as "spec.template.metadata.labels"
    current: Any = None  # the field's value, where it helps
    proposed: Any = None
    file: str = ""  # path of the manifest, where known
    index: int = 0  # type: ignore[assignment]  # index of the document in that file
    code: CodeName | Literal[""] = ""  # stable name of the cause; goes to tags.code


class ResourceRef(NamedTuple):
    api_version: str
    kind: str
    name: str
    namespace: str = ""

    def __str__(self) -> str:
        place = f"{self.namespace}/{self.name}" if self.namespace else self.name
        return f"{self.kind} {place}"


class Refused(Exception):
    """The run cannot go on: carries every cause found so far, never only the first."""

    def __init__(self, *results: Result) -> None:
        super().__init__("; ".join(r.message for r in results))
        self.results = results


class Refusals:
    """What several parts of a run are refused for, each by itself: ``with refusals: part()``, then
    raise_all().
    """

    __slots__ = ("results",)

    def __init__(self) -> None:
        self.results: list[Result] = []

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, _: object
    ) -> bool:
        if not isinstance(problem, Refused):
            return False
        self.results.extend(problem.results)
        return True

    def refused(self) -> Refused:
        return Refused(*self.results)

    def raise_all(self) -> None:
        """Raises Refused with every cause, where there is one."""
        if self.results:
            raise self.refused()


class Namespace(NamedTuple):
    name: str
    labels: dict[str, str]  # with kubernetes.io/metadata.name, as the API server adds it
    annotations: dict[str, str]
    source: str  # "bundle" | "functionConfig" | "Application NAME" (Argo CD's) | "missing"


class Webhook(NamedTuple):
    """One webhook of one MutatingWebhookConfiguration that leads to an Istio injector."""

    configuration: str  # metadata.name of the MutatingWebhookConfiguration
    name: str
    revision: (
        str  # the control plane it belongs to ("default" where its label istio.io/rev is absent)
    )
    namespace_selector: Object | None
    object_selector: Object | None
    path: str  # "/inject", "/inject/cluster/X/net/Y", "/inject/:ENV:..."; as istiod gets it
    ignores_failure: bool = (
        False  # failurePolicy Ignore: a pod goes its way where istiod cannot be asked
    )

    @property
    def id(self) -> str:
        return f"{self.configuration}/{self.name}"


class Mesh(NamedTuple):
    """One control plane: all that its istiod would know when a pod arrives."""

    revision: str  # "default" for the unnamed one
    version: str  # "1.30.3", or "" where it could not be recognised
    rules: Rules  # how this version behaves
    # "functionConfig" | "bundle" | "profile" (the embedded one) | "missing" (webhooks only)
    source: str
    config: Object  # the parsed injection config: policy, templates, defaultTemplates, aliases, ...
    values: str  # data.values as it stands (YAML or JSON)
    mesh_config: str  # data.mesh as it stands (YAML of MeshConfig)
    webhooks: tuple[Webhook, ...]
    assumed_webhooks: (
        bool  # no webhook configuration was given: a default installation's were assumed
    )
    root_namespace: str
    native_sidecars: bool
    platform: str  # "" | "openshift"
    control_plane_env: dict[str, str]
    proxy_configs: tuple[Object, ...]  # ProxyConfig resources of the bundle (networking.istio.io)


class Workload(NamedTuple):
    """One pod template of an object; one with several is a workload for each."""

    item: int  # index into the bundle's items
    inside: tuple[str | int, ...]  # path from the item to the object: () or ("items", 3) in a List
    ref: ResourceRef  # with the namespace it will have (defaultNamespace filled in)
    object: Object
    template: tuple[
        str | int, ...
    ]  # path to the pod template inside the object: (), ("spec", "template"), ...
    only: bool = (
        True  # False: its kind may have several pod templates, and each has a record of its own
    )

    @property
    def shown(self) -> str:
        """The workload in a sentence: its object, and of several pod templates which."""
        return str(self.ref) if self.only else f"{text(self.template)} of {self.ref}"


class Reason(str, Enum):
    """The rule that decided, in the order in which the rules are asked."""

    NO_CONTROL_PLANE = "no-control-plane"
    NAMESPACE_UNKNOWN = "namespace-unknown"
    POD_LABEL_UNKNOWN = "pod-label-unknown"
    NO_WEBHOOK_MATCHES = "no-webhook-matches"
    HOST_NETWORK = "host-network"
    ALREADY_INJECTED = "already-injected"  # kube-inject of 1.2 to 1.16
    KUBE_INJECT = "kube-inject"  # it asks nothing more (until 1.7)
    IGNORED_NAMESPACE = "ignored-namespace"
    LABEL = "label"  # sidecar.istio.io/inject on the pod, as a label
    ANNOTATION = "annotation"
    NEVER_INJECT_SELECTOR = "never-inject-selector"
    ALWAYS_INJECT_SELECTOR = "always-inject-selector"
    POLICY = "policy"
    POLICY_ILLEGAL = "policy-illegal"


class Evidence(NamedTuple):
    rule: str  # what was asked, as "namespaceSelector of istio-sidecar-injector/..."
    outcome: str  # "matches" | "fails" | "no opinion" | "inject" | "skip"
    detail: str  # the label, annotation or line of policy that decided it
    on: str = (
        ""  # whose field that is: "namespace" | "pod" | "mesh" (its injection configuration) | ""
    )
    path: tuple[
        str, ...
    ] = ()  # the field, from the Namespace, the pod template or the ConfigMap; () for none


class Decision(NamedTuple):
    workload: Workload
    injected: bool
    reason: Reason
    detail: str  # the deciding rule in words, one line
    evidence: tuple[Evidence, ...]
    webhooks: tuple[str, ...]  # ids of the webhooks that match
    webhook: Webhook | None  # the one whose control plane injects
    mesh: Mesh | None
    namespace: Namespace | None
    results: tuple[
        Result, ...
    ] = ()  # what the verdict could not be reached without: errors, warnings
