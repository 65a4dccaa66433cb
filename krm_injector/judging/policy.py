"""An InjectionCheck: its policy (which Namespaces' workloads must be injected, and which must not),
and the advice, whose severities the functionConfig states.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from krm_injector.codes import REINJECTION
from krm_injector.decision.decide import Decider
from krm_injector.decision.suggestions import Edits, EditSearch
from krm_injector.function_config import Settings
from krm_injector.istio_names import INJECT
from krm_injector.judging import advice
from krm_injector.judging.advice import silence
from krm_injector.kube import selectors
from krm_injector.kube.paths import at
from krm_injector.kube.workloads import text
from krm_injector.model import Decision, Mesh, Namespace, Object, Reason, ResourceRef, Result
from krm_injector.named_tuple import NamedTuple
from krm_injector.outcome import Outcome, candidates
from krm_injector.reinjection import istio_traces

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Literal

    PolicyCode = Literal["injection-required", "injection-forbidden"]


class Remedy(NamedTuple):
    """The target of a policy's error: the resource, its field, and the proposed value."""

    resource: ResourceRef
    field: str = ""
    current: Any = None
    proposed: Any = None
    sentence: str = ""  # appended to the message


def check_outcome(outcome: Outcome, settings: Settings) -> Outcome:
    """The outcome of a run with the results of policy and advice, and nothing to replace."""
    results = [result for result in outcome.results if result.code not in REINJECTION]
    standing = [
        istio_traces.injected_by_istio(candidate.standing) for candidate in candidates(outcome)
    ]
    results += violations(outcome.decisions, standing, outcome.meshes, settings)
    results += advice.results(
        advice.advise(outcome.bundle, outcome.decisions, outcome.replacements, settings)
    )
    return outcome._replace(replacements={}, originals={}, results=tuple(results))


def selector_problems(settings: Settings) -> list[Result]:
    """An error for each selector of the policy that does not parse."""
    allowed = [entry.namespaces for entry in settings.allow_overrides or ()]
    return [
        *_selector_problems(settings.require, "spec.require"),
        *_selector_problems(settings.forbid, "spec.forbid"),
        *_selector_problems(allowed, "spec.allowOverrides", ".namespaces"),
    ]


def _selector_problems(policy: Sequence[Object], field: str, below: str = "") -> list[Result]:
    results = []
    for index, selector in enumerate(policy):
        place = f"{field}[{index}]{below}"
        try:
            selectors.parse(selector)
        except selectors.SelectorError as problem:
            message = f"{place}: {problem}"
            results.append(
                Result("error", message, field=place, current=selector, code="function-config")
            )

    return results


def violations(
    decisions: Sequence[Decision],
    standing: Sequence[bool],
    meshes: Sequence[Mesh],
    settings: Settings,
) -> list[Result]:
    """The workloads that break spec.require and spec.forbid.

    standing: per decision, whether its pod is injected already.
    """
    namespaces = {d.namespace.name: d.namespace for d in decisions if d.namespace is not None}
    remedies = EditSearch(Decider(namespaces, meshes, settings), meshes, settings)

    def revisions() -> list[str]:
        return [mesh.revision for mesh in meshes if mesh.source != "missing"]

    results: list[Result] = []
    for decision, stands_injected in zip(decisions, standing, strict=True):
        namespace = decision.namespace
        if namespace is None:
            continue

        injected = decision.injected or stands_injected
        if not injected and _any_matches(settings.require, namespace):
            edits = _required_edits(decision, revisions, remedies)
            remedy = _remedy(decision, namespace, edits)
            results += _violation("injection-required", decision, remedy, settings)
        elif injected and _any_matches(settings.forbid, namespace):
            edits = next(remedies.of_workload(decision, revisions), ())
            remedy = _remedy(decision, namespace, edits)
            results += _violation("injection-forbidden", decision, remedy, settings)

    return results


def _any_matches(policy: Iterable[Object], namespace: Namespace) -> bool:
    """Whether one of the selectors matches the Namespace. An empty one matches all."""
    return any(selectors.parse(selector).matches(namespace.labels) for selector in policy)


def _violation(
    code: PolicyCode, decision: Decision, remedy: Remedy, settings: Settings
) -> list[Result]:
    """The error, with the severity that the settings give its code; [] if it is silenced."""
    workload = decision.workload
    severity = silence.severity(code, settings, remedy.resource, workload.ref)
    if severity is None or silence.covers(silence.codes_of(workload.object), code):
        return []

    if code == "injection-required":
        rule = "must be injected by spec.require, and is not"
    else:
        rule = "must not be injected by spec.forbid, and is"

    message = f"{workload.shown} {rule}: {decision.detail}{remedy.sentence}"
    resource, field, current, proposed, _ = remedy
    return [Result(severity, message, resource, field, current, proposed, code=code)]


# ---------------------------------------------------------------- remedies


def _required_edits(
    decision: Decision, revisions: Callable[[], list[str]], remedies: EditSearch
) -> Edits:
    """The smallest edits that get a workload injected: of the pod or of the Namespace alone, or
    else of both.
    """
    if remedies.hopeless(decision):
        return ()

    own = next(remedies.of_workload(decision, revisions), ())
    wide = next(remedies.of_namespace(decision, revisions), ())
    # Of two edits of the same size, a pod that has the label itself is edited.
    choices = [own, wide] if INJECT in _labels(decision) else [wide, own]
    least = min(filter(None, choices), key=len, default=())
    return least or next(remedies.of_both(decision, revisions), ())


def _labels(decision: Decision) -> Mapping[str, Any]:
    labels = at(decision.workload.object, (*decision.workload.template, "metadata", "labels"))
    return labels if isinstance(labels, dict) else {}


def _remedy(decision: Decision, namespace: Namespace, edits: Edits) -> Remedy:
    """The first edit's field, and all edits as a sentence."""
    workload = decision.workload
    if not edits:
        if decision.reason is Reason.IGNORED_NAMESPACE:
            return Remedy(workload.ref, "metadata.namespace", namespace.name)
        return Remedy(workload.ref)

    namespace_ref = ResourceRef("v1", "Namespace", namespace.name)
    sentence = f". Remedy: {_as_sentence(edits, str(namespace_ref))}"
    first = edits[0]
    if first.on == "workload":
        current = at(workload.object, first.path)
    else:
        current = at({"metadata": {"labels": namespace.labels}}, first.path)

    resource = namespace_ref if first.on == "namespace" else workload.ref
    if first.path[-1] == "hostNetwork":
        return Remedy(resource, text(first.path), current, False, sentence)

    field = f'{text(first.path[:-1])}["{first.path[-1]}"]'
    return Remedy(resource, field, current, first.value, sentence)


def _as_sentence(edits: Edits, namespace: str) -> str:
    """The edits of the pod and its Namespace in words: "Namespace shop's label istio-injection:
    "enabled"".

    Of several labels: "Namespace shop with the label istio.io/rev: "1-30" and without the label
    istio-injection".
    """
    phrases = []
    named: set[str] = set()
    for edit in edits:
        key, value = edit.path[-1], edit.value
        owner = "the pod" if edit.on == "workload" else namespace
        kind = "annotation" if "annotations" in edit.path else "label"
        if len(edits) == 1 and value is not None:
            return f'{owner}\'s {kind} {key}: "{value}"'

        subject = "" if edit.on in named else f"{owner} "
        named.add(edit.on)
        field = str(key) if key == "hostNetwork" else f"the {kind} {key}"
        if value is None:
            phrases.append(f"{subject}without {field}")
        else:
            phrases.append(f'{subject}with {field}: "{value}"')

    return " and ".join(phrases)
