"""The functions that Kubernetes adds to CEL, as rows for the two environments of ``language``.

Source: k8s.io/apiserver 0.34 pkg/cel/library. The authorizer's functions are left out: only the API
server knows the answer.
"""

from __future__ import annotations

from krm_injector.judging.admission.functions import (
    formats,
    lists,
    networks,
    ordered,
    quantities,
    regexes,
    semvers,
    urls,
)
from krm_injector.judging.admission.functions.row import Function, NotRun

__all__ = ["ALL", "DECLARED", "Function", "NotRun", "as_run", "as_run_with_two_types"]

ALL: tuple[Function, ...] = (
    *lists.FUNCTIONS,
    *regexes.FUNCTIONS,
    *urls.FUNCTIONS,
    *quantities.FUNCTIONS,
    *networks.FUNCTIONS,
    *formats.FUNCTIONS,
    *semvers.FUNCTIONS,
    *ordered.FUNCTIONS,
)

DECLARED: tuple[Function, ...] = (*ALL, *ordered.DECLARED)
"""What the API server compiles: with what the library runs, but would not compile."""


def as_run(text: str) -> str:
    """The expression as the library runs it: with our lists.range, which has a limit, and with an
    optional index after each call that gives an optional.

    The library takes no optional from a function of ours. Ours gives a map, and ``[?'value']``
    makes an optional of it.
    """
    from krm_injector.judging.admission.functions import calls

    text = calls.renamed(text, "lists.range", lists.RANGE)
    for name in (".validate", "format.named"):
        text = calls.with_suffix(text, name, "[?'value']")
    return text


def as_run_with_two_types(text: str) -> str:
    """The expression that compares numbers of two types, as the library compiles it."""
    from krm_injector.judging.admission.functions import calls

    return calls.with_dynamic_numbers(text)
