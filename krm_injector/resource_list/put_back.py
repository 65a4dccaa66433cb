"""Items whose comments no orchestrator may put back: it would do so by position.

What a function answers, kpt and kustomize compare with what they gave it: they copy the comments of each node onto the
node that stands in its place, in lists by index, wherever that has no comment of its own (copyCommentsAndSyncOrder in
kyaml/fn/runtime/runtimeutil/runtimeutil.go, VisitList in kyaml/comments/comments.go, kyaml 0.20.1). Injection puts
Istio's containers and volumes in front, and taking it back takes them out, so a comment would land on a neighbour; a
comment that names a setter makes the next run of the setter overwrite that neighbour's value.

An item is known again by its id annotation alone. The answer keeps the comments of its own text, and the order of its
fields, so nothing has to be put back: an item with comments goes back without that id, as a new one does.
"""

from __future__ import annotations

from krm_injector.kube import yaml
from krm_injector.kube.workloads import at
from krm_injector.kube.yaml.locate import line_of
from krm_injector.model import Object

IDS = ("internal.config.kubernetes.io/id", "config.kubernetes.io/id", "config.k8s.io/id")


def ids_of(item: Object) -> tuple[str, ...]:
    """The annotations by which the orchestrator knows this item again."""
    annotations = at(item, ("metadata", "annotations"))
    return tuple(key for key in IDS if key in annotations) if isinstance(annotations, dict) else ()


def without_ids(item: Object) -> Object:
    """A copy of the item without these annotations."""
    gone = ids_of(item)
    if not gone:
        return item
    metadata = item["metadata"]
    left = {key: value for key, value in metadata["annotations"].items() if key not in gone}
    return {**item, "metadata": {**metadata, "annotations": left}}


def text_without_ids(text: str, place: yaml.Place, item: Object, newline: str) -> str:
    """The item's text without the lines of these annotations; all other bytes stay, comments around them too.

    place: where the item stands in its text, at offset 0. What stands in a flow collection is written anew.
    """
    gone = ids_of(item)
    if not gone:
        return text
    lines = text.splitlines(keepends=True)
    found = [(line_of(text, place, ("metadata", "annotations", key)) - 1, key) for key in gone]
    if not all(lines[line].lstrip(" ").startswith(f"{key}:") for line, key in found):
        return yaml.rewrite(text, place, item, without_ids(item), newline)
    taken = {line for line, _ in found}
    return "".join([line for number, line in enumerate(lines) if number not in taken])
