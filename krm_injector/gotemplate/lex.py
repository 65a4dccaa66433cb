"""Template text -> tokens, with one regular expression for what is well formed.

Whatever it does not match goes, one character at a time, to the slow path, which follows Go's
scanner to the letter so that its errors and oddities are Go's. Lexing stops at the first error,
which becomes a token: the parser may find a reason to stop before it.
"""

from __future__ import annotations

from krm_injector.named_tuple import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    import re

# Kinds of tokens. Those from SPACE to DOT are the groups of the expression in delims_of, in its
# order; those from BLOCK on are keywords.
# fmt: off
(
    ERROR, SPACE, FIELD, IDENT, VARIABLE, STRING, RAW, NUMBER, CHARCONST, DECLARE, ASSIGN, PIPE,
    LPAREN, RPAREN, CHAR, DOT, BOOL, NIL, TEXT, LEFT, RIGHT, EOF, COMPLEX,
    BLOCK, BREAK, CONTINUE, DEFINE, ELSE, END, IF, RANGE, TEMPLATE, WITH,
) = range(33)

KEYWORDS = {
    "nil": NIL, "true": BOOL, "false": BOOL, "block": BLOCK, "break": BREAK, "continue": CONTINUE,
    "define": DEFINE, "else": ELSE, "end": END, "if": IF, "range": RANGE, "template": TEMPLATE,
    "with": WITH,
}
# fmt: on
OPERANDS = frozenset(
    {BOOL, CHARCONST, COMPLEX, DOT, FIELD, IDENT, NUMBER, NIL, RAW, STRING, VARIABLE, LPAREN}
)
SPACES = " \t\r\n"


class Token(NamedTuple):
    kind: int
    text: str
    pos: int  # offset in the template's text, in characters


class Tokens:
    """Tokens in three lists: their kinds, their texts, and their places in the template's text."""

    __slots__ = ("kinds", "places", "texts")

    def __init__(self) -> None:
        self.kinds: list[int] = []
        self.texts: list[str] = []
        self.places: list[int] = []

    def add(self, kind: int, text: str, place: int) -> None:
        self.kinds.append(kind)
        self.texts.append(text)
        self.places.append(place)


class Delims(NamedTuple):
    left: str
    right: str
    token: re.Pattern[str]


_delims: dict[tuple[str, str], Delims] = {}


def delims_of(left: str, right: str) -> Delims:
    left, right = left or "{{", right or "}}"
    delims = _delims.get((left, right))
    if delims is None:
        import re  # late: plain tokens need none

        end = re.escape(right)
        stop = rf"(?=[ \t\r\n.,|:)(]|{end}|\Z)"
        pattern = (  # the order of the groups is that of the token kinds, from SPACE
            rf"([ \t\r\n]+?(?=[ \t\r\n]-{end})|[ \t\r\n]+)"
            rf"|(\.[A-Za-z_][A-Za-z0-9_]*{stop})"
            rf"|([A-Za-z_][A-Za-z0-9_]*{stop})"
            rf"|(\$[A-Za-z0-9_]*{stop})"
            r'|("[^"\\\n]*(?:\\[^\n][^"\\\n]*)*")'
            r"|(`[^`]*`)"
            rf"|([+-]?[0-9]+(?:\.[0-9]+)?(?=[ \t\r\n|)(,]|{end}))"
            r"|('(?:\\[^\n]|[^'\\\n])*')"
            r"|(:=)|(=)|(\|)|(\()|(\))|([!#%&*,;<>?@\[\]^{}~/\\])"
            rf"|(\.(?=[ \t\r\n.,|:)(]|{end}))"  # at the very end Go takes it for a number
        )
        delims = _delims[left, right] = Delims(left, right, re.compile(pattern))

    return delims


def tokens(text: str, delims: Delims, words: dict[str, int]) -> Tokens:
    """All tokens up to EOF or the first error. ``words`` are the keywords (break may be a
    function's name).
    """
    out = Tokens()
    left, right = delims.left, delims.right
    pos, size = 0, len(text)
    while True:
        start = text.find(left, pos)
        if start < 0:
            if pos < size:
                out.add(TEXT, text[pos:], pos)
            out.add(EOF, "EOF", size)
            return out

        inside = start + len(left)
        trim = text[inside : inside + 1] == "-" and text[inside + 1 : inside + 2] in _SPACES_SET
        body = text[pos:start]
        if trim:
            body = body.rstrip(SPACES)
        if body:
            out.add(TEXT, body, pos)

        if text.startswith("/*", inside + 2 if trim else inside):
            pos = _comment(text, inside + 2 if trim else inside, right, out)
        else:
            out.add(LEFT, left, start)
            pos = _action(text, inside + 2 if trim else inside, delims, words, out)

        if pos < 0:
            return out


_SPACES_SET = frozenset(SPACES)


def _comment(text: str, pos: int, right: str, out: Tokens) -> int:
    """Skips a comment; the position after it, or -1 with an error token."""
    end = text.find("*/", pos + 2)
    if end < 0:
        out.add(ERROR, "unclosed comment", pos)
        return -1

    end += 2
    if text[end : end + 1] in _SPACES_SET and text.startswith("-" + right, end + 1):
        return _skip(text, end + 2 + len(right))
    if text.startswith(right, end):
        return end + len(right)

    out.add(ERROR, "comment ends before closing delimiter", pos)
    return -1


def _skip(text: str, pos: int) -> int:
    size = len(text)
    while pos < size and text[pos] in _SPACES_SET:
        pos += 1
    return pos


