"""Each code has a category and a page, whatever page explains it."""

from __future__ import annotations

import pytest
from paths import ROOT

from krm_injector.codes import CODES, address
from krm_injector.presenting.findings.findings import category


@pytest.mark.parametrize("code", CODES)
def test_each_code_has_a_category(code: str) -> None:
    assert category(code)


@pytest.mark.parametrize("code", CODES)
def test_the_address_of_a_code_names_a_section_that_exists(code: str) -> None:
    page, _, section = address(code, "docs").removeprefix("docs/").partition("#")
    text = (ROOT / "docs" / page).read_text()
    assert f"`{code}`" in text or f"### {code}\n" in text or f"## {code}\n" in text
    if section:
        assert f"\n### {section}\n" in text or f"\n## {section}\n" in text
