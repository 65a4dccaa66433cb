"""functionConfig -> Settings.

The JSON Schema beside this file says what is valid. Good configurations pass a small check of ours
that reads the same schema; only when that finds something odd is report.py imported, to report
every error at once.
"""

from __future__ import annotations

import json
import os.path
import re
from typing import Any, NamedTuple

from krm_injector.model import Object, Refused, ResourceRef, Result

KIND = "SidecarInjection"
# What the function does, by the kind of its functionConfig; a ConfigMap says it in data.action.
ACTIONS = {
    KIND: "inject",
    "SidecarEjection": "eject",
    "SidecarVerification": "verify",
    "InjectionCheck": "check",
}
API_VERSION = "krm-injector.dev/v1alpha1"
SCHEMA_FILE = os.path.join(os.path.dirname(__file__), "schema.json")


class Stub(NamedTuple):
    """What the functionConfig says of a Namespace that lives elsewhere."""

    name: str
    labels: dict[str, str]
    annotations: dict[str, str]


class ExtraKind(NamedTuple):
    """One path of one kind; a kind with several pod templates has several."""

    api_version: str
    kind: str
    template: tuple[
        str, ...
    ]  # path to the pod template, as ("spec", "template"); steps of kube.workloads.parse_path
    entry: int = 0  # of spec.workloads
    # False: the functionConfig names the kind only, and the path is that of kube.operators
    named: bool = True


class Silence(NamedTuple):
    """Warnings that nobody wants to hear: a code, and where it says so the resources that it is
    about.
    """

    code: str  # "*" for all
    kind: str = ""
    namespace: str = ""
    name: str = ""


class MeshSettings(NamedTuple):
    """What the functionConfig gives of the mesh; None: look elsewhere."""

    config: str | None = None  # data.config of istio-sidecar-injector
    values: str | None = None  # data.values of it
    mesh_config: str | None = None  # data.mesh of istio
    webhooks: tuple[Object, ...] = ()  # MutatingWebhookConfigurations
    files: tuple[
        str, ...
    ] = ()  # paths the caller has to read (see with_mesh_documents), or to refuse
    version: str = ""  # stated version, wins over what the configuration tells
    documents: tuple[Object, ...] = ()  # the files' documents


class ImageSettings(NamedTuple):
    """What is asked of the images that injection brings."""

    lock: dict[str, str] | None = None  # image -> digest; None: images stay as the mesh names them
    file: str = ""  # of a lock, which the caller has to read (see with_lock)
    registries: tuple[str, ...] = ()  # where they may come from; () for anywhere


class Settings(NamedTuple):
    method: str = "automatic"  # "automatic" | "manual"
    revision: str = ""  # "" where nobody says: "default", or the only control plane there is
    on_missing_namespace: str = "error"  # "error" | "warn" | "ignore"
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
    guard: str = "none"  # "none" | "label": keep the in-cluster webhook away from what is injected
    images: ImageSettings = ImageSettings()
    action: str = "inject"  # "inject" | "eject" | "verify" | "check"
    require: tuple[
        Object, ...
    ] = ()  # check: selectors of Namespaces whose workloads must be injected
    forbid: tuple[Object, ...] = ()  # check: of those whose workloads must not be


def settings(value: Any) -> Settings:
    """A functionConfig's Settings; None, and the empty ConfigMap that `kpt fn eval` sends, give the
    defaults.

    Raises Refused with one result per error, each with the field's path, its value and, where there
    is one, the nearest valid name.
    """
    if value is None:
        return Settings()

    schema = _schema()
    kind = _kind(value)
    known = kind in ("ConfigMap", *ACTIONS) and kind in schema["$defs"]
    form = _resolved(schema["$defs"][kind if known else KIND], schema)
    if not valid(value, form):
        from krm_injector.function_config.report import report

        raise Refused(*report(value, form, [*ACTIONS, "ConfigMap"], _ref(value)))

    if kind == "ConfigMap":
        read = _from_config_map(value)
    elif kind == "InjectionCheck":
        read = _from_check(value.get("spec") or {})
    else:
        read = _from_spec(value.get("spec") or {})._replace(action=ACTIONS[kind])

    problems = [*_contradictions(read, _ref(value)), *_of_workloads(value)]
    if problems:
        raise Refused(*problems)

    return read


