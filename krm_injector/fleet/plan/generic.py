"""Changes of a pod template in which the workload's own name and Namespace do not matter.

4,000 workloads get the same new value but for their names in it. So each change carries, besides
its values, the same values with "{name}" and "{namespace}". The plan compares those where it joins
more workloads by them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from krm_injector.kube.differences import Difference
from krm_injector.model import ResourceRef
from krm_injector.presenting import upgrade

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def changes(differences: Sequence[Difference], ref: ResourceRef) -> list[dict[str, Any]]:
    """The changes as entries: path, before and after (no key: absent), and where the workload's
    name or Namespace stands in them, generic: the same without.
    """
    entries = []
    for difference in differences:
        entry = upgrade.change_entry(difference)
        own = {key: value for key, value in entry.items() if key != "path"}
        without = {key: _without(value, ref) for key, value in own.items()}
        if without != own:
            entry["generic"] = without
        entries.append(entry)

    return entries


def _without(value: Any, ref: ResourceRef) -> Any:
    """A value, at any depth, with placeholders for the name and the Namespace."""
    if isinstance(value, str):
        return _text(value, ref.name, ref.namespace)
    if isinstance(value, list):
        return [_without(each, ref) for each in value]
    if isinstance(value, dict):
        return {key: _without(each, ref) for key, each in value.items()}
    return value


def _text(text: str, name: str, namespace: str) -> str:
    if name and name in text:
        text = _whole(name).sub("{name}", text)
    if namespace and namespace in text:
        text = _whole(namespace).sub("{namespace}", text)
    return text


@lru_cache(maxsize=4096)
def _whole(word: str) -> re.Pattern[str]:
    """The word as a whole name: no part of a longer one."""
    return re.compile(rf"(?<![A-Za-z0-9_{{-]){re.escape(word)}(?![A-Za-z0-9_}}-])")
