"""Whether manifests are what injection gives now and, if not, which input changed.

docs/verify.md lists the codes. The sentences are in verify_results.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from krm_injector.codes import REINJECTION
from krm_injector.istio_names import RECORD_ANNOTATION
from krm_injector.judging import verify_results as sentences
from krm_injector.judging.verify_results import CONTAINERS, Comparison, stale
from krm_injector.kube.differences import Difference, differences
from krm_injector.kube.element_names import ORDER
from krm_injector.kube.paths import at
from krm_injector.kube.yaml import same
from krm_injector.model import Mesh, Reason, Result
from krm_injector.outcome import Outcome, candidates
from krm_injector.reinjection import istio_traces, record
from krm_injector.reinjection.reinject import traces_suffice

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from krm_injector.function_config import Settings
    from krm_injector.injection.control_plane import PreparedControlPlane

# Infos that say on what the verdict rests; the others tell how injection went.
ASSUMED = ("native-sidecars-assumed",)
# No verdict: the run has reported why. For a Namespace it reports only the first workload.
UNDECIDED = (Reason.NAMESPACE_UNKNOWN, Reason.NO_CONTROL_PLANE)


def verify_outcome(outcome: Outcome, settings: Settings) -> Outcome:
    """The outcome of a run with verify's results, and nothing to replace."""
    results = judge(
        _comparisons(outcome, settings), outcome.results, settings.record, outcome.meshes
    )
    return outcome._replace(replacements={}, originals={}, edits={}, results=results)


def _comparisons(outcome: Outcome, settings: Settings) -> Iterator[Comparison]:
    """Each workload, with the result of the run."""
    planes: dict[str, PreparedControlPlane] = {}
    for standing, restored, decision in candidates(outcome):
        if decision.mesh is not None and decision.mesh.revision in outcome.unusable:
            continue  # there is no injected workload to compare with; the run has reported why

        item = outcome.replacements.get(standing.item, outcome.bundle.items[standing.item].value)
        fresh = at(item, standing.inside)
        if not standing.only:
            fresh = record.fresh_template(standing, fresh)

        place = (standing.item, standing.inside, standing.template)
        yield Comparison(
            standing,
            restored,
            decision,
            fresh,
            restored.record is not None or traces_suffice(standing, decision, planes, settings),
            outcome.edits.get(place, ()),
        )


def judge(
    comparisons: Iterable[Comparison],
    run_results: Iterable[Result],
    with_record: bool,
    meshes: Sequence[Mesh],
) -> tuple[Result, ...]:
    """The run's own errors, warnings and assumptions, then an error for each cause that makes a
    workload stale. with_record: whether injection leaves a record (spec.record).
    """
    results = [
        result
        for result in run_results
        if (result.severity != "info" or result.code in ASSUMED) and result.code not in REINJECTION
    ]
    refused = {result.resource for result in results if result.severity == "error"}
    for comparison in comparisons:
        if comparison.standing.ref not in refused:
            results += _judged(comparison, with_record, meshes)

    return tuple(results)


def _judged(comparison: Comparison, with_record: bool, meshes: Sequence[Mesh]) -> list[Result]:
    decision, entry = comparison.decision, comparison.restored.record
    if decision.reason in UNDECIDED:
        return []

    injected = entry is not None or istio_traces.injected_by_istio(comparison.standing)
    if not decision.injected:
        return _not_to_be_injected(comparison, meshes) if injected else []

    if same(comparison.standing.object, comparison.fresh):
        return [] if comparison.proven else [sentences.unproven(comparison)]
    if not injected:
        return [sentences.not_injected(comparison)]

    differing = differences(comparison.standing.object, comparison.fresh)
    if entry is not None:
        return _causes(comparison, entry, differing)
    return [_stale_without_record(comparison, differing, with_record)]


def _not_to_be_injected(comparison: Comparison, meshes: Sequence[Mesh]) -> list[Result]:
    """For a workload that is injected and should not be."""
    if comparison.decision.reason is Reason.ALREADY_INJECTED:
        return [sentences.unproven(comparison)]

    entry = comparison.restored.record
    revision = None if entry is None else entry.revision
    mesh = next((mesh for mesh in meshes if mesh.revision == revision), None)
    namespace_changed = (
        entry is not None
        and mesh is not None
        and not record.namespace_fits(entry, comparison.decision.namespace, mesh)
    )
    return [sentences.unwanted(comparison, namespace_changed)]


