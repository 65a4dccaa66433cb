"""What holds for every workload that is injected again, with the same configuration or another, and
that is ejected.
"""

from __future__ import annotations

import copy
import itertools
import json
import lzma
import os
import random
from collections.abc import Iterator
from typing import Any

import builders
import pytest
import yaml
from builders import config_map
from outside import needs
from paths import CORPUS, DIFFERENTIAL, RANDOM_CASES

from krm_injector import function_config, pipeline
from krm_injector.function_config import Settings
from krm_injector.istio_names import RECORD_ANNOTATION
from krm_injector.kube.paths import at
from krm_injector.model import Refused, Result
from krm_injector.sources import resource_list

MANY = int(os.environ.get("KRM_INJECTOR_CONVERGENCE_CASES") or 12)  # 0: all


def settings(**spec: Any) -> Settings:
    return builders.settings(**{"method": "manual", **spec})


def inject(text: str, how: Settings) -> tuple[str, tuple[Result, ...]]:
    bundle = resource_list.read_manifests(text.encode())
    outcome = pipeline.run(bundle, how)
    errors = [result for result in outcome.results if result.severity == "error"]
    if errors:
        raise Refused(*errors)
    return resource_list.write(
        bundle, outcome.replacements, [], originals=outcome.originals
    ), outcome.results


def eject(text: str) -> str:
    bundle = resource_list.read_manifests(text.encode())
    return resource_list.write(bundle, pipeline.take_back(bundle, Settings()).replacements, [])


def values(text: str) -> list[Any]:
    return [item.value for item in resource_list.read_manifests(text.encode()).items]


def records(text: str) -> list[str]:
    path = ("metadata", "annotations", RECORD_ANNOTATION)
    annotations = [at(value, path) for value in values(text)]
    return [annotation for annotation in annotations if annotation is not None]


# ---------------------------------------------------------------- by itself

OWN_CONFIGURATIONS = {
    "native": settings(cluster={"nativeSidecars": True}),
    "container": settings(cluster={"nativeSidecars": False}),
    "no probes": settings(mesh={"meshConfig": "enablePrometheusMerge: false"}),
    "hold": settings(
        mesh={"meshConfig": "defaultConfig: {holdApplicationUntilProxyStarts: true}"},
        cluster={"nativeSidecars": False},
    ),
    "other port": settings(mesh={"meshConfig": "defaultConfig: {statusPort: 15999}"}),
    "old rules": settings(mesh={"version": "1.28.0"}),
    "guard": settings(guard="label"),
    "defaults": settings(cluster={"nativeSidecars": True, "defaults": True}),
    "defaults, container": settings(cluster={"nativeSidecars": False, "defaults": True}),
}


