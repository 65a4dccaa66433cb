"""An edit that explain suggests, made to the documents as its reader would make it."""

from __future__ import annotations

import copy
from typing import Any

from krm_injector.kube import yaml

Object = dict[str, Any]


def changed(documents: list[Object], edit: Object) -> list[Object]:
    """The documents after an edit, done as its reader would: find the resource, set the field, or
    take it out.
    """
    after = copy.deepcopy(documents)
    wanted = edit["resource"]
    found = [
        d
        for d in [m for d in after for m in (d["items"] if d["kind"] == "List" else [d])]
        if (
            d["apiVersion"],
            d["kind"],
            d["metadata"].get("name", d["metadata"].get("generateName")),
        )
        == (wanted["apiVersion"], wanted["kind"], wanted["name"])
        and wanted.get("namespace", "") in ("", d["metadata"].get("namespace", ""))
    ]
    for place in found[:1] if wanted["kind"] == "Namespace" else found:
        _set(place, edit["path"], edit)
    assert found
    return after


def _set(place: Object, path: list[str], edit: Object) -> None:
    if path[:2] == ["data", "config"]:
        config = yaml.load(place["data"]["config"])
        _set(config, path[2:], edit)
        place["data"]["config"] = yaml.dump(config)
        return
    for step in path[:-1]:
        place = place.setdefault(step, {})
    assert place.get(path[-1]) == edit["currentValue"]
    if edit["proposedValue"] is None:
        del place[path[-1]]
    else:
        place[path[-1]] = edit["proposedValue"]
