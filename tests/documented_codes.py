"""The codes of results: as the source has them, and as the documentation has them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from paths import ROOT

from krm_injector.model import Reason

CODE = re.compile(r"[a-z]+(-[a-z0-9]+)+\Z")
# Calls that take a code, by keyword or by place.
MAKERS = {
    "Result",
    "Finding",
    "Failure",
    "YamlError",
    "fail",
    "_warning",
    "_stale",
    "_result",
    "problem",
    "no_list",
}
FINDINGS = {
    "namespace-both-labels", "injection-label-value", "revision-unserved", "webhook-overlap",
    "double-injection",
    "ambient", "ambient-and-sidecar", "workload-duplicate",
}  # fmt: skip


def in_source() -> set[str]:
    found: set[str] = set()
    for file in (ROOT / "krm_injector").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call):
                found.update(codes_of(node))
            elif isinstance(node, ast.AnnAssign | ast.Assign) and isinstance(
                node.value, ast.Constant
            ):
                target = node.target if isinstance(node, ast.AnnAssign) else node.targets[0]
                if isinstance(target, ast.Name) and target.id == "CODE":
                    found.add(str(node.value.value))
            elif isinstance(node, ast.arguments):
                pairs = zip(
                    node.args[len(node.args) - len(node.defaults) :], node.defaults, strict=True
                )
                found.update(
                    str(d.value)
                    for a, d in pairs
                    if a.arg == "code" and isinstance(d, ast.Constant) and d.value
                )
    return found


def codes_of(call: ast.Call) -> Iterator[str]:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    for keyword in call.keywords:
        if keyword.arg == "code":
            yield from (
                str(c.value)
                for c in ast.walk(keyword.value)
                if isinstance(c, ast.Constant) and c.value
            )
    if name in MAKERS:
        yield from (
            c.value
            for c in call.args
            if isinstance(c, ast.Constant) and isinstance(c.value, str) and CODE.match(c.value)
        )


def headings(page: str, level: str) -> set[str]:
    return set(re.findall(rf"^{level} (\S+)$", (ROOT / "docs" / page).read_text(), re.MULTILINE))


def rows() -> dict[str, str]:
    """docs/codes.md: code -> its row."""
    lines = (ROOT / "docs" / "codes.md").read_text().splitlines()
    return {
        match[1]: line for line in lines if (match := re.match(r"\| `([A-Za-z0-9-]+)` \|", line))
    }


OF_A_FIELD = {"item-without-apiVersion", "item-without-kind"}  # made of the field's name
SOURCE = in_source() | OF_A_FIELD
REASONS = {reason.value for reason in Reason}
VERIFY = {code for code in SOURCE if code.startswith("verify-")}
