"""What a run found, in the forms that other programs read: SARIF, JUnit, policy reports and the
annotations of GitHub.

Findings come in, a text goes out. Imports codes, model and what is below; of presenting nothing. A
new form is one module with ``render(findings) -> str`` here and one row of FORMS. A run imports the
module of its form only.
"""

from __future__ import annotations

from krm_injector.presenting.findings.findings import Finding, Findings, Subject

__all__ = ["ENDINGS", "FORMS", "Finding", "Findings", "Subject", "form_of", "render"]

FORMS = ("sarif", "junit", "policyreport", "github")
"""The forms, by the names of their modules."""
ENDINGS = {".sarif": "sarif", ".xml": "junit"}
"""What the name of a file ends with -> its form."""


def form_of(path: str) -> str:
    """The form of a file of results; "" for a list of results as kpt writes it."""
    return next((form for ending, form in ENDINGS.items() if path.endswith(ending)), "")


def render(form: str, findings: Findings) -> str:
    module = __import__(f"{__name__}.{form}", fromlist=["render"])
    text: str = module.render(findings)
    return text
