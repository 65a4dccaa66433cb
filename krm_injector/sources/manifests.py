"""Several files of manifests as one bundle, and back to one stream.

Each file keeps its own bytes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from krm_injector.kube import yaml
from krm_injector.kube.twins import Replacements
from krm_injector.model import Object, Refused, Result
from krm_injector.named_tuple import NamedTuple
from krm_injector.sources import resource_list
from krm_injector.sources.files import Source
from krm_injector.sources.resource_list import Bundle, Layouts

_MOST_NAMED, _MOST_PASSED_OVER = 8, 3  # files that a message names
_WITHOUT_SIGNS = dict.fromkeys(map(ord, "\"'"), "") | dict.fromkeys(map(ord, ",{}"), " ")


class Joined(NamedTuple):
    """Bundles of single files, and one with the items of all of them."""

    bundle: Bundle
    parts: tuple[Bundle, ...]
    sources: tuple[Source, ...] = ()  # of each part
    results: tuple[Result, ...] = ()  # about files that were passed over

    def write(
        self,
        replacements: Mapping[int, Object],
        layouts: Layouts,
        drop: Collection[int] = (),
        originals: Mapping[int, Object] = {},
        anew: Collection[int] = (),
        written_out: dict[int, tuple[str, ...]] | None = None,
    ) -> str:
        """One stream of documents: the files in their order, with their replacements.

        The arguments are those of resource_list.write, for the items of the whole bundle. A file
        whose items are all dropped is not in it.
        """
        write = _Writing(replacements, layouts, originals, anew, written_out)
        texts: list[str] = []
        for part, numbers in self._numbered():
            dropped = [number - numbers.start for number in numbers if number in drop]
            if len(dropped) == len(part.items) and (dropped or len(self.parts) > 1):
                continue

            texts.append(write.part(part, numbers, dropped))

        return texts[0] if len(texts) == 1 else _stream(map(_separated, texts))

    def texts(
        self,
        replacements: Mapping[int, Object],
        layouts: Layouts,
        originals: Mapping[int, Object] = {},
        anew: Collection[int] = (),
        written_out: dict[int, tuple[str, ...]] | None = None,
    ) -> list[str]:
        """The text of each part by itself, with its replacements."""
        write = _Writing(replacements, layouts, originals, anew, written_out)
        return [write.part(part, numbers) for part, numbers in self._numbered()]

    def _numbered(self) -> Iterator[tuple[Bundle, range]]:
        """Each part with the numbers that its items have in the whole bundle."""
        first = 0
        for part in self.parts:
            numbers = range(first, first + len(part.items))
            first = numbers.stop
            yield part, numbers


class _Writing(NamedTuple):
    """What becomes of the items of all parts, as resource_list.write takes it for one."""

    replacements: Mapping[int, Object]
    layouts: Layouts
    originals: Mapping[int, Object]
    anew: Collection[int]
    written_out: dict[int, tuple[str, ...]] | None

    def part(self, part: Bundle, numbers: range, dropped: Collection[int] = ()) -> str:
        """The text of one part, whose items have these numbers in the whole bundle."""
        changed, before = _of(numbers, self.replacements), _of(numbers, self.originals)
        rewritten = {number - numbers.start for number in self.anew}
        aliases: dict[int, tuple[str, ...]] = {}
        text = resource_list.write(
            part, changed, [], dropped, before, rewritten, self.layouts, aliases
        )
        if self.written_out is not None:
            for number, names in aliases.items():
                self.written_out[number + numbers.start] = names
        return text


def _of(numbers: range, values: Mapping[int, Object]) -> Mapping[int, Object]:
    """The values of one part's items, by their numbers in the part."""
    if isinstance(values, Replacements):
        return values.within(numbers)
    return {number - numbers.start: values[number] for number in numbers if number in values}


# ---------------------------------------------------------------- reading


def join(
    sources: Iterable[Source], verbose: bool = False, strict: bool = False, lenient: bool = False
) -> Joined:
    """The bundles of all sources.

    Files that nobody named and that contain no Kubernetes object are passed over and counted
    (``verbose``: named). With ``strict`` only those that are YAML or JSON are passed over. With
    ``lenient`` templates and objects without a name are too, and what is wrong with a file that
    nobody named is a result, as long as there are others. Raises
    Refused with the causes of every file that cannot be read or is not valid, and if there is no
    manifest at all.
    """
    reading = _Reading()
    for source in sources:
        _read(source, strict, lenient, reading)

    results = _about_passed_over(reading, verbose)
    is_rest_told = lenient and not reading.is_named and any(part.items for part in reading.parts)
    if is_rest_told:
        results = (*reading.problems, *results)
    elif reading.problems:
        raise Refused(*reading.problems, *results)

    parts = tuple(reading.parts)
    items = [item for part in parts for item in part.items]
    if not items:
        raise Refused(_nothing(reading), *results)

    numbered = [item._replace(index=index) for index, item in enumerate(items)]
    whole = parts[0]._replace(items=numbered, parts=parts)
    return Joined(whole, parts, tuple(reading.sources), results)


class _Reading:
    """The bundles read so far. The lists are filled one source after the other."""

    def __init__(self) -> None:
        self.parts: list[Bundle] = []
        self.sources: list[Source] = []  # of the parts
        self.problems: list[Result] = []
        self.is_named = False  # whether one of them is about a file that the user named
        self.templates: list[str] = []  # names of files
        self.nameless: list[str] = []
        self.passed_over: list[str] = []  # names of files
        self.unreadable: list[str] = []  # the same, of files that are not even YAML or JSON

    def problem(self, source: Source, *results: Result) -> None:
        self.problems.extend(results)
        self.is_named = self.is_named or not source.found


