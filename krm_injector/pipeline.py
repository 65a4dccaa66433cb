"""THE MAP: read -> configure -> discover -> decide -> render -> merge -> post-process -> write.

Reading and writing are the caller's (cli.py); what is between is here, pure, and collects every error of a run.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from krm_injector.decide import decide_all
from krm_injector.discover import discover
from krm_injector.function_config import Settings
from krm_injector.inject import Failure, inject
from krm_injector.istio_api import ApiError
from krm_injector.kube.yaml import YamlError
from krm_injector.model import Decision, Mesh, Object, Result
from krm_injector.render import ControlPlane
from krm_injector.resource_list import Bundle


class Outcome(NamedTuple):
    """What a run came to. Error results mean that nothing may be written."""

    bundle: Bundle
    meshes: tuple[Mesh, ...]
    decisions: tuple[Decision, ...]
    replacements: dict[int, Object]  # item index -> the item as injection leaves it
    results: tuple[Result, ...]


def decide_only(bundle: Bundle, settings: Settings) -> Outcome:
    """Who is injected, and why; nothing is rendered."""
    found = discover(bundle, settings)
    decisions = decide_all(found.workloads, found.namespaces, found.meshes, settings)
    results = [*found.results, *(result for decision in decisions for result in decision.results)]
    return Outcome(bundle, tuple(found.meshes), tuple(decisions), {}, tuple(results))


def run(bundle: Bundle, settings: Settings) -> Outcome:
    """Everything: the decisions, and each injected item as it will stand."""
    outcome = decide_only(bundle, settings)
    results = list(outcome.results)
    planes: dict[int, ControlPlane] = {}
    replacements: dict[int, Any] = {}
    for decision in outcome.decisions:
        if not decision.injected or decision.mesh is None:
            continue
        try:
            plane = planes.get(id(decision.mesh)) or ControlPlane(decision.mesh)
            planes[id(decision.mesh)] = plane
            injected = inject(decision, plane, settings.method == "manual")
        except Failure as failure:
            results.extend(failure.results)
        except (ApiError, YamlError) as problem:
            results.append(_unusable(decision.mesh, problem))
            break
        else:
            index = decision.workload.item
            before = replacements.get(index, bundle.items[index].value)
            replacements[index] = _put(before, decision.workload.inside, injected)
    return outcome._replace(replacements=replacements, results=tuple(results))


def _put(value: Any, path: tuple[str | int, ...], leaf: Any) -> Any:
    """A copy of the value with ``leaf`` at the path."""
    if not path:
        return leaf
    key: Any = path[0]
    changed: Any = list(value) if isinstance(value, list) else dict(value)
    changed[key] = _put(value[key], path[1:], leaf)
    return changed


def _unusable(mesh: Mesh, problem: Exception) -> Result:
    message = f"the configuration of control plane {mesh.revision} ({mesh.source}) cannot be used: {problem}"
    return Result("error", message, code="mesh-invalid")