class RandomWorkload:
    """A workload with much of what injection touches."""

    def __init__(self, pick: random.Random) -> None:
        self.pick = pick

    def maybe(self, chance: float) -> bool:
        return self.pick.random() < chance

    def manifest(self) -> dict[str, Any]:
        spec = self.pod_spec()
        metadata = self.pod_metadata()
        template = {"metadata": metadata, "spec": spec} if self.maybe(0.9) else {"spec": spec}

        kind = self.pick.choice(("Deployment", "StatefulSet", "DaemonSet"))
        own_metadata: dict[str, Any] = {"name": "web", "namespace": "shop"}
        if self.maybe(0.3):
            own_metadata["annotations"] = self.pick.choice(({"team": "a"}, {}, None))
        return {
            "apiVersion": "apps/v1",
            "kind": kind,
            "metadata": own_metadata,
            "spec": {"template": template},
        }

    def pod_spec(self) -> dict[str, Any]:
        count = self.pick.choice((1, 1, 2, 3))
        containers = [self.container(f"app-{number}") for number in range(count)]
        if self.maybe(0.3):
            own = {"name": "istio-proxy", "image": "auto", "resources": {"limits": {"cpu": 1}}}
            containers.insert(self.pick.randrange(len(containers) + 1), own)

        spec: dict[str, Any] = {"containers": containers}
        if self.maybe(0.3):
            spec["initContainers"] = [{"name": "init", "image": "i"}]
        if self.maybe(0.3):
            spec["volumes"] = [{"name": "data", "emptyDir": {}}]
        if self.maybe(0.2):
            spec["securityContext"] = self.pick.choice(({"fsGroup": 42}, {}, None))
        return spec

    def pod_metadata(self) -> dict[str, Any]:
        annotations = {
            "prometheus.io/port": "9090",
            "prometheus-io.path": "/m",
            "sidecar.istio.io/proxyCPU": "1",
        }
        labels = ("app", "service.istio.io/canonical-name")
        metadata: dict[str, Any] = {
            "annotations": {k: v for k, v in annotations.items() if self.maybe(0.3)},
            "labels": {k: "x" for k in labels if self.maybe(0.5)},
        }
        return {k: v for k, v in metadata.items() if v or self.maybe(0.3)}

    def container(self, name: str) -> dict[str, Any]:
        value: dict[str, Any] = {
            "name": name,
            "image": f"{name}:1",
            "ports": [{"name": "http", "containerPort": 8080}],
        }
        for field in ("readinessProbe", "livenessProbe", "startupProbe"):
            if self.maybe(0.4):
                value[field] = self.probe()
        if self.maybe(0.2):
            value["lifecycle"] = {"preStop": {"httpGet": {"path": "/stop", "port": 8080}}}
        return value

    def probe(self) -> dict[str, Any]:
        port = self.pick.choice(("http", 8080, 9090))
        actions: tuple[dict[str, Any], ...] = (
            {"httpGet": {"path": "/x", "port": port}},
            {"tcpSocket": {"port": port}},
            {"grpc": {"port": 9000}},
            {"exec": {}},
        )
        action = self.pick.choice(actions)
        if self.maybe(0.5):
            return {"initialDelaySeconds": 3, **action, "timeoutSeconds": 2}
        return dict(action)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(8))
def test_random_workloads_converge_under_every_pair_of_configurations(seed: int) -> None:
    random_workload = RandomWorkload(random.Random(seed))
    for _ in range(6):
        text = yaml.safe_dump(random_workload.manifest(), sort_keys=False)
        check_all(text, OWN_CONFIGURATIONS)


def check_all(text: str, configurations: dict[str, Settings], bytes_too: bool = True) -> int:
    """Idempotence, exact eject, and convergence over all pairs. Returns the number of pairs."""
    outputs = {}
    for name, how in configurations.items():
        try:
            outputs[name], _ = inject(text, how)
        except Refused:
            continue
    pairs = 0
    for name, once in outputs.items():
        if not records(once) and twice(once):
            # a bare Pod of Istio 1.8 or older with its own istio-proxy: see docs/day-two.md
            continue
        again, results = inject(once, configurations[name])
        assert again == once, name
        assert not [result for result in results if result.code == "edit-lost"]
        if records(once):
            assert values(eject(once)) == values(text), name
    for (one, once), (other, expected) in itertools.permutations(outputs.items(), 2):
        if not records(once) and once != text:
            continue  # a bare Pod without the guard: see docs/day-two.md
        pairs += 1
        got, _ = inject(once, configurations[other])
        assert values(got) == values(expected), (one, other)
        # Quotes and comments of a line that the first took out and the other does not touch are
        # lost.
        if bytes_too and yaml.safe_dump(values(text)[0], sort_keys=False) == text:
            assert plain(got) == plain(expected), (one, other)
    return pairs


def twice(text: str) -> bool:
    return any(
        [container["name"] for container in value["spec"].get("containers") or ()].count(
            "istio-proxy"
        )
        > 1
        for value in values(text)
        if value["kind"] == "Pod"
    )


