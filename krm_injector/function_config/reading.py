"""A functionConfig -> Settings, if it is valid; a refusal with every error if it is not.

Imported only if there is a functionConfig.
"""

from __future__ import annotations

from krm_injector.function_config import (
    ACTIONS,
    KIND,
    AllowedOverride,
    ExtraKind,
    ImageSettings,
    MeshSettings,
    Settings,
    Silence,
    Stub,
    schema,
)
from krm_injector.model import Object, Refused, ResourceRef, Result

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

KINDS = [*ACTIONS, "ConfigMap"]


def read(value: Any) -> Settings:
    """The Settings of a functionConfig. Raises Refused with one result per error."""
    kind: Any = value.get("kind") if isinstance(value, dict) else None
    form = schema.of_kind(kind if kind in KINDS else KIND)
    if not schema.valid(value, form):
        from krm_injector.function_config.report import Subject, report

        raise Refused(*report(value, form, KINDS, Subject(ref=_reference(value))))

    settings = _settings(value, kind)
    problems = _contradictions(settings, _reference(value))
    problems += _problems_of_workloads(value, kind)
    if problems:
        raise Refused(*problems)

    return settings


def _reference(value: Any) -> ResourceRef | None:
    """The functionConfig as a resource, if it says enough."""
    if not isinstance(value, dict):
        return None

    metadata = value.get("metadata")
    if not isinstance(metadata, dict):
        metadata = {}

    fields = [
        value.get("apiVersion"),
        value.get("kind"),
        metadata.get("name"),
        metadata.get("namespace"),
    ]
    texts = [field if isinstance(field, str) else "" for field in fields]
    api_version, kind, name, namespace = texts
    return ResourceRef(api_version, kind, name, namespace) if kind else None


# ---------------------------------------------------------------- what is valid


def _settings(value: Object, kind: str) -> Settings:
    if kind == "ConfigMap":
        return _from_config_map(value)

    spec = value.get("spec") or {}
    if kind == "InjectionCheck":
        return _from_check(spec)
    return _from_spec(spec)._replace(action=ACTIONS[kind])


def _from_config_map(value: Object) -> Settings:
    data: dict[str, Any] = value.get("data") or {}
    native = data.get("nativeSidecars")
    return Settings(
        action=data.get("action", "inject"),
        method=data.get("method", "automatic"),
        revision=data.get("revision", ""),
        on_missing_namespace=data.get("onMissingNamespace", "error"),
        default_namespace=data.get("defaultNamespace", ""),
        native_sidecars=None if native is None else native == "true",
        kubernetes_version=data.get("kubernetesVersion", ""),
        platform=data.get("platform"),
        record=data.get("record") != "false",
        guard=data.get("guard", "none"),
        defaults=data.get("defaults") == "true",
    )


def _from_spec(spec: Object) -> Settings:
    cluster = spec.get("cluster", {})
    return Settings(
        method=spec.get("method", "automatic"),
        revision=spec.get("revision", ""),
        on_missing_namespace=spec.get("onMissingNamespace", "error"),
        namespaces=tuple(map(_namespace, spec.get("namespaces", ()))),
        default_namespace=spec.get("defaultNamespace", ""),
        native_sidecars=cluster.get("nativeSidecars"),
        kubernetes_version=cluster.get("kubernetesVersion", ""),
        defaults=cluster.get("defaults", False),
        platform=cluster.get("platform"),
        control_plane_env=cluster.get("controlPlaneEnv", {}),
        mesh=_mesh(spec.get("mesh", {})),
        record=spec.get("record", True),
        images=_images(spec.get("images", {})),
        guard=spec.get("guard", "none"),
        silence=tuple(Silence(**silence) for silence in spec.get("silence", ())),
        severities=spec.get("severities", {}),
        workloads=_workloads(spec.get("workloads", ())),
    )