def _action(text: str, pos: int, delims: Delims, words: dict[str, int], out: Tokens) -> int:
    """Tokens of one action; the position after its right delimiter, or -1 with an error token."""
    right = delims.right
    trimmed = "-" + right
    match = delims.token.match
    depth = 0
    while True:
        # A right delimiter wins over everything else: "}}" and " -}}".
        if text.startswith(right, pos):
            return _closed(pos, 0, right, depth, out)
        if text[pos : pos + 1] in _SPACES_SET and text.startswith(trimmed, pos + 1):
            after = _closed(pos, 2, right, depth, out)
            return after if after < 0 else _skip(text, after)

        m = match(text, pos)
        if m is None:
            token = slow_token(text, pos, right, words)
        else:
            word = m.group()
            kind = m.lastindex or 0
            if kind == IDENT:
                kind = words.get(word, IDENT)
            elif kind == LPAREN:
                depth += 1
            elif kind == RPAREN:
                depth -= 1
                if depth < 0:
                    kind, word = ERROR, "unexpected right paren"
            token = Token(kind, word, pos)

        out.add(*token)
        if token.kind == ERROR:
            return -1
        pos += len(token.text)


def _closed(pos: int, trim: int, right: str, depth: int, out: Tokens) -> int:
    """The right delimiter of an action, ``trim`` characters behind ``pos``; the position after it,
    or -1 with an error token.
    """
    if depth:
        out.add(ERROR, "unclosed left paren", pos)
        return -1
    out.add(RIGHT, right, pos + trim)
    return pos + trim + len(right)


def slow_token(text: str, pos: int, right: str, words: dict[str, int]) -> Token:
    """The token at ``pos`` as Go scans it, for what the expression did not match: oddities and
    errors.
    """
    char = text[pos : pos + 1]
    following = text[pos + 1 : pos + 2]
    if not char:
        return Token(ERROR, "unclosed action", pos)
    if char == ":":
        return Token(ERROR, "expected :=", pos)
    if char == '"':
        return Token(ERROR, "unterminated quoted string", pos)
    if char == "`":
        return Token(ERROR, "unterminated raw quoted string", pos)
    if char == "'":
        return Token(ERROR, "unterminated character constant", pos)

    digit_follows = "0" <= following <= "9"
    if char == "$" or (char == "." and following and not digit_follows):
        return _slow_word(text, pos, pos + 1, right, VARIABLE if char == "$" else FIELD, words)
    if char in "+-." or "0" <= char <= "9":
        return _slow_number(text, pos)
    if is_alphanumeric(char):
        return _slow_word(text, pos, pos, right, IDENT, words)
    if " " <= char <= "~":
        return Token(CHAR, char, pos)

    return Token(ERROR, f"unrecognized character in action: {unicode_name(char)}", pos)


def _slow_word(
    text: str, start: int, pos: int, right: str, kind: int, words: dict[str, int]
) -> Token:
    while pos < len(text) and is_alphanumeric(text[pos]):
        pos += 1

    if pos < len(text) and text[pos] not in " \t\r\n.,|:)(" and not text.startswith(right, pos):
        return Token(ERROR, f"bad character {unicode_name(text[pos])}", start)

    word = text[start:pos]
    if kind == IDENT:
        kind = words.get(word, IDENT)
    elif word == ".":
        kind = DOT

    return Token(kind, word, start)


def _slow_number(text: str, start: int) -> Token:
    pos, good = _scan_number(text, start)
    if good and text[pos : pos + 1] in ("+", "-"):
        pos, good = _scan_number(text, pos)
        if good and text[pos - 1] == "i":
            return Token(COMPLEX, text[start:pos], start)
        good = False

    if not good:
        from krm_injector.gotemplate.quoting import quote

        return Token(ERROR, f"bad number syntax: {quote(text[start:pos])}", start)

    return Token(NUMBER, text[start:pos], start)


def _scan_number(text: str, pos: int) -> tuple[int, bool]:
    """The end of what may be a number, and whether nothing alphanumeric follows it (else it is
    included). Source: scanNumber of Go's text/template/parse/lex.go.
    """
    pos = _one_of(text, pos, "+-")
    digits, marks = _DECIMAL_DIGITS, "eE"
    if text.startswith("0", pos):
        base = text[pos + 1 : pos + 2].lower()
        if base in _BASES:
            digits, marks = _BASES[base]
            pos += 2

    pos = _run_of(text, pos, digits)
    if text.startswith(".", pos):
        pos = _run_of(text, pos + 1, digits)
    if text[pos : pos + 1] in tuple(marks):
        pos = _one_of(text, pos + 1, "+-")
        pos = _run_of(text, pos, _DECIMAL_DIGITS)

    pos = _one_of(text, pos, "i")
    if pos < len(text) and is_alphanumeric(text[pos]):
        return pos + 1, False

    return pos, True


_DECIMAL_DIGITS = "0123456789_"
# letter behind a 0: the digits, and what begins an exponent
_BASES = {
    "x": ("0123456789abcdefABCDEF_", "pP"),
    "o": ("01234567_", ""),
    "b": ("01_", ""),
}


def _one_of(text: str, pos: int, characters: str) -> int:
    """The position behind one of these characters, if one stands there."""
    return pos + 1 if pos < len(text) and text[pos] in characters else pos


def _run_of(text: str, pos: int, characters: str) -> int:
    while pos < len(text) and text[pos] in characters:
        pos += 1
    return pos


def is_alphanumeric(char: str) -> bool:
    """A letter, a decimal digit or an underscore, as Go's unicode package sees them."""
    return char == "_" or char.isalpha() or char.isdecimal()


def unicode_name(char: str) -> str:
    """%#U of fmt: U+0040 '@'."""
    code = ord(char)
    if 0xDC80 <= code <= 0xDCFF:  # a byte that is no UTF-8
        code, char = 0xFFFD, "\ufffd"
    shown = f" '{char}'" if char.isprintable() else ""
    return f"U+{code:04X}{shown}"
