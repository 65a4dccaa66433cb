"""TargetResults -> the files of the output directory.

For each target: prepare its files in a staging directory, say in the journal which they are, put
them in place by one rename. At the end: delete the files of targets that are gone, write the index,
remove the staging directory. A kill between any two steps leaves a state that the next run knows.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Sequence

from krm_injector.fleet.output import index as indexes
from krm_injector.fleet.output import paths, places, planned
from krm_injector.fleet.output.index import Journal
from krm_injector.fleet.output.lock import Lock
from krm_injector.model import Refused, Result
from krm_injector.writing import disk

TYPE_CHECKING = False
if TYPE_CHECKING:
    from krm_injector.fleet.model import TargetResult
    from krm_injector.fleet.output.paths import Layout

_WHOLE = (1, 1)


class Writer:
    """Writes the targets of one run: ``with Writer(...) as writer``, ``writer.write(result)`` for
    each, then ``writer.finish()``. Without ``finish``, what was written stays, and nothing is
    deleted.
    """

    def __init__(
        self,
        directory: str,
        layout: Layout | None,
        names: Sequence[str],
        whole: bool,
        shard: tuple[int, int] = _WHOLE,
        roots: Sequence[str] = (),
    ) -> None:
        """``layout``: None for that of the last run. ``names``: of all targets that are known.
        ``whole``: there are no others in ``roots``, so that files of any other target from there
        are left over.
        """
        self.written = self.unchanged = self.deleted = 0  # files
        self._directory = directory or "."
        self._layout: Layout = layout or "file"
        self._stated_layout, self._names = layout, names
        self._whole, self._shard = whole, shard
        self._roots = indexes.relative(roots, self._directory)
        self._elsewhere: frozenset[str] = frozenset()  # roots of earlier runs outside of these
        self._index = indexes.file_name(shard)
        self._staging = self._below(indexes.staging_name(shard))
        self._journal = Journal(self._staging)
        self._lock = Lock()
        self._owned: indexes.Files = {}
        self._in_index: set[str] = set()  # targets that are in the index of this shard
        self._gone: set[str] = set()  # files of targets that are no more
        self._done: set[str] = set()  # targets that are as they should be now
        self._touched: set[str] = set()  # directories with new names in them

    def _below(self, path: str) -> str:
        return os.path.join(self._directory, path)

    # ------------------------------------------------------------ begin

    def __enter__(self) -> Writer:
        """Raises Refused if nothing may be written. Then nothing has been."""
        try:
            disk.make_directory(self._directory)
            self._lock.take(self._directory, shared=self._shard != _WHOLE)
            if self._shard != _WHOLE:
                self._refuse_link(self._staging)
                disk.make_directory(self._staging)
                self._lock.take(self._staging)
            self._begin()
        except OSError as problem:
            self._lock.drop()
            raise Refused(places.unwritable(self._directory, problem)) from None
        except BaseException:
            self._lock.drop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._journal.close()
        self._lock.drop()

    def _begin(self) -> None:
        """Raises Refused and OSError."""
        known = indexes.read(self._directory, self._index)
        self._layout = self._stated_layout or known.layout
        paths.refuse_clashes(self._names, self._layout)

        if not indexes.covers(self._roots, known.roots, self._directory):
            self._whole, self._elsewhere = False, known.roots
        self._owned, self._in_index = dict(known.files), set(known.own)
        for staging in self._unfinished():
            self._recover(staging)
        if self._whole:
            gone = self._owned.keys() - set(self._names)
            self._gone = {file for name in gone for file in self._owned[name]}

    def _unfinished(self) -> list[str]:
        """The staging directories of runs that did not finish. Beside a whole run there is no
        other, so that those of shards are left over too.
        """
        if self._shard != _WHOLE:
            return [self._staging]

        names = sorted(os.listdir(self._directory))
        return [
            self._below(name)
            for name in names
            if name.startswith(indexes.OWN_PREFIX) and name.endswith(".tmp")
        ]

    def _refuse_link(self, staging: str) -> None:
        """Raises Refused for a link where files are prepared and removed: it may lead anywhere."""
        places.refuse_links(self._directory, os.path.basename(staging))

    def _recover(self, staging: str) -> None:
        """Takes over what a run that did not finish has done. Raises Refused and OSError."""
        self._refuse_link(staging)
        journaled = indexes.journaled(staging)
        for name, files in journaled:
            before = self._owned.get(name, ())
            self._owned[name] = tuple(dict.fromkeys((*before, *files)))
            self._in_index.add(name)

        aside = os.path.join(staging, "old")
        if journaled and places.kind(aside) == "directory":
            standing = self._below(journaled[-1][0])
            if not places.kind(standing):  # it was killed between the two steps of an exchange
                os.rename(aside, standing)

        if journaled:  # before the journal is removed, the index says what it said
            self._write_index(staging)
        if self._shard == _WHOLE:
            disk.remove_tree(staging)
        else:
            disk.remove_content(staging)

    # ------------------------------------------------------------ end

    def finish(self) -> tuple[Result, ...]:
        """Deletes what is left over, and writes the index. Returns what went wrong."""
        try:
            self._delete_gone()
            for directory in sorted(self._touched):
                disk.sync_directory(directory)

            self._write_index(self._staging)
            self._journal.close()
            disk.remove_tree(self._staging)
            if self._shard == _WHOLE:
                for other in indexes.others(self._directory, self._index):
                    disk.remove(self._below(other))
        except OSError as problem:
            return (places.unwritable(problem.filename or self._directory, problem),)
        except Refused as refused:
            return refused.results

        others = self._owned.keys() - set(self._names)
        return (_kept(self._directory, self._elsewhere),) if self._elsewhere and others else ()

    def _delete_gone(self) -> None:
        alive = set(self._names)
        standing = {
            paths.folded(file): file
            for name, files in self._owned.items()
            for file in files
            if name in alive
        }
        for file in sorted(self._gone):
            same = standing.get(paths.folded(file))
            if same is None or not places.is_same(self._below(file), self._below(same)):
                self._delete(file)

        if self._whole:
            self._owned = {name: files for name, files in self._owned.items() if name in alive}

    def _write_index(self, staging: str) -> None:
        files = {name: self._there(name) for name in self._owned}
        if self._shard != _WHOLE:
            files = {name: files[name] for name in files.keys() & self._in_index}

        files = {name: each for name, each in files.items() if each}
        if files or places.kind(self._below(self._index)):
            text = indexes.text(files, self._layout, self._roots | self._elsewhere)
            indexes.write(self._directory, staging, self._index, text)

    def _there(self, name: str) -> tuple[str, ...]:
        """The files of a target. Of one that was not written now, some may be missing."""
        if name in self._done:
            return self._owned[name]
        return tuple(file for file in self._owned[name] if places.kind(self._below(file)) == "file")

    # ------------------------------------------------------------ one target

    def write(self, result: TargetResult) -> TargetResult:
        """The result without its text, which is on the disk now. With an error, also one of
        writing, the target's files stay as they are.
        """
        result, text = result._replace(text=""), result.text
        if result.code:
            return result

        try:
            self._put(result.name, planned.files(result.name, text, self._layout))
        except Refused as refused:
            problems = refused.results
        except OSError as problem:
            path = self._below(paths.path_of(result.name, self._layout))
            problems = (places.unwritable(path, problem),)
        else:
            return result

        return result._replace(code=1, results=(*result.results, *problems))

    def _put(self, name: str, files: dict[str, bytes]) -> None:
        """Raises Refused and OSError. Then the target's files are as they were."""
        path = paths.path_of(name, self._layout)
        places.refuse_links(self._directory, path)
        before = self._owned.get(name, ())
        changed = {file for file in files if disk.content(self._below(file)) != files[file]}
        self._refuse_foreign(path, files.keys() - changed, {*before, *self._gone})

        left_over = [file for file in before if file not in files and self._stands(file)]
        if changed or left_over:
            self._journal_target(name, files)
            if self._layout == "file":
                self._put_file(path, files[path], changed)
            else:
                self._put_directory(path, files, changed)

        self.deleted += sum(not self._stands(file) for file in left_over)
        for file in left_over:
            self._delete(file)

        self._owned[name] = tuple(files)
        self._gone -= files.keys()
        self._in_index.add(name)
        self._done.add(name)
        self.written += len(changed)
        self.unchanged += len(files) - len(changed)

    def _stands(self, file: str) -> bool:
        return places.kind(self._below(file)) != ""

    def _refuse_foreign(self, path: str, same: Collection[str], known: Collection[str]) -> None:
        """Raises Refused if something that is not ours would be overwritten or deleted. ``same``:
        files that are there as they are to be; whose they were does not matter.
        """
        place = self._below(path)
        found, wanted = places.kind(place), self._layout
        if not found:
            return

        standing = [path]
        if found == wanted == "directory":
            standing = [f"{path}/{file}" for file in places.below(place)]

        foreign = [file for file in standing if file not in same and file not in known]
        if found != wanted:
            foreign = [path]
        if foreign:
            raise Refused(*(_foreign(self._below(file), place) for file in foreign[:_MOST]))

    def _journal_target(self, name: str, files: dict[str, bytes]) -> None:
        if not places.kind(self._staging):
            disk.make_directory(self._staging)
        self._journal.add(name, files)
        self._owned[name] = tuple(dict.fromkeys((*self._owned.get(name, ()), *files)))
        self._in_index.add(name)

    # ------------------------------------------------------------ its files

    def _put_file(self, path: str, data: bytes, changed: Collection[str]) -> None:
        if changed:
            prepared = os.path.join(self._staging, "file")
            disk.write(prepared, data)
            self._with_room(path, lambda: os.replace(prepared, self._below(path)))

    def _put_directory(self, path: str, files: dict[str, bytes], changed: Collection[str]) -> None:
        """Builds the directory beside the old one, of which unchanged files stay the same, then
        puts it in its place.
        """
        new, aside = os.path.join(self._staging, "new"), os.path.join(self._staging, "old")
        disk.remove_tree(new)
        os.mkdir(new)
        for file, data in files.items():
            prepared = os.path.join(new, file.rpartition("/")[2])
            if file in changed or not disk.link(self._below(file), prepared):
                disk.write(prepared, data)

        disk.sync_directory(new)
        if not self._stands(path):
            self._with_room(path, lambda: os.rename(new, self._below(path)))
            return

        disk.exchange(new, self._below(path), aside)
        self._touched.add(os.path.dirname(self._below(path)))
        disk.remove_tree(new)
        disk.remove_tree(aside)

    def _with_room(self, path: str, rename: Callable[[], None]) -> None:
        """Makes the directories above a path, and none if the rename into them fails."""
        above = os.path.dirname(self._below(path))
        try:
            disk.make_directory(above)
            rename()
        except OSError:
            disk.remove_empty(self._directory, path)
            raise
        self._touched.add(above)

    def _delete(self, file: str) -> None:
        """Raises Refused and OSError."""
        places.refuse_links(self._directory, file)
        if disk.remove(self._below(file)):
            self.deleted += 1
        disk.remove_empty(self._directory, file)


_MOST = 8  # files that are named


def _kept(directory: str, roots: Collection[str]) -> Result:
    message = (
        f"{directory} has files of targets that were found in other roots (relative to it: "
        f"{', '.join(sorted(roots))}); they stay. Name all roots, so that deletions are followed"
    )
    return Result("warning", message, file=directory, code="fleet-output-kept")


def _foreign(path: str, place: str) -> Result:
    message = (
        f"{path} was not written by fleet build, and {place} is to be written there; nothing was "
        "overwritten. Move it away, or name another output directory"
    )
    return Result("error", message, file=path, code="fleet-output-foreign")
