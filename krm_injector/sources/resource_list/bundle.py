"""A Bundle: the objects of an input, each with its place in the text."""

from __future__ import annotations

from krm_injector.kube import yaml
from krm_injector.model import Object
from krm_injector.named_tuple import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Literal


class Item(NamedTuple):
    """One object of the bundle."""

    value: Object
    index: int  # type: ignore[assignment]  # position in Bundle.items; tuple.index is not used
    place: yaml.Place | None  # None in a JSON ResourceList
    file: str = ""  # path of the manifest, or that of the orchestrator's annotation
    document: int = 0  # index of its document (manifests)
    json: bool = False  # written as JSON (manifests)

    @property
    def line(self) -> int:
        """Line on which the item begins, from 1; 0 if unknown."""
        return self.place.line + 1 if self.place else 0


class Layouts(NamedTuple):
    """How an item keeps the source text of entries that injection writes in another way."""

    # The item as it is, and as it was before -> how entries were written, if known.
    known: Callable[[Object, Object], yaml.Known | None]
    # The item to write, and such entries -> the item that keeps them. None if nothing is kept,
    # because an orchestrator writes everything in its own style.
    kept: Callable[[Object, Mapping[yaml.Path, str]], Object] | None


NO_LAYOUTS = Layouts(lambda standing, before: None, None)


class Bundle(NamedTuple):
    """The objects of an input, and all that is needed to write them back."""

    items: list[Item]
    function_config: Object | None
    text: str  # as it came, without a byte order mark
    form: Literal["ResourceList", "manifests"]
    # Of a ResourceList; "" for manifests, of which a stream may hold both, see Item.json.
    syntax: Literal["yaml", "json", ""]
    root: Object  # the ResourceList; {} for manifests
    # The places of the ResourceList's own keys, each from the key to the end of its value.
    keys: Mapping[str, yaml.Place]
    block: bool  # the ResourceList and its items are in block style and can be changed in place
    # Start and end of each document of a stream, empty ones too; of the ResourceList in JSON.
    documents: tuple[tuple[int, int], ...] = ()
    bom: bool = False
    newline: str = "\n"  # the line break of the whole text
    originals: Mapping[int, Object] = {}  # items as they are written in between, see write
    # the bundles of several files; their items in order are the items of this one
    parts: tuple[Bundle, ...] = ()
    layouts: Layouts = NO_LAYOUTS
    written_out: dict[int, tuple[str, ...]] = {}  # noqa: RUF012 - see write


def texts_of(bundle: Bundle) -> list[str]:
    """The text that contains each item."""
    if not bundle.parts:
        return [bundle.text] * len(bundle.items)
    return [part.text for part in bundle.parts for _ in part.items]


def line_break(text: str) -> str:
    """The line break of a text."""
    return "\r\n" if "\r\n" in text else "\n"
