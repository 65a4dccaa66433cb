"""Tokens -> the pipelines, commands and operands of one action, with Go's sentences for what is
wrong.
"""

from __future__ import annotations

from krm_injector.gotemplate import lex, node
from krm_injector.gotemplate.constants import number, unquote
from krm_injector.gotemplate.errors import ParseError
from krm_injector.gotemplate.lex import (
    FIELD,
    IDENT,
    LPAREN,
    OPERANDS,
    PIPE,
    RPAREN,
    SPACE,
    VARIABLE,
)
from krm_injector.gotemplate.quoting import quote

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container
    from typing import NoReturn

MAX_NESTING = 100

_LITERALS = frozenset(
    {lex.STRING, lex.RAW, lex.NIL, lex.BOOL, lex.NUMBER, lex.CHARCONST, lex.COMPLEX}
)
_COMMAND_ENDS = frozenset({PIPE, RPAREN, lex.RIGHT})
_NOT_EXECUTABLE = (node.Bool, node.Dot, node.Nil, node.Number, node.String)


class PipelineParser:
    """The tokens of a text with the position in them, and what may stand in an action.

    A token is the number of its place among all tokens.
    """

    def __init__(self, source: node.Source, tokens: lex.Tokens, functions: Container[str]) -> None:
        self.source = source
        self.kinds, self.texts, self.places = tokens.kinds, tokens.texts, tokens.places
        self.functions = functions
        self.at = 0  # the next token
        self.seen = 0  # the furthest token looked at: where Go says an error is
        self.vars = ["$"]
        self.declared = 0  # variables of the template in work, so far
        self.steps = 0  # its statements, commands and arguments so far (Limits.steps)
        self.nesting = 0
        self.action_line = 0

    # Tokens

    def next(self) -> int:
        at = self.at
        if at > self.seen:
            self.seen = at
        self.at = at + 1
        return at

    def peek(self) -> int:
        """The kind of the next token."""
        at = self.at
        if at > self.seen:
            self.seen = at
        return self.kinds[at]

    def next_non_space(self) -> int:
        at = self.at
        if self.kinds[at] == SPACE:
            at += 1
        if at > self.seen:
            self.seen = at
        self.at = at + 1
        return at

    def peek_non_space(self) -> int:
        """The kind of the next token that is no space; spaces before it are consumed, as in Go."""
        at = self.at
        if self.kinds[at] == SPACE:
            self.at = at = at + 1
        if at > self.seen:
            self.seen = at
        return self.kinds[at]

    # Errors

    def fail(self, message: str, function: str = "") -> NoReturn:
        at = min(self.seen, len(self.kinds) - 1)
        line, column = self.source.place(self.places[at])
        name = self.source.name
        raise ParseError(
            f"template: {name}:{line}: {message}",
            message=message,
            name=name,
            line=line,
            column=column,
            context=self.texts[at],
            function=function,
        )

    def unexpected(self, token: int, context: str) -> NoReturn:
        if self.kinds[token] == lex.ERROR:
            extra, text = "", self.texts[token]
            if self.action_line and self.action_line != self.source.line(self.places[token]):
                extra = f" in action started at {self.source.name}:{self.action_line}"
                if text.endswith(" action"):
                    extra = extra[len(" in action") :]
            self.fail(text + extra)

        self.fail(f"unexpected {_shown(self.kinds[token], self.texts[token])} in {context}")

    def expect(self, kind: int, context: str) -> int:
        token = self.next_non_space()
        if self.kinds[token] != kind:
            self.unexpected(token, context)
        return token

    def deeper(self) -> None:
        self.nesting += 1
        if self.nesting > MAX_NESTING:
            self.fail(f"template nests deeper than {MAX_NESTING} blocks and parentheses")

    def constant_string(self, text: str) -> str:
        value = unquote(text)
        if value is None:
            self.fail("invalid syntax")
        return value

    # Pipelines

    def pipeline(self, context: str, end: int) -> node.Pipe:
        kinds = self.kinds
        kind = self.peek_non_space()
        pipe = node.Pipe(self.places[self.at])
        while kind == VARIABLE and self.declaration(pipe, context):
            kind = self.peek_non_space()

        while True:
            token = self.next_non_space()
            kind = kinds[token]
            if kind == end:
                break
            if kind not in OPERANDS:
                self.unexpected(token, context)

            self.at = token
            pipe.commands.append(self.command())
            if len(pipe.commands) > MAX_NESTING:
                self.fail(f"pipeline of more than {MAX_NESTING} commands")

        if not pipe.commands:
            self.fail(f"missing value for {context}")

        for stage, command in enumerate(pipe.commands[1:], 2):
            if isinstance(command.args[0], _NOT_EXECUTABLE):
                self.fail(f"non executable command in pipeline stage {stage}")

        return pipe

    def declaration(self, pipe: node.Pipe, context: str) -> bool:
        """Reads "$x :=", "$x =" or "$x," and says whether another variable may follow."""
        start = self.next()
        following = self.peek_non_space()
        comma = following == lex.CHAR and self.texts[self.at] == ","
        if following not in (lex.ASSIGN, lex.DECLARE) and not comma:
            self.at = start
            return False

        self.next()
        pipe.declared.append(self.texts[start])
        self.vars.append(self.texts[start])
        self.declared += 1
        if not comma:
            pipe.assign = following == lex.ASSIGN
            return False

        if context == "range" and len(pipe.declared) < 2:
            if self.peek_non_space() in (VARIABLE, lex.RIGHT, RPAREN):
                return True
            self.fail("range can only initialize variables")

        self.fail(f"too many declarations in {context}")

    def command(self) -> node.Command:
        """Operands up to a pipe or the end of the pipeline."""
        kinds, places = self.kinds, self.places
        self.peek_non_space()
        at = self.at
        args: list[node.Node] = []
        command = node.Command(places[at], args)
        while True:
            kind = kinds[at]
            if kind == FIELD:  # the most common operands are read here, and all others by operand()
                first = at
                while kind == FIELD:
                    at += 1
                    kind = kinds[at]
                names = [text[1:] for text in self.texts[first:at]]
                args.append(node.Field(places[first + (at > first + 1)], names))
            else:
                self.at = at
                operand = self.operand()
                if operand is not None:
                    args.append(operand)
                at = self.at
                kind = kinds[at]

            if kind != SPACE:
                break
            at += 1

        if at > self.seen:
            self.seen = at
        self.at = at + (kind == PIPE)
        if kind not in _COMMAND_ENDS:
            self.unexpected(at, "operand")
        if not args:
            self.fail("empty command")

        self.steps += len(args)
        return command

    def operand(self) -> node.Node | None:
        term = self.term()
        if term is None or self.peek() != FIELD:
            return term

        pos = self.places[self.at]
        names = []
        while self.peek() == FIELD:
            names.append(self.texts[self.at][1:])
            self.at += 1

        # A node with fields sits where its second part does: Go's places in errors count from
        # there.
        if isinstance(term, node.Field):
            return node.Field(pos, term.names + names)
        if isinstance(term, node.Variable):
            return node.Variable(pos, term.name, names)
        if isinstance(term, _NOT_EXECUTABLE):
            self.fail(f"unexpected . after term {quote(str(term))}")

        return node.Chain(pos, term, names)

    def term(self) -> node.Node | None:
        at = self.next_non_space()
        kind, text, pos = self.kinds[at], self.texts[at], self.places[at]
        if kind == FIELD:
            return node.Field(pos, [text[1:]])

        if kind == IDENT:
            if text not in self.functions:
                self.fail(f"function {quote(text)} not defined", text)
            return node.Identifier(pos, text)

        if kind == VARIABLE:
            if text not in self.vars:
                self.fail(f"undefined variable {quote(text)}")
            return node.Variable(pos, text, [])

        if kind == LPAREN:
            self.deeper()
            pipe = self.pipeline("parenthesized pipeline", RPAREN)
            self.nesting -= 1
            return pipe

        if kind == lex.DOT:
            return node.Dot(pos)

        if kind in _LITERALS:
            return self.literal(kind, text, pos)

        self.at = at
        return None

    def literal(self, kind: int, text: str, pos: int) -> node.Node:
        if kind in (lex.STRING, lex.RAW):
            return node.String(pos, text, self.constant_string(text))
        if kind == lex.NIL:
            return node.Nil(pos)
        if kind == lex.BOOL:
            return node.Bool(pos, text == "true")

        try:
            return number(pos, text, kind)
        except ValueError as error:
            self.fail(str(error))


def _shown(kind: int, text: str) -> str:
    if kind == lex.EOF:
        return "EOF"
    if kind in (lex.DOT, lex.NIL) or kind >= lex.BLOCK:
        return f"<{text}>"
    if len(text.encode("utf-8", "surrogateescape")) > 10:
        return quote(text[:10]) + "..."
    return quote(text)