def override(settings: Settings, **flags: Any) -> Settings:
    """Settings with those flags of the command line that were given (not None).

    Flags: method, revision, on_missing_namespace, default_namespace, native_sidecars, platform,
    mesh_files, version.
    """
    given = {name: value for name, value in flags.items() if value is not None}
    mesh = settings.mesh
    if "mesh_files" in given:
        mesh = mesh._replace(files=given.pop("mesh_files"))
    if "version" in given:
        mesh = mesh._replace(version=given.pop("version"))
    return settings._replace(mesh=mesh, **given)


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
    return settings._replace(images=images._replace(file="", lock={**lock, **(images.lock or {})}))


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


# ---------------------------------------------------------------- the cheap check


_TYPES: dict[str, type | tuple[type, ...]] = {
    "object": dict,
    "array": list,
    "string": str,
    "boolean": bool,
    "null": type(None),
}


def valid(value: Any, schema: Object) -> bool:
    """Whether the value keeps to the schema; knows those keywords of JSON Schema that our schema
    uses.
    """
    types = schema.get("type", ())
    if types and not any(
        isinstance(value, _TYPES[t]) for t in ((types,) if isinstance(types, str) else types)
    ):
        return False
    if isinstance(value, dict):
        return _valid_object(value, schema)

    if isinstance(value, list):
        items = schema.get("items")
        return len(value) >= schema.get("minItems", 0) and (
            items is None or all(valid(item, items) for item in value)
        )

    if isinstance(value, str):
        if "enum" in schema and value not in schema["enum"]:
            return False
        if "pattern" in schema and not re.search(schema["pattern"], value):
            return False
        return len(value) >= int(schema.get("minLength", 0))

    return True


def _valid_object(value: Object, schema: Object) -> bool:
    known = schema.get("properties", {})
    others = schema.get("additionalProperties", True)
    for name, field in value.items():
        if name in known:
            if not valid(field, known[name]):
                return False
        elif others is False or (isinstance(others, dict) and not valid(field, others)):
            return False

    return all(name in value for name in schema.get("required", ()))


def _schema() -> Object:
    with open(SCHEMA_FILE, encoding="utf-8") as file:
        return json.load(file)  # type: ignore[no-any-return]


def _resolved(form: Any, schema: Object) -> Any:
    """The form with what its "$ref"s name in their places, so that no reader of it has to look them
    up.
    """
    if isinstance(form, list):
        return [_resolved(part, schema) for part in form]
    if not isinstance(form, dict):
        return form
    if "$ref" not in form:
        return {key: _resolved(part, schema) for key, part in form.items()}

    found: Any = schema
    for step in form["$ref"].removeprefix("#/").split("/"):
        found = found[step]

    return found


def _kind(value: Any) -> Any:
    return value.get("kind") if isinstance(value, dict) else None


def _ref(value: Any) -> ResourceRef | None:
    """The functionConfig as a resource, where it says enough."""
    if not isinstance(value, dict):
        return None

    metadata = value.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    parts = [
        value.get("apiVersion"),
        value.get("kind"),
        metadata.get("name"),
        metadata.get("namespace"),
    ]
    api_version, kind, name, namespace = (part if isinstance(part, str) else "" for part in parts)
    return ResourceRef(api_version, kind, name, namespace) if kind else None


# ---------------------------------------------------------------- reading what is valid


def _from_config_map(value: Object) -> Settings:
    data: dict[str, str] = value.get("data") or {}
    native = data.get("nativeSidecars")
    return Settings(
        action=data.get("action", "inject"),
        method=data.get("method", "automatic"),
        revision=data.get("revision", ""),
        on_missing_namespace=data.get("onMissingNamespace", "error"),
        default_namespace=data.get("defaultNamespace", ""),
        native_sidecars=None if native is None else native == "true",
        platform=data.get("platform"),
        record=data.get("record") != "false",
        guard=data.get("guard", "none"),
    )


