"""Other ways to sidecars before the cluster, beside Istio's own webhook: who gets one, whose pod is
the webhook's, and what a run takes.

    python bench/comparison.py [--kyverno PROGRAM] [--gator PROGRAM] [--markdown docs/comparison.md]

istioctl, istio-webhook-oracle and kustomize are taken from PATH. A way whose program is missing is
left out. Patches and policies are written as a careful author would: for the Namespaces that ask
for injection, with what a webhook adds to a plain Deployment, and with the workload's name where
the program knows variables.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import comparison_cases as cases
import inputs
import measuring
import yaml
from comparison_cases import Answer, Key, Mesh
from inputs import Object
from measuring import Program

ROOT = Path(__file__).resolve().parent.parent
SHARED = Path(os.environ.get("KRM_INJECTOR_SHARED") or ROOT.parent / "shared")
MESH = SHARED / "istio" / "differential" / "mesh" / "default.yaml"
BUNDLES = ("ambient", "jobs", "monitoring", "optin", "platform", "policy", "shop")
ENABLED = {"istio-injection": "enabled"}
KINDS = {
    "Deployment": "apps/v1",
    "StatefulSet": "apps/v1",
    "DaemonSet": "apps/v1",
    "Job": "batch/v1",
}
BEGIN, END = "<!-- measured -->\n", "<!-- end of measured -->\n"
RUNS = 3


class Case(NamedTuple):
    """What a way is given."""

    manifests: Path
    found: list[Object]
    mesh: Mesh
    added: Object  # what the webhook adds to a plain pod: metadata and spec
    work: Path

    def enabled(self) -> list[str]:
        """The Namespaces that ask for injection, as an author of patches would look them up."""
        spaces = [each for each in self.found if each["kind"] == "Namespace"]
        return [
            each["metadata"]["name"]
            for each in spaces
            if (each["metadata"].get("labels") or {}).get("istio-injection") == "enabled"
        ]


class Way(NamedTuple):
    name: str
    program: str
    command: Callable[[Case], list[str]]  # writes what it needs; the program prints manifests


# ---------------------------------------------------------------- the ways


def ours(case: Case) -> list[str]:
    own = [sys.executable, "-m", "krm_injector"]
    return [*own, "inject", "--quiet", "--mesh", str(MESH), str(case.manifests)]


def kube_inject(case: Case) -> list[str]:
    files = {"injectConfigFile": case.mesh.config, "valuesFile": case.mesh.values}
    # Of the cluster's nodes it knows nothing; the webhook was asked for native sidecars.
    words = [
        "env",
        "ENABLE_NATIVE_SIDECARS=true",
        "istioctl",
        "kube-inject",
        "-r",
        "default",
        "-f",
        str(case.manifests),
    ]
    for name, text in {**files, "meshConfigFile": case.mesh.mesh}.items():
        (case.work / name).write_text(text)
        words += [f"--{name}", str(case.work / name)]
    return words


def kustomize(case: Case) -> list[str]:
    """One patch for each kind, for the Namespaces that ask for injection."""
    patches = []
    for kind, version in {**KINDS, "CronJob": "batch/v1", "Pod": "v1"}.items():
        patch = {"apiVersion": version, "kind": kind, "metadata": {"name": "any"}}
        patch |= _in_template(kind, case.added)
        namespaces = "|".join(case.enabled()) or "none"
        target = {"kind": kind, "namespace": namespaces}
        patches.append({"target": target, "patch": yaml.safe_dump(patch)})

    shutil.copy(case.manifests, case.work / "manifests.yaml")
    kustomization = {"resources": ["manifests.yaml"], "patches": patches}
    (case.work / "kustomization.yaml").write_text(yaml.safe_dump(kustomization))
    return ["kustomize", "build", str(case.work)]


def _in_template(kind: str, pod: Object) -> Object:
    if kind == "Pod":
        return {"spec": pod["spec"]}
    template: Object = {"spec": {"template": pod}}
    return {"spec": {"jobTemplate": template}} if kind == "CronJob" else template


def kyverno(program: str) -> Callable[[Case], list[str]]:
    def command(case: Case) -> list[str]:
        named = _replaced(case.added, "plain", "{{ request.object.metadata.name }}")
        named = _replaced(named, "$(", "\\$(")  # else a reference of Kyverno's own
        rules = [
            _rule(list(KINDS), _in_template("Deployment", named), "spec.template"),
            _rule(["CronJob"], _in_template("CronJob", named), "spec.jobTemplate.spec.template"),
        ]
        policy: Object = {
            "apiVersion": "kyverno.io/v1",
            "kind": "ClusterPolicy",
            "spec": {"rules": rules},
        }
        policy["metadata"] = {"name": "sidecar"}
        labels = [{"name": name, "labels": ENABLED} for name in case.enabled()]
        values: Object = {"apiVersion": "cli.kyverno.io/v1alpha1", "kind": "Value"}
        values |= {"metadata": {"name": "values"}, "namespaceSelector": labels}
        for name, value in {"policy": policy, "values": values}.items():
            (case.work / f"{name}.yaml").write_text(yaml.safe_dump(value))
        words = [program, "apply", str(case.work / "policy.yaml"), "--resource"]
        words += [str(case.manifests), "-f", str(case.work / "values.yaml")]
        output = case.work / "kyverno.yaml"
        return ["sh", "-c", f'"$@" -o {output} >&2; cat {output}', "sh", *words]

    return command


def _replaced(value: Any, old: str, new: str) -> Any:
    """With every text that holds the old one changed."""
    if isinstance(value, dict):
        return {name: _replaced(each, old, new) for name, each in value.items()}
    if isinstance(value, list):
        return [_replaced(each, old, new) for each in value]
    return value.replace(old, new) if isinstance(value, str) else value


def _rule(kinds: list[str], patch: Object, template: str) -> Object:
    resources: Object = {"kinds": kinds, "namespaceSelector": {"matchLabels": ENABLED}}
    label = f'request.object.{template}.metadata.labels."sidecar.istio.io/inject" || `""`'
    asked = {"key": f"{{{{ {label} }}}}", "operator": "NotEquals", "value": "false"}
    host = f"request.object.{template}.spec.hostNetwork || `false`"
    network = {"key": f"{{{{ {host} }}}}", "operator": "NotEquals", "value": True}
    return {
        "name": kinds[0].lower(),
        "match": {"any": [{"resources": resources}]},
        "preconditions": {"all": [asked, network]},
        "mutate": {"patchStrategicMerge": patch},
    }


def gator(program: str) -> Callable[[Case], list[str]]:
    def command(case: Case) -> list[str]:
        (case.work / "mutators.yaml").write_text(yaml.safe_dump_all(_mutators(case.added)))
        return [
            program,
            "expand",
            "-n",
            str(case.work / "mutators.yaml"),
            "-n",
            str(case.manifests),
        ]

    return command


def _mutators(added: Object) -> list[Object]:
    """Pods of templates, and each container and volume assigned to its place."""
    apps = ["Deployment", "StatefulSet", "DaemonSet"]
    apply = [
        {"groups": ["apps"], "kinds": apps, "versions": ["v1"]},
        {"groups": ["batch"], "kinds": ["Job"], "versions": ["v1"]},
    ]
    pod = {"group": "", "version": "v1", "kind": "Pod"}
    spec = {"applyTo": apply, "templateSource": "spec.template", "generatedGVK": pod}
    template = {"apiVersion": "expansion.gatekeeper.sh/v1alpha1", "kind": "ExpansionTemplate"}
    found: list[Object] = [{**template, "metadata": {"name": "templates"}, "spec": spec}]
    selected = {"namespaceSelector": {"matchLabels": ENABLED}, "source": "Generated"}
    pods = [{"groups": [""], "kinds": ["Pod"], "versions": ["v1"]}]
    for field in ("initContainers", "volumes"):
        for value in added["spec"].get(field, []):
            assign: Object = {"apiVersion": "mutations.gatekeeper.sh/v1", "kind": "Assign"}
            assign["metadata"] = {"name": f"{field.lower()}-{value['name']}"}
            place = {"applyTo": pods, "match": selected}
            place |= {"location": f"spec.{field}[name:{value['name']}]"}
            found.append({**assign, "spec": {**place, "parameters": {"assign": {"value": value}}}})
    return found


# ---------------------------------------------------------------- judging


class Judged(NamedTuple):
    asked: int = 0
    verdicts: int = 0  # injected or not, as the webhook
    injected: int = 0  # by the webhook
    pods: int = 0  # of those, the same value for value
    kept: int = 0  # documents that need no change and keep their bytes
    plain: int = 0  # such documents

    def plus(self, other: Judged) -> Judged:
        return Judged(*(mine + theirs for mine, theirs in zip(self, other, strict=True)))


def judged(case: Case, told: Mapping[Key, Answer], printed: str) -> Judged:
    found = [each for each in yaml.safe_load_all(printed) if each]
    made = {cases.key(each): each for each in found}
    verdicts = pods = 0
    for name, answer in told.items():
        # gator prints pods: of the workload WEB the pod WEB-pod.
        one = made.get(name) or made.get(("Pod", name[1], f"{name[2]}-pod"))
        pod = cases.canonical(cases.template(one)) if one else None
        verdicts += pod is not None and cases.is_injected(pod) == answer.injected
        pods += answer.injected and pod == answer.pod

    lines = set(_documents(printed))
    injected = sum(answer.injected for answer in told.values())
    changed = {name for name, answer in told.items() if answer.injected}
    plain = [
        text
        for text in _documents(case.manifests.read_text())
        if (one := yaml.safe_load(text))["kind"] != "Rollout" and cases.key(one) not in changed
    ]  # the webhook cannot be asked about a Rollout here
    kept = sum(text in lines for text in plain)
    return Judged(len(told), verdicts, injected, pods, kept, len(plain))


def _documents(text: str) -> list[str]:
    parts = [part.strip("\n") for part in ("\n" + text).split("\n---\n")]
    return [part for part in parts if yaml.safe_load(part)]


# ---------------------------------------------------------------- measuring


class Row(NamedTuple):
    way: str
    judged: Judged
    costs: dict[int, measuring.Cost]  # by the number of workloads: medians

    def cells(self) -> list[str]:
        all_of = self.judged
        counts = [
            f"{all_of.verdicts} of {all_of.asked}",
            f"{all_of.pods} of {all_of.injected}",
            f"{all_of.kept} of {all_of.plain}",
        ]
        costs = [f"{cost.cpu:.2f} s, {cost.memory // 1024} MiB" for cost in self.costs.values()]
        return [self.way, *counts, *costs]


def plain_pod(oracle: str, mesh: Mesh, work: Path) -> Object:
    """What the webhook adds to the pods of a Deployment with one container and nothing else."""
    pod: Object = {"metadata": {"labels": {"app": "plain"}}}
    pod["spec"] = {"containers": [{"name": "plain", "image": "registry.example/plain:1"}]}
    workload: Object = {"apiVersion": "apps/v1", "kind": "Deployment"}
    workload["metadata"] = {"name": "plain", "namespace": "shop"}
    workload["spec"] = {"selector": {"matchLabels": {"app": "plain"}}, "template": pod}
    space = {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": "shop", "labels": ENABLED},
    }
    (told,) = cases.answers(oracle, mesh, [space, workload], work).values()
    metadata = {
        name: dict(told.pod["metadata"].get(name, {})) for name in ("labels", "annotations")
    }
    metadata["labels"].pop("app")
    spec = {name: value for name, value in told.pod["spec"].items() if name != "containers"}
    return {"metadata": metadata, "spec": spec}


def case_of(manifests: Path, mesh: Mesh, added: Object, work: Path) -> Case:
    """Without objects that have only a generateName: kustomize takes none."""
    folder = Path(tempfile.mkdtemp(dir=work))
    texts = _documents(manifests.read_text())
    named = folder / "named.yaml"
    named.write_text(
        "---\n".join(f"{text}\n" for text in texts if cases.key(yaml.safe_load(text))[2])
    )
    return Case(named, cases.documents(named), mesh, added, folder)


def printed(way: Way, case: Case) -> str:
    """Without a cluster, and without a table of ours."""
    environment = {**os.environ, "KUBECONFIG": os.devnull, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        way.command(case), env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"{way.name}: {done.stderr[-800:]}")
    return done.stdout


def cost(way: Way, case: Case, runs: int) -> measuring.Cost:
    program = Program(way.name, way.command(case), None, {"PYTHONPATH": str(ROOT)})
    taken = [measuring.run(program, case.work / "printed") for _ in range(runs)]
    cpu, wall = (statistics.median(one.get(of) for one in taken) for of in ("cpu", "wall"))
    return measuring.Cost(cpu, wall, int(statistics.median(one.memory for one in taken)))


def rows(ways: list[Way], oracle: str, sizes: list[int], work: Path) -> list[Row]:
    mesh = cases.mesh_of(cases.documents(MESH))
    added = plain_pod(oracle, mesh, work)
    bundles = [ROOT / "tests" / "bundles" / f"{name}.yaml" for name in BUNDLES]
    large = {}
    for size in sizes:
        large[size] = work / f"{size}.yaml"
        inputs.write_manifests(large[size], [inputs.namespace(), *inputs.workloads(size)])

    found = []
    for way in ways:
        total = Judged()
        for path in bundles:
            case = case_of(path, mesh, added, work)
            told = cases.answers(oracle, mesh, case.found, case.work)
            total = total.plus(judged(case, told, printed(way, case)))
        costs = {
            size: cost(way, case_of(path, mesh, added, work), RUNS) for size, path in large.items()
        }
        found.append(Row(way.name, total, costs))
        print("  ".join(found[-1].cells()), flush=True)
    return found


def table(found: list[Row], sizes: list[int]) -> str:
    counts = ["same verdict", "same pod", "untouched documents kept"]
    heads = [f"{size:,} workload{'s' * (size > 1)}: CPU, memory" for size in sizes]
    lines = [f"| | {' | '.join([*counts, *heads])} |", "|---" * (4 + len(sizes)) + "|"]
    lines += [f"| {' | '.join(row.cells())} |" for row in found]
    return "\n".join([*lines, ""])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0])
    parser.add_argument("--kyverno", default=shutil.which("kyverno"))
    parser.add_argument("--gator", default=shutil.which("gator"))
    parser.add_argument("--sizes", default="1,100", help="numbers of workloads, with commas")
    parser.add_argument("--markdown", type=Path, help="the page whose table is written")
    asked = parser.parse_args()
    oracle = shutil.which("istio-webhook-oracle")
    if oracle is None:
        raise SystemExit("istio-webhook-oracle, the real webhook, is not on PATH")

    ways = [Way("krm-injector inject", sys.executable, ours)]
    ways.append(Way("istioctl kube-inject", "istioctl", kube_inject))
    ways.append(Way("kustomize, a patch", "kustomize", kustomize))
    if asked.kyverno:
        ways.append(Way("kyverno apply, a policy", asked.kyverno, kyverno(asked.kyverno)))
    if asked.gator:
        ways.append(Way("gator expand, mutators", asked.gator, gator(asked.gator)))
    sizes = [int(size) for size in asked.sizes.split(",")]
    with tempfile.TemporaryDirectory() as work:
        found = rows([way for way in ways if shutil.which(way.program)], oracle, sizes, Path(work))

    if asked.markdown:
        before, _, rest = asked.markdown.read_text().partition(BEGIN)
        after = rest.partition(END)[2]
        asked.markdown.write_text(before + BEGIN + "\n" + table(found, sizes) + "\n" + END + after)


if __name__ == "__main__":
    main()
