"""Who is injected by a default installation of Istio, as `explain --truth-table` prints it.

Versions of Istio come in, tables as text go out. cases.py puts every combination to the code that
decides on workloads, forms.py prints them. Imports decision and what is below it.
"""

from __future__ import annotations

from krm_injector.presenting.truth_table.cases import (
    ABSENT,
    ANY,
    ANYWHERE,
    HAS_SIDECAR,
    HOST_NETWORK,
    INJECTED_BEFORE,
    PLAIN,
    VERSIONS,
    Combination,
    TruthTable,
    combinations,
    tables,
)
from krm_injector.presenting.truth_table.forms import FORMS, render

__all__ = [
    "ABSENT",
    "ANY",
    "ANYWHERE",
    "FORMS",
    "HAS_SIDECAR",
    "HOST_NETWORK",
    "INJECTED_BEFORE",
    "PLAIN",
    "VERSIONS",
    "Combination",
    "TruthTable",
    "combinations",
    "render",
    "tables",
]