def _read(source: Source, strict: bool, lenient: bool, reading: _Reading) -> None:
    if source.problem is not None:
        reading.problem(source, source.problem)
        return

    if source.found and not strict and not resource_list.may_hold_objects(source.data):
        reading.passed_over.append(source.file)
        return

    try:
        part = resource_list.read_manifests(source.data, source.file)
    except resource_list.NoObjects as refused:
        if not source.found or (strict and refused.unreadable):
            reading.problem(source, *refused.results)
        elif refused.unreadable:
            reading.unreadable.append(source.file)
        else:
            reading.passed_over.append(source.file)
    except Refused as refused:
        _faulty(source, lenient, refused, reading)
    else:
        reading.parts.append(part)
        reading.sources.append(source)


def _faulty(source: Source, lenient: bool, refused: Refused, reading: _Reading) -> None:
    """A file that cannot be read, or that has an object that is not valid."""
    codes = {result.code for result in refused.results}
    is_rest_told = lenient and source.found
    if is_rest_told and all(yaml.A_TEMPLATE in result.message for result in refused.results):
        reading.templates.append(source.file)
    elif is_rest_told and codes == {"item-without-name"} and not _may_be_workload(source.data):
        # A request, as those of the API server that kubectl create sends, or a piece of something.
        reading.nameless.append(source.file)
    elif is_rest_told and codes == {"item-not-object"} and not _may_be_workload(source.data, True):
        # A sequence of objects, as the data of other programs have. kubectl reads none.
        reading.passed_over.append(source.file)
    else:
        reading.problem(source, *refused.results)


def _may_be_workload(data: bytes, within: bool = False) -> bool:
    """Whether a document of a file is of a built-in kind with a pod template. Within flow style,
    and with ``within``, any mapping counts.
    """
    from krm_injector.kube.workloads import POD_TEMPLATES  # late: few files have no names

    text = data.decode("utf-8", "replace").translate(_WITHOUT_SIGNS)
    within = within or data.lstrip()[:1] in (b"{", b"[")
    kinds = {kind for _, kind in POD_TEMPLATES}
    return any(
        word in kinds
        for line in text.splitlines()
        if line.startswith("kind:") or (within and "kind:" in line)
        for word in line.partition("kind:")[2].split()[:1]
    )


def _nothing(reading: _Reading) -> Result:
    names = [source.file or source.directory or "stdin" for source in reading.sources]
    passed_over = [*reading.passed_over, *reading.unreadable]
    passed_over += [*reading.templates, *reading.nameless]
    names += passed_over
    message = f"there are no manifests in {_listed(names, _MOST_NAMED)}"
    if passed_over:
        message += "; files without apiVersion and kind are none"
    return Result("error", message, file=names[0] if len(names) == 1 else "", code="input-empty")


def _about_passed_over(reading: _Reading, verbose: bool) -> tuple[Result, ...]:
    results = []
    most = None if verbose else _MOST_PASSED_OVER
    if reading.passed_over:
        count, names = len(reading.passed_over), _listed(reading.passed_over, most)
        hold = "file that holds" if count == 1 else "files that hold"
        message = f"passed over {count} {hold} no Kubernetes object: {names}"
        results.append(Result("info", message, code="input-passed-over"))

    if reading.unreadable:
        count, names = len(reading.unreadable), _listed(reading.unreadable, most)
        are = "file that is" if count == 1 else "files that are"
        message = (
            f"passed over {count} {are} neither YAML nor JSON and without a line of "
            f"apiVersion or kind: {names}"
        )
        results.append(Result("warning", message, code="input-passed-over"))

    for files, one, several in (
        (reading.templates, "template that is", "templates that are"),
        (reading.nameless, "file with an object", "files with objects"),
    ):
        if files:
            what = one if len(files) == 1 else several
            end = "not rendered here" if files is reading.templates else "without metadata.name"
            message = f"passed over {len(files)} {what} {end}: {_listed(files, most)}"
            results.append(Result("warning", message, code="input-passed-over"))

    return tuple(results)


def _listed(names: Sequence[str], most: int | None) -> str:
    """The names, or the first ones of many. ``most``: None for all."""
    if most is None or len(names) <= most:
        return ", ".join(names)
    return f"{', '.join(names[:most])} and {len(names) - most} more (-v names them)"


# ---------------------------------------------------------------- writing


def _separated(text: str) -> str:
    """JSON documents in a row with separators between them; any other text as it is.

    Without separators only kubectl reads them, and only if nothing else is in the stream.
    """
    if text.lstrip("\ufeff \t\r\n")[:1] != "{" or "\n---" in text:
        return text

    try:
        documents = yaml.load_json_stream(text.removeprefix("\ufeff"))
    except yaml.YamlError:  # one, with a comment after it
        return text

    if len(documents) == 1:
        return text
    return "---\n".join(text[place.start : place.end] + "\n" for _, _, _, place, *_ in documents)


def _stream(texts: Iterable[str]) -> str:
    """Texts of YAML (or JSON) documents, joined to one stream."""
    stream = ""
    for text in texts:
        text = text.removeprefix("\ufeff")  # only the start of a stream may have a byte order mark
        if stream and not text.startswith("---"):
            # Only after "..." a stream may have directives again.
            stream += "...\n" if text.startswith("%") else "---\n"
        stream += text if text.endswith("\n") else text + "\n"

    return stream
