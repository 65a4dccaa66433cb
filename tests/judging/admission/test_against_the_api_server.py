"""Expressions and whole policies, compared with the API server's own answers (answers.json, by
tools/admission_oracle).
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from judging.admission.questions import (
    EXPRESSIONS,
    NAMESPACE_LABELS,
    PARAMS,
    POD,
    POLICIES,
)
from paths import TESTS

from krm_injector.judging.admission import evaluation, requests
from krm_injector.judging.admission.evaluation import Evaluation, Verdict
from krm_injector.judging.admission.language import Language, load
from krm_injector.judging.admission.policies import Policy
from krm_injector.model import Namespace, Object, ResourceRef, Workload

ANSWERS: list[list[list[str]]] = json.loads(
    (TESTS / "judging" / "admission" / "answers.json").read_text()
)
# What the API server refuses to compile, and is compiled here: a policy that has it is refused when
# it is created, so no cluster has it.
ONLY_HERE = {
    "object.spec.hostNetwork": "it is no test, but the missing field is found first",
    "request.foo == 'x'": "request has no types here",
    "[1, 'a'].size() == 2": "lists of several types",
    "'abc'.find('(') == ''": "an expression that is no regular one",
    "variables.x == 1": "a variable that is not declared",
    "params.x == 1": "parameters that are not declared",
}
# What is told, and not evaluated.
NOT_HERE = {
    "[duration('1m'), duration('1s')].sum() == duration('61s')",
    "[timestamp('2024-01-01T00:00:00Z')].min() == timestamp('2024-01-01T00:00:00Z')",
    "string(ip('1.2.3.4')) == '1.2.3.4'",
    "authorizer.group('').resource('pods').check('create').allowed()",
    "authorizer.requestResource.check('create').allowed()",
    "!format.uuid().validate('123e4567-e89b-12d3-a456-426614174000').hasValue()",
    "{'a': 'b'}.transformMap(k, v, v + k) == {'a': 'ba'}",
    "object.metadata.labels.transformMapEntry(k, v, {v: k}).size() == 2",
}
DIFFERS = {  # see functions/quantities.py
    "quantity('1000m').isInteger()",
    "quantity('1.0').isInteger()",
}


@pytest.fixture(scope="module")
def language() -> Language:
    loaded = load()
    if loaded is None:
        pytest.skip("cel-expr-python is not installed (the extra admission)")
    return loaded


def verdicts(language: Language, spec: Object) -> list[Verdict]:
    ref = ResourceRef("v1", "Pod", "web", "shop")
    (request,) = requests.of_workload(Workload(0, (), ref, POD, ()), POD, {})
    policy = Policy(ResourceRef("", "", "p"), spec, {}, ())
    params = PARAMS if "paramKind" in spec else None
    known = evaluation.namespace_object(Namespace("shop", NAMESPACE_LABELS, {}, "bundle"))
    return list(Evaluation(language, policy, request, params, known).verdicts())


def outcome(found: list[Verdict]) -> str:
    return found[0].outcome if found else "allowed"


@pytest.mark.parametrize(
    ("expression", "answer"), [*zip(EXPRESSIONS, ANSWERS, strict=False)], ids=EXPRESSIONS
)
def test_expressions_give_what_the_api_server_gives(
    language: Language, expression: str, answer: Any
) -> None:
    action, _, message = answer[0]
    told = outcome(verdicts(language, {"validations": [{"expression": expression}]}))
    if expression in NOT_HERE or ("compilation" in message and expression not in ONLY_HERE):
        assert told == "unknown"
    elif expression in DIFFERS:
        assert (action, told) == ("deny", "allowed")
    elif expression not in ONLY_HERE:
        assert told == {"admit": "allowed", "deny": "denied"}[action]


@pytest.mark.parametrize(
    ("expression", "told"),
    [
        ("1 < 1.5 && 2u >= 1 && 1.5 > -1", "allowed"),
        ("1e-3 > 1u", "denied"),
        ("quantity('1500m').asApproximateFloat() <= 2", "allowed"),
        ("object.spec.containers.all(c, double(size(c.name)) > 2 || '1.5'.matches('1.5'))",
         "allowed"),
        ("[1, 2].exists(x, x > 1.5) && {1: 'a'}[1] == 'a' && 'a,b'.split(',', 1)[0] == 'a,b'",
         "allowed"),
        # The API server compiles neither.
        ("'1.5' < 1", "unknown"),
        ("1 + 1.5 > 2", "unknown"),
        ("1 == 1.0", "unknown"),
        # It compiles this. Here one side must be a number that is written.
        ("double(size('a')) < size('ab')", "unknown"),
    ],
)  # fmt: skip
def test_numbers_of_two_types_are_compared(language: Language, expression: str, told: str) -> None:
    found = verdicts(language, {"validations": [{"expression": expression}]})
    assert outcome(found) == told


@pytest.mark.parametrize(
    "expression",
    [
        "duration('1.5s').getMilliseconds() == 1500",
        "string(duration('1.5s')) == '1.5s'",
        "string( timestamp('2024-01-02T03:04:05+02:00') ).endsWith('+02:00')",
        "'%.1e'.format([1.5]) != ''",
    ],
)
def test_what_the_library_answers_in_another_way_is_told(
    language: Language, expression: str
) -> None:
    """The API server admits each of these."""
    found = verdicts(language, {"validations": [{"expression": expression}]})
    assert outcome(found) == "unknown"
    assert "the API server's own" in found[0].message


def test_the_table_has_an_answer_to_each_question() -> None:
    assert len(ANSWERS) == len(EXPRESSIONS) + len(POLICIES)
    assert set(EXPRESSIONS) >= {*ONLY_HERE, *NOT_HERE, *DIFFERS}


@pytest.mark.parametrize("number", range(len(POLICIES)))
def test_policies_deny_with_the_api_servers_message(language: Language, number: int) -> None:
    answers = ANSWERS[len(EXPRESSIONS) + number]
    wanted = [_comparable(each) for each in answers if "deny" in each[:1] or each[1] == "error"]
    wanted = [each for each in wanted if each]
    found = verdicts(language, POLICIES[number])
    assert [verdict.outcome for verdict in found] == ["denied"] * len(wanted)
    for verdict, message in zip(found, wanted, strict=True):
        assert message in verdict.message


def _comparable(answer: list[str]) -> str:
    """The part of the API server's message that is the same here; "" for what it lets pass."""
    action, evaluated, message = answer
    if action == "admit":  # an error that failurePolicy: Ignore passes over
        return ""
    if evaluated == "error":
        return message.partition("resulted in error: ")[2].rpartition(": ")[2] or "no such key"
    return " ".join(message.split())
