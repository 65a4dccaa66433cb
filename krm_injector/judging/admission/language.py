"""CEL expressions as the API server compiles and runs them.

The language is cel-expr-python's (cel-cpp): docs/decisions has the comparison. Kubernetes' own
functions are this folder's ``functions``.

Each expression is compiled twice. The first environment has the types that Kubernetes declares, so
what the API server would not compile is not run. The second one runs: the library takes no values
of a type of ours, so an address or a quantity is a map there.
"""

from __future__ import annotations

import re
from functools import lru_cache

from krm_injector.judging.admission import functions
from krm_injector.judging.admission.functions import Function, NotRun
from krm_injector.judging.admission.functions.ordered import OPERATORS
from krm_injector.named_tuple import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

MISSING_LIBRARY = (
    "the library for CEL is not installed: install krm-injector with the extra admission, on "
    "Python 3.11 or newer"
)
# The libraries of Kubernetes 1.34 that cel-cpp has too: pkg/cel/environment/base.go.
_LIBRARIES = """\
name: kubernetes
extensions:
- name: two-var-comprehensions
- name: sets
- name: lists
- name: optional
- name: strings
  version: 2
"""
_VARIABLES = ("object", "oldObject", "params", "authorizer")
_MAPS = ("request", "variables", "namespaceObject")
_TYPED = frozenset(_MAPS)  # in the cluster, and not here
_MAP = "map<string, "
# Functions of the library; Kubernetes has them for lists too, or for numbers of two types.
_ADDED_TO = ("indexOf", "lastIndexOf", *OPERATORS)
_LONGEST = 100_000  # characters of an expression
_GUARDED = re.compile(r"\bhas\s*\(|\.\?|\[\?")  # what answers though a value is missing
_NO_KEY = re.compile(r'Key not found in map : "(.*)"\Z', re.DOTALL)
_STATUS = re.compile(r"[A-Z_]+: ")


class NotEvaluated(Exception):
    """An expression that cannot be evaluated here. Its text says why, as the end of a sentence."""


class ExpressionError(Exception):
    """An expression that ends in an error, as it would in the cluster."""


class Unknown(NamedTuple):
    """What only the cluster knows. Both are names of fields or keys."""

    absent: frozenset[str] = frozenset()  # not among the variables' values
    made_up: frozenset[str] = frozenset()  # among them, with a value of the right form