def plain(text: str) -> str:
    return text.replace("'", '"').replace('""', '"')


EXAMPLE = """\
# The shop's front
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web   # as in the runbook
  namespace: shop
spec:
  template:
    metadata:
      labels:
        app: web
    spec:
      containers:
      # the application
      - name: web
        image: web:1   # pinned
        ports:
        - containerPort: 8080
          name: http
        readinessProbe:
          httpGet:
            path: /ready
            port: http
"""


def test_text_comes_back_byte_for_byte() -> None:
    once, _ = inject(EXAMPLE, settings())
    assert once != EXAMPLE
    assert eject(once) == EXAMPLE


def test_record_false_leaves_no_trace() -> None:
    once, _ = inject(EXAMPLE, settings(record=False))
    assert RECORD_ANNOTATION not in once
    assert inject(once, settings(record=False))[0] == once
    assert inject(inject(EXAMPLE, settings())[0], settings(record=False))[0] == once


def test_a_stored_pod_without_record_stays_as_it_is() -> None:
    """The traces have probes with their defaults, which the injected probes have not."""
    how = settings(cluster={"defaults": True}, record=False)
    once, _ = inject(EXAMPLE, how)
    assert inject(once, how)[0] == once


def test_a_pod_that_istio_injected_is_taken_over_where_its_traces_tell_enough() -> None:
    by_istio, _ = inject(EXAMPLE, settings(record=False))
    taken_over, _ = inject(by_istio, settings())
    assert records(taken_over)
    other = settings(cluster={"nativeSidecars": False})
    pod = ("spec", "template")
    converged = values(inject(taken_over, other)[0])[0]
    # Of a port's name only the number is known.
    direct = values(inject(EXAMPLE.replace("port: http", "port: 8080"), other)[0])[0]
    assert at(converged, pod) == at(direct, pod)


def test_a_pod_that_istio_injected_converges_where_what_is_open_makes_no_difference() -> None:
    """Names of ports are lost; where both configurations rewrite probes to numbers, nobody needs
    them.
    """
    for one, other in itertools.permutations((True, False)):
        by_istio, _ = inject(EXAMPLE, settings(record=False, cluster={"nativeSidecars": one}))
        how = settings(record=False, cluster={"nativeSidecars": other})
        assert values(inject(by_istio, how)[0]) == values(inject(EXAMPLE, how)[0])


def test_what_a_configuration_needs_and_the_traces_do_not_tell_is_an_error_that_lists_it() -> None:
    by_istio = values(
        inject(EXAMPLE, settings(record=False, cluster={"nativeSidecars": False}))[0]
    )[0]
    by_istio["spec"]["template"]["spec"]["securityContext"] = {
        "fsGroup": 1337
    }  # as Istio before 1.20 set it
    with pytest.raises(Refused) as refused:
        inject(
            yaml.safe_dump(by_istio, sort_keys=False),
            settings(record=False, cluster={"nativeSidecars": True}),
        )
    (result,) = refused.value.results
    assert result.code == "taken-back-loses"
    assert "securityContext.fsGroup: what it was before" in result.message
    # The hint, followed: eject, compare (fsGroup is gone, as it was not there), inject that.
    source = eject(yaml.safe_dump(by_istio, sort_keys=False))
    inject(source, settings(record=False, cluster={"nativeSidecars": True}))


def test_overrides_that_fit_no_template_are_the_users_and_stay() -> None:
    """Istio reads proxy.istio.io/overrides, and writes it anew only where it found a container."""
    own = '{"containers":[{"name":"istio-proxy","resources":{"limits":{"cpu":"3"}}}]}'
    before = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": "web",
            "namespace": "shop",
            "annotations": {"proxy.istio.io/overrides": own},
        },
        "spec": {"containers": [{"name": "web", "image": "web:1"}]},
    }
    native = settings(record=False, cluster={"nativeSidecars": True})
    once, _ = inject(yaml.safe_dump(before, sort_keys=False), native)
    assert inject(once, native)[0] == once
    assert values(eject(once)) == [before]


