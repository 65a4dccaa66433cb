"""Whether manifests are what injection gives now, and where they are not: since what has changed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from krm_injector.injection import pods
from krm_injector.kube.differences import ABSENT, Difference, differences
from krm_injector.kube.yaml import same
from krm_injector.model import Decision, Mesh, Object, Reason, Result, Workload
from krm_injector.reinjection import eject, istio_traces, manual_edits, record

CONTAINERS = (".containers", ".initContainers")
SHOWN = 5  # differences named in a message
REPLACED = (
    "edit-kept",
    "edit-lost",
    "injection-taken-back",
    "comment-copied",
)  # what the pipeline says of the same findings, meant for inject
# No verdict: the pipeline has told why, of a Namespace with its first workload only.
UNDECIDED = (Reason.NAMESPACE_UNKNOWN, Reason.NO_CONTROL_PLANE)


class Row(NamedTuple):
    """One workload, judged."""

    standing: Workload  # as it is in the bundle
    restored: eject.Restored  # as it was before the injection
    decision: Decision
    fresh: Object  # as injection gives it now
    proven: bool = (
        True  # False: without a record, and Istio's traces do not tell what it was before
    )
    edits: tuple[manual_edits.HandEdit, ...] = ()  # by hand inside the injected part


def judge(
    rows: Iterable[Row], results: Iterable[Result], with_record: bool, meshes: Sequence[Mesh]
) -> tuple[Result, ...]:
    """The pipeline's own errors and warnings, and an error for each cause for which a workload is
    stale.
    """
    told = [
        result for result in results if result.severity != "info" and result.code not in REPLACED
    ]
    broken = {result.resource for result in told if result.severity == "error"}
    for row in rows:
        if row.standing.ref not in broken:
            told += _judged(row, with_record, meshes)

    return tuple(told)


def _judged(row: Row, with_record: bool, meshes: Sequence[Mesh]) -> list[Result]:
    found = row.restored.record
    by_others = found is None and istio_traces.injected_by_istio(row.standing)
    if row.decision.reason in UNDECIDED:
        return []

    if not row.decision.injected:
        if found is None and not by_others:
            return []
        if row.decision.reason is Reason.ALREADY_INJECTED:
            return [_unproven(row)]
        return [_unwanted(row, found, meshes)]

    if same(row.standing.object, row.fresh):
        return [] if row.proven else [_unproven(row)]
    if found is None and not by_others:
        return [_not_injected(row)]

    differing = differences(row.standing.object, row.fresh)
    if found is not None:
        return _since(row, found, differing)

    beside = [
        one
        for one in differing
        if record.ANNOTATION not in one.path and one.path != "metadata.annotations"
    ]
    if with_record and not beside:
        return [_without_record(row)]

    return [
        _stale(
            row,
            "verify-stale",
            "it is not what injection gives now, and it carries no record that tells why",
            beside,
        )
    ]


def _since(row: Row, found: record.InjectionRecord, differing: list[Difference]) -> list[Result]:
    """Why a workload with a record is stale: every cause that can be told."""
    mesh, namespace = row.decision.mesh, row.decision.namespace
    assert mesh is not None
    own = [one for one in differing if record.ANNOTATION not in one.path]
    told = []
    if found.revision != mesh.revision:
        why = f"control plane {mesh.revision} injects it now, it was {found.revision}"
        told.append(_stale(row, "verify-mesh-changed", why, own))
    elif found.istio != mesh.version:
        why = f"the mesh is Istio {mesh.version or 'of unknown version'} now, it was {found.istio or 'unknown'}"
        told.append(_stale(row, "verify-mesh-changed", why, own))
    elif found.mesh != record.mesh_digest(mesh):
        told.append(
            _stale(
                row,
                "verify-mesh-changed",
                f"the configuration of control plane {mesh.revision} changed",
                own,
            )
        )

    if not record.namespace_fits(found, namespace, mesh):
        why = f"Namespace {row.standing.ref.namespace} changed the labels that injection goes by, or its user ranges"
        told.append(_stale(row, "verify-namespace-changed", why, own))

    explained = bool(told)
    told += _by_setters(row)
    told += [
        _edited(row, edit)
        for edit in row.edits
        if edit.path and not edit.path.endswith(record.ORDER)
    ]
    told += _orders(row, [] if explained else own)
    if not told and not record.intact(row.standing.object, found):
        told.append(_stale(row, "verify-edited", "its injected part was edited by hand", own))
    if told:
        return told

    if found.rules != record.RULES:
        why = (
            "it was injected by the rules "
            f"{found.rules or 'of a krm-injector that did not number them'}, and krm-injector's "
            f"rules are {record.RULES} now"
        )
        return [_stale(row, "verify-rules-changed", why, own)] if own else []

    if not own:
        return [
            _stale(
                row, "verify-edited", f"the annotation {record.ANNOTATION} was edited by hand", own
            )
        ]

    why = (
        "the mesh, the Namespace, krm-injector's rules and the injected part are as they were: "
        "fields of its own that injection reads were edited since it was injected, or the "
        "functionConfig changed"
    )
    return [_stale(row, "verify-inputs-changed", why, own)]


# ---------------------------------------------------------------- in words


def _stale(row: Row, code: str, why: str, differing: list[Difference]) -> Result:
    ref, who = row.standing.ref, row.standing.shown
    message = f"{who} is stale: {why}. Inject it again"
    if differing:
        message += (
            f"; {len(differing)} values would change"
            if len(differing) > 1
            else "; one value would change"
        )
        message += "".join(
            f"\n{one.path}: {_word(one.before)} -> {_word(one.after)}" for one in differing[:SHOWN]
        )
        message += "\n..." if len(differing) > SHOWN else ""

    return Result("error", message, ref, file="", code=code)


def _edited(row: Row, edit: manual_edits.HandEdit) -> Result:
    ref = row.standing.ref
    if edit.kept:
        then = (
            "Istio supports it as an override: inject again, and the edit is kept; else restore "
            f"the value{manual_edits.order(edit)}"
        )
    else:
        then = (
            "No override of Istio's says just that: injecting again overwrites the edit. To "
            "change it, make it in what injection starts from: eject, edit, inject"
        )

    message = (
        f"{edit.path} of {ref} was {manual_edits.what(edit)} by hand inside the injected part, "
        f"where injection gives {manual_edits.now(edit)}. {then}"
    )
    current, injected = manual_edits.value_of(edit.current), manual_edits.value_of(edit.injected)
    return Result("error", message, ref, edit.path, current, injected, code="verify-edited")


def _orders(row: Row, differing: list[Difference]) -> list[Result]:
    """An error for each list whose elements stand in another order: as the record tells, and as a
    comparison does. An edit that is kept may move elements inside a container, which is no finding.
    """
    found = {
        edit.path: (edit.current, edit.injected)
        for edit in row.edits
        if edit.path.endswith(record.ORDER)
    }
    for one in differing:
        containers = one.path.removesuffix(record.ORDER).endswith(CONTAINERS)
        if one.path.endswith(record.ORDER) and (containers or not row.edits):
            found[one.path] = one.before, one.after

    return [_order(row, path.removesuffix(record.ORDER), *orders) for path, orders in found.items()]


def _order(row: Row, path: str, current: Any, injected: Any) -> Result:
    standing, wanted = _common(current, injected), _common(injected, current)
    message = (
        f"the order of {path} of {row.standing.ref} is not the one that injection gives: "
        f"{_word(standing)} stands there, {_word(wanted)} is right{_why_order(path)}. Injecting "
        "again overwrites it; where a patch of kustomize's changed it (a strategic patch puts "
        "what it names at the front of its list), use a JSON patch, or let it run before injection"
    )
    return Result("error", message, row.standing.ref, path, standing, wanted, code="verify-edited")


def _common(these: Any, others: Any) -> Any:
    both = isinstance(these, list) and isinstance(others, list)
    return [name for name in these if name in others] if both else manual_edits.value_of(these)


def _why_order(path: str) -> str:
    """What an order of this list means to Kubernetes."""
    if path.endswith(CONTAINERS):
        return " (containers start in their order)"
    return " ($(NAME) finds the variables before it only)" if path.endswith(".env") else ""


def _by_setters(row: Row) -> list[Result]:
    """An error for each value of Istio's that a setter wrote, since its comment had been copied
    there.
    """
    if not row.restored.copied:
        return []

    from krm_injector.reinjection import setter_comments

    return [
        Result(
            "error",
            f"{setter_comments.wrong(row.standing, one)}. Inject again: Istio's value comes back",
            row.standing.ref,
            one.path,
            one.value,
            code="verify-edited",
        )
        for one in row.restored.copied
        if one.written
    ]


def _not_injected(row: Row) -> Result:
    ref, who = row.standing.ref, row.standing.shown
    message = (
        f"{who} is not injected, although it is to be ({row.decision.detail}). Inject it; where "
        "kustomize should have, build with --enable-alpha-plugins --enable-exec: without them it "
        "leaves functions out and says nothing"
    )
    return Result("error", message, ref, code="verify-not-injected")


def _unwanted(row: Row, found: record.InjectionRecord | None, meshes: Sequence[Mesh]) -> Result:
    ref, who = row.standing.ref, row.standing.shown
    since = ""
    mesh = next(
        (mesh for mesh in meshes if found is not None and mesh.revision == found.revision), None
    )
    if (
        found is not None
        and mesh is not None
        and not record.namespace_fits(found, row.decision.namespace, mesh)
    ):
        since = f" since Namespace {ref.namespace} changed"

    message = f"{who} is injected, although it is not to be{since} ({row.decision.detail}). {_taking_back(row, found)}"
    return Result("error", message, ref, code="verify-unwanted")


def _taking_back(row: Row, found: record.InjectionRecord | None) -> str:
    """What takes the injection back: without a record inject leaves it as it is, and eject goes by
    Istio's traces.
    """
    if found is not None:
        return "Inject again, which takes the injection back, or eject it"

    stay = "krm-injector explain says what turns the verdict"
    if row.decision.reason is Reason.NO_WEBHOOK_MATCHES:
        stay = "set method: manual (--method manual), which asks no Namespace, as kube-inject does"

    if istio_traces.before_injection(row.standing) is None:
        return (
            f"There is no record, and the annotation {pods.STATUS_ANNOTATION}, which names the "
            "injected parts, cannot be read: put the workload's source in its place"
        )

    return (
        "Istio injected it, there is no record, and inject leaves such a workload as it is: "
        "krm-injector eject takes it back by Istio's own traces. Where the injection is meant to "
        f"stay, {stay}"
    )


def _unproven(row: Row) -> Result:
    ref, who = row.standing.ref, row.standing.shown
    message = (
        f"{who} was injected without a record, and Istio's own traces do not tell what it was "
        "before: injection leaves it as it is, but an edit by hand inside its istio containers "
        "would not be seen"
    )
    return Result("warning", message, ref, code="verify-unproven")


def _without_record(row: Row) -> Result:
    ref, who = row.standing.ref, row.standing.shown
    message = (
        f"{who} is injected as it should be, but without the record {record.ANNOTATION}. Inject "
        "it again, or set record: false in the functionConfig"
    )
    return Result("error", message, ref, code="verify-no-record")


def _word(value: Any, most: int = 100) -> str:
    if value is ABSENT:
        return "absent"
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= most else text[: most - 3] + "..."
