"""The pages of docs/: their blocks of commands and YAML, and the directory in which the commands of
a page run.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import fleet_mesh
import fleet_tree
import walkthrough
import yaml
from adoption import cluster
from command import install_krm_injector
from files import write
from outside import needs_program
from paths import ROOT, TESTS

DOCS = ROOT / "docs"
FENCED = re.compile(
    r"(?:^<!-- (?P<mark>[^\n]*) -->\n+)?^(?P<indent> *)```(?P<language>\w*)\n(?P<text>.*?)^ *```$",
    re.MULTILINE | re.DOTALL,
)


PRINTS, EXITS_1 = "prints", "exits 1"  # marks


class Block(NamedTuple):
    page: str  # its path in docs/
    line: int
    language: str
    text: str
    mark: str  # of the comment above it: "not run: WHY", "tested: TEST", or one of the two above

    def __str__(self) -> str:
        return f"docs/{self.page}:{self.line}"


def blocks(page: str) -> list[Block]:
    """The fenced blocks of a page, in order."""
    text = (DOCS / page).read_text(encoding="utf-8")
    return [
        Block(
            page,
            text.count("\n", 0, found.start("language")) + 1,
            found["language"],
            re.sub(rf"^{found['indent']}", "", found["text"], flags=re.MULTILINE),
            found["mark"] or "",
        )
        for found in FENCED.finditer(text)
    ]


def file_of(block: Block) -> str:
    """The file that a block of YAML shows: "# base/web.yaml" is its first line. "": none."""
    found = re.match(r"# (\S+\.yaml)\n", block.text) if block.language == "yaml" else None
    return found[1] if found else ""


def all_pages() -> list[str]:
    return sorted(str(path.relative_to(DOCS)) for path in DOCS.rglob("*.md"))


# ---------------------------------------------------------------- where commands run

WEB = """\
apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}, namespace: shop}}
spec:
  replicas: 2
  selector: {{matchLabels: {{app: {name}}}}}
  template:
    metadata:
      labels: {{app: {name}}}
    spec:
      containers:
      - name: {name}
        image: registry.example/{name}:2.4
        ports: [{{name: http, containerPort: 8080, protocol: TCP}}]
"""
ENABLED = """\
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio-injection: enabled}}
"""
POLICY = """\
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: replicas}
spec:
  matchConstraints:
    resourceRules:
    - {apiGroups: [apps], apiVersions: [v1], operations: [CREATE], resources: [deployments]}
  validations:
  - expression: object.spec.replicas < 10
