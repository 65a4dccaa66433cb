"""Write krm_injector/kube/pod_types_generated.py from a description of the types under v1.Pod.

    python tools/generate_pod_types.py ../shared/kubernetes/pod-types.json >
        krm_injector/kube/pod_types_generated.py

The description maps a Go type ("v1.Container") to its fields in Go's order: json, go, type,
omitempty, omitzero, inline, patchStrategy, patchMergeKey - facts of k8s.io/api and
k8s.io/apimachinery.
"""

from __future__ import annotations

import json
import sys
from typing import Any

OMITEMPTY, OMITZERO, INLINE = 1, 2, 4

HEAD = '''"""The Go types under v1.Pod, as facts: generated, not to be edited.

    python tools/generate_pod_types.py pod-types.json > krm_injector/kube/pod_types_generated.py

TYPES[go type] = fields in Go's order, each (JSON name, Go name, Go type, flags, patchStrategy,
patchMergeKey). Flags: 1 omitempty, 2 omitzero, 4 embedded ("inline"). Types named here as v1.X that
are no key of TYPES are strings, but for those in types.SCALARS. Source: k8s.io/api and
k8s.io/apimachinery 0.35.
"""

# ruff: noqa: E501
# fmt: off

from __future__ import annotations

Field = tuple[str, str, str, int, str, str]

TYPES: dict[str, tuple[Field, ...]] = {
'''


def field_row(field: dict[str, Any]) -> tuple[str, str, str, int, str, str]:
    """One field as the table holds it."""
    flags = (
        (OMITEMPTY if field.get("omitempty") else 0)
        | (OMITZERO if field.get("omitzero") else 0)
        | (INLINE if field.get("inline") else 0)
    )
    strategy, key = field.get("patchStrategy", ""), field.get("patchMergeKey", "")
    return field["json"], field["go"], field["type"], flags, strategy, key


def render(types: dict[str, list[dict[str, Any]]]) -> str:
    """The module's text."""
    lines = [HEAD]
    for name in sorted(types):
        lines.append(f'    "{name}": (\n')
        for field in types[name]:
            row = ", ".join(
                str(cell) if isinstance(cell, int) else f'"{cell}"' for cell in field_row(field)
            )
            lines.append(f"        ({row}),\n")
        lines.append("    ),\n")
    lines.append("}\n")
    return "".join(lines)


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as source:
        sys.stdout.write(render(json.load(source)))
