"""The control planes of a bundle: their injection configuration, version and webhooks.

mesh_parts collects their parts. Here each is assembled.
"""

from __future__ import annotations

from krm_injector.discovery import config_checks, injection_config, istiod
from krm_injector.discovery import webhooks as webhook_rules
from krm_injector.discovery.mesh_config_maps import ConfigText, Sourced
from krm_injector.discovery.mesh_parts import (
    MeshParts,
    add_profile,
    collect_parts,
    only_to_install,
)
from krm_injector.function_config import Settings
from krm_injector.istio_names import (
    MESH_CONFIG_MAP,
    REVISION_LABEL,
    SYSTEM_NAMESPACE,
    with_revision,
)
from krm_injector.kube.paths import at
from krm_injector.model import Mesh, Object, Result, Webhook
from krm_injector.versions import Rules, patch_of, rules_for

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# By all that a control plane is assembled of; see cli/warm.py.
kept: dict[Any, tuple[Mesh, list[Result]]] | None = None


def find_control_planes(
    objects: list[Sourced], settings: Settings
) -> tuple[tuple[Mesh, ...], list[Result]]:
    """One Mesh per control plane, "default" first; revisions are unique.

    Results: which mesh is used (info), what is doubtful about it (warning), what is wrong (error).
    """
    results: list[Result] = []
    parts = collect_parts(objects, settings, results)
    profile_webhooks: list[Webhook] = []
    if not parts.injectors:
        profile_webhooks, settings = add_profile(parts, settings, results)
        results += only_to_install(objects)

    meshes = []
    revisions = {*parts.injectors, *parts.webhooks}
    for revision in sorted(revisions, key=lambda name: (name != "default", name)):
        webhooks = parts.webhooks.get(revision)
        if webhooks is None and profile_webhooks and revision == "default":
            webhooks = profile_webhooks

        injector = parts.injectors.get(revision)
        if injector is None:
            meshes.append(_webhooks_only(revision, webhooks or [], settings, results))
        else:
            meshes.append(_known_mesh(injector, parts, webhooks, settings, results))

    results += _no_such_revision(meshes, settings)
    return tuple(meshes), results


def _no_such_revision(meshes: list[Mesh], settings: Settings) -> list[Result]:
    """An error where no control plane has the stated revision.

    "default" may be stated for the default. For kube-inject, decision reports it per workload.
    """
    if settings.method == "manual":
        return []

    stated = settings.revision
    revisions = [mesh.revision for mesh in meshes if mesh.source != "missing"]
    if stated in ("", "default", *revisions):
        return []

    message = (
        f"there is no control plane of revision {stated} (spec.revision, --revision); known are: "
        f"{', '.join(revisions) or 'none'}. State one of them, leave it out, or add the mesh of "
        f"{stated}"
    )
    return [
        Result(
            "error", message, field="spec.revision", current=stated, code="control-plane-missing"
        )
    ]


# ---------------------------------------------------------------- one control plane


def _webhooks_only(
    revision: str, webhooks: list[Webhook], settings: Settings, results: list[Result]
) -> Mesh:
    """A control plane whose configuration is missing; decision refuses the workloads that it would
    inject.
    """
    rules = rules_for(None)
    return Mesh(
        revision=revision,
        version="",
        rules=rules,
        source="missing",
        config={},
        values="",
        mesh_config="",
        webhooks=_effective_webhooks(webhooks, rules, results),
        assumed_webhooks=False,
        root_namespace="",
        native_sidecars=False,
        platform=settings.platform or "",
        control_plane_env=settings.control_plane_env,
        proxy_configs=(),
    )


