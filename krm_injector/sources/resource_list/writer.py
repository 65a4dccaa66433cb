"""Bundle to text: what is not changed keeps its bytes."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from krm_injector.kube import yaml
from krm_injector.model import Object
from krm_injector.sources.resource_list.bundle import NO_LAYOUTS, Bundle, Item, Layouts, line_break

TYPE_CHECKING = False
if TYPE_CHECKING:
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
    if originals:
        replacements = _changing(bundle, replacements, originals.keys() - set(anew))

    if written_out is None:
        written_out = {}
    bundle = bundle._replace(originals=originals, layouts=layouts, written_out=written_out)
    if bundle.form == "manifests":
        text = _write_manifests(bundle, replacements, drop)
    elif bundle.syntax == "json":
        text = _write_json_list(bundle, replacements, results, drop)
    else:
        text = _write_yaml_list(bundle, replacements, results, drop)

    return "\ufeff" + text if bundle.bom else text


def _changing(
    bundle: Bundle, replacements: Mapping[int, Object], compared: Collection[int]
) -> dict[int, Object]:
    """The replacements without those that equal their item, if the item is compared."""
    return {
        index: value
        for index, value in replacements.items()
        if index not in compared or not yaml.same(bundle.items[index].value, value)
    }


def _merged_results(bundle: Bundle, results: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The ResourceList's results followed by the new ones; the same list if none is new."""
    before: list[dict[str, Any]] = bundle.root.get("results") or []
    new = [result for result in results if result not in before]
    return before + new if new else before


def _changed_root(
    bundle: Bundle,
    replacements: Mapping[int, Object],
    results: list[dict[str, Any]],
    drop: Collection[int],
) -> Object:
    root = dict(bundle.root)
    if bundle.items:
        root["items"] = [
            replacements.get(i.index, i.value) for i in bundle.items if i.index not in drop
        ]
    if results:
        root["results"] = results
    return root


def _write_json_list(
    bundle: Bundle,
    replacements: Mapping[int, Object],
    results: list[dict[str, Any]],
    drop: Collection[int],
) -> str:
    merged = _merged_results(bundle, results)
    if not replacements and not drop and merged is bundle.root.get("results"):
        return bundle.text
    if not replacements and not drop and not merged:
        return bundle.text

    start, end = bundle.documents[0]
    text = bundle.text
    written = _json_like(_changed_root(bundle, replacements, merged, drop), text[start:end])
    return text[:start] + written + text[end:]


def _json_like(value: Any, model: str) -> str:
    """JSON in the layout of model: its indentation, or one line, and its end."""
    import json  # late: see kube/c_json.py

    body = model.strip()
    match = re.match(r"\{\s*?\n([ \t]*)", body)
    if match:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False, indent=match[1] or None)
    elif re.match(r'\{ ?"[^"]*" ?: ', body):
        text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    else:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))

    return text.replace("\n", line_break(model)) + model[len(model.rstrip()) :]


def _write_manifests(
    bundle: Bundle, replacements: Mapping[int, Object], drop: Collection[int]
) -> str:
    pieces: list[str] = []
    at = 0
    text = bundle.text
    for item in bundle.items:
        start, end = bundle.documents[item.document]
        if item.index in drop:
            pieces.append(text[at:start])
            at = end
        elif item.index in replacements and item.place is not None:
            pieces.append(text[at : item.place.start])
            pieces.append(_rewritten(bundle, item, replacements[item.index]))
            at = item.place.end

    pieces.append(text[at:])
    return "".join(pieces)


def _rewritten(bundle: Bundle, item: Item, value: Object) -> str:
    """The new text of an item that is in the bundle's text."""
    place, text = item.place, bundle.text
    assert place is not None
    layouts = bundle.layouts
    if item.json:
        return _rewritten_json(bundle, item, value, text[place.start : place.end])

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
        return done.text

    return yaml.rewrite(text, place, before, layouts.kept(value, done.gone), bundle.newline)


def _rewritten_json(bundle: Bundle, item: Item, value: Object, source: str) -> str:
    known = bundle.layouts.known(item.value, value)
    if isinstance(known, str) and yaml.same(yaml.load_json(known), value):
        return known

    before = bundle.originals.get(item.index, item.value)
    model = bundle.layouts.known(item.value, before)
    model = model if isinstance(model, str) else source
    if bundle.layouts.kept and _json_like(before, model) != model:
        value = bundle.layouts.kept(value, {(): model})
    return _json_like(value, source)


def _write_yaml_list(
    bundle: Bundle,
    replacements: Mapping[int, Object],
    results: list[dict[str, Any]],
    drop: Collection[int],
) -> str:
    merged = _merged_results(bundle, results)
    new_results = merged != (bundle.root.get("results") or [])
    if not replacements and not drop and not new_results:
        return bundle.text

    if not bundle.block or len(drop) == len(bundle.items) > 0:
        # Its items may share anchors. The orchestrators that send such lists write everything in
        # their own style.
        if "#" in bundle.text:
            from krm_injector.sources.resource_list.put_back import without_moved_ids

            replacements = {
                index: without_moved_ids(bundle.items[index].value, value)
                for index, value in replacements.items()
            }

        return _whole(_changed_root(bundle, replacements, merged, drop), bundle)

    edits: list[tuple[int, int, str]] = []
    lines = _item_lines(bundle) if drop else []
    for item in bundle.items:
        if item.index in drop:
            edits.append((*lines[item.index], ""))
        elif item.index in replacements and item.place is not None:
            value = replacements[item.index]
            new = _own_comments(bundle, item, _rewritten(bundle, item, value), value)
            edits.append((item.place.start, item.place.end, new))

    if new_results:
        edits.append(_results_edit(bundle, merged))
    return _edited(bundle.text, edits)


def _edited(text: str, edits: list[tuple[int, int, str]]) -> str:
    """The text with new pieces from one offset to another; the edits do not overlap."""
    pieces: list[str] = []
    at = 0
    for start, end, new in sorted(edits, key=lambda edit: edit[0]):
        pieces += (text[at:start], new)
        at = end

    pieces.append(text[at:])
    return "".join(pieces)


def _own_comments(bundle: Bundle, item: Item, text: str, value: Object) -> str:
    """The changed item's text, in which the orchestrator leaves the comments as they are."""
    place = item.place
    assert place is not None
    if bundle.text.find("#", place.start, place.end) < 0:
        return text

    # late: only texts with comments need it
    from krm_injector.sources.resource_list.put_back import (
        lands_elsewhere,
        text_without_ids,
    )

    if not lands_elsewhere(bundle.text, place, item.value, value):
        return text

    return text_without_ids(
        text, place._replace(start=0, end=len(text), line=0), value, bundle.newline
    )


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
    new = ("results:\n" + yaml.dump(results)).replace("\n", bundle.newline)
    place = keys.get("results")
    if place is not None:
        return place.start, place.end, new

    end = max(place.end for place in keys.values())
    if text[:end].endswith("\n"):
        return end, end, new

    start = next(iter(keys.values())).start
    return start, start, new


def _whole(root: Object, bundle: Bundle) -> str:
    """The ResourceList written anew. Layout and comments are lost; values and order are kept."""
    return yaml.dump(root).replace("\n", bundle.newline)
