"""Tokens -> parse tree, with Go's grammar and Go's sentences for what is wrong.

Nesting is bounded: this parser, the compiler and the compiled closures all recurse as deep as the
template nests.
"""

from __future__ import annotations

from collections.abc import Container
from typing import NoReturn

from krm_injector.gotemplate import lex, node
from krm_injector.gotemplate.constants import number, unquote
from krm_injector.gotemplate.errors import ParseError
from krm_injector.gotemplate.lex import Token
from krm_injector.gotemplate.quoting import quote

MAX_NESTING = 100

_NOT_EXECUTABLE = (node.Bool, node.Dot, node.Nil, node.Number, node.String)


class Tree:
    """One template: the parsed text itself, or a define or block in it."""

    __slots__ = ("name", "root")

    def __init__(self, name: str, root: list[node.Node]) -> None:
        self.name = name
        self.root = root


def parse_trees(
    source: node.Source, functions: Container[str], delims: tuple[str, str]
) -> dict[str, Tree]:
    """All templates that the text defines, by name. ParseError where Go's Parse fails."""
    words = {
        w: k
        for w, k in lex.KEYWORDS.items()
        if w not in ("break", "continue") or w not in functions
    }
    toks = lex.tokens(source.text, lex.delims_of(*delims), words)
    parser = _Parser(source, toks, functions)
    try:
        parser.top_level()
    except RecursionError:
        parser.fail("template nests too deep")

    return parser.trees


class _End(node.Node):
    """{{end}} or {{else}}: closes a list and never stays in the tree."""

    __slots__ = ("kind",)

    def __init__(self, pos: int, kind: str) -> None:
        self.pos = pos
        self.kind = kind

    def __str__(self) -> str:
        return "{{" + self.kind + "}}"


