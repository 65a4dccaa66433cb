"""The control planes of a bundle: whose injection configuration, of what version, behind which
webhooks.

Each part is looked for in the functionConfig, then in the bundle, then in the embedded profile. The
parts are the injection configuration (ConfigMap istio-sidecar-injector[-REVISION]), the mesh
configuration (ConfigMap istio[-REVISION]) and the webhooks.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from krm_injector.discovery import config_checks, istiod, mesh_files
from krm_injector.discovery import webhooks as webhook_rules
from krm_injector.discovery.mesh_config_maps import ConfigText, Sourced, config_texts
from krm_injector.function_config import Settings
from krm_injector.istio_names import (
    MESH_CONFIG_MAP,
    REVISION_LABEL,
    SYSTEM_NAMESPACE,
    with_revision,
)
from krm_injector.kube.paths import at
from krm_injector.model import Mesh, Object, Result, Webhook
from krm_injector.versions import Rules, rules_for


class _Parts(NamedTuple):
    """What there is of all control planes, by revision."""

    injectors: dict[str, ConfigText]
    mesh_configs: dict[str, ConfigText]
    webhooks: dict[str, list[Webhook]]
    proxy_configs: list[Object]  # of all revisions


def find_control_planes(
    objects: list[Sourced], settings: Settings
) -> tuple[tuple[Mesh, ...], list[Result]]:
    """One Mesh per control plane, "default" first; revisions are unique.

    Results: which mesh is used (info), what is doubtful about it (warning), what is wrong (error).
    """
    results: list[Result] = []
    parts = _collect(objects, settings, results)
    profile_webhooks: list[Webhook] = []
    if not parts.injectors:
        profile_webhooks = _use_profile(parts, settings, results)

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
            meshes.append(_mesh(injector, parts, webhooks, settings, results))

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


# ---------------------------------------------------------------- collecting the parts


def _collect(objects: list[Sourced], settings: Settings, results: list[Result]) -> _Parts:
    stated = settings.mesh
    documents = (*stated.documents, *stated.webhooks)
    own = [Sourced(document, "functionConfig") for document in documents]
    results += _without_injector(stated.webhooks)

    injectors, mesh_configs = config_texts(own, results)
    revision = settings.revision or "default"
    if stated.config is not None:
        values = stated.values or "{}"
        injectors[revision] = ConfigText(
            revision, stated.config, values, {}, None, "functionConfig"
        )
    if stated.mesh_config is not None:
        mesh_configs[revision] = ConfigText(
            revision, stated.mesh_config, "", {}, None, "functionConfig"
        )

    # What is wrong with the bundle's ConfigMaps matters where one of them is used.
    bundle_is_used = not (injectors and mesh_configs)
    bundle_results: list[Result] = []
    bundle_injectors, bundle_mesh_configs = config_texts(objects, bundle_results)
    if bundle_is_used:
        results += bundle_results

    webhooks = _webhooks(own, results) or _webhooks(objects, results)
    return _Parts(
        injectors or bundle_injectors,
        mesh_configs or bundle_mesh_configs,
        webhooks,
        [value for value, _ in (*own, *objects) if _is_proxy_config(value)],
    )


def _without_injector(configurations: Iterable[Object]) -> list[Result]:
    """Errors where an entry of spec.mesh.webhooks does not lead to an injector of Istio's."""
    results = []
    for index, value in enumerate(configurations):
        if mesh_files.is_mesh_object(value):
            continue

        field = f"spec.mesh.webhooks[{index}]"
        message = (
            f"{field} of the functionConfig, {mesh_files.ref_of(value)}, holds no webhook of "
            "Istio's injector for new pods; leave it out, or put in what the control plane has "
            "installed"
        )
        results.append(Result("error", message, field=field, code="mesh-missing"))

    return results


def _webhooks(objects: list[Sourced], results: list[Result]) -> dict[str, list[Webhook]]:
    """Istio's webhooks by revision, in the order in which the API server calls them: by the name of
    their configuration.
    """
    configurations = [
        value for value, _ in objects if value.get("kind") == "MutatingWebhookConfiguration"
    ]
    configurations.sort(key=lambda configuration: str(at(configuration, ("metadata", "name"))))

    by_revision: dict[str, list[Webhook]] = {}
    by_id: dict[str, Webhook] = {}
    for configuration in configurations:
        webhooks, problems = webhook_rules.read(configuration)
        results += problems
        for webhook in webhooks:
            first = by_id.setdefault(webhook.id, webhook)
            if first is webhook:
                by_revision.setdefault(webhook.revision, []).append(webhook)
            elif first != webhook:
                message = f"webhook {webhook.id} is there twice, and the two differ; keep one"
                ref = mesh_files.ref_of(configuration)
                results.append(Result("error", message, ref, "webhooks", code="mesh-ambiguous"))

    return by_revision


