"""A company's repository, generated: applications, their overlays, and the clusters they go to.

    fleet_tree.py DIR [--clusters 20] [--overlays 50] [--workloads 10] [--shared 5] [--seed 1]
        [--bare] [--mesh FILE]

DIR gets CLUSTERS x OVERLAYS targets of kustomize, with WORKLOADS workloads each, and, without
--bare, a chart, a kpt package, a plain directory and Argo CD's ApplicationSets as well. One
application in SHARED (0: none) has an overlay for each ring of clusters, the others one for each
cluster.
Some workloads are out of the ordinary (fleet_apps.ODDITIES). One overlay has an annotation that
Istio 1.31 refuses, and 1.29 does not.

The same words give the same files. meshes/ gets Istio 1.29 and 1.31, made of the embedded profile;
--mesh FILE stands in the place of 1.29.
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import fleet_extras
import fleet_mesh
import inputs
from fleet_apps import app_name, workload, workload_names
from inputs import Object

RINGS = ("canary", "staging", "production")
REGIONS = ("eu", "us", "ap")
OLD, NEW = "1.29", "1.31"
FLEET_FILE = "krm-injector-fleet.yaml"
KUSTOMIZATION = {"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization"}


class Size(NamedTuple):
    clusters: int = 20
    overlays: int = 50
    workloads: int = 10
    shared: int = 5  # one application in so many has overlays for several clusters
    seed: int = 1
    bare: bool = False  # nothing but the overlays

    def by_ring(self, app_number: int) -> bool:
        """Whether the application's overlays are for rings, each for several clusters."""
        return bool(self.shared) and app_number % self.shared == self.shared - 1


class Cluster(NamedTuple):
    name: str
    ring: str
    region: str
    kubernetes: str

    @property
    def wave(self) -> str:
        """Canaries, then staging, then production by region."""
        if self.ring in RINGS[:2]:
            return str(1 + RINGS.index(self.ring))
        return str(3 + REGIONS.index(self.region))


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("directory", type=Path)
    for option, value in Size()._asdict().items():
        if option != "bare":
            parser.add_argument(f"--{option}", type=int, default=value)
    parser.add_argument("--bare", action="store_true")
    parser.add_argument("--mesh", type=Path)
    options = parser.parse_args()

    size = Size(**{field: getattr(options, field) for field in Size._fields})
    write(options.directory, size, options.mesh)
    return 0


def write(root: Path, size: Size, mesh: Path | None = None) -> None:
    """Write the repository into a directory, which may exist and must be empty."""
    if root.exists() and any(root.iterdir()):
        raise SystemExit(f"{root} is not empty")

    own_clusters = clusters(size.clusters)
    apps = [app_name(number) for number in range(size.overlays)]
    for number, app in enumerate(apps):
        _write_app(root / "apps" / app, app, size.by_ring(number), own_clusters, size)
    for cluster in own_clusters:
        namespaces = list(_namespaces(apps, cluster, size))
        _documents(root / "clusters" / cluster.name / "namespaces.yaml", namespaces)

    _write_meshes(root / "meshes", mesh)
    if not size.bare:
        fleet_extras.write(root, [(each.name, each.ring) for each in own_clusters])
    _documents(root / FLEET_FILE, [_fleet_file(apps, own_clusters, size)])