class _Parser:
    def __init__(self, source: node.Source, toks: list[Token], functions: Container[str]) -> None:
        self.source = source
        self.toks = toks
        self.functions = functions
        self.trees: dict[str, Tree] = {}
        self.at = 0  # the next token
        self.seen = 0  # the furthest token looked at: where Go says an error is
        self.vars = ["$"]
        self.range_depth = 0
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
            message=message, name=name, line=line, column=self.source.place(token.pos)[1], context=token.text,
            function=function,
        )  # fmt: skip

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

    # Lists and actions

    def top_level(self) -> None:
        root: list[node.Node] = []
        while True:
            token = self.peek()
            if token.kind == lex.EOF:
                break

            if token.kind == lex.LEFT:
                start = self.at
                self.next()
                if self.next_non_space().kind == lex.DEFINE:
                    self.definition()
                    continue
                self.at = start

            item = self.text_or_action()
            if isinstance(item, _End):
                self.fail(f"unexpected {item}")

            _append(root, item)

        self.add(self.source.name, root)

    def add(self, name: str, root: list[node.Node]) -> None:
        known = self.trees.get(name)
        if known is None or _is_empty(known.root):
            self.trees[name] = Tree(name, root)
        elif not _is_empty(root):
            self.fail(f"template: multiple definition of template {quote(name)}")

    def definition(self) -> None:
        context = "define clause"
        token = self.next_non_space()
        name = self.template_name(token, context)
        self.expect(lex.RIGHT, context)
        self.add(name, self.separate_list(context))

    def separate_list(self, context: str) -> list[node.Node]:
        """A list with variables and loops of its own, up to its end."""
        outer = self.vars, self.range_depth, self.action_line
        self.vars, self.range_depth, self.action_line = ["$"], 0, 0
        body, end = self.item_list()
        if end.kind != "end":
            self.fail(f"unexpected {end} in {context}")
        self.vars, self.range_depth, self.action_line = outer
        return body

    def item_list(self) -> tuple[list[node.Node], _End]:
        self.deeper()
        items: list[node.Node] = []
        while self.peek_non_space().kind != lex.EOF:
            item = self.text_or_action()
            if isinstance(item, _End):
                self.nesting -= 1
                return items, item
            _append(items, item)

        self.fail("unexpected EOF")

    def text_or_action(self) -> node.Node:
        token = self.next_non_space()
        if token.kind == lex.TEXT:
            return node.Text(token.pos, token.text)
        if token.kind != lex.LEFT:
            self.unexpected(token, "input")

        self.action_line = self.source.line(token.pos) if self.toks[-1].kind == lex.ERROR else 0
        item = self.action()
        self.action_line = 0
        return item

    def action(self) -> node.Node:
        token = self.next_non_space()
        kind = token.kind
        if kind in (lex.IF, lex.WITH, lex.RANGE):
            return self.control(token)
        if kind == lex.END:
            return _End(self.expect(lex.RIGHT, "end").pos, "end")
        if kind == lex.ELSE:
            return self.else_control()
        if kind == lex.TEMPLATE:
            return self.template_control()
        if kind == lex.BLOCK:
            return self.block_control()
        if kind in (lex.BREAK, lex.CONTINUE):
            return self.jump(token)

        self.at -= 1
        pos = self.peek().pos
        return node.Action(pos, self.pipeline("command", lex.RIGHT))

    def jump(self, token: Token) -> node.Node:
        shown = "{{" + token.text + "}}"
        after = self.next_non_space()
        if after.kind != lex.RIGHT:
            self.unexpected(after, shown)
        if self.range_depth == 0:
            self.fail(f"{shown} outside {{{{range}}}}")
        return node.Jump(token.pos, token.text)

    def control(self, token: Token) -> node.Branch:
        """if, with or range up to its end. "else if" is a further arm, so a long chain does not
        nest.
        """
        kind = token.text
        known = len(self.vars)
        branch = node.Branch(token.pos, kind)
        while True:
            pipe = self.pipeline(kind, lex.RIGHT)
            self.range_depth += kind == "range"
            body, end = self.item_list()
            self.range_depth -= kind == "range"
            branch.arms.append((pipe, body))
            if end.kind == "end":
                break

            if kind != "range" and self.peek().kind == token.kind:
                self.next()
                continue

            branch.otherwise, end = self.item_list()
            if end.kind != "end":
                self.fail(f"expected end; found {end}")

            break

        del self.vars[known:]
        return branch

    def else_control(self) -> _End:
        token = self.peek_non_space()
        if token.kind in (lex.IF, lex.WITH):
            return _End(token.pos, "else")
        return _End(self.expect(lex.RIGHT, "else").pos, "else")

    def block_control(self) -> node.Node:
        context = "block clause"
        token = self.next_non_space()
        name = self.template_name(token, context)
        pipe = self.pipeline(context, lex.RIGHT)
        self.add(name, self.separate_list(context))
        return node.Call(token.pos, name, pipe)

    def template_control(self) -> node.Node:
        context = "template clause"
        token = self.next_non_space()
        name = self.template_name(token, context)
        pipe = None
        if self.next_non_space().kind != lex.RIGHT:
            self.at -= 1
            pipe = self.pipeline(context, lex.RIGHT)

        return node.Call(token.pos, name, pipe)

    def template_name(self, token: Token, context: str) -> str:
        if token.kind not in (lex.STRING, lex.RAW):
            self.unexpected(token, context)
        return self.constant_string(token)

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

        if kind in (lex.STRING, lex.RAW):
            return node.String(pos, text, self.constant_string(token))

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
        if kind == lex.NIL:
            return node.Nil(pos)
        if kind == lex.BOOL:
            return node.Bool(pos, text == "true")

        if kind in (lex.NUMBER, lex.CHARCONST, lex.COMPLEX):
            try:
                return number(pos, text, kind)
            except ValueError as error:
                self.fail(str(error))

        self.at -= 1
        return None


def _append(items: list[node.Node], item: node.Node) -> None:
    if isinstance(item, node.Text) and items and isinstance(items[-1], node.Text):
        items[-1] = node.Text(items[-1].pos, items[-1].text + item.text)
    else:
        items.append(item)


def _is_empty(items: list[node.Node]) -> bool:
    return all(isinstance(item, node.Text) and not item.text.strip() for item in items)


def _shown(token: Token) -> str:
    if token.kind == lex.EOF:
        return "EOF"
    if token.kind in (lex.DOT, lex.NIL) or token.kind >= lex.BLOCK:
        return f"<{token.text}>"
    if len(token.text.encode("utf-8", "surrogateescape")) > 10:
        return quote(token.text[:10]) + "..."
    return quote(token.text)
