"""What Argo CD tells a config management plugin -> options and facts of a build.

The one place that knows the variables:
https://argo-cd.readthedocs.io/en/stable/user-guide/build-environment/ and
.../operator-manual/config-management-plugins/ (v3.5). It reads a mapping that it is given and
nothing else.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any, NamedTuple

from krm_injector.cli.arguments import Arguments
from krm_injector.function_config import Settings, Stub
from krm_injector.model import Refused, Result
from krm_injector.sources.helm import Release

CONFIG = "istio-inject.yaml"  # the functionConfig of a directory, where nobody names another


class Parameter(NamedTuple):
    """One of ``spec.source.plugin.parameters``."""

    name: str
    collection: str  # "string" | "array" | "map": where its value stands in the Application
    title: str
    tooltip: str
    choices: tuple[str, ...] = ()
    for_charts: bool = False


PARAMETERS = {
    parameter.name: parameter
    for parameter in (
        Parameter(
            "config", "string", "functionConfig",
            (
                "Path of a SidecarInjection in the repository, from the Application's path. Default: "
                f"{CONFIG}, if there."
            ),
        ),
        Parameter(
            "mesh", "string", "Mesh snapshot",
            (
                "Path of the mesh's ConfigMaps and webhook configurations in the repository, over the "
                "functionConfig's."
            ),
        ),
        Parameter(
            "method", "string", "Who is injected",
            "automatic: as the cluster's webhooks would; manual: the pod's own rules only.", ("automatic", "manual"),
        ),
        Parameter("revision", "string", "Istio revision", "The control plane, where no webhook names one."),
        Parameter(
            "on-missing-namespace", "string", "Namespace unknown",
            (
                "What to do where the verdict hangs on the labels of a Namespace that is nowhere "
                "described."
            ),
            ("error", "warn", "ignore"),
        ),
        Parameter(
            "namespace-labels", "map", "Labels of the destination Namespace",
            (
                "The labels that the Application's destination Namespace has, as istio-injection: "
                "enabled."
            ),
        ),
        Parameter("release-name", "string", "Helm release name", "Default: the Application's name.", (), True),
        Parameter(
            "values-files", "array", "Helm values files",
            "Paths in the repository, from the Application's path; later ones win.", (), True,
        ),
        Parameter("values", "string", "Helm values", "YAML; wins over the values files.", (), True),
        Parameter(
            "helm-parameters", "map", "Helm parameters",
            "Single values, as with helm's --set; they win over all values.", (), True,
        ),
    )
}  # fmt: skip


class Application(NamedTuple):
    """The Application that Argo CD builds."""

    name: str
    namespace: str  # spec.destination.namespace; "" where it names none
    revision: str  # the commit
    path: str  # spec.source.path
    kube_version: str  # the destination cluster's
    api_versions: tuple[str, ...]
    parameters: Mapping[str, Any]  # by name: str, list[str] or dict[str, str], checked
    results: tuple[Result, ...]

    def text(self, name: str) -> str | None:
        return self.parameters.get(name) or None


def application(environment: Mapping[str, str]) -> Application | None:
    """The Application in a plugin's environment; None where it is not Argo CD that calls.

    Raises Refused with every parameter that cannot be used.
    """
    name = environment.get("ARGOCD_APP_NAME", "")
    if not name:
        return None

    parameters, results = _parameters(environment)
    revision = environment.get("ARGOCD_APP_REVISION", "")
    said = f"Application {name}" + (f", revision {revision}" if revision else "")
    return Application(
        name.rpartition("_")[2],  # NAMESPACE_NAME where Applications may live in any Namespace
        environment.get("ARGOCD_APP_NAMESPACE", ""),
        revision,
        environment.get("ARGOCD_APP_SOURCE_PATH", ""),
        environment.get("KUBE_VERSION", ""),
        tuple(filter(None, environment.get("KUBE_API_VERSIONS", "").split(","))),
        parameters,
        (Result("info", said, code="argocd-application"), *results),
    )


# ---------------------------------------------------------------- onto the build


def arguments(given: Arguments, found: Application, directory: str) -> Arguments:
    """The command line with the Application's parameters where it says nothing; paths are those of
    the repository.

    Raises Refused for a path that leads out of the repository.
    """
    root = repository(directory, found.path)
    for option in ("config", "mesh"):
        path = found.text(option)
        if path is not None and not getattr(given, option):
            path = inside(os.path.join(directory, path), root, f"parameter {option}", path)
            given = (
                given._replace(config=path) if option == "config" else given._replace(mesh=(path,))
            )

    return given._replace(
        namespace=given.namespace or found.namespace or None,
        method=given.method or found.text("method"),
        revision=given.revision or found.text("revision"),
        within=root,
    )


def release(given: Arguments, found: Application | None, directory: str) -> Release:
    """What a chart is rendered with. Raises Refused for a values file that lies outside the
    repository.
    """
    if found is None:
        return Release(namespace=given.namespace or "")

    root = repository(directory, found.path)
    files = found.parameters.get("values-files") or ()
    return Release(
        found.text("release-name") or found.name,
        given.namespace or "",
        tuple(
            inside(os.path.join(directory, file), root, "parameter values-files", file)
            for file in files
        ),
        found.text("values") or "",
        found.parameters.get("helm-parameters") or {},
        found.kube_version,
        found.api_versions,
    )


def settings(given: Settings, found: Application) -> Settings:
    """Settings with the facts that the Application states. Raises Refused."""
    missing = found.text("on-missing-namespace")
    if missing:
        given = given._replace(on_missing_namespace=missing)

    labels = found.parameters.get("namespace-labels")
    if not labels:
        return given

    if not found.namespace:
        message = (
            "parameter namespace-labels says what labels the destination Namespace has, but "
            f"Application {found.name} has no spec.destination.namespace; say it in the "
            "functionConfig's spec.namespaces"
        )
        raise Refused(Result("error", message, code="argocd-parameter"))

    return given._replace(namespaces=(Stub(found.namespace, dict(labels), {}), *given.namespaces))


def repository(directory: str, path: str) -> str:
    """The repository's root as an absolute path: Argo CD starts plugins in the Application's path
    below it.
    """
    here = os.path.realpath(directory)
    steps = [] if path in ("", ".") else os.path.normpath(path).split(os.sep)
    if not steps or here.split(os.sep)[-len(steps) :] != steps:
        return here
    return os.sep.join(here.split(os.sep)[: -len(steps)]) or os.sep


def inside(path: str, root: str, what: str, shown: str) -> str:
    """The path, where it lies in the repository. Raises Refused: a plugin's container holds more
    than that.
    """
    if "://" in shown:
        message = (
            f"{what}: {shown} is a URL, and nothing is downloaded; put the file into the repository"
        )
        raise Refused(Result("error", message, code="argocd-parameter"))

    real = os.path.realpath(path)
    if real != root and not real.startswith(root.rstrip(os.sep) + os.sep):
        message = (
            f"{what}: {shown} lies outside the repository; paths count from the Application's path"
        )
        raise Refused(Result("error", message, code="argocd-parameter"))

    return path


# ---------------------------------------------------------------- parameters


def _parameters(environment: Mapping[str, str]) -> tuple[dict[str, Any], list[Result]]:
    """The parameters by name: those of the Application's spec, and for the rest its env entries of
    the same name.
    """
    given = _announced(environment)
    problems: list[Result] = []
    warnings: list[Result] = []
    values: dict[str, Any] = {}
    for name, entry in given.items():
        parameter = PARAMETERS.get(name)
        if parameter is None:
            problems.append(_error(f"there is no parameter {name!r}{_nearest(name)}"))
            continue

        said = next(
            (key for key in ("string", "array", "map") if entry.get(key) is not None), "string"
        )
        if said != parameter.collection:
            problems.append(
                _error(f"parameter {name} is given as {said} and must be {_kind(parameter)}")
            )
        else:
            values[name] = entry.get(said)

    for variable, text in sorted(environment.items()):
        if not variable.startswith("ARGOCD_ENV_"):
            continue

        name = variable.removeprefix("ARGOCD_ENV_").lower().replace("_", "-")
        if name not in PARAMETERS:
            message = f"env entry {variable.removeprefix('ARGOCD_ENV_')} of the Application is read by nobody"
            warnings.append(Result("warning", message + _nearest(name), code="argocd-env-unknown"))
        elif name not in given and text:
            values[name] = _from_text(PARAMETERS[name], text, problems)

    for name, value in values.items():
        problems += _checked(PARAMETERS[name], value)

    if problems:
        raise Refused(*problems)

    return values, warnings


def _announced(environment: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """ARGOCD_APP_PARAMETERS by name; PARAM_* say the same again, and count where it is missing."""
    text = environment.get("ARGOCD_APP_PARAMETERS", "")
    if not text:
        return _from_single_variables(environment)

    try:
        entries = json.loads(text)
    except ValueError as problem:
        raise Refused(_error(f"ARGOCD_APP_PARAMETERS is not JSON: {problem}")) from None

    if entries is None:
        return {}
    if not isinstance(entries, list) or not all(
        isinstance(entry, dict) and isinstance(entry.get("name"), str) for entry in entries
    ):
        raise Refused(_error("ARGOCD_APP_PARAMETERS is not a list of objects with a name"))

    return {entry["name"]: entry for entry in entries}


def _from_single_variables(environment: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """Strings and arrays; the names that a map's keys become (IMAGE_TAG) do not tell what they
    were.
    """
    found: dict[str, dict[str, Any]] = {}
    for name, parameter in PARAMETERS.items():
        variable = "PARAM_" + name.upper().replace("-", "_")
        if parameter.collection == "string" and variable in environment:
            found[name] = {"string": environment[variable]}
        elif parameter.collection == "array":
            array: list[str] = []
            while f"{variable}_{len(array)}" in environment:
                array.append(environment[f"{variable}_{len(array)}"])
            if array:
                found[name] = {"array": array}

    return found


def _from_text(parameter: Parameter, text: str, problems: list[Result]) -> Any:
    """An env entry's value: arrays and maps as lines or with commas, maps as KEY=VALUE."""
    if parameter.collection == "string":
        return text

    parts = [part.strip() for part in text.replace("\n", ",").split(",") if part.strip()]
    if parameter.collection == "array":
        return parts

    for part in parts:
        if "=" not in part:
            problems.append(_error(f"env entry for {parameter.name}: {part!r} is not KEY=VALUE"))

    return dict(part.partition("=")[::2] for part in parts)


