"""The Namespace of a chart's release: who states it, and the advice where nobody does.

Without one, helm renders for Namespace default. Whoever reads only the manifests takes that for
what the chart says.
"""

from __future__ import annotations

from krm_injector.kube.paths import at
from krm_injector.model import Refused, Result

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from krm_injector.cli.request import Arguments
    from krm_injector.function_config import Settings
    from krm_injector.outcome import Outcome
    from krm_injector.sources.files import Source
    from krm_injector.sources.programs import Config

_HELM_S_OWN = "default"  # helm template without --namespace and without a kubeconfig


def namespace(arguments: Arguments, configs: Iterable[Config]) -> str:
    """The Namespace of a chart's release, by the command line or by the functionConfig; "" if
    neither says it. A functionConfig that cannot be read is reported where the settings are read.
    """
    if arguments.namespace:
        return arguments.namespace

    values: list[Any] = [config.value for config in configs]
    if arguments.config:
        from krm_injector.sources import kustomizations

        try:
            values = [kustomizations.read(arguments.config)[1]]
        except Refused:
            return ""

    for value in values:
        stated = at(value, ("spec", "defaultNamespace")) or at(value, ("data", "defaultNamespace"))
        if isinstance(stated, str):
            return stated
    return ""


def advised(outcome: Outcome, sources: Iterable[Source], settings: Settings) -> Outcome:
    """The outcome with advice for whoever renders a chart and does not say for which Namespace."""
    if settings.default_namespace or not any(map(_is_about_default, outcome.results)):
        return outcome

    from krm_injector.sources import helm

    rendered = (source.directory for source in sources if source.directory)
    if not any(map(helm.is_chart, rendered)):
        return outcome

    results = tuple(
        _of_release(result) if _is_about_default(result) else result for result in outcome.results
    )
    return outcome._replace(results=results)


def _is_about_default(result: Result) -> bool:
    return result.code == "namespace-missing" and result.current == _HELM_S_OWN


def _of_release(result: Result) -> Result:
    rest = "" if result.severity == "error" else "; it is taken to have none"
    message = (
        "the chart is rendered for Namespace default, since no other is named, and whether "
        f"{result.resource} is injected depends on that Namespace's labels{rest}. Say on the "
        "command line which Namespace the release is for, and what labels it has:\n"
        "  --namespace NAME --namespace-labels NAME=istio-injection=enabled\n"
        "or in the functionConfig, where init helm writes it with the same options:\n"
        "spec:\n  defaultNamespace: NAME\n  namespaces:\n  - name: NAME\n"
        "    labels: {istio-injection: enabled}"
    )
    # Not the Namespace default: a run over many targets would ask for the labels of that one.
    return result._replace(message=message, current=None)