def _is_proxy_config(value: Object) -> bool:
    if value.get("kind") != "ProxyConfig":
        return False
    return str(value.get("apiVersion")).startswith("networking.istio.io/")


def _use_profile(parts: _Parts, settings: Settings, results: list[Result]) -> list[Webhook]:
    """Takes the embedded profile as the injection configuration of every revision that needs one,
    and returns the profile's webhooks.
    """
    # Late: a bundle with a mesh of its own does not pay for it.
    from krm_injector.discovery import profile

    embedded = profile.load()
    revisions = {*parts.webhooks, *parts.mesh_configs} or {settings.revision or "default"}
    has_mesh_config = bool(parts.mesh_configs)
    for revision in sorted(revisions):
        parts.injectors[revision] = ConfigText(
            revision, embedded.config, embedded.values, {}, None, "profile"
        )
        parts.mesh_configs.setdefault(
            revision, ConfigText(revision, embedded.mesh, "", {}, None, "profile")
        )

    if parts.webhooks or has_mesh_config:
        message = (
            "there is no injection configuration (ConfigMap istio-sidecar-injector): the embedded "
            "profile's is used with the mesh configuration and webhooks given; add the ConfigMap "
            "of your control plane"
        )
        results.append(Result("warning", message, code="mesh-incomplete"))

    webhooks: list[Webhook] = []
    for document in embedded.webhooks:
        webhooks += webhook_rules.read(document)[0]

    return webhooks


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


def _mesh(
    injector: ConfigText,
    parts: _Parts,
    webhooks: list[Webhook] | None,
    settings: Settings,
    results: list[Result],
) -> Mesh:
    """A control plane with its configuration. ``webhooks``: None where nobody states any."""
    revision = injector.revision
    automatic = settings.method == "automatic"
    mesh_text = parts.mesh_configs.get(revision) or _default_mesh_config(injector, results)

    config = _injection_config(injector, automatic, results)
    values = config_checks.parse_mapping(injector, injector.values, "data.values", results)
    mesh_config = config_checks.parse_mapping(mesh_text, mesh_text.text, "data.mesh", results)
    results += config_checks.no_mesh_config(mesh_config, mesh_text)

    labels = {**mesh_text.labels, **injector.labels}
    version = istiod.recognise(settings, labels, values, config, injector.place, injector.ref)
    results += version.results
    rules = rules_for(version.minor)
    rules = rules._replace(test_mesh=istiod.test_mesh(mesh_config, rules.test_mesh))

    if webhooks is None:
        namespace = injector.ref.namespace if injector.ref else ""
        called = webhook_rules.assumed(revision, rules, values, namespace or SYSTEM_NAMESPACE)
    else:
        called = _effective_webhooks(webhooks, rules, results)

    mesh = Mesh(
        revision=revision,
        version=version.text,
        rules=rules,
        source=injector.source,
        config=config,
        values=injector.values,
        mesh_config=mesh_text.text,
        webhooks=called,
        assumed_webhooks=webhooks is None,
        root_namespace=str(mesh_config.get("rootNamespace") or SYSTEM_NAMESPACE),
        native_sidecars=istiod.native_sidecars(settings, values, rules.native_default),
        platform=istiod.platform(settings, values, automatic),
        control_plane_env=settings.control_plane_env,
        proxy_configs=tuple(p for p in parts.proxy_configs if _is_in_revision(p, revision)),
    )
    results.append(_mesh_used(mesh, injector, mesh_text, version.evidence, automatic))
    return mesh


def _injection_config(injector: ConfigText, automatic: bool, results: list[Result]) -> Object:
    config = config_checks.parse_mapping(injector, injector.text, "data.config", results)
    if config_checks.is_injection_config(config):
        results += config_checks.config_problems(config, injector, automatic)
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
    return ConfigText(injector.revision, "", "", {}, None, injector.source)


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
