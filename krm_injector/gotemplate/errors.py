"""What can go wrong in a template, in the words Go uses, with the place as attributes."""

from __future__ import annotations

from krm_injector.named_tuple import NamedTuple


class Limits(NamedTuple):
    """How much one execution may do. A template is data, and data may be hostile."""

    steps: int = 1_000_000  # actions run, loop iterations; large strings count by their length
    depth: int = 100  # templates inside templates
    output: int = 16 << 20  # characters of output, and of any string a function makes


class TemplateError(Exception):
    """An error with its place: ``line`` counts from 1, ``column`` in bytes from 0 as Go does (0
    when unknown).

    ``message`` is the bare cause, ``context`` the source text of the node, ``name`` the parsed
    template's name; ``str()`` is Go's whole sentence.
    """

    def __init__(
        self,
        text: str,
        *,
        message: str,
        name: str,
        line: int = 0,
        column: int = 0,
        context: str = "",
        function: str = "",
    ) -> None:
        super().__init__(text)
        self.message = message
        self.name = name
        self.line = line
        self.column = column
        self.context = context
        self.function = function  # that the template names and nobody defines


class ParseError(TemplateError):
    """The template's text is not a template."""


class ExecError(TemplateError):
    """The template stopped while it ran."""


class LimitExceeded(ExecError):
    """The template asked for more steps, depth or output than its Limits allow."""


class FuncError(Exception):
    """Raised by a template function (or method): the error it returns in Go. The engine adds the
    place.
    """


class TooLarge(FuncError):
    """Raised by a template function for an enormous result; the engine makes it LimitExceeded."""


MAX_SIZE = 16 << 20


def check_size(size: int) -> None:
    """Call with the length of a string or list before building it.

    A few doublings in a template would otherwise take all the memory there is.
    """
    if size > MAX_SIZE:
        raise TooLarge(f"result of {size} characters or items is larger than {MAX_SIZE}")
