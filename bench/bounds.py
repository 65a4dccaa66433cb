"""Time and memory of the whole program at three sizes of each kind of large input.

    python bench/bounds.py [--scale N] [CLASS...]

Each size is twice the one before. What the start of the program takes is measured too and taken
off, so a class that is linear shows a factor near 2 from the second size to the third. A class
beyond FACTOR is marked, and the exit status is 1.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import measuring

FACTOR = 2.8  # from one size to twice the size; 4 would be quadratic
QUIET = 0.25  # CPU seconds; below, the factor says nothing
STATUS = {0: "", 1: "refused"}

_HEAD = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\n"
_SPEC = "spec:\n  template:\n    metadata:\n      labels: {app: web}\n"
_CONTAINER = "    spec:\n      containers:\n      - {name: web, image: web:1}\n"
_MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: large}\n"


class Class(NamedTuple):
    """One kind of large input."""

    make: Callable[[int], str]
    first: int  # the smallest size


def _numbered(count: int, line: str) -> str:
    return "".join(line.replace("@", str(number)) for number in range(count))


def _deployments(count: int) -> str:
    one = _HEAD.replace("web", "web@") + _SPEC + _CONTAINER
    return _numbered(count, one + "---\n")


def _unlike(count: int) -> str:
    """Workloads of which no two have the same shape: each has labels of its own names."""
    one = _HEAD.replace("web", "web@") + _SPEC.replace("app: web", "app: web, own@: x")
    return _numbered(count, one + _CONTAINER + "---\n")


def _annotated(text: str) -> str:
    note = f"      annotations:\n        {text}\n"
    return _HEAD + _SPEC + note + _CONTAINER


def _user_volumes(count: int) -> str:
    volumes: dict[str, object] = {f"v{number}": {"emptyDir": {}} for number in range(count)}
    return _annotated(f"sidecar.istio.io/userVolume: '{json.dumps(volumes)}'")


def _selectors(count: int) -> str:
    expressions = _numbered(count, "    - {key: k@, operator: NotIn, values: [a, b]}\n")
    return (
        "apiVersion: admissionregistration.k8s.io/v1\nkind: MutatingWebhookConfiguration\n"
        "metadata: {name: istio-sidecar-injector}\nwebhooks:\n- name: a.sidecar-injector.istio.io\n"
        "  clientConfig: {service: {name: istiod, namespace: istio-system, path: /inject}}\n"
        f"  namespaceSelector:\n    matchExpressions:\n{expressions}"
        "  rules: [{apiGroups: [''], apiVersions: [v1], operations: [CREATE], resources: [pods]}]\n"
        "---\n" + _deployments(50)
    )


def _merged(count: int) -> str:
    maps = _numbered(count, "a@: {<<: *b, own: 1}\n")
    return "apiVersion: example.com/v1\nkind: Merged\nmetadata: {name: m}\nb: &b {x: 1}\n" + maps


CLASSES: Mapping[str, Class] = MappingProxyType(
    {
        "workloads that are alike": Class(_deployments, 500),
        "workloads of a shape each": Class(_unlike, 50),
        "documents": Class(lambda n: _numbered(n, _MAP.replace("large", "m@") + "---\n"), 4000),
        "Namespaces": Class(
            lambda n: (
                _numbered(n, "apiVersion: v1\nkind: Namespace\nmetadata: {name: n@}\n---\n")
                + _deployments(20)
            ),
            3000,
        ),
        "keys of a map": Class(lambda n: _MAP + "data:\n" + _numbered(n, "  k@: v\n"), 20_000),
        "entries of a flow list": Class(lambda n: f"{_MAP}x: [{', '.join(['a'] * n)}]\n", 40_000),
        "lines of a block text": Class(
            lambda n: _MAP + "data:\n  t: |\n" + _numbered(n, "    a line of text\n"), 100_000
        ),
        "characters of one scalar": Class(lambda n: f'{_MAP}data: {{t: "{"x" * n}"}}\n', 4_000_000),
        "escapes in one scalar": Class(
            lambda n: f'{_MAP}data: {{t: "{chr(92) + "n"}{(chr(92) + "n") * n}"}}\n', 200_000
        ),
        "comments": Class(lambda n: "# a comment\n" * n + _MAP, 100_000),
        "aliases": Class(lambda n: _MAP + "base: &b [x]\nx:\n" + _numbered(n, "- *b\n"), 6000),
        "merge keys": Class(_merged, 6000),
        "containers of a pod": Class(
            lambda n: (
                _HEAD
                + _SPEC
                + "    spec:\n      containers:\n"
                + _numbered(n, "      - {name: c@, image: web:1}\n")
            ),
            1000,
        ),
        "probes that are rewritten": Class(
            lambda n: (
                _HEAD
                + _SPEC
                + "    spec:\n      containers:\n"
                + _numbered(
                    n, "      - {name: c@, image: web:1, livenessProbe: {httpGet: {port: 80}}}\n"
                )
            ),
            300,
        ),
        "environment variables": Class(
            lambda n: (
                _HEAD
                + _SPEC
                + _CONTAINER.replace("- {name: web, image: web:1}", "- name: web")
                + "        env:\n"
                + _numbered(n, "        - {name: E@, value: x}\n")
            ),
            4000,
        ),
        "volumes in an annotation": Class(_user_volumes, 500),
        "ports in an annotation": Class(
            lambda n: _annotated(
                "traffic.sidecar.istio.io/excludeInboundPorts: '"
                + ",".join(str(1 + number % 65_000) for number in range(n))
                + "'"
            ),
            5000,
        ),
        "expressions of a selector": Class(_selectors, 1000),
    }
)


def _program(name: str, stdin: Path) -> measuring.Program:
    words = [sys.executable, "-m", "krm_injector", "inject", "--namespace", "shop"]
    words += ["--namespace-labels", "shop=istio-injection=enabled", "--quiet", "-"]
    return measuring.Program(name, words, stdin)


def _measured(made: Class, scale: float, work: Path) -> list[measuring.Cost]:
    costs = []
    for power in range(3):
        stdin = work / "input.yaml"
        stdin.write_text(made.make(int(made.first * scale) << power))
        runs = [measuring.run(_program("inject", stdin), work / "output") for _ in range(2)]
        costs.append(min(runs, key=lambda cost: cost.cpu))
    return costs


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=float, default=1)
    parser.add_argument("classes", nargs="*", metavar="CLASS")
    arguments = parser.parse_args()
    beyond = 0
    with tempfile.TemporaryDirectory() as directory:
        work = Path(directory)
        start = _measured(Class(lambda _: _MAP, 1), 1, work)[0]
        print("| input | sizes | CPU seconds | memory, MB | factor |\n|---|---|---|---|---|")
        for name in arguments.classes or CLASSES:
            made = CLASSES[name]
            costs = _measured(made, arguments.scale, work)
            own = [max(cost.cpu - start.cpu, 0.001) for cost in costs]
            factor = own[2] / own[1]
            bad = own[2] > QUIET and factor > FACTOR
            beyond += bad
            sizes = ", ".join(f"{int(made.first * arguments.scale) << n:,}" for n in range(3))
            seconds = ", ".join(f"{cost.cpu:.2f}" for cost in costs)
            memory = ", ".join(f"{cost.memory / 1024:.0f}" for cost in costs)
            mark = " (not linear)" if bad else ""
            print(f"| {name} | {sizes} | {seconds} | {memory} | {factor:.1f}{mark} |", flush=True)

    return 1 if beyond else 0


if __name__ == "__main__":
    raise SystemExit(main())
