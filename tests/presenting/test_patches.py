"""Patches are applied by a small reader of RFC 6902 here, and by the real kustomize to Istio's own
cases.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from outside import needs, not_at_hand
from paths import CORPUS, ROOT, SHARED

from krm_injector import function_config, pipeline
from krm_injector.kube.yaml import dump, same
from krm_injector.model import ResourceRef
from krm_injector.presenting import diff, patches
from krm_injector.sources import manifests
from krm_injector.sources.files import Source

CASES = CORPUS / "1.30.3"
EXAMPLE = ROOT / "functions" / "istio-inject" / "examples" / "httpbin" / "base"
REF = ResourceRef("apps/v1", "Deployment", "web", "shop")


def change(before: Any, after: Any) -> patches.Change:
    head = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "shop"},
    }
    return patches.Change(REF, {**head, "spec": before}, {**head, "spec": after})


def patched(value: Any, operations: list[dict[str, Any]]) -> Any:
    """RFC 6902, as far as the tool writes it."""
    value = json.loads(json.dumps(value))
    for operation in operations:
        steps = [s.replace("~1", "/").replace("~0", "~") for s in operation["path"].split("/")[1:]]
        inner: Any = value
        for step in steps[:-1]:
            inner = inner[int(step)] if isinstance(inner, list) else inner[step]
        last: Any = int(steps[-1]) if isinstance(inner, list) else steps[-1]
        kind = operation["op"]
        if kind == "test":
            assert inner[last] == operation["value"]
        elif kind == "remove":
            del inner[last]
        elif kind == "add" and isinstance(inner, list):
            inner.insert(last, operation["value"])
        else:
            assert kind == "add" or last in inner or isinstance(inner, list)
            inner[last] = operation["value"]
    return value


def test_elements_that_come_leave_and_move() -> None:
    named = [{"name": name, "v": index} for index, name in enumerate("abcde")]
    random.seed(7)
    for _ in range(300):
        before = random.sample(named, random.randint(0, 5))
        after = [
            {**e, "v": random.randint(0, 2)} for e in random.sample(named, random.randint(0, 5))
        ]
        one = change({"l": before}, {"l": after})
        assert same(patched(one.before, patches.json_patch(one.before, one.after)), one.after)


def test_a_path_is_escaped() -> None:
    one = change({"a": {}}, {"a": {"x/y~z": 1}})
    assert [o["path"] for o in patches.json_patch(one.before, one.after)] == ["/spec/a/x~1y~0z"]


def test_an_element_is_tested_before_it_is_entered_by_place() -> None:
    one = change(
        {"l": [{"name": "a"}, {"name": "b"}]}, {"l": [{"name": "a"}, {"name": "b", "x": 1}]}
    )
    assert {"op": "test", "path": "/spec/l/1/name", "value": "b"} in patches.json_patch(
        one.before, one.after
    )
    with pytest.raises(AssertionError):
        patched(
            change({"l": [{"name": "b"}, {"name": "a"}]}, {}).before,
            patches.json_patch(one.before, one.after),
        )


def test_nothing_changed_is_no_patch() -> None:
    text, results = patches.component([change({"a": 1}, {"a": 1})], False)
    assert "patches" not in text and not results


def test_a_target_is_taken_literally() -> None:
    workload = {"metadata": {"name": "a.b"}}
    target = patches.target(workload, ResourceRef("v1", "Pod", "a.b"))
    assert target == {"version": "v1", "kind": "Pod", "name": r"a\.b", "namespace": "default"}


def test_a_workload_without_a_name_has_no_patch() -> None:
    before = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"generateName": "x-"}}
    _, results = patches.component([patches.Change(REF, before, {**before, "spec": {}})], False)
    assert [r.code for r in results] == ["patch-without-name"]


def test_strategic_names_every_element_of_a_list_in_order() -> None:
    one = change(
        {"template": {"spec": {"containers": [{"name": "a", "image": "i"}, {"name": "old"}]}}},
        {
            "template": {
                "spec": {
                    "containers": [{"name": "proxy"}, {"name": "a", "image": "i", "args": ["x"]}]
                }
            }
        },
    )
    found = patches.strategic_patch(one.before, one.after)["spec"]["template"]["spec"]["containers"]
    assert found == [
        {"name": "proxy"},
        {"name": "a", "args": ["x"]},
        {"name": "old", "$patch": "delete"},
    ]


# ---------------------------------------------------------------- the real kustomize


@pytest.fixture(scope="module")
def kustomize(tmp_path_factory: pytest.TempPathFactory) -> str:
    found = shutil.which(
        "kustomize", path=os.pathsep.join([str(ROOT / ".tools"), os.environ["PATH"]])
    )
    if found:
        return found
    unpack = SHARED / "bin" / "unpack"
    if not unpack.exists():
        not_at_hand("kustomize", "PATH")
    directory = tmp_path_factory.mktemp("tools")
    subprocess.run([str(unpack), "kustomize", str(directory)], check=True, capture_output=True)
    return str(directory / "kustomize")


def corpus() -> list[patches.Change]:
    """Every injected workload of Istio's cases for 1.30, under a name of its own."""
    found = []
    for number, case in enumerate(json.loads(needs(CASES / "cases.json").read_text())):
        if case.get("error"):
            continue
        texts = {name: (CASES / case[name]).read_text() for name in ("config", "values", "mesh")}
        spec: dict[str, Any] = {
            "method": "manual",
            "cluster": {"nativeSidecars": bool(case.get("native_sidecars"))},
            "mesh": {
                "injector": {"config": texts["config"], "values": texts["values"]},
                "meshConfig": texts["mesh"],
                "version": "1.30.3",
            },
        }
        head = {"apiVersion": "krm-injector.dev/v1alpha1", "kind": "SidecarInjection"}
        settings = function_config.settings({**head, "spec": spec})
        joined = manifests.join([Source((CASES / case["input"]).read_bytes(), "")])
        outcome = pipeline.run(joined.bundle, settings)
        for place, one in enumerate(diff.changes(outcome)):
            if same(one.before, one.after):
                continue
            name = f"c{number}-{place}"
            before, after = (
                {**o, "metadata": {**(o.get("metadata") or {}), "name": name}} for o in one[1:]
            )
            found.append(patches.Change(one.ref._replace(name=name), before, after))
    return found


