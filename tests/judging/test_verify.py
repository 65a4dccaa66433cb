"""verify: silent on what injection made, and loud, with the cause, on every change since."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from builders import SHOP, bundle, injected, namespace
from paths import ROOT

from krm_injector import function_config, pipeline
from krm_injector.cli import arguments, program
from krm_injector.function_config import MeshSettings, Settings
from krm_injector.istio_names import RECORD_ANNOTATION
from krm_injector.kube.undo import names
from krm_injector.kube.yaml import dump, load_all
from krm_injector.model import Namespace, Result
from krm_injector.presenting import diff
from krm_injector.reinjection import record
from krm_injector.reinjection.record import digests
from krm_injector.sources import resource_list

KINDS = {
    "Deployment": "apps/v1", "StatefulSet": "apps/v1", "DaemonSet": "apps/v1", "Job": "batch/v1",
    "CronJob": "batch/v1"
}  # fmt: skip
SEED = 20261123
DEFAULT = Settings()


def verdict(workload: Any, settings: Settings = DEFAULT, space: Any = SHOP) -> list[Result]:
    results = pipeline.verify(bundle(space, workload), settings).results
    return [r for r in results if r.severity == "error"]


def codes(found: list[Result]) -> set[str]:
    return {result.code for result in found}


# ---------------------------------------------------------------- random workloads and edits


def workload(chance: random.Random) -> Any:
    kind = chance.choice(sorted(KINDS))
    container: dict[str, Any] = {
        "name": "web",
        "image": f"web:{chance.randint(1, 9)}",
        "ports": [{"containerPort": 80}],
    }
    if chance.random() < 0.5:
        container["readinessProbe"] = {
            "httpGet": {"path": "/", "port": 80},
            "periodSeconds": chance.randint(1, 20),
        }
    if chance.random() < 0.3:
        container["env"] = [{"name": "A", "value": str(chance.random())}]
    pod: dict[str, Any] = {"containers": [container]}
    if chance.random() < 0.3:
        pod["volumes"] = [{"name": "data", "emptyDir": {}}]
    if chance.random() < 0.2:
        pod["containers"].append(
            {"name": "istio-proxy", "image": "auto", "resources": {"limits": {"cpu": "1"}}}
        )
    if kind in ("Job", "CronJob"):
        pod["restartPolicy"] = "Never"
    template: dict[str, Any] = {"metadata": {"labels": {"app": "web"}}, "spec": pod}
    if chance.random() < 0.4:
        port = str(chance.randint(1, 9999))
        template["metadata"]["annotations"] = {
            "traffic.sidecar.istio.io/excludeOutboundPorts": port
        }
    if chance.random() < 0.3:
        template["metadata"].setdefault("annotations", {}).update({"prometheus.io/scrape": "true"})
    spec: Any = {"template": template}
    metadata: dict[str, Any] = {"name": f"w{chance.randint(1, 99)}", "namespace": "shop"}
    if chance.random() < 0.4:
        metadata["annotations"] = {"team": "a"}
    head = {"apiVersion": KINDS[kind], "kind": kind, "metadata": metadata}
    return {**head, "spec": {"jobTemplate": {"spec": spec}} if kind == "CronJob" else spec}


def leaves(
    value: Any, path: tuple[Any, ...] = (), steps: tuple[Any, ...] = ()
) -> dict[Any, tuple[tuple[Any, ...], Any]]:
    """Each scalar (and empty collection) by its path with names, with the steps that lead to it."""
    found: dict[Any, tuple[tuple[Any, ...], Any]] = {}
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            found |= leaves(inner, (*path, key), (*steps, key))
    elif isinstance(value, list) and value:
        known: Sequence[Any] = names(value) or range(len(value))
        for index, (name, inner) in enumerate(zip(known, value, strict=True)):
            found |= leaves(inner, (*path, name), (*steps, index))
    else:
        found[path] = (steps, value)
    return found


def edited(chance: random.Random, before: Any, after: Any) -> Any:
    """A single edit inside the injected part."""
    own = leaves(before)
    inside = [
        steps
        for path, (steps, value) in leaves(after).items()
        if path not in own or own[path][1] != value
    ]
    steps = chance.choice(inside)
    changed = copy.deepcopy(after)
    parent = changed
    for step in steps[:-1]:
        parent = parent[step]
    value = parent[steps[-1]]
    how = chance.choice(("change", "change", "remove", "add"))
    if how == "remove":
        del parent[steps[-1]]
    elif (
        how == "add"
        and isinstance(parent, dict)
        and "containers" in str(steps).lower()
        and len(steps) < 8
    ):
        parent["workingDir"] = "/edited"
    elif isinstance(value, bool):
        parent[steps[-1]] = not value
    elif isinstance(value, int):
        parent[steps[-1]] = value + 1
    elif isinstance(value, str):
        parent[steps[-1]] = value + "-edited"
    else:
        parent[steps[-1]] = {"edited": "yes"}
    return changed


def batches(seed: int) -> Any:
    """25 lists of 20 random workloads, each under a name of its own, with what injection makes of
    them.
    """
    chance = random.Random(seed)
    for _ in range(25):
        before = [workload(chance) for _ in range(20)]
        for number, one in enumerate(before):
            one["metadata"]["name"] = f"w{number}"
        outcome = pipeline.run(bundle(SHOP, *before), Settings())
        yield chance, before, [change.after for change in diff.changes(outcome)]


@pytest.mark.slow
def test_500_untouched_workloads_are_verified() -> None:
    for _, _, after in batches(SEED):
        results = pipeline.verify(bundle(SHOP, *after), Settings()).results
        assert [result for result in results if result.severity == "error"] == []


@pytest.mark.slow
def test_500_edits_inside_injected_parts_are_caught() -> None:
    for chance, before, after in batches(SEED + 1):
        changed = [edited(chance, *pair) for pair in zip(before, after, strict=True)]
        results = pipeline.verify(bundle(SHOP, *changed), Settings()).results
        caught = {r.resource.name for r in results if r.severity == "error" and r.resource}
        assert caught == {one["metadata"]["name"] for one in before}


def test_an_edit_is_named() -> None:
    after = injected(workload(random.Random(3)))
    pod = (
        after["spec"]["template"]["spec"]
        if "template" in after["spec"]
        else after["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    )
    proxy = next(
        c for c in (*pod["containers"], *pod["initContainers"]) if c["name"] == "istio-proxy"
    )
    good, proxy["image"] = proxy["image"], "evil:1"
    (found,) = verdict(after)
    assert found.code == "verify-edited" and found.field.endswith("[istio-proxy].image")
    assert (found.current, found.proposed) == ("evil:1", good)


# ---------------------------------------------------------------- the other causes


@pytest.mark.parametrize("seed", range(20))
def test_a_namespace_that_is_relabelled(seed: int) -> None:
    before = workload(random.Random(seed))
    after = injected(before)
    assert codes(verdict(after, space=namespace())) == {"verify-unwanted"}
    assert codes(verdict(after, space=namespace(**{"istio.io/rev": "default"}))) == {
        "verify-namespace-changed"
    }
    assert codes(verdict(before)) == {"verify-not-injected"}


@pytest.mark.parametrize("seed", range(20))
def test_a_mesh_that_changed(seed: int) -> None:
    after = injected(workload(random.Random(seed)))
    other = MeshSettings(mesh_config="defaultConfig: {discoveryAddress: elsewhere:15012}")
    assert codes(verdict(after, Settings(mesh=other))) == {"verify-mesh-changed"}
    assert codes(verdict(after, Settings(mesh=MeshSettings(version="1.29.1")))) == {
        "verify-mesh-changed"
    }
    assert codes(verdict(after, Settings(native_sidecars=False))) == {"verify-mesh-changed"}


def test_own_fields_that_injection_depends_on() -> None:
    before = workload(random.Random(5))
    after = injected(before)
    template = after["spec"].get("template") or after["spec"]["jobTemplate"]["spec"]["template"]
    template["metadata"]["annotations"]["sidecar.istio.io/logLevel"] = "debug"
    assert codes(verdict(after)) == {"verify-inputs-changed"}


def with_record(after: Any, **fields: Any) -> Any:
    """The injected workload with these fields in its record; None takes one out."""
    changed = copy.deepcopy(after)
    value = {**json.loads(changed["metadata"]["annotations"][RECORD_ANNOTATION]), **fields}
    text = json.dumps({name: field for name, field in value.items() if field is not None})
    changed["metadata"]["annotations"][RECORD_ANNOTATION] = text
    return changed


def test_rules_that_changed_since() -> None:
    after = injected(workload(random.Random(5)))
    of_other_rules = with_record(after, rules=record.RULES + 1)
    assert verdict(of_other_rules) == []  # they give the same
    template = (
        of_other_rules["spec"].get("template")
        or of_other_rules["spec"]["jobTemplate"]["spec"]["template"]
    )
    template["metadata"]["annotations"]["sidecar.istio.io/logLevel"] = "debug"
    assert codes(verdict(of_other_rules)) == {"verify-rules-changed"}


@pytest.mark.parametrize("rules", ["1", 1.5, True, None])
def test_rules_are_a_number(rules: Any) -> None:
    damaged = with_record(injected(workload(random.Random(5))), rules=rules)
    if rules is None:
        assert record.read(damaged) is not None
    else:
        with pytest.raises(record.BadRecord):
            record.read(damaged)


OLD = ROOT / "functions" / "eject" / "examples" / "httpbin" / "httpbin.yaml"


def test_records_from_before_there_were_rules() -> None:
    (document,) = load_all(OLD.read_text())
    old = record.read(document.value)
    assert old is not None and old.rules == 0
    assert record.intact(document.value, old)
    space = namespace(**{"istio-injection": "enabled", "team": "shop"})
    labels = {**space["metadata"]["labels"], "kubernetes.io/metadata.name": "shop"}
    mesh = pipeline.decide_only(bundle(space), DEFAULT).meshes[0]
    of_then = Namespace("shop", labels, {}, "bundle")
    digest = digests.digest(digests.canonical(["shop", of_then.labels, {}]))
    assert record.namespace_fits(old._replace(namespace=digest), of_then, mesh)
    assert not record.namespace_fits(
        old._replace(namespace=digest), of_then._replace(labels={}), mesh
    )


def test_a_label_that_no_webhook_asks_for() -> None:
    after = injected(workload(random.Random(5)))
    other = namespace(**{"istio-injection": "enabled", "team": "shop"})
    assert verdict(after, space=other) == []
    assert injected(after, namespace=other) == after


def test_a_label_that_a_webhooks_selector_names() -> None:
    expressions = [{"key": "team", "operator": "NotIn", "values": ["ops"]}]
    mesh = MeshSettings(
        webhooks=(
            {
                "apiVersion": "admissionregistration.k8s.io/v1",
                "kind": "MutatingWebhookConfiguration",
                "metadata": {"name": "istio-sidecar-injector"},
                "webhooks": [
                    {
                        "name": "sidecar.istio.io",
                        "clientConfig": {
                            "service": {
                                "name": "istiod",
                                "namespace": "istio-system",
                                "path": "/inject",
                            }
                        },
                        "namespaceSelector": {"matchExpressions": expressions},
                    }
                ],
            },
        )
    )
    settings = Settings(mesh=mesh)
    after = injected(workload(random.Random(5)), settings)
    assert codes(
        verdict(after, settings, namespace(**{"istio-injection": "enabled", "team": "shop"}))
    ) == {"verify-namespace-changed"}


def test_user_ranges_that_changed() -> None:
    after = injected(workload(random.Random(5)))
    space = copy.deepcopy(SHOP)
    space["metadata"]["annotations"] = {"example.org/owner": "me"}
    assert verdict(after, space=space) == []
    space["metadata"]["annotations"] = {"openshift.io/sa.scc.uid-range": "1000620000/10000"}
    assert codes(verdict(after, space=space)) == {"verify-namespace-changed"}


def test_unwanted_since_the_namespace_changed() -> None:
    after = injected(workload(random.Random(5)))
    (found,) = verdict(after, space=namespace())
    assert "since Namespace shop changed" in found.message


def test_an_own_field_that_injection_does_not_read() -> None:
    before = workload(random.Random(6))
    after = injected(before)
    template = after["spec"].get("template") or after["spec"]["jobTemplate"]["spec"]["template"]
    template["spec"]["containers"][0]["image"] = "web:next"
    assert verdict(after) == []


def test_a_workload_without_a_record_is_verified_by_what_it_holds() -> None:
    before = workload(random.Random(8))
    bare = injected(before, Settings(record=False))
    assert verdict(bare, Settings(record=False)) == []
    assert codes(verdict(bare)) == {"verify-no-record"}


def test_a_record_that_is_damaged() -> None:
    after = injected(workload(random.Random(9)))
    after["metadata"]["annotations"][RECORD_ANNOTATION] = "{"
    assert verdict(after)
    text = json.loads(
        injected(workload(random.Random(9)))["metadata"]["annotations"][RECORD_ANNOTATION]
    )
    after["metadata"]["annotations"][RECORD_ANNOTATION] = json.dumps({**text, "digest": "AAAAAAAA"})
    assert verdict(after)


def test_the_command_and_its_context(
    tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    before = workload(random.Random(10))
    (tmp_path / "ns").mkdir()
    (tmp_path / "ns" / "shop.yaml").write_text(dump(SHOP))
    (tmp_path / "ns" / "broken.yaml").write_text("{{ a template }}\n")
    file = tmp_path / "web.yaml"
    file.write_text(dump(injected(before)))
    assert program.run(["verify", "--quiet", str(file)]) == 1  # its Namespace is not known
    assert program.run(["verify", "--quiet", str(file), "--context", str(tmp_path / "ns")]) == 0
    file.write_text(dump(before))
    assert program.run(["verify", "--quiet", str(file), "--context", str(tmp_path / "ns")]) == 1
    assert b"[verify-not-injected]" in capsysbinary.readouterr().err
    kustomization = tmp_path / "kustomization.yaml"
    kustomization.write_text("resources: []\n")
    assert program.run(["verify", str(kustomization)]) == 0


def test_context_may_be_repeated() -> None:
    assert arguments.parse(["verify", "a", "--context", "b", "--context=c"]).context == ("b", "c")


def test_as_a_function_it_changes_nothing() -> None:
    before = workload(random.Random(11))
    outcome = pipeline.ACTIONS["verify"](bundle(SHOP, before), Settings())
    assert outcome.replacements == {} and outcome.originals == {}
    assert codes(list(outcome.results)) >= {"verify-not-injected"}


EXAMPLE = ROOT / "functions" / "verify" / "examples" / "shop"


def test_the_example_is_injected_by_one_function_and_verified_by_the_other() -> None:
    def answer(config: str, items: list[Any]) -> tuple[int, Any]:
        (document,) = load_all((EXAMPLE / config).read_text())
        listed = {"apiVersion": "config.kubernetes.io/v1", "kind": "ResourceList", "items": items}
        read = resource_list.read(dump({**listed, "functionConfig": document.value}).encode())
        settings = function_config.settings(read.function_config)
        outcome = pipeline.ACTIONS[settings.action](read, settings)
        code = int(any(result.severity == "error" for result in outcome.results))
        written = resource_list.write(read, outcome.replacements, [])
        return code, resource_list.read(written.encode()).root["items"]

    items = [document.value for document in load_all((EXAMPLE / "base" / "shop.yaml").read_text())]
    assert answer("verify.yaml", items) == (1, items)
    code, made = answer("istio-inject.yaml", items)
    assert code == 0 and made != items
    assert answer("verify.yaml", made) == (0, made)


def test_the_function_has_the_one_schema() -> None:
    schema = EXAMPLE.parent.parent / "schema.json"
    assert schema.read_text() == Path(function_config.SCHEMA_FILE).read_text()


# ------------------------------------------------- by whom it was injected, and whether it is to be

OFF = namespace()
MANUAL = Settings(method="manual", record=False)
BY = {"our record": Settings(), "Istio": Settings(record=False), "nobody": None}
SPACES = {"to be injected": SHOP, "not to be": OFF, "undecidable": None, "refused": SHOP}
REFUSED = MeshSettings(mesh_config="defaultConfig: {concurrency: many}")


def standing(by: str, edit: bool, name: str = "web") -> Any:
    settings = BY[by]
    one = workload(random.Random(12))
    one["metadata"]["name"] = name
    made = one if settings is None else injected(one, settings)
    if edit and settings is not None:
        pod = made["spec"].get("template") or made["spec"]["jobTemplate"]["spec"]["template"]
        proxy = next(
            c
            for c in (*pod["spec"]["containers"], *pod["spec"]["initContainers"])
            if c["name"] == "istio-proxy"
        )
        proxy["image"] = "edited:1"
    return made


def told(objects: list[Any], settings: Settings) -> set[str]:
    results = pipeline.verify(bundle(*objects), settings).results
    return {result.code for result in results if result.severity in ("error", "warning")}


def written(action: str, objects: list[Any], settings: Settings) -> list[Any]:
    given = bundle(*objects)
    outcome = pipeline.ACTIONS[action](given, settings)
    assert not [result for result in outcome.results if result.severity == "error"]
    return [outcome.replacements.get(number, item.value) for number, item in enumerate(given.items)]


VERDICTS = {
    ("our record", "to be injected"): (set(), {"verify-edited"}),
    ("our record", "not to be"): ({"verify-unwanted"}, {"verify-unwanted"}),
    ("our record", "undecidable"): ({"namespace-missing"}, {"namespace-missing"}),
    ("our record", "refused"): ({"mesh-invalid"}, {"mesh-invalid"}),
    ("Istio", "to be injected"): ({"verify-no-record"}, {"verify-stale"}),
    ("Istio", "not to be"): ({"verify-unwanted"}, {"verify-unwanted"}),
    ("Istio", "undecidable"): ({"namespace-missing"}, {"namespace-missing"}),
    ("Istio", "refused"): ({"mesh-invalid"}, {"mesh-invalid"}),
    ("nobody", "to be injected"): ({"verify-not-injected"}, None),
    ("nobody", "not to be"): (set(), None),
    ("nobody", "undecidable"): ({"namespace-missing"}, None),
    ("nobody", "refused"): ({"mesh-invalid"}, None),
}


@pytest.mark.parametrize("edit", [False, True], ids=["intact", "edited"])
@pytest.mark.parametrize(("by", "space"), VERDICTS)
def test_each_verdict_is_true_and_each_hint_helps(by: str, space: str, edit: bool) -> None:
    wanted = VERDICTS[by, space][edit]
    if wanted is None:
        return  # nothing is injected that could be edited
    settings = Settings(mesh=REFUSED) if space == "refused" else Settings()
    around = [] if SPACES[space] is None else [SPACES[space]]
    objects = [*around, standing(by, edit), standing(by, edit, "other")]
    assert told(objects, settings) - {"mesh-incomplete"} == wanted
    messages = [result.message for result in pipeline.verify(bundle(*objects), settings).results]
    if wanted == {"verify-unwanted"}:
        assert told(written("eject", objects, settings), settings) == set()
        again = written("inject", objects, settings)
        assert told(again, settings) == (set() if by == "our record" else wanted)
        assert all(("Inject again" in message) == (by == "our record") for message in messages)
    elif wanted and space == "to be injected":
        assert told(written("inject", objects, settings), settings) <= {"verify-unproven"}


def test_what_istio_injected_on_purpose_stays_by_method_manual() -> None:
    made = injected(workload(random.Random(12)), MANUAL, OFF)
    (found,) = verdict(made, Settings(record=False), OFF)
    assert found.code == "verify-unwanted" and "method: manual" in found.message
    assert verdict(made, MANUAL, OFF) == []


def test_a_status_that_cannot_be_read_is_no_work_for_eject() -> None:
    made = standing("Istio", edit=False)
    template = made["spec"].get("template") or made["spec"]["jobTemplate"]["spec"]["template"]
    template["metadata"]["annotations"]["sidecar.istio.io/status"] = "{"
    (found,) = verdict(made, space=OFF)
    assert found.code == "verify-unwanted" and "source in its place" in found.message
    assert written("eject", [OFF, made], Settings()) == [OFF, made]


def test_the_namespace_is_missing_for_all_its_workloads_and_none_of_them_is_unwanted() -> None:
    made = [standing("our record", edit=False, name=f"w{number}") for number in range(3)]
    assert [result.code for result in verdict_of(made)] == ["namespace-missing"]


def verdict_of(objects: list[Any]) -> list[Result]:
    results = pipeline.verify(bundle(*objects), Settings()).results
    return [result for result in results if result.severity == "error"]


@pytest.mark.parametrize("field", ["containers", "initContainers"])
def test_another_order_of_containers_is_told_as_an_order(field: str) -> None:
    """As a strategic patch of kustomize's leaves it, which puts what it names in front."""
    own = {"initContainers": [{"name": "i"}], "containers": [{"name": "web"}]}
    template = {"metadata": {"labels": {"app": "web"}}, "spec": own}
    head = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "shop"},
    }
    settings = DEFAULT._replace(native_sidecars=field == "initContainers")
    moved = copy.deepcopy(injected({**head, "spec": {"template": template}}, settings))
    moved["spec"]["template"]["spec"][field].reverse()
    (found,) = verdict(moved, settings)
    assert found.message.startswith(
        f"the order of spec.template.spec.{field} of Deployment shop/web "
    )
    assert "edited" not in found.message


def test_what_the_verdict_assumes_of_the_nodes_is_told() -> None:
    """Whether a sidecar is native depends on kubelets that nothing states."""
    chance = random.Random(SEED)
    after = injected(workload(chance))
    told = [result.code for result in pipeline.verify(bundle(SHOP, after), DEFAULT).results]
    assert told == ["native-sidecars-assumed"]

    stated = DEFAULT._replace(kubernetes_version="1.33")
    assert pipeline.verify(bundle(SHOP, after), stated).results == ()
