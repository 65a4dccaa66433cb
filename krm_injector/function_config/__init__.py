"""A functionConfig comes in, Settings go out.

The JSON Schema beside this file says what is valid. Good configurations pass a small check of ours
that reads the same schema (schema.py); only when that finds something odd is report.py imported, to
report every error at once. May import model, results, versions and what stands below them.
"""

from __future__ import annotations

from krm_injector import package_data
from krm_injector.model import Object, Refused, Result
from krm_injector.named_tuple import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Literal

    Action = Literal["inject", "eject", "verify", "check"]
    Method = Literal["automatic", "manual"]
    OnMissingNamespace = Literal["error", "warn", "ignore"]
    Guard = Literal["none", "label"]

KIND = "SidecarInjection"
NAMESPACE_LABELS = "--namespace-labels"  # the option; the source of its Stubs
# What the function does, by the kind of its functionConfig; a ConfigMap says it in data.action.
ACTIONS: dict[str, Action] = {
    KIND: "inject",
    "SidecarEjection": "eject",
    "SidecarVerification": "verify",
    "InjectionCheck": "check",
}
SCHEMA_FILE = package_data.path(__file__, "schema.json")
# For each kind a line: the same without the texts for people (tools/generate_help.py). Every run
# with a functionConfig reads it.
CHECKS_FILE = package_data.path(__file__, "checks.jsonl")
SCHEMA = "https://krm-injector.dev/schemas/v1alpha1/sidecar-injection.json"  # its "$id"
# The line by which editors with the YAML language server find the schema of a file.
SCHEMA_LINE = f"# yaml-language-server: $schema={SCHEMA}\n"


class Stub(NamedTuple):
    """What the functionConfig, or the command line, says of a Namespace that lives elsewhere."""

    name: str
    labels: dict[str, str]
    annotations: dict[str, str]
    source: str = "functionConfig"  # or the option, or a file that the run does not read
    # Nobody states it for this run: the bundle may say otherwise, and nothing is told of it.
    is_found: bool = False


class ExtraKind(NamedTuple):
    """One path of one kind; a kind with several pod templates has several."""

    api_version: str
    kind: str
    # Path to the pod template, as ("spec", "template"): steps of kube.workloads.parse_path.
    template: tuple[str, ...]
    entry: int = 0  # of spec.workloads
    # False: the functionConfig names the kind only, and the path is that of kube.operators
    named: bool = True


class Silence(NamedTuple):
    """Warnings that nobody wants to hear: a code, and the resources that it is about, if named."""

    code: str  # "*" for all
    kind: str = ""
    namespace: str = ""
    name: str = ""


class AllowedOverride(NamedTuple):
    """Overrides of the mesh that workloads of these Namespaces may have."""

    namespaces: Object  # a selector by labels
    codes: tuple[str, ...]  # "*" for all
    kind: str = ""
    name: str = ""
    values: tuple[str, ...] = ()  # () for all; "*" in one stands for any text


class MeshSettings(NamedTuple):
    """What the functionConfig gives of the mesh; None: look elsewhere."""

    config: str | None = None  # data.config of istio-sidecar-injector
    values: str | None = None  # data.values of it
    mesh_config: str | None = None  # data.mesh of istio
    webhooks: tuple[Object, ...] = ()  # MutatingWebhookConfigurations
    files: tuple[str, ...] = ()  # the caller has to read them (with_mesh_documents), or to refuse
    version: str = ""  # stated version, wins over what the configuration tells
    documents: tuple[Object, ...] = ()  # the files' documents


class ImageSettings(NamedTuple):
    """What is asked of the images that injection brings."""

    lock: dict[str, str] | None = None  # image -> digest; None: images stay as the mesh names them
    file: str = ""  # of a lock, which the caller has to read (see with_lock)
    registries: tuple[str, ...] = ()  # where they may come from; () for anywhere


class Settings(NamedTuple):
    method: Method = "automatic"
    revision: str = ""  # "" if nobody says: "default", or the only control plane there is
    on_missing_namespace: OnMissingNamespace = "error"
    namespaces: tuple[Stub, ...] = ()
    default_namespace: str = ""
    native_sidecars: bool | None = None
    platform: str | None = None
    control_plane_env: dict[str, str] = {}  # noqa: RUF012 - never mutated, like every value of the road
    mesh: MeshSettings = MeshSettings()
    workloads: tuple[ExtraKind, ...] = ()
    silence: tuple[Silence, ...] = ()
    severities: dict[str, str] = {}  # noqa: RUF012 - of warnings: code -> "error" | "warning" | "info" | "off"
    record: bool = True  # annotate workloads with what takes their injection back
    guard: Guard = "none"  # label: keep the in-cluster webhook away from what is injected
    images: ImageSettings = ImageSettings()
    action: Action = "inject"
    # Injection once per shape is left out: another way to the same bytes (KRM_INJECTOR_SHAPES=off).
    plainly: bool = False
    # check: selectors of Namespaces whose workloads must be injected, and must not be
    require: tuple[Object, ...] = ()
    forbid: tuple[Object, ...] = ()
    # check: what workloads may override; None: every override is told with its severity
    allow_overrides: tuple[AllowedOverride, ...] | None = None
    # Of the cluster's oldest kubelet; "": not stated.
    kubernetes_version: str = ""
    # Injection reads pods with the API server's defaults in them.
    defaults: bool = False


def settings(value: Any) -> Settings:
    """A functionConfig's Settings; None, and the empty ConfigMap that `kpt fn eval` sends, give the
    defaults.

    Raises Refused with one result per error, each with the field's path, its value and, if there is
    one, the nearest valid name.
    """
    if value is None:
        return Settings()

    from krm_injector.function_config import reading

    return reading.read(value)


def override(settings: Settings, **options: Any) -> Settings:
    """Settings with those options of the command line that were given (not None).

    Options: method, revision, on_missing_namespace, default_namespace, native_sidecars,
    kubernetes_version, platform, mesh_files, version, namespaces (which win over those of the same
    name).
    """
    changes = {name: value for name, value in options.items() if value is not None}
    mesh = settings.mesh
    if "mesh_files" in changes:
        mesh = mesh._replace(files=changes.pop("mesh_files"))
    if "version" in changes:
        mesh = mesh._replace(version=changes.pop("version"))
    if "namespaces" in changes:
        stated = changes.pop("namespaces")
        names = {stub.name for stub in stated}
        others = tuple(stub for stub in settings.namespaces if stub.name not in names)
        changes["namespaces"] = (*others, *stated)
    return settings._replace(mesh=mesh, **changes)


def with_mesh_documents(settings: Settings, documents: tuple[Object, ...]) -> Settings:
    """Settings after the caller has read settings.mesh.files: their documents count as the
    functionConfig's own.
    """
    return settings._replace(mesh=settings.mesh._replace(files=(), documents=documents))


def with_lock(settings: Settings, lock: dict[str, str]) -> Settings:
    """Settings after the caller has read settings.images.file; what stands inline wins over the
    file.
    """
    images = settings.images
    merged = {**lock, **(images.lock or {})}
    return settings._replace(images=images._replace(file="", lock=merged))


def refuse_mesh_file(file: str, reason: str) -> Refused:
    """The refusal of spec.mesh.file where the caller must not read files (`reason` completes the
    sentence).
    """
    message = (
        f"spec.mesh.file names {file}, but {reason}; put the ConfigMaps and webhooks into the "
        "bundle (with the annotation config.kubernetes.io/local-config) or into spec.mesh"
    )
    return Refused(
        Result("error", message, field="spec.mesh.file", current=file, code="mesh-file-not-allowed")
    )
