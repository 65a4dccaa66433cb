"""The values that one stage of a run gives to the next. They do not change.

Kubernetes objects are plain ``dict``/``list``/``str``/``int``/``float``/``bool``/``None`` as
``kube.yaml`` reads them. No stage changes an object that it gets.
"""

from __future__ import annotations

from krm_injector.kube.credentials import may_hold
from krm_injector.kube.workloads import text
from krm_injector.light import StrEnum
from krm_injector.named_tuple import NamedTuple
from krm_injector.versions import Rules

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Literal, TypeAlias

    from krm_injector.codes import CodeName, Severity
    from krm_injector.kube.paths import Step

    MeshSource = Literal["functionConfig", "bundle", "profile", "missing"]
    FieldOwner = Literal["namespace", "pod", "mesh", ""]

Object: TypeAlias = "dict[str, Any]"


# ---------------------------------------------------------------- results


class Result(NamedTuple):
    """One entry of a ResourceList's ``results`` (KRM function specification v1)."""

    severity: Severity
    message: str  # a whole sentence: what is wrong, where, what to do
    resource: ResourceRef | None = None
    field: str = ""  # path of the field, for instance "spec.template.metadata.labels"
    current: Any = None  # the field's value, if it helps
    proposed: Any = None
    file: str = ""  # path of the manifest, if known
    index: int = 0  # type: ignore[assignment]  # index of the document in that file
    code: CodeName | Literal[""] = ""  # stable name of the cause; goes to tags.code
    about: tuple[ResourceRef, ...] = ()  # other Namespaces that it is about
    # Of the cause, where it is known already: in a text that cannot be read. presenting.places
    # finds all others.
    place: Place | None = None


def _safe(result: Result) -> Result:
    """The result without credentials, which its message may quote and its values may be."""
    if result.current is None and result.proposed is None and not may_hold(result.message):
        return result

    from krm_injector.kube import credentials  # the rest of it: patterns, which few runs need

    kind = result.resource.kind if result.resource is not None else ""
    current, proposed = result.current, result.proposed
    shown = credentials.of_field(result.field, current, kind)
    message = credentials.in_sentence(result.message, None if shown is current else current)
    changed = result._replace(
        message=message,
        current=shown,
        proposed=proposed if shown is current else None,
    )
    return result if changed == result else changed


if not TYPE_CHECKING:
    # Whoever makes a result, and wherever it goes. A subclass would be another type to mypy.
    _plain = Result.__new__
    Result.__new__ = lambda cls, /, *values, **named: _safe(_plain(cls, *values, **named))


class Place(NamedTuple):
    """Where a result's cause is written. Lines and columns count from 1, columns count characters.
    0 and "" where only the file is known.
    """

    file: str  # as the user would name it; "" for stdin
    line: int = 0
    column: int = 0  # of the marked part
    end_column: int = 0  # behind it
    text: str = ""  # the line, without what looks like a credential


class ResourceRef(NamedTuple):
    """The reference to an object. namespace is "" if the object states none, or has cluster
    scope.
    """

    api_version: str
    kind: str
    name: str
    namespace: str = ""

    def __str__(self) -> str:
        name = f"{self.namespace}/{self.name}" if self.namespace else self.name
        return f"{self.kind} {name}"


class Refused(Exception):
    """The run cannot continue. It has every cause found so far, not only the first."""

    def __init__(self, *results: Result) -> None:
        super().__init__("; ".join(result.message for result in results))
        self.results = results


