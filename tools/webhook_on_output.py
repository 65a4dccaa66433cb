"""What Istio's own webhook does to pods that are injected here: with the guard, and without it.

    python tools/webhook_on_output.py --oracle istio-webhook-oracle --meshes DIR [--corpus DIR]
        [--random FILE...]
                                      [--each 500] [--show N]

The oracle is istiod's webhook behind files: ORACLE_REQ names requests, one JSON object a line (id,
config, values, mesh, webhooks, namespace, ns_labels, revision, native, workload), ORACLE_OUT gets
the answers (id, matched, injected, error, pod). --meshes holds installations, as `istioctl manifest
generate` prints them. --corpus is a folder of Istio's own cases (cases.json): each with its own
configuration, then each with every installation. --random names files of random workloads, one JSON
object a line (mesh, namespace, ns_labels, native_sidecars, workload). Of each kind --each injected
pods are asked for. Prints counts; exit 1 where the webhook touched a pod that has the guard, and
where it changed one without it for none of the reasons that are known.
"""

from __future__ import annotations

import argparse
import collections
import json
import lzma
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import yaml

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from krm_injector import function_config, pipeline
from krm_injector.kube.paths import at
from krm_injector.sources import resource_list
from krm_injector.sources.resource_list.members import walk

HEAD = {"apiVersion": "krm-injector.dev/v1alpha1", "kind": "SidecarInjection"}
OWN = ("istio-proxy", "istio-init", "istio-validation")
MADE = {"pod-template-hash", "deployment", "deploymentconfig"}  # labels that controllers add
ORDER = "istio-proxy.env (order)"

# Why a second pass changes what the first has made; docs/day-two.md has a row for each, with what
# it changes.
REASONS = (
    "an own container",
    "variables that istiod appends",
    "several templates",
    "TPROXY in the mesh, another mode on the pod",
)


class Mesh(NamedTuple):
    """An installation: its objects, and what the oracle wants to have of it."""

    documents: tuple[Any, ...]
    facts: dict[str, Any]  # config, values, mesh, webhooks
    revision: str


class Case(NamedTuple):
    """A workload and what it is injected by."""

    id: str
    mesh: Mesh
    namespace: str
    ns_labels: dict[str, str]
    native: bool
    workload: Any


class Injected(NamedTuple):
    """A workload as it is injected here."""

    case: Case
    before: Any  # the pod (metadata, spec) that was injected
    pod: Any  # the injected one
    workload: Any


class Pass(NamedTuple):
    """What the webhook did to a pod that was injected already."""

    one: Injected
    matched: tuple[str, ...]  # webhooks that the API server would call
    error: str
    changes: frozenset[str]

    @property
    def reason(self) -> str:
        """One of REASONS; "" where the webhook changed something for none of them."""
        metadata, spec = self.one.before.get("metadata") or {}, self.one.before["spec"]
        annotations = metadata.get("annotations") or {}
        there = (*(spec.get("containers") or ()), *(spec.get("initContainers") or ()))
        if any(container.get("name") in OWN for container in there):
            return REASONS[0]
        if self.changes == {ORDER}:
            return REASONS[1]
        if "," in annotations.get("inject.istio.io/templates", ""):
            return REASONS[2]
        redirects = annotations.get("sidecar.istio.io/interceptionMode") == "REDIRECT"
        if self.changes - {ORDER} == {"istio-proxy.securityContext"} and redirects:
            return REASONS[3]
        return ""


# ---------------------------------------------------------------- cases


def mesh(documents: Iterable[Any]) -> Mesh:
    objects = tuple(d for d in documents if d)
    maps = [d for d in objects if d["kind"] == "ConfigMap"]
    injector = next(d for d in maps if "config" in d["data"])
    facts = {
        "config": injector["data"]["config"],
        "values": injector["data"].get("values") or "{}",
        "mesh": next(d["data"]["mesh"] for d in maps if "mesh" in d["data"]),
        "webhooks": [
            yaml.safe_dump(d) for d in objects if d["kind"] == "MutatingWebhookConfiguration"
        ],
    }
    return Mesh(
        objects,
        facts,
        ((injector["metadata"].get("labels") or {}).get("istio.io/rev")) or "default",
    )


