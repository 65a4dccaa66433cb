"""Whether the output directory is what `fleet build` would write: nothing is written here."""

from __future__ import annotations

import os
from collections.abc import Sequence

from krm_injector.fleet.output import index as indexes
from krm_injector.fleet.output import paths, places, planned
from krm_injector.model import Refused, Result
from krm_injector.writing import disk

TYPE_CHECKING = False
if TYPE_CHECKING:
    from krm_injector.codes import CodeName
    from krm_injector.fleet.model import TargetResult
    from krm_injector.fleet.output.paths import Layout

_MOST = 8  # files of a target that are named


class Comparison:
    """Compares the targets of one run with their files: ``compare(result)`` for each, then
    ``finish()``.
    """

    def __init__(
        self,
        directory: str,
        layout: Layout | None,
        names: Sequence[str],
        whole: bool,
        mend: str,
        roots: Sequence[str] = (),
    ) -> None:
        """As a Writer is made. ``mend``: the command that writes the directory. Raises Refused."""
        self._directory = directory or "."
        known = indexes.read(self._directory, indexes.INDEX)
        self._names, self._mend = names, mend
        self._roots = indexes.relative(roots, self._directory)
        self._whole = whole and indexes.covers(self._roots, known.roots, self._directory)
        self._layout: Layout = layout or known.layout
        self._owned = dict(known.files)
        self._compared: set[str] = set()
        paths.refuse_clashes(names, self._layout)

    def compare(self, result: TargetResult) -> TargetResult:
        """The result without its text; with an error for each file that is not as it should be."""
        result, text = result._replace(text=""), result.text
        if result.code:
            return result

        files = planned.files(result.name, text, self._layout)
        try:
            problems = self._problems(result.name, files)
        except Refused as refused:
            problems = list(refused.results)
        except OSError as problem:
            path = problem.filename or self._directory
            message = f"{path} cannot be read: {problem.strerror or problem}"
            problems = [Result("error", message, file=path, code="input-unreadable")]

        self._owned[result.name] = tuple(files)
        self._compared.add(result.name)
        if not problems:
            return result
        return result._replace(code=1, results=(*result.results, *problems[:_MOST]))

    def _problems(self, name: str, files: dict[str, bytes]) -> list[Result]:
        """Raises Refused and OSError."""
        path = paths.path_of(name, self._layout)
        places.refuse_links(self._directory, path)
        problems = []
        for file, data in files.items():
            found = disk.content(self._below(file))
            if found is None:
                problems.append(self._problem(file, "is missing", "fleet-output-missing"))
            elif found != data:
                differs = "is not what the fleet gives now"
                problems.append(self._problem(file, differs, "fleet-output-differs"))

        others = [file for file in self._owned.get(name, ()) if file not in files]
        if self._layout == "directory" and places.kind(self._below(path)) == "directory":
            others += [f"{path}/{file}" for file in places.below(self._below(path))]
        return problems + self._left_over(name, [file for file in others if file not in files])

    def _left_over(self, name: str, files: Sequence[str]) -> list[Result]:
        said = f"is left over: the target {name} has no such object any more"
        if name not in self._names:
            said = f"is left over: there is no target {name} any more"
        return [
            self._problem(file, said, "fleet-output-left-over")
            for file in dict.fromkeys(files)
            if places.kind(self._below(file))
        ]

    def _below(self, path: str) -> str:
        return os.path.join(self._directory, path)

    def _problem(self, file: str, said: str, code: CodeName) -> Result:
        path = self._below(file)
        message = f"{path} {said}; write it: {self._mend}"
        if code == "fleet-output-left-over":
            message = f"{path} {said}; remove it: {self._mend}"
        return Result("error", message, file=path, code=code)

    def finish(self) -> tuple[Result, ...]:
        """What is about no target of the run: files of targets that are gone, a run that did not
        finish, the index.
        """
        problems: list[Result] = []
        if self._whole:
            for name in sorted(self._owned.keys() - set(self._names)):
                problems += self._left_over(name, self._owned.pop(name))
            problems += self._of_index()

        staging = self._below(indexes.staging_name((1, 1)))
        if places.kind(staging):
            said = "is left over: a fleet build did not finish"
            name = indexes.staging_name((1, 1))
            problems.append(self._problem(name, said, "fleet-output-left-over"))
        return tuple(problems)

    def _is_file(self, file: str) -> bool:
        return places.kind(self._below(file)) == "file"

    def _of_index(self) -> list[Result]:
        """The index says to the next run what it may delete, so that it must be right."""
        there = {
            name: files
            for name, files in self._owned.items()
            if name in self._compared or all(self._is_file(file) for file in files)
        }
        there = {name: files for name, files in there.items() if files}
        found = disk.content(self._below(indexes.INDEX))
        if not there or found == indexes.text(there, self._layout, self._roots).encode():
            return []
        if found is None:
            return [self._problem(indexes.INDEX, "is missing", "fleet-output-missing")]
        differs = "is not what fleet build writes"
        return [self._problem(indexes.INDEX, differs, "fleet-output-differs")]