def example() -> list[patches.Change]:
    sources = [Source(file.read_bytes(), file.name) for file in sorted(EXAMPLE.glob("[!k]*.yaml"))]
    outcome = pipeline.run(manifests.join(sources).bundle, function_config.Settings())
    return [one for one in diff.changes(outcome) if not same(one.before, one.after)]


@pytest.mark.slow
@pytest.mark.parametrize("strategic", [False, True], ids=["json6902", "strategic"])
@pytest.mark.parametrize("cases", [example, corpus])
def test_kustomize_makes_the_same_of_patches(
    kustomize: str, cases: Any, strategic: bool, tmp_path: Path
) -> None:
    changes = cases()
    text, results = patches.component(changes, strategic)
    assert not results and len(changes) >= 4
    (tmp_path / "injection").mkdir()
    (tmp_path / "injection" / "kustomization.yaml").write_text(text)
    (tmp_path / "all.yaml").write_text("---\n".join(dump(one.before) for one in changes))
    (tmp_path / "kustomization.yaml").write_text("resources: [all.yaml]\ncomponents: [injection]\n")
    done = subprocess.run([kustomize, "build", str(tmp_path)], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    made = {
        (d["kind"], d["metadata"]["name"]): d for d in yaml.load_all(done.stdout, yaml.CSafeLoader)
    }
    wrong = []
    for one in changes:
        wanted = yaml.load(dump(one.after), yaml.CSafeLoader)
        if not same(made[one.ref.kind, one.after["metadata"]["name"]], wanted):
            wrong.append(one.ref.name)
    assert not wrong


# ---------------------------------------------------------------- what strategic patches cannot say


def built(
    kustomize: str, directory: Path, changes: list[patches.Change], strategic: bool
) -> tuple[dict[str, Any], Any]:
    """What kustomize makes of these workloads with their patches, by name, and what was said of the
    patches.
    """
    text, results = patches.component(changes, strategic)
    (directory / "injection").mkdir(parents=True)
    (directory / "injection" / "kustomization.yaml").write_text(text)
    (directory / "all.yaml").write_text("---\n".join(dump(one.before) for one in changes))
    (directory / "kustomization.yaml").write_text(
        "resources: [all.yaml]\ncomponents: [injection]\n"
    )
    done = subprocess.run([kustomize, "build", str(directory)], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return {d["metadata"]["name"]: d for d in yaml.load_all(done.stdout, yaml.CSafeLoader)}, results


def wrong(made: dict[str, Any], changes: list[patches.Change]) -> list[str]:
    wanted = {one.ref.name: yaml.load(dump(one.after), yaml.CSafeLoader) for one in changes}
    return [name for name, value in wanted.items() if not same(made[name], value)]


def named(number: int, before: Any, after: Any) -> patches.Change:
    one = change({"template": {"spec": before}}, {"template": {"spec": after}})
    name = f"w{number}"
    before, after = (
        {**value, "metadata": {**value["metadata"], "name": name}} for value in one[1:]
    )
    return patches.Change(REF._replace(name=name), before, after)


def injected(own: Any, **more: Any) -> tuple[Any, Any]:
    """A pod's spec before, and with a sidecar in front of the containers."""
    before = {"containers": [{"name": "web", "image": "i", **own}], **more}
    return before, {
        **before,
        "containers": [{"name": "proxy", "image": "p"}, *before["containers"]],
    }


REPEATED: list[tuple[dict[str, Any], dict[str, Any]]] = [
    (
        {
            "env": [
                {"name": "A", "value": "one"},
                {"name": "B", "value": "$(A)"},
                {"name": "A", "value": "two"},
            ]
        },
        {},
    ),
    ({"ports": [{"containerPort": 53}, {"containerPort": 53, "name": "again"}]}, {}),
    ({"ports": [{"containerPort": 53, "protocol": "UDP"}, {"containerPort": 53}]}, {}),
    ({"volumeMounts": [{"name": "v", "mountPath": "/a"}, {"name": "w", "mountPath": "/a"}]}, {}),
    ({}, {"imagePullSecrets": [{"name": "s"}, {"name": "s"}]}),
    (
        {},
        {
            "hostAliases": [
                {"ip": "10.0.0.1", "hostnames": ["a"]},
                {"ip": "10.0.0.1", "hostnames": ["b"]},
            ]
        },
    ),
    ({}, {"volumes": [{"name": "v", "emptyDir": {}}, {"name": "v", "emptyDir": {}}]}),
]
TOLD_APART: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"ports": [{"containerPort": 53}, {"containerPort": 53, "protocol": "UDP"}]}, {}),
    ({"ports": [{"containerPort": 53, "protocol": p} for p in ("TCP", "UDP", "SCTP")]}, {}),
    (
        {"args": ["a", "a"], "envFrom": [{"secretRef": {"name": "s"}}] * 2},
        {"tolerations": [{"key": "k"}] * 2},
    ),
    (
        {},
        {"topologySpreadConstraints": [{"topologyKey": "z", "maxSkew": 1, "whenUnsatisfiable": when}
                                       for when in ("DoNotSchedule", "ScheduleAnyway")]},
    ),
]  # fmt: skip