def _known_mesh(
    injector: ConfigText,
    parts: MeshParts,
    webhooks: list[Webhook] | None,
    settings: Settings,
    results: list[Result],
) -> Mesh:
    """As _mesh. An equal control plane of an earlier run is the same object."""
    if kept is None:
        return _mesh(injector, parts, webhooks, settings, results)

    of_mesh = parts.mesh_configs.get(injector.revision)
    own = settings._replace(mesh=settings.mesh._replace(documents=(), files=()))
    texts = [(*text[:3], repr(text[3:])) for text in (injector, of_mesh) if text is not None]
    key = (*texts, repr((webhooks, parts.proxy_configs)), repr(own))
    found = kept.get(key)
    if found is None:
        own_results: list[Result] = []
        mesh = _mesh(injector, parts, webhooks, settings, own_results)
        found = kept[key] = mesh, own_results

    results += found[1]
    return found[0]


def _mesh(
    injector: ConfigText,
    parts: MeshParts,
    webhooks: list[Webhook] | None,
    settings: Settings,
    results: list[Result],
) -> Mesh:
    """A control plane with its configuration. ``webhooks``: None if nobody states any."""
    revision = injector.revision
    automatic = settings.method == "automatic"
    mesh_text = parts.mesh_configs.get(revision) or _default_mesh_config(injector, results)

    config = _injection_config(injector, automatic, results)
    values_text = injector.values or "{}"
    values = config_checks.parse_mapping(injector, values_text, "data.values", results)
    mesh_config = config_checks.parse_mapping(mesh_text, mesh_text.text, "data.mesh", results)
    results += config_checks.no_mesh_config(mesh_config, mesh_text)

    labels = {**mesh_text.labels, **injector.labels}
    version = istiod.recognise(settings, labels, values, config, injector.place, injector.ref)
    results += version.results
    rules = rules_for(version.minor, patch_of(version.text))
    rules = rules._replace(test_mesh=istiod.test_mesh(mesh_config, rules.test_mesh))
    results += config_checks.no_values(injector, rules)

    if webhooks is None:
        namespace = injector.ref.namespace if injector.ref else ""
        called = webhook_rules.assumed(revision, rules, values, namespace or SYSTEM_NAMESPACE)
    else:
        called = _effective_webhooks(webhooks, rules, results)

    native = istiod.native_sidecars(settings, values, rules.native_default)
    mesh = Mesh(
        revision=revision,
        version=version.text,
        rules=rules,
        source=injector.source,
        config=config,
        values=values_text,
        mesh_config=mesh_text.text,
        webhooks=called,
        assumed_webhooks=webhooks is None,
        root_namespace=str(mesh_config.get("rootNamespace") or SYSTEM_NAMESPACE),
        native_sidecars=native.on,
        platform=istiod.platform(settings, values, automatic),
        control_plane_env=istiod.environment(settings, values, injector.text, automatic),
        proxy_configs=tuple(p for p in parts.proxy_configs if _is_in_revision(p, revision)),
        native_assumed=native.assumed,
        place=injector.place,
        ref=injector.ref,
    )
    if automatic:
        results += _held_elsewhere(mesh, injector, values)
    results.append(_mesh_used(mesh, injector, mesh_text, version.evidence, automatic))
    return mesh


def _injection_config(injector: ConfigText, automatic: bool, results: list[Result]) -> Object:
    # A number is text there, and 1e6 is 1e+06 as text.
    config = config_checks.parse_mapping(injector, injector.text, "data.config", results, "yaml")
    if config_checks.is_injection_config(config):
        config, mistyped = injection_config.decode(config)
        results += config_checks.config_problems(config, mistyped, injector, automatic)
    elif not any(result.code == "mesh-not-yaml" for result in results):
        results.append(config_checks.no_injection_config(injector))

    return config


def _default_mesh_config(injector: ConfigText, results: list[Result]) -> ConfigText:
    """The empty mesh configuration in place of one that is missing, with a warning."""
    name = with_revision(MESH_CONFIG_MAP, injector.revision)
    message = (
        f"{injector.place} has no mesh configuration beside it (ConfigMap {name}); Istio's "
        "defaults are used"
    )
    results.append(Result("warning", message, injector.ref, code="mesh-incomplete"))
    return ConfigText(injector.revision, "", None, {}, None, injector.source)


