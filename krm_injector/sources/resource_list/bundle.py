"""A Bundle: the objects of an input, each with the place where it stands."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from krm_injector.kube import yaml
from krm_injector.model import Object


class Item(NamedTuple):
    """One object of the bundle."""

    value: Object
    index: int  # type: ignore[assignment]  # position in Bundle.items; tuple.index is not used
    place: yaml.Place | None  # None in a JSON ResourceList
    file: str = ""  # path of the manifest, or what the orchestrator's annotation says
    document: int = 0  # index of its document (manifests)
    json: bool = False  # written as JSON (manifests)

    @property
    def line(self) -> int:
        """Line on which the item begins, from 1; 0 where unknown."""
        return self.place.line + 1 if self.place else 0


class Layouts(NamedTuple):
    """What remembers in an item how entries of it were written that injection writes otherwise, and
    tells that.
    """

    known: Callable[
        [Object, Object], yaml.Known | None
    ]  # the item as it stands, and as it was before
    kept: (
        Callable[[Object, Mapping[yaml.Path, str]], Object] | None
    )  # the item as it is to stand, and such entries;
    # None where nothing is to be remembered: an orchestrator writes all anew in its own style


NO_LAYOUTS = Layouts(lambda standing, before: None, None)


class Bundle(NamedTuple):
    items: list[Item]
    function_config: Object | None
    text: str  # as it came, without a byte order mark
    form: str  # "ResourceList" | "manifests"
    syntax: str  # of a ResourceList: "yaml" | "json"; a stream may hold both, see Item.json
    root: Object  # the ResourceList; {} for manifests
    keys: Mapping[
        str, yaml.Place
    ]  # of the ResourceList's own keys (from the key to behind its value)
    block: bool  # the ResourceList and its items are in block style and can be changed in place
    documents: tuple[
        tuple[int, int], ...
    ] = ()  # extent of each of a stream, empty ones too; of the ResourceList in JSON
    bom: bool = False
    newline: str = "\n"  # the line break of the whole text
    originals: Mapping[int, Object] = {}  # items as they are to be written in between, see write
    parts: tuple[Bundle, ...] = ()  # of several files: theirs, whose items are this one's in a row
    layouts: Layouts = NO_LAYOUTS
    written_out: dict[int, tuple[str, ...]] = {}  # noqa: RUF012 - see write


def texts_of(bundle: Bundle) -> list[str]:
    """For each item the text that it stands in."""
    if not bundle.parts:
        return [bundle.text] * len(bundle.items)
    return [part.text for part in bundle.parts for _ in part.items]


def line_break(text: str) -> str:
    """The line break that a text uses."""
    return "\r\n" if "\r\n" in text else "\n"
