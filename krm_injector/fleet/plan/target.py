"""One target of a plan, in a worker: the same originals, injected with the mesh before and after.

The answer holds JSON values only. plan.py makes a Plan of the answers of all targets.
"""

from __future__ import annotations

from collections.abc import Callable

from krm_injector.fleet.model import Task
from krm_injector.function_config import Settings
from krm_injector.model import Result
from krm_injector.sources.resource_list import Bundle

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    SettingsOf = Callable[[str | None], Settings]


def target_plan(
    bundle: Bundle, settings: SettingsOf, task: Task
) -> tuple[dict[str, Any], tuple[Result, ...]]:
    """What the move changes in a target, and the results of both runs.

    ``bundle``: with the facts of --context. ``settings``: those of the target with a mesh file;
    None: with the mesh that the target has. Raises Refused.
    """
    raise NotImplementedError
