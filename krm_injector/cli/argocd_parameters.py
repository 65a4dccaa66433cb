"""The parameters of an Argo CD plugin, and their values in an Application.

https://argo-cd.readthedocs.io/en/stable/operator-manual/config-management-plugins/ (v3.5). An
Application states them as spec.source.plugin.parameters, or as env entries of the same name.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from krm_injector.istio_names import FUNCTION_FILE
from krm_injector.kube import c_json
from krm_injector.model import Refused, Result
from krm_injector.named_tuple import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Literal

    Collection = Literal["string", "array", "map"]

_COLLECTIONS: tuple[Collection, ...] = ("string", "array", "map")
_ENV = "ARGOCD_ENV_"  # Argo CD puts it before the names of an Application's env entries


class Parameter(NamedTuple):
    """One of ``spec.source.plugin.parameters``."""

    name: str
    collection: Collection  # the field of the Application with its value
    title: str
    tooltip: str
    choices: tuple[str, ...] = ()
    for_charts: bool = False


PARAMETERS = {
    parameter.name: parameter
    for parameter in (
        Parameter(
            "config",
            "string",
            "functionConfig",
            "Path of a SidecarInjection in the repository, from the Application's path. "
            f"Default: {FUNCTION_FILE}, if there.",
        ),
        Parameter(
            "mesh",
            "string",
            "Mesh snapshot",
            "Path of the mesh's ConfigMaps and webhook configurations in the repository, over "
            "the functionConfig's.",
        ),
        Parameter(
            "method",
            "string",
            "Who is injected",
            "automatic: as the cluster's webhooks would; manual: the pod's own rules only.",
            ("automatic", "manual"),
        ),
        Parameter(
            "revision",
            "string",
            "Istio revision",
            "The control plane, where no webhook names one.",
        ),
        Parameter(
            "on-missing-namespace",
            "string",
            "Namespace unknown",
            "What to do where the verdict hangs on the labels of a Namespace that is nowhere "
            "described.",
            ("error", "warn", "ignore"),
        ),
        Parameter(
            "namespace-labels",
            "map",
            "Labels of the destination Namespace",
            "The labels that the Application's destination Namespace has, as istio-injection: "
            "enabled.",
        ),
        Parameter(
            "release-name",
            "string",
            "Helm release name",
            "Default: the Application's name.",
            for_charts=True,
        ),
        Parameter(
            "values-files",
            "array",
            "Helm values files",
            "Paths in the repository, from the Application's path; later ones win.",
            for_charts=True,
        ),
        Parameter(
            "values",
            "string",
            "Helm values",
            "YAML; wins over the values files.",
            for_charts=True,
        ),
        Parameter(
            "helm-parameters",
            "map",
            "Helm parameters",
            "Single values, as with helm's --set; they win over all values.",
            for_charts=True,
        ),
    )
}


def read(environment: Mapping[str, str]) -> tuple[dict[str, Any], list[Result]]:
    """The parameters by name (str, list[str] or dict[str, str]), and warnings. A parameter that the
    Application's spec does not state comes from the env entry of the same name.

    Raises Refused with every parameter that cannot be used.
    """
    stated = _stated(environment)
    problems: list[Result] = []
    values = _from_spec(stated, problems)
    warnings = _add_env_entries(values, stated, environment, problems)
    for name, value in values.items():
        problems += _problems(PARAMETERS[name], value)

    if problems:
        raise Refused(*problems)

    return values, warnings


def error(message: str) -> Result:
    return Result("error", message, code="argocd-parameter")


# ---------------------------------------------------------------- spec.source.plugin.parameters


def _stated(environment: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """ARGOCD_APP_PARAMETERS by name. PARAM_* repeat it, and are read only if it is missing."""
    text = environment.get("ARGOCD_APP_PARAMETERS", "")
    if not text:
        return _from_single_variables(environment)

    try:
        entries = c_json.bounded_loads(text)
    except ValueError as problem:
        raise Refused(error(f"ARGOCD_APP_PARAMETERS is not JSON: {problem}")) from None

    if entries is None:
        return {}
    if not isinstance(entries, list) or not all(map(_is_named, entries)):
        raise Refused(error("ARGOCD_APP_PARAMETERS is not a list of objects with a name"))

    return {entry["name"]: entry for entry in entries}


def _is_named(entry: Any) -> bool:
    return isinstance(entry, dict) and isinstance(entry.get("name"), str)


def _from_single_variables(environment: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """Strings and arrays. A map cannot be read: its keys became names such as IMAGE_TAG."""
    entries: dict[str, dict[str, Any]] = {}
    for name, parameter in PARAMETERS.items():
        variable = "PARAM_" + name.upper().replace("-", "_")
        if parameter.collection == "string" and variable in environment:
            entries[name] = {"string": environment[variable]}
        elif parameter.collection == "array":
            array: list[str] = []
            while f"{variable}_{len(array)}" in environment:
                array.append(environment[f"{variable}_{len(array)}"])
            if array:
                entries[name] = {"array": array}

    return entries


def _from_spec(stated: dict[str, dict[str, Any]], problems: list[Result]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, entry in stated.items():
        parameter = PARAMETERS.get(name)
        if parameter is None:
            problems.append(error(f"there is no parameter {name!r}{_nearest(name)}"))
            continue

        collections = [key for key in _COLLECTIONS if entry.get(key) is not None]
        collection = collections[0] if collections else "string"
        if collection == parameter.collection:
            values[name] = entry.get(collection)
        else:
            expected = _expected(parameter)
            message = f"parameter {name} is given as {collection} and must be {expected}"
            problems.append(error(message))

    return values


# ---------------------------------------------------------------- env entries


def _add_env_entries(
    values: dict[str, Any],
    stated: Mapping[str, Any],
    environment: Mapping[str, str],
    problems: list[Result],
) -> list[Result]:
    """Adds the values of env entries for parameters that the spec does not state. The warnings name
    entries that are no parameter.
    """
    warnings: list[Result] = []
    for variable, text in sorted(environment.items()):
        if not variable.startswith(_ENV):
            continue

        entry = variable.removeprefix(_ENV)
        name = entry.lower().replace("_", "-")
        if name not in PARAMETERS:
            message = f"env entry {entry} of the Application is read by nobody{_nearest(name)}"
            warnings.append(Result("warning", message, code="argocd-env-unknown"))
        elif name not in stated and text:
            values[name] = _from_text(PARAMETERS[name], text, problems)

    return warnings


def _from_text(parameter: Parameter, text: str, problems: list[Result]) -> Any:
    """An env entry's value: arrays and maps are separated by line breaks or commas, maps are
    KEY=VALUE.
    """
    if parameter.collection == "string":
        return text

    stripped = [part.strip() for part in text.replace("\n", ",").split(",")]
    parts = [part for part in stripped if part]
    if parameter.collection == "array":
        return parts

    for part in parts:
        if "=" not in part:
            problems.append(error(f"env entry for {parameter.name}: {part!r} is not KEY=VALUE"))

    return dict(part.partition("=")[::2] for part in parts)


# ---------------------------------------------------------------- what is wrong


def _problems(parameter: Parameter, value: Any) -> Iterator[Result]:
    if parameter.collection == "string":
        yield from _problems_of_string(parameter, value)
        return

    members: list[Any] | None = None
    if parameter.collection == "map" and isinstance(value, dict):
        members = list(value.values())
    elif parameter.collection == "array" and isinstance(value, list):
        members = value

    if members is None:
        yield _wrong_type(parameter, value)
        return

    for member in members:
        if not isinstance(member, str):
            shown = json.dumps(member)
            yield error(f"parameter {parameter.name} holds {shown}; its values are strings")


def _problems_of_string(parameter: Parameter, value: Any) -> Iterator[Result]:
    if value is not None and not isinstance(value, str):
        yield _wrong_type(parameter, value)
    elif value and parameter.choices and value not in parameter.choices:
        choices = ", ".join(parameter.choices)
        yield error(f"parameter {parameter.name} is {value!r} and must be one of {choices}")


def _wrong_type(parameter: Parameter, value: Any) -> Result:
    shown, expected = json.dumps(value), _expected(parameter)
    return error(f"parameter {parameter.name} is {shown} and must be {expected}")


def _expected(parameter: Parameter) -> str:
    """The form that a parameter's value must have, and its form in the Application."""
    if parameter.collection == "string":
        return "a string (string: TEXT)"
    if parameter.collection == "array":
        return "an array (array: [TEXT, ...])"
    return "a map (map: {KEY: TEXT})"


def _nearest(name: str) -> str:
    import difflib  # late: only a typo needs it

    close = difflib.get_close_matches(name, PARAMETERS, 1, 0.5)
    return f"; did you mean {close[0]}?" if close else f"; known: {', '.join(PARAMETERS)}"
