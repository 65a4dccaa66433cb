"""JUnit: valid by Jenkins' schema, a case for each workload, and nothing that XML forbids."""

from __future__ import annotations

from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import pytest
from presenting.findings import samples
from published import check_junit

from krm_injector.presenting.findings import Findings, render


def suites(findings: Findings) -> dict[str, list[Element]]:
    root = ElementTree.fromstring(render("junit", findings))
    return {suite.attrib["name"]: list(suite.iter("testcase")) for suite in root}


def outcomes(cases: list[Element]) -> dict[str, str]:
    """The name of each case -> failure, error, skipped, or "" if it passes."""
    return {
        case.attrib["name"]: next((each.tag for each in case if each.tag != "system-out"), "")
        for case in cases
    }


@pytest.mark.parametrize("name", samples.SAMPLES)
def test_it_is_valid(name: str) -> None:
    check_junit(render("junit", samples.SAMPLES[name]))


def test_each_workload_and_each_other_object_is_a_case() -> None:
    (cases,) = suites(samples.ALL).values()
    assert outcomes(cases) == {
        "the run": "error",
        "Deployment shop/web": "",
        "Deployment shop/api": "failure",
        "Job shop/load": "skipped",
        "spec.other of Job shop/load": "",
        "Namespace shop": "",
    }


def test_a_run_without_anything_has_a_case() -> None:
    (cases,) = suites(samples.NOTHING).values()
    assert outcomes(cases) == {"the run": ""}


def test_targets_are_suites() -> None:
    found = {name: outcomes(cases) for name, cases in suites(samples.OF_FLEET).items()}
    assert found == {
        "krm-injector-fleet-explain": {"the run": "error"},
        "eu/app": {"the run": "", "Deployment shop/web": ""},
        "us/app": {"the run": "", "Deployment shop/web": ""},
        "us/broken": {"us/broken": "error"},
    }


@pytest.mark.parametrize("name", samples.SAMPLES)
def test_the_counts_are_those_of_the_cases(name: str) -> None:
    root = ElementTree.fromstring(render("junit", samples.SAMPLES[name]))
    for element in (root, *root):
        tags = [each.tag for case in element.iter("testcase") for each in case]
        counts = (len(list(element.iter("testcase"))), tags.count("failure"), tags.count("error"))
        stated = tuple(int(element.attrib[key]) for key in ("tests", "failures", "errors"))
        assert stated == counts


def test_a_failure_has_place_and_page() -> None:
    (cases,) = suites(samples.ALL).values()
    (failure,) = [each for case in cases for each in case.findall("failure")]
    assert failure.attrib["type"] == "annotation-invalid"
    assert "\n" not in failure.attrib["message"]
    assert failure.text is not None
    for part in ("is: wrong, <here>", "base/api.yaml:3", "docs/codes.md", "[annotation-invalid]"):
        assert part in failure.text


def test_several_errors_are_one_failure() -> None:
    """Readers show the first one only."""
    another = samples.REFUSED._replace(result=samples.REFUSED.result._replace(message="and this"))
    (cases,) = suites(samples.findings(samples.REFUSED, another)).values()
    (failure,) = [each for case in cases for each in case.findall("failure")]
    assert failure.attrib["message"].endswith("(and 1 more)")
    assert failure.text is not None and "and this" in failure.text


def test_warnings_are_output_of_a_case_that_passes() -> None:
    (cases,) = suites(samples.ALL).values()
    (web,) = [case for case in cases if case.attrib["name"] == "Deployment shop/web"]
    output = web.findtext("system-out") or ""
    assert "[port-collision]" in output and "base/web app.yaml:12:14" in output
    assert "a tag \\x1b[31m can move" in output


def test_characters_that_xml_forbids_are_shown_by_number() -> None:
    found = samples.result("error", resource=samples.WEB, message="a\x00b\x0bc\ufffe\ud800")
    (cases,) = suites(samples.findings(samples.COLLISION._replace(result=found))).values()
    (failure,) = [each for case in cases for each in case.findall("failure")]
    assert failure.text is not None and "a\\x00b\\x0bc\\ufffe\\ud800" in failure.text