class Language:
    """Compiles expressions, each once, and runs them."""

    def __init__(self, library: Any) -> None:
        self._library = library
        dynamic = dict.fromkeys(_VARIABLES, library.Type.DYN)
        of_maps = dict.fromkeys(_MAPS, library.Type("map<string, dyn>"))
        self._variables = {**dynamic, **of_maps}
        self._checking = self._environment(functions.DECLARED, running=False)
        self._running = self._environment(functions.ALL, running=True)
        self._programs: dict[str, Any] = {}  # expression -> program, or NotEvaluated

    def is_test(self, text: str) -> bool:
        """Whether an expression gives true or false, as a validation must. What is typed in the
        cluster, and not here, may. Raises NotEvaluated.
        """
        name = str(self._program(text).return_type())
        return name == "BOOL" or (name == "DYN" and bool(mentioned(text, _TYPED)))

    def activation(self, values: Mapping[str, Any]) -> Any:
        """The values of the variables, as evaluate takes them. The library converts a value once,
        when the first expression reads it.
        """
        try:
            return self._running.Activation(values)
        except Exception as error:
            raise NotEvaluated(f"it cannot be run: {_first_line(error)}") from error

    def evaluate(self, text: str, activation: Any, unknown: Unknown) -> Any:
        """The value of an expression. Raises NotEvaluated and ExpressionError."""
        made_up = mentioned(text, unknown.made_up)
        if made_up:
            raise NotEvaluated(f"it reads {_listed(made_up)}, which only the cluster knows")

        absent = mentioned(text, unknown.absent)
        if absent and _GUARDED.search(text):
            raise NotEvaluated(f"it reads {_listed(absent)}, which only the cluster knows")

        program = self._program(text)
        try:
            return self._run(program, activation)
        except ExpressionError as error:
            # An operand that decides alone (false && x) has decided; else it is the unknown value.
            if absent:
                why = f"it reads {_listed(absent)}, which only the cluster knows"
                raise NotEvaluated(why) from error
            raise

    def _program(self, text: str) -> Any:
        if text not in self._programs:
            try:
                self._programs[text] = self._compiled(text)
            except NotEvaluated as problem:
                self._programs[text] = problem

        program = self._programs[text]
        if isinstance(program, NotEvaluated):
            raise program
        return program

    def _compiled(self, text: str) -> Any:
        if len(text) > _LONGEST:
            raise NotEvaluated(f"it has more than {_LONGEST} characters")
        what = functions.differing(text)
        if what:
            raise NotEvaluated(f"it asks for {what}, which is the API server's own")

        try:
            text = functions.as_run(text)
            self._checking.compile(text)
            return self._runnable(text)
        except Exception as error:
            if mentioned(text, frozenset(("authorizer",))):
                raise NotEvaluated("it asks the API server's authorizer") from error
            raise NotEvaluated(f"it does not compile: {_first_line(error)}") from error

    def _runnable(self, text: str) -> Any:
        """The program of an expression that the API server compiles."""
        try:
            return self._running.compile(text)
        except Exception:
            return self._running.compile(functions.as_run_with_two_types(text))

    def _run(self, program: Any, activation: Any) -> Any:
        functions.lists.RANGES.begin()
        try:
            result = program.eval(activation)
            if result.type() != self._library.Type.ERROR:
                return result.plain_value()
            problem = str(result.value())
        except Exception as error:  # limits of the library, and values that it cannot hold
            raise NotEvaluated(f"it cannot be run: {_first_line(error)}") from error

        if NotRun.MARK in problem:
            raise NotEvaluated(problem.partition(NotRun.MARK)[2])

        raise ExpressionError(_as_kubernetes(problem))

    def _type(self, name: str) -> Any:
        """A type by its name: one with a dot is a type of Kubernetes."""
        if "." not in name:
            return self._library.Type(name)

        inner = name.removeprefix(_MAP).removesuffix(">")
        ours = self._library.Type.AbstractType(inner)
        return ours if inner == name else self._library.Type.Map(self._library.Type.STRING, ours)

    def _environment(self, rows: Iterable[Function], running: bool) -> Any:
        library = self._library
        overloads: dict[str, list[Any]] = {}
        for row in rows:
            for number, (result, *parameters) in enumerate(row.run if running else row.signatures):
                overload = library.Overload(
                    f"{row.id}_{number}",
                    return_type=self._type(result),
                    parameters=[self._type(parameter) for parameter in parameters],
                    is_member=row.member,
                    **({"impl": row.call} if running else {}),
                )
                overloads.setdefault(row.name, []).append(overload)

        # Only an extension adds overloads to a function of the library, and only outside of one
        # are types of ours told apart.
        added = [
            library.FunctionDecl(name, overloads.pop(name))
            for name in _ADDED_TO
            if name in overloads
        ]
        return library.NewEnv(
            config=library.NewEnvConfigFromYaml(_LIBRARIES),
            variables=self._variables,
            functions=[library.FunctionDecl(name, each) for name, each in overloads.items()],
            extensions=[library.CelExtension("kubernetes", added)],
        )


@lru_cache(maxsize=1)
def load() -> Language | None:
    """The language; None if its library is not installed."""
    try:
        from cel_expr_python import cel
    except ImportError:
        return None

    return Language(cel)


@lru_cache(maxsize=1024)
def mentioned(text: str, names: frozenset[str]) -> tuple[str, ...]:
    """The names that an expression has as words, in order."""
    return tuple(sorted(name for name in names if _word(name).search(text)))


@lru_cache(maxsize=256)
def _word(name: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w-]){re.escape(name)}(?![\w-])")


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)


def _first_line(error: Exception) -> str:
    """The cause in one line, without the library's status, place and drawing."""
    line = str(error).partition("\n")[0]
    line = _STATUS.sub("", line, count=1).removeprefix("ERROR: ")
    return re.sub(r"^<input>:\d+:\d+: | \[[A-Z_]+\]$| \(in container ''\)$", "", line)


def _as_kubernetes(problem: str) -> str:
    """An error of cel-cpp in the words of cel-go, where readers know these."""
    key = _NO_KEY.search(problem)
    if key:
        return f"no such key: {key[1]}"
    return _STATUS.sub("", problem, count=1)
