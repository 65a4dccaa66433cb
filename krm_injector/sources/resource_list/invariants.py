"""What must be true of every item that is written anew, looked at before the first byte goes out.

The text is read again and must give the value that is meant. The object is still the same one: its
type, its name and every annotation of an orchestrator. Its pods decode by the types of Kubernetes'
API (k8s.io/api), if they did before. Each text stands in its item's place, behind that of the item
before. All other bytes are slices of the input.

What is broken here is a fault of this program, never of the manifests. Nothing is written then but
the items as they came. Messages name fields, and hold no value.
"""

from __future__ import annotations

from krm_injector.istio_names import HELM_PREFIX, ID_ANNOTATIONS, ORCHESTRATORS
from krm_injector.kube import types, workloads, yaml
from krm_injector.kube.paths import at
from krm_injector.kube.twins import to_json
from krm_injector.kube.types import join_path
from krm_injector.model import Object, Refused, Result
from krm_injector.sources.resource_list.bundle import Bundle, Item
from krm_injector.sources.resource_list.checks import reference

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator
    from typing import Any, NoReturn

_OF_ORCHESTRATORS = (*ORCHESTRATORS, HELM_PREFIX)
_MANY = 50  # items from which on it pays to know the pieces of their texts (pieces.py)
_IDENTITY = (("apiVersion",), ("kind",), *(("metadata", key) for key in ("name", "namespace")))


class Broken(Refused):
    """An invariant does not hold."""


def check_text(bundle: Bundle, item: Item, text: str, value: Object) -> None:
    """Whether the new text of an item, in its place, is read as ``value``, and whether ``value`` is
    still that item. Raises Broken.
    """
    _check_value(item, value)
    _check_reading(item, lambda: _read_back(bundle, item, text), value)


def check_whole(item: Item, text: str, value: Object) -> None:
    """The same for an item as the one element of a list that is written anew."""
    if value is not item.value:
        _check_value(item, value)
    _check_reading(item, lambda: yaml.load(text)[0], value)


def check_list(bundle: Bundle, drop: Collection[int], root: Object, text: str) -> None:
    """The same for the items of a ResourceList that is JSON. ``drop``: those that are left out."""
    kept = [item for item in bundle.items if item.index not in drop]
    values = root.get("items") or []
    if len(kept) != len(values):
        fail("the list would have another number of items")
    for item, value in zip(kept, values, strict=True):
        if value is not item.value:
            _check_value(item, value)
    _check_reading(None, lambda: yaml.load_json(text), root)


def _check_reading(item: Item | None, read: Callable[[], Any], value: Object) -> None:
    """Whether what ``read`` gives is the value."""
    try:
        written = read()
    except (yaml.YamlError, LookupError, TypeError, ValueError):
        fail("the new text could not be read again", item)
    if to_json(written) != to_json(value) and not yaml.same(written, value):
        fail(f"the new text would be read as another value of {_first(written, value)}", item)


def _check_value(item: Item, value: Object) -> None:
    """Whether the object that is to be written is still the item."""
    before = list(_objects(item.value))
    after = list(_objects(value))
    if len(before) != len(after):
        fail("it would hold another number of objects", item)
    for (path, old), (_, new) in zip(before, after, strict=True):
        _check_identity(item, path, old, new)

    _check_pods(item, value)


def _check_identity(item: Item, path: str, old: Object, new: Object) -> None:
    for steps in _IDENTITY:
        if at(old, steps) != at(new, steps):
            fail(f"{join_path(path, '.'.join(steps))} would change", item)

    annotations = at(old, ("metadata", "annotations"))
    if isinstance(annotations, dict):
        kept = at(new, ("metadata", "annotations")) or {}
        for key, text in annotations.items():
            # An item goes back without its ids where nothing may be copied to it (put_back.py).
            stays = key.startswith(_OF_ORCHESTRATORS) and key not in ID_ANNOTATIONS
            if stays and kept.get(key) != text:
                fail(f"the orchestrator's annotation {key} would be lost", item)


def _check_pods(item: Item, value: Object) -> None:
    for inside, found, template in workloads.find(value):
        steps = (*inside, *template, "spec")
        spec = at(found, (*template, "spec"))
        wrong = types.check("v1.PodSpec", spec, workloads.text(steps))
        if wrong and not types.check("v1.PodSpec", at(item.value, steps)):
            fail(f"{wrong[0].path} would be no {wrong[0].expected}", item)


def _objects(value: Any, path: str = "") -> Iterator[tuple[str, Object]]:
    """The object itself, and the members of a List, each with its path."""
    if not isinstance(value, dict):
        return

    yield path, value
    members = value.get("items")
    if isinstance(members, list) and str(value.get("kind")).endswith("List"):
        for index, member in enumerate(members):
            yield from _objects(member, f"{join_path(path, 'items')}[{index}]")


def _read_back(bundle: Bundle, item: Item, text: str) -> Any:
    """The value of an item's new text where it is to stand."""
    place = item.place
    assert place is not None
    if item.json:
        return yaml.load_json(text)

    if bundle.form == "manifests":
        start, end = bundle.documents[item.document]
        text = bundle.text[start : place.start] + text + bundle.text[place.end : end]
    else:
        text = _dedented(" " * place.column + text, place.column)
    if len(bundle.items) > _MANY:
        from krm_injector.kube.yaml.piece_documents import documents  # pays for many items

        found = documents(text, True)
        if found is not None and len(found) == 1:
            return found[0].value

    # As in the stream: signs behind "---" are read there in Kubernetes' way (stream.py).
    (document,) = (each for each in yaml.load_all("\n" + text) if not each.empty)
    return document.value


def _dedented(text: str, column: int) -> str:
    """The text as if it stood at the start of its lines; the text itself if a line is in the way.
    Texts at that place are read piece by piece.
    """
    indent = "\n" + " " * column
    if not text.endswith("\n") or text.count(indent) != text.count("\n") - 1:
        return text
    if any(sign in text for sign in yaml.ODD_BREAKS):
        return text
    return text[column:].replace(indent, "\n")


def _first(written: Any, meant: Any, path: str = "") -> str:
    """The path of the first difference of two values."""
    if isinstance(written, dict) and isinstance(meant, dict):
        for key in (*meant, *written):
            if key not in written or key not in meant or not yaml.same(written[key], meant[key]):
                return _first(written.get(key), meant.get(key), join_path(path, str(key)))
    if isinstance(written, list) and isinstance(meant, list) and len(written) == len(meant):
        for index, (one, other) in enumerate(zip(written, meant, strict=True)):
            if not yaml.same(one, other):
                return _first(one, other, f"{path}[{index}]")
    return path or "all of it"


def fail(what: str, item: Item | None = None) -> NoReturn:
    """Raises Broken. ``what`` holds no value."""
    where = None if item is None else reference(item.value)
    of = "" if where is None else f" of {where}"
    message = (
        f"internal error{of}: {what}. This is a fault of krm-injector, not of your manifests; "
        "nothing is changed. Please report it with the version of krm-injector and, without the "
        "values of Secrets, the manifest"
    )
    file = "" if item is None else item.file
    raise Broken(Result("error", message, where, file=file, code="internal-error")) from None
