"""The functions that Kubernetes adds to CEL, as rows for the two environments of ``language``.

Source: k8s.io/apiserver 0.34 pkg/cel/library. The authorizer's functions are left out: only the API
server knows the answer.
"""

from __future__ import annotations

import re

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

__all__ = [
    "ALL", "DECLARED", "Function", "NotRun", "as_run", "as_run_with_two_types", "differing",
]  # fmt: skip

# What cel-cpp answers in another way than cel-go: what it is, and how it is written.
_DIFFERING = (
    ("the milliseconds of a duration", re.compile(r"\.\s*getMilliseconds\s*\(")),
    (
        "the text of a duration or a time",
        re.compile(r"\bstring\s*\(\s*(?:duration|timestamp)\s*\("),
    ),
    ("format with %e", re.compile(r"%(?:\.\d+)?e[^\n]*\.\s*format\s*\(")),
    ("the truth value of a text", re.compile(r"\bbool\s*\(\s*[rR]?[\"']")),
    ("split at nothing", re.compile(r"\.\s*split\s*\(\s*(?:\"\"|'')")),
)

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


def differing(text: str) -> str:
    """What an expression asks for that the library answers in another way; "" for nothing."""
    return next((what for what, written in _DIFFERING if written.search(text)), "")
