"""The tokens of a template that is well formed, by one pass of one expression.

The expression cuts the text into words: those of actions, and the gaps between two actions, from
the right delimiter of one to the left delimiter of the next. It matches only what lex.py reads
in the same way. Where it leaves characters out, or where an action does not end, there are no
plain tokens: lex.py reads the text, and its errors are Go's.
"""

from __future__ import annotations

import re
from itertools import accumulate

from krm_injector.gotemplate import lex

_GAP = -1  # the kind of a gap, among the words
_S = r"[ \t\r\n]"
_STOP = rf"(?={_S}|[.,|:)(]|\}}\}})"
# Text, and behind it the left delimiter of an action that is no comment.
_TAIL = rf"[^{{]*(?:\{{(?!\{{)[^{{]*)*(?:\{{\{{(?!(?:-{_S})?/\*)(?:-{_S})?)?"
_WORDS = (
    rf"(?:{_S}-)?\}}\}}{_TAIL}"
    rf"|{_S}+?(?={_S}-\}}\}})|{_S}+"
    rf"|[.$]?[A-Za-z_][A-Za-z0-9_]*{_STOP}|[.$]{_STOP}"
    r'|"[^"\\\n]*(?:\\[^\n][^"\\\n]*)*"|`[^`]*`'
    r"|[()|,]|:=|="
    rf"|[0-9]+(?={_S}|[|)(,]|\}}\}})"
    rf"|\{{\{{(?:-{_S})?/\*[^*]*(?:\*(?!/)[^*]*)*\*/(?:{_S}-)?\}}\}}{_TAIL}"
)
# The kind of a word by its first character; names and keywords begin with a letter.
_KINDS = {
    " ": lex.SPACE, "\t": lex.SPACE, "\r": lex.SPACE, "\n": lex.SPACE, ".": lex.FIELD,
    "$": lex.VARIABLE, '"': lex.STRING, "`": lex.RAW, "(": lex.LPAREN, ")": lex.RPAREN,
    "|": lex.PIPE, ",": lex.CHAR, ":": lex.DECLARE, "=": lex.ASSIGN, "}": _GAP, "{": _GAP,
    **dict.fromkeys("0123456789", lex.NUMBER),
}  # fmt: skip


def plain_tokens(text: str, keywords: dict[str, int]) -> lex.Tokens | None:
    """All tokens of a text with Go's own delimiters; None where lex.py has to read it."""
    # The first gap gets a right delimiter too, to be like all others.
    words = re.findall(_WORDS, "}}" + text)
    places = list(accumulate(map(len, words), initial=-2))
    if places[-1] != len(text):
        return None

    kind_of = {word: _kind(word, keywords) for word in set(words)}
    kinds = [kind_of[word] for word in words]
    tokens = lex.Tokens()
    start, opened = 0, True
    for at in [at for at, kind in enumerate(kinds) if kind == _GAP]:
        tokens.kinds += kinds[start:at]
        tokens.texts += words[start:at]
        tokens.places += places[start:at]
        if opened is words[at].startswith("{"):  # a comment in an action
            return None
        opened = _add_gap(tokens, words[at], places[at])
        start = at + 1

    if opened or start != len(words):
        return None

    tokens.add(lex.EOF, "EOF", len(text))
    return tokens


def _kind(word: str, keywords: dict[str, int]) -> int:
    if word == ".":
        return lex.DOT
    if word[0] in lex.SPACES and word.startswith("-", 1):
        return _GAP
    return _KINDS.get(word[0]) or keywords.get(word, lex.IDENT)


def _add_gap(tokens: lex.Tokens, word: str, place: int) -> bool:
    """Adds the tokens that a gap consists of, and says whether an action begins at its end."""
    start, closes = 2, place >= 0  # no action ends at the first gap
    if word[0] == "{":  # a comment
        dashed = word[2] == "-"
        if dashed:
            tokens.trim_text()
        start, closes = word.index("*/", 6 if dashed else 4) + 4, False

    trimmed = word[start - 2] != "}"  # by "-" in front of the right delimiter
    start += 2 * trimmed
    if closes:
        tokens.add(lex.RIGHT, "}}", place + start - 2)

    end = len(word)
    dashed = word[-4:-1] == "{{-"
    opens = dashed or word.endswith("{{")
    end -= 4 if dashed else 2 if opens else 0
    text = word[start:end]
    if trimmed:
        text = text.lstrip(lex.SPACES)
        start = end - len(text)
    if dashed:
        text = text.rstrip(lex.SPACES)

    if text:
        tokens.add(lex.TEXT, text, place + start)
    if opens:
        tokens.add(lex.LEFT, "{{", place + end)
    return opens
