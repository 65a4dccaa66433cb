"""The registry of codes: each code has its row and its section in docs/ with its severities, and
each result of the source has a severity that its code can have.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Any, get_args

import typed
from decision import label_warning_cases, reason_cases
from judging import advice_cases, override_cases
from paths import ROOT

from krm_injector import codes
from krm_injector.codes import CODES, of_page, title
from krm_injector.model import Reason

ROW = re.compile(r"\| (?:`|\[)([A-Za-z0-9-]+)(?:`|\]\(\S+\)) \| ([a-z, ]+) \| (.+) \|")
REASONS = {reason.value for reason in Reason}
LABEL_WARNINGS = set(of_page("reasons.md")) - REASONS


def page(name: str) -> str:
    return (ROOT / "docs" / name).read_text()


def headings(name: str, level: str) -> set[str]:
    return set(re.findall(rf"^{level} (\S+)$", page(name), re.MULTILINE))


def results_in_source() -> Iterator[tuple[str, Any, Any]]:
    """Place, severity and code of each Result that the source makes with both as literals."""
    for file in (ROOT / "krm_injector").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if not isinstance(node, ast.Call) or getattr(node.func, "id", "") != "Result":
                continue

            by_keyword = [word.value for word in node.keywords if word.arg == "code"]
            match [node.args[0], *by_keyword, *node.args[8:9]]:
                case [ast.Constant(value=severity), ast.Constant(value=code)]:
                    yield f"{file.name}:{node.lineno}", severity, code


def test_every_code_name_has_its_row_in_the_registry() -> None:
    assert list(CODES) == list(get_args(typed.names(codes)["CodeName"]))
    assert len(CODES) > 140


def test_every_code_has_a_row_in_docs_with_its_severities() -> None:
    rows = {match[1]: match[2] for match in map(ROW.match, page("codes.md").splitlines()) if match}
    assert rows == {name: ", ".join(code.severities) for name, code in CODES.items()}


def test_rows_of_other_pages_link_to_the_section() -> None:
    for name, code in CODES.items():
        if code.page in ("reasons.md", "warnings.md", "overrides.md"):
            assert f"| [{name}]({code.page}#{name}) |" in page("codes.md")
        elif code.page == "verify.md":
            assert f"| [{name}](verify.md) |" in page("codes.md")


def test_every_code_is_explained_on_its_page_and_no_other_is() -> None:
    assert headings("reasons.md", "##") == REASONS | set(of_page("reasons.md"))
    assert headings("warnings.md", "###") == set(of_page("warnings.md"))
    assert headings("overrides.md", "###") == set(of_page("overrides.md"))
    assert re.findall(r"^\| `(verify-[a-z-]+)` \|", page("verify.md"), re.MULTILINE) == of_page(
        "verify.md"
    )


def test_every_code_is_given_to_a_result_somewhere() -> None:
    files = (ROOT / "krm_injector").rglob("*.py")
    source = "".join(file.read_text() for file in files if file.name != "codes.py")
    assert [name for name in CODES if f'"{name}"' not in source] == []


def test_results_have_a_severity_of_their_code() -> None:
    literals = list(results_in_source())
    assert len(literals) > 100
    wrong = [each for each in literals if each[1] not in CODES[each[2]].severities]
    assert wrong == []


def test_the_yaml_reader_has_registered_codes_only() -> None:
    """kube/ stands below the registry and cannot import it."""
    tree = ast.parse((ROOT / "krm_injector/kube/yaml/error.py").read_text())
    names = {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and re.match(r"(yaml|json)-[a-z-]+\Z", str(node.value))
    }
    assert names == {name for name in CODES if name.startswith(("yaml-", "json-"))}


def test_every_reason_label_warning_and_warning_has_a_bundle_with_it_and_one_without() -> None:
    """Each is a case of a table with a bundle that has it and one that just has not."""
    reasons = reason_cases.CASES.keys() | reason_cases.MANUAL_CASES.keys()
    label_warnings = {case[0] for case in label_warning_cases.CASES}
    warnings = advice_cases.CASES.keys() | advice_cases.POLICY
    assert reasons == set(Reason)
    assert label_warnings == LABEL_WARNINGS
    assert warnings == set(of_page("warnings.md"))
    overrides = override_cases.CASES.keys() | override_cases.NATIVE_CASES.keys()
    assert overrides == set(of_page("overrides.md"))


def test_a_code_without_a_title_is_called_by_its_name() -> None:
    assert title("ambient") == "A Namespace is in ambient mode"
    assert title("double-injection") == "Double injection"