def _effective_webhooks(
    webhooks: list[Webhook], rules: Rules, results: list[Result]
) -> tuple[Webhook, ...]:
    """The webhooks without those that change nothing: they call istiod on a path that it does not
    serve, and their failurePolicy lets pods pass.
    """
    effective = []
    for webhook in webhooks:
        if webhook_rules.is_served(webhook.path, rules) or not webhook.ignores_failure:
            effective.append(webhook)
            continue

        message = (
            f"webhook {webhook.id} asks istiod for {webhook.path}, which it does not serve (404), "
            "and by its failurePolicy Ignore pods pass it as they are; the path is "
            f"{webhook_rules.INJECT_PATH} or below it"
        )
        results.append(Result("warning", message, current=webhook.path, code="webhook-path"))

    return tuple(effective)


def _held_elsewhere(mesh: Mesh, injector: ConfigText, values: Object) -> list[Result]:
    """Warnings where the values say that a part of the installation is not among its manifests.

    Sources: istio-discovery/templates/mutatingwebhook.yaml (operatorManageWebhooks; resourceScope,
    1.28+), pilot/pkg/bootstrap/mesh.go getConfigurationSources (SHARED_MESH_CONFIG, 1.10+).
    """
    absent = ""
    if mesh.assumed_webhooks and at(values, ("global", "operatorManageWebhooks")) is True:
        absent = "values.global.operatorManageWebhooks: true"
    elif mesh.assumed_webhooks and at(values, ("global", "resourceScope")) == "namespace":
        absent = "values.global.resourceScope: namespace"

    results = []
    if absent:
        message = (
            f"{injector.place} is of an installation whose webhooks somebody else makes ({absent});"
            " those of a default installation are assumed. Add the cluster's own: kubectl get "
            "mutatingwebhookconfiguration -o yaml"
        )
        results.append(Result("warning", message, injector.ref, code="mesh-incomplete"))

    shared = at(values, ("pilot", "env", "SHARED_MESH_CONFIG"))
    if shared and isinstance(shared, str):
        message = (
            f"the istiod of {injector.place} reads ConfigMap {shared} too "
            "(values.pilot.env.SHARED_MESH_CONFIG), which is not merged here; where it says more, "
            "write the whole mesh configuration into spec.mesh.meshConfig of the functionConfig"
        )
        results.append(Result("warning", message, injector.ref, code="mesh-incomplete"))

    return results


def _is_in_revision(proxy_config: Object, revision: str) -> bool:
    """Whether istiod reads a ProxyConfig: it names istiod's own revision or none (pkg/config
    ObjectInRevision).
    """
    label = at(proxy_config, ("metadata", "labels", REVISION_LABEL))
    return label is None or bool(label == revision)


def _mesh_used(
    mesh: Mesh, injector: ConfigText, mesh_text: ConfigText, evidence: str, automatic: bool
) -> Result:
    """Information about the control plane: where it is described, its version, its webhooks."""
    version = f"Istio {mesh.version} by {evidence}" if mesh.version else "of unknown version"
    places = " and ".join(dict.fromkeys((injector.place, mesh_text.place)))
    if mesh.source != "profile":
        places += f" ({mesh.source})"

    message = f"control plane {mesh.revision}: {places}, {version}"
    if automatic and mesh.assumed_webhooks:
        ids = ", ".join(webhook.id for webhook in mesh.webhooks)
        message += (
            "; no webhook configuration is given, those of a default installation are assumed: "
            f"{ids}"
        )
    elif automatic:
        names = ", ".join(dict.fromkeys(webhook.configuration for webhook in mesh.webhooks))
        message += f"; webhooks of {names}"

    return Result("info", message, injector.ref, code="mesh")