"""
CONFIG = """\
apiVersion: krm-injector.dev/v1alpha1
kind: SidecarInjection
metadata: {name: istio}
spec: {method: automatic}
"""
OPERATOR = "apiVersion: install.istio.io/v1alpha1\nkind: IstioOperator\nspec: {}\n"
OVERLAY = "resources: [{base}]\nnamespace: shop\n"
SHOP = {
    "base/kustomization.yaml": "resources: [namespace.yaml, web.yaml, api.yaml]\n",
    "base/namespace.yaml": ENABLED,
    "base/web.yaml": WEB.format(name="web"),
    "base/api.yaml": WEB.format(name="api"),
    "kustomization.yaml": "resources: [base]\n",
    "overlay/kustomization.yaml": OVERLAY.format(base="../base"),
    "overlays/production/kustomization.yaml": OVERLAY.format(base="../../base"),
    "overlays/prod/kustomization.yaml": OVERLAY.format(base="../../base"),
    "cluster/namespace.yaml": ENABLED,
    "namespaces/namespace.yaml": ENABLED,
    "policies/replicas.yaml": POLICY,
    "istio-inject.yaml": CONFIG,
    "operator.yaml": OPERATOR,
    "my-installation.yaml": OPERATOR,
    "deploy/kustomization.yaml": "resources: [namespace.yaml, web.yaml, api.yaml]\n",
    "deploy/namespace.yaml": ENABLED,
    "rendered/README": "What injection gives.\n",
    "manifests/shop.yaml": "---\n".join([ENABLED, WEB.format(name="web"), WEB.format(name="api")]),
}
# What a cluster, a registry and a repository of charts would answer, without one.
ANSWER = 'exec cat "{folder}/cluster.yaml"'
KUBECTL = f'case "$1 $2" in apply*) exec cat;; *nodes) echo v1.33.4;; *) {ANSWER};; esac'
CRANE = 'echo "sha256:$(echo "$2" | sha256sum | cut -c1-64)"'
PLAYED = {"kubectl": KUBECTL, "helm": ANSWER, "crane": CRANE}


def shop(folder: Path) -> Path:
    """A repository with a base and overlays. What injection gives is in deploy/ and rendered/."""
    work = write(folder / "shop", SHOP)
    fleet_mesh.write(work / "mesh.yaml", "1.31")

    programs = folder / "bin"
    programs.mkdir()
    install_krm_injector(programs)
    for name, script in PLAYED.items():
        program = programs / name
        program.write_text(f"#!/bin/sh\n{script.format(folder=folder)}\n")
        program.chmod(0o755)
    mesh = (work / "mesh.yaml").read_text()
    (folder / "cluster.yaml").write_text(f"{mesh}---\n{SHOP['manifests/shop.yaml']}")

    inject = "krm-injector inject --quiet --context namespaces --mesh mesh.yaml"
    for name in ("web", "api"):
        run(f"{inject} base/{name}.yaml > deploy/{name}.yaml", work, folder)
    run(f"{inject} manifests > rendered/shop.yaml", work, folder)
    return work


def beginner(folder: Path) -> Path:
    """A base and an overlay without their Namespace, plain manifests, a chart; the real helm."""
    work = empty(folder)
    (folder / "bin" / "helm").symlink_to(needs_program("helm3"))
    files = {name: text.replace(", namespace: shop", "") for name, text in SHOP.items()}
    kept = ("base/web.yaml", "base/api.yaml", "overlays/prod/kustomization.yaml")
    write(work, {name: files[name] for name in kept})
    return write(work, {
        "base/kustomization.yaml": "resources: [web.yaml, api.yaml]\n",
        "manifests/web.yaml": files["base/web.yaml"],
        "CHART/Chart.yaml": "apiVersion: v2\nname: web\nversion: 1.0.0\n",
        "CHART/templates/web.yaml": files["base/web.yaml"],
        "namespaces.yaml": ENABLED,
        "my-mesh.yaml": OPERATOR,
    })  # fmt: skip


def empty(folder: Path) -> Path:
    """Nothing, and the program."""
    work, programs = folder / "work", folder / "bin"
    work.mkdir()
    programs.mkdir()
    install_krm_injector(programs)
    return work


def committed(folder: Path) -> Path:
    """The same; the overlay is of what is committed."""
    return write(shop(folder), {"overlay/kustomization.yaml": "resources: [../deploy]\n"})


def monorepo(folder: Path) -> Path:
    """The same with several things to render, each injected already."""
    work = shop(folder)
    (work / "kustomization.yaml").unlink()
    deployed = "resources: [../deploy]\n"
    return write(work, {f"{name}/kustomization.yaml": deployed for name in ("apps", "platform")})


def upgrade(folder: Path) -> Path:
    """The same with the meshes before and after an upgrade."""
    work = monorepo(folder)
    for name, minor in {"old": "1.30", "new": "1.31", "meshes/1.31": "1.31"}.items():
        fleet_mesh.write(work / f"{name}.yaml", minor)
    return work


def adopted(folder: Path) -> Path:
    """The same; the cluster runs a pod of each workload as its webhook would have made it."""
    work = shop(folder)
    objects = list(yaml.safe_load_all((folder / "cluster.yaml").read_text()))
    for name in ("web", "api"):
        path = work / "deploy" / f"{name}.yaml"
        (made,) = yaml.safe_load_all(path.read_text())
        template = made["spec"]["template"]
        owner = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": f"{name}-7f"}
        template["metadata"]["ownerReferences"] = [{**owner, "controller": True}]
        template["metadata"]["labels"]["pod-template-hash"] = "7f"
        objects.append(cluster.running(template, made, f"{name}-7f-x"))

    (folder / "cluster.yaml").write_text(yaml.safe_dump(cluster.dump(*objects)))
    return work


def installed(folder: Path) -> Path:
    """The same; the cluster and the chart have what the real istioctl installs."""
    istioctl = needs_program("istioctl")
    work = shop(folder)
    run(f"{istioctl} manifest generate -f operator.yaml > ../cluster.yaml", work, folder)
    return work


def company(folder: Path) -> Path:
    """The repository of docs/fleet.md, smaller, as it was fetched from its origin."""
    walkthrough.prepare(folder, fleet_tree.Size(clusters=2, overlays=2, workloads=2))
    walkthrough.run("git update-ref refs/remotes/origin/main HEAD", folder)
    return folder / "company"


# Where the commands of a page run, if not in `shop`.
DIRECTORIES = {
    "adopt.md": adopted,
    "diff.md": upgrade,
    "directories.md": monorepo,
    "first-overlay.md": beginner,
    "fleet-cache.md": company,
    "fleet-output.md": company,
    "fleet-plan.md": upgrade,
    "fleet-running.md": company,
    "snapshot.md": installed,
    "tutorial.md": empty,
    "verify.md": committed,
}


def directory_of(page: str, folder: Path) -> Path:
    """Makes it."""
    return DIRECTORIES.get(page, shop)(folder)


def run(block: str, work: Path, folder: Path, code: int = 0) -> str:
    """What the commands print, both streams. A command that fails fails the test, in a pipe too."""
    path = os.pathsep.join([str(folder / "bin"), str(ROOT / ".tools"), os.environ["PATH"]])
    environment = {**os.environ, "PATH": path, "KUBECONFIG": os.devnull, **walkthrough.IDENTITY}
    environment.pop("COLUMNS", None)
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", block],
        cwd=work,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == code, (block, done.returncode, done.stdout[-4000:])
    return done.stdout


def follow(found: list[Block], work: Path, folder: Path) -> Iterator[tuple[Block, str]]:
    """Does what the blocks say, in order. Gives each block that the page says is printed, with what
    the commands above it did print.
    """
    printed = ""
    for block in found:
        if file_of(block):
            (work / file_of(block)).write_text(block.text, encoding="utf-8")
        elif block.language == "sh":
            printed = run(block.text, work, folder, int(block.mark == EXITS_1))
        elif block.mark == PRINTS:
            yield block, printed


def needed(text: str) -> None:
    """Skips the test if a program that the commands need is not here."""
    needs_program("kustomize")  # explain and build call it
    for name in ("istioctl", "jq", "helm3", "helm4", "kpt", "docker"):
        if re.search(rf"(?:^|[|;&] *){name} ", text, re.MULTILINE):
            needs_program(name)


def source_of(test: str) -> Path:
    """The file of a test's name."""
    return TESTS / test.partition("::")[0].removeprefix("tests/")
