"""ApplicationSets of Argo CD -> the Applications that they make."""

from __future__ import annotations

from krm_injector.fleet.finding.argocd import NOT_FOLLOWED, App
from krm_injector.fleet.finding.generators import Generating, NotGenerated
from krm_injector.fleet.finding.reading import Found
from krm_injector.fleet.finding.repository import Repository, mapping, text
from krm_injector.fleet.finding.templating import TemplateProblem, Templating
from krm_injector.fleet.model import PassedOver
from krm_injector.model import Object, Result

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def read(found: Found, repository: Repository) -> tuple[list[App], list[PassedOver], list[Result]]:
    """The Applications of one ApplicationSet, and those generators that cannot be followed."""
    spec = mapping(found.value, "spec")
    generating = Generating(repository, Templating(bool(spec.get("goTemplate"))), {})
    generators = spec.get("generators")
    apps: dict[str, App] = {}
    passed_over: list[PassedOver] = []
    for index, generator in enumerate(generators if isinstance(generators, list) else ()):
        if not isinstance(generator, dict):
            continue
        place = f"{found.file}:{found.line('spec', 'generators', index)}"
        try:
            made = _apps(found, spec, generator, generating)
        except (NotGenerated, TemplateProblem) as reason:
            why = f"ApplicationSet {found.name} ({place}): {reason}"
            passed_over.append(PassedOver(place, why, NOT_FOLLOWED))
            continue

        for app in made:
            apps.setdefault(app.name, app)
        if not made:
            why = f"ApplicationSet {found.name} ({place}): its generator finds nothing here"
            passed_over.append(PassedOver(place, why, NOT_FOLLOWED))

    return list(apps.values()), passed_over, _patched(found, spec)


def _apps(found: Found, spec: Object, generator: Object, generating: Generating) -> list[App]:
    """Raises NotGenerated and TemplateProblem."""
    template = _merged(mapping(spec, "template"), _template_of(generator))
    apps = []
    for params in generating.params(generator):
        made = generating.templating.render(template, params)
        apps.append(App(found, text(made, "metadata", "name"), mapping(made, "spec"), found.name))
    return apps


def _template_of(generator: Object) -> Any:
    """The generator's own template, which has precedence; it stands in the generator's field."""
    stated = next((value for value in generator.values() if isinstance(value, dict)), {})
    return generator.get("template") or stated.get("template") or {}


def _merged(base: Any, over: Any) -> Any:
    if not isinstance(base, dict) or not isinstance(over, dict):
        return over or base
    return {key: _merged(base.get(key), over.get(key)) for key in {**base, **over}}


def _patched(found: Found, spec: Object) -> list[Result]:
    if not spec.get("templatePatch"):
        return []

    message = (
        f"ApplicationSet {found.name} ({found.file}:{found.line('spec', 'templatePatch')}): its "
        "templatePatch is not followed; the targets are those of its template alone"
    )
    return [Result("warning", message, file=found.file, code="fleet-not-followed")]
