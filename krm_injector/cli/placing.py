"""Where the results of a run have their causes: in what was read of the paths, of --context, of the
mesh files and of the functionConfig.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence

from krm_injector.model import Refused, Result
from krm_injector.presenting.places import Places
from krm_injector.sources import files, kustomizations, resource_list
from krm_injector.sources.files import Source
from krm_injector.sources.resource_list import Bundle

TYPE_CHECKING = False
if TYPE_CHECKING:
    from krm_injector.cli.request import Arguments
    from krm_injector.sources.programs import Config


def places(
    arguments: Arguments,
    bundle: Bundle,
    sources: Sequence[Source] = (),
    config: Config | None = None,
) -> Places:
    """The places of a run. bundle: all that it read. sources: of the bundle's first parts. config:
    the functionConfig of the directories.
    """
    named = [*_files_of_options(arguments), config.file if config else ""]
    parts = (*(bundle.parts or (bundle,)), *_bundles(named))
    return Places(parts, rendered(sources), _originals)


def of_refused(arguments: Arguments, results: Iterable[Result]) -> Places:
    """The places of a run of which only the files are known, by its options and its results."""
    paths = [*arguments.paths, *arguments.context, *_files_of_options(arguments)]
    paths += [result.place.file if result.place else result.file for result in results]
    return Places(_bundles(paths))


def _files_of_options(arguments: Arguments) -> list[str]:
    named = (*arguments.mesh, arguments.from_mesh, arguments.to_mesh, arguments.config)
    return [path for path in named if path]


def _originals(file: str) -> tuple[list[Bundle], list[Bundle]]:
    """What was rendered: a file, or the files that a kustomization lists; and its patches."""
    if os.path.basename(file) not in files.KUSTOMIZATIONS:
        return _bundles([file]), []

    directory = os.path.dirname(file) or "."
    resources, patches = kustomizations.local_files, kustomizations.patch_files
    return _bundles(resources(directory)), _bundles(patches(directory))


def in_file(results: Iterable[Result], file: str) -> tuple[Result, ...]:
    """The results with their places in a file, as far as they have any there."""
    known = Places(_bundles([file]))
    return tuple(
        result if result.place else result._replace(place=known.of(result)) for result in results
    )


def rendered(sources: Iterable[Source]) -> Mapping[int, str]:
    """The indices of the sources that a program rendered, with the file that it rendered."""
    return {
        index: rendered_file(source.directory)
        for index, source in enumerate(sources)
        if source.directory
    }


def rendered_file(directory: str) -> str:
    kustomization = kustomizations.file_of(directory)
    if kustomization:
        return files.shown(os.path.normpath(kustomization))

    paths = [os.path.join(directory, name) for name in (files.CHART, files.KPTFILE)]
    found = next((path for path in paths if os.path.isfile(path)), "")
    return files.shown(os.path.normpath(found)) if found else ""


def _bundles(paths: Iterable[str]) -> list[Bundle]:
    """The files that can be read. What is wrong with the others, the run says."""
    bundles = []
    for path in dict.fromkeys(os.path.normpath(path) for path in paths if path):
        if not os.path.isfile(path):
            continue
        try:
            bundles.append(resource_list.read_manifests(files.content(path), files.shown(path)))
        except Refused:
            continue
    return bundles