def clusters(count: int) -> list[Cluster]:
    """A tenth of the clusters is canary, a fifth staging, the others production."""
    canary, staging = (max(1, count // 10), max(1, count // 5)) if count > 2 else (0, 0)
    rings = [RINGS[0]] * canary + [RINGS[1]] * staging
    rings += [RINGS[2]] * (count - len(rings))

    made = []
    for number, ring in enumerate(rings):
        round_, region = divmod(number, len(REGIONS))
        name = f"{REGIONS[region]}-{round_ + 1}"
        made.append(Cluster(name, ring, REGIONS[region], "1.32" if number % 7 == 5 else "1.33"))
    return made


def targets(size: Size) -> int:
    """How many targets the overlays are."""
    return size.clusters * size.overlays


# ---------------------------------------------------------------- applications


def _write_app(
    directory: Path, app: str, by_ring: bool, own_clusters: list[Cluster], size: Size
) -> None:
    names = workload_names(app, size.workloads)
    base = directory / "base"
    files = []
    for name, role in names:
        files.append(f"{role}.yaml")
        _documents(base / files[-1], list(workload(app, name, role, size.seed)))
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": app}}
    _documents(base / "account.yaml", [account])
    _kustomization(base, {"resources": ["account.yaml", *files]})

    if by_ring:
        present = {cluster.ring for cluster in own_clusters}
        overlays = [(ring, ring) for ring in RINGS if ring in present]
    else:
        overlays = [(cluster.name, cluster.ring) for cluster in own_clusters]
    for overlay, ring in overlays:
        _write_overlay(directory / "overlays" / overlay, app, overlay, ring, size)


def _write_overlay(directory: Path, app: str, overlay: str, ring: str, size: Size) -> None:
    chance = random.Random(f"{size.seed}/{app}/{overlay}")
    first, _ = workload_names(app, size.workloads)[0]
    replicas = {"canary": 1, "staging": 2, "production": chance.choice((3, 4, 6))}[ring]
    image = {"name": f"registry.example/{app}", "newTag": f"1.{chance.randrange(4)}.0"}
    environment = {"name": "environment", "literals": [f"RING={ring}", f"SITE={overlay}"]}
    kustomization: Object = {
        "namespace": app,
        "resources": ["../../base"],
        "labels": [{"pairs": {"ring": ring}}],
        "images": [image],
        "replicas": [{"name": first, "count": replicas}],
        "configMapGenerator": [environment],
        "patches": [{"path": "resources.yaml"}],
    }
    if refused(app, overlay):
        kustomization["patches"].append({"path": "metrics.yaml"})
        annotations = {"prometheus.istio.io/scrape-targets": "everything"}
        _documents(directory / "metrics.yaml", [_pod_patch(first, {"annotations": annotations})])

    memory = chance.choice(("256Mi", "512Mi", "1Gi"))
    container = {"name": "app", "resources": {"limits": {"memory": memory}}}
    patch = _pod_patch(first, None, {"containers": [container]})
    _documents(directory / "resources.yaml", [patch])
    _kustomization(directory, kustomization)


def refused(app: str, overlay: str) -> bool:
    """Whether the overlay has an annotation that Istio 1.31 refuses."""
    return (app, overlay) == (app_name(3), "ap-1")


def _pod_patch(name: str, metadata: Object | None, spec: Object | None = None) -> Object:
    template = {"metadata": metadata} if metadata else {"spec": spec}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {"template": template},
    }


# ---------------------------------------------------------------- clusters


def _namespaces(apps: list[str], cluster: Cluster, size: Size) -> Iterator[Object]:
    """Most are injected by their label; some name the revision; a few are not in the mesh."""
    extras = [] if size.bare else list(fleet_extras.NAMESPACES)
    for number, name in enumerate([*apps, *extras]):
        labels = {"istio-injection": "enabled"}
        if number % 10 == 7:
            labels = {"istio.io/rev": "default"}
        elif number % 16 == 11:
            labels = {"istio-injection": "disabled"}
        metadata = {"name": name, "labels": {**labels, "ring": cluster.ring}}
        yield {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}


def _write_meshes(directory: Path, mesh: Path | None) -> None:
    for minor in (OLD, NEW):
        fleet_mesh.write(directory / f"istio-{minor}.yaml", minor)
    if mesh:
        shutil.copyfile(mesh, directory / f"istio-{OLD}.yaml")


def _fleet_file(apps: list[str], own_clusters: list[Cluster], size: Size) -> Object:
    listed = [
        {
            "name": cluster.name,
            "mesh": f"meshes/istio-{OLD}.yaml",
            "context": f"clusters/{cluster.name}/namespaces.yaml",
            "kubernetesVersion": cluster.kubernetes,
            "labels": {"stage": cluster.ring, "region": cluster.region, "wave": cluster.wave},
        }
        for cluster in own_clusters
    ]
    rules: list[Object] = [
        {"path": f"apps/*/overlays/{cluster.name}", "clusters": [cluster.name]}
        for cluster in own_clusters
    ]
    if any(map(size.by_ring, range(len(apps)))):
        rules += [
            {"path": f"apps/*/overlays/{ring}", "clusterSelector": {"matchLabels": {"stage": ring}}}
            for ring in RINGS
            if any(each.ring == ring for each in own_clusters)
        ]
    spec: Object = {"clusters": listed, "targets": rules}
    if not size.bare:
        # The chart and the package are those of Argo CD's ApplicationSets.
        spec |= {"find": True, "repositories": [fleet_extras.REPOSITORY]}
        spec["ignore"] = ["/clusters/", "/meshes/"]
    return {
        "apiVersion": "krm-injector.dev/v1alpha1",
        "kind": "Fleet",
        "metadata": {"name": "company"},
        "spec": spec,
    }


# ---------------------------------------------------------------- files


def _kustomization(directory: Path, fields: Object) -> None:
    _documents(directory / "kustomization.yaml", [{**KUSTOMIZATION, **fields}])


def _documents(path: Path, documents: list[Object]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    inputs.write_manifests(path, documents)


if __name__ == "__main__":
    sys.exit(main())
