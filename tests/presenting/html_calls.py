"""Where a program makes Html of text: of literals only, but for expressions that are trusted."""

from __future__ import annotations

import ast
from pathlib import Path


def around_expressions(folder: Path, but: str = "") -> set[tuple[str, str]]:
    """(file, expression) of each call of Html around something else than a literal, in a folder and
    below it. ``but``: the file that defines the type.
    """
    found = set()
    for path in sorted(folder.rglob("*.py")):
        if path.name == but:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "Html":
                argument = node.args[0]
                if not isinstance(argument, ast.Constant):
                    found.add((path.name, ast.unparse(argument)))

    return found
