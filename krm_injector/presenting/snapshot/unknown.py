"""What the manifests of an installation do not tell about the cluster, and how to find out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from krm_injector.discovery.tag_services import tag_services
from krm_injector.istio_names import (
    COMPLIANCE_VARIABLE,
    INJECTION_LABEL,
    NATIVE_VARIABLE,
    REVISION_LABEL,
    TAG_LABEL,
)
from krm_injector.kube.paths import at
from krm_injector.model import Mesh, Object, Result
from krm_injector.presenting.snapshot.reduction import ref_of

_EMPTY = '""'  # of YAML
_TRUE = ("1", "t", "T", "true", "TRUE", "True", "auto")  # of ENABLE_NATIVE_SIDECARS


def unknown(
    objects: Sequence[Object], kept: Sequence[Object], meshes: Iterable[Mesh], origin: str
) -> list[Result]:
    """Results about what is not to be seen. objects: those that were given; kept: the snapshot's;
    meshes: its control planes; origin: the programs that printed it.
    """
    configurations = [value for value in kept if value["kind"] == "MutatingWebhookConfiguration"]
    return [
        *_tags_without_webhooks(objects, configurations),
        *_default_tag(configurations, origin),
        *_other_cluster(configurations),
        *_environments(objects, meshes),
    ]


def _tags_without_webhooks(
    objects: Iterable[Object], configurations: Iterable[Object]
) -> Iterable[Result]:
    """Warnings where a Service alone makes a revision tag.

    The API server injects by webhooks alone (discovery/tag_services.py).
    """
    with_webhooks = {at(value, ("metadata", "labels", TAG_LABEL)) for value in configurations}
    for ref, tag, revision in tag_services(objects):
        if tag in with_webhooks:
            continue

        message = (
            f"{ref} makes {tag} a tag of revision {revision}, and no webhook given here goes with "
            f"it: pods that ask for {REVISION_LABEL}={tag} are not injected by a Service. If the "
            f"cluster has the webhooks of the tag, add them: kubectl get "
            f"mutatingwebhookconfiguration -l {TAG_LABEL}={tag} -o yaml"
        )
        yield Result("warning", message, ref, code="mesh-incomplete")


def _default_tag(configurations: Sequence[Object], origin: str) -> Iterable[Result]:
    """Information where `istioctl install` may have made webhooks that `istioctl manifest generate`
    does not print.

    It makes the tag default of the revision that it installs first (operator/pkg/webhook/webhook.go
    detectIfTagWebhookIsNeeded, 1.24+). A control plane without a revision injects by the same
    labels without it.
    """
    revisions = {str(at(value, ("metadata", "labels", REVISION_LABEL))) for value in configurations}
    if origin != "istioctl" or len(revisions) != 1 or "default" in revisions:
        return
    if any(_asks_for_injection_label(value) for value in configurations):
        return

    (revision,) = revisions
    message = (
        f"istioctl install gives a cluster without a default revision the tag default, which leads "
        f"to {revision} and injects by {INJECTION_LABEL}=enabled; istioctl manifest generate does "
        "not print it. If the cluster has it, add it: kubectl get mutatingwebhookconfiguration "
        "istio-revision-tag-default -o yaml"
    )
    yield Result("info", message, code="mesh")


def _asks_for_injection_label(configuration: Object) -> bool:
    requirements = [
        requirement
        for webhook in configuration["webhooks"]
        for requirement in at(webhook, ("namespaceSelector", "matchExpressions")) or ()
    ]
    return any(
        requirement.get("key") == INJECTION_LABEL and requirement.get("operator") == "In"
        for requirement in requirements
        if isinstance(requirement, dict)
    )


def _other_cluster(configurations: Iterable[Object]) -> Iterable[Result]:
    """Information where the webhooks lead to an istiod outside of the cluster, by a URL."""
    for value in configurations:
        urls = [at(webhook, ("clientConfig", "url")) for webhook in value["webhooks"]]
        url = next((url for url in urls if isinstance(url, str)), None)
        if url is None:
            continue

        ref = ref_of(value)
        message = (
            f"{ref} leads to {url}: that istiod injects by the ConfigMaps of its own cluster. "
            "Those given here count only if they are these"
        )
        yield Result("info", message, ref, "webhooks", url, code="mesh")


def _environments(objects: Iterable[Object], meshes: Iterable[Mesh]) -> Iterable[Result]:
    """Warnings where istiod's environment decides on what is injected, and the snapshot says other.

    The values hold pilot.env only from 1.26 on (templates/istiod-injector-configmap.yaml), and a
    Deployment may be patched.
    """
    mesh_of = {mesh.revision: mesh for mesh in meshes}
    for value in objects:
        labels = at(value, ("metadata", "labels")) or {}
        if value.get("kind") != "Deployment" or labels.get("app") != "istiod":
            continue

        mesh = mesh_of.get(str(labels.get(REVISION_LABEL) or "default"))
        environment = _environment(value)
        native = environment.get(NATIVE_VARIABLE)
        if mesh and native is not None and (native in _TRUE) != mesh.native_sidecars:
            setting = f"nativeSidecars: {str(native in _TRUE).lower()}"
            yield _not_stated(value, NATIVE_VARIABLE, native, setting)

        policy = environment.get(COMPLIANCE_VARIABLE, "")
        if mesh and policy != mesh.control_plane_env.get(COMPLIANCE_VARIABLE, ""):
            setting = f"controlPlaneEnv: {{{COMPLIANCE_VARIABLE}: {policy or _EMPTY}}}"
            yield _not_stated(value, COMPLIANCE_VARIABLE, policy, setting)


def _environment(deployment: Object) -> dict[str, str]:
    """The variables that the containers of a Deployment state as plain values."""
    containers = at(deployment, ("spec", "template", "spec", "containers")) or ()
    return {
        str(variable["name"]): str(variable["value"])
        for container in containers
        for variable in container.get("env") or ()
        if "name" in variable and "value" in variable
    }


def _not_stated(deployment: Object, name: str, value: str, setting: str) -> Result:
    ref = ref_of(deployment)
    message = (
        f"{ref} sets {name} to {value}, which the snapshot does not hold. Beside the snapshot, "
        f"write into spec of the functionConfig: {setting}"
    )
    return Result("warning", message, ref, current=value, code="mesh-incomplete")