def meshes(directory: Path) -> dict[str, Mesh]:
    return {
        file.stem: mesh(yaml.safe_load_all(file.read_text()))
        for file in sorted(directory.glob("*.yaml"))
    }


def random_cases(files: Iterable[Path], installed: dict[str, Mesh]) -> Iterator[Case]:
    for file in files:
        with lzma.open(file, "rt") if file.suffix == ".xz" else file.open() as lines:
            for row in map(json.loads, lines):
                workload = yaml.safe_load(row["workload"])
                workload["metadata"]["namespace"] = row["namespace"]
                yield Case(
                    row["id"],
                    installed[row["mesh"]],
                    row["namespace"],
                    row["ns_labels"],
                    row["native_sidecars"],
                    workload,
                )


def corpus_cases(directory: Path, installed: dict[str, Mesh]) -> Iterator[Case]:
    """Istio's cases with their own configurations behind the default installation's webhooks, then
    the workloads of all of them in every installation.
    """
    rows = json.loads((directory / "cases.json").read_text())
    names = dict.fromkeys(row["input"] for row in rows)
    inputs = {name: _workloads(directory / name) for name in names}
    default = installed["default"]
    for number, row in enumerate(rows):
        if row.get("error"):
            continue

        own, native = _corpus_mesh(directory, row, default), bool(row["native_sidecars"])
        for place, workload in enumerate(inputs[row["input"]]):
            yield _corpus_case(f"corpus-{number}-{place}", own, workload, native)

    rest = [
        (where, input_, place)
        for where in installed
        for input_, all_ in inputs.items()
        for place in range(len(all_))
    ]
    random.Random(0).shuffle(rest)
    for number, (where, name, place) in enumerate(rest):
        identity = f"{where}: {name}-{place}"
        yield _corpus_case(identity, installed[where], inputs[name][place], number % 2 == 0)


def _corpus_case(identity: str, where: Mesh, workload: Any, native: bool) -> Case:
    labels = (
        {"istio.io/rev": where.revision}
        if where.revision != "default"
        else {"istio-injection": "enabled"}
    )
    namespace = at(workload, ("metadata", "namespace")) or "shop"
    workload = {**workload, "metadata": {**workload["metadata"], "namespace": namespace}}
    return Case(identity, where, namespace, labels, native, workload)


def _corpus_mesh(directory: Path, row: Any, default: Mesh) -> Mesh:
    files = (directory / row[name] for name in ("config", "values", "mesh"))
    config, values, mesh_config = (file.read_text() for file in files)

    def config_map(name: str, data: dict[str, str]) -> Any:
        labels = {"app.kubernetes.io/version": directory.name}
        metadata = {"name": name, "namespace": "istio-system", "labels": labels}
        return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}

    webhooks = [d for d in default.documents if d["kind"] == "MutatingWebhookConfiguration"]
    injector = config_map("istio-sidecar-injector", {"config": config, "values": values})
    return mesh([injector, config_map("istio", {"mesh": mesh_config}), *webhooks])


def _workloads(file: Path) -> list[Any]:
    bundle = resource_list.read_manifests(file.read_bytes())
    members = [{"apiVersion": m.api_version, "kind": m.kind, **m.value} for m in walk(bundle)]
    return [m for m in members if at(m, ("spec",)) and m["kind"] != "Service"]


# ---------------------------------------------------------------- injected here


