"""The names by which other programs start this one: kubectl finds its plugins by their names."""

from __future__ import annotations

import pytest

from krm_injector.cli.program import command_line


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["krm-injector", "build", "."], ["build", "."]),
        (["/bin/kubectl-krm_injector", "build", "."], ["build", "."]),
        (["/bin/kubectl-inject", "a.yaml"], ["inject", "a.yaml"]),
        (["/bin/kubectl-inject"], ["inject"]),
        (["kubectl_complete-krm_injector", "ex", ""], ["completion", "kubectl", "--", "ex", ""]),
        (["/plugins/SidecarInjection", "config"], ["inject", "--config", "config", "-"]),
    ],
)
def test_the_name_of_the_program(argv: list[str], words: list[str]) -> None:
    assert command_line(argv) == words
