"""`krm-injector explain --truth-table`: who is injected at all, for each version of Istio."""

from __future__ import annotations

from krm_injector.cli.request import Answer, Request
from krm_injector.presenting import truth_table


def run(request: Request) -> Answer:
    stated = request.arguments.mesh_version
    versions = stated.split(",") if stated else truth_table.VERSIONS
    tables = truth_table.tables(versions)
    return Answer(truth_table.render(tables, request.arguments.output or "table"))
