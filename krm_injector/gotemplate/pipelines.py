"""Tokens -> the pipelines, commands and operands of one action, with Go's sentences for what is
wrong.
"""

from __future__ import annotations

from collections.abc import Container

from krm_injector.gotemplate import lex, node
from krm_injector.gotemplate.constants import number, unquote
from krm_injector.gotemplate.errors import ParseError
from krm_injector.gotemplate.lex import Token
from krm_injector.gotemplate.quoting import quote

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

MAX_NESTING = 100

_LITERALS = frozenset(
    {lex.STRING, lex.RAW, lex.NIL, lex.BOOL, lex.NUMBER, lex.CHARCONST, lex.COMPLEX}
)
_NOT_EXECUTABLE = (node.Bool, node.Dot, node.Nil, node.Number, node.String)


class PipelineParser:
    """The tokens of a text with the position in them, and what may stand in an action."""

    def __init__(self, source: node.Source, toks: list[Token], functions: Container[str]) -> None:
        self.source = source
        self.toks = toks
        self.functions = functions
        self.at = 0  # the next token
        self.seen = 0  # the furthest token looked at: where Go says an error is
        self.vars = ["$"]
        self.nesting = 0
        self.action_line = 0

    # Tokens

    def next(self) -> Token:
        at = self.at
        if at > self.seen:
            self.seen = at
        self.at = at + 1
        return self.toks[at]

    def peek(self) -> Token:
        at = self.at
        if at > self.seen:
            self.seen = at
        return self.toks[at]

    def next_non_space(self) -> Token:
        at = self.at
        if self.toks[at].kind == lex.SPACE:
            at += 1
        if at > self.seen:
            self.seen = at
        self.at = at + 1
        return self.toks[at]

    def peek_non_space(self) -> Token:
        """The next token that is no space; spaces before it are consumed, as in Go."""
        at = self.at
        if self.toks[at].kind == lex.SPACE:
            self.at = at = at + 1
        if at > self.seen:
            self.seen = at
        return self.toks[at]

    # Errors

    def fail(self, message: str, function: str = "") -> NoReturn:
        token = self.toks[min(self.seen, len(self.toks) - 1)]
        line = self.source.line(token.pos)
        name = self.source.name
        raise ParseError(
            f"template: {name}:{line}: {message}",
            message=message,
            name=name,
            line=line,
            column=self.source.place(token.pos)[1],
            context=token.text,
            function=function,
        )

    def unexpected(self, token: Token, context: str) -> NoReturn:
        if token.kind == lex.ERROR:
            extra = ""
            if self.action_line and self.action_line != self.source.line(token.pos):
                extra = f" in action started at {self.source.name}:{self.action_line}"
                if token.text.endswith(" action"):
                    extra = extra[len(" in action") :]
            self.fail(token.text + extra)

        self.fail(f"unexpected {_shown(token)} in {context}")

    def expect(self, kind: int, context: str) -> Token:
        token = self.next_non_space()
        if token.kind != kind:
            self.unexpected(token, context)
        return token

    def deeper(self) -> None:
        self.nesting += 1
        if self.nesting > MAX_NESTING:
            self.fail(f"template nests deeper than {MAX_NESTING} blocks and parentheses")

    def constant_string(self, token: Token) -> str:
        text = unquote(token.text)
        if text is None:
            self.fail("invalid syntax")
        return text

    # Pipelines

    def pipeline(self, context: str, end: int) -> node.Pipe:
        pipe = node.Pipe(self.peek_non_space().pos)
        while self.peek_non_space().kind == lex.VARIABLE:
            if not self.declaration(pipe, context):
                break

        while True:
            token = self.next_non_space()
            if token.kind == end:
                break
            if token.kind not in lex.OPERANDS:
                self.unexpected(token, context)

            self.at -= 1
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
        start = self.at
        variable = self.next()
        following = self.peek_non_space()
        if following.kind in (lex.ASSIGN, lex.DECLARE):
            pipe.assign = following.kind == lex.ASSIGN
            self.next()
            pipe.declared.append(variable.text)
            self.vars.append(variable.text)
            return False

        if following.kind == lex.CHAR and following.text == ",":
            self.next()
            pipe.declared.append(variable.text)
            self.vars.append(variable.text)
            if context == "range" and len(pipe.declared) < 2:
                if self.peek_non_space().kind in (lex.VARIABLE, lex.RIGHT, lex.RPAREN):
                    return True
                self.fail("range can only initialize variables")

            self.fail(f"too many declarations in {context}")

        self.at = start
        return False

    def command(self) -> node.Command:
        command = node.Command(self.peek_non_space().pos, [])
        while True:
            self.peek_non_space()
            operand = self.operand()
            if operand is not None:
                command.args.append(operand)

            token = self.next()
            if token.kind == lex.SPACE:
                continue

            if token.kind in (lex.RIGHT, lex.RPAREN):
                self.at -= 1
            elif token.kind != lex.PIPE:
                self.unexpected(token, "operand")

            break

        if not command.args:
            self.fail("empty command")

        return command

    def operand(self) -> node.Node | None:
        term = self.term()
        if term is None:
            return None

        token = self.peek()
        if token.kind != lex.FIELD:
            return term

        names = []
        while self.peek().kind == lex.FIELD:
            names.append(self.next().text[1:])

        # A node with fields sits where its second part does: Go's places in errors count from
        # there.
        if isinstance(term, node.Field):
            return node.Field(token.pos, term.names + names)
        if isinstance(term, node.Variable):
            return node.Variable(token.pos, term.name, names)
        if isinstance(term, _NOT_EXECUTABLE):
            self.fail(f"unexpected . after term {quote(str(term))}")

        return node.Chain(token.pos, term, names)

    def term(self) -> node.Node | None:
        token = self.next_non_space()
        kind, text, pos = token
        if kind == lex.FIELD:
            return node.Field(pos, [text[1:]])

        if kind == lex.IDENT:
            if text not in self.functions:
                self.fail(f"function {quote(text)} not defined", text)
            return node.Identifier(pos, text)

        if kind == lex.VARIABLE:
            if text not in self.vars:
                self.fail(f"undefined variable {quote(text)}")
            return node.Variable(pos, text, [])

        if kind == lex.LPAREN:
            self.deeper()
            pipe = self.pipeline("parenthesized pipeline", lex.RPAREN)
            self.nesting -= 1
            return pipe

        if kind == lex.DOT:
            return node.Dot(pos)

        if kind in _LITERALS:
            return self.literal(token)

        self.at -= 1
        return None

    def literal(self, token: Token) -> node.Node:
        kind, text, pos = token
        if kind in (lex.STRING, lex.RAW):
            return node.String(pos, text, self.constant_string(token))
        if kind == lex.NIL:
            return node.Nil(pos)
        if kind == lex.BOOL:
            return node.Bool(pos, text == "true")

        try:
            return number(pos, text, kind)
        except ValueError as error:
            self.fail(str(error))


def _shown(token: Token) -> str:
    if token.kind == lex.EOF:
        return "EOF"
    if token.kind in (lex.DOT, lex.NIL) or token.kind >= lex.BLOCK:
        return f"<{token.text}>"
    if len(token.text.encode("utf-8", "surrogateescape")) > 10:
        return quote(token.text[:10]) + "..."
    return quote(token.text)