@pytest.mark.parametrize("empty", ["{}", "null"])
def test_maps_that_were_empty_before_and_after_stay(empty: str) -> None:
    """Istio 1.1 set no labels, so what stands empty was empty; the second pass is over a pod with
    traces.
    """
    text = f"""\
apiVersion: v1
kind: Pod
metadata:
  name: web
  labels: {empty}
spec:
  containers:
  - name: web
    image: web:1
"""
    how = settings(mesh={"version": "1.1.1"}, cluster={"nativeSidecars": False})
    how = function_config.with_mesh_documents(how, tuple(corpus_mesh("1.1.1")))
    once, _ = inject(text, how)
    assert f"labels: {empty}" in once
    assert inject(once, how)[0] == once
    assert f"labels: {empty}" in eject(once)


def test_ports_come_back_as_integers() -> None:
    once, _ = inject(EXAMPLE, settings(record=False))
    port = values(eject(once))[0]["spec"]["template"]["spec"]["containers"][0]["readinessProbe"][
        "httpGet"
    ]["port"]
    assert (port, type(port)) == (8080, int)


def test_eject_without_record_says_what_it_cannot_know() -> None:
    once, _ = inject(EXAMPLE, settings(record=False))
    outcome = pipeline.take_back(resource_list.read_manifests(once.encode()), Settings())
    assert [result.code for result in outcome.results] == ["ejected-by-traces"]
    back = values(eject(once))[0]
    assert back == values(EXAMPLE.replace("port: http", "port: 8080"))[0]


def test_no_longer_to_be_injected_is_taken_back() -> None:
    once, _ = inject(EXAMPLE, settings())
    refusing = once.replace(
        "        app: web\n", '        app: web\n        sidecar.istio.io/inject: "false"\n', 1
    )
    back, results = inject(refusing, settings())
    assert [result.code for result in results if result.code.startswith("injection")] == [
        "injection-taken-back"
    ]
    assert back == EXAMPLE.replace(
        "        app: web\n", '        app: web\n        sidecar.istio.io/inject: "false"\n'
    )


def edited(change: Any) -> tuple[str, str, list[Result]]:
    """What injection makes of an injected workload after an edit: the text, the untouched text,
    and its results.
    """
    once, _ = inject(EXAMPLE, settings())
    value = copy.deepcopy(values(once)[0])
    change(value["spec"]["template"])
    again, results = inject(yaml.safe_dump(value, sort_keys=False), settings())
    return again, once, [result for result in results if result.code == "edit-lost"]


def test_an_edit_inside_the_injected_part_is_overwritten_and_shown() -> None:
    def change(template: Any) -> None:
        volume = next(v for v in template["spec"]["volumes"] if v["name"] == "istio-envoy")
        volume["emptyDir"] = {"medium": "mine"}

    again, once, (lost,) = edited(change)
    assert values(again) == values(once)
    assert lost.severity == "warning"
    assert (lost.field, lost.current) == (
        "spec.template.spec.volumes[istio-envoy].emptyDir",
        {"medium": "mine"},
    )
    assert lost.proposed == {"medium": "Memory"}
    assert '"mine"' in lost.message and '"Memory"' in lost.message


def test_a_piece_taken_out_comes_back_and_is_shown() -> None:
    again, once, lost = edited(
        lambda template: template["metadata"]["annotations"].pop("prometheus.io/path")
    )
    assert values(again) == values(once)
    assert [result.field for result in lost] == [
        "spec.template.metadata.annotations.prometheus.io/path"
    ]