class Refusals:
    """Collects the causes for which several parts of a run are refused: ``with refusals: part()``
    for each part, then ``raise_all()``.
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
        """Raises Refused with every cause, if there is one."""
        if self.results:
            raise self.refused()


# ---------------------------------------------------------------- what a cluster would know


class Namespace(NamedTuple):
    """The part of a Namespace that injection reads."""

    name: str
    labels: dict[str, str]  # with kubernetes.io/metadata.name, as the API server adds it
    annotations: dict[str, str]
    # "bundle" | "functionConfig" | "--namespace-labels" | "missing"
    # | "Application NAME" (Argo CD's)
    source: str


class Webhook(NamedTuple):
    """One webhook of one MutatingWebhookConfiguration that leads to an Istio injector."""

    configuration: str  # metadata.name of the MutatingWebhookConfiguration
    name: str
    revision: str  # of its control plane; "default" if its label istio.io/rev is absent
    namespace_selector: Object | None
    object_selector: Object | None
    path: str  # "/inject", "/inject/cluster/X/net/Y", "/inject/:ENV:..."; as istiod gets it
    # failurePolicy Ignore: if istiod cannot be asked, the API server admits the pod as it is.
    ignores_failure: bool = False

    @property
    def id(self) -> str:
        return f"{self.configuration}/{self.name}"


class Mesh(NamedTuple):
    """One control plane: everything that its istiod would know when a pod arrives."""

    revision: str  # "default" for the unnamed one; unique in a run
    version: str  # "1.30.3", or "" if it could not be recognised
    rules: Rules  # the behaviour of this version
    source: MeshSource  # "profile": the embedded one; "missing": only webhooks are given
    config: Object  # the parsed injection config: policy, templates, defaultTemplates, aliases, ...
    values: str  # data.values as it stands (YAML or JSON)
    mesh_config: str  # data.mesh as it stands (YAML of MeshConfig)
    webhooks: tuple[Webhook, ...]
    # No webhook configuration was given; the webhooks of a default installation are assumed.
    assumed_webhooks: bool
    root_namespace: str
    native_sidecars: bool
    platform: str  # "" | "openshift"
    control_plane_env: dict[str, str]
    proxy_configs: tuple[Object, ...]  # ProxyConfig resources of the bundle (networking.istio.io)
    # Its istiod asks the nodes whether they can run native sidecars, and nobody states their
    # version: native_sidecars is what it comes to if all of them can.
    native_assumed: bool = False
    # Where its injection configuration stands: in words, and the ConfigMap if it is one.
    place: str = ""
    ref: ResourceRef | None = None


# ---------------------------------------------------------------- workloads and verdicts


class Workload(NamedTuple):
    """One pod template of an object. An object with several pod templates is several workloads."""

    item: int  # index into the bundle's items
    inside: Step  # path from the item to the object: () or ("items", 3) in a List
    ref: ResourceRef  # with the namespace it will have (defaultNamespace filled in)
    object: Object
    template: Step  # path to the pod template inside the object: (), ("spec", "template"), ...
    # False: its kind may have several pod templates, and each has its own record.
    only: bool = True

    @property
    def shown(self) -> str:
        """The workload in a sentence: its object and, if that has several, its pod template."""
        return str(self.ref) if self.only else f"{text(self.template)} of {self.ref}"


class Reason(StrEnum):
    """The rule that decided. The rules are in the order in which they are evaluated."""

    NO_CONTROL_PLANE = "no-control-plane"
    NAMESPACE_UNKNOWN = "namespace-unknown"
    POD_LABEL_UNKNOWN = "pod-label-unknown"
    NO_WEBHOOK_MATCHES = "no-webhook-matches"
    HOST_NETWORK = "host-network"
    ALREADY_INJECTED = "already-injected"  # kube-inject of 1.2 to 1.16
    KUBE_INJECT = "kube-inject"  # it asks no other rule (until 1.7)
    IGNORED_NAMESPACE = "ignored-namespace"
    LABEL = "label"  # sidecar.istio.io/inject on the pod, as a label
    ANNOTATION = "annotation"
    NEVER_INJECT_SELECTOR = "never-inject-selector"
    ALWAYS_INJECT_SELECTOR = "always-inject-selector"
    POLICY = "policy"
    POLICY_ILLEGAL = "policy-illegal"


class Evidence(NamedTuple):
    """One rule that was evaluated for a verdict."""

    rule: str  # what was evaluated, for instance "namespaceSelector of istio-sidecar-injector/..."
    outcome: str  # "matches" | "fails" | "no opinion" | "inject" | "skip"
    detail: str  # the label, annotation or line of policy that decided it
    on: FieldOwner = ""  # the owner of that field; "mesh": the injection configuration
    # The field, from the Namespace, the pod template or the ConfigMap; () for none.
    path: tuple[str, ...] = ()


class Decision(NamedTuple):
    """The verdict about one workload."""

    workload: Workload
    injected: bool
    reason: Reason
    detail: str  # the deciding rule in words, one line
    evidence: tuple[Evidence, ...]
    webhooks: tuple[str, ...]  # ids of the webhooks that match
    webhook: Webhook | None  # the one whose control plane injects
    mesh: Mesh | None
    namespace: Namespace | None
    # Why there is no verdict (errors), or why it is doubtful (warnings).
    results: tuple[Result, ...] = ()
