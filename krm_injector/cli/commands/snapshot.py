"""`krm-injector snapshot`: makes the mesh file for --mesh from the output of istioctl, helm or
kubectl.
"""

from __future__ import annotations

import os
from collections.abc import Iterable

from krm_injector import results
from krm_injector.cli import bundles, configuration, loader
from krm_injector.cli.request import Answer, Request
from krm_injector.discovery import mesh_files
from krm_injector.model import Refused, Result
from krm_injector.presenting import snapshot
from krm_injector.sources import files, manifests
from krm_injector.sources.resource_list import members
from krm_injector.writing import one_file


def run(request: Request) -> Answer:
    """The mesh file. With --check, only the results of comparing it with a committed one."""
    return bundles.with_all_causes(request, lambda: _taken(request))


def _taken(request: Request) -> Answer:
    arguments = request.arguments
    loaded = loader.read(request, arguments.paths)
    by_helm = any(snapshot.by_helm(source.data) for source in loaded.sources)
    sources = tuple(
        source._replace(data=snapshot.manifests_of(source.data)) for source in loaded.sources
    )
    joined, read_results = bundles.join(loaded._replace(sources=sources), arguments)

    all_members = list(members.walk(joined.bundle))
    taken = snapshot.take([members.with_type(member) for member in all_members], by_helm)
    _refuse_unused(arguments.paths, joined, all_members)
    if arguments.check is None:
        text = snapshot.text(taken)
        if arguments.to_file is not None:
            text = _written(arguments.to_file, text)
        return Answer(text, (*read_results, *taken.results))

    changes = _changes(taken, arguments.check)
    all_results = (*read_results, *taken.results, *changes)
    return Answer("", all_results, results.exit_code(all_results))


def _written(path: str, text: str) -> str:
    """Writes the mesh file. Raises Refused."""
    shown = files.shown(path)
    try:
        one_file.put(path, text.encode())
    except OSError as problem:
        message = f"{shown} cannot be written: {problem.strerror or problem}; it is as it was"
        raise Refused(Result("error", message, file=shown, code="output-unwritable")) from None
    return f"wrote {shown}\n"


def _changes(taken: snapshot.Snapshot, file: str) -> tuple[Result, ...]:
    """How a committed mesh file differs from a fresh one."""
    committed = configuration.documents(file)
    content = files.content(file).decode("utf-8", "replace")
    return snapshot.changes(committed, taken.objects, content, file)


def _refuse_unused(
    paths: Iterable[str], joined: manifests.Joined, bundle_members: Iterable[members.Member]
) -> None:
    """Raises Refused for each path of snapshot that adds nothing to the mesh file."""
    names = [
        source.file or source.directory
        for source, part in zip(joined.sources, joined.parts, strict=True)
        for _ in part.items
    ]
    objects = [(names[member.item], members.with_type(member)) for member in bundle_members]
    problems = []
    for path in paths:
        of_path = [value for name, value in objects if _is_of(name, path)]
        if path != "-" and not any(map(mesh_files.is_mesh_object, of_path)):
            message = f"{files.shown(path)} {mesh_files.no_mesh(of_path, path)}"
            problems.append(Result("error", message, file=path, code="mesh-missing"))

    if problems:
        raise Refused(*problems)


def _is_of(name: str, path: str) -> bool:
    """Whether the file of that name belongs to a path of the command line: it is the path, or in
    the directory.
    """
    file, directory = os.path.realpath(name), os.path.realpath(path)
    below = f"{directory.rstrip(os.sep)}{os.sep}"
    return bool(name) and (file == directory or file.startswith(below))
