"""Tokens -> parse tree, with Go's grammar and Go's sentences for what is wrong: lists, control
structures and definitions here, what stands in an action in pipelines.py.

Nesting is bounded: this parser, the compiler and the compiled closures all recurse as deep as the
template nests.
"""

from __future__ import annotations

from krm_injector.gotemplate import lex, node
from krm_injector.gotemplate.errors import ParseError
from krm_injector.gotemplate.pipelines import PipelineParser
from krm_injector.gotemplate.plain_tokens import plain_tokens
from krm_injector.gotemplate.quoting import quote

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container


class Tree:
    """One template: the parsed text itself, or a define or block in it."""

    __slots__ = ("declared", "name", "root", "steps")

    def __init__(self, name: str, root: list[node.Node], declared: int, steps: int) -> None:
        self.name = name
        self.root = root
        self.declared = declared  # how many variables it declares
        self.steps = steps  # what one execution costs, loops aside


def parse_trees(
    source: node.Source, functions: Container[str], delims: tuple[str, str]
) -> dict[str, Tree]:
    """All templates that the text defines, by name. ParseError where Go's Parse fails."""
    words = dict(lex.KEYWORDS)
    for word in ("break", "continue"):
        if word in functions:
            del words[word]

    if "".join(delims) in ("", "{{}}"):
        tokens = plain_tokens(source.text, words)
        if tokens is not None:
            try:
                return _parsed(source, tokens, functions)
            except ParseError:
                pass  # lex.py may find a reason to stop before this one

    return _parsed(source, lex.tokens(source.text, lex.delims_of(*delims), words), functions)


