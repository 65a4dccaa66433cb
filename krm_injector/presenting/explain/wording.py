"""Suggested edits in words and as data (docs/explain.schema.json, "changes")."""

from __future__ import annotations

from krm_injector.decision.suggestions import Edits, FailedSearch, SuggestedEdit
from krm_injector.function_config import NAMESPACE_LABELS
from krm_injector.istio_names import INJECTOR_CONFIG_MAP
from krm_injector.kube.paths import Step, at
from krm_injector.model import Decision, ResourceRef
from krm_injector.named_tuple import NamedTuple
from krm_injector.presenting.explain.locations import field_path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Effect(NamedTuple):
    """What edits of a Namespace or a mesh do to the workloads that they reach."""

    injects: int
    leaves_out: int
    moves: tuple[tuple[str, int], ...]  # injected before and after: the new revision, how many
    refuses: int

    @property
    def harmless(self) -> bool:
        """Whether they turn verdicts in one direction only, and do nothing else."""
        return not (self.moves or self.refuses or (self.injects and self.leaves_out))


def revision_of(decision: Decision) -> str:
    return decision.mesh.revision if decision.mesh else "default"


def suggestion(
    decision: Decision, scope: str, edits: Edits, effect: Effect | None
) -> dict[str, Any]:
    """The edits as one of an entry's "changes"; effect: None if they reach one workload only."""
    instructions = [_instruction(decision, edit, edits[:index]) for index, edit in enumerate(edits)]
    text, affected = " and ".join(instructions), 1
    if effect is not None:
        text += f" ({_effect_text(effect)})"
        affected = effect.injects + effect.leaves_out

    return {
        "scope": scope,
        "text": text,
        "injected": not decision.injected,
        "affects": affected,
        "edits": [_edit_data(decision, edit) for edit in edits],
    }


def _instruction(decision: Decision, edit: SuggestedEdit, previous: Edits) -> str:
    """An edit as what to do. previous: those that stand in the sentence already."""
    if edit.on == "mesh":
        revision = revision_of(decision)
        return (
            f"set policy: {edit.value} in the injection configuration of control plane {revision}"
        )

    key = edit.path[-1]
    if key == "hostNetwork":
        return f"take hostNetwork off the pod template of {decision.workload.ref}"

    target = _target(decision, edit)
    labelled = [earlier.on for earlier in previous if earlier.path[-1] != "hostNetwork"]
    if edit.on in labelled:
        target = "it"

    noun, verb = ("annotation", "annotate") if "annotations" in edit.path else ("label", "label")
    if edit.value is None:
        return f"take the {noun} {key} off {target}"
    return f'{verb} {target} with {key}: "{edit.value}"'


def _target(decision: Decision, edit: SuggestedEdit) -> str:
    namespace = decision.namespace
    if edit.on == "workload" or namespace is None:
        return "the pod template"
    if namespace.source == "functionConfig":
        return f"Namespace {namespace.name} (spec.namespaces of the functionConfig)"
    if namespace.source == NAMESPACE_LABELS:
        return f"Namespace {namespace.name} ({NAMESPACE_LABELS})"
    return f"Namespace {namespace.name}"


def _effect_text(effect: Effect) -> str:
    """ "injects 2 workloads, leaves out 1"."""
    clauses = [("injects", effect.injects, ""), ("leaves out", effect.leaves_out, "")]
    for revision, count in effect.moves:
        clauses.append(("moves", count, f" to control plane {revision}"))
    clauses.append(("lets an error refuse", effect.refuses, ""))

    texts: list[str] = []
    for verb, count, target in clauses:
        if not count:
            continue

        noun = ""  # the first clause says what is counted
        if not texts:
            noun = " workload" if count == 1 else " workloads"
        texts.append(f"{verb} {count:,}{noun}{target}")

    return ", ".join(texts)


def _edit_data(decision: Decision, edit: SuggestedEdit) -> dict[str, Any]:
    ref, path, current = _edited_field(decision, edit)
    resource = {
        "apiVersion": ref.api_version,
        "kind": ref.kind,
        "name": ref.name,
        "namespace": ref.namespace,
    }
    return {
        "resource": {key: value for key, value in resource.items() if value},
        "field": field_path(path),
        "path": list(path),
        "currentValue": current,
        "proposedValue": edit.value,
    }


def _edited_field(decision: Decision, edit: SuggestedEdit) -> tuple[ResourceRef, Step, Any]:
    """The object that the edit changes, the path of the field in it, and the field's value now."""
    if edit.on == "workload":
        return decision.workload.ref, edit.path, at(decision.workload.object, edit.path)

    if edit.on == "namespace":
        namespace = decision.namespace
        assert namespace is not None
        current = namespace.labels.get(str(edit.path[-1]))
        return ResourceRef("v1", "Namespace", namespace.name), edit.path, current

    mesh = decision.mesh
    assert mesh is not None
    name = INJECTOR_CONFIG_MAP
    if mesh.revision != "default":
        name += f"-{mesh.revision}"
    current = mesh.config.get(str(edit.path[0]))
    return ResourceRef("v1", "ConfigMap", name), ("data", "config", *edit.path), current


def no_suggestion(decision: Decision, search: FailedSearch, both: bool) -> str:
    """Why there is nothing to suggest: a search over all labels found nothing.

    both: whether the Namespace's labels were tried as well.
    """
    scope = "its pod and its Namespace" if both else "its pod"
    if search.whole:
        text = (
            f"no labels of {scope} take it in (all {search.all:,} combinations that selectors tell "
            "apart tried)"
        )
    else:
        text = (
            f"none of {search.tried:,} combinations of labels of {scope} takes it in, of "
            f"{search.all:,} in all"
        )

    if search.spared:
        spared = ", ".join(search.spared)
        text += f" (those that its controller sets or selects it by are left: {spared})"

    namespace = decision.workload.ref.namespace
    if not both and namespace:
        text += f"; Namespace {namespace} is not in the bundle, and its labels may"

    return text
