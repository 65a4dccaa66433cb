"""Every file that the real kustomize opens in a repository is one of the target's inputs."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import files
import pytest
from outside import helm_on_path, needs_program

from krm_injector.fleet.inputs import Reader
from krm_injector.fleet.model import Target
from krm_injector.fleet.places import is_within

pytestmark = pytest.mark.e2e

DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec: {template: {spec: {containers: [{name: web, image: web:1}]}}}
"""
CONFIG_MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: cm}\ndata: {a: b}\n"
PATCH = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {replicas: 2}\n"
BASE = {"base/kustomization.yaml": "resources: [web.yaml]\n", "base/web.yaml": DEPLOYMENT}
CHART = {
    "Chart.yaml": "apiVersion: v2\nname: shop\nversion: 1.0.0\n",
    "values.yaml": "a: b\n",
    "templates/cm.yaml": CONFIG_MAP.replace("a: b", "a: {{ .Values.a }}"),
}
BUILTIN_CONFIG_MAP = """\
apiVersion: builtin
kind: ConfigMapGenerator
metadata: {name: made}
files: [k=data/file.txt]
"""
BUILTIN_PATCH = """\
apiVersion: builtin
kind: PatchTransformer
metadata: {name: patch}
path: patch.yaml
target: {kind: Deployment}
"""
REPLACEMENT = """\
source: {kind: Deployment, fieldPath: metadata.name}
targets: [{select: {kind: Deployment}, fieldPaths: [metadata.annotations.n],
  options: {create: true}}]
"""

# What stands in top/, and the options of kustomize.
CASES: dict[str, tuple[dict[str, str], tuple[str, ...]]] = {
    "resources": ({"top/kustomization.yaml": "resources: [../base]\n", **BASE}, ()),
    "a file in a folder": (
        {"top/kustomization.yml": "resources: [a/b.yaml]\n", "top/a/b.yaml": DEPLOYMENT}, ()
    ),
    "another name": ({"top/Kustomization": "resources:\n- ../base\n", **BASE}, ()),
    "bases": ({"top/kustomization.yaml": "bases: [../base]\n", **BASE}, ()),
    "keys in another case": (
        {"top/kustomization.yaml": "Resources: [../base]\nPATCHES: [{Path: p.yaml}]\n",
         "top/p.yaml": PATCH, **BASE}, ()
    ),
    "two levels": (
        {"top/kustomization.yaml": "resources: [../mid]\n",
         "mid/kustomization.yaml": "resources: [../base]\npatches: [{path: p.yaml}]\n",
         "mid/p.yaml": PATCH, **BASE}, ()
    ),
    "components": (
        {"top/kustomization.yaml": "resources: [../base]\ncomponents: [../c]\n",
         "c/kustomization.yaml": "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n"
         "patches: [{path: deep/p.yaml}]\n", "c/deep/p.yaml": PATCH, **BASE}, ()
    ),
    "patches": (
        {"top/kustomization.yaml": "resources: [../base]\npatches:\n- path: a.yaml\n"
         "patchesStrategicMerge: [b.yaml]\n"
         "patchesJson6902:\n- path: c.json\n  target: {version: v1, group: apps, "
         "kind: Deployment, name: web}\n",
         "top/a.yaml": PATCH, "top/b.yaml": PATCH,
         "top/c.json": '[{"op": "add", "path": "/spec/replicas", "value": 3}]', **BASE}, ()
    ),
    "generators of maps": (
        {"top/kustomization.yaml": "configMapGenerator:\n- name: m\n"
         "  files: [x.txt, key=sub/y]\n  envs: [e.env]\n- {name: o, env: f.env}\n"
         "secretGenerator:\n- {name: s, files: [./tls/../tls/k.pem], envs: [e.env]}\n",
         "top/x.txt": "1", "top/sub/y": "2", "top/e.env": "A=b\n",
         "top/f.env": "B=c\n", "top/tls/k.pem": "k"}, ()
    ),
    "key and path": (
        {"top/kustomization.yaml": "configMapGenerator:\n- name: m\n  files: [key=sub/y.txt]\n",
         "top/sub/y.txt": "2"}, ()
    ),
    "replacements, crds, configurations, openapi": (
        {"top/kustomization.yaml": "resources: [../base]\nreplacements: [{path: r.yaml}]\n"
         "crds: [crd.json]\nconfigurations: [conf/names.yaml]\nopenapi: {path: schema.json}\n",
         "top/r.yaml": REPLACEMENT, "top/crd.json": "{}",
         "top/conf/names.yaml": "namePrefix: []\n", "top/schema.json": '{"definitions": {}}',
         **BASE}, ()
    ),
    "a generator in a file": (
        {"top/kustomization.yaml": "generators: [g.yaml]\n", "top/g.yaml": BUILTIN_CONFIG_MAP,
         "top/data/file.txt": "x"}, ()
    ),
    "a generator of another directory": (
        {"top/kustomization.yaml": "generators: [../gen]\n",
         "gen/kustomization.yaml": "resources: [g.yaml]\n", "gen/g.yaml": BUILTIN_CONFIG_MAP,
         "top/data/file.txt": "x"}, ()
    ),
    "an inline transformer": (
        {"top/kustomization.yaml": "resources: [../base]\ntransformers:\n- |-\n"
         + "".join(f"  {line}\n" for line in BUILTIN_PATCH.splitlines()),
         "top/patch.yaml": PATCH, **BASE}, ()
    ),
    "an inline transformer in one line": (
        {"top/kustomization.yaml": "resources: [../base]\ntransformers:\n- '{apiVersion: builtin, "
         "kind: PatchTransformer, metadata: {name: p}, path: patch.yaml, "
         "target: {kind: Deployment}}'\n",
         "top/patch.yaml": PATCH, **BASE}, ()
    ),
    "a link to a file": (
        {"top/kustomization.yaml": "resources: [link.yaml]\n", "top/real/web.yaml": DEPLOYMENT,
         "top/link.yaml": "-> real/web.yaml"}, ()
    ),
    "a link to a link": (
        {"top/kustomization.yaml": "resources: [link.yaml]\n", "top/real/web.yaml": DEPLOYMENT,
         "top/link.yaml": "-> mid.yaml", "top/mid.yaml": "-> ./real/../real/web.yaml"}, ()
    ),
    "a link to a kustomization": (
        {"top/kustomization.yaml": "resources: [linked]\n", "top/linked": "-> ../deep/er",
         "deep/er/kustomization.yaml": "resources: [../base, cm.yaml]\n",
         "deep/er/cm.yaml": CONFIG_MAP, "deep/base/kustomization.yaml": "resources: [w.yaml]\n",
         "deep/base/w.yaml": DEPLOYMENT}, ()
    ),
    "no restriction": (
        {"top/kustomization.yaml": "resources: [../web.yaml]\n"
         "configMapGenerator: [{name: m, files: [k=../../repo/other/x.txt]}]\n",
         "web.yaml": DEPLOYMENT, "other/x.txt": "x"},
        ("--load-restrictor", "LoadRestrictionsNone"),
    ),
    "names of directories": (
        {"top/kustomization.yaml": "namespace: other\nresources: [../base]\nlabels: "
         "[{pairs: {app: other}}]\n", "top/other/secret.txt": "x", **BASE}, ()
    ),
    "aliases": (
        {"top/kustomization.yaml": "resources: [../base]\npatches:\n- &p {path: p.yaml}\n- *p\n",
         "top/p.yaml": PATCH, **BASE}, ()
    ),
}  # fmt: skip
CHARTS: dict[str, tuple[dict[str, str], tuple[str, ...]]] = {
    "charts": (
        {"top/kustomization.yaml": "helmCharts: [{name: shop, valuesFile: v.yaml, "
         "additionalValuesFiles: [w.yaml]}]\n",
         "top/v.yaml": "a: c\n", "top/w.yaml": "a: d\n",
         **{f"top/charts/shop/{name}": text for name, text in CHART.items()}},
        ("--enable-helm",),
    ),
    "charts elsewhere": (
        {"top/kustomization.yaml": "helmGlobals: {chartHome: ../all}\nhelmCharts: "
         "[{name: shop, valuesFile: v.yaml}]\n", "top/v.yaml": "a: c\n",
         **{f"all/shop/{name}": text for name, text in CHART.items()}},
        ("--enable-helm",),
    ),
    "a chart as a generator": (
        {"top/kustomization.yaml": "generators: [g.yaml]\n",
         "top/g.yaml": "apiVersion: builtin\nkind: HelmChartInflationGenerator\n"
         "metadata: {name: x}\nname: shop\nreleaseName: r\nvaluesInline: {a: z}\n",
         **{f"top/charts/shop/{name}": text for name, text in CHART.items()}},
        ("--enable-helm",),
    ),
}  # fmt: skip


