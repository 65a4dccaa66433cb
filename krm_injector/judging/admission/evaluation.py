"""One policy with its parameters on one request, as the API server evaluates it.

Source: k8s.io/apiserver 0.34 pkg/admission/plugin/policy/validating/validator.go and
pkg/admission/plugin/webhook/matchconditions/matcher.go.
"""

from __future__ import annotations

import marshal
import re
from functools import lru_cache

from krm_injector.judging.admission.language import (
    ExpressionError,
    Language,
    NotEvaluated,
    Unknown,
)
from krm_injector.judging.admission.policies import Policy, expressions
from krm_injector.judging.admission.requests import Request
from krm_injector.model import Namespace, Object
from krm_injector.named_tuple import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

# What a request has besides its object, and no manifest tells.
_CALLER = frozenset(("authorizer", "options", "userInfo"))
_VARIABLES = "its variable "
_LONGEST_MESSAGE = 5 * 1024  # bytes; a longer messageExpression is passed over
_LARGEST_VARIABLE = 1 << 20  # bytes of a variable's value
_VARIABLE = re.compile(r"\bvariables\s*\.\s*\??\s*(\w+)|\bvariables\s*\[")


class Verdict(NamedTuple):
    """What one expression of a policy says, if it does not allow the request."""

    outcome: str  # "denied", "unknown"
    message: str  # of the policy; or why it is not known, as the end of a sentence
    field: str  # the path in the policy
    effect: str = ""  # of what is not known: the message, if it turns out to matter


class Evaluation:
    """The values of the variables for one request and one parameter."""

    def __init__(
        self,
        language: Language,
        policy: Policy,
        request: Request,
        params: Object | None,
        namespace: Object | None,
    ) -> None:
        self._language = language
        self._policy = policy
        self._values: dict[str, Any] = {
            "object": request.object,
            "oldObject": None,
            "params": params,
            "request": request.fields,
            "variables": {},
        }
        absent = _CALLER
        if namespace is None:
            absent |= {"namespaceObject"}
        else:
            self._values["namespaceObject"] = namespace

        self._unknown = Unknown(absent, request.made_up)
        self._activation: Any = None  # of the values
        self._broken: dict[str, str] = {}  # variables that end in an error -> the error
        self._unevaluated: dict[str, str] = {}  # variables that are not evaluated -> why
        for _, variable in expressions(policy.spec, "variables"):
            self._add_variable(str(variable.get("name")), str(variable.get("expression")))

    def verdicts(self) -> Iterator[Verdict]:
        """Of each expression that does not allow the request."""
        doubt: Verdict | None = None
        failed: Verdict | None = None
        for field, condition in expressions(self._policy.spec, "matchConditions"):
            try:
                if self._test(str(condition.get("expression"))) is False:
                    return
            except NotEvaluated as problem:
                name = condition.get("name")
                doubt = doubt or Verdict("unknown", f"its match condition {name}: {problem}", field)
            except ExpressionError as error:
                failed = failed or Verdict("denied", str(error), field)

        if failed:
            found = [] if self._policy.ignores_failure else [failed]
        else:
            found = [*self._validations(), *self._audit_annotations()]

        for verdict in found:
            if doubt and verdict.outcome == "denied":
                yield doubt._replace(effect=verdict.message)
            else:
                yield verdict

    def _validations(self) -> Iterator[Verdict]:
        for field, validation in expressions(self._policy.spec, "validations"):
            expression = str(validation.get("expression"))
            try:
                holds = self._test(expression)
            except NotEvaluated as problem:
                yield Verdict("unknown", str(problem), field)
            except ExpressionError as error:
                if not self._policy.ignores_failure:
                    yield Verdict("denied", f"{error} (in {_short(expression)})", field)
            else:
                if not holds:
                    yield Verdict("denied", self._message(validation), field)

    def _message(self, validation: Object) -> str:
        """What the API server says: messageExpression, or else message, or else the expression."""
        message = ""
        if validation.get("messageExpression"):
            try:
                value = self._value(str(validation["messageExpression"]))
            except (NotEvaluated, ExpressionError):
                value = None
            if isinstance(value, str):
                message = value.strip()
            if "\n" in message or len(message.encode()) > _LONGEST_MESSAGE:
                message = ""

        stated = str(validation.get("message") or "").strip()
        return message or stated or f"failed expression: {_short(str(validation['expression']))}"

    def _audit_annotations(self) -> Iterator[Verdict]:
        """An annotation whose value ends in an error refuses the request too."""
        for field, annotation in expressions(self._policy.spec, "auditAnnotations"):
            try:
                self._value(str(annotation.get("valueExpression")))
            except NotEvaluated:
                continue  # it changes nothing but the audit log, unless it fails
            except ExpressionError as error:
                if not self._policy.ignores_failure:
                    yield Verdict("denied", str(error), field)

    def _add_variable(self, name: str, expression: str) -> None:
        try:
            value = self._value(expression)
        except NotEvaluated as problem:
            self._unevaluated[name] = _first_cause(name, str(problem))
            return
        except ExpressionError as error:
            self._broken[name] = str(error)
            return

        if _is_large(value):
            self._unevaluated[name] = _first_cause(name, "it is too large")
        else:
            self._values["variables"] = {**self._values["variables"], name: value}
            self._activation = None

    def _test(self, expression: str) -> bool:
        """The value of an expression that must be true or false. Raises as _value."""
        value = self._value(expression)
        if not isinstance(value, bool) or not self._language.is_test(expression):
            raise NotEvaluated("it does not compile: it must give true or false")
        return value

    def _value(self, expression: str) -> Any:
        """The value of an expression. Raises NotEvaluated and ExpressionError.

        The API server evaluates a variable where it is read; one that fails is a missing key here,
        which fails in the same place.
        """
        read = _variables_of(expression)
        names = self._unevaluated.keys() if "" in read else read & self._unevaluated.keys()
        for name in sorted(names):
            raise NotEvaluated(self._unevaluated[name])

        try:
            if self._activation is None:
                self._activation = self._language.activation(self._values)
            return self._language.evaluate(expression, self._activation, self._unknown)
        except ExpressionError as error:
            for name in sorted(read & self._broken.keys()):
                if str(error) == f"no such key: {name}":
                    message = f'variable "{name}" fails: {self._broken[name]}'
                    raise ExpressionError(message) from error
            raise


