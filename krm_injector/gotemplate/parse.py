"""Tokens -> parse tree, with Go's grammar and Go's sentences for what is wrong: lists, control
structures and definitions here, what stands in an action in pipelines.py.

Nesting is bounded: this parser, the compiler and the compiled closures all recurse as deep as the
template nests.
"""

from __future__ import annotations

from collections.abc import Container

from krm_injector.gotemplate import lex, node
from krm_injector.gotemplate.lex import Token
from krm_injector.gotemplate.pipelines import PipelineParser
from krm_injector.gotemplate.quoting import quote


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
    words = dict(lex.KEYWORDS)
    for word in ("break", "continue"):
        if word in functions:
            del words[word]

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


class _Parser(PipelineParser):
    def __init__(self, source: node.Source, toks: list[Token], functions: Container[str]) -> None:
        super().__init__(source, toks, functions)
        self.trees: dict[str, Tree] = {}
        self.range_depth = 0

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
        earlier = self.trees.get(name)
        if earlier is None or _is_empty(earlier.root):
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
        outer = len(self.vars)
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

        del self.vars[outer:]
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


def _append(items: list[node.Node], item: node.Node) -> None:
    if isinstance(item, node.Text) and items and isinstance(items[-1], node.Text):
        items[-1] = node.Text(items[-1].pos, items[-1].text + item.text)
    else:
        items.append(item)


def _is_empty(items: list[node.Node]) -> bool:
    return all(isinstance(item, node.Text) and not item.text.strip() for item in items)
