"""`fleet plan` as JSON for programs; docs/fleet-plan.schema.json describes it.

Names are those of fleet/plan/model.py in camelCase. Amounts are whole numbers: CPU in thousandths
of a core, memory in bytes.
"""

from __future__ import annotations

import json

from krm_injector.fleet.plan.model import ABSENT, Change, ChangeGroup, Plan, Wave
from krm_injector.istio_names import API_VERSION

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def render(plan: Plan) -> str:
    return json.dumps(document(plan), indent=2, ensure_ascii=False) + "\n"


def document(plan: Plan) -> dict[str, Any]:
    fields: dict[str, Any] = _value(plan)
    fields["groups"] = [_group(group) for group in plan.groups]
    fields["waves"] = [_wave(wave) for wave in plan.waves]
    return {"apiVersion": API_VERSION, "kind": "FleetPlan", **fields}


def _group(group: ChangeGroup) -> dict[str, Any]:
    fields: dict[str, Any] = _value(group)
    changes = [_change(change) for change in group.changes]
    return {**fields, "workloads": group.workloads, "changes": changes}


def _change(change: Change) -> dict[str, Any]:
    """What is absent before or after has no key."""
    fields = {"path": change.path}
    if change.before is not ABSENT:
        fields["before"] = change.before
    if change.after is not ABSENT:
        fields["after"] = change.after
    return fields


def _wave(wave: Wave) -> dict[str, Any]:
    """Pairs with their names. Gates stand in the plan once, with the number of their wave."""
    fields: dict[str, Any] = _value(wave._replace(gates=()))
    del fields["gates"]
    fields["namespaces"] = [
        {"cluster": cluster, "namespace": name} for cluster, name in wave.namespaces
    ]
    fields["groups"] = [{"number": number, "workloads": count} for number, count in wave.groups]
    return fields


def _value(value: Any) -> Any:
    """A value of the model as JSON says it."""
    fields = getattr(value, "_fields", None)
    if fields is not None:
        return {_camel_case(name): _value(getattr(value, name)) for name in fields}
    if isinstance(value, tuple):
        return [_value(each) for each in value]
    return None if value is ABSENT else value


def _camel_case(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(word.capitalize() for word in others)
