"""Objects + Settings -> the parts of all control planes, by revision.

Each part is looked for in the functionConfig, then in the bundle, then in the embedded profile. The
parts are the injection configuration (ConfigMap istio-sidecar-injector[-REVISION]), the mesh
configuration (ConfigMap istio[-REVISION]) and the webhooks.
"""

from __future__ import annotations

from krm_injector.discovery import webhooks as webhook_rules
from krm_injector.discovery.mesh_config_maps import ConfigText, Sourced, config_texts, ref_of
from krm_injector.discovery.version_inference import Minor, version_text
from krm_injector.function_config import Settings
from krm_injector.kube.paths import at
from krm_injector.model import Object, Result, Webhook
from krm_injector.named_tuple import NamedTuple
from krm_injector.versions import NEWEST, parse_version, rules_for

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

_SELECTOR = (("spec",), ("spec", "selector"), ("spec", "selector", "matchLabels"))


class MeshParts(NamedTuple):
    """The parts of all control planes, by revision."""

    injectors: dict[str, ConfigText]
    mesh_configs: dict[str, ConfigText]
    webhooks: dict[str, list[Webhook]]
    proxy_configs: list[Object]  # of all revisions


def collect_parts(objects: list[Sourced], settings: Settings, results: list[Result]) -> MeshParts:
    """The parts that the functionConfig states, else those of the bundle."""
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
            revision, stated.mesh_config, None, {}, None, "functionConfig"
        )

    # Problems of the bundle's ConfigMaps matter only if one of them is used.
    bundle_is_used = not (injectors and mesh_configs)
    bundle_results: list[Result] = []
    bundle_injectors, bundle_mesh_configs = config_texts(objects, bundle_results)
    if bundle_is_used:
        results += bundle_results

    webhooks = _webhooks(own, results) or _webhooks(objects, results)
    return MeshParts(
        injectors or bundle_injectors,
        mesh_configs or bundle_mesh_configs,
        webhooks,
        _proxy_configs((*own, *objects), results),
    )


def _without_injector(configurations: Sequence[Object]) -> list[Result]:
    """Errors where an entry of spec.mesh.webhooks does not lead to an injector of Istio's."""
    if not configurations:
        return []

    from krm_injector.discovery import mesh_files  # late: hardly any functionConfig states webhooks

    results = []
    for index, value in enumerate(configurations):
        if mesh_files.is_mesh_object(value):
            continue

        field = f"spec.mesh.webhooks[{index}]"
        message = (
            f"{field} of the functionConfig, {ref_of(value)}, holds no webhook of "
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
                ref = ref_of(configuration)
                results.append(Result("error", message, ref, "webhooks", code="mesh-ambiguous"))

    return by_revision


def _proxy_configs(objects: Sequence[Sourced], results: list[Result]) -> list[Object]:
    """The ProxyConfigs whose selector can be read; an error for each other one. What else they
    state is decoded where it is laid over the mesh's (istio_api/mesh.py).
    """
    found = []
    for value, _ in objects:
        if not _is_proxy_config(value):
            continue

        path = next((path for path in _SELECTOR if not _is_mapping(at(value, path))), None)
        labels = at(value, _SELECTOR[-1]) if path is None else None
        if path is None and all(isinstance(text, str) for text in (labels or {}).values()):
            found.append(value)
            continue

        field = ".".join(path or _SELECTOR[-1])
        wanted = "a mapping" if path else "a mapping of strings; put numbers and booleans in quotes"
        message = f"{field} of {ref_of(value)} must be {wanted}"
        results.append(Result("error", message, ref_of(value), field, code="mesh-invalid"))

    return found


def _is_mapping(value: object) -> bool:
    return value is None or isinstance(value, dict)


def _is_proxy_config(value: Object) -> bool:
    if value.get("kind") != "ProxyConfig":
        return False
    return str(value.get("apiVersion")).startswith("networking.istio.io/")


def add_profile(
    parts: MeshParts, settings: Settings, results: list[Result]
) -> tuple[list[Webhook], Settings]:
    """Takes the embedded profile as the injection configuration of every revision that needs one.

    Returns the profile's webhooks, and the settings with the release that a stated version means:
    1.28 is 1.28.10 from here on, in all that is told and recorded.

    An error where there is no profile of the stated version. Then its webhooks are there without a
    configuration, so that no workload passes for one that nothing injects.
    """
    # Late: a bundle with its own mesh does not need it.
    from krm_injector.discovery import profile

    revisions = {*parts.webhooks, *parts.mesh_configs} or {settings.revision or "default"}
    release = profile.release_of(settings.mesh.version)
    if release is None:
        oldest = profile.NEWEST_PATCHES[0][:2]
        results.append(_no_profile(settings.mesh.version, oldest))
        rules = rules_for(parse_version(settings.mesh.version))
        for revision in revisions - {*parts.webhooks}:
            parts.webhooks[revision] = [*webhook_rules.assumed(revision, rules, {})]
        return [], settings

    if settings.mesh.version:
        settings = settings._replace(mesh=settings.mesh._replace(version=release.tag))

    embedded = profile.load(release)
    has_mesh_config = bool(parts.mesh_configs)
    for revision in sorted(revisions):
        parts.injectors[revision] = ConfigText(
            revision, embedded.config, embedded.values, {}, None, "profile"
        )
        parts.mesh_configs.setdefault(
            revision, ConfigText(revision, embedded.mesh, None, {}, None, "profile")
        )

    if parts.webhooks or has_mesh_config:
        results.append(_no_injection_config())

    webhooks: list[Webhook] = []
    for document in embedded.webhooks:
        webhooks += webhook_rules.read(document)[0]

    return webhooks, settings


def only_to_install(objects: Sequence[Sourced]) -> list[Result]:
    """A warning where the profile stands in for a mesh of which the bundle has the installation."""
    values = [
        value
        for value, _ in objects
        if str(value.get("apiVersion")).startswith(("install.istio.io/", "sailoperator.io/"))
    ]
    if not values:
        return []

    from krm_injector.discovery import mesh_files  # late: few bundles hold an installation

    advice = mesh_files.install_advice(values, "FILE")
    if not advice:
        return []
    message = f"the embedded profile is used, and not the mesh of this bundle: {advice}"
    return [Result("warning", message, code="mesh-incomplete")]


def _no_injection_config() -> Result:
    message = (
        "there is no injection configuration (ConfigMap istio-sidecar-injector): the embedded "
        "profile's is used with the mesh configuration and webhooks given; add the ConfigMap "
        "of your control plane"
    )
    return Result("warning", message, code="mesh-incomplete")


def _no_profile(version: str, oldest: Minor) -> Result:
    message = (
        f"there is no embedded profile of Istio {version} (spec.mesh.version, --mesh-version), but "
        f"of {version_text(oldest)} to {version_text(NEWEST)}; add the mesh of your control plane "
        "(ConfigMaps istio-sidecar-injector and istio), or state one of these versions"
    )
    return Result("error", message, field="spec.mesh.version", current=version, code="mesh-missing")
