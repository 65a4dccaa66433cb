"""kpt: a mutator of the Kptfile, with its functionConfig."""

from __future__ import annotations

import os
import re

from krm_injector.istio_names import FUNCTION_FILE, LOCAL_CONFIG
from krm_injector.wiring.function_file import function_file, spec_of
from krm_injector.wiring.namespaces import to_state
from krm_injector.wiring.plan import Cannot, File, Plan, added, listed, present
from krm_injector.wiring.stated import NOTHING

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from krm_injector.wiring.stated import Stated

KPTFILE = "Kptfile"
NOTE = "kpt writes in place: commit first, and see the changes with git diff."


def plan(directory: str, image: str | None, stated: Stated = NOTHING) -> Plan:
    """The functionConfig and the mutator in the Kptfile, which is made if there is none. Raises
    Refused.
    """
    files = function_file(directory, image, stated)
    text = present(directory, KPTFILE)
    if text is None:
        files = (*files, File(KPTFILE, _new_kptfile(directory, image)))
    else:
        files = (*files, *_with_mutator(text, image))

    command = "kpt fn render ." if image else "kpt fn render --allow-exec ."
    notes = to_state(directory, "kpt", spec_of(directory, files))
    return Plan(files, (command,), (NOTE, *notes))


def _mutator(image: str | None) -> dict[str, str]:
    runtime = {"image": image} if image else {"exec": "krm-injector"}
    return {**runtime, "configPath": FUNCTION_FILE}


def _pipeline_lines(image: str | None) -> str:
    """The pipeline of a Kptfile with our mutator alone."""
    runtime, config = (f"{key}: {value}" for key, value in _mutator(image).items())
    return f"pipeline:\n  mutators:\n  - {runtime}\n    {config}\n"


def _with_mutator(text: str, image: str | None) -> tuple[File, ...]:
    """A Kptfile with our mutator behind the others; none where ours is among them."""

    def change(value: dict[str, Any]) -> dict[str, Any]:
        pipeline = value.get("pipeline")
        if pipeline is None:
            pipeline = {}
        if not isinstance(pipeline, dict):
            raise Cannot("its pipeline is not a mapping")

        mutators = listed(pipeline, "mutators")
        if any(map(_is_ours, mutators)):
            return value
        return {**value, "pipeline": {**pipeline, "mutators": [*mutators, _mutator(image)]}}

    return added(KPTFILE, text, change, _pipeline_lines(image))


def _is_ours(mutator: Any) -> bool:
    """Whether a mutator has our functionConfig, or is named krm-injector: as the program, or as the
    image without registry, tag and digest.
    """
    if not isinstance(mutator, dict):
        return False
    if mutator.get("configPath") == FUNCTION_FILE:
        return True

    program = str(mutator.get("exec") or "").partition(" ")[0]
    image = str(mutator.get("image") or "").partition("@")[0]
    image_name = image.rsplit("/", 1)[-1].partition(":")[0]
    return "krm-injector" in (os.path.basename(program), image_name)


def _new_kptfile(directory: str, image: str | None) -> str:
    return (
        "apiVersion: kpt.dev/v1\n"
        "kind: Kptfile\n"
        "metadata:\n"
        f"  name: {_package_name(directory)}\n"
        "  annotations:\n"
        f'    {LOCAL_CONFIG}: "true"\n'
    ) + _pipeline_lines(image)


def _package_name(directory: str) -> str:
    """The directory's name as the name of an object: lower-case letters, digits and -, a letter
    first.
    """
    folder = os.path.basename(os.path.abspath(directory)).lower()
    name = re.sub("[^a-z0-9-]+", "-", folder).strip("-")[:63].strip("-") or "package"
    return name if re.match("[a-z]", name) else f"package-{name}"
