"""Bundle to text: what is not changed keeps its bytes."""

from __future__ import annotations

from krm_injector.kube import yaml
from krm_injector.kube.twins import Replacements, Twin
from krm_injector.model import Object
from krm_injector.sources.resource_list.bundle import NO_LAYOUTS, Bundle, Item, Layouts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from types import ModuleType
    from typing import Any


def write(
    bundle: Bundle,
    replacements: Mapping[int, Object],
    results: list[dict[str, Any]],
    drop: Collection[int] = (),
    originals: Mapping[int, Object] = {},
    anew: Collection[int] = (),
    layouts: Layouts = NO_LAYOUTS,
    written_out: dict[int, tuple[str, ...]] | None = None,
) -> str:
    """The bundle as text: items in replacements are changed, those in drop are left out, all others
    keep their bytes. Without changes the text is the input, byte for byte.

    results: go behind those that a ResourceList already has (none twice). For manifests they are
    ignored.

    originals: an item's text is changed to its original first and from there to the replacement, so
    that the result does not depend on what stood there between. A replacement that is the same as
    the item changes nothing, except for the items in ``anew``.

    layouts: keeps how entries were written that do not stay so, and gives that when they come back.

    written_out: is filled with the names of the aliases that could not stay, by item.
    """
    return "".join(
        pieces(bundle, replacements, results, drop, originals, anew, layouts, written_out)
    )


def pieces(
    bundle: Bundle,
    replacements: Mapping[int, Object],
    results: list[dict[str, Any]],
    drop: Collection[int] = (),
    originals: Mapping[int, Object] = {},
    anew: Collection[int] = (),
    layouts: Layouts = NO_LAYOUTS,
    written_out: dict[int, tuple[str, ...]] | None = None,
) -> Iterator[str]:
    """As write, in pieces. Each replacement is asked for when its piece is written, and not kept:
    the mapping may make them then. (Those that are compared may be asked for twice.)
    """
    if written_out is None:
        written_out = {}
    changes = _Changes(bundle, replacements, frozenset(originals.keys() - set(anew)), drop)
    bundle = bundle._replace(originals=originals, layouts=layouts, written_out=written_out)
    if bundle.bom:
        yield "\ufeff"
    if bundle.form == "manifests":
        yield from _edited(bundle.text, _manifests(bundle, changes))
    elif bundle.syntax == "json":
        yield _json_list(bundle, changes, results)
    else:
        yield from _yaml_list(bundle, changes, results)


_Edit = tuple[int, int, str]  # start, end, new text


class _Changes:
    """What becomes of the items."""

    def __init__(
        self,
        bundle: Bundle,
        replacements: Mapping[int, Object],
        compared: Collection[int],
        drop: Collection[int],
    ) -> None:
        self.replacements = replacements
        self.compared = compared  # the items that stay if the replacement is the same
        self.drop = drop
        self.items = bundle.items

    def of(self, item: Item) -> Object | None:
        """An item's replacement; None if it stays."""
        if item.index not in self.replacements:
            return None
        value = self.replacements[item.index]
        if item.index in self.compared and yaml.same(item.value, value):
            return None
        return value

    def twin(self, item: Item) -> Twin | None:
        """An item's replacement, if it is a Twin of others and not compared."""
        replacements = self.replacements
        if not isinstance(replacements, Replacements) or item.index in self.compared:
            return None
        return replacements.twin(item.index)

    def __bool__(self) -> bool:
        if self.drop or any(index not in self.compared for index in self.replacements):
            return True
        return any(self.of(item) is not None for item in self.items)

    def values(self) -> Iterator[Object]:
        """All items after the change."""
        for item in self.items:
            if item.index not in self.drop:
                value = self.of(item)
                yield item.value if value is None else value


