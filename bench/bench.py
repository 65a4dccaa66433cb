"""CPU seconds and peak memory of the whole process, beside the real istioctl's, on the same
workloads and mesh.

    bench.py [--sizes 1,100,1000] [--runs 5] [--istioctl PATH] [--mesh FILE] [--command
        "krm-injector ..."]

istioctl: --istioctl, $ISTIOCTL, PATH, or ../shared/bin (packed). mesh: the ConfigMaps and webhooks
of an installation, as `istioctl manifest generate` prints them. The two programs take turns, so
that a busy machine troubles both alike. Nothing but Python's standard library and PyYAML is needed.
"""

from __future__ import annotations

import argparse
import lzma
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from typing import Any, NamedTuple

import yaml

ROOT = pathlib.Path(__file__).resolve().parent.parent
SHARED = pathlib.Path(os.environ.get("KRM_INJECTOR_SHARED", ROOT.parent / "shared"))
NAMESPACE = "bench"
MESH_TAG = "1.31.0"  # the installation that istioctl is asked for


class Cost(NamedTuple):
    """What one run of a program took."""

    cpu: float  # user and system seconds
    memory: int  # peak resident set, KiB


class Program(NamedTuple):
    name: str
    command: list[str]
    stdin: str | None  # a file


def main() -> int:
    options = arguments()
    with tempfile.TemporaryDirectory() as directory:
        work = pathlib.Path(directory)
        istioctl = find_istioctl(options.istioctl, work)
        if istioctl is None:
            print(
                "istioctl: not found; only krm-injector is timed (name it with --istioctl or "
                "$ISTIOCTL)\n"
            )
        mesh = mesh_documents(options.mesh, istioctl)
        if mesh is None:
            print("no mesh: give --mesh FILE, or an istioctl that can make one", file=sys.stderr)
            return 2
        rows = []
        for size in [int(size) for size in options.sizes.split(",")]:
            rows += measure(
                size, programs(size, mesh, istioctl, options.command.split(), work), options.runs
            )
        print_table(rows)
    return 0


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", default="1,100,1000")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--istioctl")
    parser.add_argument("--mesh")
    parser.add_argument(
        "--command", default=str(pathlib.Path(sys.executable).parent / "krm-injector")
    )
    return parser.parse_args()


def find_istioctl(named: str | None, work: pathlib.Path) -> str | None:
    for candidate in (
        named,
        os.environ.get("ISTIOCTL"),
        "istioctl",
        str(ROOT / ".tools" / "istioctl"),
    ):
        program = shutil.which(candidate) if candidate else None
        if program:
            return program
    packed = SHARED / "bin" / "istioctl.xz"
    if not packed.exists():
        return None
    target = work / "istioctl"
    with lzma.open(packed) as source, target.open("wb") as file:
        shutil.copyfileobj(source, file)
    target.chmod(0o755)
    return str(target)


def mesh_documents(named: str | None, istioctl: str | None) -> list[dict[str, Any]] | None:
    """The ConfigMaps and webhook configurations of one installation."""
    if named:
        text = pathlib.Path(named).read_text()
    elif istioctl:
        environment = {**os.environ, "KUBECONFIG": os.devnull}
        # A development build's own tag names no version, and a mesh of no known version costs us a
        # second run.
        command = [istioctl, "manifest", "generate", "--set", f"tag={MESH_TAG}"]
        text = subprocess.run(
            command, env=environment, stdout=subprocess.PIPE, check=True
        ).stdout.decode()
    else:
        return None
    config_maps = ("istio", "istio-sidecar-injector")
    return [
        document
        for document in yaml.load_all(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        if document
        and (
            document["kind"] == "MutatingWebhookConfiguration"
            or (document["kind"] == "ConfigMap" and document["metadata"]["name"] in config_maps)
        )
    ]


# ---------------------------------------------------------------- the workloads


def workload(number: int) -> list[dict[str, Any]]:
    """A Deployment of two containers with probes, its Service and its ConfigMap."""
    name = f"app-{number:04}"
    labels = {"app": name, "version": "v1", "team": f"team-{number % 7}"}
    probe = {"httpGet": {"path": "/healthz", "port": "http"}, "periodSeconds": 5 + number % 5}
    app = {
        "name": "app",
        "image": f"registry.example/{name}:1.{number % 10}.0",
        "ports": [{"name": "http", "containerPort": 8080}, {"name": "grpc", "containerPort": 9090}],
        "env": [{"name": "MODE", "value": "yes"}, {"name": "LIMIT", "value": "1000"}],
        "envFrom": [{"configMapRef": {"name": name}}],
        "readinessProbe": probe,
        "livenessProbe": {"tcpSocket": {"port": 8080}, "initialDelaySeconds": 10},
        "resources": {
            "requests": {"cpu": "100m", "memory": "128Mi"},
            "limits": {"memory": "256Mi"},
        },
        "volumeMounts": [{"name": "config", "mountPath": "/etc/app", "readOnly": True}],
    }
    helper = {
        "name": "exporter",
        "image": "registry.example/exporter:2.0",
        "ports": [{"containerPort": 9100}],
    }
    pod = {
        "serviceAccountName": "default",
        "containers": [app, helper],
        "volumes": [{"name": "config", "configMap": {"name": name}}],
    }
    metadata = {"name": name, "namespace": NAMESPACE, "labels": labels}
    return [
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": metadata,
            "spec": {
                "replicas": 1 + number % 3,
                "selector": {"matchLabels": {"app": name}},
                "template": {"metadata": {"labels": labels}, "spec": pod},
            },
        },
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": metadata,
            "spec": {
                "selector": {"app": name},
                "ports": [{"name": "http", "port": 80, "targetPort": "http"}],
            },
        },
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": metadata,
            "data": {
                "app.yaml": "".join(
                    f"setting-{line}: value {line * number}\n" for line in range(20)
                )
            },
        },
    ]


