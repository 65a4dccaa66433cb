"""A Helm chart's directory -> its manifests, by `helm template`; what Argo CD's own Helm support
passes is passed.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from krm_injector.model import Refused, Result
from krm_injector.sources import inputs
from krm_injector.sources.inputs import CHART, Finished, Inputs, Source


class Release(NamedTuple):
    """What a chart is rendered with."""

    name: str = "release-name"  # helm's own default
    namespace: str = ""
    values_files: tuple[str, ...] = ()
    values: str = ""  # YAML
    parameters: Mapping[str, str] = {}
    kube_version: str = ""
    api_versions: tuple[str, ...] = ()


def is_chart(directory: str) -> bool:
    """Whether `build` hands the directory to helm; a kustomization beside the chart goes first."""
    return os.path.isfile(os.path.join(directory, CHART)) and not any(
        os.path.isfile(os.path.join(directory, name)) for name in inputs.KUSTOMIZATIONS
    )


def render(
    directory: str, release: Release, program: str | None, passed_on: Sequence[str], path: str
) -> Inputs:
    """The chart's manifests, hooks and CRDs among them. ``program``: --helm, or None for the helm
    on ``path``.

    Raises Refused where helm is missing, fails, or renders nothing.
    """
    command = [find_helm(program, path), *words(directory, release), *passed_on]
    try:
        done = inputs.start(command, release.values.encode(), _environment(path))
    except OSError as problem:
        message = f"{command[0]} could not be started: {problem.strerror or problem}"
        raise Refused(Result("error", message, code="helm-failed")) from None
    return _read(directory, done)


def words(directory: str, release: Release) -> list[str]:
    """helm's arguments, without the program."""
    answer = ["template", directory, "--name-template", release.name, "--include-crds"]
    for option, value in (
        ("--namespace", release.namespace),
        ("--kube-version", release.kube_version),
    ):
        answer += [option, value] if value else []

    for version in release.api_versions:
        answer += ["--api-versions", version]

    for file in release.values_files:
        answer += ["--values", file]

    if release.values.strip():
        answer += ["--values", "-"]

    for key, value in release.parameters.items():
        answer += ["--set", f"{key}={_escaped(value)}"]

    return answer


def _escaped(value: str) -> str:
    """A value of --set whose commas belong to it; a {list} keeps its own."""
    if value.startswith("{") and value.endswith("}"):
        return value
    return re.sub(r"(?<!\\),", r"\\,", value)


def find_helm(program: str | None, path: str) -> str:
    """helm by full path: --helm, else the one on PATH. Raises Refused."""
    import shutil

    found = shutil.which(program or "helm", path=path)
    if found is None:
        message = "a Helm chart needs helm, and it is not on PATH; install it, or name it with --helm PATH"
        if program is not None:
            message = f"--helm {program}: there is no such program, or it may not be executed"
        raise Refused(Result("error", message, code="helm-missing"))

    return found


def _environment(path: str) -> dict[str, str]:
    """Nothing of a person's settings reaches helm: the same chart renders to the same bytes
    anywhere, with no home.
    """
    homes = ("HELM_CACHE_HOME", "HELM_CONFIG_HOME", "HELM_DATA_HOME")
    return {"PATH": path, **dict.fromkeys(homes, "/nonexistent/helm"), "KUBECONFIG": os.devnull}


def _read(directory: str, done: Finished) -> Inputs:
    said = inputs.said(done.err)
    if done.code != 0:
        message = f"helm cannot render {directory}: {said or f'exit status {done.code}'}{_advice(said, directory)}"
        raise Refused(Result("error", message, file=directory, code="helm-failed"))

    if not done.out.strip():
        message = (
            f"helm renders {directory} to nothing at all; with these values every template is empty"
        )
        raise Refused(Result("error", message, file=directory, code="input-empty"))

    told = inputs.sentences(done.err)
    results = (
        Result("warning", f"helm: {one}", file=directory, code="helm-warning") for one in told
    )
    return Inputs((Source(done.out, "", directory=directory),), tuple(results))


def _advice(said: str, directory: str) -> str:
    if "missing in charts/ directory" in said:
        return f".\nNothing is downloaded here; commit the charts it depends on: helm dependency build {directory}"
    if "failed to parse -" in said:
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

    text = resource_list.decode(inputs.content(path), path)
    try:
        documents = [document.value for document in yaml.load_all(text) if not document.empty]
    except yaml.YamlError as problem:
        raise resource_list.refused(problem, path) from None

    return dict(_flat(documents[0] if documents else {}, ""))


def _flat(value: Any, path: str) -> Iterable[tuple[str, str]]:
    if isinstance(value, dict):
        for key, member in value.items():
            yield from _flat(member, (path and path + ".") + str(key).replace(".", r"\."))
    elif isinstance(value, bool):
        yield path, str(value).lower()
    elif isinstance(value, (str, int, float)):
        yield path, str(value)
