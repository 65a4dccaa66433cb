"""What was meant, and what it became: the value of a neutral text beside that of the real one."""

from __future__ import annotations

from krm_injector.injection.rendered import RenderedTexts
from krm_injector.injection.untrusted.tokens import Tokens
from krm_injector.kube import yaml
from krm_injector.kube.paths import Step
from krm_injector.kube.yaml import scalars
from krm_injector.named_tuple import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

# In place of a value.
UNREADABLE: Any = type("Unreadable", (), {"__repr__": lambda self: "<unreadable>"})()
ABSENT: Any = type("Absent", (), {"__repr__": lambda self: "<absent>"})()


class Change(NamedTuple):
    """One place at which what was rendered is not what was meant."""

    path: Step  # entries of lists by their name, if they have one
    meant: Any  # ABSENT: nothing; a tuple: entries of a list
    became: Any  # ABSENT; UNREADABLE: no YAML; a tuple: entries of a list


def changes(
    meant: str | None, real: str | None, tokens: Tokens, texts: RenderedTexts
) -> list[Change]:
    """meant: the neutral text. None: the template fails. texts: what reads both."""
    if meant is None:
        return [] if real is None else [Change((), UNREADABLE, ABSENT)]

    wanted = _read(meant, texts)
    if wanted is UNREADABLE:
        return []  # with neutral texts too: no text is to blame
    became = UNREADABLE if real is None else _read(real, texts)
    if became is UNREADABLE:
        return [Change((), ABSENT, UNREADABLE)]
    found = list(_Comparison(tokens).changes(wanted, became, ()))
    # What the text itself became comes first.
    return sorted(found, key=lambda change: change.meant is ABSENT or change.became is ABSENT)


def _read(text: str, texts: RenderedTexts) -> Any:
    try:
        return texts.read(text)
    except yaml.YamlError:
        return UNREADABLE


class _Comparison:
    def __init__(self, tokens: Tokens) -> None:
        self._tokens = tokens

    def changes(self, meant: Any, became: Any, path: Step) -> Iterator[Change]:
        if isinstance(became, str):
            became = self._tokens.meant(became)  # other suspects may be neutral in it
        if isinstance(meant, dict) and isinstance(became, dict):
            yield from self._of_maps(meant, became, path)
        elif isinstance(meant, list) and isinstance(became, list):
            yield from self._of_lists(meant, became, path)
        elif not self._same(meant, became):
            yield Change(path, self._shown(meant), self._shown(became))

    def _of_maps(
        self, meant: dict[str, Any], became: dict[str, Any], path: Step
    ) -> Iterator[Change]:
        if not all(map(str.isascii, became)):
            became = {self._tokens.meant(key): value for key, value in became.items()}

        # A JSON text in quotes has its keys with the escapes.
        wanted = {}
        for key, value in meant.items():
            printed = self._tokens.printed(key)
            wanted[printed if printed in became else self._tokens.meant(key)] = value

        for key in sorted(wanted.keys() | became.keys()):
            if key not in became:
                yield Change((*path, key), self._shown(wanted[key]), ABSENT)
            elif key not in wanted:
                yield Change((*path, key), ABSENT, self._shown(became[key]))
            else:
                yield from self.changes(wanted[key], became[key], (*path, key))

    def _of_lists(self, meant: list[Any], became: list[Any], path: Step) -> Iterator[Change]:
        if len(meant) == len(became):
            for index, pair in enumerate(zip(meant, became, strict=True)):
                yield from self.changes(*pair, (*path, _step(index, pair[0])))
            return
        if self._is_written_list(meant, became):
            return

        start = 0
        while start < min(len(meant), len(became)) and self._equal(meant[start], became[start]):
            start += 1
        end = 0
        most = min(len(meant), len(became)) - start
        while end < most and self._equal(meant[-1 - end], became[-1 - end]):
            end += 1
        wanted = tuple(self._shown(one) for one in meant[start : len(meant) - end])
        given = tuple(self._shown(one) for one in became[start : len(became) - end])
        yield Change(path, wanted, given)

    def _is_written_list(self, meant: list[Any], became: list[Any]) -> bool:
        """Whether a template writes brackets around a text: a list with commas was meant."""
        if len(meant) != 1 or not isinstance(meant[0], str):
            return False

        entries = [entry.strip() for entry in self._tokens.meant(meant[0]).split(",")]
        return [scalars.resolve(entry) for entry in entries] == became

    def _equal(self, meant: Any, became: Any) -> bool:
        return next(self.changes(meant, became, ()), None) is None

    def _same(self, meant: Any, became: Any) -> bool:
        """Whether a scalar became what was meant. White space at its ends does not count: a plain
        scalar drops it, and nothing is lost.
        """
        if not isinstance(meant, str):
            return type(meant) is type(became) and bool(meant == became)
        if became is None or isinstance(became, (dict, list)):
            return False

        spellings = (self._tokens.meant(meant).strip(), self._tokens.printed(meant).strip())
        if isinstance(became, str):
            return became.strip() in spellings
        return any(scalars.resolve(spelling) == became for spelling in spellings)

    def _shown(self, value: Any) -> Any:
        """The value as it was meant, to be shown."""
        if isinstance(value, dict):
            return {self._tokens.meant(key): self._shown(one) for key, one in value.items()}
        if isinstance(value, list):
            return [self._shown(one) for one in value]
        return self._tokens.meant(value) if isinstance(value, str) else value


def _step(index: int, entry: Any) -> str | int:
    name = entry.get("name") if isinstance(entry, dict) else None
    return name if isinstance(name, str) and name else index
