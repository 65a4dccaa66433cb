"""A Helm chart's directory -> its manifests, by `helm template`, with the options that Argo CD's
own Helm support uses.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence

from krm_injector.model import Refused, Result
from krm_injector.named_tuple import NamedTuple
from krm_injector.sources import files, processes
from krm_injector.sources.files import CHART, Source
from krm_injector.sources.processes import Finished, Rendered

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Release(NamedTuple):
    """The values and options of a chart."""

    name: str = "release-name"  # helm's own default
    namespace: str = ""
    values_files: tuple[str, ...] = ()
    values: str = ""  # YAML
    parameters: Mapping[str, str] = {}
    kube_version: str = ""
    api_versions: tuple[str, ...] = ()


def is_chart(directory: str) -> bool:
    """Whether `build` renders the directory with helm. A kustomization beside the chart has
    precedence.
    """
    has_chart = os.path.isfile(os.path.join(directory, CHART))
    return has_chart and not files.is_kustomization(directory)


def render(
    directory: str, release: Release, program: str | None, passed_on: Sequence[str], path: str
) -> Rendered:
    """The chart's manifests, including hooks and CRDs. ``program``: --helm, or None for the helm on
    ``path``.

    Raises Refused if helm is missing, fails, or renders nothing.
    """
    command = [find_helm(program, path), *arguments(directory, release), *passed_on]
    try:
        done = processes.start(command, release.values.encode(), _environment(path))
    except OSError as problem:
        message = f"{command[0]} could not be started: {problem.strerror or problem}"
        raise Refused(Result("error", message, code="helm-failed")) from None

    return _read(directory, done)


def arguments(directory: str, release: Release) -> list[str]:
    """helm's arguments, without the program."""
    arguments = ["template", directory, "--name-template", release.name, "--include-crds"]
    if release.namespace:
        arguments += ["--namespace", release.namespace]
    if release.kube_version:
        arguments += ["--kube-version", release.kube_version]

    for version in release.api_versions:
        arguments += ["--api-versions", version]
    for file in release.values_files:
        arguments += ["--values", file]
    if release.values.strip():
        arguments += ["--values", "-"]
    for key, value in release.parameters.items():
        arguments += ["--set", f"{key}={_escaped(value)}"]

    return arguments


def _escaped(value: str) -> str:
    """A value of --set with its commas escaped. A {list} keeps them."""
    if value.startswith("{") and value.endswith("}"):
        return value
    return re.sub(r"(?<!\\),", r"\\,", value)


def find_helm(program: str | None, path: str) -> str:
    """The full path of helm: --helm, or the one on PATH. Raises Refused."""
    import shutil

    helm = shutil.which(program or "helm", path=path)
    if helm is not None:
        return helm

    message = (
        "a Helm chart needs helm, and it is not on PATH; install it, or name it with --helm PATH"
    )
    if program is not None:
        message = f"--helm {program}: there is no such program, or it may not be executed"
    raise Refused(Result("error", message, code="helm-missing"))


def _environment(path: str) -> dict[str, str]:
    """The environment for helm, without settings of the user, so that a chart renders to the same
    bytes everywhere. It has no home directory.
    """
    homes = ("HELM_CACHE_HOME", "HELM_CONFIG_HOME", "HELM_DATA_HOME")
    return {"PATH": path, **dict.fromkeys(homes, "/nonexistent/helm"), "KUBECONFIG": os.devnull}


def _read(directory: str, done: Finished) -> Rendered:
    if done.code != 0:
        reason = processes.stderr_text(done.err)
        advice = _advice(reason, directory)
        message = f"helm cannot render {directory}: {reason or f'exit status {done.code}'}{advice}"
        raise Refused(Result("error", message, file=directory, code="helm-failed"))

    if not done.out.strip():
        message = (
            f"helm renders {directory} to nothing at all; with these values every template is empty"
        )
        raise Refused(Result("error", message, file=directory, code="input-empty"))

    results = []
    for sentence in processes.stderr_sentences(done.err):
        message = f"helm: {sentence}"
        results.append(Result("warning", message, file=directory, code="helm-warning"))
    return Rendered((Source(done.out, "", directory=directory),), tuple(results))


def _advice(reason: str, directory: str) -> str:
    """What to do about frequent failures."""
    if "missing in charts/ directory" in reason:
        return (
            ".\nNothing is downloaded here; commit the charts it depends on: helm dependency build "
            f"{files.quoted(directory)}"
        )
    if "failed to parse -" in reason:
        return ".\n- is the Application's parameter values"
    return ""


# ---------------------------------------------------------------- what a chart offers


def defaults(directory: str) -> dict[str, str]:
    """The scalars of a chart's values.yaml in the notation of --set, for people to change. Raises
    Refused.
    """
    path = os.path.join(directory, "values.yaml")
    if not os.path.isfile(path):
        return {}

    from krm_injector.kube import yaml
    from krm_injector.sources import resource_list

    text = resource_list.decode(files.content(path), path)
    try:
        documents = [document.value for document in yaml.load_all(text) if not document.empty]
    except yaml.YamlError as problem:
        raise resource_list.refused(problem, path, text) from None

    return dict(_scalars(documents[0])) if documents else {}


def _scalars(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Each scalar below a value with its path: a dot within a key is escaped."""
    if isinstance(value, dict):
        prefix = f"{path}." if path else ""
        for key, member in value.items():
            escaped = str(key).replace(".", r"\.")
            yield from _scalars(member, prefix + escaped)
    elif isinstance(value, bool):
        yield path, str(value).lower()
    elif isinstance(value, (str, int, float)):
        yield path, str(value)
