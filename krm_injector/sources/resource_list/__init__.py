"""Text to Bundle to text: the first and the last stage of a run.

A Bundle has the place of each item in the text, so unchanged items keep their bytes. The forms are
those of the KRM functions specification (ResourceList, config.kubernetes.io) and of plain manifests
(a YAML stream or JSON).
"""

from krm_injector.sources.resource_list.bundle import Bundle, Item, Layouts, line_break, texts_of
from krm_injector.sources.resource_list.reader import (
    NoObjects,
    decode,
    may_hold_objects,
    place_of,
    read,
    read_manifests,
    refused,
)
from krm_injector.sources.resource_list.writer import pieces, write

__all__ = [
    "Bundle", "Item", "Layouts", "NoObjects", "decode", "line_break", "may_hold_objects", "pieces",
    "place_of", "read", "read_manifests", "refused", "texts_of", "write",
]  # fmt: skip
