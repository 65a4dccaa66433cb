"""What is said of the targets that were found in a directory: what was passed over, and which of
them cannot be rendered here.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

from krm_injector.fleet.kustomization_texts import is_remote, is_url, texts
from krm_injector.fleet.model import Fleet, Target, TargetResult
from krm_injector.model import Refused, Result
from krm_injector.results import counted
from krm_injector.sources import files, kustomizations, programs

NOT_RENDERED = "notRendered"  # in the data of a target's result
_MOST_NAMED = 3
# helm's texts for the functions fail and required, and for a schema: the chart wants values of its
# user (helm 3.19, pkg/engine/engine.go and pkg/chartutil/jsonschema.go).
_WANTS_VALUES = ("execution error at (", "don't meet the specifications of the schema")
# ... and for a newer Kubernetes than the one that it takes without a cluster
# (pkg/action/install.go).
_WANTS_KUBERNETES = "chart requires kubeVersion"


def about(fleet: Fleet, verbose: bool) -> tuple[Result, ...]:
    """The results of finding, and how much was passed over. Two Applications of one name are no
    error of whoever only looks.
    """
    results = [
        each._replace(severity="warning") if each.code == "fleet-name" else each
        for each in fleet.results
    ]
    return (*results, *_passed_over(fleet, verbose))


def _passed_over(fleet: Fleet, verbose: bool) -> Iterator[Result]:
    if not fleet.passed_over:
        return

    count = counted(len(fleet.passed_over), "path")
    if verbose:
        for each in fleet.passed_over:
            message = f"passed over {each.path}: {each.why}"
            yield Result("info", message, file=each.path, code="input-passed-over")
        return

    reasons: dict[str, int] = {}
    for each in fleet.passed_over:
        reason = each.reason or each.why
        reasons[reason] = reasons.get(reason, 0) + 1

    most = sorted(reasons.items(), key=lambda pair: (-pair[1], pair[0]))
    shown = "; ".join(f"{number:,}: {reason}" for reason, number in most[:_MOST_NAMED])
    more = "; and others" if len(most) > _MOST_NAMED else ""
    what = "that is no target" if len(fleet.passed_over) == 1 else "that are no targets"
    message = f"passed over {count} {what} ({shown}{more}); -v names each"
    yield Result("info", message, code="input-passed-over")


# ---------------------------------------------------------------- what cannot be rendered here


def as_found(result: TargetResult, target: Target) -> TargetResult:
    """The result of a target that nobody named. That it cannot be rendered here is a warning: it
    needs what is elsewhere.
    """
    errors = [each for each in result.results if each.severity == "error"]
    if errors and all(each.code == "input-empty" for each in errors):
        # Files of other programs, or a chart whose templates are empty with its own values.
        nothing = tuple(each._replace(severity="info") for each in result.results)
        return result._replace(code=0, results=nothing)
    if not errors or not all(needs_more(each, target) for each in errors):
        return result

    told = tuple(each._replace(severity="warning") for each in result.results)
    return result._replace(code=0, results=told, data={**result.data, NOT_RENDERED: True})


def needs_more(error: Result, target: Target) -> bool:
    """Whether rendering failed for the lack of something that is not in the repository: a remote
    base, a chart or an image that was not fetched, the values of whoever installs a chart, or the
    permission to start a program that the repository brings.
    """
    if error.code == "exec-not-allowed":  # only its user can trust it
        return True
    if error.code == "kustomize-failed":
        return any(remote in error.message for remote in _remotes(target.path))
    if error.code == "helm-failed":
        wants_values = any(text in error.message for text in _WANTS_VALUES) and not target.values
        wants = wants_values or _WANTS_KUBERNETES in error.message
        return wants or any(name in error.message for name in _not_fetched(target.path))
    return error.code == "kpt-failed" and _has_containers(target.path)


def _remotes(directory: str) -> Iterator[str]:
    """What a kustomization and those that it is built on fetch from elsewhere, as kustomize names
    it in its errors.
    """
    for _, value in kustomizations.built_of(directory):
        for text in texts(value):
            if is_url(text) or is_remote(text):
                yield text
        charts = value.get("helmCharts")
        for chart in charts if isinstance(charts, list) else ():
            if isinstance(chart, dict) and chart.get("repo"):
                yield "--enable-helm"
                yield str(chart.get("name"))


def _not_fetched(directory: str) -> Iterator[str]:
    """The charts that a chart depends on and that are not below it."""
    for file in (files.CHART, "requirements.yaml"):  # the latter with apiVersion: v1
        path = os.path.join(directory, file)
        if not os.path.isfile(path):
            continue
        try:
            _, value = kustomizations.read(path)
        except Refused:
            continue

        dependencies = value.get("dependencies") if isinstance(value, dict) else None
        for each in dependencies if isinstance(dependencies, list) else ():
            name = each.get("name") if isinstance(each, dict) else None
            if isinstance(name, str) and name and not _is_vendored(directory, name):
                yield name


def _has_containers(directory: str) -> bool:
    """Whether kpt starts containers for a package."""
    try:
        return programs.of_package(directory)[1].containers
    except Refused:
        return False


def _is_vendored(directory: str, name: str) -> bool:
    charts = os.path.join(directory, "charts")
    if not os.path.isdir(charts):
        return False
    return any(
        entry == name or (entry.startswith(f"{name}-") and entry.endswith(".tgz"))
        for entry in os.listdir(charts)
    )