def _from_spec(spec: Object) -> Settings:
    cluster = spec.get("cluster", {})
    return Settings(
        method=spec.get("method", "automatic"),
        revision=spec.get("revision", ""),
        on_missing_namespace=spec.get("onMissingNamespace", "error"),
        namespaces=tuple(
            Stub(stub["name"], stub.get("labels") or {}, stub.get("annotations") or {})
            for stub in spec.get("namespaces", ())
        ),
        default_namespace=spec.get("defaultNamespace", ""),
        native_sidecars=cluster.get("nativeSidecars"),
        platform=cluster.get("platform"),
        control_plane_env=cluster.get("controlPlaneEnv", {}),
        mesh=_mesh_from(spec.get("mesh", {})),
        record=spec.get("record", True),
        images=_images_from(spec.get("images", {})),
        guard=spec.get("guard", "none"),
        silence=tuple(Silence(**silence) for silence in spec.get("silence", ())),
        severities=spec.get("severities", {}),
        workloads=_workloads_from(spec.get("workloads", ())),
    )


def _workloads_from(entries: list[Object]) -> tuple[ExtraKind, ...]:
    """The paths of spec.workloads that can be read; what is wrong with the others is told by
    extra_kinds.problems.
    """
    if not entries:
        return ()
    from krm_injector.function_config import extra_kinds  # few configurations name more kinds

    return extra_kinds.read(entries)


def _images_from(images: Object) -> ImageSettings:
    return ImageSettings(
        images.get("lock"), images.get("file", ""), tuple(images.get("allowedRegistries", ()))
    )


def _from_check(spec: Object) -> Settings:
    """An InjectionCheck: spec.injection is what a SidecarInjection says, the rest is the policy."""
    read = _from_spec(spec.get("injection") or {})
    return read._replace(
        action="check",
        require=tuple(spec.get("require", ())),
        forbid=tuple(spec.get("forbid", ())),
        silence=(*read.silence, *(Silence(**silence) for silence in spec.get("silence", ()))),
        severities={**read.severities, **spec.get("severities", {})},
    )


def _mesh_from(mesh: Object) -> MeshSettings:
    injector, files = mesh.get("injector", {}), mesh.get("file", ())
    return MeshSettings(
        config=injector.get("config"),
        values=injector.get("values"),
        mesh_config=mesh.get("meshConfig"),
        webhooks=tuple(mesh.get("webhooks", ())),
        files=(files,) if isinstance(files, str) else tuple(files),
        version=mesh.get("version", ""),
    )


def _of_workloads(value: Object) -> list[Result]:
    """What is wrong with the kinds and paths that spec.workloads (of a check:
    spec.injection.workloads) names.
    """
    spec = value.get("spec") or {}
    field = "spec.workloads"
    if _kind(value) == "InjectionCheck":
        spec, field = spec.get("injection") or {}, "spec.injection.workloads"
    if _kind(value) == "ConfigMap" or not spec.get("workloads"):
        return []

    from krm_injector.function_config import extra_kinds

    return extra_kinds.problems(spec["workloads"], field, _ref(value))


def _contradictions(read: Settings, ref: ResourceRef | None) -> list[Result]:
    """What a schema cannot say: two stubs of one Namespace that disagree, a mesh given twice."""
    results = []
    seen: dict[str, Stub] = {}
    for index, stub in enumerate(read.namespaces):
        first = seen.setdefault(stub.name, stub)
        if first != stub:
            field = f"spec.namespaces[{index}]"
            message = f"{field} describes Namespace {stub.name} a second time, differently; keep one of the two"
            results.append(Result("error", message, ref, field, stub.name, code="function-config"))

    if read.guard != "none" and not read.record:
        message = (
            "spec.guard stands beside record: false, but without the record nobody could tell the "
            "guard from a label of the user's; leave the record on, or the guard off"
        )
        results.append(
            Result("error", message, ref, "spec.guard", read.guard, "none", code="function-config")
        )

    mesh = read.mesh
    if mesh.files and (mesh.config is not None or mesh.mesh_config is not None or mesh.webhooks):
        message = "spec.mesh.file stands beside injector, meshConfig or webhooks; give the mesh by file or in place"
        results.append(
            Result(
                "error",
                message,
                ref,
                "spec.mesh.file",
                ", ".join(mesh.files),
                code="function-config",
            )
        )

    return results