def injected(case: Case, guard: str) -> Injected | str | None:
    """The workload injected; None where it is not to be injected, the code of the error where it is
    refused.
    """
    spec: dict[str, Any] = {
        "guard": guard,
        "namespaces": [{"name": case.namespace, "labels": case.ns_labels}],
        "cluster": {"nativeSidecars": case.native},
    }
    settings = function_config.settings({**HEAD, "spec": spec})
    settings = function_config.with_mesh_documents(settings, case.mesh.documents)
    bundle = resource_list.read_manifests(json.dumps(case.workload).encode())
    outcome = pipeline.run(bundle, settings)
    errors = [result.code for result in outcome.results if result.severity == "error"]
    if errors:
        return str(errors[0])
    if not outcome.decisions or not outcome.decisions[0].injected:
        return None
    template = outcome.decisions[0].workload.template
    after = outcome.replacements[0]
    return Injected(
        case, at(case.workload, template) or case.workload, at(after, template) or after, after
    )


def taken(
    cases: Iterable[Case], guard: str, most: int | None = None
) -> tuple[list[Injected], collections.Counter[str]]:
    """The first ``most`` that are injected, and how many were refused on the way, by code."""
    refused: collections.Counter[str] = collections.Counter()
    pods: list[Injected] = []
    for case in cases:
        if most is not None and len(pods) >= most:
            break
        outcome = injected(case, guard)
        if isinstance(outcome, str):
            refused[outcome] += 1
        elif outcome is not None:
            pods.append(outcome)
    return pods, refused


# ---------------------------------------------------------------- the webhook's second pass


def second_pass(oracle: str, pods: list[Injected]) -> list[Pass]:
    with tempfile.TemporaryDirectory() as directory:
        requests, answers = Path(directory, "requests"), Path(directory, "answers")
        requests.write_text("".join(json.dumps(_request(pod)) + "\n" for pod in pods))
        env = {**os.environ, "ORACLE_REQ": str(requests), "ORACLE_OUT": str(answers)}
        command = [oracle, "-test.run", "TestWebhookOracle"]
        subprocess.run(command, check=True, capture_output=True, env=env)
        rows = [json.loads(line) for line in answers.read_text().splitlines()]

    return [_pass(pod, row) for pod, row in zip(pods, rows, strict=True)]


def _request(pod: Injected) -> dict[str, Any]:
    case = pod.case
    return {
        "id": case.id,
        **case.mesh.facts,
        "namespace": case.namespace,
        "ns_labels": case.ns_labels,
        "revision": case.mesh.revision,
        "native": case.native,
        "workload": json.dumps(_maker(pod.workload)),
    }


def _maker(workload: Any) -> Any:
    """What makes the pods: of a DeploymentConfig that is a ReplicationController, which the oracle
    does not know.
    """
    if workload["kind"] != "DeploymentConfig":
        return workload
    name = workload["metadata"]["name"]
    template = workload["spec"]["template"]
    labels = {**(template["metadata"].get("labels") or {}), **_made_labels(name)}
    template = {**template, "metadata": {**template["metadata"], "labels": labels}}
    metadata = {**workload["metadata"], "name": f"{name}-1"}
    spec = {"selector": labels, "template": template}
    return {"apiVersion": "v1", "kind": "ReplicationController", "metadata": metadata, "spec": spec}


def _made_labels(name: str) -> dict[str, str]:
    return {"deployment": f"{name}-1", "deploymentconfig": name}


def _pass(one: Injected, answer: Any) -> Pass:
    assert answer["id"] == one.case.id
    classes = changes(one.pod, answer["pod"]) if answer["injected"] else set()
    return Pass(
        one, tuple(answer.get("matched") or ()), answer.get("error") or "", frozenset(classes)
    )


def changes(pod: Any, after: Any) -> set[str]:
    """What the webhook changed in an injected pod, as classes; none where it left the pod alone."""
    classes = set()
    for field in ("labels", "annotations"):
        old, new = pod["metadata"].get(field) or {}, after["metadata"].get(field) or {}
        classes |= {
            f"{field}[{key}]" for key in {*old, *new} - MADE if old.get(key) != new.get(key)
        }
    for field in {*pod["spec"], *after["spec"]}:
        old, new = pod["spec"].get(field) or [], after["spec"].get(field) or []
        if field not in ("containers", "initContainers"):
            classes |= {field} if meaning(old) != meaning(new) else set()
            continue
        if [c["name"] for c in old] != [c["name"] for c in new]:
            classes.add(f"{field}: which, or their order")
        known = {c["name"]: c for c in old}
        for container in new:
            classes |= _container_changes(known.get(container["name"], {}), container)
    return classes