def _parsed(source: node.Source, tokens: lex.Tokens, functions: Container[str]) -> dict[str, Tree]:
    parser = _Parser(source, tokens, functions)
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
    def __init__(self, source: node.Source, tokens: lex.Tokens, functions: Container[str]) -> None:
        super().__init__(source, tokens, functions)
        self.trees: dict[str, Tree] = {}
        self.range_depth = 0
        self.jumps = 0  # how many break and continue so far

    def top_level(self) -> None:
        root: list[node.Node] = []
        while True:
            kind = self.peek()
            if kind == lex.EOF:
                break

            if kind == lex.LEFT:
                start = self.next()
                if self.kinds[self.next_non_space()] == lex.DEFINE:
                    self.definition()
                    continue
                self.at = start

            item = self.text_or_action()
            if isinstance(item, _End):
                self.fail(f"unexpected {item}")

            _append(root, item)

        self.steps += len(root)
        self.add(self.source.name, root, self.declared, self.steps)

    def add(self, name: str, root: list[node.Node], declared: int, steps: int) -> None:
        earlier = self.trees.get(name)
        if earlier is None or _is_empty(earlier.root):
            self.trees[name] = Tree(name, root, declared, steps)
        elif not _is_empty(root):
            self.fail(f"template: multiple definition of template {quote(name)}")

    def definition(self) -> None:
        context = "define clause"
        token = self.next_non_space()
        name = self.template_name(token, context)
        self.expect(lex.RIGHT, context)
        self.separate_list(name, context)

    def separate_list(self, name: str, context: str) -> None:
        """A template: a list with variables and loops of its own, up to its end."""
        outer = self.vars, self.range_depth, self.action_line, self.declared, self.steps
        self.vars, self.range_depth, self.action_line = ["$"], 0, 0
        self.declared = self.steps = 0
        body, end = self.item_list()
        if end.kind != "end":
            self.fail(f"unexpected {end} in {context}")

        declared, steps = self.declared, self.steps
        self.vars, self.range_depth, self.action_line, self.declared, self.steps = outer
        self.add(name, body, declared, steps)

    def item_list(self) -> tuple[list[node.Node], _End]:
        self.deeper()
        items: list[node.Node] = []
        while self.peek_non_space() != lex.EOF:
            item = self.text_or_action()
            if isinstance(item, _End):
                self.nesting -= 1
                self.steps += len(items)
                return items, item
            _append(items, item)

        self.fail("unexpected EOF")

    def text_or_action(self) -> node.Node:
        token = self.next_non_space()
        kind, place = self.kinds[token], self.places[token]
        if kind == lex.TEXT:
            return node.Text(place, self.texts[token])
        if kind != lex.LEFT:
            self.unexpected(token, "input")

        self.action_line = self.source.line(place) if self.kinds[-1] == lex.ERROR else 0
        item = self.action()
        self.action_line = 0
        return item

    def action(self) -> node.Node:
        token = self.next_non_space()
        kind = self.kinds[token]
        if kind in (lex.IF, lex.WITH, lex.RANGE):
            return self.control(token)
        if kind == lex.END:
            return _End(self.places[self.expect(lex.RIGHT, "end")], "end")
        if kind == lex.ELSE:
            return self.else_control()
        if kind == lex.TEMPLATE:
            return self.template_control()
        if kind == lex.BLOCK:
            return self.block_control()
        if kind in (lex.BREAK, lex.CONTINUE):
            return self.jump(token)

        self.at = token
        self.peek()
        return node.Action(self.places[token], self.pipeline("command", lex.RIGHT))

    def jump(self, token: int) -> node.Node:
        word = self.texts[token]
        shown = "{{" + word + "}}"
        after = self.next_non_space()
        if self.kinds[after] != lex.RIGHT:
            self.unexpected(after, shown)
        if self.range_depth == 0:
            self.fail(f"{shown} outside {{{{range}}}}")
        self.jumps += 1
        return node.Jump(self.places[token], word)

    def control(self, token: int) -> node.Branch:
        """if, with or range up to its end. "else if" is a further arm, so a long chain does not
        nest.
        """
        kind = self.texts[token]
        outer, jumps = len(self.vars), self.jumps
        branch = node.Branch(self.places[token], kind)
        while True:
            pipe = self.pipeline(kind, lex.RIGHT)
            before = self.steps
            self.range_depth += kind == "range"
            body, end = self.item_list()
            self.range_depth -= kind == "range"
            branch.arms.append((pipe, body))
            branch.steps = self.steps - before
            if end.kind == "end":
                break

            if kind != "range" and self.peek() == self.kinds[token]:
                self.next()
                continue

            branch.otherwise, end = self.item_list()
            if end.kind != "end":
                self.fail(f"expected end; found {end}")

            break

        del self.vars[outer:]
        branch.jumps = self.jumps > jumps
        return branch

    def else_control(self) -> _End:
        if self.peek_non_space() in (lex.IF, lex.WITH):
            return _End(self.places[self.at], "else")
        return _End(self.places[self.expect(lex.RIGHT, "else")], "else")

    def block_control(self) -> node.Node:
        context = "block clause"
        token = self.next_non_space()
        name = self.template_name(token, context)
        pipe = self.pipeline(context, lex.RIGHT)
        self.separate_list(name, context)
        return node.Call(self.places[token], name, pipe)

    def template_control(self) -> node.Node:
        context = "template clause"
        token = self.next_non_space()
        name = self.template_name(token, context)
        pipe = None
        after = self.next_non_space()
        if self.kinds[after] != lex.RIGHT:
            self.at = after
            pipe = self.pipeline(context, lex.RIGHT)

        return node.Call(self.places[token], name, pipe)

    def template_name(self, token: int, context: str) -> str:
        if self.kinds[token] not in (lex.STRING, lex.RAW):
            self.unexpected(token, context)
        return self.constant_string(self.texts[token])


def _append(items: list[node.Node], item: node.Node) -> None:
    if isinstance(item, node.Text) and items and isinstance(items[-1], node.Text):
        items[-1] = node.Text(items[-1].pos, items[-1].text + item.text)
    else:
        items.append(item)


def _is_empty(items: list[node.Node]) -> bool:
    return all(isinstance(item, node.Text) and not item.text.strip() for item in items)
