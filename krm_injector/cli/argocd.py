"""The environment of an Argo CD plugin -> options and facts of a build.

Only this module and argocd_parameters.py know the variables:
https://argo-cd.readthedocs.io/en/stable/user-guide/build-environment/ and
.../operator-manual/config-management-plugins/ (v3.5). It reads only the mapping that it is given.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping

from krm_injector.cli.argocd_parameters import PARAMETERS, error, read
from krm_injector.cli.request import Arguments
from krm_injector.function_config import Settings, Stub
from krm_injector.model import Refused, Result
from krm_injector.named_tuple import NamedTuple
from krm_injector.sources.helm import Release

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = [
    "PARAMETERS",
    "Application",
    "announcements",
    "application",
    "arguments",
    "inside",
    "release",
    "repository",
    "settings",
]


class Application(NamedTuple):
    """The Application that Argo CD builds."""

    name: str
    namespace: str  # spec.destination.namespace; "" if it names none
    revision: str  # the commit
    path: str  # spec.source.path
    kube_version: str  # the destination cluster's
    api_versions: tuple[str, ...]
    parameters: Mapping[str, Any]  # by name: str, list[str] or dict[str, str], checked
    results: tuple[Result, ...]

    def text(self, name: str) -> str | None:
        """The value of a parameter that is a string; None if it is empty or not given."""
        return self.parameters.get(name) or None


def application(environment: Mapping[str, str]) -> Application | None:
    """The Application in a plugin's environment; None if Argo CD is not the caller.

    Raises Refused with every parameter that cannot be used.
    """
    name = environment.get("ARGOCD_APP_NAME", "")
    if not name:
        return None

    parameters, warnings = read(environment)
    revision = environment.get("ARGOCD_APP_REVISION", "")
    message = f"Application {name}, revision {revision}" if revision else f"Application {name}"
    return Application(
        name.rpartition("_")[2],  # NAMESPACE_NAME where Applications may live in any Namespace
        environment.get("ARGOCD_APP_NAMESPACE", ""),
        revision,
        environment.get("ARGOCD_APP_SOURCE_PATH", ""),
        environment.get("KUBE_VERSION", ""),
        tuple(filter(None, environment.get("KUBE_API_VERSIONS", "").split(","))),
        parameters,
        (Result("info", message, code="argocd-application"), *warnings),
    )


# ---------------------------------------------------------------- onto the build


def arguments(stated: Arguments, app: Application, directory: str) -> Arguments:
    """The command line, with the Application's parameters for the options that it leaves open.
    Paths are relative to the repository.

    Raises Refused for a path outside the repository.
    """
    root = repository(directory, app.path)
    config, mesh = app.text("config"), app.text("mesh")
    if config is not None and not stated.config:
        stated = stated.replaced(config=_in_repository("config", config, directory, root))
    if mesh is not None and not stated.mesh:
        stated = stated.replaced(mesh=(_in_repository("mesh", mesh, directory, root),))

    return stated.replaced(
        namespace=stated.namespace or app.namespace or None,
        method=stated.method or app.text("method"),
        revision=stated.revision or app.text("revision"),
        within=root,
    )


def release(stated: Arguments, app: Application | None, directory: str) -> Release:
    """The values of a chart. Raises Refused for a values file outside the repository."""
    if app is None:
        return Release(namespace=stated.namespace or "")

    root = repository(directory, app.path)
    files = app.parameters.get("values-files") or ()
    return Release(
        app.text("release-name") or app.name,
        stated.namespace or "",
        tuple(_in_repository("values-files", file, directory, root) for file in files),
        app.text("values") or "",
        app.parameters.get("helm-parameters") or {},
        app.kube_version,
        app.api_versions,
    )


def settings(stated: Settings, app: Application) -> Settings:
    """Settings with the facts that the Application states. Raises Refused."""
    on_missing: Any = app.text("on-missing-namespace")
    if on_missing:
        stated = stated._replace(on_missing_namespace=on_missing)

    labels = app.parameters.get("namespace-labels")
    if not labels:
        return stated

    if not app.namespace:
        message = (
            "parameter namespace-labels says what labels the destination Namespace has, but "
            f"Application {app.name} has no spec.destination.namespace; say it in the "
            "functionConfig's spec.namespaces"
        )
        raise Refused(error(message))

    namespace = Stub(app.namespace, dict(labels), {})
    return stated._replace(namespaces=(namespace, *stated.namespaces))


# ---------------------------------------------------------------- paths


def repository(directory: str, path: str) -> str:
    """The repository's root as an absolute path: Argo CD starts plugins in the Application's path
    below it.
    """
    steps = os.path.realpath(directory).split(os.sep)
    below = [] if path in ("", ".") else os.path.normpath(path).split(os.sep)
    if below and steps[-len(below) :] == below:
        steps = steps[: -len(below)]
    return os.sep.join(steps) or os.sep


def inside(path: str, root: str, what: str, shown: str) -> str:
    """The path, if it is in the repository. Raises Refused otherwise: a plugin's container holds
    other files too.
    """
    if "://" in shown:
        message = (
            f"{what}: {shown} is a URL, and nothing is downloaded; put the file into the repository"
        )
        raise Refused(error(message))

    real = os.path.realpath(path)
    if real != root and not real.startswith(root.rstrip(os.sep) + os.sep):
        message = (
            f"{what}: {shown} lies outside the repository; paths count from the Application's path"
        )
        raise Refused(error(message))

    return path


def _in_repository(parameter: str, path: str, directory: str, root: str) -> str:
    """The path that a parameter names, from the Application's path. Raises Refused."""
    return inside(os.path.join(directory, path), root, f"parameter {parameter}", path)


# ---------------------------------------------------------------- what Argo CD asks


def announcements(app: Application | None, values: Mapping[str, str] | None) -> str:
    """The dynamic parameters of a directory, as Argo CD reads them (JSON). For a chart they are
    those of Helm, with the chart's own values as defaults. For anything else there are none beside
    those of plugin.yaml. ``values`` is None if there is no chart.
    """
    entries: list[dict[str, Any]] = []
    for parameter in PARAMETERS.values():
        if values is None or not parameter.for_charts:
            continue

        entry: dict[str, Any] = {
            "name": parameter.name,
            "title": parameter.title,
            "tooltip": parameter.tooltip,
            "collectionType": parameter.collection,
        }
        if parameter.name == "helm-parameters":
            entry["map"] = dict(values)
        elif parameter.name == "release-name" and app is not None:
            entry["string"] = app.name

        entries.append(entry)

    return json.dumps(entries, ensure_ascii=False) + "\n"