def _container_changes(before: Any, after: Any) -> set[str]:
    who = after["name"] if after["name"].startswith("istio-") else "application"
    fields = {*before, *after} if before else set()
    return {
        f"{who}.{field}{_sort_of_change(before.get(field), after.get(field))}"
        for field in fields
        if meaning(before.get(field)) != meaning(after.get(field))
    }


def _sort_of_change(old: Any, new: Any) -> str:
    """For lists of named things: whether only their order changed."""
    if not isinstance(old, list) or not isinstance(new, list):
        return ""
    spelt = [
        sorted(json.dumps(meaning(v), sort_keys=True) for v in values) for values in (old, new)
    ]
    return " (order)" if spelt[0] == spelt[1] else ""


def meaning(value: Any) -> Any:
    """A value without what only Go's encoding adds or spells otherwise."""
    if isinstance(value, dict):
        kept = {k: meaning(v) for k, v in value.items()}
        return {k: v for k, v in kept.items() if v not in (None, "", {}, [], 0, False)} or None
    if isinstance(value, list):
        return [meaning(v) for v in value] or None
    return str(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else value


# ---------------------------------------------------------------- the command


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--oracle", required=True)
    parser.add_argument("--meshes", type=Path, required=True)
    parser.add_argument("--corpus", type=Path)
    parser.add_argument("--random", type=Path, nargs="*", default=[])
    parser.add_argument("--each", type=int, default=500)
    parser.add_argument("--show", type=int, default=0)
    arguments = parser.parse_args()
    installed = meshes(arguments.meshes)
    wrong = False
    for guard in ("label", "none"):
        pods: list[Injected] = []
        for name, cases in (
            ("corpus", corpus_cases(arguments.corpus, installed) if arguments.corpus else ()),
            ("random", random_cases(arguments.random, installed)),
        ):
            injected_pods, refused = taken(cases, guard, arguments.each)
            pods += injected_pods
            codes = ", ".join(f"{count} {code}" for code, count in refused.items()) or "none"
            heading = f"guard {guard}: {len(injected_pods)} {name} pods injected"
            print(f"{heading}; refused on the way: {codes}")
        passes = second_pass(arguments.oracle, pods)
        print(*report(passes), sep="\n")
        changed = [one for one in passes if one.changes]
        wrong |= bool(
            any(one.matched for one in passes)
            if guard == "label"
            else any(not one.reason for one in changed)
        )
        for one in [one for one in changed if not one.reason or arguments.show][
            : arguments.show or 10
        ]:
            print(f"  {one.one.case.id}: {one.reason or 'UNKNOWN'}:", *sorted(one.changes))
    return int(wrong)


def report(passes: list[Pass]) -> list[str]:
    """Counts, and for each reason what changed how often."""
    changed = [one for one in passes if one.changes]
    matched, failed = (
        sum(bool(one.matched) for one in passes),
        sum(bool(one.error) for one in passes),
    )
    kept = len(passes) - len(changed)
    lines = [
        f"{len(passes)} pods, {matched} matched, {failed} refused, {len(changed)} changed, "
        f"{kept} as they were"
    ]
    for reason in (*REASONS, ""):
        own = [one for one in changed if one.reason == reason]
        tally = collections.Counter(name for one in own for name in one.changes)
        lines += [f"{len(own):5} {reason or 'for no known reason'}"] if own or reason else []
        lines += [
            f"{count:11} {name}"
            for name, count in sorted(tally.items(), key=lambda row: (-row[1], row[0]))
        ]
    return lines


if __name__ == "__main__":
    sys.exit(main())
