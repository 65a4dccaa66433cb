"""Change a value inside a YAML text and keep the bytes of all that does not change.

rewrite gives the new text. edit tells besides what the old text held in another form than this
package would write it, entry by entry, and reversible sees to it that an edit back with these
entries gives the old text, byte for byte.
"""

from __future__ import annotations

from krm_injector.kube.yaml.editor import Edited, Editor, Known, Path, entries_at
from krm_injector.kube.yaml.emit import dump, to_json
from krm_injector.kube.yaml.error import YamlError
from krm_injector.kube.yaml.load import Place, load
from krm_injector.kube.yaml.pairing import same

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

__all__ = ["Edited", "Known", "Path", "edit", "nested", "reversible", "rewrite"]


def rewrite(text: str, place: Place, old: Any, new: Any, newline: str = "\n") -> str:
    """The text that is to stand for new where text[place.start:place.end] stands for old.

    newline is the line break of the whole text, "\\n" or "\\r\\n". The result reads back to exactly
    new.
    """
    return edit(text, place, old, new, newline).text


def edit(
    text: str, place: Place, old: Any, new: Any, newline: str = "\n", known: Known | None = None
) -> Edited:
    """As rewrite; the entries that are known are written as they were, where they stand for what
    new has there.
    """
    source = text[place.start : place.end]
    if known.__class__ is str:
        if _stands_for(" " * place.column + str(known), new):
            return Edited(_in_place_of(source, str(known)), {}, True)
        known = None

    if not place.block:
        written = _in_flow(text, place, new)
        if newline == "\r\n":
            written = written.replace("\n", newline)
        return Edited(written, {(): source}, True)

    plain = source.replace("\r\n", "\n") if newline == "\r\n" else source
    done = Editor(
        " " * place.column + plain, place.column, text.endswith("--- ", 0, place.start)
    ).edited(old, new, known)
    if newline != "\r\n":
        return done
    if () in done.gone:
        done = done._replace(gone={(): source})  # with its own line breaks
    if source.count("\n") == source.count("\r\n"):
        return done._replace(text=done.text.replace("\n", newline))

    return done._replace(text=_with_breaks(source, plain, done.text), sure=False)


def reversible(text: str, place: Place, old: Any, new: Any, newline: str = "\n") -> Edited:
    """As edit; what it tells is all that an edit back needs to give the same bytes again."""
    done = edit(text, place, old, new, newline)
    if done.sure:
        return done

    source = text[place.start : place.end]
    there = place._replace(start=0, end=len(done.text))

    def leads_back(entries: Mapping[Path, str]) -> bool:
        return (
            () in entries
            or edit(done.text, there, new, old, newline, nested(entries)).text == source
        )

    gone = done.gone
    if not leads_back(gone):
        gone = {**done.maybe, **gone}
        while not leads_back(gone):
            gone = _wider(
                gone, source, place, newline
            )  # what is around an entry may where it alone does not

    return done._replace(gone=gone)


def nested(entries: Mapping[Path, str]) -> Known:
    """Entries by path in the form that edit takes."""
    if () in entries:
        return entries[()]

    tree: dict[str | int, Any] = {}
    for path in sorted(entries, key=len):
        node: Any = tree
        for step in path[:-1]:
            node = node.setdefault(step, {}) if isinstance(node, dict) else node
        if isinstance(node, dict):  # else inside of an entry that is known as a whole
            node[path[-1]] = entries[path]

    return tree


def _wider(gone: Mapping[Path, str], source: str, place: Place, newline: str) -> dict[Path, str]:
    """The entries, those that lie deepest replaced by the entries that they lie in."""
    depth = max(map(len, gone), default=1)
    parents = {path[:-1] for path in gone if len(path) == depth} or {()}
    plain = source.replace("\r\n", "\n") if newline == "\r\n" else source
    entries = None if () in parents else entries_at(" " * place.column + plain, parents)
    if entries is None:
        return {(): source}
    return {**{path: text for path, text in gone.items() if len(path) < depth}, **entries}


def _stands_for(text: str, value: Any) -> bool:
    try:
        return same(load(text), value)
    except YamlError:
        return False


def _in_place_of(source: str, text: str) -> str:
    """A root's own text where a block stood, of which the line break, and perhaps a comment, belong
    to a flow root.
    """
    if text[:1] != "{" or text.endswith("\n") or not source.endswith("\n"):
        return text
    at = source.rfind("\n", 0, len(source) - 1) + 1
    if source.startswith(" #", at):
        return text + source[at:]
    return text + ("\r\n" if source.endswith("\r\n") else "\n")


def _in_flow(text: str, place: Place, new: Any) -> str:
    """What stands on one line, or in a flow collection, written anew."""
    before = text[text.rfind("\n", 0, place.start) + 1 : place.start]
    line_end = text.find("\n", place.end)
    line_break = line_end >= 0
    behind = text[place.end : line_end if line_break else len(text)].removesuffix("\r")
    if (behind.strip() and behind[:2] != " #") or not (
        not before.strip(" -") or before.rstrip() == "---"
    ):
        return to_json(new)

    written = "\n" + dump(new) if before.startswith("---") else dump(new, place.column)
    return written.removesuffix("\n") if line_break and not behind.strip() else written


def _with_breaks(source: str, plain: str, text: str) -> str:
    """The text with line breaks as source has them, of which plain is the form with "\\n" only;
    "\\r\\n" where new.
    """
    from difflib import SequenceMatcher

    old, new = plain.split("\n"), text.split("\n")
    ends = ["\r\n" if line.endswith("\r") else "\n" for line in source.split("\n")]
    breaks = ["\r\n"] * len(new)
    for a, b, size in SequenceMatcher(None, old, new, autojunk=False).get_matching_blocks():
        breaks[b : b + size] = ends[a : a + size]

    return "".join(line + end for line, end in zip(new[:-1], breaks, strict=False)) + new[-1]
