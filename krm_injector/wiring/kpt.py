"""kpt: a mutator of the Kptfile, with its functionConfig."""

from __future__ import annotations

import os
import re
from typing import Any

from krm_injector.wiring import plan as plans
from krm_injector.wiring.plan import FUNCTION_FILE, File, Plan

KPTFILE = "Kptfile"


def plan(directory: str, image: str | None) -> Plan:
    """The functionConfig and the mutator in the Kptfile, which is made where there is none. Raises
    Refused.
    """
    own = plans.function_file(directory, image)
    text = plans.present(directory, KPTFILE)
    files = (*own, *(_created(directory, image) if text is None else _entered(text, image)))
    command = "kpt fn render ." if image else "kpt fn render --allow-exec ."
    return Plan(
        files,
        (command,),
        ("kpt writes in place: commit first, and see the changes with git diff.",),
    )


def _mutator(image: str | None) -> dict[str, str]:
    how = {"image": image} if image else {"exec": "krm-injector"}
    return {**how, "configPath": FUNCTION_FILE}


def _advice(image: str | None) -> str:
    first, second = _mutator(image).items()
    return f"pipeline:\n  mutators:\n  - {first[0]}: {first[1]}\n    {second[0]}: {second[1]}\n"


def _entered(text: str, image: str | None) -> tuple[File, ...]:
    def with_mutator(value: dict[str, Any]) -> dict[str, Any]:
        pipeline = value.get("pipeline")
        if pipeline is None:
            pipeline = {}
        if not isinstance(pipeline, dict):
            raise plans.Cannot("its pipeline is not a mapping")

        mutators = plans.listed(pipeline, "mutators")
        if any(_is_ours(entry) for entry in mutators):
            return value
        return {**value, "pipeline": {**pipeline, "mutators": [*mutators, _mutator(image)]}}

    return plans.added(KPTFILE, text, with_mutator, _advice(image))


def _is_ours(entry: Any) -> bool:
    if not isinstance(entry, dict):
        return False

    program = str(entry.get("exec") or "").partition(" ")[0]
    named = str(entry.get("image") or "").partition("@")[0].rsplit("/", 1)[-1].partition(":")[0]
    return entry.get("configPath") == FUNCTION_FILE or "krm-injector" in (
        os.path.basename(program),
        named,
    )


def _created(directory: str, image: str | None) -> tuple[File, ...]:
    folder = os.path.basename(os.path.abspath(directory)).lower()
    name = re.sub("[^a-z0-9-]+", "-", folder).strip("-")[:63].strip("-") or "package"
    text = (
        "apiVersion: kpt.dev/v1\n"
        "kind: Kptfile\n"
        "metadata:\n"
        f"  name: {name if re.match('[a-z]+', name) else 'package-' + name}\n"
        "  annotations:\n"
        '    config.kubernetes.io/local-config: "true"\n'
    )
    return (File(KPTFILE, text + _advice(image)),)