@pytest.mark.parametrize(("own", "more"), REPEATED)
def test_a_repeated_element_makes_the_patch_a_json_patch(own: Any, more: Any) -> None:
    text, results = patches.component([named(0, *injected(own, **more))], True)
    assert [(result.severity, result.code) for result in results] == [
        ("warning", "patch-not-strategic")
    ]
    (patch,) = yaml.safe_load(text)["patches"]
    assert isinstance(yaml.safe_load(patch["patch"]), list)
    assert " twice" in results[0].message and results[0].field.startswith("spec.template.spec.")


@pytest.mark.parametrize(("own", "more"), TOLD_APART)
def test_elements_that_are_told_apart_stay_in_a_strategic_patch(own: Any, more: Any) -> None:
    text, results = patches.component([named(0, *injected(own, **more))], True)
    assert not results
    assert isinstance(yaml.safe_load(yaml.safe_load(text)["patches"][0]["patch"]), dict)


def test_a_kind_without_schema_has_no_repeated_elements() -> None:
    one = named(0, *injected(REPEATED[0][0]))
    before, after = ({**value, "apiVersion": "argoproj.io/v1alpha1"} for value in one[1:])
    assert not patches.component([one._replace(before=before, after=after)], True)[1]


def test_kustomize_keeps_repeated_elements(kustomize: str, tmp_path: Path) -> None:
    changes = [
        named(number, *injected(own, **more))
        for number, (own, more) in enumerate(REPEATED + TOLD_APART)
    ]
    made, results = built(kustomize, tmp_path, changes, True)
    assert not wrong(made, changes) and len(results) == len(REPEATED)


