"""``inject --in-place`` and ``eject --in-place``: the files themselves change, all of them or none.

Only files that are manifests as they stand can be changed so. What a kustomization or a chart makes
of its files is in no file.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterable, Iterator

from krm_injector import results
from krm_injector.cli import comparing, loader, recovery, transform
from krm_injector.cli.request import Answer, Request
from krm_injector.model import Refused, Result
from krm_injector.sources import files, kustomizations
from krm_injector.writing import together
from krm_injector.writing.locks import Locks
from krm_injector.writing.together import Change

TYPE_CHECKING = False
if TYPE_CHECKING:
    from krm_injector.cli.loader import Loaded
    from krm_injector.cli.transform import Action, Transformed
    from krm_injector.sources.files import Source


def answer(request: Request, action: Action) -> Answer:
    """The names of the files that were changed, or, with --dry-run, a diff. Raises Refused; then no
    file was changed.
    """
    paths = request.arguments.paths
    _refuse(_rendered_directories(paths, action))
    if request.arguments.dry_run:
        return _answer(request, action, ())

    locks = Locks()
    try:
        held = locks.take_all(path for path in paths if os.path.exists(path))
        if held:
            raise Refused(_locked(held))
        return _answer(request, action, recovery.restored(paths))
    finally:
        locks.drop()


def _answer(request: Request, action: Action, told: tuple[Result, ...]) -> Answer:
    loaded = _each_once(loader.read(request, request.arguments.paths))
    if action == "inject":
        _refuse(_of_kustomizations(loaded.sources))

    made = transform.transformed(request, loaded, action)
    every = (*told, *made.outcome.results)
    code = results.exit_code(every)
    if code:
        text = ""
    elif request.arguments.dry_run:
        text, more = _diff(request, made)
        every += more
    else:
        text, more = _written(request, made)
        every += more
    return Answer(text, every, code, lambda: transform.places(request, loaded, made))


def _each_once(loaded: Loaded) -> Loaded:
    """A file that two paths lead to is changed once."""
    sources = {os.path.realpath(source.path): source for source in reversed(loaded.sources)}
    return loaded._replace(sources=tuple(reversed(sources.values())))


# ---------------------------------------------------------------- what cannot be changed


def _refuse(problems: Iterable[Result]) -> None:
    found = tuple(problems)
    if found:
        raise Refused(*found)


def _rendered_directories(paths: Iterable[str], action: Action) -> Iterator[Result]:
    for path in paths:
        shown, word = files.shown(path), shlex.quote(files.shown(path))
        if os.path.exists(path) and not os.path.isdir(path) and not os.path.isfile(path):
            yield _refused(f"{shown} is no file, so it cannot be changed in place", shown)
        elif files.is_kustomization(path) and not kustomizations.only_lists(path):
            yield _refused(
                f"{shown} is a kustomization that changes what it lists, so what is {action}ed is "
                f"in none of its files. {_instead(word, action)}",
                shown,
            )
        elif loader.has(path, files.CHART) and not files.is_kustomization(path):
            yield _refused(
                f"{shown} is a Helm chart, whose files are templates. krm-injector build {word} "
                "renders it and prints it injected",
                shown,
            )


def _instead(word: str, action: Action) -> str:
    if action == "eject":
        return "Name the files that were injected"
    return (
        f"krm-injector build {word} prints it injected, and krm-injector init kustomize {word} "
        "lets kustomize inject it"
    )


def _of_kustomizations(sources: Iterable[Source]) -> Iterator[Result]:
    """A file that a kustomization above it reads and changes."""
    read_by: dict[str, frozenset[str]] = {}
    for source in sources:
        real = os.path.realpath(source.path)
        for directory in _up_to_repository(os.path.dirname(real)):
            if directory not in read_by:
                read_by[directory] = _changed_by(directory)
            if real in read_by[directory]:
                name = os.path.relpath(directory)
                yield _refused(
                    f"{source.file} is read by the kustomization {name}, which changes it, so what "
                    f"is injected is not in this file. {_instead(shlex.quote(name), 'inject')}",
                    source.file,
                )
                break


def _up_to_repository(directory: str) -> Iterator[str]:
    while True:
        yield directory
        above = os.path.dirname(directory)
        if above == directory or os.path.lexists(os.path.join(directory, ".git")):
            return
        directory = above


def _changed_by(directory: str) -> frozenset[str]:
    """The real paths of the manifests that a directory's kustomization reads, if it changes any."""
    if not files.is_kustomization(directory) or kustomizations.only_lists(directory):
        return frozenset()
    read = kustomizations.local_files(directory) + kustomizations.patch_files(directory)
    return frozenset(map(os.path.realpath, read))


def _refused(message: str, path: str) -> Result:
    return Result("error", message, file=path, code="in-place-refused")


def _locked(path: str) -> Result:
    shown = files.shown(path)
    message = (
        f"another krm-injector changes files in {shown} at this moment; no file was changed. Run "
        "it again when that has ended"
    )
    return Result("error", message, file=shown, code="output-locked")


# ---------------------------------------------------------------- writing


def _diff(request: Request, made: Transformed) -> tuple[str, tuple[Result, ...]]:
    texts, told = transform.texts(made)
    shows_all = request.arguments.show_credentials
    return comparing.of_texts(made.joined, texts, request.colours, shows_all), told


def _written(request: Request, made: Transformed) -> tuple[str, tuple[Result, ...]]:
    """Changes the files. Raises Refused."""
    texts, told = transform.texts(made)
    sources = made.joined.sources
    changes = [
        Change(source.path, text.encode(), source.data)
        for source, text in zip(sources, texts, strict=True)
        if text.encode() != source.data
    ]
    told += tuple(_parted(change.path) for change in changes if os.stat(change.path).st_nlink > 1)

    first = request.arguments.paths[0]
    directory = first if os.path.isdir(first) else os.path.dirname(first)
    together.put(changes, directory, request.begin)
    names = "".join(f"wrote {files.shown(change.path)}\n" for change in changes)
    read = results.counted(len(sources), "file")
    return f"{names}{len(changes):,} of {read} changed\n", told


def _parted(path: str) -> Result:
    shown = files.shown(path)
    message = (
        f"{shown} has other names (hard links), which keep the old content: the new one is a file "
        "of its own"
    )
    return Result("warning", message, file=shown, code="output-hard-link")