def _merged_results(bundle: Bundle, results: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The ResourceList's results followed by the new ones; the same list if none is new."""
    before: list[dict[str, Any]] = bundle.root.get("results") or []
    new = [result for result in results if result not in before]
    return before + new if new else before


def _json_list(bundle: Bundle, changes: _Changes, results: list[dict[str, Any]]) -> str:
    merged = _merged_results(bundle, results)
    if (merged is bundle.root.get("results") or not merged) and not changes:
        return bundle.text

    root = dict(bundle.root)
    if bundle.items:
        root["items"] = list(changes.values())
    if merged:
        root["results"] = merged
    from krm_injector.sources.resource_list import json_writer  # late: few inputs are JSON

    start, end = bundle.documents[0]
    text = bundle.text
    written = json_writer.json_like(root, text[start:end])
    _invariants().check_list(bundle, changes.drop, root, written)
    return text[:start] + written + text[end:]


def _manifests(bundle: Bundle, changes: _Changes) -> Iterator[_Edit]:
    for item in bundle.items:
        if item.index in changes.drop:
            yield (*bundle.documents[item.document], "")
        elif item.place is not None and (new := _new_text(bundle, changes, item)) is not None:
            yield item.place.start, item.place.end, new


def _rewritten(bundle: Bundle, item: Item, value: Object) -> tuple[str, Object]:
    """The new text of an item that is in the bundle's text, and the value in it: its record may
    keep more of the layout.
    """
    place, text = item.place, bundle.text
    assert place is not None
    layouts = bundle.layouts
    if item.json:
        from krm_injector.sources.resource_list import json_writer  # late: few inputs are JSON

        return json_writer.rewritten(bundle, item, value, text[place.start : place.end])

    before = item.value
    if item.index in bundle.originals and place.block:
        original = bundle.originals[item.index]
        known = layouts.known(before, original)
        text = yaml.edit(text, place, before, original, bundle.newline, known).text
        place = place._replace(start=0, end=len(text))
        before, known = original, None
        value = layouts.kept(value, {}) if layouts.kept else value
    else:
        known = layouts.known(before, value)

    if known or not layouts.kept:
        done = yaml.edit(text, place, before, value, bundle.newline, known)
    else:
        done = yaml.reversible(text, place, before, value, bundle.newline)

    if done.aliases:
        bundle.written_out[item.index] = done.aliases
    if not done.gone or known or not layouts.kept:
        return done.text, value

    value = layouts.kept(value, done.gone)
    return yaml.rewrite(text, place, before, value, bundle.newline), value


def _yaml_list(bundle: Bundle, changes: _Changes, results: list[dict[str, Any]]) -> Iterator[str]:
    merged = _merged_results(bundle, results)
    new_results = merged != (bundle.root.get("results") or [])
    if not new_results and not changes:
        yield bundle.text
    elif not bundle.block or len(changes.drop) == len(bundle.items) > 0:
        # Its items may share anchors. The orchestrators that send such lists write everything in
        # their own style.
        yield from _whole(bundle, changes, merged)
    else:
        edits = _item_edits(bundle, changes)
        if new_results:
            edits = _in_order(edits, _results_edit(bundle, merged))
        yield from _edited(bundle.text, edits)


def _item_edits(bundle: Bundle, changes: _Changes) -> Iterator[_Edit]:
    lines = _item_lines(bundle) if changes.drop else []
    for item in bundle.items:
        if item.index in changes.drop:
            yield (*lines[item.index], "")
        elif item.place is not None and (new := _new_text(bundle, changes, item)) is not None:
            yield item.place.start, item.place.end, new


def _new_text(bundle: Bundle, changes: _Changes, item: Item) -> str | None:
    """The new text of an item; None if it stays."""

    def plainly(value: Object) -> str:
        text, value = _rewritten(bundle, item, value)
        if bundle.form != "manifests":
            text, value = _own_comments(bundle, item, text, value)
        _invariants().check_text(bundle, item, text, value)
        return text

    twin = changes.twin(item)
    if twin is not None:
        from krm_injector.sources.resource_list import twin_texts  # late: few runs have twins

        text = twin_texts.in_place(bundle, item, twin, plainly)
        if text is not None:
            return text

    value = changes.of(item)
    return None if value is None else plainly(value)


def _in_order(edits: Iterator[_Edit], added: _Edit) -> Iterator[_Edit]:
    """The edits with another one in its place among them."""
    rest: _Edit | None = added
    for edit in edits:
        if rest is not None and rest[0] < edit[0]:
            yield rest
            rest = None
        yield edit
    if rest is not None:
        yield rest


def _edited(text: str, edits: Iterator[_Edit]) -> Iterator[str]:
    """The text with new pieces from one offset to another; the edits rise and do not overlap."""
    at = 0
    for start, end, new in edits:
        if not at <= start <= end:
            _invariants().fail("the items would be written in another order")
        yield text[at:start]
        yield new
        at = end

    yield text[at:]


def _own_comments(bundle: Bundle, item: Item, text: str, value: Object) -> tuple[str, Object]:
    """The changed item's text and value, in which the orchestrator leaves the comments as they
    are.
    """
    place = item.place
    assert place is not None
    if bundle.text.find("#", place.start, place.end) < 0:
        return text, value

    # late: only texts with comments need it
    from krm_injector.sources.resource_list.put_back import (
        lands_elsewhere,
        text_without_ids,
        without_ids,
    )

    if not lands_elsewhere(bundle.text, place, item.value, value):
        return text, value

    there = place._replace(start=0, end=len(text), line=0)
    return text_without_ids(text, there, value, bundle.newline), without_ids(value)


def _invariants() -> ModuleType:
    """late: a run that changes nothing needs none."""
    from krm_injector.sources.resource_list import invariants

    return invariants


def _item_lines(bundle: Bundle) -> list[tuple[int, int]]:
    """The lines of each item of a block: from its dash, or the end of the item before, to the next
    item.
    """
    text = bundle.text
    at = text.index("\n", bundle.keys["items"].start) + 1
    while not text[at : _line_end(text, at)].lstrip(" ").startswith("-"):  # comments under "items:"
        at = _line_end(text, at)

    lines: list[tuple[int, int]] = []
    for item in bundle.items:
        place = item.place
        assert place is not None
        end = place.end if place.block else _line_end(text, place.end)
        lines.append((at, end))
        at = end

    return lines


def _line_end(text: str, at: int) -> int:
    """The start of the next line."""
    line_feed = text.find("\n", at)
    return len(text) if line_feed < 0 else line_feed + 1


def _results_edit(bundle: Bundle, results: list[dict[str, Any]]) -> tuple[int, int, str]:
    """The place of the results: that of the present ones, or the end, or (if the last line is open)
    before the items.
    """
    text, keys = bundle.text, bundle.keys
    first = next(iter(keys.values()))
    end = max(place.end for place in keys.values())
    pad = " " * first.column
    new = yaml.dump({"results": results}, first.column).replace("\n", bundle.newline)
    place = keys.get("results")
    if place is not None:
        return place.start, place.end, new if place.end == end else new + pad
    if text[:end].endswith("\n"):
        return end, end, pad + new
    return first.start, first.start, new + pad


def _whole(bundle: Bundle, changes: _Changes, results: list[dict[str, Any]]) -> Iterator[str]:
    """The ResourceList written anew. Layout and comments are lost; values and order are kept."""
    root = {**bundle.root, "results": results} if results else bundle.root
    for key, value in root.items():
        if key == "items" and len(bundle.items) > len(changes.drop):
            yield "items:" + bundle.newline
            for text in _whole_items(bundle, changes):
                yield text.replace("\n", bundle.newline)
        else:
            rest = [] if key == "items" and bundle.items else value
            yield yaml.dump({key: rest}).replace("\n", bundle.newline)


def _whole_items(bundle: Bundle, changes: _Changes) -> Iterator[str]:
    has_comments = "#" in bundle.text  # or what looks so: templates in a ConfigMap have many
    for item in bundle.items:
        if item.index in changes.drop:
            continue

        twin = changes.twin(item)
        if twin is not None and not (has_comments and _has_id(twin.alike.after)):
            from krm_injector.sources.resource_list import twin_texts  # late: few runs have twins

            yield twin_texts.whole(twin, item)
            continue

        value = changes.of(item)
        if value is not None and has_comments:
            from krm_injector.sources.resource_list.put_back import without_moved_ids

            value = without_moved_ids(item.value, value)
        value = item.value if value is None else value
        text = yaml.dump([value])
        _invariants().check_whole(item, text, value)
        yield text


def _has_id(item: Object) -> bool:
    """Whether the orchestrator can recognise the item, and so copy comments to it."""
    from krm_injector.sources.resource_list.put_back import ids_of  # late: as above

    return bool(ids_of(item))