def programs(
    size: int,
    mesh: list[dict[str, Any]],
    istioctl: str | None,
    command: list[str],
    work: pathlib.Path,
) -> list[Program]:
    """krm-injector as a KRM function, and istioctl with the same mesh in three files."""
    namespace = {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": NAMESPACE, "labels": {"istio-injection": "enabled"}},
    }
    objects = [document for number in range(size) for document in workload(number)]
    bundle = {
        "apiVersion": "config.kubernetes.io/v1",
        "kind": "ResourceList",
        "items": [*mesh, namespace, *objects],
    }
    compared = [Program("krm-injector", command, write(work / f"list-{size}.yaml", [bundle]))]
    if istioctl:
        data = {key: text for document in mesh for key, text in document.get("data", {}).items()}
        files = {key: work / f"{key}.yaml" for key in ("config", "mesh", "values")}
        for key, file in files.items():
            file.write_text(data[key])
        manifests = write(work / f"manifests-{size}.yaml", objects)
        line = [istioctl, "kube-inject", "-r", "default", "-f", manifests]
        line += ["--injectConfigFile", str(files["config"]), "--meshConfigFile", str(files["mesh"])]
        compared.append(Program("istioctl", [*line, "--valuesFile", str(files["values"])], None))
    return compared


def write(path: pathlib.Path, documents: list[dict[str, Any]]) -> str:
    dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    path.write_text(yaml.dump_all(documents, Dumper=dumper, sort_keys=False))
    return str(path)


# ---------------------------------------------------------------- measuring


def measure(size: int, compared: Sequence[Program], runs: int) -> list[tuple[int, str, Cost]]:
    """Medians; a first run of each, for the files' sake, does not count."""
    costs: dict[str, list[Cost]] = {program.name: [] for program in compared}
    for turn in range(runs + 1):
        for program in compared:
            cost = run(program)
            if turn:
                costs[program.name].append(cost)
    return [
        (
            size,
            name,
            Cost(
                statistics.median(c.cpu for c in taken),
                int(statistics.median(c.memory for c in taken)),
            ),
        )
        for name, taken in costs.items()
    ]


def run(program: Program) -> Cost:
    """One process from start to end. Between fork and exec a child counts as large as its parent:
    see CHILD.
    """
    words = [sys.executable, "-S", "-c", CHILD, program.stdin or os.devnull, *program.command]
    environment = {**os.environ, "KUBECONFIG": os.devnull}
    done = subprocess.run(words, env=environment, capture_output=True)
    *messages, figures = done.stderr.decode().splitlines()
    if done.returncode:
        raise SystemExit(
            f"{program.name} failed (exit status {done.returncode}): {' '.join(messages)[-500:]}"
        )
    cpu, memory = figures.split()
    return Cost(float(cpu), int(memory))


# A small process of its own starts the program, so that its peak memory is not this one's. It
# reports on stderr.
CHILD = """
import os, sys
child = os.fork()
if not child:
    os.dup2(os.open(sys.argv[1], os.O_RDONLY), 0)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    os.execvp(sys.argv[2], sys.argv[2:])
_, status, usage = os.wait4(child, 0)
print(usage.ru_utime + usage.ru_stime, usage.ru_maxrss, file=sys.stderr)
sys.exit(os.waitstatus_to_exitcode(status) and 1)
"""


def print_table(rows: Sequence[tuple[int, str, Cost]]) -> None:
    peers = {size: cost for size, name, cost in rows if name == "istioctl"}
    print(f"{'workloads':>9}  {'program':<13} {'CPU s':>8} {'x':>6}  {'peak MiB':>8} {'x':>6}")
    for size, name, cost in rows:
        peer = peers.get(size)
        cpu, memory = (
            (f"{cost.cpu / peer.cpu:.2f}", f"{cost.memory / peer.memory:.2f}") if peer else ("", "")
        )
        print(
            f"{size:>9}  {name:<13} {cost.cpu:>8.3f} {cpu:>6}  {cost.memory / 1024:>8.1f} "
            f"{memory:>6}"
        )
    print(
        "\nx: as a part of istioctl's. Each figure is the median of several runs, taken in turns."
    )


if __name__ == "__main__":
    sys.exit(main())