def namespace_object(namespace: Namespace | None) -> Object | None:
    """The variable ``namespaceObject``; None if nobody gave the Namespace."""
    if namespace is None or namespace.source == "missing":
        return None

    metadata: Object = {"name": namespace.name, "labels": namespace.labels}
    if namespace.annotations:
        metadata["annotations"] = namespace.annotations
    spec, status = {"finalizers": ["kubernetes"]}, {"phase": "Active"}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata, "spec": spec,
            "status": status}  # fmt: skip


def _first_cause(name: str, why: str) -> str:
    """Why a variable is not evaluated: of one that reads another, the other's cause."""
    return why if why.startswith(_VARIABLES) else f"{_VARIABLES}{name}: {why}"


def _short(expression: str) -> str:
    """An expression in a message: on one line, and not longer than a reader looks at."""
    line = " ".join(expression.split())
    return line if len(line) <= 200 else f"{line[:197]}..."


def _is_large(value: Any) -> bool:
    """Whether the value of a variable is too large: each variable can double the one before it."""
    try:
        return len(marshal.dumps(value)) > _LARGEST_VARIABLE
    except ValueError:  # a duration or a time in it, which marshal does not know
        return len(repr(value)) > _LARGEST_VARIABLE


@lru_cache(maxsize=1024)
def _variables_of(expression: str) -> frozenset[str]:
    """The names of the variables that an expression reads; "" for one that is computed."""
    return frozenset(match[1] or "" for match in _VARIABLE.finditer(expression))
