"""Kustomizations of Flux that lie in the repository."""

from __future__ import annotations

import pytest
from fleet.trees import DEPLOYMENT, Finder, kustomization, messages, names, passed_over, target

SHOP = {"apps/shop/kustomization.yaml": kustomization("web.yaml"), "apps/shop/web.yaml": DEPLOYMENT}
SOURCE = """\
apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: {name: flux-system}
spec: {url: "https://git.invalid/fleet"}
"""


def flux(path: str, source: str = "GitRepository", further: str = "") -> str:
    return (
        "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\n"
        f"metadata: {{name: shop}}\nspec:\n  path: {path}\n"
        f"  sourceRef: {{kind: {source}, name: flux-system}}\n{further}"
    )


def test_a_path_is_a_target(finder: Finder) -> None:
    text = f"{SOURCE}---\n{flux('./apps/shop', further='  targetNamespace: shop')}"
    fleet = finder.find({**SHOP, "clusters/eu/apps.yaml": text})
    (found,) = fleet.targets
    assert (found.name, found.namespace) == ("apps/shop", "shop")
    assert "Flux's Kustomization shop (clusters/eu/apps.yaml:6) names it" in found.why
    assert "https://git.invalid/fleet is taken for this repository" in found.why


@pytest.mark.parametrize("text, reason", [
    (flux("./nowhere"), "there is no directory nowhere here"),
    (flux("./apps/shop", "Bucket"), "its source is the Bucket flux-system"),
    (flux("./apps/shop", "ExternalArtifact"), "its source is the ExternalArtifact flux-system"),
    (flux("./apps"), "Flux generates one; those below it are looked at by themselves"),
])  # fmt: skip
def test_what_is_not_followed_is_passed_over(finder: Finder, text: str, reason: str) -> None:
    fleet = finder.find({**SHOP, "clusters/apps.yaml": text})
    assert names(fleet) == ["apps/shop"]
    assert reason in passed_over(fleet)["clusters/apps.yaml:1"]


def test_what_flux_applies_besides_is_told(finder: Finder) -> None:
    further = "  postBuild: {substitute: {a: b}}\n  patches: [{patch: x}]\n"
    fleet = finder.find({**SHOP, "flux.yaml": flux("apps/shop", further=further)})
    (message,) = messages(fleet, "warning")
    assert "Flux applies spec.patches, spec.postBuild to apps/shop" in message


def test_each_cluster_has_its_own_artifact(finder: Finder) -> None:
    generator = """\
apiVersion: source.extensions.fluxcd.io/v1beta1
kind: ArtifactGenerator
metadata: {{name: x}}
spec:
  sources: [{{alias: repo, kind: GitRepository, name: flux-system}}]
  artifacts:
  - name: flux-system
    copy:
    - {{from: "@repo/apps/{0}/**", to: "@artifact/app/"}}
    - {{from: "@repo/apps/**", to: "@artifact/all/"}}
"""
    tree = {f"apps/{name}/kustomization.yaml": kustomization() for name in ("eu", "us")}
    fleet = finder.find({
        **tree,
        "clusters/eu/x.yaml": f"{generator.format('eu')}---\n{flux('app', 'ExternalArtifact')}",
        "clusters/us/x.yaml": f"{generator.format('us')}---\n{flux('./app', 'ExternalArtifact')}",
    })  # fmt: skip
    assert "clusters/eu/x.yaml:" in target(fleet, "apps/eu").why
    assert "clusters/us/x.yaml:" in target(fleet, "apps/us").why


def test_a_helm_release_is_told(finder: Finder) -> None:
    release = (
        "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: redis}\n"
        "spec: {chart: {spec: {chart: redis}}}\n"
    )
    fleet = finder.find({**SHOP, "apps/shop/redis.yaml": release})
    assert "Flux renders its chart in the cluster" in passed_over(fleet)["apps/shop/redis.yaml:1"]