def test_without_the_rule_kustomize_would_drop_each_of_them(
    kustomize: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rule asks for nothing that kustomize could do: it is as narrow as it can be."""
    monkeypatch.setattr(patches, "repeated", lambda before, after: "")
    changes = [
        named(number, *injected(own, **more))
        for number, (own, more) in enumerate(REPEATED + TOLD_APART)
    ]
    made, _ = built(kustomize, tmp_path, changes, True)
    assert wrong(made, changes) == [f"w{number}" for number in range(len(REPEATED))]


def random_container(dice: random.Random, name: str) -> dict[str, Any]:
    def some(make: Any, most: int) -> list[Any]:
        return [make() for _ in range(dice.randint(0, most))]

    fields: dict[str, Any] = {
        "env": some(
            lambda: {
                "name": dice.choice("ABCDEFGH"),
                "value": dice.choice(["$(A)", "1", "", "a: b"]),
            },
            4,
        ),
        "ports": some(
            lambda: {
                "containerPort": dice.randint(80, 89),
                "protocol": dice.choice(["TCP", "UDP"]),
            },
            3,
        ),
        "volumeMounts": some(
            lambda: {"name": "v", "mountPath": dice.choice(["/a", "/b", "/c"])}, 2
        ),
        "args": some(lambda: dice.choice("ab"), 3),
        "readinessProbe": {"httpGet": {"port": 80}},
        "securityContext": dice.choice([{}, {"capabilities": {"drop": []}}]),
        "tty": dice.choice([None, True]),
    }
    chosen = dice.sample(sorted(fields), dice.randint(0, len(fields)))
    return {"name": name, "image": "i:1", **{field: fields[field] for field in chosen}}


RANDOM_KINDS: list[tuple[str, str, tuple[str, ...]]] = [
    ("apps/v1", "Deployment", ("spec", "template")),
    ("batch/v1", "Job", ("spec", "template")),
    ("argoproj.io/v1alpha1", "Rollout", ("spec", "template")),
    ("v1", "Pod", ()),
    ("v1", "PodTemplate", ("template",)),
]


def random_changes(dice: random.Random, count: int) -> list[patches.Change]:
    """Workloads of random pods, as injection changes them: the default mesh, native sidecars or
    not, hold or not.
    """
    hold = {"annotations": {"proxy.istio.io/config": "holdApplicationUntilProxyStarts: true"}}
    found = []
    for number in range(count):
        api_version, kind, path = dice.choice(RANDOM_KINDS)
        spec: dict[str, Any] = {
            "containers": [random_container(dice, name) for name in dice.choice(["a", "ab", "ba"])]
        }
        if dice.random() < 0.5:
            spec["initContainers"] = [random_container(dice, "i")]
        if dice.random() < 0.5:
            spec["volumes"] = [
                {"name": name, "emptyDir": {}} for name in dice.choice(["v", "vw", "vv"])
            ]
        if dice.random() < 0.2:
            spec["containers"].append(
                {"name": "istio-proxy", "image": "auto", "env": [{"name": "X", "value": "1"}]}
            )
        template: dict[str, Any] = {"metadata": dice.choice([{}, hold]), "spec": spec}
        head = {
            "apiVersion": api_version,
            "kind": kind,
            "metadata": {"name": f"w{number}", "namespace": "shop"},
        }
        value: Any = template
        for key in reversed(path):
            value = {key: value}
        workload = {**head, **value, "metadata": {**head["metadata"], **value.get("metadata", {})}}  # type: ignore[dict-item]
        config = {"apiVersion": "krm-injector.dev/v1alpha1", "kind": "SidecarInjection", "spec": {
            "namespaces": [{"name": "shop", "labels": {"istio-injection": "enabled"}}],
            "cluster": {"nativeSidecars": dice.random() < 0.5},
        }}  # fmt: skip
        joined = manifests.join([Source(dump(workload).encode(), "")])
        found += diff.changes(pipeline.run(joined.bundle, function_config.settings(config)))
    return [one for one in found if not same(one.before, one.after)]


@pytest.mark.slow
@pytest.mark.parametrize("strategic", [False, True], ids=["json6902", "strategic"])
def test_kustomize_makes_the_same_of_patches_for_random_workloads(
    kustomize: str, strategic: bool, tmp_path: Path
) -> None:
    changes = random_changes(random.Random(14), 120)
    made, results = built(kustomize, tmp_path, changes, strategic)
    assert len(changes) > 100 and not wrong(made, changes)
    assert not strategic or 10 < len(results) < 110
