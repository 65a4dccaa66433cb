"""Items and lists that are written as JSON."""

from __future__ import annotations

import re

from krm_injector.kube import yaml
from krm_injector.model import Object
from krm_injector.sources.resource_list.bundle import Bundle, Item, line_break

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def json_like(value: Any, model: str) -> str:
    """JSON in the layout of model: its indentation, or one line, its escapes, and its end."""
    import json  # late: see kube/c_json.py

    body = model.strip()
    as_ascii = "\\u" in body and body.isascii()
    match = re.match(r"\{\s*?\n([ \t]*)", body)
    if match:
        text = json.dumps(value, ensure_ascii=as_ascii, allow_nan=False, indent=match[1] or None)
    elif re.match(r'\{ ?"[^"]*" ?: ', body):
        text = json.dumps(value, ensure_ascii=as_ascii, allow_nan=False)
    else:
        text = json.dumps(value, ensure_ascii=as_ascii, allow_nan=False, separators=(",", ":"))

    return text.replace("\n", line_break(model)) + model[len(model.rstrip()) :]


def rewritten(bundle: Bundle, item: Item, value: Object, source: str) -> tuple[str, Object]:
    """The new text of an item, and the value in it."""
    known = bundle.layouts.known(item.value, value)
    if isinstance(known, str) and yaml.same(yaml.load_json(known), value):
        return known, value

    before = bundle.originals.get(item.index, item.value)
    model = bundle.layouts.known(item.value, before)
    model = model if isinstance(model, str) else source
    if bundle.layouts.kept and json_like(before, model) != model:
        value = bundle.layouts.kept(value, {(): model})
    return json_like(value, source), value
