"""The fast tokens are those of Go's scanner, or there are none."""

from __future__ import annotations

import random

import pytest

from krm_injector.gotemplate import lex
from krm_injector.gotemplate.plain_tokens import plain_tokens

TEXT = (
    '{{- define "a" }} x {{ if eq .A.b `c` -}} {{/* note */ -}} {{ $x := 1 }}'
    "{{ else }}{{end}}{{end}}"
)
PIECES = (
    *"{}()|,.$-=:\"`'\\ \n\t1é@",
    "{{",
    "}}",
    "{{- ",
    " -}}",
    "/*",
    "*/",
    ":=",
    ".a",
    "$x",
    "if",
    "  ",
    "12",
    '"a \\" b"',
    '"}}"',
    "{{/* c */}}",
    "{{- /* c */ -}}",
)
PARENS = ("unclosed left paren", "unexpected right paren")  # the parser refuses them too


@pytest.mark.parametrize("seed", range(4))
def test_tokens_are_those_of_the_scanner(seed: int) -> None:
    choice = random.Random(seed)
    plain = 0
    for _ in range(1000):
        at = choice.randrange(len(TEXT) + 1)
        text = TEXT[:at] + choice.choice(PIECES) + TEXT[at + choice.choice((0, 0, 1, 2)) :]
        if choice.random() < 0.4:
            text = "".join(choice.choices(PIECES, k=choice.randint(1, 12)))

        fast = plain_tokens(text, lex.KEYWORDS)
        if fast is None:
            continue

        slow = lex.tokens(text, lex.delims_of("", ""), lex.KEYWORDS)
        if lex.ERROR in slow.kinds and slow.texts[-1] in PARENS:
            continue

        plain += 1
        assert (fast.kinds, fast.texts, fast.places) == (slow.kinds, slow.texts, slow.places), text

    assert plain > 100
