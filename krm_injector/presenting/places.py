"""Where the cause of a result is written: its file, line and columns, and the text of the line."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

from krm_injector.istio_names import (
    GROUP,
    INTERNAL_PATH_ANNOTATION,
    ORIGIN_ANNOTATION,
    PATH_ANNOTATION,
)
from krm_injector.kube import yaml
from krm_injector.kube.field_texts import existing
from krm_injector.kube.paths import Step, at
from krm_injector.model import Object, Place, ResourceRef, Result
from krm_injector.named_tuple import NamedTuple
from krm_injector.sources.resource_list import Bundle, Item, item_places
from krm_injector.sources.resource_list.item_places import Source
from krm_injector.sources.resource_list.members import Member, walk

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_NAME = ("metadata", "name")
_SOURCE = "# Source: "  # Helm writes it above each manifest: CHART/templates/FILE


class Found(NamedTuple):
    """An object of the run."""

    item: int  # index in the run's bundle
    inside: Step  # path from the item to the object
    value: Object


class _Part(NamedTuple):
    """The bundle of an item."""

    bundle: Bundle
    rendered: bool
    origin: str  # the file that was rendered


class Places:
    """The places in the bundles of one run.

    Nothing is read before the first place is asked for.
    """

    def __init__(
        self,
        parts: Iterable[Bundle],
        rendered: Collection[int] | Mapping[int, str] = (),
        originals: Callable[[str], tuple[Iterable[Bundle], Iterable[Bundle]]] | None = None,
    ) -> None:
        """parts: the bundles that make up the run's bundle, in its order. rendered: the indices of
        those that a program rendered, whose lines no reader sees; with the file that was rendered
        (a kustomization, Chart.yaml, a Kptfile), if it is known. originals: what is written in such
        a file, or, of a kustomization, in the files that it lists, and in its patches.
        """
        self.items: list[Item] = []
        self._parts: list[_Part] = []  # of each item
        for index, part in enumerate(parts):
            origin = rendered[index] if isinstance(rendered, Mapping) and index in rendered else ""
            self.items += part.items
            self._parts += [_Part(part, index in rendered, origin)] * len(part.items)

        self._originals = originals
        self._of_originals: dict[str, tuple[Places, Places]] = {}
        self._objects: dict[tuple[str, str], list[tuple[Member, int]]] | None = None
        self._marks: dict[tuple[int, Step, bool], item_places.Mark] = {}

    # ------------------------------------------------------------ results

    def of(self, result: Result) -> Place | None:
        """Where the cause of a result is written. Of a field that is absent: where the nearest one
        above it is. None if nothing is known.
        """
        if result.place is not None:
            return result.place

        result = self._of_an_entry(result)
        found, places = self._written_of(result)
        if found is None:
            return Place(result.file) if result.file else None

        field = existing(found.value, result.field) if result.field else (_NAME, ())
        path = (*found.inside, *field[0], *field[1])
        return places.of_path(found.item, path, of_name=self.proposes_name(result))

    def source_of(self, result: Result) -> Source | None:
        """The text around the field of a result; None if no reader sees it."""
        found, places = self._written_of(result)
        if found is None or not result.field or places._written(found.item) is None:
            return None

        steps, absent = existing(found.value, result.field)
        item, path = places.items[found.item], (*found.inside, *steps)
        return item_places.source_of(item, places._parts[found.item].bundle.text, path, absent)

    def _of_an_entry(self, result: Result) -> Result:
        """Of a result about some labels or annotations one about the first of them."""
        if not isinstance(result.current, dict):
            return result

        found = self.object_of(result)
        path, absent = existing(found.value, result.field) if found else ((), ())
        if absent or path[-1:] not in (("annotations",), ("labels",)):
            return result

        entries = at(found.value, path) if found else None
        names = [name for name in entries or () if name in result.current]
        if not names:
            return result

        field, current = f'{result.field}["{names[0]}"]', result.current[names[0]]
        return result._replace(field=field, current=current)

    def _written_of(self, result: Result) -> tuple[Found | None, Places]:
        """The object that a result is about, and the places in which it is written: of a rendered
        one those of its original, or of the patch, that has the field as it was rendered.
        """
        found = self.object_of(result)
        if found is None or not self._parts[found.item].rendered:
            return found, self

        field = result.field
        is_set = bool(field) and not existing(found.value, field)[1]
        for file in dict.fromkeys((self.file_of(found.item), self._parts[found.item].origin)):
            resources, patches = self._originals_of(file)
            original = resources._like(found.value)
            if original is not None and _same_field(found, original, field):
                return original, resources

            patch = patches._like(found.value) if is_set else None
            if patch is not None and _same_field(found, patch, field):
                return patch, patches

        return found, self

    def _originals_of(self, file: str) -> tuple[Places, Places]:
        if not file or self._originals is None:
            return Places(()), Places(())
        if file not in self._of_originals:
            resources, patches = self._originals(file)
            self._of_originals[file] = Places(resources), Places(patches)
        return self._of_originals[file]

    def _like(self, value: Object) -> Found | None:
        """The one object of that kind whose name is that of the value, or a part of it: prefixes
        and suffixes are added to names.
        """
        kind, rendered = str(value.get("kind")), str(at(value, _NAME))
        named = [
            (name, found)
            for (of_kind, name), same in self._index().items()
            if of_kind == kind and name and name in rendered
            for found in same
        ]
        longest = max((name for name, _ in named), key=len, default="")
        fitting = [found for name, found in named if name == longest]
        if len(fitting) != 1 or not all(name in longest for name, _ in named):
            return None
        member, item = fitting[0]
        return Found(item, member.inside, member.value)

    @staticmethod
    def proposes_name(result: Result) -> bool:
        """Whether the result proposes another name of the field: the path of one beside it."""
        proposed, parent = result.proposed, result.field.rpartition(".")[0]
        if not isinstance(proposed, str) or result.code not in ("function-config", "fleet-file"):
            return False
        return bool(parent) and parent == proposed.rpartition(".")[0]

    def object_of(self, result: Result) -> Found | None:
        """The object that a result is about: the one in which its field has the value that the
        result names, if several have the name.
        """
        ref = result.resource
        if ref is None:
            return self._config() if result.field.startswith("spec.") else None

        found = self._named(ref)
        if len(found) > 1 and result.file:
            found = [each for each in found if self.file_of(each.item) == result.file] or found
        if len(found) > 1 and result.current is not None:
            found = [each for each in found if _current(each, result)] or found
        return found[0] if found else None

    def _config(self) -> Found | None:
        """The one functionConfig of this program."""
        index = self._index()
        found = [
            each
            for same in index.values()
            for each in same
            if each[0].api_version.startswith(f"{GROUP}/")
        ]
        if len(found) != 1:
            return None
        member, item = found[0]
        return Found(item, member.inside, member.value)

    def _named(self, ref: ResourceRef) -> list[Found]:
        """The objects of that kind and name. A Namespace that an object does not state is not
        compared, nor is the version of its API, if no object has all of it.
        """
        candidates = self._index().get((ref.kind, ref.name), [])
        group = ref.api_version.rpartition("/")[0]
        fitting = [
            (member, item)
            for member, item in candidates
            if member.api_version.rpartition("/")[0] == group
            and (_namespace(member) or ref.namespace) == ref.namespace
        ]
        exact = [each for each in fitting if _namespace(each[0]) == ref.namespace]
        return [Found(item, member.inside, member.value) for member, item in exact or fitting]

    def _index(self) -> Mapping[tuple[str, str], list[tuple[Member, int]]]:
        """The objects of each kind and name, with the index of their item."""
        if self._objects is not None:
            return self._objects

        self._objects = {}
        for member in self._members():
            metadata = member.value.get("metadata")
            name = at(metadata, ("name",)) or at(metadata, ("generateName",)) or ""
            self._objects.setdefault((member.kind, str(name)), []).append((member, member.item))
        return self._objects

    def _members(self) -> Iterator[Member]:
        if self._parts:
            yield from walk(self._parts[0].bundle._replace(items=self.items))

    # ------------------------------------------------------------ fields

    def is_of_list(self, index: int) -> bool:
        """Whether the item is one of a ResourceList that an orchestrator made of files, whose lines
        are not those of the list.
        """
        return self._parts[index].bundle.form == "ResourceList" and bool(self.items[index].file)

    def file_of(self, index: int) -> str:
        """The file of the item, "" for stdin."""
        item, part = self.items[index], self._parts[index]
        if part.rendered and not item.file:
            return _rendered_file(item, part.bundle.text, part.origin)
        return item.file

    def line_of(self, index: int, path: Step) -> tuple[str, int]:
        """The file of an item, and the line of a field of it; 0 where no reader sees the lines."""
        file, written = self.file_of(index), self._written(index)
        if written is None:
            return file, 0

        start = self._marked(index, path).start if path else written.start
        text = self._parts[index].bundle.text
        return file, written.line + 1 + text.count("\n", written.start, start)

    def of_path(self, index: int, path: Step, of_name: bool = False) -> Place | None:
        """The place of a field of the item with this index in the run's bundle. of_name: of its
        key, and not of its value.
        """
        file, written = self.file_of(index), self._written(index)
        if written is None:
            return Place(file) if file else None

        text = self._parts[index].bundle.text
        mark = self._marked(index, path, of_name)
        return item_places.place_of_mark(self.items[index], text, path, mark)._replace(file=file)

    def _written(self, index: int) -> yaml.Place | None:
        """Where the item is written in a text whose lines a reader sees."""
        item, part = self.items[index], self._parts[index]
        if (part.rendered and not item.file) or self.is_of_list(index):
            return None
        return item.place

    def _marked(self, index: int, path: Step, of_name: bool = False) -> item_places.Mark:
        """What to mark of a field. The item's text is read again, once for each field."""
        key = (index, path, of_name)
        if key not in self._marks:
            text = self._parts[index].bundle.text
            self._marks[key] = item_places.mark_of(self.items[index], text, path, of_name)
        return self._marks[key]