@pytest.mark.parametrize(
    ("change", "stands"),
    [
        (lambda t: t["spec"]["containers"][0].update(image="web:2"), "web:2"),
        (
            lambda t: t["spec"]["containers"][0].update(env=[{"name": "LEVEL", "value": "debug"}]),
            "LEVEL",
        ),
        (
            lambda t: t["spec"]["containers"].append({"name": "helper", "image": "helper:1"}),
            "helper:1",
        ),
        (lambda t: t["spec"]["volumes"].append({"name": "scratch", "emptyDir": {}}), "scratch"),
        (
            lambda t: t["spec"]["initContainers"].append({"name": "mig", "image": "migrate:1"}),
            "migrate:1",
        ),
        (
            lambda t: t["metadata"]["annotations"].update({"sidecar.istio.io/proxyCPU": "321m"}),
            "321m",
        ),
        (lambda t: t["metadata"]["labels"].update(team="ops"), "ops"),
    ],
)
def test_edits_in_the_users_own_part_survive(change: Any, stands: str) -> None:
    again, once, lost = edited(change)
    assert not lost
    assert stands in again
    assert stands not in once
    assert stands in eject(again)
    assert "istio-proxy" not in eject(again)


@pytest.mark.parametrize("text", ["{", "[]", '{"v":2}', '{"v":1}', '{"v":1,"undo":[]}'])
def test_a_record_that_cannot_be_used_is_an_error(text: str) -> None:
    value = values(EXAMPLE)[0]
    value["metadata"]["annotations"] = {RECORD_ANNOTATION: text}
    with pytest.raises(Refused) as refused:
        inject(yaml.safe_dump(value), settings())
    assert [result.code for result in refused.value.results] == ["record-unusable"]


# ---------------------------------------------------------------- Istio's cases and meshes


def corpus_mesh(version: str) -> list[dict[str, Any]]:
    """The configuration of a version's own test-suite."""
    base = needs(CORPUS / version)
    case = next(
        c
        for c in json.loads((base / "cases.json").read_text())
        if c["name"].endswith("hello.yaml.injected")
    )
    config, values_, mesh = (
        (base / case[part]).read_text() for part in ("config", "values", "mesh")
    )
    return [
        config_map("istio-sidecar-injector", {"config": config, "values": values_}),
        config_map("istio", {"mesh": mesh}),
    ]


def configurations() -> dict[str, Settings]:
    made = {}
    versions = {
        "1.5.10": False,
        "1.8.2": False,
        "1.9.9": False,
        "1.14.4": False,
    }  # whether sidecars are native
    for version, native in {**versions, "1.20.8": False, "1.24.6": True, "1.27.9": True}.items():
        how = settings(mesh={"version": version}, cluster={"nativeSidecars": native})
        made[version] = function_config.with_mesh_documents(how, tuple(corpus_mesh(version)))
    for name, native in (("default", True), ("noprobes", False), ("hold", False)):
        file = DIFFERENTIAL / "mesh" / f"{name}.yaml"
        documents = tuple(d for d in yaml.safe_load_all(file.read_text()) if d)
        how = settings(cluster={"nativeSidecars": native})
        made[name] = function_config.with_mesh_documents(how, documents)
    return made


def corpora() -> Iterator[tuple[str, str]]:
    for version in ("1.30.3", "1.20.8"):
        base = needs(CORPUS / version)
        for case in json.loads((base / "cases.json").read_text()):
            if "error" not in case and not case["openshift"]:
                yield f"{version} {case['name']}", (base / case["input"]).read_text()
    with lzma.open(needs(RANDOM_CASES), "rt") as lines:
        for case in map(json.loads, lines):
            if case["injected"]:
                yield case["id"], case["workload"]


@pytest.mark.slow
def test_istios_cases_converge_under_every_pair_of_configurations() -> None:
    chosen = list(corpora())
    if MANY:
        chosen = random.Random(3).sample(chosen, MANY)
    every = configurations()
    pairs = sum(check_all(text, every, bytes_too=False) for _, text in chosen)
    assert pairs > 30 * len(chosen)