def _stale_without_record(
    comparison: Comparison, differing: list[Difference], with_record: bool
) -> Result:
    others = [
        difference
        for difference in differing
        if RECORD_ANNOTATION not in difference.path and difference.path != "metadata.annotations"
    ]
    if with_record and not others:
        return sentences.without_record(comparison)

    why = "it is not what injection gives now, and it carries no record that tells why"
    return stale(comparison, "verify-stale", why, others)


# ---------------------------------------------------------------- causes, by the record


def _causes(
    comparison: Comparison, entry: record.InjectionRecord, differing: list[Difference]
) -> list[Result]:
    """Why a workload with a record is stale: every cause that the record shows, or else the only
    one that remains.
    """
    outside = [each for each in differing if RECORD_ANNOTATION not in each.path]
    changed_inputs = [
        *_mesh_changed(comparison, entry, outside),
        *_namespace_changed(comparison, entry, outside),
    ]
    results = changed_inputs + _edited_by_hand(comparison)
    # Other inputs may give another order. Then the difference is no edit.
    results += _orders(comparison, [] if changed_inputs else outside)
    if not results and not record.intact(comparison.standing.object, entry):
        why = "its injected part was edited by hand"
        results.append(stale(comparison, "verify-edited", why, outside))

    return results or _remaining_cause(comparison, entry, outside)


def _mesh_changed(
    comparison: Comparison, entry: record.InjectionRecord, outside: list[Difference]
) -> list[Result]:
    mesh = comparison.decision.mesh
    assert mesh is not None
    if entry.revision != mesh.revision:
        why = f"control plane {mesh.revision} injects it now, it was {entry.revision}"
    elif entry.istio != mesh.version:
        now, then = mesh.version or "of unknown version", entry.istio or "unknown"
        why = f"the mesh is Istio {now} now, it was {then}"
    elif entry.mesh != record.mesh_digest(mesh):
        why = f"the configuration of control plane {mesh.revision} changed"
    else:
        return []

    return [stale(comparison, "verify-mesh-changed", why, outside)]


def _namespace_changed(
    comparison: Comparison, entry: record.InjectionRecord, outside: list[Difference]
) -> list[Result]:
    mesh, namespace = comparison.decision.mesh, comparison.decision.namespace
    assert mesh is not None
    if record.namespace_fits(entry, namespace, mesh):
        return []

    why = (
        f"Namespace {comparison.standing.ref.namespace} changed the labels that injection goes "
        "by, or its user ranges"
    )
    return [stale(comparison, "verify-namespace-changed", why, outside)]


def _edited_by_hand(comparison: Comparison) -> list[Result]:
    """An error for each value of Istio that a user or a setter has overwritten."""
    written = [copied for copied in comparison.restored.copied if copied.written]
    edits = [edit for edit in comparison.edits if edit.path and not edit.path.endswith(ORDER)]
    return [
        *(sentences.by_setter(comparison, copied) for copied in written),
        *(sentences.edited(comparison, edit) for edit in edits),
    ]


def _orders(comparison: Comparison, differing: list[Difference]) -> list[Result]:
    """An error for each list whose elements are in another order, by the record and by a
    comparison. An edit that is kept may move elements inside a container, which is correct.
    """
    orders: dict[str, tuple[Any, Any]] = {}
    for edit in comparison.edits:
        if edit.path.endswith(ORDER):
            orders[edit.path] = edit.current, edit.injected

    for difference in differing:
        path = difference.path
        if not path.endswith(ORDER):
            continue

        of_containers = path.removesuffix(ORDER).endswith(CONTAINERS)
        if of_containers or not comparison.edits:
            orders[path] = difference.before, difference.after

    return [
        sentences.order(comparison, path.removesuffix(ORDER), current, injected)
        for path, (current, injected) in orders.items()
    ]


def _remaining_cause(
    comparison: Comparison, entry: record.InjectionRecord, outside: list[Difference]
) -> list[Result]:
    """The cause of a difference that neither the mesh, the Namespace nor an edit explains."""
    if entry.rules != record.RULES:
        rules = entry.rules or "of a krm-injector that did not number them"
        why = (
            f"it was injected by the rules {rules}, and krm-injector's rules are {record.RULES} now"
        )
        return [stale(comparison, "verify-rules-changed", why, outside)] if outside else []

    if not outside:
        why = f"the annotation {RECORD_ANNOTATION} was edited by hand"
        return [stale(comparison, "verify-edited", why, outside)]

    why = (
        "the mesh, the Namespace, krm-injector's rules and the injected part are as they were: "
        "fields of its own that injection reads were edited since it was injected, or the "
        "functionConfig changed"
    )
    return [stale(comparison, "verify-inputs-changed", why, outside)]
