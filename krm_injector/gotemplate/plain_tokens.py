"""The tokens of a template that is well formed, by cutting its text at what separates them.

str's methods cut the text into actions and the texts between them, and all actions, each of them
once, into words. Only what lex.py reads in the same way is a word. Where there is anything else, or
where an action does not end, there are no plain tokens: lex.py reads the text, and its errors are
Go's.
"""

from __future__ import annotations

from itertools import accumulate

from krm_injector.gotemplate import lex
from krm_injector.named_tuple import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

# Characters that no template has, and what they stand for among the words of all actions.
_CUT, _END, _STRING = "\0", "\1", "\2"  # between two words, between two actions, a string
_MARKS = {
    "(": lex.LPAREN, ")": lex.RPAREN, "|": lex.PIPE, ",": lex.CHAR, ":=": lex.DECLARE,
    "=": lex.ASSIGN, ".": lex.DOT, "$": lex.VARIABLE,
}  # fmt: skip
_BEFORE_STRING = frozenset((_END, "(", *lex.SPACES))
_TRIM_LEFT = frozenset("-" + space for space in lex.SPACES)
_TRIM_RIGHT = frozenset(space + "-" for space in lex.SPACES)


class _Action(NamedTuple):
    """What stands between two delimiters, as tokens, with the delimiters. A comment has none."""

    trims_left: bool
    trims_right: bool
    kinds: list[int]
    texts: list[str]
    places: list[int]  # from the left delimiter


def plain_tokens(text: str, keywords: dict[str, int]) -> lex.Tokens | None:
    """All tokens of a text with Go's own delimiters; None where lex.py has to read it."""
    between, *parts = text.split("{{")
    cut = [_action_and_text(part) for part in parts]
    if not all(end for _, end, _ in cut):
        return None
    actions = _actions({body for body, _, _ in cut}, keywords)
    if actions is None:
        return None

    tokens = lex.Tokens()
    place, trims_left = 0, False
    for body, _, behind in cut:
        action = actions[body]
        _add_text(tokens, between, place, trims_left, action.trims_left)
        place += len(between)
        tokens.kinds += action.kinds
        tokens.texts += action.texts
        tokens.places += [place + offset for offset in action.places]
        place += len(body) + 4
        between, trims_left = behind, action.trims_right

    _add_text(tokens, between, place, trims_left, False)
    tokens.add(lex.EOF, "EOF", len(text))
    return tokens


def _action_and_text(part: str) -> tuple[str, str, str]:
    """What stands between two delimiters, the right one ("" if there is none), and the text up to
    the next action. A delimiter in a string ends nothing.
    """
    body, end, behind = part.partition("}}")
    while end and (body.count("`") % 2 or body.count('"') % 2):
        more, end, behind = behind.partition("}}")
        body += "}}" + more
    return body, end, behind


def _add_text(
    tokens: lex.Tokens, text: str, place: int, trims_left: bool, trims_right: bool
) -> None:
    end = place + len(text)
    if trims_left:
        text = text.lstrip(lex.SPACES)
        place = end - len(text)
    if trims_right:
        text = text.rstrip(lex.SPACES)
    if text:
        tokens.add(lex.TEXT, text, place)


def _actions(bodies: set[str], keywords: dict[str, int]) -> dict[str, _Action] | None:
    """Each action by its text."""
    cut = [(body, *_without_trims(body)) for body in bodies]
    comments = [each for each in cut if each[1].startswith("/*")]
    if any(inside.find("*/", 2) != len(inside) - 2 for _, inside, _, _ in comments):
        return None

    commands = [each for each in cut if not each[1].startswith("/*")]
    words = _words([inside for _, inside, _, _ in commands])
    if words is None:
        return None
    kind_of = {word: _kind(word, keywords) for word in set().union(*words)}
    if 0 in kind_of.values():
        return None

    actions = {body: _Action(left, right, [], [], []) for body, _, left, right in comments}
    for (body, _, left, right), texts in zip(commands, words, strict=True):
        kinds = [lex.LEFT, *[kind_of[word] for word in texts], lex.RIGHT]
        places = [0, *accumulate(map(len, texts), initial=4 if left else 2)]
        places[-1] = len(body) + 2
        actions[body] = _Action(left, right, kinds, ["{{", *texts, "}}"], places)
    return actions


def _without_trims(body: str) -> tuple[str, bool, bool]:
    """What stands between two delimiters without its signs to trim the text in front and behind,
    and whether it has them.
    """
    left = body[:1] == "-" and body[:2] in _TRIM_LEFT
    inside = body[2:] if left else body
    right = inside[-1:] == "-" and inside[-2:] in _TRIM_RIGHT
    return inside[:-2] if right else inside, left, right


def _words(actions: list[str]) -> list[list[str]] | None:
    """The words of each action. None where a string does not end, or where words stand close
    together in a way that lex.py may read differently.
    """
    text = _END.join(actions)
    cut = _without_strings(text)
    if cut is None or _CUT in text or _STRING in text or text.count(_END) >= len(actions) > 0:
        return None

    plain, strings = cut
    for separator in (_END, _STRING, *lex.SPACES, "(", ")", "|", ",", ":="):
        plain = plain.replace(separator, f"{_CUT}{separator}{_CUT}")

    found: list[list[str]] = [[]]
    last = _END
    for word in filter(None, plain.replace(".", f"{_CUT}.").split(_CUT)):
        if word == _END:
            found.append([])
        elif word == _STRING:
            if last not in _BEFORE_STRING:
                return None
            found[-1].append(next(strings))
        elif word in lex.SPACES and last in lex.SPACES:
            found[-1][-1] += word
        elif last.isdigit() and word[0] in ".:":
            return None
        else:
            found[-1].append(word)
        last = word

    return found if actions else []


def _without_strings(text: str) -> tuple[str, Iterator[str]] | None:
    """The text with a mark in the place of each string, and the strings. None where one does not
    end.
    """
    parts: list[str] = []
    strings: list[str] = []
    start = 0
    while True:
        found = [at for at in (text.find('"', start), text.find("`", start)) if at >= 0]
        if not found:
            break

        opening = min(found)
        end = _end_of_string(text, opening)
        strings.append(text[opening:end])
        if end < 0 or _END in strings[-1]:
            return None
        parts.append(text[start:opening])
        start = end

    return _STRING.join([*parts, text[start:]]), iter(strings)


def _end_of_string(text: str, opening: int) -> int:
    """The position behind a string; -1 if it does not end."""
    quote = text[opening]
    end = text.find(quote, opening + 1)
    if quote == "`":
        return end + 1 or -1

    while end > 0:
        string = text[opening + 1 : end]
        if "\n" in string:
            return -1
        if (len(string) - len(string.rstrip("\\"))) % 2 == 0:
            return end + 1
        end = text.find(quote, end + 1)
    return -1


def _kind(word: str, keywords: dict[str, int]) -> int:
    """The kind of a word; 0 where lex.py has to find out."""
    if word in _MARKS:
        return _MARKS[word]

    first = word[0]
    if first in lex.SPACES:
        return lex.SPACE
    if first in '"`':
        return lex.STRING if first == '"' else lex.RAW
    if not word.isascii():
        return 0
    if first in ".$":
        kind = lex.FIELD if first == "." else lex.VARIABLE
        return kind if word[1:].isidentifier() else 0
    if word.isidentifier():
        return keywords.get(word, lex.IDENT)
    return lex.NUMBER if word.isdigit() else 0
