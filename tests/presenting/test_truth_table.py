"""The truth tables, cell by cell against Istio's rules written down once more, and their
documentation.
"""

from __future__ import annotations

import json

import pytest
from command import krm_text
from paths import ROOT

from krm_injector.model import Refused
from krm_injector.presenting import truth_table
from krm_injector.presenting.truth_table import ANY, Combination

OLD = ("1.1.1", "1.2.2")
MINORS = [f"1.{minor}" for minor in range(1, 33)]


def webhook_matches(minor: int, namespace: str, label: str) -> bool:
    """Whether the API server calls a default installation's webhook.

    Charts: sidecarInjectorWebhook (1.1-1.5) and istio-discovery (1.6+),
    templates/mutatingwebhook.yaml.
    """
    if minor < 10:
        # 1.9 switches on an objectSelector that sends pods away whose label says no.
        return namespace == "istio-injection: enabled" and not (minor == 9 and label == "false")
    if label == "false":
        return False
    if namespace in ("istio-injection: enabled", "istio.io/rev: default"):
        return True
    return namespace == "absent" and label == "true"


def istiod_injects(minor: int, row: Combination, policy: str) -> bool:
    """injectRequired (inject.go): label (1.12+) before annotation, then the policy; only true and
    false are stated.
    """
    stated = row.annotation
    if minor >= 12 and row.label not in ("absent", ANY):
        stated = row.label
    return stated == "true" if stated in ("true", "false") else policy == "enabled"


def oracle(minor: int, row: Combination) -> bool:
    if row.workload == truth_table.HOST_NETWORK:
        return False
    if row.method == "automatic":
        if row.workload.startswith("in "):
            return False  # the Namespaces that injectRequired ignores
        return webhook_matches(minor, row.namespace, row.label) and istiod_injects(
            minor, row, row.policy
        )
    # kube-inject (IntoObject): 1.2-1.8 passes over any pod with a proxy, 1.9-1.16 over those with
    # the status too.
    if row.workload == truth_table.HAS_SIDECAR and 2 <= minor <= 8:
        return False
    if row.workload == truth_table.INJECTED_BEFORE and 2 <= minor <= 16:
        return False
    return minor < 8 or istiod_injects(minor, row, "enabled")


@pytest.mark.parametrize("version", MINORS)
def test_every_cell_is_what_istio_does(version: str) -> None:
    minor = int(version[2:])
    wrong = [row for row in truth_table.combinations(version) if row.injected != oracle(minor, row)]
    assert not wrong


@pytest.mark.parametrize("version", OLD)
def test_old_tables_are_complete(version: str) -> None:
    rows = truth_table.combinations(version)
    for workload in (
        truth_table.PLAIN,
        truth_table.HOST_NETWORK,
        "in kube-system",
        "in kube-public",
    ):
        for method in ("automatic", "manual"):
            asked = {
                (r.namespace, r.policy, r.annotation)
                for r in rows
                if (r.method, r.workload) == (method, workload)
            }
            assert len(asked) == 3 * 2 * 3
    assert all(row.label == ANY for row in rows)


def test_the_ignored_namespaces_are_those_of_the_version() -> None:
    def places(version: str) -> set[str]:
        return {
            row.workload[3:]
            for row in truth_table.combinations(version)
            if row.workload.startswith("in ")
        }

    assert places("1.8") == {"kube-system", "kube-public"}
    assert places("1.9") == {"kube-system", "kube-public", "kube-node-lease", "local-path-storage"}


@pytest.mark.parametrize("version", ["1.1.1", "1.8.2", "1.12", truth_table.VERSIONS[-1]])
def test_what_is_left_out_changes_nothing(version: str) -> None:
    """Each cell has exactly one line that covers it, with its verdict."""
    (table,) = truth_table.tables([version])
    for cell in truth_table.combinations(version):
        covering = [line for line in table.rows if covers(line, cell)]
        assert len(covering) == 1
        assert covering[0].injected == cell.injected


def covers(line: Combination, cell: Combination) -> bool:
    names = line.workload.split(", ")
    named = cell.workload in names
    if truth_table.ANYWHERE in names:
        named = named or cell.workload == truth_table.PLAIN or cell.workload.startswith("in ")
    axes = (
        (getattr(line, axis), getattr(cell, axis))
        for axis in ("namespace", "policy", "label", "annotation")
    )
    return (
        named and line.method == cell.method and all(says in (ANY, asked) for says, asked in axes)
    )


@pytest.mark.parametrize("version", ["", "latest", "0.8", "1.0.9", "1.99", "2.0"])
def test_versions_that_are_none_are_refused(version: str) -> None:
    with pytest.raises(Refused, match="--mesh-version"):
        truth_table.tables([version])


def test_the_documentation_is_what_the_command_prints() -> None:
    done = krm_text("explain", "--truth-table", "--output", "markdown")
    assert done.stdout == (ROOT / "docs" / "truth-tables.md").read_text()


def test_the_command_prints_one_version_in_every_form() -> None:
    shown = krm_text("explain", "--truth-table", "--mesh-version", "1.2.2").stdout
    assert shown.startswith("Istio 1.2.2: by the webhook\n")
    assert "Istio 1.2.2: by istioctl kube-inject\n" in shown
    assert "POD LABEL" not in shown
    for form in ("json", "yaml"):
        (table,) = json.loads(
            krm_text("explain", "--truth-table", "--mesh-version", "1.2.2", "--output", form).stdout
        )
        assert table["version"] == "1.2.2"
        assert {"method", "workload", "namespace", "policy", "injected", "rule"} <= table["rows"][
            0
        ].keys()


def test_several_versions_and_wrong_use() -> None:
    shown = krm_text("explain", "--truth-table", "--mesh-version", "1.1.1,1.8").stdout
    assert [line[:11] for line in shown.splitlines() if line.endswith("by the webhook")] == [
        "Istio 1.1.1",
        "Istio 1.8: ",
    ]
    assert krm_text("explain", "--truth-table", str(ROOT / "README.md")).returncode == 2
    refused = krm_text("explain", "--truth-table", "--mesh-version", "1.0")
    assert refused.returncode == 1
    assert "known are the versions 1.1 to" in refused.stderr
