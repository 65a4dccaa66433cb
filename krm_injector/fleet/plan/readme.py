"""The README beside the patches of a wave: what to do with them, and the way back."""

from __future__ import annotations

from collections.abc import Sequence

from krm_injector.fleet.plan import text as texts
from krm_injector.fleet.plan.model import LabelChange, Plan, Wave

MARK = "<!-- Written by krm-injector fleet plan --apply-labels. The next run replaces it. -->\n"

_USE = """
## What to do

The patches change no file by themselves. Choose for each object:

- It is rendered by a kustomization: list the component there, and render the target again.

  ```yaml
  components:
  - PATH/TO/{folder}
  ```

  Patches of objects that the kustomization does not have do nothing.
- It stands in a plain file: change the labels there. The table names file and line.

When the wave is over, write the labels into the manifests, and take the component away.
"""


def text(plan: Plan, wave: Wave, by_hand: Sequence[LabelChange]) -> str:
    lines = [MARK, f"# Wave {wave.number}: {wave.title}\n", f"\nOf the plan: {plan.title}.\n"]
    for severity, title in (("blocks", "**The wave is blocked:**"), ("warns", "To know before:")):
        gates = [gate for gate in wave.gates if gate.severity == severity]
        if gates:
            lines.append(f"\n{title}\n\n")
            lines += [f"- {gate.what}: {gate.why} {gate.advice}.\n" for gate in gates]

    lines += ["\n## Labels\n\n", "| Cluster | Object | Before | After | Stands in |\n"]
    lines.append("|---|---|---|---|---|\n")
    lines += [_row(change) for change in wave.labels]

    clusters = {change.cluster for change in wave.labels}
    folder = f"wave-{wave.number}" + ("/CLUSTER" if clusters != {""} else "")
    lines.append(_USE.format(folder=folder))
    if by_hand:
        lines.append("\nThese have no manifest that a patch reaches; change them by hand:\n\n")
        lines += [f"- {change.object}: {texts.stands_in(change)}\n" for change in by_hand]

    lines += ["\nAll steps of the wave:\n\n", *_numbered(wave.steps)]
    lines += ["\n## The way back\n\n", *_numbered(wave.back)]
    return "".join(lines)


def _row(change: LabelChange) -> str:
    cells = (
        change.cluster,
        change.object,
        texts.labels(change.before),
        texts.labels(change.after),
        texts.stands_in(change),
    )
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n"


def _numbered(steps: Sequence[str]) -> list[str]:
    return [f"{number}. {step}\n" for number, step in enumerate(steps, 1)]
