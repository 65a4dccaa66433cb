"""Several files of manifests as one bundle, and back to one stream: each file keeps its own bytes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from krm_injector.kube import yaml
from krm_injector.model import Object, Refused, Result
from krm_injector.sources import resource_list
from krm_injector.sources.inputs import Source
from krm_injector.sources.resource_list import Bundle, Layouts

_MOST_NAMED, _MOST_PASSED_OVER = 8, 3  # files that a message names


class Joined(NamedTuple):
    """Bundles of single files, and one whose items are all of theirs, numbered through."""

    bundle: Bundle
    parts: tuple[Bundle, ...]
    sources: tuple[Source, ...] = ()  # of each part
    results: tuple[Result, ...] = ()  # what is said of files that were passed over

    def write(
        self,
        replacements: Mapping[int, Object],
        layouts: Layouts,
        drop: Collection[int] = (),
        originals: Mapping[int, Object] = {},
        anew: Collection[int] = (),
        written_out: dict[int, tuple[str, ...]] | None = None,
    ) -> str:
        """One stream of documents: the files in their order, changed where a replacement says so."""
        texts: list[str] = []
        first = 0
        for part in self.parts:
            numbers = range(first, first + len(part.items))
            first = numbers.stop
            gone = [number - numbers.start for number in numbers if number in drop]
            if len(gone) == len(part.items) and (gone or len(self.parts) > 1):
                continue

            changed = {
                number - numbers.start: replacements[number]
                for number in numbers
                if number in replacements
            }
            before = {
                number - numbers.start: originals[number]
                for number in numbers
                if number in originals
            }
            written = {number - numbers.start for number in anew}
            aliases: dict[int, tuple[str, ...]] = {}
            texts.append(
                resource_list.write(part, changed, [], gone, before, written, layouts, aliases)
            )
            if written_out is not None:
                written_out.update(
                    (number + numbers.start, names) for number, names in aliases.items()
                )

        return texts[0] if len(texts) == 1 else _stream(map(_separated, texts))

    def texts(
        self,
        replacements: Mapping[int, Object],
        layouts: Layouts,
        originals: Mapping[int, Object] = {},
        anew: Collection[int] = (),
    ) -> list[str]:
        """The text of each part by itself, changed where a replacement says so."""
        texts: list[str] = []
        first = 0
        for part in self.parts:
            numbers = range(first, first + len(part.items))
            first = numbers.stop
            changed = {
                number - numbers.start: replacements[number]
                for number in numbers
                if number in replacements
            }
            before = {
                number - numbers.start: originals[number]
                for number in numbers
                if number in originals
            }
            written = {number - numbers.start for number in anew}
            texts.append(resource_list.write(part, changed, [], (), before, written, layouts))

        return texts


def join(sources: Iterable[Source], verbose: bool = False, strict: bool = False) -> Joined:
    """The bundles of all sources. Files that nobody named and that hold no Kubernetes object are
    passed over, and counted (``verbose``: named); with ``strict`` only those that are YAML or JSON.
    Raises Refused with every file's causes, be it that it cannot be read or what stands in it, and
    where there is no manifest at all.
    """
    parts: list[Bundle] = []
    read: list[Source] = []
    problems: list[Result] = []
    passed_over: list[str] = []
    unreadable: list[str] = []
    for source in sources:
        if source.problem is not None:
            problems.append(source.problem)
            continue

        if source.found and not strict and not resource_list.may_hold_objects(source.data):
            passed_over.append(source.file)
            continue

        try:
            parts.append(resource_list.read_manifests(source.data, source.file))
            read.append(source)
        except resource_list.NoObjects as refused:
            if not source.found or (strict and refused.unreadable):
                problems.extend(refused.results)
            else:
                (unreadable if refused.unreadable else passed_over).append(source.file)
        except Refused as refused:
            problems.extend(refused.results)

    said = _said(passed_over, unreadable, verbose)
    if problems:
        raise Refused(*problems, *said)

    items = [item for part in parts for item in part.items]
    if not items:
        raise Refused(_nothing(read, [*passed_over, *unreadable]), *said)

    numbered = [item._replace(index=index) for index, item in enumerate(items)]
    return Joined(
        parts[0]._replace(items=numbered, parts=tuple(parts)), tuple(parts), tuple(read), said
    )


def _separated(text: str) -> str:
    """JSON documents in a row, which only kubectl reads, and only alone, with separators; any other
    text as it is.
    """
    if text.lstrip("\ufeff \t\r\n")[:1] != "{" or "\n---" in text:
        return text

    try:
        documents = yaml.load_json_stream(text.removeprefix("\ufeff"))
    except yaml.YamlError:  # one, with a comment behind it
        return text

    if len(documents) == 1:
        return text
    return "---\n".join(text[place.start : place.end] + "\n" for _, _, _, place, *_ in documents)


def _nothing(read: Sequence[Source], passed_over: Sequence[str]) -> Result:
    names = [*(source.file or source.directory or "stdin" for source in read), *passed_over]
    message = f"there are no manifests in {_named(names, _MOST_NAMED)}"
    if passed_over:
        message += "; files without apiVersion and kind are none"
    return Result("error", message, file=names[0] if len(names) == 1 else "", code="input-empty")


def _said(
    passed_over: Sequence[str], unreadable: Sequence[str], verbose: bool
) -> tuple[Result, ...]:
    found = []
    most = None if verbose else _MOST_PASSED_OVER
    if passed_over:
        hold = "file that holds" if len(passed_over) == 1 else "files that hold"
        message = f"passed over {len(passed_over)} {hold} no Kubernetes object: {_named(passed_over, most)}"
        found.append(Result("info", message, code="input-passed-over"))

    if unreadable:
        what = "file that is" if len(unreadable) == 1 else "files that are"
        message = (
            f"passed over {len(unreadable)} {what} neither YAML nor JSON and without a line of "
            f"apiVersion or kind: {_named(unreadable, most)}"
        )
        found.append(Result("warning", message, code="input-passed-over"))

    return tuple(found)


def _named(names: Sequence[str], most: int | None) -> str:
    if most is None or len(names) <= most:
        return ", ".join(names)
    return f"{', '.join(names[:most])} and {len(names) - most} more (-v names them)"


def _stream(texts: Iterable[str]) -> str:
    """Texts of YAML (or JSON) documents, one behind the other."""
    stream = ""
    for text in texts:
        text = text.removeprefix("\ufeff")  # a byte order mark stands at the start of a stream only
        if stream and not text.startswith("---"):
            # Behind "..." a stream may have directives again, and only there.
            stream += "...\n" if text.startswith("%") else "---\n"
        stream += text if text.endswith("\n") else text + "\n"

    return stream