def _checked(parameter: Parameter, value: Any) -> list[Result]:
    name = parameter.name
    if parameter.collection == "string":
        if not isinstance(value, (str, type(None))):
            return [
                _error(f"parameter {name} is {json.dumps(value)} and must be {_kind(parameter)}")
            ]

        if value and parameter.choices and value not in parameter.choices:
            return [
                _error(
                    f"parameter {name} is {value!r} and must be one of "
                    f"{', '.join(parameter.choices)}"
                )
            ]

        return []

    members = (
        value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    )
    if members is None or isinstance(value, dict) is not (parameter.collection == "map"):
        return [_error(f"parameter {name} is {json.dumps(value)} and must be {_kind(parameter)}")]

    wrong = [member for member in members if not isinstance(member, str)]
    return [
        _error(f"parameter {name} holds {json.dumps(member)}; its values are strings")
        for member in wrong
    ]


def _kind(parameter: Parameter) -> str:
    forms = {
        "string": "a string: TEXT",
        "array": "an array: [TEXT, ...]",
        "map": "a map: {KEY: TEXT}",
    }
    word, _, form = forms[parameter.collection].partition(": ")
    return f"{word} ({parameter.collection}: {form})"


def _nearest(name: str) -> str:
    import difflib  # only a typo pays for it

    close = difflib.get_close_matches(name, PARAMETERS, 1, 0.5)
    return f"; did you mean {close[0]}?" if close else f"; known: {', '.join(PARAMETERS)}"


def _error(message: str) -> Result:
    return Result("error", message, code="argocd-parameter")


def announcements(found: Application | None, values: Mapping[str, str] | None) -> str:
    """The dynamic parameters of a directory, as Argo CD reads them (JSON): for a chart, what Helm
    takes, with the chart's own values as defaults; for anything else none beside plugin.yaml's.
    ``values`` is None for no chart.
    """
    told: list[dict[str, Any]] = []
    for parameter in PARAMETERS.values() if values is not None else ():
        if not parameter.for_charts:
            continue

        entry: dict[str, Any] = {
            "name": parameter.name,
            "title": parameter.title,
            "tooltip": parameter.tooltip,
        }
        entry["collectionType"] = parameter.collection
        if parameter.name == "helm-parameters":
            entry["map"] = dict(values or {})
        elif parameter.name == "release-name" and found is not None:
            entry["string"] = found.name

        told.append(entry)

    return json.dumps(told, ensure_ascii=False) + "\n"