def _from_check(spec: Object) -> Settings:
    """An InjectionCheck: spec.injection is what a SidecarInjection says, the rest is the policy."""
    settings = _from_spec(spec.get("injection") or {})
    silence = [Silence(**silence) for silence in spec.get("silence", ())]
    allowed = spec.get("allowOverrides")
    return settings._replace(
        action="check",
        allow_overrides=None if allowed is None else tuple(map(_allowed_override, allowed)),
        require=tuple(spec.get("require", ())),
        forbid=tuple(spec.get("forbid", ())),
        silence=(*settings.silence, *silence),
        severities={**settings.severities, **spec.get("severities", {})},
    )


def _allowed_override(entry: Object) -> AllowedOverride:
    lists = {field: tuple(entry.get(field, ())) for field in ("codes", "values")}
    return AllowedOverride(**{**entry, **lists})


def _namespace(stub: Object) -> Stub:
    return Stub(stub["name"], stub.get("labels") or {}, stub.get("annotations") or {})


def _mesh(mesh: Object) -> MeshSettings:
    injector = mesh.get("injector", {})
    files = mesh.get("file", ())
    return MeshSettings(
        config=injector.get("config"),
        values=injector.get("values"),
        mesh_config=mesh.get("meshConfig"),
        webhooks=tuple(mesh.get("webhooks", ())),
        files=(files,) if isinstance(files, str) else tuple(files),
        version=mesh.get("version", ""),
    )


def _images(images: Object) -> ImageSettings:
    registries = tuple(images.get("allowedRegistries", ()))
    return ImageSettings(images.get("lock"), images.get("file", ""), registries)


def _workloads(entries: list[Object]) -> tuple[ExtraKind, ...]:
    """The paths of spec.workloads that can be read; extra_kinds.problems has what is wrong with the
    others.
    """
    if not entries:
        return ()

    from krm_injector.function_config import extra_kinds  # few configurations name more kinds

    return extra_kinds.read(entries)


# ---------------------------------------------------------------- what a schema cannot say


def _contradictions(settings: Settings, ref: ResourceRef | None) -> list[Result]:
    """Two stubs of one Namespace that disagree, a guard that nobody could take for ours, a mesh
    given twice.
    """
    results = _differing_stubs(settings.namespaces, ref)
    if settings.guard != "none" and not settings.record:
        message = (
            "spec.guard stands beside record: false, but without the record nobody could tell the "
            "guard from a label of the user's; leave the record on, or the guard off"
        )
        results.append(_error(message, ref, "spec.guard", settings.guard, "none"))

    mesh = settings.mesh
    in_place = mesh.config is not None or mesh.mesh_config is not None or mesh.webhooks
    if mesh.files and in_place:
        message = (
            "spec.mesh.file stands beside injector, meshConfig or webhooks; give the mesh by file "
            "or in place"
        )
        results.append(_error(message, ref, "spec.mesh.file", ", ".join(mesh.files)))

    return results


def _differing_stubs(stubs: tuple[Stub, ...], ref: ResourceRef | None) -> list[Result]:
    results = []
    firsts: dict[str, Stub] = {}
    for index, stub in enumerate(stubs):
        if firsts.setdefault(stub.name, stub) == stub:
            continue

        field = f"spec.namespaces[{index}]"
        message = (
            f"{field} describes Namespace {stub.name} a second time, differently; keep one of the "
            "two"
        )
        results.append(_error(message, ref, field, stub.name))

    return results


def _problems_of_workloads(value: Object, kind: str) -> list[Result]:
    """What is wrong with the kinds and paths that spec.workloads (of a check:
    spec.injection.workloads) names.
    """
    if kind == "ConfigMap":
        return []

    spec, field = value.get("spec") or {}, "spec.workloads"
    if kind == "InjectionCheck":
        spec, field = spec.get("injection") or {}, "spec.injection.workloads"
    if not spec.get("workloads"):
        return []

    from krm_injector.function_config import extra_kinds

    return extra_kinds.problems(spec["workloads"], field, _reference(value))


def _error(
    message: str, ref: ResourceRef | None, field: str, current: Any, proposed: Any = None
) -> Result:
    return Result("error", message, ref, field, current, proposed, code="function-config")
