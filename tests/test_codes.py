"""Every code that a result can carry is documented, and no other; those of verdicts and of advice
have two cases each.
"""

from __future__ import annotations

from decision import label_warning_cases, reason_cases
from documented_codes import FINDINGS, REASONS, SOURCE, VERIFY, headings, rows
from judging import advice_cases
from paths import ROOT

from krm_injector.codes import CODES
from krm_injector.model import Reason


def test_there_are_codes() -> None:
    assert len(SOURCE) > 100
    assert {
        "namespace-missing",
        "yaml-syntax",
        "guard-impossible",
        "verify-stale",
        "ambient",
        "mesh",
    } <= SOURCE


def test_reasons_findings_and_warnings_have_sections() -> None:
    assert headings("reasons.md", "##") == REASONS | FINDINGS
    assert headings("warnings.md", "###") == set(CODES)
    assert SOURCE >= FINDINGS


def test_what_verify_finds_has_a_row() -> None:
    page = (ROOT / "docs" / "verify.md").read_text()
    assert len(VERIFY) > 5
    assert {code for code in VERIFY if f"| `{code}` |" not in page} == set()


def test_all_other_codes_have_a_row_and_no_row_is_stale() -> None:
    assert set(rows()) == SOURCE - FINDINGS - REASONS - VERIFY - set(CODES)
    for code, row in rows().items():
        assert len(row.split("|")) == 5, code
        assert row.split("|")[2].strip() in (
            "error",
            "warning",
            "info",
            "error, warning",
            "info, warning",
        ), code


def test_reasons_findings_and_warnings_are_triggered_and_just_not() -> None:
    """Each is a case of a table with a bundle that has it and one that just has not."""
    for cases, wanted in (
        (reason_cases.CASES.keys() | reason_cases.MANUAL_CASES.keys(), set(Reason)),
        ({case[0] for case in label_warning_cases.CASES}, FINDINGS),
        (advice_cases.CASES.keys() | advice_cases.POLICY, set(CODES)),
    ):
        assert set(cases) == wanted