def _namespace(member: Member) -> str:
    return str(at(member.value, ("metadata", "namespace")) or "")


def _current(found: Found, result: Result) -> bool:
    """Whether the object has the value in the field that the result names."""
    steps, absent = existing(found.value, result.field)
    return not absent and bool(at(found.value, steps) == result.current)


def _same_field(rendered: Found, original: Found, field: str) -> bool:
    """Whether a field is as it was before it was rendered: it has the same value, or is absent."""
    if not field:
        return True

    steps, absent = existing(rendered.value, field)
    before, absent_before = existing(original.value, field)
    if absent:
        return True
    return not absent_before and bool(at(rendered.value, steps) == at(original.value, before))


# ---------------------------------------------------------------- what a program printed


def _rendered_file(item: Item, text: str, origin: str) -> str:
    """The file that a rendered object comes from, as its renderer states it; or else the file that
    was rendered.
    """
    annotations = at(item.value, ("metadata", "annotations"))
    annotations = annotations if isinstance(annotations, dict) else {}
    stated = annotations.get(INTERNAL_PATH_ANNOTATION) or annotations.get(PATH_ANNOTATION)
    stated = stated or _origin(annotations.get(ORIGIN_ANNOTATION)) or _helm_source(item, text)
    if not isinstance(stated, str) or not stated:
        return origin
    return posixpath.normpath(posixpath.join(posixpath.dirname(origin), stated))


def _origin(annotation: Any) -> str:
    """The file that kustomize's originAnnotations name; "" if it is in another repository."""
    try:
        origin = yaml.load(annotation) if isinstance(annotation, str) else None
    except yaml.YamlError:
        return ""

    if not isinstance(origin, dict) or "repo" in origin:
        return ""
    path = origin.get("path") or origin.get("configuredIn")
    return path if isinstance(path, str) else ""


def _helm_source(item: Item, text: str) -> str:
    """The template that Helm names above a manifest, from the chart's directory on."""
    if item.place is None:
        return ""

    before = text[: item.place.start].rstrip().rpartition("\n")[2]
    if not before.startswith(_SOURCE):
        return ""
    return before.removeprefix(_SOURCE).strip().partition("/")[2]
