"""Objects that are named as a mesh (--mesh, spec.mesh.file, the input of snapshot): whether they
contain one, and the message if they do not.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from krm_injector.discovery import webhooks
from krm_injector.discovery.mesh_config_maps import configuration_key, ref_of
from krm_injector.istio_names import (
    INJECTOR_CONFIG_MAP,
    MESH_CONFIG_MAP,
    SYSTEM_NAMESPACE,
    with_revision,
)
from krm_injector.kube.paths import at
from krm_injector.model import Object, Refused, Result, Webhook

# Kinds that only say how to install a mesh, and the command that prints what they install. Istio,
# IstioRevision and IstioRevisionTag are the Sail operator's (sailoperator.io/v1; sail-operator
# api/v1, 2026-08).
_FROM_CLUSTER = (
    "kubectl get -n NAMESPACE configmap,mutatingwebhookconfiguration -o yaml | "
    "krm-injector snapshot"
)
_INSTALLED_BY = {
    "IstioOperator": "istioctl manifest generate -f FILE | krm-injector snapshot",
    "Istio": _FROM_CLUSTER,
    "IstioRevision": _FROM_CLUSTER,
    "IstioRevisionTag": _FROM_CLUSTER,
}


def is_mesh_object(value: Object) -> bool:
    """Whether injection reads anything about a mesh from the object."""
    kind, version = value.get("kind"), str(value.get("apiVersion"))
    if kind == "MutatingWebhookConfiguration":
        istio_webhooks, _ = webhooks.read(value)
        return bool(istio_webhooks)
    if kind == "ProxyConfig":
        return version.startswith("networking.istio.io/")
    return kind == "ConfigMap" and version == "v1" and configuration_key(value) is not None


def no_mesh(objects: Sequence[Object], file: str) -> str:
    """What to say about objects that hold nothing of a mesh, as the end of a sentence about the
    place where they were found.

    ``file``: what they were read from, for the command that makes a mesh of it.
    """
    advice = install_advice(objects, file)
    if advice:
        return f"holds no mesh: {advice}"

    content = "is empty"
    kinds = ", ".join(sorted({str(value.get("kind")) for value in objects}))
    if kinds:
        content = f"holds no injection configuration of a mesh, only {kinds}"
    return (
        f"{content}: there is no ConfigMap istio-sidecar-injector (with data.config) or istio "
        "(with data.mesh), and no webhook of Istio's injector. Make it of what `istioctl manifest "
        "generate`, `helm template` of the istiod chart, or `kubectl get -n istio-system "
        "configmap,mutatingwebhookconfiguration -o yaml` prints: ... | krm-injector snapshot"
    )


def webhooks_alone(objects: Iterable[Object], file: str) -> str:
    """What to say about objects that hold webhooks of Istio's injector and no ConfigMap of a mesh,
    as the end of a sentence about the place where they were found; "" where there is no webhook.

    A cluster without an istiod has only them (profile remote, charts istiod of 1.24 and later): the
    configuration is in the cluster of the istiod that they lead to. So have the charts of revision
    tags, and an installation of the cluster's part (values.global.resourceScope: cluster, 1.28+).
    """
    found: list[Webhook] = []
    for value in objects:
        if value.get("kind") == "MutatingWebhookConfiguration":
            found += webhooks.read(value)[0]
    if not found:
        return ""

    names = ", ".join(dict.fromkeys(webhook.configuration for webhook in found))
    revisions = sorted({webhook.revision for webhook in found})
    maps = " and ".join(
        " and ".join(
            with_revision(base, revision) for base in (INJECTOR_CONFIG_MAP, MESH_CONFIG_MAP)
        )
        for revision in revisions
    )
    where = "of the control plane"
    if any(webhook.path.startswith(f"{webhooks.INJECT_PATH}/") for webhook in found):
        where = "of the cluster in which the control plane runs (kubectl --context PRIMARY get ...)"
    return (
        f"holds only webhooks ({names}), and not the configuration that they inject by: add the "
        f"ConfigMaps {maps} {where}, without the webhooks of another cluster: krm-injector "
        f"snapshot CONTROL-PLANE {file}"
    )


def install_advice(objects: Iterable[Object], file: str) -> str:
    """The command to run where an object only says how to install a mesh; "" if none does."""
    for value in objects:
        command = _INSTALLED_BY.get(str(value.get("kind")))
        if command:
            namespace = str(at(value, ("spec", "namespace")) or SYSTEM_NAMESPACE)
            command = command.replace("FILE", file).replace("NAMESPACE", namespace)
            return (
                f"{ref_of(value)} says how to install a mesh; its injection configuration is made "
                f"of it by: {command}"
            )
    return ""


def refuse_conflicts(files_and_objects: Iterable[tuple[str, Object]]) -> None:
    """Raises Refused if two files hold the same object of a mesh with different contents: there is
    no rule which one counts.
    """
    first: dict[str, tuple[str, Object]] = {}
    conflicts = []
    for file, value in files_and_objects:
        ref = ref_of(value)
        first_file, first_value = first.setdefault(str(ref), (file, value))
        if first_file == file or first_value == value:
            continue

        message = (
            f"{first_file} and {file} both hold {ref}, with different contents; give one of them"
        )
        conflicts.append(Result("error", message, ref, file=file, code="mesh-ambiguous"))

    if conflicts:
        raise Refused(*conflicts)
