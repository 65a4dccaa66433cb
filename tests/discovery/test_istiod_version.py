"""Which version of Istio image tags, labels and charts state, patch releases and development
versions included.
"""

from __future__ import annotations

import pytest

from krm_injector.discovery import istiod
from krm_injector.function_config import Settings
from krm_injector.kube import yaml
from krm_injector.model import Object
from krm_injector.versions import NEWEST, parse_version, patch_of

# As releases, candidates, nightly builds and variants are tagged.
VERSIONS = [
    ("1.30.4", (1, 30), 4),
    ("1.30.5-distroless", (1, 30), 5),
    ("1.31.0", (1, 31), 0),
    ("1.31.0-rc.0", (1, 31), 0),
    ("1.31.0-beta.2-distroless", (1, 31), 0),
    ("1.31.1-debug", (1, 31), 1),
    ("1.32.0-alpha.0", (1, 32), 0),
    ("1.32-alpha.3f1a8d0b2c9e4d5f6a7b8c9d0e1f2a3b4c5d6e7f", (1, 32), None),
    ("1.32-dev", (1, 32), None),
]


def stated(values: str = "{}", config: Object | None = None, **labels: str) -> tuple[str, str]:
    given = {name.replace("__", "/").replace("_", "."): text for name, text in labels.items()}
    return istiod.stated_version(Settings(), given, yaml.load(values), config or {})


@pytest.mark.parametrize(("version", "minor", "patch"), VERSIONS)
def test_a_version_is_recognised_wherever_it_is_stated(
    version: str, minor: tuple[int, int], patch: int | None
) -> None:
    template = f"spec: {{containers: [{{name: istio-proxy, image: hub/proxyv2:{version}}}]}}"
    answers = [
        stated(f"global: {{tag: {version}}}"),
        stated(f"global: {{tag: v{version}}}"),
        stated(f"global: {{proxy: {{image: 'hub/proxyv2:{version}'}}}}"),
        stated(f"global: {{proxy: {{image: 'hub:5000/p:{version}@sha256:0123456789abcdef'}}}}"),
        stated(app_kubernetes_io__version=version),
        stated(helm_sh__chart=f"istiod-{version}"),
        stated(helm_sh__chart=f"istio-discovery-{version}"),
        stated(chart=f"istio-{version}"),
        stated(config={"templates": {"sidecar": template}}),
    ]
    assert {text for text, _ in answers} == {version}
    assert len({evidence for _, evidence in answers}) == 6
    assert (parse_version(version), patch_of(version)) == (minor, patch)


@pytest.mark.parametrize(("version", "minor", "patch"), VERSIONS)
def test_a_known_version_is_no_reason_to_warn(
    version: str, minor: tuple[int, int], patch: int | None
) -> None:
    assert minor <= NEWEST
    assert istiod.version_warnings(version, "here", None) == []


def test_what_is_no_version_of_istio_is_passed_over() -> None:
    assert stated("global: {tag: latest}", app_kubernetes_io__version="1.0.0") == ("", "")
    assert stated("global: {tag: master-2026-08-22}", helm_sh__chart="istiod-1.30.4") == (
        "1.30.4",
        "label helm.sh/chart",
    )
    assert stated("global: {proxy: {image: 'hub/proxyv2@sha256:0123'}}") == ("", "")


def test_a_version_after_the_newest_is_told() -> None:
    newer = f"1.{NEWEST[1] + 1}.0"
    (warning,) = istiod.version_warnings(newer, "here", None)
    assert warning.code == "mesh-version-newer" and warning.severity == "warning"