def laid_out(directory: Path, tree: dict[str, str]) -> Path:
    """The repository; "-> TARGET" is a link."""
    links = {name: text[3:] for name, text in tree.items() if text.startswith("-> ")}
    files.write(directory, {name: text for name, text in tree.items() if name not in links})
    for name, target in links.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(target)
    return directory


def opened(repository: Path, words: tuple[str, ...]) -> set[str]:
    """The files of the repository that kustomize and what it starts open, without links."""
    log = repository.parent / "strace.log"
    done = subprocess.run(
        [needs_program("strace"), "-f", "-qq", "-e", "trace=open,openat", "-o", str(log),
         needs_program("kustomize"), "build", *words, "top"],
        cwd=repository, capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr.decode()
    assert done.stdout
    found = set()
    for path in re.findall(
        r'open(?:at)?\((?:AT_FDCWD, )?"([^"]+)".* = \d+$', log.read_text(), re.M
    ):
        real = os.path.realpath(repository / path)
        if real.startswith(f"{repository}/") and os.path.isfile(real):
            found.add(os.path.relpath(real, repository))
    return found


@pytest.mark.parametrize("case", [*CASES, *CHARTS])
def test_nothing_that_kustomize_opens_is_missing(
    case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree, words = {**CASES, **CHARTS}[case]
    if case in CHARTS:
        helm_on_path(tmp_path, monkeypatch)
    repository = laid_out(tmp_path / "repo", tree)
    read = opened(repository, words)

    monkeypatch.chdir(repository)
    inputs = Reader().inputs(Target("t", "kustomization", "top", "", options=words), None, {})
    missing = {
        path for path in read
        if path not in inputs.files
        and not any(is_within(path, directory) for directory in inputs.directories)
    }  # fmt: skip

    assert read
    assert not missing
    assert not inputs.unknown
    assert "top/other/secret.txt" not in inputs.files
    assert not any(is_within("top/other", directory) for directory in inputs.directories)
