"""The check function's policy: which Namespaces' workloads must be injected, and which must not.

Its other half is the advice (advice/), with severities that the functionConfig states.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from krm_injector.decision.decide import Judge
from krm_injector.decision.suggestions import Edits, Remedies
from krm_injector.function_config import Settings
from krm_injector.istio_names import INJECT
from krm_injector.judging import advice
from krm_injector.kube import selectors
from krm_injector.kube.paths import at
from krm_injector.kube.workloads import text
from krm_injector.model import Decision, Mesh, Namespace, Object, ResourceRef, Result

# What a run that writes would do to earlier injections; a check writes nothing.
OF_WRITING = frozenset(("injection-taken-back", "edit-kept", "edit-lost", "comment-copied"))


def policy(
    decisions: Sequence[Decision],
    standing: Sequence[bool],
    meshes: Sequence[Mesh],
    settings: Settings,
) -> list[Result]:
    """What breaks spec.require and spec.forbid. standing: per decision, whether its pod stands
    injected already.
    """
    namespaces = {d.namespace.name: d.namespace for d in decisions if d.namespace is not None}
    remedies = Remedies(Judge(namespaces, meshes, settings), meshes, settings)
    results: list[Result] = []
    for decision, injected in zip(decisions, standing, strict=True):
        namespace = decision.namespace
        if namespace is None:
            continue
        if not (decision.injected or injected) and _any(settings.require, namespace):
            results += _result("injection-required", decision, meshes, settings, remedies)
        elif (decision.injected or injected) and _any(settings.forbid, namespace):
            results += _result("injection-forbidden", decision, meshes, settings, remedies)

    return results


def problems(wanted: Sequence[Object], field: str) -> list[Result]:
    """Errors for selectors that do not parse."""
    found = []
    for index, selector in enumerate(wanted):
        try:
            selectors.parse(selector)
        except selectors.SelectorError as problem:
            found.append(Result("error", f"{field}[{index}]: {problem}", field=f"{field}[{index}]", current=selector,
                                code="function-config"))  # fmt: skip

    return found


def _any(wanted: Sequence[Object], namespace: Namespace) -> bool:
    """Whether one of the selectors takes the Namespace; an empty one takes all."""
    return any(selectors.parse(selector).matches(namespace.labels) for selector in wanted)


def _result(
    code: str, decision: Decision, meshes: Sequence[Mesh], settings: Settings, remedies: Remedies
) -> Iterator[Result]:
    required = code == "injection-required"
    workload, namespace = decision.workload, decision.namespace
    assert namespace is not None
    message = (
        f"{workload.shown} must{'' if required else ' not'} be injected by "
        f"spec.{'require' if required else 'forbid'}, and is{' not' if required else ''}: "
        f"{decision.detail}"
    )
    resource, field = workload.ref, ""
    current: Any = None
    proposed: Any = None
    edits = _edits(decision, meshes, remedies, required)
    if edits:
        first = edits[0]
        if first.on == "namespace":
            resource = ResourceRef("v1", "Namespace", namespace.name)

        current = at(
            workload.object
            if first.on == "workload"
            else {"metadata": {"labels": namespace.labels}},
            first.path,
        )
        network = first.path[-1] == "hostNetwork"
        proposed = False if network else first.value
        field = text(first.path) if network else f'{text(first.path[:-1])}["{first.path[-1]}"]'
        message += (
            f". Remedy: {_remedy(edits, str(ResourceRef('v1', 'Namespace', namespace.name)))}"
        )
    elif decision.reason.value == "ignored-namespace":
        field, current = "metadata.namespace", namespace.name

    result = Result("", message, resource, field, current, proposed, code=code)
    yield from advice.judged(result, workload, settings)


def _edits(decision: Decision, meshes: Sequence[Mesh], remedies: Remedies, required: bool) -> Edits:
    """The smallest edits that turn the verdict; of a pod that says something itself its own, else
    the Namespace's.
    """

    def revisions() -> list[str]:
        return [mesh.revision for mesh in meshes if mesh.source != "missing"]

    if required and remedies.hopeless(decision):
        return ()

    own = next(remedies.of_workload(decision, revisions), ())
    wide = next(remedies.of_namespace(decision, revisions), ()) if required else ()
    found = [own, wide] if INJECT in _labels(decision) else [wide, own]
    least = min((edits for edits in found if edits), key=len, default=())
    return least or (next(remedies.of_both(decision, revisions), ()) if required else ())


def _remedy(edits: Edits, namespace: str) -> str:
    """What to make of the pod and its Namespace: "Namespace shop's label istio-injection:
    "enabled"".

    Of several labels: "Namespace shop with the label istio.io/rev: "1-30" and without the label
    istio-injection".
    """
    texts = []
    for index, edit in enumerate(edits):
        key, value = edit.path[-1], edit.value
        whose = "the pod" if edit.on == "workload" else namespace
        kind = "annotation" if "annotations" in edit.path else "label"
        if len(edits) == 1 and value is not None:
            return f'{whose}\'s {kind} {key}: "{value}"'

        subject = "" if any(each.on == edit.on for each in edits[:index]) else f"{whose} "
        what = key if key == "hostNetwork" else f"the {kind} {key}"
        texts.append(
            f"{subject}without {what}" if value is None else f'{subject}with {what}: "{value}"'
        )

    return " and ".join(texts)


def _labels(decision: Decision) -> Mapping[str, Any]:
    labels = at(decision.workload.object, (*decision.workload.template, "metadata", "labels"))
    return labels if isinstance(labels, dict) else {}
