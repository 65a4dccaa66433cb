"""The check function's policy: which Namespaces' workloads must be injected, and which must not.

Its other half is the advice (advice/), with severities that the functionConfig states.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from krm_injector import advice
from krm_injector.decide import Judge
from krm_injector.function_config import Settings
from krm_injector.kube import selectors
from krm_injector.kube.workloads import at
from krm_injector.model import Decision, Mesh, Namespace, Object, ResourceRef, Result

INJECT = "sidecar.istio.io/inject"
INJECTION = "istio-injection"
REVISION = "istio.io/rev"
# What a run that writes would do to earlier injections; a check writes nothing.
OF_WRITING = frozenset(("injection-taken-back", "edit-kept", "edit-lost", "comment-copied"))


class Edit(NamedTuple):
    """One label of the pod template (template set) or of the Namespace; value None takes it off."""

    template: bool
    name: str
    value: str | None


def policy(
    decisions: Sequence[Decision], standing: Sequence[bool], meshes: Sequence[Mesh], settings: Settings
) -> list[Result]:
    """What breaks spec.require and spec.forbid. standing: per decision, whether its pod stands injected already."""
    judges: dict[Any, Judge] = {}
    results: list[Result] = []
    for decision, injected in zip(decisions, standing, strict=True):
        namespace = decision.namespace
        if namespace is None:
            continue
        if not (decision.injected or injected) and _any(settings.require, namespace):
            results += _result("injection-required", decision, meshes, settings, judges)
        elif (decision.injected or injected) and _any(settings.forbid, namespace):
            results += _result("injection-forbidden", decision, meshes, settings, judges)
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
    code: str, decision: Decision, meshes: Sequence[Mesh], settings: Settings, judges: dict[Any, Judge]
) -> Iterator[Result]:
    required = code == "injection-required"
    workload, namespace = decision.workload, decision.namespace
    assert namespace is not None
    edit = _edit(decision, meshes, settings, judges, required)
    message = (
        f"{workload.ref} must{'' if required else ' not'} be injected by spec.{'require' if required else 'forbid'}, "
        f"and is{' not' if required else ''}: {decision.detail}"
    )
    resource, field = workload.ref, ""
    current: Any = None
    proposed: Any = None
    if edit is not None:
        path = (*workload.template, "metadata", "labels") if edit.template else ("metadata", "labels")
        field, proposed = f'{".".join(path)}["{edit.name}"]', edit.value
        labels = at(workload.object, path) if edit.template else namespace.labels
        current = labels.get(edit.name) if isinstance(labels, dict) else None
        if not edit.template:
            resource = ResourceRef("v1", "Namespace", namespace.name)
        whose = "the pod" if edit.template else resource
        message += f". Remedy: {whose} without the label {edit.name}" if edit.value is None else (
            f'. Remedy: {whose}\'s label {edit.name}: "{edit.value}"')  # fmt: skip
    elif at(workload.object, (*workload.template, "spec", "hostNetwork")) is True:
        field, current, proposed = ".".join((*workload.template, "spec", "hostNetwork")), True, False
    elif decision.reason.value == "ignored-namespace":
        field, current = "metadata.namespace", namespace.name
    result = Result("", message, resource, field, current, proposed, code=code)
    yield from advice.judged(result, workload, settings)


def _edit(
    decision: Decision, meshes: Sequence[Mesh], settings: Settings, judges: dict[Any, Judge], required: bool
) -> Edit | None:
    """The smallest edit of a label that turns the verdict, tried by deciding again."""
    workload, namespace = decision.workload, decision.namespace
    assert namespace is not None
    pod = Edit(True, INJECT, "true" if required else "false")
    candidates = [pod]
    if required:
        revisions = [mesh.revision for mesh in meshes if mesh.source != "missing"]
        wide = [Edit(False, INJECTION, "enabled"), *(Edit(False, REVISION, rev) for rev in revisions)]
        if REVISION in namespace.labels and INJECTION not in namespace.labels:
            wide.append(wide.pop(0))  # who writes revisions gets one that is served
        wide += [Edit(False, key, None) for key in (INJECTION, REVISION) if key in namespace.labels]
        candidates = [pod, *wide] if INJECT in _labels(decision) else [*wide, pod]
    for edit in candidates:
        named = {namespace.name: namespace}
        tried = workload
        if edit.template:
            tried = workload._replace(object=_with(workload.object, (*workload.template, "metadata", "labels"), edit))
        else:
            labels = {key: value for key, value in namespace.labels.items() if key != edit.name}
            if edit.value is not None:
                labels[edit.name] = edit.value
            named = {namespace.name: namespace._replace(labels=labels)}
        key = (namespace.name, None if edit.template else edit)
        judge = judges.get(key)
        if judge is None:
            judge = judges[key] = Judge(named, meshes, settings)
        if judge.decide(tried).injected is required:
            return edit
    return None


def _labels(decision: Decision) -> Mapping[str, Any]:
    labels = at(decision.workload.object, (*decision.workload.template, "metadata", "labels"))
    return labels if isinstance(labels, dict) else {}


def _with(value: Any, path: tuple[str, ...], edit: Edit) -> Any:
    base = value if isinstance(value, dict) else {}
    if not path:
        return {**base, edit.name: edit.value}
    return {**base, path[0]: _with(base.get(path[0]), path[1:], edit)}
