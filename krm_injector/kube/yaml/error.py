"""The error of everything that reads YAML or JSON."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal

    YamlCode = Literal[
        "json-syntax",
        "yaml-alias",
        "yaml-character",
        "yaml-depth",
        "yaml-documents",
        "yaml-duplicate-key",
        "yaml-encoding",
        "yaml-key",
        "yaml-merge",
        "yaml-number",
        "yaml-syntax",
        "yaml-tag",
        "yaml-value",
    ]


class YamlError(ValueError):
    """A text that cannot be read. ``line`` and ``column`` count from 1; 0 where there is no
    position.
    """

    def __init__(
        self, problem: str, line: int = 0, column: int = 0, code: YamlCode = "yaml-syntax"
    ) -> None:
        self.problem = problem
        self.line = line
        self.column = column
        # stable name of the cause: yaml-syntax, yaml-duplicate-key, yaml-alias, yaml-depth, ...
        self.code = code
        super().__init__(f"line {line}, column {column}: {problem}" if line else problem)

    def shifted(self, lines: int) -> YamlError:
        """The same error in a text that begins ``lines`` lines further down."""
        return (
            YamlError(self.problem, self.line + lines, self.column, self.code)
            if self.line
            else self
        )
